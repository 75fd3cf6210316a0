r"""Asymptotic series of the stationary policy of a binary question.

In the weight, the curve :math:`\beta = W(p)` is inverted at one of its ends: at π_ref(a), where
W has a pole, for large weights, and at 1, where W vanishes, for small ones. In the group size,
the drift :math:`D_G = h_G/(m(1 - m))` is expanded through the moments of a binomial count, and
the condition is solved power by power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from typing import Any

from sympy import (
    Add,
    Dummy,
    Expr,
    Mul,
    Poly,
    Pow,
    Rational,
    S,
    Symbol,
    Tuple,
    binomial,
    exp,
    factorial,
    ff,
    fraction,
    oo,
    together,
)
from sympy.functions.combinatorial.numbers import stirling

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.inversion import fixed_point, inverted
from grpo_symbolic.analysis.laurent import (
    LOG,
    Laurent,
    approached,
    expand_at,
    neat,
    ramification,
)
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.reduction import reduce_binary
from grpo_symbolic.work import Exhausted, limited

_STEPS = 9_000_000
PI, REFERENCE, SIZE = symbols.pi, symbols.pi_ref, symbols.G


def series(curve: Balance, variable: Any, order: int) -> Expr:
    r"""The series of the stationary π(a) in powers of ``variable`` → 0+, without its rest.

    Parameters
    ----------
    curve : Balance
    variable : Symbol, Expr or str
        β (``"beta"``), 1/β (``"1/beta"``) or 1/G (``"1/G"``).
    order : int
        The highest power kept; what is left out is of a higher power of the variable.

    Returns
    -------
    Expr
        In 1/β: on the branch that starts at the reference policy. In β: on the branch that
        tends to 1. In 1/G: around the policy of the large-group limit, in its closed form, or,
        where it has none, as ``symbols.pi``. The series in 1/G is asymptotic at fixed other
        parameters: what groups of equal rewards add is smaller than any power.

    Raises
    ------
    ValueError
        When the policy has no such series, with the reason.

    Notes
    -----
    Source: the Lagrange-Bürmann formula for both series in the weight. New for these policies.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ValueError(f"order must be an integer of at least 0, got {order!r}")
    symbol, inverse = variable_of(curve, variable)
    if symbol == SIZE and not inverse:
        raise ValueError("a series in the group size is one in 1/G: give '1/G'")
    if symbol not in (SIZE, curve.beta):
        raise ValueError(f"a series is in beta, 1/beta or 1/G, not in {variable}")
    in_weight = _in_inverse_weight if inverse else _in_weight
    try:
        return limited(_in_group_size if symbol == SIZE else in_weight, curve, order, steps=_STEPS)
    except Exhausted:
        raise ValueError(
            f"the coefficients up to order {order} in {variable} were not found within "
            f"{_STEPS:,} steps: take a lower order, or numbers for parameters"
        ) from None


def variable_of(curve: Balance, variable: Any) -> tuple[Symbol, bool]:
    """The symbol that is meant, and whether one over it is.

    Parameters
    ----------
    variable : Symbol, Expr or str
        A symbol of the condition, by itself or by name, or one over it; for the group size
        always ``symbols.G``.

    Raises
    ------
    ValueError
        For anything that the policy does not depend on.
    """
    own_size = curve.group_size
    known = {s.name: s for s in curve.condition.domain.extended(curve.beta).symbols if s != PI}
    if isinstance(own_size, Symbol):
        known.pop(own_size.name, None)
    if own_size is not None:
        known |= {SIZE.name: SIZE, "group_size": SIZE}
    inverse = False
    if isinstance(variable, str):
        text = variable.replace(" ", "")
        inverse, text = text.startswith("1/"), text.removeprefix("1/")
        found = known.get(text)
    else:
        if isinstance(variable, Pow) and variable.exp == -1:
            inverse, variable = True, variable.base
        found = SIZE if variable in (SIZE, own_size) else variable
        found = found if found in known.values() else None
    if found is None:
        reason = f"the weight is the number {curve.beta}, and " if curve.beta.is_number else ""
        raise ValueError(
            f"{reason}the policy depends on {', '.join(sorted(known))}, not on {variable}"
        )
    return found, inverse


