"""Power series solved for their variable, by the Lagrange-Bürmann formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Dummy, Expr, Function, Mul, Poly, Pow, Rational, S

from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.laurent import Laurent, binomial_series, neat
from grpo_symbolic.domain import Domain

# Beyond this many operations a coefficient is not brought to factors.
_MAX_FACTORED = 160
#: One over a leading coefficient that is a sum: such a sum is divided by as a symbol.
_OVER = Function("over")


def inverted(top: Laurent, bottom: Laurent, root: int, last: int) -> Mapping[int, Expr]:
    r"""s**root in powers of :math:`\tau = y^{1/v}`, for :math:`y = \mathrm{top}/\mathrm{bottom}`.

    Here v > 0 is the valuation of the quotient. The coefficient of :math:`\tau^n` is
    :math:`\frac{r}{n}\,[s^{n-r}]\,(s^v\,\mathrm{bottom}/\mathrm{top})^{n/v}` with r = root.

    Returns
    -------
    dict
        Power n of τ to its coefficient, for n = root … last.

    Notes
    -----
    Source: the Lagrange-Bürmann formula.
    """
    speed, domain = top.valuation - bottom.valuation, top.domain
    found = {}
    for n in range(root, last + 1):
        exponent, count = Rational(n, speed), n - root + 1
        above, scale = _unit_power(bottom.coefficients[:count], exponent)
        below, other = _unit_power(top.coefficients[:count], -exponent)
        total = Add(*(above[k] * below[count - 1 - k] for k in range(count)))
        found[n] = Rational(root, n) * _gathered(total, domain) * (scale * other)
    return {n: _restored(c, domain) for n, c in found.items()}


def fixed_point(phi: Laurent, last: int) -> Mapping[int, Expr]:
    r"""The solution s of :math:`s = y\,\varphi(s)` in powers 1 … last of y.

    Returns
    -------
    dict
        Power n of y to its coefficient, :math:`\frac{1}{n}[s^{n-1}]\,\varphi^n`: in factors
        while it is small, as a polynomial in the coefficients of φ beyond.

    Notes
    -----
    Source: the Lagrange inversion formula.
    """
    # Radicals are divided out, so that the rest is rational; anything else is not divided by.
    scale = phi.leading if _has_radicals(phi.leading) else S.One
    values = phi.coefficients if scale == 1 else phi.relative
    values = tuple(_factored(c, phi.domain) for c in values[:last])
    names = [Dummy(f"phi_{k}") for k in range(last)]
    known = dict(zip(names, values, strict=True))
    found, power = {}, list(names)
    for n in range(1, last + 1):
        exact = (power[n - 1] / n).expand().xreplace(known)
        found[n] = tidy(scale, phi.domain) ** n * _factored(exact, phi.domain)
        power = [
            Add(*(power[i] * names[k - i] for i in range(k + 1))).expand() for k in range(last)
        ]
    return found


def _factored(value: Expr, domain: Domain) -> Expr:
    return tidy(value, domain) if value.count_ops() <= _MAX_FACTORED else value


def _has_radicals(value: Expr) -> bool:
    return any(not p.exp.is_Integer and p.base.free_symbols for p in value.atoms(Pow))


def _unit_power(coefficients: Sequence[Expr], exponent: Rational) -> tuple[list[Expr], Expr]:
    """The power of a series that starts at s**0: coefficients, and a factor they all have."""
    if exponent.is_Integer and exponent > 0:
        found = [S.One] + [S.Zero] * (len(coefficients) - 1)
        for _ in range(int(exponent)):
            found = [
                neat(Add(*(found[i] * coefficients[n - i] for i in range(n + 1))))
                for n in range(len(found))
            ]
        return found, S.One
    first = coefficients[0]
    over = _OVER(first) if isinstance(first, Add) else 1 / first
    u = [S.One, *(neat(c * over) for c in coefficients[1:])]
    return binomial_series(u, exponent), first**exponent


def _gathered(value: Expr, domain: Domain) -> Expr:
    """Collected in what stays one symbol, each coefficient in factors."""
    kept = sorted(value.atoms(_OVER), key=str)
    if not kept:
        return tidy(neat(value), domain)
    names = {atom: Dummy("over") for atom in kept}
    terms = Poly(value.xreplace(names), *names.values()).terms()
    back = {name: atom for atom, name in names.items()}
    return Add(
        *(
            tidy(neat(c), domain) * Mul(*(b**e for b, e in zip(back.values(), powers, strict=True)))
            for powers, c in terms
        )
    )


def _restored(value: Expr, domain: Domain) -> Expr:
    """With divisions written out."""
    kept = {atom: 1 / tidy(atom.args[0], domain) for atom in value.atoms(_OVER)}
    return value.xreplace(kept)
