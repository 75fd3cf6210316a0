r"""The larger real root of a convex quartic, in radicals.

The depressed quartic :math:`t^4 + P t^2 + Q t + R` with P, Q > 0 is convex. Where it takes a
negative value it has two real roots, and the larger one is (Ferrari)

.. math:: t = \tfrac12\Bigl(-\sqrt y + \sqrt{2Q/\sqrt y - 2P - y}\Bigr), \qquad
          y^3 + 2P y^2 + (P^2 - 4R)\, y - Q^2 = 0.

The cubic has then exactly one real root y, which is positive: Cardano's formula gives it with
one real cube root. All of this is proved in stages, each an identity or a sign in the symbols
of its own stage, so that no radical is ever put into a polynomial.
"""

from __future__ import annotations

from sympy import (
    Abs,
    Add,
    Eq,
    Expr,
    Piecewise,
    Poly,
    S,
    Symbol,
    cbrt,
    collect,
    radsimp,
    sqrt,
)

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.derivation import Step
from grpo_symbolic.domain import Domain
from grpo_symbolic.solve.closed import ClosedForm, Staged
from grpo_symbolic.verify.claim import Claim

# The stages: the depressed quartic, Cardano's two coefficients, the root of the resolvent.
P, Q = Symbol("P", positive=True), Symbol("Q", positive=True)
R = Symbol("R", real=True)
XI, ETA = Symbol("xi", real=True), Symbol("eta", positive=True)
Y = Symbol("y", positive=True)
_T, _U, _W = Symbol("t", real=True), Symbol("u", positive=True), Symbol("w", real=True)
# Of a convex quartic: where its minimum is (at t = -s) and how deep (the value is -N).
_PLACE, _DEPTH = Symbol("s", positive=True), Symbol("N", positive=True)


_BRANCH = (
    "the larger one of two real roots: the quartic is convex, negative at pi_ref(a) and positive "
    "at 1, so exactly one root lies in (pi_ref(a), 1); the other real one lies below pi_ref(a), "
    "where drift and penalty differ in sign"
)


def larger_root(
    polynomial: Poly, domain: Domain, given: tuple[Claim, ...] = ()
) -> ClosedForm | None:
    """The larger real root of a quartic with a numeric leading coefficient, or None.

    None where P, Q > 0 is not shown on the whole domain, the shift to the depressed form is
    not a positive number, or the value at 0 is not negative. That the quartic takes a negative
    value, so that there is a real root at all, is for the caller to show: by the claims ``given``.
    """
    leading = polynomial.LC()
    if polynomial.degree() != 4 or leading.free_symbols:
        return None
    unit = radsimp(1 / leading)
    monic = tuple(_collected(c * unit) for c in polynomial.all_coeffs())
    shift = -monic[1] / 4
    if shift.free_symbols or sign(shift, domain) != Sign.POSITIVE:
        return None
    unknown = polynomial.gen
    shifted = Poly((polynomial.as_expr() * unit).subs(unknown, _T + shift).expand(), _T)
    coefficients = [_collected(shifted.coeff_monomial(_T**k)) for k in (2, 1, 0)]
    signs = [sign(c, domain) for c in (*coefficients[:2], -monic[4])]
    if any(s != Sign.POSITIVE for s in signs):
        return None
    abbreviations = (
        *zip((P, Q, R), coefficients, strict=True),
        (XI, -(P**2 + 12 * R) / 9),
        (ETA, P**3 / 27 - 4 * P * R / 3 + Q**2 / 2),
        (Y, _cardano(ETA + sqrt(ETA**2 + XI**3))),
    )
    form = shift + (-sqrt(Y) + sqrt(_radicand())) / 2
    stable, stages = _stable(polynomial, unit, shift, dict(abbreviations))
    steps = _steps(polynomial, unit, shift, dict(abbreviations), domain)
    claims = (
        *given,
        *_choice(),
        Claim("the polynomial is negative at 0", monic[4], "<", S.Zero, domain),
        *_accuracy(shift),
    )
    expression = form
    for symbol, part in reversed(abbreviations):
        expression = expression.xreplace({symbol: part})
    return ClosedForm(
        expression,
        Staged(stable, stages),
        _BRANCH,
        claims,
        short=form,
        abbreviations=abbreviations,
        steps=steps,
    )


def _collected(coefficient: Expr) -> Expr:
    """A coefficient by powers of the parameters, numbers first multiplied out."""
    names = sorted((s for s in coefficient.free_symbols if isinstance(s, Symbol)), key=str)
    return collect(coefficient.expand(), names) if names else coefficient.expand()


# -- the three stages ----------------------------------------------------------------------


def _quartic(t: Expr) -> Expr:
    return t**4 + P * t**2 + Q * t + R


def _resolvent(y: Expr) -> Expr:
    return y**3 + 2 * P * y**2 + (P**2 - 4 * R) * y - Q**2


