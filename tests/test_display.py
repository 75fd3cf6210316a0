"""What objects show of themselves, and where progress is shown."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pytest
import sympy
from mpmath import mpf
from sympy import Function, Rational, Symbol, oo

import grpo_symbolic as gs
from grpo_symbolic import display, progress
from grpo_symbolic.display import Html, as_call, grid, legible, math, nested, record, short, written

GAMMA, U = gs.symbols.gamma, gs.symbols.u
HOSTILE = "<script>alert('x')</script> & \"$"
LONGEST = 400


# -- the objects ------------------------------------------------------------------------

CALLS = [
    gs.GRPO(),
    gs.GRPO(8, gs.DirectKL()),
    gs.GRPO(gs.symbols.G, beta=Symbol("b", positive=True)),
    gs.GRPO(oo, gs.Divergence.jensen_shannon(), gs.ShiftOnly(), "0.04"),
    gs.GRPO(4, gs.Estimator("k2", "loss"), mixed_only=True),
    gs.GRPO(8, advantage=gs.ShiftAndScale(ddof=1, epsilon="1e-4")),
    gs.Clipped(bound=2),
    gs.PositiveOnly(),
    gs.NegativeOnly(),
    gs.MedianCentred(),
    gs.Ranks(),
    gs.PassAtK(2),
    gs.RLHF(),
    gs.NLHF(beta=2),
    gs.IPO(gs.ReverseKL()),
    gs.ReverseKL(),
    gs.DirectKL(),
    gs.Estimator(),
    gs.Estimator("abs", "reward"),
    gs.Estimator(U ** Rational(2, 3) / 3 + sympy.log(U)),
    gs.Divergence.alpha("1/3"),
    gs.Divergence.hellinger(),
    gs.ShiftAndScale(zero_over_zero=Rational(1, 2)),
    gs.StabilisedScale("1e-4", ddof=1),
    gs.StabilisedScale(),
    gs.ShiftOnly(),
    gs.LeaveOneOut(scaled=True, epsilon="1e-6"),
    gs.MeanScale(),
    gs.FixedScale(),
    gs.FixedScale("0.5"),
    gs.BatchScale(16, ddof=1),
    gs.Ranks((-2, 0, 2)),
    gs.MedianCentred(),
    gs.Clipped(bound=2),
    gs.PositiveOnly(),
    gs.NegativeOnly(ddof=1),
    gs.PassAtK(3),
    gs.Rescaled(gs.ShiftAndScale(), 5),
    gs.BestOverSecond(),
    gs.Gaussian(0, gs.symbols.sigma),
    gs.BinaryQuestion(),
    gs.BinaryQuestion(gap=2),
    gs.BinaryQuestion(margin=GAMMA),
    gs.BinaryQuestion(margin="0.6", gap=3),
    gs.BinaryQuestion(success=(0.8, 0.3)),
    gs.BinaryQuestion(success=gs.symbols.success),
    gs.BinaryQuestion.of(gs.Question(rewards=(3, 1))),
    gs.BinaryQuestion.of(gs.Question(preferences=[[0, "1/3"], ["-1/3", 0]])),
    gs.Question(correct=2, answers=50),
    gs.Question(rewards=(3, 1, 1)),
    gs.Question(rewards=(0, 1, 1)),
    gs.Question.symbolic(3),
    gs.Question(success=(0.8, "1/3", 0)),
    gs.Question(reward_laws=(((3, "1/2"), (0, "1/2")), ((1, 1),))),
    gs.Question(reward_laws=(gs.Gaussian(1, 1), gs.Gaussian(0, 1))),
    gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]]),
    gs.Notation(),
    gs.Notation(beta=r"\lambda", answer="y"),
]


@pytest.mark.parametrize("value", CALLS, ids=repr)
def test_the_repr_of_what_users_build_builds_it_again(value: Any) -> None:
    names = {**vars(sympy), **{name: getattr(gs, name) for name in gs.__all__}}
    assert eval(repr(value), names) == value
    assert type(eval(repr(value), names)) is type(value)


def test_only_what_differs_from_the_defaults_is_shown() -> None:
    assert repr(gs.GRPO(8, gs.DirectKL())) == "GRPO(group_size=8, penalty=DirectKL())"
    assert repr(gs.GRPO()) == "GRPO(group_size=2)"
    assert repr(gs.GRPO(mixed_only=True)) == "GRPO(group_size=2, mixed_only=True)"
    assert repr(gs.Question.symbolic(4)) == "Question.symbolic(4)"
    assert repr(gs.Question(correct=1, answers=9)) == "Question(correct=1, answers=9)"
    assert repr(gs.BinaryQuestion(margin=GAMMA)) == "BinaryQuestion(margin=symbols.gamma)"


def test_a_range_of_ones_own_is_shown_and_not_taken_for_the_default() -> None:
    x = Symbol("x", positive=True)
    plain, narrow = (
        gs.Question(rewards=(x, 0), domain=domain)
        for domain in (None, gs.Domain.of((x, sympy.S(1), oo)))
    )
    assert plain != narrow
    assert repr(plain) != repr(narrow)
    assert "x > 1" in repr(narrow)


@pytest.fixture(scope="module")
def policies() -> list[Any]:
    binary = gs.BinaryQuestion
    return [
        gs.stationary_policy(gs.GRPO(2), binary(margin=GAMMA)),
        gs.stationary_policy(gs.GRPO(4), binary()),
        gs.stationary_policy(gs.GRPO(8), binary()),
        gs.stationary_policy(gs.GRPO(1024), binary()),
        gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), binary()),
        gs.stationary_policy(gs.GRPO(2), gs.Question.symbolic(3)),
        gs.stationary_policy(gs.GRPO(4), gs.Question(rewards=(3, 2, 1))),
    ]


@pytest.fixture(scope="module")
def objects(policies: list[Any]) -> list[Any]:
    """Everything public, and what is reached from policies."""
    pairs, four, eight, many, direct, *_ = policies
    at = {"beta": 2, "pi_ref": "1/2"}
    flows = direct.dynamics(**at)
    found = [
        *CALLS,
        *policies,
        *(gs.presets.lookup(name) for name in ("trl@1.9", "rloo", "dapo", "nlhf")),
        gs.presets.dr_grpo().effective_beta(),
        (run := gs.from_trl({"beta": 1, "num_generations": 4})),
        run.predict("0.2"),
        gs.Question(scores=(1, 0, 0)),
        gs.Question(rewards=tuple(range(40))),
        gs.Status.PROVED,
        gs.Domain(),
        gs.preference(gs.GRPO(4), gs.BinaryQuestion()),
        gs.potential(gs.GRPO(4), gs.BinaryQuestion()),
        gs.potential(gs.GRPO(2), gs.Question(rewards=(2, 1, 0))),
        gs.check("pi >= pi_ref", gs.GRPO(2), gs.BinaryQuestion()),
        gs.check("pi >= 1/2", gs.GRPO(2), gs.BinaryQuestion()),
        gs.check("pi_ref < pi < 1", gs.GRPO(2), gs.BinaryQuestion()),
        gs.prove(pairs.claims[0]),
        pairs.condition.preference.verify(),
        pairs.enclose(beta="1/2", pi_ref="1/4", gamma=1),
        pairs.solutions(beta=1, pi_ref="1/2", gamma=1),
        pairs.count,
        pairs.monotonicity("beta"),
        (bounds := pairs.bounds()),
        *bounds.found,
        (folds := direct.folds(pi_ref="1/2")),
        *folds,
        (solutions := direct.solutions(**at)),
        *solutions,
        flows,
        *flows.flow_basins(),
        flows.iterate("1/2"),
        flows.field,
        flows.two_cycles(),
        (votes := gs.Electorate([(1, (1, 0)), (2, (0, 1))])),
        gs.Comparisons.of("ab", {(0, 1): 2}),
        gs.rule("grpo2"),
        gs.rule("grpo2").lottery(votes),
        gs.compare("grpo2,borda", votes),
        gs.axiom("clones"),
        gs.satisfies("borda", "proportionality", 6),
        gs.axiom_table(["borda"], ["continuity"], 6),
    ]
    for policy in policies:
        found += [
            policy.condition,
            policy.condition.preference,
            policy.domain,
            *policy.domain.ranges,
        ]
        found += policy.claims
    for policy in (pairs, four, eight, many, direct):
        derivation = policy.derivation
        found += [policy.curve, policy.reduction, derivation, *derivation, *policy.inputs]
        found += [
            c for c in (policy.closed, getattr(policy.closed, "stable", None)) if c is not None
        ]
    return found


def test_every_object_shows_itself_shortly(objects: list[Any]) -> None:
    for value in objects:
        text = repr(value)
        assert 0 < len(text) <= LONGEST, (type(value), len(text), text)
        assert " object at 0x" not in text, type(value)
        assert text.count("\n") <= 5, text
    # Nothing public is left out.
    seen = {cls for value in objects for cls in type(value).__mro__}
    public = {value for name in gs.__all__ if isinstance(value := getattr(gs, name), type)}
    # An analysis has a test of its own; a warning shows its message.
    assert public - seen == {gs.Analysis, gs.NoStationaryPolicy}


def test_a_policy_printed_says_formula_equation_status_and_assumptions(policies: list[Any]) -> None:
    for policy in policies[:2]:
        formula, equation, status, domain = str(policy).split("\n")
        assert formula.startswith("pi(a) = ")
        assert equation.startswith("beta*(pi - pi_ref) = ")
        assert status == policy.status
        assert domain == f"for {policy.domain}"
    assert "sqrt" in str(policies[0])
    equation, status, _ = str(policies[4]).split("\n")
    assert equation.startswith("beta*(log(")
    assert status == policies[4].status
    lines = str(policies[5]).split("\n")
    assert [line[:8] for line in lines[:3]] == ["pi(1) = ", "pi(2) = ", "pi(3) = "]
    assert lines[3] == policies[5].status


# -- no work ----------------------------------------------------------------------------


def test_a_display_does_no_work(policies: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    # Without what is known already.
    fresh = [gs.stationary_policy(policy.algorithm, policy.question) for policy in policies]

    def forbidden(*arguments: Any, **keywords: Any) -> Any:
        raise AssertionError("a display has started to compute")

    for target in (
        "grpo_symbolic.analysis.count.count",
        "grpo_symbolic.solve.galois.no_radicals",
        "grpo_symbolic.policy.two_answers.closed_form",
        "grpo_symbolic.policy.rank_distortion.closed_form",
        "grpo_symbolic.policy.solve_many_answers.binary_policy",
        "grpo_symbolic.verify.methods.prove",
        "grpo_symbolic.policy.evidence.limited",
        "grpo_symbolic.equation.claims.limited",
        "grpo_symbolic.solve.scalar.ScalarField.isolated",
        "grpo_symbolic.policy.two_answers.StationaryPolicy.solutions_at",
        "grpo_symbolic.policy.two_answers.StationaryPolicy.verify",
    ):
        monkeypatch.setattr(target, forbidden)
    for policy in fresh:
        before = set(vars(policy))
        assert repr(policy)
        assert policy._repr_html_()
        policy._repr_latex_()
        # Only the sentence about a closed form that is there is looked up, and an equation
        # is put into the words that it is printed in.
        assert set(vars(policy)) - before <= {"status", "curve", "shown"}
    with pytest.raises(AssertionError, match="started to compute"):
        _ = fresh[0].count


def test_what_is_known_already_is_shown(policies: list[Any]) -> None:
    policy = replace(policies[2])
    assert ".status says why" in policy._repr_html_()
    assert ".count says how many" in policy._repr_html_()
    known = policy.status, str(policy.count)
    shown = _text(policy._repr_html_())
    assert all(sentence in shown for sentence in known)
    many = gs.stationary_policy(gs.GRPO(2), gs.Question.symbolic(3))
    assert many._repr_latex_() is None
    assert many.expressions is not None
    assert many._repr_latex_() == f"$\\displaystyle {many.latex()}$"
    assert "pi(3) = " in repr(many)


def test_an_empty_list_of_solutions_has_no_empty_columns() -> None:
    direct = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion())
    none = direct.solutions(beta=1, pi_ref="1/2")
    assert len(none) == 0
    html = none._repr_html_()
    assert "0 interior solutions" in _text(html)
    assert "flow" not in html


def test_evidence_is_shown_without_internal_names() -> None:
    report = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion()).verify()
    kept = [v for v in report if "_sqrt" in str(v.evidence.get("numerator"))]
    assert kept
    for verdict in kept:
        shown = _text(verdict._repr_html_())
        assert "root_0" in shown
        assert "t_beta" in shown
        assert not re.search(r"\b_[a-z]", shown)


def test_an_expression_that_nobody_reads_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    large = sympy.Add(*(Symbol(f"y_{i}") for i in range(5000)))
    walked: list[Any] = []
    original = display.preorder_traversal

    def counting(expression: Any) -> Any:
        for node in original(expression):
            walked.append(node)
            yield node

    monkeypatch.setattr(display, "preorder_traversal", counting)
    assert not legible(large, most=50)
    assert len(walked) == 51
    monkeypatch.undo()
    assert short(large) == "(an expression of over 3000 nodes)"
    assert short(sympy.Add(*large.args[:200])) == "(an expression of 201 nodes)"
    assert legible(sympy.Add(*large.args[:49]), most=50)


# -- HTML -------------------------------------------------------------------------------


class _Checker(HTMLParser):
    """Well-formed: every element is closed, in order, and is one that tables and text need."""

    allowed = frozenset(
        ("table", "caption", "thead", "tbody", "tr", "th", "td", "span", "b", "i", "ul", "li", "br")
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in self.allowed, tag
        assert all(name in ("style", "scope", "class") for name, _ in attrs), attrs
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert tag == "br"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _text(html: str) -> str:
    checker = _Checker()
    checker.feed(html)
    checker.close()
    assert not checker.open
    return " ".join(checker.text)


def test_html_is_well_formed_and_has_no_colours(objects: list[Any]) -> None:
    shown = [value for value in objects if hasattr(value, "_repr_html_")]
    assert len(shown) > 40
    for value in shown:
        html = value._repr_html_()
        text = _text(html)
        assert text.strip(), type(value)
        assert text.count("$") % 2 == 0, text
        assert "color:" not in html
        assert "background" not in html


def test_text_of_users_is_escaped_everywhere() -> None:
    symbol = Symbol(HOSTILE, positive=True)
    base = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion(margin=GAMMA))
    claim = gs.Claim(HOSTILE, symbol, ">", sympy.S(0), source=HOSTILE)
    step = replace(base.derivation.steps[0], justification=HOSTILE)
    preset = replace(gs.presets.dr_grpo(), name=HOSTILE, notes=((HOSTILE, HOSTILE),))
    values = [
        gs.GRPO(2, beta=symbol),
        gs.BinaryQuestion(margin=symbol),
        gs.Question(rewards=(symbol, 0, 0)),
        claim,
        gs.Verdict(gs.Status.UNKNOWN, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, HOSTILE),
        gs.Report.of([(HOSTILE, gs.Verdict(gs.Status.PROVED, HOSTILE, HOSTILE))]),
        replace(base.derivation, title=HOSTILE, steps=(step,)),
        preset,
        gs.stationary_policy(gs.GRPO(2, beta=symbol), gs.BinaryQuestion(margin=GAMMA)),
        gs.Checked(HOSTILE, gs.Status.REFUTED, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}),
        replace(base.solutions(beta=1, gamma=1, pi_ref="1/2"), status=HOSTILE),
    ]
    for value in values:
        html = value._repr_html_()
        assert "<script" not in html, type(value)
        assert "script" in _text(html), type(value)


def test_cells_are_escaped_unless_they_are_markup() -> None:
    shown = record(HOSTILE, [(HOSTILE, HOSTILE), ("kept", Html("<b>x</b>")), ("empty", "")])
    assert shown.count("&lt;script&gt;") == 3
    assert "<b>x</b>" in shown
    assert "empty" not in shown
    # A user's dollar sign is kept from being read as a formula; a formula's is not.
    assert shown.count('class="tex2jax_ignore mathjax_ignore"') == 3
    assert "tex2jax_ignore" not in math("a < b")
    assert math("a < b") == "$\\displaystyle a &lt; b$"
    assert "&lt;script" in grid("", ("h",), [(HOSTILE,)])
    data = {"a": [HOSTILE, {"b": "c"}], "nothing": {}}
    assert "<script" not in nested(data)
    assert "nothing" not in nested(data)
    assert _text(nested(data)).split()[0] == "a"


def test_latex_is_not_escaped_and_large_formulas_have_none(policies: list[Any]) -> None:
    domain = gs.Domain.of(GAMMA, (gs.symbols.beta, GAMMA, oo))
    assert domain._repr_latex_() == ("$\\displaystyle 0 < \\gamma \\le 1,\\quad \\beta > \\gamma$")
    assert gs.Domain()._repr_latex_() is None
    large = sympy.Add(*(Function("f")(Symbol(f"y_{i}")) for i in range(400)))
    preference = replace(policies[0].condition.preference, values=(large, -large))
    assert preference._repr_latex_() is None
    assert len(repr(preference)) < LONGEST


def test_an_analysis_shows_every_section() -> None:
    entries = {f.name: {f.name: HOSTILE} for f in fields(gs.Analysis)[5:]}
    analysis = gs.Analysis(
        gs.GRPO(8), gs.BinaryQuestion(), "0 < p < 1", "p = q", "closed form", **entries
    )
    text = _text(analysis._repr_html_())
    assert "<script" not in analysis._repr_html_()
    for name in ("count", "thresholds", "limits", "monotonicity", "bounds", "potential"):
        assert name in text
    assert repr(analysis).startswith("Analysis(GRPO(group_size=8), BinaryQuestion()")


def test_ipython_is_given_html_and_latex(policies: list[Any]) -> None:
    formatters = pytest.importorskip("IPython.core.formatters")
    format_ = formatters.DisplayFormatter().format
    data, _ = format_(policies[0])
    assert {"text/plain", "text/html", "text/latex"} <= set(data)
    assert data["text/plain"] == repr(policies[0])
    # No LaTeX of a formula that is too large: the key is absent, not empty.
    assert (
        "text/latex"
        not in format_(gs.SimplexPolicy(policies[6].algorithm, policies[6].question))[0]
    )
    assert set(format_(gs.ReverseKL())[0]) == {"text/plain", "text/latex"}
    assert set(format_(gs.GRPO())[0]) == {"text/plain", "text/html"}


# -- helpers of the display -------------------------------------------------------------


def test_arguments_are_written_as_they_are_typed() -> None:
    assert written(Rational(1, 3)) == "'1/3'"
    assert written((Rational(1, 3),)) == "('1/3',)"
    assert written([oo, True, None]) == "[oo, True, None]"
    assert written(gs.symbols.reward(2)) == "symbols.reward(2)"
    # A user's symbol of the same name is another symbol.
    assert written(Symbol("r_2", positive=True)) == "Symbol('r_2', positive=True)"
    assert written(Symbol("gamma")) == "Symbol('gamma')"
    assert written({"a": Rational(1, 2)}) == "{'a': '1/2'}"


def test_a_boolean_is_not_taken_for_the_number_it_equals() -> None:
    assert is_dataclass(gs.LeaveOneOut)
    assert as_call(gs.LeaveOneOut(scaled=1)) == "LeaveOneOut(scaled=1)"  # type: ignore[arg-type]
    assert as_call(gs.LeaveOneOut(scaled=False)) == "LeaveOneOut()"


def test_numbers_of_solutions_are_listed_up_to_a_length() -> None:
    one = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion()).solutions(beta=1, pi_ref="1/2")
    (solution,) = one
    head, line = repr(one).split("\n")
    assert head.startswith("Solutions: 1 interior solution (number established")
    assert "attracting" in line
    many = replace(one, found=(replace(solution, policy=(mpf(1) / 9,) * 9),) * 9)
    assert repr(many).count("\n") == 4
    assert repr(many).endswith("... and 6 more")
    assert str(many).count("\n") == 9
    assert float(Fraction(1, 9)) == pytest.approx(float(many.found[0].policy[0]))


# -- progress ---------------------------------------------------------------------------

_WORK = """
from grpo_symbolic.progress import tracked, steps
from grpo_symbolic.work import limited
done = [x for x in tracked(range(4), label="proving", unit="claim", delay=0)]
assert done == [0, 1, 2, 3]
with steps(2, label="analysis", delay=0) as step:
    step("limits"); step("bounds")
