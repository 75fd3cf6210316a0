"""How figures look: colours that stay apart in grey, sizes of a paper's columns, labels.

Nothing here changes Matplotlib's global settings, and Matplotlib is imported by functions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from sympy import Symbol

from grpo_symbolic.export.notation import Notation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Widths in inches of a column and of a page's text.
COLUMN, TEXT = 3.4, 6.3
GREY = "0.6"
#: Fills of regions, dark enough to be told from white and from each other in print.
SHADES = ("#DCEAF5", "#F7E3C8", "#D9EFE6")


@dataclass(frozen=True)
class Style:
    """What tells one curve from the others: colour, and without colour line style and marker."""

    color: str
    line: Any
    marker: str


#: The colours of Okabe and Ito, dark ones first.
STYLES = (
    Style("#0072B2", "-", "o"),
    Style("#D55E00", (0, (5, 1.6)), "s"),
    Style("#009E73", (0, (6, 1.5, 1.2, 1.5)), "^"),
    Style("#CC79A7", (0, (1, 1)), "D"),
    Style("#000000", (0, (5, 1.2, 1, 1.2, 1, 1.2)), "v"),
    Style("#E69F00", (0, (9, 2.5)), "P"),
    Style("#56B4E9", (0, (2.5, 1.2)), "X"),
)


def matplotlib() -> Any:
    """The package, or a sentence.

    Raises
    ------
    ValueError
        When it is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise ValueError("figures need matplotlib: pip install 'grpo-symbolic[plot]'") from None
    return matplotlib


@contextmanager
def paper() -> Iterator[None]:
    """The settings of a paper's figure, inside a ``with`` block only."""
    matplotlib()
    from matplotlib import style

    with style.context(Path(__file__).with_name("paper.mplstyle")):
        yield


_P = ParamSpec("_P")


def drawn(
    width: float = COLUMN, height: float = 2.9
) -> Callable[[Callable[_P, Axes]], Callable[_P, Axes]]:
    """A function that draws on ``ax``, and on a new figure of this size without it."""

    def decorate(draw: Callable[_P, Axes]) -> Callable[_P, Axes]:
        @wraps(draw)
        def function(*args: _P.args, **kwargs: _P.kwargs) -> Axes:
            matplotlib()
            if kwargs.get("ax") is not None:
                return draw(*args, **kwargs)
            import matplotlib.pyplot as plt

            with paper():
                figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
                kwargs["ax"] = ax
                try:
                    return draw(*args, **kwargs)
                except BaseException:
                    plt.close(figure)
                    raise

        return function

    return decorate


def tex(symbol: Symbol, notation: Notation | None = None) -> str:
    """TeX of a quantity in a notation.

    Raises
    ------
    ValueError
        When Matplotlib cannot set it.
    """
    from matplotlib.mathtext import MathTextParser

    shown = (notation or Notation()).names()[symbol]
    try:
        MathTextParser("path").parse(f"${shown}$")
    except ValueError:
        raise ValueError(
            f"the notation of a figure must be TeX that matplotlib can set, got {shown}"
        ) from None
    return shown


def labelled(ax: Axes, x: str, y: str) -> None:
    """The axes named by TeX."""
    ax.set_xlabel(f"${x}$")
    ax.set_ylabel(f"${y}$")


def shown(value: Any) -> str:
    """A group size, a weight or a probability as TeX."""
    number = float(value)
    if number in (float("inf"), float("-inf")):
        return r"\infty" if number > 0 else r"-\infty"
    text = f"{number:g}"
    mantissa, _, power = text.partition("e")
    if not power:
        return text
    times = "" if mantissa == "1" else rf"{mantissa} \cdot "
    return rf"{times}10^{{{int(power)}}}"


def curves_of(name: str, values: Any) -> tuple[Any, ...]:
    """The values that one curve each is drawn for.

    Raises
    ------
    ValueError
        For none, or for more than can be told apart.
    """
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a sequence of values, one a curve, got {values!r}")
    found = tuple(values)
    if not 1 <= len(found) <= len(STYLES):
        raise ValueError(f"{name} must hold 1 to {len(STYLES)} values, got {len(found)}")
    return found
