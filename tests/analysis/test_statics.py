"""Which way stationary policies move: proved signs against roots found from the definitions."""

from fractions import Fraction
from functools import cache
from math import comb

import pytest
from mpmath import mp, mpf
from sympy import Rational, S, Symbol, oo

import grpo_symbolic as gs
from grpo_symbolic import Claim, Status, symbols
from grpo_symbolic.analysis.statics import Monotonicity, monotonicity
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.spread import spread_of
from tests.oracles.stationary import scan_binary

BASE = {
    "beta": mpf("0.6"),
    "pi_ref": mpf("0.2"),
    "G": 3,
    "gap": mpf(1),
    "epsilon": mpf("0.3"),
    "s_a": mpf("0.8"),
    "s_b": mpf("0.3"),
    "margin": mpf("0.7"),
}
STEP = mpf("0.02")


def curve_of(algorithm, question=None) -> Balance:
    question = gs.BinaryQuestion() if question is None else question
    return Balance(gs.stationarity_condition(algorithm, question))


def deviation(values) -> mpf:
    mean = mp.fsum(values) / len(values)
    return mp.sqrt(mp.fsum((v - mean) ** 2 for v in values) / len(values))


def drift(p: mpf, at: dict, rule: str) -> mpf:
    """P(a) − P(b) by the definition: the mean advantage over the others of the group."""
    size, gap = at["G"], at["gap"]
    if rule == "margin":
        return at["margin"]
    rates = (at["s_a"], at["s_b"]) if rule.startswith("noisy") else (mpf(1), mpf(0))
    chance = rates[0] * p + rates[1] * (1 - p)
    values = []
    for own in (1, 0):
        total = mpf(0)
        for others in range(size):
            rewards = [gap] * (others + own) + [mpf(0)] * (size - others - own)
            mine = gap * own - mp.fsum(rewards) / size
            scale = deviation(rewards)
            if rule == "shift":
                scale = mpf(1)
            elif rule == "eps":
                scale += at["epsilon"]
            elif rule == "sample":
                scale *= mp.sqrt(mpf(size) / (size - 1))
            weight = comb(size - 1, others) * chance**others * (1 - chance) ** (size - 1 - others)
            total += weight * (mine / scale if mine else 0)
        values.append(total)
    return (rates[0] - rates[1]) * (values[0] - values[1])


def force(p: mpf, p0: mpf, penalty: str) -> mpf:
    if penalty == "reverse":
        return (1 - p0) / (1 - p) - p0 / p
    if penalty == "direct":
        return mp.log(p / (1 - p)) - mp.log(p0 / (1 - p0))
    return p / p0 - (1 - p) / (1 - p0)  # chi-squared


def lowest(at: dict, rule: str, penalty: str) -> mpf:
    """The lowest stationary policy, by stepping up from the reference and bisecting."""

    def f(p: mpf) -> mpf:
        return drift(p, at, rule) - at["beta"] * force(p, at["pi_ref"], penalty)

    low = high = at["pi_ref"]
    while f(high) > 0:
        low, high = high, high + (1 - high) / 25
    for _ in range(36):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return low


MARGIN = gs.BinaryQuestion(margin=symbols.gamma)
NOISY = gs.BinaryQuestion(success=symbols.success)
G = symbols.G
EPSILON = gs.ShiftAndScale(epsilon=symbols.epsilon)
CASES = {
    "pairs": (gs.GRPO(2), MARGIN, "margin", "reverse"),
    "three": (gs.GRPO(3), None, "std", "reverse"),
    "every": (gs.GRPO(G), None, "std", "reverse"),
    "shift": (gs.GRPO(G, advantage=gs.ShiftOnly()), None, "shift", "reverse"),
    "eps": (gs.GRPO(G, advantage=EPSILON), None, "eps", "reverse"),
    "sample": (gs.GRPO(G, advantage=gs.ShiftAndScale(ddof=1)), None, "sample", "reverse"),
    "noisy": (gs.GRPO(G), NOISY, "noisy", "reverse"),
    "direct": (gs.GRPO(G, penalty=gs.DirectKL()), None, "std", "direct"),
    "chi": (gs.GRPO(G, penalty=gs.Divergence.chi_squared()), None, "std", "chi"),
}
EXPECTED = [
    ("pairs", "beta", -1),
    ("pairs", "margin", 1),
    ("pairs", "pi_ref", 1),
    ("three", "G", 1),
    ("three", "gap", 0),
    ("every", "beta", -1),
    ("every", "pi_ref", 1),
    ("every", "G", 1),
    ("shift", "G", 1),
    ("shift", "gap", 1),
    ("eps", "epsilon", -1),
    ("eps", "gap", 1),
    ("eps", "G", 1),
    ("sample", "G", 1),
    ("noisy", "s_a", 1),
    ("noisy", "s_b", -1),
    ("noisy", "G", 1),
    ("direct", "beta", -1),
    ("direct", "pi_ref", 1),
    ("direct", "G", 1),
    ("chi", "pi_ref", 1),
]
WORD = {1: "increasing", 0: "constant", -1: "decreasing"}


@cache
def found(name: str, variable: str) -> Monotonicity:
    algorithm, question, _, _ = CASES[name]
    return monotonicity(curve_of(algorithm, question), variable)


@pytest.mark.parametrize(("name", "variable", "step"), EXPECTED)
def test_the_direction_is_that_of_neighbouring_roots(name: str, variable: str, step: int) -> None:
    """Two base points each; the roots come from groups enumerated in this file."""
    statement = found(name, variable)
    assert statement.direction == WORD[step]
    _, _, rule, penalty = CASES[name]
    with mp.workdps(20):
        for beta, reference in (
            (mpf("0.6"), mpf("0.2")),
            (mpf(3), mpf("0.05")),
        ):
            at = {**BASE, "beta": beta, "pi_ref": reference}
            if penalty == "chi":
                at["beta"] = beta * 4
            before = lowest(at, rule, penalty)
            at[variable] += 1 if variable == "G" else STEP
            moved = lowest(at, rule, penalty) - before
            assert mp.sign(moved if abs(moved) > mpf("1e-9") else 0) == step


