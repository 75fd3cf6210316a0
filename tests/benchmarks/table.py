"""The table of the documentation, from the records of ``build/benchmarks.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Line = tuple[str, str, str, str, str]
_HEAD: Line = ("what", "takes", "against", "takes", "ratio")


def rendered(records: Mapping[str, Any]) -> str:
    """A Markdown table with the lines of every benchmark that is recorded."""
    lines = [
        line for name, found in _LINES.items() if name in records for line in found(records[name])
    ]
    if not lines:
        raise ValueError(f"records must hold one of {', '.join(_LINES)}, got {', '.join(records)}")
    ruler = ("---", "--:", "---", "--:", "--:")
    return "\n".join(f"| {' | '.join(line)} |" for line in (_HEAD, ruler, *lines))


def _imports(record: Mapping[str, Any]) -> Iterator[Line]:
    rows = {r["name"]: r for r in record["rows"]}
    base = rows["sympy"]["seconds"]
    for name in ("grpo_symbolic", "names of the first example", "every public name"):
        found = rows[name]["seconds"]
        what = f"import {name}" if name == "grpo_symbolic" else f"import of {name}"
        yield what, _time(found), "`import sympy`", _time(base), f"{found / base:.2f}"


def _bernstein(record: Mapping[str, Any]) -> Iterator[Line]:
    unit = 1000 if record["unit"] == "ms" else 1
    shared = [r for r in record["rows"] if "sympy_expand" in r][-1]
    last = record["rows"][-1]
    yield (
        f"drift expanded exactly, G = {shared['G']}",
        _time(shared["expand"] / unit),
        "SymPy's `expand`",
        _time(shared["sympy_expand"] / unit),
        _ratio(shared["ratio_expand"]),
    )
    total = sum(last[n] for n in ("build", "evaluate", "expand")) / unit
    what = f"built, {record['digits']} digits and expanded, G = {last['G']}"
    yield what, _time(total), "", "", ""


def _roots(record: Mapping[str, Any]) -> Iterator[Line]:
    for r in record["rows"]:
        what = f"{record['points']:,} stationary policies, G = {r['G']}"
        ours = _time(r["evaluate"])
        yield what, ours, "`scipy.optimize.brentq`", _time(r["brentq"]), _ratio(r["ratio_brentq"])
        yield (
            what,
            ours,
            "`scipy.optimize.elementwise.find_root`",
            _time(r["find_root"]),
            _ratio(r["ratio_find_root"]),
        )


def _closed_forms(record: Mapping[str, Any]) -> Iterator[Line]:
    for r in record["rows"]:
        yield (
            f"{record['points']:,} closed forms, {r['name']} ({r['ulp']:.1f} ulp)",
            _time(r["evaluate"]),
            f"textbook formula in NumPy ({_count(r['ulp_textbook'])} ulp)",
            _time(r["textbook"]),
            _ratio(r["ratio"]),
        )


def _accuracy(record: Mapping[str, Any]) -> Iterator[Line]:
    for r in record["rows"]:
        yield (
            f"largest error of π(a) and of 1 − π(a), G = {r['G'].replace('oo', '∞')}",
            f"{r['ulp']:.1f} and {r['ulp_complement']:.1f} ulp",
            f"{record['bits']}-bit balls",
            "",
            "",
        )


def _growth(record: Mapping[str, Any]) -> Iterator[Line]:
    last = [r for r in record["points"] if "several" in r][-1]
    what = f"{last['points']:,} stationary policies where there may be several, direct KL, G = 64"
    yield what, _time(last["several"]), "", "", ""
    for variable, found in record["exponents"].items():
        letter = "G" if variable == "G" else "n"
        shown = ", ".join(f"{name} {letter}^{value:.2f}" for name, value in found.items())
        of = "group size G" if variable == "G" else "number of points n"
        yield f"growth with the {of}: {shown}", "", "", "", ""


def _sweep(record: Mapping[str, Any]) -> Iterator[Line]:
    peaks = [*record["peak_workers_mib"], record["peak_client_mib"]]
    yield (
        f"sweep of {record['points']:,} points, {record['workers']} processes",
        _time(record["seconds"]),
        f"peak memory {sum(peaks):,.0f} MiB in all; π(a) itself {record['result_mib']:,.0f} MiB",
        "",
        "",
    )


def _book(record: Mapping[str, Any]) -> Iterator[Line]:
    yield (
        f"`python -m derivations`, {record['results']} results",
        _time(record["seconds"]),
        f"{_time(record['seconds_each'])} a result",
        "",
        "",
    )


_LINES = {
    "imports": _imports,
    "bernstein": _bernstein,
    "roots": _roots,
    "closed_forms": _closed_forms,
    "accuracy": _accuracy,
    "growth": _growth,
    "sweep": _sweep,
    "book": _book,
}


def _time(seconds: float) -> str:
    return f"{_count(1000 * seconds)} ms" if seconds < 1 else f"{_count(seconds)} s"


def _count(value: float) -> str:
    if value >= 1e7:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
