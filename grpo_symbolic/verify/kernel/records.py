"""A file of certificates on one claim: read strictly, and checked as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grpo_symbolic.verify.kernel.checks import CLAIM, REJECTED, Answer, at_point, check, claim_of
from grpo_symbolic.verify.kernel.statement import RELATIONS, Rejected, Unchecked, digest, require

_RECORD = {"key", "at", "methods", "seconds", "certificates", "negation"}


def read(text: str) -> Any:
    """JSON in which no key stands twice and every number is one."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len({key for key, _ in pairs}) == len(pairs), "a key stands twice")
        return dict(pairs)

    def never(name: str) -> None:
        raise Rejected(f"{name} is no number")

    return json.loads(text, object_pairs_hook=unique, parse_constant=never)


def check_record(record: Any, name: str) -> Iterator[tuple[str, Answer]]:
    """The answer for each certificate of a file of that name: all are about one claim."""
    try:
        require(isinstance(record, dict) and set(record) == _RECORD, "a record has other fields")
        made, negation = record["certificates"], record["negation"]
        require(isinstance(made, list) and made, "there is no certificate")
        claim = {key: made[0][key] for key in CLAIM}
        key = digest([claim, record["at"]])[:16]
        require(record["key"] == key == name, "its name is not that of its claim")
        for one in made:
            require({k: one[k] for k in CLAIM} == claim, "a certificate is of another claim")
        verdicts = {one["verdict"] for one in made}
        require(not verdicts >= {"PROVED", "REFUTED"}, "it is proved and refuted")
        for one in negation:
            _negates(one, claim, made)
    except (Rejected, Unchecked, LookupError, TypeError, ValueError) as wrong:
        yield "", Answer(REJECTED, str(wrong))
        return
    for one in (*made, *negation):
        yield str(one.get("method")), check(one)


def _negates(one: Any, claim: dict[str, Any], made: list[Any]) -> None:
    """That a certificate is of the opposite of the claim at its counterexample."""
    statement, opposite = claim_of(claim), claim_of({k: one[k] for k in CLAIM})
    (refutation, *_) = (c["evidence"] for c in made if c["verdict"] == "REFUTED")
    at = at_point(statement, refutation)
    turned = RELATIONS[statement.relation]
    allowed = (">", "<") if turned == "!=" else (turned,)
    require(opposite.relation in allowed and not opposite.ranges, "it is no opposite")
    for there, here in zip(statement[:3:2], opposite[:3:2], strict=True):
        require(at.same(at.lower(there), at.lower(here)), "a side is that of another")
    require(one["claim"] == f"it fails there: {claim['claim']}", "it has another name")
