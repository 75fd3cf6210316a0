"""A limit counts steps of work: the same number on every thread, and nothing is left behind."""

import cProfile
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from sympy import Symbol, integrate, sin

from grpo_symbolic.work import Exhausted, charge, limited, uncounted


def step() -> int:
    return 1


def work(calls: int) -> int:
    """So many calls, and its own."""
    total = 0
    for _ in range(calls - 1):
        total += step()
    return total


def forever() -> None:
    while True:
        step()


def refuse(reason: str) -> None:
    raise ArithmeticError(reason)


@pytest.fixture(params=["main thread", "another thread"])
def on(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A function that calls another one, on this thread or on a new one."""
    if request.param == "main thread":
        yield lambda f, *args, **more: f(*args, **more)
        return
    with ThreadPoolExecutor(1) as pool:
        yield lambda f, *args, **more: pool.submit(f, *args, **more).result()


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = sys.getprofile(), sys.gettrace(), threading.active_count()
    yield
    assert (sys.getprofile(), sys.gettrace(), threading.active_count()) == before


def test_the_limit_is_exact_every_time(on: Callable[..., Any]) -> None:
    for _ in range(3):
        assert on(limited, work, 1000, steps=1000) == 999
        with pytest.raises(Exhausted, match=r"^work did not end within 999 steps$"):
            on(limited, work, 1000, steps=999)


def test_work_that_does_not_end_is_stopped(on: Callable[..., Any]) -> None:
    with pytest.raises(Exhausted, match=r"^forever did not end within 20,000 steps$"):
        on(limited, forever, steps=20_000)
    x = Symbol("x")
    assert on(limited, integrate, sin(x), x, steps=10**7).has(x)


def test_arguments_and_exceptions_pass(on: Callable[..., Any]) -> None:
    assert on(limited, sorted, [1, 3, 2], steps=10, reverse=True) == [3, 2, 1]
    with pytest.raises(ArithmeticError, match="no number"):
        on(limited, refuse, "no number", steps=10)


def test_a_thread_has_its_own_limit() -> None:
    """Work on another thread is not counted here, and its limit is not held against this one."""
    with ThreadPoolExecutor(1) as pool:

        def elsewhere() -> int:
            return pool.submit(work, 50_000).result()

        pool.submit(step).result()  # starts the thread
        assert limited(elsewhere, steps=10_000) == 49_999
        with pytest.raises(Exhausted):
            pool.submit(limited, forever, steps=100).result()
    assert work(200) == 199


# -- limits inside limits -------------------------------------------------------------------


def within(inner: int, calls: int) -> str:
    """What becomes of work with a limit of its own."""
    try:
        limited(work, calls, steps=inner)
    except Exhausted as stopped:
        return str(stopped)
    return "ended"


def test_the_inner_limit_ends_first(on: Callable[..., Any]) -> None:
    assert on(limited, within, 100, 10**6, steps=10**4) == "work did not end within 100 steps"


def test_the_outer_limit_ends_first(on: Callable[..., Any]) -> None:
    """The inner limit's owner cannot take the outer stop for its own."""
    with pytest.raises(Exhausted, match=r"^within did not end within 1,000 steps$"):
        on(limited, within, 10**6, 10**6, steps=1000)


def test_what_an_inner_limit_counts_counts_outside() -> None:
    def twice() -> str:
        return within(10**6, 1000) + within(10**6, 1000)

    assert limited(twice, steps=2100) == "endedended"
    for steps in (1500, 1900):
        with pytest.raises(Exhausted, match=r"^twice did not end"):
            limited(twice, steps=steps)

    def stopped_then_forever() -> None:
        assert within(100, 10**6) != "ended"
        forever()

    with pytest.raises(Exhausted, match=r"^stopped_then_forever did not end"):
        limited(stopped_then_forever, steps=5000)


def test_work_done_elsewhere_is_charged(on: Callable[..., Any]) -> None:
    def solve(price: int) -> str:
        charge(price)
        return "solved"

    assert on(solve, 10**9) == "solved"  # without a limit nothing is counted
    assert on(limited, solve, 900, steps=1000) == "solved"
    with pytest.raises(Exhausted, match=r"^solve did not end within 1,000 steps$"):
        on(limited, solve, 1000, steps=1000)
    with pytest.raises(Exhausted, match=r"^outside did not end"):
        on(limited, outside, 1000, steps=1000)


def outside(price: int) -> None:
    limited(charge, price, steps=10**6)


# -- what stands in the way of a stop -------------------------------------------------------


def test_handlers_of_exceptions_do_not_stop_a_stop(on: Callable[..., Any]) -> None:
    def careless() -> None:
        while True:
            try:
                forever()
            except Exception:
                continue

    with pytest.raises(Exhausted, match="careless"):
        on(limited, careless, steps=1000)


def test_a_swallowed_stop_is_repeated(on: Callable[..., Any]) -> None:
    """Also if the work returns, or fails otherwise, after it has swallowed some."""
    swallowed = []

    def stubborn(end: Callable[[], None]) -> None:
        swallowed.clear()
        for _ in range(10):
            try:
                forever()
            except:  # noqa: E722
                swallowed.append(1)
        end()

    for end in (lambda: None, lambda: refuse("by mistake"), forever):
        with pytest.raises(Exhausted, match="stubborn"):
            on(limited, stubborn, end, steps=1000)
        assert len(swallowed) == 10


def test_a_stop_waits_for_the_end_of_a_finaliser(capsys: pytest.CaptureFixture[str]) -> None:
    """Python drops what is raised there: the work would go on, with a report on the screen."""
    ended = []

    class Slow:
        def __del__(self) -> None:
            ended.append(work(5000))

    def busy() -> None:
        Slow()
        forever()

    with pytest.raises(Exhausted, match="busy"):
        limited(busy, steps=100)
    assert ended == [4999]

    class Node:
        pass

    def dropping() -> None:
        kept = weakref.WeakSet()
        values = weakref.WeakValueDictionary()
        for key in range(1000):
            node = Node()
            kept.add(node)
            values[key] = node

    for steps in range(100, 120):  # one of them ends in a callback of a weak reference
        with pytest.raises(Exhausted, match="dropping"):
            limited(dropping, steps=steps)
    assert "ignored" not in capsys.readouterr().err


def test_a_stop_waits_for_generators_that_are_closed(capsys: pytest.CaptureFixture[str]) -> None:
    def numbers() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    def collecting() -> None:
        while True:
            begun = [numbers() for _ in range(5)]
            for generator in begun:
                next(generator)

    for steps in range(100, 120):  # some of them end where a generator is closed
        with pytest.raises(Exhausted, match="collecting"):
            limited(collecting, steps=steps)
    with pytest.raises(Exhausted, match="sum"):  # nothing but generators
        limited(sum, numbers(), steps=100)
    assert "ignored" not in capsys.readouterr().err


def test_a_stop_waits_for_the_callbacks_of_the_garbage_collector(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = []

    def callback(phase: str, info: object) -> None:
        work(5000)
        ended.append(phase)

    def collecting() -> None:
        gc.collect()
        forever()

    gc.callbacks.append(callback)
    try:
        with pytest.raises(Exhausted, match="collecting"):
            limited(collecting, steps=100)
    finally:
        gc.callbacks.remove(callback)
    assert ended[:2] == ["start", "stop"]
    assert "ignored" not in capsys.readouterr().err


def test_a_finaliser_may_have_a_limit_of_its_own() -> None:
    ended = []

    class Careful:
        def __del__(self) -> None:
            ended.append(within(100, 10**6))

    Careful()
    assert ended == ["work did not end within 100 steps"]


def test_a_module_is_not_imported_by_half(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def step(): pass\nfor _ in range(5000): step()\ndone = True\n"
    (tmp_path / "imported_within_a_limit.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    def importing() -> None:
        assert import_module("imported_within_a_limit").done
        forever()

    with pytest.raises(Exhausted, match="importing"):
        limited(importing, steps=1000)
    assert sys.modules.pop("imported_within_a_limit").done


# -- profilers ------------------------------------------------------------------------------


def test_the_profiler_that_was_set_is_set_again() -> None:
    seen = []

    def profiler(frame: Any, event: str, argument: object) -> None:
        seen.append(frame.f_code.co_name)

    sys.setprofile(profiler)
    try:
        limited(work, 10, steps=100)
        with pytest.raises(Exhausted):
            limited(forever, steps=100)
        assert sys.getprofile() == profiler
        work(2)
    finally:
        sys.setprofile(None)
    assert "work" in seen
    assert seen.count("step") == 2  # a call and a return; not those within the limits


def test_the_profiler_of_the_standard_library_goes_on() -> None:
    profiler = cProfile.Profile()
    with profiler:
        with pytest.raises(Exhausted):
            limited(forever, steps=100)
        work(30)
    profiler.create_stats()
    calls = {name: numbers[0] for (_, _, name), numbers in profiler.stats.items()}  # type: ignore[attr-defined]
    assert calls["work"] == 1
    assert calls["step"] >= 29


def test_the_count_is_that_of_another_process() -> None:
    """No clock, no thread and no signal has a part in it: it is the same beside other work."""
    source = """
import signal, threading, time
from grpo_symbolic.work import Exhausted, limited
for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
    setattr(time, name, None)
signal.setitimer = signal.signal = threading.Thread = None
reached = 0
def step():
    return 1
def counting():
    global reached
    while True:
        step()
        reached += 1
try:
    limited(counting, steps=12345)
except Exhausted as stopped:
    print(reached, stopped)
"""
    found = [
        subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert {run.stdout for run in found} == {"12344 counting did not end within 12,345 steps\n"}


def test_what_is_not_counted_leaves_the_limit_as_it_was() -> None:
    assert uncounted(lambda: work(10)) == 9
    assert limited(lambda: uncounted(lambda: work(10_000)), steps=20) == 9999
    with pytest.raises(Exhausted):
        limited(lambda: uncounted(lambda: work(10_000)) + work(100), steps=50)
    assert sys.getprofile() is None