# -- in the weight ---------------------------------------------------------------------


def _in_inverse_weight(curve: Balance, order: int) -> Expr:
    """π_ref(a) + c_1/β + …: force/drift, which is 1/β, inverted at its zero π_ref(a)."""
    if order == 0:
        return REFERENCE
    top, bottom = _sides(curve, REFERENCE, 1, 1, order)
    if (top.valuation, bottom.valuation) != (0, 1):
        raise ValueError(
            "at the reference the weight goes with the power "
            f"{top.valuation - bottom.valuation} of pi - pi_ref, not -1: there is no power series "
            "in 1/beta"
        )
    # pi - pi_ref = (1/beta) phi(pi - pi_ref).
    phi = replace(top / bottom, valuation=0)
    terms = fixed_point(phi, order)
    return Add(REFERENCE, *(c / curve.beta**n for n, c in terms.items()))


def _in_weight(curve: Balance, order: int) -> Expr:
    """1 − c β^… − …: W inverted at its zero 1, with 1 − p = s**root."""
    root, start = weight_at_one(curve)
    _check_zero_at_one(curve, start)
    speed = start.valuation
    last = speed * order
    if last < root:
        return S.One
    terms = inverted(*_sides(curve, S.One, -1, root, last - root + 1), root, last)
    return Add(S.One, *(-c * curve.beta ** Rational(n, speed) for n, c in terms.items()))


def weight_at_one(curve: Balance) -> tuple[int, Laurent]:
    """The root of 1 − p that is expanded in, and the leading term of W as p → 1."""
    root = ramification(Tuple(curve.force.expression, curve.drift.expression), PI)
    top, bottom = _sides(curve, S.One, -1, root, 1)
    return root, top / bottom


def _check_zero_at_one(curve: Balance, start: Laurent) -> None:
    """W must vanish at 1, and with a power of 1 − p."""
    if start.leading.has(LOG):
        if start.limit == 0:
            raise ValueError(
                "1 - pi is smaller than every power of beta as beta -> 0, so there is no power "
                f"series: 1 - pi ~ {exponential_law(curve)}"
            )
        raise ValueError("the weight at pi -> 1 is not a power of 1 - pi: there is no series")
    if start.valuation < 0:
        raise ValueError(
            "the weight grows without bound as pi -> 1: for small beta no policy above the "
            "reference is stationary, so there is no series in beta"
        )
    if start.valuation == 0:
        raise ValueError(
            f"the weight tends to {tidy(start.leading, _ranges(curve))} as pi -> 1, and below it "
            "no policy above the reference is stationary: there is no series in beta"
        )


def exponential_law(curve: Balance) -> Expr | None:
    r"""What 1 − p is asymptotic to as β → 0, where a logarithmic force holds it.

    With :math:`d_a - d_b \to -c \log(1 - p) + k` and D → D(1) as p → 1, this is
    :math:`e^{k/c}\, e^{-D(1)/(c\beta)}`; None where the two sides are not of this kind.
    """
    sides = (curve.force.expression, curve.drift.expression)
    force, drift = (
        expand_at(*approached(side, PI, S.One, -1, 1), 1, _ranges(curve)) for side in sides
    )
    slope = force.leading.diff(LOG)
    if (force.valuation, drift.valuation) != (0, 0) or slope.has(LOG) or slope == 0:
        return None
    if drift.leading.has(LOG):
        return None
    constant = force.leading.subs(LOG, S.Zero)
    # s = 1 - p: slope LOG + constant = D(1)/beta.
    level = tidy(drift.leading, _ranges(curve)) / curve.beta
    scale = tidy(exp((-constant / slope).expand()).expand(), _ranges(curve))
    return scale * exp(level / slope)


