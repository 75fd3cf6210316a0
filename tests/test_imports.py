"""``import grpo_symbolic`` imports what is asked for, when it is asked for, and hides nothing."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import grpo_symbolic as gs


def in_new_interpreter(source: str) -> str:
    found = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


def for_type_checkers() -> dict[str, str]:
    """Name and module of every import that only type checkers see."""
    tree = ast.parse(inspect.getsource(gs))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_nothing_is_imported_before_it_is_asked_for():
    source = (
        "import sys, grpo_symbolic as gs; print(*sorted(set(sys.modules) & {'sympy', 'numpy'}))"
    )
    assert in_new_interpreter(source).split() == []


def test_all_names_without_matplotlib_and_other_extras():
    source = """
import sys
from grpo_symbolic import *
assert GRPO and symbols.beta.name == "beta" and callable(plot.draw)
heavy = {"matplotlib", "scipy", "dask", "jax", "torch", "tqdm", "ipywidgets", "IPython",
         "sympy.combinatorics", "sympy.tensor.tensor"}
print(*sorted(heavy & set(sys.modules)))
"""
    assert in_new_interpreter(source).split() == []


def test_a_command_imports_what_it_uses():
    source = """
import sys
from grpo_symbolic.cli import main
unused = {"numpy", "scipy", "rich", "html", "difflib", "logging"}
unused |= {f"grpo_symbolic.{name}" for name in (
    "cli.solve", "electorate", "export.paper", "levels", "model.advantage.leave_one_out",
    "policy.evaluate", "policy.many_answers", "presets.preset", "simulation")}
solvers = {f"grpo_symbolic.verify.{name}" for name in ("linear_certificate", "real_algebra")}
assert main(["derive", "--group-size", "2"]) == 0
print("of no use to derive:", *sorted((unused | solvers) & set(sys.modules)))
assert main(["check", "pi >= 1 - beta"]) == 0
print("of no use to check:", *sorted(unused & set(sys.modules)))
"""
    said = [line for line in in_new_interpreter(source).splitlines() if line.startswith("of no")]
    assert said == ["of no use to derive:", "of no use to check:"]


def test_type_checkers_see_the_same_names():
    seen = for_type_checkers()
    assert sorted(seen) == sorted(gs.__all__)
    for name, place in seen.items():
        value = getattr(gs, name)
        module, _, attribute = place.rpartition(".")
        expected = (
            import_module(place)
            if isinstance(value, ModuleType)
            else getattr(import_module(module), attribute)
        )
        assert value is expected


def test_names_are_listed_and_found_once():
    assert set(gs.__all__) <= set(dir(gs))
    assert len(set(gs.__all__)) == len(gs.__all__)
    assert gs.GRPO is vars(gs)["GRPO"]
    with pytest.raises(AttributeError, match="module 'grpo_symbolic' has no attribute 'PPO'"):
        _ = gs.PPO
