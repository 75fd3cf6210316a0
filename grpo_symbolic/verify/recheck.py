"""Certificates as files: a claim with its verdict as plain data, checked again by itself.

A certificate states the claim as nested lists and as the text that the kernel writes for them,
and carries what the method found. Its digest guards against slips of the pen; what guards
against a false claim is the kernel, or, for what is beyond it, the method, which checks the
evidence on the claim as it was read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Symbol

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.kernel import checks
from grpo_symbolic.verify.kernel.statement import digest, texts
from grpo_symbolic.verify.method import EngineStopped
from grpo_symbolic.verify.methods import METHODS, needs_hold
from grpo_symbolic.verify.proofs import for_the_kernel
from grpo_symbolic.verify.tree import assumptions, from_tree, symbol_from, to_tree, written_out
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

__all__ = [
    "SETTLED",
    "Recheck",
    "certificate",
    "claim_from",
    "claim_to_data",
    "digest",
    "domain_from",
    "portable",
    "recheck",
]

#: The answers of the kernel with which a verdict rests on nothing else.
SETTLED = (checks.CHECKED, checks.TRIVIAL)
#: For reading a claim back, and for each method's check of its evidence.
STEPS = 16_000_000
#: What a certificate has besides the evidence of a method, where the kernel cannot use it.
_ADDED = ("by", "proof")
#: A claim whose text changes as often as it is read back has no certificate.
_READINGS = 3
_ENDS = ("lower_closed", "upper_closed")


@dataclass(frozen=True)
class Recheck:
    """Whether a certificate holds, and if not, why; and the kernel's word on it."""

    holds: bool
    reason: str = ""
    kernel: str = ""

    def __bool__(self) -> bool:
        return self.holds


def claim_to_data(claim: Claim) -> dict[str, Any]:
    """The claim as plain data: its text, its range as text, and both exactly.

    Raises
    ------
    ValueError
        For what certificates cannot express.
    """
    left, right = written_out(claim.left), written_out(claim.right)
    used = left.atoms(Symbol) | right.atoms(Symbol)  # those that a sum runs over, too
    exact = {
        "symbols": assumptions({*used, *claim.domain.symbols}),
        "left": to_tree(left),
        "relation": claim.relation,
        "right": to_tree(right),
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
    }
    return {"claim": claim.name, **texts(exact), "exact": exact}


def claim_from(data: Mapping[str, Any]) -> Claim:
    """The claim that :func:`claim_to_data` wrote.

    Raises
    ------
    ValueError
        When the data is no claim, or its text says something else than its exact form.
    """
    claim = _read(data)
    if any(data.get(key) != text for key, text in texts(data["exact"]).items()):
        raise ValueError("the text of the statement or its range is not that of its exact form")
    return claim


def domain_from(exact: Mapping[str, Any]) -> Domain:
    """The domain of the exact form of a claim."""
    return Domain(_ranges(exact, _named(exact)))


def portable(claim: Claim) -> Claim:
    """The claim as a certificate reads it back: the same statement, as SymPy evaluates it.

    Raises
    ------
    ValueError
        For what certificates cannot express.
    """
    made = claim
    for _ in range(_READINGS):
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
        ``method``, ``evidence`` and ``digest``.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> from grpo_symbolic.verify.methods import prove
    >>> claim = portable(Claim("odds grow", s.pi / (1 - s.pi), ">", s.pi))
    >>> made = certificate(claim, prove(claim))
    >>> made["verdict"], bool(recheck(made))
    ('PROVED', True)
    """
    data = claim_to_data(claim)
    data |= {
        "verdict": str(verdict.status.value),
        "method": verdict.method,
        "evidence": for_the_kernel(data["exact"], verdict),
    }
    return {**data, "digest": digest(data)}


def recheck(certificate: Mapping[str, Any]) -> Recheck:
    """Whether the digest fits and the evidence alone establishes the verdict.

    Nothing is derived and nothing is searched for again: the kernel checks the certificate, or,
    where that is beyond it, the method named there checks what it once found.
    """
    answer = checks.check(certificate)
    if answer.word == checks.REJECTED:
        return Recheck(False, answer.why, answer.word)
    if answer.word in SETTLED:
        return Recheck(True, kernel=answer.word)
    return replace(_by_its_method(certificate), kernel=answer.word)


def _by_its_method(certificate: Mapping[str, Any]) -> Recheck:
    """Whether the method of a certificate confirms its evidence."""
    method = next((m for m in METHODS if m.name == certificate["method"]), None)
    if method is None:
        return Recheck(False, f"there is no method {certificate['method']!r}")
    if method.missing():
        return Recheck(False, f"{method.name} cannot be used here: {method.missing()}")
    try:
        claim = limited(claim_from, certificate, steps=STEPS)
        found, status = certificate["evidence"], certificate["verdict"]
        evidence = {key: value for key, value in found.items() if key not in _ADDED}
        holds = limited(method.recheck, claim, evidence, status, steps=STEPS)
        if holds and status == Status.PROVED and not (claim.defined or needs_hold(claim)):
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
        named = _named(exact)
        ranges = _ranges(exact, named)
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


def _named(exact: Mapping[str, Any]) -> dict[str, Symbol]:
    return {name: symbol_from(name, held) for name, held in exact["symbols"].items()}


def _ranges(exact: Mapping[str, Any], named: Mapping[str, Symbol]) -> tuple[Range, ...]:
    return tuple(
        Range(
            named[r["symbol"]],
            from_tree(r["lower"], named),
            from_tree(r["upper"], named),
            *(bool(r[end]) for end in _ENDS),
        )
        for r in exact["domain"]
    )
