"""The implicit objective: what the policy-gradient flow of GRPO climbs."""

from collections.abc import Sequence

from sympy import Add, Expr, Integer, S, Symbol, asin, oo, pi, sqrt

from derivations.headline import (
    BINARY,
    EVERY_SIZE,
    LARGE_GROUPS,
    REVERSE_KL,
    TWO,
    Headline,
    Numbers,
)
from derivations.result import Result, equation
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

P, G, GAP = symbols.pi, symbols.G, symbols.gap
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
        claims.append(Claim(f"Phi_{name}", value, "==", expected))
        formulas.append(equation(Symbol(f"Phi_{name}"), value))
    formulas.append(equation(Symbol("Phi_G"), found[G].drift))
    for size in (*SIZES, 8):
        gain = Add(*(1 / sqrt(Integer(k * (size - k))) for k in range(1, size)))
        claims.append(
            Claim(f"Phi_G(1) = sum of 1/sqrt(k(G-k)), G = {size}",
                  found[size].drift.subs(P, 1).expand(), "==", gain.expand())
        )  # fmt: skip
    claims.append(Claim("Phi_oo(1) = pi", found[oo].drift.subs(P, 1), "==", pi))
    for name, value in (
        ("every G", found[G]),
        ("direct KL, G = oo", potential(GRPO(oo, DirectKL()), question)),
        ("success rates, G = oo", potential(GRPO(oo), BinaryQuestion(success=symbols.success))),
        ("three answers of two levels, G = 4", potential(GRPO(4), Question(rewards=(1, 1, 0)))),
    ):
        claims += [
            Claim(f"{name}: {c.name}", c.left, c.relation, c.right, c.domain) for c in value.claims
        ]
    high, low = symbols.success
    noisy = potential(GRPO(oo), BinaryQuestion(success=symbols.success)).drift
    claims += [
        Claim("success rates: 2 arcsin of the root of the mixture", noisy, "==",
              2 * asin(sqrt((low + (high - low) * P).expand()))),
        Claim("RLHF: the expected reward less r(b)", potential(RLHF(), question).drift, "==",
              GAP * P),
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
        r"With two reward levels the policy-gradient flow on softmax logits climbs "
        r"$\Phi_G(m)-\beta D$, $m$ the probability of the higher reward, $\Phi_G'=D_G$ the drift "
        r"and $D$ the divergence that the penalty acts as: along the flow its rate of change is "
        r"the squared speed of the logits. $\Phi_G$ is a sum over the group of incomplete beta "
        r"functions, a polynomial for each $G$, and grows by $\sum_k1/\sqrt{k(G-k)}$ from $m=0$ to "
        r"$m=1$; $\Phi_\infty=2\arcsin\sqrt m$ grows by $\pi$. Unscaled advantages climb the "
        r"expected reward itself. For $G=2,3$ and the published penalty the objective is strictly "
        r"concave in $\pi(a)$; for large groups it is not.",
        headlines=(
            Headline(
                r"$\Phi_G-\beta D$ with $\Phi_G'=D_G$ has the drift less the penalty's force as "
                r"its slope",
                ("every G: *",),
                groups=EVERY_SIZE,
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
            ),
            Headline(
                "so it has with direct KL, and with success rates under the published penalty",
                ("direct KL, G = oo: *", "success rates, G = oo: *"),
                groups=LARGE_GROUPS,
                answers=TWO,
                levels=TWO,
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
                ("Phi_G(1) = sum of 1/sqrt(k(G-k)), G = {G}",),
                groups=Numbers.of(*SIZES, 8),
                levels=TWO,
            ),
            Headline(
                "the objective is strictly concave, with the stationary policy as its critical "
                "point",
                (
                    "G = {G}: the objective is strictly concave",
                    "G = {G}: the stationary policy is *",
                ),
                groups=Numbers.of(2, 3),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
                hypotheses=("deterministic rewards",),
            ),
        ),
        setting=r"two reward levels: a binary question and the published penalty at every $G$; "
        r"direct KL, "
        r"success rates and three answers at single sizes",
        formulas=tuple(formulas),
        claims=tuple(claims),
    )
