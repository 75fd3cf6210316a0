"""A section of the book: statement, intuition, proof, example, figure, what fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from itertools import groupby

from sympy import Rational, Symbol
from sympy.core.relational import Relational

from derivations.book.examples import example_of
from derivations.book.figures import Figures
from derivations.book.names import SHORT
from derivations.book.prose import (
    escape,
    file_name,
    quoted,
    range_tex,
    sentence,
    shortened,
)
from derivations.book.quantifiers import unsaid
from derivations.book.references import cited
from derivations.book.verdicts import claimed, in_words, merged
from derivations.headline import Headline
from derivations.result import Outcome, Result
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Line, Written, formula
from grpo_symbolic.export.lines import Names
from grpo_symbolic.export.rows import rows_of
from grpo_symbolic.export.template import filled
from grpo_symbolic.export.widths import BESIDE
from grpo_symbolic.policy.statements import ascending
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["TEXT", "display", "section", "statement_of"]

#: The width of the text in points: A4 less two margins of 27 mm.
TEXT = 441.0
# So many ranges are not listed.
_MANY = 10
# More claims than this are counted, not listed.
_LISTED = 6
_OPENING = {*symbols.preferences, *symbols.marginals}
# What check-paper reads.
_READ = {symbols.pi, symbols.pi_ref, symbols.beta, symbols.gamma, symbols.gap}


def section(
    outcome: Outcome,
    figures: Figures,
    stated: bool,
    present: Container[str],
    told: dict[tuple[str, ...], str] | None = None,
) -> str:
    """TeX of a result, in the default notation.

    Parameters
    ----------
    outcome : Outcome
    figures : Figures
    stated : bool
        Whether its theorem stands in the introduction, and is referred to.
    present : container of str
        The results that the book has: others are named by their files.
    told : dict, optional
        By their reasons, the derivations that stand in a section already, and in which. The same
        steps are not written out again.
    """
    result, name = outcome.result, outcome.name
    return filled(
        "section.tex",
        "derivations.book",
        title=quoted(result.title),
        name=name,
        statement="" if stated else statement_of(outcome),
        intuition=quoted(result.intuition),
        proof=_proof(outcome, stated, present, {} if told is None else told),
        example=example_of(outcome),
        figure=figures.tex(result.figure),
        remark=_remark(outcome),
        source=f"{sentence(cited(result.source, result.references))} Derived in "
        f"{file_name(f'derivations/{name}.py')}.",
    )


def statement_of(outcome: Outcome, *, titled: bool = False) -> str:
    """The theorem: its setting, what is said for which parameters, and the formulas.

    Parameters
    ----------
    outcome : Outcome
    titled : bool
        Whether it has its title beside it, as where it stands in no section of its own.
    """
    result = outcome.result
    kind, words = result.kind.lower(), result.checked_as
    title = f"[{quoted(result.title)}]" if titled else ""
    whole = _LAST.sub(r" and \1", result.setting)
    setting = f"Consider {whole}." if whole else ""
    given = _needed(result)
    ranges = f"Let {range_tex(given)}." if given.ranges else ""
    parts = [
        rf"\begin{{{kind}}}{title}\label{{thm:{outcome.name}}}",
        *(text for text in (setting, ranges) if text),
        *_headlines(result.headlines, result.setting, given),
        *([quoted(result.statement)] if result.statement else []),
        *([_FORMULAS] if result.formulas and not _LEADS.search(result.statement) else []),
        *([f"% grpo: {words}"] if words and isinstance(words, str) else []),
        *display(result.formulas, settings=words if isinstance(words, tuple) else ()),
        rf"\end{{{kind}}}",
    ]
    return "\n".join(parts)


#: How a sentence ends that a display goes on with, and what stands before one otherwise.
_LEADS = re.compile(r"(?:,|:|\b(?:is|are|have|has|derivative|below)[.,]?)\Z")
_FORMULAS = "In formulas,"
#: What a setting ends with, in a list without an "and".
_LAST = re.compile(r", (the published penalty|(?:reverse or )?direct KL|reverse KL)\Z")


def _needed(result: Result) -> Domain:
    """The ranges of what the statement speaks of, without a group size that its words give."""
    names = {s for line in result.formulas for s in line.free_symbols}
    names |= {r.symbol for h in result.headlines for r in h.parameters.ranges}
    texts = "$".join([result.statement, *(h.conclusion for h in result.headlines)])
    inside = " ".join(texts.split("$")[1::2])
    said = r"G\ge" in result.setting or any(h.groups for h in result.headlines)
    kept = [
        r
        for r in result.assumptions.ranges
        if (r.symbol in names or _named(formula(r.symbol, SHORT), inside))
        and not (said and r.symbol == symbols.G)
        and (r.lower.is_finite or r.upper.is_finite)
    ]
    return Domain(tuple(kept)) if len(kept) < _MANY else Domain()


def _named(name: str, tex: str) -> bool:
    """Whether a formula has a name, and not just its letters within another one."""
    return re.search(rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z_])", tex) is not None


def _headlines(headlines: Sequence[Headline], setting: str, given: Domain) -> Iterator[str]:
    """What is proved: one sentence, or several with numbers; each says what it is said for."""
    found = list(zip(headlines, unsaid(headlines, setting, given), strict=True))
    # The same said for several cases is one sentence.
    for conclusion, group in groupby(enumerate(found, 1), lambda item: item[1][0].conclusion):
        numbers, cases = zip(*((n, f"for {_together(left)}" if left else "")
                               for n, (_, left) in group), strict=True)  # fmt: skip
        head = ", and ".join(dict.fromkeys(filter(None, cases)))
        text = quoted(sentence(f"{head}, {conclusion}" if head else conclusion))
        own = ", ".join(map(str, numbers))
        yield rf"\par\noindent({own})\enspace {text}" if len(headlines) > 1 else text
    if len(headlines) > 1:
        yield r"\par\noindent"


def display(
    formulas: Sequence[Relational], *, numbered: bool = True, settings: Sequence[str] = ()
) -> list[str]:
    """The formulas under each other, each with a number; long ones over several lines.

    Of ``settings`` each stands in a comment before its formula.
    """
    if not formulas:
        return []
    rows = rows_of([_as_series(line) for line in formulas], SHORT, TEXT - BESIDE - 10, Names("S_"))
    if len(rows) == 1 and len(rows[0].lines) == 1:
        kind = "equation" if numbered else "equation*"
        body = rows[0].lines[0].replace("&", "", 1) + "."
        return [rf"\begin{{{kind}}}", f"  {body}", rf"\end{{{kind}}}"]
    lines: list[str] = []
    for place, row in enumerate(rows, start=1):
        hidden = r" \notag" if numbered else ""
        said = f"  % grpo: {settings[row.line]}\n" if settings and not row.named else ""
        start = len(lines)
        lines += [f"  {line}{hidden}" for line in row.lines[:-1]]
        end = "." if place == len(rows) else ","
        lines.append(f"  {row.lines[-1]}{end}" + (hidden if row.named else ""))
        lines[start] = said + lines[start]
    kind = "align" if numbered else "align*"
    return [rf"\begin{{{kind}}}", " \\\\\n".join(lines), rf"\end{{{kind}}}"]


_SERIES = re.compile(r"pi_up_to_beta_(?P<inverse>m?)(?P<power>\d+)")


def _as_series(line: Relational) -> Line:
    """A truncated series in ascending order, with the order of what is left behind it."""
    found = _SERIES.fullmatch(str(line.lhs))
    if found is None:
        return line
    rest = int(found["power"]) - 1
    written = ascending(line.rhs, symbols.beta, rest, Domain().extended(line.rhs),
                        inverse=bool(found["inverse"]))  # fmt: skip
    return Written(*map(shortened, written))


# -- the proof -----------------------------------------------------------------------------------


def _proof(
    outcome: Outcome, stated: bool, present: Container[str], told: dict[tuple[str, ...], str]
) -> str:
    """The argument, the lines of the derivation, and what every headline rests on."""
    of = rf"[Proof of {outcome.result.kind}~\ref{{thm:{outcome.name}}}]" if stated else ""
    argument = outcome.result.argument
    parts = [*([quoted(argument)] if argument else []), *_lines(outcome, told),
             *_resting(outcome, present)]  # fmt: skip
    if not parts:
        return ""
    return "\n".join([rf"\begin{{proof}}{of}", *parts, r"\end{proof}"])


def _lines(outcome: Outcome, told: dict[tuple[str, ...], str]) -> Iterator[str]:
    """Each line with its reason; what opens every derivation is said once, in the introduction."""
    derivation = outcome.result.derivation
    if derivation is None or len(derivation) < 2:
        return
    steps = [s for s in derivation if not s.equation.free_symbols & _OPENING]
    reasons = tuple(step.justification for step in steps[1:])
    place = told.setdefault(reasons, outcome.name)
    again = place != outcome.name and len(steps) > 2
    read_as = outcome.result.lines_read_as
    for number, step in enumerate(steps):
        reason = sentence(step.justification).removesuffix(".").removesuffix(":")
        if number == 0 and len(steps) < len(derivation):
            reason = r"Preference and marginal penalty, inserted in the condition~\eqref{contrast}"
        yield f"{reason}:"
        if read_as and step.equation.free_symbols <= _READ:
            yield f"% grpo: {read_as}"
        yield from display([step.equation], numbered=False)
        if again:
            yield rf"The steps of Section~\ref{{{place}}} lead from here to the formula."
            return


def _resting(outcome: Outcome, present: Container[str]) -> Iterator[str]:
    result = outcome.result
    kept = [(c, v) for c, v in outcome.verdicts if c.expected == Status.PROVED]
    own = dict(kept)
    lines = 0 if result.derivation is None else len(result.derivation.claims)
    if lines:
        how = Counter(in_words(v.method) for _, v in outcome.verdicts[:lines])
        words = ", ".join(name for name, _ in how.most_common())
        yield rf"Each line follows from the one before \by{{{words}}}."
    said: set[object] = set()
    several = len(result.headlines) > 1
    for number, headline in enumerate(result.headlines, start=1):
        claims = [c for c in headline.claims_of(result.all_claims) if c in own and c not in said]
        said |= set(claims)
        by = [used.lemma.name for used in headline.by]
        by += [
            rf"Section~\ref{{{name}}}" if name in present else file_name(name)
            for name in headline.uses
        ]
        head = rf"\par ({number})" if several else r"\par"
        lead = f" By {_together(by)}" if by else ""
        if claims:
            yield f"{head}{lead}{', from:' if by else ' It rests on:'} {_listed(claims, own)}"
        elif by:
            yield f"{head}{lead}."
    if not result.headlines:
        yield f"It rests on: {_listed([c for c, _ in kept[lines:]], own)}"


def _together(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _listed(claims: Sequence[Claim], own: dict[Claim, Verdict]) -> str:
    """The claims by the method that decided them, similar ones together."""
    groups: dict[str, list[str]] = {}
    for claim in claims:
        groups.setdefault(own[claim].method, []).append(claimed(claim))
    texts = []
    for method, names in groups.items():
        shown = merged(names)
        more = len(shown) - _LISTED
        rest = [f"and {more} more, listed in Appendix~\\ref{{verdicts}}"] if more > 0 else []
        listed = "; ".join([quoted(text) for text in shown[:_LISTED]] + rest)
        texts.append(rf"{listed} \by{{{in_words(method)}}}")
    return f"{'; '.join(texts)}."


# -- what fails ----------------------------------------------------------------------------------


_POINT = re.compile(r"fails at (?P<place>\w+ = .*)")
_NUMBERS = re.compile(r"(?:the numbers )?(?P<left>\S+) and (?P<right>\S+) do not compare so")
# A number of more digits than the first is cut after the second.
_DIGITS = 20, 12


def _fails(claim: Claim, verdict: Verdict) -> str:
    """The point at which a claim fails, in the names of the book; or both numbers."""
    detail = verdict.detail.rstrip(".")
    if found := _NUMBERS.fullmatch(detail):
        left, right = (x.rstrip("0").rstrip(".") if "." in x else x for x in found.groups())
        most, shown = _DIGITS
        left, right = (x[:shown] + r"\ldots" if len(x) > most else x for x in (left, right))
        return f"the sides are ${left}$ and ${right}$"
    if found := _POINT.fullmatch(detail):
        names = {
            str(s): s
            for s in claim.difference.free_symbols | {r.symbol for r in claim.domain.ranges}
        }
        pairs = [part.partition(" = ")[::2] for part in found["place"].split(", ")]
        if all(name in names for name, _ in pairs):
            pairs, names = _shares(pairs, names)
            return "at " + ", ".join(f"${formula(names[n], SHORT)} = {v}$" for n, v in pairs)
    return escape(detail.removeprefix("fails "))


_WEIGHT = re.compile(r"x_\d+")


def _shares(
    pairs: list[tuple[str, str]], names: dict[str, Symbol]
) -> tuple[list[tuple[str, str]], dict[str, Symbol]]:
    """Weights of a policy, which claims are made in, as the probabilities that they stand for."""
    weights = [(n, Rational(v)) for n, v in pairs if _WEIGHT.fullmatch(n)]
    if len(weights) < 2:
        return pairs, names
    total = sum(v for _, v in weights)
    own = {n: symbols.policy(int(n[2:])) for n, _ in weights}
    shares = [(n, str(v / total)) for n, v in weights[:-1]]
    return [*(p for p in pairs if p[0] not in own), *shares], names | own


def _remark(outcome: Outcome) -> str:
    """What was declared to be false, with the point at which it fails."""
    found = [(c, v) for c, v in outcome.verdicts if c.expected == Status.REFUTED]
    texts = []
    for claim, verdict in found[:3]:
        name = quoted(escape(claimed(claim).removeprefix("control: ")))
        texts.append(rf"\emph{{{name}}} ({_fails(claim, verdict)})")
    return f"Refuted: {'; '.join(texts)}." if texts else ""
