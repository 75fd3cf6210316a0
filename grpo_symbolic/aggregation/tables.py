"""Tables of votes: CSV of scores or of pairwise votes, and files of PrefLib."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from io import StringIO
from os import PathLike
from pathlib import Path

from grpo_symbolic.aggregation.votes import Comparisons, Votes
from grpo_symbolic.display import cut
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.inputs import read_parameter

MAX_FILE = 100_000_000
# Where the names of alternatives are looked for.
_HEAD = 100_000
_SCORES, _PAIRS = ("rater", "answer", "score"), ("rater", "winner", "loser")
_FORMATS = (
    "a table of votes must be a CSV file with the columns rater, answer, score or rater, winner, "
    "loser, or a file of PrefLib (soc, soi, toc, toi, cat)"
)
#: What R, pandas and people write where there is no score.
_MISSING = ("", "na", "n/a", "nan")
_PREFLIB = (".soc", ".soi", ".toc", ".toi", ".cat")
_ORDER = re.compile(r"\s*([0-9]+)\s*:\s*(.*?)\s*\Z")
_PLACE = re.compile(r"\{[^{}]*\}|[^,{}]+")
_PLACES = re.compile(rf"(?:{_PLACE.pattern})(?:\s*,\s*(?:{_PLACE.pattern}))*\Z")
_CATEGORIES = re.compile(r"#\s*NUMBER CATEGORIES\s*:\s*([0-9]+)\s*\Z", re.IGNORECASE)
_NAME = re.compile(r"#\s*ALTERNATIVE NAME\s+([0-9]+)\s*:\s*(.*)\Z", re.IGNORECASE)


def read_votes(path: str | PathLike[str]) -> Votes:
    """An electorate, or comparisons, from a file.

    Source: new; PrefLib's formats are those of N. Mattei and T. Walsh, ADT (2013) 259-270. Scores
    in any unit.

    Parameters
    ----------
    path : str or path
        A CSV file with a header, ``rater,answer,score`` or ``rater,winner,loser`` in any order
        and among others, with commas, semicolons or tabs between them (without a header, three
        columns of which the last one is a number are scores), or a file of PrefLib: orders, or
        categories, best first. A blank score, or NA, is a missing vote; raters need not score
        every answer.

    Raises
    ------
    ValueError
        With the row that cannot be read.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "votes.csv")
    ...     _ = path.write_text("rater,answer,score\\nann,tea,2\\nann,coffee,1\\n")
    ...     gs.read_votes(path).rewards
    ((2, 1),)
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(MAX_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the votes must be a readable text file, got {path}: {error}") from None
    if len(text) > MAX_FILE:
        raise ValueError(f"the votes must be a file of at most {MAX_FILE} characters")
    return parse_votes(text, Path(path).suffix.lower())


def parse_votes(text: str, suffix: str = ".csv") -> Votes:
    """The same from text; PrefLib is known by its suffix or by the names of its alternatives."""
    if not text.strip():
        raise ValueError(f"{_FORMATS}: this one is empty")
    if suffix in (".wmd", ".dat"):
        raise ValueError(f"{_FORMATS}, got {suffix}")
    if suffix in _PREFLIB or any(map(_NAME.match, text[:_HEAD].splitlines())):
        return _preflib(text.splitlines(), suffix)
    return _table(text)


def _table(text: str) -> Votes:
    refused: ValueError | None = None
    for delimiter in ",;\t":
        reader = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
        rows = _numbered(reader)
        try:
            first, head = next(rows)
            try:
                columns, more = _columns(first, head)
            except ValueError as error:
                refused = refused or error
                continue
            body: Iterable[tuple[int, list[str]]] = rows if not more else _after(first, head, rows)
            wanted = ((line, _cells(line, row, columns)) for line, row in body)
            return _scores(wanted) if "score" in columns else _pairs(wanted)
        except csv.Error as error:
            raise ValueError(f"row {reader.line_num}: {error}") from None
    assert refused is not None
    raise refused


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, row  # type: ignore[attr-defined]


def _after(
    line: int, row: list[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield line, row
    yield from rows


def _columns(line: int, head: list[str]) -> tuple[dict[str, int], bool]:
    """Where each column stands, and whether this row is one of data already."""
    names = [cell.strip().lower() for cell in head]
    for wanted in (_SCORES, _PAIRS):
        if set(wanted) <= set(names):
            if any(names.count(name) > 1 for name in wanted):
                raise ValueError(f"row {line}: a column is named twice")
            return {name: names.index(name) for name in wanted}, False
    if len(names) == 3:
        try:
            read_parameter("reward", names[2])
            return dict(zip(_SCORES, range(3), strict=True)), True
        except ValueError:
            pass
    raise ValueError(f"row {line}: {_FORMATS}, got the header {cut(','.join(head))}")


def _cells(line: int, row: list[str], columns: dict[str, int]) -> list[str]:
    if len(row) <= max(columns.values()):
        raise ValueError(f"row {line}: {len(row)} columns, too few: {cut(','.join(row))}")
    found = [row[place].strip() for place in columns.values()]
    for name, cell in zip(columns, found, strict=True):
        if not cell and name != "score":
            raise ValueError(f"row {line}: the {name} is missing")
    return found


def _scores(rows: Iterable[tuple[int, list[str]]]) -> Electorate:
    """One entry for each rater and answer."""
    answers: dict[str, int] = {}
    said: dict[str, dict[int, str]] = {}
    numbers: dict[str, Fraction] = {}
    for line, (rater, answer, score) in rows:
        place = answers.setdefault(answer, len(answers))
        mine = said.setdefault(rater, {})
        if score.lower() in _MISSING:
            continue
        if score not in numbers:
            try:
                numbers[score] = read_parameter("reward", score, "score")
            except ValueError as error:
                raise ValueError(f"row {line}: {error}") from None
        if place in mine:
            raise ValueError(f"row {line}: rater {rater} scores answer {answer} a second time")
        mine[place] = score
    rows_of = ((1, tuple(mine.get(o) for o in range(len(answers)))) for mine in said.values())
    return _electorate(rows_of, tuple(answers), numbers)


def _electorate(
    ballots: Iterable[tuple[int, tuple[str | None, ...]]],
    answers: tuple[str, ...],
    numbers: Mapping[str, Fraction],
) -> Electorate:
    """Raters with equal rows as one; those who said nothing are left out."""
    counts: Counter[tuple[str | None, ...]] = Counter()
    for mass, row in ballots:
        if any(entry is not None for entry in row):
            counts[row] += mass
    if len(answers) < 2:
        raise ValueError("a table of votes needs two answers or more")
    if not counts:
        raise ValueError("a table of votes needs at least one score")
    raters = ((mass, tuple(map(numbers.get, row))) for row, mass in counts.items())
    return Electorate(raters, answers)


def _pairs(rows: Iterable[tuple[int, list[str]]]) -> Comparisons:
    answers: dict[str, int] = {}
    wins: Counter[tuple[int, int]] = Counter()
    for line, (_, winner, loser) in rows:
        if winner == loser:
            raise ValueError(f"row {line}: answer {winner} cannot be preferred to itself")
        pair = tuple(answers.setdefault(answer, len(answers)) for answer in (winner, loser))
        wins[pair] += 1  # type: ignore[index]
    if not wins:
        raise ValueError("a table of votes needs at least one vote")
    return Comparisons.of(tuple(answers), wins)


def _preflib(lines: list[str], suffix: str) -> Electorate:
    """Orders with ties, or categories; what an order leaves out is not compared."""
    names: dict[str, str] = {}
    ballots: list[tuple[int, list[list[str]]]] = []
    categories = 0
    for line, text in enumerate(lines, start=1):
        if text.startswith("#"):
            named, number = _NAME.match(text.strip()), _CATEGORIES.match(text.strip())
            if named:
                names[named[1]] = named[2].strip()
            categories = int(number[1]) if number else categories
        elif text.strip():
            try:
                ballots.append(_ballot(text, names, suffix, categories))
            except ValueError as error:
                raise ValueError(f"row {line}: {error}") from None
    if len(set(names.values())) < len(names):
        names = {key: f"{key}: {name}" for key, name in names.items()}
    rows = []
    for count, places in ballots:
        points = {o: str(len(places) - k) for k, place in enumerate(places) for o in place}
        if count:
            rows.append((count, tuple(points.get(o) for o in names)))
    most = max((len(places) for _, places in ballots), default=0)
    numbers = {str(k): Fraction(k) for k in range(most + 1)}
    return _electorate(rows, tuple(names.values()), numbers)


def _ballot(
    text: str, names: Mapping[str, str], suffix: str, categories: int
) -> tuple[int, list[list[str]]]:
    """How many raters gave this order, and its places, best first; categories may be empty."""
    found = _ORDER.match(text)
    if not found or not _PLACES.match(found[2]):
        more = ", after lines '# ALTERNATIVE NAME 1: ...'" if not names else ""
        raise ValueError(f"an order must be written as count: 1,2,{{3,4}}{more}")
    parts = [part.strip().strip("{}").strip() for part in _PLACE.findall(found[2])]
    places = [[o.strip() for o in part.split(",")] if part else [] for part in parts]
    flat = [o for place in places for o in place]
    unknown = [o for o in flat if o not in names]
    if unknown or len(set(flat)) != len(flat):
        what = f"the unknown alternative {unknown[0]!r}" if unknown else "an alternative twice"
        raise ValueError(f"the order names {what}")
    if suffix == ".cat":
        if categories and len(places) != categories:
            raise ValueError(f"{categories} categories are declared, got {len(places)}")
    elif not all(places):
        raise ValueError("the order has an empty place")
    if suffix in (".soc", ".soi") and len(places) < len(flat):
        raise ValueError(f"an order of a {suffix} file has no ties")
    if suffix in (".soc", ".toc") and len(flat) < len(names):
        missing = next(o for o in names if o not in flat)
        raise ValueError(
            f"an order of a {suffix} file is complete: alternative {missing} is missing"
        )
    return int(found[1]), places
