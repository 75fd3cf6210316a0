"""The question and the algorithm in sentences, for print."""

from __future__ import annotations

import re
from typing import Any

from sympy import Expr, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.export.assumptions import assumptions, listed, ranges
from grpo_symbolic.export.exhibit import prose_tex
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.penalty import Divergence, Estimator
from grpo_symbolic.question import BinaryQuestion, Question
from grpo_symbolic.reward import mean

__all__ = ["setting"]

_PLACES = {
    "loss": "in the loss",
    "loss-with-ratio": "in the loss with the importance ratio",
    "reward": "in the reward",
    "reward-before-baseline": "in the reward, before its baseline",
}


def setting(algorithm: Algorithm, question: Question) -> str:
    """Sentences in TeX, in the default notation."""
    return f"{_question(question)} {_algorithm(algorithm)} {_penalty(algorithm)}"


def _question(question: Question) -> str:
    if not isinstance(question, BinaryQuestion):
        return f"Consider a question with {len(question)} answers, {_rewards(question)}."
    start = "Consider a question with two answers, of which $a$ is the better one"
    if question.margins:
        return f"{start}, with confidence margin ${formula(question.margins[0][1])}$."
    if question.deterministic:
        return f"{start}, with rewards $r(a) = r(b) + {formula(question.gap)}$."
    rates = " and ".join(f"${formula(mean(law))}$" for law in question.reward_laws)
    return f"{start}, with random rewards of means {rates}."


def _rewards(question: Question) -> str:
    if question.margins:
        return "given by the margins of their comparisons"
    kind = "rewards" if question.deterministic else "random rewards of means"
    shown = listed([f"${formula(r)}$" for r in question.rewards])
    given = question.declared
    if all(isinstance(r, Symbol) for r in question.rewards) and len(ranges(given)) == 1:
        return f"with {kind} ${ranges(given)[0]}$"  # the chain names them all
    return f"with {kind} {shown}" + (f" ({assumptions(given)})" if given.ranges else "")


def _algorithm(algorithm: Algorithm) -> str:
    name, size = type(algorithm).__name__, getattr(algorithm, "group_size", None)
    advantage = algorithm.advantage
    if size is None or advantage is None:
        return f"{name} climbs, with $\\pi_{{\\mathrm{{old}}}}=\\pi$, the {algorithm.meaning}."
    groups = r"in the limit of large groups, $G \to \infty$," if size == oo else (
        "with groups of $G$ answers" if isinstance(size, Symbol) else f"with groups of $G = {size}$"
        " answers"
    )  # fmt: skip
    dropped = ", groups of equal rewards dropped" if getattr(algorithm, "mixed_only", False) else ""
    return f"{name} {groups} uses the advantage {_advantage(str(advantage))}{dropped}."


def _advantage(plain: str) -> str:
    """``(r - mean)/std, 0/0 = 0`` with its formulas in TeX."""
    rule, *remarks = plain.split(", ")
    tex = re.sub(r"[A-Za-z]+(?: [a-z]+)+|[a-z]{2,}", _word, rule)
    tex = re.sub(r"(?<![\w\\{])r(?![\w}])", "r_i", tex)
    remarks = [f"${r}$" if re.fullmatch(r"[\d/= ]+", r) else prose_tex(r) for r in remarks]
    where = f" (with {', '.join(remarks)})" if remarks and remarks[0].startswith("$") else ""
    if remarks and not where:
        where = f", {', '.join(remarks)}"
    return f"${tex}${where}"


def _word(match: re.Match[str]) -> str:
    names = {"epsilon": r"\varepsilon", "sigma": r"\sigma"}
    return names.get(match[0], rf"\mathrm{{{match[0].replace(' ', '~')}}}")


def _penalty(algorithm: Algorithm) -> str:
    penalty, weight = algorithm.penalty, formula(algorithm.beta)
    start = f"The penalty, with weight ${weight}$, is"
    ratio = r"u = \pi_{\mathrm{ref}}(o) / \pi(o)"
    if isinstance(penalty, Estimator):
        k: Expr = penalty.k
        return f"{start} $k(u) = {formula(k)}$ {_PLACES[penalty.placement]}, where ${ratio}$."
    if isinstance(penalty, Divergence):
        generator: Any = penalty.generator.subs(symbols.u, Symbol("v"))
        return f"{start} the {penalty.title} of the generator $f(v) = {formula(generator)}$."
    return f"{start} {prose_tex(str(penalty))}."
