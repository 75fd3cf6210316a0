r"""The curl of a stationarity condition: a certificate that it has no objective.

In the free masses π(1), …, π(n−1) of the simplex the field of an algorithm is
:math:`C_i = [P(i) - P(n)] - \beta\,[d(i) - d(n)]`. It is the gradient of a function iff
:math:`\partial C_i/\partial\pi(j) = \partial C_j/\partial\pi(i)` for every pair, so one exact
point at which two of them differ proves that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

from flint import arb, ctx
from sympy import Dummy, Expr, Rational, S, Sum, Symbol, oo

from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.display import Html, cut, record
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.surd import Surd
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Report, Status, Verdict

# Random exact points tried after the plain one.
_SAMPLES = 4
_BITS = (128, 512)


@dataclass(frozen=True, repr=False)
class CurlCertificate:
    """A proof that a stationarity condition is not the gradient of any function of the policy.

    Source: new, by Clairaut's symmetry of second derivatives. Derivatives are in advantage units.

    Attributes
    ----------
    algorithm : Algorithm
    question : Question
    pair : (int, int)
        The free answers i < j, counted from 1.
    point : dict
        Exact rational values of the free masses π(1) … π(n−1), and of every parameter that
        the two derivatives depend on.
    cross : (Expr, Expr)
        ∂C_i/∂π(j) and ∂C_j/∂π(i) there: two exact numbers that differ.
    penalised : bool
        Whether C includes the penalty. Without dropped groups that is left out: it is a
        gradient, and adds the same number to both.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> found = gs.potential(gs.GRPO(2), gs.Question(rewards=(2, 1, 0)))
    >>> found.cross, found.conservative
    ((1, -1), False)
    """

    algorithm: Algorithm
    question: Question
    pair: tuple[int, int]
    point: Mapping[Symbol, Expr]
    cross: tuple[Expr, Expr]
    penalised: bool = False

    conservative: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, str]:
        """What the two cross derivatives are called."""
        i, j = self.pair
        return f"dC_{i}/dpi_{j}", f"dC_{j}/dpi_{i}"

    @property
    def field(self) -> str:
        """C_i in words."""
        last = len(self.question)
        preference = f"P(i) - P({last})"
        return f"{preference} - beta (d(i) - d({last}))" if self.penalised else preference

    @property
    def policy(self) -> tuple[Expr, ...]:
        """π(o) at the point, one entry an answer."""
        return tuple(w.xreplace(self.point) for w in self.question.policy)

    @property
    def curl(self) -> Expr:
        """∂C_i/∂π(j) − ∂C_j/∂π(i) at the point."""
        return _exact(self.cross[0] - self.cross[1])

    def verify(self) -> Report:
        """Derive the field again from the algorithm, and compare both derivatives with it."""
        condition = stationarity_condition(self.algorithm, self.question)
        i, j = self.pair
        again = _cross_derivatives(condition, i - 1, j - 1, self.point, self.penalised)
        entries = [
            (name, prove(Claim(name, found, "==", kept)))
            for name, found, kept in zip(
                (f"{name} = {value}" for name, value in zip(self.names, self.cross, strict=True)),
                again,
                self.cross,
                strict=True,
            )
        ]
        entries.append((" != ".join(self.names), _differ(*again)))
        return Report.of(entries)

    def as_dict(self) -> dict[str, object]:
        """The certificate as plain data, for JSON."""
        return {
            "conservative": False,
            "algorithm": str(self.algorithm),
            "question": str(self.question),
            "field": f"C_i = {self.field}",
            "pair": list(self.pair),
            "policy": [str(w) for w in self.policy],
            "point": {str(s): str(v) for s, v in self.point.items()},
            "derivatives": {
                name: str(value) for name, value in zip(self.names, self.cross, strict=True)
            },
        }

    def __repr__(self) -> str:
        return f"CurlCertificate({cut(str(self), 300)})"

    def _repr_html_(self) -> Html:
        (first, second), (left, right) = self.names, self.cross
        rows = [
            ("algorithm", self.algorithm),
            ("question", self.question),
            ("field", f"C_i = {self.field}"),
            ("at", ", ".join(f"{s} = {v}" for s, v in self.point.items())),
            (first, left),
            (second, right),
            ("evidence", ".verify() derives both again"),
        ]
        return record("Not a gradient field: there is no potential", rows)

    def __str__(self) -> str:
        policy = ", ".join(map(str, self.policy))
        free = self.question.policy
        rest = "".join(f", {s} = {v}" for s, v in self.point.items() if s not in free)
        (first, second), (left, right) = self.names, self.cross
        return (
            f"not a gradient field: with C_i = {self.field}, at pi = ({policy}){rest}, "
            f"{first} = {left} but {second} = {right}"
        )


def component(condition: StationarityCondition, answer: int, penalised: bool) -> Expr:
    """C_i = P(i) − P(n), less β [d(i) − d(n)] if ``penalised``."""
    values, marginal = condition.preference.values, condition.marginal
    found = values[answer] - values[-1]
    if penalised:
        found -= condition.beta * (marginal[answer] - marginal[-1])
    return found


def find_curl(
    algorithm: Algorithm,
    question: Question,
    condition: StationarityCondition,
    separable: bool,
) -> CurlCertificate | None:
    """A pair and an exact point with different cross derivatives, or None if none was met.

    Parameters
    ----------
    separable : bool
        Whether d(o) depends on the mass of its own answer only, so that the penalty has no curl.
    """
    free, penalised = condition.policy[:-1], not separable
    used = {s for i in range(len(free)) for s in component(condition, i, penalised).free_symbols}
    for point in _points(condition.domain, free):
        for i, j in combinations(range(len(free)), 2):
            cross = _cross_derivatives(condition, i, j, point, penalised)
            if _differ(*cross).status != Status.PROVED:
                continue
            shown = {s: v for s, v in point.items() if s in used or s in free}
            return CurlCertificate(algorithm, question, (i + 1, j + 1), shown, cross, penalised)
    return None


def _cross_derivatives(
    condition: StationarityCondition,
    i: int,
    j: int,
    point: Mapping[Symbol, Expr],
    penalised: bool,
) -> tuple[Expr, Expr]:
    """∂C_i/∂π(j) and ∂C_j/∂π(i) at a point; everything else is inserted before deriving."""
    free = condition.policy[:-1]
    found = []
    for row, column in ((i, j), (j, i)):
        mass = free[column]
        # Without assumptions: SymPy would look for the sign of every factor by deriving it.
        x = Dummy("x")
        along = component(condition, row, penalised).xreplace({**point, mass: x})
        found.append(_exact(along.diff(x).xreplace({x: point[mass]})))
    return found[0], found[1]


def _exact(value: Expr) -> Expr:
    """A sum of square roots in its normal form; other numbers as they are."""
    value = unfolded(value).replace(lambda e: isinstance(e, Sum), lambda e: e.doit())
    try:
        return Surd.of(value).to_sympy()
    except (ValueError, TypeError, KeyError):
        return value


def _differ(left: Expr, right: Expr) -> Verdict:
    """Whether two exact numbers differ: by the normal form of surds, or by balls apart."""
    method = "exact surds"
    try:
        gap = Surd.of(left - right)
    except (ValueError, TypeError, KeyError):
        pass
    else:
        status = Status.PROVED if gap else Status.REFUTED
        return Verdict(status, method, f"their difference is {gap.to_sympy()}")
    text = ""
    for bits in _BITS:
        try:
            with ctx.workprec(bits):
                known = {S.Exp1: arb(1).exp()}
            enclosure = ball(left - right, known, bits)
        except ValueError as reason:
            return Verdict(Status.UNKNOWN, "ball arithmetic", str(reason))
        with ctx.workprec(bits):
            if not enclosure.contains(0):
                text = f"their difference is in {enclosure.str(12)}"
                return Verdict(Status.PROVED, "ball arithmetic", text)
            text = f"they agree to within {enclosure.str(6)}"
    return Verdict(Status.UNKNOWN, "ball arithmetic", text)


def _points(domain: Domain, free: tuple[Symbol, ...]) -> Iterator[dict[Symbol, Expr]]:
    """Plain exact points of the domain, with a uniform and a skew policy; then random ones."""
    n = len(free) + 1
    for shares in ([1] * n, list(range(n, 0, -1))):
        point: dict[Symbol, Expr] = {}
        masses = {s: Rational(share, sum(shares)) for s, share in zip(free, shares, strict=False)}
        for r in domain.ranges:
            lower, upper = r.ends(point)
            if r.symbol in masses:
                point[r.symbol] = masses[r.symbol]
            elif r.symbol.name.startswith("pi_ref"):
                point[r.symbol] = Rational(1, n)
            elif lower == -oo:
                point[r.symbol] = S.Zero if upper == oo else upper - 1
            else:
                point[r.symbol] = lower + 1 if upper == oo else (lower + upper) / 2
        if domain.contains(point):
            yield point
    yield from domain.samples(_SAMPLES, seed=20250225)
