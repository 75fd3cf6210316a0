"""The implicit objective: what the policy-gradient flow of GRPO climbs."""

from collections.abc import Sequence

from sympy import Add, Expr, Integer, S, Symbol, asin, binomial, oo, sqrt

from derivations.all_groups import drift as all_groups
from derivations.all_groups import gradient, in_weights
from derivations.headline import (
    BINARY,
    DIRECT_KL,
    LARGE_GROUPS,
    REVERSE_KL,
    TWO,
    Headline,
    Numbers,
    binary_headline,
)
from derivations.result import Result, compared, equation, telling
from derivations.second_route.groups import (
    certain,
    group_preferences,
    large_group_preferences,
)
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import (
    GRPO,
    RLHF,
    BinaryQuestion,
    Claim,
    DirectKL,
    Question,
    ShiftOnly,
    stationary_policy,
    symbols,
)
from grpo_symbolic.analysis.potential import Potential, potential

P, G, GAP, LOW = symbols.pi, symbols.G, symbols.gap, symbols.base_reward
SIZES = (2, 3, 4, 5)


def flow(policy: Sequence[Expr], field: Sequence[Expr]) -> tuple[tuple[Expr, ...], Expr]:
    """dπ/dt under gradient ascent on softmax logits, and the squared speed of the logits."""
    mean = Add(*(w * c for w, c in zip(policy, field, strict=True)))
    logits = [w * (c - mean) for w, c in zip(policy, field, strict=True)]
    drag = Add(*(w * v for w, v in zip(policy, logits, strict=True)))
    velocity = tuple(w * (v - drag) for w, v in zip(policy, logits, strict=True))
    return velocity, Add(*(v**2 for v in logits))


def climbs(count: int) -> Claim:
    """dΦ/dt along the flow is a sum of squares, whatever the gradient."""
    policy = Question.symbolic(count).policy
    field = [Symbol(f"C_{o}", real=True) for o in range(1, count + 1)]
    velocity, squares = flow(policy, field)
    # The objective depends on the free masses, with slopes C_i - C_n.
    rate = Add(*((c - field[-1]) * v for c, v in zip(field[:-1], velocity[:-1], strict=True)))
    return Claim(
        f"{count} answers: d(Phi - beta D)/dt is the squared speed of the logits",
        rate,
        "==",
        squares,
    )


def by_tails(size: int) -> Expr:
    """Phi_G by the chance that at least k of the others are better; at 1 each chance is 1."""
    others = size - 1
    at = [binomial(others, j) * P**j * (1 - P) ** (others - j) for j in range(size)]
    return Add(*(Add(*at[k:]) / sqrt(Integer(k * (size - k))) for k in range(1, size)))


def slopes(reverse: Expr, noisy: Expr) -> list[Claim]:
    """Each part of an objective against the sampled gradient or the preferences written out."""
    beta, high, low = symbols.beta, *symbols.success
    laws = [((LOW + GAP, rate), (LOW, 1 - rate)) for rate in (high, low)]
    first, second = large_group_preferences(laws, (P, 1 - P))
    direct = potential(GRPO(oo, DirectKL()), BinaryQuestion())
    three = potential(GRPO(4), Question(rewards=(1, 1, 0)))
    policy = three.condition.policy
    four = group_preferences(certain(S.One, S.One, S.Zero), policy, 4)
    unit = P * (1 - P)
    return [
        Claim("success rates: its slope is the difference of preferences, from all moments",
              first - second, "==", noisy.diff(P)),
        Claim("every G: the divergence pulls as the sampled penalty does",
              binary_gradient((S.Zero, S.Zero), P, symbols.pi_ref, beta), "==",
              -beta * unit * reverse.diff(P)),
        Claim("direct KL, G = oo: the sampled gradient is pi(a) pi(b) times the slope",
              gradient(oo, "k1", "loss-with-ratio"), "==", unit * direct.expression.diff(P)),
        *(
            Claim(f"three answers of two levels, G = 4: slope in {policy[o]}, all groups",
                  four[o] - four[2], "==", three.drift.diff(policy[o]), three.domain)
            for o in (0, 1)
        ),
    ]  # fmt: skip


