"""(11) for groups of two: pi = pi_ref / (1 - (P(o > pi) - P(pi > o))/beta)."""

from sympy import Add

from derivations.eq11_stationary import fixed_point
from derivations.headline import REVERSE_KL, TWO, WITH_MARGIN, Headline
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationary_policy, symbols
from grpo_symbolic.model.preference import expected_preference


def result() -> Result:
    question = BinaryQuestion(margin=symbols.gamma)
    p, p0, beta, gamma = symbols.pi, symbols.pi_ref, symbols.beta, symbols.gamma
    preferences = GRPO(2).preference(question)
    mean = expected_preference(preferences, question.policy)
    a, b = (fixed_point(x, mean, r) for x, r in zip(preferences, question.reference, strict=True))
    solution = stationary_policy(GRPO(2), question).expression
    margin_against_policy = Add(
        *(
            w * (question.preference(0, j) - question.preference(j, 0))
            for j, w in enumerate(question.policy)
        )
    )
    return Result(
        "Fixed point for groups of two",
        f"{VY}, (12)",
        r"For $G=2$ and a binary question $P_2$ has mean zero, so (11) reads "
        r"$\pi(o)=\pi_{\mathrm{ref}}(o)\big/"
        r"\bigl(1-(P(o\succ\pi)-P(\pi\succ o))/\beta\bigr)$. With the margin $\gamma$:",
        headlines=(
            Headline(
                r"(11) reads $\pi(o)=\pi_{\mathrm{ref}}(o)/(1-(P(o\succ\pi)-P(\pi\succ o))/\beta)$",
                (
                    "(12) for the answer a*",
                    "(12) for the answer b*",
                    "the closed form is a fixed point, *",
                ),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, the published "
        r"penalty",
        kind="Corollary",
        formulas=(equation(p, a), equation(1 - p, b)),
        claims=(
            Claim(
                "(12) for the answer a",
                a,
                "==",
                p0 / (1 - margin_against_policy / beta),
                where_defined=True,
            ),
            Claim("(12) for the answer b", b, "==", (1 - p0) / (1 + gamma * p / beta)),
            Claim("the closed form is a fixed point, a", a.subs(p, solution), "==", solution),
            Claim("the closed form is a fixed point, b", b.subs(p, solution), "==", 1 - solution),
        ),
    )
