"""Presets: algorithms as papers and trainers define them, with all that each one assumes.

A preset is an :class:`Algorithm` together with what its source states beside it: defaults,
how groups of equal rewards are treated, where the estimator is clamped. What it acts as, and
which weight of a textbook model it corresponds to, are computed from the algorithm.

>>> print(trl(version="1.9").acts_as)
KL(pi_ref || pi), the reverse KL
>>> print(trl(version="1.10").acts_as)
KL(pi || pi_ref), the direct KL
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import mpmath as mp
from sympy import Dummy, Expr, Integer, Rational, Symbol, diff, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.display import Html, cut, math, prose, record, tex
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import exact_number, one_of, parameter
from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    FixedScale,
    LeaveOneOut,
    MeanScale,
    ShiftAndScale,
    ShiftOnly,
)
from grpo_symbolic.model.algorithm import GRPO, IPO, NLHF, RLHF, Algorithm
from grpo_symbolic.model.penalty import DirectKL, Divergence, Estimator, Penalty, ReverseKL
from grpo_symbolic.model.two_level import TwoLevel

__all__ = [
    "REGISTRY",
    "EffectiveWeight",
    "Preset",
    "all_presets",
    "dapo",
    "dr_grpo",
    "grpo",
    "grpo_direct_kl",
    "ipo",
    "lookup",
    "max_rl",
    "ms_swift",
    "nemo_rl",
    "nlhf",
    "open_instruct",
    "openrlhf",
    "rlhf",
    "rloo",
    "slime",
    "torchtune",
    "trl",
    "trl_rloo",
    "verl",
]

_IN_REWARD = "reward-before-baseline"


@dataclass(frozen=True)
class EffectiveWeight:
    """The weight at which a textbook model has a trainer's stationary policies.

    Attributes
    ----------
    factor : Expr or None
        The textbook model at ``beta * factor`` has the stationary policies of the trainer at
        ``beta``; None where no factor does that.
    model : str
        The textbook model.
    sentence : str
        For which questions the factor holds, or why there is none.
    algorithm : Algorithm, optional
        The textbook model as an algorithm: at the weight ``beta * factor`` where the trainer's
        is a number, else with the same symbol, to be replaced by ``beta * factor``.
    """

    factor: Expr | None
    model: str
    sentence: str
    algorithm: Algorithm | None = None

    def __str__(self) -> str:
        if self.factor is None:
            return f"no effective beta: {self.sentence}"
        return f"beta times {self.factor} in {self.model}: {self.sentence}"

    def __repr__(self) -> str:
        return f"EffectiveWeight({cut(str(self), 300)})"

    def _repr_html_(self) -> Html:
        factor = "none" if self.factor is None else math(tex(self.factor))
        rows = [("factor", factor), ("model", self.model), ("holds", self.sentence)]
        return record("Effective weight", rows)


@dataclass(frozen=True)
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
    notes : tuple of (field, sentence)
        Conventions of the source that the algorithm does not show.
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
        return getattr(self.penalty, "placement", "") == _IN_REWARD

    @cached_property
    def conventions(self) -> tuple[tuple[str, str], ...]:
        """Pairs (field, sentence): everything that the preset assumes."""
        rule = self.algorithm.meaning if self.advantage is None else str(self.advantage)
        found = [("advantage", rule)]
        if isinstance(self.algorithm, GRPO):
            found.append(("groups of equal rewards", self._equal_groups()))
        term = str(self.penalty)
        if self.clamp is not None:
            term += f", the value of k cut off at {self.clamp}"
        found += [("KL term", term), ("acts on-policy as", self.acts_as)]
        if isinstance(self.algorithm, GRPO):
            found.append(("unit of beta", self._unit()))
        return (*found, *self.notes)

    def _equal_groups(self) -> str:
        if self.in_reward:
            return "advantage 0; rare, because the penalty is part of the reward"
        if self.algorithm.mixed_only:  # type: ignore[attr-defined]
            return "dropped, with their penalty"
        return "advantage 0, penalty kept"

    def _unit(self) -> str:
        return "reward" if self.in_reward or self._linear else "advantage"

    @property
    def _linear(self) -> bool:
        """Whether the advantage is linear in the rewards, with a fixed factor of 1."""
        rule = self.advantage
        return isinstance(rule, ShiftOnly) or (isinstance(rule, LeaveOneOut) and not rule.scaled)

    @property
    def _adds_over_tokens(self) -> bool:
        """Whether the terms of the tokens add up to the term of the answer: log-ratios do."""
        placement = getattr(self.penalty, "placement", "")
        return (
            placement.startswith("reward")
            and self.penalty.marginal() == Estimator("k1", placement).marginal()
        )

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that hold whatever the solution."""
        return (*self.cautions, *self._of_penalty(), *self._of_advantage())

    def _of_penalty(self) -> list[str]:
        found = []
        marginal = self.penalty.marginal()
        if is_zero(diff(marginal, symbols.u), Domain.of(symbols.u)):
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
        if self.clamp is not None:
            found.append(
                f"where k reaches {self.clamp} on a token its gradient is 0; the symbolic penalty "
                "is not cut off (see warnings_at)"
            )
        if isinstance(self.algorithm, GRPO) and not self._adds_over_tokens:
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
        if self.algorithm.mixed_only:  # type: ignore[attr-defined]
            found.append(
                "the penalty is sampled in mixed groups only: it acts under the law of what is in "
                "them, not under the policy, and there may be several stationary policies"
            )
        if getattr(rule, "epsilon", 0) != 0:
            found.append(
                f"epsilon = {rule.epsilon} is in reward units: solutions change when all "  # type: ignore[attr-defined]
                "rewards are rescaled"
            )
        if isinstance(rule, LeaveOneOut) and rule.scaled:
            found.append(
                "groups whose other rewards are equal keep an unscaled advantage: solutions "
                "change when all rewards are rescaled"
            )
        if self._may_fold:
            found.append(
                "with KL(pi || pi_ref) and groups of more than three there may be several "
                "stationary policies, or in the large-group limit none inside (0, 1)"
            )
        return found

    @property
    def _may_fold(self) -> bool:
        """Whether a drift that grows towards the ends meets a penalty that is only logarithmic."""
        size = getattr(self.algorithm, "group_size", None)
        scaled = not self._linear and not isinstance(self.advantage, FixedScale)
        return size is not None and size not in (2, 3) and scaled and self._is_direct

    @cached_property
    def _is_direct(self) -> bool:
        slope = diff(self.penalty.marginal() - Divergence.direct_kl().marginal(), symbols.u)
        return is_zero(slope, Domain.of(symbols.u))

    # -- at a solution ----------------------------------------------------------------

    @cached_property
    def clamped_beyond(self) -> tuple[mp.mpf, mp.mpf] | None:
        """The ratios u = π_ref/π, below and above 1, at which |k(u)| reaches the clamp."""
        if self.clamp is None or not isinstance(self.penalty, Estimator):
            return None
        estimator = lambdify(symbols.u, self.penalty.k, "mpmath")
        with mp.workdps(30):
            cut = mp.mpf(self.clamp.p) / self.clamp.q

            def excess(direction: int, distance: Any) -> mp.mpf:
                return abs(estimator(mp.exp(direction * mp.mpf(distance)))) - cut

            ends = []
            for direction in (-1, 1):
                far = mp.mpf(1)
                while excess(direction, far) < 0:
                    far *= 2
                near = far
                while excess(direction, near) > 0:
                    near /= 2
                if near != far:
                    far = mp.findroot(
                        lambda v, way=direction: excess(way, v), (near, far), solver="anderson"
                    )
                ends.append(mp.exp(direction * far))
        return ends[0], ends[1]

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

    # -- the textbook model behind it ------------------------------------------------------

    def effective_beta(self, size: Any = None, gap: Any = None) -> EffectiveWeight:
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
        if not isinstance(self.algorithm, GRPO):
            return EffectiveWeight(
                Integer(1), str(self.name), "it is a textbook model itself", self.algorithm
            )
        algorithm = self.algorithm
        if size is not None:
            algorithm = replace(algorithm, group_size=size)
        size = algorithm.group_size
        if self.in_reward:
            return _reward_weight(algorithm)
        dropped = algorithm.mixed_only and size != oo
        if not dropped and algorithm.advantage.batch is None:
            for textbook in (ShiftAndScale(), ShiftOnly()):
                factor = _quotient(textbook, algorithm.advantage, size)
                if factor is not None:
                    return _weight(algorithm, textbook, factor, "for every question")
            if gap is not None and size.is_Integer:
                return _two_levels(algorithm, gap)
        return EffectiveWeight(None, "", _why_not(algorithm, dropped))

    def with_group_size(self, size: Any) -> Preset:
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
        if isinstance(self.algorithm, GRPO):
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
        return "\n".join([self.name, *(f"  {field:<{width}}  {text}" for field, text in rows)])


