"""Papers that change the surrogate, the scale or what is rewarded, as presets.

The first step on a batch sees the derivative of the surrogate at the ratio 1 only, which is the
same for all that replace the clipped ratio by another function of it: such presets are GRPO's, and
say what is exact on answers of one token only.
"""

from __future__ import annotations

from sympy import Expr

from grpo_symbolic.inputs import Number
from grpo_symbolic.model.advantage import Advantage, FixedScale, PassAtK, Rescaled, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO, RLHF
from grpo_symbolic.presets.preset import Preset

_NO_KL = "the paper trains without a KL term; the penalty here is the published one of GRPO"


def _surrogate(name: str, source: str, group_size: Number, what: str) -> Preset:
    return Preset(
        name,
        GRPO(group_size),
        source,
        (("beta", 0),),
        notes=(("surrogate", what),),
        cautions=(_NO_KL,),
        single_token=("surrogate",),
    )


def gspo(group_size: Number = 8) -> Preset:
    """GSPO: one importance ratio an answer, the geometric mean of those of its tokens."""
    return _surrogate(
        "gspo", "Zheng et al., arXiv 2507.18071", group_size,
        "one ratio a sequence: its gradient weighs the tokens of an answer by 1/length",
    )  # fmt: skip


def gmpo(group_size: Number = 8) -> Preset:
    """GMPO: the geometric mean of the ratios of the tokens of an answer."""
    return _surrogate(
        "gmpo", "Zhao et al., arXiv 2507.20673", group_size,
        "geometric mean of clipped ratios: its gradient weighs tokens by 1/length",
    )  # fmt: skip


def cispo(group_size: Number = 16) -> Preset:
    """CISPO: the importance weight is clipped above 1 and not differentiated."""
    return _surrogate(
        "cispo", "MiniMax-M1, arXiv 2506.13585", group_size,
        "weight clipped at 1 + epsilon_high: 1 on the policy that samples (TRL and what follows it "
        "clip at epsilon_high itself: see the preset trl with loss_type=cispo)",
    )  # fmt: skip


def sapo(group_size: Number = 8) -> Preset:
    """SAPO: a sigmoid in place of the clipped ratio."""
    return _surrogate(
        "sapo", "Gao et al., arXiv 2511.20347", group_size,
        "4 sigmoid(tau (ratio - 1))/tau, of slope 1 at the ratio 1 for every temperature tau",
    )  # fmt: skip


def gpg(group_size: Number = 8) -> Preset:
    """GPG: rewards less their mean, over the share of the batch that has a signal."""
    return _scaled(
        "gpg", "Chu et al., arXiv 2504.02546", group_size, FixedScale(),
        "sigma stands for the share of samples with a signal in the whole batch: it moves with the "
        "policies of all questions",
    )  # fmt: skip


def gdpo(group_size: Number = 8) -> Preset:
    """GDPO: reward functions are normalised one by one, their sum by the batch."""
    return _scaled(
        "gdpo", "Liu et al., arXiv 2601.05242", group_size, Rescaled(ShiftAndScale(ddof=1)),
        "for one reward function; sigma stands for the standard deviation of normalised "
        "advantages over the whole batch",
    )  # fmt: skip


def _scaled(name: str, source: str, size: Number | Expr, rule: Advantage, what: str) -> Preset:
    return Preset(name, GRPO(size, advantage=rule), source, (("beta", 0),), cautions=(_NO_KL, what))


def pass_at_k(subset: int = 2, group_size: Number = 8) -> Preset:
    """Pass@k training: every subset of k members is rewarded with its best."""
    return Preset(
        "pass-at-k" + ("" if subset == 2 else f" {subset}"),
        GRPO(group_size, advantage=PassAtK(subset)),
        "Chen et al., arXiv 2508.10751, the analytical advantage",
        (("beta", 0), ("k", subset)),
        cautions=(_NO_KL,),
    )


def reinforce_plus_plus() -> Preset:
    """REINFORCE++: no groups, k1 in the reward, whitened over the batch."""
    return Preset(
        "reinforce-plus-plus",
        RLHF(),
        "Hu et al., arXiv 2501.03262",
        notes=(
            ("KL term", "the log-ratio is subtracted from the reward of each token"),
            ("scale", "that of a large batch divides reward and penalty alike: it cancels"),
        ),
    )
