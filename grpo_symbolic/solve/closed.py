"""What a closed form is: a root in two shapes, and why it is that root."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Piecewise, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.derivation import Step
from grpo_symbolic.display import legible, short, typeset
from grpo_symbolic.export.latex import formula
from grpo_symbolic.verify.claim import Claim


@dataclass(frozen=True, repr=False)
class Staged:
    """An expression whose parts are computed first, each to a number of its own.

    SymPy would merge ``(1 - beta) + root`` into one sum, and the digits of
    ``1 - beta`` would be lost; a stage keeps it apart.
    """

    form: Expr
    stages: tuple[tuple[Symbol, Expr], ...] = ()

    def __repr__(self) -> str:
        names = ", ".join(symbol.name for symbol, _ in self.stages) or "none"
        return f"Staged({short(self.form)}; stages: {names})"

    def branches(self) -> tuple[Expr, ...]:
        """The values of all branches, stages written out."""
        parts = self.form.args if isinstance(self.form, Piecewise) else ((self.form, True),)
        values = [value for value, _ in parts]
        for symbol, part in reversed(self.stages):
            values = [value.subs(symbol, part) for value in values]
        return tuple(values)


@dataclass(frozen=True, repr=False)
class ClosedForm:
    """A root in closed form.

    Attributes
    ----------
    expression : Expr
        The printed shape.
    stable : Staged
        An equal form for floating point.
    degenerate : tuple of Expr, optional
        The leading coefficient, and the root that is left where it vanishes (margin 0).
    branch : str
        Which root it is and why, in a sentence.
    claims : tuple of Claim
        What the choice rests on.
    short : Expr, optional
        The printed shape in abbreviations, where it has any.
    abbreviations : tuple of (Symbol, Expr)
        What they stand for, each in the symbols before it.
    steps : tuple of Step
        The lines of a derivation through the abbreviations. They prove what substituting the
        expression would show, in stages.
    """

    expression: Expr
    stable: Staged
    branch: str
    claims: tuple[Claim, ...]
    degenerate: tuple[Expr, Expr] | None = None
    short: Expr | None = None
    abbreviations: tuple[tuple[Symbol, Expr], ...] = ()
    steps: tuple[Step, ...] = ()

    def __repr__(self) -> str:
        return f"ClosedForm(pi(a) = {self})"

    def __str__(self) -> str:
        """The root, in abbreviations where it has any; its size where it is long."""
        if self.short is None:
            return short(self.expression)
        names = ", ".join(symbol.name for symbol, _ in self.abbreviations)
        return f"{short(self.short)} with {names} from .latex()"

    def _repr_latex_(self) -> str | None:
        parts = [(symbols.pi, self.short or self.expression), *reversed(self.abbreviations)]
        if not legible(*(value for _, value in parts)):
            return None
        return typeset(r",\quad ".join(f"{formula(s)} = {formula(value)}" for s, value in parts))
