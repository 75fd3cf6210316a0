"""The page without a server: its equations against the library, and what it is made of."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
import warnings
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational, S, oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.explorer import Exploration, choices
from grpo_symbolic.explorer.compiled import preset_states, rules
from grpo_symbolic.explorer.page import page, script, start_of
from grpo_symbolic.model.two_level import TwoLevel

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js runs the page's own code: no node")
STATE = start_of(Exploration())

# Rule, ddof, epsilon, group size, penalty, success rates; every penalty kind, size and rule.
SETTINGS = [
    ("std", 0, 0, "2", "reverse KL", (1, 0)),
    ("std", 0, 0, "2", "direct KL", (1, 0)),
    ("std", 0, 0, "oo", "reverse KL", (1, 0)),
    ("std", 0, 0, "oo", "direct KL", (1, 0)),
    ("std", 0, 0, "8", "reverse KL", (0.8, 0.3)),
    ("std", 1, 1e-4, "8", "direct KL", (1, 0)),
    ("std", 1, 1e-4, "64", "chi-squared", (1, 0)),
    ("std", 0, 0, "1024", "direct KL", (1, 0)),
    ("std", 0, 0, "4", "squared Hellinger", (1, 0)),
    ("std", 0, 0, "5", "Jensen-Shannon", (0.9, 0.1)),
    ("std", 0, 0, "3", "k2 in the reward", (1, 0)),
    ("std", 0, 0, "8", "k3 in the reward", (1, 0)),
    ("none", 0, 0, "8", "reverse KL", (1, 0)),
    ("rloo-std", 0, 1e-6, "16", "reverse KL", (1, 0)),
    ("stabilised", 1, 0.01, "16", "direct KL", (0.8, 0.3)),
    ("max-rl", 0, 0, "8", "reverse KL", (0.8, 0.3)),
]
POINTS = 640


@cache
def _code() -> str:
    return script(Exploration())


def _asked(tmp_path: Path, expression: str, given: Any) -> Any:
    """What the page's code says of ``given``, as JSON."""
    code = tmp_path / "model.js"
    code.write_text(_code(), encoding="utf-8")
    (tmp_path / "given.json").write_text(json.dumps(given))
    program = (
        f"const m = require({json.dumps(str(code))});"
        f"const given = JSON.parse(require('fs').readFileSync({json.dumps(str(tmp_path))} + "
        f"'/given.json'));console.log(JSON.stringify({expression}));"
    )
    done = subprocess.run([str(NODE), "-e", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _policy(setting: tuple) -> Any:
    rule, ddof, epsilon, size, penalty, rates = setting
    algorithm = gs.GRPO(
        oo if size == "oo" else int(size),
        choices.penalty(penalty),
        choices.advantage(rule, ddof, Rational(str(epsilon))),
    )
    question = gs.BinaryQuestion(success=tuple(str(rate) for rate in rates))
    return gs.stationary_policy(algorithm, question)


def _policies(policy: Any, beta: np.ndarray, reference: np.ndarray) -> list[list[float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NaN, where there is none
        found = policy.evaluate(beta=beta, pi_ref=reference, branch="all")
    rows = np.asarray(found).reshape(len(beta), -1)
    return [sorted(v for v in row if 0 < v < 1) for row in rows.tolist()]


@needs_node
def test_the_page_agrees_with_the_library_on_ten_thousand_points(tmp_path: Path) -> None:
    draw = random.Random(7)
    states, expected = [], []
    for setting in SETTINGS:
        rule, ddof, epsilon, size, penalty, (first, second) = setting
        beta = np.array([math.exp(draw.uniform(-3, 3)) for _ in range(POINTS)])
        reference = np.array([draw.uniform(0.001, 0.999) for _ in range(POINTS)])
        policy = _policy(setting)
        expected += [(policy, row) for row in _policies(policy, beta, reference)]
        chosen = {
            "rule": rule, "ddof": ddof, "epsilon": epsilon, "size": size, "penalty": penalty,
            "rewards": "sure" if (first, second) == (1, 0) else "rates",
            "s_a": first, "s_b": second,
        }  # fmt: skip
        states += [
            STATE | chosen | {"beta": b, "pi_ref": r}
            for b, r in zip(beta.tolist(), reference.tolist(), strict=True)
        ]
    found = _asked(tmp_path, "given.map((s) => m.solutions(s).map((r) => r.p))", states)
    assert len(found) == len(SETTINGS) * POINTS > 10_000
    arbitrated = 0
    for state, page_says, (policy, library_says) in zip(states, found, expected, strict=True):
        inside = [p for p in page_says if 0 < p < 1]
        if len(inside) != len(library_says):  # next to a fold the proved solutions decide
            arbitrated += 1
            proved = policy.solutions(beta=repr(state["beta"]), pi_ref=repr(state["pi_ref"]))
            library_says = sorted(float(solution.policy[0]) for solution in proved)
        assert np.allclose(inside, library_says, rtol=0, atol=1e-12), state
    assert arbitrated <= 5


@needs_node
def test_dropped_groups_agree_as_well(tmp_path: Path) -> None:
    policy = gs.stationary_policy(
        gs.GRPO(4, mixed_only=True), gs.BinaryQuestion(success=("0.9", "0.2"))
    )
    references = [k / 10 for k in range(1, 10)]
    expected = policy.evaluate(beta=0.5, pi_ref=references)
    chosen = {"mixed": True, "size": "4", "rewards": "rates", "s_a": 0.9, "s_b": 0.2}
    states = [STATE | chosen | {"beta": 0.5, "pi_ref": r} for r in references]
    found = _asked(tmp_path, "given.map((s) => m.solutions(s).map((r) => r.p))", states)
    assert [len(row) for row in found] == [1] * len(references)
    assert np.allclose([row[0] for row in found], expected, rtol=0, atol=1e-12)


@needs_node
def test_thresholds_folds_and_stability_agree(tmp_path: Path) -> None:
    large = STATE | {"size": "oo", "penalty": "direct KL", "beta": 2, "pi_ref": 0.5}
    four = STATE | {"size": "4"}
    folds, escape, rows, curve = _asked(
        tmp_path,
        "[m.thresholds(given[0]).folds, m.thresholds(given[1]).escape, m.solutions(given[0]), "
        "m.curve(given[0])]",
        [large, four],
    )
    policy = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion())
    assert folds[0]["beta"] == pytest.approx(1.5088795615, abs=1e-9)
    assert escape == pytest.approx(math.sqrt(3), abs=1e-9)
    proved = list(policy.solutions(beta=2, pi_ref="1/2"))
    assert [row["attracting"] for row in rows] == [
        str(solution.stability) == "attracting" for solution in proved
    ]
    # On the curve every point is stationary, and a fold is where both pieces end.
    for piece in curve["pieces"]:
        for reference, p in piece["points"][5:-5:40]:
            force = math.log(p / (1 - p)) - math.log(reference / (1 - reference))
            assert 2 * force == pytest.approx(1 / math.sqrt(p * (1 - p)), rel=1e-6)
    assert [piece["attracting"] for piece in curve["pieces"]] == [True, False]
    assert curve["folds"][0] == curve["pieces"][0]["points"][-1]


@needs_node
def test_three_answers_agree(tmp_path: Path) -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(success=("0.9", "0.6", "0.2")))
    (proved,) = policy.solutions(beta=1, pi_ref=("0.2", "0.3", "0.5"))
    (found,) = _asked(
        tmp_path,
        "m.stationaryOfThree(given, [0.9, 0.6, 0.2], [0.2, 0.3, 0.5])",
        STATE | {"size": "8", "beta": 1},
    )
    assert found["policy"] == pytest.approx([float(p) for p in proved.policy], abs=1e-12)
    assert found["attracting"]


def test_coefficients_are_those_of_the_group() -> None:
    """With G and ε as symbols, then numbers: what enumerating the counts of a group gives."""
    value = Rational(1, 7)
    written = [(name, key, rule) for name, row in rules().items() for key, rule in row.items()]
    assert len(written) > len(rules()) > 5
    for name, key, rule in written:
        ddof, stabilised = (int(part) for part in key.split(","))
        numbers = choices.advantage(name, ddof, value if stabilised else 0)
        for size in (2, 3, 5, 8):
            group = TwoLevel(numbers, S(size), S.One, S.Zero, Domain())
            point = {symbols.G: size, symbols.epsilon: value}
            middle = [
                rule.between.subs(symbols.t, Rational(k, size - 1)) for k in range(1, size - 1)
            ]
            found = [c.subs(point) for c in (rule.first, *middle, rule.last)]
            for c, gap in zip(found, group.gaps, strict=True):
                assert abs((c - gap).evalf(30)) < Rational(1, 10**25), (name, key, size)


def test_presets_are_settings_of_the_page() -> None:
    states = preset_states()
    left_out = {p.name: p for p in gs.presets.all_presets() if p.name not in states}
    # Its penalty is in the reward of a rule that is not linear: rewards must be sure.
    assert left_out.pop("verl-reward").algorithm.advantage == gs.ShiftAndScale(1, "1e-6")
    # Of the others the controls do not have the rule.
    offered = {type(choices.advantage(name, 0, 0)) for name in choices.advantages()}
    assert all(type(p.algorithm.advantage) not in offered for p in left_out.values())
    assert len(left_out) < len(states) / 4
    assert states["trl@1.9"] == {
        "penalty": "reverse KL", "mixed": False, "rule": "std", "ddof": 1, "epsilon": 1e-4,
        "size": 8,
    }  # fmt: skip
    assert states["dapo"]["mixed"]
    assert states["rlhf"]["rule"] == "level:rlhf"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.pointed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name == "for":
                self.pointed.append(value or "")


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    target = Exploration(group_size=8, penalty="direct KL").save(tmp_path / "page.html")
    text = target.read_text(encoding="utf-8")
    assert len(text.encode()) < 1_000_000
    reader = _Reader()
    reader.feed(text)
    assert reader.addresses == []
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.pointed) <= set(reader.ids)
    assert set(re.findall(r"https?://[^\s\"'`<)]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1998/Math/MathML",
    }
    assert not re.search(r"\b(fetch|XMLHttpRequest|importScripts|WebSocket)\b", text)
    assert "@" + "SCRIPT@" not in text
    assert '"size": "8"' in text
    assert '"penalty": "direct KL"' in text


def test_a_penalty_of_ones_own_is_on_the_page() -> None:
    own = gs.Divergence.alpha("1/2")
    text = page(Exploration(penalty=own))
    assert json.dumps(choices.name_of(own)) in text


def test_saving_by_suffix(tmp_path: Path) -> None:
    state = Exploration()
    assert state.save(tmp_path / "figure.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(ValueError, match=r"the file must end in one of \.html"):
        state.save(tmp_path / "page.txt")
    with pytest.raises(ValueError, match="the page cannot be written"):
        state.save(tmp_path / "nowhere" / "page.html")


def test_the_panel_saves_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("anywidget")
    panel = gs.explore(group_size=4, beta=1)
    panel.set(pi_ref=0.3)
    assert '"pi_ref": 0.3' in panel.save(tmp_path / "page.html").read_text(encoding="utf-8")
