"""The explorer: its states as values, its curve, and its panel without a front end."""

from __future__ import annotations

import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from sympy import Integer, Rational, oo

import grpo_symbolic as gs
from grpo_symbolic.explorer import Exploration, choices, drawing, exploration, explore
from grpo_symbolic.explorer.figure import stationary_curve

SIZES = tuple(oo if size == "oo" else int(size) for size in choices.GROUP_SIZES)


def _pair(beta, reference, margin=1.0):
    c = beta / margin
    return (1 - c + math.sqrt((1 - c) ** 2 + 4 * c * reference)) / 2


def _drift(p, size, ddof=0, epsilon=0.0):
    """P(a) - P(b) by enumeration of the other members of the group, or of the population."""
    if size == oo:
        return 1 / (math.sqrt(p * (1 - p)) + epsilon)
    scale = math.sqrt(size / (size - ddof))
    total = 0.0
    for k in range(size + 1):
        chance = math.comb(size, k) * p**k * (1 - p) ** (size - k)
        t = k / size
        spread = math.sqrt(t * (1 - t)) * scale + epsilon
        if 0 < k < size:
            total += chance * t * (1 - t) / spread
    return total / (p * (1 - p))


def _reverse(p, reference):
    return -reference / p + (1 - reference) / (1 - p)


def _direct(p, reference):
    return math.log(p / (1 - p)) - math.log(reference / (1 - reference))


def _chi_squared(p, reference):
    return p / reference - (1 - p) / (1 - reference)


FORCES = {
    "reverse KL": _reverse,
    "direct KL": _direct,
    "chi-squared": _chi_squared,
    "k3 in the loss": _reverse,
    "k2 in the loss": _direct,
    "k1 in the reward": _direct,
    "k3 in the loss, with ratio": _direct,
}


# -- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FORCES))
@pytest.mark.parametrize(
    ("size", "ddof", "epsilon"), [(2, 1, 0), (3, 0, "0.1"), (8, 0, 0), (oo, 0, 0)]
)
def test_solutions_balance_the_drift_and_the_penalty(name, size, ddof, epsilon):
    state = Exploration("0.9", 1, size, "0.3", ddof, epsilon, name)
    inside = [s for s in state.solutions if 0 < s.policy[0] < 1]
    for solution in inside:
        p = float(solution.policy[0])
        drift, force = _drift(p, size, ddof, float(epsilon)), FORCES[name](p, 0.3)
        assert drift == pytest.approx(0.9 * force, rel=1e-6)
    assert inside or any("0 interior" in s for s in state.sentences)


def test_the_number_asked_for():
    state = Exploration(beta="1/2", group_size=2, pi_ref="1/4")
    assert state.rows == (("0.68301", "attracting", "maximum", "0"),)
    assert float(state.rows[0][0]) == pytest.approx(_pair(0.5, 0.25), abs=5e-6)
    assert r"\beta = 0.5" in state.values
    assert r"\pi(a) = 0.68301" in state.latex
    assert "attracting" in state.latex


