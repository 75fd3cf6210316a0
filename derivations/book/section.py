"""A section of the book: statement, intuition, proof, example, figure, what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from sympy.core.relational import Relational

from derivations.book.examples import example_of
from derivations.book.figures import Figures
from derivations.book.intuition import INTUITION
from derivations.book.names import NOTATION
from derivations.book.prose import escape, file_name, range_tex, sentence
from derivations.book.quantifiers import quantifiers_tex
from derivations.book.references import cited
from derivations.book.verdicts import in_words, merged
from derivations.headline import Headline
from derivations.result import Outcome
from grpo_symbolic import symbols
from grpo_symbolic.export.lines import BESIDE, Names
from grpo_symbolic.export.rows import rows_of
from grpo_symbolic.export.template import filled
from grpo_symbolic.verify.verdict import Status

__all__ = ["TEXT", "display", "section", "statement_of"]

#: The width of the text in points: A4 less two margins of 27 mm.
TEXT = 441.0
# More claims than this are counted, not listed.
_LISTED = 6
_OPENING = {*symbols.preferences, *symbols.marginals}


def section(outcome: Outcome, figures: Figures, stated: bool, present: Container[str]) -> str:
    """TeX of a result, in the default notation.

    Parameters
    ----------
    outcome : Outcome
    figures : Figures
    stated : bool
        Whether its theorem stands in the introduction, and is referred to.
    present : container of str
        The results that the book has: others are named by their files.
    """
    result, name = outcome.result, outcome.name
    return filled(
        "section.tex",
        "derivations.book",
        title=result.title,
        name=name,
        statement="" if stated else statement_of(outcome),
        intuition=INTUITION.get(name, ""),
        proof=_proof(outcome, stated, present),
        example=example_of(outcome),
        figure=figures.tex(result.figure),
        remark=_remark(outcome),
        source=f"{sentence(cited(result.source, result.references))} Derived in "
        f"{file_name(f'derivations/{name}.py')}.",
    )


def statement_of(outcome: Outcome) -> str:
    """The theorem: its setting, what is said for which parameters, and the formulas."""
    result = outcome.result
    kind = result.kind.lower()
    setting = f"Consider {sentence(result.setting)[:1].lower()}{sentence(result.setting)[1:]} "
    setting = setting if result.setting else ""
    ranges = range_tex(result.assumptions)
    ranges = f"Let {ranges}. " if ranges and len(ranges) < 400 else ""
    parts = [
        rf"\begin{{{kind}}}\label{{thm:{outcome.name}}}",
        f"{setting}{ranges}{result.statement}",
        *_headlines(result.headlines),
        *display(result.formulas),
        rf"\end{{{kind}}}",
    ]
    return "\n".join(parts)


def _headlines(headlines: Sequence[Headline]) -> Iterator[str]:
    """What is proved, each with what it is said for, as numbered sentences."""
    for number, headline in enumerate(headlines, start=1):
        given = quantifiers_tex(headline)
        head = f"for {given}, " if given else ""
        yield rf"\par\noindent({number})\enspace {sentence(head + headline.conclusion)}"


def display(formulas: Sequence[Relational], *, numbered: bool = True) -> list[str]:
    """The formulas under each other, each with a number; long ones over several lines."""
    if not formulas:
        return []
    rows = rows_of(formulas, NOTATION, TEXT - BESIDE - 10, Names("S_"))
    if len(rows) == 1 and len(rows[0].lines) == 1:
        kind = "equation" if numbered else "equation*"
        body = rows[0].lines[0].replace("&", "", 1)
        return [rf"\begin{{{kind}}}", f"  {body}", rf"\end{{{kind}}}"]
    lines: list[str] = []
    for row in rows:
        hidden = r" \notag" if numbered else ""
        lines += [f"  {line}{hidden}" for line in row.lines[:-1]]
        lines.append(f"  {row.lines[-1]}" + (hidden if row.named else ""))
    kind = "align" if numbered else "align*"
    return [rf"\begin{{{kind}}}", " \\\\\n".join(lines), rf"\end{{{kind}}}"]


# -- the proof -----------------------------------------------------------------------------------


def _proof(outcome: Outcome, stated: bool, present: Container[str]) -> str:
    """The lines of the derivation, then what every headline rests on and how that was decided."""
    of = rf"[Proof of Theorem~\ref{{thm:{outcome.name}}}]" if stated else ""
    parts = [*_lines(outcome), *_resting(outcome, present)]
    if not parts:
        return ""
    return "\n".join([rf"\begin{{proof}}{of}", *parts, r"\end{proof}"])


def _lines(outcome: Outcome) -> Iterator[str]:
    """Each line with its reason; what opens every derivation is said once, in the introduction."""
    derivation = outcome.result.derivation
    if derivation is None or len(derivation) < 2:
        return
    steps = [s for s in derivation if not s.equation.free_symbols & _OPENING]
    for number, step in enumerate(steps):
        reason = sentence(step.justification).removesuffix(".").removesuffix(":")
        if number == 0 and len(steps) < len(derivation):
            reason = r"Preference and marginal penalty, inserted in the condition~\eqref{contrast}"
        yield f"{reason}:"
        yield from display([step.equation], numbered=False)


def _resting(outcome: Outcome, present: Container[str]) -> Iterator[str]:
    result = outcome.result
    kept = [(c, v) for c, v in outcome.verdicts if c.expected == Status.PROVED]
    own = dict(kept)
    lines = 0 if result.derivation is None else len(result.derivation.claims)
    if lines:
        how = Counter(v.method for _, v in outcome.verdicts[:lines])
        words = ", ".join(f"{in_words(name)}" for name, _ in how.most_common())
        yield f"Each line follows from the one before, which was checked by {words}."
    said: set[object] = set()
    for number, headline in enumerate(result.headlines, start=1):
        claims = [c for c in headline.claims_of(result.all_claims) if c in own and c not in said]
        said |= set(claims)
        by = [used.lemma.name for used in headline.by]
        by += [
            rf"Section~\ref{{{name}}}" if name in present else file_name(name)
            for name in headline.uses
        ]
        head = f"({number})" + (f" By {', '.join(by)}." if by else "")
        if claims:
            head += f" {_sentences(claims, own)}"
        if claims or by:
            yield rf"\par {head}"
    if not result.headlines:
        yield _sentences([c for c, _ in kept[lines:]], own)


def _sentences(claims: Sequence, own: dict) -> str:
    """The claims by the method that decided them, similar ones together."""
    groups: dict[str, list[str]] = {}
    for claim in claims:
        groups.setdefault(own[claim].method, []).append(claim.title)
    texts = []
    for method, names in groups.items():
        shown = merged(names)
        more = len(shown) - _LISTED
        listed = "; ".join(shown[:_LISTED])
        rest = f"; and {more} more, listed in Appendix~\\ref{{verdicts}}" if more > 0 else ""
        how = in_words(method)
        texts.append(f"{how[:1].upper()}{how[1:]} shows: {listed}{rest}.")
    return " ".join(texts)


# -- what fails ----------------------------------------------------------------------------------


def _remark(outcome: Outcome) -> str:
    """What was declared to be false, with the point at which it fails."""
    found = [(c, v) for c, v in outcome.verdicts if c.expected == Status.REFUTED]
    texts = []
    for claim, verdict in found[:3]:
        name = escape(claim.title.removeprefix("control: "))
        detail = escape(verdict.detail.rstrip("."))
        texts.append(f"It is not true that {name}: {detail}." if "control" in claim.title else
                     f"Not true: {name} ({detail}).")  # fmt: skip
    return " ".join(texts)
