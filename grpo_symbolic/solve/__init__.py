"""From the stationarity condition to the stationary policy."""