# -- effective weights -------------------------------------------------------------------


@cache
def _quotient(textbook: Advantage, rule: Advantage, size: Expr) -> Expr | None:
    """``textbook / rule`` for a member of any group, when it is one constant; else None."""
    if textbook.scale_invariant != rule.scale_invariant:
        return None  # rescaled rewards change one of them only
    base = symbols.base_reward
    gaps = [Dummy(f"gap_{i}", positive=True) for i in (1, 2)]
    if size == 2:
        # Every group of two with different rewards is this one.
        law = ((base + gaps[0], Rational(1, 2)), (base, Rational(1, 2)))
        domain = Domain.of(base, gaps[0])
    elif rule.uniform or size == oo:
        first, second = symbols.policy(1), symbols.policy(2)
        law = ((base + gaps[0] + gaps[1], first), (base + gaps[1], second))
        law = (*law, (base, 1 - first - second))
        zero, one = Integer(0), Integer(1)
        domain = Domain.of(base, *gaps, (first, zero, one), (second, zero, one - first))
    else:
        return None
    domain = domain.extended(size) if size.free_symbols else domain
    members = [
        (textbook(reward, law, size, domain), rule(reward, law, size, domain)) for reward, _ in law
    ]
    top, own = members[0]
    if own == 0:
        return None
    factor = tidy(top / own, domain.extended(top, own))
    if factor.free_symbols & {base, *gaps, symbols.policy(1), symbols.policy(2)}:
        return None
    ranges = domain.extended(factor)
    if not all(is_zero(theirs - factor * mine, ranges) for theirs, mine in members):
        return None
    return factor


