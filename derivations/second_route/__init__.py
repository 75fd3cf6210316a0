"""The definitions written out a second time, in SymPy alone.

Nothing here is taken from ``grpo_symbolic``: groups are enumerated, objectives are
differentiated, and nothing is simplified, so that what the library derives is compared with
where it has to come from. ``lint-imports`` keeps the two apart.
"""
