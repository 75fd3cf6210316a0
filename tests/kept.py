"""Texts that stay as they are: what is printed is a contract, down to the last digit.

This is no evidence that an answer is right: that is what a test asserts of it. Beside that, what a
reader sees of the answer is compared with the text that was kept. ``KEEP=1 python -m pytest
tests/verify tests/checking`` writes all of them anew: what ``git diff`` then shows has to be meant.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path

#: Of a longer one, such as a list of boxes, the rest is left out.
LONGEST = 400


class Kept:
    """Texts by name, in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: set[str] = set()

    @cached_property
    def texts(self) -> dict[str, str]:
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}

    def same(self, name: str, text: str) -> None:
        """That the text of this name is still this one."""
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} ..."
        if "KEEP" in os.environ and name not in self.written:
            self.written.add(name)
            self.texts[name] = text
            plain = json.dumps(self.texts, indent=0, sort_keys=True, ensure_ascii=False)
            self.path.write_text(f"{plain}\n", encoding="utf-8")
        assert self.texts.get(name) == text, f"{name}: {self.path.name} has another text"
