"""The verdicts of a result in short: similar claims together, by verdict and method."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from derivations.book.prose import escape
from derivations.result import Outcome
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["mark", "merged", "methods", "verdict_list", "word"]


def mark(status: Status) -> str:
    r"""``\proved`` and its kind: commands of the preamble."""
    return rf"\{status.lower()}{{}}"


def word(outcome: Outcome) -> str:
    """The mark of a result: that of its claims, and what was declared beside it."""
    return mark(Status(outcome.verdict.split()[0]))


def methods(outcome: Outcome) -> str:
    """The methods that decided, the most frequent first, with the number of claims."""
    counts = Counter(verdict.method for _, verdict in outcome.verdicts)
    return ", ".join(f"{escape(name)} ({count})" for name, count in counts.most_common())


def verdict_list(outcome: Outcome) -> str:
    """An item for each verdict and method; every refuted claim has its own."""
    lines = 0 if outcome.result.derivation is None else len(outcome.result.derivation.claims)
    checked, claims = outcome.verdicts[:lines], outcome.verdicts[lines:]
    items = []
    for status in Status:
        names = [verdict.method for _, verdict in checked if verdict.status == status]
        if names:
            shown = ", ".join(f"{escape(n)} ({c})" for n, c in Counter(names).most_common())
            items.append(_item(status, f"the lines of the derivation, each from the last: {shown}"))
    together = [(c, v) for c, v in claims if v.status != Status.REFUTED]
    kinds = dict.fromkeys((verdict.status, verdict.method) for _, verdict in together)
    for status, method in kinds:
        names = [c.title for c, v in together if (v.status, v.method) == (status, method)]
        count = f" ({len(names)})" if len(names) > 1 else ""
        items.append(
            _item(status, rf"\emph{{{escape(method)}}}{count}: " + "; ".join(merged(names)))
        )
    refuted = [(c, v) for c, v in claims if v.status == Status.REFUTED]
    alike: dict[str, list[tuple[Claim, Verdict]]] = {}
    for claim, verdict in refuted:
        alike.setdefault(_DIGITS.sub("0", claim.name), []).append((claim, verdict))
    items += [_refuted(*pairs[0], len(pairs) - 1) for pairs in alike.values()]
    return "\n".join([r"\begin{verdicts}", *items, r"\end{verdicts}"])


def _item(status: Status, text: str) -> str:
    return rf"\item[{mark(status)}] {text}."


def _refuted(claim: Claim, verdict: Verdict, more: int) -> str:
    declared = "as declared" if claim.expected == Status.REFUTED else "not expected"
    name = escape(claim.title.removeprefix("control: "))
    note = rf"{declared}; \emph{{{escape(verdict.method)}}}: {escape(_short(verdict.detail))}"
    others = f"; so {'is' if more == 1 else 'are'} {more} more of this form" if more else ""
    return _item(Status.REFUTED, f"{name} ({note}){others}")


def _short(detail: str) -> str:
    """The detail of a refutation as a clause."""
    text = re.sub(r"^the numbers (\S+) and (\S+) do not compare so$", r"\1 against \2", detail)
    return text.rstrip(".")


_TAIL = re.compile(r"(?P<head>.+?)(?:, (?P<plain>[^,:;()]+)| \((?P<bracket>[^()]*)\))\Z")
_PREFIX = re.compile(r"(?P<prefix>[^:]{1,70}): (?P<rest>.+)\Z")
_DIGITS = re.compile(r"\d+(?:, \d+)*")
_SIZE = re.compile(r"(?P<name>[A-Za-z]\w*) = (?P<value>\d+|oo|infinity)\Z")


def merged(names: Sequence[str]) -> list[str]:
    """Names of claims as TeX, those that differ in a number, a case or a remark as one.

    Examples
    --------
    >>> merged(["mean zero, G = 2", "mean zero, G = 3"])
    ['mean zero, $G = 2$, $3$']
    """
    heads: dict[tuple[str, bool], list[str]] = {}
    for name in names:
        found = _TAIL.match(name)
        bare = found is None
        head, tail = (name, "") if found is None else (found["head"], found["plain"])
        bracket = bool(found and found["bracket"])
        tail = found["bracket"] if found and bracket else tail
        heads.setdefault((head, bracket or bare), []).append(tail or "")
    cases: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for (head, bracket), tails in heads.items():
        found = _PREFIX.match(head)
        rest, case = (found["rest"], found["prefix"]) if found else (head, "")
        key = (rest, bracket, tuple(t for t in dict.fromkeys(tails) if t))
        cases.setdefault(key, []).append(case)
    shown: dict[str, list[str]] = {}
    for (rest, bracket, tails), prefixes in cases.items():
        named = [prefix for prefix in dict.fromkeys(prefixes) if prefix]
        head = f"{named[0]}: {rest}" if len(named) == 1 else rest
        text = _with_tails(head, tails, bracket)
        if len(named) > 1:
            text += f" ({'; '.join(escape(prefix) for prefix in named)})"
        plain = "".join(sorted({_DIGITS.sub("0", t) for t in (*tails, *named)}))
        shown.setdefault(_DIGITS.sub("0", rest) + plain, []).append(text)
    return [_alike(texts) for texts in shown.values()]


def _alike(texts: Sequence[str]) -> str:
    if len(texts) < 3:
        return "; ".join(texts)
    return f"{texts[0]}, and {len(texts) - 1} more of this form"


def _with_tails(head: str, tails: Sequence[str], bracket: bool) -> str:
    if not tails:
        return escape(head)
    parts: list[str] = []
    last = None
    for tail in tails:
        size = _SIZE.match(tail)
        same = size is not None and last is not None and size["name"] == last["name"]
        parts.append(f"${_value(size['value'])}$" if size and same else escape(tail))
        last = size
    if bracket:
        return f"{escape(head)} ({'; '.join(parts)})"
    return f"{escape(head)}, {', '.join(parts)}"


def _value(text: str) -> str:
    return r"\infty" if text in ("oo", "infinity") else text
