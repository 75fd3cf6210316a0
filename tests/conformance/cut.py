"""Functions and statements of a file by their syntax tree, without importing the file.

The code is run as it was released, but for what cannot run here: decorators and annotations are
left out, and casts to single precision are casts to double precision.
"""

import ast
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any


class _Doubled(ast.NodeTransformer):
    """``x.float()`` and ``torch.float32`` in double precision, no decorators, no annotations."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        names = {"float": "double", "float32": "float64"}
        if node.attr == "float" and not isinstance(node.ctx, ast.Load):
            return node
        node.attr = names.get(node.attr, node.attr)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list, node.returns = [], None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)


@cache
def _function(text: str, name: str) -> CodeType:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _compiled(node)
    raise LookupError(f"no function {name}")


@cache
def _statement(text: str, test: str, assigns: str) -> CodeType:
    for node in ast.walk(ast.parse(text)):
        fits = isinstance(node, ast.If) and test in ast.unparse(node.test)
        if fits and any(isinstance(n, ast.Name) and n.id == assigns for n in ast.walk(node)):
            return _compiled(node)
    raise LookupError(f"no statement if {test}")


def _compiled(node: ast.stmt) -> CodeType:
    module = ast.Module([_Doubled().visit(node)], [])
    return compile(ast.fix_missing_locations(module), "<trainer>", "exec")


def function(text: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The first function or method of this name."""
    exec(_function(text, name), namespace)
    return namespace[name]


def statement(text: str, test: str, namespace: dict[str, Any], wanted: str) -> Any:
    """Run the first ``if`` on ``test`` that has to do with ``wanted``; what it assigns to that."""
    exec(_statement(text, test, wanted), namespace)
    return namespace[wanted]
