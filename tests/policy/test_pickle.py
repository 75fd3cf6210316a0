"""Policies, models and questions survive pickling, also into a process of their own."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic.presets import all_presets

BINARY = {
    "quadratic": gs.GRPO(2),
    "exponential": gs.GRPO(2, gs.DirectKL()),
    "table": gs.GRPO(5),
    "scan": gs.GRPO(8, gs.DirectKL()),
}
MANY = {
    "ranks": (gs.GRPO(2), gs.Question(rewards=(3, 1, 0))),
    "curve": (gs.GRPO(oo, gs.DirectKL()), gs.Question(rewards=(3, 1, 0))),
    "newton": (gs.GRPO(2, gs.DirectKL()), gs.Question(rewards=(3, 1, 0))),
    "classes": (gs.GRPO(4), gs.Question(correct=2, answers=3)),
}
PARAMETERS = {"beta": [0.8, 2.0, 5.0], "pi_ref": 0.2}
ROWS = {"beta": [3.0, 5.0, 9.0], "pi_ref": [0.2, 0.3, 0.5]}

CHILD = """
import pickle, sys
sent = pickle.load(sys.stdin.buffer)
found = {}
for name, one in sent.items():
    policy, given = pickle.loads(one)
    found[name] = policy.evaluate(**given)
sys.stdout.buffer.write(pickle.dumps(found))
"""
ELSEWHERE = ("table", "ranks", "curve")


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("name", [*BINARY, *MANY])
def test_a_copy_evaluates_alike(name: str, used: bool) -> None:
    """Before and after a policy has compiled what it evaluates."""
    many = name in MANY
    algorithm, question = MANY[name] if many else (BINARY[name], gs.BinaryQuestion())
    given = ROWS if many else PARAMETERS
    policy = gs.stationary_policy(algorithm, question)
    if used:
        policy.evaluate(**given)
    copy = pickle.loads(pickle.dumps(policy))
    assert copy == policy
    assert copy is not policy
    found = copy.evaluate(**given)
    assert found.tobytes() == policy.evaluate(**given).tobytes()
    assert np.isfinite(found).all()


def test_a_used_policy_keeps_its_cached_results() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    before = (policy.status, str(policy.count), str(policy.bounds()), policy.curve)
    copy = pickle.loads(pickle.dumps(policy))
    assert (copy.status, str(copy.count), str(copy.bounds()), copy.curve) == before


@pytest.fixture(scope="module")
def here_and_there() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What policies evaluate here, and then, as they are by now, in one other process."""
    here, sent = {}, {}
    for name in ELSEWHERE:
        many = name in MANY
        algorithm, question = MANY[name] if many else (BINARY[name], gs.BinaryQuestion())
        given = ROWS if many else PARAMETERS
        policy = gs.stationary_policy(algorithm, question)
        here[name] = policy.evaluate(**given)
        sent[name] = pickle.dumps((policy, given))
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input=pickle.dumps(sent), capture_output=True, check=True
    )
    there = pickle.loads(done.stdout)
    return {name: (here[name], there[name]) for name in ELSEWHERE}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_process_evaluates_alike(
    name: str, here_and_there: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    here, there = here_and_there[name]
    assert there.tobytes() == here.tobytes()


def test_presets_models_and_questions() -> None:
    questions = [gs.BinaryQuestion(), gs.BinaryQuestion(margin="1/3"), gs.Question.symbolic(3)]
    penalties = [gs.ReverseKL(), gs.DirectKL(), gs.Divergence.jensen_shannon()]
    presets = all_presets()
    assert presets
    for thing in (*questions, *penalties, *BINARY.values(), *presets):
        assert pickle.loads(pickle.dumps(thing)) == thing


def test_enclosures_and_solutions() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    solved = pickle.loads(pickle.dumps(policy.solutions(beta=1, pi_ref="1/4")))
    assert solved.found[0].policy[0] == 0.5
