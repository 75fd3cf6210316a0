"""The direct KL: which maximal lottery is selected, and what clones do to it."""

from sympy import Add, Rational, S, Symbol, diff, exp, log

from derivations.headline import DIRECT_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import beaten
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Question, stationarity_condition, symbols

BETA = symbols.beta
A, B, C = (Symbol(name, real=True) for name in ("g_12", "g_13", "g_23"))
MARGINS = [[0, A, B], [-A, 0, C], [-B, -C, 0]]
#: The second answer beats its clone; neither they nor the first answer beat each other.
ALIKE = ((0, 0, 0), (0, 0, 1), (0, -1, 0))
HALF, QUARTER = Rational(1, 2), Rational(1, 4)
FIRST = Symbol("t", positive=True)
INSIDE, OUTSIDE = Symbol("k", real=True), Symbol("g", real=True)
P1, P2, P3 = (Symbol(f"p_{o}", positive=True) for o in (1, 2, 3))


def divergence(policy, reference):
    return Add(*(p * (log(p) - log(r)) for p, r in zip(policy, reference, strict=True)))


def selection() -> list[Claim]:
    """Two identities from which KL(π‖ρ) ≤ KL(y‖ρ) follows for every maximal lottery y."""
    question = Question(
        preferences=MARGINS, domain=Domain.of(*((g, -S.One, S.One) for g in (A, B, C)))
    )
    condition = stationarity_condition(GRPO(2, DirectKL()), question)
    weights, given = logit_weights(3, "x"), logit_weights(3, "r")
    policy, other, reference = (normalised(w) for w in (weights, logit_weights(3, "y"), given))
    place = dict(zip(question.policy[:2], policy, strict=False))
    place |= dict(zip(question.reference[:2], reference, strict=False))
    marginal = [d.xreplace(place) for d in condition.marginal]
    work = Add(*((p - y) * v for p, y, v in zip(policy, other, beaten(MARGINS, policy),
                                                strict=True)))  # fmt: skip
    slack = Add(*(p * v for p, v in zip(policy, beaten(MARGINS, other), strict=True)))
    # Three lotteries with positive entries; that each sums to 1 is not needed.
    pi, y, rho = (logit_weights(3, letter) for letter in "pyr")
    pull = Add(*((p - v) * (log(p) - log(r)) for p, v, r in zip(pi, y, rho, strict=True)))
    return [
        *(
            Claim(f"the force of answer {o + 1} over the third is a log-ratio",
                  marginal[o] - marginal[2], "==",
                  log(weights[o] * given[2] / (weights[2] * given[o])))
            for o in (0, 1)
        ),
        Claim("the work along the way to a lottery y is the policy's share in the slack of y",
              work, "==", slack),
        Claim("the work of the force in divergences", pull, "==",
              divergence(pi, rho) - divergence(y, rho) + divergence(y, pi),
              Domain.of(*pi, *y, *rho)),
    ]  # fmt: skip


def clones() -> list[Claim]:
    """At a weight, in the limit where it is unique, and where it is not."""
    policy = (HALF, QUARTER, QUARTER)
    values = beaten(ALIKE, policy)
    raw = [p * exp(-v) for p, v in zip(policy, values, strict=True)]
    chosen = (FIRST, 1 - FIRST)
    away = divergence(chosen, (HALF, QUARTER))
    margins = [[0, INSIDE, OUTSIDE], [-INSIDE, 0, OUTSIDE], [-OUTSIDE, -OUTSIDE, 0]]
    one, two, out = beaten(margins, (P1, P2, P3))
    inner = Domain.of((FIRST, S.Zero, S.One))
    best = Rational(2, 3)
    return [
        Claim("at weight 1 the clones have less than their reference", (raw[1] + raw[2]) / raw[0],
              ">", (policy[1] + policy[2]) / policy[0]),
        Claim("outside, the mass of the clones alone counts", out, "==", -OUTSIDE * (P1 + P2)),
        Claim("margins between clones cancel", P1 * one + P2 * two, "==",
              (P1 + P2) * OUTSIDE * P3),
        Claim("(t, 1 - t, 0) is a maximal lottery: the worse clone is beaten",
              beaten(ALIKE, (FIRST, 1 - FIRST, S.Zero))[2], "<", S.Zero, inner),
        Claim("the divergence is stationary at t = 2/3", diff(away, FIRST).subs(FIRST, best), "==",
              S.Zero),
        Claim("the divergence is strictly convex", diff(away, FIRST, 2), ">", S.Zero, inner),
        Claim("control: with clones the first answer keeps one half", best, "==", HALF,
              expected="REFUTED"),
    ]  # fmt: skip


def result() -> Result:
    return Result(
        "The direct KL selects the maximal lottery of least divergence",
        "new",
        r"Clones therefore change masses outside at a weight, and even in the limit: let a first "
        r"answer tie with two clones of which one beats the other. Maximal lotteries are "
        r"$(t,1-t,0)$, and the reference $(\frac12,\frac14,\frac14)$ selects $t=\frac23$, where "
        r"one answer in place of the clones leaves $t=\frac12$. Only where the maximal lottery is "
        r"unique do clones share the mass of one answer as $\beta\to0$: outside, their common mass "
        r"alone counts, and margins between them cancel.",
        intuition="While the penalty fades, the policy never goes further from the reference than "
        "the nearest lottery that nobody beats, so it ends there. A clone that is given "
        "up leaves its part of the reference to whoever remains.",
        argument=r"For a maximal lottery $y$, $P_y\le0$. By the condition "
        r"$\beta\sum(\pi-y)\log(\pi/\pi_{\mathrm{ref}})=\sum(\pi-y)P_\pi=\sum\pi P_y\le0$, and the "
        r"left side is $\beta$ times $\mathrm{KL}(\pi\|\pi_{\mathrm{ref}})-"
        r"\mathrm{KL}(y\|\pi_{\mathrm{ref}})+\mathrm{KL}(y\|\pi)$. So "
        r"$\mathrm{KL}(\pi\|\pi_{\mathrm{ref}})\le\mathrm{KL}(y\|\pi_{\mathrm{ref}})$ at every "
        r"weight; limits are maximal, and the one of least divergence is unique.",
        headlines=(
            Headline(
                r"$\beta[\mathrm{KL}(\pi\|\pi_{\mathrm{ref}})-\mathrm{KL}(y\|\pi_{\mathrm{ref}})+"
                r"\mathrm{KL}(y\|\pi)]=\sum_o\pi(o)P_y(o)$ for every lottery $y$",
                ("the force of answer ? over the third is a log-ratio",
                 "the work along the way *", "the work of the force in divergences"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=DIRECT_KL,
                hypotheses=("one rater scores each group",),
            ),
            Headline(
                "two clones do not have the mass of one answer, neither at weight 1 nor as "
                r"$\beta\to0$",
                ("at weight 1 *", "(t, 1 - t, 0) is a maximal lottery: *",
                 "the divergence is *"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=DIRECT_KL,
                hypotheses=("equal margins to the first answer",),
            ),
        ),
        setting="three answers with any margins, groups of two, direct KL",
        formulas=(equation(Symbol("slack"), beaten(MARGINS, logit_weights(3, "y"))[0]),),
        claims=(*selection(), *clones()),
        domain=Domain.of(BETA),
    )  # fmt: skip
