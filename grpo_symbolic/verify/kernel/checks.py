"""What a certificate has to show, and the answer for one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from grpo_symbolic.verify.kernel.algebra import Sign
from grpo_symbolic.verify.kernel.proof import Proof, Undefined
from grpo_symbolic.verify.kernel.statement import (
    SHOWN_BY,
    Rejected,
    Statement,
    Unchecked,
    digest,
    infinite,
    ratio,
    require,
    statement_of,
    texts,
)

CHECKED, TRIVIAL, NUMERIC = "checked", "trivial", "numeric"
SETTLED = (CHECKED, TRIVIAL)
SOLVER, UNCHECKED, REJECTED = "rests on a solver", "not checked by the kernel", "rejected"
CLAIM = {"claim", "statement", "made", "domain", "exact"}
_KEYS = {*CLAIM, "verdict", "method", "evidence", "digest"}
_ENGINE = {"engine", "version", "script", "control", "sha256"}
_PROOF = {"by", "signs", "proof"}
_SAMPLING, _BOXES = "exact rational sampling", "ball arithmetic on boxes"
_CHARTS = 16


class Answer(NamedTuple):
    """What the kernel says of a certificate: one of the words above, and why."""

    word: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.word}: {self.why}" if self.why else self.word


def check(certificate: Any) -> Answer:
    """The kernel's word on one certificate, as plain data."""
    try:
        statement = claim_of(certificate, _KEYS)
        rest = {key: value for key, value in certificate.items() if key != "digest"}
        require(certificate["digest"] == digest(rest), "the digest is not that of the content")
        word = _judged(statement, **{key: rest[key] for key in ("verdict", "method", "evidence")})
    except Unchecked as beyond:
        return Answer(UNCHECKED, str(beyond))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
            ValueError) as error:  # fmt: skip
        return Answer(REJECTED, f"{'' if isinstance(error, Rejected) else repr(error)[:9]}{error}")
    return Answer(TRIVIAL if word == CHECKED and statement.left == statement.right else word)


def claim_of(data: Any, keys: set[str] = CLAIM) -> Statement:
    """The statement of a claim, whose texts have to be those of its exact form."""
    require(isinstance(data, dict) and set(data) == keys, "a certificate has other fields")
    require(isinstance(data["claim"], str), "a claim has no name")
    statement = statement_of(data["exact"])
    for key, text in texts(data["exact"]).items():
        require(data[key] == text, f"the text of its {key} is not that of the exact form")
    return statement


def _judged(statement: Statement, verdict: str, method: str, evidence: Mapping[str, Any]) -> str:
    if verdict == "NUMERIC" and method in (_SAMPLING, _BOXES):
        return NUMERIC
    if verdict == "PROVED" and method in ("real algebra (z3)", "real algebra (cvc5)"):
        require(set(evidence) == _ENGINE and evidence["engine"] in method, "it is no solver's word")
        return SOLVER
    require(evidence["by"] == method, "the evidence is of another method")
    if evidence["proof"] is None:
        raise Unchecked("the certificate says itself that it is beyond the kernel")
    signs, holds = set(evidence["signs"]), SHOWN_BY[statement.relation]
    if verdict == "REFUTED":
        require(set(evidence) == {*_PROOF, "counterexample"}, "it is no counterexample")
        require(not signs & holds and _fails(statement, evidence, signs), "it does not fail there")
        return CHECKED
    require(verdict == "PROVED" and set(evidence) == _PROOF, "it is no proof")
    require(signs <= holds, "the signs do not show the relation")
    found = charts(statement)
    require(len(evidence["proof"]) == len(found), "there are other charts")
    for flipped, steps in zip(found, evidence["proof"], strict=True):
        proof = Proof(statement, flipped)
        proof.run(steps)
        require({r.symbol for r in statement.ranges} <= set(proof.values), "a range is left out")
        require(gap(proof) <= signs, "the difference has not that sign")
    return CHECKED


def charts(statement: Statement) -> list[frozenset[str]]:
    """Which ranges, closed at both ends, begin at their upper end: together they cover it."""
    both = [
        r.symbol for r in statement.ranges
        if r.lower_closed and r.upper_closed and not infinite(r.upper) and not infinite(r.lower)
    ]  # fmt: skip
    if 2 ** len(both) > _CHARTS:
        raise Unchecked("too many ranges are closed at both ends")
    picks = product((False, True), repeat=len(both))
    return [frozenset(n for n, p in zip(both, pick, strict=True) if p) for pick in picks]


def gap(proof: Proof) -> Sign:
    """The sign of left - right."""
    left, right = proof.lower(proof.statement.left), proof.lower(proof.statement.right)
    return proof.sign(proof.plus(left, right, -1))


# -- at a point ------------------------------------------------------------------------------


def at_point(statement: Statement, evidence: Mapping[str, Any]) -> Proof:
    """What is known at an exact point, which has to lie in the range."""
    point = evidence["counterexample"]
    names = {r.symbol for r in statement.ranges}
    require(isinstance(point, dict) and set(point) == names, "it is no point of the range")
    at = Proof(statement._replace(ranges=(), where_defined=False))
    for name, text in point.items():
        at.values[name] = at.plus({}, {(): ratio(text)})
        whole = "integer" not in statement.symbols[name] or "/" not in text
        require(whole, f"{name} is no integer")
    at.run(evidence["proof"])
    for r in statement.ranges:
        for end, closed, way in ((r.lower, r.lower_closed, 1), (r.upper, r.upper_closed, -1)):
            inside = {0, way} if closed else {way}
            s = {way} if infinite(end) else at.sign(at.plus(at.values[r.symbol], at.lower(end), -1))
            require(s <= inside, "the point is outside the range")
    return at


def _fails(statement: Statement, evidence: Mapping[str, Any], signs: set[int]) -> bool:
    """Whether left - right has one of the signs at the point; without signs, that it has none."""
    at = at_point(statement, evidence)
    try:
        return gap(at) <= signs
    except Undefined:
        return not signs and not statement.where_defined