def test_a_margin_is_one_of_groups_of_two():
    state = Exploration(gamma="0.6", pi_ref="0.2")
    assert float(state.rows[0][0]) == pytest.approx(_pair(0.5, 0.2, 0.6), abs=5e-6)
    assert r"\gamma = 0.6" in state.values
    for options in ({"group_size": 4}, {"group_size": oo}, {"epsilon": "1e-4"}):
        with pytest.raises(ValueError, match="gamma must be 1, got 3/5: "):
            replace(state, **options)
    with pytest.raises(ValueError, match="gamma must be"):
        Exploration(gamma=2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"beta": 0}, "beta must be"),
        ({"pi_ref": 2}, "pi_ref must be"),
        ({"group_size": 1}, "group_size must be"),
        ({"ddof": 2}, "ddof must be 0 or 1, got 2"),
        ({"epsilon": -1}, "epsilon must be"),
        ({"penalty": "entropy"}, "penalty must be one of reverse KL"),
    ],
)
def test_values_out_of_range_are_named(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Exploration(**options)


def test_no_choice_of_controls_raises():
    """Every penalty, every group size, and every way to divide, not all with one another."""
    turns = itertools.cycle(itertools.product((2, oo, 3), choices.DDOFS, ("0", "1e-4")))
    states = [("reverse KL", size, 0, 0) for size in SIZES]
    states += [("direct KL", size, 1, 0) for size in (4, 16, 1024)]
    states += [(name, *next(turns)) for name in choices.penalties()]
    shown = 0
    for name, size, ddof, epsilon in states:
        state = Exploration("0.7", 1, size, "0.2", ddof, epsilon, name)
        assert state.sentences
        assert state.values.startswith(r"\text{at }")
        assert state.formula
        for row in state.rows:
            assert row[1] in ("attracting", "repelling", "degenerate")
            shown += 1
    assert shown >= len(states) - 5  # in the large group some have none inside (0, 1)


@pytest.mark.parametrize("name", choices.advantages())
@pytest.mark.parametrize("size", [3, oo])
def test_every_rule_has_its_states(name, size):
    """Groups of three under reverse KL: beta (p - q) = p (1 - p) times the difference of means."""
    state = Exploration("0.9", 1, size, "0.3", 1, "0.1", advantage=name)
    assert state.sentences
    assert state.margin_note
    if size != 3:
        return
    p = float(state.rows[0][0])
    rule, drift = state.rule, 0.0
    for others in itertools.product((1, 0), repeat=2):
        chance = math.prod(p if r else 1 - p for r in others)
        for own, side in ((1, 1), (0, -1)):
            group = (own, *others)
            law = [(r, Rational(group.count(r), 3)) for r in (1, 0) if r in group]
            drift += side * chance * float(rule(Integer(own), law, Integer(3)))
    assert 0.9 * (p - 0.3) == pytest.approx(p * (1 - p) * drift, abs=2e-5)


def test_a_rule_that_is_not_offered():
    with pytest.raises(ValueError, match="advantage must be one of std, none"):
        Exploration(advantage="batch")


def test_what_is_sampled_and_what_it_acts_as():
    assert Exploration(penalty="k3 in the loss").sentences[0].endswith("the reverse KL.")
    assert Exploration(penalty="k2 in the loss").sentences[0].endswith("the direct KL.")
    nothing = Exploration(penalty="k1 in the loss")
    assert nothing.sentences[0] == "No penalty at all: its expected gradient is zero."
    assert "nothing holds the drift" in nothing.sentences[1]
    assert "nothing pulls the policy" in nothing.latex
    assert nothing.rows[0][0] == "1"  # the drift runs to the better answer


def test_a_penalty_of_the_callers_own():
    state = Exploration(penalty=gs.Divergence.alpha(2))
    known = Exploration(penalty="chi-squared")
    assert state.rows == known.rows
    assert choices.name_of(gs.DirectKL()) == "direct KL"


def test_probabilities_close_to_one_are_shown_by_their_distance():
    state = Exploration("1/20", 1, 2, "1/2", penalty="direct KL")
    rest = 1 / (1 + math.exp(20))
    shown = state.rows[0][0]
    assert shown.startswith("1 - ")
    assert float(shown.removeprefix("1 - ")) == pytest.approx(rest, rel=1e-4)
    assert r"\cdot 10^{-9}" in state.values


def test_the_fold_of_the_direct_kl():
    two = Exploration(2, 1, oo, "1/2", penalty="direct KL")
    assert [row[1] for row in two.rows] == ["attracting", "repelling"]
    assert replace(two, beta="1.5").rows == ()
    assert r"\text{no stationary }" in replace(two, beta="1.5").values
    assert len(replace(two, beta="1.51").rows) == 2


# -- kept ------------------------------------------------------------------------------------


class Refusing:
    """Refuses whatever it is asked, and counts how often."""

    def __init__(self):
        self.asked = 0

    def __call__(self, *_, **__):
        self.asked += 1
        raise ValueError("too large for this")


def test_what_is_refused_is_a_sentence_and_is_not_tried_again(monkeypatch):
    exploration._derived.cache_clear()
    monkeypatch.setattr(exploration, "stationary_policy", deriving := Refusing())
    state = Exploration("0.31", group_size=7)
    with pytest.raises(ValueError, match="too large for this"):
        state.policy  # noqa: B018
    with pytest.raises(ValueError, match="too large for this"):
        replace(state, beta="0.32").rows  # noqa: B018
    assert deriving.asked == 1
    exploration._derived.cache_clear()
    exploration._solved.cache_clear()


def test_numbers_that_are_refused_are_not_tried_again(monkeypatch):
    monkeypatch.setattr(exploration, "_solutions", solving := Refusing())
    state = Exploration("0.313131", group_size=3)
    for _ in range(2):
        with pytest.raises(ValueError, match="too large for this"):
            state.rows  # noqa: B018
    assert solving.asked == 1
    exploration._solved.cache_clear()


def test_moving_a_number_derives_nothing(monkeypatch):
    state = Exploration("1/2", group_size=4)
    policy = state.policy
    monkeypatch.setattr(exploration, "stationary_policy", Refusing())
    moved = replace(state, beta="0.51", pi_ref="0.77")
    assert moved.policy is policy
    assert moved.rows != state.rows


# -- curve and figure -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reverse KL", "direct KL", "chi-squared"])
@pytest.mark.parametrize("size", [4, oo])
def test_every_point_of_the_curve_is_stationary(name, size):
    state = Exploration("1.7", 1, size, "0.3", penalty=name)
    pieces = stationary_curve(state.policy, state.beta, state.fixed)
    points = 0
    for piece in pieces:
        for p, reference in zip(piece.policy[5:-5:40], piece.at[5:-5:40], strict=True):
            if min(p, 1 - p, reference, 1 - reference) < 1e-6:
                continue
            assert _drift(p, size) == pytest.approx(1.7 * FORCES[name](p, reference), rel=1e-4)
            points += 1
    assert points > 5


def test_the_contour_of_a_pull_that_turns():
    """k2 with the ratio: solutions inside lie on the contour, each on a piece of its own kind.

    Both vertices attract.
    """
    state = Exploration("1/2", 1, 2, "1/4", penalty="k2 in the loss, with ratio")
    pieces = stationary_curve(state.policy, state.beta, state.fixed)
    inside, vertices = state.solutions.found[:3], state.solutions.found[3:]
    assert [row[1] for row in state.rows] == ["repelling", "attracting", "repelling"] + 2 * [
        "attracting"
    ]
    assert [s.policy for s in vertices] == [(0, 1), (1, 0)]
    for solution in inside:
        p, pulls = float(solution.policy[0]), solution.stability == "attracting"
        distance = min(
            np.min(np.hypot(piece.at - 0.25, piece.policy - p))
            for piece in pieces
            if piece.attracting == pulls
        )
        assert distance < 0.02


def test_the_figure_marks_what_attracts_and_what_repels():
    from matplotlib.figure import Figure

    figure = Figure()
    state = Exploration(2, 1, oo, "1/2", penalty="direct KL")
    ax = state.figure(figure.subplots())
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_ydata()[0] for line in marks] == pytest.approx([0.764733, 0.985988], abs=1e-5)
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True]
    assert {line.get_label() for line in ax.lines} >= {"attracting", "repelling"}
    fold = max(line.get_xdata().max() for line in ax.lines if line.get_label() == "attracting")
    with mp.workdps(20):  # logit of the reference at the fold of this beta
        logit = 2 * mp.asinh(2) - mp.sqrt(5)
    assert fold == pytest.approx(float(1 / (1 + mp.exp(-logit))), abs=1e-4)


