"""analyse: every section of the report, and its command."""

from __future__ import annotations

import json

import mpmath as mp
import pytest
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic.cli import main

SECTIONS = ("count", "thresholds", "limits", "monotonicity", "bounds", "potential")


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["analyse", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_pairs_are_known_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, "--margin")
    assert all(name in found for name in SECTIONS)
    assert found["count"]["possible"] == [1]
    assert found["thresholds"]["escape"]["beta"] == "gamma"
    assert found["limits"]["beta -> 0+"]["value"] == "1"
    assert found["limits"]["beta -> oo"]["value"] == "pi_ref"
    directions = {k: v["direction"] for k, v in found["monotonicity"].items()}
    assert directions == {"beta": "decreasing", "gamma": "increasing", "pi_ref": "increasing"}
    assert all(v["verdict"] == "PROVED" for v in found["monotonicity"].values())
    assert {b["bound"] for b in found["bounds"]["lower"]} == {"pi_ref", "-beta/gamma + 1"}
    assert found["potential"]["conservative"] is True


def test_a_fold_to_thirty_digits(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--group-size", "inf", "--penalty", "direct-kl", "--pi-ref", "1/2", "--beta", "2")
    found = report(capsys, *words)
    assert found["count"]["possible"] == [0, 2]
    assert found["count"]["at"]["number"] == 2
    (fold,) = found["thresholds"]["folds"]["beta"]
    with mp.workdps(50):
        t = mp.findroot(lambda x: x - mp.coth(x), mp.mpf("1.2"))
        assert abs(mp.mpf(fold["beta"]) - mp.sinh(t)) < mp.mpf(10) ** -29
    assert [c["number"] for c in found["thresholds"]["folds"]["count_between"]] == [0, 2]


def test_three_levels_have_no_potential(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, "--rewards", "2,1,0", "--pi-ref", "0.2,0.3,0.5", "--beta", "1")
    assert found["potential"]["conservative"] is False
    assert found["count"]["at"]["number"] == 1
    assert found["count"]["at"]["solutions"][0]["stability"] == "attracting"


def test_it_prints_for_readers_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "--group-size", "4"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n{name}:\n" in shown for name in SECTIONS)
    assert main(["analyse", "--pi-ref", "2"]) == 2


def test_values_are_checked() -> None:
    with pytest.raises(ValueError, match="unknown argument"):
        gs.analyse(gs.GRPO(oo), gs.BinaryQuestion(), delta=1)
