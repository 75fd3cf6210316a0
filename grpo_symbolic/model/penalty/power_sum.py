r"""Sums :math:`\sum_i c_i u^{a_i} \log^{k_i} u`: whether they fall, and their inverse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import (
    Add,
    Dummy,
    Expr,
    Integer,
    LambertW,
    Mul,
    Poly,
    Rational,
    exp,
    ilcm,
    limit,
    log,
    oo,
)

from grpo_symbolic.work import limited

# SymPy's limits, for what is no such sum.
_STEPS = 5_000_000


@dataclass(frozen=True)
class PowerSum:
    """A sum of rational powers of u times whole powers of log u, on u > 0.

    Attributes
    ----------
    terms : mapping of (power, power of the logarithm) to coefficient
        No coefficient is zero.
    """

    terms: Mapping[tuple[Rational, int], Expr]

    @classmethod
    def of(cls, expr: Expr, u: Expr) -> PowerSum | None:
        """The sum that ``expr`` is, or None where it is of another form."""
        terms: dict[tuple[Rational, int], Expr] = {}
        for term in Add.make_args(expr.expand()):
            coefficient, power, logs = Integer(1), Rational(0), 0
            for factor in Mul.make_args(term):
                base, exponent = factor.as_base_exp()
                if factor.is_number and factor.is_real:
                    coefficient *= factor
                elif base == u and exponent.is_Rational:
                    power += exponent
                elif base == log(u) and exponent.is_Integer and exponent > 0:
                    logs += int(exponent)
                else:
                    return None
            terms[power, logs] = terms.get((power, logs), Integer(0)) + coefficient
        return cls({key: c for key, c in terms.items() if c != 0})

    @property
    def slope(self) -> PowerSum:
        """u times the derivative."""
        found: dict[tuple[Rational, int], Expr] = {}
        for (power, logs), c in self.terms.items():
            for key, value in (((power, logs), c * power), ((power, logs - 1), c * logs)):
                found[key] = found.get(key, Integer(0)) + value
        return PowerSum({key: c for key, c in found.items() if c != 0})

    @property
    def falls(self) -> bool | None:
        """Whether it falls strictly on u > 0; None where this is not decided.

        Strictly also where the slope has single zeros without a change of sign.
        """
        slope = self.slope
        if not slope.terms:
            return False
        if all(logs % 2 == 0 and c.is_negative for (_, logs), c in slope.terms.items()):
            # Even powers of the logarithm alone would all vanish at u = 1: once, not for long.
            return True
        powers, logs = (set(key) for key in zip(*slope.terms, strict=True))
        variable = Dummy("x")
        if not all(c.is_Rational for c in slope.terms.values()):
            return None
        if logs == {0}:
            # In a root of u that makes all powers whole: on the positive half-line.
            root, least = ilcm(1, 1, *(p.q for p in powers)), min(powers)
            whole = (c * variable ** ((p - least) * root) for (p, _), c in slope.terms.items())
            return _negative(Poly(Add(*whole), variable), Integer(0))
        if len(powers) == 1:  # a power of u times a polynomial in log u: on the whole line
            inner = Add(*(c * variable**k for (_, k), c in slope.terms.items()))
            return _negative(Poly(inner, variable), -oo)
        return None

    @property
    def ends(self) -> tuple[Expr, Expr]:
        """The limits as u → 0 and as u → ∞: of the leading power, with most logarithms."""
        if not self.terms:
            return Integer(0), Integer(0)
        found = []
        for way in (-1, 1):
            power, logs = max(self.terms, key=lambda key: (way * key[0], key[1]))
            leading, c = way * power, self.terms[power, logs]
            if leading == 0 == logs:
                found.append(c)
            elif leading < 0:
                found.append(Integer(0))
            else:  # log u is negative near 0
                found.append(oo * c * (way if logs % 2 else 1))
        return found[0], found[1]

    def inverse(self, x: Expr) -> Expr | None:
        """u where the sum is ``x``, for a constant and one power, one logarithm, or both.

        The sum is taken to be monotone.
        """
        rest = dict(self.terms)
        value = x - rest.pop((Rational(0), 0), Integer(0))
        scale = rest.pop((Rational(0), 1), None)
        if not rest:
            return None if scale is None else exp(value / scale)
        ((power, logs), c), *others = rest.items()
        if others or logs:
            return None
        if scale is None:
            return (value / c) ** (1 / power)
        # w = u^a solves c w + (b/a) log w = x: w = (b/(a c)) W((a c/b) exp(a x/b)).
        ratio = power * c / scale
        return (LambertW(ratio * exp(power * value / scale)) / ratio) ** (1 / power)


def end_values(expr: Expr, u: Expr) -> tuple[Expr, Expr]:
    """The limits of ``expr`` as u → 0 and as u → ∞.

    Examples
    --------
    >>> from grpo_symbolic.symbols import u
    >>> end_values(log(2 / (1 + u)) - u, u)
    (log(2), -oo)
    """
    known = PowerSum.of(expr, u)
    if known is not None:
        return known.ends
    return limited(limit, expr, u, 0, "+", steps=_STEPS), limited(limit, expr, u, oo, steps=_STEPS)


def _negative(polynomial: Poly, start: Expr) -> bool:
    """Whether a rational polynomial is negative from ``start`` on, but for double zeros."""
    _, factors = polynomial.sqf_list()
    odd = (factor for factor, multiplicity in factors if multiplicity % 2)
    # The number of zeros of a factor in (start, oo): the end itself does not count.
    if any(f.count_roots(start, oo) - (f.eval(0) == 0 if start == 0 else 0) for f in odd):
        return False
    return bool(polynomial.LC() < 0)
