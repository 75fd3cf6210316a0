"""Stationary policies: the objects that a user holds."""
