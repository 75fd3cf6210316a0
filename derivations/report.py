"""The two documents of a run: derivations.tex for reading, formulas.json for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from sympy import Eq, Symbol, sstr
from sympy.core.relational import Relational

from derivations.result import Outcome
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Notation, broken, formula, printed_width
from grpo_symbolic.verify.verdict import Status

__all__ = ["write_json", "write_tex"]

#: TeX of the symbols that only single results use.
NOTATION = Notation(
    extra={
        Symbol("A_1"): "A_1",
        Symbol("A_i"): "A_i",
        Symbol("r_1"): "r_1",
        Symbol("r_2"): "r_2",
        Symbol("R_2"): "R_2",
        Symbol("h"): "h(x)",
        Symbol("x_star"): "x^*",
        Symbol("pi_0"): r"\lim_{\pi_{\mathrm{ref}}(a)\to0+}\pi(a)",
        Symbol("D_o"): "D_o",
        Symbol("D_o_prime"): r"\frac{\partial D_o}{\partial\pi(o)}",
        Symbol("d_o"): "d(o)",
        Symbol("d_KL_o"): r"\frac{\partial\,\mathrm{KL}(\pi_{\mathrm{ref}}\|\pi)}{\partial\pi(o)}",
        Symbol("pi_old", positive=True): r"\pi_{\mathrm{old}}(a)",
        Symbol("pi_o", positive=True): r"\pi(o)",
        Symbol("pi_old_o", positive=True): r"\pi_{\mathrm{old}}(o)",
        Symbol("pi_ref_o", positive=True): r"\pi_{\mathrm{ref}}(o)",
        Symbol("P_o", real=True): r"P_G(o\mid\pi)",
        Symbol("EP", real=True): r"\mathrm{E}_\pi P_G",
        Symbol("m_1", real=True): "m_1",
        Symbol("m_2", real=True): "m_2",
        Symbol("r_i", real=True): "r_i",
        Symbol("r_1", real=True): "r_1",
        Symbol("r_2", real=True): "r_2",
        Symbol("f"): r"f(\tau)",
        Symbol("f_second"): r"f''(\tau)",
        Symbol("h_G"): "h_G",
        Symbol("h_G_less_R"): "h_G-R",
        Symbol("beta_G"): r"\beta_G",
        Symbol("beta_G", positive=True): r"\beta_G",
        Symbol("beta_G_sample"): r"\beta_G^{\mathrm{sample}}",
        Symbol("beta_G_shift"): r"\beta_G^{\mathrm{shift}}",
        Symbol("c_k"): "c_k",
        Symbol("c_1"): "c",
        Symbol("Ey"): r"\mathrm{E}\,y",
        Symbol("Vy"): r"\mathrm{E}(y-x)^2",
        Symbol("C"): "C(x)",
        Symbol("C_policy"): r"C'",
        Symbol("loss_G"): r"\lim_{\beta\to0+}\frac{1-\pi(a)}{\beta}\Big|_{G}",
        Symbol("loss_oo"): r"\lim_{\beta\to0+}\frac{1-\pi(a)}{\beta^2}\Big|_{G=\infty}",
        Symbol("J_second"): r"J''",
        Symbol("v_within"): r"\mathrm{E}\left[\tfrac{k(G-k)}{G^2}\mid K\right]",
        Symbol("drift"): r"p(1-p)\,D_3(p)",
        Symbol("gap_penalised"): r"\tilde r(a)-\tilde r(b)",
        Symbol("D_4"): r"D_4(p)",
        **{Symbol(f"Phi_{size}"): rf"\Phi_{size}(p)" for size in (2, 4)},
        Symbol("Phi_oo"): r"\Phi_\infty(p)",
        **{Symbol(f"Phi_{size}"): rf"\Phi_{size}(p)" for size in (3, 5)},
        Symbol("Phi_G"): r"\Phi_G(p)",
        Symbol("Phi_1"): r"\Phi(1)",
        Symbol("Phi_ahead"): r"\Phi(1)-\Phi(\pi)",
        Symbol("curl_oo"): r"\mathrm{curl}\,P_\infty",
        Symbol("curl_2_third"): r"\mathrm{curl}\,P_2\big|_{\pi=1/3}",
        Symbol("curl_3_third"): r"\mathrm{curl}\,P_3\big|_{\pi=1/3}",
        Symbol("curl_oo_third"): r"\mathrm{curl}\,P_\infty\big|_{\pi=1/3}",
        **{
            Symbol(f"beta_cusp{size}"): rf"\beta_{{\mathrm{{cusp}}}}^{{({size})}}"
            for size in (4, 5)
        },
        **{
            Symbol(f"beta_cusp_{size}"): rf"\beta_{{\mathrm{{cusp}}}}^{{({size})}}"
            for size in (4, 5)
        },
        Symbol("beta_c"): r"\beta_c",
        Symbol("beta_cycle"): r"\beta_{\mathrm{cycle}}",
        Symbol("logit_ref"): r"\operatorname{logit}\pi_{\mathrm{ref}}(a)",
        Symbol("b_slope"): r"b'",
        Symbol("F_before", positive=True): "F_{k-1}",
        Symbol("F_k", positive=True): "F_k",
        Symbol("R_before", positive=True): "R_{k-1}",
        Symbol("R_k", positive=True): "R_k",
        Symbol("phi_R"): r"\phi(R)",
        Symbol("E_ref_P", real=True): r"\mathrm{E}_{\pi_{\mathrm{ref}}}P_G",
        Symbol("Var_P", nonnegative=True): r"\mathrm{Var}_\pi(P_G)",
        Symbol("m_ref", real=True): "m",
        Symbol("r_o", real=True): "r(o)",
        Symbol("mu", real=True): r"\mu",
        Symbol("tau_a", positive=True): r"\tau_a",
        Symbol("tau_b", positive=True): r"\tau_b",
        Symbol("t_star"): "t",
        Symbol("F_R"): "F(R)",
        Symbol("p_o", positive=True): r"\pi(o)",
        Symbol("q_o", positive=True): "q(o)",
        Symbol("curl"): r"\mathrm{curl}\,P_2",
        Symbol("g_21", real=True): r"\Gamma_{21}",
        Symbol("g_31", real=True): r"\Gamma_{31}",
        Symbol("g_32", real=True): r"\Gamma_{32}",
        **{
            Symbol(f"{c}_{k}_{where}"): rf"{c}_{{{tex}}}^{{\mathrm{{{where}}}}}"
            for c in "cd"
            for where in ("loss", "ratio", "reward")
            for k, tex in (("k1", "k_1"), ("k2", "k_2"), ("k3", "k_3"), ("abs", r"\mathrm{abs}"))
        },
    }
)

# Printed characters of one line, fractions counted twice, that a page has room for.
_WIDEST = 125

_MARK = {
    Status.PROVED: r"\textsc{proved}",
    Status.REFUTED: r"\textsc{refuted}",
    Status.NUMERIC: r"\textsc{numeric}",
    Status.UNKNOWN: r"\textsc{unknown}",
}

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,microtype}
\usepackage{amsmath,amssymb,mathtools}
\usepackage[margin=28mm]{geometry}
\usepackage{enumitem}
\usepackage[hidelinks]{hyperref}
\setlist[itemize]{leftmargin=6.2em,labelwidth=5.4em,align=left,itemsep=1pt,topsep=3pt}
\allowdisplaybreaks
\let\intertext\shortintertext % less space around the reasons
\setlength{\emergencystretch}{3em}
\title{What GRPO optimises:\\ derivations from the definitions}
\author{generated by \texttt{python -m derivations}}
\date{}
\begin{document}
\maketitle
\noindent Every formula below is the end of a computation that starts at the definition of the
advantage and of the sampled penalty; every line of a derivation is checked against the line
before it. A verdict is \textsc{proved} for all parameters in the stated range, \textsc{refuted}
by a counterexample, \textsc{numeric} where only points were checked, or \textsc{unknown}.
"""


