"""Figures: their curves satisfy the condition, and they are fit to be printed."""

import itertools
import sys
from io import BytesIO
from math import comb
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import mpmath as mp
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.mathtext import MathTextParser
from PIL import Image
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic import plotting as plot
from grpo_symbolic.plotting.sampled import of_algorithm
from grpo_symbolic.plotting.style import STYLES


@pytest.fixture
def ax() -> Any:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def spread(p: np.ndarray, size: float) -> np.ndarray:
    """E of the group's standard deviation: h_G, from its definition."""
    if size == np.inf:
        return np.sqrt(p * (1 - p))
    k = np.arange(size + 1)
    weights = np.array([float(comb(int(size), int(j))) for j in k])
    laws = weights * p[:, None] ** k * (1 - p[:, None]) ** (size - k)
    return laws @ np.sqrt(k / size * (1 - k / size))


def reference_of(p: np.ndarray, beta: float, size: float, direct: bool) -> np.ndarray:
    """π_ref(a) at which p is stationary, for both divergences."""
    h = spread(p, size)
    if not direct:
        return p - h / beta
    with np.errstate(divide="ignore", over="ignore"):
        return 1 / (1 + (1 - p) / p * np.exp(h / (p * (1 - p)) / beta))


def policy(size: Any, direct: bool = False) -> Any:
    penalty = gs.DirectKL() if direct else gs.ReverseKL()
    return gs.stationary_policy(gs.GRPO(size, penalty), gs.BinaryQuestion())


def curves(ax: Any) -> list[Any]:
    """The lines with data that are not the grey reference."""
    return [line for line in ax.lines if len(line.get_xdata()) > 3]


def of_colour(ax: Any, style: Any) -> list[Any]:
    return [line for line in curves(ax) if line.get_color() == style.color]


# -- the curves ----------------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("size", [2, 8, 64, oo])
def test_every_point_of_every_curve_is_stationary(ax: Any, size: Any, direct: bool) -> None:
    betas = (0.3, 1, 2.5)
    assert plot.aggregation(policy(size, direct), betas, ax=ax) is ax
    for beta, style in zip(betas, STYLES, strict=False):
        pieces = of_colour(ax, style)
        assert pieces
        for line in pieces:
            reference, p = line.get_data()
            assert np.allclose(reference, reference_of(p, beta, float(size), direct), atol=2e-9)
            # Attracting is bold, repelling thin: where the curve goes back.
            rises = (reference[-1] - reference[0]) * (p[-1] - p[0]) > 0
            assert rises == (line.get_linewidth() > 1)


@pytest.mark.parametrize(
    ("size", "direct", "beta", "reference"),
    [(oo, True, 2.0, 0.5), (oo, True, 1.0, 0.5), (32, True, 0.8, 0.15), (16, True, 0.3, 0.3),
     (8, False, 0.4, 0.1)],
)  # fmt: skip
def test_a_vertical_line_meets_the_curve_in_every_solution(
    ax: Any, size: Any, direct: bool, beta: float, reference: float
) -> None:
    plot.aggregation(policy(size, direct), (beta,), ax=ax)
    met = []
    for line in of_colour(ax, STYLES[0]):
        x, y = line.get_data()
        for i in np.flatnonzero((x[:-1] - reference) * (x[1:] - reference) < 0):
            met.append(np.interp(reference, *zip(*sorted([(x[i], y[i]), (x[i + 1], y[i + 1])]),
                                                  strict=True)))  # fmt: skip
    p = np.linspace(0, 1, 20_003)[1:-1]
    pull = p - reference
    if direct:
        pull = np.log(p * (1 - reference) / (reference * (1 - p))) * p * (1 - p)
    field = spread(p, float(size)) - beta * pull
    expected = p[:-1][field[:-1] * field[1:] < 0]
    assert np.allclose(sorted(met), expected, atol=2e-4)
    if size == 32:
        assert len(met) == 3


def test_a_jump_is_marked_where_there_is_one_and_nowhere_else(ax: Any) -> None:
    plot.aggregation(policy(2), (0.25, 0.5, 1, 2), ax=ax)
    marks = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert marks == pytest.approx([0.75, 0.5], abs=1e-6)
    ax.clear()
    plot.aggregation(policy(oo), (0.5, 2), ax=ax)
    marks = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert marks == pytest.approx([1 / 1.25, 1 / 5], abs=1e-6)
    ax.clear()
    plot.aggregation(policy(2, direct=True), ax=ax)
    assert all(len(line.get_xdata()) > 1 for line in ax.lines)


