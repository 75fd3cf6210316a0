"""Rules that aggregate the preferences of raters into a lottery over answers."""
