"""Cases of an axiom: a small electorate, what is changed in it, and what may then not be positive.

A profile is an electorate of equal raters: pairs of a row of integer rewards and how many raters
have it. A gap is a formula that works alike on floats, on arrays over many weights, on balls and
on exact numbers: the axiom says that it is not positive. There is one function for each axiom, of
its name; :data:`.axioms.AXIOMS` lists them. What is changed has rewards of at most ``top``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations, product
from typing import Any, TypeAlias

Row: TypeAlias = tuple[int, ...]
#: Rows and how many raters have them.
Profile: TypeAlias = tuple[tuple[Row, int], ...]
#: From the lotteries of all situations and the references to what must not be positive.
Gap: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], Any]


@dataclass(frozen=True)
class Situation:
    """A profile, and how the reference of the case becomes its own: parts (answer, share)."""

    profile: Profile
    reference: tuple[tuple[int, int], ...]

    @classmethod
    def plain(cls, profile: Profile) -> Situation:
        """With the reference as it is."""
        return cls(profile, tuple((o, 1) for o in range(len(profile[0][0]))))

    def base(self, reference: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The reference of this situation."""
        return tuple((Fraction(1) if o < 0 else reference[o]) / n for o, n in self.reference)

    @property
    def answers(self) -> int:
        """Of how many answers the reference of the case is."""
        return max(o for o, _ in self.reference) + 1 or len(self.reference)


@dataclass(frozen=True)
class Case:
    """Situations whose lotteries are compared, and a sentence about them."""

    situations: tuple[Situation, ...]
    gap: Gap
    about: str
    equality: bool = False
    #: What has to be zero for the case to say anything.
    premise: Gap | None = None

    @property
    def reward(self) -> int:
        """The largest one."""
        return max(r for s in self.situations for row, _ in s.profile for r in row)


def profile_of(rows: Sequence[Row]) -> Profile:
    """Equal rows counted."""
    return tuple(sorted(Counter(rows).items()))


def _answers(profile: Profile) -> range:
    return range(len(profile[0][0]))


def margin_of(profile: Profile, o: int, x: int) -> int:
    """Raters for o less raters for x."""
    return sum(m * ((r[o] > r[x]) - (r[o] < r[x])) for r, m in profile)


def replaced(profile: Profile, old: Row, new: Row) -> Profile:
    """One rater with the row ``old`` says ``new``."""
    counts = Counter(dict(profile))
    counts[old] -= 1
    counts[new] += 1
    return tuple(sorted((row, m) for row, m in counts.items() if m))


# -- one electorate ------------------------------------------------------------------------


def pareto(profile: Profile, top: int) -> Iterator[Case]:
    for a, b in permutations(_answers(profile), 2):
        if all(row[a] >= row[b] for row, _ in profile):
            yield Case(
                (Situation.plain(profile),),
                lambda p, r, a=a, b=b: p[0][b] / r[b] - p[0][a] / r[a],
                f"no rater rewards answer {b + 1} more than answer {a + 1}",
            )


def winner_of(profile: Profile, sign: int = 1) -> int | None:
    """The Condorcet winner, or with the sign −1 the loser."""
    for a in _answers(profile):
        if all(sign * margin_of(profile, a, x) > 0 for x in _answers(profile) if x != a):
            return a
    return None


def condorcet_winner(profile: Profile, top: int) -> Iterator[Case]:
    """No inequality between lotteries: looked for in limits of small weights."""
    yield from ()


def condorcet_lift(profile: Profile, top: int) -> Iterator[Case]:
    a = winner_of(profile)
    if a is None:
        return
    for x in _answers(profile):
        if x != a:
            yield Case(
                (Situation.plain(profile),),
                lambda p, r, x=x: p[0][x] / r[x] - p[0][a] / r[a],
                f"answer {a + 1} beats every other one, answer {x + 1} has the larger lift",
            )


def condorcet_loser(profile: Profile, top: int) -> Iterator[Case]:
    a = winner_of(profile, -1)
    if a is not None:
        yield Case(
            (Situation.plain(profile),),
            lambda p, r: p[0][a] - r[a],
            f"answer {a + 1} is beaten by every other one, and gains",
        )


