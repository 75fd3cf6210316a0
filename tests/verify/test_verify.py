"""Claims, verdicts and the limit of work: what is proved, refuted, only checked, unknown."""

import itertools
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sympy import (
    Eq,
    Expr,
    Function,
    Gt,
    Integer,
    Rational,
    S,
    cos,
    exp,
    log,
    sin,
    sqrt,
    sympify,
)

import grpo_symbolic as gs
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import beta, gamma, pi, pi_ref, u
from grpo_symbolic.verify.end_and_slope import EndAndSlope
from grpo_symbolic.verify.methods import METHODS, prove_all
from grpo_symbolic.work import limited
from tests.verify.kept import prove

ZERO, ONE = Integer(0), Integer(1)
PAIRS = (1 - beta + sqrt((1 - beta) ** 2 + 4 * beta * pi_ref)) / 2

TRUE_CLAIMS: list[tuple[Expr, str, Expr]] = [
    ((beta + 1) ** 2, "==", beta**2 + 2 * beta + 1),
    (sqrt(beta**2), "==", beta),
    (1 / pi + 1 / (1 - pi), "==", 1 / (pi * (1 - pi))),
    (beta * (PAIRS - pi_ref), "==", PAIRS * (1 - PAIRS)),
    (PAIRS, ">", pi_ref),
    (PAIRS, "<", ONE),
    (pi * (1 - pi), "<=", Rational(1, 4)),
    (beta**2 + 1, ">=", 2 * beta),
    (beta**2 + 1, "!=", beta),
    (exp(beta), ">", ONE),
    (gamma, "<=", ONE),
]

FALSE_CLAIMS: list[tuple[Expr, str, Expr]] = [
    ((beta + 1) ** 2, "==", beta**2 + 1),
    (sqrt(beta + 1), "==", sqrt(beta) + 1),
    (PAIRS, "==", pi_ref),
    (beta, ">", pi_ref),
    (log(u), "<", ZERO),
    (pi * (1 - pi), "<", Rational(1, 5)),
    (beta**2, ">=", beta),
    (beta - beta, "!=", ZERO),
    # Strict inequalities between equal sides.
    ((beta + 1) ** 2 - 1, ">", beta * (beta + 2)),
    (sqrt(1 + beta) ** 4, "<", 1 + 2 * beta + beta**2),
    (sqrt(8 + 4 * beta) / 2, ">", sqrt(2 + beta)),
]

#: True, with a proof outside polynomial arithmetic: analysis, not algebra.
ANALYTIC_CLAIMS: list[tuple[Expr, str, Expr]] = [
    (sin(beta), "<", beta),
    (sin(beta), ">", beta - beta**3 / 6),
]


def holds(left: Expr, relation: str, right: Expr, point: dict[Any, Any]) -> bool:
    """The relation at a point, from its own numeric evaluation."""
    gap = (left - right).subs(point).expand()
    value = gap if gap.is_Rational else gap.evalf(60, chop=True)
    return {
        "==": value == 0,
        "!=": value != 0,
        ">": value > 0,
        ">=": value >= 0,
        "<": value < 0,
        "<=": value <= 0,
    }[relation]


@pytest.mark.parametrize("claim", TRUE_CLAIMS, ids=str)
def test_true_claims_are_proved(claim: tuple[Expr, str, Expr]) -> None:
    verdict = prove(gs.Claim("a true claim", *claim))
    assert verdict.status is gs.Status.PROVED
    assert verdict.method
    assert verdict.detail


@pytest.mark.parametrize("claim", FALSE_CLAIMS, ids=str)
def test_false_claims_are_refuted_by_a_point_that_refutes_them(
    claim: tuple[Expr, str, Expr],
) -> None:
    left, relation, right = claim
    made = gs.Claim("a false claim", left, relation, right)
    verdict = prove(made)
    assert verdict.status is gs.Status.REFUTED
    counterexample = verdict.evidence["counterexample"]
    assert isinstance(counterexample, dict)
    names = {s.name: s for s in made.domain.symbols}
    point = {names[name]: sympify(text) for name, text in counterexample.items()}
    assert made.domain.contains(point)
    assert all(value.is_Rational for value in point.values())
    assert not holds(left, relation, right, point)


