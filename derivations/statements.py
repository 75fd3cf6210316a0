"""What the results say, as data: built once for each version of the sources.

To build a result is to derive it, which takes longer than to check all that is known of it. What
it says is therefore kept in a folder. A file there may have been written by anyone. It is believed
where its digest is the one that ``statements.json`` has for the result, which is a part of the
sources as the results are; and what it says still has to be proved by its certificates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import grpo_symbolic
from derivations.book.names import NOTATION
from derivations.book.quantifiers import quantifiers_tex
from derivations.entry import plain
from derivations.headline import Headline
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.kernel.checks import read
from grpo_symbolic.verify.recheck import claim_to_data, digest, domain_from, portable

__all__ = ["LOCK", "Said", "Scope", "Statements", "said_of", "sources"]

#: The digests of what the results say, by name.
LOCK = Path(__file__).with_name("statements.json")


class Scope(NamedTuple):
    """What a headline is said for, as text and as TeX."""

    text: str
    tex: str


@dataclass(frozen=True)
class Said:
    """A claim of a result as its certificates have it, and what the result says of it.

    Attributes
    ----------
    data : dict
        Its name, its text and its exact form.
    title, expected : str
    scopes : tuple of Scope
        Of the headlines that rest on it.
    """

    data: dict[str, Any]
    title: str
    expected: str
    scopes: tuple[Scope, ...]

    @property
    def name(self) -> str:
        return self.data["claim"]

    @property
    def domain(self) -> Domain:
        return domain_from(self.data["exact"])


class Statements:
    """A folder of what results say, one file for each."""

    def __init__(self, folder: Path, lock: Path = LOCK) -> None:
        self.folder, self.lock = folder, lock

    def of(self, name: str) -> tuple[Said, ...]:
        """The claims of a result, read where they can be believed, and else built."""
        path = self.folder / f"{name}.json"
        try:
            kept = read(path.read_text(encoding="utf-8"))
            known = kept["sources"] == sources() and digest(kept["said"]) == self.locked().get(name)
            if known:
                return tuple(_said(item) for item in kept["said"])
        except (OSError, ValueError, LookupError, TypeError):
            pass
        said = _built(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"sources": sources(), "said": said}, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
        return tuple(_said(item) for item in json.loads(json.dumps(said)))

    def locked(self) -> dict[str, str]:
        """The digests that the sources have."""
        try:
            return read(self.lock.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def changed(self) -> list[str]:
        """The results that say something else than the sources have written down."""
        locked = self.locked()
        return [name for name, found in self.digests().items() if locked.get(name) != found]

    def pin(self) -> None:
        """Write down what the results say now."""
        text = json.dumps({**self.locked(), **self.digests()}, indent=0, sort_keys=True)
        self.lock.write_text(text + "\n", encoding="utf-8")

    def digests(self) -> dict[str, str]:
        """Those of what is in the folder, of results built from the sources as they are."""
        found = {}
        for path in sorted(self.folder.glob("*.json")):
            kept = read(path.read_text(encoding="utf-8"))
            if kept["sources"] == sources():
                found[path.stem] = digest(kept["said"])
        return found


def _built(name: str) -> list[dict[str, Any]]:
    """What a result says of each of its claims, by building it."""
    result = import_module(f"derivations.{name}").result()
    needed = [(h, set(h.claims_of(result.all_claims))) for h in result.headlines]
    return [_item(claim, [h for h, of in needed if claim in of]) for claim in result.claims]


def _item(claim: Claim, headlines: Iterable[Headline]) -> dict[str, Any]:
    return {
        "data": claim_to_data(portable(claim)),
        "title": claim.title,
        "expected": str(claim.expected),
        "scopes": [
            [plain(h.quantifiers), ", ".join(quantifiers_tex(h, NOTATION))] for h in headlines
        ],
    }


def said_of(claim: Claim) -> Said:
    """What a claim says that no headline rests on."""
    return _said(_item(claim, ()))


def _said(item: dict[str, Any]) -> Said:
    scopes = tuple(Scope(*scope) for scope in item["scopes"])
    return Said(item["data"], item["title"], item["expected"], scopes)


@cache
def sources() -> str:
    """A digest of all that results are built from."""
    text = sha256()
    for root in (Path(grpo_symbolic.__file__).parent, Path(__file__).parent):
        for path in sorted(root.rglob("*.py")):
            text.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return text.hexdigest()[:16]
