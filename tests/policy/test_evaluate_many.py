"""Many answers in float64, against equations that are solved here in high precision."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic.numeric.kernels import Allowance
from grpo_symbolic.policy import evaluate_many
from grpo_symbolic.policy.evaluate import NoStationaryPolicy

PAIRS = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(3, 1, 0)))
LARGE = gs.stationary_policy(gs.GRPO(oo), gs.Question(rewards=(3, 1, 0)))
TILTED = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), gs.Question(rewards=(3, 1, 0)))


def rows(count: int, answers: int, seed: int, smallest: float = 0.0) -> np.ndarray:
    """References, some of whose entries are as small as 10^−smallest."""
    random = np.random.default_rng(seed)
    found = random.exponential(size=(count, answers)) * 10 ** -random.uniform(
        0, smallest, (count, answers)
    )
    return found / found.sum(axis=1, keepdims=True)


def exactly(row: np.ndarray) -> list[mpf]:
    """A row as numbers that sum to 1."""
    parts = [Fraction(float(x)) for x in row]
    return [mpf((p / sum(parts)).numerator) / (p / sum(parts)).denominator for p in parts]


def error(found: np.ndarray, expected: list[mpf]) -> float:
    return max(float(abs(mpf(float(a)) / b - 1)) for a, b in zip(found, expected, strict=True))


def pairs_by_iteration(beta: mpf, reference: list[mpf]) -> list[mpf]:
    """π = π_ref/(1 − P/β): bisection on each cumulative mass from β Σ (π − π_ref) = F (1 − F).

    The condition summed over the best k answers, where a pair is won from all others.
    """
    found, below, total = [], mpf(0), mpf(0)
    for k, r in enumerate(reference):
        total += r
        low, high = total, mpf(1)
        for _ in range(1400 if k < len(reference) - 1 else 0):
            middle = (low + high) / 2
            if beta * (middle - total) < middle * (1 - middle):
                low = middle
            else:
                high = middle
        upto = (low + high) / 2 if k < len(reference) - 1 else mpf(1)
        found.append(upto - below)
        below = upto
    return found


@pytest.mark.parametrize("smallest", [0, 40, 300])
def test_pairs_to_full_relative_accuracy(smallest: float) -> None:
    """However small a reference probability is."""
    with mp.workdps(400):
        for beta, row in zip((0.002, 0.4, 1.0, 3.0, 300.0), rows(5, 3, 7, smallest), strict=True):
            found = PAIRS.evaluate(beta=beta, pi_ref=row)
            assert error(found, pairs_by_iteration(mpf(beta), exactly(row))) < 1e-15


def test_pairs_satisfy_the_condition_of_each_answer() -> None:
    """π(o) = π_ref(o)/(1 − P(o)/β), P(o) the mass below o less the mass above it."""
    beta, reference = np.array([[0.3], [1.0], [4.0]]), rows(3, 3, 1)
    found = PAIRS.evaluate(beta=beta[:, 0], pi_ref=reference)
    preference = np.cumsum(found[:, ::-1], axis=1)[:, ::-1] - np.cumsum(found, axis=1)
    assert found == pytest.approx(reference / (1 - preference / beta), rel=1e-13)


def by_spread(beta: mpf, reference: list[mpf], rewards: tuple[int, ...]) -> list[mpf]:
    """Large groups, reverse KL: π = π_ref/(1 − (r − E r)/(β σ)) by bisection on c.

    With E r and σ from π itself there is one unknown: π = π_ref/(v (c − r)) with 1 = Σ π giving v,
    and v = 1/(β σ) is left to hold.
    """

    def policy(c: mpf) -> tuple[list[mpf], mpf]:
        raw = [r / (c - s) for r, s in zip(reference, rewards, strict=True)]
        return [x / mp.fsum(raw) for x in raw], mp.fsum(raw)

    def excess(c: mpf) -> mpf:
        pi, scale = policy(c)
        mean = mp.fdot(pi, rewards)
        variance = mp.fsum(p * (r - mean) ** 2 for p, r in zip(pi, rewards, strict=True))
        return beta * scale * mp.sqrt(variance) - 1

    top = mpf(max(rewards))
    low, high = mp.log(mpf(10)) * -600, mp.log(mpf(10)) * 600
    for _ in range(220):
        middle = (low + high) / 2
        if excess(top + mp.exp(middle)) > 0:
            low = middle
        else:
            high = middle
    return policy(top + mp.exp(low))[0]


@pytest.mark.parametrize("smallest", [0, 200])
def test_large_groups_against_a_bisection(smallest: float) -> None:
    with mp.workdps(700):
        for beta, row in zip((0.01, 0.7, 1.0, 40.0), rows(4, 3, 3, smallest), strict=True):
            found = LARGE.evaluate(beta=beta, pi_ref=row)
            assert error(found, by_spread(mpf(beta), exactly(row), (3, 1, 0))) < 1e-14


def test_large_groups_of_many_answers() -> None:
    """Mean reward rises by σ/β; nothing but the policy enters, with 40 answers."""
    rewards = np.linspace(5, -1, 40).round(3)
    question = gs.Question(rewards=[str(r) for r in rewards])
    policy = gs.stationary_policy(gs.GRPO(oo), question)
    reference, beta = rows(6, 40, 5, 6), np.array([0.1, 0.5, 1.0, 2.0, 8.0, 50.0])
    found = policy.evaluate(beta=beta, pi_ref=reference)
    mean = found @ rewards
    spread = np.sqrt((found * (rewards - mean[:, None]) ** 2).sum(axis=1))
    assert found.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-14)
    assert mean - reference @ rewards == pytest.approx(spread / beta, rel=1e-12)
    ratio = 1 - (rewards - mean[:, None]) / (beta * spread)[:, None]
    assert found == pytest.approx(reference / ratio, rel=1e-9)


def test_pairs_of_many_answers_are_the_binary_solution_of_every_rank() -> None:
    """Lumping the best k of 30 answers against the others leaves a binary question."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=range(30, 0, -1)))
    binary = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    reference = rows(4, 30, 9, 3)
    found = policy.evaluate(beta=0.6, pi_ref=reference)
    upto = np.minimum(np.cumsum(reference, axis=1), 1.0)
    assert np.cumsum(found, axis=1) == pytest.approx(
        binary.evaluate(beta=0.6, pi_ref=upto), rel=1e-13
    )


