"""Lemmas that lead from claims to a headline: known theorems, named, each with its hypotheses.

They are used, not proved. What has to hold for each of them is shown by claims, which whoever
uses it must name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "ANTISYMMETRY",
    "BERNSTEIN",
    "BINOMIAL_MOMENTS",
    "BROUWER",
    "COEFFICIENTS",
    "CONCAVE_MAXIMUM",
    "EXCHANGEABLE",
    "GROUP_MOMENTS",
    "IDENTITY_IN_SYMBOLS",
    "INTERMEDIATE_VALUE",
    "LAGRANGE",
    "MONOTONE_MAP",
    "ONE_ROOT",
    "POLE",
    "RADICALS",
    "SUM_OVER_ANSWERS",
    "TELESCOPING",
    "TOWER",
    "Applied",
    "Lemma",
    "Lifts",
]


class Lifts(Enum):
    """What a lemma leads from some of to all of."""

    GROUPS = "group sizes"
    ANSWERS = "numbers of answers"
    PENALTIES = "penalties"


@dataclass(frozen=True)
class Lemma:
    """A theorem that is cited.

    Attributes
    ----------
    name : str
        What it is called.
    statement : str
        In words and TeX.
    hypotheses : tuple of str
        What has to be shown where it is used.
    lifts : tuple of Lifts
        What it leads from some of to all of.
    counts : bool
        Whether its conclusion is that there is exactly one of something.
    """

    name: str
    statement: str
    hypotheses: tuple[str, ...]
    lifts: tuple[Lifts, ...] = ()
    counts: bool = False

    def __call__(self, **claims: str | tuple[str, ...]) -> Applied:
        """The lemma with the claims that show each of its hypotheses.

        Raises
        ------
        ValueError
            When a hypothesis has no claim, or one is given that it does not have.
        """
        if set(claims) != set(self.hypotheses):
            raise ValueError(
                f"{self.name} needs claims for {', '.join(self.hypotheses)}, got "
                f"{', '.join(claims) or 'none'}"
            )
        shown = tuple(
            (key, (found,) if isinstance(found := claims[key], str) else found)
            for key in self.hypotheses
        )
        empty = [key for key, names in shown if not names]
        if empty:
            raise ValueError(f"{self.name}: no claim shows {', '.join(empty)}")
        return Applied(self, shown)


@dataclass(frozen=True)
class Applied:
    """A lemma and, for each of its hypotheses, the names of the claims that show it."""

    lemma: Lemma
    shown: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(name for _, names in self.shown for name in names)


INTERMEDIATE_VALUE = Lemma(
    "the intermediate value theorem",
    "A continuous function that has one sign at the lower end of an interval and the other at the "
    "upper end, and is strictly monotone, concave or convex between, has exactly one zero there.",
    ("lower_end", "upper_end", "shape"),
    counts=True,
)
POLE = Lemma(
    "the intermediate value theorem up to a pole",
    "A continuous function below a level at the lower end, that grows beyond all bounds at the "
    "upper end and is strictly monotone or convex between, takes the level exactly once.",
    ("lower_end", "upper_end", "shape"),
    counts=True,
)
BERNSTEIN = Lemma(
    "Bernstein operators",
    r"Sign, monotony and concavity of $f$ carry over to $\mathrm{E}f(K/G)$ for every $G$ "
    "(G. G. Lorentz, Bernstein Polynomials, 1953; W. B. Temple, Duke Math. J. 21, 1954).",
    ("function",),
    (Lifts.GROUPS,),
)
COEFFICIENTS = Lemma(
    "coefficients of one sign",
    "A Bernstein polynomial whose coefficients have one sign has it on the whole interval; with "
    "$k$ and $m=G-k$ counted from their least values on, every coefficient of every group size is "
    "meant.",
    ("coefficients",),
    (Lifts.GROUPS,),
)
BINOMIAL_MOMENTS = Lemma(
    "moments of the binomial law",
    "The factorial moments of a binomial variable are $G(G-1)\\cdots p^j$, so that the mean of a "
    "polynomial in $K/G$ is one expression in $G$.",
    ("moments",),
    (Lifts.GROUPS,),
)
SUM_OVER_ANSWERS = Lemma(
    "summation over the answers",
    "What holds for the term of one answer, with its probabilities as symbols, holds summed over "
    "any number of answers.",
    ("term",),
    (Lifts.ANSWERS,),
)
TELESCOPING = Lemma(
    "a telescoping sum",
    "Terms that are differences of one function at neighbouring ranks add up to its values at the "
    "ends, for any number of ranks.",
    ("term",),
    (Lifts.ANSWERS,),
)
ANTISYMMETRY = Lemma(
    "antisymmetry",
    r"$x^\top\Gamma x=0$ for every antisymmetric $\Gamma$ and every number of answers: "
    r"$\Gamma_{oq}x_ox_q$ and $\Gamma_{qo}x_qx_o$ cancel.",
    ("instances",),
    (Lifts.ANSWERS,),
)
EXCHANGEABLE = Lemma(
    "groups see rewards",
    "An advantage is a function of the rewards of the group, so that an answer's preference is one "
    "of its own reward and of the law of the others' rewards: of any number of answers of equal "
    "rewards, at any group size.",
    ("instances",),
    (Lifts.ANSWERS, Lifts.GROUPS),
)
TOWER = Lemma(
    "linearity of the expectation",
    "The members of a group are drawn alike, so a mean over its members has the expectation of the "
    "first one, whatever their number; an expectation is the sum over the answers.",
    ("instances",),
    (Lifts.ANSWERS, Lifts.GROUPS),
)
IDENTITY_IN_SYMBOLS = Lemma(
    "a statement in symbols",
    "A claim whose preference and marginal penalty are symbols holds for whatever they stand for: "
    "every group size, every number of answers, every penalty.",
    ("statement",),
    (Lifts.GROUPS, Lifts.ANSWERS, Lifts.PENALTIES),
)
GROUP_MOMENTS = Lemma(
    "moments of the group",
    "The mean over a group of a polynomial in one or two members is one in the group's moments "
    "$m_1=\\overline r$, $m_2=\\overline{r^2}$, whatever the size of the group.",
    ("identity",),
    (Lifts.GROUPS,),
)
CONCAVE_MAXIMUM = Lemma(
    "concave maximisation",
    "A policy that satisfies the first-order conditions of a strictly concave objective on the "
    "simplex is its only maximiser.",
    ("condition", "concave"),
    counts=True,
)
ONE_ROOT = Lemma(
    "strict monotony of a function",
    "A strictly monotone function takes the value of a root at this root only.",
    ("root", "monotone"),
    counts=True,
)
MONOTONE_MAP = Lemma(
    "strict monotony of a map",
    "If two stationary policies differed, a strictly monotone map would have the value zero and a "
    "positive one at once.",
    ("zero", "positive"),
    counts=True,
)
BROUWER = Lemma(
    "Brouwer's fixed-point theorem",
    "A continuous map of the simplex into itself has a fixed point.",
    ("response",),
)
DEGREE = Lemma(
    "the degree of a map",
    "A map of an open simplex whose determinant is positive wherever it can take a value, and that "
    "is deformed to the identity without solutions on the boundary, takes every value exactly "
    "once. A polynomial with positive coefficients is positive.",
    ("coefficients",),
    counts=True,
)
LAGRANGE = Lemma(
    "the Lagrange-Bürmann formula",
    r"$p-p_0=\varepsilon\varphi(p)$ has the solution $p_0+\sum_n\frac{\varepsilon^n}{n!}"
    r"\partial_{p_0}^{n-1}\varphi(p_0)^n$.",
    ("coefficients",),
    (Lifts.GROUPS,),
)
RADICALS = Lemma(
    "Dedekind, Jordan and Galois",
    "A polynomial whose factors modulo primes have these degrees has a Galois group that is "
    "primitive and contains a long cycle, hence is not solvable.",
    ("factorisations",),
)
