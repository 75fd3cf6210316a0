"""Every preset: its drift in groups of four against its own rule, written out."""

from collections.abc import Callable, Sequence
from itertools import combinations, product

from sympy import Add, Expr, Mul, Rational, S, Symbol, sqrt

from derivations.headline import TWO, Headline, Numbers
from derivations.result import Result, equation, telling
from grpo_symbolic import Claim, Domain, Question, presets, symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.model.algorithm import GRPO

SIZE = 4
P = symbols.policy(1)
SIGMA = symbols.sigma
INSIDE = Domain.of((P, S.Zero, S.One))
#: The advantage of the first of some rewards.
Rule = Callable[[Sequence[Expr]], Expr]


def average(rewards: Sequence[Expr]) -> Expr:
    return Add(*rewards) / len(rewards)


def standardised(bessel: int, epsilon: Expr) -> Rule:
    """Distance to the mean over the root of sum (r - mean)^2/(G - bessel), plus epsilon."""

    def rule(rewards: Sequence[Expr]) -> Expr:
        mean = average(rewards)
        square = Add(*((r - mean) ** 2 for r in rewards)) / (len(rewards) - bessel)
        return S.Zero if square == 0 else (rewards[0] - mean) / (sqrt(square) + epsilon)

    return rule


def centred(rewards: Sequence[Expr]) -> Expr:
    return rewards[0] - average(rewards)


def leave_one_out(rewards: Sequence[Expr]) -> Expr:
    return rewards[0] - average(rewards[1:])


def over_the_mean(rewards: Sequence[Expr]) -> Expr:
    mean = average(rewards)
    return S.Zero if mean == 0 else (rewards[0] - mean) / mean


def others_scaled(rewards: Sequence[Expr]) -> Expr:
    """Mean and sample standard deviation of the others, and no scale where that is 0."""
    rest = rewards[1:]
    square = Add(*((r - average(rest)) ** 2 for r in rest)) / (len(rest) - 1)
    scale = S.One if square == 0 else sqrt(square) + Rational(1, 10**6)
    return leave_one_out(rewards) / scale


def over_sigma(rewards: Sequence[Expr]) -> Expr:
    return centred(rewards) / SIGMA


def standardised_twice(rewards: Sequence[Expr]) -> Expr:
    """The sample standard deviation of the group, then that of the batch."""
    return standardised(1, S.Zero)(rewards) / SIGMA


def best_of_subsets(rewards: Sequence[Expr]) -> Expr:
    """The mean over the pairs with the first member of (their best - mean)/deviation."""
    pairs = list(combinations(range(len(rewards)), 2))
    best = {pair: max(rewards[i] for i in pair) for pair in pairs}
    mean = average(list(best.values()))
    square = average([(b - mean) ** 2 for b in best.values()])
    own = [best[pair] - mean for pair in pairs if 0 in pair]
    return S.Zero if square == 0 else average(own) / sqrt(square)


def lead_of_the_best(rewards: Sequence[Expr]) -> Expr:
    """What the only best member is better by than the second, over the sample deviation."""
    first, *rest = rewards
    if first <= max(rest):
        return S.Zero
    square = Add(*((r - average(rewards)) ** 2 for r in rewards)) / (len(rewards) - 1)
    return (first - max(rest)) / (sqrt(square) + Rational(1, 10**6))


#: By the name without a version: the rule of the source, and whether it drops constant groups.
RULES: dict[str, tuple[Rule, bool]] = {
    "grpo": (standardised(0, S.Zero), False),
    "grpo-direct-kl": (standardised(0, S.Zero), False),
    "dr-grpo": (centred, False),
    "dapo": (standardised(0, S.Zero), True),
    "max-rl": (over_the_mean, False),
    "trl": (standardised(1, Rational(1, 10**4)), False),
    "verl": (standardised(1, Rational(1, 10**6)), False),
    "openrlhf": (standardised(1, Rational(1, 10**9)), False),
    "openrlhf-reward": (standardised(1, Rational(1, 10**9)), False),
    "nemo-rl": (others_scaled, False),
    "open-instruct": (centred, True),
    "ms-swift": (standardised(1, Rational(1, 10**4)), False),
    "torchtune": (standardised(1, Rational(1, 10**4)), False),
    "slime": (standardised(1, Rational(1, 10**6)), False),
    "skyrl": (standardised(1, Rational(1, 10**6)), False),
    "roll": (standardised(1, Rational(1, 10**6)), False),
    "areal": (standardised(1, Rational(1, 10**5)), False),
    "unsloth": (standardised(1, Rational(1, 10**4)), False),
    "prime-rl": (centred, False),
    "gspo": (standardised(0, S.Zero), False),
    "gmpo": (standardised(0, S.Zero), False),
    "cispo": (standardised(0, S.Zero), False),
    "sapo": (standardised(0, S.Zero), False),
    "gpg": (over_sigma, False),
    "gdpo": (standardised_twice, False),
    "pass-at-k": (best_of_subsets, False),
    "grpo-passk": (lead_of_the_best, False),
}


def enumerated(rule: Rule, dropped: bool) -> Expr:
    """E A of a right answer less E A of a wrong one, over all draws of the others."""
    terms = []
    for others in product((S.One, S.Zero), repeat=SIZE - 1):
        chance = Mul(*(P if r == 1 else 1 - P for r in others))
        terms.append(chance * (rule((S.One, *others)) - rule((S.Zero, *others))))
    mixed = 1 - P**SIZE - (1 - P) ** SIZE
    return Add(*terms) / mixed if dropped else Add(*terms)


def of(preset: presets.Preset) -> Claim:
    """The drift of the library's model against the rule of the source."""
    algorithm = preset.with_group_size(SIZE).algorithm
    found = algorithm.preference(Question(rewards=(1, 0))).difference(0, 1)
    return Claim(
        f"{preset.name}: the drift",
        enumerated(*RULES[preset.name.split("@")[0]]),
        "==",
        unfolded(found),
        INSIDE,
    )


def result() -> Result:
    chosen = [p for p in presets.all_presets() if isinstance(p.algorithm, GRPO) and not p.in_reward]
    claims = telling(of(preset) for preset in chosen)
    shown = enumerated(*RULES["trl"])
    return Result(
        "Every preset: its drift",
        "new; the conventions of the sources that the presets name",
        "Left out are presets whose penalty is part of the reward before a baseline is taken: "
        "their policy is that of RLHF. The drift of TRL is",
        intuition="A preset is a rule, a scale and a place for the penalty, and its drift follows "
        "from these three. Names of trainers say less than the table does.",
        argument="The rule of each preset is written out and summed over all draws of the others.",
        headlines=(
            Headline(
                "the drift of every preset is the mean of its own rule over all groups",
                ("*: the drift",),
                groups=Numbers.of(SIZE),
                answers=TWO,
                hypotheses=(
                    "rewards 1 and 0, the penalty not part of the reward before its baseline",
                ),
                uses=("trainer_rloo_is_rlhf",),
            ),
        ),
        setting=r"a binary question with rewards 1 and 0, $G=4$, every preset with groups",
        references=("liu2025", "yu2025"),
        formulas=(equation(Symbol("D_TRL"), shown.expand().collect(P).subs(P, symbols.pi)),),
        claims=(
            *claims,
            Claim(
                "TRL has the drift of GRPO",
                enumerated(*RULES["trl"]),
                "==",
                enumerated(*RULES["grpo"]),
                INSIDE,
                expected="REFUTED",
            ),
        ),
        domain=INSIDE,
    )