def _comparisons(rule: Advantage, size: int, gap: Expr) -> list[Expr]:
    """A(high) − A(low) against the same others, for each number of better ones among them."""
    model = TwoLevel(rule, Integer(size), gap, Integer(0), Domain.around(gap))
    return [model.advantages(others + 1)[0] - model.advantages(others)[1] for others in range(size)]


def _two_levels(algorithm: GRPO, gap: Any) -> EffectiveWeight:
    """Two reward levels: the drifts agree up to a factor iff they do in the Bernstein basis."""
    gap = gap if isinstance(gap, Symbol) else parameter("gap", gap)
    size = int(algorithm.group_size)
    own = _comparisons(algorithm.advantage, size, gap)
    for textbook in (ShiftAndScale(), ShiftOnly()):
        model = _comparisons(textbook, size, gap)
        domain = Domain.around(gap, *own, *model)
        factor = tidy(model[0] / own[0], domain)
        if all(is_zero(m - factor * o, domain) for m, o in zip(model, own, strict=True)):
            which = f"for two reward levels {gap} apart"
            if not algorithm.advantage.shift_invariant:
                which = f"for the two rewards {gap} and 0"
            return _weight(algorithm, textbook, factor, which)
    return EffectiveWeight(
        None,
        "",
        f"in groups of {size} the two rules weigh the compositions of a group differently "
        f"({_why_not(algorithm, False)})",
    )