def result() -> Result:
    question = BinaryQuestion()
    square = P**2 / 2 - P**3 / 3
    published = {
        2: P,
        3: sqrt(2) * P,
        4: sqrt(3) * P - (2 * sqrt(3) - 3) * square,
        5: 2 * P - (6 - 2 * sqrt(6)) * square,
        oo: 2 * asin(sqrt(P)),
    }
    found = {size: potential(GRPO(size), question) for size in (*SIZES, 8, oo, G)}
    assert all(isinstance(value, Potential) for value in found.values())
    claims, formulas = [], []
    for size, expected in published.items():
        value, name = found[size].drift, "oo" if size == oo else str(size)
        claims += compared(f"Phi_{name}, as derived", value, expected)
        claims.append(
            Claim(f"Phi_{name}: its slope is the drift of all groups", all_groups(size), "==",
                  in_weights(expected.diff(P)))
        )  # fmt: skip
        if size in (3, 5):  # the others stand with the potential of two reward levels
            formulas.append(equation(Symbol(f"Phi_{name}"), value))
    formulas.append(equation(Symbol("Phi_G"), found[G].drift))
    for size in (*SIZES[1:], 8):  # of pairs both sides are p
        claims.append(
            Claim(f"Phi_G = sum of Pr(K >= k)/sqrt(k(G-k)), K ~ Bin(G-1, p), G = {size}",
                  found[size].drift, "==", by_tails(size))
        )  # fmt: skip
    for name, value in (
        ("every G", found[G]),
        ("direct KL, G = oo", potential(GRPO(oo, DirectKL()), question)),
        ("success rates, G = oo", potential(GRPO(oo), BinaryQuestion(success=symbols.success))),
        ("three answers of two levels, G = 4", potential(GRPO(4), Question(rewards=(1, 1, 0)))),
    ):
        claims += [
            Claim(f"{name}: {c.name}", c.left, c.relation, c.right, c.domain)
            for c in telling(value.claims)
        ]
    high, low = symbols.success
    noisy = potential(GRPO(oo), BinaryQuestion(success=symbols.success)).drift
    claims += [
        *compared("success rates: 2 arcsin of the root of the mixture, as derived", noisy,
                  2 * asin(sqrt((low + (high - low) * P).expand()))),
        Claim("RLHF: the expected reward less r(b)", P * (LOW + GAP) + (1 - P) * LOW - LOW, "==",
              potential(RLHF(), question).drift),
        *slopes(found[G].penalty, noisy),
        Claim("unscaled: 1 - 1/G of the expected reward",
              potential(GRPO(G, advantage=ShiftOnly()), question).drift, "==",
              (1 - 1 / G) * GAP * P),
        climbs(2),
        climbs(3),
    ]  # fmt: skip
    for size in (2, 3):
        objective = found[size].expression
        root = stationary_policy(GRPO(size), question).expression
        claims += [
            Claim(f"G = {size}: the objective is strictly concave", objective.diff(P, 2), "<",
                  S.Zero),
            Claim(f"G = {size}: the stationary policy is its critical point",
                  objective.diff(P).subs(P, root), "==", S.Zero),
        ]  # fmt: skip
    claims += [
        Claim("control: for large groups the objective is concave",
              found[oo].expression.diff(P, 2), "<", S.Zero, expected="REFUTED"),
        Claim("control: groups of four climb an expected reward", found[4].drift.diff(P, 2), "==",
              S.Zero, expected="REFUTED"),
    ]  # fmt: skip
    return Result(
        "The implicit objective of GRPO on two reward levels",
        "new for finite groups; the limit is in arXiv 2510.13651",
        "Here $m$ is the probability of the higher reward, $D_G$ the drift and $D$ the "
        r"divergence that the penalty acts as. $\Phi_\infty=2\arcsin\sqrt m$ grows by the number "
        r"$\pi$. Unscaled advantages climb the expected reward itself. For large groups the "
        "objective is not concave.",
        intuition="The drift is the derivative of a function of the mean success, so that GRPO "
        "climbs this function. It is another function of the success than the success "
        "itself.",
        argument="Along the flow the rate of change of a function of the policy is the squared "
        r"speed of the logits where its gradient drives them. $\Phi_G$ is a sum over the "
        "group of incomplete beta functions, a polynomial for each $G$.",
        headlines=(
            Headline(
                r"$\Phi_G$ has the drift as its slope",
                ("Phi_{G}: its slope is the drift of all groups",),
                groups=Numbers.of(*SIZES, oo),
                answers=TWO,
                levels=TWO,
            ),
            Headline(
                r"$\Phi_G-\beta D$ has the drift less the sampled penalty's force as its slope",
                ("every G: the divergence pulls as the sampled penalty does",),
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
            ),
            Headline(
                r"the same holds with direct KL",
                ("direct KL, G = oo: *",),
                groups=LARGE_GROUPS,
                answers=TWO,
                levels=TWO,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
            Headline(
                r"along the gradient flow on softmax logits a function of the policy grows by "
                r"the squared speed",
                ("{n} answers: d(Phi - beta D)/dt is *",),
                answers=Numbers.of(2, 3),
            ),
            Headline(
                r"$\Phi_G$ grows by $\sum_k1/\sqrt{k(G-k)}$ from 0 to 1",
                ("Phi_G = sum of Pr(K >= k)/sqrt(k(G-k)), *, G = {G}",),
                groups=Numbers.of(3, 4, 5, 8),
                levels=TWO,
            ),
            binary_headline(
                "the objective is strictly concave, with the stationary policy as its critical "
                "point",
                (
                    "G = {G}: the objective is strictly concave",
                    "G = {G}: the stationary policy is *",
                ),
                groups=Numbers.of(2, 3),
                parameters=BINARY,
            ),
        ),
        setting=r"two reward levels: a binary question and the published penalty at every $G$; "
        r"direct KL, "
        r"success rates and three answers at single sizes",
        formulas=tuple(formulas),
        claims=tuple(claims),
    )
