"""From Borda to maximal lotteries: pairs follow the central path of a linear program."""

from sympy import Add, S, Symbol

from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import beaten
from grpo_symbolic import GRPO, Claim, Domain, Question, stationarity_condition, symbols

BETA = symbols.beta
A, B, C = (Symbol(name, real=True) for name in ("g_12", "g_13", "g_23"))
MARGINS = [[0, A, B], [-A, 0, C], [-B, -C, 0]]
INVERSE = Symbol("b", positive=True)


def result() -> Result:
    ranges = Domain.of(*((g, -S.One, S.One) for g in (A, B, C)))
    question = Question(preferences=MARGINS, domain=ranges)
    condition = stationarity_condition(GRPO(2), question)
    policy, other = normalised(logit_weights(3, "x")), normalised(logit_weights(3, "y"))
    reference = normalised(logit_weights(3, "r"))
    slack = [BETA - v for v in beaten(MARGINS, policy)]
    dual = [-v for v in beaten(MARGINS, other)]
    place = dict(zip(question.policy[:2], policy, strict=False))
    place |= dict(zip(question.reference[:2], reference, strict=False))
    sides = [
        (p - BETA * d).xreplace(place)
        for p, d in zip(condition.preference, condition.marginal, strict=True)
    ]
    gaps = zip(policy, other, slack, dual, strict=True)
    # With b = 1/β the condition is π (1 − b P) = π_ref; its derivative at b = 0 is π' = π_ref P.
    first = [r * v for r, v in zip(reference, beaten(MARGINS, reference), strict=True)]
    moved = [r + INVERSE * f for r, f in zip(reference, first, strict=True)]
    rest = [
        (m * (1 - INVERSE * v) - r).diff(INVERSE).subs(INVERSE, 0)
        for m, v, r in zip(moved, beaten(MARGINS, moved), reference, strict=True)
    ]
    return Result(
        "From Borda to maximal lotteries",
        "new; maximal lotteries: Kreweras (1965), Fishburn (1984)",
        "This is the central path, weighted by the reference, of the linear program of maximal "
        r"lotteries, which is its own dual. For $\beta\to\infty$ the lift is "
        r"$1+\beta^{-1}\sum_x\gamma(o,x)\pi_{\mathrm{ref}}(x)$: Borda scores. "
        r"With $\pi(k)=x_k/(x_1+x_2+x_3)$ and the margins $g_{ij}$ the first slack is",
        intuition="Without a penalty the policy would have to be a lottery that no answer beats. "
        "The reverse divergence keeps it inside, where the gap of every answer times "
        "its probability is one small number, and this is the path along which "
        "interior-point methods go.",
        argument=r"A maximal lottery $y$ has $s_y\ge0$, and $\sum y\,s_y=0$. Divided by $\beta$, "
        r"(1) is $\sum_B\pi_{\mathrm{ref}}\,y/\pi+\sum_N\pi_{\mathrm{ref}}\,s_y/s=1$, where $B$ "
        r"are the answers that some maximal lottery has and $N$ the others: as $\beta\to0$ this "
        "selects the weighted analytic centre.",
        headlines=(
            Headline(
                r"$\pi s=\beta\pi_{\mathrm{ref}}$ with $s=\beta-\Gamma\pi$, and "
                r"$\sum(\pi-y)(s-s_y)=0$ for every lottery $y$ and $s_y=-\Gamma y$",
                ("the condition of answer ? in slacks", "the path and a maximal lottery"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
            ),
            Headline(
                r"$\beta(\pi/\pi_{\mathrm{ref}}-1)\to\sum_x\gamma(o,x)\pi_{\mathrm{ref}}(x)$ as "
                r"$\beta\to\infty$",
                ("first order in 1/beta, answer ?",),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
            ),
        ),
        setting=r"three answers, any matrix $\Gamma$ of margins $\gamma(o,x)$, groups of two, the "
        "published penalty",
        formulas=(equation(Symbol("s_1"), slack[0]),),
        claims=(
            *(
                Claim(
                    f"the condition of answer {o + 1} in slacks",
                    policy[o] * sides[o],
                    "==",
                    BETA * reference[o] - policy[o] * slack[o],
                )
                for o in range(3)
            ),
            Claim(
                "the path and a maximal lottery",
                Add(*((p - y) * (s - t) for p, y, s, t in gaps)),
                "==",
                S.Zero,
            ),
            *(
                Claim(f"first order in 1/beta, answer {o + 1}", value, "==", S.Zero)
                for o, value in enumerate(rest)
            ),
            Claim(
                "control: every slack is positive at every policy",
                slack[0],
                ">",
                S.Zero,
                expected="REFUTED",
            ),
        ),
        domain=Domain.of(BETA),
    )
