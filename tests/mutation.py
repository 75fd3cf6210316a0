"""``python -m tests.mutation``: do the tests notice when the code that decides verdicts is changed?

Changes are drawn at random from the decisions of the code: a comparison turned or made weaker, a
condition negated, ``and`` for ``or``, ``any`` for ``all``, one sign for another, a number off by
one, a refusal left out. Each is made alone, in a process of its own, and the tests that call the
changed function are run until one fails, the quick ones first. Which tests those are is seen in one
run of all of them. A change that no test notices is printed, to be looked at: it is a missing test,
or it changes nothing that anybody could see.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import process_time
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parent.parent
PARTS = ("verify", "checking")
#: Processor time of one test, beyond which it is left out; and of one test of a changed function,
#: as a multiple of what it took before: what hangs has been noticed.
LONGEST, PATIENCE = 8, 5

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
NAMED = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "POSITIVE": "NONNEGATIVE",
    "NONNEGATIVE": "POSITIVE",
    "NEGATIVE": "NONPOSITIVE",
    "PROVED": "NUMERIC",
    "lower": "upper",
    "upper": "lower",
}


@dataclass(frozen=True)
class Change:
    """One change of one file."""

    path: Path
    function: str  # its qualified name
    line: int
    number: int  # of the decision, in the order of the file
    what: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.function}"

    def make(self) -> None:
        """Give the function, as everybody has it already, the code with the change."""
        tree = ast.parse((ROOT / self.path).read_text(encoding="utf-8"))
        old = next(node for i, (_, node) in enumerate(_decisions(tree)) if i == self.number)
        new = next(node for what, node in _replacements(old) if what == self.what)
        changed = ast.fix_missing_locations(_At(old, new).visit(tree))
        code = compile(changed, str(ROOT / self.path), "exec")
        module = importlib.import_module(".".join(self.path.with_suffix("").parts))
        _function(module, self.function).__code__ = _code(code, self.function)


def _replacements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Other nodes that could stand there, and what is different about them."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARED[type(node.ops[0])]()
        yield "another relation", ast.Compare(node.left, [other], node.comparators)
    elif isinstance(node, ast.BoolOp):
        other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and for or", ast.BoolOp(other_op, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "without not or minus", node.operand
    elif isinstance(node, ast.If):
        turned = deepcopy(node)
        turned.test = ast.UnaryOp(ast.Not(), node.test)
        yield "a condition negated", turned
    elif isinstance(node, (ast.Raise, ast.Continue)):
        yield "left out", ast.Pass()
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        turned_op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield "plus for minus", ast.BinOp(node.left, turned_op, node.right)
    elif isinstance(node, ast.Name) and node.id in ("any", "all", "min", "max"):
        yield f"{NAMED[node.id]} for {node.id}", ast.Name(NAMED[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in NAMED:
        yield (
            f"{NAMED[node.attr]} for {node.attr}",
            ast.Attribute(node.value, NAMED[node.attr], node.ctx),
        )
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "the other truth value", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "a number off by one", ast.Constant(node.value + 1)


class _At(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return self.generic_visit(node)


def _decisions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Nodes inside of functions; annotations, and what is only printed, decide nothing."""
    for name, function in _functions(tree, ""):
        stack: list[ast.AST] = [*function.body]
        while stack:
            node = stack.pop()
            if isinstance(node, (ast.JoinedStr, ast.AnnAssign)):
                continue
            yield name, node
            stack += ast.iter_child_nodes(node)


def _functions(
    tree: ast.Module | ast.ClassDef, inside: str
) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods by their qualified names; what is printed has names with __."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{inside}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            yield inside + node.name, node


def _function(holder: Any, name: str) -> FunctionType:
    """The function of a qualified name, without what it is wrapped in."""
    for part in name.split("."):
        holder = vars(holder)[part]
    while not isinstance(holder, FunctionType):
        if isinstance(holder, property):
            holder = holder.fget
        elif isinstance(holder, cached_property):
            holder = holder.func
        else:
            holder = getattr(holder, "__func__", None) or holder.__wrapped__
    return getattr(holder, "__wrapped__", holder)


