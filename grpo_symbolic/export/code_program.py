"""A formula as assignments that arrays can run: no digits lost, no branch that misbehaves.

The stable form of a closed form is written for exact reasoning. Arrays compute every branch at
every point, so a branch must be harmless where it is not taken, which also keeps gradients
finite; squares must not overflow, and a quotient inside an exponential must not be rounded. What
takes care of this are a few functions. They stand in exported code as they are written here:
their first argument, the array library's namespace, becomes its name there, and ``constant``
holds a value, the rest of its line, that is not differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sympy import (
    Add,
    Expr,
    Float,
    Function,
    Rational,
    Symbol,
    exp,
    fraction,
    powdenest,
    together,
)
from sympy.printing.pycode import PythonCodePrinter

from grpo_symbolic import symbols


def root_of(np: Any, linear: Any, rest: Any) -> Any:
    """The root of linear**2 + rest; a large square is taken out, before it overflows."""
    scale = np.constant(np.clip(np.abs(linear), 1, None))
    return scale * np.sqrt((linear / scale) ** 2 + rest / scale / scale)


def larger_root(np: Any, linear: Any, rest: Any, top: Any, leading: Any) -> Any:
    """(linear + root) / leading = top / (root - linear): the one that is no difference."""
    root = root_of(linear, rest)
    adds = linear >= 0
    # A branch that is not taken is divided by 1.
    above = (linear + root) / np.where(adds, leading * np.ones_like(linear), 1)
    below = top / np.where(adds, 1, root - linear)
    return at_most_one(np.where(adds, above, below))


def at_most_one(np: Any, policy: Any) -> Any:
    """A probability, which rounding may leave one unit above 1."""
    return policy - np.constant(np.clip(policy - 1, 0, None))


def share_of(np: Any, first: Any, rest: Any) -> Any:
    """first / (first + rest), from the smaller one of both."""
    total = first + rest
    divisor = np.where(total > 0, total, 1)
    return np.where((rest <= first) & (first > 0), 1 - rest / divisor, first / divisor)


def decay_of(np: Any, high: Any, low: Any, top: Any, bottom: Any) -> Any:
    """exp(-(high + low) * top / bottom): a rounded quotient would lose digits.

    It is whole + left / bottom, and ``high`` has so few digits that high * whole is exact.
    """
    exact = np.constant(top % bottom)
    whole = np.constant(np.clip(np.round((top - exact) / bottom), 0, 2.0**40))
    left = top - whole * bottom
    rounding = np.constant(exact - left)
    left = left + rounding
    return np.exp(-high * whole) * np.exp(-low * whole - (high + low) * left / bottom)


def scale_of(np: Any, value: Any) -> Any:
    """What keeps the powers of a number from overflowing when it is divided by it."""
    return np.constant(np.clip(value, 1, None))


class Call(Function):
    """A call of the last one of some of these functions, which uses the others."""

    functions: tuple[Callable[..., Any], ...]

    def _pythoncode(self, printer: PythonCodePrinter) -> str:
        """What SymPy's printers of Python ask an expression for."""
        arguments = ", ".join(printer.doprint(a) for a in self.args)
        return f"{self.functions[-1].__name__}({arguments})"


class RootOf(Call):
    functions = (root_of,)


class LargerRoot(Call):
    functions = (root_of, at_most_one, larger_root)


class AtMostOne(Call):
    functions = (at_most_one,)


class ShareOf(Call):
    functions = (share_of,)


class DecayOf(Call):
    functions = (decay_of,)


class ScaleOf(Call):
    functions = (scale_of,)


class InTwoParts(Function):
    """A number to 32 digits, as a double and what it lacks, plus a term close to it."""


