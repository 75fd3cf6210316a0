r"""LaTeX as an author would write it.

SymPy's own printer knows nothing of how this field sets its formulas: constants
before terms before radicals, one fraction β/γ for a ratio of parameters with the
probabilities outside it, one radical for a product of radicals, and
:math:`\tfrac12(\dots)` for a sum with a common numeric factor. The printer below
decides only about layout: it never changes a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sympy import (
    Add,
    Expr,
    Function,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    binomial,
    exp,
    igcd,
    log,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.printing.latex import LatexPrinter

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation, own_notation
from grpo_symbolic.export.widths import PAGE

_PROBABILITIES = frozenset({symbols.pi, symbols.pi_ref})
# A sum below the line with a larger common denominator, such as 1/10000 + s, is left as it is.
_LARGEST_DENOMINATOR = 100

#: Elementary functions under their usual names.
_FUNCTIONS = {
    **{f: rf"\{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "coth")},
    **{f"a{f}": rf"\arc{f}" for f in ("sin", "cos", "tan")},
    **{f"a{f}": rf"\operatorname{{arc{f}}}" for f in ("cot", "sec", "csc")},
    **{f"a{f}h": rf"\operatorname{{ar{f}h}}" for f in ("sin", "cos", "tan", "cot", "sec", "csc")},
}


class _Printer(LatexPrinter):
    """Layout rules on top of SymPy's LaTeX printer."""

    def __init__(self, notation: Notation) -> None:
        if not isinstance(notation, Notation):
            raise ValueError(f"notation must be a Notation, got {notation!r}")
        layout = {"symbol_names": notation.names(), "mul_symbol": None, "fold_frac_powers": True}
        super().__init__(layout)
        self._notation = notation

    def _print_Symbol(self, expr: Symbol, style: str = "plain") -> str:
        """Members of a family (π of answer 2) are named by the catalogue."""
        if expr in self._settings["symbol_names"]:
            return super()._print_Symbol(expr, style)
        known = symbols.describe(expr)
        plain = super()._print_Symbol(expr, style) if known is None else known.tex
        return self._notation.rewritten(plain)

    # -- sums ------------------------------------------------------------------

    def _print_Add(self, expr: Add, order: object = None) -> str:
        shared = _shared_denominator(expr)
        if shared > 1:
            return self._scaled(Rational(1, shared), Add(*(shared * t for t in expr.args)))
        terms = sorted(expr.args, key=_rank)
        if _is_negative(terms[0]):
            terms.sort(key=lambda t: (_is_negative(t), _rank(t)))
        parts: list[str] = []
        for term in terms:
            negative = _is_negative(term)
            shown = self._print(-term if negative else term)
            if negative and isinstance(term, Add):
                shown = self._wrapped(shown)
            if not parts:
                parts.append(f"-{shown}" if negative else shown)
            else:
                parts.append(f"{'-' if negative else '+'} {shown}")
        return " ".join(parts)

    def _scaled(self, content: Rational, inner: Expr) -> str:
        sign = "-" if content < 0 else ""
        top, bottom = abs(content.p), content.q
        return f"{sign}\\frac{{{top}}}{{{bottom}}}{self._wrapped(self._print(inner))}"

    @staticmethod
    def _wrapped(shown: str) -> str:
        return rf"\left({shown}\right)"

    # -- products ------------------------------------------------------------------

    def _print_Mul(self, expr: Mul) -> str:
        if _is_negative(expr):
            return f"-{self._print(-expr)}"
        coefficient, above, below = _reduced(*_cleared(*_parts(expr)))
        if not below and coefficient.q != 1 and len(above) == 1 and isinstance(above[0], Add):
            return self._scaled(coefficient, above[0])
        parameters = [f for f in above if not f.free_symbols & _PROBABILITIES and _is_monomial(f)]
        others = [f for f in above if f not in parameters]
        if (
            below
            and parameters
            and others
            and all(_is_monomial(f) for f in below)
            and not any(f.free_symbols & _PROBABILITIES for f in below)
        ):
            front = self._fraction_or_number(coefficient)
            ratio = rf"\frac{{{self._factors(parameters)}}}{{{self._factors(below)}}}"
            return " ".join(x for x in (front, ratio, self._beside(others)) if x)
        if not below and coefficient.q != 1:
            if all(_is_monomial(f) for f in above):
                top = [Integer(coefficient.p)] if coefficient.p != 1 else []
                return rf"\frac{{{self._factors([*top, *above])}}}{{{coefficient.q}}}"
            numbers = [f for f in above if f.is_number]
            rest = [f for f in above if not f.is_number]
            top = [Integer(coefficient.p)] if coefficient.p != 1 or not numbers else []
            front = rf"\frac{{{self._factors([*top, *numbers])}}}{{{coefficient.q}}}"
            return f"{front} {self._beside(rest)}" if rest else front
        if not below:
            number = [Integer(coefficient.p)] if coefficient.p != 1 else []
            return self._factors([*number, *above])
        roots = [f for f in above if _is_root(f)]
        if coefficient == 1 and roots and all(_is_root(f) for f in below):
            top, bottom = (
                self._factors(sorted((f.base for f in part), key=_factor_rank))
                for part in (roots, below)
            )
            rest = [f for f in above if not _is_root(f)]
            front = f"{self._beside(sorted(rest, key=_factor_rank))} " if rest else ""
            return rf"{front}\sqrt{{\frac{{{top}}}{{{bottom}}}}}"
        content = Integer(1)
        primitive = []
        for f in below:
            c, rest = f.as_content_primitive() if isinstance(f, Add) else (Integer(1), f)
            if c.q > _LARGEST_DENOMINATOR:
                c, rest = Integer(1), f
            content *= c
            primitive.append(rest)
        coefficient /= content
        top = [Integer(coefficient.p)] if coefficient.p != 1 or not above else []
        bottom = [Integer(coefficient.q)] if coefficient.q != 1 else []
        return (
            rf"\frac{{{self._factors([*top, *above])}}}{{{self._factors([*bottom, *primitive])}}}"
        )

    @staticmethod
    def _fraction_or_number(value: Rational) -> str:
        if value.q != 1:
            return rf"\frac{{{value.p}}}{{{value.q}}}"
        return "" if value.p == 1 else str(value.p)

    def _beside(self, factors: Sequence[Expr]) -> str:
        """Factors that stand beside a fraction: a lone sum needs its brackets."""
        return self._factor(factors[0]) if len(factors) == 1 else self._factors(factors)

    def _factors(self, factors: Sequence[Expr]) -> str:
        if len(factors) == 1:
            return self._print(factors[0])
        inside = [f.base for f in factors if _is_root(f)]
        plain = sorted((f for f in factors if not _is_root(f)), key=_factor_rank)
        shown = [self._factor(f) for f in plain]
        if inside:
            shown.append(rf"\sqrt{{{self._factors(sorted(inside, key=_factor_rank))}}}")
        return " ".join(shown)

    def _factor(self, factor: Expr) -> str:
        shown = self._print(factor)
        bare = isinstance(factor, Add) and _shared_denominator(factor) == 1
        return self._wrapped(shown) if bare else shown

    # -- functions ---------------------------------------------------------------

    def _print_log(self, expr: log, exp: object = None) -> str:
        return self._applied(r"\log", expr, exp)

    def _applied(self, name: str, expr: Function, exp: object = None) -> str:
        argument = self._print(expr.args[0])
        # A sum or a product may begin with a fraction, too.
        fraction = argument.startswith(r"\frac") and not isinstance(expr.args[0], Add)
        simple = (fraction and argument.endswith("}")) or expr.args[0].is_Symbol
        shown = rf"{name} {argument}" if simple else rf"{name}{self._wrapped(argument)}"
        return shown if exp is None else rf"{self._wrapped(shown)}^{{{exp}}}"

    def _print_Function(self, expr: Function, exp: object = None) -> str:
        if isinstance(expr, AppliedUndef):
            arguments = ", ".join(self._print(a) for a in expr.args)
            tall = any(r"\frac" in self._print(a) for a in expr.args)
            inside = self._wrapped(arguments) if tall else f"({arguments})"
            return f"{self._hprint_Function(type(expr).__name__)}{inside}"
        name = _FUNCTIONS.get(type(expr).__name__)
        if name is None:
            return super()._print_Function(expr, exp)
        return self._applied(name, expr, exp)

    def _print_binomial(self, expr: binomial, exp: object = None) -> str:
        top, bottom = (self._print(a) for a in expr.args)
        return rf"\binom{{{top}}}{{{bottom}}}"

    def _print_ExpBase(self, expr: exp, exp: object = None) -> str:
        coefficient, above, below = _parts(expr.args[0])
        if below and coefficient.is_positive and all(_is_monomial(f) for f in (*above, *below)):
            top = [Integer(coefficient.p)] if coefficient.p != 1 or not above else []
            bottom = [Integer(coefficient.q)] if coefficient.q != 1 else []
            shown_bottom = self._factors([*bottom, *below])
            if len(bottom) + len(below) > 1:
                shown_bottom = f"({shown_bottom})"
            shown = f"{self._factors([*top, *above])} / {shown_bottom}"
        else:
            shown = self._print(expr.args[0])
        tex = rf"e^{{{shown}}}"
        return tex if exp is None else rf"{self._wrapped(tex)}^{{{exp}}}"


