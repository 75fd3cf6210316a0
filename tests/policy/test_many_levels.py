"""Questions with many reward levels at any group size, through the policy."""

import pickle
from fractions import Fraction
from math import factorial, prod

import numpy as np
import pytest
from mpmath import mp, mpf

import grpo_symbolic as gs
from grpo_symbolic.model.level_mean import LevelMean

SIX = gs.Question(rewards=(5, 4, 3, 2, 1, 0))


def preference(levels: list[int], masses: list[mpf], size: int) -> list[mpf]:
    """V_G of each level by counting, in mpmath."""

    def split(total: int, parts: int):
        if parts == 1:
            yield (total,)
            return
        for first in range(total + 1):
            for rest in split(total - first, parts - 1):
                yield (first, *rest)

    found = [mpf(0)] * len(levels)
    for counts in split(size - 1, len(levels)):
        ways = factorial(size - 1) // prod(map(factorial, counts))
        chance = ways * mp.fprod(m**c for m, c in zip(masses, counts, strict=True))
        for k, own in enumerate(levels):
            first = sum(c * r for c, r in zip(counts, levels, strict=True)) + own
            second = sum(c * r * r for c, r in zip(counts, levels, strict=True)) + own**2
            if size * second != first**2:
                found[k] += chance * (size * own - first) / mp.sqrt(size * second - first**2)
    return found


@pytest.mark.parametrize("beta", ["1/2", "3"])
def test_solutions_satisfy_the_condition_counted_out(beta: str) -> None:
    """π(o) (1 − P(o)/β) = π_ref(o) with P summed over the counts of six levels in groups of six."""
    reference = ("1/10", "1/10", "1/5", "1/5", "1/10", "3/10")
    policy = gs.stationary_policy(gs.GRPO(6), SIX)
    solved = policy.solutions(beta=beta, pi_ref=reference, digits=25)
    (found,) = solved
    assert not solved.complete
    assert "each proved to be the only one in a box around it" in solved.status
    assert found.residual < mpf(10) ** -25
    assert found.stability == "attracting"
    with mp.workdps(40):
        values = preference([5, 4, 3, 2, 1, 0], list(found.policy), 6)
        weight = mpf(Fraction(beta).numerator) / Fraction(beta).denominator
        for p, v, r in zip(found.policy, values, reference, strict=True):
            given = mpf(Fraction(r).numerator) / Fraction(r).denominator
            assert abs(p * (1 - v / weight) - given) < mpf(10) ** -25
    enclosed = policy.enclose(beta=beta, pi_ref=reference, digits=25)
    assert enclosed.count == 1
    assert not enclosed.complete
    for ball, p in zip(enclosed.policies[0], found.policy, strict=True):
        assert abs(float(ball.mid()) - float(p)) < 1e-15
        assert float(ball.rad()) < 1e-25
    floats = policy.evaluate(
        beta=float(Fraction(beta)), pi_ref=[float(Fraction(r)) for r in reference]
    )
    assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-13)


def test_direct_kl_satisfies_its_condition() -> None:
    policy = gs.stationary_policy(gs.GRPO(5, gs.DirectKL()), SIX)
    reference = np.array([0.1, 0.1, 0.2, 0.2, 0.1, 0.3])
    found = policy.evaluate(beta=1.5, pi_ref=reference)
    with mp.workdps(20):
        values = preference([5, 4, 3, 2, 1, 0], [mpf(float(p)) for p in found], 5)
    tilted = reference * np.exp(np.array([float(v) for v in values]) / 1.5)
    assert found == pytest.approx(tilted / tilted.sum(), rel=1e-13)


def test_written_out_and_by_level_values_agree() -> None:
    """Three levels in groups of eight: the polynomial system, and the level field."""
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(3, 1, 0)))
    (found,) = policy.solutions(beta="1/2", pi_ref=("1/5", "3/10", "1/2"))
    floats = policy.evaluate(beta=0.5, pi_ref=[0.2, 0.3, 0.5])
    assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-13)


