"""A formula as assignments that arrays can run: no digits lost, no branch that misbehaves.

The stable form of a closed form is written for exact reasoning. Arrays compute every branch at
every point, so a branch must be harmless where it is not taken (its denominator is replaced by 1
there, which also keeps gradients finite), squares must not overflow, and a quotient inside an
exponential must not be rounded. Two styles: ``exact`` for NumPy, and ``differentiable`` for
libraries that differentiate, where a square root may not be taken of a parameter that is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Float,
    Function,
    Gt,
    Le,
    Max,
    Min,
    Piecewise,
    Pow,
    Rational,
    S,
    Symbol,
    exp,
    fraction,
    powdenest,
    sqrt,
    together,
)

from grpo_symbolic import symbols

__all__ = [
    "DIFFERENTIABLE",
    "EXACT",
    "Constant",
    "Hypot",
    "InTwoParts",
    "Line",
    "Nearest",
    "Program",
    "Remainder",
    "TwiceOver",
    "array_program",
]

EXACT, DIFFERENTIABLE = "exact", "differentiable"


class Hypot(Function):
    """The root of the sum of two squares, without overflow."""


class Remainder(Function):
    """What division leaves, exactly, with the sign of the first argument."""


class Nearest(Function):
    """The nearest integer."""


class Constant(Function):
    """A value that is not differentiated."""


class InTwoParts(Function):
    """A number to 32 digits, as a double and what it lacks, plus a term close to it."""


class TwiceOver(Function):
    """a over b over b, one after the other: b * b may overflow."""


_DIGITS = "An irrational number to 32 digits: its rounding would show in the difference."

# What the stages of a quartic are called in code.
_NAMES = {
    "a_1": "linear_coefficient",
    "a_0": "constant_coefficient",
    "u": "cube_root",
    "y_0": "y_first",
    "y_1": "y_second",
    "k": "root_of_y",
    "K": "secant",
    "e": "factor",
    "l": "linear",
    "q": "product",
    "d": "root",
}


@dataclass(frozen=True)
class Line:
    """One assignment, with a comment above it."""

    symbol: Symbol
    value: Expr
    comment: str = ""


@dataclass(frozen=True)
class Program:
    """Assignments in order, then the value.

    Attributes
    ----------
    lines : tuple of Line
    value : Expr
    """

    lines: tuple[Line, ...]
    value: Expr

    @property
    def names(self) -> set[str]:
        """Names of the parameters that are used."""
        own = {line.symbol for line in self.lines}
        used = self.value.free_symbols.union(*(line.value.free_symbols for line in self.lines))
        return {str(s) for s in used - own}


def array_program(
    form: Expr, stages: Iterable[tuple[Symbol, Expr]], names: Iterable[Symbol], style: str
) -> Program:
    """The stable form of a probability as a program for arrays.

    Parameters
    ----------
    form : Expr
        A Piecewise of two branches at most.
    stages : iterable of (Symbol, Expr)
        Computed first.
    names : iterable of Symbol
        The parameters; the program uses plain symbols of their names.
    style : {EXACT, DIFFERENTIABLE}
    """
    writer = _Writer(style)
    plain = {s: Symbol(str(s), real=True) for s in names}
    stages = tuple(stages)
    taken = {str(s) for s in names}
    for symbol, _ in stages:
        name = _NAMES.get(str(symbol), str(symbol))
        plain[symbol] = Symbol(name if name not in taken else f"{name}_", real=True)
    if not stages and form.has(symbols.beta**2):
        return writer.both_ends(form, plain)
    for symbol, part in stages:
        value = writer.value(part.xreplace(plain))
        writer.assign(plain[symbol], value, _DIGITS if value.has(InTwoParts) else "")
    return writer.program(form.xreplace(plain))


class _Writer:
    def __init__(self, style: str) -> None:
        self.style = style
        self.lines: list[Line] = []

    @property
    def exact(self) -> bool:
        return self.style == EXACT

    def assign(self, symbol: Symbol, value: Expr, comment: str = "") -> Symbol:
        self.lines.append(Line(symbol, value, comment))
        return symbol

    # -- parts -------------------------------------------------------------------------

    def value(self, expr: Expr) -> Expr:
        """A stage: squares that may overflow and differences with an irrational number."""
        found = self._difference(expr)
        if found is not None:
            return found
        if isinstance(expr, Pow) and expr.exp == S.Half and isinstance(expr.base, Add):
            square, rest = _square_and_rest(expr.base)
            if square is not None:
                return self._root(square, rest)
        return expr

    def _root(self, square: Symbol, rest: Expr) -> Expr:
        if self.exact:
            return Hypot(square, sqrt(rest))
        scale = self.assign(
            Symbol("scale", positive=True),
            Constant(1 + Abs(square)),
            "The square of a large number overflows: taken out, as a constant.",
        )
        relative = self.assign(Symbol(f"{square}_scaled", real=True), square / scale)
        return scale * sqrt(relative**2 + TwiceOver(rest, scale))

    def _difference(self, expr: Expr) -> Expr | None:
        """An irrational number less a parameter, the number to 32 digits: c·(±number ± s)."""
        if not self.exact:
            return None
        content, inner = expr.as_independent(*expr.free_symbols, as_Add=False)
        if not isinstance(inner, Add) or len(inner.args) != 2:
            return None
        numbers = [a for a in inner.args if a.is_number and not a.is_Rational]
        if len(numbers) != 1:
            return None
        rest = inner - numbers[0]
        if not (rest.is_Symbol or (-rest).is_Symbol):
            return None
        high = Float(float(numbers[0]), 17)
        low = Float(float((numbers[0] - Rational(float(numbers[0]))).evalf(20)), 17)
        return content * InTwoParts(high, low, rest)

    # -- programs ------------------------------------------------------------------------

    def program(self, form: Expr) -> Program:
        if isinstance(form, Piecewise):
            return self._limited(self._branches(form))
        if form.has(exp):
            return self._logistic(form)
        return self._limited(form)

    def _branches(self, form: Piecewise) -> Expr:
        (first, condition), (second, _) = form.args
        adds = self.assign(Symbol("adds", real=True), condition)
        found = []
        for value, side in ((first, "above"), (second, "below")):
            top, bottom = fraction(value)
            if bottom.free_symbols:
                pair = (bottom, 1) if side == "above" else (1, bottom)
                comment = "" if found else "A branch that is not taken is divided by 1."
                symbol = Symbol(f"divisor_{side}", real=True)
                self.assign(symbol, Piecewise((pair[0], adds), (pair[1], True)), comment)
                value = top / symbol
            found.append(value)
        return Piecewise((found[0], adds), (found[1], True))

    def _limited(self, value: Expr) -> Program:
        """A probability: rounding may leave it one unit above 1."""
        if self.exact:
            return Program(tuple(self.lines), Min(value, 1))
        policy = self.assign(Symbol("policy", real=True), value)
        return Program(tuple(self.lines), policy - Constant(Max(policy - 1, 0)))

    def both_ends(self, form: Expr, plain: dict[Symbol, Symbol]) -> Program:
        """A form in powers of β: above 1 in those of 1/β, which do not overflow."""
        inverse = Dummy("inverse", positive=True)
        turned = fraction(together(powdenest(form.subs(symbols.beta, 1 / inverse), force=True)))
        # Divided by the growing power, which is the denominator of both.
        top, bottom = (together(part) for part in turned)
        turned = fraction(together(top / bottom))
        beta = plain.get(symbols.beta, symbols.beta)
        small, large = Symbol("beta_below", real=True), Symbol("inverse", real=True)
        below = self.assign(Symbol("below", real=True), Le(beta, 1))
        self.assign(small, Piecewise((beta, below), (1, True)))
        above = self.assign(
            Symbol("beta_above", real=True),
            Piecewise((1, below), (beta, True)),
            "Above 1 the formula in 1 / beta: powers of beta would overflow.",
        )
        self.assign(large, 1 / above)
        first = form.subs(symbols.beta, small).xreplace(plain)
        second = (turned[0] / turned[1]).subs(inverse, large).xreplace(plain)
        parts = []
        for value, name in ((first, "small"), (second, "large")):
            top, bottom = fraction(value)
            for k, root in enumerate(sorted(_roots(top), key=str)):
                symbol = Symbol(f"root_{name}" + (f"_{k}" if k else ""), real=True)
                top = top.xreplace({root: self.assign(symbol, root)})
            parts.append(self.assign(Symbol(f"policy_{name}", real=True), top / bottom))
        return self._limited(Piecewise((parts[0], below), (parts[1], True)))

    def _logistic(self, form: Expr) -> Program:
        """A quotient with one decaying exponential."""
        (growth,) = form.atoms(exp)
        decay = self.assign(Symbol("decay", real=True), self._decay(-growth.args[0]))
        top, bottom = fraction(form.xreplace({growth: decay}))
        total = Symbol("total", real=True)
        self.assign(Symbol("total", real=True), bottom)
        safe = Piecewise((total, Gt(total, 0)), (1, True))
        divisor = self.assign(
            Symbol("divisor", real=True), safe, "0 only where pi_ref is, and the exponential too."
        )
        if self.exact:
            return Program(tuple(self.lines), top / divisor)
        # The slope of a share near 1 is that of the other share, in which nothing cancels.
        rest = bottom - top
        policy = Piecewise((1 - rest / divisor, rest <= top), (top / divisor, True))
        return Program(tuple(self.lines), policy)

    def _decay(self, exponent: Expr) -> Expr:
        """exp(−exponent) for a quotient: whole and remainder, both exact."""
        top, bottom = fraction(exponent)
        if not self.exact or len(bottom.free_symbols) != 1 or not bottom.is_polynomial():
            return exp(-exponent)
        ratio, numerator = top.as_independent(*top.free_symbols, as_Add=False)
        if not top.free_symbols:
            ratio, numerator = top, S.One
        content, divisor = bottom.as_independent(*bottom.free_symbols, as_Add=False)
        ratio = ratio / content
        if not (divisor.is_Symbol and (numerator.is_Symbol or numerator == 1)):
            return exp(-exponent)
        low = None
        if not ratio.is_Rational:
            if numerator != 1:
                return exp(-exponent)
            numerator = Float(float(ratio), 17)
            low = Float(float((ratio - Rational(float(ratio))).evalf(20)), 17)
            ratio = S.One
        if ratio.p == 1 and ratio.q & (ratio.q - 1) == 0:
            divisor, ratio = ratio.q * divisor, S.One
        elif numerator == 1 and ratio.q & (ratio.q - 1) == 0:
            numerator, ratio = ratio, S.One  # exact in floating point
        remainder = self.assign(
            Symbol("remainder", real=True),
            Remainder(numerator, divisor),
            f"{numerator} over {divisor} is whole + remainder over {divisor}: the exponential of "
            "a rounded quotient would lose digits.",
        )
        whole = self.assign(Symbol("whole", real=True), Nearest((numerator - remainder) / divisor))
        if ratio == 1:
            rest = remainder / divisor if low is None else (remainder + low) / divisor
            return self._decays(whole) * exp(-rest)
        # p/q of it: p · whole = q · quotient + left, in integers.
        left = self.assign(Symbol("left", real=True), Remainder(ratio.p * whole, ratio.q))
        quotient = self.assign(
            Symbol("quotient", real=True), Nearest((ratio.p * whole - left) / ratio.q)
        )
        return self._decays(quotient) * exp(-(left + ratio.p * remainder / divisor) / ratio.q)

    def _decays(self, whole: Symbol) -> Symbol:
        return self.assign(Symbol("decay_of_whole", real=True), exp(-whole))


def _square_and_rest(total: Add) -> tuple[Symbol | None, Expr]:
    for term in total.args:
        if isinstance(term, Pow) and term.exp == 2 and term.base.is_Symbol:
            return term.base, total - term
    return None, total


def _roots(expr: Expr) -> set[Expr]:
    return {p for p in expr.atoms(Pow) if p.exp == S.Half and p.free_symbols}
