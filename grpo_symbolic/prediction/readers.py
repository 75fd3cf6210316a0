"""What readers of trainers' options have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sympy import oo, sqrt

from grpo_symbolic.model.advantage import BatchScale, MeanScale, Rescaled, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.presets.preset import Preset


def places(
    options: Configuration,
    beta: tuple[str, ...],
    rule: tuple[str, ...] = (),
    entropy: tuple[str, ...] = (),
    reuse: tuple[str, ...] = (),
    loss: tuple[str, ...] = (),
) -> tuple[tuple[str, str], ...]:
    """Fragments of sentences, each with the option it is about as it stands in the file."""
    asked = (
        ("cispo", loss),
        ("not known here", ("version",)),
        ("by the rules of", ("version",)),
        ("steps on one batch", reuse),
        ("entropy", entropy),
        ("sigma stands", rule),
        ("in reward units", rule),
        ("of these rewards", rule),
        ("unscaled advantage", rule),
        ("taken to hold groups", rule),
        ("penalty", beta),
        ("KL(pi", beta),
        ("k is cut off", beta),
    )
    return tuple((fragment, place(options, *names)) for fragment, names in asked if names)


def clip(
    options: Configuration, both: str, low: str, high: str
) -> tuple[Fraction, Fraction] | None:
    """How far below and above 1 the importance ratio is clipped, 0.2 by default."""
    usual = options.number(both, role="epsilon", default="0.2")
    sides = [options.number(name, role="epsilon", default=usual) for name in (low, high)]
    return None if None in sides else (sides[0], sides[1])


def bent(options: Configuration, usual: Mapping[str, Any]) -> tuple[str, ...]:
    """Warnings of options that bend what is optimised, set otherwise than as they do nothing.

    Parameters
    ----------
    options : Configuration
    usual : mapping
        For each option the value at which it does nothing, or several.
    """
    found = []
    for name, values in usual.items():
        values = values if isinstance(values, tuple) else (values,)
        option = options.find(name)
        if option is None or any(_is(option.value, value) for value in values):
            continue
        has = {None: "has it off", False: "has it off", True: "has it on"}
        what = has[values[0]] if values[0] in has else f"takes it as {values[0]}"
        found.append(f"{said(option)}: is not part of this model, which {what}")
    return tuple(found)


def _is(value: Any, usual: Any) -> bool:
    """Whether an option has the value at which it does nothing, whatever type it came as."""
    if value is None or usual is None or isinstance(usual, bool):
        return str(value).lower() in (str(usual).lower(), "null")
    try:
        return Fraction(str(value)) == Fraction(usual)
    except ValueError:
        return str(value) == usual


def place(options: Configuration, *names: str) -> str:
    """An option as it is named in a message, also where it is not set."""
    option = options.find(*names)
    return f"{names[0]} (default)" if option is None else said(option)


def weight_of(options: Configuration, *names: str, default: Fraction | int | str) -> Fraction:
    """The weight of a penalty or a bonus, at least 0."""
    value = options.number(*names, role="epsilon", default=default)
    assert value is not None
    return value


def over_one_question(preset: Preset, samples: int, kind: str, epsilon: str = "0") -> Preset:
    """A scale that is taken over a batch, where the batch holds groups of one question only.

    Instead of the constant σ of a batch of many questions. A batch of more than 64 samples is
    taken to be large: its standard deviation is that of the population.
    """
    size: Any = preset.algorithm.group_size
    if size == oo:
        rule: Any = ShiftAndScale(epsilon=epsilon)
    elif kind == "batch" and samples <= 64 and samples % size == 0:
        rule = BatchScale(samples, ddof=1, epsilon=epsilon)
    elif kind == "whitened":  # by the deviation of r − mean of the group
        rule = Rescaled(ShiftAndScale(epsilon=epsilon), sqrt(size / (size - 1)))
    elif kind == "mean":
        rule = Rescaled(MeanScale(), size / (size - 1))
    else:
        rule = Rescaled(ShiftAndScale(epsilon=epsilon), size / (size - 1))
    large = rule if isinstance(rule, (Rescaled, ShiftAndScale)) else None
    divisor = getattr(preset.advantage, "divisor", 1)
    rule = rule if divisor == 1 else Rescaled(rule, divisor)
    algorithm = preset.algorithm
    assert isinstance(algorithm, GRPO)
    changed = replace(algorithm, advantage=rule, group_size=oo if large is not None else size)
    kept = tuple(w for w in preset.cautions if not w.startswith("sigma stands"))
    what = "the batch is taken to hold groups of one question only"
    return replace(preset, algorithm=changed, cautions=(*kept, what))