def test_only_the_ratio_to_the_margin_matters_and_it_is_what_the_legend_says(ax: Any) -> None:
    question = gs.BinaryQuestion(margin=gs.symbols.gamma)
    pairs = gs.stationary_policy(gs.GRPO(2), question)
    plot.aggregation(pairs, (0.25,), ax=ax, gamma=0.5)
    assert ax.get_legend().get_texts()[0].get_text() == r"$\beta/\gamma = 0.5$"
    reference, p = of_colour(ax, STYLES[0])[0].get_data()
    assert np.allclose(reference, reference_of(p, 0.5, 2, direct=False), atol=1e-12)


def test_curves_rise_with_the_group(ax: Any) -> None:
    plot.group_sizes(beta=0.7, ax=ax)
    grid = np.linspace(0.02, 0.98, 97)
    values = [np.interp(grid, *of_colour(ax, style)[0].get_data()) for style in STYLES[:5]]
    for low, high in itertools.pairwise(values):
        assert (high > low).all()
    ax.clear()
    plot.group_sizes(pi_ref=0.3, ax=ax)
    for style, size in zip(STYLES, plot.sizes.SIZES, strict=False):
        beta, p = of_colour(ax, style)[0].get_data()
        assert np.allclose(beta, spread(p, float(size)) / (p - 0.3), rtol=1e-7)


def test_a_bounded_penalty_gives_the_worse_answer_up(ax: Any) -> None:
    """χ² at G = 2: p/r − (1 − p)/(1 − r) = 1/β is solved by p = r (1 + (1 − r)/β), up to 1."""
    plot.penalties({"chi": gs.Divergence.chi_squared()}, beta=0.6, ax=ax)
    curve, clipped = sorted(
        (line for line in ax.lines if line.get_color() == STYLES[0].color),
        key=lambda line: -len(line.get_xdata()),
    )
    r, p = curve.get_data()
    assert np.allclose(p, r * (1 + (1 - r) / 0.6), atol=1e-9)
    assert clipped.get_xdata() == pytest.approx([0.6, 1], abs=1e-6)
    assert (clipped.get_ydata() == 1).all()


def test_links_are_the_known_ones(ax: Any) -> None:
    plot.links(ax=ax)
    known = (lambda x: 1 / (1 - x), np.exp, lambda x: 1 + x)
    for style, g in zip(STYLES, known, strict=False):
        x, y = of_colour(ax, style)[0].get_data()
        assert np.allclose(y, g(x), rtol=1e-9)


def test_noise_enters_by_the_success_rates(ax: Any) -> None:
    plot.noisy_verifier([("0.8", "0.3")], beta=0.5, ax=ax)
    r, p = of_colour(ax, STYLES[0])[0].get_data()
    m = 0.3 + 0.5 * p
    assert np.allclose(0.5 * (p - r), 0.5 * p * (1 - p) / np.sqrt(m * (1 - m)), atol=1e-10)


# -- folds, thresholds, dynamics --------------------------------------------------------------


def test_folds_lie_where_the_hyperbolic_formula_says(ax: Any) -> None:
    """β = sinh t with t − coth t = ½ logit π_ref, at p = 1/(1 + e^(−2t))."""
    references = (0.05, 0.3)
    plot.bifurcation(references=references, ax=ax)
    stars = [x for x in ax.lines if x.get_marker() == "*" and len(x.get_xdata())]
    for star, r in zip(stars, references, strict=True):
        target = mp.log(r / (1 - r)) / 2
        t = mp.findroot(lambda t, c=target: t - mp.coth(t) - c, 1)
        assert star.get_xdata()[0] == pytest.approx(float(mp.sinh(t)), abs=1e-12)
        assert star.get_ydata()[0] == pytest.approx(float(1 / (1 + mp.exp(-2 * t))), abs=1e-12)
    thin = [line for line in curves(ax) if line.get_linewidth() < 1]
    assert len(thin) == 2
    for line in thin:  # repelling: β rises with p
        beta, p = line.get_data()
        assert (beta[-1] - beta[0]) * (p[-1] - p[0]) > 0


