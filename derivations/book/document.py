"""The book: a paper with an introduction, sections of results, and every verdict at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from derivations.book.axioms import axiom_section
from derivations.book.engine import Compiled, compiled
from derivations.book.figures import Figures, draw
from derivations.book.prose import WHOLE, escape, sentence, shortened
from derivations.book.references import bibitem, bibtex, keys_of
from derivations.book.rules import rule_table
from derivations.book.section import TEXT, section, statement_of
from derivations.book.verdicts import verdict_table
from derivations.catalogue import CHAPTERS
from derivations.result import KINDS, Outcome
from grpo_symbolic import __version__, symbols
from grpo_symbolic.export.latex import Notation
from grpo_symbolic.export.template import filled

__all__ = ["TOP", "Book", "write_book"]

#: Cited in the introduction, whatever results there are.
_ALWAYS = ("vojnovic2025", "shao2024")
_TITLE = r"What does GRPO optimise?"
#: The results that the introduction states, in this order.
TOP = (
    "eq14_binary_pairs",
    "eq15_large_group",
    "uniqueness_every_group",
    "escape_threshold",
    "monotone_in_group_size",
    "no_radicals_from_six",
    "rank_distortion",
    "curl_three_levels",
    "direct_kl_large_group",
    "noisy_verifier",
)

# What check-paper reads, which holds for the names of the book.
_COMMENT = re.compile(r"^% grpo.*\n", re.MULTILINE)
_ABSTRACT = (
    "GRPO trains a language model on rewards that are measured against a group of its own answers, "
    "with a penalty that keeps it near a reference. We derive, from the definitions of the "
    "advantage and of the sampled penalty, which policies are stationary, for every group size, "
    "and compare them with those of RLHF and NLHF. Every numbered statement rests on claims that "
    "have verdicts by machine, and every displayed formula is the end of a computation: none is "
    "typed in."
)

_QUESTION = (
    r"\emph{Group relative policy optimisation} (GRPO) of Shao et al.~\cite{shao2024} draws "
    r"a group of answers to a question, measures the reward of each against the mean and the "
    r"standard deviation of the group, and adds a penalty for leaving a reference policy. "
    r"What does it converge to? Vojnovic and Yun~\cite{vojnovic2025} characterised its "
    r"stationary policies for groups of two and for large groups; \VY{14} is their equation (14). "
    r"Here their results are derived again from the definitions, corrected where "
    r"they need it, and extended to every group size, to other penalties and rules, and to "
    r"the conventions of public trainers."
    "\n\n"
    r"A statement that was published stands here as a claim, compared with what was derived. A "
    r"claim is \proved\ when it holds for all parameters of the range that is stated with it, by "
    r"the method that is named; \refuted\ by a point at which it fails, computed exactly, or "
    r"enclosed; \numeric\ when it was checked at points only; \unknown\ when no method decided. "
    r"Appendix~\ref{verdicts} has them all. A proof ends with the claims that it rests on, and in "
    r"brackets behind them the method that decided them by machine, such as \by{normal form}; the "
    r"appendix says what these methods do. The machine has checked these claims and nothing else: "
    r"what a theorem says beside its numbered statements, and the words of a proof, are to be read "
    r"as in any other paper."
)

_CONVENTIONS = (
    r"A question has answers; $\pi(o)$ is the probability that the policy gives the answer $o$, "
    r"$\pi_{\mathrm{ref}}(o)$ that of the reference policy, $\pi_{\mathrm{old}}(o)$ that of the "
    r"policy that groups are drawn from. A group has $G$ answers with rewards $r_1,\dots,r_G$ and "
    r"advantages $A_1,\dots,A_G$. $P_G(o\mid\pi)$ is the expected advantage of the answer $o$ in "
    r"a group whose other answers come from $\pi$, and $d(o)$ the marginal penalty: $\pi$ is "
    r"\emph{stationary} when $P_G(o\mid\pi)-\beta\,d(o)$ is one number $\lambda$ for all answers. "
    r"The \emph{published penalty} is $k_3$ in the loss, which acts as the reverse divergence "
    r"$\mathrm{KL}(\pi_{\mathrm{ref}}\,\|\,\pi)$; \emph{direct KL} is "
    r"$\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$. A \emph{binary question} has a better answer "
    rf"$a$ and a worse one $b$; then $p={WHOLE}(a)$, $p_0={WHOLE}_{{\mathrm{{ref}}}}(a)$ and "
    rf"$p_{{\mathrm{{old}}}}={WHOLE}_{{\mathrm{{old}}}}(a)$. The drift is "
    r"$D_G(p)=P_G(a)-P_G(b)$, and $h_G(p)=p(1-p)D_G(p)$. Rewards are in standard units, divided "
    r"by the standard deviation of the group, unless another rule is named; a group of equal "
    r"rewards has the advantages $0$."
)

_CONDITION = r"""
For a question with two answers the multiplier goes away, and what is left is one equation,
\begin{equation}\label{contrast}
  \beta \left(d(a) - d(b)\right) = P_G(a \mid \pi) - P_G(b \mid \pi),
