"""The algorithm: its advantage, its preference model, its penalty."""
