"""Votes: what a rule aggregates. Raters with rewards, or comparisons of pairs alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from grpo_symbolic.display import cut
from grpo_symbolic.electorate import Electorate

# Answers times different rewards, beyond which comparisons are not pooled.
_MOST_POOLED = 20_000_000


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Votes on pairs of answers.

    Source: the tournament matrix of social choice. Votes are counted, in units of one.

    Attributes
    ----------
    answers : tuple of str
    won : array
        Net wins: votes for the row's answer less votes for the column's.
    seen : array
        Votes on the pair.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "votes.csv")
    ...     _ = path.write_text("rater,winner,loser\\nann,tea,coffee\\nbob,tea,coffee\\n")
    ...     votes = gs.read_votes(path)
    >>> votes
    Comparisons of 2 answers: tea, coffee
    >>> votes.won.tolist()
    [[0, 2], [-2, 0]]
    """

    answers: tuple[str, ...]
    won: NDArray[np.int64]
    seen: NDArray[np.int64]

    @classmethod
    def of(cls, answers: Sequence[str], wins: Mapping[tuple[int, int], int]) -> Comparisons:
        """From how often the first of two answers was preferred to the second."""
        won = np.zeros((len(answers), len(answers)), np.int64)
        seen = np.zeros_like(won)
        for (winner, loser), count in wins.items():
            if winner == loser or count < 0:
                raise ValueError("a vote on a pair prefers one answer to another one")
            won[winner, loser] += count
            won[loser, winner] -= count
            seen[winner, loser] += count
            seen[loser, winner] += count
        return cls(tuple(answers), won, seen)

    @classmethod
    def of_margins(
        cls, margins: Sequence[Sequence[int | Fraction]], answers: Sequence[str] = ()
    ) -> Comparisons:
        """From an antisymmetric matrix of rational margins in [−1, 1]."""
        rows = [[Fraction(v) for v in row] for row in margins]
        n = len(rows)
        if any(len(row) != n for row in rows) or any(
            rows[o][x] != -rows[x][o] or abs(rows[o][x]) > 1 for o in range(n) for x in range(n)
        ):
            raise ValueError("margins must be an antisymmetric matrix with entries in [-1, 1]")
        # Integers of any length where these are long.
        kind = np.int64 if max(v.denominator for row in rows for v in row) < 2**62 else object
        won = np.array([[v.numerator for v in row] for row in rows], kind)
        seen = np.array([[v.denominator for v in row] for row in rows], kind)
        np.fill_diagonal(seen, 0)
        return cls(tuple(answers) or tuple(str(o) for o in range(1, n + 1)), won, seen)

    @property
    def size(self) -> int:
        """The number of answers."""
        return len(self.answers)

    def __repr__(self) -> str:
        return f"Comparisons of {self.size} answers: {cut(', '.join(self.answers))}"


Votes: TypeAlias = Electorate | Comparisons


def raters_of(votes: Votes, rule: str) -> Electorate:
    """The raters, for a rule that sees more than comparisons."""
    if isinstance(votes, Electorate):
        return votes
    raise ValueError(
        f"{rule} sees more than comparisons: it needs raters with a score for each answer, not "
        "votes on pairs"
    )


def counted(votes: Votes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Net wins and comparisons as integers."""
    return votes.counts if isinstance(votes, Electorate) else (votes.won, votes.seen)


def margins_of(votes: Votes) -> list[list[Fraction]]:
    """γ(o, x) as fractions; 0 for pairs that nobody compared.

    Raises
    ------
    ValueError
        For margins that are no rational numbers.
    """
    # Kept with the votes, which are frozen.
    known = vars(votes)
    if "_margins" not in known:
        known["_margins"] = _margins(votes)
    return known["_margins"]


def _margins(votes: Votes) -> list[list[Fraction]]:
    if isinstance(votes, Electorate) and not votes.numeric:
        found: list[list[Any]] = [list(row) for row in votes.margins]
        if not all(value.is_Rational for row in found for value in row):
            raise ValueError("margins must be rational numbers here: give the symbols values")
        return [[Fraction(int(v.p), int(v.q)) for v in row] for row in found]
    won, seen = (table.tolist() for table in counted(votes))
    known: dict[tuple[int, int], Fraction] = {}
    rows = []
    for wins, votes_seen in zip(won, seen, strict=True):
        row = []
        for pair in zip(wins, votes_seen, strict=True):
            if pair not in known:
                known[pair] = Fraction(pair[0], pair[1] or 1)
            row.append(known[pair])
        rows.append(row)
    return rows


def pooled_margins(electorate: Electorate) -> list[list[Fraction]]:
    r"""Margins between what two raters say who are drawn afresh, antisymmetric as well.

    .. math:: \tilde\gamma(o, x) = \sum_{ij} m_i m_j \operatorname{sign}(r_i(o) - r_j(x))

    Raises
    ------
    ValueError
        Where a rater did not score an answer, for rewards that are no numbers, and for more
        different rewards than are counted.
    """
    if not (electorate.complete and electorate.numeric):
        _ = electorate.laws  # raises, with the rater who did not score an answer
        raise ValueError("raters are pooled for masses and rewards that are numbers")
    ranks, n = electorate.ranks, electorate.size
    levels = int(ranks.max()) + 1
    if n * levels > _MOST_POOLED:
        raise ValueError(
            f"{n} answers with {levels} different rewards are too many to pool: their product may "
            f"be {_MOST_POOLED}"
        )
    total = sum(electorate.weights)
    kind = np.int64 if total < 2**31 else object
    shares = np.zeros((n, levels), kind)
    for o in range(n):
        np.add.at(shares[o], ranks[:, o], np.array(electorate.weights, kind))
    upto = np.cumsum(shares, axis=1)
    # Those below less those above; int64 products are added up without BLAS, exactly.
    lead = 2 * upto - shares - total
    table = shares @ lead.T
    return [[Fraction(int(v), total**2) for v in row] for row in table]
