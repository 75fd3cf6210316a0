"""Shared set-up: the same precision for every test, reproducible Hypothesis runs."""

import gc
import os
from collections.abc import Iterator
from typing import Any

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
# SymPy, not imported yet, keeps a thousand results of each function: enough for a user, not for
# thousands of tests in one process.
os.environ.setdefault("SYMPY_CACHE_SIZE", "20000")
# Processes beside each other, each with threads for small matrices, wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Seven thousand tests and what SymPy keeps stay until the end: few collections are of use.
gc.set_threshold(50_000)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Start from mpmath's default precision, and put back what was there before."""
    with mp.workdps(15):
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays in one process; so do all tests of what results say, which is built once."""
    from xdist.scheduler import LoadFileScheduling

    class BesideWhatTheyShare(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            shared = "tests/derivations/"
            return shared if nodeid.startswith(shared) else super()._split_scope(nodeid)

    return BesideWhatTheyShare(config, log)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """What outlived pytest's collection for exceptions nobody saw is not gone through again."""
    gc.freeze()
