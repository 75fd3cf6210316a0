"""Equations as an author writes them: one line, with what its names stand for below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympy import Add, Eq, Expr, Function, Mul, S, Symbol, factor_terms, oo

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean, definitions
from grpo_symbolic.display import legible
from grpo_symbolic.display import size as nodes
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import Written, formula
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian, mean

PI, SHARE = symbols.pi, symbols.share
# Answers whose conditions are written out under a rule that is linear in the rewards.
_WRITTEN = 6
# Raters whose rewards are written out, a row each.
_LISTED = 4
# Levels of reward that a sum over them names.
_LEVELS = 8
#: Answers whose conditions are written out, a line each, where no name makes them one line; and
#: how many nodes they may have together.
LINES, _NODES = 24, 20_000


@dataclass(frozen=True)
class Shown:
    """Formulas and the definitions of their names.

    Attributes
    ----------
    formulas : tuple of Eq or Written
    where : tuple of Eq or Written
        Each in the names of those behind it.
    """

    formulas: tuple[Eq | Written, ...]
    where: tuple[Eq | Written, ...] = ()


def shown(balance: Balance, equation: Eq, multiplier: Expr) -> Shown:
    """The equation of two answers, with means and their argument by name.

    Parameters
    ----------
    balance : Balance
    equation : Eq
        In ``symbols.pi`` and the parameters.
    multiplier : Expr
        What β · force = drift was multiplied by.
    """
    if not equation.atoms(BernsteinMean):
        return Shown((equation,))
    group = balance.group
    if group is None or group.share == PI:
        return Shown((equation,), definitions(*equation.args))
    a, b = group.rates
    level = (a - b) * group.rule.drift(SHARE) * group.factor
    right = Mul(multiplier, level)
    whole = Eq(SHARE, b + (a - b) * PI, evaluate=False)
    line = Eq(equation.lhs, right, evaluate=False)
    return Shown((line,), (whole, *definitions(right)))


def some_of(equations: Sequence[Eq]) -> Shown:
    """The equations of all answers; the first ones of hundreds, or of very long ones."""
    room, shown = _NODES, list[Eq]()
    for equation in equations[:LINES]:
        if shown and not legible(equation, most=room):
            break
        shown.append(equation)
        room -= nodes(equation) if legible(equation, most=room) else room
    if (more := len(equations) - len(shown)) == 0:
        return Shown(tuple(equations))
    rest = Written(formula(symbols.multiplier), rf"\dots \quad\text{{for {more} more answers}}")
    return Shown((*shown, rest))


def with_numbers(found: Shown) -> Shown:
    """The same with the definitions of its means written out: every value of f as a number."""
    means = [e.lhs for e in found.where if isinstance(e, Eq) and isinstance(e.lhs, BernsteinMean)]
    if not means:
        return found
    kept = [e for e in found.where if not isinstance(e, Eq) or e.lhs == SHARE]
    written = [Eq(mean, mean.doit(), evaluate=False) for mean in means]
    return Shown(found.formulas, (*kept, *written))


def shown_answers(
    algorithm: Algorithm,
    question: Question,
    factor: Expr | None = None,
    *,
    counts: bool = False,
    remarks: bool = True,
) -> Shown | None:
    """The condition of every answer o at once; None where one line an answer is shorter.

    Two levels of reward: in m, the probability that a draw has the higher one. More levels that
    are known for certain, in a finite group: in the expected advantage of a reward. Where groups
    are dropped, it is multiplied by the chance of one that is kept, as is then λ.

    Parameters
    ----------
    algorithm, question
    factor : Expr, optional
        c where d(u) = c (1 − u) and λ = 0 is known: the condition is then solved for π_ref(o).
    counts : bool
        Whether expectations are written as sums over counts, and means with their numbers.
    remarks : bool
        Whether what is said beside the rule stands in the formulas.
    """
    value = by_every_answer(algorithm, question)
    if value is None:
        asked = ((find(algorithm, question), told) for find, told in _IN_WORDS)
        found = None if counts else next((f for f in asked if f[0] is not None), None)
        if found is None:
            return None
        value, told = found
        line, often = _condition(value, algorithm, factor)
        return Shown((line,), told(algorithm, question, often, remarks=remarks))
    line, often = _condition(value, algorithm, factor)
    if len(question.levels) == 2:
        where = _by_share(algorithm, question, often, value)
    else:
        where = _by_reward(algorithm, question, often, counts=counts, remarks=remarks)
    return with_numbers(Shown((line,), where)) if counts else Shown((line,), where)


def by_every_answer(algorithm: Algorithm, question: Question) -> Expr | None:
    """P(o) as one expression for every answer o; None where there is none."""
    rule, size = algorithm.advantage, algorithm.group_size
    if rule is None or size is None or algorithm.penalty.before_baseline or question.margins:
        return None
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        return None
    if question.raters or _by_every_mean(algorithm, question) is not None:
        return None
    if len(question.levels) == 2:
        model = algorithm.preference(question)
        if model.two_level.zero_sum:
            return (Symbol("s_o") - SHARE) * model.two_level.drift(SHARE)
    short = size != oo or len(question) > LINES
    if len(question.levels) > 1 and question.deterministic and short:
        return Function(f"V_{{{formula(size)}}}")(Symbol("r(o)"))
    return None


def _by_every_mean(algorithm: Algorithm, question: Question) -> Expr | None:
    """P(o) of many answers under a rule that is linear in the rewards: a multiple of s_o − m."""
    rule, size = algorithm.advantage, algorithm.group_size
    if rule is None or size is None or algorithm.penalty.before_baseline:
        return None
    if not rule.linear or not question.reward_laws or len(question) <= _WRITTEN:
        return None
    own = Symbol("s_o")
    found = rule.expected(own, ((SHARE, S.One),), size, question.declared)
    return None if found is None else factor_terms(found)


def _by_mean(
    algorithm: Algorithm, question: Question, often: tuple[Written, ...], *, remarks: bool
) -> tuple[Eq | Written, ...]:
    """s_o, the mean reward of an answer, and m, that of the policy."""
    total = Written(formula(SHARE), r"\sum_{o} s_{o} \pi(o)")
    if len(question) > LINES:
        return (total, Written("s_{o}", r"\mathbb{E}\left[r \mid o\right]"), *often)
    rewards = tuple(map(mean, question.laws))
    return (total, row([f"s_{_index(o + 1)}" for o in range(len(rewards))], rewards), *often)


def _by_every_rater(algorithm: Algorithm, question: Question) -> Expr | None:
    """P(o) as a mean over the raters, one of whom scores a whole group; None for a long list."""
    rule, size = algorithm.advantage, algorithm.group_size
    if rule is None or size is None or algorithm.penalty.before_baseline or rule.batch is not None:
        return None
    raters = [rater for _, rater in question.raters]
    if not 1 < len(raters) <= _LISTED or len(question) < 3:
        return None
    if not size.is_Integer or size < 3 or not all(rater.deterministic for rater in raters):
        return None
    return Symbol(rf"\sum_{{j}} m_j V_{{{int(size)},j}}(R_j(o))")


def _by_rater(
    algorithm: Algorithm, question: Question, often: tuple[Written, ...], *, remarks: bool
) -> tuple[Eq | Written, ...]:
    """V_{G,j}(r), the expected advantage of a reward where rater j scores the group."""
    rule = algorithm.advantage
    assert rule is not None
    size = int(algorithm.group_size)
    count = len(question.raters)
    shares = row([f"m_{j}" for j in range(1, count + 1)], tuple(m for m, _ in question.raters))
    places = range(1, len(question) + 1)
    rows = [
        row([f"R_{j}({o})" for o in places], rater.rewards)
        for j, (_, rater) in enumerate(question.raters, start=1)
    ]
    definition = _expectation(f"V_{{{size},j}}(r_1)", rule, size, remarks)
    return (definition, *often, Written("r_i", "R_j(o_i)"), shares, *rows)


def _by_every_law(algorithm: Algorithm, question: Question) -> Expr | None:
    """P(o) as a mean over the rewards of an answer; None where its laws make no list of one line.

    More answers than have a line each have no list of their laws, either.
    """
    rule, size = algorithm.advantage, algorithm.group_size
    if rule is None or size is None or algorithm.penalty.before_baseline or rule.batch is not None:
        return None
    if question.raters or question.margins:
        return None
    if question.deterministic:
        return None
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        many = size == oo and len(question) > LINES
        return Function(r"V_{\infty}")(Symbol("s_o")) if many else None
    few = 2 < len(question) <= _LISTED and len(question.levels) > 2
    listed = few and size.is_Integer and size >= 3
    if len(question.levels) < 2 or not (listed or len(question) > LINES):
        return None
    levels = r" \in \{" + ", ".join(map(formula, question.levels)) + r"\}"
    if len(question.levels) > _LEVELS:
        levels = ""
    return Symbol(rf"\sum_{{r{levels}}} q_o(r) \, V_{{{formula(size)}}}(r)")


def _by_law(
    algorithm: Algorithm, question: Question, often: tuple[Written, ...], *, remarks: bool
) -> tuple[Eq | Written, ...]:
    """V_G(r), and q_o, the law of the rewards of an answer."""
    rule, size = algorithm.advantage, algorithm.group_size
    assert rule is not None
    definition = _expectation(f"V_{{{formula(size)}}}(r_1)", rule, size, remarks)
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        # In the own reward the advantage of a large group is affine.
        means = Written("s_o", r"\mathbb{E}\left[r \mid o\right]")
        drawn = Written("r_i", r"\text{a reward of answer } o_i")
        return (definition, *often, means, drawn)
    drawn = "q_{o_i}(r)"
    if len(question) > LINES:
        drawn += r", \quad q_o \text{ the law of the reward of answer } o"
        return (definition, *often, Written(r"\Pr(r_i = r)", drawn))
    rows = [
        row([f"q_{_index(o)}({formula(level)})" for level in question.levels], law)
        for o, law in enumerate(question.emission, start=1)
    ]
    return (definition, *often, Written(r"\Pr(r_i = r)", drawn), *rows)


#: What P(o) is for every answer at once, and what is said of its names, in this order.
_IN_WORDS = (
    (_by_every_mean, _by_mean),
    (_by_every_rater, _by_rater),
    (_by_every_law, _by_law),
)


def _by_reward(
    algorithm: Algorithm,
    question: Question,
    often: tuple[Written, ...],
    *,
    counts: bool,
    remarks: bool,
) -> tuple[Eq | Written, ...]:
    """V_G(r), the expected advantage of a reward whose group is drawn from the policy."""
    rule = algorithm.advantage
    assert rule is not None
    size, answers = algorithm.group_size, range(1, len(question) + 1)
    name = f"V_{{{formula(size)}}}"
    if counts and rule.batch is None and size != oo:
        where = _counted(name, rule, size, question)
    else:
        drawn = size if rule.batch is None else rule.batch
        where = [
            _expectation(f"{name}(r_1)", rule, drawn, remarks),
            *often,
            Written("r_i", "r(o_i)"),
        ]
    if remarks and question.rewards != tuple(map(symbols.reward, answers)):
        where.append(row([f"r({o})" for o in answers], question.rewards))
    return tuple(where)


def _expectation(name: str, rule: Advantage, drawn: Expr | int, remarks: bool) -> Written:
    """The mean of the advantage of the first of so many, the others drawn from the policy."""
    limit = ""
    if drawn == oo:
        others, limit = r"o_2, \dots, o_G", r"\lim_{G \to \infty} "
    elif drawn in (2, 3, 4):
        others = ", ".join(f"o_{i}" for i in range(2, int(drawn) + 1))
    else:
        others = rf"o_2, \dots, o_{_index(drawn)}"
    advantage = rule.fraction("r_1")
    expected = rf"{limit}\mathbb{{E}}_{{{others} \sim \pi}}\left[{advantage}\right]"
    return Written(name, ", \\quad ".join((expected, *(_remarks(rule) if remarks else ()))))


def _counted(name: str, rule: Advantage, size: Expr, question: Question) -> list[Eq | Written]:
    """The expectation as a sum over how many of the others have each reward."""
    n = len(question)
    others = formula(size - 1)
    total = rf"k_1 + \dots + k_{{{n}}} = {others}"
    ways = rf"\binom{{{others}}}{{k_1, \dots, k_{{{n}}}}}"
    masses = r"\prod_{o} \pi(o)^{k_o}"
    advantage = rule.fraction("r_1")
    return [
        Written(f"{name}(r_1)", rf"\sum_{{{total}}} {ways} {masses} \, A(r_1; k)"),
        Written("A(r_1; k)", rf"{advantage} \quad\text{{with }} k_o \text{{ rewards }} r(o)"),
    ]


def _by_share(
    algorithm: Algorithm, question: Question, often: tuple[Written, ...], value: Expr
) -> tuple[Eq | Written, ...]:
    """s_o, the probability that answer o has the higher reward, and its mean m."""
    model = algorithm.preference(question)
    rates = row([f"s_{_index(o)}" for o in range(1, len(question) + 1)], model.weights)
    total = Written(formula(SHARE), r"\sum_{o} s_{o} \pi(o)")
    return (total, rates, *often, *definitions(value))


def _condition(
    preference: Expr, algorithm: Algorithm, factor: Expr | None
) -> tuple[Written, tuple[Written, ...]]:
    """λ = P(o) − β ρ(o) d(o), and what ρ(o) is where groups are dropped."""
    if factor is not None:
        weight = algorithm.beta * factor
        pair = formula(weight * symbols.reference("o")), formula(Add(weight, -preference))
        shown = rf"\left({pair[1]}\right) \pi(o) \quad\text{{for every answer }} o"
        return Written(pair[0], shown), ()
    ratio = symbols.reference("o") / symbols.policy("o")
    pull = algorithm.beta * algorithm.penalty.marginal(ratio)
    often: tuple[Written, ...] = ()
    if algorithm.mixed_only and algorithm.group_size != oo:
        rate = Function(r"\rho")(Symbol("o"))
        mixed = r"\Pr(\text{not all } r_i \text{ are equal} \mid o_1 = o)"
        pull, often = pull * rate, (Written(formula(rate), mixed),)
    tex = formula(Add(preference, -pull, evaluate=False))
    return Written(formula(symbols.multiplier), rf"{tex} \quad\text{{for all }} o"), often


def row(names: list[str], values: tuple[Expr, ...]) -> Written:
    """Names and their values as two rows."""
    shown = ", ".join(map(formula, values))
    tall = r"\frac" in shown
    right = rf"\left({shown}\right)" if tall else f"({shown})"
    return Written(f"({_ellipsis(names)})", right)


def _remarks(rule: Advantage) -> Iterator[str]:
    for remark in rule.remarks:
        formula_alone = remark.startswith("$") and remark.count("$") == 2
        yield remark.strip("$") if formula_alone else rf"\text{{{remark}}}"


def _index(number: Expr | int) -> str:
    return str(number) if len(str(number)) == 1 else f"{{{number}}}"


def _ellipsis(parts: list[str]) -> str:
    """All of a few parts; of many the first, dots and the last."""
    return ", ".join(parts if len(parts) <= 3 else [parts[0], r"\dots", parts[-1]])
