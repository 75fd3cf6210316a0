"""The text of a paper, with the lines that positions stand on."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path

MAX_BYTES = 2_000_000
#: Options of inputenc for text of one byte a character, and what Python calls them.
_ENCODINGS = {b"latin1": "latin-1", b"latin9": "iso8859-15", b"ansinew": "cp1252",
              b"cp1252": "cp1252", b"applemac": "mac-roman"}  # fmt: skip
_INPUT = re.compile(
    rb"^[^%\n\r]*\\usepackage\s*\[(" + b"|".join(_ENCODINGS) + rb")\]\s*\{inputenc\}", re.MULTILINE
)
#: What no file name has, and every formula does.
_MATHEMATICS = ("\n", "$", "%", "\\begin", "\\[", "\\(")


@dataclass(frozen=True)
class Source:
    """A text and what it is called in messages.

    Attributes
    ----------
    name : str
        The file, or ``<text>``.
    text : str
    encoding : str
        In which a copy is to be written.
    """

    name: str
    text: str
    encoding: str = "utf-8"

    @classmethod
    def of(cls, given: str | PathLike[str]) -> Source:
        """A file by its path, or LaTeX as it is.

        Raises
        ------
        ValueError
            For a file that cannot be read, is too large, or is not text in UTF-8.
        """
        if isinstance(given, str) and any(mark in given for mark in _MATHEMATICS):
            if len(given) > MAX_BYTES:
                raise ValueError(_too_large("a text", "characters"))
            return cls("<text>", given)
        if not isinstance(given, str | PathLike):
            raise ValueError(f"a paper is a path or LaTeX in text, got {type(given).__name__}")
        return cls._read(fspath(given))

    @classmethod
    def _read(cls, name: str) -> Source:
        try:
            with Path(name).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"a paper must be a readable LaTeX file, got {name}: {error}"
            ) from None
        if len(raw) > MAX_BYTES:
            raise ValueError(f"{name}: {_too_large('a paper', 'bytes')}")
        # Line ends of old Macs too: a comment ends there.
        named = _INPUT.search(raw)
        encoding = "utf-8-sig" if named is None else _ENCODINGS[named[1]]
        try:
            text = re.sub(r"\r(?!\n)", "\n", raw.decode(encoding))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            wrong = f"{raw[error.start]:#04x}"
            raise ValueError(
                f"{name}:{line}: a paper must be text in UTF-8, got the byte {wrong}"
            ) from None
        return cls(name, text, encoding.removesuffix("-sig"))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]

    def line(self, position: int) -> int:
        """The line of a position, from 1."""
        return bisect_right(self._starts, position)

    def refused(self, position: int, reason: str | Exception) -> ValueError:
        """What cannot be read, and on which line."""
        return ValueError(f"{self.name}:{self.line(position)}: {reason}")


def _too_large(what: str, unit: str) -> str:
    return f"{what} may have {MAX_BYTES} {unit}: give its parts one by one"