def _weight(algorithm: GRPO, textbook: Advantage, factor: Expr, questions: str) -> EffectiveWeight:
    same = replace(algorithm, advantage=textbook, mixed_only=False)
    model = f"groups of {algorithm.group_size} with advantage {textbook} and the same penalty"
    model = model.replace("groups of oo", "the large-group limit")
    if isinstance(algorithm.beta, Symbol):
        # A rescaled weight is no symbol: the algorithm keeps its own, to be multiplied.
        return EffectiveWeight(factor, model, f"exact {questions}", same)
    return EffectiveWeight(
        factor, model, f"exact {questions}", replace(same, beta=algorithm.beta * factor)
    )


def _reward_weight(algorithm: GRPO) -> EffectiveWeight:
    """A penalty inside the reward: r − β k(u) is one constant, whatever baseline and scale."""
    u = symbols.u
    own, model = (diff(p.marginal(), u) for p in (algorithm.penalty, RLHF().penalty))
    factor = tidy(own / model, Domain.of(u))
    if factor.has(u):
        return EffectiveWeight(
            None,
            "",
            f"the penalised reward r - beta k(u) is one constant with k(u) = "
            f"{algorithm.penalty.marginal()}, and no weight makes that the log-ratio of RLHF",
        )
    return EffectiveWeight(
        factor,
        "expected reward with KL(pi || pi_ref) (RLHF)",
        "exact for every group size: the penalised rewards are equal there, so baseline and "
        "scale drop out",
        RLHF(),
    )


def _why_not(algorithm: GRPO, dropped: bool) -> str:
    rule = algorithm.advantage
    if dropped:
        return (
            "groups of equal rewards are dropped with their penalty, so the penalty is not "
            "averaged over draws from the policy itself"
        )
    if rule.batch is not None:
        return "the scale is that of the batch, not of the group"
    if getattr(rule, "epsilon", 0) != 0:
        return (
            f"epsilon = {rule.epsilon} is added to the standard deviation, which differs "  # type: ignore[attr-defined]
            "from group to group"
        )
    if isinstance(rule, LeaveOneOut) and rule.scaled:
        return "the standard deviation of the others is not a fixed multiple of the group's"
    return f"the advantage {rule} is no fixed multiple of a textbook advantage"


# -- textbook algorithms -------------------------------------------------------------------


def grpo(group_size: Any = 64) -> Preset:
    """GRPO as published."""
    return Preset(
        "grpo",
        GRPO(group_size),
        "Shao et al., arXiv 2402.03300; Vojnovic & Yun, arXiv 2502.18548, (1), (2)",
        (("beta", Rational(4, 100)), ("group size", 64)),
    )


def grpo_direct_kl(group_size: Any = 64) -> Preset:
    """GRPO with the estimator k3 times the importance ratio."""
    return Preset(
        "grpo-direct-kl",
        GRPO(group_size, DirectKL()),
        "Vojnovic & Yun, arXiv 2502.18548, Appendix B; DeepSeek-V3.2, arXiv 2512.02556",
    )


def dr_grpo(group_size: Any = 8) -> Preset:
    """Dr. GRPO: no division by the standard deviation."""
    return Preset(
        "dr-grpo",
        GRPO(group_size, advantage=ShiftOnly()),
        "Liu et al., arXiv 2503.20783",
        (("beta", 0), ("group size", 8)),
        notes=(("length", "no division by the length of the answer: not part of this model"),),
        cautions=("the paper trains without a KL term; the penalty here is the published one",),
    )


def rloo(group_size: Any = 4) -> Preset:
    """REINFORCE leave-one-out, the log-ratio inside the reward."""
    return Preset(
        "rloo",
        GRPO(group_size, Estimator("k1", _IN_REWARD), LeaveOneOut()),
        "Ahmadian et al., arXiv 2402.14740",
    )