_DIGITS = "An irrational number to 32 digits: its rounding would show in the difference."
# Whole numbers up to 2^12 times a number of so many bits are exact.
_FEW_BITS = 2**38

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
    form: Expr, stages: Iterable[tuple[Symbol, Expr]], names: Iterable[Symbol]
) -> Program:
    """The stable form of a probability as a program for arrays.

    Parameters
    ----------
    form : Expr
        A larger root in two branches, a quotient with one exponential, or one of powers of β.
    stages : iterable of (Symbol, Expr)
        Computed first; of a larger root ``linear`` and ``root`` (or l and d) are the last ones.
    names : iterable of Symbol
        The parameters; the program uses plain symbols of their names.

    Raises
    ------
    ValueError
        For a form of another kind.
    """
    plain = {s: Symbol(str(s), real=True) for s in names}
    stages = tuple(stages)
    if stages:
        lines, root = _root(form, stages, plain)
        return Program(lines, root)
    if form.has(exp):
        return _logistic(form.xreplace(plain))
    return _homogeneous(form, plain)


def _root(
    form: Expr, stages: tuple[tuple[Symbol, Expr], ...], plain: dict[Symbol, Symbol]
) -> tuple[tuple[Line, ...], LargerRoot]:
    """What is computed before, and a larger root: linear, rest, top and leading."""
    *stages, (root, spread) = stages
    taken, plain, lines = {str(s) for s in plain}, dict(plain), []
    for symbol, part in stages:
        name = _NAMES.get(str(symbol), str(symbol))
        plain[symbol] = Symbol(name if name not in taken else f"{name}_", real=True)
        value = _difference(part.xreplace(plain))
        lines.append(Line(plain[symbol], value, _DIGITS if value.has(InTwoParts) else ""))
    (above, condition), (below, _) = form.args
    linear = condition.lhs
    leading = 1 / above.expand().coeff(root)
    arguments = (linear, spread**2 - linear**2, below * (root - linear), leading)
    return tuple(lines), LargerRoot(*(a.xreplace(plain) for a in arguments))


def _difference(expr: Expr) -> Expr:
    """An irrational number less a parameter, the number to 32 digits: c·(±number ± s)."""
    content, inner = expr.as_independent(*expr.free_symbols, as_Add=False)
    if not isinstance(inner, Add) or len(inner.args) != 2:
        return expr
    numbers = [a for a in inner.args if a.is_number and not a.is_Rational]
    rest = inner - Add(*numbers)
    if len(numbers) != 1 or not (rest.is_Symbol or (-rest).is_Symbol):
        return expr
    return content * InTwoParts(*_parts(numbers[0], float(numbers[0])), rest)


def _parts(number: Expr, high: float) -> tuple[Expr, Expr]:
    """A double close to a number, and what it lacks."""
    return Float(high, 17), Float(float((number - Rational(high)).evalf(20)), 17)


def _homogeneous(form: Expr, plain: dict[Symbol, Symbol]) -> Program:
    """A form in powers of β as one in powers of β/s and 1/s, which do not overflow."""
    weight, inverse = (Symbol(name, positive=True) for name in ("relative", "inverse"))
    turned = together(form.subs(symbols.beta, weight / inverse))
    turned = together(powdenest(turned, force=True))
    beta, scale = plain.get(symbols.beta, symbols.beta), Symbol("scale", real=True)
    lines = (
        Line(scale, ScaleOf(beta), "Powers of beta would overflow."),
        Line(weight, beta / scale),
        Line(inverse, 1 / scale),
    )
    return Program(lines, AtMostOne(turned).xreplace(plain))


def _logistic(form: Expr) -> Program:
    """A quotient with one decaying exponential."""
    growths = form.atoms(exp)
    if len(growths) != 1:
        raise ValueError("code is written for a formula with one exponential")
    (growth,) = growths
    top, bottom = fraction(-growth.args[0])
    above, top = top.as_independent(Symbol, as_Add=False)
    below, bottom = bottom.as_independent(Symbol, as_Add=False)
    number = above / below
    high = round(float(number) * _FEW_BITS) / _FEW_BITS
    decay = Symbol("decay", real=True)
    line = Line(decay, DecayOf(*_parts(number, high), top, bottom))
    first, total = fraction(form.xreplace({growth: decay}))
    return Program((line,), ShareOf(first, total - first))
