"""``python -m grpo_symbolic.verify.kernel DIR``: check every certificate of a folder."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from grpo_symbolic.verify.kernel.checks import CHECKED, REJECTED, Answer
from grpo_symbolic.verify.kernel.records import check_record, read


def main(folder: str) -> int:
    """Exit status: 0 nothing is rejected, 1 something is, 2 there are no certificates."""
    words: Counter[tuple[str, str]] = Counter()
    whys: Counter[str] = Counter()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            answers = list(check_record(read(path.read_text(encoding="utf-8")), path.stem))
        except (ValueError, RecursionError, OSError) as error:
            answers = [("", Answer(REJECTED, str(error)))]
        for method, answer in answers:
            words[answer.word, method] += 1
            if answer.why:
                whys[str(answer)] += 1
            if answer.word == REJECTED:
                print(f"{path.name}: {method}: {answer}")
    for (word, method), count in sorted(words.items()):
        print(f"{count:6} {word}: {method}")
    for why, count in sorted(whys.items()):
        print(f"{count:6} {why}")
    total, rejected = sum(words.values()), sum(n for (w, _), n in words.items() if w == REJECTED)
    checked = sum(n for (w, _), n in words.items() if w == CHECKED)
    print(f"{total} certificates, {checked} checked, {rejected} rejected")
    return 2 if not total else int(rejected > 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m grpo_symbolic.verify.kernel DIR")
    sys.exit(main(sys.argv[1]))
