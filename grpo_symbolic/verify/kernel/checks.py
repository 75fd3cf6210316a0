"""What the evidence of each method has to show, and the answer for one certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from grpo_symbolic.verify.kernel.identities import Test, identity_certificate
from grpo_symbolic.verify.kernel.lowering import Lowering
from grpo_symbolic.verify.kernel.points import numbers, refuted
from grpo_symbolic.verify.kernel.quotients import Quotient
from grpo_symbolic.verify.kernel.statement import (
    SHOWN_BY,
    Rejected,
    Statement,
    Unchecked,
    digest,
    require,
    statement_of,
    texts,
)

CHECKED, TRIVIAL, NUMERIC = "checked", "trivial", "numeric"
SETTLED = (CHECKED, TRIVIAL)
SOLVER, UNCHECKED, REJECTED = "rests on a solver", "not checked by the kernel", "rejected"
_NAMES = {"POSITIVE": 2, "NONNEGATIVE": 1, "ZERO": 0, "NONPOSITIVE": -1, "NEGATIVE": -2}
_KEYS = {"claim", "statement", "made", "domain", "exact", "verdict", "method", "evidence", "digest"}
_ENGINE = {"engine", "version", "script", "control", "sha256"}
_SYSTEM = {"generators", "goal", "relation", "hypotheses", "equations", "meanings", "scale"}
_CHARTS = 16


@dataclass(frozen=True)
class Answer:
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
        word = _judged(statement, certificate)
    except Unchecked as beyond:
        return Answer(UNCHECKED, str(beyond))
    except Rejected as wrong:
        return Answer(REJECTED, str(wrong))
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        return Answer(REJECTED, f"it cannot be read: {type(error).__name__}: {error}"[:300])
    return Answer(TRIVIAL if word == CHECKED and statement.left == statement.right else word)


def claim_of(data: Any, keys: set[str]) -> Statement:
    """The statement of a claim, whose texts have to be those of its exact form."""
    require(isinstance(data, dict) and set(data) == keys, "a certificate has other fields")
    require(isinstance(data["claim"], str), "a claim has no name")
    statement = statement_of(data["exact"])
    for key, text in texts(data["exact"]).items():
        require(data[key] == text, f"the text of its {key} is not that of the exact form")
    return statement


def _judged(statement: Statement, certificate: Mapping[str, Any]) -> str:
    method, verdict, evidence = (certificate[key] for key in ("method", "verdict", "evidence"))
    require(isinstance(method, str) and isinstance(evidence, dict), "a type is wrong")
    sampled = method == "exact rational sampling"
    if verdict == "NUMERIC" and (sampled or method == "ball arithmetic on boxes"):
        return NUMERIC
    if verdict == "PROVED" and method in ("real algebra (z3)", "real algebra (cvc5)"):
        require(set(evidence) == _ENGINE and evidence["engine"] in method, "it is no solver's word")
        return SOLVER
    if method == "ball arithmetic on numbers":
        numbers(statement, verdict, evidence)
        return CHECKED
    if verdict == "REFUTED" and sampled:
        refuted(statement, evidence)
        return CHECKED
    if verdict == "PROVED" and method in BEYOND:
        raise Unchecked(BEYOND[method])
    if verdict == "PROVED" and method in TESTS:
        if evidence.get("kernel", 0) is None:
            raise Unchecked("the certificate says itself that it is beyond the kernel")
        lemmas = evidence["kernel"]
        found = {key: value for key, value in evidence.items() if key != "kernel"}
        _everywhere(statement, lemmas, test_of(statement, method, found))
        return CHECKED
    raise Rejected(f"{method!r} does not say {verdict!r}")


# -- on the whole range ----------------------------------------------------------------------


def charts(statement: Statement) -> list[frozenset[str]]:
    """Which ranges, closed at both ends, begin at their upper end: together they cover it."""
    both = [
        r.name for r in statement.ranges
        if r.lower_closed and r.upper_closed and r.upper != ["Infinity"]
        and r.lower != ["NegativeInfinity"]
    ]  # fmt: skip
    if 2 ** len(both) > _CHARTS:
        raise Unchecked("too many ranges are closed at both ends")
    picks = product((False, True), repeat=len(both))
    return [frozenset(n for n, p in zip(both, pick, strict=True) if p) for pick in picks]


def _everywhere(statement: Statement, lemmas: Any, test: Test) -> None:
    """The test on every chart; lemmas are factorings for each of them."""
    found = charts(statement)
    require(isinstance(lemmas, list) and len(lemmas) == len(found), "there are other charts")
    for flipped, factorings in zip(found, lemmas, strict=True):
        lowering = Lowering(statement, flipped).placed(factorings)
        on_chart(lowering, test)


def on_chart(lowering: Lowering, test: Test) -> None:
    statement = lowering.statement
    for name in (r.name for r in statement.ranges):
        s, held = lowering.sign_of(lowering.values[name]), statement.symbols[name]
        for word, signs in (("nonnegative", (2, 1)), ("nonpositive", (-2, -1))):
            require(word not in held or s in signs, f"{name} is not {word} on its range")
    left, right = lowering.lower(statement.left), lowering.lower(statement.right)
    test(lowering, left, right)
    require(not lowering.missing, "; ".join(dict.fromkeys(lowering.missing)))


def test_of(statement: Statement, method: str, evidence: Mapping[str, Any]) -> Test:
    """What the evidence of a method has to show on each chart."""
    fields, test = TESTS[method]
    require(set(evidence) == fields, "the evidence has other fields")
    return test(statement, evidence)


def _identity(statement: Statement, evidence: Mapping[str, Any]) -> Test:
    by = evidence["by"]
    require(by in ("difference", "squares"), "there is no such identity")
    require(statement.relation in ("==", ">=", "<="), "an identity shows no such relation")

    def test(at: Lowering, left: Quotient, right: Quotient) -> None:
        if by == "squares":
            for side in (left, right):
                require(at.sign_of(side) in (0, 1, 2), "a side is not shown to be >= 0")
            left, right = at.times_q(left, left), at.times_q(right, right)
        require(at.sign_of(at.minus(left, right)) == 0, "the two sides are not the same")

    return test


def _orthant(statement: Statement, evidence: Mapping[str, Any]) -> Test:
    require(evidence["sign"] in _NAMES, "there is no such sign")
    given = _NAMES[evidence["sign"]]
    require(given in SHOWN_BY[statement.relation], "the sign does not show the relation")
    return _signed({2: (2,), 1: (2, 1, 0), 0: (0,), -1: (-2, -1, 0), -2: (-2,)}[given])


def _boxes(statement: Statement, evidence: Mapping[str, Any]) -> Test:
    return _signed(SHOWN_BY[statement.relation])


def _signed(wanted: tuple[int, ...]) -> Test:
    def test(at: Lowering, left: Quotient, right: Quotient) -> None:
        require(at.sign_of(at.minus(left, right)) in wanted, "the difference has not that sign")

    return test


#: What the kernel has no means to check, and why.
BEYOND = {
    "Bernstein operators": "it cites a theorem on Bernstein operators",
    "an end and the slope": "it differentiates",
}
#: What each method's evidence holds, and what it has to show.
TESTS: dict[str, tuple[set[str], Any]] = {
    "exact identity": ({"by"}, _identity),
    "sign on the orthant": ({"sign"}, _orthant),
    "ball arithmetic on boxes": (set(), _boxes),
    "identity certificate": (
        {*_SYSTEM, "squares", "multiplier", "terms", "cofactors"},
        identity_certificate,
    ),
}