def dapo(group_size: Any = 16) -> Preset:
    """DAPO: groups of equal rewards are dropped and drawn again."""
    return Preset(
        "dapo",
        GRPO(group_size, mixed_only=True),
        "Yu et al., arXiv 2503.14476",
        (("beta", 0), ("group size", 16)),
        cautions=(
            "the paper trains without a KL term; the penalty here is the published one of GRPO",
            "the overlong penalty and the asymmetric clipping range are not part of this model",
        ),
    )


def rlhf() -> Preset:
    """Expected reward with KL(π‖π_ref)."""
    return Preset("rlhf", RLHF(), "Vojnovic & Yun, arXiv 2502.18548, (3), (4)")


def nlhf() -> Preset:
    """Nash learning from human feedback."""
    return Preset(
        "nlhf", NLHF(), "Munos et al., arXiv 2312.00886; Vojnovic & Yun, arXiv 2502.18548, (5)"
    )


def ipo() -> Preset:
    """Identity preference optimisation against the reference."""
    return Preset("ipo", IPO(), "Azar et al., arXiv 2310.12036")


def max_rl(group_size: Any = 8) -> Preset:
    """The maximum-likelihood rule: the deviation divided by the mean reward of the group."""
    return Preset(
        "max-rl",
        GRPO(group_size, advantage=MeanScale()),
        "prime-rl, advantage max_rl",
        notes=(("rewards", "not negative; the rule depends on where their zero lies"),),
        cautions=(
            "prime-rl penalises the distance to the policy that sampled, not to a reference: the "
            "penalty here is the published one of GRPO",
        ),
    )


# -- trainers ------------------------------------------------------------------------------


def _numbers(version: Any) -> tuple[int, ...]:
    """ "1.10.2" as (1, 10, 2), to be compared number by number."""
    text = str(version).strip() if isinstance(version, (str, int, float)) else ""
    match = re.fullmatch(r"v?(\d{1,6}(?:\.\d{1,6})*)(?:\.?(?:dev|post|rc|a|b)\d*)?", text)
    if match is None or isinstance(version, (bool, float)):
        raise ValueError(
            f"version must be a string of numbers such as '1.10' or '0.7.2', got {version!r}"
        )
    found = [int(part) for part in match[1].split(".")]
    while len(found) > 1 and found[-1] == 0:
        found.pop()
    return tuple(found)


def _at_least(version: Any, first: str) -> bool:
    return _numbers(version) >= _numbers(first)


def _sample_std(epsilon: str) -> ShiftAndScale:
    return ShiftAndScale(ddof=1, epsilon=epsilon)