@pytest.mark.parametrize("size", [2, 3])
def test_small_groups_against_the_exact_solver(size: int) -> None:
    policy = gs.stationary_policy(gs.GRPO(size, gs.DirectKL()), gs.Question(rewards=(3, 1, 0)))
    row = [0.25, 0.5, 0.25]
    (solution,) = policy.solutions(beta="1/2", pi_ref=("1/4", "1/2", "1/4"))
    assert error(policy.evaluate(beta=0.5, pi_ref=row), list(solution.policy)) < 3e-15


def test_all_solutions_of_the_tilted_curve() -> None:
    found = TILTED.evaluate(beta=3, pi_ref=[0.2, 0.3, 0.5], branch="all")
    exact = TILTED.solutions(beta=3, pi_ref=("1/5", "3/10", "1/2"))
    assert len(found) == len(exact) == 2
    for ours, theirs in zip(found, exact, strict=True):
        assert error(ours, list(theirs.policy)) < 1e-13
    for branch, expected in (("attracting", 0), ("lowest", 0), ("highest", 1)):
        chosen = TILTED.evaluate(beta=3, pi_ref=[0.2, 0.3, 0.5], branch=branch)
        assert chosen.tolist() == found[expected].tolist()


def test_where_nothing_holds_the_drift_there_is_one_warning() -> None:
    with pytest.warns(NoStationaryPolicy, match="2 of 3 points") as caught:
        found = TILTED.evaluate(beta=[0.01, 3.0, 0.02], pi_ref=[0.2, 0.3, 0.5])
    assert len(caught) == 1
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True]


def test_ties_share_in_proportion_and_order_does_not_matter() -> None:
    for size in (2, oo):
        listed = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=(0, 5, 0, 2)))
        ranked = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=(5, 2, 0)))
        a = listed.evaluate(beta=0.7, pi_ref=[0.1, 0.2, 0.3, 0.4])
        b = ranked.evaluate(beta=0.7, pi_ref=[0.2, 0.4, 0.4])
        assert a[2] / a[0] == pytest.approx(3, rel=1e-15)
        assert [a[1], a[3], a[0] + a[2]] == pytest.approx(b.tolist(), rel=1e-13)


