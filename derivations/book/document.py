"""The book as a whole: title page, summary, chapters, bibliography, BibTeX entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from derivations.book.engine import Compiled, compiled
from derivations.book.figures import Figures, draw
from derivations.book.prose import escape, sentence
from derivations.book.references import bibitem, bibtex, keys_of
from derivations.book.section import section
from derivations.book.verdicts import word
from derivations.catalogue import CHAPTERS
from derivations.result import KINDS, Outcome
from grpo_symbolic import symbols
from grpo_symbolic.export.latex import Notation

__all__ = ["Book", "write_book"]

#: Cited on the title page, whatever results there are.
_ALWAYS = ("vojnovic2025", "shao2024")
_TITLE = r"What GRPO optimises"

_PREAMBLE = r"""\documentclass[11pt,a4paper,fleqn]{report}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,microtype}
\usepackage{amsmath,amssymb,amsthm,mathtools}
\usepackage[margin=28mm]{geometry}
\usepackage{array,booktabs,longtable,graphicx,xcolor}
\usepackage{enumitem}
\usepackage[hidelinks,unicode,bookmarksnumbered]{hyperref}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\newcommand{\verdictword}[2]{{\normalfont\footnotesize\textcolor{#1}{\textsc{#2}}}}
\newcommand{\proved}{\verdictword{green!40!black}{proved}}
\newcommand{\refuted}{\verdictword{red!60!black}{refuted}}
\newcommand{\numeric}{\verdictword{blue!60!black}{numeric}}
\newcommand{\unknown}{\verdictword{black!60}{unknown}}
\newcommand{\verdictmark}[1]{\enspace\mbox{#1}}
% A heading needs room for a few lines after it.
\newcommand{\room}{\par\vskip 0pt plus 8\baselineskip\penalty-200\vskip 0pt plus-8\baselineskip}
\newlist{verdicts}{itemize}{1}
\setlist[verdicts]{leftmargin=5.2em,labelwidth=4.7em,labelsep=.5em,align=left,itemsep=1pt,
  topsep=3pt,before=\small,beginpenalty=10000,endpenalty=10000}
\newcommand{\field}[1]{\par\addvspace{1.4ex plus .5ex}\noindent\textbf{#1}\enspace\ignorespaces}
\newcommand{\said}[3]{\noindent\textbf{#1}\enspace #2\verdictmark{#3}\par}
\newcommand{\firstfield}[1]{\noindent\textbf{#1}\enspace\ignorespaces}
\newcommand{\lastfield}[1]{\par\nopagebreak\field{#1}}
\makeatletter
\renewcommand{\@biblabel}[1]{[#1]\hfill}
\renewcommand{\l@section}{\@dottedtocline{1}{1.5em}{3em}}
\newenvironment{shown}{\par\addvspace{2ex}\noindent\begin{minipage}{\textwidth}\centering
  \def\@captype{figure}}{\end{minipage}\par\addvspace{1ex}}
\setlength{\@mathmargin}{2.2em}
\makeatother
\theoremstyle{definition}
\newtheorem{theorem}{Theorem}[chapter]
%(kinds)s
\setcounter{tocdepth}{1}
\allowdisplaybreaks
\setlength{\emergencystretch}{3em}
\setlength{\parindent}{0pt}
\setlength{\parskip}{3pt plus 1pt}
\AtBeginDocument{\abovedisplayskip=5pt plus 2pt minus 2pt \belowdisplayskip=\abovedisplayskip
  \abovedisplayshortskip=3pt plus 2pt \belowdisplayshortskip=4pt plus 2pt minus 2pt}
\widowpenalty=10000 \clubpenalty=10000
\hyphenpenalty=200
\frenchspacing
"""

_ABOUT = (
    r"Every formula in this book is the end of a computation that starts at the definitions of the "
    r"advantage and of the sampled penalty: none is typed in. GRPO is the algorithm of Shao et "
    r"al.~\cite{shao2024}; its stationary policies were first characterised by Vojnovic and "
    r"Yun~\cite{vojnovic2025}, whose equation numbers are quoted. A formula that was published "
    r"stands here as a claim, compared with what was derived. A claim is \proved\ when it holds "
    r"for all parameters of the range that is stated with it, by the method that is named; "
    r"\refuted\ by a point at which it fails, computed exactly, or enclosed; \numeric\ when it "
    r"was checked at points only; \unknown\ when no method decided. The mark at the head of a "
    r"section is that of its weakest claim. Claims declared to be false beforehand, which show "
    r"that the methods can tell, do not count for it."
)


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
    outcomes: Sequence[Outcome], directory: Path, notation: Notation | None = None
) -> Book:
    """Write ``derivations.tex``, ``references.bib`` and the figures.

    Parameters
    ----------
    outcomes : sequence of Outcome
    directory : Path
        It must exist.
    notation : Notation, optional
        Names of the quantities, in formulas and in prose.
    """
    figures = draw((outcome.result.figure for outcome in outcomes), directory)
    keys = _keys(outcomes)
    tex = "\n\n".join(
        [
            _preamble(),
            r"\begin{document}",
            _rewritten(_front(outcomes), notation),
            *(_rewritten(text, notation) for text in _chapters(outcomes, figures)),
            _back(keys),
            r"\end{document}",
            "",
        ]
    )
    path, bib = directory / "derivations.tex", directory / "references.bib"
    path.write_text(tex, encoding="utf-8")
    bib.write_text("\n\n".join(bibtex(key) for key in keys) + "\n", encoding="utf-8")
    return Book(path, bib, figures)


def _rewritten(text: str, notation: Notation | None) -> str:
    return text if notation is None else notation.rewritten_text(text)


def _preamble() -> str:
    kinds = [kind for kind in KINDS if kind != "Theorem"]
    lines = "\n".join(rf"\newtheorem{{{kind.lower()}}}[theorem]{{{kind}}}" for kind in kinds)
    return _PREAMBLE.replace("%(kinds)s", lines).replace("%%", "%")


def _keys(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    used = [key for o in outcomes for key in keys_of(o.result.source, o.result.references)]
    return tuple(dict.fromkeys([*_ALWAYS, *used]))


def _front(outcomes: Sequence[Outcome]) -> str:
    counts = f"{len(outcomes)} results, {sum(len(o.verdicts) for o in outcomes)} claims"
    return "\n".join(
        [
            r"\begin{titlepage}\centering\vspace*{32mm}",
            rf"{{\Huge\bfseries {_TITLE}\par}}\vspace{{6mm}}",
            r"{\Large Derivations from the definitions, with proofs\par}\vspace{10mm}",
            rf"{counts}\par\smallskip",
            r"generated by \texttt{python -m derivations}\par\vspace{16mm}",
            r"\begin{minipage}{0.84\textwidth}\setlength{\parskip}{6pt}",
            _ABOUT,
            r"\end{minipage}\end{titlepage}",
            r"\tableofcontents",
            r"\chapter*{Notation}\addcontentsline{toc}{chapter}{Notation}",
            _notation(),
            r"\chapter*{Summary}\addcontentsline{toc}{chapter}{Summary}",
            _summary(outcomes),
        ]
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
    r"$a$ and a worse one $b$; then $p=\pi(a)$ and $p_0=\pi_{\mathrm{ref}}(a)$. The drift is "
    r"$D_G(p)=P_G(a)-P_G(b)$, and $h_G(p)=p(1-p)D_G(p)$. Rewards are in standard units, divided "
    r"by the standard deviation of the group, unless another rule is named; a group of equal "
    r"rewards has the advantages $0$."
)


def _notation() -> str:
    """The conventions, and the quantities of the catalogue with their ranges."""
    rows = []
    for entry in symbols.CATALOGUE:
        rows.append(rf"${entry.tex}$ & {sentence(escape(entry.meaning))} \\")
    return "\n".join(
        [
            _CONVENTIONS,
            r"\begin{longtable}{@{}L{28mm}L{118mm}@{}}",
            r"\toprule Symbol & Meaning \\ \midrule\endhead \bottomrule\endfoot",
            *rows,
            r"\end{longtable}",
        ]
    )


def _summary(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for outcome in outcomes:
        result = outcome.result
        own = keys_of(result.source, result.references)
        cites = rf"\cite{{{','.join(own)}}}"
        declared = sum(claim.expected != "PROVED" for claim, _ in outcome.verdicts)
        count = f"{len(outcome.verdicts) - declared}" + (f"\\,+\\,{declared}" if declared else "")
        rows.append(
            rf"\ref{{{outcome.name}}} & {result.title} & {cites} & {word(outcome)} & {count} & "
            rf"\pageref{{{outcome.name}}} \\"
        )
    head = r"& Result & Source & Verdict & Claims & Page \\"
    return "\n".join(
        [
            r"Claims are counted with the lines of the derivation; those after a plus sign were "
            r"declared to be false, and are.\par",
            r"{\small\setlength{\tabcolsep}{4pt}",
            r"\begin{longtable}{@{}L{9mm}L{74mm}L{23mm}llr@{}}",
            rf"\toprule {head} \midrule\endfirsthead \toprule {head} \midrule\endhead",
            r"\bottomrule\endfoot",
            *rows,
            r"\end{longtable}}",
        ]
    )


def _chapters(outcomes: Sequence[Outcome], figures: Figures) -> list[str]:
    by_name = {outcome.name: outcome for outcome in outcomes}
    texts = []
    for chapter in CHAPTERS:
        chosen = [by_name[name] for name in chapter.names if name in by_name]
        if chosen:
            head = rf"\chapter{{{chapter.title}}}" + "\n" + chapter.about
            texts.append("\n\n".join([head, *(section(o, figures) for o in chosen)]))
    return texts


def _back(keys: Sequence[str]) -> str:
    entries = "\n\n".join(bibtex(key) for key in keys)
    return "\n".join(
        [
            r"\begin{thebibliography}{Sch20}\addcontentsline{toc}{chapter}{Bibliography}",
            r"\raggedright",
            *(bibitem(key) for key in keys),
            r"\end{thebibliography}",
            r"\appendix",
            r"\chapter{BibTeX entries}",
            r"These entries are also in \texttt{references.bib}.",
            r"{\footnotesize\begin{verbatim}",
            _wrapped(entries),
            r"\end{verbatim}}",
        ]
    )


def _wrapped(entries: str, width: int = 92) -> str:
    """Lines of an entry folded at spaces: BibTeX reads any white space as one space."""
    lines = []
    for line in entries.splitlines():
        while len(line) > width:
            cut = line.rfind(" ", 6, width)
            if cut < 0:
                break
            lines.append(line[:cut])
            line = "      " + line[cut + 1 :]
        lines.append(line)
    return "\n".join(lines)