def _factor(t: Expr, direction: int) -> Expr:
    """One of the two quadratics in t that the quartic splits into."""
    k = direction * sqrt(Y)
    return t**2 + k * t + (P + Y - Q / k) / 2


def _radicand() -> Expr:
    return 2 * Q / sqrt(Y) - 2 * P - Y


def _cardano(cube: Expr) -> Expr:
    root = cbrt(cube)
    return root - XI / root - 2 * P / 3


def _steps(
    polynomial: Poly, unit: Expr, shift: Expr, value: dict[Symbol, Expr], domain: Domain
) -> tuple[Step, ...]:
    """The lines from the quartic to its root, every one with what proves it."""
    t = polynomial.gen - shift
    depressed = Claim(
        f"divided by its leading coefficient, the polynomial is t^4 + P t^2 + Q t + R in t = {t}",
        polynomial.as_expr() * unit,
        "==",
        _quartic(t).xreplace({s: value[s] for s in (P, Q, R)}),
        domain,
    )
    p, q = (Claim(f"{s} is positive", value[s], ">", S.Zero, domain) for s in (P, Q))
    lines = (
        (P, value[P], rf"depressed quartic $t^4+Pt^2+Qt+R$ in $t=\pi(a)-{_tex(shift)}$", (p,)),
        (Q, value[Q], "its linear coefficient", (q,)),
        (R, value[R], "its constant", (depressed,)),
        (_quartic(t), S.Zero, "the equation in these coefficients", ()),
        (
            _resolvent(Y),
            S.Zero,
            r"for $y>0$ with this property the quartic is a product of two quadratics, "
            r"$t^2\pm\sqrt y\,t+\frac12(P+y\mp Q/\sqrt y)$",
            _two_quadratics(),
        ),
        (XI, value[XI], r"the cubic is $n^3+3\xi n-2\eta$ in $n=y+\frac{2P}{3}$", ()),
        (ETA, value[ETA], "the cubic's other coefficient", (_cubic(value),)),
        (
            Y,
            value[Y],
            r"Cardano: $\eta>0$ and $\eta^2+\xi^3>0$, so this is the only real root of the cubic, "
            r"and it is positive, as the cubic is negative at $0$",
            (*_root_of_cubic(), *_only_root(value)),
        ),
    )
    return tuple(Step(Eq(x, y, evaluate=False), reason, claims) for x, y, reason, claims in lines)


def _two_quadratics() -> tuple[Claim, ...]:
    product, excess = _factor(_T, 1) * _factor(_T, -1), _resolvent(Y) / (4 * Y)
    name = "the product of the two quadratics exceeds the quartic by the cubic over 4 y"
    return (
        Claim(name, product, "==", _quartic(_T) + excess),
        Claim("the cubic is negative at y = 0", _resolvent(S.Zero), "<", S.Zero),
    )


def _cubic(value: dict[Symbol, Expr]) -> Claim:
    n = Y + 2 * P / 3
    depressed = n**3 + 3 * value[XI] * n - 2 * value[ETA]
    return Claim(
        "the cubic is n^3 + 3 xi n - 2 eta in n = y + 2 P/3", _resolvent(Y), "==", depressed
    )


def _root_of_cubic() -> tuple[Claim, ...]:
    n, cube = _U - XI / _U, ETA + _W
    left, right = n**3 + 3 * XI * n - 2 * ETA, _U**6 - 2 * ETA * _U**3 - XI**3
    name = "n = u - xi/u solves n^3 + 3 xi n = 2 eta where u^6 - 2 eta u^3 = xi^3"
    left_of_cube, square = cube**2 - 2 * ETA * cube - XI**3, _W**2 - (ETA**2 + XI**3)
    which = "which u^3 = eta + w does where w^2 = eta^2 + xi^3"
    return Claim(name, _U**3 * left, "==", right), Claim(which, left_of_cube, "==", square)


def _only_root(value: dict[Symbol, Expr]) -> tuple[Claim, ...]:
    """In terms of the place and the depth of the quartic's minimum."""
    s, depth = _PLACE, _DEPTH
    known = {Q: 4 * s**3 + 2 * P * s, R: 3 * s**4 + P * s**2 - depth}
    eta, xi = value[ETA].xreplace(known), value[XI].xreplace(known)
    return (
        Claim(
            "with -N its value at its minimum t = -s, the quartic is a square times a positive "
            "factor, less N: N > 0 where it takes a negative value, and two roots are real",
            _quartic(_T).xreplace(known),
            "==",
            (_T + s) ** 2 * ((_T - s) ** 2 + 2 * s**2 + P) - depth,
        ),
        Claim("where the quartic takes a negative value, eta is positive", eta, ">", S.Zero),
        Claim(
            "and so is eta^2 + xi^3: the cubic for y has exactly one real root",
            eta**2 + xi**3,
            ">",
            S.Zero,
        ),
    )


