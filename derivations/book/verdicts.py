"""The verdicts: similar claims together, and all of them in a table, one line a claim."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from derivations.book.names import SHORT
from derivations.book.prose import escape, quoted, range_tex
from derivations.result import Outcome
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.latex import sides
from grpo_symbolic.export.measure import width
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["claimed", "in_words", "mark", "merged", "methods_used", "verdict_table"]


# A longer formula is not set to see how wide it is.
_OPERATIONS = 60


_LINE = re.compile(r"\bthe solution satisfies line \d+")
#: An estimator and its place, which alone say nothing.
_PLACED = re.compile(r"\A(k\d|abs), (loss|loss-with-ratio|reward)(?=\Z|, (?:above|below))")
#: The policy as the probability of the better answer: alone, and not "| pi" or "drawn from pi".
_POLICY = re.compile(
    r"(?<!\| )(?<!from )(?<!under )(?<!against )\bpi(?P<ref>_ref|_old)?\b(?![(_'])"
)


def claimed(claim: Claim) -> str:
    """The title of a claim in the words of the book."""
    title = _LINE.sub("the solution satisfies the condition", claim.title)
    title = _PLACED.sub(r"the coefficient of \1 (\2)", title)
    one = {symbols.pi, symbols.pi_ref} & claim.difference.free_symbols
    many = any(str(s).startswith(("pi_1", "pi_o", "pi_2")) for s in claim.difference.free_symbols)
    if not one or many:
        return title
    return _POLICY.sub(lambda m: {"_ref": "p_0", "_old": "p_old"}.get(m["ref"] or "", "p"), title)


def mark(status: Status) -> str:
    r"""``\proved`` and its kind: commands of the preamble."""
    return rf"\{status.lower()}{{}}"


#: The methods by a short name, and what each of them does.
_METHODS = {
    "exact identity": ("normal form", "both sides have one normal form"),
    "sign on the orthant": (
        "sign",
        "in coordinates in which the range is an orthant all coefficients of the difference have "
        "one sign, after roots and logarithms have been replaced by bounds of theirs",
    ),
    "Bernstein operators": (
        "Bernstein",
        "means over a binomial count keep sign, slope and concavity of what they are taken of",
    ),
    "an end and the slope": (
        "end and slope", "the value at an end of the range, and the sign of the slope from there on"
    ),
    "whole numbers one by one": (
        "whole numbers", "the least whole numbers one by one, and all numbers beyond them"
    ),
    "identity certificate": ("certificate", "an identity that shows the sign, such as a square"),
    "ball arithmetic on boxes": ("balls on boxes", "intervals on a finite cover of the range"),
    "ball arithmetic on numbers": ("balls", "intervals around the numbers on both sides"),
    "exact rational sampling": ("rational point", "an exact computation at a rational point"),
    **{
        f"real algebra ({solver})": (
            f"the solver {solver}", "the opposite is refuted by a solver for real algebra"
        )
        for solver in ("z3", "cvc5")
    },
}  # fmt: skip


def in_words(method: str) -> str:
    """The short name of a method of proof."""
    return _METHODS[method][0] if method in _METHODS else escape(method)


def methods_used(outcomes: Sequence[Outcome]) -> str:
    """What the short names mean of those methods that decided something here."""
    used = {v.method for o in outcomes for _, v in o.verdicts}
    known = [f"\\by{{{name}}}: {text}" for m, (name, text) in _METHODS.items() if m in used]
    return "; ".join(known)


def verdict_table(outcomes: Sequence[Outcome], room: float) -> str:
    """Every claim on one line: where it stands, the formula, its verdict, method, certificate.

    Claims that two routes lead to, with one statement and one evidence, share a line.

    Parameters
    ----------
    outcomes : sequence of Outcome
    room : float
        Width of a formula in points at the size of the table.
    """
    rows = []
    for outcome in outcomes:
        rows.append(
            rf"\multicolumn{{5}}{{@{{}}l}}{{\ref{{{outcome.name}}} {outcome.result.title}}} \\*"
        )
        shown = _shown([claim for claim, _ in outcome.verdicts], room)
        numbers: dict[str, list[str]] = {}
        for place, (text, found) in enumerate(zip(shown, outcome.verdicts, strict=True), start=1):
            numbers.setdefault(_row(text, *found), []).append(str(place))
        rows += [f"{', '.join(places)} & {row}" for row, places in numbers.items()]
    head = r"& Claim & Verdict & Method & Certificate \\"
    return "\n".join(
        [
            r"Each claim is made for all parameters of its range, which is said where the same "
            r"sides are compared on another one; a claim that is refuted was "
            r"declared to be false, or is said so in the text. One that two routes lead to has a "
            r"line with both of its numbers. Policies may be written in weights, "
            r"$\pi(k)=x_k/\sum_o x_o$. A formula that is wider than its column is named in words; "
            r"\texttt{formulas.json} has all of them. The last column is the beginning of the "
            r"SHA-256 of the evidence. The methods are "
            rf"{methods_used(outcomes)}.\par",
            r"{\scriptsize\setlength{\tabcolsep}{3pt}\renewcommand{\arraystretch}{0.95}",
            rf"\begin{{longtable}}{{@{{}}rp{{{room:.0f}pt}}ll>{{\ttfamily}}l@{{}}}}",
            rf"\toprule {head} \midrule\endfirsthead \toprule {head} \midrule\endhead",
            r"\bottomrule\endfoot",
            *rows,
            r"\end{longtable}}",
        ]
    )


def _row(shown: str, claim: Claim, verdict: Verdict) -> str:
    method = in_words(verdict.method)
    data = json.dumps([str(claim.statement), str(verdict.evidence)], sort_keys=True)
    digest = hashlib.sha256(data.encode()).hexdigest()[:8]
    return rf"{shown} & {mark(verdict.status)} & {method} & {digest} \\"


# The type of the table against ten points.
_SCALE = 0.93


def _shown(claims: Sequence[Claim], room: float) -> list[str]:
    """Claims as formulas where they fit on the line, else their names.

    Where a result compares the same sides on several ranges, each is said with its own.
    """
    parts = [_sides(claim, room) for claim in claims]
    ranges: dict[tuple[str, str], list[frozenset[Range]]] = {}
    for claim, part in zip(claims, parts, strict=True):
        if part is not None:
            ranges.setdefault((part[0], part[2]), []).append(frozenset(_own(claim)))
    shown = []
    for claim, part in zip(claims, parts, strict=True):
        if part is None:
            shown.append(quoted(escape(claimed(claim))))
            continue
        common = frozenset.intersection(*ranges[part[0], part[2]])
        apart = Domain(tuple(r for r in _own(claim) if r not in common))
        where = f" for {range_tex(apart)}" if apart.ranges else ""
        shown.append(f"${' '.join(part)}${where}")
    return shown


def _own(claim: Claim) -> tuple[Range, ...]:
    return claim.domain.relevant(claim.left, claim.right).ranges


def _sides(claim: Claim, room: float) -> tuple[str, str, str] | None:
    """Both sides and the relation, if they fit on the line and differ in print."""
    if max(claim.left.count_ops(), claim.right.count_ops()) > _OPERATIONS:
        return None
    found = sides(claim.statement, SHORT)
    fits = width(" ".join(found), "T") * _SCALE <= 0.88 * room
    return found if fits and found[0] != found[2] else None


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
