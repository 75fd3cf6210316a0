"""Changes of the code, one at a time: what decides is turned around, in functions that run.

A comparison is turned or made weaker, a condition negated, ``and`` becomes ``or``, ``any`` ``all``,
one sign another, a number is off by one, a refusal is left out.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeGuard

__all__ = ["ROOT", "Change", "changes", "watch"]

ROOT = Path(__file__).parent.parent.parent

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
    block: int  # which of the function's lists of statements that run together
    number: int  # of the decision, in the order of the file
    what: str
    decision: str  # its source, of a statement the first line

    @property
    def place(self) -> str:
        return f"{self.path}:{self.function}:{self.block}"

    @property
    def name(self) -> str:
        """The change without numbers of lines, which move."""
        return f"{self.path}:{self.function}: {self.what}: {self.decision}"

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}, {self.function.rpartition('.')[2]}"
        return f"{where}: {self.what}: {self.decision}"

    def make(self) -> None:
        """Give the function, as everybody has it already, the code with the change."""
        path = ROOT / self.path
        tree = _parsed(path)
        old = next(node for i, (*_, node) in enumerate(_decisions(tree)) if i == self.number)
        new = next(node for what, node in _replacements(old) if what == self.what)
        changed = ast.fix_missing_locations(_At(old, new).visit(tree))
        code = compile(changed, str(path), "exec")
        _function(_module(path), self.function).__code__ = _code(code, self.function)


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
    elif isinstance(node, ast.keyword) and _is_truth_value(node.value):
        yield "the other truth value", ast.keyword(node.arg, ast.Constant(not node.value.value))
    elif _is_truth_value(node):
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


def _decisions(tree: ast.Module) -> Iterator[tuple[str, int, ast.AST]]:
    """Nodes inside of functions; annotations, and what is only printed, decide nothing."""
    for name, function in _functions(tree, ""):
        begins = {id(body[i]): n for n, (body, i) in enumerate(_blocks(function))}
        stack: list[tuple[ast.AST, int]] = [(function, 0)]
        while stack:
            node, block = stack.pop()
            if isinstance(node, ast.JoinedStr):
                continue
            if node is not function:
                yield name, block, node
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    block = begins.get(id(child), block)
                if (node is not function or child in function.body) and _decides(node, child):
                    stack.append((child, block))


def _blocks(function: ast.FunctionDef) -> list[tuple[list[ast.stmt], int]]:
    """Where statements begin that run together: the first, and those after a choice or a loop."""
    bodies = [
        body
        for node in ast.walk(function)
        for field in ("body", "orelse", "finalbody")
        if isinstance(body := getattr(node, field, None), list)
    ]
    return [
        (body, i)
        for body in bodies
        for i in range(len(body))
        if not i or {"body", "cases"} & {*body[i - 1]._fields}
    ]


def _is_truth_value(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _decides(node: ast.AST, child: ast.AST) -> bool:
    """Not so an annotation, nor which method is called: ``.lower(...)`` is no end of a range."""
    if isinstance(node, ast.AnnAssign):
        return child is node.value
    if isinstance(node, ast.keyword) and _is_truth_value(child):
        return False  # it is changed with its name
    return not (isinstance(node, ast.Call) and child is node.func) or isinstance(child, ast.Name)


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


def changes(files: Sequence[Path]) -> list[Change]:
    """All of them, in a fixed order."""
    return [
        Change(
            path.relative_to(ROOT),
            name,
            getattr(node, "lineno", 0),
            block,
            number,
            what,
            ast.unparse(node).partition("\n")[0],
        )
        for path in files
        for number, (name, block, node) in enumerate(_decisions(_parsed(path)))
        for what, _ in _replacements(node)
    ]


def watch(files: Sequence[Path], reached: set[str]) -> None:
    """Have the functions of these files add to the set the places that are come to."""
    for path in files:
        tree = _parsed(path)
        found = [name for name, _ in _functions(tree, "")]
        for name, function in _functions(tree, ""):
            for n, (body, i) in reversed([*enumerate(_blocks(function))]):
                place = f"{path.relative_to(ROOT)}:{name}:{n}"
                body.insert(i, ast.parse(f"_reached_.add({place!r})").body[0])
        code = compile(ast.fix_missing_locations(tree), str(path), "exec")
        module = _module(path)
        vars(module)["_reached_"] = reached
        for name in found:
            _function(module, name).__code__ = _code(code, name)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(_source(path))


@cache
def _source(path: Path) -> str:
    """What the file holds when it is first read: later edits are none of this run."""
    return path.read_text(encoding="utf-8")


def _module(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
