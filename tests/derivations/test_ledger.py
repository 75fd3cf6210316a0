"""The ledger: verdicts with their evidence, the cache, the documents, and what fails."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath as mp
import pytest
from sympy import Abs, Rational, Symbol, log, sqrt

from derivations import __main__, evidence, statements
from derivations.__main__ import main
from derivations.book.engine import Compiled
from derivations.catalogue import ORDER
from derivations.entry import NEW, PAPER, Entry, open_question
from derivations.ledger import Row, _part, ledger
from derivations.ledger_report import line, summary
from derivations.new_theorems import NEW_ENTRIES
from derivations.paper_claims import PAPER_ENTRIES
from derivations.statements import Statements, _item, said_of
from grpo_symbolic.symbols import pi
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.recheck import certificate, digest, portable

COLUMNS = {
    "claim",
    "source",
    "range",
    "verdict",
    "methods",
    "counterexample",
    "corrected",
    "seconds",
}
ENTRIES = (*PAPER_ENTRIES, *NEW_ENTRIES)
SQUARE_ROOT = next(e for e in ENTRIES if e.claim.startswith("at beta=gamma"))
DECREASES = next(e for e in ENTRIES if e.claim == "it decreases in beta")
LOGISTIC = next(e for e in ENTRIES if "exponent gamma/(2beta)" in e.claim)
# Without the part that takes the logarithm of the policy: it takes seconds.
LOGISTIC = replace(LOGISTIC, correction=LOGISTIC.correction[:1])
STAGE = next(e for e in ENTRIES if e.claim.startswith("stationary policies are maximisers"))
STAGE = replace(STAGE, correction=STAGE.correction[:2])
SAMPLE = (SQUARE_ROOT, DECREASES, LOGISTIC, STAGE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    return ledger(SAMPLE, folder / "certificates", processes=1)


def row_of(rows: list[Row], entry: Entry) -> Row:
    return next(row for row in rows if row.entry is entry)


def test_verdicts_are_the_declared_ones(rows: list[Row]) -> None:
    assert [row.verdict for row in rows] == ["PROVED", "PROVED", "REFUTED", "REFUTED"]
    assert all(row.as_declared for row in rows)


def test_two_families_agree(rows: list[Row]) -> None:
    pytest.importorskip("z3")
    for row in (row_of(rows, DECREASES), row_of(rows, STAGE)):
        assert row.settled, row.missing
        for part in row.parts:
            assert len(part.families) >= 2
            assert "exact rational sampling" not in part.methods or part.verdict == "REFUTED"


def test_the_word_of_solvers_settles_nothing(rows: list[Row]) -> None:
    """They are given what one encoder wrote: two of them are one route."""
    part = row_of(rows, DECREASES).parts[0]
    engines = tuple(name for name in evidence.FAMILIES if name.startswith("real algebra"))
    families = frozenset(evidence.FAMILIES[name] for name in engines)
    assert len(engines) == 2
    believed = replace(part, methods=engines, families=families)
    row = replace(row_of(rows, DECREASES), parts=(believed,))
    assert row.shown == row.data()["verdict"] == "PROVED (solver)"
    assert "PROVED (solver)" in line(row)
    assert not row.settled
    assert row_of(rows, DECREASES).shown == "PROVED"


def test_the_same_on_both_sides_settles_nothing(tmp_path: Path) -> None:
    claim = Claim("the same", pi + 1, "==", pi + 1)
    made = evidence.Evidence(tmp_path).of(claim)
    part = _part("nowhere", said_of(claim), made)
    assert part.verdict == "PROVED"
    assert len(part.families) > 1
    assert not part.settled
    assert part.lacks == "the same on both sides"
    other = Claim("not the same", (pi + 1) ** 2, "==", pi**2 + 2 * pi + 1)
    assert _part("nowhere", said_of(other), evidence.Evidence(tmp_path).of(other)).settled


def test_an_identity_the_kernel_has_not_checked_believes_the_encoder(tmp_path: Path) -> None:
    product = Claim("a product", pi * (1 - pi), ">", 0 * pi)
    made = evidence.Evidence(tmp_path).of(product, routes=4)
    one = next(c for c in made["certificates"] if c["method"] == "identity certificate")
    assert evidence.family_of(one) == "linear certificate"
    unchecked = _signed({**one, "evidence": {**one["evidence"], "proof": None}})
    assert evidence.family_of(unchecked) == evidence.FAMILIES["real algebra (z3)"]


def numbers(row: Row) -> tuple[dict[str, mp.mpf], mp.mpf, mp.mpf]:
    """The counterexample's point and both sides' values."""
    found: Mapping[str, Any] = row.counterexample
    point = {
        name: mp.mpf(Rational(text).p) / Rational(text).q for name, text in found["point"].items()
    }
    return point, mp.mpf(found["left"]), mp.mpf(found["right"])


def test_the_logistic_policy_fails_where_the_ledger_says(rows: list[Row]) -> None:
    """Direct KL, G = 2: beta (logit p - logit p0) = gamma, solved and compared by mpmath."""
    row = row_of(rows, LOGISTIC)
    with mp.workdps(40):
        point, left, right = numbers(row)
        beta, gamma, start = point["beta"], point["gamma"], point["pi_ref"]

        def odds(x: mp.mpf) -> mp.mpf:
            return mp.log(x / (1 - x))

        true = mp.findroot(lambda x: beta * (odds(x) - odds(start)) - gamma, mp.mpf("0.6"))
        claimed = mp.findroot(lambda x: odds(x) - odds(start) - gamma / (2 * beta), mp.mpf("0.6"))
        assert mp.almosteq(left, true, rel_eps=mp.mpf(10) ** -25)
        assert mp.almosteq(right, claimed, rel_eps=mp.mpf(10) ** -25)
        assert abs(true - claimed) > mp.mpf("0.01")
    assert row.correction_verdict == "PROVED"
    assert row.entry.corrected


def test_the_stage_objective_bends_upwards_where_the_ledger_says(rows: list[Row]) -> None:
    """The second difference of the frozen objective, from the definition of k3."""
    row = row_of(rows, STAGE)
    with mp.workdps(60):
        point, left, right = numbers(row)
        p, p0 = point["pi"], point["pi_ref"]
        beta = p * (1 - p) / (p - p0)  # the weight at which p is stationary for pairs

        def penalty(new: mp.mpf) -> mp.mpf:
            ratios = ((p, p0 / new), (1 - p, (1 - p0) / (1 - new)))
            return mp.fsum(old * (u - mp.log(u) - 1) for old, u in ratios)

        def stage(new: mp.mpf) -> mp.mpf:
            return new * (1 - p) - (1 - new) * p - beta * penalty(new)

        assert abs(mp.diff(stage, p)) < mp.mpf(10) ** -20
        bend = mp.diff(stage, p, 2)
        assert mp.almosteq(left, bend, rel_eps=mp.mpf(10) ** -10)
        assert right == 0
        assert bend > 0
    assert row.correction_verdict == "PROVED"


def test_nothing_is_settled_again_when_nothing_changed(
    rows: list[Row], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object) -> None:
        raise AssertionError("a method was asked again")

    monkeypatch.setattr(evidence, "settle", never)
    again = ledger(SAMPLE, folder / "certificates", processes=1)
    assert [row.data() for row in again] == [row.data() for row in rows]


def test_an_edited_file_is_not_used_again(
    rows: list[Row], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{row_of(rows, SQUARE_ROOT).parts[0].keys[0]}.json"
    text = (folder / "certificates" / name).read_text()
    (tmp_path / name).write_text(text.replace("PROVED", "REFUTED", 1))
    asked: list[object] = []
    monkeypatch.setattr(evidence, "settle", lambda claim, **_: asked.append(claim) or ())
    ledger((SQUARE_ROOT,), tmp_path, processes=1)
    assert asked


def _signed(made: dict[str, Any]) -> dict[str, Any]:
    """A certificate with a digest that fits, whatever it says."""
    rest = {key: value for key, value in made.items() if key != "digest"}
    return {**rest, "digest": digest(rest)}


def _with_another_verdict(record: dict[str, Any]) -> dict[str, Any]:
    made = [_signed({**c, "verdict": "REFUTED"}) for c in record["certificates"]]
    return {**record, "certificates": made}


def _without_evidence(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "certificates": []}


def _of_another_claim(record: dict[str, Any]) -> dict[str, Any]:
    claim = portable(Claim("a sum", Rational(1), "<", Rational(2)))
    return {**record, "certificates": [certificate(claim, prove(claim))]}


def _renamed(record: dict[str, Any]) -> dict[str, Any]:
    made = [_signed({**c, "method": "exact identity"}) for c in record["certificates"]]
    return {**record, "certificates": made}


def _on_a_wider_range(record: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(record["certificates"]).replace(
        '"lower_closed": false', '"lower_closed": true'
    )
    return {**record, "certificates": [_signed(c) for c in json.loads(text)]}


@pytest.mark.parametrize(
    "forge",
    [_with_another_verdict, _without_evidence, _of_another_claim, _renamed, _on_a_wider_range],
)
def test_a_forged_file_is_not_believed(tmp_path: Path, forge: Any) -> None:
    """Digests fit, but what is there is not a proof of the claim that is asked for."""
    claim = Claim("odds grow", pi / (1 - pi), ">", pi)
    folder = evidence.Evidence(tmp_path)
    made = folder.of(claim)
    assert made["certificates"]
    path = tmp_path / f"{made['key']}.json"
    forged = forge(json.loads(path.read_text()))
    path.write_text(json.dumps(forged))
    again = folder.of(claim)
    assert again["certificates"] == made["certificates"]
    assert json.loads(path.read_text()) != forged


def test_documents_and_exit_status(
    rows: list[Row],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(__main__, "ledger", lambda entries, where: rows)
    monkeypatch.setattr(__main__, "compiled", lambda tex: Compiled(None, ""))
    assert main(["ledger", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "4 entries: 2 PROVED, 2 REFUTED" in out
    entries = json.loads((folder / "ledger.json").read_text())
    assert [entry["verdict"] for entry in entries] == [row.verdict for row in rows]
    for entry in entries:
        assert entry.keys() >= COLUMNS
        assert entry["seconds"] > 0
        assert entry["methods"]
        assert (entry["counterexample"] is not None) == (entry["verdict"] == "REFUTED")
        if entry["verdict"] == "REFUTED":
            assert entry["corrected"]["verdict"] == "PROVED"
        for part in entry["parts"]:
            assert (folder / part["certificates"]).is_file()
    tex = (folder / "ledger.tex").read_text()
    assert tex.count(r"\begin{longtable}") == tex.count(r"\end{longtable}") == 1
    assert tex.count("Counterexample") == 2
    wrong = replace(rows[0], entry=replace(SQUARE_ROOT, expected="REFUTED"))
    monkeypatch.setattr(__main__, "ledger", lambda entries, where: [wrong, *rows[1:]])
    assert main(["ledger", "--out", str(folder)]) == 1
    assert "not as declared" in capsys.readouterr().out


def test_a_refutation_needs_its_correction(rows: list[Row]) -> None:
    row = row_of(rows, STAGE)
    bare = replace(row, correction=())
    assert not bare.as_declared
    unknown = replace(row.correction[0], verdict="UNKNOWN")
    assert not replace(row, correction=(unknown,)).as_declared


def test_a_second_derivation_counts_if_all_of_it_is_proved(rows: list[Row]) -> None:
    row = row_of(rows, DECREASES)
    alone = replace(row.parts[0], methods=("exact identity",), families=frozenset(("one",)))
    single = replace(row, parts=(alone,))
    assert not single.settled
    assert "only exact identity" in single.missing[0]
    other = row_of(rows, SQUARE_ROOT).parts[0]
    twice = replace(single, again=(other,))
    assert twice.settled
    assert twice.methods[-1] == "second derivation"
    weak = replace(single, again=(other, replace(other, verdict="NUMERIC")))
    assert not weak.settled


def test_an_open_question_is_a_row_that_is_not_settled(tmp_path: Path) -> None:
    (row,) = ledger((open_question("every coefficient is positive"),), tmp_path, processes=1)
    assert row.shown == row.data()["verdict"] == "OPEN"
    assert not row.settled
    assert row.as_declared
    assert "OPEN" in line(row)
    assert any("open question" in text for text in summary([row]))


def test_steps_alone_are_a_route_where_solvers_are_the_only_other(tmp_path: Path) -> None:
    one, other, c = Symbol("r_1", real=True), Symbol("r_2", real=True), Symbol("c", positive=True)
    above, below = (c * one - c * other) / 2, (c * other - c * one) / 2
    claim = Claim("of the scaled", (one - other) / Abs(one - other), "==",
                  above / sqrt(above**2 / 2 + below**2 / 2), where_defined=True)  # fmt: skip
    part = _part("nowhere", said_of(claim), evidence.Evidence(tmp_path).of(claim))
    assert part.verdict == "PROVED"
    assert evidence.KERNEL in part.methods
    assert part.settled, part.lacks


def test_certificates_of_claims_no_longer_made_are_removed(tmp_path: Path) -> None:
    names = ("0" * 16 + ".json", "0" * 16 + "-z3.smt2", "1" * 16 + ".json", "notes.json")
    for name in names:
        (tmp_path / name).write_text("{}")
    evidence.prune(tmp_path, {"1" * 16})
    assert {path.name for path in tmp_path.iterdir()} == {"1" * 16 + ".json", "notes.json"}


def test_recheck_holds_and_one_digit_breaks_it(
    rows: list[Row], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = row_of(rows, SQUARE_ROOT).parts[0]
    copy = tmp_path / "certificates"
    copy.mkdir()
    for path in (folder / "certificates").glob(f"{part.keys[0]}*"):
        (copy / path.name).write_text(path.read_text())
    assert main(["--recheck", "--out", str(tmp_path)]) == 0
    assert ", 0 do not hold" in capsys.readouterr().out
    scripts = sorted(copy.glob("*.smt2"))
    for path in (*scripts[:1], copy / f"{part.keys[0]}.json"):
        text = path.read_text()
        place = next(i for i in range(len(text) // 2, len(text)) if text[i].isdigit())
        digit = "7" if text[place] != "7" else "3"
        path.write_text(text[:place] + digit + text[place + 1 :])
        assert main(["ledger", "--recheck", "--out", str(tmp_path)]) == 1
        assert path.name in capsys.readouterr().out
        path.write_text(text)


def test_recheck_without_certificates_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--recheck", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["eq14", "--recheck", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_claim_that_no_result_has_is_named(tmp_path: Path) -> None:
    lost = replace(SQUARE_ROOT, parts=("eq14_binary_pairs: it is blue",))
    with pytest.raises(ValueError, match="it is blue"):
        ledger((lost,), tmp_path, processes=1)


def test_a_point_that_refutes_nothing_is_an_error(tmp_path: Path) -> None:
    weak = replace(STAGE, at={"pi_ref": Rational(2, 5), "pi": Rational(1, 2)}, correction=())
    with pytest.raises(ValueError, match="does not fail"):
        ledger((weak,), tmp_path, processes=1)


def test_methods_that_contradict_each_other_decide_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two_minds(claim: Any, **_: Any) -> tuple:
        point = {s: Rational(1, 2) for s in claim.domain.symbols}
        known = evidence.Verdict(evidence.Status.PROVED, "exact identity", "", {"by": "magic"})
        values = {"counterexample": {s.name: str(v) for s, v in point.items()}}
        values |= {"left": "0", "right": "1"}
        other = evidence.Verdict(
            evidence.Status.REFUTED, "exact rational sampling", "", dict(values)
        )
        return (known, other)

    monkeypatch.setattr(evidence, "settle", two_minds)
    (row,) = ledger((SQUARE_ROOT,), tmp_path, processes=1)
    assert row.verdict == "UNKNOWN"
    assert not row.as_declared
    assert not row.settled
    assert any("not settled" in text for text in summary([row]))


def test_entries_are_well_formed() -> None:
    assert len({entry.claim for entry in ENTRIES}) == len(ENTRIES)
    assert {entry.chapter for entry in ENTRIES} == {PAPER, NEW}
    for entry in ENTRIES:
        assert bool(entry.parts) == (entry.expected != "UNKNOWN")
        assert bool(entry.corrected) == bool(entry.correction)
        assert (entry.expected == "REFUTED") <= bool(entry.correction)
        for name in (*entry.parts, *entry.correction):
            module = name.partition(":")[0]
            assert module in ORDER or (Path(evidence.__file__).parent / f"{module}.py").exists()


def test_one_line_for_each_row(rows: list[Row]) -> None:
    for row in rows:
        assert line(row).startswith(row.verdict)
        assert "\n" not in line(row)


def test_the_kernel_is_a_route_where_the_statement_is_all_it_has(tmp_path: Path) -> None:
    odds = Claim("odds", log(pi / (1 - pi)), "==", log(pi) - log(1 - pi))
    record = evidence.Evidence(tmp_path).of(odds)
    part = _part("nowhere", said_of(odds), record)
    assert part.families == {"normal form", "kernel"}
    assert part.settled
    one = next(c for c in record["certificates"] if c["method"] == "exact identity")
    assert evidence.by_the_kernel_alone(one)
    unchecked = _signed({**one, "evidence": {**one["evidence"], "proof": None}})
    assert not evidence.by_the_kernel_alone(unchecked)
    # A certificate that brings more than its statement is checked, not decided again.
    claim = Claim("a product", pi * (1 - pi), ">", 0 * pi)
    product = evidence.Evidence(tmp_path).of(claim, routes=4)
    brought = next(c for c in product["certificates"] if c["method"] == "identity certificate")
    assert not evidence.by_the_kernel_alone(brought)


def _weakened(kept: dict[str, Any]) -> None:
    kept["said"][0]["data"]["exact"]["relation"] = ">="


def _shortened(kept: dict[str, Any]) -> None:
    del kept["said"][0]


def _said_for_more(kept: dict[str, Any]) -> None:
    kept["said"][0]["scopes"] = [["every G", r"every $G$"]]


@pytest.mark.parametrize("forge", [_weakened, _shortened, _said_for_more])
def test_what_a_result_says_is_read_only_where_the_sources_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: Any
) -> None:
    made: list[str] = []

    def built(name: str) -> list[dict[str, Any]]:
        made.append(name)
        return [
            _item(Claim("odds grow", pi / (1 - pi), ">", pi), ()),
            _item(Claim("less", pi, "<", Rational(1)), ()),
        ]

    monkeypatch.setattr(statements, "_built", built)
    kept = Statements(tmp_path / "kept", tmp_path / "lock.json")
    first = kept.of("a_result")
    assert kept.of("a_result") == first
    assert made == ["a_result"] * 2  # nothing is believed that the sources do not have
    assert kept.changed() == ["a_result"]
    kept.pin()
    assert not kept.changed()
    assert kept.of("a_result") == first
    assert len(made) == 2
    path = tmp_path / "kept" / "a_result.json"
    forged = json.loads(path.read_text())
    forge(forged)
    path.write_text(json.dumps(forged))
    assert kept.of("a_result") == first
    assert len(made) == 3
    monkeypatch.setattr(statements, "sources", lambda: "other sources")
    assert kept.of("a_result") == first
    assert len(made) == 4
