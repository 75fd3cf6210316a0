"""The figures of the book: drawn once each, included where they are first named."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from derivations.processes import workers
from grpo_symbolic.export.notation import Notation

__all__ = ["Figures", "draw"]

FOLDER = "figures"
# Width of the text on the page: A4 less two margins of 27 mm.
_TEXT_INCHES = 6.14
# A process of its own costs as much as a few figures.
_EACH = 3


@dataclass
class Figures:
    """The figures that were drawn, and those that stand in the book already.

    Attributes
    ----------
    captions : dict of str
        Caption by name.
    widths : dict of float
        Width by name, as a part of the width of the text.
    reason : str
        Which were left out and why; empty when all were drawn.
    """

    captions: dict[str, str] = field(default_factory=dict)
    widths: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    shown: set[str] = field(default_factory=set)

    def tex(self, name: str | None) -> str:
        """A figure, or a reference to it where it stands elsewhere; nothing without one."""
        if name is None or name not in self.captions:
            return ""
        if name in self.shown:
            return rf"See also Figure~\ref{{fig:{name}}}."
        self.shown.add(name)
        return "\n".join(
            [
                rf"Figure~\ref{{fig:{name}}} shows it.",
                r"\begin{figure}[tbp]\centering",
                rf"\includegraphics[width={self.widths[name]}\textwidth]{{{FOLDER}/{name}.pdf}}",
                rf"\caption{{{self.captions[name]}}}\label{{fig:{name}}}",
                r"\end{figure}",
            ]
        )


def draw(names: Iterable[str | None], directory: Path, notation: Notation | None = None) -> Figures:
    """Draw each named figure of the registry once, as a PDF in ``directory/figures``.

    Parameters
    ----------
    names : iterable of str
        None for a result without a figure.
    directory : Path
    notation : Notation, optional
        Names of the quantities at axes and in legends, but for those of the two policies.

    Raises
    ------
    ValueError
        For a name that the registry does not have.
    """
    wanted = sorted({name for name in names if name is not None})
    if not wanted:
        return Figures()
    try:
        import matplotlib  # noqa: F401

        from grpo_symbolic.plotting import FIGURES
    except ImportError as error:
        return Figures(reason=f"{error}; install grpo-symbolic[plot] for them")
    for name in wanted:
        if name not in FIGURES:
            raise ValueError(f"figure must be one of {', '.join(FIGURES)}, got {name!r}")
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    look = _short(notation)
    paths = [folder / f"{name}.pdf" for name in wanted]
    processes = min(os.cpu_count() or 1, len(wanted) // _EACH)
    if processes < 2:
        errors = list(map(_error, wanted, paths, repeat(look)))
    else:
        with workers(processes) as pool:
            errors = list(pool.map(_error, wanted, paths, repeat(look)))
    failed = {name: error for name, error in zip(wanted, errors, strict=True) if error}
    drawn = [name for name in wanted if name not in failed]
    return Figures(
        {name: FIGURES[name].caption for name in drawn},
        {name: _share(FIGURES[name].width) for name in drawn},
        "; ".join(f"{name} ({error})" for name, error in failed.items()),
    )


def _short(notation: Notation | None) -> Notation:
    """The names of the book, where the policies are p and p_0."""
    policies = ("pi", "pi_ref", "pi_old")
    given = {} if notation is None else {
        name: getattr(notation, name) for name in Notation.changeable() if name not in policies
    }  # fmt: skip
    return Notation.short(**given)


def _error(name: str, path: Path, notation: Notation) -> str:
    """Draw a figure; what went wrong, or nothing. A figure must not cost the book."""
    from grpo_symbolic.plotting import save

    try:
        save(name, path, notation)
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def _share(inches: float) -> float:
    """The part of the text's width that a figure takes: its own width on paper, at most all."""
    return min(1.0, round(inches / _TEXT_INCHES, 2))
