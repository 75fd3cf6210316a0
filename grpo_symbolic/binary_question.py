"""Binary question: two answers, the first the more rewarding one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.described_rewards import two_rates
from grpo_symbolic.display import called, legible, math, record, tex
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.question import Question
from grpo_symbolic.reward import mean, point


@dataclass(frozen=True, init=False)
class BinaryQuestion(Question):
    """Two answers a and b, where a is the more rewarding one.

    Parameters
    ----------
    margin : Expr or number, optional
        Confidence margin γ = P(a ≻ b) − P(b ≻ a) of random rewards, in (0, 1];
        it defines comparisons only, hence groups of two. Without it the rewards
        are deterministic, r(a) = r(b) + Δ.
    gap : Expr or number
        The reward gap Δ = r(a) − r(b) > 0 of deterministic rewards, in reward units.
    success : pair of Expr or numbers, optional
        Success rates s_a > s_b of a noisy verifier: reward 1 with that probability, else 0.

    Raises
    ------
    ValueError
        For a margin outside [0, 1], a gap that is not positive, success rates that are not
        1 >= s_a > s_b >= 0, or a margin together with success rates.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, binary questions.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> question = gs.BinaryQuestion(margin="1/2")
    >>> print(gs.preference(gs.GRPO(2), question))
    P(a) = 1/2 - pi/2
    P(b) = -pi/2
    >>> gs.BinaryQuestion(success=("4/5", "3/10")).rewards
    (4/5, 3/10)
    """

    gap: Expr

    def __init__(
        self,
        margin: Number | None = None,
        gap: Number = symbols.gap,
        success: Sequence[Number] | None = None,
    ) -> None:
        if margin is not None and success is not None:
            raise ValueError("give a margin or success rates, not both")
        object.__setattr__(self, "gap", symbol_or_number("gap", gap))
        laws: tuple = ()
        margins: tuple = ()
        declared = Domain()
        if margin is not None:
            value = symbol_or_number("margin", margin)
            margins = ((Integer(0), value), (-value, Integer(0)))
            if isinstance(value, Symbol):
                declared = Domain.of(Range(value, Integer(0), Integer(1), False, True))
        elif success is not None:
            laws, declared = two_rates(tuple(success))
        else:
            base = symbols.base_reward
            laws = (point(base + self.gap), point(base))
        self._set(laws, margins, declared.extended(*(mean(law) for law in laws)))

    answers = ("a", "b")

    @classmethod
    def of(cls, question: Question) -> BinaryQuestion:
        """The binary question with the reward laws or margins of one with two answers.

        Raises
        ------
        ValueError
            When the question does not have exactly two answers.
        """
        if len(question) != 2:
            raise ValueError(f"a binary question has two answers, got {len(question)}")
        made = object.__new__(cls)
        made._set(question.reward_laws, question.margins, question.declared, question.raters)
        gap = (
            Integer(0)
            if question.margins or question.raters
            else question.rewards[0] - question.rewards[1]
        )
        object.__setattr__(made, "gap", gap)
        return made

    @property
    def policy(self) -> tuple[Expr, Expr]:  # type: ignore[override]
        """(π(a), π(b)) in the one unknown π(a)."""
        return (symbols.pi, 1 - symbols.pi)

    @property
    def reference(self) -> tuple[Expr, Expr]:  # type: ignore[override]
        """(π_ref(a), π_ref(b))."""
        return (symbols.pi_ref, 1 - symbols.pi_ref)

    @property
    def mixture(self) -> tuple[tuple[Expr, Question], ...]:
        return tuple((share, BinaryQuestion.of(rater)) for share, rater in self.raters)

    @property
    def margin(self) -> Expr | None:
        """The confidence margin γ of a question given by it, else None."""
        return self.margins[0][1] if self.margins else None

    def __repr__(self) -> str:
        named: dict[str, object] = {} if self.gap == symbols.gap else {"gap": self.gap}
        if self.raters:
            return f"BinaryQuestion.of({super().__repr__()})"
        if self.margins and self.gap != 0:
            return called("BinaryQuestion", margin=self.margin, **named)
        if self.deterministic and self.rewards[1] == symbols.base_reward:
            return called("BinaryQuestion", **named)
        kind, value = self._described() or ("", None)
        if kind == "success" and not named:
            return called("BinaryQuestion", success=value)
        return f"BinaryQuestion.of({super().__repr__()})"

    def _repr_html_(self) -> str:
        if self.margin is None:
            return super()._repr_html_()
        rows = [
            ("answers", ", ".join(self.answers)),
            ("confidence margin", math(tex(self.margin)) if legible(self.margin) else ""),
            ("assumptions", self.declared.as_html()),
        ]
        return record("Question", rows)