# -- panel --------------------------------------------------------------------------------------


@pytest.fixture
def panel():
    pytest.importorskip("ipywidgets")
    pytest.importorskip("anywidget")
    return explore()


def _first(panel):
    return float(panel.table.value.split("<td")[1].split(">")[1].split("<")[0])


def test_the_panel_follows_its_controls(panel):
    assert _first(panel) == pytest.approx(_pair(0.5, 0.25), abs=5e-6)
    before = panel.formula.value, panel.table.value
    panel.controls["beta"].value = 0.25
    after = panel.formula.value, panel.table.value
    assert all(new != old for new, old in zip(after, before, strict=True))
    assert _first(panel) == pytest.approx(_pair(0.25, 0.25), abs=5e-6)
    assert r"\beta = 0.25" in panel.formula.value
    panel.controls["gamma"].value = 0.5
    assert _first(panel) == pytest.approx(_pair(0.25, 0.25, 0.5), abs=5e-6)
    panel.controls["pi_ref"].value = 0.1
    assert _first(panel) == pytest.approx(_pair(0.25, 0.1, 0.5), abs=5e-6)
    panel.controls["ddof"].value = 1
    assert _first(panel) == pytest.approx(_pair(0.25 * math.sqrt(2), 0.1, 0.5), abs=5e-6)
    assert "computing" not in panel.busy.value


