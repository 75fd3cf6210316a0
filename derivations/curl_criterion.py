"""Three reward levels: no group size has an objective, and large groups almost have one."""

from itertools import combinations

from sympy import Expr, Mul, S, Symbol, oo, sqrt

from derivations.curl_three_levels import FIRST, POLICY, SECOND, curl, logit_curl
from derivations.headline import LARGE_GROUPS, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import centred, certain, group_preferences
from grpo_symbolic import GRPO, Claim, Question, ShiftOnly
from grpo_symbolic.analysis.potential import potential
from grpo_symbolic.domain import Domain
from grpo_symbolic.reward import variance

SIZES = (2, 3, 4, 8)
PLAIN = Question(rewards=(2, 1, 0))


def slopes(values: tuple[Expr, ...]) -> Expr:
    """The curl without expanding: fit for radicals of the policy."""
    one, two, three = values
    return (one - three).diff(SECOND) - (two - three).diff(FIRST)


def result() -> Result:
    ordered = Question.symbolic(3)
    values = tuple(GRPO(oo).preference(ordered))
    deviation = sqrt(variance(ordered.population(ordered.policy), ordered.domain))
    gaps = Mul(*(high - low for high, low in combinations(ordered.rewards, 2)))
    domain = ordered.domain
    inside = Domain((*domain.ranges, *ordered.policy_domain.ranges))
    found = slopes(values)
    third = slopes(tuple(GRPO(3).preference(PLAIN)))
    claims = [
        Claim("large groups: the curl times twice the cube of the standard deviation is the "
              "product of the gaps", 2 * deviation**3 * found, "==", gaps, inside),
        Claim("which is positive", gaps, ">", S.Zero, domain),
        Claim("large groups: times the standard deviation, the field has no curl",
              slopes(tuple(deviation * v for v in values)), "==", S.Zero, inside),
        Claim("groups of three, rewards 2, 1, 0: the curl depends on pi(2) alone", third, "==",
              sqrt(6) * (1 - 3 * SECOND) + 6 * sqrt(2) * SECOND),
        Claim("and is positive at every policy", third.expand(), ">", S.Zero),
        *compared("unscaled, groups of three: the curl, as derived",
                  curl(tuple(GRPO(3, advantage=ShiftOnly()).preference(ordered))), S.Zero),
        Claim("unscaled, groups of three: no curl, all groups",
              logit_curl(group_preferences(certain(*ordered.rewards), POLICY, 3, centred)), "==",
              S.Zero),
        Claim("control: large groups have no curl", found, "==", S.Zero, domain,
              expected="REFUTED"),
    ]  # fmt: skip
    spread = Symbol("sigma", positive=True)
    formulas = [equation(Symbol("curl_oo"), gaps / (2 * spread**3))]
    for size in (*SIZES, oo):
        proof = potential(GRPO(size), PLAIN)
        name = "oo" if size == oo else str(size)
        claims.append(
            Claim(f"at pi = (1/3, 1/3, 1/3) the curl is positive, G = {name}", proof.curl, ">",
                  S.Zero)
        )  # fmt: skip
        if name in ("2", "3", "oo"):
            formulas.append(equation(Symbol(f"curl_{name}_third"), proof.curl))
    return Result(
        "Three reward levels: no objective at any of these group sizes",
        "new",
        r"In a large group $\sigma$ times the field is the gradient of the expected reward, so "
        r"that without penalty a large group climbs the expected reward at the pace $1/\sigma$; "
        "with a penalty that factor weighs it anew at every policy. With the rewards 2, 1, 0,",
        intuition="A curl of zero is a polynomial identity in the policy, and one coefficient "
        "that does not vanish refutes it. The coefficient is there at every one of "
        "these group sizes.",
        argument=r"The field $C_i=P(i)-P(3)$ has the curl $\partial_2C_1-\partial_1C_2$ in the "
        r"coordinates $\pi(1),\pi(2)$; the penalty has none. $\sigma^2$ is the variance "
        "of the reward under the policy. With the rewards 2, 1, 0 the curl of groups of "
        r"three is $\sqrt6(1-3\pi(2))+6\sqrt2\,\pi(2)>0$.",
        headlines=(
            Headline(
                r"the curl is $(r_1-r_2)(r_1-r_3)(r_2-r_3)/(2\sigma^3)>0$ at every policy",
                (
                    "large groups: the curl times *",
                    "which is positive",
                    "large groups: times the standard *",
                ),
                groups=LARGE_GROUPS,
                answers=Numbers.of(3),
                levels=Numbers.of(3),
                hypotheses=("deterministic rewards",),
            ),
            Headline(
                "the curl is positive at the uniform policy, so there is no objective",
                ("at pi = (1/3, 1/3, 1/3) the curl is positive, G = {G}",),
                groups=Numbers.of(*SIZES, oo),
                answers=Numbers.of(3),
                levels=Numbers.of(3),
                hypotheses=("rewards 2, 1, 0",),
            ),
            Headline(
                "the curl is positive at every policy",
                ("groups of three, rewards 2, 1, 0: *", "and is positive at every policy"),
                groups=Numbers.of(3),
                answers=Numbers.of(3),
                levels=Numbers.of(3),
                hypotheses=("rewards 2, 1, 0",),
            ),
        ),
        setting=r"three answers with deterministic rewards $r_1>r_2>r_3$, in standard units",
        kind="Counterexample",
        formulas=tuple(formulas),
        claims=tuple(claims),
    )
