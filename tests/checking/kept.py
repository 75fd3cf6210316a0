"""`check`, whose whole answer is compared with the one in ``printed.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grpo_symbolic.checking import check as library
from grpo_symbolic.checking.checked import Checked
from tests.kept import Kept

PRINTED = Kept(Path(__file__).with_name("printed.json"))


def check(formula: str, algorithm: Any, question: Any, **options: bool) -> Checked:
    found = library.check(formula, algorithm, question, **options)
    where = "".join(f" {word.replace('_', ' ')}" for word, on in options.items() if on)
    PRINTED.same(f"{formula}{where} | {algorithm!r} | {question!r}", str(found))
    return found
