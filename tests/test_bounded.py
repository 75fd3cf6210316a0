"""A time bound holds on every thread, and leaves nothing behind."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sympy import Symbol, integrate, sin

from grpo_symbolic.bounded import Exhausted, bounded


def forever():
    while True:
        time.sleep(0.001)


def stubborn():
    """Swallows what stops it, ten times."""
    for _ in range(10):
        with suppress(Exhausted):
            forever()
    return "gave in"


def counted(n):
    total = 0
    for k in range(n):
        total += k
    return total


def nested(inner, outer):
    return bounded(bounded_forever, inner, seconds=outer)


def bounded_forever(seconds):
    return bounded(forever, seconds=seconds)


@pytest.fixture(params=["main thread", "another thread"])
def on(request):
    """A function that calls another one, on this thread or on a new one."""
    if request.param == "main thread":
        yield lambda f, *args, **more: f(*args, **more)
        return
    with ThreadPoolExecutor(1) as pool:
        yield lambda f, *args, **more: pool.submit(f, *args, **more).result()


def test_work_that_ends_is_returned(on):
    assert on(bounded, counted, 1000, seconds=20) == 499500
    local = []
    assert on(bounded, lambda: local.append(1) or local, seconds=20) == [1]
    x = Symbol("x")
    assert on(bounded, integrate, sin(x), x, seconds=20).has(x)


def test_work_that_does_not_end_is_stopped(on):
    with pytest.raises(Exhausted, match=r"^forever did not end within 0.2 s$"):
        on(bounded, forever, seconds=0.2)


def test_exceptions_of_the_work_pass(on):
    with pytest.raises(ZeroDivisionError):
        on(bounded, lambda: 1 / 0, seconds=20)


def test_work_that_swallows_the_exception_is_stopped_again_and_again(on):
    with suppress(Exhausted):  # the last one may come when it has given in
        assert on(bounded, stubborn, seconds=0.1) == "gave in"


def test_the_shorter_of_two_bounds_holds(on):
    with pytest.raises(Exhausted):
        on(nested, 60, 0.2)
    with pytest.raises(Exhausted, match=r"^forever did not end within 0.2 s$"):
        on(nested, 0.2, 60)


def test_nothing_goes_off_later(on):
    def often():
        for _ in range(50):
            with suppress(Exhausted):
                bounded(counted, 20_000, seconds=1e-3)
        threads = threading.active_count()
        time.sleep(0.2)
        return counted(100_000), threads - threading.active_count()

    assert on(often) == (4999950000, 0)


def test_a_thread_of_a_daemon_has_bounds_too():
    # Such a process may have no children, as a worker of a pool or of a cluster.
    source = """
import multiprocessing, threading
from grpo_symbolic.bounded import bounded
found = []
def work():
    found.append(bounded(sum, [1, 2], seconds=20))
def run(queue):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    queue.put(found)
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=run, args=(queue,), daemon=True)
    process.start()
    process.join()
    print(queue.get())
"""
    if sys.platform == "win32":
        pytest.skip("fork is POSIX's")
    out = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert out.stdout.strip() == "[3]", out.stderr
