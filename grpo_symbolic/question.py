"""Question: the answers, how they are rewarded, and the reference policy.

A question hands the preference model one of two things. Either the *reward law* of every
answer, on common levels, from which groups of any size and the population follow; or the
*margins* of its comparisons alone, which is all that groups of two need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from sympy import Add, Expr, Integer, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.described_rewards import (
    READERS,
    answer_count,
    empirical_laws,
    entries,
    verifiable,
)
from grpo_symbolic.display import called, cut, legible, math, record, tex
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.reward import Gaussian, Law, comparison, finite_law, mean, mixture, point

if TYPE_CHECKING:
    from grpo_symbolic.electorate import Electorate

_KINDS = (*READERS, "correct", "raters")
#: How raters come into training.
_WAYS = ("group", "answer", "mean")
# More answers are counted, not listed.
_LISTED = 12


@dataclass(frozen=True, init=False)
class Question:
    """A question with n answers; give exactly one description of its rewards.

    Source: Vojnovic & Yun, arXiv 2502.18548, the general setting. Rewards in reward units, margins
    and success rates without one.

    Parameters
    ----------
    rewards : sequence of Expr or number
        Deterministic rewards; ties allowed. Symbols are taken in the order listed, from the
        most to the least rewarding, a repeated symbol being a tie.
    success : sequence of Expr or number
        A Bernoulli verifier: answer o gets reward 1 with this probability, else 0.
    reward_laws : sequence
        One law an answer: (reward, probability) pairs, or a :class:`Gaussian`.
    scores : sequence of Expr or number
        Bradley-Terry scores: P(o ≻ o') = e^s(o) / (e^s(o) + e^s(o')). Comparisons only.
    preferences : square matrix
        Margins Γ(o, o') = P(o ≻ o') − P(o' ≻ o), antisymmetric. Comparisons only.
    correct, answers : int
        Verifiable rewards: 1 for the first ``correct`` of ``answers`` answers, else 0.
    raters : Electorate
        Raters who disagree, with ``per``: ``"group"`` (one rater, drawn by mass, scores a whole
        group), ``"answer"`` (a fresh rater for each answer) or ``"mean"`` (rewards are averaged
        over the raters first).
    domain : Domain, optional
        Ranges of the symbols, where the order in which they are listed does not say enough.

    Raises
    ------
    ValueError
        For no description or several, fewer than two answers, probabilities that do not sum
        to 1, or a matrix that is not antisymmetric with entries in [-1, 1].

    Examples
    --------
    >>> Question(rewards=(3, 1, 1)).levels
    (3, 1)
    >>> Question.symbolic(3).rewards
    (r_1, r_2, r_3)
    """

    reward_laws: tuple[Law | Gaussian, ...]
    margins: tuple[tuple[Expr, ...], ...]
    declared: Domain
    #: Where one rater scores a whole group: the share and the question of each.
    raters: tuple[tuple[Expr, Question], ...]

    def __init__(
        self,
        *,
        rewards: Iterable[Number] | None = None,
        success: Iterable[Number] | None = None,
        reward_laws: Iterable[Gaussian | Iterable[tuple[Number, Number]]] | None = None,
        scores: Iterable[Number] | None = None,
        preferences: Iterable[Iterable[Number]] | None = None,
        correct: int | None = None,
        answers: int | None = None,
        raters: Electorate | None = None,
        per: str | None = None,
        domain: Domain | None = None,
    ) -> None:
        if correct is None and answers is not None:
            raise ValueError("answers goes with correct: the number of answers of each kind")
        values = (rewards, success, reward_laws, scores, preferences, correct, raters)
        stated = [(k, v) for k, v in zip(_KINDS, values, strict=True) if v is not None]
        if len(stated) != 1:
            got = ", ".join(kind for kind, _ in stated) or "none"
            raise ValueError(f"a question needs exactly one of {', '.join(_KINDS)}; got {got}")
        ((kind, value),) = stated
        if (kind == "raters") != (per is not None):
            raise ValueError(f"raters goes with per, one of {', '.join(_WAYS)}")
        if kind == "raters":
            self._read_raters(value, one_of("per", per, _WAYS), domain)
            return
        if kind == "correct":
            value = verifiable(value, answers)
            kind = "rewards"
        if not isinstance(value, Iterable) or isinstance(value, (str, bytes, dict)):
            raise ValueError(f"{kind} must be a sequence with one entry an answer, got {value!r}")
        listed = tuple(value)
        if len(listed) < 2:
            raise ValueError("a question needs at least two answers")
        laws, margins, ranges = READERS[kind](listed)
        self._set(laws, margins, domain if domain is not None else ranges)

    def _read_raters(self, electorate: object, per: str, domain: Domain | None) -> None:
        """Averaged or fresh raters are rewards or laws; one rater a group is a mixture of them."""
        from grpo_symbolic.electorate import Electorate

        if not isinstance(electorate, Electorate):
            raise ValueError(f"raters must be an Electorate, got {cut(repr(electorate))}")
        declared = electorate.domain if domain is None else domain
        if per == "mean":
            self._set(tuple(point(r) for r in electorate.mean_rewards), (), declared)
        elif per == "answer":
            self._set(electorate.pooled, (), declared)
        else:
            each = (self._with(laws, (), declared) for laws in electorate.laws)
            raters = tuple(zip(electorate.shares, each, strict=True))
            self._set((), (), declared, raters)

    def _set(
        self,
        laws: tuple,
        margins: tuple,
        declared: Domain,
        raters: tuple[tuple[Expr, Question], ...] = (),
    ) -> None:
        for name, value in zip(
            ("reward_laws", "margins", "declared", "raters"),
            (laws, margins, declared, raters),
            strict=True,
        ):
            object.__setattr__(self, name, value)
        if len(self) < 2:
            raise ValueError("a question needs at least two answers")

    @classmethod
    def symbolic(cls, answers: int) -> Question:
        """n answers with symbolic rewards r_1 > r_2 > … > r_n."""
        count = answer_count("answers", answers, 2)
        return cls(rewards=tuple(symbols.reward(o) for o in range(1, count + 1)))

    @classmethod
    def from_samples(
        cls, rewards_per_answer: Sequence[Sequence[Number]], *, decimals: int | None = None
    ) -> Question:
        """Rewards as a trainer logs them: every answer has the law of its samples.

        Parameters
        ----------
        rewards_per_answer : sequence of sequences of numbers
            The rewards that were observed for each answer, in any number; arrays will do.
        decimals : int, optional
            Rewards are rounded to so many decimals, so that close ones are one level. The work
            grows with the number of levels, and with how close they are.

        Raises
        ------
        ValueError
            For fewer than two answers, an answer without samples, or what is no number.

        Examples
        --------
        >>> Question.from_samples([[1, 1, 0], [0.5, 0]]).reward_laws
        (((0, 1/3), (1, 2/3)), ((0, 1/2), (1/2, 1/2)))
        """
        return cls(reward_laws=empirical_laws(rewards_per_answer, decimals))

    # -- answers --------------------------------------------------------------------

    def __len__(self) -> int:
        if self.raters:
            return len(self.raters[0][1])
        return max(len(self.reward_laws), len(self.margins))

    @property
    def answers(self) -> tuple[str, ...]:
        """What the answers are called."""
        return tuple(str(o) for o in range(1, len(self) + 1))

    @cached_property
    def policy(self) -> tuple[Expr, ...]:
        """π(o) for every answer; the last is one minus the others."""
        return _simplex(symbols.policy, len(self))

    @cached_property
    def reference(self) -> tuple[Expr, ...]:
        """π_ref(o) for every answer; the last is one minus the others."""
        return _simplex(symbols.reference, len(self))

    @cached_property
    def domain(self) -> Domain:
        """The ranges of the rewards and of the reference policy."""
        return Domain((*self.declared.ranges, *simplex_ranges(self.reference[:-1])))

    @cached_property
    def policy_domain(self) -> Domain:
        """The ranges of the unknown policy: the interior of the simplex."""
        return Domain(simplex_ranges(self.policy[:-1]))

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """The symbols of the rewards, which numbers must be given for."""
        rows = (*map(entries, self.reward_laws), *self.margins)
        found = {s for row in rows for entry in row for s in entry.free_symbols}
        for share, rater in self.raters:
            found |= {*share.free_symbols, *rater.parameters}
        return tuple(sorted(found, key=str))

    # -- rewards --------------------------------------------------------------------

    @property
    def laws(self) -> tuple[Law | Gaussian, ...]:
        """The reward law of every answer.

        Raises
        ------
        ValueError
            For a question given by its comparisons, which has no rewards.
        """
        if self.raters:
            raise ValueError(
                "where one rater scores a whole group, an answer has no reward law of its own: "
                "each of `raters` has"
            )
        if not self.reward_laws:
            raise ValueError(
                "a question given by its margins, preferences or scores defines comparisons of "
                "two answers only: rewards (and so other group sizes or unscaled advantages) "
                "need a question with rewards"
            )
        return self.reward_laws

    @property
    def finite_laws(self) -> tuple[Law, ...]:
        """The reward laws, when they are finitely supported.

        Raises
        ------
        ValueError
            For Gaussian rewards.
        """
        if any(isinstance(law, Gaussian) for law in self.laws):
            raise ValueError(
                "Gaussian rewards have an exact preference for groups of two and for the "
                "large-group limit; other group sizes need finitely supported rewards"
            )
        return self.laws  # type: ignore[return-value]

    @property
    def rewards(self) -> tuple[Expr, ...]:
        """E[r | o] for every answer: the reward itself where it is deterministic."""
        if self.raters:
            rows = [[share * r for r in rater.rewards] for share, rater in self.raters]
            return tuple(Add(*column) for column in zip(*rows, strict=True))
        return tuple(mean(law) for law in self.laws)

    @property
    def deterministic(self) -> bool:
        """Whether every answer has one reward."""
        return bool(self.reward_laws) and all(
            not isinstance(law, Gaussian) and len(law) == 1 for law in self.reward_laws
        )

    @cached_property
    def levels(self) -> tuple[Expr, ...]:
        """The distinct rewards of all answers, in the order in which they first occur."""
        return tuple(dict.fromkeys(reward for law in self.finite_laws for reward, _ in law))

    @cached_property
    def emission(self) -> tuple[tuple[Expr, ...], ...]:
        """Probability of each level, one row an answer."""
        tables = (dict(law) for law in self.finite_laws)
        return tuple(tuple(row.get(r, Integer(0)) for r in self.levels) for row in tables)

    def population(self, policy: Sequence[Expr]) -> Law:
        """The law of the reward of an answer drawn from ``policy``."""
        return mixture(self.finite_laws, policy)

    def confidence(self, first: int, second: int) -> Expr:
        """The confidence margin γ(first, second) = P(first ≻ second) − P(second ≻ first)."""
        if first == second:
            return Integer(0)
        if self.margins:
            return self.margins[first][second]
        if self.raters:
            return Add(*(share * rater.confidence(first, second) for share, rater in self.raters))
        return comparison(self.laws[first], self.laws[second], self.declared)

    def preference(self, first: int, second: int) -> Expr:
        """P(first ≻ second), ties counted one half each way."""
        return (1 + self.confidence(first, second)) / 2

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """Answers that no group can tell apart: equal laws, or equal rows of margins."""
        rows: Any = self.reward_laws or self.margins
        if self.raters:
            rows = tuple(zip(*(rater.reward_laws for _, rater in self.raters), strict=True))
        found: dict[Any, list[int]] = {}
        for answer, row in enumerate(rows):
            found.setdefault(row, []).append(answer)
        return tuple(tuple(members) for members in found.values())

    # -- transformations ---------------------------------------------------------------

    def rescaled(self, scale: Expr, shift: Expr) -> Question:
        """The question with every reward r replaced by ``scale * r + shift``."""
        return self._with(
            ()
            if self.raters
            else tuple(tuple((scale * r + shift, w) for r, w in law) for law in self.finite_laws),
            (),
            self.declared.extended(scale, shift),
            tuple((share, rater.rescaled(scale, shift)) for share, rater in self.raters),
        )

    def permuted(self, places: Sequence[int]) -> Question:
        """The question whose answer number i is this one's number ``places[i]``."""
        return self._with(
            tuple(self.reward_laws[o] for o in places) if self.reward_laws else (),
            tuple(tuple(self.margins[o][q] for q in places) for o in places)
            if self.margins
            else (),
            self.declared,
            tuple((share, rater.permuted(places)) for share, rater in self.raters),
        )

    def lumped(self) -> Question:
        """One answer for each of the :attr:`classes`."""
        heads = [members[0] for members in self.classes]
        return self.permuted(heads)

    @property
    def mixture(self) -> tuple[tuple[Expr, Question], ...]:
        """The share and the question of each rater of a group, in this question's policy."""
        return self.raters

    def _described(self) -> tuple[str, Any] | None:
        """The argument that says all there is to say of the rewards; None if none is short."""
        if self.margins:
            entries = [entry for row in self.margins for entry in row]
            plain = all(entry.is_Rational or entry.is_Symbol for entry in entries if entry != 0)
            return ("preferences", [list(row) for row in self.margins]) if plain else None
        if self.deterministic:
            return "rewards", tuple(law[0][0] for law in self.finite_laws)
        success = tuple(law[0][1] for law in self.reward_laws if not isinstance(law, Gaussian))
        bernoulli = tuple(finite_law(((1, rate), (0, 1 - rate))) for rate in success)
        if bernoulli == self.reward_laws:
            return "success", success
        return "reward_laws", self.reward_laws

    def __repr__(self) -> str:
        if self.raters:
            return called("Question", raters=self.electorate, per="group")
        found = self._described()
        kind, value = found if found is not None else ("", ())
        if kind == "rewards" and set(value) == {0, 1} and value == tuple(sorted(value))[::-1]:
            return called("Question", correct=sum(map(int, value)), answers=len(self))
        if kind == "rewards" and self == Question.symbolic(len(self)):
            return called("Question.symbolic", len(self))
        if not kind or len(self) > _LISTED:
            return f"Question({cut(str(self))})"
        if self.declared == READERS[kind](tuple(value))[2]:
            return called("Question", **{kind: value})
        return called("Question", **{kind: value, "domain": self.declared})

    @property
    def electorate(self) -> Electorate:
        """The raters of a group.

        Raises
        ------
        ValueError
            For a question without.
        """
        if not self.raters:
            raise ValueError("this question has no raters that score whole groups")
        from grpo_symbolic.electorate import Electorate

        return Electorate(
            [(share, rater.reward_laws) for share, rater in self.raters], domain=self.declared
        )

    def _repr_html_(self) -> str:
        if self.raters:
            return self.electorate._repr_html_()
        kind, value = self._described() or ("margins", self.margins)
        rows: list[tuple[str, Any]] = [("answers", cut(", ".join(self.answers)))]
        if kind in ("preferences", "margins"):
            listed = [cell for row in value for cell in row]
            matrix = r" \\ ".join(" & ".join(map(tex, row)) for row in value)
            shown = rf"\begin{{pmatrix}} {matrix} \end{{pmatrix}}"
        else:
            listed = [cell for cell in value if not isinstance(cell, (tuple, Gaussian))]
            shown = r",\ ".join(map(tex, listed))
        readable = len(self) <= _LISTED and legible(*listed) and (kind != "reward_laws")
        rows.append((kind.replace("_", " "), math(shown) if readable else cut(str(self))))
        rows.append(("assumptions", self.declared.as_html()))
        return record("Question", rows)

    def _with(self, laws: tuple, margins: tuple, declared: Domain, raters: tuple = ()) -> Question:
        made = object.__new__(Question)
        Question._set(made, laws, margins, declared, raters)
        return made

    def __str__(self) -> str:
        if self.raters:
            return f"{len(self)} answers, one of {len(self.raters)} raters scoring each group"
        if self.margins:
            return f"{len(self)} answers, given by the margins of their comparisons"
        if self.deterministic:
            return f"{len(self)} answers with rewards {', '.join(map(str, self.rewards))}"
        return f"{len(self)} answers with random rewards of means " + ", ".join(
            map(str, self.rewards)
        )


def _simplex(symbol: Any, count: int) -> tuple[Expr, ...]:
    free = tuple(symbol(o) for o in range(1, count))
    return (*free, 1 - Add(*free))


@lru_cache(maxsize=32)  # of hundreds of masses each has a sum as its end
def simplex_ranges(free: tuple[Expr, ...]) -> tuple[Range, ...]:
    """Of masses whose sum is below 1."""
    return tuple(Range(s, Integer(0), 1 - Add(*free[:o])) for o, s in enumerate(free))