@pytest.mark.parametrize(("name", "variable"), [("every", "G"), ("noisy", "s_b"), ("eps", "gap")])
def test_every_claim_is_proved(name: str, variable: str) -> None:
    report = found(name, variable).verify()
    assert len(report) >= 1
    assert report.status == Status.PROVED


def test_the_opposite_claims_are_refuted() -> None:
    """The evidence is not empty: each strict claim of the argument fails when reversed."""
    opposite = {"<": ">", ">": "<", "<=": ">", ">=": "<"}
    statement = found("every", "G")
    turned = [
        Claim(c.name, c.left, opposite[c.relation], c.right, c.domain)
        for c in statement.claims
        if c.relation in opposite
    ]
    assert len(turned) >= 4
    assert {gs.prove(claim).status for claim in turned} == {Status.REFUTED}


def test_uniqueness_decides_the_wording() -> None:
    """Reverse KL has one policy; direct KL in large groups has two, which move apart."""
    assert "unique" in found("every", "beta").branches
    statement = monotonicity(curve_of(gs.GRPO(oo, penalty=gs.DirectKL())), "beta")
    assert statement.direction == "decreasing"
    assert "attracting" in statement.branches
    assert "repelling" in statement.branches
    low, high = scan_binary(Fraction(3), Fraction(1, 20), mp.inf, "direct-kl", digits=20)
    low_after, high_after = scan_binary(
        Fraction(31, 10), Fraction(1, 20), mp.inf, "direct-kl", digits=20
    )
    assert low_after < low < high < high_after


def test_uniqueness_for_groups_of_two_is_not_carried_to_larger_ones() -> None:
    """Direct KL: one policy at G = 2, up to three later, so G speaks of the lowest."""
    curve = curve_of(gs.GRPO(2, penalty=gs.DirectKL()))
    assert "unique" in monotonicity(curve, "beta").branches
    assert "lowest" in monotonicity(curve, "G").branches


def test_a_weight_or_group_size_given_as_a_number_stands_for_its_family() -> None:
    curve = curve_of(gs.GRPO(3, beta=Rational(1, 10)))
    assert monotonicity(curve, "beta").direction == "decreasing"
    assert monotonicity(curve, symbols.G).direction == "increasing"


def test_leave_one_out_does_not_depend_on_the_group_size() -> None:
    """RLOO's expected advantage is the gap of the rewards at every G."""
    statement = monotonicity(curve_of(gs.GRPO(4, advantage=gs.LeaveOneOut())), "G")
    assert statement.direction == "constant"
    assert statement.verify().status == Status.PROVED


def test_a_policy_that_turns_around_is_shown_by_two_instances() -> None:
    """Rates θ and θ²: the drift θ − θ² rises up to θ = 1/2 and falls beyond."""
    theta = Symbol("theta", positive=True)
    algorithm = gs.GRPO(2, advantage=gs.ShiftOnly())
    curve = curve_of(algorithm, gs.BinaryQuestion(success=(theta, theta**2)))
    statement = monotonicity(curve, "theta")
    assert statement.direction == "not monotone"
    assert len(statement.claims) == 2
    assert statement.verify().status == Status.PROVED
    up, down = (next(c for c in statement.claims if f"moves {w}" in c.name) for w in ("up", "down"))
    value = {c: Rational(c.name.split("theta = ")[1].split(",")[0]) for c in (up, down)}
    assert value[up] < Rational(1, 2) < value[down]


def test_what_is_not_known_is_said() -> None:
    dropped = monotonicity(curve_of(gs.GRPO(3, mixed_only=True)), "G")
    assert dropped.direction == "unknown"
    assert "dropped groups" in dropped.reason
    assert dropped.claims == ()
    batch = monotonicity(curve_of(gs.GRPO(2, advantage=gs.BatchScale(batch=4))), "G")
    assert batch.direction == "unknown"
    pairs = monotonicity(curve_of(gs.GRPO(2), MARGIN), "G")
    assert pairs.direction == "unknown"


def test_a_falling_f_gives_no_claims() -> None:
    """The control of the theorem: RLOO's f falls with G, by G/(G − 1)."""
    rule = curve_of(gs.GRPO(4, advantage=gs.LeaveOneOut())).condition.preference.two_level
    assert spread_of(rule).rises_with_group_size is None


@pytest.mark.parametrize("variable", ["gamma", "epsilon", "nonsense", symbols.t])
def test_a_parameter_the_condition_does_not_have(variable) -> None:
    with pytest.raises(ValueError, match="has no parameter"):
        monotonicity(curve_of(gs.GRPO(3)), variable)


def test_more_than_two_answers() -> None:
    condition = gs.stationarity_condition(gs.GRPO(2), gs.Question(rewards=(2, 1, 0)))
    with pytest.raises(ValueError, match="two answers"):
        monotonicity(condition, "beta")


def test_statement_in_words_and_data() -> None:
    statement = found("pairs", "margin")
    assert statement.variable == symbols.gamma
    assert str(statement).startswith("pi(a) is strictly increasing in gamma (")
    data = statement.as_dict()
    assert data["direction"] == "increasing"
    assert data["strict"] is True
    assert len(data["claims"]) == len(statement.claims)
    assert found("eps", "gap").strict is False  # at epsilon = 0 the gap cancels
    assert all(c.right == S.Zero for c in statement.claims)