def test_answers_share_the_mass_of_their_level() -> None:
    rewards = [k % 4 for k in range(40)]
    reference = [Fraction(k + 1, 820) for k in range(40)]
    policy = gs.stationary_policy(gs.GRPO(32), gs.Question(rewards=rewards))
    (found,) = policy.solutions(beta=1, pi_ref=[str(r) for r in reference], digits=15)
    lift = [
        p / (mpf(r.numerator) / r.denominator) for p, r in zip(found.policy, reference, strict=True)
    ]
    with mp.workdps(25):
        for k, r in enumerate(rewards):
            assert abs(lift[k] - lift[r]) < mpf(10) ** -14
    assert lift[0] < lift[1] < lift[2] < lift[3]
    assert policy.evaluate(beta=1, pi_ref=[float(r) for r in reference]) == pytest.approx(
        [float(p) for p in found.policy], rel=1e-13
    )


def test_rows_are_those_of_single_calls_and_searches_find_no_others() -> None:
    random = np.random.default_rng(3)
    policy = gs.stationary_policy(gs.GRPO(16), SIX)
    rows = random.dirichlet(np.ones(6), size=30)
    together = policy.evaluate(beta=0.3, pi_ref=rows)
    assert together[7] == pytest.approx(policy.evaluate(beta=0.3, pi_ref=rows[7]), rel=1e-13)
    assert together.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-14)
    every = policy.evaluate(beta=0.3, pi_ref=rows[:3], branch="all")
    assert every.shape == (3, 1, 6)
    assert every[:, 0] == pytest.approx(together[:3], rel=1e-12)
    with pytest.raises(ValueError, match=r"one call takes at most [\d,]+ points"):
        policy.evaluate(beta=0.3, pi_ref=np.broadcast_to(rows[:1], (10**7, 6)))


def test_random_rewards_as_a_trainer_logs_them() -> None:
    samples = [[0, 1, 1, 2], [2, 2, 3], [0.5, 0.5, 3, 3, 3], [1]]
    question = gs.Question.from_samples(samples)
    assert question.rewards == (1, gs.Question(rewards=("7/3", 0)).rewards[0], 2, 1)
    policy = gs.stationary_policy(gs.GRPO(12), question)
    reference = ["1/4"] * 4
    (found,) = policy.solutions(beta=1, pi_ref=reference, digits=12)
    floats = policy.evaluate(beta=1, pi_ref=[0.25] * 4)
    assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-11)
    # The answer that always wins gains most; means decide no order by themselves.
    assert np.argmax(floats) == 1
    rounded = gs.Question.from_samples([[0.04, 0.06], [0.96, 1.04]], decimals=1)
    assert rounded == gs.Question(reward_laws=[[(0, "1/2"), ("1/10", "1/2")], [(1, 1)]])
    for wrong in ([[1], []], [[1]], "rewards", [1, 2], [["x"], [1]]):
        with pytest.raises(ValueError, match=r"answer|sequence|reward|two"):
            gs.Question.from_samples(wrong)


def test_preference_by_name_unfolds_to_the_expectation() -> None:
    question = gs.Question(rewards=(4, 3, 2, 1, 0))
    model = gs.preference(gs.GRPO(6), question)
    assert str(model[0]) == "V_6(4)"
    assert isinstance(model[0], LevelMean)
    at = dict(zip(question.policy[:-1], (0.1, 0.2, 0.3, 0.1), strict=True))
    with mp.workdps(20):
        expected = preference([4, 3, 2, 1, 0], [mpf(x) for x in (0.1, 0.2, 0.3, 0.1, 0.3)], 6)
    assert float(model[0].doit().subs(at)) == pytest.approx(float(expected[0]), rel=1e-12)
    assert pickle.loads(pickle.dumps(model)) == model
    policy = gs.stationary_policy(gs.GRPO(64), question)
    assert "V_{64}" in policy.latex()
    assert str(policy.condition.equations[0]).count("V_64(4)") == 1
    scope: dict = {}
    exec(policy.export("sympy"), scope)
    assert [str(e.lhs).count("V_64") for e in scope["equations"]] == [1] * 5
    assert {v.status for v in policy.verify()} == {"PROVED"}
    with pytest.raises(ValueError, match=r"has \d+ terms"):
        policy.condition.preference[0].doit()


