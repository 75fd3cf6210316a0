"""Shared set-up: the same precision for every test, reproducible Hypothesis runs."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from mpmath import mp

settings.register_profile(
    "grpo_symbolic",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("grpo_symbolic")


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Start from mpmath's default precision, and put back what was there before."""
    with mp.workdps(15):
        yield