@pytest.mark.parametrize("claim", ANALYTIC_CLAIMS, ids=str)
def test_what_is_only_checked_is_not_called_proved(claim: tuple[Expr, str, Expr]) -> None:
    verdict = prove(gs.Claim("true by analysis", *claim))
    assert verdict.status is gs.Status.NUMERIC
    assert int(verdict.evidence["points"]) > 10  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "claim",
    [
        (cos(beta), ">=", 1 - beta**2 / 2),
        (sin(beta) ** 2 + cos(beta) ** 2, "==", ONE),
    ],
    ids=str,
)
def test_what_angles_satisfy_is_proved(claim: tuple[Expr, str, Expr]) -> None:
    assert prove(gs.Claim("true of angles", *claim)).status is gs.Status.PROVED


def test_what_cannot_be_evaluated_is_unknown() -> None:
    mystery = Function("mystery", real=True)(beta)
    verdict = prove(gs.Claim("no value anywhere", mystery, ">", ZERO))
    assert verdict.status is gs.Status.UNKNOWN
    assert prove(gs.Claim("the same sides", mystery, "==", mystery)).status is gs.Status.PROVED


def test_the_domain_decides() -> None:
    above_one = Domain.of(Range(beta, ONE, S.Infinity))
    claim = beta**2, ">", beta
    assert prove(gs.Claim("on (1, oo)", *claim, above_one)).status is gs.Status.PROVED
    assert prove(gs.Claim("on (0, oo)", *claim)).status is gs.Status.REFUTED
    from_one = Domain.of(Range(beta, ONE, S.Infinity, True, False))
    verdict = prove(gs.Claim("on [1, oo)", *claim, from_one))
    assert verdict.status is not gs.Status.PROVED
    weak = gs.Claim("on [1, oo)", beta**2, ">=", beta, from_one)
    assert prove(weak).status is gs.Status.PROVED


def test_a_strict_claim_that_fails_at_a_closed_end_is_not_proved() -> None:
    closed = Domain.of(Range(pi_ref, ZERO, ONE, True, True))
    for claim in ((pi_ref, ">", ZERO), (pi_ref, "<", ONE), (pi_ref * (1 - pi_ref), ">", ZERO)):
        verdict = prove(gs.Claim("false at an end", *claim, closed))
        assert verdict.status is not gs.Status.PROVED


def test_a_certificate_has_no_negative_coefficient() -> None:
    claim = gs.Claim("odds", pi / (1 - pi), ">", pi)
    verdict = gs.prove(claim)
    assert verdict.status is gs.Status.PROVED
    certificate = str(verdict.evidence["numerator"])
    assert certificate
    assert "-" not in certificate


def test_claims_from_relations() -> None:
    relation = Gt(PAIRS, pi_ref, evaluate=False)
    claim = gs.Claim.of("from a relation", relation)
    assert claim.statement == relation
    assert gs.prove(claim).status is gs.Status.PROVED
    with pytest.raises(ValueError, match="evaluated already"):
        gs.Claim.of("gone", Eq(beta, beta))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="relation must be one of"):
        gs.Claim("bad", beta, "=", beta)


@pytest.mark.parametrize(
    "thing",
    [
        gs.Verdict(gs.Status.PROVED, "m", "d"),
        gs.Verdict(gs.Status.REFUTED, "m", "d"),
        gs.Report(()),
        gs.Report.of([("c", gs.Verdict(gs.Status.PROVED, "m", "d"))]),
    ],
    ids=["proved", "refuted", "empty report", "report"],
)
def test_verdicts_have_no_truth_value(thing: Any) -> None:
    with pytest.raises(TypeError, match="not a truth value"):
        bool(thing)


def test_a_report_is_worth_its_weakest_verdict() -> None:
    strength = [gs.Status.REFUTED, gs.Status.UNKNOWN, gs.Status.NUMERIC, gs.Status.PROVED]
    for size in (1, 2, 3):
        for statuses in itertools.product(strength, repeat=size):
            report = gs.Report.of(("c", gs.Verdict(s, "m", "d")) for s in statuses)
            assert report.status is min(statuses, key=strength.index)
            assert [v.status for v in report.verdicts] == list(statuses)
    assert gs.Report(()).status is gs.Status.UNKNOWN