def _range_tex(domain: Domain) -> str:
    parts = []
    for r in domain.ranges:
        name = formula(r.symbol, NOTATION)
        left = r"\le" if r.lower_closed else "<"
        right = r"\le" if r.upper_closed else "<"
        low, high = str(r.lower), str(r.upper)
        if low == "-oo" and high == "oo":
            parts.append(rf"{name}\in\mathbb{{R}}")
        elif high == "oo":
            parts.append(
                f"{name} {left.replace('<', '>').replace('le', 'ge')} {formula(r.lower, NOTATION)}"
            )
        elif low == "-oo":
            parts.append(f"{name} {right} {formula(r.upper, NOTATION)}")
        else:
            parts.append(
                f"{formula(r.lower, NOTATION)} {left} {name} {right} {formula(r.upper, NOTATION)}"
            )
    return ", ".join(f"${p}$" for p in parts)


#: Words of claims that are set as symbols; longer ones first.
_WORDS = {
    r"pi_ref(\(\w\))": r"\\pi_{\\mathrm{ref}}\1",
    r"pi_ref": r"\\pi_{\\mathrm{ref}}(a)",
    r"pi_old": r"\\pi_{\\mathrm{old}}",
    r"asinh": r"\\operatorname{asinh}",
    r"logit": r"\\operatorname{logit}",
    r"sqrt": r"\\operatorname{sqrt}",
    r"beta": r"\\beta",
    r"gamma": r"\\gamma",
    r"sigma": r"\\sigma",
    r"lambda": r"\\lambda",
    r"P_oo": r"P_\\infty",
    r"oo": r"\\infty",
    r"pi(?=[ ()]|$)": r"\\pi",
    r"x\*": r"x^*",
    r"([A-Zrmhs])_(\w+)": r"\1_{\2}",
    r"k([123])": r"k_\1",
    r"p0": r"p_0",
    r"tau": r"\\tau",
    r"eta": r"\\eta",
    r"xi": r"\\xi",
    r"psi": r"\\psi",
    r"Phi": r"\\Phi",
    r"epsilon": r"\\varepsilon",
}
_SIGNS = {">=": r"$\ge$", "<=": r"$\le$", "->": r"$\to$", " > ": " $>$ ", " < ": " $<$ "}


