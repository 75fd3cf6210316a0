"""Certificates that are beyond the kernel: confirmed by the method they name, or by nothing."""

import importlib.util
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sympy import Eq, Function, Max, Rational, S, Symbol, acos, exp, log, sqrt

import grpo_symbolic as gs
from grpo_symbolic.symbols import beta, u
from grpo_symbolic.symbols import pi as p
from grpo_symbolic.verify import recheck as files
from grpo_symbolic.verify.elaboration import NotFound
from grpo_symbolic.verify.kernel import checks
from grpo_symbolic.verify.kernel.statement import statement_of
from grpo_symbolic.verify.linear_certificate import LinearCertificate
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.methods import METHODS
from grpo_symbolic.verify.orthant import OrthantSign
from grpo_symbolic.verify.proofs import proof_of
from grpo_symbolic.verify.real_algebra import ENGINES, RealAlgebra
from grpo_symbolic.verify.recheck import (
    certificate,
    claim_from,
    claim_to_data,
    digest,
    portable,
    recheck,
)
from grpo_symbolic.verify.sampling import RationalSampling, _places
from grpo_symbolic.verify.verdict import Status, Verdict

TRUE = gs.Claim("true", p * (1 - p), ">", S.Zero)
POLE = gs.Claim("a pole", 1 / (p - S.Half) ** 2, ">", S.Zero)


