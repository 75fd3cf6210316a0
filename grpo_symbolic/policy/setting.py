"""The question and the algorithm in sentences, for print."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.equation.shown import row
from grpo_symbolic.export.assumptions import assumptions, listed, ranges
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian, Law, mean

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: Symbols that stand for numbers of the algorithm, with the numbers.
Values = tuple[tuple[Symbol, Expr], ...]


def with_symbols(algorithm: Algorithm) -> tuple[Algorithm, Values]:
    """The algorithm with a symbol for what its rule adds to the scale, and the number it has."""
    rule = algorithm.advantage
    if rule is None or not S(rule.epsilon).is_Number or rule.epsilon == 0:
        return algorithm, ()
    named = replace(algorithm, advantage=rule.adding(symbols.epsilon))
    return named, ((symbols.epsilon, S(rule.epsilon)),)


def setting(algorithm: Algorithm, question: Question, values: Values = ()) -> str:
    """Sentences in TeX, in the default notation."""
    shown = listed([f"${formula(s)} = {power_of_ten(value)}$" for s, value in values])
    beside = f", with {shown}" if values else ""
    return (
        f"{_question(question)} {_algorithm(algorithm)}{beside}. The penalty, "
        f"with weight ${formula(algorithm.beta)}$, is {algorithm.penalty.prose}."
    )


def power_of_ten(value: Expr) -> str:
    """A power of ten as such."""
    tens = len(str(value.q)) - 1 if value.is_Rational and value.p == 1 else 0
    return rf"10^{{-{tens}}}" if tens > 1 and value.q == 10**tens else formula(value)


def _question(question: Question) -> str:
    if not isinstance(question, BinaryQuestion):
        return f"Consider a question with {in_words(len(question))} answers, {_rewards(question)}."
    start = "Consider a question with two answers, $a$ and $b$, of which $a$ is the better one"
    if question.margins:
        return f"{start}, with confidence margin ${formula(question.margins[0][1])}$."
    if question.deterministic:
        return f"{start}, with rewards $r(a) = r(b) + {formula(question.gap)}$."
    rates = " and ".join(f"${formula(mean(law))}$" for law in question.reward_laws)
    if all(_verdict(law) for law in question.reward_laws):
        return f"{start}, which have the reward $1$ with probabilities {rates}, and else $0$."
    return f"{start}, with random rewards of means {rates}."


def in_words(number: int) -> str:
    """A small number as a word."""
    return _WORDS[number - 1] if 0 < number <= len(_WORDS) else str(number)


def _verdict(law: Law | Gaussian) -> bool:
    """Whether a reward is 1 or 0."""
    return not isinstance(law, Gaussian) and all(value in (0, 1) for value, _ in law)


def _rewards(question: Question) -> str:
    if question.raters:
        return _raters(question)
    if question.margins:
        return "given by the margins of their comparisons"
    kind = "rewards" if question.deterministic else "random rewards of means"
    shown = listed([f"${formula(r)}$" for r in question.rewards])
    given = question.declared
    if all(isinstance(r, Symbol) for r in question.rewards) and len(ranges(given)) == 1:
        return f"with {kind} ${ranges(given)[0]}$"  # the chain names them all
    if question.deterministic and not any(isinstance(r, Symbol) for r in question.rewards):
        names = [f"r({o})" for o in range(1, len(question) + 1)]
        return f"with {kind} ${formula(row(names, question.rewards))}$"
    return f"with {kind} {shown}" + (f" ({assumptions(given)})" if given.ranges else "")


def _raters(question: Question) -> str:
    """Their shares, and what each rewards the answers with on average."""
    rows = [
        f"${formula(share)}$ with the rewards $({', '.join(map(formula, rater.rewards))})$"
        for share, rater in question.raters
    ]
    return f"each group of which is scored by one of {in_words(len(rows))} raters: {listed(rows)}"


def _algorithm(algorithm: Algorithm) -> str:
    name, size = type(algorithm).__name__, algorithm.group_size
    advantage = algorithm.advantage
    if size is None or advantage is None:
        return f"{name} climbs, with $\\pi_{{\\mathrm{{old}}}}=\\pi$, the {algorithm.meaning}"
    groups = r"in the limit of large groups, $G \to \infty$," if size == oo else (
        "with groups of $G$ answers" if isinstance(size, Symbol) else f"with groups of $G = {size}$"
        " answers"
    )  # fmt: skip
    dropped = ", groups of equal rewards dropped" if algorithm.mixed_only else ""
    return f"{name} {groups} uses the advantage {advantage.prose}{dropped}"
