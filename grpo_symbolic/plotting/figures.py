"""The registry of figures: each by a name, drawn on demand and saved by its suffix."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.plotting.aggregations import aggregation
from grpo_symbolic.plotting.bifurcations import bifurcation, cusps, fold_curve
from grpo_symbolic.plotting.drifts import bernstein, drift
from grpo_symbolic.plotting.escape import escape_threshold
from grpo_symbolic.plotting.noise import noisy_verifier
from grpo_symbolic.plotting.orbits import cobweb, flow
from grpo_symbolic.plotting.penalty_curves import links, penalties
from grpo_symbolic.plotting.ranks import rank_distortion, ranked_policy
from grpo_symbolic.plotting.sizes import group_sizes, small_weights
from grpo_symbolic.plotting.stages import stage_curvature
from grpo_symbolic.plotting.style import COLUMN, TEXT, matplotlib, paper
from grpo_symbolic.policy.binary import binary_policy
from grpo_symbolic.question import BinaryQuestion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURES", "FORMATS", "Figure", "checked_format", "draw", "figure_of", "save", "written"]

#: Formats by suffix; none of them records when or where it was written.
FORMATS = ("pdf", "svg", "png", "eps", "pgf")
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

    def draw(self) -> Any:
        """A new Matplotlib figure, which needs no display and is not kept by pyplot."""
        return figure_of(self.panels, self.width, self.height)


def figure_of(panels: tuple[Callable[..., Axes], ...], width: float, height: float) -> Any:
    """A Matplotlib figure with the panels side by side, in a paper's settings.

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
            panel(ax=ax)
    # A notebook shows what has no window only by this.
    figure._repr_png_ = partial(_png, figure)
    return figure


def _png(figure: Any) -> bytes:
    picture = BytesIO()
    with paper():
        figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()


def _pairs(**given: Any) -> Any:
    question = BinaryQuestion(margin=symbols.gamma)
    return aggregation(binary_policy(GRPO(2), question), **given)


def _large_groups(**given: Any) -> Any:
    return aggregation(binary_policy(GRPO(oo), BinaryQuestion()), **given)


def _direct_pairs(**given: Any) -> Any:
    question = BinaryQuestion(margin=symbols.gamma)
    return aggregation(binary_policy(GRPO(2, DirectKL()), question), **given)


def _direct_large(**given: Any) -> Any:
    return aggregation(
        binary_policy(GRPO(oo, DirectKL()), BinaryQuestion()), (0.5, 1, 2, 4), **given
    )


def _over_weights(**given: Any) -> Any:
    return group_sizes(pi_ref=0.2, **given)


