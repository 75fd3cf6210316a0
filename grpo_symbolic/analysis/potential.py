r"""The implicit objective: the function of the policy whose gradient an algorithm climbs.

In the free masses π(1), …, π(n−1) of the simplex the field of an algorithm is
:math:`C_i = [P(i) - P(n)] - \beta\,[d(i) - d(n)]`. Where it is a gradient, the stationary
policies are the critical points of one function,

.. math:: \Phi(\pi) - \beta \sum_o \pi_{\mathrm{ref}}(o)\,
          f\!\left(\frac{\pi(o)}{\pi_{\mathrm{ref}}(o)}\right),
          \qquad f'(v) = d(1/v),

and the policy-gradient flow climbs it. With two reward levels the preference sees the policy
through m alone, the probability of the higher reward, so that :math:`\Phi = \Phi_G(m)` with
:math:`\Phi_G' = D_G`, the drift. Where it is not a gradient, a point at which two cross
derivatives differ is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Add, Dummy, Expr, Integral, Mul, Poly, PolynomialError, S, Symbol, log

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.analysis.antiderivative import (
    antiderivative,
    primitive,
    vanishing_at,
    without_empty_integrals,
)
from grpo_symbolic.analysis.curl import CurlCertificate, find_curl
from grpo_symbolic.display import legible, short, typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.claims import Argued
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

_STEPS = 4_000_000


@dataclass(frozen=True, repr=False)
class Potential(Argued):
    """A function of the policy with the stationarity condition as its gradient on the simplex.

    Source: as for :func:`potential`.

    Attributes
    ----------
    condition : StationarityCondition
    drift : Expr
        Φ(π), the preference's part, in advantage units.
    penalty : Expr
        The divergence, zero at π = π_ref; β times it is subtracted.
    profile, mass : Expr or None
        With two reward levels, Φ_G as a function of ``symbols.t``, and m, the probability of
        the higher reward: Φ is the profile at t = m. None otherwise.
    origin : Claim
        Where Φ is zero: the constant that was chosen.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> found = gs.potential(gs.GRPO(4), gs.BinaryQuestion())
    >>> found.drift.diff(gs.symbols.pi).subs(gs.symbols.pi, 1), found.conservative
    (sqrt(3), True)
    """

    condition: StationarityCondition
    drift: Expr
    penalty: Expr
    origin: Claim
    profile: Expr | None = None
    mass: Expr | None = None

    conservative: ClassVar[bool] = True

    @property
    def expression(self) -> Expr:
        """Φ(π) − β · divergence, in the free masses of the policy."""
        return self.drift - self.condition.beta * self.penalty

    @property
    def domain(self) -> Domain:
        """The ranges of every symbol."""
        return self.condition.domain

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The gradient of each part is its part of the condition, and both have their zeros."""
        condition, domain = self.condition, self.domain
        marginal = condition.marginal
        *free, last = range(len(condition.policy))
        found = []
        for i in free:
            mass = condition.policy[i]
            found += self._drift_claims(i, last)
            name = f"d/d{mass} of the divergence: the difference of marginal penalties"
            slope = self.penalty.diff(mass)
            found.append(Claim(name, slope, "==", marginal[i] - marginal[last], domain))
        at_reference = dict(zip(condition.policy[:-1], condition.reference[:-1], strict=True))
        value = without_empty_integrals(self.penalty.subs(at_reference, simultaneous=True))
        found.append(Claim("the divergence is 0 at pi = pi_ref", value, "==", S.Zero, domain))
        return (*found, self.origin)

    def _drift_claims(self, i: int, last: int) -> Iterator[Claim]:
        """∂Φ/∂π(i) = P(i) − P(last), by the chain rule where Φ is a function of m."""
        preference, domain, mass = self.condition.preference, self.domain, self.condition.policy[i]
        name = f"d/d{mass} of Phi: the difference of preferences"
        if self.profile is None or self.mass is None:
            difference = preference.difference(i, last)
            yield Claim(name, self.drift.diff(mass), "==", difference, domain)
            return
        drift = _profile_slope(self.condition)
        if i == 0:
            slope, inside = self.profile.diff(symbols.t), domain.extended(symbols.t)
            yield Claim("the slope of Phi in m is the drift", slope, "==", drift, inside)
            at_mass = drift.subs(symbols.t, self.mass)
            yield Claim("the drift at m is that of the condition", at_mass, "==",
                        preference.two_level.unfolded_drift(self.mass) * preference.factor,
                        domain)  # fmt: skip
        weight = preference.weights[i] - preference.weights[last]
        yield Claim(f"{name}, in units of the drift", self.mass.diff(mass), "==", weight, domain)

    def latex(self, notation: Notation | None = None) -> str:
        """TeX of the expression, without math delimiters."""
        return formula(self.expression, notation)

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(self.drift, self.penalty) else None

    def __str__(self) -> str:
        return str(self.expression)

    def __repr__(self) -> str:
        parts = f"drift={short(self.drift)}, penalty={short(self.penalty)}"
        return f"Potential({parts}, beta={self.condition.beta})"


