"""Groups of two, many answers: (14) acts on the cumulative reference mass."""

from functools import cache
from itertools import accumulate

from sympy import Add, Expr, Function, S, Symbol

from derivations.eq14_binary_pairs import gradient
from derivations.headline import ANY_NUMBER, REVERSE_KL, TWO, Headline
from derivations.lemmas import TELESCOPING
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.policies import logit_weights, normalised
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    Question,
    StationaryPolicy,
    stationarity_condition,
    stationary_policy,
    symbols,
)
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Range

BETA = symbols.beta
#: F_{k-1}, F_k: the mass of the policy before and up to the answer of rank k; R for pi_ref.
F_BEFORE, F_UP = Symbol("F_before", positive=True), Symbol("F_k", positive=True)
R_BEFORE, R_UP = Symbol("R_before", positive=True), Symbol("R_k", positive=True)
MASSES = Domain.of(
    BETA,
    (F_BEFORE, S.Zero, S.One),
    (F_UP, F_BEFORE, S.One),
    (R_BEFORE, S.Zero, S.One),
    (R_UP, R_BEFORE, S.One),
)
SIZES = (2, 3, 4)


@cache
def binary() -> StationaryPolicy:
    """The stationary policy of the binary question."""
    return stationary_policy(GRPO(2), BinaryQuestion())


def distortion(mass: Expr) -> Expr:
    """phi: its closed form, read as a function of the reference mass."""
    return binary().expression.subs(symbols.pi_ref, mass)


def preference_of_rank() -> Expr:
    """P_2 of an answer with the mass F_before ahead of it and 1 - F_k behind it."""
    question = Question.symbolic(3)
    ahead, own, _ = question.policy
    return GRPO(2).preference(question)[1].subs({ahead: F_BEFORE, own: F_UP - F_BEFORE})


def in_ranks(count: int, rank: int, value: Expr, name: str) -> Claim:
    """P_2 from all pairs, for weights of the answers, against a value in cumulative masses."""
    policy = normalised(logit_weights(count))
    wins = [[S.Half * (1 + (o < q) - (o > q)) for q in range(count)] for o in range(count)]
    masses = [S.Zero, *accumulate(policy)]
    at = {F_BEFORE: masses[rank], F_UP: masses[rank + 1]}
    return Claim(name, pair_preferences(wins, policy)[rank], "==", value.xreplace(at))


def derivation() -> Derivation:
    """From the condition of one answer to one equation in the cumulative masses."""
    own, reference = F_UP - F_BEFORE, R_UP - R_BEFORE
    marginal = GRPO(2).penalty.marginal
    chance = preference_of_rank()
    drift, pull = (
        Symbol("pi_o", positive=True) * Symbol("P_o", real=True),
        BETA * (Symbol("pi_o", positive=True) - Symbol("pi_ref_o", positive=True)),
    )
    line = equation(own * chance, BETA * (own - reference))
    lines = Derivation("From one answer to cumulative masses", MASSES)
    lines = lines.then(
        equation(drift, pull),
        r"the condition times $\pi(o)$, with $\lambda=\mathrm{E}_\pi P_2=0$",
        Claim(
            "pi(o) d(o) = pi(o) - pi_ref(o)",
            own * marginal(reference / own),
            "==",
            own - reference,
            MASSES,
        ),
    )
    lines = lines.then(
        line,
        r"the answer of rank $k$ loses to the mass $F_{k-1}$ and beats the mass $1-F_k$",
        in_ranks(3, 1, chance, "P_2 of an answer of rank 2 out of 3"),
    )
    telescoped = equation(
        F_UP * (1 - F_UP) - F_BEFORE * (1 - F_BEFORE),
        BETA * (F_UP - R_UP) - BETA * (F_BEFORE - R_BEFORE),
    )
    lines = lines.rewritten(telescoped, "both sides are differences of one function of $k$")
    return lines.then(
        equation(BETA * (F_UP - R_UP), F_UP * (1 - F_UP)),
        r"sum over the ranks $1,\dots,k$; $F_0=R_0=0$",
    )


def _solution() -> tuple[Question, dict[Expr, Expr], Domain]:
    """Three answers: the policy with F_k = phi(R_k), in the reference probabilities."""
    question = Question.symbolic(3)
    masses = [*accumulate(question.reference)][:-1]
    steps = [distortion(mass) for mass in masses]
    policy = (steps[0], steps[1] - steps[0])
    return question, dict(zip(question.policy, policy, strict=False)), question.domain