def _choice() -> tuple[Claim, ...]:
    """Which of the four roots the last line is: the larger one of the two that are real."""
    k = sqrt(Y)
    second = k**2 - 4 * _factor(S.Zero, -1)
    square = (_T + k / 2) ** 2 - _radicand() / 4
    whole = "the first quadratic is (t + sqrt(y)/2)^2 less a quarter of the radicand"
    return (
        Claim("the second quadratic has no real root", second, "<", S.Zero),
        Claim(whole, square, "==", _factor(_T, 1)),
    )


# -- floating point --------------------------------------------------------------------------


def _stable(
    polynomial: Poly, unit: Expr, shift: Expr, value: dict[Symbol, Expr]
) -> tuple[Expr, tuple[tuple[Symbol, Expr], ...]]:
    """The root without cancellation, for any size of the parameters.

    In p = t + shift the first quadratic is p² − l p − q. With e the second quadratic at
    p = 0, the constant of the monic quartic is −q e, and e is a sum of positive terms. What
    would cancel is l = 2 shift − √y, and y itself where it is small; both are quotients:
    y = Q²/(y² + 2P y + P² − 4R), and l (2 shift + √y) = 4 shift² − y is the cubic's value at
    4 shift² over the slope of a secant.
    """
    linear, constant = Symbol("a_1", real=True), Symbol("a_0", real=True)
    root, estimate, better = Symbol("u"), Symbol("y_0"), Symbol("y_1")
    k = Symbol("k", positive=True)
    secant, e = Symbol("K", positive=True), Symbol("e", positive=True)
    ell, q, spread = Symbol("l", real=True), Symbol("q", nonnegative=True), Symbol("d")
    point = 4 * shift**2
    # A difference such as beta - sqrt(3) is formed before it is multiplied.
    square = (unit * polynomial.all_coeffs()[2]).expand()
    stages = (
        *(
            (s, unit * _collected(polynomial.all_coeffs()[k]))
            for s, k in ((linear, 3), (constant, 4))
        ),
        *((s, value[s]) for s in (P, Q, R, XI, ETA)),
        # The radicand is positive; rounding may make it a little less than 0.
        (root, cbrt(ETA + sqrt(Abs(ETA**2 + XI**3)))),
        (estimate, root - XI / root - 2 * P / 3),
        (better, Q**2 / (estimate**2 + 2 * P * estimate + P**2 - 4 * R)),
        # One step of Newton's method takes the rounding of the cube root away.
        (Y, better - _resolvent(better) / _resolvent(Y).diff(Y).subs(Y, better)),
        (k, sqrt(Y)),
        (secant, _secant(Y, point)),
        (ell, _at_point(-4 * shift, square, linear, constant) / (secant * (2 * shift + k))),
        (e, shift**2 + shift * k + (P + Y + Q / k) / 2),
        (q, -constant / e),
        (spread, sqrt(ell**2 + 4 * q)),
    )
    return Piecewise(((ell + spread) / 2, ell >= 0), (2 * q / (spread - ell), True)), stages


def _at_point(cubic: Expr, square: Expr, linear: Expr, constant: Expr) -> Expr:
    """The resolvent at 4 shift², from the monic quartic's own coefficients."""
    return linear * (cubic * square - linear) - constant * cubic**2


def _accuracy(shift: Expr) -> tuple[Claim, ...]:
    """Why the form for floating point is equal to the printed one."""
    names = [Symbol(f"a_{k}", real=True) for k in (2, 1, 0)]
    monic = Add(
        _T**4, -4 * shift * _T**3, *(a * _T**k for a, k in zip(names, (2, 1, 0), strict=True))
    )
    shifted = Poly(monic.subs(_T, _T + shift).expand(), _T)
    depressed = {s: shifted.coeff_monomial(_T**k) for s, k in ((P, 2), (Q, 1), (R, 0))}
    point, at_point = 4 * shift**2, _at_point(-4 * shift, *names)
    quotient = Y * (Y**2 + 2 * P * Y + P**2 - 4 * R) - Q**2
    chord = _resolvent(point) - _resolvent(Y)
    constants = _factor(-shift, 1) * _factor(-shift, -1)
    identities = (
        ("y is Q^2 over y^2 + 2 P y + P^2 - 4 R, but for the cubic", quotient, _resolvent(Y)),
        (
            "4 shift^2 - y times the slope K of a secant of the cubic",
            (point - Y) * _secant(Y, point),
            chord,
        ),
        (
            "the cubic at 4 shift^2, from the coefficients of the monic quartic",
            _resolvent(point).xreplace(depressed),
            at_point,
        ),
        (
            "the constants of the two quadratics in t + shift have the product of the monic "
            "quartic's constant, but for the cubic",
            constants,
            _quartic(-shift) + _resolvent(Y) / (4 * Y),
        ),
    )
    return tuple(Claim(name, left, "==", right) for name, left, right in identities)


def _secant(y: Expr, point: Expr) -> Expr:
    return y**2 + point * y + point**2 + 2 * P * (y + point) + P**2 - 4 * R


def _tex(number: Expr) -> str:
    return rf"\frac{{{number.p}}}{{{number.q}}}" if number.is_Rational else str(number)
