"""``python -m tests.mutation``: do the tests notice when the code that decides verdicts is changed?

Changes are drawn at random. Each is made alone, in a process of its own, and the tests that come to
the changed lines are run until one fails, the quick ones first. Which tests those are is seen in
one run of all of them. A change that no test notices is printed: a test is missing, or the code is
not needed, or nobody could see the change, which ``equivalent.py`` then says with its reason.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Container, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from grpo_symbolic.verify.methods import METHODS
from tests.mutation.changes import ROOT, Change, changes, watch
from tests.mutation.equivalent import EQUIVALENT, LEFT_OUT

LIBRARY = ROOT / "grpo_symbolic"
PARTS = (LIBRARY / "verify", LIBRARY / "checking")
TESTS = (ROOT / "tests" / "verify", ROOT / "tests" / "checking")
#: Processor time of one test, beyond which it is left out; and of one test of changed code,
#: as a multiple of what it took before: what hangs has been noticed.
LONGEST, PATIENCE = 4, 5
#: What tests only start from, which is made once and not by changed code.
GIVEN = {"tests.verify.test_tampering.originals"}
ENOUGH = 0.95


def _apart(work: Callable[[], object]) -> Any:
    """What ``work`` gives in a process of its own, which leaves nothing behind."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            with os.fdopen(writer, "w") as pipe:
                json.dump(work(), pipe)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return json.loads(found) if found else None


class _TooLong(BaseException):
    """A test that takes more than its time."""


def _stop(*_: object) -> None:
    raise _TooLong


def _passes(item: pytest.Item, seconds: float) -> bool:
    """Whether a test passes in so much processor time."""
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return not any(r.failed for r in runtestprotocol(item, log=False, nextitem=None))
    except _TooLong:
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Mutations:
    """The plugin that takes the place of pytest's loop over the tests it has collected."""

    def __init__(
        self,
        files: Sequence[Path],
        drawn: list[Change],
        seconds: float,
        listed: list[Change],
        kept: Path | None,
    ) -> None:
        self.files, self.drawn, self.seconds = files, drawn, seconds
        self.listed, self.kept = listed, kept
        self.killed: list[Change] = []
        self.survived: list[Change] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("not all tests could be collected")
        tests = {item.nodeid: item for item in session.items}
        _load()
        reached = self._reached(tests)
        seen = {place for _, places in reached.values() for place in places}
        for change in self.listed:
            if change.place not in seen:
                print(f"no test comes to {change}", flush=True)
        for number, change in enumerate(self.drawn, start=1):
            near = self._near(change, reached, tests)
            if _apart(lambda: _noticed(change, near, tests)):  # noqa: B023
                self.killed.append(change)
            else:
                self.survived.append(change)
                print(f"not noticed by {len(near)} tests: {change}", flush=True)
            if number % 10 == 0:
                print(f"{len(self.killed)} of {number} noticed", flush=True)
        return True

    def _near(
        self, change: Change, reached: dict[str, tuple[float, list[str]]], tests: Container[str]
    ) -> list[tuple[float, str]]:
        """The tests that come to the changed lines, quick ones first, for so many seconds."""
        calling = sorted(
            (seconds, name)
            for name, (seconds, places) in reached.items()
            if change.place in places and name in tests
        )
        total = accumulate(seconds for seconds, _ in calling)
        return [one for one, spent in zip(calling, total, strict=True) if spent < self.seconds]

    def _reached(self, tests: dict[str, pytest.Item]) -> dict[str, tuple[float, list[str]]]:
        """For each test its processor time and the places it comes to.

        In this process, so that what SymPy keeps is there for each of the others. Tests that an
        earlier run has looked at are not run again: where the code was changed since, a test that
        could notice something may be missed, and nothing is taken for noticed that is not.
        """
        places: set[str] = set()
        known = json.loads(self.kept.read_text()) if self.kept and self.kept.exists() else {}
        if new := {name: item for name, item in tests.items() if name not in known}:
            watch(_files((), ()), places)
            known |= {name: _calls(item, places) for name, item in new.items()}
        if self.kept and new:
            self.kept.write_text(json.dumps(known), encoding="utf-8")
        return {name: known[name] for name in tests}