def _is_negative(term: Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _shared_denominator(expr: Add) -> int:
    """The denominator that all rational coefficients have in common; 1 when one has none.

    Nor is it taken out where a decimal would stay a fraction.
    """
    if not all(_has_ratio(term) for term in expr.args):
        return 1
    found = [int(term.as_coeff_Mul()[0].q) for term in expr.args]
    shared = int(igcd(0, 0, *found))
    return 1 if shared < max(found) > _LARGEST_DENOMINATOR else shared


def _has_ratio(term: Expr) -> bool:
    """Whether the rational coefficient of a term is not an integer."""
    coefficient = term.as_coeff_Mul()[0]
    return bool(coefficient.is_Rational and coefficient.q != 1)


def _is_root(factor: Expr) -> bool:
    return isinstance(factor, Pow) and factor.exp == S.Half and not factor.base.is_Number


def _is_monomial(factor: Expr) -> bool:
    base = factor.base if isinstance(factor, Pow) and factor.exp.is_Integer else factor
    return bool(base.is_Symbol)


def _parts(expr: Expr) -> tuple[Rational, list[Expr], list[Expr]]:
    """Rational coefficient, factors above and factors below the line."""
    coefficient, rest = expr.as_coeff_Mul()
    above, below = [], []
    for factor in Mul.make_args(rest):
        base, power = factor.as_base_exp() if not isinstance(factor, exp) else (factor, S.One)
        if factor == 1:
            continue
        if power.is_Rational and power.is_negative:
            below.append(base**-power)
        else:
            above.append(factor)
    return coefficient, above, below


def _cleared(
    coefficient: Rational, above: list[Expr], below: list[Expr]
) -> tuple[Rational, list[Expr], list[Expr]]:
    """Common denominators of sums above the line moved into the coefficient."""
    if len(above) + len(below) == 1:
        return coefficient, above, below
    cleared = []
    for factor in above:
        shared = _shared_denominator(factor) if isinstance(factor, Add) else 1
        cleared.append(Add(*(shared * t for t in factor.args)) if shared > 1 else factor)
        coefficient = coefficient / shared
    return coefficient, cleared, below


def _reduced(
    coefficient: Rational, above: list[Expr], below: list[Expr]
) -> tuple[Rational, list[Expr], list[Expr]]:
    """A large number above the line divided into the sum below it, where that makes it small."""
    if coefficient.p <= _LARGEST_DENOMINATOR or len(below) != 1 or not isinstance(below[0], Add):
        return coefficient, above, below
    parts = [term / coefficient.p for term in below[0].args]
    if max(map(_height, parts)) >= max(coefficient.p, *map(_height, below[0].args)):
        return coefficient, above, below
    return coefficient / coefficient.p, above, [Add(*parts)]


def _height(term: Expr) -> int:
    """The larger of numerator and denominator of the rational coefficient."""
    number = term.as_coeff_Mul()[0]
    return max(abs(int(number.p)), int(number.q)) if number.is_Rational else 1


def _rank(term: Expr) -> tuple:
    """Constants, squares of sums, terms by degree, and radicals and exponentials last."""
    _, rest = term.as_coeff_Mul()
    radical = any(p.exp == S.Half for p in rest.atoms(Pow)) and not rest.is_number
    special = bool(rest.atoms(log, exp))
    if rest == 1 or rest.is_number:
        return (0, 0, 0, str(term))
    if isinstance(rest, Pow) and isinstance(rest.base, Add) and not radical:
        return (0, 1, 0, str(rest))
    factors = [f.as_base_exp() for f in Mul.make_args(rest)]
    power = sum(e for b, e in factors if b == symbols.pi and e.is_Integer)
    degree = sum(e if e.is_Integer else 1 for _, e in factors if e.is_positive)
    return (int(special) + 2 * int(radical), 2, -power, degree, str(rest))


def _factor_rank(factor: Expr) -> tuple:
    """Numbers, parameters, probabilities, sums, functions."""
    if factor.is_number:
        return (0, not factor.is_Rational, str(factor))
    if isinstance(factor, binomial):
        return (0, 2, str(factor))
    base = factor.as_base_exp()[0] if not isinstance(factor, exp) else factor
    uncertain = bool(base.free_symbols & _PROBABILITIES)
    if base.is_Symbol:
        return (3 if uncertain else 1, str(base))
    if isinstance(base, Add):
        return (4 if uncertain else 2, str(factor))
    return (5, str(factor))


@dataclass(frozen=True)
class Written:
    """A definition that is written, not computed with: both sides in TeX, default names."""

    left: str
    right: str
    relation: str = "="


#: One line of a display.
Line: TypeAlias = Relational | Written


def formula(expr: Expr | Line, notation: Notation | None = None) -> str:
    """TeX of an expression or a relation as papers set it, without math delimiters.

    Source: new.

    Raises
    ------
    ValueError
        When ``notation`` is no :class:`Notation`.

    Examples
    --------
    >>> print(formula(symbols.beta * symbols.pi_ref / symbols.gamma, Notation(beta=r"\\lambda")))
    \\frac{\\lambda}{\\gamma} \\pi_{\\mathrm{ref}}(a)
    """
    if isinstance(expr, Written):
        return " ".join(sides(expr, notation))
    return _Printer(own_notation() if notation is None else notation).doprint(expr)


def sides(equation: Line, notation: Notation | None = None) -> tuple[str, str, str]:
    """Left side, relation and right side in TeX, the short side of an equation first."""
    from grpo_symbolic.export.measure import width

    notation = own_notation() if notation is None else notation
    printer = _Printer(notation)
    if isinstance(equation, Written):
        left, right = map(notation.rewritten, (equation.left, equation.right))
        return left, equation.relation, right
    relation = {"==": "=", "<=": r"\le", ">=": r"\ge", "!=": r"\ne"}.get(
        equation.rel_op, equation.rel_op
    )
    left, right = printer.doprint(equation.lhs), printer.doprint(equation.rhs)
    wide = width(left)
    # A value of a named function stands behind its name, whatever it is.
    nothing = equation.rhs == 0 and not isinstance(equation.lhs, AppliedUndef)
    if relation == "=" and (nothing or wide > max(PAGE / 3, width(right))):
        left, right = right, left  # keeps the alignment point near the margin
    return left, relation, right
