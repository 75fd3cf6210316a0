"""Noisy verifiers: the reverse KL condition for two success rates and for Gaussian rewards."""

from functools import cache

from sympy import Expr, S, Symbol, oo, sqrt

from derivations.headline import EVERY_SIZE, LARGE_GROUPS, REVERSE_KL, TWO, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import group_preferences
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    Gaussian,
    Question,
    stationarity_condition,
    stationary_policy,
    symbols,
)
from grpo_symbolic.bernstein_mean import unfolded

BETA, P, P0 = symbols.beta, symbols.pi, symbols.pi_ref
HIGH, LOW = symbols.success
GAP, NOISE_A = symbols.gap, Symbol("tau_a", positive=True)
NOISE_B = Symbol("tau_b", positive=True)
GROUPS = (2, 3, 4, 5, oo)
RATES = Domain.of(LOW, HIGH, BETA, P0, P)


def size_name(size) -> str:
    """The group size as a word."""
    return "infinity" if size == oo else str(size)


def drift(size) -> Expr:
    """D_G(p) = P_G(a) - P_G(b) of the binary question without noise."""
    return GRPO(size).preference(BinaryQuestion()).difference(0, 1)


def pull() -> Expr:
    """The published penalty's part of the condition: d(a) - d(b), times beta p (1 - p)."""
    first, second = stationarity_condition(GRPO(2), BinaryQuestion()).marginal
    return BETA * P * (1 - P) * (first - second)


@cache
def noise_free() -> Expr:
    """(15)."""
    return stationary_policy(GRPO(oo), BinaryQuestion()).expression


def all_groups(size: int) -> Claim:
    """P(a) - P(b) from every group of verdicts, passed or not."""
    low = symbols.base_reward
    laws = [((low + GAP, rate), (low, 1 - rate)) for rate in (HIGH, LOW)]
    first, second = group_preferences(laws, (P, 1 - P), size)
    return Claim(
        f"P(a) - P(b) = (s_a - s_b) D_G(m), all groups, G = {size}",
        first - second,
        "==",
        (HIGH - LOW) * drift(size).subs(P, LOW + (HIGH - LOW) * P),
        RATES,
    )


def gaussian() -> Question:
    """Two answers with normally distributed rewards, their means Delta apart."""
    base = symbols.base_reward
    return Question(reward_laws=[Gaussian(base + GAP, NOISE_A), Gaussian(base, NOISE_B)])


def every_size() -> Claim:
    """An answer's preference is the mean of its reward's value, which depends on m and G alone."""
    passed, failed = Symbol("V_1", real=True), Symbol("V_0", real=True)
    first, second = (rate * passed + (1 - rate) * failed for rate in (HIGH, LOW))
    return Claim(
        "every G: P(a) - P(b) is s_a - s_b times the difference of the values of a pass and a fail",
        first - second,
        "==",
        (HIGH - LOW) * (passed - failed),
        Domain.of(LOW, HIGH),
    )


