"""Every benchmark at a small size: both sides run, agree, and leave finite numbers of every kind.

How long anything takes is not asserted: that is for ``python -m tests.benchmarks``.
"""

import json
import math
import sys

import pytest
from sympy import oo

pytest.importorskip("scipy", reason="the extra evidence is not installed")

from tests.benchmarks import (
    __main__ as command,
)
from tests.benchmarks import (
    accuracy,
    bernstein,
    book,
    closed_forms,
    growth,
    imports,
    roots,
    table,
)


def numbers(record):
    """Every number in plain data, however deep."""
    if isinstance(record, dict):
        record = list(record.values())
    if isinstance(record, list):
        return [n for part in record for n in numbers(part)]
    return [record] if isinstance(record, (int, float)) else []


def checked(record, keys, first):
    """Plain data with finite numbers, all above 0 but exponents, and the rows expected."""
    assert json.loads(json.dumps(record)) == record
    assert all(math.isfinite(n) for n in numbers(record))
    assert [row[first] for row in record["rows"]] != []
    for row in record["rows"]:
        assert set(keys) <= set(row)
        assert all(row[k] > 0 for k in keys if isinstance(row[k], float))
    return record


@pytest.fixture(scope="module")
def records():
    """The records of all benchmarks that run within seconds, made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bernstein, "SIZES", (4, 8, 16, 24))
        patch.setattr(bernstein, "LONGEST", 0.5)
        patch.setattr(roots, "SIZES", (8, 64))
        patch.setattr(roots, "POINTS", 200)
        patch.setattr(roots, "_LOOPED", 20)
        patch.setattr(roots, "_FOUND", {8: 50, 64: 50})
        patch.setattr(roots, "_REPEATS", 2)
        patch.setattr(closed_forms, "POINTS", 200)
        patch.setattr(closed_forms, "_CHECKED", 60)
        patch.setattr(closed_forms, "_REPEATS", 2)
        patch.setattr(accuracy, "SIZES", (2, 8, 64, oo))
        patch.setattr(accuracy, "POINTS", 40)
        return {
            "bernstein": bernstein.run(),
            "roots": roots.run(),
            "closed_forms": closed_forms.run(),
            "accuracy": accuracy.run(),
        }


def test_bernstein(records):
    keys = ("G", "build", "evaluate", "expand", "sympy_build")
    record = checked(records["bernstein"], keys, "G")
    assert [r["G"] for r in record["rows"]] == [4, 8, 16, 24]
    assert record["rows"][0]["ratio_expand"] > 0
    assert set(record["growth"]) == {"build", "evaluate", "expand"}


def test_roots(records):
    keys = ("G", "evaluate", "brentq", "ratio_brentq", "find_root", "ratio_find_root")
    record = checked(records["roots"], keys, "G")
    for row in record["rows"]:
        assert row["ratio_brentq"] == row["brentq"] / row["evaluate"]
        assert row["ratio_find_root"] == row["find_root"] / row["evaluate"]
        assert row["deviation"] < 1e-12


def test_closed_forms(records):
    keys = ("textbook", "evaluate", "ratio", "complement")
    record = checked(records["closed_forms"], keys, "name")
    for row in record["rows"]:
        assert row["ratio"] == row["textbook"] / row["evaluate"]
        assert max(row["ulp"], row["ulp_complement"]) <= 4
    # What an author writes cancels at these points.
    assert record["rows"][0]["ulp_textbook"] > 100


def test_accuracy(records):
    record = checked(records["accuracy"], ("ulp", "ulp_complement"), "G")
    assert [r["G"] for r in record["rows"]] == ["2", "8", "64", "oo"]
    for row in record["rows"]:
        most = 1.5 if row["G"] in ("8", "64") else 4
        assert row["ulp"] <= most
        assert row["ulp_complement"] <= most


def test_accuracy_sees_one_wrong_bit():
    with accuracy.ctx.workprec(600):
        terms = accuracy._terms(8)
        arb = accuracy.arb
        policy = accuracy.stationary_policy(accuracy.GRPO(8), accuracy.BinaryQuestion())
        right = policy.evaluate(beta=0.75, pi_ref=0.25)
        for ulps in (16, -1024):
            wrong = right * (1 + ulps * 2.0**-52)
            error = accuracy._error(terms, 8, arb(wrong), arb(0.75), arb(0.25), False)
            assert error / right * 2.0**52 == pytest.approx(abs(ulps), abs=4)


def test_growth(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    monkeypatch.setattr(growth, "SIZES", (8, 16))
    monkeypatch.setattr(growth, "POINTS", (10, 50, 100))
    monkeypatch.setattr(growth, "_SEVERAL", 2)
    monkeypatch.setattr(growth, "EVALUATED", 100)
    monkeypatch.setattr(growth, "_REPEATS", 1)
    monkeypatch.setattr(growth, "FIGURE", tmp_path / "benchmarks")
    record = checked(growth.run(), ("build", "expand", "derive", "table", "evaluate"), "G")
    assert set(record["exponents"]["G"]) == set(record["rows"][0]) - {"G"}
    assert [r["points"] for r in record["points"]] == [10, 50, 100]
    assert "several" not in record["points"][-1]
    assert (tmp_path / "benchmarks.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "benchmarks.png").read_bytes().startswith(b"\x89PNG")


def test_an_exponent_is_the_slope_of_the_larger_sizes():
    rows = [{"G": 2**k, "cost": 3.0 * 2 ** (2.5 * k)} for k in range(2, 9)]
    rows[0]["cost"] = 1e9
    assert growth._exponent(rows, "G", "cost") == pytest.approx(2.5)


def test_imports(monkeypatch):
    pytest.importorskip("resource", reason="processor times of children are POSIX's")
    monkeypatch.setattr(imports, "REPEATS", 1)
    cases = {"sympy": "import json", "grpo_symbolic": "import grpo_symbolic"}
    monkeypatch.setattr(imports, "CASES", cases)
    record = checked(imports.run(), ("seconds", "ratio"), "name")
    assert [r["name"] for r in record["rows"]] == ["sympy", "grpo_symbolic"]
    assert record["rows"][0]["ratio"] == 1


def test_book():
    record = checked(book.run("eq02_sign_form"), ("name", "seconds"), "name")
    assert (record["results"], record["rows"][0]["name"]) == (1, "eq02_sign_form")
    assert record["seconds"] > record["seconds_of_results"] > 0


def test_records_are_merged_and_rendered(records, tmp_path, monkeypatch, capsys):
    path = tmp_path / "build" / "benchmarks.json"
    for name, record in records.items():
        command.record(name, {**record, "old": 1}, path)
        command.record(name, record, path)
    kept = json.loads(path.read_text())
    assert set(kept) == set(records)
    for name, record in records.items():
        assert {k: v for k, v in kept[name].items() if k not in ("versions", "machine")} == record
        assert {"python", "sympy", "numpy"} <= set(kept[name]["versions"])
        assert kept[name]["machine"]["processors"] >= 1
    monkeypatch.setattr(command, "RECORDS", path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--table"])
    command.main()
    lines = capsys.readouterr().out.splitlines()
    assert {line.count("|") for line in lines} == {6}
    # A line of the expansion and of the sum, two of each size of roots, one of each other row.
    assert len(lines) == 2 + 2 + 2 * 2 + 3 + 4


def test_the_table_of_records_with_known_numbers():
    record = {
        "rows": [
            {"name": n, "seconds": s}
            for n, s in (
                ("sympy", 0.5),
                ("grpo_symbolic", 0.02),
                ("names of the first example", 0.6),
                ("every public name", 1.25),
            )
        ]
    }
    assert table.rendered({"imports": record}).splitlines()[2:] == [
        "| import grpo_symbolic | 20 ms | `import sympy` | 500 ms | 0.04 |",
        "| import of names of the first example | 600 ms | `import sympy` | 500 ms | 1.20 |",
        "| import of every public name | 1.2 s | `import sympy` | 500 ms | 2.50 |",
    ]
    with pytest.raises(ValueError, match=r"^records must hold one of imports, .*, got nothing$"):
        table.rendered({"nothing": {}})


def test_unknown_names_are_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "rots"])
    with pytest.raises(SystemExit):
        command.main()
    assert "unknown benchmark rots: choose from imports, bernstein" in capsys.readouterr().err