def trl(
    version: str = "1.10",
    scale_rewards: str = "group",
    group_size: Any = 8,
    batch: Any = None,
) -> Preset:
    """TRL's GRPOTrainer.

    Parameters
    ----------
    version : str
        From 1.10 on the estimator is multiplied by the importance ratio.
    scale_rewards : {"group", "batch", "none"}
    group_size : int, Symbol or oo
        ``num_generations``.
    batch : int, optional
        With ``scale_rewards="batch"``: the samples over which the scale is taken, all of one
        question. Without it the scale is a constant σ, the limit of a batch of many questions.
    """
    one_of("scale_rewards", scale_rewards, ("group", "batch", "none"))
    if batch is not None and scale_rewards != "batch":
        raise ValueError("batch goes with scale_rewards='batch'")
    cautions: tuple[str, ...] = ()
    if scale_rewards == "none":
        rule: Advantage = ShiftOnly()
    elif scale_rewards == "group":
        rule = _sample_std("1e-4")
    elif batch is not None:
        rule = BatchScale(batch, ddof=1, epsilon="1e-4")
        if isinstance(group_size, int) and rule.batch % group_size != 0:
            raise ValueError(
                f"batch must be a multiple of the group size {group_size}, got {batch}"
            )
        cautions = ("the batch is taken to hold groups of one question only",)
    else:
        rule = FixedScale()
        cautions = (
            "sigma stands for the standard deviation of the whole batch plus 1e-4, taken at the "
            "solution: it moves with the policies of all questions",
        )
    ratio = _at_least(version, "1.10")
    notes = [
        ("version", "with the same options, 1.10 changed which divergence the KL term acts as")
    ]
    if ratio:
        notes.append(
            ("importance ratio", "token by token; at the level of sequences it is one for all")
        )
    return Preset(
        f"trl@{version}" + ("" if scale_rewards == "group" else f" scale_rewards={scale_rewards}"),
        GRPO(group_size, DirectKL() if ratio else ReverseKL(), rule),
        (
            "TRL >= 1.10, GRPOTrainer, use_bias_correction_kl on by default"
            if ratio
            else "TRL < 1.10, GRPOTrainer, use_bias_correction_kl absent or off by default"
        )
        + f", scale_rewards={scale_rewards!r}",
        (("beta", "0 (off; 0.04 in early versions)"), ("group size", 8)),
        notes=tuple(notes),
        cautions=cautions,
    )


def trl_rloo(group_size: Any = 2) -> Preset:
    """TRL's RLOOTrainer."""
    return Preset(
        "trl-rloo",
        GRPO(group_size, Estimator("k1", _IN_REWARD), LeaveOneOut()),
        "TRL, RLOOTrainer, normalize_advantages=False",
        (("beta", Rational(5, 100)), ("group size", 2)),
        notes=(("KL term", "the log-ratio of the whole answer is subtracted from its reward"),),
    )


_VERL = {"kl": "k1", "mse": "k2", "low_var_kl": "k3"}


def verl(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Any = 5,
    scale: bool = True,
) -> Preset:
    """verl's GRPO.

    Parameters
    ----------
    kl : {"loss", "reward"}
        ``actor.use_kl_loss``, or ``algorithm.use_kl_in_reward``.
    estimator : str, optional
        k1, k2, k3, abs, or verl's own kl, mse, low_var_kl; a trailing + (in the loss) keeps the
        value and takes the gradient of k2. By default k3 in the loss and k1 in the reward.
    group_size : int, Symbol or oo
        ``rollout.n``.
    scale : bool
        ``norm_adv_by_std_in_grpo``.
    """
    one_of("kl", kl, ("loss", "reward"))
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    surrogate = kl == "loss" and stated.endswith("+")
    name = stated.removesuffix("+") if surrogate else stated
    name = one_of("estimator", _VERL.get(name, name), ("k1", "k2", "k3", "abs"))
    notes = [("groups of one", "mean 0 and std 1, so the advantage is the reward: not modelled")]
    if surrogate:
        notes.append(("estimator", f"{stated}: the value of {name}, the gradient of k2"))
    penalty = Estimator("k2" if surrogate else name, "loss" if kl == "loss" else _IN_REWARD)
    if penalty == Estimator():
        penalty = ReverseKL()
    switch = "actor.use_kl_loss" if kl == "loss" else "algorithm.use_kl_in_reward"
    return Preset(
        ("verl" if kl == "loss" else "verl-reward") + ("" if estimator is None else f" {stated}"),
        GRPO(group_size, penalty, _sample_std("1e-6") if scale else ShiftOnly()),
        f"verl, adv_estimator=grpo, {switch}, estimator {stated}",
        (("beta", "0.001, but off until switched on"), ("group size", "1 (5 in examples)")),
        clamp=Integer(10) if name == "k3" and not surrogate else None,
        notes=tuple(notes),
    )


