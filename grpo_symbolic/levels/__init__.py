"""Any number of reward levels at any group size: the expected advantage of a level."""