def test_answers_that_are_all_alike_stay_at_the_reference() -> None:
    for size in (2, 4, oo):
        policy = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=(1, 1, 1)))
        found = policy.evaluate(beta=[0.1, 2.0], pi_ref=[0.25, 0.25, 0.5])
        assert found.tolist() == [[0.25, 0.25, 0.5]] * 2


@pytest.mark.parametrize("size", [2, 16, oo])
def test_two_classes_are_the_binary_question(size: object) -> None:
    policy = gs.stationary_policy(gs.GRPO(size), gs.Question(correct=2, answers=4))
    binary = gs.stationary_policy(gs.GRPO(size), gs.BinaryQuestion())
    reference = rows(20, 4, 2, 4)
    found = policy.evaluate(beta=0.9, pi_ref=reference)
    better = reference[:, :2].sum(axis=1)
    whole = binary.evaluate(beta=0.9, pi_ref=better)
    assert found[:, :2].sum(axis=1) == pytest.approx(whole, rel=1e-13)
    assert found[:, 1] / found[:, 0] == pytest.approx(reference[:, 1] / reference[:, 0], rel=1e-14)


def test_a_rare_worse_class_keeps_its_digits() -> None:
    """Groups of four, π_ref(b) = 1e-200: then π(b)/π_ref(b) = β/(β + h'(1)) in the limit."""
    policy = gs.stationary_policy(gs.GRPO(4), gs.Question(rewards=(1, 0)))
    found = policy.evaluate(beta=0.5, pi_ref=[1.0, 1e-200])
    # β (q − q₀) = −h, h ≃ √(G − 1) q next to the end.
    assert found[1] == pytest.approx(1e-200 * 0.5 / (0.5 + 3**0.5), rel=1e-14)


def test_shapes_broadcast() -> None:
    beta = np.array([[0.5], [2.0]])
    found = PAIRS.evaluate(beta=beta, pi_ref=rows(4, 3, 0))
    assert found.shape == (2, 4, 3)
    single = PAIRS.evaluate(beta=2.0, pi_ref=rows(4, 3, 0)[1])
    assert single.shape == (3,)
    assert single.tolist() == found[1, 1].tolist()
    assert TILTED.evaluate(beta=[3.0, 4.0], pi_ref=rows(2, 3, 0), branch="all").shape[::2] == (2, 3)
    assert PAIRS.evaluate(beta=1.0, pi_ref=np.empty((0, 3))).shape == (0, 3)