def result() -> Result:
    claims = []
    for size in SIZES:
        question = Question.symbolic(size)
        condition = stationarity_condition(GRPO(2), question)
        inside = Domain((*question.domain.ranges, *question.policy_domain.ranges))
        masses, given = (
            [S.Zero, *accumulate(law)] for law in (question.policy, question.reference)
        )
        for o, value in enumerate(condition.preference):
            name, cumulative = f"P_2({o + 1}) = 1 - F_{o + 1} - F_{o}", 1 - F_UP - F_BEFORE
            expected = 1 - masses[o + 1] - masses[o]
            claims += compared(f"{name}, n = {size}, as derived", value, expected)
            claims.append(in_ranks(size, o, cumulative, f"{name}, n = {size}"))
        if size > 3:
            continue  # the sums telescope for every n: two and three answers show them written out
        claims.append(
            Claim(f"the multiplier is zero, n = {size}", condition.multiplier, "==", S.Zero,
                  inside)
        )  # fmt: skip
        fields = [w * e.lhs for w, e in zip(question.policy, condition.equations, strict=True)]
        claims += [
            Claim(
                f"the first {k} conditions sum to one in F_{k}, n = {size}",
                Add(*fields[:k]),
                "==",
                masses[k] * (1 - masses[k]) - BETA * (masses[k] - given[k]),
                inside,
            )
            for k in range(1, size + 1)
        ]
    mass = Symbol("R", positive=True)
    interior = Domain.of(BETA, (mass, S.Zero, S.One))
    phi = distortion(mass)
    renamed = {symbols.pi: F_UP, symbols.pi_ref: R_UP}
    weak, strong = Domain.of(Range(BETA, S.One, S.Infinity, True)), Domain.of((BETA, S.Zero, S.One))
    question, policy, known = _solution()
    conditions = stationarity_condition(GRPO(2), question).equations
    claims += [
        Claim(
            "it is the condition of the binary question with p = F_k, p0 = R_k",
            gradient(margin=S.One).subs(renamed),
            "==",
            F_UP * (1 - F_UP) - BETA * (F_UP - R_UP),
            MASSES,
        ),
        Claim("phi increases", phi.diff(mass), ">", S.Zero, interior),
        Claim("phi is concave", phi.diff(mass, 2), "<", S.Zero, interior),
        Claim("phi(1) = 1", distortion(S.One), "==", S.One),
        Claim("phi(0+) = 0 for beta >= 1", distortion(S.Zero), "==", S.Zero, weak),
        Claim("phi(0+) = 1 - beta for beta < 1", distortion(S.Zero), "==", 1 - BETA, strong),
    ]
    claims += [
        Claim(f"three answers: the condition of answer {o} holds", e.lhs.subs(policy), "==",
              S.Zero, known)
        for o, e in enumerate(conditions, 1)
    ]  # fmt: skip
    claims += [
        Claim(f"three answers: pi({o}) > 0", w.subs(policy), ">", S.Zero, known)
        for o, w in enumerate(question.policy, 1)
    ]
    high, low = symbols.reward(1), symbols.reward(2)
    tied = Question(rewards=(high, low, low))
    second, third = stationarity_condition(GRPO(2), tied).equations[1:]
    ratio = [r / w for w, r in zip(tied.policy, tied.reference, strict=True)]
    claims.append(
        Claim(
            "tied answers: their conditions differ by beta times their ratios pi_ref/pi",
            second.lhs - third.lhs,
            "==",
            BETA * (ratio[1] - ratio[2]),
            Domain((*tied.domain.ranges, *tied.policy_domain.ranges)),
        )
    )
    shown = Function("phi")
    before, up = (shown(symbol) for symbol in (R_BEFORE, R_UP))
    square = gradient(margin=S.One).subs({**renamed, BETA: S.One})
    claims.append(
        Claim(
            "at beta = 1 the gradient is R - F^2: phi(1/4) = 1/2",
            square,
            "==",
            R_UP - F_UP**2,
            MASSES,
        )
    )
    return Result(
        "Groups of two, many answers: rank distortion",
        f"new; {VY}, (12) and (14)",
        r"Here $r(1)>\dots>r(n)$, $R_k=\sum_{o\le k}\pi_{\mathrm{ref}}(o)$ and $R_0=0$. The "
        "policy depends on the order of the rewards alone, the best answer is treated as in the "
        r"binary question against all others together, and $\pi(k)/\pi_{\mathrm{ref}}(k)$ falls "
        "with the rank. Answers of one reward share the mass of their class in proportion to "
        r"$\pi_{\mathrm{ref}}$.",
        intuition="In a duel only the order of rewards matters, and the sum over all answers "
        "above some rank is a duel of two. The policy is therefore one function of the "
        "reference mass above each rank.",
        argument=r"With the cumulative masses $F_k=\sum_{o\le k}\pi(o)$, $P_2(k)=1-F_k-F_{k-1}$, "
        r"so $\pi(k)P_2(k)$ is a difference and the stationarity conditions telescope: "
        "each $F_k$ solves the binary equation with reference mass $R_k$. For $k<n$ "
        r"that equation has one root in $(0,1)$, (14); so $F_k=\phi(R_k)$, and the "
        r"policy is positive because $\phi$ increases. $\phi$ is concave, so that the "
        "ratios fall with the rank.",
        headlines=(
            Headline(
                r"$\pi(k)=\phi(R_k)-\phi(R_{k-1})$, $\phi$ from (14), is the only stationary "
                r"policy",
                (
                    "P_2(?) = 1 - F_* - F_*",
                    "phi increases",
                    "phi is concave",
                    "phi(1) = 1",
                    "it is the condition of the binary question*",
                ),
                groups=TWO,
                answers=ANY_NUMBER,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
                hypotheses=("deterministic rewards, all different",),
                by=(TELESCOPING(term="the first ? conditions sum to one *"),),
                uses=("eq14_binary_pairs",),
            ),
        ),
        setting=r"any number of answers with deterministic rewards, groups of two, the published "
        r"penalty",
        figure="rank",
        formulas=(
            equation(Symbol("phi_R"), phi),
            equation(Symbol("pi_o", positive=True), up - before),
        ),
        claims=tuple(claims),
        derivation=derivation(),
        domain=MASSES,
    )
