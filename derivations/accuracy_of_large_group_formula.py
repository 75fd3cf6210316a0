"""How far (15) is from the stationary policy at ordinary group sizes."""

from flint import arb
from sympy import Expr, Rational, S, oo

from derivations.headline import LARGE_GROUPS, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationary_policy, symbols
from grpo_symbolic.model.two_level import TwoLevel

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
#: beta and pi_ref(a) of the comparison.
AT = {BETA: S.One, P0: Rational(3, 10)}
#: Stationary pi(a), to three digits.
EXPECTED = {
    8: Rational(708, 1000),
    16: Rational(726, 1000),
    64: Rational(736, 1000),
}
LARGE = Rational(739, 1000)
HALF_DIGIT = Rational(1, 2000)
DIGITS = 20


def model(size: int) -> TwoLevel:
    """Groups of this size on a binary question with deterministic rewards."""
    found = GRPO(size).preference(BinaryQuestion()).two_level
    assert found is not None
    return found


def pull(policy: Expr) -> Expr:
    """beta (p - p0): the penalty's side of the condition, in its published form."""
    return (BETA * (policy - P0)).subs(AT)


def exact(end: arb) -> Rational:
    """The dyadic number that a ball of radius 0 is."""
    mantissa, exponent = end.man_exp()
    return Rational(int(mantissa)) * Rational(2) ** int(exponent)


def result() -> Result:
    claims = []
    for size, value in EXPECTED.items():
        drift = model(size).bernstein
        assert drift is not None
        low, high = value - HALF_DIGIT, value + HALF_DIGIT
        least = exact(drift.enclosure(low, DIGITS).lower())
        most = exact(drift.enclosure(high, DIGITS).upper())
        claims += [
            Claim(f"G = {size}: the policy is above {float(low)}", least, ">", pull(low)),
            Claim(f"G = {size}: the policy is below {float(high)}", most, "<", pull(high)),
        ]
    large = stationary_policy(GRPO(oo), BinaryQuestion()).expression
    value = large.subs(AT)
    claims += [
        Claim("(15): above 0.7385", value, ">", LARGE - HALF_DIGIT),
        Claim("(15): below 0.7395", value, "<", LARGE + HALF_DIGIT),
        Claim(
            "G = 8 is at least 0.03 away from (15)",
            value - (EXPECTED[8] + HALF_DIGIT),
            ">=",
            Rational(3, 100),
        ),
        Claim(
            "G = 64 is at most 0.004 away from (15)",
            value - (EXPECTED[64] - HALF_DIGIT),
            "<=",
            Rational(4, 1000),
        ),
    ]
    return Result(
        "How accurate (15) is at ordinary group sizes",
        f"new; {VY}, (15)",
        "(15) at these numbers is",
        intuition="The formula for large groups is a good one in the middle of the interval and a "
        "poor one near its ends. How near is a matter of $1/G$.",
        argument=r"Each is enclosed: $h_G(p)-\beta(p-p_0)$ is positive at the lower end of its "
        "rounding interval and negative at the upper end, with $h_G$ in ball arithmetic "
        "from its exact coefficients, and there is one zero.",
        headlines=(
            Headline(
                r"the policy rounds to 0.708, 0.726 and 0.736",
                ("G = {G}: the policy is above *", "G = {G}: the policy is below *"),
                groups=Numbers.of(*EXPECTED),
                answers=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"deterministic rewards, $\beta=1$, $\pi_{\mathrm{ref}}(a)=3/10$",),
                uses=("uniqueness_every_group",),
            ),
            Headline(
                "(15) rounds to 0.739",
                ("(15): above *", "(15): below *"),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"deterministic rewards, $\beta=1$, $\pi_{\mathrm{ref}}(a)=3/10$",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, the published penalty, $\beta=1$, "
        r"$\pi_{\mathrm{ref}}(a)=3/10$",
        kind="Proposition",
        formulas=(equation(P, value),),
        claims=tuple(claims),
    )