def _escape(text: str) -> str:
    """Plain text as TeX, with the names of symbols set as symbols."""
    for plain, tex in (("&", r"\&"), ("%", r"\%"), ("#", r"\#"), ("||", r"$\|$")):
        text = text.replace(plain, tex)
    for plain, tex in _SIGNS.items():
        text = text.replace(plain, tex)
    parts = re.split(r"(\$[^$]*\$)", text)
    shown = [part if part.startswith("$") else _symbols(part) for part in parts]
    return "".join(shown)


_POWER = re.compile(r"\^(?:\(((?:[^()]|\([^()]*\))*)\)|(-?\w+))")


def _symbols(text: str) -> str:
    text = _POWER.sub(lambda m: f"$^{{{_words(m[1] or m[2])}}}$", text)
    for word, tex in _WORDS.items():
        pieces = re.split(r"(\$[^$]*\$)", text)
        text = "".join(
            p if p.startswith("$") else re.sub(rf"(?<!\w){word}(?!\w)", f"${tex}$", p)
            for p in pieces
        )
    return _outside(text)


def _words(text: str) -> str:
    """The names of symbols inside a formula."""
    for word, tex in _WORDS.items():
        text = re.sub(rf"(?<![\w\\]){word}(?!\w)", tex, text)
    return text


def _outside(text: str) -> str:
    """Underscores escaped outside of formulas."""
    pieces = re.split(r"(\$[^$]*\$)", text)
    return "".join(p if p.startswith("$") else p.replace("_", r"\_") for p in pieces)