def _calls(item: pytest.Item, places: set[str]) -> tuple[float, list[str]]:
    """How long a test takes, and the places it comes to; none of a test that takes too long."""
    for kept in _caches():  # what an earlier test has worked out is called here, too
        kept.cache_clear()
    places.clear()
    start = _spent()
    passed = _passes(item, LONGEST)
    if not passed:
        print(f"not used, since it fails or takes too long: {item.nodeid}", flush=True)
    return _spent() - start, sorted(places) if passed else []


def _spent() -> float:
    """Processor time, that of solvers too."""
    return sum(os.times()[:4])


def _load() -> None:
    """Everything is imported once, and not in each process."""
    for path in sorted(LIBRARY.rglob("*.py")):
        if not path.name.startswith("__main__"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for method in METHODS:
        method.missing()


@cache
def _caches() -> list[Any]:
    """What the library and the tests keep of earlier calls, which would hide a change."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith(("grpo_symbolic", "tests.")) and not name.startswith("tests.mutation")
    ]
    held = [value for module in modules for value in vars(module).values()]
    held += [value for kind in held if isinstance(kind, type) for value in vars(kind).values()]
    kept = [f for f in {id(f): f for f in held}.values() if hasattr(f, "cache_clear")]
    return [f for f in kept if f"{f.__module__}.{f.__qualname__}" not in GIVEN]


def _noticed(change: Change, near: list[tuple[float, str]], tests: dict[str, pytest.Item]) -> bool:
    change.make()
    for kept in _caches():
        kept.cache_clear()
    return any(not _passes(tests[name], LONGEST + PATIENCE * seconds) for seconds, name in near)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE",
                        help="what is changed, or folders (verify and checking)")  # fmt: skip
    parser.add_argument("--count", type=int, default=100, help="changes to try (100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones are drawn (1)")
    parser.add_argument("--without", action="append", type=Path, default=[], metavar="FOLDER",
                        help="leave this out, such as grpo_symbolic/verify/kernel")  # fmt: skip
    parser.add_argument("--tests", action="append", metavar="FILE",
                        help="the tests to use (those of verify and checking)")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=120,
                        help="of the tests that are run for one change (120)")  # fmt: skip
    parser.add_argument("--kept", type=Path, metavar="FILE",
                        help="keep what tests come to here, and use what is there")  # fmt: skip
    parser.add_argument("--unseen", action="store_true",
                        help="first print all changes in lines that no test comes to")  # fmt: skip
    return parser


def _files(named: Sequence[Path], without: Sequence[Path]) -> list[Path]:
    """The Python files in a fixed order, but for those that are left out."""
    roots = [(ROOT / path).resolve() for path in named] or list(PARTS)
    out = [ROOT / path for path in (*without, *LEFT_OUT)]
    found = [p for root in roots for p in (sorted(root.rglob("*.py")) if root.is_dir() else [root])]
    return [p for p in found if not any(p.is_relative_to(o) for o in out)]


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    for path in (*arguments.files, *arguments.without):
        if not (ROOT / path).exists() or not (ROOT / path).resolve().is_relative_to(LIBRARY):
            parser.error(f"{path} is no file or folder of grpo_symbolic")
    files = _files(arguments.files, arguments.without)
    every = changes(files)
    stale = {name for name in EQUIVALENT if name not in {c.name for c in changes(_files((), ()))}}
    drawn = list(every)
    random.Random(arguments.seed).shuffle(drawn)
    listed = every if arguments.unseen else []
    tried = drawn[: arguments.count]
    plugin = Mutations(files, tried, arguments.seconds, listed, arguments.kept)
    suites = arguments.tests or list(map(str, TESTS))
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", *suites], plugins=[plugin])
    same = [c for c in plugin.survived if c.name in EQUIVALENT]
    for path, why in LEFT_OUT.items():
        print(f"left out: {path}: {why}")
    for change in same:
        print(f"equivalent: {change}\n  {EQUIVALENT[change.name]}")
    for name in sorted(stale):
        print(f"there is no such change any more: {name}")
    open_ = len(plugin.survived) - len(same)
    print(
        f"{len(tried)} of {len(every)} changes tried: {len(plugin.killed)} killed, "
        f"{len(same)} equivalent, {open_} survived"
    )
    return 0 if len(plugin.killed) + len(same) >= ENOUGH * len(tried) and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