def test_the_plane_of_folds_and_equal_potentials(ax: Any) -> None:
    plot.fold_curve(ax=ax)
    beta, reference = of_colour(ax, STYLES[0])[0].get_data()
    log_odds = np.log(reference / (1 - reference))
    kept = reference > 1e-6
    boundary = 2 * np.arcsinh(beta) - 2 * np.sqrt(1 + beta**2) / beta
    assert np.allclose(log_odds[kept], boundary[kept], atol=1e-6)
    beta, reference = of_colour(ax, STYLES[1])[0].get_data()
    above = np.interp(beta, of_colour(ax, STYLES[0])[0].get_xdata(),
                      of_colour(ax, STYLES[0])[0].get_ydata())  # fmt: skip
    assert (reference <= above + 1e-12)[beta < 3].all()
    at = np.searchsorted(beta, 1.2)
    b, r = float(beta[at]), float(reference[at])
    # The attracting policy there, and the gain in potential on the way to 1, by quadrature.
    field = lambda p: 1 / mp.sqrt(p * (1 - p)) - b * mp.log(p * (1 - r) / (r * (1 - p)))  # noqa: E731
    p = mp.findroot(field, (mp.mpf(r) + mp.mpf("1e-3"), 0.7), solver="anderson")
    assert abs(mp.quad(field, [p, 0.9, 1])) < 1e-5


def test_the_tip_of_a_wedge_is_the_cusp(ax: Any) -> None:
    """β = max p (1 − p) (d/dp)(h_G/(p (1 − p)))."""
    plot.cusps((16,), ax=ax)
    (tip,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    p = np.linspace(0.5, 0.999, 20001)
    slope = p * (1 - p) * np.gradient(spread(p, 16) / (p * (1 - p)), p)
    assert tip.get_xdata()[0] == pytest.approx(slope[5:-5].max(), abs=1e-5)


def test_escape_thresholds_of_three_normalisations(ax: Any) -> None:
    plot.escape_threshold(20, ax=ax)
    known = (lambda G: np.sqrt(G - 1), lambda G: (G - 1) / np.sqrt(G), lambda G: (G - 1) / G)
    for style, threshold in zip(STYLES, known, strict=False):
        for line in of_colour(ax, style):
            G, beta = line.get_data()
            assert np.allclose(beta, threshold(np.asarray(G, float)), rtol=1e-12)


def test_small_weights_have_slope_one_and_in_the_limit_two(ax: Any) -> None:
    plot.small_weights((8, oo), pi_ref=0.2, ax=ax)
    for style, constant, power in ((STYLES[0], 0.8 / np.sqrt(7), 1), (STYLES[1], 0.64, 2)):
        beta, rest = of_colour(ax, style)[0].get_data()
        kept = rest < 1e-6
        assert np.allclose(rest[kept], constant * beta[kept] ** power, rtol=2e-3)


def test_bars_are_differences_of_the_distortion(ax: Any) -> None:
    reference = (0.1, 0.2, 0.7)
    plot.ranked_policy(("0.1", "0.2", "0.7"), ("0.5",), ax=ax)
    ranks = np.cumsum([0, *reference])
    image = (1 - 0.5 + np.sqrt((1 - 0.5) ** 2 + 4 * 0.5 * ranks)) / 2
    image[0] = 0
    heights = [bar.get_height() for bar in ax.patches]
    assert heights[:3] == pytest.approx(reference)
    assert heights[3:] == pytest.approx(np.diff(image))


def test_a_notebook_is_given_the_picture_of_a_figure() -> None:
    shown, _ = DisplayFormatter().format(plot.draw("penalties"))
    assert {"image/png", "text/plain"} <= shown.keys()
    picture = np.asarray(Image.open(BytesIO(shown["image/png"])).convert("L"))
    assert 0.01 < (picture < 128).mean() < 0.5


def test_the_shaded_stage_is_where_the_objective_is_convex(ax: Any) -> None:
    plot.stage_curvature((1,), ax=ax)
    shaded = ax.collections[0].get_paths()
    for r, p in np.random.default_rng(5).uniform(0.02, 0.98, (200, 2)):
        excess = 2 * r * (1 - p) ** 2 + 2 * (1 - r) * p**2 - p * (1 - p)
        if abs(excess) > 0.01:
            inside = sum(path.contains_point((r, p)) for path in shaded) % 2 == 1
            assert inside == (excess < 0)


def test_flow_vanishes_at_its_marks(ax: Any) -> None:
    plot.flow(betas=(2,), pi_ref=0.5, ax=ax)
    p, speed = of_colour(ax, STYLES[0])[0].get_data()
    expected = np.sqrt(p * (1 - p)) - 2 * p * (1 - p) * np.log(p / (1 - p))
    assert np.allclose(speed, expected, atol=1e-12)
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [m.get_markerfacecolor() for m in marks] == [STYLES[0].color, "white"]
    for mark in marks:
        place = float(mark.get_xdata()[0])
        assert 1 / np.sqrt(place * (1 - place)) == pytest.approx(
            2 * np.log(place / (1 - place)), rel=1e-12
        )


def test_the_cobweb_settles_on_its_marked_cycle(ax: Any) -> None:
    plot.cobweb(ax=ax)

    def response(p: float) -> float:
        return 1 / (1 + 999 * np.exp(-1 / np.sqrt(p * (1 - p) + 0.01)))

    p, b = of_colour(ax, STYLES[0])[0].get_data()
    assert np.allclose(b, [response(v) for v in p], rtol=1e-9)
    (cycle,) = [line for line in ax.lines if line.get_marker() == "s"]
    low, high = cycle.get_xdata()
    assert low < 0.01 < 0.6 < high
    assert (response(low), response(high)) == pytest.approx((high, low), rel=1e-9)
    orbit = of_colour(ax, STYLES[1])[0].get_xdata()[::2]
    assert orbit[0] == pytest.approx(0.001)
    assert orbit[1:] == pytest.approx([response(v) for v in orbit[:-1]], rel=1e-9)
    for _ in range(100):  # it is drawn until the cycle is proved to attract
        orbit = [*orbit[1:], response(orbit[-1])]
    assert sorted(orbit[-2:]) == pytest.approx([low, high], abs=1e-6)


def test_drifts_of_groups(ax: Any) -> None:
    plot.bernstein((2, 5, 64, oo), ax=ax)
    for style, size in zip(STYLES, (2, 5, 64, np.inf), strict=False):
        p, h = of_colour(ax, style)[0].get_data()
        assert np.allclose(h, spread(p, size), rtol=1e-10)


def test_large_groups_do_not_overflow() -> None:
    p = np.array([1e-6, 0.3, 0.5])
    drift = of_algorithm(gs.GRPO(4096)).drift(p)
    exact = [float(mp.mpf(1) / mp.sqrt(mp.mpf(v) * (1 - mp.mpf(v)))) for v in p]
    assert drift[0] == pytest.approx(np.sqrt(4095), rel=1e-2)  # D_G(0) = sqrt(G − 1)
    assert drift[1:] == pytest.approx(exact[1:], rel=1e-3)
    assert (drift[1:] < exact[1:]).all()


# -- print ---------------------------------------------------------------------------------


def luminance(colour: Any) -> float:
    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))


