"""A trainer's configuration as an algorithm: what it will optimise, and with which steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sympy import Rational

from grpo_symbolic.display import record
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.presets.preset import Preset


@dataclass(frozen=True, repr=False)
class Settings:
    """What a configuration says, in the terms of this library.

    Attributes
    ----------
    trainer, version : str
        The version that the conventions are those of.
    preset : Preset
        Without the weight, which is a symbol in it.
    beta : Fraction
        The weight of the penalty; 0 where it is off.
    learning_rate : Fraction or None
    groups : Fraction or None
        Groups behind one optimiser step.
    reuse : int
        Optimiser steps on one batch of rollouts.
    gradient_scale : Fraction
        What multiplies the gradient of advantage and penalty, as a constant length does.
    remarks : tuple of str
        Warnings of the configuration itself, each naming its line.
    alternative : (str, Preset) or None
        A version on the other side of a change, and the same options by its rules.
    length_normalised : bool
        Whether the answers of a batch are weighed by 1/length.
    places : tuple of (fragment, option)
        Which option a sentence with this fragment is about, with its line.
    passes : int
        How often each sample is used: ``reuse`` is this times the steps that share the samples.
    sampled : GRPO or None
        The rule of the groups of a step, where ``preset`` has the limit of a large batch.
    clip : tuple of Fraction or None
        How far below and above 1 the importance ratio is clipped; None of other surrogates.
    """

    trainer: str
    version: str
    preset: Preset
    beta: Fraction
    learning_rate: Fraction | None = None
    groups: Fraction | None = None
    reuse: int = 1
    gradient_scale: Fraction = Fraction(1)
    remarks: tuple[str, ...] = ()
    alternative: tuple[str, Preset] | None = None
    length_normalised: bool = False
    places: tuple[tuple[str, str], ...] = ()
    clip: tuple[Fraction, Fraction] | None = None
    passes: int = 1
    sampled: GRPO | None = None

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm at the weight of the configuration; a symbol where that is 0."""
        if self.beta == 0:
            return self.preset.algorithm
        weight = Rational(self.beta.numerator, self.beta.denominator)
        return replace(self.preset.algorithm, beta=weight)  # type: ignore[type-var]

    @property
    def release(self) -> str:
        """The trainer, and its version where conventions depend on that."""
        return f"{self.trainer} {self.version}".strip()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be known whatever the question: of the configuration, then of the preset."""
        located = map(self.located, self._of_preset())
        return tuple(dict.fromkeys((*self.remarks, *located)))

    def warnings_with(self, notes: Sequence[str]) -> tuple[str, ...]:
        """What must be known of a prediction: its own notes, then what holds for every one."""
        silent = any("the penalty has no gradient" in note for note in notes)
        rest = (w for w in self.warnings if not (silent and "the penalty has no effect" in w))
        return tuple(dict.fromkeys((*map(self.located, notes), *rest)))

    def located(self, sentence: str) -> str:
        """A sentence behind the option that it is about, and the line of that."""
        for fragment, option in self.places:
            if fragment in sentence and not sentence.startswith(option):
                return f"{option}: {sentence}"
        return sentence

    def _of_preset(self) -> tuple[str, ...]:
        if self.beta == 0:  # nothing that is said of the penalty applies
            rule = self.preset.advantage
            return (*self.preset.cautions, *(() if rule is None else rule.cautions))
        # A prediction does take the cut into account, and says where it is entered.
        return tuple(w for w in self.preset.warnings if "(see warnings_at)" not in w)

    def __repr__(self) -> str:
        weight = f"beta = {float(self.beta):.6g}"
        return f"{type(self).__name__}({self.release}: {self.preset.name}, {weight})"

    def __str__(self) -> str:
        rows = [
            f"{self.release}: {self.preset.name}",
            str(self.algorithm),
            f"beta = {self.beta}, learning rate {_shown(self.learning_rate)}, "
            f"{_shown(self.groups)} groups a step, {self.reuse} steps on a batch",
        ]
        return "\n".join([*rows, *(f"warning: {sentence}" for sentence in self.warnings)])

    def _repr_html_(self) -> Any:
        rows = [
            ("preset", self.preset.name),
            ("algorithm", str(self.algorithm)),
            ("beta", str(self.beta)),
            ("learning rate", _shown(self.learning_rate)),
            ("groups a step", _shown(self.groups)),
            *(("warning", sentence) for sentence in self.warnings),
        ]
        return record(self.release, rows)


def _shown(value: Fraction | None) -> str:
    return "unknown" if value is None else f"{float(value):.6g}"
