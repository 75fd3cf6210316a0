"""Every public name: typed, described with source and units, with an example run as a doctest."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Callable

import pytest

import grpo_symbolic as gs

CLASSES = [name for name in gs.__all__ if inspect.isclass(getattr(gs, name))]
FUNCTIONS = [name for name in gs.__all__ if inspect.isfunction(getattr(gs, name))]


#: They say something of a claim or a name, and hold no quantity.
WITHOUT_QUANTITY = {
    "AxiomTable", "Finding", "NoStationaryPolicy", "Report", "Status", "Verdict", "axiom",
    "axiom_table", "check_paper", "formula", "prove", "rule", "satisfies",
}  # fmt: skip
UNIT = r"\bunits?\b|\bin nats\b|\bprobabilit|\bdigits\b"


def _text(thing: object) -> str:
    return inspect.getdoc(thing) or ""


@pytest.mark.parametrize("name", gs.__all__)
def test_has_an_example_that_shows_something(name: str) -> None:
    examples = doctest.DocTestParser().get_examples(_text(getattr(gs, name)))
    assert any(example.want for example in examples), f"{name} has no example with an output"


@pytest.mark.parametrize("name", gs.__all__)
def test_its_example_is_collected(name: str) -> None:
    """Doctests are looked for in the package: an example elsewhere would never run."""
    thing = getattr(gs, name)
    module = thing.__name__ if inspect.ismodule(thing) else thing.__module__
    assert module.startswith("grpo_symbolic")


@pytest.mark.parametrize("name", gs.__all__)
def test_says_where_it_comes_from(name: str) -> None:
    assert re.search(r"\bSource: \w", _text(getattr(gs, name)))


@pytest.mark.parametrize("name", sorted(set(gs.__all__) - WITHOUT_QUANTITY))
def test_quantities_have_units(name: str) -> None:
    assert re.search(UNIT, _text(getattr(gs, name)), re.IGNORECASE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_typed(name: str) -> None:
    assert _untyped(getattr(gs, name)) == []


@pytest.mark.parametrize("name", CLASSES)
def test_members_are_typed(name: str) -> None:
    own = {m: _called(v) for m, v in vars(getattr(gs, name)).items() if not m.startswith("_")}
    assert {m: _untyped(v) for m, v in own.items() if v is not None and _untyped(v)} == {}


@pytest.mark.parametrize("name", CLASSES)
def test_members_are_described(name: str) -> None:
    """By themselves, or by what they override."""
    cls = getattr(gs, name)
    own = (member for member in vars(cls) if not member.startswith("_"))
    called = [m for m in own if _called(inspect.getattr_static(cls, m))]
    for member in called:
        described = (vars(base).get(member) for base in cls.__mro__)
        assert any(_text(_called(found)) for found in described if found is not None), (
            f"{name}.{member} has no docstring"
        )


def _called(found: object) -> object:
    """The function behind a method or property; None for data."""
    for inner in ("fget", "func", "__func__"):
        found = getattr(found, inner, found)
    return found if inspect.isfunction(found) else None


def _untyped(function: Callable) -> list[str]:
    """Parameters without a type, and the word return."""
    signature = inspect.signature(function)
    given = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    given["return"] = signature.return_annotation
    return [
        n for n, t in given.items() if t is inspect.Signature.empty and n not in ("self", "cls")
    ]