def test_sizes_that_take_too_many_digits_are_refused() -> None:
    policy = gs.stationary_policy(gs.GRPO(64), gs.Question(rewards=list(range(40))))
    with pytest.raises(ValueError, match=r"ask for \d+ digits"):
        policy.solutions(beta=1, pi_ref=["1/40"] * 40, digits=200)


def test_text_has_one_row_for_each_reward() -> None:
    question = gs.Question(rewards=[k % 5 for k in range(60)])
    rows = str(gs.stationary_policy(gs.GRPO(32), question)).splitlines()
    assert rows[0] == "V_32(0) = beta*(1 - pi_ref(1)/pi(1))   (and 11 more of its rewards)"
    assert rows[5] == "V_32(r) = E[(r - mean)/std, 0/0 = 0], the others' rewards drawn under pi"
    assert rows[-1] == "for beta > 0 and positive probabilities that sum to 1"
    direct = gs.stationary_policy(gs.GRPO(32, gs.DirectKL()), question)
    assert str(direct).startswith("V_32(0) = -beta*log(pi_ref(1)/pi(1)) + lambda")
    many = gs.Question(rewards=tuple(range(14)))
    assert "and 2 more\n" in str(gs.stationary_policy(gs.GRPO(32), many))


def test_arrays_of_reward_vectors_are_those_of_single_questions() -> None:
    random = np.random.default_rng(6)
    rewards = np.sort(random.integers(0, 40, (6, 5)), axis=1)[:, ::-1] + np.arange(5)[::-1]
    given = {f"r_{k + 1}": rewards[:, k] for k in range(5)}
    policy = gs.stationary_policy(gs.GRPO(12), gs.Question.symbolic(5))
    found = policy.evaluate(beta=0.5, pi_ref=[0.1, 0.2, 0.3, 0.3, 0.1], **given)
    for row, vector in zip(found, rewards, strict=True):
        one = gs.stationary_policy(gs.GRPO(12), gs.Question(rewards=[int(r) for r in vector]))
        assert row == pytest.approx(one.evaluate(beta=0.5, pi_ref=[0.1, 0.2, 0.3, 0.3, 0.1]))
    wide = np.arange(400.0)
    more = {**{f"r_{k + 1}": 500.0 - k for k in range(1, 5)}, "r_1": 500 + wide}
    with pytest.raises(ValueError, match="at most 300 distinct"):
        policy.evaluate(beta=0.5, pi_ref=[0.2] * 5, **more)


def test_weak_penalties_take_no_more_steps() -> None:
    """Rows at weights from 1e-4 on, against the condition with P counted out."""
    random = np.random.default_rng(7)
    rows = random.dirichlet(np.ones(6), size=4)
    policy = gs.stationary_policy(gs.GRPO(5), SIX)
    for beta in (1e-4, 1e-2):
        found = policy.evaluate(beta=beta, pi_ref=rows)
        with mp.workdps(25):
            for given, row in zip(rows, found, strict=True):
                values = preference([5, 4, 3, 2, 1, 0], [mpf(float(p)) for p in row], 5)
                solved = [r / (1 - v / beta) for r, v in zip(given, values, strict=True)]
                # The best level's value vanishes with the weight.
                assert row[1:] == pytest.approx([float(p) for p in solved[1:]], rel=1e-9)
                assert row.sum() == pytest.approx(1, abs=1e-13)
