"""Algorithms as their papers define them."""

from __future__ import annotations

from sympy import Rational

from grpo_symbolic.inputs import Number
from grpo_symbolic.model.advantage import LeaveOneOut, MeanScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, IPO, NLHF, RLHF
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.presets.conventions import IN_REWARD, estimated
from grpo_symbolic.presets.preset import Preset


def grpo(group_size: Number = 64) -> Preset:
    """GRPO as published."""
    return Preset(
        "grpo",
        GRPO(group_size),
        "Shao et al., arXiv 2402.03300; Vojnovic & Yun, arXiv 2502.18548, (1), (2)",
        (("beta", Rational(4, 100)), ("group size", 64)),
    )


def grpo_direct_kl(group_size: Number = 64) -> Preset:
    """GRPO with the estimator k3 times the importance ratio."""
    return Preset(
        "grpo-direct-kl",
        GRPO(group_size, DirectKL()),
        "Vojnovic & Yun, arXiv 2502.18548, Appendix B; DeepSeek-V3.2, arXiv 2512.02556",
    )


def dr_grpo(group_size: Number = 8) -> Preset:
    """Dr. GRPO: no division by the standard deviation."""
    return Preset(
        "dr-grpo",
        GRPO(group_size, advantage=ShiftOnly()),
        "Liu et al., arXiv 2503.20783",
        (("beta", 0), ("group size", 8)),
        notes=(("length", "no division by the length of the answer: not part of this model"),),
        cautions=("the paper trains without a KL term; the penalty here is the published one",),
    )


def rloo(group_size: Number = 4) -> Preset:
    """REINFORCE leave-one-out, the log-ratio inside the reward."""
    return Preset(
        "rloo",
        GRPO(group_size, estimated("k1", IN_REWARD), LeaveOneOut()),
        "Ahmadian et al., arXiv 2402.14740",
    )


def dapo(group_size: Number = 16) -> Preset:
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


def max_rl(group_size: Number = 8) -> Preset:
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