@pytest.mark.parametrize("name", plot.FIGURES)
def test_a_figure_is_fit_to_be_printed(name: str, tmp_path: Path) -> None:
    before = dict(mpl.rcParams), plt.get_fignums()
    figure = plot.draw(name)
    figure.savefig(tmp_path / "f.png", dpi=72)
    assert (dict(mpl.rcParams), plt.get_fignums()) == before
    assert figure.get_size_inches()[0] in (3.4, 6.3)
    for ax in figure.axes:
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        legend = ax.get_legend()
        box = legend.get_window_extent()
        inside = ax.get_window_extent()
        for line in (line for line in ax.lines if len(line.get_xdata()) > 1):
            x, y = line.get_transform().transform(np.column_stack(line.get_data())).T
            shown = (x >= inside.x0) & (x <= inside.x1) & (y >= inside.y0) & (y <= inside.y1)
            covered = (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1) & shown
            assert not covered.any() or (line.get_linewidth() < 1 and line.get_color() == "0.6")
        # Nothing is cut off at the edge of the page.
        page = figure.bbox
        tight = ax.get_tightbbox()
        assert tight.x0 >= page.x0 - 1
        assert tight.x1 <= page.x1 + 1
        assert tight.y0 >= page.y0 - 1
        assert tight.y1 <= page.y1 + 1
        # In grey, two entries differ in lightness, in line or in marker.
        for one, two in itertools.combinations(legend.get_lines(), 2):
            looks = [(x.get_linestyle(), x._dash_pattern, x.get_marker()) for x in (one, two)]
            light = abs(luminance(one.get_color()) - luminance(two.get_color()))
            assert looks[0] != looks[1] or light > 0.2 or one.get_linewidth() != two.get_linewidth()


