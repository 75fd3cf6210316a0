"""``python -m tests.mutation``: do the tests notice when the code that decides verdicts is changed?

Changes are drawn at random from the decisions of the code: a comparison turned or made weaker, a
condition negated, ``and`` for ``or``, ``any`` for ``all``, one sign for another, a number off by
one, a refusal left out. Each is made alone, in a copy, and the tests of that part are run until
one fails. A change that no test notices is printed, to be looked at: it is a missing test, or it
changes nothing that anybody could see.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("verify", "checking")
#: One run of the tests for one change; what hangs has been noticed.
SECONDS = 900

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
    line: int
    number: int  # of the decision, in the order of the file
    what: str

    def source(self) -> str:
        """The file with the change."""
        tree = ast.parse((ROOT / self.path).read_text(encoding="utf-8"))
        old = next(node for i, node in enumerate(_decisions(tree)) if i == self.number)
        new = next(node for what, node in _replacements(old) if what == self.what)
        return ast.unparse(ast.fix_missing_locations(_At(old, new).visit(tree)))


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


def _decisions(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes inside of functions; annotations, and what is only printed, decide nothing."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("__"):
            continue
        for statement in function.body:
            stack: list[ast.AST] = [statement]
            while stack:
                node = stack.pop()
                if isinstance(node, (ast.FunctionDef, ast.JoinedStr, ast.AnnAssign)):
                    continue
                yield node
                stack += ast.iter_child_nodes(node)


def changes(parts: tuple[str, ...]) -> list[Change]:
    """All of them, in a fixed order."""
    return [
        Change(path.relative_to(ROOT), getattr(node, "lineno", 0), number, what)
        for part in parts
        for path in sorted((ROOT / "grpo_symbolic" / part).rglob("*.py"))
        for number, node in enumerate(_decisions(ast.parse(path.read_text(encoding="utf-8"))))
        for what, _ in _replacements(node)
    ]


def _suites(path: Path) -> list[str]:
    """The tests of the file itself, then those of the parts that rest on it."""
    own = ROOT / "tests" / path.parts[1] / f"test_{path.stem}.py"
    first = [str(own.relative_to(ROOT))] if own.exists() else []
    rest = sorted(PARTS, key=lambda part: part != path.parts[1])
    return [*first, *(f"tests/{part}" for part in rest)]


def is_noticed(change: Change, copy: Path) -> bool:
    """Whether a test fails in a copy of the project with this change."""
    path = copy / change.path
    kept = path.read_text(encoding="utf-8")
    path.write_text(change.source(), encoding="utf-8")
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        for suite in _suites(change.path):
            done = subprocess.run(
                [*command, suite],
                cwd=copy,
                env={**os.environ, "PYTHONPATH": str(copy)},
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
            if done.returncode:
                return True
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(kept, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="changes to try (100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones are drawn (1)")
    parser.add_argument("--part", action="append", help="verify or checking (both)")
    arguments = parser.parse_args()
    drawn = changes(tuple(arguments.part or PARTS))
    random.Random(arguments.seed).shuffle(drawn)
    drawn = drawn[: arguments.count]
    noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        keep = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=keep)
        for number, change in enumerate(drawn, start=1):
            found = is_noticed(change, copy)
            noticed += found
            if not found:
                print(f"not noticed: {change.path}:{change.line}: {change.what}", flush=True)
            if number % 10 == 0:
                print(f"{noticed} of {number} noticed", flush=True)
    print(f"{noticed} of {len(drawn)} changes noticed")
    return 0 if noticed >= 0.95 * len(drawn) else 1


if __name__ == "__main__":
    sys.exit(main())
