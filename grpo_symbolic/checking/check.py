r"""A verdict on somebody else's formula for the stationary policy.

The formula is read by :mod:`grpo_symbolic.grammar`: a closed form, an equation, an inequality, a
limit, or a direction. A statement about π(a) is about every stationary policy: it is refuted if
one of them fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from sympy import Expr, sstr

from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.checking.conditions import at_values, restricted
from grpo_symbolic.checking.direction import DirectionCheck
from grpo_symbolic.checking.limits import LimitCheck
from grpo_symbolic.checking.means import undefined_means, with_own_means
from grpo_symbolic.checking.relation import RelationCheck
from grpo_symbolic.checking.subject import Subject, subject
from grpo_symbolic.domain import Domain
from grpo_symbolic.grammar.conditions import branches
from grpo_symbolic.grammar.definitions import Definition
from grpo_symbolic.grammar.statement import Comparison, LimitValue, Statement, statements
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.question import Question
from grpo_symbolic.verify.verdict import WEAKEST_FIRST, Status

if TYPE_CHECKING:
    from grpo_symbolic.presets.preset import Preset

__all__ = ["Checked", "check"]


def check(
    formula: str,
    algorithm: Algorithm | Preset | Policy,
    question: Question | None = None,
    *,
    where_defined: bool = False,
    interior: bool = False,
    where: str = "",
    definitions: Mapping[str, Definition] = MappingProxyType({}),
) -> Checked:
    r"""A verdict on a formula about the stationary policy.

    Source: new. A formula is read in the units of its quantities: β in advantage units, π a
    probability.

    Parameters
    ----------
    formula : str
        In SymPy notation (``pi``, ``pi_ref``, ``beta``, ``gamma``, …) or LaTeX (``\pi(a)``,
        ``\pi_{\mathrm{ref}}``, …): see :func:`grpo_symbolic.grammar.statement.statements`.
    algorithm : Algorithm, Preset or Policy
        A policy brings its question.
    question : BinaryQuestion or Question
    where_defined : bool
        Without it, a formula with a term that is no real number somewhere in the range (a divisor
        that vanishes, even one that cancels; a root or logarithm of a negative number) is
        refuted there. With it, the verdict is on the part of the range where it is defined.
    interior : bool
        Whether an equation or an inequality is meant for stationary policies of positive
        probabilities only, as theorems on interior policies are. Without it, a policy at the
        boundary, where a penalty of bounded force may leave an answer, refutes it too.
    where : str
        Conditions on the parameters that an equation or an inequality is made under, such as
        ``beta < 1, pi_ref >= 1/2``, or ``beta = 1``. They may stand behind the formula, too:
        ``pi > 1/2 for beta < 1/2``, ``\text{for } \beta < 1``, or in its cases.
    definitions : mapping of str to Definition, optional
        What the text around the formula has defined, by name.

    Returns
    -------
    Checked
        PROVED for the whole range, every term defined; REFUTED with a counterexample; NUMERIC
        where no certified number contradicts it and nothing proves it; UNKNOWN.

    Raises
    ------
    ValueError
        For what is no formula, or speaks of quantities that the question does not have; without a
        question, or with one beside a policy; for limits and directions of interior policies,
        which may end at the boundary, and under conditions; for conditions that do not bound a
        parameter inside of its range.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> check("pi >= 1 - beta", gs.GRPO(group_size=2), gs.BinaryQuestion()).verdict.value
    'PROVED'
    >>> policy = gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion())
    >>> check("pi > 1 - beta", policy).verdict.value
    'PROVED'
    >>> print(check("pi > 1/2", policy, where="beta < 1/2"))
    PROVED  pi > 1/2 where beta < 1/2
    """
    if isinstance(algorithm, Policy) and question is None:
        algorithm, question = algorithm.algorithm, algorithm.question
    if question is None or isinstance(algorithm, Policy):
        raise ValueError("give a policy alone, or an algorithm and a question")
    about = subject(algorithm, question, interior)
    parts = tuple(
        part
        for text, condition in branches(formula)
        for part in _parts(
            about, text, ", ".join(filter(None, (where, condition))), where_defined, definitions
        )
    )
    if len(parts) == 1:
        return parts[0]
    weakest = min(parts, key=lambda part: WEAKEST_FIRST.index(part.verdict))
    alike = len({part.within for part in parts}) == 1
    told = (part.formula if alike else part.stated for part in parts)
    within = weakest.within if alike else ()
    return replace(weakest, formula=" and ".join(told), parts=parts, within=within)


def _parts(
    about: Subject,
    formula: str,
    where: str,
    where_defined: bool,
    definitions: Mapping[str, Definition],
) -> Iterator[Checked]:
    """The verdict on each relation of a formula, under the conditions beside it."""
    about, values = restricted(about, where) if where else (about, ())
    for said in statements(formula, about.names, definitions):
        found = _shown(about, with_own_means(about, at_values(said, values)), where_defined)
        yield replace(found, policy=about.policy)


def _shown(about: Subject, statement: Statement, where_defined: bool) -> Checked:
    """PROVED where every mean that the statement has is known to be defined, too."""
    found = _verdict(about, statement, where_defined)
    if about.interior:
        sentence = f"of stationary policies with positive probabilities only: {found.sentence}"
        found = replace(found, sentence=sentence, interior=True)
    if about.within:
        found = replace(found, within=about.within)
    if found.verdict is not Status.PROVED:
        return found
    missing = undefined_means(about, statement)
    sentence = f"{found.sentence}, wherever it is defined; it is not shown that {missing}"
    return replace(found, verdict=Status.UNKNOWN, sentence=sentence) if missing else found


def _verdict(about: Subject, statement: Statement, where_defined: bool) -> Checked:
    _check_symbols(about, statement)
    if isinstance(statement, Comparison):
        if statement.given:
            about = _given(about, statement)
        return RelationCheck(about, statement, where_defined).verdict()
    if about.within:
        raise ValueError("conditions go with equations and inequalities, and this is none")
    if about.interior:
        raise ValueError(
            "interior goes with equations and inequalities: along a limit or a direction a "
            "policy may come to the boundary"
        )
    if isinstance(statement, LimitValue):
        return LimitCheck(about, statement, where_defined).verdict()
    return DirectionCheck(about, statement, where_defined).verdict()


def _given(about: Subject, statement: Comparison) -> Subject:
    """The subject at given values of parameters, which have to lie in their ranges."""
    for symbol, value in statement.given:
        if [s for s, _ in statement.given].count(symbol) > 1:
            raise ValueError(f"{symbol} has two values: one of them is enough")
        if any(symbol == r.symbol or symbol in r.needs for r in about.within):
            raise ValueError(f"{symbol} has a value and a condition: one of them is enough")
        own = next((r for r in about.parameters.ranges if r.symbol == symbol), None)
        if own is not None and own.needs:
            raise ValueError(f"{symbol} has the range {own}: give {', '.join(map(str, own.needs))}")
        if own is None or not value.is_number or not Domain((own,)).contains({symbol: value}):
            raise ValueError(f"{symbol} = {value} is no value of the range of {symbol}")
    return replace(about, given=statement.given)


def _check_symbols(about: Subject, statement: Statement) -> None:
    fixed: Expr | None = None
    if isinstance(statement, LimitValue):
        fixed = statement.value
    elif isinstance(statement, Comparison) and statement.given:
        fixed = statement.right
    if fixed is not None and fixed.has(*about.unknowns):
        raise ValueError(
            "a limit, or a value at one place, is compared with numbers and parameters: the "
            f"policy in {sstr(fixed)} moves with what has been given a value"
        )
    parts = [v for v in vars(statement).values() if isinstance(v, Expr)]
    known = {*about.policy.domain.symbols, *about.unknowns}
    if not isinstance(statement, Comparison):
        known.add(statement.variable)
    for symbol in sorted(set().union(*(p.free_symbols for p in parts)) - known, key=str):
        have = ", ".join(sorted(s.name for s in known))
        raise ValueError(f"the formula has {symbol}, but the question has {have} only")