loop = lambda: [x for x in tracked(range(3), label="inside", delay=0)]
assert limited(loop, steps=1000) == [0, 1, 2]
print("result")
"""


def test_in_a_pipe_nothing_is_shown() -> None:
    pytest.importorskip("tqdm")
    done = subprocess.run([sys.executable, "-c", _WORK], capture_output=True, text=True, check=True)
    assert done.stdout == "result\n"
    assert done.stderr == ""


def test_on_a_terminal_there_is_a_bar_but_none_within_a_limit() -> None:
    pytest.importorskip("tqdm")
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        work = subprocess.Popen(
            [sys.executable, "-c", _WORK], stdout=subprocess.PIPE, stderr=other, text=True
        )
        os.close(other)
        seen = b""
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:  # what Linux says at the end of a terminal
                break
            if not part:
                break
            seen += part
        printed = work.communicate()[0]
    finally:
        os.close(main)
    text = seen.decode()
    assert (work.returncode, printed) == (0, "result\n")
    assert "proving:" in text
    assert "4/4" in text or "0/4" in text
    assert "analysis:" in text
    assert "inside" not in text
    # The bars are taken away again.
    assert [part.strip() for part in text.split("\r")[-2:]] == ["", ""]


def test_in_a_notebook_the_bar_is_emptied_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(data["text/plain"])

    def display_(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert display_id
        Handle().update(data, raw)
        return Handle()

    monkeypatch.setattr(pytest.importorskip("IPython.display"), "display", display_)
    assert list(progress.tracked([7], delay=0)) == [7]
    assert shown == []
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    assert list(progress.tracked([7, 8], label="proving", delay=0)) == [7, 8]
    assert shown[0].startswith("proving:   0%")
    assert "0/2" in shown[0]
    assert shown[-1] == ""
    with suppress(KeyError), progress.steps(3, label="analysis", delay=0) as step:
        assert shown[-1].startswith("analysis:")
        step("limits")
        raise KeyError
    assert shown[-1] == ""
    shown.clear()
    assert list(progress.tracked([1, 2], delay=60)) == [1, 2]
    assert shown == []


def test_without_tqdm_and_without_a_terminal_the_iterable_is_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    items = [1, 2]
    assert progress.tracked(items) is items
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "tqdm", None)  # as if it were not installed
    assert progress.tracked(items, delay=0) is items
    with progress.steps(2, delay=0) as step:
        step("one")
    assert terminal.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)
    assert progress.tracked(items) is items


def test_proofs_and_analyses_are_tracked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    class Bar:
        """In the place of tqdm."""

        def __init__(self, iterable: Any = (), *, desc: str = "", unit: str = "", **_: Any):
            self.iterable, self.desc, self.unit = iterable, desc, unit

        def __iter__(self) -> Any:
            for item in self.iterable:
                seen.append((self.desc, self.unit))
                yield item

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: Any) -> None:
            return None

        def set_postfix_str(self, name: str, refresh: bool = True) -> None:
            seen.append((self.desc, name))

        def update(self, count: int) -> None:
            return None

    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion(margin=GAMMA))
    monkeypatch.setattr(progress, "_bar", lambda: Bar)
    report = policy.condition.preference.verify()
    assert seen == [("proving", " claim")] * len(report)
    seen.clear()
    gs.analyse(gs.GRPO(2), gs.BinaryQuestion(margin=GAMMA))
    names = [name for label, name in seen if label == "analysis"]
    assert sorted(names) == sorted(
        ("count", "thresholds", "limits", "monotonicity", "bounds", "potential")
    )
