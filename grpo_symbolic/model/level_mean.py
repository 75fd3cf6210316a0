r"""V_G(r), the expected advantage of a reward, by name.

.. math:: V_G(r) = E[A(r;\; r, R_2, \dots, R_G)], \qquad R_i \sim m \text{ independent}

m the law of the reward of an answer drawn from the policy. An answer's preference is the mean of
V_G over its own reward law. Written out, V_G has a term for every way in which the others' rewards
fall on the levels: it stays a name, and is unfolded on request while that is short enough.
"""

from __future__ import annotations

from typing import Any

from sympy import Atom, Derivative, Dummy, Expr, S, Symbol, Tuple

from grpo_symbolic.bernstein_mean import part
from grpo_symbolic.domain import Domain
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.level_values import gaps, level_values


class Rule(Atom):
    """An advantage, and the ranges of the symbols of rewards, as a part of an expression."""

    def __new__(cls, advantage: Advantage, domain: Domain) -> Rule:
        found = Atom.__new__(cls)
        found.advantage, found.domain = advantage, domain
        return found

    __slots__ = ("advantage", "domain")
    advantage: Advantage
    domain: Domain

    def _hashable_content(self) -> tuple:
        return (self.advantage, self.domain)

    def __getnewargs__(self) -> tuple:
        return (self.advantage, self.domain)

    def __getstate__(self) -> None:
        return None

    def sort_key(self, order: Any = None) -> tuple:
        return self.class_key(), (1, (repr(self.advantage),)), S.One.sort_key(), S.One

    def _sympystr(self, printer: Any) -> str:
        return str(self.advantage)


class LevelMean(Expr):
    """The expected advantage of the level ``own``.

    Parameters
    ----------
    own : Expr
        One of the levels.
    size : Expr
        G.
    levels, masses : Tuple
        The law m of a drawn reward.
    rule : Rule
    rater : int, optional
        Whose rewards these are, where each group is scored by one of several raters: their laws m
        are different ones, and so are their means.

    Examples
    --------
    >>> from sympy import Rational, Tuple
    >>> from grpo_symbolic.model.advantage import ShiftAndScale
    >>> law = Tuple(2, 1, 0), Tuple(*[Rational(1, 3)] * 3)
    >>> value = LevelMean(S(2), S(3), *law, Rule(ShiftAndScale(), Domain()))
    >>> value, value.doit()
    (V_3(2), sqrt(6)/9 + 4*sqrt(2)/9)
    """

    is_commutative = True
    is_Function = True  # noqa: N815 - so that SymPy does not rewrite what is inside

    def __new__(
        cls, own: Any, size: Any, levels: Any, masses: Any, rule: Rule, *rater: Any
    ) -> LevelMean:
        whole = (S(own), S(size), Tuple(*levels), Tuple(*masses), rule, *map(S, rater))
        return Expr.__new__(cls, *whole)

    own: Expr = part(0)
    size: Expr = part(1)
    levels: Tuple = part(2)
    masses: Tuple = part(3)
    rule: Rule = part(4)

    @property
    def rater(self) -> Expr | None:
        return self.args[5] if len(self.args) > 5 else None  # type: ignore[return-value]

    def of_rater(self, number: int) -> LevelMean:
        """The same by the name of a rater."""
        return LevelMean(*self.args[:5], number)  # type: ignore[misc]

    @property
    def meaning(self) -> str:
        """The defining expectation, in TeX."""
        rule, size, index = self.rule.advantage.tex("r"), self.size, ""
        law = "m"
        if self.rater is not None:
            index, law = ",j", r"m_j \text{, the law of the rewards of rater } j,"
        return (
            rf"V_{{{size}{index}}}(r) = \mathrm{{E}}\left[{rule}\right] \text{{ in the group }} "
            rf"(r, R_2, \dots, R_{{{size}}}),\ R_i \sim {law} \text{{ independent}}"
        )

    def doit(self, **hints: Any) -> Expr:
        """Written out.

        Raises
        ------
        ValueError
            When it has too many terms, with their number.
        """
        forth, back = gaps(self.rule.domain)
        shown = {r: r.xreplace(forth) for r in self.levels}
        population = dict(zip(self.levels, self.masses, strict=True))
        domain = Domain(self.rule.domain.ranges).extended(*self.masses)
        found = level_values(self.rule.advantage, shown, population, self.size, domain)
        return found[self.own].xreplace(back)

    def count_ops(self, visual: Any = None) -> Any:
        return S.Zero if visual else 1

    def _eval_derivative(self, s: Symbol) -> Expr:
        return Derivative(self, s, evaluate=False) if self.has(s) else S.Zero

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_is_finite(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        index = "" if self.rater is None else f"_{self.rater}"
        return f"V_{printer._print(self.size)}{index}({printer._print(self.own)})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        index = "" if self.rater is None else f",{self.rater}"
        base = rf"V_{{{printer._print(self.size)}{index}}}\left({printer._print(self.own)}\right)"
        return base if exp is None else f"{base}^{{{exp}}}"


class PairMean(LevelMean):
    """The expected advantage of the level ``own`` in a group with another member of a known level.

    G − 1 times these are the derivatives of V_G in the masses of the levels.

    Parameters
    ----------
    own, size, levels, masses, rule
        As for :class:`LevelMean`.
    beside : Expr
        The level of the other member.

    Examples
    --------
    >>> from sympy import Rational, Tuple
    >>> from grpo_symbolic.model.advantage import ShiftAndScale
    >>> law = Tuple(2, 1, 0), Tuple(*[Rational(1, 3)] * 3)
    >>> value = PairMean(S(2), S(3), *law, Rule(ShiftAndScale(), Domain()), S(0))
    >>> value, value.doit()
    (V_3(2; 0), sqrt(6)/6 + sqrt(2)/2)
    """

    rater: None = None
    beside: Expr = part(5)

    @property
    def meaning(self) -> str:
        """The defining expectation, in TeX."""
        rule, size = self.rule.advantage.tex("r"), self.size
        return (
            rf"V_{{{size}}}(r; r') = \mathrm{{E}}\left[{rule}\right] \text{{ in the group }} "
            rf"(r, r', R_3, \dots, R_{{{size}}}),\ R_i \sim m \text{{ independent}}"
        )

    def doit(self, **hints: Any) -> Expr:
        names = [Dummy(f"m_{k}", positive=True) for k in range(len(self.levels))]
        whole = LevelMean(self.own, self.size, self.levels, names, self.rule).doit()
        known = names[self.levels.args.index(self.beside)]
        masses = dict(zip(names, self.masses, strict=True))
        return (whole.diff(known) / (self.size - 1)).xreplace(masses)

    def _sympystr(self, printer: Any) -> str:
        size, own, beside = map(printer._print, (self.size, self.own, self.beside))
        return f"V_{size}({own}; {beside})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        size, own, beside = map(printer._print, (self.size, self.own, self.beside))
        base = rf"V_{{{size}}}\left({own};\ {beside}\right)"
        return base if exp is None else f"{base}^{{{exp}}}"
