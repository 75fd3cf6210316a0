"""SymPy expressions as array code: NumPy, jax.numpy and torch, by one printer."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Mul, Pow, Rational, S
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

from grpo_symbolic import symbols
from grpo_symbolic.export.code_program import InTwoParts


class ArrayPrinter(PythonCodePrinter):
    """Code for one array library.

    Parameters
    ----------
    namespace : str
        The name that the library has in the code: ``np``, ``jnp`` or ``torch``.
    """

    def __init__(self, namespace: str) -> None:
        super().__init__({"fully_qualified_modules": False})
        self.namespace = namespace

    def line(self, expr: Any) -> str:
        """The right side of an assignment."""
        text = self.doprint(expr)
        if text.startswith("((") and text.endswith(")") and isinstance(expr, InTwoParts):
            return text[1:-1]
        return text

    def call(self, name: str, *arguments: Any) -> str:
        return f"{self.namespace}.{name}({', '.join(self._print(a) for a in arguments)})"

    def _print_Piecewise(self, expr: Expr) -> str:
        *branches, (last, _) = expr.args
        text = self._print(last)
        for value, condition in reversed(branches):
            text = f"{self.namespace}.where({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_Pow(self, expr: Expr, **_: Any) -> str:
        base, power = expr.base, expr.exp
        if power.is_Rational and power < 0:
            inverse = Pow(base, -power)
            return f"1 / {self.parenthesize(inverse, PRECEDENCE['Pow'])}"
        if power == S.Half:
            return f"math.sqrt({self._print(base)})" if base.is_number else self.call("sqrt", base)
        if power == Rational(1, 3) and self.namespace != "torch":
            return self.call("cbrt", base)
        base_text = self.parenthesize(base, PRECEDENCE["Pow"])
        if power.is_Integer:
            return f"{base_text}**{power}"
        return f"{base_text} ** {self.parenthesize(power, PRECEDENCE['Pow'])}"

    def _print_Mul(self, expr: Expr) -> str:
        """Numbers, symbols, quotients."""
        top, bottom = _fraction(expr)
        sign = ""
        if top.as_coeff_Mul()[0] < 0:
            sign, top = "-", -top
        factors = sorted((f for f in _factors(top) if f != 1), key=_place)
        level = PRECEDENCE["Mul"]
        text = " * ".join(self.parenthesize(f, level) for f in factors) or "1"
        if bottom != 1:
            below = self._print(bottom)
            if bottom.is_Mul or bottom.is_Add:
                below = f"({below})"
            text += f" / {below}"
        return sign + text

    def _print_Add(self, expr: Expr, order: Any = None) -> str:
        """Terms in the order of SymPy's printer, one that is positive first."""
        content, primitive = expr.primitive()
        if content != 1 and all(abs(a.as_coeff_Mul()[0]) == 1 for a in primitive.args):
            return self._print_Mul(Mul(content, primitive, evaluate=False))
        terms = [self._print(t) for t in self._as_ordered_terms(expr, order=order)]
        terms.sort(key=lambda t: t.startswith("-"))
        text = terms[0]
        for term in terms[1:]:
            text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
        return text

    def _print_Rational(self, expr: Expr) -> str:
        return f"{expr.p} / {expr.q}"

    def _print_Half(self, expr: Expr) -> str:
        return "0.5"

    def _print_Float(self, expr: Expr) -> str:
        return repr(float(expr))

    def _print_exp(self, expr: Expr) -> str:
        return self.call("exp", *expr.args)

    def _print_log(self, expr: Expr) -> str:
        return self.call("log", *expr.args)

    def _print_Abs(self, expr: Expr) -> str:
        return self.call("abs", *expr.args)

    def _print_InTwoParts(self, expr: Expr) -> str:
        high, low, term = expr.args
        sign = "-" if low < 0 else "+"
        return f"(({self._print(high + term)}) {sign} {self._print(abs(low))})"


def _factors(expr: Expr) -> tuple[Expr, ...]:
    return expr.args if isinstance(expr, Mul) else (expr,)


def _fraction(expr: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator; an exponential that decays stays above."""
    above, below = [], []
    for f in _factors(expr):
        if f.is_Rational:
            above.append(Integer(f.p))
            below.append(Integer(f.q))
        elif isinstance(f, Pow) and f.exp.is_Rational and f.exp < 0:
            below.append(Pow(f.base, -f.exp))
        else:
            above.append(f)
    parts = ([f for f in side if f != 1] for side in (above, below))
    top, bottom = (
        side[0] if len(side) == 1 else Mul(*side, evaluate=False) if side else S.One
        for side in parts
    )
    return top, bottom


def _place(factor: Expr) -> tuple[int, str]:
    """Numbers first, then parameters by name, then sums."""
    if factor.is_number:
        return 0, str(factor)
    names = (str(symbols.beta), str(symbols.gamma))
    if factor.is_Symbol:
        return 1, str(names.index(str(factor))) if str(factor) in names else str(factor)
    return 2, str(factor)