def test_the_margin_is_switched_off_where_it_means_nothing(panel):
    panel.set(gamma=0.5, group_size="oo")
    assert panel.controls["gamma"].disabled
    assert "γ is switched off" in panel.note.value
    assert panel.state.gamma == 1
    panel.set(group_size="2")
    assert not panel.controls["gamma"].disabled
    assert _first(panel) == pytest.approx(_pair(0.5, 0.25, 0.5), abs=5e-6)
    panel.set(epsilon="0.1")
    assert panel.controls["gamma"].disabled


def test_a_rule_switches_off_what_it_does_not_take(panel):
    panel.set(gamma=0.5, ddof=1)
    panel.set(advantage="none")
    assert panel.controls["ddof"].disabled
    assert panel.controls["epsilon"].disabled
    assert panel.controls["gamma"].disabled  # its drift has the size of the rewards
    p = _first(panel)
    assert 0.5 * (p - 0.25) == pytest.approx(p * (1 - p) / 2, abs=1e-5)
    panel.set(advantage="std")
    assert not panel.controls["ddof"].disabled
    assert not panel.controls["gamma"].disabled
    assert _first(panel) == pytest.approx(_pair(0.5 * math.sqrt(2), 0.25, 0.5), abs=5e-6)


NODE = shutil.which("node")


