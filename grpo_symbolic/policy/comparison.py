"""Several algorithms on one question, in one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sympy import Eq, Expr, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.assumptions import listed
from grpo_symbolic.export.exhibit import Exhibit, Passage, Table
from grpo_symbolic.export.latex import Line, Written, formula
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.policy.many_answers import SimplexPolicy
from grpo_symbolic.policy.two_answers import StationaryPolicy

PI = symbols.pi


def comparison(*policies: StationaryPolicy | SimplexPolicy, names: Sequence[str] = ()) -> Exhibit:
    """Stationary policies of several algorithms on one question, in one theorem.

    Source: Vojnovic & Yun, arXiv 2502.18548, who compare GRPO with RLHF and NLHF. β is in advantage
    units.

    Parameters
    ----------
    *policies : StationaryPolicy
        Two or more, of questions with two answers.
    names : sequence of str
        What the algorithms are called; by their class and group size without it.

    Raises
    ------
    ValueError
        For fewer than two policies, more than two answers, different questions, or equal names.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> found = [gs.stationary_policy(a, gs.BinaryQuestion()) for a in (gs.RLHF(), gs.GRPO(2))]
    >>> gs.comparison(*found).title
    'Comparison of RLHF and GRPO'
    """
    found = [p for p in policies if isinstance(p, StationaryPolicy)]
    if len(found) != len(policies) or len(found) < 2:
        raise ValueError("a comparison needs two or more policies of a question with two answers")
    if any(p.question != found[0].question for p in found):
        raise ValueError("a comparison needs policies of one question")
    called = list(names) or [_name(p) for p in found]
    if len(called) != len(found) or len(set(called)) < len(called):
        raise ValueError(f"names must be one for each policy, all different, got {called}")
    lines: list[Line] = []
    # The first sentence of a setting is the question, which they share.
    question, *_ = found[0].exhibited().setting.partition(". ")
    settings = [f"{question}."]
    for name, policy in zip(called, found, strict=True):
        symbol = Symbol(f"pi_{len(lines)}", positive=True)
        notation = Notation(extra={symbol: rf"\pi_{{{_index(name)}}}(a)"})
        shown = policy.shown_as(0)
        for line in (*shown.formulas, *shown.where):
            if isinstance(line, Eq):
                sides = (formula(side.subs(PI, symbol), notation) for side in line.args)
                lines.append(Written(*sides))
            else:
                lines.append(line)
        settings.append(f"{name}: {policy.exhibited().setting.partition('. ')[2]}")
    ranges = dict.fromkeys(r for p in found for r in p.exhibited().domain.ranges if r.symbol != PI)
    return Exhibit(
        title="Comparison of " + listed([_plain(n) for n in called]),
        setting=" ".join(settings),
        domain=Domain(tuple(ranges)),
        formulas=tuple(lines),
        says="the stationary policies are given by",
        source="; ".join(p.exhibit.source for p in found),
        more=_limits_of(called, found),
        table=_table(called, found),
        proof=tuple(
            Passage((rf"\emph{{{name}.}} " if k == 0 else "") + passage.text, passage.lines)
            for name, policy in zip(called, found, strict=True)
            for k, passage in enumerate(_renamed(policy, name))
        ),
        sources=found[0].exhibited().sources,
        report=lambda: [v for p in found for v in p.verify()],
    )


def _table(names: Sequence[str], found: Sequence[StationaryPolicy]) -> Table:
    """What determines each policy, and where it tends."""
    rows, where = [], {}
    for name, policy in zip(names, found, strict=True):
        shown, *_ = policy.shown_as(0).formulas
        where |= dict.fromkeys(f"${formula(line)}$" for line in policy.shown_as(0).where)
        ends = (_limit(policy, value) for value in (0, oo))
        limits = (f"${formula(end)}$" if end is not None else "--" for end in ends)
        rows.append((name, f"${formula(shown)}$", *limits))
    head = ("", "Stationary policy", r"$\beta \to 0$", r"$\beta \to \infty$")
    return Table(head, tuple(rows), (f"Here {listed(list(where))}.",) if where else ())


def _limit(policy: StationaryPolicy, value: Expr | int) -> Expr | None:
    """Where a policy tends as the weight does; None where that is not known."""
    try:
        return policy.limit("beta", value)
    except ValueError:
        return None


def _renamed(policy: StationaryPolicy, name: str) -> tuple[Passage, ...]:
    """The proof of one of several policies, with names of lines of its own."""
    key = re.sub(r"[^A-Za-z0-9]+", "", name)
    return tuple(
        Passage(
            re.sub(r"\\eqref\{@([\w-]+)\}", rf"\\eqref{{@\1-{key}}}", passage.text),
            tuple((f"{n}-{key}" if n else "", line) for n, line in passage.lines),
        )
        for passage in policy.exhibited().proof
    )


def _name(policy: StationaryPolicy) -> str:
    size = policy.algorithm.group_size
    kind = type(policy.algorithm).__name__
    return kind if size is None else f"{kind}$_{{{formula(S(size))}}}$"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9 -]", "", name.partition("$")[0]) or "algorithms"


def _index(name: str) -> str:
    """A name as a subscript."""
    words, _, size = name.partition("$_{")
    return rf"\mathrm{{{words}}}" + (rf",\,{size.removesuffix('}$')}" if size else "")


def _limits_of(names: Sequence[str], found: Sequence[StationaryPolicy]) -> tuple[str, ...]:
    """Where the policies tend as the weight vanishes and grows, of those for which it is known."""
    sentences = []
    for value, end in ((0, r"\beta \to 0^{+}"), (oo, r"\beta \to \infty")):
        parts = []
        for name, policy in zip(names, found, strict=True):
            limit = _limit(policy, value)
            if limit is not None:
                parts.append(f"${formula(limit)}$ ({name})")
        if parts:
            sentences.append(f"As ${end}$, $\\pi(a)$ tends to {', '.join(parts)}.")
    return tuple(sentences)
