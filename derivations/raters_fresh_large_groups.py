"""Large groups with a fresh rater for each answer: no two stationary policies at one weight."""

from sympy import Add, Rational, S, Symbol, diff, factor_terms, oo, sqrt

from derivations.headline import LARGE_GROUPS, REVERSE_KL, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.raters import per_answer
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question, ReverseKL, symbols

BETA = symbols.beta
NUMBERS = (1, 2, 3)
HALF = Rational(1, 2)
#: Mean rewards, and how far two raters are from them.
MEANS = tuple(Symbol(f"r_{o}", real=True) for o in NUMBERS)
SPREADS = tuple(Symbol(f"s_{o}", positive=True) for o in NUMBERS)
WEIGHTS = tuple(Symbol(f"w_{o}", positive=True) for o in NUMBERS)
#: u − r̄ for each answer, and how much all of them rise with u.
GAPS = tuple(Symbol(f"a_{o}", positive=True) for o in NUMBERS)
RISE = Symbol("v", positive=True)
HIGH = Symbol("u", real=True)


def preference(claims: list[Claim]) -> None:
    """P from the definition: the mean reward less that of the policy, over the deviation."""
    policy = [w / Add(*WEIGHTS) for w in WEIGHTS]
    rows = [tuple(m + sign * s for m, s in zip(MEANS, SPREADS, strict=True)) for sign in (1, -1)]
    question = Question(raters=Electorate([(1, row) for row in rows]), per="answer")
    place = dict(zip(question.policy[:2], policy, strict=False))
    derived = [v.xreplace(place) for v in GRPO(oo).preference(question)]
    drawn = per_answer([(HALF, row) for row in rows], policy, None)
    mean = Add(*(p * m for p, m in zip(policy, MEANS, strict=True)))
    square = Add(*(p * (m**2 + s**2) for p, m, s in zip(policy, MEANS, SPREADS, strict=True)))
    for o, (d, w) in enumerate(zip(derived, drawn, strict=True)):
        claims.append(Claim(f"P({o + 1}) as derived is that of all draws", d, "==", w))
        claims.append(
            Claim(f"P({o + 1}) = (mean reward - that of the policy)/sigma", w, "==",
                  (MEANS[o] - mean) / sqrt(square - mean**2))
        )  # fmt: skip


def result() -> Result:
    claims: list[Claim] = []
    preference(claims)
    given = [w / Add(*WEIGHTS) for w in WEIGHTS]
    tau = 1 / Add(*(r / a for r, a in zip(given, GAPS, strict=True)))
    policy = [r * tau / a for r, a in zip(given, GAPS, strict=True)]
    noise = [s**2 for s in SPREADS]
    # The gaps say how far below u the mean rewards are; beta sigma = tau makes P/beta a quotient.
    rewards = [HIGH - a for a in GAPS]
    mean = Add(*(p * m for p, m in zip(policy, rewards, strict=True)))
    for o, (p, r, m) in enumerate(zip(policy, given, rewards, strict=True)):
        claims.append(
            Claim(f"the condition of answer {o + 1} at beta = tau/sigma", (m - mean) / tau, "==",
                  ReverseKL().marginal(r / p))
        )  # fmt: skip
    variance = Add(
        *(p * (a**2 + v) for p, a, v in zip(policy, GAPS, noise, strict=True)),
        -(Add(*(p * a for p, a in zip(policy, GAPS, strict=True))) ** 2),
    )
    means = Add(*(r * a for r, a in zip(given, GAPS, strict=True))) / tau - 1
    noisy = Add(*(r * v / a for r, v, a in zip(given, noise, GAPS, strict=True))) / tau
    spread = Add(*(r * (a + v / a) for r, v, a in zip(given, noise, GAPS, strict=True)))
    whole = factor_terms(1 / tau) * factor_terms(spread)
    # As u rises by v, so do the gaps.
    moved = [a + RISE for a in GAPS]
    rise = dict(zip(GAPS, moved, strict=True))
    pairs = [
        given[i] * given[j] * (moved[i] - moved[j]) ** 2 * (moved[i] + moved[j])
        / (moved[i] * moved[j]) ** 2
        for i in range(3)
        for j in range(i)
    ]  # fmt: skip
    ranges = Domain.of(*GAPS, *WEIGHTS, *SPREADS, RISE)
    falling = diff(noisy.xreplace(rise), RISE)
    claims += [
        Claim("the masses sum to 1", Add(*policy), "==", S.One),
        Claim("1/beta^2 in the gaps: a part of the means and one of the noise", variance / tau**2,
              "==", means + noisy),
        Claim("1 + 1/beta^2 as one product", 1 + variance / tau**2, "==", whole),
        Claim("the slope of the part of the means is a sum over pairs",
              diff(means.xreplace(rise), RISE), "==", -Add(*pairs)),
        *(
            Claim(f"a pair adds to the slope, number {k + 1}", pair, ">=", S.Zero, ranges)
            for k, pair in enumerate(pairs)
        ),
        Claim("the part of the noise falls", falling, "<", S.Zero, ranges),
        Claim("control: the part of the noise rises", falling, ">", S.Zero, ranges,
              expected="REFUTED"),
    ]  # fmt: skip
    return Result(
        "Fresh raters and large groups: one policy at each weight",
        "new",
        r"So the weight rises with $u$, and no two policies are stationary at one weight, however "
        r"much raters disagree; a path from the reference never turns back. (With one rater for "
        r"each group it can.) With $a_o=u-\bar r(o)$,",
        intuition="Fresh raters make the rewards of an answer noisy, and a large group divides by "
        "the deviation of all of them. In units of that deviation the policy only "
        "depends on how strict the penalty is, and the deviation never grows faster "
        "than it gets weaker.",
        argument=r"With the deviation $\sigma$ of all rewards under the policy, $P(o)=(\bar "
        r"r(o)-\sum\pi\bar r)/\sigma$. With $\tau=\beta\sigma$ the condition is "
        r"$\pi(o)=\pi_{\mathrm{ref}}(o)\tau/a_o$, where the total mass gives $\tau$ for each $u$ "
        r"above the largest mean reward. Then $\sigma^2/\tau^2=1/\beta^2$ is a sum of two parts, "
        "one of the means and one of the noise, which both fall as $u$, and all $a_o$ with it, "
        "rises by $v$.",
        headlines=(
            Headline(
                r"$1/\beta^2$ falls strictly along all stationary policies, of which there is one "
                r"for each number $u$ above the mean rewards: no two have the same weight",
                (
                    "P(?) as derived *",
                    "P(?) = *",
                    "the condition of answer ? *",
                    "the masses sum to 1",
                    "1/beta^2 in the gaps*",
                    "1 + 1/beta^2 as one product",
                    "the slope of the part of the means *",
                    "a pair adds to the slope*",
                    "the part of the noise falls",
                ),
                groups=LARGE_GROUPS,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=Domain.of(*GAPS, *WEIGHTS, *SPREADS),
                hypotheses=("a fresh rater for each answer", "two raters of equal mass"),
            ),
        ),
        setting=r"three answers with $\pi_{\mathrm{ref}}(o)\propto w_o$, large groups, a fresh "
        "rater for each answer, one of two raters of equal mass, who reward the answer $o$ with "
        r"$\bar r(o)+s_o$ and $\bar r(o)-s_o$",
        formulas=(equation(1 + BETA**-2, whole),),
        claims=tuple(claims),
        domain=ranges,
    )