\end{equation}
in which every derivation for two answers below begins."""


@dataclass(frozen=True)
class Book:
    """A book that was written.

    Attributes
    ----------
    tex, bib : Path
    figures : Figures
        What was drawn, or why nothing was.
    """

    tex: Path
    bib: Path
    figures: Figures

    def compile(self) -> Compiled:
        """The PDF beside the TeX file."""
        return compiled(self.tex)


def write_book(
    outcomes: Sequence[Outcome],
    directory: Path,
    notation: Notation | None = None,
    name: str = "derivations",
) -> Book:
    """Write ``derivations.tex``, ``references.bib`` and the figures.

    Parameters
    ----------
    outcomes : sequence of Outcome
    directory : Path
        It must exist.
    notation : Notation, optional
        Names of the quantities, in formulas and in prose.
    name : str
        Of the file: a selection of results has a file of its own.
    """
    figures = draw((outcome.result.figure for outcome in outcomes), directory, notation)
    keys = _keys(outcomes)
    by_name = {outcome.name: outcome for outcome in outcomes}
    whole = len(outcomes) > len(TOP)
    top = [by_name[n] for n in TOP if whole and n in by_name]
    tex = filled(
        "book.tex",
        "derivations.book",
        title=_TITLE,
        version=__version__,
        kinds=[kind for kind in KINDS if kind != "Theorem"],
        abstract=_ABSTRACT,
        introduction="\n\n".join([_QUESTION, *_definitions(outcomes)]),
        top=[statement_of(outcome, titled=True) for outcome in top],
        rules=rule_table(TEXT) if whole else "",
        parts=_parts(by_name, figures, {outcome.name for outcome in top}),
        lemmas=_lemmas(outcomes),
        verdicts=verdict_table(outcomes, 0.53 * TEXT),
        sources=[bibitem(key) for key in keys],
    )
    tex = shortened(tex).replace(WHOLE, r"\pi")
    if notation is not None:
        head, begin, body = tex.partition(r"\begin{document}")
        tex = _COMMENT.sub("", head + begin + notation.rewritten_text(body))
    path = directory / f"{name}.tex"
    bib = directory / ("references.bib" if name == "derivations" else f"{name}.bib")
    path.write_text(tex.rstrip() + "\n", encoding="utf-8")
    bib.write_text("\n\n".join(bibtex(key) for key in keys) + "\n", encoding="utf-8")
    return Book(path, bib, figures)


def _keys(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    used = [key for o in outcomes for key in keys_of(o.result.source, o.result.references)]
    return tuple(dict.fromkeys([*_ALWAYS, *used]))


def _definitions(outcomes: Sequence[Outcome]) -> list[str]:
    """The conventions, and the quantities that formulas have, once and before they are used."""
    lines = [f for o in outcomes for f in o.result.formulas]
    lines += [s.equation for o in outcomes for s in o.result.derivation or ()]
    used = {symbol for line in lines for symbol in line.free_symbols}
    rows = [
        rf"${entry.tex}$ & {sentence(escape(entry.meaning))} \\"
        for entry in symbols.CATALOGUE
        if entry.symbol in used
    ]
    table = [
        r"{\small\begin{longtable}{@{}L{28mm}L{118mm}@{}}",
        r"\toprule Symbol & Meaning \\ \midrule\endhead \bottomrule\endfoot",
        *rows,
        r"\end{longtable}}",
    ]
    definitions = [r"\subsection{Definitions}", _CONVENTIONS + _CONDITION]
    return [*definitions, *table] if rows else definitions


def _parts(
    by_name: dict[str, Outcome], figures: Figures, stated: set[str]
) -> list[dict[str, object]]:
    parts = []
    told: dict[tuple[str, ...], str] = {}
    for chapter in CHAPTERS:
        chosen = [by_name[name] for name in chapter.names if name in by_name]
        if chosen:
            own = len(chosen) == len(chapter.names) and "raters_cycle" in chapter.names
            texts = [section(o, figures, o.name in stated, by_name, told) for o in chosen]
            texts += [axiom_section()] if own else []
            parts.append({"title": chapter.title, "about": chapter.about, "texts": texts})
    return parts


def _lemmas(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The lemmas that headlines use, each once."""
    used = {
        a.lemma.name: a.lemma.statement
        for o in outcomes for h in o.result.headlines for a in h.by
    }  # fmt: skip
    return [(sentence(name), used[name]) for name in sorted(used)]
