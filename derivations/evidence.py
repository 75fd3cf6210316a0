"""Evidence on disk: a claim put to the methods once, its certificates kept and used again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sympy import Expr, Symbol

import grpo_symbolic
from derivations.processes import workers
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.kernel.checks import (
    CHECKED,
    REJECTED,
    Answer,
    check,
    check_record,
    read,
)
from grpo_symbolic.verify.linear_certificate import LinearCertificate
from grpo_symbolic.verify.methods import METHODS, settle
from grpo_symbolic.verify.polynomial_system import POLYNOMIAL_SYSTEM
from grpo_symbolic.verify.recheck import (
    SETTLED,
    Recheck,
    certificate,
    claim_from,
    claim_to_data,
    digest,
    portable,
    recheck,
)
from grpo_symbolic.verify.sampling import refuted_at
from grpo_symbolic.verify.tree import from_tree
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = [
    "FAMILIES",
    "KERNEL",
    "Evidence",
    "by_the_kernel_alone",
    "family_of",
    "prune",
    "recheck_folder",
    "word_on",
]

#: The kernel, where a statement is all that it is given.
KERNEL = "the kernel on its own"
FAMILIES = {**{method.name: method.family for method in METHODS}, KERNEL: "kernel"}
_DECISIVE = (str(Status.PROVED), str(Status.REFUTED))
_OPPOSITE = {"==": "!=", "!=": "==", ">=": "<", ">": "<=", "<=": ">", "<": ">="}
_PACKAGES = ("sympy", "python-flint", "mpmath", "z3-solver", "cvc5", "scipy")
#: The kernel's answers, by the digest of a certificate as a whole.
_KNOWN: dict[str, Answer] = {}
#: Parts of a method's evidence that are also written as files of their own.
_SCRIPTS = {"script": ".smt2", "control": ".control.smt2"}


class Evidence:
    """A folder of certificates, one file for each claim.

    A file is used again when it was made for the same statement on the same range, by the same
    source of the methods and the same versions of the packages they use, and when every one of
    its certificates is of that statement and holds when it is checked again.

    Parameters
    ----------
    folder : Path
        Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(
        self, claim: Claim | dict[str, Any], at: Mapping[str, Expr] | None = None, routes: int = 2
    ) -> dict[str, Any]:
        """What the methods say of ``claim``, until two families of them have decided.

        Parameters
        ----------
        claim : Claim or dict
            Or the data that a portable claim has in its certificates.
        at : mapping of str to Expr, optional
            By symbol name, the point of a counterexample that is easy to check by hand.
        routes : int
            How many families of methods have to decide.

        Returns
        -------
        dict
            ``key``, ``at``, ``methods`` (what they were made by), ``seconds`` and
            ``certificates``, as in its file; and ``negation``, for a refuted claim the same of
            the statement that the opposite holds at its counterexample, else None.
        """
        data = claim if isinstance(claim, dict) else claim_to_data(portable(claim))
        record = self._record(data, at or {}, routes)
        refuted = (c["evidence"] for c in record["certificates"] if c["verdict"] == "REFUTED")
        refutation = next(refuted, None)
        if refutation is None:
            return {**record, "negation": None}
        opposite = claim_to_data(_negation(claim_from(data), refutation))
        return {**record, "negation": self._record(opposite, {}, routes)}

    def _record(self, data: dict[str, Any], at: Mapping[str, Expr], routes: int) -> dict[str, Any]:
        """What its file says, or is to say."""
        point = {name: str(value) for name, value in at.items()}
        key = digest([data, point])[:16]
        record = self._kept(key, data, point)
        if record is None:
            start = time.perf_counter()
            made = _made(claim_from(data), at, routes)
            seconds = round(time.perf_counter() - start, 2)
            record = {"key": key, "at": point, "methods": _made_by(), "seconds": seconds}
            record["certificates"] = made
            self._write(record)
        return record

    def _kept(
        self, key: str, data: Mapping[str, Any], point: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """The record of a claim, if nothing in it has to be believed."""
        try:
            record = read((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            answers = [answer for _, answer in check_record(record, key)]
            if any(answer.word == REJECTED for answer in answers):
                return None
            if record["at"] != point or record["methods"] != _made_by():
                return None
            made = record["certificates"]
            # The kernel has seen that all are of one claim: that it is this one is left.
            if {name: made[0][name] for name in data} != data:
                return None
            rest = list(zip(made, answers, strict=True))
            _KNOWN.update({digest(one): answer for one, answer in rest})
            # Samples decide nothing where something else does: they need not be drawn again.
            decided = any(c["verdict"] in _DECISIVE for c in made)
            left = (c for c, a in rest if a.word not in SETTLED)
            kept = all(recheck(c) for c in left if c["verdict"] in _DECISIVE or not decided)
            return record if kept else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _write(self, record: dict[str, Any]) -> None:
        if not record["certificates"]:
            return  # no method had anything to say
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, text in _scripts(self.folder, record):
            path.write_text(text, encoding="utf-8")
        path = self.folder / f"{record['key']}.json"
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _made(claim: Claim, at: Mapping[str, Expr] | None, routes: int) -> list[dict[str, Any]]:
    """The certificates of a claim."""
    made: dict[int, dict[str, Any]] = {}  # to find the steps of one takes a while

    def written(verdict: Verdict) -> dict[str, Any]:
        if id(verdict) not in made:
            made[id(verdict)] = certificate(claim, verdict)
        return made[id(verdict)]

    verdicts = [_refutation(claim, at)] if at else []
    verdicts += settle(claim, routes=routes, beside=lambda v: by_the_kernel_alone(written(v)))
    found = [written(v) for v in verdicts]
    families = {family_of(c) for c in found if c["verdict"] == "PROVED"}
    refuted = any(c["verdict"] == "REFUTED" for c in found)
    if len(families) < routes and not (refuted or any(map(by_the_kernel_alone, found))):
        steps = certificate(claim, Verdict(Status.PROVED, KERNEL, "", {}))
        found += [steps] if by_the_kernel_alone(steps) else []
    return found


def word_on(certificate: Mapping[str, Any]) -> Answer:
    """The kernel's answer, which is worked out once for each certificate."""
    key = digest(certificate)
    if key not in _KNOWN:
        _KNOWN[key] = check(certificate)
    return _KNOWN[key]


def family_of(certificate: Mapping[str, Any]) -> str:
    """What a certificate has to be believed for, if the kernel has not checked it."""
    method = certificate["method"]
    if method == LinearCertificate.name and word_on(certificate).word not in SETTLED:
        return POLYNOMIAL_SYSTEM
    return FAMILIES[method]


def by_the_kernel_alone(certificate: Mapping[str, Any]) -> bool:
    """Whether the kernel decides the statement with nothing that a method has found.

    The steps of these proofs are found from the statement alone, by code that shares no encoder
    and no normal form with the methods, and the kernel runs each of them. An identity or a point
    that a method brings along is a check of its work.
    """
    brought = certificate["method"] == LinearCertificate.name or certificate["verdict"] != "PROVED"
    return not brought and word_on(certificate).word == CHECKED


def prune(folder: Path, keys: Collection[str]) -> None:
    """Remove the files of claims that are no longer made: all but those with these keys."""
    for path in folder.glob("*"):
        found = re.match(r"([0-9a-f]{16})[-.]", path.name)
        if found and found[1] not in keys and path.suffix in (".json", ".smt2"):
            path.unlink()


def recheck_folder(folder: Path, processes: int = 2) -> Iterator[tuple[str, str, Recheck]]:
    """Every certificate of a folder: its file, the claim with the method, and whether it holds."""
    paths = sorted(folder.glob("*.json"))
    if processes == 1 or len(paths) < 4:
        for path in paths:
            yield from recheck_file(path)
        return
    with workers(processes) as pool:
        for found in pool.map(recheck_file, paths, chunksize=4):
            yield from found


def recheck_file(path: Path) -> list[tuple[str, str, Recheck]]:
    """Every certificate of one file."""
    try:
        record = read(path.read_text(encoding="utf-8"))
        whole = next(answer for _, answer in check_record(record, path.stem))
        if whole.word == REJECTED:
            return [(path.name, "", Recheck(False, whole.why, whole.word))]
        made = record["certificates"]
        copies = list(_scripts(path.parent, record))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [(path.name, "", Recheck(False, f"the file cannot be read: {error}"))]
    found = [(path.name, f"{c['claim']} [{c['method']}]", recheck(c)) for c in made]
    for copy, text in copies:
        same = copy.is_file() and copy.read_text(encoding="utf-8") == text
        reason = "" if same else "it is not the script of the certificate"
        found.append((copy.name, "script", Recheck(same, reason)))
    return found


def _scripts(folder: Path, record: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for made in record["certificates"]:
        for name, ending in _SCRIPTS.items():
            text = made["evidence"].get(name)
            if isinstance(text, str):
                method = re.sub(r"\W+", "-", made["method"]).strip("-")
                yield folder / f"{record['key']}-{method}{ending}", text


def _refutation(claim: Claim, at: Mapping[str, Expr]) -> Verdict:
    named = {s.name: s for s in claim.domain.symbols}
    point = {named[name]: value for name, value in at.items()}
    if set(point) != set(named.values()) or not claim.domain.contains(point):
        raise ValueError(f"the point {dict(at)} is not one of the range {claim.domain}")
    found = refuted_at(claim, point)
    if found is None:
        raise ValueError(f"{claim.name!r} does not fail at {dict(at)}")
    return found


def _negation(claim: Claim, evidence: Mapping[str, Any]) -> Claim:
    """The opposite of the claim at its counterexample: two numbers and their relation."""
    named: dict[str, Symbol] = {s.name: s for s in claim.domain.symbols}
    found = evidence["counterexample"]
    point = {named[name]: from_tree(_ratio(text), {}) for name, text in found.items()}
    left, right = (side.subs(point) for side in (claim.left, claim.right))
    opposite = _OPPOSITE[claim.relation]
    if opposite == "!=":  # in the stronger form that says which side is larger
        opposite = ">" if (left - right).is_positive else "<"
    return portable(Claim(f"it fails there: {claim.name}", left, opposite, right, Domain()))


def _ratio(text: str) -> list[Any]:
    top, _, bottom = text.partition("/")
    return ["Rational", int(top), int(bottom or 1)]


@cache
def _made_by() -> str:
    """The source of the methods and of what they compute with, and the versions of packages."""
    root = Path(grpo_symbolic.__file__).parent
    parts = ("*.py", "verify/*.py", "verify/kernel/*.py", "numeric/*.py")
    files = [path for part in parts for path in root.glob(part)]
    text = sha256()
    for path in sorted(files):
        text.update(path.name.encode() + path.read_bytes())
    for package in _PACKAGES:
        try:
            text.update(f"{package} {version(package)}".encode())
        except PackageNotFoundError:
            text.update(f"{package} missing".encode())
    return text.hexdigest()[:16]
