"""Many reward levels: accuracy, time and memory, and a search against uniqueness.

``python -m tests.benchmarks.levels`` prints all, with names of parts (``exact fourier``) these;
``--search N`` draws N policies for the last.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import lgamma, log
from pathlib import Path

import numpy as np
from flint import arb, ctx

import grpo_symbolic as gs
from grpo_symbolic.levels.balls import LevelPreference
from grpo_symbolic.levels.field import LevelField
from grpo_symbolic.levels.mixture import Mixture
from tests.levels.lattice import Lattice

_SETTINGS = ((64, 4), (64, 8), (64, 20), (1024, 16))
_ANSWERS = 200
_FIGURE = Path(__file__).parents[2] / "build" / "levels"
#: Group size, levels and answers of each point of a curve.
_GROWTH = {
    "group size": [(g, 8, 200) for g in (8, 32, 128, 512, 2048)],
    "levels": [(64, n, 200) for n in (4, 8, 16, 32)],
    "answers": [(64, 8, n) for n in (20, 200, 2000)],
}


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds, and what came out."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def exact_against_balls() -> None:
    """Levels up to 5 and groups up to 8: the exact law, at 30 digits and in float64.

    At equal and at unequal distances, and with one level far from the others.
    """
    worst, worst_float = 0.0, 0.0
    for count, kind in product(range(3, 6), range(3)):
        place = (lambda k: k, lambda k: Fraction(k * (k + 1), 3), lambda k: k**4)[kind]
        levels = tuple(Fraction(place(k)) for k in range(count))
        masses = [Fraction(2 * k + 1, count * count) for k in range(count)]
        for size in range(3, 9):
            with ctx.workprec(150):
                exact = Lattice(levels, size).balls(masses)
                policy = [arb(m.numerator) / m.denominator for m in masses]
                balls = LevelPreference(levels, Mixture(size, size), None, 110).values(policy)
                assert all(a.overlaps(b) for a, b in zip(exact, balls, strict=True))
                worst = max(
                    worst, *(float((a - b).abs_upper()) for a, b in zip(exact, balls, strict=True))
                )
            floats = LevelField(levels, Mixture(size, size)).values(
                np.array([[float(m)] for m in masses])
            )[:, 0]
            worst_float = max(
                worst_float, *(abs(float(a) - b) for a, b in zip(exact, floats, strict=True))
            )
    print(
        f"levels 3-5, groups 3-8, against exact laws: balls {worst:.1e}, floats {worst_float:.1e}"
    )


def fourier() -> None:
    """Lattice transforms up to G = 1024."""
    for size in (16, 64, 256, 1024):
        masses = np.array([0.2, 0.5, 0.3])
        levels = (Fraction(0), Fraction(1), Fraction(2))
        one = Lattice(levels, size).values(masses)
        two = LevelField(levels, Mixture(size, size)).values(masses[:, None])[:, 0]
        print(f"G = {size}: against the Fourier transform {np.abs(one - two).max():.1e}")


def monte_carlo(size: int = 256, draws: int = 20_000) -> None:
    """Drawn groups, in standard errors."""
    random = np.random.default_rng(1)
    levels, masses = np.arange(8.0), random.dirichlet(np.ones(8))
    found = LevelField(tuple(map(Fraction, range(8))), Mixture(size, size)).values(masses[:, None])
    others = random.choice(levels, p=masses, size=(draws, size - 1))
    scores = []
    for own, value in zip(levels, found[:, 0], strict=True):
        group = np.concatenate([np.full((draws, 1), own), others], axis=1)
        advantage = (own - group.mean(axis=1)) / group.std(axis=1)
        scores.append(abs(advantage.mean() - value) / (advantage.std() / np.sqrt(draws)))
    print(f"G = {size}, 8 levels, {draws} drawn groups: at most {max(scores):.1f} standard errors")


def solved() -> None:
    """One question of each setting, with 200 answers."""
    random = np.random.default_rng(2)
    for size, levels in _SETTINGS:
        rewards = [int(r) for r in random.integers(0, levels, _ANSWERS)]
        policy = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=rewards))
        reference = [f"1/{_ANSWERS}"] * _ANSWERS
        spent, found = timed(lambda p=policy, r=reference: p.solutions(beta=1, pi_ref=r))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"G = {size}, {levels} levels, {_ANSWERS} answers: {spent:.2f} s, residual "
            f"{float(found.found[0].residual):.1e}, {memory} MiB; {found.status}"
        )


def growth() -> None:
    """How ``solutions`` grows with G, with levels and with answers: printed, and drawn."""
    random = np.random.default_rng(5)
    curves: dict[str, list[tuple[int, float]]] = {}
    for name, settings in _GROWTH.items():
        row = []
        for size, levels, answers in settings:
            rewards = [int(r) for r in random.integers(0, levels, answers - levels)]
            question = gs.Question(rewards=[*range(levels), *rewards])
            policy = gs.stationary_policy(gs.GRPO(size), question)
            reference = [f"1/{answers}"] * answers
            spent, _ = timed(lambda p=policy, r=reference: p.solutions(beta=1, pi_ref=r))
            row.append((dict(zip(_GROWTH, (size, levels, answers), strict=True))[name], spent))
        curves[name] = row
        print(f"{name}: " + ", ".join(f"{x}: {t:.2f} s" for x, t in row), flush=True)
    _draw(curves)


def _draw(curves: dict[str, list[tuple[int, float]]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from grpo_symbolic.plotting.style import STYLES, TEXT, paper

    _FIGURE.parent.mkdir(parents=True, exist_ok=True)
    with paper():
        figure = Figure(figsize=(TEXT, 2.6), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(curves), sharey=True)
        for ax, style, (name, row) in zip(panels, STYLES, curves.items(), strict=False):
            ax.loglog(*zip(*row, strict=True), color=style.color, marker=style.marker)
            ax.set_xticks([x for x, _ in row], [str(x) for x, _ in row])
            ax.set_xticks([], minor=True)
            ax.set_xlabel(name)
        panels[0].set_ylabel("seconds of processor time")
        for suffix in ("pdf", "png"):
            figure.savefig(_FIGURE.with_suffix(f".{suffix}"))
    print(f"drawn in {_FIGURE}.pdf and .png")


def evaluated(rows: int = 100_000, sample: int = 8) -> None:
    """Reference policies with 8 levels at G = 16, against SciPy on enumerated expectations."""
    from scipy.optimize import root

    random = np.random.default_rng(3)
    policy = gs.stationary_policy(gs.GRPO(16), gs.Question(rewards=tuple(range(8))))
    reference = random.dirichlet(np.ones(8), size=rows)
    policy.evaluate(beta=1, pi_ref=reference[:1])
    spent, found = timed(lambda: policy.evaluate(beta=1, pi_ref=reference))
    values = enumerated(8, 16)

    def policy_at(y: np.ndarray, row: np.ndarray) -> np.ndarray:
        lifted = row * np.exp(np.append(y, 0.0))
        return lifted / lifted.sum()

    def left(y: np.ndarray, row: np.ndarray) -> np.ndarray:
        pi = policy_at(y, row)
        return (pi * (1 - values(pi)) / row - 1)[:-1]

    start, worst, solved_by_both = time.process_time(), 0.0, 0
    for k in range(sample):
        with np.errstate(all="ignore"):
            at = root(left, np.zeros(7), args=(reference[k],), tol=1e-14).x
            if not np.abs(left(at, reference[k])).max() < 1e-9:
                continue  # it is lost from this start
        solved_by_both, pi = solved_by_both + 1, policy_at(at, reference[k])
        worst = max(worst, float(np.abs(pi / found[k] - 1).max()))
    each = (time.process_time() - start) / sample
    print(
        f"{rows} policies: {spent:.1f} s, {rows / spent:,.0f} a second; SciPy {each:.2f} s each, "
        f"{each * rows / spent:,.0f} times as long; where it "
        f"ends at a solution ({solved_by_both} of {sample}) they agree to {worst:.1e}"
    )
    errors = []
    for k in range(3):
        row = [Fraction(float(x)) for x in reference[k]]
        given = [str(x / sum(row)) for x in row]
        (balls,) = policy.enclose(beta=1, pi_ref=given, digits=50).policies
        errors += [abs(float(1 - arb(float(a)) / b)) for a, b in zip(found[k], balls, strict=True)]
    print(f"largest relative error against 50 digits: {max(errors):.1e}")


def enumerated(levels: int, size: int) -> Callable[[np.ndarray], np.ndarray]:
    """V from all counts of levels among the others."""
    counts = np.array(
        [
            np.bincount(c, minlength=levels)
            for c in combinations_with_replacement(range(levels), size - 1)
        ]
    )
    ways = np.exp([lgamma(size) - sum(lgamma(x + 1) for x in c) for c in counts])
    rewards = np.arange(levels)
    sums, squares = counts @ rewards, counts @ rewards**2
    table = []
    for r in rewards:
        spread = size * (squares + r * r) - (sums + r) ** 2
        root = np.sqrt(np.maximum(spread, 1))
        table.append(np.where(spread > 0, (size * r - sums - r) / root, 0.0) * ways)
    matrix = np.array(table)

    def values(masses: np.ndarray) -> np.ndarray:
        return matrix @ np.exp(counts @ np.log(np.maximum(masses, 1e-300)))

    return values


def search(draws: int) -> None:
    """The least det DT over Π (1 − P(o)/β) over o ≠ worst: above 1 as far as it is looked for.

    T(π) = π (1 − P/β) maps stationary policies to their references. Where its Jacobian
    determinant along the simplex keeps one sign on {P < β}, every reference has one stationary
    policy under the reverse KL.
    """
    random = np.random.default_rng(4)
    least, done = np.inf, 0
    while done < draws:
        count, size = int(random.integers(3, 6)), int(random.integers(3, 13))
        levels = tuple(Fraction(int(x)) for x in random.choice(60, count, replace=False))
        masses = random.dirichlet(np.full(count, random.choice([0.2, 0.6, 1.0, 3.0])), size=500).T
        masses = np.maximum(masses, 1e-12)
        masses /= masses.sum(axis=0)
        values, slopes = LevelField(levels, Mixture(size, size), 26.0).slopes(masses)
        beta = values.max(axis=0) * (1 + np.exp(random.uniform(-6, 3, 500)))
        keep = 1 - values / beta
        jacobian = -masses[:, None] * slopes / beta
        jacobian[np.arange(count), np.arange(count)] += keep
        inner = (jacobian[:, :-1] - jacobian[:, -1:])[:-1]
        found = np.linalg.det(np.moveaxis(inner, -1, 0))
        # Relative to the product over all but the worst.
        ratio = found / (keep.prod(axis=0) / keep.max(axis=0))
        least, done = min(least, float(ratio.min())), done + 500
    print(
        f"{done} random policies: the least ratio is {least:.12f} (log {log(max(least, 1e-9)):.1e})"
    )


def main() -> None:
    parts: dict[str, Callable[[argparse.Namespace], object]] = {
        "exact": lambda given: exact_against_balls(),
        "fourier": lambda given: fourier(),
        "monte-carlo": lambda given: monte_carlo(),
        "solved": lambda given: solved(),
        "growth": lambda given: growth(),
        "evaluated": lambda given: evaluated(),
        "search": lambda given: search(given.search),
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(parts)}; by default all")
    parser.add_argument("--search", type=int, default=20_000)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(parts):
        parser.error(f"unknown parts {', '.join(sorted(unknown))}: there are {', '.join(parts)}")
    for name in given.parts or parts:
        parts[name](given)


if __name__ == "__main__":
    main()
