"""A sweep of a hundred million points (β, π_ref, G) by two worker processes, in bounded memory.

β runs over a logarithmic grid, π_ref(a) over another one in log-odds, G over 2, 8, 64, 1024 and
the large-group limit. ``policy.evaluate`` gets dask arrays and returns dask arrays; what is kept
are the mean, the least and the greatest π(a) of every G, and a histogram. Chunks are reduced
where they are computed, so that no process ever holds more than a few of them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from sympy import oo

from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.policy.stationary import stationary_policy

SIZES = (2, 8, 64, 1024, oo)
POINTS = 100_000_000
WORKERS = 2
BETAS = (1e-3, 1e2)
ODDS = (1e-6, 1e3)
# The last bin is that of the points that nearly always answer a.
BINS = 100
_SIDE = 1000  # of a chunk
_WIDTH = 13
_PATIENCE = ("distributed.comm.timeouts.connect", "distributed.comm.timeouts.tcp")


def run(points: int = POINTS) -> dict[str, Any]:
    """Print the table and return what it shows."""
    with processes() as client:
        return swept(client, points)


@contextmanager
def processes() -> Iterator[Any]:
    """A client of worker processes on this machine, each with one thread."""
    import dask
    from dask.distributed import Client, LocalCluster

    with (
        # On a busy machine a process may not answer for long: it is waited for.
        dask.config.set(dict.fromkeys(_PATIENCE, "1h")),
        dask.config.set({"distributed.scheduler.worker-ttl": None}),
        # Any free port: the usual one may be taken.
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def swept(client: Any, points: int) -> dict[str, Any]:
    start = perf_counter()
    policies = [stationary_policy(GRPO(G), BinaryQuestion()) for G in SIZES]
    client.gather(client.compute(_lazy(policies, 0)[0]))
    ready, before = perf_counter() - start, [*client.run(_peak).values()]
    start = perf_counter()
    lazy, counts = _lazy(policies, points)
    built = perf_counter() - start
    futures = client.compute(lazy)
    if sys.stdout.isatty():
        from dask.distributed import progress

        progress(futures)
        print()
    results = client.gather(futures)
    seconds = perf_counter() - start
    peaks = [*client.run(_peak).values()]
    rows = [
        _row_of(G, count, *found) for G, count, found in zip(SIZES, counts, results, strict=True)
    ]
    _row(["G", "points", "mean", "least", "greatest", "pi(a) > 0.99"])
    for r in rows:
        _row([r["G"], f"{r['points']:,}", *(f"{r[k]:.4g}" for k in list(r)[2:6])])
    total = sum(counts)
    everything = 8 * total / 2**20
    record = {
        "rows": rows,
        "points": total,
        "seconds": seconds,
        "seconds_graph": built,
        "seconds_first_points": ready,
        "points_per_second": total / seconds,
        "workers": WORKERS,
        "peak_workers_mib": peaks,
        "idle_workers_mib": before,
        "peak_client_mib": _peak(),
        "result_mib": everything,
    }
    print(
        f"{total:,} points in {seconds:.1f} s by {WORKERS} processes of one thread "
        f"({record['points_per_second']:,.0f} a second)"
    )
    print(
        f"peak memory in MiB: workers {_list(peaks)} ({_list(before)} before the sweep), client "
        f"with scheduler {record['peak_client_mib']:.0f}; all of pi(a) would take {everything:,.0f}"
    )
    return record


def _lazy(policies: list[Any], points: int) -> tuple[list[tuple[Any, ...]], list[int]]:
    """For every G the reductions of one lazy array, and how many points it has."""
    import dask.array as da

    side = max(2, round(math.sqrt(points / len(SIZES))))
    low, high = (math.log(b) for b in BETAS)
    beta = da.exp(da.linspace(low, high, side, chunks=_SIDE))[:, None]
    low, high = (math.log(o) for o in ODDS)
    pi_ref = 1 / (1 + da.exp(-da.linspace(low, high, side, chunks=_SIDE)))
    lazy = []
    for policy in policies:
        p = policy.evaluate(beta=beta, pi_ref=pi_ref)
        lazy.append((p.mean(), p.min(), p.max(), da.histogram(p, bins=BINS, range=(0, 1))[0]))
    return lazy, [side * side] * len(SIZES)


def _row_of(
    G: Any, count: int, mean: float, least: float, greatest: float, bins: Any
) -> dict[str, Any]:
    if int(bins.sum()) != count:
        raise AssertionError(f"G = {G}: the histogram holds {bins.sum()} of {count} points")
    return {
        "G": str(G),
        "points": count,
        "mean": float(mean),
        "least": float(least),
        "greatest": float(greatest),
        "above_0.99": float(bins[-1] / count),
        "histogram": bins.tolist(),
    }


def _peak() -> float:
    """The largest resident memory that this process ever had, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage() starts from what the parent had before this program was loaded.
        line = next(l for l in status.read_text().splitlines() if l.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    import resource

    unit = 1 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _list(numbers: list[float]) -> str:
    return " and ".join(f"{n:.0f}" for n in numbers)


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