def test_reports_keep_names_and_order() -> None:
    claims = (
        gs.Claim("first", beta, ">", ZERO),
        gs.Claim("second", beta, ">", ONE),
        gs.Claim("third", sin(beta), "<", beta),
    )
    report = prove_all(claims)
    assert [verdict.claim for verdict in report] == ["first", "second", "third"]
    assert [v.status for v in report.verdicts] == [
        gs.Status.PROVED,
        gs.Status.REFUTED,
        gs.Status.NUMERIC,
    ]
    assert report.status is gs.Status.REFUTED
    for word in ("first", "second", "third", "PROVED", "REFUTED", "NUMERIC"):
        assert word in str(report)


# -- limits of work ---------------------------------------------------------------------------


def test_prove_gives_up_on_a_method_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hardly any work nothing is decided, and no verdict pretends otherwise."""
    claim = gs.Claim("with no work", PAIRS, ">", pi_ref)
    verdict = gs.prove(claim, steps=10)
    assert verdict.status is gs.Status.UNKNOWN
    assert verdict.detail.endswith("the limit of 10 steps for all methods together")
    for method in METHODS:
        monkeypatch.setattr(method, "steps", 20)
    # What is small is not metered, unless a limit is given.
    assert gs.prove(claim).status is gs.Status.PROVED
    monkeypatch.setattr("grpo_symbolic.verify.limits.SMALL", (0, 0, 0))
    verdict = gs.prove(claim)
    assert verdict.status is gs.Status.UNKNOWN
    assert "sign on the orthant (did not end within 20 steps)" in verdict.detail


def test_a_short_claim_may_be_a_large_one() -> None:
    """What has few operations and a high degree has a limit, too."""
    large = gs.Claim("large", (beta + pi_ref + gamma + 1) ** 300, ">", (beta + pi_ref) ** 300)
    assert gs.prove(large).status in (gs.Status.NUMERIC, gs.Status.PROVED)
    assert limited(EndAndSlope().attempt, large, steps=20_000) is None  # no slopes as large


def test_what_was_found_before_the_limit_is_kept() -> None:
    """A numeric check stays the verdict, and says what was tried besides."""
    claim = gs.Claim("true, of a function", beta - sin(beta), ">", ZERO)
    reached = gs.prove(claim)
    assert reached.status is gs.Status.NUMERIC
    assert reached.method == "exact rational sampling"
    found = [gs.prove(claim, steps=steps) for steps in (10, 30_000, 60_000, 120_000)]
    assert found[0].status is gs.Status.UNKNOWN
    less = next(v for v in found if v.status is gs.Status.NUMERIC)
    assert less.method == "exact rational sampling"
    tried = less.evidence["tried"]
    assert isinstance(tried, list)
    assert tried[-1].startswith("the limit of")


def test_a_claim_is_proved_in_another_thread_too() -> None:
    claim = gs.Claim("in a thread", PAIRS, ">", pi_ref)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(gs.prove, claim).result() == gs.prove(claim)


_VERDICTS = """
import grpo_symbolic as gs
from sympy import exp, sqrt
from tests.verify.test_verify import FALSE_CLAIMS, TRUE_CLAIMS
for left, relation, right in [*TRUE_CLAIMS, *FALSE_CLAIMS][::2]:
    verdict = gs.prove(gs.Claim("a claim", left, relation, right))
    print(verdict, verdict.evidence)
question = gs.BinaryQuestion()
for size, formula in (
    (2, "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2"),
    (2, "pi_ref/(pi_ref + (1 - pi_ref)*exp(-1/beta))"),
    (3, "pi >= pi_ref > 1 - beta"),
    (4, "increasing(pi, pi_ref)"),
    (8, "pi >= 1/(1 + beta**2)"),
    (float("inf"), "limit(pi, pi_ref, 0) = 0"),
):
    print(gs.check(formula, gs.GRPO(size), question).as_dict())
"""


def test_verdicts_are_the_same_in_every_process() -> None:
    """Whatever the order of sets is there, and whatever else the machine does."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _VERDICTS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    texts = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert texts[0] == texts[1]
    statuses = re.findall(r"^(PROVED|REFUTED|NUMERIC|UNKNOWN)", texts[0], re.MULTILINE)
    assert len(statuses) == (len(TRUE_CLAIMS) + len(FALSE_CLAIMS) + 1) // 2
