"""A section of the book: setting, theorem, derivation, verdicts, figure, reference."""

from __future__ import annotations

from sympy.core.relational import Relational

from derivations.book.figures import Figures
from derivations.book.names import NOTATION
from derivations.book.prose import file_name, range_tex, sentence
from derivations.book.quantifiers import headlines
from derivations.book.references import cited
from derivations.book.verdicts import verdict_list, word
from derivations.result import Outcome
from grpo_symbolic.export.latex import sides
from grpo_symbolic.export.lines import PAGE, broken, set_width

__all__ = ["section"]

# What displays are indented by, and continued lines more, in letters.
_MARGIN = 7


def section(outcome: Outcome, figures: Figures) -> str:
    """TeX of a result, in the default notation."""
    result = outcome.result
    heading = rf"\raggedright {result.title}\verdictmark{{{word(outcome)}}}"
    title = rf"\section[{result.title}]{{{heading}}}"
    parts = [
        r"\room",
        rf"{title}\label{{{outcome.name}}}",
        *_setting(outcome),
        *_theorem(outcome),
        *_derivation(outcome),
        r"\field{Verdicts.}",
        verdict_list(outcome),
        figures.tex(result.figure),
        rf"\lastfield{{Reference.}} {sentence(cited(result.source, result.references))} "
        rf"Derived in {file_name(f'derivations/{outcome.name}.py')}.",
    ]
    return "\n".join(part for part in parts if part)


def _setting(outcome: Outcome) -> list[str]:
    result = outcome.result
    ranges = range_tex(result.assumptions)
    said = [sentence(result.setting)] if result.setting else []
    if ranges:
        said.append(f"Ranges: {ranges}." if said else f"{ranges}.")
    return [r"\firstfield{Setting.} " + " ".join(said)] if said else []


def _theorem(outcome: Outcome) -> list[str]:
    result = outcome.result
    parts = [rf"\begin{{{result.kind.lower()}}}", *headlines(outcome), result.statement]
    # One display for each: results are read, and pasted, one by one.
    fitting = [e for e in result.formulas if _fits(e)]
    parts += [rf"\begin{{equation*}}{_display(e)}\end{{equation*}}" for e in fitting]
    if len(fitting) < len(result.formulas):
        left = len(result.formulas) - len(fitting)
        what = "The formula is" if not fitting else "One more formula is"
        if left > 1:
            what = f"{left} {'' if not fitting else 'more '}formulas are"
        parts.append(rf"{what} too wide for a page: see \texttt{{formulas.json}}.")
    return [*parts, rf"\end{{{result.kind.lower()}}}"]


def _derivation(outcome: Outcome) -> list[str]:
    derivation = outcome.result.derivation
    if derivation is None or len(derivation) < 2:
        return []
    lines = []
    for step in derivation:
        reason = step.justification
        lines += [sentence(reason).removesuffix(".").removesuffix(":") + ":"] if reason else []
        lines.append(rf"\begin{{equation*}}{_display(step.equation)}\end{{equation*}}")
    return [r"\field{Derivation.}", *lines]


def _display(equation: Relational) -> str:
    """A formula for a display: long sums over several lines."""
    left, relation, lines = _lines(equation)
    if len(lines) == 1:
        return f"{left} {relation} {lines[0]}"
    body = r" \\ &\quad ".join(lines)
    return rf"\begin{{aligned}}{left} &{relation} {body}\end{{aligned}}"


def _lines(equation: Relational) -> tuple[str, str, list[str]]:
    """Left side, relation, and the right side broken into lines of the page."""
    left, relation, right = sides(equation, NOTATION)
    return left, relation, broken(right, PAGE - set_width(left) - _MARGIN)


def _fits(equation: Relational) -> bool:
    """Whether a formula, over several lines if it must, is no wider than the page."""
    left, _, lines = _lines(equation)
    return set_width(left) + max(map(set_width, lines)) <= PAGE
