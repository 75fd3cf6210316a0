"""Figures of the registry: each by a name, drawn on demand and saved by its suffix."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_symbolic import registry
from grpo_symbolic.inputs import suffix
from grpo_symbolic.plotting.style import COLUMN, matplotlib, paper
from grpo_symbolic.registry import Registry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from grpo_symbolic.export.notation import Notation

#: Formats by suffix; none of them records when or where it was written.
FORMATS = registry.SUFFIXES
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
    "png": {"metadata": {"Software": None}},
}


@dataclass(frozen=True)
class Figure:
    """A figure of the registry.

    Attributes
    ----------
    title : str
        A few words.
    caption : str
        One sentence in TeX.
    source : str
        The published figure or equation it shows, or ``new``.
    panels : tuple of callable
        Each draws on the axes that it is given as ``ax``.
    width, height : float
        Inches: a column or the whole width of a page's text.
    """

    title: str
    caption: str
    source: str
    panels: tuple[Callable[..., Axes], ...]
    width: float = COLUMN
    height: float = 3.3

    def draw(self, notation: Notation | None = None) -> Any:
        """A new Matplotlib figure, which needs no display and is not kept by pyplot."""
        return figure_of(self.panels, self.width, self.height, notation)


def figure_of(
    panels: tuple[Callable[..., Axes], ...],
    width: float,
    height: float,
    notation: Notation | None = None,
) -> Any:
    """A Matplotlib figure with the panels side by side, in a paper's settings and names.

    Raises
    ------
    ValueError
        Without Matplotlib, or for what a panel cannot draw.
    """
    matplotlib()
    from matplotlib.figure import Figure as Canvas

    with paper():
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, panel in zip(axes, panels, strict=True):
            panel(ax=ax, **({} if notation is None else {"notation": notation}))
    # A notebook shows what has no window only by this.
    figure._repr_png_ = partial(_png, figure)
    return figure


def _png(figure: Any) -> bytes:
    picture = BytesIO()
    with paper():
        figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()


#: Every figure by its name.
FIGURES: Registry[Figure] = registry.FIGURES


def draw(name: str, notation: Notation | None = None) -> Any:
    """The Matplotlib figure of that name; as the last line of a notebook's cell it is shown.

    Raises
    ------
    ValueError
        For a name that is not in :data:`FIGURES`, or without Matplotlib.
    """
    return FIGURES[FIGURES.checked("the figure", name)].draw(notation)


def save(name: str, path: str | Path, notation: Notation | None = None) -> Path:
    """Draw a figure into a file, its format by the suffix.

    The same call writes the same bytes; fonts are embedded (pdf, eps) or drawn (svg).

    Parameters
    ----------
    name : str
        In :data:`FIGURES`.
    path : str or Path
        Ending in .pdf, .svg, .png, .eps or .pgf.
    notation : Notation, optional
        Names of the quantities at axes and in legends.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ValueError
        For an unknown name or format, or a file that cannot be written.
    """
    checked_format(path)  # before the work
    return written(draw(name, notation), path)


@contextmanager
def _quiet_fonts() -> Iterator[None]:
    """Without the remarks of the font library on the dates in Computer Modern's files."""
    logger = logging.getLogger("fontTools")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def checked_format(path: str | Path) -> str:
    """The format that the suffix asks for; ValueError for one that is not known."""
    return suffix("the file", path, FORMATS)


def written(figure: Any, path: str | Path, dpi: float = 300) -> Path:
    """A Matplotlib figure in a file; as for :func:`save`. A png has ``dpi`` dots an inch."""
    kind, target, content = checked_format(path), Path(path), BytesIO()
    with paper():
        try:
            with _quiet_fonts():
                figure.savefig(content, format=kind, dpi=dpi, **_METADATA.get(kind, {}))
        except (OSError, RuntimeError) as error:
            raise ValueError(
                f"a .{kind} file needs a TeX engine to measure text: {str(error).splitlines()[0]}"
            ) from None
    data = content.getvalue()
    if kind == "eps":
        lines = data.splitlines(keepends=True)
        data = b"".join(line for line in lines if not line.startswith(b"%%CreationDate"))
    try:
        target.write_bytes(data)
    except OSError as error:
        raise ValueError(
            f"the figure must go to a file that can be written: {error.strerror}: {target}"
        ) from None
    return target