def openrlhf(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Any = 8,
    advantage: str = "group_norm",
) -> Preset:
    """OpenRLHF's group estimators.

    Parameters
    ----------
    kl : {"loss", "reward"}
        ``use_kl_loss``, or the default: subtracted after the advantage has been normalised.
    estimator : {"k1", "k2", "k3"}, optional
        By default k3 in the loss and k1 in the reward.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    advantage : {"group_norm", "dr_grpo", "rloo"}
    """
    one_of("kl", kl, ("loss", "reward"))
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    one_of("estimator", stated, ("k1", "k2", "k3"))
    rules = {"group_norm": _sample_std("1e-9"), "dr_grpo": ShiftOnly(), "rloo": LeaveOneOut()}
    rule = rules[one_of("advantage", advantage, tuple(rules))]
    penalty = Estimator(stated, kl)
    if penalty == Estimator():
        penalty = ReverseKL()
    place = "use_kl_loss" if kl == "loss" else "KL in the reward, after normalisation"
    return Preset(
        ("openrlhf" if kl == "loss" else "openrlhf-reward")
        + ("" if estimator is None else f" {stated}")
        + ("" if advantage == "group_norm" else f" {advantage}"),
        GRPO(group_size, penalty, rule),
        f"OpenRLHF, advantage_estimator={advantage}, {place}, kl_estimator={stated}",
        (("beta", Rational(1, 100)), ("group size", "1 (8 in examples)")),
        clamp=Integer(10),
        notes=(("defaults", "kl_estimator is k1 and the penalty is in the reward"),),
    )


def nemo_rl(version: str = "0.7", group_size: Any = 16) -> Preset:
    """NeMo-RL's GRPO: mean and standard deviation of the other rewards.

    Parameters
    ----------
    version : str
        From 0.7 on the estimator is multiplied by the importance ratio.
    group_size : int, Symbol or oo
        ``num_generations_per_prompt``.
    """
    ratio = _at_least(version, "0.7")
    return Preset(
        f"nemo-rl@{version}",
        GRPO(
            group_size,
            DirectKL() if ratio else ReverseKL(),
            LeaveOneOut(scaled=True, epsilon="1e-6"),
        ),
        "NeMo-RL "
        + (">= 0.7, k3 times the importance ratio" if ratio else "< 0.7, k3 without a ratio")
        + ", use_leave_one_out_baseline and normalize_rewards",
        (("beta", Rational(1, 100)), ("group size", 16)),
        clamp=Integer(10),
        notes=(("version", "0.7 changed which divergence the KL term acts as"),),
    )


def open_instruct(
    normalization: str = "centered", estimator: str = "k3", group_size: Any = 4
) -> Preset:
    """open-instruct's GRPO: groups of equal rewards are dropped.

    Parameters
    ----------
    normalization : {"centered", "standard"}
        ``advantage_normalization_type``; ``standard`` divides by the population std + 1e-8.
    estimator : {"k1", "k2", "k3", "k1-ratio"}
        ``k1-ratio`` (kl4) multiplies k1 by the importance ratio.
    group_size : int, Symbol or oo
        ``num_samples_per_prompt_rollout``.
    """
    one_of("normalization", normalization, ("centered", "standard"))
    one_of("estimator", estimator, ("k1", "k2", "k3", "k1-ratio"))
    if estimator == "k3":
        penalty: Penalty = ReverseKL()
    else:
        ratio = estimator.endswith("-ratio")
        penalty = Estimator(
            estimator.removesuffix("-ratio"), "loss-with-ratio" if ratio else "loss"
        )
    rule = ShiftOnly() if normalization == "centered" else ShiftAndScale(epsilon="1e-8")
    return Preset(
        "open-instruct" + ("" if normalization == "centered" else f" {normalization}"),
        GRPO(group_size, penalty, rule, mixed_only=True),
        f"open-instruct, grpo_fast, advantage_normalization_type={normalization}, "
        f"estimator {estimator}",
        (("beta", Rational(5, 100)), ("group size", 4)),
        notes=(("version", "earlier versions have advantage_normalization_type standard"),),
    )


