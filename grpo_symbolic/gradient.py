"""Slopes of large expressions in many symbols: every part is differentiated once, for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Expr, Mul, Pow, S, Symbol, diff


def gradients(
    expressions: Sequence[Expr], symbols: Sequence[Symbol]
) -> list[Mapping[Symbol, Expr]]:
    """∂e/∂s of each expression, by symbol, where it is not 0.

    Parameters
    ----------
    expressions : sequence of Expr
    symbols : sequence of Symbol
    """
    of = _Gradients(frozenset(symbols))
    return [of(e) for e in expressions]


class _Gradients:
    """Derivatives of parts by all symbols, kept: parts of many answers are the same."""

    def __init__(self, symbols: frozenset[Symbol]) -> None:
        self.symbols = symbols
        self.known: dict[Expr, dict[Symbol, Expr]] = {}

    def __call__(self, e: Expr) -> dict[Symbol, Expr]:
        if (found := self.known.get(e)) is None:
            found = self.known[e] = self._of(e)
        return found

    def _of(self, e: Expr) -> dict[Symbol, Expr]:
        if isinstance(e, Symbol):
            return {e: S.One} if e in self.symbols else {}
        if not e.args:
            return {}
        parts: dict[Symbol, list[Expr]] = {}
        if isinstance(e, (Add, Mul)):
            for place, arg in enumerate(e.args):
                beside = () if isinstance(e, Add) else (*e.args[:place], *e.args[place + 1 :])
                for symbol, slope in self(arg).items():
                    parts.setdefault(symbol, []).append(Mul(slope, *beside))
        elif isinstance(e, Pow) and not e.exp.free_symbols & self.symbols:
            outer = e.exp * e.base ** (e.exp - 1)
            parts = {symbol: [outer * slope] for symbol, slope in self(e.base).items()}
        else:
            within = sorted(e.free_symbols & self.symbols, key=str)
            parts = {symbol: [diff(e, symbol)] for symbol in within}
        found = ((symbol, Add(*slopes)) for symbol, slopes in parts.items())
        return {symbol: slope for symbol, slope in found if slope != 0}
