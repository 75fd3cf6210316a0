"""In a cycle an answer that improves can lose mass, but never to the one it improves against."""

from sympy import Add, Matrix, Rational, S, Symbol, diff

from derivations.headline import DIRECT_KL, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import beaten
from grpo_symbolic import (
    GRPO,
    Claim,
    DirectKL,
    Domain,
    Question,
    ReverseKL,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.algebra import tidy

BETA = symbols.beta
G, RAISE = Symbol("g", positive=True), Symbol("t", real=True)
THIRD = Rational(1, 3)
RANGES = Domain.of(BETA, (G, S.Zero, S.One))


def response(penalty=None):
    """dπ(1)/dγ(1, 2) and dπ(2)/dγ(1, 2) at the uniform policy of a symmetric cycle."""
    margins = [[0, G + RAISE, -G], [-G - RAISE, 0, G], [G, -G, 0]]
    domain = Domain.of((G, S.Zero, S.One), (RAISE, -S.One, S.One))
    question = Question(preferences=margins, domain=domain)
    algorithm = GRPO(2) if penalty is None else GRPO(2, penalty)
    condition = stationarity_condition(algorithm, question)
    at = dict.fromkeys((*question.policy[:2], *question.reference[:2]), THIRD) | {RAISE: S.Zero}
    sides = [p - BETA * d for p, d in zip(condition.preference, condition.marginal, strict=True)]
    contrasts = [side - sides[2] for side in sides[:2]]
    slopes = Matrix([[diff(c, p).subs(at) for p in question.policy[:2]] for c in contrasts])
    right = Matrix([-diff(c, RAISE).subs(at) for c in contrasts])
    if any(c.subs(at) != 0 for c in contrasts):
        raise ArithmeticError("the uniform policy is not stationary")
    return [value.factor() for value in slopes.LUsolve(right)]


def work() -> Claim:
    """Two policies, and any margins of which that of the first over the second is raised by t."""
    a, b, c = (Symbol(f"g_{pair}", real=True) for pair in ("12", "13", "23"))
    one, two = normalised(logit_weights(3, "p")), normalised(logit_weights(3, "q"))
    before = beaten([[0, a, b], [-a, 0, c], [-b, -c, 0]], one)
    after = beaten([[0, a + RAISE, b], [-a - RAISE, 0, c], [-b, -c, 0]], two)
    moved = zip(one, two, before, after, strict=True)
    return Claim("the work of a raised margin", Add(*((q - p) * (y - x) for p, q, x, y in moved)),
                 "==", RAISE * (two[0] * one[1] - one[0] * two[1]))  # fmt: skip


def forces() -> list[Claim]:
    """Both forces rise with the probability."""
    p, r = Symbol("p", positive=True), Symbol("r", positive=True)
    return [
        Claim(f"the force rises with the probability, {name}", diff(penalty.marginal(r / p), p),
              ">", S.Zero, Domain.of(p, r))
        for penalty, name in ((ReverseKL(), "reverse KL"), (DirectKL(), "direct KL"))
    ]  # fmt: skip


def result() -> Result:
    own, other = response()
    direct = response(DirectKL())[0]
    expected = (3 * BETA - G) / (9 * (3 * BETA**2 + G**2))
    return Result(
        "Improving an answer of a cycle can lower it",
        "new",
        "At the symmetric cycle the policy is uniform. Raising the margin of the first answer "
        "over the second lowers the first where the weight is small, under both KL divergences.",
        intuition="An answer that gets better against the second one makes the second one rarer, "
        "and the third one, which beats the first, lives on that. When the penalty is "
        "weak this detour is worth more than the gain itself.",
        headlines=(
            Headline(
                r"$\partial\pi(1)/\partial\gamma(1,2)$ is negative if and only if $\beta<g/3$, "
                r"while $\pi(1)-\pi(2)$ rises with $\gamma(1,2)$",
                (
                    "the response of the first answer",
                    "the first gains on the second",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("a symmetric cycle", "uniform reference"),
            ),
            Headline(
                r"of two stationary policies, the second with $\gamma(1,2)$ raised by $t>0$, "
                r"$t\,(\pi'(1)\pi(2)-\pi(1)\pi'(2))=\beta\sum(\pi'-\pi)(d'-d)\ge0$: the ratio "
                r"$\pi(1)/\pi(2)$ never falls",
                ("the work of a raised margin", "the force rises with the probability, {penalty}"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=(*REVERSE_KL, *DIRECT_KL),
                hypotheses=("one rater scores each group",),
            ),
        ),
        setting="three answers in a symmetric cycle of margins $g$, groups of two",
        argument="The condition, differentiated in the margin at the uniform policy, is two linear "
        "equations for the slopes of $\\pi(1)$ and $\\pi(2)$.",
        formulas=(equation(Symbol("dpi_1"), tidy(own, RANGES)),),
        claims=(
            Claim("the response of the first answer", own, "==", expected, RANGES),
            Claim("direct KL: the same response", direct, "==", expected, RANGES),
            work(),
            *forces(),
            Claim("the first gains on the second", own - other, ">", S.Zero, RANGES),
            Claim("control: the first always gains", own, ">", S.Zero, RANGES, expected="REFUTED"),
        ),
        domain=RANGES,
    )