def ms_swift(group_size: Any = 8) -> Preset:
    """ms-swift's GRPO."""
    return Preset(
        "ms-swift",
        GRPO(group_size, advantage=_sample_std("1e-4")),
        "ms-swift, rlhf_type=grpo, k3 in the loss",
        (("beta", Rational(4, 100)), ("group size", 8)),
    )


def torchtune(group_size: Any = 16) -> Preset:
    """torchtune's GRPO recipes."""
    return Preset(
        "torchtune",
        GRPO(group_size, advantage=_sample_std("1e-4")),
        "torchtune, GRPO recipes, k3 in the loss",
        (("beta", Rational(1, 100)), ("group size", 16)),
    )


def slime(estimator: str = "k1", group_size: Any = 8, unbiased: bool = False) -> Preset:
    """slime's GRPO.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3"}
        ``kl_loss_type``; ``low_var_kl`` is k3.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    unbiased : bool
        ``use_unbiased_kl``: times the importance ratio.
    """
    name = one_of("estimator", _VERL.get(estimator, estimator), ("k1", "k2", "k3"))
    penalty: Penalty = Estimator(name, "loss-with-ratio" if unbiased else "loss")
    if name == "k3":
        penalty = DirectKL() if unbiased else ReverseKL()
    return Preset(
        "slime" if (name, unbiased) == ("k1", False) else f"slime {name}" + " ratio" * unbiased,
        GRPO(group_size, penalty, _sample_std("1e-6")),
        f"slime, advantage_estimator=grpo, kl_loss_type={name}",
        (("beta", "0 (off)"), ("group size", "1 (8 in examples)")),
    )


def _verl_reward(**options: Any) -> Preset:
    return verl(kl="reward", **options)


def _openrlhf_reward(**options: Any) -> Preset:
    return openrlhf(kl="reward", **options)


#: Presets by name; ``lookup`` also takes ``name@version``.
REGISTRY: dict[str, Callable[..., Preset]] = {
    "grpo": grpo,
    "grpo-direct-kl": grpo_direct_kl,
    "dr-grpo": dr_grpo,
    "rloo": rloo,
    "dapo": dapo,
    "rlhf": rlhf,
    "nlhf": nlhf,
    "ipo": ipo,
    "max-rl": max_rl,
    "trl": trl,
    "trl-rloo": trl_rloo,
    "verl": verl,
    "verl-reward": _verl_reward,
    "openrlhf": openrlhf,
    "openrlhf-reward": _openrlhf_reward,
    "nemo-rl": nemo_rl,
    "open-instruct": open_instruct,
    "ms-swift": ms_swift,
    "torchtune": torchtune,
    "slime": slime,
}

#: The last version of each behaviour but the newest, which is the default.
_EARLIER = {"trl": ("1.9",), "nemo-rl": ("0.6",)}


def lookup(name: str) -> Preset:
    """The preset called ``name``, or ``name@version``; underscores stand for hyphens.

    Raises
    ------
    ValueError
        For a name that no preset has, a version where there are none, or an unreadable one.

    Examples
    --------
    >>> lookup("nemo_rl@0.6").acts_as
    'KL(pi_ref || pi), the reverse KL'
    """
    if not isinstance(name, str):
        raise ValueError(f"a preset is looked up by its name, got {name!r}")
    key, at, version = name.strip().partition("@")
    key = key.strip().lower().replace("_", "-")
    if key not in REGISTRY:
        raise ValueError(f"preset must be one of {', '.join(REGISTRY)}, got {name!r}")
    build = REGISTRY[key]
    if not at:
        return build()
    if "version" not in inspect.signature(build).parameters:
        raise ValueError(f"the preset {key} has no versions, got {name!r}")
    return build(version=version.strip())


def all_presets() -> list[Preset]:
    """Every preset at its defaults, and again at earlier versions that behave differently."""
    found = []
    for name, build in REGISTRY.items():
        found += [build(version=version) for version in _EARLIER.get(name, ())]
        found.append(build())
    return found