#: Every figure by its name.
FIGURES: dict[str, Figure] = {
    "fig1": Figure(
        "Groups of two",
        r"Stationary $\pi(a)$ of published GRPO with groups of two against "
        r"$\pi_{\mathrm{ref}}(a)$, for several $\beta/\gamma$; open circles are limits at "
        r"$\pi_{\mathrm{ref}}(a) \to 0$.",
        "Vojnovic & Yun, arXiv 2502.18548, (14)",
        (_pairs,),
    ),
    "fig2": Figure(
        "The large-group limit",
        r"Stationary $\pi(a)$ in the large-group limit against $\pi_{\mathrm{ref}}(a)$: "
        r"every curve jumps at $\pi_{\mathrm{ref}}(a) = 0$.",
        "Vojnovic & Yun, arXiv 2502.18548, (15)",
        (_large_groups,),
    ),
    "fig3": Figure(
        "Groups of two, direct KL",
        r"Stationary $\pi(a)$ under the direct KL penalty with groups of two: no curve jumps at "
        r"$\pi_{\mathrm{ref}}(a) = 0$.",
        "Vojnovic & Yun, arXiv 2502.18548, on the direct KL divergence",
        (_direct_pairs,),
    ),
    "direct-large": Figure(
        "Large groups, direct KL",
        r"Under the direct KL penalty and large groups the curves fold back: two policies below "
        r"the fold, one attracting and one repelling (thin), and none above it.",
        "new",
        (_direct_large,),
    ),
    "group-sizes": Figure(
        "Group sizes",
        r"Stationary $\pi(a)$ at $\beta = 1$ against $\pi_{\mathrm{ref}}(a)$ (left), and at "
        r"$\pi_{\mathrm{ref}}(a) = 0.2$ against $\beta$ (right): the curves rise with the group "
        r"size $G$.",
        "new; the ends are Vojnovic & Yun, arXiv 2502.18548, (14) and (15)",
        (group_sizes, _over_weights),
        TEXT,
        3.1,
    ),
    "escape": Figure(
        "Escape threshold",
        r"The weight below which $\pi(a)$ stays positive as $\pi_{\mathrm{ref}}(a) \to 0$, against "
        r"the group size, for three normalisations of the advantage.",
        "new; G = 2 is Vojnovic & Yun, arXiv 2502.18548, after (14)",
        (escape_threshold,),
        height=2.9,
    ),
    "folds": Figure(
        "Folds of the direct KL penalty",
        r"Large groups and direct KL: $\pi(a)$ against $\beta$ with its folds (left), and the "
        r"number of interior stationary policies in the plane of $\beta$ and "
        r"$\pi_{\mathrm{ref}}(a)$ (right).",
        "new; on Vojnovic & Yun, arXiv 2502.18548, Appendix B.2",
        (bifurcation, fold_curve),
        TEXT,
        3.0,
    ),
    "cusps": Figure(
        "Cusps of finite groups",
        r"Direct KL and finite groups: inside a wedge three stationary policies, outside it one; "
        r"each wedge begins in a cusp.",
        "new",
        (cusps,),
        height=3.0,
    ),
    "rank": Figure(
        "Distortion by rank",
        r"Groups of two act on the reference by rank: $F = \varphi(R)$ on cumulative masses "
        r"(left), and the policy of four ordered answers (right).",
        "new; for two answers Vojnovic & Yun, arXiv 2502.18548, (14)",
        (rank_distortion, ranked_policy),
        TEXT,
        3.0,
    ),
    "penalties": Figure(
        "Penalties",
        r"The link $g$ of five penalties (left), and the stationary $\pi(a)$ that each leads to at "
        r"$\beta = 1$ with groups of two (right).",
        "new; g(x) = 1/(1 - x) is Vojnovic & Yun, arXiv 2502.18548, (11)",
        (links, penalties),
        TEXT,
        3.1,
    ),
    "flow": Figure(
        "Policy-gradient flow",
        r"The velocity of $\pi(a)$ under direct KL and large groups at $\pi_{\mathrm{ref}}(a) = "
        r"1/2$; full circles attract and open ones repel.",
        "new",
        (flow,),
        height=2.9,
    ),
    "cobweb": Figure(
        "Iterated best response",
        r"The iterated best response under direct KL with a stabilised scale settles on a cycle of "
        r"two policies around a repelling fixed point.",
        "new; the iteration is Mroueh, arXiv 2503.06639",
        (cobweb,),
    ),
    "drift": Figure(
        "The drift of a group",
        r"The drift $D_G(p)$ (left) and $h_G(p) = p(1-p)D_G(p)$ (right), a Bernstein polynomial "
        r"that rises to its limit.",
        "new",
        (drift, bernstein),
        TEXT,
        2.8,
    ),
    "stage": Figure(
        "Stationary is not maximal",
        r"Stationary policies in the shaded region are local minima of the stage objective, though "
        r"the policy gradient is attracted to them.",
        "new",
        (stage_curvature,),
    ),
    "small-weights": Figure(
        "Small weights",
        r"$1 - \pi(a)$ against $\beta$ at $\pi_{\mathrm{ref}}(a) = 0.2$: it falls like $\beta$ for "
        r"every finite group, and like $\beta^{2}$ in the large-group limit.",
        "new",
        (small_weights,),
        height=2.9,
    ),
    "noise": Figure(
        "Noisy verifiers",
        r"Stationary $\pi(a)$ in the large-group limit at $\beta = 1$ for verifiers with success "
        r"rates $s_a, s_b$ of the two answers.",
        "new",
        (noisy_verifier,),
    ),
}


def draw(name: str) -> Any:
    """The Matplotlib figure of that name; as the last line of a notebook's cell it is shown.

    Raises
    ------
    ValueError
        For a name that is not in :data:`FIGURES`, or without Matplotlib.
    """
    if name not in FIGURES:
        raise ValueError(f"the figure must be one of {', '.join(FIGURES)}, got {name!r}")
    return FIGURES[name].draw()


def save(name: str, path: str | Path) -> Path:
    """Draw a figure into a file, its format by the suffix.

    The same call writes the same bytes; fonts are embedded (pdf, eps) or drawn (svg).

    Parameters
    ----------
    name : str
        In :data:`FIGURES`.
    path : str or Path
        Ending in .pdf, .svg, .png, .eps or .pgf.

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
    return written(draw(name), path)


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
    kind = Path(path).suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise ValueError(
            f"the file must be one that ends in .{', .'.join(FORMATS)}, got {str(path)!r}"
        )
    return kind


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
