"""What the results cite: keys of a source as it is named, and the source as TeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from derivations.book.prose import escape
from grpo_symbolic.export.references import OWN, REFERENCES, Reference, bibitem, bibtex

__all__ = ["OWN", "REFERENCES", "Reference", "bibitem", "bibtex", "cited", "keys_of"]

_NUMBER = re.compile(r"arXiv:? (\d{4}\.\d{4,5})")


def keys_of(source: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys of what a source names, by its arXiv numbers and the word new, and of ``more``.

    Raises
    ------
    ValueError
        For a key or an arXiv number that no record has.
    """
    by_number = {record.arxiv: key for key, record in REFERENCES.items() if record.arxiv}
    keys = []
    for number in _NUMBER.findall(source):
        if number not in by_number:
            raise ValueError(f"arXiv numbers must have a record in REFERENCES, got {number}")
        keys.append(by_number[number])
    for key in more:
        if key not in REFERENCES:
            raise ValueError(f"references must be keys of REFERENCES, got {key!r}")
        keys.append(key)
    if not keys or re.match(r"new\b", source):
        keys.insert(0, OWN)
    return tuple(dict.fromkeys(keys))


def cited(source: str, more: Iterable[str] = ()) -> str:
    r"""The source as TeX: arXiv numbers and the word new become ``\cite``, the rest follows."""
    keys = keys_of(source, more)
    by_number = {REFERENCES[key].arxiv: key for key in keys if REFERENCES[key].arxiv}
    text, rest = "", source
    while found := _NUMBER.search(rest):
        text += escape(rest[: found.start()].removesuffix(", ").removesuffix(" "))
        text += rf"~\cite{{{by_number[found[1]]}}}"
        rest = rest[found.end() :]
    text += escape(rest)
    if source.startswith("new"):
        text = rf"new~\cite{{{OWN}}}" + text.removeprefix("new")
    left = [key for key in keys if rf"\cite{{{key}}}" not in text]
    return text + "".join(rf"; \cite{{{key}}}" for key in left)
