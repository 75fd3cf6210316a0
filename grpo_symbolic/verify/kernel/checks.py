"""What a certificate has to show, and the answer for one; files of certificates on one claim."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from grpo_symbolic.verify.kernel.proof import Proof, Sign, Undefined
from grpo_symbolic.verify.kernel.statement import (
    SHOWN_BY,
    Statement,
    Unchecked,
    digest,
    ratio,
    require,
    statement_of,
    texts,
    within,
)  # fmt: skip

CHECKED, TRIVIAL, NUMERIC = "checked", "trivial", "numeric"
SOLVER, UNCHECKED, REJECTED = "rests on a solver", "not checked by the kernel", "rejected"
CLAIM = {"claim", "statement", "made", "domain", "exact"}
_KEYS = {*CLAIM, "verdict", "method", "evidence", "digest"}
_ENGINE = {"engine", "version", "script", "control", "sha256"}
_RECORD = {"key", "at", "methods", "seconds", "certificates"}


class Answer(NamedTuple):
    """What the kernel says of a certificate: one of the words above, and why."""

    word: str
    why: str = ""


def check(certificate: Any) -> Answer:
    """The kernel's word on one certificate, as plain data."""
    try:
        require(isinstance(certificate, dict) and set(certificate) == _KEYS, "it has other fields")
        rest = {key: value for key, value in certificate.items() if key != "digest"}
        require(certificate["digest"] == digest(rest), "the digest is not that of the content")
        require(isinstance(rest["claim"], str), "a claim has no name")
        statement = statement_of(rest["exact"])
        for key, text in texts(rest["exact"]).items():
            require(rest[key] == text, f"the text of its {key} is not that of the exact form")
        word = _judged(statement, rest["verdict"], rest["method"], rest["evidence"])
    except Unchecked as beyond:
        return Answer(UNCHECKED, str(beyond))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
            ValueError) as error:  # fmt: skip
        return Answer(REJECTED, str(error))
    return Answer(TRIVIAL if word == CHECKED and statement.left == statement.right else word)


def _judged(statement: Statement, verdict: str, method: str, evidence: dict[str, Any]) -> str:
    if verdict == "NUMERIC" and method in ("exact rational sampling", "ball arithmetic on boxes"):
        return NUMERIC
    if verdict == "PROVED" and method in ("real algebra (z3)", "real algebra (cvc5)"):
        require(set(evidence) == _ENGINE and evidence["engine"] in method, "it is no solver's word")
        return SOLVER
    require(evidence["by"] == method, "the evidence is of another method")
    require(verdict in ("PROVED", "REFUTED"), "it is no verdict")
    within(evidence["proof"] is not None, "the certificate says that it is beyond the kernel")
    refuted, symbols = verdict == "REFUTED", {r.symbol for r in statement.ranges}
    require(set(evidence) == {"by", "proof", *["counterexample"] * refuted}, "it has other fields")
    holds, where, found = SHOWN_BY[statement.relation], statement.where_defined, charts(statement)
    if refuted:  # nothing is granted at a point: the claim may not be made there
        statement = statement._replace(where_defined=False)
        found = [{name: ratio(text) for name, text in evidence["counterexample"].items()}]
        require(set(found[0]) == symbols, "it is no point of the range")
    for chart, steps in zip(found, evidence["proof"], strict=True):
        proof = Proof(statement, chart)
        proof.run(steps)
        require(symbols <= set(proof.values), "a range is left out")
        try:
            signs = gap(proof)
            shown = not signs & holds if refuted else signs <= holds
        except Undefined:
            shown = refuted and not where
        require(shown, "the difference has not that sign")
    return CHECKED


def charts(statement: Statement) -> list[dict[str, Any]]:
    """Which ranges, closed at both ends, begin at their upper end: together they cover it."""
    both = [r.symbol for r in statement.ranges if r.lower_closed and r.upper_closed]
    within(len(both) <= 4, "too many ranges are closed at both ends")
    return [dict(zip(both, pick, strict=True)) for pick in product((False, True), repeat=len(both))]


def gap(proof: Proof) -> Sign:
    """The sign of left - right."""
    left, right = proof.lower(proof.statement.left), proof.lower(proof.statement.right)
    return proof.sign(proof.plus(left, right, -1))


# -- files ------------------------------------------------------------------------------------


def read(text: str) -> Any:
    """JSON in which no key stands twice and every number is one."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len(dict(pairs)) == len(pairs), "a key stands twice")
        return dict(pairs)

    # NaN is no text of a Fraction, and neither is infinity.
    return json.loads(text, object_pairs_hook=unique, parse_constant=Fraction)


def check_record(record: Any, name: str) -> Iterator[tuple[str, Answer]]:
    """The answer for each certificate of a file of that name: all are about one claim."""
    try:
        require(isinstance(record, dict) and set(record) == _RECORD, "a record has other fields")
        made = record["certificates"]
        require(isinstance(made, list) and made, "there is no certificate")
        claim = {key: made[0][key] for key in CLAIM}
        key = digest([claim, record["at"]])[:16]
        require(record["key"] == key == name, "its name is not that of its claim")
        same = all({k: one[k] for k in CLAIM} == claim for one in made)
        require(same, "a certificate is of another claim")
        both = {one["verdict"] for one in made} >= {"PROVED", "REFUTED"}
        require(not both, "it is proved and refuted")
    except (LookupError, TypeError, ValueError) as wrong:
        yield "", Answer(REJECTED, str(wrong))
        return
    for one in made:
        yield str(one["method"]), check(one)


def main(folder: str) -> int:
    """Exit status: 0 all are checked, 1 one is rejected, 2 there is none, 3 one is neither.

    What is numeric, rests on a solver or is beyond the kernel is not established by it.
    """
    count = Counter[str]()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            answers = list(check_record(read(path.read_text(encoding="utf-8")), path.stem))
        except (ValueError, RecursionError, OSError) as error:
            answers = [("", Answer(REJECTED, str(error)))]
        for method, answer in answers:
            count[answer.word] += 1
            if answer.word in (REJECTED, UNCHECKED):
                # What a file says can neither end a line nor stop the run.
                print(ascii(f"{path.name}: {method}: {answer.word}: {answer.why}")[1:-1])
    words = (CHECKED, TRIVIAL, NUMERIC, SOLVER, UNCHECKED, REJECTED)
    print(f"{count.total()} certificates: {', '.join(f'{count[word]} {word}' for word in words)}")
    if not count or count[REJECTED]:
        return 1 if count else 2
    return 3 if count.total() > count[CHECKED] + count[TRIVIAL] else 0
