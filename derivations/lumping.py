"""Answers of equal reward act as one answer that keeps its shape from the reference."""

from collections.abc import Sequence

from sympy import Expr, Integer, S, Symbol

from derivations.headline import ANY_NUMBER, EVERY_SIZE, TWO, Headline, Numbers
from derivations.lemmas import EXCHANGEABLE
from derivations.result import Result, equation, telling
from derivations.second_route.groups import certain, group_preferences
from derivations.second_route.policies import logit_weights, normalised
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    Question,
    ReverseKL,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.bernstein_mean import unfolded

BETA, P, P0, U = symbols.beta, symbols.pi, symbols.pi_ref, symbols.u
GROUPS = (2, 3, 4)
POLICY = normalised(logit_weights(4))
IN_WEIGHTS = dict(zip(map(symbols.policy, (1, 2, 3)), POLICY, strict=False))
PENALTIES = {"reverse KL": ReverseKL(), "direct KL": DirectKL()}
#: Shares of the first answer in the class of a correct and of a wrong answer.
RIGHT, WRONG = Symbol("c", positive=True), Symbol("e", positive=True)
RANGES = Domain.of(
    (P, S.Zero, S.One), (P0, S.Zero, S.One), (RIGHT, S.Zero, S.One), (WRONG, S.Zero, S.One), BETA
)


def split(mass: Expr) -> tuple[Expr, Expr, Expr]:
    """The first three of four probabilities: classes of mass p and 1 - p, shares c and e."""
    return mass * RIGHT, mass * (1 - RIGHT), (1 - mass) * WRONG


def written_out(size: int, values: Sequence[Expr]) -> list[Claim]:
    """All groups of four answers in two classes, against all groups of two answers."""
    laws = certain(S.One, S.One, S.Zero, S.Zero)
    four = group_preferences(laws, POLICY, size)
    mass = POLICY[0] + POLICY[1]
    two = group_preferences(certain(S.One, S.Zero), (mass, 1 - mass), size)
    claims = [
        Claim(f"P({o + 1}) is that of the lumped question, all groups, G = {size}", four[o], "==",
              two[o // 2])
        for o in (0, 2)
    ]  # fmt: skip
    claims += [
        Claim(f"P({o + 1}) as derived is that of all groups, G = {size}",
              values[o].xreplace(IN_WEIGHTS), "==", four[o])
        for o in range(4)
    ]  # fmt: skip
    return claims


def result() -> Result:
    question = Question(correct=2, answers=4)
    shares = dict(zip(question.policy[:3], split(P), strict=True))
    shares |= dict(zip(question.reference[:3], split(P0), strict=True))
    claims = []
    for name, penalty in PENALTIES.items():
        claims.append(
            Claim(f"{name}: d falls strictly in pi_ref/pi", penalty.marginal().diff(U), "<",
                  S.Zero)
        )  # fmt: skip
    for size in GROUPS:
        values = tuple(map(unfolded, GRPO(size).preference(question)))
        binary = tuple(map(unfolded, GRPO(size).preference(BinaryQuestion())))
        claims += telling(written_out(size, values))
        claims += [
            Claim(f"P({o + 1}) is that of the answer {kind}, G = {size}", values[o].subs(shares),
                  "==", binary[o // 2], RANGES)
            for o, kind in ((0, "a"), (2, "b"))
        ]  # fmt: skip
        for name, penalty in PENALTIES.items():
            algorithm = GRPO(size, penalty)
            four, two = (
                [
                    unfolded(e.lhs).subs(shares)
                    for e in stationarity_condition(algorithm, q).equations
                ]
                for q in (question, BinaryQuestion())
            )
            claims += [
                Claim(f"{name}: answer {o + 1} has the condition of {kind}, G = {size}", four[o],
                      "==", two[o // 2], RANGES)
                for o, kind in enumerate("aabb")
            ]  # fmt: skip
    ladder = Question(rewards=(2, 1, 1, 0))
    for size in GROUPS:
        values = [unfolded(v).xreplace(IN_WEIGHTS) for v in GRPO(size).preference(ladder)]
        tied = group_preferences(certain(*map(Integer, (2, 1, 1, 0))), POLICY, size)
        claims += [
            Claim(f"three levels: tied answers have one preference, P({o + 1}), G = {size}",
                  values[o], "==", tied[1])
            for o in (1, 2)
        ]  # fmt: skip
    return Result(
        "Lumping: tied answers keep their reference shares",
        "new",
        "So every result on the binary question holds for the probability of a correct answer, "
        "however many answers there are. For shares $c$ and $e$ of the classes,",
        intuition="Answers of equal reward have equal preferences, so the condition sees only "
        "their total. Within a class the shares of the reference are kept.",
        argument="Groups see rewards, so answers of one reward have one $P_G$. Their "
        r"stationarity conditions then ask for equal $d(\pi_{\mathrm{ref}}/\pi)$, and "
        r"$d$ is strictly monotone: within a class $\pi$ is proportional to "
        r"$\pi_{\mathrm{ref}}$. For two correct among four answers, $G=2,3,4$: with that "
        "shape the condition of every answer is that of the answer $a$ or $b$ of the "
        r"binary question with $p=\pi(1)+\pi(2)$ and "
        r"$p_0=\pi_{\mathrm{ref}}(1)+\pi_{\mathrm{ref}}(2)$.",
        headlines=(
            Headline(
                r"answers of one reward share the mass of their class in proportion to "
                r"$\pi_{\mathrm{ref}}$, and the "
                "masses of the classes satisfy the condition of one answer each",
                ("{penalty}: d falls strictly in pi_ref/pi",),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=tuple(PENALTIES),
                hypotheses=("deterministic rewards",),
                by=(
                    EXCHANGEABLE(
                        instances=(
                            "P(?) as derived is that of all groups, G = *",
                            "P(?) is that of *",
                        )
                    ),
                ),
            ),
            Headline(
                "two correct among four answers have the conditions of the binary question",
                ("{penalty}: answer ? has the condition of ?, G = {G}",),
                groups=Numbers.of(*GROUPS),
                answers=Numbers.of(4),
                levels=TWO,
                penalties=tuple(PENALTIES),
                parameters=Domain.of(BETA),
            ),
        ),
        setting=r"any question with tied answers, any group size, reverse or direct KL",
        formulas=tuple(equation(symbols.policy(o), value) for o, value in enumerate(split(P), 1)),
        claims=tuple(claims),
        domain=RANGES,
    )