def _code(code: CodeType, name: str) -> CodeType:
    """The code of a qualified name inside of the code of a module."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    for part in inner:
        if part.co_qualname == name:
            return part
    return next(_code(p, name) for p in inner if name.startswith(f"{p.co_qualname}."))


def changes(parts: tuple[str, ...]) -> list[Change]:
    """All of them, in a fixed order."""
    return [
        Change(path.relative_to(ROOT), name, getattr(node, "lineno", 0), number, what)
        for part in parts
        for path in sorted((ROOT / "grpo_symbolic" / part).rglob("*.py"))
        for number, (name, node) in enumerate(
            _decisions(ast.parse(path.read_text(encoding="utf-8")))
        )
        for what, _ in _replacements(node)
    ]


def _apart(work: Callable[[], object]) -> Any:
    """What ``work`` gives in a process of its own, which leaves nothing behind."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            json.dump(work(), pipe)
            pipe.flush()
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

    def __init__(self, drawn: list[Change], table: Path) -> None:
        self.drawn, self.table = drawn, table
        self.unnoticed: list[Change] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("not all tests could be collected")
        tests = {item.nodeid: item for item in session.items}
        if not self.table.exists():
            seen = _apart(lambda: [_reached(item) for item in session.items])
            self.table.write_text(json.dumps(dict(zip(tests, seen, strict=True))), encoding="utf-8")
        reached = json.loads(self.table.read_text(encoding="utf-8"))
        for number, change in enumerate(self.drawn, start=1):
            near = [
                (seconds, name)
                for name, (seconds, places) in reached.items()
                if change.place in places and name in tests
            ]
            if not _apart(lambda: _noticed(change, sorted(near), tests)):  # noqa: B023
                self.unnoticed.append(change)
                where = f"{change.path}:{change.line}: {change.what} in {change.function}"
                print(f"not noticed by {len(near)} tests: {where}", flush=True)
            if number % 10 == 0:
                print(f"{number - len(self.unnoticed)} of {number} noticed", flush=True)
        return True


def _reached(item: pytest.Item) -> tuple[float, list[str]]:
    """How long a test takes, and the functions it calls; none of a test that takes too long."""
    places: set[str] = set()
    root = f"{ROOT}/"

    def called(frame: FrameType, *_: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(root) and "/tests/" not in code.co_filename:
            name = code.co_qualname.partition(".<locals>")[0]
            places.add(f"{code.co_filename.removeprefix(root)}:{name}")

    start = process_time()
    sys.settrace(called)
    passed = _passes(item, LONGEST)
    sys.settrace(None)
    return process_time() - start, sorted(places) if passed else []


def _noticed(change: Change, near: list[tuple[float, str]], tests: dict[str, pytest.Item]) -> bool:
    change.make()
    return any(not _passes(tests[name], 1 + PATIENCE * seconds) for seconds, name in near)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="changes to try (100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones are drawn (1)")
    parser.add_argument("--part", action="append", help="such as verify/kernel (verify, checking)")
    parser.add_argument("--tests", action="append", help="the tests to use (those of both parts)")
    parser.add_argument("--table", type=Path, default=Path("build/mutation.json"),
                        help="which test calls what, from an earlier run")  # fmt: skip
    arguments = parser.parse_args()
    drawn = changes(tuple(arguments.part or PARTS))
    random.Random(arguments.seed).shuffle(drawn)
    plugin = Mutations(drawn[: arguments.count], arguments.table)
    arguments.table.parent.mkdir(parents=True, exist_ok=True)
    suites = arguments.tests or [f"tests/{part}" for part in PARTS]
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", *suites], plugins=[plugin])
    noticed = len(plugin.drawn) - len(plugin.unnoticed)
    print(f"{noticed} of {len(plugin.drawn)} changes noticed")
    return 0 if noticed >= 0.95 * len(plugin.drawn) else 1


if __name__ == "__main__":
    sys.exit(main())