def potential(algorithm: Algorithm | Preset, question: Question) -> Potential | CurlCertificate:
    """The function that an algorithm climbs on a question, or a proof that there is none.

    Parameters
    ----------
    algorithm : Algorithm or Preset
    question : Question

    Returns
    -------
    Potential or CurlCertificate
        Told apart by ``conservative``.

    Raises
    ------
    ValueError
        When neither was found, or when the question does not define what the algorithm needs.

    Notes
    -----
    Source: for two reward levels in a large group, 2 arcsin √p: arXiv 2510.13651; else new. The
    value is in advantage units.

    Examples
    --------
    >>> from grpo_symbolic.model.algorithm import GRPO
    >>> from grpo_symbolic.binary_question import BinaryQuestion
    >>> from sympy import oo
    >>> potential(GRPO(oo), BinaryQuestion()).drift
    2*asin(sqrt(pi))
    >>> potential(GRPO(2), Question(rewards=(2, 1, 0))).cross
    (1, -1)
    """
    if not isinstance(question, Question):
        raise ValueError(f"question must be a Question or BinaryQuestion, got {question!r}")
    algorithm = as_algorithm(algorithm)
    condition = stationarity_condition(algorithm, question)
    if condition.preference.kept_by_name:
        raise ValueError(
            "whether there is an objective is decided for preferences that are written out; this "
            "one has too many terms and is kept by name: take a smaller group"
        )
    penalty = _divergence(algorithm, condition)
    if len(question) == 2 or (penalty is not None and condition.preference.drift is not None):
        return Potential(condition, penalty=penalty, **_in_one_dimension(condition))
    separable = penalty is not None
    try:
        found = limited(find_curl, algorithm, question, condition, separable, steps=_STEPS)
    except Exhausted:
        found = None
    if found is not None:
        return found
    drift = None if penalty is None else _of_many_answers(condition)
    if drift is not None:
        return Potential(condition, penalty=penalty, **drift)
    part = "preference" if separable else "penalty"
    raise ValueError(
        f"within {_STEPS:,} steps each, the {part} was not shown to be a gradient on the simplex, "
        "and no point was found at which its cross derivatives differ: take a smaller group, or "
        "numbers"
    )


# -- the penalty ---------------------------------------------------------------------


def _divergence(algorithm: Algorithm, condition: StationarityCondition) -> Expr | None:
    """The function with the marginal penalty as its gradient, zero at the reference.

    None where dropped groups make the penalty of an answer depend on the others.
    """
    if all(rate == 1 for rate in algorithm.sampling(condition.preference.question)):
        return _sum_of_generators(algorithm.penalty, condition)
    if len(condition.policy) > 2:
        return None
    # Dropped groups penalise an answer by how often it is in a mixed one: one dimension.
    mass, start = condition.policy[0], condition.reference[0]
    force = condition.marginal[0] - condition.marginal[1]
    found = primitive(force, mass, condition.domain)
    if found is not None:
        return found - found.subs(mass, start)
    w = Dummy("w", positive=True)
    return Integral(force.subs(mass, w), (w, start, mass))


def _sum_of_generators(penalty: Penalty, condition: StationarityCondition) -> Expr:
    """Σ π_ref f(π/π_ref) with f' = d(1/v) and f(1) = 0.

    Terms a v of f only add a constant, because Σ π = 1: they are left out.
    """
    v = Dummy("v", positive=True)
    marginal = penalty.marginal(1 / v).expand(func=True)
    varying = marginal.as_independent(v, as_Add=True)[1]
    if not varying.has(v):
        return S.Zero
    f = primitive(varying, v, Domain.of((v, S.Zero, S.Infinity)))
    if f is None:
        w = Dummy("w", positive=True)
        f = Integral(varying.subs(v, w), (w, S.One, v))
    else:
        f = Add(*(term for term in Add.make_args(f.expand()) if not (term / v).is_number))
    terms = (
        _term(r, w, piece, v)
        for w, r in zip(condition.policy, condition.reference, strict=True)
        for piece in Add.make_args(f)
    )
    return Add(*terms) - vanishing_at(f, v, S.One)


