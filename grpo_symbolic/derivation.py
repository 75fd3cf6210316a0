"""Derivation: ordered lines, each with its reason and its check against the line before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Expr, Mul, sstr
from sympy.core.relational import Relational

from grpo_symbolic.display import (
    Html,
    grid,
    legible,
    math,
    plain,
    plural,
    prose,
    record,
    short,
    size,
    typeset,
)
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Report

# Lines of a derivation are typeset as long as they have no more nodes together.
_TYPESET = 700
# A line with more nodes is not printed whole: pages that nobody reads.
_WRITTEN = 2_000


@dataclass(frozen=True, repr=False)
class Step:
    """One line of a derivation.

    Attributes
    ----------
    equation : Relational
        The line itself, unevaluated.
    justification : str
        Why it holds, as a phrase (may contain inline TeX).
    check : tuple of Claim
        What must hold for the line to follow from the one before; empty for a
        line that only writes a definition out.
    """

    equation: Relational
    justification: str
    check: tuple[Claim, ...] = ()

    def latex(self, notation: Notation | None = None) -> str:
        return formula(self.equation, notation)

    def __repr__(self) -> str:
        return f"Step({short(self.equation)})"

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(self.equation) else None


@dataclass(frozen=True, repr=False)
class Derivation:
    """The lines that lead from the definitions to a result, under stated assumptions."""

    title: str
    domain: Domain
    steps: tuple[Step, ...] = ()

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def then(self, equation: Relational, reason: str, *checks: Claim) -> Derivation:
        """The derivation with one more line."""
        return Derivation(self.title, self.domain, (*self.steps, Step(equation, reason, checks)))

    def rewritten(
        self, equation: Relational, reason: str, multiplier: Expr | int = 1
    ) -> Derivation:
        """One more line that is the last one times ``multiplier`` (checked as an identity)."""
        last = self.steps[-1].equation
        check = Claim(
            f"line {len(self.steps) + 1} is line {len(self.steps)}"
            + ("" if multiplier == 1 else f" times {sstr(multiplier)}"),
            Mul(multiplier, last.lhs - last.rhs),
            "==",
            equation.lhs - equation.rhs,
            self.domain,
        )
        return self.then(equation, reason, check)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(claim for step in self.steps for claim in step.check)

    def verify(self) -> Report:
        """Every line checked against the one before."""
        from grpo_symbolic.verify.methods import prove_all

        return prove_all(self.claims)

    def latex(self, notation: Notation | None = None) -> str:
        """An ``align*`` block, one line a step, with the reasons between the lines."""
        from grpo_symbolic.export.rows import align

        return align([(step.equation, step.justification) for step in self.steps], notation)

    def _repr_latex_(self) -> str | None:
        # Where there are tables, they are shown; this is for places that only have formulas.
        if not legible(*(step.equation for step in self.steps), most=_TYPESET // 2):
            return None
        lines = " \\\\ ".join(formula(step.equation).replace("=", "&=", 1) for step in self.steps)
        return f"$\\begin{{aligned}} {lines} \\end{{aligned}}$"

    def __repr__(self) -> str:
        last = f", the last is {short(self.steps[-1].equation)}" if self.steps else ""
        return f"Derivation({self.title!r}: {plural(len(self), 'line')}{last})"

    def _repr_html_(self) -> Html:
        rows = []
        room = _TYPESET
        for number, step in enumerate(self.steps, start=1):
            small = legible(step.equation, most=room)
            room -= size(step.equation) if small else 0
            shown = math(step.latex()) if small else short(step.equation)
            rows.append((str(number), shown, prose(step.justification)))
        table = grid(self.title, ("line", "formula", "reason"), rows)
        where = record("", [("assumptions", self.domain.as_html())])
        return Html(f"{table}{where}")

    def __str__(self) -> str:
        lines = [f"{self.title}   [{self.domain}]"]
        for number, step in enumerate(self.steps, start=1):
            e = step.equation
            whole = legible(e, most=_WRITTEN)
            text = f"{sstr(e.lhs)} {e.rel_op} {sstr(e.rhs)}" if whole else short(e)
            lines.append(f"{number:>3}. {text}".replace("==", "="))
            lines.append(f"       {plain(step.justification)}")
        return "\n".join(lines)
