"""The table of the introduction: every rule with its equation, closed form, threshold, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Expr, oo

from derivations.book.names import SHORT
from derivations.book.prose import WHOLE
from grpo_symbolic import (
    GRPO,
    NLHF,
    RLHF,
    BinaryQuestion,
    DirectKL,
    FixedScale,
    LeaveOneOut,
    MeanScale,
    ShiftAndScale,
    ShiftOnly,
    StationaryPolicy,
    stationary_policy,
    symbols,
)
from grpo_symbolic.export.latex import Line, formula, sides
from grpo_symbolic.export.measure import width
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.proof import with_one_logarithm

__all__ = ["RULES", "rule_table"]


@dataclass(frozen=True)
class Rule:
    """A line of the table."""

    name: str
    algorithm: Callable[[], Algorithm]


#: Rules in the order of the table.
RULES: tuple[Rule, ...] = (
    Rule("GRPO, $G=2$", lambda: GRPO(2)),
    Rule("GRPO, $G=8$", lambda: GRPO(8)),
    Rule(r"GRPO, $G=\infty$", lambda: GRPO(oo)),
    Rule("GRPO, direct KL, $G=2$", lambda: GRPO(2, DirectKL())),
    Rule(r"GRPO, direct KL, $G=\infty$", lambda: GRPO(oo, DirectKL())),
    Rule(r"Sample std.\ $+\,\varepsilon$, $G=8$",
         lambda: GRPO(8, advantage=ShiftAndScale(1, symbols.epsilon))),
    Rule("No scale (Dr.\\ GRPO), $G=8$", lambda: GRPO(8, advantage=ShiftOnly())),
    Rule("No scale, direct KL", lambda: GRPO(8, DirectKL(), ShiftOnly())),
    Rule("Leave one out, $G=8$", lambda: GRPO(8, advantage=LeaveOneOut())),
    Rule("Mean scale (MaxRL), $G=8$", lambda: GRPO(8, advantage=MeanScale())),
    Rule(r"Fixed scale $\sigma$, $G=8$", lambda: GRPO(8, advantage=FixedScale())),
    Rule("RLHF", RLHF),
    Rule("NLHF", NLHF),
)  # fmt: skip

_SCALE = 0.94
_NONE = "--"


def rule_table(room: float) -> str:
    """The table, for a question with two answers and rewards without noise.

    Parameters
    ----------
    room : float
        Width of the text in points.
    """
    wide = (0.16 * room, 0.31 * room, 0.30 * room)
    head = r"Rule & Equation & Closed form & $\beta_{\mathrm{esc}}$ & $\beta\to0$ \\"
    rows = [" & ".join(_cells(rule, wide[1:])) + r" \\ \addlinespace[2pt]" for rule in RULES]
    kinds = "".join(f"L{{{w:.0f}pt}}" for w in wide)
    return "\n".join(
        [
            rf"Two answers, rewards without noise, $p={WHOLE}(a)$ and "
            rf"$p_0={WHOLE}_{{\mathrm{{ref}}}}(a)$; "
            r"$h_G$ is the mean of $f$ over the group, $h_G(p)=\mathrm{E}f(K/G)$ with "
            r"$K\sim\mathrm{Binomial}(G,p)$. Below the weight $\beta_{\mathrm{esc}}$ the policy "
            r"keeps away from $0$ as $p_0\to0$. A dash stands for what has no closed form that "
            r"fits, or is not known for all parameters. Limits are those of $p$.\par",
            r"{\small\setlength{\tabcolsep}{4pt}",
            rf"\begin{{longtable}}{{@{{}}{kinds}ll@{{}}}}",
            rf"\toprule {head} \midrule\endfirsthead \toprule {head} \midrule\endhead",
            r"\bottomrule\endfoot",
            *rows,
            r"\end{longtable}}",
        ]
    )


def _cells(rule: Rule, wide: tuple[float, float]) -> Iterator[str]:
    policy = stationary_policy(rule.algorithm(), BinaryQuestion())
    assert isinstance(policy, StationaryPolicy)
    shown = policy.shown_as(0)
    yield rule.name
    equation = shown.formulas[0]
    if policy.closed is not None:
        equation = with_one_logarithm(policy.equation)
    meaning = [e for e in shown.where if policy.closed is None and _short(e, wide[0])][-1:]
    yield r"\newline ".join(_fitted(e, wide[0]) for e in (equation, *meaning))
    yield _NONE if policy.expression is None else _value(policy.expression, wide[1])
    yield _attempted(lambda: policy.escape_threshold)
    yield _attempted(lambda: policy.limit("beta", 0))


def _short(line: Line, room: float) -> bool:
    return width(" ".join(_sides(line)), "T") * _SCALE <= room


def _fitted(line: Line, room: float) -> str:
    """A formula on one line, or broken before its relation."""
    left, relation, right = _sides(line)
    if _short(line, room):
        return f"${left} {relation} {right}$"
    halves = (left, f"{relation} {right}")
    if all(width(half, "T") * _SCALE <= room for half in halves):
        return rf"${halves[0]}$\newline ${halves[1]}$"
    return _NONE


def _sides(line: Line) -> tuple[str, str, str]:
    return tuple(_in_short(part) for part in sides(line, SHORT))  # type: ignore[return-value]


def _in_short(tex: str) -> str:
    """p and p_0 for the two policies, in a table."""
    return tex.replace(r"\pi_{\mathrm{ref}}(a)", "p_0").replace(r"\pi(a)", "p")


def _value(value: Expr, room: float) -> str:
    tex = _in_short(formula(value, SHORT))
    return f"${tex}$" if width(tex, "T") * _SCALE <= room else _NONE


def _attempted(find: Callable[[], Expr]) -> str:
    try:
        value = find()
    except ValueError:
        return _NONE
    return _value(value, 60.0)
