"""Groups of equal rewards dropped: drift and penalty of what is left."""

from sympy import Expr, Mul, Rational, S

from derivations.all_groups import WEIGHTS, in_weights
from derivations.all_groups import drift as all_groups
from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.policies import normalised
from derivations.trainer_drift_std import drift
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    ReverseKL,
    ShiftAndScale,
    stationarity_condition,
)
from grpo_symbolic import symbols as s
from grpo_symbolic.algebra import tidy

P, P0, BETA = s.pi, s.pi_ref, s.beta
SIZES = (2, 3, 4)


def condition(size: int):
    """The condition of both answers against each other, with mixed groups only."""
    return stationarity_condition(GRPO(size, mixed_only=True), BinaryQuestion()).contrast()


def chance(size: int) -> Expr:
    """The probability that a group is mixed."""
    return 1 - P**size - (1 - P) ** size


def share(size: int) -> Expr:
    """The share of better answers among the members of mixed groups."""
    return (P - P**size) / chance(size)


def pull(size: int) -> Expr:
    """q c(l_a)(1-p) - (1-q) c(l_b) p with c the coefficient of k3 in the loss."""
    first, second = (ReverseKL().marginal(u) for u in (P0 / P, (1 - P0) / (1 - P)))
    q = share(size)
    return q * first * (1 - P) - (1 - q) * second * P


def result() -> Result:
    claims = []
    for size in SIZES:
        found = condition(size)
        claims += [
            Claim(
                f"the drift over the chance of a mixed group, G = {size}",
                found.rhs * P * (1 - P),
                "==",
                drift(ShiftAndScale(), size) / chance(size),
            ),
            Claim(
                f"the penalty under the law of mixed groups, G = {size}",
                found.lhs * P * (1 - P),
                "==",
                BETA * pull(size),
            ),
            Claim(
                f"the share moves towards one half, G = {size}",
                (share(size) - P) * chance(size),
                "==",
                (1 - P) * P * ((1 - P) ** (size - 1) - P ** (size - 1)),
            ),
        ]
    two = condition(2)
    force = 2 * two.lhs * P * (1 - P) / BETA
    rare = force.subs(P0, Rational(1, 1000))
    points = [Rational(*pair) for pair in ((1, 500), (3, 100), (3, 10), (9, 10))]
    level = Rational(7, 8)
    claims += [
        Claim("G = 2: one of each", share(2), "==", Rational(1, 2)),
        *compared("G = 2: the drift, as derived", two.rhs * P * (1 - P), Rational(1, 2)),
        Claim(
            "G = 2: the drift does not depend on p",
            all_groups(2) * Mul(*normalised(WEIGHTS)),
            "==",
            in_weights(chance(2)) / 2,
        ),
        Claim(
            "G = 2: the condition is 1/beta = (1-2p) - p0 (1-p)/p + (1-p0) p/(1-p)",
            force,
            "==",
            1 - 2 * P - P0 * (1 - P) / P + (1 - P0) * P / (1 - P),
        ),
        Claim(
            "G = 2: the penalty grows with p",
            force.diff(P),
            ">",
            S.Zero,
            expected="REFUTED",
        ),
        *(
            Claim(
                f"three stationary policies at pi_ref = 1/1000, beta = 8/7: p = {point}",
                rare.subs(P, point),
                relation,
                level,
            )
            for point, relation in zip(points, ("<", ">", "<", ">"), strict=True)
        ),
        Claim(
            "the same policy as without dropping: the factors cancel, G = 3",
            two_sides(3),
            "==",
            S.Zero,
            expected="REFUTED",
        ),
    ]
    return Result(
        "Groups of equal rewards dropped",
        "new; the convention of DAPO and open-instruct",
        "With $P=1-p^G-(1-p)^G$, $q=(p-p^G)/P$ and $c$ the coefficient of the score, the "
        r"condition is $p(1-p)D_G/P=\beta\,(q\,c(l_a)(1-p)-(1-q)\,c(l_b)\,p)$. For $G=2$ and "
        "$k_3$ in the loss it is",
        intuition="Dropping groups of equal rewards divides by the chance of a mixed group, which "
        "is small near certainty. The penalty is averaged over the same groups.",
        checked_as="preset=dapo group_size=2",
        lines_checked_as="",
        argument="$P$ is the chance of a mixed group; in mixed groups the better answer has the "
        r"probability $q$ in place of $p$, and at $G=2$ it is $\frac12$ whatever the "
        "policy. The right-hand side of the condition of pairs is not monotone in $p$. "
        "Without dropping there is exactly one stationary policy.",
        headlines=(
            Headline(
                r"the drift is divided by the chance of a mixed group, and the penalty is that "
                r"of its members",
                (
                    "the drift over the chance of a mixed group, G = {G}",
                    "the penalty under the law of mixed groups, G = {G}",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
            ),
            Headline(
                "there are at least three stationary policies",
                (
                    "three stationary policies at pi_ref = 1/1000, beta = 8/7: *",
                    "G = 2: the condition is 1/beta = *",
                ),
                groups=TWO,
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"$\pi_{\mathrm{ref}}(a)=1/1000$, $\beta=8/7$",),
            ),
        ),
        setting=r"a binary question, groups of equal rewards replaced by new ones, $G=2,3,4$",
        references=("yu2025",),
        formulas=(equation(1 / BETA, tidy(force, Domain.of(P, P0))),),
        claims=tuple(claims),
        domain=Domain.of(P, P0, BETA),
    )


def two_sides(size: int) -> Expr:
    """What dropping changes: the pull per unit of drift, less the one without dropping."""
    plain = stationarity_condition(GRPO(size), BinaryQuestion()).contrast()
    found = condition(size)
    return found.lhs * plain.rhs - plain.lhs * found.rhs