def _sides(
    curve: Balance, value: Expr, side: int, root: int, terms: int
) -> tuple[Laurent, Laurent]:
    """Two series whose quotient is W, at p = value ± s**root."""
    domain = _ranges(curve)
    s = Dummy("s", positive=True)
    parts = curve.drift.expression, curve.force.expression
    if not curve.force.penalty.logarithmic:
        above, below = fraction(tidy(curve.force.expression, curve.domain))
        parts = curve.drift.expression * below, above
    top, bottom = (
        expand_at(part.subs(PI, value + side * s**root), s, terms, domain) for part in parts
    )
    return top, bottom


def _ranges(curve: Balance) -> Domain:
    return curve.parameters.extended(curve.beta)


# -- in the group size -----------------------------------------------------------------


def closed_policy(curve: Balance) -> ClosedForm | None:
    """The stationary π(a) in closed form where it is a root of degree 1 or 2, or None."""
    reduction = reduce_binary(curve.condition, "stationary policy")
    polynomial = reduction.polynomial
    if polynomial is None or polynomial.degree() not in (1, 2):
        return None
    return closed_form(polynomial, reduction.equation, curve.condition.domain)


def _in_group_size(curve: Balance, order: int) -> Expr:
    terms = group_size_terms(curve, order)
    closed = closed_policy(curve.of_size(oo))
    at = {} if closed is None else {PI: closed.expression}
    return Add(*((term / SIZE**n).subs(at) for n, term in enumerate((PI, *terms))))


def group_size_terms(curve: Balance, order: int) -> tuple[Expr, ...]:
    r"""c_1 … c_order of :math:`p_G = p_\infty + c_1/G + c_2/G^2 + \dots`.

    Returns
    -------
    tuple of Expr
        In ``symbols.pi``, which stands for p_∞, and the parameters.

    Raises
    ------
    ValueError
        When the large-group limit does not expand in 1/G by this method.
    """
    balance = _Expansion(curve, order)
    rows = [balance.taylor(j, order - j + 1) for j in range(order + 1)]
    # c_n (d/dp of the balance) = −(the rest); the derivative stays one symbol until the end.
    over_slope = Dummy("over_slope")
    kept = (_LEVEL, over_slope)
    found: list[Expr] = []
    for n in range(1, order + 1):
        powers = _powers_of(found, n)
        rest = Add(
            *(
                rows[j][i] * powers[i][n - j]
                for j, i in product(range(n + 1), repeat=2)
                if i + j <= n and (j, i) not in ((0, 0), (0, 1))
            )
        )
        found.append(_collected(-rest * over_slope, kept, balance.domain))
    if not found:
        return ()
    level = balance.level
    slope = rows[0][1].xreplace({_LEVEL: level})
    return tuple(term.xreplace({_LEVEL: level, over_slope: 1 / slope}) for term in found)


def _collected(value: Expr, kept: Sequence[Symbol], domain: Domain) -> Expr:
    """A polynomial in some symbols, each coefficient one fraction in factors."""
    terms: dict[tuple[int, ...], Expr] = {}
    for term in Add.make_args(value.expand(deep=False)):
        for powers, c in Poly(term, *kept).terms():
            terms[powers] = terms.get(powers, S.Zero) + c
    return Add(
        *(
            tidy(neat(c), domain) * Mul(*(s**e for s, e in zip(kept, powers, strict=True)))
            for powers, c in terms.items()
        )
    )


def _powers_of(found: Sequence[Expr], last: int) -> list[list[Expr]]:
    """Row i: the coefficients of powers 0 … last of (Σ_k found[k-1] ε^k)^i."""
    base = [S.Zero, *found, *([S.Zero] * last)][: last + 1]
    rows = [[S.One, *([S.Zero] * last)]]
    for _ in range(last):
        rows.append(
            [Add(*(rows[-1][k] * base[n - k] for k in range(n + 1))) for n in range(last + 1)]
        )
    return rows


