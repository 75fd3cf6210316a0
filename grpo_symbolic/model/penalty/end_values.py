"""Values of elementary functions at the ends of (0, oo), from their leading terms."""

from __future__ import annotations

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Poly,
    Pow,
    cancel,
    expand_log,
    fraction,
    ilcm,
    log,
    oo,
    sign,
)

__all__ = ["end_values"]


def end_values(expr: Expr, u: Expr) -> tuple[Expr, Expr] | None:
    """The limits of ``expr`` as u → 0 and as u → ∞; None where leading terms do not say.

    For sums of products of rational powers of u, quotients of sums of these, logarithms of
    such quotients, and absolute values and signs.

    Examples
    --------
    >>> from grpo_symbolic.symbols import u
    >>> end_values(log(2 / (1 + u)) - u, u)
    (log(2), -oo)
    """
    near = Dummy("v", positive=True)
    roots = (p.exp.q for p in expr.atoms(Pow) if p.base == u and p.exp.is_Rational)
    power = ilcm(1, 1, *roots)
    low = _at_zero(expr.subs(u, near**power), near)
    high = _at_zero(expr.subs(u, near**-power), near)
    return None if low is None or high is None else (low, high)


def _at_zero(expr: Expr, v: Expr) -> Expr | None:
    """The limit of ``expr`` as v → 0+."""
    for kinked in sorted(expr.atoms(Abs, sign), key=str):
        inner = _at_zero(kinked.args[0], v)
        if inner is None or inner.is_zero is not False:
            return None
        side = sign(inner)
        expr = expr.subs(kinked, side if isinstance(kinked, sign) else side * kinked.args[0])
    # Coefficients that are rational in v, by the powers of logarithms they stand before.
    parts: dict[Expr, Expr] = {}
    for term in Add.make_args(expand_log(expr.expand()).expand()):
        logs = Mul(*(f for f in Mul.make_args(term) if f.has(log) and f.has(v)))
        parts[logs] = parts.get(logs, Integer(0)) + term / logs
    # What does not vanish at 0, by powers of log v.
    constant: dict[int, Expr] = {}
    growing: list[tuple[Expr, int, Expr]] = []
    for logs, coefficient in parts.items():
        lead, powers = _leading(coefficient, v), _of_logarithms(logs, v)
        if lead is None or powers is None:
            return None
        c, order = lead
        if c == 0 or order > 0:
            continue
        if order == 0:
            for k, factor in powers.items():
                constant[k] = constant.get(k, Integer(0)) + c * factor
        elif not powers:
            return None
        else:
            top = max(powers)
            growing.append((order, -top, c * powers[top]))
    if growing:
        growing.sort(key=lambda item: item[:2])
        (order, k, c), *others = growing
        if any(other[:2] == (order, k) for other in others):
            return None
        return _infinite(c, -k)
    constant = {k: c for k, c in constant.items() if c != 0}
    if not constant:
        return Integer(0)
    top = max(constant)
    return constant[top] if top == 0 else _infinite(constant[top], top)


def _infinite(coefficient: Expr, logs: int) -> Expr | None:
    """The limit of a term that grows: log v is negative near 0."""
    if coefficient.is_positive is None or coefficient.is_zero is not False:
        return None
    return oo if bool(coefficient.is_positive) == (logs % 2 == 0) else -oo


def _leading(expr: Expr, v: Expr) -> tuple[Expr, int] | None:
    """c and n with ``expr`` ~ c v^n as v → 0, for a quotient of polynomials."""
    top, bottom = fraction(cancel(expr))
    if not (top.is_polynomial(v) and bottom.is_polynomial(v)):
        return None
    ends = []
    for part in (top, bottom):
        (n,), c = Poly(part, v).EM(), Poly(part, v).EC()
        ends.append((c, n))
    (c, n), (d, m) = ends
    return (c / d, n - m) if (c / d).is_number else None


def _of_logarithms(product: Expr, v: Expr) -> dict[int, Expr] | None:
    """Coefficients of the powers of log v in a product of logarithms, up to what vanishes."""
    level = Dummy("L")
    found: Expr = Integer(1)
    for factor in Mul.make_args(product):
        base, power = factor.as_base_exp()
        if factor == 1:
            continue
        if not isinstance(base, log) or not power.is_Integer or power < 0:
            return None
        lead = _leading(base.args[0], v)
        if lead is None or not lead[0].is_positive:
            return None
        found *= (log(lead[0]) + lead[1] * level) ** power
    if found == 0:
        return {}
    return {k: c for (k,), c in Poly(found, level).terms()}
