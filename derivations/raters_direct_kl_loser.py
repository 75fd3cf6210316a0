"""Under the direct KL an answer that loses to every other one can gain."""

from sympy import Add, Integer, Rational, S, Symbol, exp

from derivations.headline import DIRECT_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import beaten
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Question, stationarity_condition, symbols

BETA, HALF = symbols.beta, Rational(1, 2)
SMALL = Rational(1, 20)
#: The third answer loses to both others, by little; the first beats the second for certain.
MARGINS = ((0, 1, SMALL), (-1, 0, SMALL), (-SMALL, -SMALL, 0))
POLICY = (Rational(4, 5), Rational(1, 10), Rational(1, 10))


def winner() -> list[Claim]:
    """Σ π e^(-P/β) is 1/Z, and at least Σ π (1 - P/β), which is 1."""
    a, b, c = (Symbol(f"g_{pair}", real=True) for pair in ("12", "13", "23"))
    policy, t = normalised(logit_weights(3)), Symbol("t", positive=True)
    values = beaten([[0, a, b], [-a, 0, c], [-b, -c, 0]], policy)
    linear = Add(*(p * (1 - v / BETA) for p, v in zip(policy, values, strict=True)))
    return [
        Claim("the tangent of the mean of e^(-P/beta) at 0", linear, "==", S.One),
        Claim("e^(-t) lies above its tangent", exp(-t), ">=", 1 - t, Domain.of(t)),
        Claim("e^t lies above its tangent", exp(t), ">=", 1 + t, Domain.of(t)),
    ]


def result() -> Result:
    question = Question(preferences=[[Integer(0) + v for v in row] for row in MARGINS])
    condition = stationarity_condition(GRPO(2, DirectKL()), question)
    values = beaten(MARGINS, POLICY)
    # The reference of which this policy is a tilt.
    raw = [p * exp(-v / HALF) for p, v in zip(POLICY, values, strict=True)]
    given = [w / Add(*raw) for w in raw]
    at = {
        BETA: HALF,
        **dict(zip(question.policy[:2], POLICY, strict=False)),
        **dict(zip(question.reference[:2], given, strict=False)),
    }
    sides = [
        (p - BETA * d).subs(at, simultaneous=True)
        for p, d in zip(condition.preference, condition.marginal, strict=True)
    ]
    return Result(
        "Under the direct KL a Condorcet loser can gain",
        "new",
        r"Under the published penalty an answer gains exactly when it beats the policy on average. "
        r"Under the direct KL $\pi\propto\pi_{\mathrm{ref}}e^{P/\beta}$, and the mean of "
        r"$e^{P/\beta}$ over the reference can fall below 1 by more than the loser's own factor: "
        r"here much of the reference is on the second answer, which loses by far. A winner always "
        r"gains: its lift is $e^{P/\beta}/Z$, and $Z\le1$.",
        intuition="The direct divergence shares out what others give up in proportion to the "
        "reference. Where much mass leaves an answer that loses by far, one that loses "
        "by little gets more back than it gives.",
        headlines=(
            Headline(
                r"$\pi=(\frac45,\frac1{10},\frac1{10})$ is stationary at $\beta=\frac12$ for the "
                r"reference $\propto\pi e^{-P/\beta}$, and has more of the third answer, which "
                r"every other one beats",
                (
                    "the condition of answer ? is that of the third",
                    "the third answer gains",
                    "it is beaten by answer ?",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=DIRECT_KL,
                hypotheses=("one rater for each group",),
            ),
            Headline(
                r"$1/Z=\sum\pi e^{-P/\beta}\ge1$: an answer that beats the policy on average "
                "gains, a Condorcet winner at every weight",
                ("the tangent of the mean of e^(-P/beta) at 0", "e^* lies above its tangent"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=DIRECT_KL,
                hypotheses=("one rater scores each group",),
            ),
        ),
        setting=r"three answers with the margins $\gamma(1,2)=1$ and $\gamma(1,3)=\gamma(2,3)="
        r"\frac1{20}$, one rater for each group of two, direct KL",
        argument=r"A policy with positive probabilities is stationary if and only if $P(o)-\beta"
        r"\log(\pi(o)/\pi_{\mathrm{ref}}(o))$ is one number, which is how the reference is found.",
        formulas=(equation(question.reference[0], given[0]),),
        claims=(
            *winner(),
            *(
                Claim(f"the condition of answer {o + 1} is that of the third", side, "==", sides[2])
                for o, side in enumerate(sides[:2])
            ),
            Claim("the third answer gains", POLICY[2], ">", given[2]),
            *(Claim(f"it is beaten by answer {o + 1}", MARGINS[2][o], "<", S.Zero) for o in (0, 1)),
            Claim("control: it beats the policy on average", values[2], ">", S.Zero,
                  expected="REFUTED"),
        ),
    )  # fmt: skip