def neutrality(profile: Profile, top: int) -> Iterator[Case]:
    for places in list(permutations(_answers(profile)))[1:]:
        turned = profile_of([tuple(row[o] for o in places) for row, m in profile for _ in range(m)])
        moved = Situation(turned, tuple((o, 1) for o in places))
        yield Case(
            (Situation.plain(profile), moved),
            lambda p, r, places=places: p[1][0] - p[0][places[0]],
            f"the answers are renamed: {places}",
            equality=True,
        )


def anonymity(profile: Profile, top: int) -> Iterator[Case]:
    plain = Situation.plain(profile)
    other = Situation(tuple(reversed(profile)), plain.reference)
    yield Case((plain, other), lambda p, r: p[0][0] - p[1][0], "raters change places", True)


# -- answers that are alike ----------------------------------------------------------------


def _equal(one: Situation, two: Situation, about: str) -> Iterator[Case]:
    """The lotteries agree on all answers but the last one of the first."""
    for x in range(len(one.reference) - 1):
        yield Case((one, two), lambda p, r, x=x: p[0][x] - p[1][x], about, equality=True)


def copies(profile: Profile, top: int) -> Iterator[Case]:
    doubled = tuple(((*row, row[-1]), m) for row, m in profile)
    yield from _equal(
        Situation.plain(profile),
        _split(doubled),
        f"answer {len(doubled[0][0]) - 1} is split in two",
    )


def clones(profile: Profile, top: int) -> Iterator[Case]:
    """The last answer and one more, next to each other for every rater."""
    rows = [row for row, m in profile for _ in range(m)]
    if any(row[-1] in row[:-1] for row in rows):
        return
    beside = [
        [v for v in range(top + 1) if all(_sign(v - r) == _sign(row[-1] - r) for r in row[:-1])]
        for row in rows
    ]
    last = len(rows[0])
    for wide in dict.fromkeys(
        profile_of([(*row, v) for row, v in zip(rows, chosen, strict=True)])
        for chosen in product(*beside)
    ):
        about = f"answers {last} and {last + 1} are clones, and {last + 1} is deleted"
        yield from _equal(Situation.plain(profile), _split(wide), about)


def _split(wide: Profile) -> Situation:
    """The last two answers share the reference of the last one before."""
    last = len(wide[0][0]) - 2
    return Situation(wide, (*((o, 1) for o in range(last)), (last, 2), (last, 2)))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


# -- one rater changes ---------------------------------------------------------------------


def _changes(
    profile: Profile, top: int, allowed: Callable[[Row, Row], bool]
) -> Iterator[tuple[Row, Row]]:
    for old, _ in profile:
        for new in product(range(top + 1), repeat=len(old)):
            if new != old and allowed(old, new):
                yield old, new


def _pair(profile: Profile, old: Row, new: Row) -> tuple[Situation, Situation]:
    return Situation.plain(profile), Situation.plain(replaced(profile, old, new))


def _said(old: Row, new: Row) -> str:
    return f"a rater says {new} instead of {old}"


def independence(profile: Profile, top: int) -> Iterator[Case]:
    for a, b in combinations(_answers(profile), 2):
        for old, new in _changes(
            profile, top, lambda s, t, a=a, b=b: s[a] == t[a] and s[b] == t[b]
        ):
            yield Case(
                _pair(profile, old, new),
                lambda p, r, a=a, b=b: p[1][a] * p[0][b] - p[0][a] * p[1][b],
                f"{_said(old, new)}: no change of answers {a + 1} and {b + 1}",
                equality=True,
            )


def _raises(profile: Profile, top: int) -> Iterator[tuple[int, Row, Row]]:
    for a in _answers(profile):
        for old, new in _changes(
            profile, top, lambda s, t, a=a: t[a] > s[a] and _apart(s, t) == [a]
        ):
            yield a, old, new


def _apart(old: Row, new: Row) -> list[int]:
    return [o for o in range(len(old)) if old[o] != new[o]]


def monotonicity(profile: Profile, top: int) -> Iterator[Case]:
    for a, old, new in _raises(profile, top):
        yield Case(
            _pair(profile, old, new),
            lambda p, r, a=a: p[0][a] - p[1][a],
            f"{_said(old, new)}, raising answer {a + 1}, which loses",
        )


def _order(row: Row, o: int, x: int) -> int:
    return _sign(row[o] - row[x])


