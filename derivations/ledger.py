"""The ledger: every entry's claims by two routes each, and what they are worth together.

An entry is settled when each of its claims is decided by two independent families of methods.
Those that believe the same encoder or decide by the same normal form are one family: the two
solvers are, and so is an identity certificate, unless the kernel has checked that its system is
that of the claim. That the kernel checks a certificate is no second derivation of it; that it
decides a statement with steps found from nothing but the statement is one, for these have an
encoder and a normal form of their own. A claim with the same expression on both sides is evidence
of nothing. A second derivation counts as a family, too.
For a refuted claim one family is the exact value at the counterexample, others prove that the
opposite relation holds there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sympy import Expr, Rational

from derivations.entry import Entry, plain
from derivations.evidence import (
    FAMILIES,
    KERNEL,
    Evidence,
    by_the_kernel_alone,
    family_of,
    word_on,
)
from derivations.processes import workers
from derivations.statements import Said, Scope, Statements
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.kernel.checks import TRIVIAL
from grpo_symbolic.verify.recheck import claim_from
from grpo_symbolic.verify.verdict import Status

__all__ = ["Part", "Row", "ledger"]

_WEAKEST_FIRST = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)
_DECIDED = (Status.PROVED, Status.REFUTED)
#: Results that take longest to derive come first, so that the processes end together.
_SLOW = (
    "bounds_every_group",
    "comparative_statics",
    "cusp_finite_groups",
    "curl_criterion",
    "best_response_slope",
    "stationary_is_not_maximal",
    "implicit_objective",
)


@dataclass(frozen=True)
class Part:
    """A claim of a result with what the methods say of it.

    Attributes
    ----------
    result, claim : str
    domain : Domain
    verdict : str
    methods : tuple of str
        Those that reach the verdict.
    families : frozenset of str
    counterexample : dict
        ``point``, ``left`` and ``right``; empty unless refuted.
    seconds : float
        What all methods took when the claim was last put to them.
    keys : tuple of str
        The names of its files of certificates: of a refuted claim that of the opposite, too.
    scopes : tuple of Scope
        What the headlines that rest on the claim are said for.
    """

    result: str
    claim: str
    domain: Domain
    verdict: str
    methods: tuple[str, ...]
    families: frozenset[str]
    counterexample: Mapping[str, Any]
    seconds: float
    keys: tuple[str, ...]
    trivial: bool = False
    scopes: tuple[Scope, ...] = ()

    @property
    def settled(self) -> bool:
        return self.verdict in _DECIDED and len(self.families) > 1 and not self.trivial

    @property
    def shown(self) -> str:
        """The verdict, and whether it rests on nothing but the word of solvers."""
        believed = bool(self.methods) and all(m.startswith("real algebra") for m in self.methods)
        return f"{self.verdict} (solver)" if believed else self.verdict

    @property
    def lacks(self) -> str:
        """Why it is not settled."""
        if self.trivial:
            return "the same on both sides"
        return f"only {', '.join(self.methods)}" if self.methods else "no method decides it alone"


@dataclass(frozen=True)
class Row:
    """An entry with its verdict."""

    entry: Entry
    parts: tuple[Part, ...]
    correction: tuple[Part, ...]
    again: tuple[Part, ...] = ()

    @property
    def verdict(self) -> str:
        """The weakest of its claims' verdicts."""
        return _together(self.parts)

    @property
    def shown(self) -> str:
        """The verdict, and whether one of the claims rests on solvers alone."""
        if not self.parts:
            return "OPEN"
        believed = any(part.shown != part.verdict for part in self.parts)
        return f"{self.verdict} (solver)" if believed else self.verdict

    @property
    def correction_verdict(self) -> str:
        """The weakest verdict of what holds instead; empty where nothing was refuted."""
        return _together(self.correction) if self.correction else ""

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that decide; with a count where they decide only some of the claims."""
        found = []
        for name in FAMILIES:
            count = sum(name in part.methods for part in self.parts)
            if count and count == len(self.parts):
                found.append(name)
            elif count:
                found.append(f"{name} ({count} of {len(self.parts)})")
        if self.derived_again:
            found.append("second derivation")
        return tuple(found)

    @property
    def derived_again(self) -> bool:
        """Whether a second derivation of the statement is proved throughout."""
        return bool(self.again) and _together(self.again) == Status.PROVED

    @property
    def range(self) -> str:
        """The ranges of its claims, each once."""
        return "; ".join(
            dict.fromkeys(str(part.domain) for part in self.parts if part.domain.ranges)
        )

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What the headlines that rest on its claims are said for, each once."""
        return tuple(dict.fromkeys(scope for part in self.parts for scope in part.scopes))

    @property
    def quantifiers(self) -> str:
        """What the headlines are said for, as text."""
        found = dict.fromkeys(scope.text for scope in self.scopes)
        return "; or ".join(text for text in found if text)

    @property
    def counterexample(self) -> Mapping[str, Any]:
        found = next((p.counterexample for p in self.parts if p.counterexample), {})
        setting = plain(self.entry.setting)
        return {"setting": setting, **found} if found and setting else found

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.all_parts)

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """The claims of the entry, of its correction and of its second derivation."""
        return (*self.parts, *self.correction, *self.again)

    @property
    def settled(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What each claim lacks that two families do not agree on."""
        if not self.parts:
            return ("an open question: no claim says it",)
        return tuple(
            f"{part.result}: {part.claim}: {part.lacks}"
            for part in (*self.parts, *self.correction)
            if not part.settled and not (self.derived_again and part.verdict == Status.PROVED)
        )

    @property
    def as_declared(self) -> bool:
        """The expected verdict, and a proved correction where one is due."""
        corrected = self.correction_verdict == Status.PROVED
        return self.verdict == self.entry.expected and (
            corrected or not (self.entry.correction or self.entry.expected == Status.REFUTED)
        )

    def data(self) -> dict[str, Any]:
        """The row of ``ledger.json``."""
        entry = self.entry
        return {
            "claim": entry.claim,
            "source": entry.source,
            "range": self.range,
            "quantifiers": self.quantifiers,
            "expected": str(entry.expected),
            "verdict": self.shown,
            "methods": list(self.methods),
            "settled": self.settled,
            "missing": list(self.missing),
            "counterexample": dict(self.counterexample) or None,
            "corrected": {"claim": entry.corrected, "verdict": self.correction_verdict}
            if entry.corrected
            else None,
            "seconds": round(self.seconds, 2),
            "parts": [_part_data(part) for part in self.parts],
            "correction": [_part_data(part) for part in self.correction],
            "again": [_part_data(part) for part in self.again],
        }


def ledger(entries: Sequence[Entry], folder: Path, processes: int = 2) -> list[Row]:
    """Derive every result that the entries name and put its claims to the methods.

    Parameters
    ----------
    entries : sequence of Entry
    folder : Path
        Certificates are written here, and used again while they are up to date.
    processes : int
        With one, everything is done in this process.

    Raises
    ------
    ValueError
        For an entry that names a claim no result has.
    """
    wanted: dict[str, list[_Wanted]] = {}
    for entry in entries:
        for name in entry.parts:
            _ask(wanted, name, entry.at)
        for name in (*entry.correction, *entry.again):
            _ask(wanted, name, {})
    modules = sorted(wanted, key=lambda m: _SLOW.index(m) if m in _SLOW else len(_SLOW))
    work = partial(_settled, folder=folder)
    tasks = [(module, tuple(wanted[module])) for module in modules]
    if processes == 1:
        answers = [work(task) for task in tasks]
    else:
        with workers(processes) as pool:
            answers = list(pool.map(work, tasks))
    found = {key: parts for answer in answers for key, parts in answer.items()}
    return [
        Row(
            entry,
            _flat(found[name, _frozen(entry.at)] for name in entry.parts),
            _flat(found[name, ()] for name in entry.correction),
            _flat(found[name, ()] for name in entry.again),
        )
        for entry in entries
    ]


_Point = tuple[tuple[str, Expr], ...]
_Wanted = tuple[str, _Point]


def _frozen(at: Mapping[str, Expr]) -> _Point:
    return tuple(sorted(at.items()))


def _ask(wanted: dict[str, list[_Wanted]], name: str, at: Mapping[str, Expr]) -> None:
    module = name.partition(":")[0]
    wanted.setdefault(module, []).append((name, _frozen(at)))


def _settled(
    task: tuple[str, tuple[_Wanted, ...]], folder: Path
) -> dict[_Wanted, tuple[Part, ...]]:
    """All parts that are wanted of one result; run in a process of its own."""
    module, wanted = task
    if find_spec(f"derivations.{module}") is None:
        raise ValueError(f"there is no result {module!r}")
    claims = Statements(folder / "statements").of(module)
    evidence = Evidence(folder)
    found: dict[_Wanted, tuple[Part, ...]] = {}
    for name, at in dict.fromkeys(wanted):
        pattern = name.partition(": ")[2]
        chosen = [c for c in claims if pattern == c.name or fnmatchcase(c.name, pattern)]
        chosen = [c for c in chosen if c.expected == Status.PROVED or pattern != "*"]
        if not chosen:
            raise ValueError(f"{module} has no claim {pattern!r}")
        found[name, at] = tuple(_part(module, c, evidence.of(c.data, dict(at))) for c in chosen)
    return found


def _part(module: str, claim: Said, record: Mapping[str, Any]) -> Part:
    made = record["certificates"]
    reached = {c["verdict"] for c in made}
    verdict = str(next((s for s in (*_DECIDED, Status.NUMERIC) if s in reached), Status.UNKNOWN))
    if reached.issuperset(_DECIDED):
        verdict = str(Status.UNKNOWN)  # methods contradict each other: one of them is wrong
    deciding = [c for c in made if c["verdict"] == verdict]
    opposite = record["negation"] if verdict == Status.REFUTED else None
    if opposite is not None:
        deciding += [c for c in opposite["certificates"] if c["verdict"] == Status.PROVED]
    methods = tuple(dict.fromkeys(c["method"] for c in deciding))
    families = frozenset(family_of(c) for c in deciding)
    if any(map(by_the_kernel_alone, deciding)):
        methods, families = tuple(dict.fromkeys((*methods, KERNEL))), families | {FAMILIES[KERNEL]}
    counterexample = {}
    if verdict == Status.REFUTED:
        counterexample = _counterexample(claim, deciding[0]["evidence"]["counterexample"])
    return Part(
        module,
        claim.title,
        claim.domain,
        verdict,
        methods,
        families,
        counterexample,
        record["seconds"],
        tuple(one["key"] for one in (record, opposite) if one is not None),
        any(word_on(c).word == TRIVIAL for c in deciding),
        claim.scopes,
    )


def _counterexample(said: Said, point: Mapping[str, str]) -> dict[str, Any]:
    claim = claim_from(said.data)
    at = {s: Rational(point[s.name]) for s in claim.domain.symbols}
    left, right = (str(side.xreplace(at).n(30)) for side in (claim.left, claim.right))
    return {"point": dict(point), "left": left, "relation": claim.relation, "right": right}


def _part_data(part: Part) -> dict[str, Any]:
    return {
        "result": part.result,
        "claim": part.claim,
        "verdict": part.shown,
        "methods": list(part.methods),
        "certificates": f"certificates/{part.keys[0]}.json",
    }


def _together(parts: Sequence[Part]) -> str:
    found = {part.verdict for part in parts}
    return str(next((s for s in _WEAKEST_FIRST if s in found), Status.UNKNOWN))


def _flat(groups: Iterable[tuple[Part, ...]]) -> tuple[Part, ...]:
    return tuple(part for group in groups for part in group)
