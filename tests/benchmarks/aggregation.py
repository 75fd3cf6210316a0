"""What is measured of rules of aggregation: ``python -m tests.benchmarks.aggregation``."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np

import grpo_symbolic as gs
from grpo_symbolic.aggregation.maximal import maximal_face
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.votes import Comparisons
from grpo_symbolic.cli.program import main

Margins = list[list[Fraction]]


def random_margins(random: Random) -> Margins:
    """An antisymmetric matrix of integers, small ones often: ties make the optimum not unique."""
    n, most = random.randint(2, 8), random.choice((1, 1, 2, 3, 10))
    table = [[Fraction(0)] * n for _ in range(n)]
    for o in range(n):
        for x in range(o):
            table[o][x] = Fraction(random.randint(-most, most))
            table[x][o] = -table[o][x]
    return table


def largest_shares(margins: Margins) -> list[Fraction]:
    """The largest mass of each answer in a maximal lottery, by an exact solver."""
    import z3

    n = len(margins)
    found = []
    for wanted in range(n):
        solver = z3.Optimize()
        p = [z3.Real(f"p{o}") for o in range(n)]
        solver.add(*(v >= 0 for v in p), z3.Sum(p) == 1)
        for row in margins:
            solver.add(z3.Sum([int(g) * v for g, v in zip(row, p, strict=True)]) <= 0)
        best = solver.maximize(p[wanted])
        assert solver.check() == z3.sat
        value = solver.upper(best)
        found.append(Fraction(str(value)))
    return found


def matrices(count: int = 500) -> list[Margins]:
    """The matrices of both measurements below: the second one takes the first of them."""
    random = Random(11)
    return [random_margins(random) for _ in range(count)]


def linear_programs(count: int = 500) -> str:
    """Support and uniqueness against the exact solver."""
    several, wrong = 0, 0
    for margins in matrices(count):
        face, shares = maximal_face(margins), largest_shares(margins)
        same = {o for o, s in enumerate(shares) if s > 0} == set(face.support)
        unique = tuple(shares) == face.inner
        several += not face.unique
        wrong += not (same and face.verified() and unique == face.unique)
    return f"{count} margin matrices, {several} without a unique lottery: {wrong} disagreements"


def paths(count: int = 100) -> str:
    """The path of pairs against the selected lottery, and the identity of the central path."""
    random, far, off, several = Random(12), 0.0, 0.0, 0
    for margins in matrices()[:count]:
        whole = max((abs(g) for row in margins for g in row), default=Fraction(1)) or Fraction(1)
        margins = [[g / whole for g in row] for row in margins]
        n = len(margins)
        weights = [random.randint(1, 4) for _ in range(n)]
        rho = [Fraction(w, sum(weights)) for w in weights]
        votes, face = Comparisons.of_margins(margins), maximal_face(margins)
        end = np.array([float(v) for v in face.selected(rho)[0]])
        at = gs.rule("grpo2").lottery(votes, rho, Fraction(1, 10**8)).floats()
        far = max(far, np.abs(np.array(at) - end).max())
        gamma = np.array([[float(g) for g in row] for row in margins])
        inner = np.array([float(p) for p in face.inner])
        total = sum(float(rho[o]) * inner[o] / end[o] for o in face.support)
        total += sum(float(rho[o]) * (gamma[o] @ inner) / (gamma[o] @ end) for o in face.rest)
        off = max(off, abs(total - 1))
        several += not face.unique
    return (
        f"{count} paths ({several} without a unique lottery): at beta = 1e-8 within {far:.1e}, "
        f"the sum of the central path is 1 within {off:.1e}"
    )


def throughput(count: int = 10_000) -> str:
    """Electorates of five raters and three answers."""
    random = np.random.default_rng(1)
    rewards = random.integers(0, 10, (count, 5, 3)).astype(float)
    profiles = Profiles(rewards, np.full((count, 5), 0.2))
    reference, beta = np.full((count, 3), 1 / 3), np.full(count, 0.5)
    lines = []
    for name in ("grpo2", "nlhf", "grpo4", "grpo-inf", "rlhf-btl", "borda"):
        start = time.perf_counter()
        found = gs.rule(name).batch(profiles, beta, reference)
        took = time.perf_counter() - start
        missing = int(np.isnan(found).any(axis=1).sum())
        lines.append(f"{name} {took:.2f} s ({count / took:,.0f}/s, {missing} not found)")
    return f"{count} electorates: " + "; ".join(lines)


def large_table(raters: int = 1000, answers: int = 200) -> str:
    """The command on a table with a tenth of the votes missing."""
    random = Random(3)
    merit = [random.gauss(0, 1) for _ in range(answers)]
    rows = [
        f"r{r},a{a},{round(merit[a] + random.gauss(0, 2), 1)}"
        for r in range(raters)
        for a in range(answers)
        if random.random() < 0.9
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "votes.csv"
        file.write_text("rater,answer,score\n" + "\n".join(rows))
        start, used = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(["aggregate", str(file), "--json"]) == 0
        took, busy = time.perf_counter() - start, time.process_time() - used
    return (
        f"aggregate, {answers} answers, {raters} raters: {took:.1f} s ({busy:.1f} s of processor)"
    )


if __name__ == "__main__":
    for measured in (linear_programs, paths, throughput, large_table):
        print(measured(), flush=True)