def _drawn(panel, tmp_path, **moved):
    """What the widget draws in a browser, as Node.js runs its code: a title, and the picture."""
    model = {name: getattr(panel.figure, name) for name in DRAWN} | moved
    (tmp_path / "drawing.mjs").write_text(panel.figure._esm, encoding="utf-8")
    program = f"""
        globalThis.document = {{body: {{dataset: {{jpThemeLight: "false"}}}}}};
        const {{default: widget}} = await import("./drawing.mjs");
        const values = {json.dumps(model)};
        const el = {{dataset: {{}}, classList: {{add() {{}}}}}};
        widget.render({{model: {{get: (name) => values[name], on() {{}}}}, el}});
        console.log(el.innerHTML);
    """
    (tmp_path / "run.mjs").write_text(program, encoding="utf-8")
    done = subprocess.run([NODE, "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


DRAWN = ("beta", "pi_ref", "gamma", "group_size", "penalty", "ddof", "advantage", "epsilon")


@pytest.mark.skipif(NODE is None, reason="Node.js runs the drawing: no node")
def test_the_drawing_says_what_the_kernel_proves(tmp_path):
    pytest.importorskip("anywidget")
    panel = explore(beta="0.9", gamma="0.6", pi_ref="0.2", penalty=gs.Divergence.alpha("1/2"))
    offered = panel.controls["penalty"].options
    held = {}
    for moved in (
        {},
        {"penalty": [name for name, _ in offered].index("direct KL")},
        {"group_size": choices.GROUP_SIZES.index("8"), "gamma": 1.0, "ddof": 1},
        {"group_size": choices.GROUP_SIZES.index("oo"), "penalty": 1, "beta": 2.0},
        {"epsilon": choices.EPSILONS.index("0.1"), "gamma": 1.0},
        {"advantage": [*choices.advantages()].index("max-rl"), "gamma": 1.0},
    ):
        held |= moved  # by the links, in a browser
        picture = _drawn(panel, tmp_path, **held)
        for name, value in moved.items():
            chosen = panel.controls[name]
            if name in ("beta", "gamma"):
                chosen.value = value
            else:
                chosen.index = value
        said = re.findall(r"π\(a\) = (?:1 − )?([-0-9.e]+), (\w+)", picture)
        assert said == [(row[0].removeprefix("1 - "), row[1]) for row in panel.state.rows], moved
        assert picture.startswith("<svg")
        assert "#14181d" in picture  # the dark theme of JupyterLab
        assert picture.count("<circle") == len(said) > 0


def test_the_drawing_is_linked_to_the_controls_in_the_browser(panel):
    from ipywidgets.widgets.widget import _instances
    from ipywidgets.widgets.widget_link import DirectionalLink

    linked = {
        (link.source[0], link.source[1], link.target[1])
        for link in _instances.values()
        if isinstance(link, DirectionalLink) and link.target[0] is panel.figure
    }
    numbers = {"beta", "pi_ref", "gamma"}
    assert linked == {
        (panel.controls[name], "value" if name in numbers else "index", name) for name in DRAWN
    }
    assert all(panel.controls[name].continuous_update for name in numbers)


def test_without_anywidget_the_panel_says_what_to_install(monkeypatch):
    pytest.importorskip("ipywidgets")
    drawing._drawing_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ValueError, match=r"pip install 'grpo-symbolic\[notebook\]'"):
        explore()


def test_k1_in_the_loss_is_said_to_penalise_nothing(panel):
    panel.set(penalty="k1 in the loss")
    assert "No penalty at all: its expected gradient is zero." in panel.note.value
    assert _first(panel) == 1


def test_what_fails_is_a_sentence_in_the_panel(panel, monkeypatch):
    def broken(_):
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr("grpo_symbolic.explorer.panel._table", broken)
    panel.controls["beta"].value = 0.9
    assert "could not be computed (ZeroDivisionError: by chance)" in panel.note.value
    assert panel.formula.value == panel.table.value == ""
    monkeypatch.undo()
    panel.controls["beta"].value = 0.8
    assert _first(panel) == pytest.approx(_pair(0.8, 0.25), abs=5e-6)


def test_several_controls_moved_at_once_are_computed_once(panel, monkeypatch):
    shown = []
    monkeypatch.setattr("grpo_symbolic.explorer.panel._table", lambda rows: shown.append(rows))
    panel.set(beta=0.3, pi_ref=0.4, gamma=0.9)
    assert len(shown) == 1
    with pytest.raises(ValueError, match="a control must be one of beta"):
        panel.set(temperature=1)
    with pytest.raises(ValueError, match="the control of group_size does not take '7'"):
        panel.set(group_size="7")


def test_a_panel_starts_where_it_is_told(monkeypatch):
    pytest.importorskip("ipywidgets")
    pytest.importorskip("anywidget")
    panel = explore(beta=2, group_size=oo, pi_ref="1/2", penalty=gs.DirectKL())
    assert panel.controls["penalty"].value == "direct KL"
    assert panel.table.value.count("repelling") == 1
    own = explore(penalty=gs.Divergence.alpha("1/2"))
    assert own.controls["penalty"].value == gs.Divergence.alpha("1/2")
    for options, sentence in (
        ({"beta": 10**6}, "the control of beta takes 0.001 to 100, got 1000000"),
        ({"group_size": 7}, "the control of group_size takes 2, 3, 4"),
        ({"epsilon": "0.3"}, "the control of epsilon takes 0, 1e-6"),
        ({"beta": -1}, "beta must be"),
    ):
        with pytest.raises(ValueError, match=sentence):
            explore(**options)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ValueError, match=r"pip install 'grpo-symbolic\[notebook\]'"):
        explore()
