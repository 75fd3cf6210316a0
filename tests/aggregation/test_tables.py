"""Tables of votes, and the command that aggregates them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sympy import Rational

import grpo_symbolic as gs
from grpo_symbolic.aggregation.names import rule
from grpo_symbolic.aggregation.tables import parse_votes
from grpo_symbolic.cli.program import main

SCORES = "rater,answer,score\nx,a,3\nx,b,1\ny,b,2\ny,a,1\nz,a,5\nz,c,\nz,b,1\nw,c,2\nw,a,1\n"
PAIRS = "rater,winner,loser\nx,a,b\ny,b,a\nz,a,c\nz,b,c\nw,a,c\nw,c,a\n"
ORDERS = """\
# FILE NAME: 1.toi
# NUMBER ALTERNATIVES: 3
# ALTERNATIVE NAME 1: tea
# ALTERNATIVE NAME 2: coffee
# ALTERNATIVE NAME 3: water
2: 1,2,3
1: 3,{1,2}
1: 2
"""


def test_scores_with_missing_votes() -> None:
    found = parse_votes(SCORES)
    assert isinstance(found, gs.Electorate)
    assert found.answers == ("a", "b", "c")
    # a against b: x and z for a, y for b; a against c: w alone.
    assert found.margins[0] == (0, Rational(1, 3), -1)
    assert found.margins[1][2] == 0
    assert found.mean_rewards == (Rational(10, 4), Rational(4, 3), 2)
    for word in ("NA", "n/a", "NaN"):
        assert parse_votes(SCORES.replace("z,c,\n", f"z,c,{word}\n")) == found


def test_columns_in_any_order_and_no_header() -> None:
    turned = "\ufeffscore;answer".replace(";", ",") + ",rater\n1,a,x\n0,b,x\n"
    assert parse_votes(turned.lstrip("\ufeff")).margins == ((0, 1), (-1, 0))
    assert parse_votes("x,a,1\nx,b,0\n").margins == ((0, 1), (-1, 0))


def test_pairwise_votes() -> None:
    found = parse_votes(PAIRS)
    assert found.answers == ("a", "b", "c")
    assert found.won.tolist() == [[0, 0, 1], [0, 0, 1], [-1, -1, 0]]
    assert found.seen.tolist() == [[0, 2, 3], [2, 0, 1], [3, 1, 0]]


def test_orders_of_preflib() -> None:
    found = parse_votes(ORDERS, ".toi")
    assert found.answers == ("tea", "coffee", "water")
    assert found.margins[0] == (0, Rational(2, 3), Rational(1, 3))
    assert set(zip(found.masses, found.rewards, strict=True)) == {
        (1, (1, 1, 2)), (1, (None, 1, None)), (2, (3, 2, 1))}  # fmt: skip


CATEGORIES = """\
# NUMBER CATEGORIES: 3
# ALTERNATIVE NAME 1: tea
# ALTERNATIVE NAME 2: coffee
4: 1,{},2
2: {},{1,2},{}
"""


def test_categories_of_preflib() -> None:
    """An empty category keeps its place: the rewards are those of the categories."""
    found = parse_votes(CATEGORIES, ".cat")
    assert set(zip(found.masses, found.rewards, strict=True)) == {(4, (3, 1)), (2, (2, 2))}
    with pytest.raises(ValueError, match="row 6: 3 categories are declared, got 2"):
        parse_votes(CATEGORIES + "1: 1,2\n", ".cat")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str) -> None:
    """Quoted cells, columns that are not asked for, lines of Windows."""
    text = 'when,rater,answer,score\r\n1,x,"a ""1""",3\r\n2,x,b,1\r\n'
    found = parse_votes(text.replace(",", delimiter))
    assert found.answers == ('a "1"', "b")
    assert found.rewards == ((3, 1),)


