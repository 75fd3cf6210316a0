"""Certificates as files: a claim with its verdict as plain data, checked again by itself.

A certificate states the claim twice, as text for a reader and as nested lists to compute with,
and carries what the method found. Its digest guards against slips of the pen; what guards
against a false claim is the method, which checks the evidence on the claim as it was read back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Symbol, sstr

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import METHODS
from grpo_symbolic.verify.real_algebra import EngineStopped
from grpo_symbolic.verify.tree import assumptions, from_tree, symbol_from, to_tree
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Recheck", "certificate", "claim_from", "claim_to_data", "digest", "portable", "recheck"]

#: For reading a claim back, and for each method's check of its evidence.
STEPS = 16_000_000
_ENDS = ("lower_closed", "upper_closed")
_KEYS = {"claim", "statement", "made", "domain", "exact", "verdict", "method", "detail", "evidence"}


@dataclass(frozen=True)
class Recheck:
    """Whether a certificate holds, and if not, why."""

    holds: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.holds


def digest(data: object) -> str:
    """SHA-256 of the canonical JSON of plain data."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def claim_to_data(claim: Claim) -> dict[str, Any]:
    """The claim as plain data: its text, its range as text, and both exactly.

    Raises
    ------
    ValueError
        For what certificates cannot express.
    """
    ends = [end for r in claim.domain.ranges for end in (r.lower, r.upper)]
    used = {s for e in (claim.left, claim.right, *ends) for s in e.atoms(Symbol)}
    return {
        "claim": claim.name,
        **_texts(claim),
        "exact": {
            "symbols": assumptions({*used, *claim.domain.symbols}),
            "left": to_tree(claim.left),
            "relation": claim.relation,
            "right": to_tree(claim.right),
            "where_defined": claim.where_defined,
            "domain": [
                {
                    "symbol": r.symbol.name,
                    "lower": to_tree(r.lower),
                    "upper": to_tree(r.upper),
                    **{end: getattr(r, end) for end in _ENDS},
                }
                for r in claim.domain.ranges
            ],
        },
    }


def claim_from(data: Mapping[str, Any]) -> Claim:
    """The claim that :func:`claim_to_data` wrote.

    Raises
    ------
    ValueError
        When the data is no claim, or its text says something else than its exact form.
    """
    claim = _read(data)
    if any(data.get(key) != text for key, text in _texts(claim).items()):
        raise ValueError("the text of the statement or its range is not that of its exact form")
    return claim


def portable(claim: Claim) -> Claim:
    """The claim as a certificate reads it back: the same statement, as SymPy evaluates it.

    Raises
    ------
    ValueError
        For what certificates cannot express.
    """
    made = claim
    for _ in range(3):
        data = claim_to_data(made)
        again = _read(data)
        if claim_to_data(again) == data:
            return again
        made = again
    raise ValueError("the statement changes whenever it is read back")


def certificate(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    """The certificate of a verdict on a :func:`portable` claim.

    Returns
    -------
    dict
        Plain data for JSON: ``claim``, ``statement``, ``domain``, ``exact``, ``verdict``,
        ``method``, ``detail``, ``evidence`` and ``digest``.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> from grpo_symbolic.verify.methods import prove
    >>> claim = portable(Claim("odds grow", s.pi / (1 - s.pi), ">", s.pi))
    >>> made = certificate(claim, prove(claim))
    >>> made["verdict"], bool(recheck(made))
    ('PROVED', True)
    """
    data = {
        **claim_to_data(claim),
        "verdict": str(verdict.status.value),
        "method": verdict.method,
        "detail": verdict.detail,
        "evidence": json.loads(json.dumps(verdict.evidence)),
    }
    return {**data, "digest": digest(data)}


def recheck(certificate: Mapping[str, Any]) -> Recheck:
    """Whether the digest fits and the evidence alone establishes the verdict.

    Nothing is derived and nothing is searched for again: the claim is read back from the
    certificate, and the method named there checks what it once found.
    """
    if set(certificate) != {*_KEYS, "digest"}:
        return Recheck(False, "a certificate has other fields")
    rest = {key: value for key, value in certificate.items() if key != "digest"}
    if certificate["digest"] != digest(rest):
        return Recheck(False, "the digest is not that of the content")
    method = next((m for m in METHODS if m.name == certificate["method"]), None)
    if method is None:
        return Recheck(False, f"there is no method {certificate['method']!r}")
    if method.missing():
        return Recheck(False, f"{method.name} cannot be used here: {method.missing()}")
    try:
        claim = limited(claim_from, certificate, steps=STEPS)
        evidence, status = certificate["evidence"], certificate["verdict"]
        holds = limited(method.recheck, claim, evidence, status, steps=STEPS)
        if holds and status == Status.PROVED and not claim.defined:
            return Recheck(False, "both sides are not shown to be defined everywhere")
    except Exhausted:
        return Recheck(False, f"{method.name} did not end within {STEPS:,} steps")
    except EngineStopped as stopped:
        return Recheck(False, f"{method.name}: {stopped}")
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Recheck(False, f"it cannot be read: {error}")
    return Recheck(True) if holds else Recheck(False, f"{method.name} does not confirm it")


def _read(data: Mapping[str, Any]) -> Claim:
    """The claim of the exact form."""
    try:
        exact = data["exact"]
        named = {name: symbol_from(name, held) for name, held in exact["symbols"].items()}
        ranges = tuple(
            Range(
                named[r["symbol"]],
                from_tree(r["lower"], named),
                from_tree(r["upper"], named),
                *(bool(r[end]) for end in _ENDS),
            )
            for r in exact["domain"]
        )
        sides = [from_tree(exact[side], named) for side in ("left", "right")]
        claim = Claim(
            str(data["claim"]),
            sides[0],
            exact["relation"],
            sides[1],
            Domain(ranges),
            where_defined=bool(exact["where_defined"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is not the data of a claim: {error}") from None
    if claim.domain.ranges != ranges:
        raise ValueError("a symbol of the statement has no range")
    return claim


def _texts(claim: Claim) -> dict[str, Any]:
    """What a reader reads."""
    return {
        "statement": {
            "left": sstr(claim.left),
            "relation": claim.relation,
            "right": sstr(claim.right),
        },
        "made": "where both sides are defined" if claim.where_defined else "everywhere",
        "domain": [str(r) for r in claim.domain.ranges],
    }
