"""How a stationary policy is printed, of two answers or of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

from sympy import Eq, Expr, Symbol

from grpo_symbolic.display import typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.shown import Shown
from grpo_symbolic.export.exhibit import Exhibit
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.export.paper import bare
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.setting import setting
from grpo_symbolic.question import Question
from grpo_symbolic.registry import FORMATS

__all__ = ["Printed"]


class Printed(ABC):
    """Formulas, words and assumptions of a stationary policy, in every format."""

    algorithm: Algorithm
    question: Question

    @property
    @abstractmethod
    def status(self) -> str:
        """A sentence: which solution it is and why, or why there is no closed form."""

    @property
    @abstractmethod
    def domain(self) -> Domain:
        """The ranges under which all of this holds."""

    @property
    def unknowns(self) -> tuple[Symbol, ...]:
        """The free probabilities: π(a), or π of all answers but the last."""
        return tuple(p for p in self.question.policy if isinstance(p, Symbol))

    @property
    @abstractmethod
    def shown(self) -> Shown:
        """The closed form or the equations as they are printed, with what their names mean."""

    @cached_property
    def exhibit(self) -> Exhibit:
        """The result with what has to be said beside it, as the formats show it."""
        shown, solution = self.shown, self._solution()
        solved, used = bool(solution), [e for _, e in solution]
        if not solved:
            used = [e for line in shown.formulas if isinstance(line, Eq) for e in line.args]
        return Exhibit(
            title=self._title(solved),
            setting=setting(self.algorithm, self.question),
            domain=self.domain.relevant(*used) if used else self.domain,
            formulas=shown.formulas,
            solved=solved,
            status=self.status,
            where=shown.where,
            expressions=solution,
            unknown=self._unknown(),
            steps=self._steps(),
            source=f"stationary_policy({self.algorithm!r}, {self.question!r})",
        )

    @abstractmethod
    def _solution(self) -> tuple[tuple[Symbol, Expr], ...]:
        """The closed forms by name; empty where there are none."""

    @abstractmethod
    def _title(self, solved: bool) -> str: ...

    def _unknown(self) -> str:
        """What the equations determine, in words and TeX."""
        return f"${formula(self.unknowns[0])}$"

    def _steps(self) -> tuple[tuple[Eq, str], ...]:
        """The lines of the derivation that are printed with the result."""
        return ()

    def export(self, format: str, *, notation: Notation | None = None) -> str:
        """The stationary policy as text in one of many formats.

        Parameters
        ----------
        format : str
            ``latex`` (the formula), ``latex-inline``, ``latex-display``, ``latex-align`` (the
            derivation), ``latex-theorem``, ``latex-document``, ``markdown``, ``mathml``,
            ``typst``, ``sympy``, ``json``, or code: ``python`` and the others of
            :data:`grpo_symbolic.registry.FORMATS`. Without a closed form the equations are
            exported, and the words say so.
        notation : Notation, optional
            Names for print; code keeps the names of the library.

        Raises
        ------
        ValueError
            For an unknown format, or one that needs a package that is not installed.
        """
        write = FORMATS[FORMATS.checked("format", format)]
        if notation is not None and not isinstance(notation, Notation):
            raise ValueError(f"notation must be a Notation, got {notation!r}")
        return write(self, notation or Notation())

    def python(self) -> str:
        """A NumPy function as source, which needs nothing of this package.

        The closed form, or of two answers a solver where there is one solution for all
        parameters; otherwise the condition's residual. ``export("jax")`` and ``export("torch")``
        give the same function, differentiable, for those libraries.

        Raises
        ------
        ValueError
            For many answers without a closed form.
        """
        return self.export("python")

    def latex(self, notation: Notation | None = None) -> str:
        """``\\pi(a) = ...``, ready to paste; the equations where there is no closed form.

        What is too wide for a line is an ``aligned`` block, which stands between ``$$`` too. It
        needs amsmath, and amssymb where it has an expectation.

        Raises
        ------
        ValueError
            When ``notation`` is no :class:`Notation`.
        """
        return bare(self.shown.formulas, self.shown.where, notation)

    @abstractmethod
    def _formula(self) -> str:
        """What a display typesets; empty where it is too large to read, or not known yet."""

    def _repr_latex_(self) -> str | None:
        return typeset(tex) if (tex := self._formula()) else None
