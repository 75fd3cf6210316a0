"""The same call gives the same answer: whatever order hashing puts things in."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from sympy import oo

TRAINER = gs.ShiftAndScale(ddof=1, epsilon="1e-4")
CASES = {
    "small": (gs.GRPO(4), gs.BinaryQuestion()),
    "every size": (gs.GRPO(s.G, advantage=TRAINER), gs.BinaryQuestion()),
    "noise": (gs.GRPO(8), gs.BinaryQuestion(success=s.success)),
    "fold": (gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion()),
    "dropped": (gs.GRPO(8, mixed_only=True), gs.BinaryQuestion()),
    "levels": (gs.GRPO(4), gs.Question(rewards=(3, 2, 1))),
}
algorithm, question = CASES[sys.argv[1]]
policy = gs.stationary_policy(algorithm, question)


def tried(call):
    try:
        return call()
    except ValueError as reason:
        return f"ValueError: {reason}"


print(policy, policy.latex(), policy.count, policy.derivation, sep="\\n")
for call in (
    lambda: policy.limit("pi_ref", 0),
    lambda: policy.bounds(),
    lambda: policy.series("1/beta", 2),
    lambda: policy.monotonicity("beta"),
    lambda: policy.verify(),
):
    print(tried(call))
"""


@pytest.mark.parametrize("case", ["small", "every size", "noise", "fold", "dropped", "levels"])
def test_output_does_not_depend_on_hashing(case: str) -> None:
    texts = []
    for seed in ("1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, case],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        texts.append(done.stdout)
    assert len(texts[0]) > 300
    assert texts[0] == texts[1]