BAD = {
    "decimal comma": ("rater;answer;score\nx;a;1\nx;b;2,5\n", "row 3: score must be a number"),
    "empty": ("", "this one is empty"),
    "header": ("a,b\n1,2\n", "row 1: a table of votes must be"),
    "score": ("rater,answer,score\nx,a,1\nx,b,good\n", "row 3: score must be a number"),
    "twice": ("rater,answer,score\nx,a,1\nx,a,2\n", "row 3: rater x scores answer a a second time"),
    "columns": ("rater,answer,score\nx,a\n", "row 2: 2 columns, too few"),
    "missing": ("rater,answer,score\n,a,1\n", "row 2: the rater is missing"),
    "itself": ("rater,winner,loser\nx,a,a\n", "row 2: answer a cannot be preferred to itself"),
    "one answer": ("rater,answer,score\nx,a,1\n", "two answers or more"),
    "quotes": ('rater,answer,score\nx,"a,1\n', "row 2: "),
    "no score": ("rater,answer,score\nx,a,\nx,b,\n", "at least one score"),
    "order": (ORDERS + "x\n", "row 9: an order must be written"),
    "alternative": (ORDERS + "1: 4\n", "row 9: the order names the unknown alternative '4'"),
    "brace": (ORDERS + "1: 1,{2\n", "row 9: an order must be written"),
    "empty place": (ORDERS + "1: 1,{}\n", "row 9: the order has an empty place"),
    "alternative twice": (ORDERS + "1: 1,1\n", "row 9: the order names an alternative twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_by_row(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        parse_votes(text)


@pytest.mark.parametrize(
    ("suffix", "order", "message"),
    [
        (".soc", "1: 1,2", "row 9: an order of a .soc file is complete: alternative 3 is missing"),
        (".toc", "1: 1,2", "row 9: an order of a .toc file is complete"),
        (".soi", "1: 1,{2,3}", "row 9: an order of a .soi file has no ties"),
    ],
)
def test_files_are_what_their_suffix_says(suffix: str, order: str, message: str) -> None:
    complete = ORDERS.replace("{1,2}", "1,2").replace("1: 2\n", "1: 2,1,3\n")
    assert parse_votes(complete, suffix).size == 3
    with pytest.raises(ValueError, match=message):
        parse_votes(complete + order, suffix)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "votes.csv"
    file.write_text(SCORES)
    names = ["grpo2", "nlhf", "rlhf-btl", "maximal-lottery", "borda"]
    given = ["aggregate", str(file), "--rules", ",".join(names), "--beta", "1"]
    assert main([*given, "--reference", "uniform", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == ["answers", *names]
    assert data["answers"] == ["a", "b", "c"]
    for name in names:
        assert all(isinstance(p, str) for p in data[name])
        assert sum(map(float, data[name])) == pytest.approx(1)
        expected = rule(name).lottery(parse_votes(SCORES)).floats()
        assert [float(p) for p in data[name]] == pytest.approx(list(expected))
    assert main(given) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == ["answer", *names]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--rules", "grpo2,dictator"), "--rules must be one of grpoG"),
        (("--rules", "grpo2,nhlf"), "got 'nhlf'; did you mean nlhf?"),
        (("--rules", "grpo1"), "rule grpo1: groups have at least 2 members"),
        (("--rules", "best-of-0"), "rule best-of-0: the best of at least 1 answer"),
        (("--rules", "grpo2,grpo2"), "rule grpo2 is given twice"),
        (("--beta", "0"), "--beta must be a positive number"),
        (("--reference", "1/2,1/2"), "--reference must be uniform, or 3 positive"),
        (("--dps", "1000"), "--dps must be an integer from 1 to 200"),
    ],
)
def test_command_refuses(
    more: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "votes.csv"
    file.write_text(SCORES)
    assert main(["aggregate", str(file), *more]) == 2
    assert message in capsys.readouterr().err


def test_names_from_a_file_do_not_reach_the_terminal_raw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("rater,answer,score\nx,a\x1b[31m,1\nx,b,2\n")
    assert main(["aggregate", str(file), "--rules", "borda"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "a\\x1b[31m  0.000000" in shown


def test_command_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aggregate", "/no/such/file.csv"]) == 2
    assert "the votes must be a readable text file" in capsys.readouterr().err
