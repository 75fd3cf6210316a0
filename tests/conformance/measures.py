"""A preset's drift, penalty and gradient against functions of a trainer, averaged exactly."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import torch
from sympy import Rational

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.presets import Preset

#: Rewards of a group to advantages.
Advantages = Callable[[Any], Any]
#: log π, log π_ref and the frozen log π_old of one token to its term.
Term = Callable[[Any, Any, Any], Any]
#: Rewards of a group, logits and reference logits to a loss.
Loss = Callable[[Any, Any, Any], Any]

_RATIOS = (*np.exp(np.linspace(-4.2, 2.55, 28)), 20.0, 60.0, 400.0)
SHARES = {2: ("3/10", "7/10"), 3: ("1/5", "1/2", "3/10")}


def drift(preset: Preset, advantages: Advantages, size: int, levels: tuple[int, ...]) -> float:
    """The largest deviation of P(o) − P(o') over the answers, from every reward vector."""
    shares = [Rational(share) for share in SHARES[len(levels)]]
    algorithm = preset.with_group_size(size).algorithm
    at = {symbols.policy(o): share for o, share in enumerate(shares[:-1], start=1)}
    preference = gs.preference(algorithm, gs.Question(rewards=levels))
    ours = [float(p.subs(at).doit().n(25)) for p in preference]
    theirs = [0.0] * len(levels)
    for group in product(range(len(levels)), repeat=size):
        chance = float(np.prod([float(shares[o]) for o in group[1:]]))
        rewards = torch.tensor([float(levels[o]) for o in group], dtype=torch.float64)
        theirs[group[0]] += chance * float(advantages(rewards)[0])
    return max(abs((a - ours[0]) - (b - theirs[0])) for a, b in zip(ours, theirs, strict=True))


def penalty(preset: Preset, term: Term) -> float:
    """The largest deviation of d(u), differentiated by autograd or, in the reward, as a value."""
    exact = preset.penalty.marginal()
    edges, left = preset.clamped_beyond, preset.clamped_marginal
    worst = 0.0
    for ratio in _RATIOS:
        ours = float(exact.subs(symbols.u, ratio))
        if edges is not None and left is not None:
            if ratio < edges[0]:
                ours = float(left[0])
            if ratio > edges[1]:
                ours = float(left[1])
        own = torch.tensor([[-1.3]], dtype=torch.float64, requires_grad=True)
        reference = own.detach() + float(np.log(ratio))
        value = term(own, reference, own.detach())
        if preset.penalty.placement.startswith("reward"):
            theirs = float(value.detach())
        else:
            (slope,) = torch.autograd.grad(value.sum(), own, allow_unused=True)
            theirs = 0.0 if slope is None else float(slope)
        worst = max(worst, abs(ours - theirs) / max(1.0, abs(ours)))
    return worst


def gradient(preset: Preset, loss: Loss, size: int, beta: float) -> float:
    """The deviation of the whole expected gradient in the first of two logits."""
    worst = 0.0
    algorithm = preset.with_group_size(size).algorithm
    for share, reference in ((0.3, 0.4), (0.8, 0.3)):
        logits = torch.log(torch.tensor([share, 1 - share], dtype=torch.float64))
        anchors = torch.log(torch.tensor([reference, 1 - reference], dtype=torch.float64))
        theirs = 0.0
        for group in product((1, 0), repeat=size):
            chance = share ** sum(group) * (1 - share) ** (size - sum(group))
            moved = logits.clone().requires_grad_(True)
            rewards = torch.tensor([float(r) for r in group], dtype=torch.float64)
            theirs += chance * float(
                torch.autograd.grad(-loss(rewards, moved, anchors), moved)[0][0]
            )
        at = {symbols.policy(1): Rational(str(share))}
        preference = gs.preference(algorithm, gs.Question(rewards=(1, 0)))
        first, second = (float(p.subs(at).doit().n(25)) for p in preference)
        ratios = (reference / share, (1 - reference) / (1 - share))
        d = [float(preset.penalty.marginal().subs(symbols.u, u)) for u in ratios]
        bonus = float(preset.entropy) * float(np.log(share / (1 - share)))
        ours = share * (1 - share) * (first - second - beta * (d[0] - d[1]) - bonus)
        worst = max(worst, abs(ours - theirs))
    return worst
