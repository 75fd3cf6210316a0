"""Cases of an axiom: a small electorate, what is changed in it, and what may then not be positive.

A profile is an electorate of equal raters: pairs of a row of integer rewards and how many raters
have it. A gap is a formula that works alike on floats, on arrays over many weights, on balls and
on exact numbers: the axiom says that it is not positive. There is one function for each axiom, of
its name; :data:`.axioms.AXIOMS` lists them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, permutations, product
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

    def base(self, reference: Sequence[Any]) -> list[Any]:
        """The reference of this situation."""
        return [reference[o] / share for o, share in self.reference]


@dataclass(frozen=True)
class Case:
    """Situations whose lotteries are compared, and a sentence about them."""

    situations: tuple[Situation, ...]
    gap: Gap
    about: str
    equality: bool = False
    #: What has to be zero for the case to say anything.
    premise: Gap | None = None


def profile_of(rows: Sequence[Row]) -> Profile:
    """Equal rows counted."""
    return tuple(sorted(Counter(rows).items()))


def margin_of(profile: Profile, o: int, x: int) -> int:
    """Raters for o less raters for x."""
    return sum(m * ((r[o] > r[x]) - (r[o] < r[x])) for r, m in profile)


def replaced(profile: Profile, old: Row, new: Row) -> Profile:
    """One rater with the row ``old`` says ``new``."""
    counts = Counter(dict(profile))
    counts[old] -= 1
    counts[new] += 1
    return tuple(sorted((row, m) for row, m in counts.items() if m))


def families(count: int) -> Iterator[Profile]:
    """Profiles of three answers with so many raters.

    Up to three raters with the rewards 0, 1, 2 or 0, 1, 6, up to nine with strict rankings, and
    more raters with two different rankings.
    """
    seen = set()
    sets = [(0, 1, 2), (0, 1, 6)] if count <= 3 else []
    for levels in sets:
        rows = list(product(levels, repeat=3))
        for chosen in _multisets(rows, count):
            if chosen not in seen:
                seen.add(chosen)
                yield chosen
    rankings = list(permutations((2, 1, 0)))
    if count <= 9:
        yield from (p for p in _multisets(rankings, count) if p not in seen)
        return
    for one, two in combinations(rankings, 2):
        for share in range(1, count):
            yield tuple(sorted(((one, share), (two, count - share))))


def mixed_pairs() -> list[Profile]:
    """Two raters with the rewards 0, 1, 2 and 6, small ones first."""
    pairs = _multisets(list(product((0, 1, 2, 6), repeat=3)), 2)
    return sorted(pairs, key=lambda p: (sum(m * sum(row) for row, m in p), p))


def _multisets(rows: list[Row], count: int) -> Iterator[Profile]:
    for chosen in combinations_with_replacement(rows, count):
        yield profile_of(chosen)


def cycles() -> list[Profile]:
    """Raters whose rankings, or whose dice, go round in a circle, and one more rater."""
    rankings, dice = ((0, 2, 1), (1, 0, 2), (2, 1, 0)), ((2, 1, 3), (4, 6, 5), (9, 8, 7))
    return [
        profile_of([*circle * count, row])
        for count in (1, 2, 3)
        for circle, levels in ((rankings, (0, 1, 2)), (dice, (1, 3, 5)))
        for row in product(levels, repeat=3)
    ]


def levels_of(profile: Profile) -> tuple[int, ...]:
    """The rewards that rows of its family have."""
    found = {r for row, _ in profile for r in row}
    return next((s for s in ((0, 1, 2), (0, 1, 6)) if found <= set(s)), tuple(sorted(found)))


# -- one electorate ------------------------------------------------------------------------


def pareto(profile: Profile) -> Iterator[Case]:
    for a, b in permutations(range(3), 2):
        if all(row[a] >= row[b] for row, _ in profile):
            yield Case(
                (Situation.plain(profile),),
                lambda p, r, a=a, b=b: p[0][b] / r[b] - p[0][a] / r[a],
                f"no rater rewards answer {b + 1} more than answer {a + 1}",
            )


def winner_of(profile: Profile, sign: int = 1) -> int | None:
    """The Condorcet winner, or with the sign −1 the loser."""
    for a in range(3):
        if all(sign * margin_of(profile, a, x) > 0 for x in range(3) if x != a):
            return a
    return None


def condorcet_winner(profile: Profile) -> Iterator[Case]:
    """No inequality between lotteries: looked for in limits of small weights."""
    yield from ()


def condorcet_lift(profile: Profile) -> Iterator[Case]:
    a = winner_of(profile)
    if a is None:
        return
    for x in range(3):
        if x != a:
            yield Case(
                (Situation.plain(profile),),
                lambda p, r, x=x: p[0][x] / r[x] - p[0][a] / r[a],
                f"answer {a + 1} beats every other one, answer {x + 1} has the larger lift",
            )


def condorcet_loser(profile: Profile) -> Iterator[Case]:
    a = winner_of(profile, -1)
    if a is not None:
        yield Case(
            (Situation.plain(profile),),
            lambda p, r: p[0][a] - r[a],
            f"answer {a + 1} is beaten by every other one, and gains",
        )


def neutrality(profile: Profile) -> Iterator[Case]:
    for places in list(permutations(range(3)))[1:]:
        turned = profile_of([tuple(row[o] for o in places) for row, m in profile for _ in range(m)])
        moved = Situation(turned, tuple((o, 1) for o in places))
        yield Case(
            (Situation.plain(profile), moved),
            lambda p, r, places=places: p[1][0] - p[0][places[0]],
            f"the answers are renamed: {places}",
            equality=True,
        )


def anonymity(profile: Profile) -> Iterator[Case]:
    plain = Situation.plain(profile)
    other = Situation(tuple(reversed(profile)), plain.reference)
    yield Case((plain, other), lambda p, r: p[0][0] - p[1][0], "raters change places", True)


# -- answers that are alike ----------------------------------------------------------------


def _equal(one: Situation, two: Situation, about: str) -> Iterator[Case]:
    """The lotteries agree on the first two answers."""
    for x in range(2):
        yield Case((one, two), lambda p, r, x=x: p[0][x] - p[1][x], about, equality=True)


def copies(profile: Profile) -> Iterator[Case]:
    doubled = tuple(((*row, row[2]), m) for row, m in profile)
    copy = Situation(doubled, ((0, 1), (1, 1), (2, 2), (2, 2)))
    yield from _equal(Situation.plain(profile), copy, "answer 3 is split into two copies")


def clones(profile: Profile) -> Iterator[Case]:
    """Answer 3 of three becomes 3 and 4, next to each other for every rater."""
    rows = [row for row, m in profile for _ in range(m)]
    if len(rows) > 3 or any(row[2] in row[:2] for row in rows):
        return
    for signs in product((1, -1), repeat=len(rows)):
        wide = [
            (2 * r[0], 2 * r[1], 2 * r[2], 2 * r[2] + s) for r, s in zip(rows, signs, strict=True)
        ]
        one = Situation.plain(profile_of([row[:3] for row in wide]))
        both = Situation(profile_of(wide), ((0, 1), (1, 1), (2, 2), (2, 2)))
        yield from _equal(one, both, "answers 3 and 4 are clones, and 4 is deleted")


# -- one rater changes ---------------------------------------------------------------------


def _changes(profile: Profile, allowed: Callable[[Row, Row], bool]) -> Iterator[tuple[Row, Row]]:
    levels = levels_of(profile)
    for old, _ in profile:
        for new in product(levels, repeat=3):
            if new != old and allowed(old, new):
                yield old, new


def _pair(profile: Profile, old: Row, new: Row) -> tuple[Situation, Situation]:
    return Situation.plain(profile), Situation.plain(replaced(profile, old, new))


def _said(old: Row, new: Row) -> str:
    return f"a rater says {new} instead of {old}"


def independence(profile: Profile) -> Iterator[Case]:
    for c in range(3):
        a, b = (o for o in range(3) if o != c)
        for old, new in _changes(profile, lambda s, t, a=a, b=b: s[a] == t[a] and s[b] == t[b]):
            yield Case(
                _pair(profile, old, new),
                lambda p, r, a=a, b=b: p[1][a] * p[0][b] - p[0][a] * p[1][b],
                f"{_said(old, new)}: a change of answer {c + 1} alone",
                equality=True,
            )


def _raises(profile: Profile) -> Iterator[tuple[int, Row, Row]]:
    for a in range(3):
        for old, new in _changes(profile, lambda s, t, a=a: t[a] > s[a] and _apart(s, t) == [a]):
            yield a, old, new


def _apart(old: Row, new: Row) -> list[int]:
    return [o for o in range(3) if old[o] != new[o]]


def _exchanges(profile: Profile) -> Iterator[tuple[int, Row, Row]]:
    """In a ranking an answer is raised by exchanging it with the one above."""
    for old, _ in profile:
        for a, x in permutations(range(3), 2):
            if sorted(old) == [0, 1, 2] and old[x] == old[a] + 1:
                new = [old[x] if o == a else old[a] if o == x else v for o, v in enumerate(old)]
                yield a, old, tuple(new)


def monotonicity(profile: Profile) -> Iterator[Case]:
    for a, old, new in (*_raises(profile), *_exchanges(profile)):
        yield Case(
            _pair(profile, old, new),
            lambda p, r, a=a: p[0][a] - p[1][a],
            f"{_said(old, new)}, raising answer {a + 1}, which loses",
        )


def _order(row: Row, o: int, x: int) -> int:
    return (row[o] > row[x]) - (row[o] < row[x])


def ratio_monotonicity(profile: Profile) -> Iterator[Case]:
    for a, old, new in _raises(profile):
        crossed = [x for x in range(3) if x != a and _order(old, a, x) != _order(new, a, x)]
        if len(crossed) == 1:
            x = crossed[0]
            yield Case(
                _pair(profile, old, new),
                lambda p, r, a=a, x=x: p[0][a] * p[1][x] - p[1][a] * p[0][x],
                f"{_said(old, new)}, raising answer {a + 1} past answer {x + 1} alone",
            )


def rescaling(profile: Profile) -> Iterator[Case]:
    for old, new in _changes(profile, _affine):
        yield from _equal(*_pair(profile, old, new), f"{_said(old, new)}, in another unit")


def _affine(old: Row, new: Row) -> bool:
    """new = k old + c with k > 0."""
    pairs = combinations(range(3), 2)
    d = [(old[i] - old[j], new[i] - new[j]) for i, j in pairs]
    if any((s == 0) != (t == 0) or s * t < 0 for s, t in d):
        return False
    return all(s * v == t * u for (s, t), (u, v) in combinations(d, 2))


def rankings(profile: Profile) -> Iterator[Case]:
    def same(old: Row, new: Row) -> bool:
        return all(_order(old, o, x) == _order(new, o, x) for o, x in combinations(range(3), 2))

    # Rows of the other family of rewards are told apart by their sizes.
    for old, _ in profile:
        for new in product((0, 1, 2, 6), repeat=3):
            if new != old and same(old, new):
                about = f"{_said(old, new)}, the same ranking"
                yield from _equal(*_pair(profile, old, new), about)


def _expected(lottery: Sequence[Any], row: Row) -> Any:
    return sum(p * v for p, v in zip(lottery, row, strict=True))


def strategyproofness(profile: Profile) -> Iterator[Case]:
    for old, new in _changes(profile, lambda s, t: True):
        yield Case(
            _pair(profile, old, new),
            lambda p, r, old=old: _expected(p[1], old) - _expected(p[0], old),
            f"{_said(old, new)}, and gains by its own rewards",
        )


def participation(profile: Profile) -> Iterator[Case]:
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


def merging(profile: Profile) -> Iterator[Case]:
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
            for x in range(3):
                yield Case(
                    (Situation.plain(one), Situation.plain(two), Situation.plain(profile)),
                    lambda p, r, x=x: p[2][x] - p[0][x],
                    f"the electorates {one} and {two} are merged",
                    equality=True,
                    premise=lambda p, r: sum(
                        (p[0][o] - p[1][o]) * (p[0][o] - p[1][o]) for o in range(3)
                    ),
                )


def proportionality(profile: Profile) -> Iterator[Case]:
    """Two answers: the third column is dropped."""
    rows = [row[:2] for row, m in profile for _ in range(m)]
    if any(row[0] == row[1] or row[2] for row, _ in profile):
        return
    share = sum(row[0] > row[1] for row in rows)
    halves = Situation(profile_of(rows), ((-1, 2), (-1, 2)))
    yield Case(
        (halves,),
        lambda p, r: p[0][0] * len(rows) - share,
        f"{share} of {len(rows)} raters prefer the first of two answers",
        equality=True,
    )


def continuity(profile: Profile) -> Iterator[Case]:
    """No inequality between lotteries: looked for on a line of symmetric policies."""
    yield from ()