@pytest.mark.parametrize("name", plot.FIGURES)
def test_a_caption_is_one_sentence_of_tex(name: str) -> None:
    caption = plot.FIGURES[name].caption
    parts = caption.split("$")
    assert len(parts) % 2 == 1
    for formula in parts[1::2]:
        MathTextParser("path").parse(f"${formula}$")
    prose = "".join(parts[::2])
    assert prose.endswith(".")
    assert ". " not in prose


def test_seven_styles_are_told_apart_without_colour() -> None:
    assert len({style.marker for style in STYLES}) == len({str(s.line) for s in STYLES}) == 7
    assert len({style.color for style in STYLES}) == 7


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png", "eps"])
def test_files_open_and_are_the_same_every_time(suffix: str, tmp_path: Path) -> None:
    first, second = (plot.save("fig3", tmp_path / f"{n}.{suffix}") for n in "ab")
    data = first.read_bytes()
    assert data == second.read_bytes()
    if suffix == "pdf":
        assert data.startswith(b"%PDF-")
        assert b"/FontFile2" in data  # TrueType, embedded
        assert b"/Type3" not in data
    elif suffix == "svg":
        assert ElementTree.parse(first).getroot().tag.endswith("svg")
    elif suffix == "png":
        with Image.open(first) as image:
            image.load()
            assert image.width == 1020
    else:
        assert data.startswith(b"%!PS-Adobe")
        assert b"CreationDate" not in data


def test_notation_names_axes_and_curves(ax: Any) -> None:
    names = gs.Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y")
    plot.aggregation(policy(2), (1,), ax=ax, notation=names)
    assert ax.get_xlabel() == r"$\mu(y)$"
    assert ax.get_ylabel() == r"$\pi(y)$"
    assert ax.get_legend().get_texts()[0].get_text() == r"$\lambda = 1$"


def test_new_axes_are_made_without_ax() -> None:
    axes = plot.aggregation(policy(2))
    assert axes.figure.number in plt.get_fignums()
    assert len(axes.get_legend().get_texts()) == 4
    plt.close(axes.figure)
    before = plt.get_fignums()
    with pytest.raises(ValueError, match="betas must be a positive number"):
        plot.aggregation(policy(2), (0,))
    assert plt.get_fignums() == before  # and none is left behind by an error


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: plot.aggregation(policy(2), range(1, 9)), "betas must hold 1 to 7 values, got 8"),
        (lambda: plot.aggregation(policy(2), 1), "betas must be a sequence of values"),
        (lambda: plot.aggregation(policy(2), (1,), gamma=1), "unknown argument 'gamma'"),
        (lambda: plot.aggregation("x"), "policy must be the stationary policy of a binary"),
        (lambda: plot.aggregation(policy(gs.symbols.G)), "missing argument 'G'"),
        (lambda: plot.group_sizes(beta=1, pi_ref=0.1), "either beta or pi_ref"),
        (lambda: plot.group_sizes(pi_ref=1), r"pi_ref must lie in \(0, 1\), got 1"),
        (lambda: plot.escape_threshold(2), "largest must be an integer from 3 to 1024"),
        (lambda: plot.cusps((3,)), "sizes must be integers from 4 to 64, got 3"),
        (lambda: plot.penalties({"k1": gs.Estimator("k1")}), "a monotone marginal penalty"),
        (lambda: plot.ranked_policy(("0.1", "0.2")), "reference must be positive and sum to 1"),
        (lambda: plot.cobweb(steps=0), "steps must be an integer from 1 to 500"),
        (lambda: plot.draw("fig9"), "the figure must be one of fig1, fig2"),
        (lambda: plot.save("fig1", "f.gif"), r"ends in \.pdf, \.svg, \.png, \.eps, \.pgf, got"),
        (lambda: plot.save("fig3", "/no/such/place/f.png"), "a file that can be written"),
    ],
)
def test_bad_input_gets_a_sentence(draw: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        draw()
    assert "\n" not in str(caught.value)


def test_without_matplotlib_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for call in (lambda: plot.aggregation(policy(2)), lambda: plot.draw("fig1")):
        with pytest.raises(
            ValueError, match=r"need matplotlib: pip install 'grpo-symbolic\[plot\]"
        ):
            call()