@dataclass(frozen=True)
class _Expansion:
    """β·force − drift, cleared of the force's denominator, in powers of ε = 1/G up to an order."""

    curve: Balance
    order: int

    @cached_property
    def general(self) -> Balance:
        return self.curve.of_size(SIZE)

    @cached_property
    def model(self) -> TwoLevel:
        preference = self.general.condition.preference
        model = preference.two_level
        if model is None or model.spread is None or not model.zero_sum or preference.factor != 1:
            raise ValueError(
                "a series in 1/G needs two reward levels and one formula for the advantages of "
                "every group, which sum to zero, with no group dropped"
            )
        return model

    @property
    def domain(self) -> Domain:
        return self.curve.condition.domain.extended(self.curve.beta)

    @cached_property
    def clearing(self) -> Expr:
        force = self.curve.force.expression
        return fraction(together(force))[1] if force.is_rational_function(PI) else S.One

    @cached_property
    def spreads(self) -> tuple[Expr, ...]:
        """f_j(t) of f(t) = Σ f_j(t) ε^j."""
        domain, order = self.model.domain.extended(symbols.t), self.order
        # G = 1/s**2: what stands under a square root stays a series in s.
        f = expand_at(*approached(self.model.spread, SIZE, oo, root=2), 2 * order + 1, domain)
        if f.valuation < 0:
            raise ValueError("the advantages grow without bound with the group size")
        return tuple(f.coefficient(2 * j) for j in range(order + 1))

    @cached_property
    def slopes(self) -> list[list[Expr]]:
        """The derivatives of every f_j in t, over f_0."""
        return [
            [
                tidy(f.diff(symbols.t, i) / self.spreads[0], self.domain)
                for i in range(2 * (self.order - j) + 1)
            ]
            for j, f in enumerate(self.spreads)
        ]

    @cached_property
    def chance(self) -> Expr:
        """m(p): the probability of the higher reward."""
        preference = self.general.condition.preference
        pairs = zip(preference.weights, preference.policy, strict=True)
        return Add(*(w * p for w, p in pairs)).expand()

    @cached_property
    def level(self) -> Expr:
        """f_0 at m(p)."""
        return self.spreads[0].subs(symbols.t, self.chance)

    @cached_property
    def growth(self) -> Expr:
        """d log(level)/dp."""
        return self._tidy(self.level.diff(PI) / self.level)

    def _tidy(self, value: Expr) -> Expr:
        return tidy(value, self.domain)

    def relative(self, n: int) -> Expr:
        """The coefficient of ε^n in the cleared drift, over the level."""
        t = symbols.t
        mean = []
        for j in range(n + 1):
            for i in range(2 * (n - j) + 1):
                moment = Poly(_central_moment(i, t), _EPSILON).coeff_monomial(_EPSILON ** (n - j))
                if moment != 0:
                    mean.append(self.slopes[j][i] * moment / factorial(i))
        a, b = self.general.condition.preference.weights
        drift = (a - b) * neat(Add(*mean)) / (t * (1 - t))
        return self._tidy(self.clearing * drift.subs(t, self.chance))

    def taylor(self, n: int, terms: int) -> tuple[Expr, ...]:
        """The Taylor coefficients in p of the coefficient of ε^n, with the level as a symbol."""
        part = self.relative(n)
        pull = self._tidy(self.clearing * self.curve.force.expression) if n == 0 else S.Zero
        found = []
        for i in range(terms):
            found.append((self.curve.beta * pull - _LEVEL * part) / factorial(i))
            part = self._tidy(part.diff(PI) + self.growth * part)
            pull = self._tidy(pull.diff(PI))
        return tuple(found)


_LEVEL = Dummy("level", positive=True)
_EPSILON = Dummy("epsilon", positive=True)


@cache
def _central_moment(order: int, m: Symbol) -> Expr:
    """E (K/G − m)^order for K ~ Binomial(G, m), as a polynomial in ε = 1/G.

    From the factorial moments E K(K−1)…(K−l+1) = G(G−1)…(G−l+1) m^l.
    """
    G = 1 / _EPSILON
    total = S.Zero
    for j in range(order + 1):
        power = Add(*(stirling(j, k) * ff(G, k) * m**k for k in range(j + 1)))
        total += binomial(order, j) * (-m) ** (order - j) * power / G**j
    return total.expand(func=True)