def ratio_monotonicity(profile: Profile, top: int) -> Iterator[Case]:
    for a, old, new in _raises(profile, top):
        crossed = [x for x in _answers(profile) if _order(old, a, x) != _order(new, a, x)]
        if len(crossed) == 1:
            x = crossed[0]
            yield Case(
                _pair(profile, old, new),
                lambda p, r, a=a, x=x: p[0][a] * p[1][x] - p[1][a] * p[0][x],
                f"{_said(old, new)}, raising answer {a + 1} past answer {x + 1} alone",
            )


def rescaling(profile: Profile, top: int) -> Iterator[Case]:
    for old, new in _changes(profile, top, _affine):
        yield from _equal(*_pair(profile, old, new), f"{_said(old, new)}, in another unit")


def _affine(old: Row, new: Row) -> bool:
    """new = k old + c with k > 0."""
    pairs = combinations(range(len(old)), 2)
    d = [(old[i] - old[j], new[i] - new[j]) for i, j in pairs]
    if any((s == 0) != (t == 0) or s * t < 0 for s, t in d):
        return False
    return all(s * v == t * u for (s, t), (u, v) in combinations(d, 2))


def _same_order(old: Row, new: Row) -> bool:
    return all(_order(old, o, x) == _order(new, o, x) for o, x in combinations(range(len(old)), 2))


def rankings(profile: Profile, top: int) -> Iterator[Case]:
    for old, new in _changes(profile, top, _same_order):
        yield from _equal(*_pair(profile, old, new), f"{_said(old, new)}, the same ranking")


def _expected(lottery: Sequence[Any], row: Row) -> Any:
    return sum(p * v for p, v in zip(lottery, row, strict=True))


def strategyproofness(profile: Profile, top: int) -> Iterator[Case]:
    for old, new in _changes(profile, top, lambda s, t: True):
        yield Case(
            _pair(profile, old, new),
            lambda p, r, old=old: _expected(p[1], old) - _expected(p[0], old),
            f"{_said(old, new)}, and gains by its own rewards",
        )


def participation(profile: Profile, top: int) -> Iterator[Case]:
    """The rater who joins is taken out of the profile."""
    if sum(m for _, m in profile) < 2:
        return
    for row, _ in profile:
        counts = Counter(dict(profile))
        counts[row] -= 1
        before = tuple(sorted((r, m) for r, m in counts.items() if m))
        yield Case(
            (Situation.plain(before), Situation.plain(profile)),
            lambda p, r, row=row: _expected(p[0], row) - _expected(p[1], row),
            f"a rater with the rewards {row} joins, and loses by it",
        )


def merging(profile: Profile, top: int) -> Iterator[Case]:
    """All ways to divide the raters in two; the premise is that both parts agree."""
    rows = [row for row, m in profile for _ in range(m)]
    seen = set()
    for size in range(1, len(rows) // 2 + 1):
        for chosen in combinations(range(len(rows)), size):
            one = profile_of([rows[k] for k in chosen])
            two = profile_of([row for k, row in enumerate(rows) if k not in chosen])
            if (one, two) in seen:
                continue
            seen.add((one, two))
            for x in _answers(profile):
                yield Case(
                    (Situation.plain(one), Situation.plain(two), Situation.plain(profile)),
                    lambda p, r, x=x: p[2][x] - p[0][x],
                    f"the electorates {one} and {two} are merged",
                    equality=True,
                    premise=lambda p, r: sum(
                        (p[0][o] - p[1][o]) * (p[0][o] - p[1][o]) for o in range(len(p[0]))
                    ),
                )


def proportionality(profile: Profile, top: int) -> Iterator[Case]:
    """Both references are one half, whatever the setting."""
    rows = [row for row, m in profile for _ in range(m)]
    if len(rows[0]) != 2 or any(a == b for a, b in rows):
        return
    share = sum(a > b for a, b in rows)
    halves = Situation(profile_of(rows), ((-1, 2), (-1, 2)))
    yield Case(
        (halves,),
        lambda p, r: p[0][0] * len(rows) - share,
        f"{share} of {len(rows)} raters prefer the first of two answers",
        equality=True,
    )


def continuity(profile: Profile, top: int) -> Iterator[Case]:
    """No inequality between lotteries: looked for on a line of symmetric policies."""
    yield from ()
