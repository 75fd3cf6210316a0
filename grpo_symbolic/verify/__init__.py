"""Claims and their verdicts: what is proved, refuted, only checked, or unknown."""
