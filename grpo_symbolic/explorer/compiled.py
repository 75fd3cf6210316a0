r"""The stationarity equation of two answers as JavaScript, for a page without a server.

β · force = drift, and both sides are compiled from the model itself. In a finite group the drift is
a mean over the G − 1 other members,

.. math:: D_G(m) = \sum_{k=0}^{G-1} \binom{G-1}{k}\, c_k\, m^k (1 - m)^{G-1-k},
          \qquad c_k = A(\mathrm{high} \mid k) - A(\mathrm{low} \mid k),

with the advantage A of an answer when k of the others are better: for every rule, with G and ε as
symbols, so that a page has every group size. In a large group it is a formula in m. The force is
:math:`d(\pi_{\mathrm{ref}}/\pi)` of one answer less that of the other. Where groups of equal
rewards are dropped, both are multiplied by what :func:`stationarity_condition` says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sympy import Expr, Rational, S, Symbol, oo
from sympy.printing.jscode import JavascriptCodePrinter

from grpo_symbolic import __all__ as package_names
from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.domain import Domain
from grpo_symbolic.explorer import choices
from grpo_symbolic.explorer.formulas import balance_of, formulas
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.numeric.formula import REST
from grpo_symbolic.presets import Preset, all_presets
from grpo_symbolic.registry import ADVANTAGES

# An ε that no other number in a repr is.
_MARK = Rational(1, 1009)
G, T, SHARE, EPSILON = symbols.G, symbols.t, symbols.share, symbols.epsilon


class _Printer(JavascriptCodePrinter):
    """Expressions in numbers; a sum over the group is a loop."""

    def _print_Sum(self, expr: Expr) -> str:
        term, (index, low, high) = expr.args
        return (
            f"sumOver({self._print(low)}, {self._print(high)}, "
            f"({self._print(index)}) => {self._print(term)})"
        )

    _print_GroupSum = _print_Sum  # noqa: N815 - the printer looks for this name

    def _print_binomial(self, expr: Expr) -> str:
        return f"binomial({', '.join(self._print(a) for a in expr.args)})"


def javascript(expr: Expr) -> str:
    """An expression in real symbols, each by its name; a half is exact in binary."""
    return _Printer().doprint(expr)


@dataclass(frozen=True)
class Rule:
    """The drift of one rule, for every group size.

    Attributes
    ----------
    advantage : Advantage
        With ``symbols.epsilon`` where it takes one.
    first, between, last : Expr
        c_k at k = 0, at 0 < k < G − 1 with ``symbols.t`` = k/(G − 1), and at k = G − 1; in
        ``symbols.G`` and ``symbols.epsilon``.
    large : Expr
        D(m) of the large group, in ``symbols.share`` and ``REST`` = 1 − m.
    margin : Expr or None
        The drift of groups of two with a confidence margin, in ``symbols.gamma``; None where a
        margin does not fix it.
    """

    advantage: Advantage
    first: Expr
    between: Expr
    last: Expr
    large: Expr
    margin: Expr | None

    @classmethod
    def of(cls, advantage: Advantage) -> Rule:
        """From the advantage of an answer in a group of two reward levels, 1 and 0."""
        group = TwoLevel(advantage, G, S.One, S.Zero, Domain.of(G, EPSILON))
        many = TwoLevel(advantage, oo, S.One, S.Zero, Domain.of(EPSILON))
        high, low = (
            _in_group(group, level, (T * (G - 1) + own) / G)
            for own, level in ((1, S.One), (0, S.Zero))
        )
        return cls(
            advantage,
            _in_group(group, S.One, 1 / G) - _in_group(group, S.Zero, S.Zero),
            high - low,
            _in_group(group, S.One, S.One) - _in_group(group, S.Zero, (G - 1) / G),
            many.unfolded_drift(SHARE).subs(1 - SHARE, REST),
            _with_margin(advantage),
        )

    @property
    def javascript(self) -> str:
        margin = "null" if self.margin is None else f"(gamma) => {javascript(self.margin)}"
        return (
            f"{{first: (G, epsilon) => {javascript(self.first)},\n"
            f" between: (t, G, epsilon) => {javascript(self.between)},\n"
            f" last: (G, epsilon) => {javascript(self.last)},\n"
            f" large: (m, rest, epsilon) => {javascript(self.large)},\n margin: {margin}}}"
        )


def _in_group(group: TwoLevel, level: Expr, fraction: Expr) -> Expr:
    """A(level) in a group with this fraction of better answers."""
    value = group.advantage(level, group.law(fraction), G, group.domain.extended(T))
    return tidy(value, group.domain.extended(T))


def _with_margin(advantage: Advantage) -> Expr | None:
    if advantage.epsilon != 0 or not (advantage.scale_invariant and advantage.shift_invariant):
        return None
    question = BinaryQuestion(margin=symbols.gamma)
    return balance_of(GRPO(2, advantage=advantage), question).drift.expression


@cache
def rules() -> dict[str, dict[str, Rule]]:
    """The rules that are offered, by name; of each its variants: ``ddof`` and whether ε is 0.

    ε = 0 is a rule of its own, because then 0/0 is. A rule that has no formula with the group size
    as a symbol is left out.
    """
    found: dict[str, dict[str, Rule]] = {}
    for name in choices.advantages():
        for key, advantage in choices.variants(name):
            try:
                rule = Rule.of(advantage)
            except ValueError:
                continue
            found.setdefault(name, {})[key] = rule
    return found


# -- algorithms whose drift is a number times the difference of expected rewards -----------------


def _names() -> tuple[str, ...]:
    return tuple(name.partition(":")[2] for name in _levels())


@cache
def _levels() -> dict[str, tuple[str, Expr]]:
    """What is climbed without a group, and its multiple of s_a − s_b, by the first preset."""
    found: dict[str, tuple[str, Expr]] = {}
    for preset in all_presets():
        multiple, meaning = _level(preset.algorithm), _meaning(preset.algorithm)
        if multiple is not None and meaning not in (known for known, _ in found.values()):
            found[f"level:{preset.name}"] = meaning, multiple
    return found


def _meaning(algorithm: Algorithm) -> str:
    return (
        algorithm.meaning.replace("$", "")
        .replace(r"\pi_{\mathrm{ref}}", "π_ref")
        .replace(r"\pi", "π")
    )


def _level(algorithm: Algorithm) -> Expr | None:
    if _named_rule(algorithm) is not None:
        return None
    try:
        drift = balance_of(algorithm, BinaryQuestion(success=symbols.success)).drift.expression
    except ValueError:
        return None
    multiple = (drift / (symbols.success[0] - symbols.success[1])).cancel()
    return None if multiple.free_symbols else multiple


# -- presets -------------------------------------------------------------------------------------


@cache
def preset_states() -> dict[str, dict[str, Any]]:
    """Presets as settings of the page, by name; what the page has no controls for is left out."""
    found = {}
    for preset in all_presets():
        state = _state(preset)
        if state is not None:
            found[preset.name] = state
    return found


def _state(preset: Preset) -> dict[str, Any] | None:
    algorithm = preset.algorithm
    names = [name for name, known in choices.penalties().items() if known == algorithm.penalty]
    names += [
        name
        for name, known in choices.penalties().items()
        if known.marginal() == algorithm.penalty.marginal()
    ]
    if not names:
        return None
    state: dict[str, Any] = {"penalty": names[0], "mixed": algorithm.mixed_only}
    if _level(algorithm) is not None:
        levels = _levels().items()
        key = next(name for name, (said, _) in levels if said == _meaning(algorithm))
        return state | {"rule": key, "mixed": False}
    named = _named_rule(algorithm)
    if named is None:
        return None
    name, ddof, epsilon = named
    size = "oo" if algorithm.group_size == oo else int(algorithm.group_size)
    return state | {"rule": name, "ddof": ddof, "epsilon": float(epsilon), "size": size}


def _named_rule(algorithm: Algorithm) -> tuple[str, int, Expr] | None:
    """The rule of an algorithm by name, and its options; None for one that is not offered."""
    rule = algorithm.advantage
    if rule is None or getattr(algorithm, "penalised_before_baseline", False):
        return None
    for name in choices.advantages():
        for ddof in choices.DDOFS:
            if choices.advantage(name, ddof, rule.epsilon) == rule:
                return name, ddof, rule.epsilon
    return None


# -- the program -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """What a page computes with.

    Attributes
    ----------
    penalties : dict of str to Penalty
    """

    penalties: dict[str, Penalty]

    @property
    def javascript(self) -> str:
        """``const EQUATIONS = …``: functions of numbers, and the words that go with them."""
        return "\n".join(
            [
                self.equations,
                "Object.assign(EQUATIONS, {",
                f"levels: {{{self._level_table()}}},",
                f"presets: {_json(preset_states())},",
                f"pooling: {_json(preset_states()['rlhf'])},",
                f"sizes: {_json(choices.GROUP_SIZES)},",
                f"tex: {_json(formulas(self.penalties, _names()))},",
                "});",
            ]
        )

    @cached_property
    def equations(self) -> str:
        """``const EQUATIONS = …`` with the functions of rules and penalties alone."""
        return (
            "const EQUATIONS = {levels: {},\n"
            f"rules: {{{self._rule_table()}}},\n"
            f"penalties: {{{self._penalty_table()}}},\n"
            f"mixed: {self._mixed()}}};"
        )

    def _level_table(self) -> str:
        return ",\n".join(
            f"{_json(name)}: {{title: {_json(meaning)}, value: {javascript(multiple)}}}"
            for name, (meaning, multiple) in _levels().items()
        )

    def _rule_table(self) -> str:
        entries = []
        for name, variants in rules().items():
            body = ",\n".join(f"{_json(key)}: {rule.javascript}" for key, rule in variants.items())
            words = {
                "title": choices.advantages()[name],
                "options": list(ADVANTAGES.options(name)),
                "source": {key: _source(name, key) for key in variants},
            }
            entries.append(f"{_json(name)}: {{words: {_json(words)}, variants: {{{body}}}}}")
        return ",\n".join(entries)

    def _penalty_table(self) -> str:
        return ",\n".join(
            f"{_json(name)}: {{marginal: (u) => {javascript(penalty.marginal())}, "
            f"ends: [{', '.join(_number(end) for end in penalty.link_range)}], "
            f"monotone: {_json(penalty.monotone)}, "
            f"exerts: {_json(penalty.marginal().has(symbols.u))}, "
            f"acts: {_json(penalty.acts_as)}, source: {_json(_public(repr(penalty)))}}}"
            for name, penalty in self.penalties.items()
        )

    def _mixed(self) -> str:
        balance = balance_of(GRPO(G, mixed_only=True), BinaryQuestion(success=symbols.success))
        assert balance.group is not None
        arguments = ", ".join(s.name for s in (symbols.pi, *symbols.success, G))
        rates = ", ".join(javascript(_plain(rate)) for rate in balance.force.rates)
        factor = javascript(_plain(balance.group.factor))
        return f"{{factor: ({arguments}) => {factor},\n rates: ({arguments}) => [{rates}]}}"


def _source(name: str, key: str) -> str:
    """Python that builds a rule; its ε is called EPSILON."""
    ddof, stabilised = key.split(",")
    text = repr(choices.advantage(name, int(ddof), _MARK if stabilised == "1" else 0))
    return _public(text.replace(str(_MARK), "EPSILON"))


def _public(text: str) -> str:
    """Names of the package with ``gs.`` before them."""
    public = "|".join(sorted(package_names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.'])({public})(?=[(.])", r"gs.\1", text)


def _plain(expr: Expr) -> Expr:
    """Names without assumptions, so that nothing is rewritten while it is printed."""
    return expr.xreplace({s: Symbol(s.name) for s in expr.free_symbols})


@cache
def program(*more: Penalty) -> Program:
    """The program of everything that the controls offer, and of further penalties."""
    offered = dict(choices.penalties())
    return Program(offered | {choices.name_of(penalty): penalty for penalty in more})


def _number(value: Expr) -> str:
    if value.is_infinite:
        return "-Infinity" if value == -oo else "Infinity"
    return javascript(value)


def _json(value: Any) -> str:
    """JSON that can stand in a script element."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
