"""What follows from the one curve of stationary policies: counts, limits, folds, objectives."""
