"""The equation of a binary question: β · force = drift, each side an object that answers."""
