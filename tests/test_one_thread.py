"""Linear algebra in the thread of the caller: limited once, given back by the last one."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest

from grpo_symbolic import one_thread
from grpo_symbolic.one_thread import in_one_thread


class _Controller:
    """Counts how often threads are limited and given back."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []
        self.given_back = 0

    def limit(self, *, limits: int, user_api: str) -> Any:
        self.asked.append((limits, user_api))
        return self

    def restore_original_limits(self) -> None:
        self.given_back += 1


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> _Controller:
    found = _Controller()
    pool = one_thread._Pool(found)
    monkeypatch.setattr(one_thread, "_pool", lambda: pool)
    return found


def test_calls_within_calls_and_errors_give_back_once(controller: _Controller) -> None:
    @in_one_thread
    def outer(n: int) -> int:
        assert controller.given_back == 0
        if n == 0:
            raise ValueError("inner")
        return outer(n - 1)

    with pytest.raises(ValueError, match="inner"):
        outer(3)
    assert controller.asked == [(1, "blas")]
    assert controller.given_back == 1


def test_the_last_of_several_threads_gives_back(controller: _Controller) -> None:
    inside, first_gone = Barrier(3), Barrier(2)

    @in_one_thread
    def waits(barrier: Barrier | None) -> None:
        inside.wait()
        if barrier is not None:
            barrier.wait()

    stays = Thread(target=waits, args=(first_gone,))
    leaves = Thread(target=waits, args=(None,))
    for thread in (stays, leaves):
        thread.start()
    inside.wait()
    leaves.join()
    assert controller.given_back == 0
    first_gone.wait()
    stays.join()
    assert len(controller.asked) == controller.given_back == 1


def test_numpy_has_one_thread_meanwhile() -> None:
    import numpy as np
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    np.linalg.inv(np.eye(2))
    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        assert set(in_one_thread(threads)()) <= {1}
        assert threads() == before