def _term(ref: Expr, policy: Expr, piece: Expr, v: Symbol) -> Expr:
    """π_ref times a term of f at v = π/π_ref; −log(π/π_ref) is written log(π_ref/π)."""
    u = Dummy("u", positive=True)
    if piece.could_extract_minus_sign():
        piece = piece.subs(log(v), -log(u))
    return ref * piece.subs({v: policy / ref, u: ref / policy})


# -- the preference ------------------------------------------------------------------


def _in_one_dimension(condition: StationarityCondition) -> dict[str, Any]:
    """Φ of two reward levels or of two answers: an antiderivative."""
    if condition.preference.drift is not None:
        return _of_two_levels(condition)
    free = condition.policy[:-1]
    found, anchor = antiderivative(_differences(condition)[0], free[0], condition.domain)
    return {"drift": found, "origin": _origin(found, free, (anchor,), condition.domain)}


def _of_many_answers(condition: StationarityCondition) -> dict[str, Any] | None:
    """Φ of a polynomial gradient; None where the preference is not shown to be one."""
    differences = _differences(condition)
    free = condition.policy[:-1]
    try:
        found = limited(_polynomial, differences, free, condition.domain, steps=_STEPS)
    except (Exhausted, PolynomialError):
        return None
    if found is None:
        return None
    start = (S.Zero,) * len(free)
    return {"drift": found, "origin": _origin(found, free, start, condition.domain)}


def _differences(condition: StationarityCondition) -> tuple[Expr, ...]:
    last = len(condition.policy) - 1
    return tuple(condition.preference.difference(i, last) for i in range(last))


def _origin(drift: Expr, free: Sequence[Expr], start: Sequence[Expr], domain: Domain) -> Claim:
    value = drift
    for mass, at in zip(free, start, strict=True):
        value = vanishing_at(value, mass, at)
    place = ", ".join(f"{mass} = {at}" for mass, at in zip(free, start, strict=True))
    return Claim(f"Phi is 0 at {place}", value, "==", S.Zero, domain)


def _profile_slope(condition: StationarityCondition) -> Expr:
    """D(t): the preference of a question whose two answers have the two levels for certain."""
    model = condition.preference
    levels = (model.two_level.high, model.two_level.low)
    question = Question(rewards=levels, domain=model.question.declared)
    plain = model.rule.preference(question)
    factor = plain.factor.subs(question.policy[0], symbols.t)
    return plain.two_level.unfolded_drift(symbols.t) * factor


def _of_two_levels(condition: StationarityCondition) -> dict[str, Any]:
    """Φ = Φ_G(m): the antiderivative of the drift, at the probability of the higher reward."""
    model = condition.preference
    mass = Add(*(s * w for s, w in zip(model.weights, condition.policy, strict=True))).expand()
    slope = _profile_slope(condition)
    domain = condition.domain.extended(symbols.t)
    profile, anchor = antiderivative(slope, symbols.t, domain)
    value = vanishing_at(profile, symbols.t, anchor)
    origin = Claim(f"Phi is 0 at m = {anchor}", value, "==", S.Zero, domain)
    drift = profile.subs(symbols.t, mass)
    return {"drift": drift, "origin": origin, "profile": profile, "mass": mass}


def _polynomial(differences: Sequence[Expr], free: Sequence[Expr], domain: Domain) -> Expr | None:
    """Φ of a polynomial gradient: along rays from the last vertex, degree by degree."""
    if not all(value.is_polynomial(*free) for value in differences):
        return None
    columns = [Poly(value, *free) for value in differences]
    for i, row in enumerate(columns):
        for j, column in enumerate(columns[:i]):
            curl = (row.diff(free[j]) - column.diff(free[i])).coeffs()
            if not all(is_zero(value, domain) for value in curl):
                return None
    radial = sum((Poly(w, *free) * c for w, c in zip(free, columns, strict=True)), Poly(0, *free))
    return Add(
        *(
            c / sum(powers) * Mul(*(w**e for w, e in zip(free, powers, strict=True)))
            for powers, c in radial.terms()
            if c != 0
        )
    )