def made(claim: gs.Claim, method: str, evidence: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A certificate that says itself that it is beyond the kernel."""
    evidence = json.loads(json.dumps({**evidence, "by": method, "proof": None}))
    data = {**claim_to_data(claim), "verdict": "PROVED", "method": method, "evidence": evidence}
    data |= changed
    return {**data, "digest": digest(data)}


def found(claim: gs.Claim, method: Method) -> dict[str, Any]:
    verdict = method.attempt(claim)
    assert verdict is not None
    return made(claim, method.name, verdict.evidence)


@pytest.mark.parametrize("method", [OrthantSign(), LinearCertificate()], ids=lambda m: m.name)
def test_the_method_confirms_its_own_evidence_and_no_other(method: Method) -> None:
    good = found(portable(TRUE), method)
    assert checks.check(good).word == checks.UNCHECKED
    assert recheck(good)
    assert recheck(good).kernel == checks.UNCHECKED
    false = gs.Claim("false", p * (1 - p), "<", S.Zero)
    answer = recheck(made(false, method.name, good["evidence"]))
    assert not answer
    assert answer.reason == f"{method.name} does not confirm it"


def test_what_cannot_be_confirmed_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    unheard = recheck(made(TRUE, "by inspection", {}))
    assert not unheard
    assert "no method" in unheard.reason
    unread = made(TRUE, "identity certificate", {"generators": 3})
    assert not recheck(unread)
    method = next(m for m in METHODS if m.name == "identity certificate")
    good = found(portable(TRUE), method)
    with monkeypatch.context() as patch:
        patch.setattr(type(method), "missing", lambda _: "it is away")
        assert "cannot be used here: it is away" in recheck(good).reason
        assert not recheck(good)
    with monkeypatch.context() as patch:
        patch.setattr(files, "STEPS", 10)
        assert "did not end within 10 steps" in recheck(good).reason
        assert not recheck(good)
    with monkeypatch.context() as patch:
        patch.setattr(type(method), "recheck", lambda *_: {}["no such key"])
        assert "cannot be read" in recheck(good).reason
        assert not recheck(good)


def test_a_proof_of_what_is_not_defined_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the method confirms it: both sides have to be shown to be there."""
    monkeypatch.setattr(OrthantSign, "recheck", lambda *_: True)
    assert recheck(made(TRUE, OrthantSign.name, {}))
    assert "defined everywhere" in recheck(made(POLE, OrthantSign.name, {})).reason
    assert not recheck(made(POLE, OrthantSign.name, {}))
    there = gs.Claim("where it is", POLE.left, ">", S.Zero, where_defined=True)
    assert recheck(made(there, OrthantSign.name, {}))


def test_what_is_no_claim_is_not_read() -> None:
    data = claim_to_data(TRUE)
    assert claim_from(data) == portable(TRUE)
    for key in ("exact", "claim"):
        with pytest.raises(ValueError, match="not the data of a claim"):
            claim_from({k: v for k, v in data.items() if k != key})
    with pytest.raises(ValueError, match="not that of its exact form"):
        claim_from({**data, "made": "where both sides are defined"})
    without = deepcopy(data)
    without["exact"]["domain"] = []
    with pytest.raises(ValueError, match="has no range"):
        claim_from(without)


def test_relations_are_claims_and_other_statements_are_not() -> None:
    with pytest.raises(ValueError, match="needs an equation or an inequality"):
        gs.Claim.of("no relation", Symbol("a") & Symbol("b"))  # type: ignore[operator]
    assert gs.Claim.of("one", Eq(p, beta, evaluate=False)).relation == "=="


@pytest.mark.parametrize(
    ("left", "at", "undefined"),
    [
        (1 / (p - S.Half), S.Half, True),
        (1 / (p - S.Half), Rational(1, 3), False),
        (log(p), S.Half, False),
        (acos(2 * p), Rational(3, 4), True),
        (Max(sqrt(p - S.Half), p), Rational(1, 4), True),
        (Max(sqrt(p - S.Half), p), Rational(3, 4), False),
        (Max(Max(sqrt(p - S.Half), p / 2), p**2), Rational(1, 4), True),
    ],
    ids=str,
)
def test_a_side_that_is_no_real_number_at_a_point_is_seen(left, at, undefined) -> None:
    assert gs.Claim("", left, ">", S.Zero).undefined_at({p: at}) is undefined


def test_evidence_is_shown_by_short_names() -> None:
    long = "x" * 2000
    evidence = {"sum": "_t_beta + _sqrt1", "plain": "beta", "latex": r"\root_{2} + 1", "text": long}
    shown = Verdict(Status.PROVED, "m", "d", evidence)._repr_html_()
    assert "t_beta + root_1" in shown
    assert "_t_beta" not in shown
    assert shown.count("in t_x &gt; 0 for the place of x") == 1
    assert r"\varrho_{2}" in shown
    assert long not in shown
    assert "x" * 200 in shown
    latex = Verdict(Status.PROVED, "m", "d", {"latex": r"\root_{2}" + long})._repr_html_()
    assert "varrho" not in latex


def test_a_folder_is_counted_and_what_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checks.main(str(tmp_path)) == 2
    capsys.readouterr()
    good = made(TRUE, OrthantSign.name, {})
    steps = [["symbol", "pi"]]
    good["evidence"] = {"by": OrthantSign.name, "proof": [steps]}
    whole = {k: v for k, v in good.items() if k != "digest"}
    whole["digest"] = digest(whole)
    beyond = made(TRUE, OrthantSign.name, {})

    def write(*certificates: dict[str, Any]) -> str:
        claim = {key: certificates[0][key] for key in checks.CLAIM}
        key = digest([claim, {}])[:16]
        record = {"key": key, "at": {}, "methods": "", "seconds": 0, "certificates": certificates}
        (tmp_path / f"{key}.json").write_text(json.dumps(record), encoding="utf-8")
        return key

    write({**whole, "digest": "0"})
    assert checks.main(str(tmp_path)) == 1  # one is enough
    capsys.readouterr()
    key = write(whole)
    assert checks.main(str(tmp_path)) == 0
    assert capsys.readouterr().out.startswith("1 certificates: 1 checked, 0 trivial")
    write(whole, beyond)
    assert checks.main(str(tmp_path)) == 3
    out = capsys.readouterr().out
    assert f"{key}.json: {OrthantSign.name}: not checked by the kernel: the certificate" in out
    assert "2 certificates: 1 checked" in out
    write(whole, {**whole, "digest": "0"})
    (tmp_path / "other.json").write_text("{", encoding="utf-8")
    assert checks.main(str(tmp_path)) == 1
    out = capsys.readouterr().out
    assert "rejected: the digest is not that of the content" in out
    assert "other.json: : rejected" in out
    assert "3 certificates: 1 checked" in out
    assert "2 rejected" in out


def test_solvers_that_are_installed_are_asked() -> None:
    for engine in ENGINES:
        there = importlib.util.find_spec(engine) is not None
        method = RealAlgebra(engine)
        assert bool(method.missing()) is not there
        verdict = method.attempt(portable(TRUE))
        assert (verdict is not None and verdict.status is Status.PROVED) is there


def test_the_identity_of_a_linear_program_is_a_step_for_the_kernel() -> None:
    """Half of (b^2 - u^2)^2 + (b^2 - 1)^2 + (u^2 - 1)^2: the search for signs alone has no way."""
    left, right = beta**4 + u**4 + 1, beta**2 * u**2 + beta**2 + u**2
    claim = portable(gs.Claim("three squares", left, ">=", right))
    verdict = LinearCertificate().attempt(claim)
    assert verdict is not None
    one = certificate(claim, verdict)
    assert checks.check(one).word == checks.CHECKED
    with pytest.raises(NotFound):
        proof_of(statement_of(one["exact"]), {}, {0, 1})


def test_values_at_a_counterexample_have_thirty_digits() -> None:
    verdict = RationalSampling().attempt(gs.Claim("", exp(beta), "<=", S.One))
    assert verdict is not None
    assert verdict.status is Status.REFUTED
    shown = str(verdict.evidence["left"])
    at = Rational(verdict.evidence["counterexample"]["beta"])
    assert len(shown.replace(".", "")) == 30
    assert shown == str(exp(at).n(30))


def test_points_without_a_value_are_not_counted() -> None:
    mystery = Function("mystery", real=True)(beta)
    assert RationalSampling().attempt(gs.Claim("", mystery, ">", S.Zero)) is None
    verdict = gs.prove(gs.Claim("", mystery, ">", S.Zero))
    assert verdict.status is Status.UNKNOWN
    assert "undecided after" in verdict.detail
    assert "it holds" not in verdict.detail
    held = RationalSampling().attempt(gs.Claim("", beta + 1, ">", beta))
    assert held is not None
    assert held.evidence["points"] == len(list(_places(gs.Claim("", beta + 1, ">", beta))))
