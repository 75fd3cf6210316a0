"""The same call gives the same answer: whatever order hashing puts things in."""

import json
import os
import subprocess
import sys

PROGRAM = """
import json
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


def tried(call):
    try:
        return str(call())
    except ValueError as reason:
        return f"ValueError: {reason}"


said = {}
for case, (algorithm, question) in CASES.items():
    policy = gs.stationary_policy(algorithm, question)
    said[case] = [
        *map(str, (policy, policy.latex(), policy.count, policy.derivation)),
        tried(lambda: policy.limit("pi_ref", 0)),
        tried(lambda: policy.bounds()),
        tried(lambda: policy.series("1/beta", 1)),
        tried(lambda: policy.monotonicity("beta")),
        tried(lambda: policy.verify()),
    ]
json.dump(said, sys.stdout)
"""


def test_output_does_not_depend_on_hashing() -> None:
    """Two processes that hash in different orders say the same, word for word."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "77")
    ]
    one, other = (json.loads(process.communicate()[0]) for process in running)
    assert [process.returncode for process in running] == [0, 0]
    assert len(one) == 6
    for case, lines in one.items():
        assert sum(map(len, lines)) > 300
        assert lines == other[case], case
