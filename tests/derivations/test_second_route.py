"""Claims with content: no result says X == X, and a wrong second route is found out."""

from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest
from sympy import Mul, Rational, S, Symbol, log, sqrt

from derivations.catalogue import ORDER, builder
from derivations.new_theorems import NEW_ENTRIES
from derivations.paper_claims import PAPER_ENTRIES
from derivations.result import compared, telling
from derivations.second_route import groups, objectives
from derivations.second_route.groups import (
    certain,
    group_preferences,
    large_group_preferences,
    leave_one_out,
    mean_scaled,
    others_scaled,
    pair_preferences,
    stabilised,
    standard_units,
)
from derivations.second_route.objectives import (
    binary_gradient,
    kl_divergence,
    penalty_gradient,
    sampled_gradient,
)
from derivations.second_route.policies import along_logit, logit_weights, normalised, projected
from grpo_symbolic import Claim
from grpo_symbolic.verify.recheck import portable
from grpo_symbolic.verify.sampling import RationalSampling
from grpo_symbolic.verify.verdict import Status
from tests.derivations.built import built

TWO = S(2)


def of(name: str) -> tuple[Claim, ...]:
    return builder(name)().all_claims


@pytest.mark.parametrize("name", ORDER)
def test_no_claim_says_of_an_expression_that_it_is_itself(name: str) -> None:
    """Neither as it is made nor as a certificate reads it back; nor does a formula."""
    for formula in built(name).formulas:
        assert formula.lhs != formula.rhs, formula
    claims = built(name).all_claims
    assert claims
    for claim in claims:
        assert claim.left != claim.right, claim.name
        try:
            read = portable(claim)
        except ValueError:
            continue  # it has no certificate
        assert read.left != read.right, claim.name


@pytest.mark.parametrize("name", ORDER)
def test_what_the_ledger_names_is_claimed(name: str) -> None:
    """Every name of a claim of this result in the ledger is one, or fits one."""
    claims = [claim.name for claim in built(name).claims]
    named = [n for e in (*PAPER_ENTRIES, *NEW_ENTRIES) for n in (*e.parts, *e.correction, *e.again)]
    for pattern in (n.partition(": ")[2] for n in named if n.partition(":")[0] == name):
        assert any(pattern == c or fnmatchcase(c, pattern) for c in claims), pattern


# -- a factor of two, planted in one definition --------------------------------------------------

#: What is doubled, and results that have to notice.
PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], tuple[str, ...]]] = {
    "the deviation of a group": (
        lambda patch: patch.setattr(groups, "sqrt", lambda x: 2 * sqrt(x)),
        ("eq02_sign_form", "eq15_large_group", "bernstein_form", "group_of_three",
         "potential_two_levels", "implicit_objective", "noisy_verifier", "cusp_finite_groups",
         "trainer_drift_std", "trainer_nemo_rl", "large_group_limit"),
    ),
    "the probability of a group": (
        lambda patch: patch.setattr(groups, "Mul", lambda *factors: 2 * Mul(*factors)),
        ("bernstein_form", "group_of_three", "variance_identity", "shift_only_reverse_kl",
         "shift_only_is_rlhf", "dr_grpo_weight", "trainer_rloo_is_rlhf", "max_rl_drift",
         "lumping", "best_response_recursion"),
    ),
    "k3": (
        lambda patch: patch.setitem(
            objectives.ESTIMATORS, "k3", lambda u: 2 * (u - log(u) - 1)
        ),
        ("eq08_frozen_gradient", "eq10_reverse_kl", "eq11_stationary", "eq12_pairs",
         "eq14_binary_pairs", "eq14_tie", "eq15_large_group", "penalty_coefficients",
         "estimators_by_name", "variance_identity", "large_group_many_answers",
         "concavity_threshold_stage", "direct_kl_with_ratio"),
    ),
    "k1": (
        lambda patch: patch.setitem(objectives.ESTIMATORS, "k1", lambda u: -2 * log(u)),
        ("eq04_rlhf", "eq05_nlhf", "direct_kl_pairs", "direct_kl_large_group",
         "fold_curve_direct_kl", "tilting_large_group", "shift_only_is_rlhf"),
    ),
}  # fmt: skip


#: Both sides are of the second route, or one is and the other is 0, or no penalty is left where
#: the policies are equal: true with any factor.
HOMOGENEOUS = (
    "f(1/3) = f(2/3)",
    "it depends on beta and gamma only through beta/gamma: so does the gradient",
    "P(?) is that of the lumped question, all groups, G = ?",
    "leave one out, G = ?: at the policy of RLHF the preference is 0, all groups",
    "h of Appendix B.2: at pi_ref = pi the values are one",
)