def test_symbols_of_the_question_are_parameters() -> None:
    policy = gs.stationary_policy(gs.GRPO(oo), gs.Question.symbolic(3))
    found = policy.evaluate(beta=1.0, pi_ref=[0.2, 0.3, 0.5], r_1=[3.0, 30.0], r_2=1.0, r_3=0.0)
    assert found[0].tolist() == LARGE.evaluate(beta=1.0, pi_ref=[0.2, 0.3, 0.5]).tolist()
    assert found[0].tolist() != found[1].tolist()
    with pytest.raises(ValueError, match="must satisfy"):
        policy.evaluate(beta=1.0, pi_ref=[0.2, 0.3, 0.5], r_1=0.0, r_2=1.0, r_3=0.0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"beta": 1, "pi_ref": [0.5, 0.6, 0.1]}, "rows of 3 positive probabilities that sum to 1"),
        ({"beta": 1, "pi_ref": [0.5, 0.5]}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": [-0.1, 0.6, 0.5]}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": [0.0, 0.5, 0.5]}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": [np.nan, 0.5, 0.5]}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": "half"}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": 0.5}, "got a number"),
        ({"beta": 0, "pi_ref": [0.2, 0.3, 0.5]}, "beta must be a positive number"),
        ({"beta": np.nan, "pi_ref": [0.2, 0.3, 0.5]}, "beta must be a positive number"),
        ({"pi_ref": [0.2, 0.3, 0.5]}, "missing argument 'beta'"),
        ({"beta": 1, "pi_ref": [0.2, 0.3, 0.5], "gamma": 1}, "unknown argument 'gamma'"),
        ({"beta": [1, 2], "pi_ref": [[0.2, 0.3, 0.5]] * 3}, "do not broadcast"),
        ({"beta": 1, "pi_ref": [0.2, 0.3, 0.5], "branch": "best"}, "branch must be one of"),
        ({"beta": 1, "pi_ref": [0.2, 0.3, 0.5], "errors": "no"}, "errors must be one of"),
    ],
)
def test_bad_input_gets_a_sentence(values: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        PAIRS.evaluate(**values)


def test_bad_rows_become_nan_on_request() -> None:
    reference = np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.6], [np.nan, 0.5, 0.5], [1.2, -0.7, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = PAIRS.evaluate(beta=1.0, pi_ref=reference, errors="nan")
        weights = PAIRS.evaluate(beta=[1.0, -1.0], pi_ref=reference[0], errors="nan")
    assert np.isnan(found).all(axis=1).tolist() == [False, True, True, True]
    assert np.isnan(weights).all(axis=1).tolist() == [False, True]
    assert found[0].tolist() == PAIRS.evaluate(beta=1.0, pi_ref=reference[0]).tolist()


def test_rows_that_take_long_each_are_fewer() -> None:
    """Dropped groups are solved exactly: all rows of three levels, the first ones of many."""
    assert dropped_groups(3) == 12 > dropped_groups(10) >= 1


def dropped_groups(levels: int) -> int:
    """How many of twelve equal rows are solved."""
    rule = gs.GRPO(64, advantage=gs.ShiftOnly(), mixed_only=True)
    policy = gs.stationary_policy(rule, gs.Question(rewards=tuple(range(levels))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gs.NoStationaryPolicy)
        found = policy.evaluate(beta=2, pi_ref=np.full((12, levels), 1 / levels))
    solved = int(np.isfinite(found).all(axis=1).sum())
    assert found[0] == pytest.approx(found[solved - 1], rel=1e-12)
    return solved


def test_blocks_share_what_a_call_leaves_to_the_exact_solver(monkeypatch) -> None:
    monkeypatch.setattr(evaluate_many, "_DENSE", 1)  # a row is a block
    monkeypatch.setattr(evaluate_many, "_ROW", Allowance.operations // 3 + 1)
    assert dropped_groups(3) == 3


def test_a_sum_over_groups_is_compiled_whole() -> None:
    """Raters who score whole groups, of a rule that is no table: two sums with one count."""
    mixed = gs.Electorate([(1, [1, 0, 0]), (2, [0, 1, 0]), (1, [0, 0, 1])])
    rule = gs.GRPO(16, advantage=gs.NegativeOnly())
    policy = gs.stationary_policy(rule, gs.Question(raters=mixed, per="group"))
    (exact,) = policy.solutions(beta=2, pi_ref=["1/2", "3/10", "1/5"])
    found = policy.evaluate(beta=2.0, pi_ref=[0.5, 0.3, 0.2])
    assert error(found, list(exact.policy)) < 1e-13


def test_rows_without_a_solution_end_with_the_allowance() -> None:
    """A call does so much for them, and finds what it finds alone for the rows before."""
    alone, shared = Allowance(floats=1000.0), Allowance(floats=0.0)
    assert [alone.rows_of(300.0, 3), alone.rows_of(300.0, 9)] == [3, 1]
    assert [alone.rows_of(300.0, 9), shared.rows_of(1.0, 5)] == [0, 0]
    policy = gs.stationary_policy(
        gs.GRPO(16, gs.Divergence.chi_squared(), gs.NegativeOnly()), gs.Question(rewards=(3, 2, 0))
    )
    reference = rows(40, 3, seed=5)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = policy.evaluate(beta=np.where(np.arange(40) % 2, 30.0, 0.05), pi_ref=reference)
    assert np.isnan(found).any(axis=1).tolist()[1::2] == [False] * 20
    (said,) = told
    assert "fewer where each takes long" in str(said.message)
    one = policy.evaluate(beta=30.0, pi_ref=reference[1])
    assert found[1] == pytest.approx(one, rel=1e-12)
