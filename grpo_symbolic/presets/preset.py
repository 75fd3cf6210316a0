"""Presets: algorithms as papers and trainers define them, with all that each one assumes.

A preset is an :class:`Algorithm` together with what its source states beside it: defaults,
how groups of equal rewards are treated, where the estimator is clamped. What it acts as, and
which weight of a textbook model it corresponds to, are computed from the algorithm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mpmath as mp
from sympy import Expr, Integer, Rational, S, diff, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.display import Html, plain, prose, record
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import Number, exact_number
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import DirectKL, Estimator, Penalty

if TYPE_CHECKING:
    from grpo_symbolic.presets.effective_weight import EffectiveWeight

_NEVER_MODELLED = (
    "clipping and reuse beyond the first step on a batch",
    "the optimiser's state",
    "sampling other than from the policy",
)


@dataclass(frozen=True, repr=False)
class Preset:
    """An algorithm as a paper or a trainer defines it.

    Attributes
    ----------
    name : str
    algorithm : Algorithm
        With a symbolic weight, so that a penalty which is off by default can be studied too.
    source : str
        Where the convention is written.
    defaults : tuple of (str, value)
        As documented; a weight of 0 means that the penalty is off by default.
    clamp : Expr or None
        The value at which the sampled estimator is cut off. The symbolic penalty has no cut:
        :meth:`warnings_at` says where that matters.
    clamped_with_ratio : bool
        Whether the clamp is applied to the estimator times the importance ratio, so that the
        gradient of both is cut off, and not to the estimator alone.
    entropy : Expr
        The weight of an entropy bonus, in the unit of beta. The algorithm has none: the direct KL
        takes it up, see :meth:`with_entropy`.
    notes : tuple of (field, sentence)
        Conventions of the source that the algorithm does not show.
    single_token : tuple of str
        Conventions that this model has exactly for answers of one token only.
    omitted : tuple of str
        Conventions that it does not have.
    cautions : tuple of str
        What a user of the source must know; see :attr:`warnings`.
    """

    name: str
    algorithm: Algorithm
    source: str
    defaults: tuple[tuple[str, Any], ...] = ()
    clamp: Expr | None = None
    notes: tuple[tuple[str, str], ...] = ()
    cautions: tuple[str, ...] = ()
    clamped_with_ratio: bool = False
    entropy: Expr = S.Zero
    single_token: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()

    # -- what it assumes --------------------------------------------------------------

    @property
    def advantage(self) -> Advantage | None:
        return self.algorithm.advantage

    @property
    def penalty(self) -> Penalty:
        return self.algorithm.penalty

    @property
    def acts_as(self) -> str:
        """The divergence that the sampled penalty acts as on-policy, computed from it."""
        return self.penalty.acts_as

    @property
    def in_reward(self) -> bool:
        """Whether the penalty is part of the reward that the group is centred on."""
        return self.penalty.before_baseline

    @cached_property
    def conventions(self) -> tuple[tuple[str, str], ...]:
        """Everything that the preset assumes, as pairs of a field and a sentence."""
        rule = self.algorithm.meaning if self.advantage is None else str(self.advantage)
        found = [("advantage", rule)]
        if self.algorithm.group_size is not None:
            found.append(("groups of equal rewards", self._equal_groups()))
        term = str(self.penalty)
        if self.clamp is not None:
            term += f", the value of k cut off at {self.clamp}"
        found += [("KL term", term), ("acts on-policy as", self.acts_as)]
        if self.algorithm.group_size is not None:
            found.append(("unit of beta", self._unit()))
        if self.entropy != 0:
            found.append(("entropy bonus", f"{self.entropy} times the entropy of the policy"))
        return (*found, *self.notes, *self._scope())

    def _scope(self) -> Iterator[tuple[str, str]]:
        """What is modelled exactly, what for single tokens only, and what not."""
        if self.algorithm.group_size is None:
            return
        exactly = ["advantage", "treatment of equal rewards"]
        tokens = [*self.single_token]
        if not self.without_effect:
            (exactly if self.penalty.adds_over_tokens else tokens).append("KL term")
        if self.entropy != 0:
            tokens.append("entropy bonus")
        yield "modelled exactly", f"{', '.join(exactly)}: at the policy that samples"
        if tokens:
            yield "exact on one-token answers", ", ".join(tokens)
        yield "not modelled", ", ".join([*self.omitted, *_NEVER_MODELLED])

    def _equal_groups(self) -> str:
        if self.in_reward:
            return "advantage 0; rare, because the penalty is part of the reward"
        if self.algorithm.mixed_only:
            return "dropped, with their penalty"
        return "advantage 0, penalty kept"

    def _unit(self) -> str:
        rule = self.advantage
        unscaled = rule is not None and rule.linear and rule.sigma is None
        return "reward" if self.in_reward or unscaled else "advantage"

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that hold whatever the solution."""
        return (*self.cautions, *self._of_penalty(), *self._of_advantage())

    @cached_property
    def without_effect(self) -> bool:
        """Whether the expected gradient of the penalty is zero: as with beta = 0."""
        return is_zero(diff(self.penalty.marginal(), symbols.u), Domain.of(symbols.u))

    def _of_penalty(self) -> list[str]:
        found = []
        marginal = self.penalty.marginal()
        if self.without_effect:
            found.append(
                "the penalty has no effect: its expected gradient is zero, so nothing holds the "
                "policy near the reference"
            )
        elif not self.penalty.monotone:
            found.append(
                f"the pull d(u) = {marginal}, u = pi_ref/pi, is not strictly monotone: it does "
                "not push an answer up harder the rarer it has become, and solutions need not be "
                "unique"
            )
        if self.clamp is not None and not self.without_effect:
            in_reward = str(getattr(self.penalty, "placement", "")).startswith("reward")
            lost = "value is cut off" if in_reward else "gradient is 0"
            found.append(
                f"where k reaches {self.clamp} on a token its {lost}; the symbolic penalty is not "
                "cut off (see warnings_at)"
            )
        tokens = self.algorithm.group_size is not None and not self.penalty.adds_over_tokens
        if tokens and not self.without_effect:
            found.append(
                "the penalty is taken token by token: with several tokens an answer the condition "
                "holds at every node of the tree of tokens, and differs from the one for whole "
                "answers"
            )
        return found

    def _of_advantage(self) -> list[str]:
        rule, found = self.advantage, []
        if rule is None or self.in_reward:
            return found
        if self.algorithm.mixed_only:
            found.append(
                "the penalty is sampled in mixed groups only: it acts under the law of what is in "
                "them, not under the policy, and there may be several stationary policies"
            )
        found += rule.cautions
        if self._may_fold:
            found.append(
                "with KL(pi || pi_ref) and groups of more than three there may be several "
                "stationary policies, or in the large-group limit none inside (0, 1)"
            )
        return found

    @property
    def _may_fold(self) -> bool:
        """Whether a drift that grows towards the ends meets a penalty that is only logarithmic."""
        size, rule = self.algorithm.group_size, self.advantage
        scaled = rule is not None and not rule.linear
        return size not in (None, 2, 3) and scaled and self.acts_as == DirectKL.known_as

    # -- at a solution ----------------------------------------------------------------

    @cached_property
    def clamped_beyond(self) -> tuple[mp.mpf, mp.mpf] | None:
        """The ratios u = π_ref/π, below and above 1, at which \\|k(u)\\| reaches the clamp."""
        if self.clamp is None or not isinstance(self.penalty, Estimator):
            return None
        estimator = lambdify(symbols.u, self.penalty.k, "mpmath")
        cut = mp.mpf(self.clamp.p) / self.clamp.q

        def reached(direction: int) -> mp.mpf:
            def excess(distance: mp.mpf) -> mp.mpf:
                return abs(estimator(mp.exp(direction * distance))) - cut

            far = mp.mpf(1)
            while excess(far) < 0:
                far *= 2
            return mp.exp(direction * mp.findroot(excess, (mp.mpf(0), far), solver="anderson"))

        with mp.workdps(30):
            return reached(-1), reached(1)

    def warnings_at(self, policy: Sequence[Any], reference: Sequence[Any]) -> tuple[str, ...]:
        """The warnings that apply to a stationary policy, those of this solution first.

        Parameters
        ----------
        policy, reference : sequence of numbers
            π(o) and π_ref(o), one entry an answer.

        Raises
        ------
        ValueError
            For sequences of different lengths, or entries that are not positive.
        """
        if len(policy) != len(reference):
            raise ValueError(
                f"policy and reference must have one entry an answer each, got {len(policy)} and "
                f"{len(reference)}"
            )
        ratios = []
        for new, ref in zip(policy, reference, strict=True):
            pair = [exact_number("a probability", v, "a number") for v in (new, ref)]
            if not (pair[0] > 0 and pair[1] > 0):
                raise ValueError(f"probabilities must be positive, got {new} and {ref}")
            ratio = (pair[1] / pair[0]).n(25)
            ratios.append(mp.mpf(str(ratio)))
        found = []
        if self.clamped_beyond is not None:
            below, above = self.clamped_beyond
            most, least = max(ratios), min(ratios)
            if most > above:
                found.append(self._clamped(f"pi_ref/pi is {mp.nstr(most, 4)}", above))
            if least < below:
                found.append(
                    self._clamped(f"pi/pi_ref is {mp.nstr(1 / least, 4)}", 1 / mp.mpf(below))
                )
        return (*found, *self.warnings)

    def _clamped(self, what: str, limit: mp.mpf) -> str:
        return (
            f"not a resting point of that trainer: {what} on some answer, and beyond "
            f"{mp.nstr(limit, 4)} k is cut off at {self.clamp}, so the penalty there is "
            "constant and does not pull back"
        )

    @cached_property
    def clamped_marginal(self) -> tuple[Expr, Expr] | None:
        """d(u) where k is cut off, below and above u = 1: a constant on either side.

        In the loss, and where the cut comes after the importance ratio, nothing is left to
        differentiate. A ratio outside of the cut, and a reward, still see the value.
        """
        if self.clamped_beyond is None:
            return None
        if self.penalty.placement == "loss" or self.clamped_with_ratio:
            return S.Zero, S.Zero
        clamp: Any = self.clamp
        below, above = (
            clamp if k > 0 else -clamp
            for k in (self.penalty.k.subs(symbols.u, Rational(side)) for side in ("1/9", "9"))
        )
        return below, above

    def with_entropy(self, beta: Number, reference: Sequence[Number]) -> tuple[Expr, tuple]:
        """Weight and reference at which the algorithm has the solutions of its entropy bonus.

        β KL(π‖π_ref) − α H(π) is (β + α) KL(π‖ρ) up to a constant, with ρ in proportion to
        π_ref^{β/(β + α)}. The powers are rational numbers to 60 digits.

        Parameters
        ----------
        beta : number
            At least 0.
        reference : sequence of numbers
            One an answer.

        Raises
        ------
        ValueError
            For a bonus beside another penalty than the direct KL, or inside the reward.
        """
        weight = exact_number("beta", beta, "a number")
        exact = tuple(exact_number("pi_ref", r, "a probability") for r in reference)
        if self.entropy == 0:
            return weight, exact
        total = weight + self.entropy
        if self.in_reward or (weight != 0 and self.acts_as != DirectKL.known_as):
            raise ValueError(
                "an entropy bonus has an exact weight beside the direct KL only; predict solves "
                "it for two answers beside the others"
            )
        with mp.workdps(70):
            share = weight / total
            exponent = mp.mpf(share.p) / share.q
            powers = [mp.power(mp.mpf(r.p) / r.q, exponent) for r in exact]
            shares = [Rational(mp.nstr(p / mp.fsum(powers), 60)) for p in powers[1:]]
        return total, (1 - sum(shares), *shares)

    # -- the textbook model behind it ------------------------------------------------------

    def effective_beta(
        self, size: Number | Expr | None = None, gap: Number | None = None
    ) -> EffectiveWeight:
        """The weight at which a textbook model has the same stationary policies.

        The drifts of both rules are compared: the factor is the textbook advantage over the
        trainer's, where that quotient depends on neither the group nor the rewards.

        Parameters
        ----------
        size : int, Symbol or oo, optional
            Group size; the algorithm's own by default. ``symbols.G`` for every size at once.
        gap : Expr or number, optional
            For two reward levels that far apart: groups of two and three then have a factor
            even where ``epsilon`` is not 0.

        Returns
        -------
        EffectiveWeight
        """
        from grpo_symbolic.presets.effective_weight import EffectiveWeight, effective_weight

        if not isinstance(self.algorithm, GRPO):
            return EffectiveWeight(
                Integer(1), str(self.name), "it is a textbook model itself", self.algorithm
            )
        algorithm = self.algorithm if size is None else replace(self.algorithm, group_size=size)
        return effective_weight(algorithm, gap)

    def with_group_size(self, size: Number) -> Preset:
        """The preset with another group size.

        Raises
        ------
        ValueError
            For a preset without groups.
        """
        if not isinstance(self.algorithm, GRPO):
            raise ValueError(f"{self.name} has no group size")
        return replace(self, algorithm=replace(self.algorithm, group_size=size))

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("source", self.source), *self.conventions]
        if self.algorithm.group_size is not None:
            rows.insert(1, ("group size", str(self.algorithm.group_size)))
        if self.defaults:
            stated = ", ".join(f"{what} {value}" for what, value in self.defaults)
            rows.append(("documented defaults", stated))
        return rows + [("warning", sentence) for sentence in self.warnings]

    def __repr__(self) -> str:
        return f"Preset({self.name!r}: {self.algorithm!r})"

    def _repr_html_(self) -> Html:
        return record(self.name, ((field, prose(text)) for field, text in self._rows()))

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(field) for field, _ in rows)
        return "\n".join(
            [self.name, *(f"  {field:<{width}}  {plain(text)}" for field, text in rows)]
        )