def result() -> Result:
    noisy = BinaryQuestion(success=symbols.success)
    success = LOW + (HIGH - LOW) * P
    claims = [
        Claim("d(a) - d(b) pulls with beta(p - p0)", pull(), "==", BETA * (P - P0)),
    ]
    for size in GROUPS:
        name = size_name(size)
        model = GRPO(size).preference(noisy)
        first, second = model
        shifted = drift(size).subs(P, success)
        mean = model.two_level.mean(success.expand())
        if first.has(mean):  # kept by name: what it stands for is a claim of its own
            shifted = mean / (success * (1 - success))
            claims.append(
                Claim(f"h_G(p) = p (1 - p) D_G(p), G = {name}",
                      unfolded(model.two_level.mean(P)), "==", P * (1 - P) * drift(size), RATES)
            )  # fmt: skip
        claims += [
            *compared(f"P(a) - P(b) = (s_a - s_b) D_G(m), G = {name}", first - second,
                      (HIGH - LOW) * shifted, domain=RATES),
            Claim(f"mean zero, G = {name}", P * first + (1 - P) * second, "==", S.Zero, RATES),
        ]  # fmt: skip
    claims += [all_groups(size) for size in (2, 3)]
    at_large = (HIGH - LOW) * drift(oo).subs(P, success)
    closed = noise_free()
    pairs = stationary_policy(GRPO(2), BinaryQuestion(margin=symbols.gamma)).expression
    pairs = pairs.subs(symbols.gamma, HIGH - LOW)
    at_pairs = GRPO(2).preference(noisy).difference(0, 1)
    given = Domain.of(LOW, HIGH, BETA, P0)
    worse = Domain.of(LOW, HIGH, P)
    # One setting refutes: beta = 1, p0 = 1/2; b always fails, a in half of the cases; unit normals.
    setting = {BETA: S.One, P0: S.Half, LOW: S.Zero, HIGH: S.Half}
    setting |= {NOISE_A: S.One, NOISE_B: S.One, GAP: S.One}
    force = (BETA * (closed - P0)).subs(setting)

    def answered(found: Expr) -> Expr:
        """p(1 - p) times a drift, at (15) in this setting."""
        return (P * (1 - P) * found).subs(setting).subs(P, closed.subs(setting))

    claims += [
        Claim("G = 2: (14) with margin s_a - s_b solves the condition", BETA * (pairs - P0), "==",
              (P * (1 - P) * at_pairs).subs(P, pairs), given),
        Claim("G = infinity: (15) solves the condition without noise",
              BETA * (closed - P0), "==", closed * (1 - closed) * drift(oo).subs(P, closed)),
        Claim("the policy depends only on which expected reward is larger: (15) solves the "
              "noisy condition",
              force, "==", answered(at_large),
              expected="REFUTED"),
        Claim("the success mixture spreads at least as much as its means",
              success * (1 - success), ">=", (HIGH - LOW) ** 2 * P * (1 - P), worse),
        Claim("G = infinity: noise does not strengthen the drift (squared)",
              at_large**2, "<=", drift(oo) ** 2, worse),
    ]  # fmt: skip
    question = gaussian()
    first, second = (value.subs(symbols.policy(1), P) for value in GRPO(oo).preference(question))
    spread = P * (1 - P) * GAP**2 + P * NOISE_A**2 + (1 - P) * NOISE_B**2
    normal, low = Domain.of(GAP, NOISE_A, NOISE_B, P), symbols.base_reward
    mean = P * (low + GAP) + (1 - P) * low
    square = P * ((low + GAP) ** 2 + NOISE_A**2) + (1 - P) * (low**2 + NOISE_B**2)
    claims += [
        Claim("Gaussian rewards, G = infinity: drift", (first - second) * sqrt(spread), "==", GAP,
              normal),
        Claim("Gaussian rewards: P(a) is the distance of its mean in standard deviations of all",
              first * sqrt(square - mean**2), "==", low + GAP - mean, normal),
        Claim("Gaussian rewards: noise weakens the drift", first - second, "<", drift(oo), normal),
        Claim("Gaussian rewards: (15) solves the noisy condition",
              force, "==", answered(first - second),
              expected="REFUTED"),
    ]  # fmt: skip
    return Result(
        "Noisy verifiers: the drift is that of the mean success",
        f"new; {VY}, (14) and (15) for random rewards",
        r"Here $D_G$ is the drift without noise. With the published penalty $\pi$ is stationary "
        r"if and only if $\beta(p-p_0)=p(1-p)(s_a-s_b)D_G(m)$; for $G=2$ this is (14) with "
        r"$\gamma=s_a-s_b$. For large groups, with success rates and with normal rewards of gap "
        r"$\Delta$ and standard deviations $\tau_a,\tau_b$, the conditions are",
        intuition="A group sees passes and fails, not answers, so that only the share of passes "
        "matters to it. The answers differ by how often they pass, and this difference "
        "multiplies what the share decides.",
        checked_as=("group_size=inf success", "skip"),
        argument="For large groups (15) does not hold: the success rates enter, and noise never "
        "strengthens the drift, because the variance $m(1-m)$ of the verdict is at "
        "least the variance $(s_a-s_b)^2p(1-p)$ of its mean. The drift is written out "
        r"for $G=2,\dots,5$ and $G=\infty$, too.",
        headlines=(
            Headline(
                r"$P_G(a)-P_G(b)=(s_a-s_b)D_G(m)$ at the mean success $m=s_b+(s_a-s_b)p$",
                ("every G: *", "P(a) - P(b) = (s_a - s_b) D_G(m), G = *"),
                groups=EVERY_SIZE,
                answers=TWO,
                parameters=Domain.of(LOW, HIGH),
                by=(IDENTITY_IN_SYMBOLS(statement="every G: *"),),
            ),
            Headline(
                r"noise does not strengthen the drift, and (15) does not hold with it",
                ("G = infinity: noise does not strengthen*", "the success mixture spreads*"),
                groups=LARGE_GROUPS,
                answers=TWO,
                parameters=Domain.of(LOW, HIGH, P),
            ),
            Headline(
                r"with normal rewards the condition is "
                r"$\beta(p-p_0)\sqrt{p(1-p)\Delta^2+p\tau_a^2+(1-p)\tau_b^2}=p(1-p)\Delta$, "
                "a smaller drift than without noise",
                (
                    "Gaussian rewards, G = infinity: drift",
                    "Gaussian rewards: [!(]*",
                    "Gaussian rewards: noise weakens the drift",
                    "d(a) - d(b) pulls with *",
                ),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=normal,
            ),
        ),
        setting=r"a binary question with random rewards: success rates $s_a>s_b$, or normal "
        r"rewards",
        figure="noise",
        formulas=(
            equation(BETA * (P - P0), P * (1 - P) * at_large),
            equation(
                BETA * (P - P0),
                P
                * (1 - P)
                * GRPO(oo).preference(question).difference(0, 1).subs(symbols.policy(1), P),
            ),
        ),
        claims=(*claims, every_size()),
        domain=RATES,
    )
