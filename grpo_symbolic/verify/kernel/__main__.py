"""``python -m grpo_symbolic.verify.kernel DIR``: check every certificate of a folder."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from grpo_symbolic.verify.kernel.checks import CHECKED, REJECTED, Answer
from grpo_symbolic.verify.kernel.records import check_record, read


def main(folder: str) -> int:
    """Exit status: 0 nothing is rejected, 1 something is, 2 there are no certificates."""
    words, whys = Counter[str](), Counter[str]()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            answers = list(check_record(read(path.read_text(encoding="utf-8")), path.stem))
        except (ValueError, RecursionError, OSError) as error:
            answers = [("", Answer(REJECTED, str(error)))]
        for method, answer in answers:
            words[f"{answer.word}: {method}"] += 1
            whys[answer.word if answer.word == CHECKED else str(answer)] += 1
            if answer.word == REJECTED:
                print(f"{path.name}: {method}: {answer}")
    for text, count in (*sorted(words.items()), *sorted(whys.items())):
        print(f"{count:6} {text}")
    rejected = sum(n for word, n in words.items() if word.startswith(REJECTED))
    print(f"{words.total()} certificates, {whys[CHECKED]} checked, {rejected} rejected")
    return int(rejected > 0) if words else 2


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python -m grpo_symbolic.verify.kernel DIR", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