@pytest.mark.parametrize(
    ("planted", "name"), [(what, name) for what, (_, names) in PLANTED.items() for name in names]
)
def test_a_planted_factor_is_refuted(
    planted: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every equation that it changes and that is not homogeneous fails; there is one."""
    before = {claim.name: claim.statement for claim in built(name).all_claims}
    PLANTED[planted][0](monkeypatch)
    changed = [
        claim
        for claim in of(name)
        if claim.relation == "=="
        and before.get(claim.name) != claim.statement
        and not any(fnmatchcase(claim.name, pattern) for pattern in HOMOGENEOUS)
    ]
    assert changed
    for claim in changed:
        found = RationalSampling().attempt(claim)
        assert found is not None, claim.name
        assert found.status == Status.REFUTED, claim.name


# -- the second route itself, by hand ------------------------------------------------------------


def test_advantages_by_hand() -> None:
    rewards = [S.One, S.Zero, S.Zero, S.Zero]
    assert standard_units(rewards)[0] == sqrt(S(3))
    assert standard_units([S.One, S.One]) == [0, 0]
    assert leave_one_out([S(3), S.One, S(2)]) == [Rational(3, 2), -Rational(3, 2), 0]
    assert mean_scaled([S.One, S.Zero, S.Zero, S.Zero])[:2] == [3, -1]
    assert mean_scaled([S.Zero, S.Zero]) == [0, 0]
    assert stabilised(1, S.One)([S.One, S.Zero])[0] == S.Half / (1 + sqrt(S.Half))
    assert others_scaled([S(2), S.One, S.One])[0] == 1
    assert others_scaled([S(4), S.One, S(3)])[0] == 2 / sqrt(TWO)


def test_preferences_by_hand() -> None:
    """G = 2 at p = 1/4: a meets b in three of four groups; G = 3 by counting."""
    p, laws = Rational(1, 4), certain(S.One, S.Zero)
    assert group_preferences(laws, (p, 1 - p), 2) == [Rational(3, 4), -Rational(1, 4)]
    first, _ = group_preferences(laws, (p, 1 - p), 3)
    # two b: sqrt(2) in 9/16; one of each: 1/sqrt(2) in 6/16; two a: 0
    assert first == sqrt(TWO) * Rational(9, 16) + Rational(6, 16) / sqrt(TWO)
    assert large_group_preferences(laws, (p, 1 - p))[0] == sqrt(S(3))
    wins = [[S.Half, S.One], [S.Zero, S.Half]]
    assert pair_preferences(wins, (p, 1 - p)) == [Rational(3, 4), -Rational(1, 4)]


def test_gradients_against_differences_of_the_objective() -> None:
    """(J(theta + h) - J(theta - h))/2h with the sampling policy frozen, at numbers."""
    step, at = Rational(1, 10**6), (TWO, S(3))
    reference, beta, scores = (Rational(1, 3), Rational(2, 3)), Rational(1, 2), (S.One, -S.Half)
    weights = logit_weights(2)

    def objective(factor: Rational) -> float:
        new = normalised((at[0] * factor, at[1]))
        old = normalised(at)
        gain = sum(w * s for w, s in zip(new, scores, strict=True))
        ratios = [r / w for r, w in zip(reference, new, strict=True)]
        penalty = sum(o * (u - log(u) - 1) for o, u in zip(old, ratios, strict=True))
        return (gain - beta * penalty).evalf(40)

    exact = sampled_gradient(weights, scores, reference, beta)
    exact = exact.xreplace(dict(zip(weights, at, strict=True)))
    slope = (objective(1 + step) - objective(1 - step)) / (2 * step)
    assert abs(exact.evalf(30) - slope) < 1e-10


def test_what_is_frozen_stays_where_it_is() -> None:
    """A reference that is written in the weights does not move with them."""
    weights = logit_weights(2)
    policy = normalised(weights)
    assert penalty_gradient(weights, policy).equals(0)
    moved = along_logit(kl_divergence(policy, policy), weights[0])
    assert moved.equals(0)
    at = dict(zip(weights, (S.One, S(3)), strict=True))
    given = (Rational(1, 2), Rational(1, 2))
    one = binary_gradient((S.Zero, S.Zero), Rational(1, 4), Rational(1, 2), S.One)
    # beta (pi_ref - pi) for the published penalty
    assert one == Rational(1, 4)
    assert -penalty_gradient(weights, given).xreplace(at) == Rational(1, 4)
    assert projected(given, (S.One, S.Zero)) == Rational(1, 4)


def test_what_is_dropped_says_nothing() -> None:
    x, y = Symbol("x", positive=True), Symbol("y", positive=True)
    assert compared("same", (x + y) ** 2, (x + y) ** 2) == ()
    (claim,) = compared("written otherwise", (x + y) ** 2, x**2 + 2 * x * y + y**2)
    assert claim.relation == "=="
    false = Claim("false", x, "<", x)
    kept = (false, Claim("content", x + 0 * y, "<=", x + y))
    assert telling((*kept, Claim("itself", x, "<=", x))) == list(kept)