def _section(outcome: Outcome) -> str:
    result = outcome.result
    parts = [
        rf"\section{{{result.title}}}\label{{{outcome.name}}}",
        rf"\noindent\emph{{Source:}} {_escape(result.source)}.\\",
        rf"\emph{{File:}} \texttt{{{_outside(outcome.name)}}}.",
        "",
        r"\noindent " + result.statement,
    ]
    if result.assumptions.ranges:
        parts.append(rf"\emph{{Assumptions:}} {_range_tex(result.assumptions)}.")
    if result.formulas:
        # One display for each: results are read, and pasted, one by one.
        fitting = [e for e in result.formulas if printed_width(formula(e, NOTATION)) <= _WIDEST]
        parts += [rf"\begin{{equation*}}{_display(e)}\end{{equation*}}" for e in fitting]
        if len(fitting) < len(result.formulas):
            parts.append(r"\noindent Formulas too wide for a page are in \texttt{formulas.json}.")
    if result.derivation is not None and len(result.derivation) > 1:
        parts += [r"\paragraph{Derivation.}", result.derivation.latex(NOTATION)]
    parts += [r"\paragraph{Verdicts.}", _verdicts(outcome)]
    return "\n".join(parts)


def _display(equation: Relational) -> str:
    """A formula for a display: long sums over several lines."""
    left, right = (formula(side, NOTATION) for side in equation.args)
    lines = broken(right)
    if len(lines) == 1 or not isinstance(equation, Eq):
        return formula(equation, NOTATION)
    body = r" \\ &\quad ".join(lines)
    return rf"\begin{{aligned}}{left} &= {body}\end{{aligned}}"


def _verdicts(outcome: Outcome) -> str:
    lines = 0 if outcome.result.derivation is None else len(outcome.result.derivation.claims)
    checked, claims = outcome.verdicts[:lines], outcome.verdicts[lines:]
    items = []
    for status in Status:
        count = sum(v.status == status for _, v in checked)
        if count:
            items.append(rf"\item[{_MARK[status]}] {count} checks of the derivation's lines")
    for claim, verdict in claims:
        note = f"{verdict.method}"
        if verdict.status == Status.REFUTED:
            declared = "as declared" if claim.expected == Status.REFUTED else "not expected"
            note = f"{declared}; {verdict.detail}"
        items.append(
            rf"\item[{_MARK[verdict.status]}] {_escape(claim.name)} "
            rf"{{\small({_escape(note)})}}"
        )
    return "\n".join([r"\begin{itemize}", *items, r"\end{itemize}"])


_BIBLIOGRAPHY = r"""
\begin{thebibliography}{9}
\bibitem{vojnovic2025} M.~Vojnovic and S.-Y.~Yun. What is the alignment objective of GRPO?
arXiv:2502.18548, 2025.
\bibitem{shao2024} Z.~Shao et al. DeepSeekMath: pushing the limits of mathematical reasoning in
open language models. arXiv:2402.03300, 2024.
\end{thebibliography}
\end{document}
"""


def write_tex(outcomes: Sequence[Outcome], directory: Path) -> Path:
    """Write ``derivations.tex``, one section a result."""
    path = directory / "derivations.tex"
    sections = [_section(o) for o in outcomes]
    path.write_text(_PREAMBLE + "\n\n".join(sections) + _BIBLIOGRAPHY, encoding="utf-8")
    return path


def write_json(outcomes: Sequence[Outcome], directory: Path) -> Path:
    """Write ``formulas.json``: a list with one entry a result."""
    path = directory / "formulas.json"
    path.write_text(json.dumps([_entry(o) for o in outcomes], indent=2) + "\n", encoding="utf-8")
    return path


def _entry(outcome: Outcome) -> dict[str, object]:
    result = outcome.result
    return {
        "name": outcome.name,
        "title": result.title,
        "source": result.source,
        "statement": result.statement,
        "assumptions": str(result.assumptions),
        "latex": [formula(e, NOTATION) for e in result.formulas],
        "sympy": [f"Eq({sstr(e.lhs)}, {sstr(e.rhs)})" for e in result.formulas],
        "verdict": outcome.verdict,
        "seconds": round(outcome.seconds, 3),
        "verdicts": [
            {
                "claim": claim.name,
                "statement": f"{sstr(claim.left)} {claim.relation} {sstr(claim.right)}",
                "range": str(claim.domain),
                "source": claim.source,
                "expected": claim.expected,
                "verdict": verdict.status.value,
                "method": verdict.method,
                "detail": verdict.detail,
                "evidence": verdict.evidence,
            }
            for claim, verdict in outcome.verdicts
        ],
    }
