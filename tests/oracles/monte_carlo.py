"""Monte Carlo oracles: the gradient of sampled groups and a stochastic ascent along it."""

from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
Penalty: TypeAlias = Literal["reverse-kl", "direct-kl"]
Scale: TypeAlias = Literal["std", "none"]


class RewardSampler(Protocol):
    """Draw the rewards of an array of answers with one group per row."""

    def __call__(self, answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
        """Return rewards of the shape of `answers`, ``(groups, group_size)``."""


def group_advantages(rewards: FloatArray, scale: Scale = "std") -> FloatArray:
    """Return the advantages of each row of rewards.

    Parameters
    ----------
    rewards : array of shape (groups, group_size)
        Rewards, one group per row.
    scale : {"std", "none"}
        Divide by the population standard deviation of the row, or not.

    Returns
    -------
    array of shape (groups, group_size)
        Advantages, zero in rows whose rewards are all equal.
    """
    if scale not in ("std", "none"):
        raise ValueError(f"unknown scale {scale!r}")
    tied = np.ptp(rewards, axis=1) == 0
    centred = rewards - rewards.mean(axis=1, keepdims=True)
    centred[tied] = 0.0
    if scale == "none":
        return np.asarray(centred, dtype=np.float64)
    std = np.sqrt(np.mean(centred * centred, axis=1, keepdims=True))
    std[tied] = 1.0
    return np.asarray(centred / std, dtype=np.float64)


def sampled_gradient(
    policy: ArrayLike,
    reference: ArrayLike,
    beta: float,
    group_size: int,
    reward_sampler: RewardSampler,
    penalty: Penalty,
    scale: Scale,
    groups: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Estimate the on-policy gradient of the stage objective over softmax logits.

    Parameters
    ----------
    policy, reference : array-like of shape (answers,)
        The policy, which also draws the groups, and the reference policy.
    beta : float
        Weight of the penalty.
    group_size : int
        Number of answers in a group.
    reward_sampler : callable
        Draws the rewards of an array of answers with one group per row.
    penalty : {"reverse-kl", "direct-kl"}
        The k3 estimator without, or with, the importance ratio.
    scale : {"std", "none"}
        Scaling of the advantages.
    groups : int
        Number of groups, at least 2.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    mean, standard_error : arrays of shape (answers,)
        Mean over groups of the gradient of the sampled objective, and its standard error.
    """
    pi = np.asarray(policy, dtype=np.float64)
    gradients = _group_gradients(
        pi,
        np.asarray(reference, dtype=np.float64),
        beta,
        group_size,
        reward_sampler,
        penalty,
        scale,
        groups,
        rng,
    )
    return gradients.mean(axis=0), gradients.std(axis=0, ddof=1) / np.sqrt(groups)


def _group_gradients(
    pi: FloatArray,
    reference: FloatArray,
    beta: float,
    group_size: int,
    reward_sampler: RewardSampler,
    penalty: Penalty,
    scale: Scale,
    groups: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the gradient of the sampled objective of each group, shape (groups, answers).

    At the sampling policy the ratio is 1 and its gradient is the score ``e_o - pi``. With
    ``u = pi_ref / pi`` the gradient of u is ``-u * score``, so that of k3(u) is
    ``(1 - 1/u) * (-u * score) = (1 - u) * score``; differentiating the ratio in front of k3
    adds ``k3(u) * score``.
    """
    if penalty not in ("reverse-kl", "direct-kl"):
        raise ValueError(f"unknown penalty {penalty!r}")
    count = pi.size
    cumulative = np.cumsum(pi)[:-1]
    answers = np.searchsorted(cumulative, rng.random((groups, group_size)), side="right")
    advantage = group_advantages(reward_sampler(answers, rng), scale)
    u = reference / pi
    penalty_slope = 1.0 - u
    if penalty == "direct-kl":
        penalty_slope = penalty_slope + (u - np.log(u) - 1.0)
    coefficients = advantage - beta * penalty_slope[answers]
    cells = answers + count * np.arange(groups)[:, None]
    summed = np.bincount(cells.ravel(), coefficients.ravel(), minlength=groups * count)
    summed = summed.reshape(groups, count)
    return np.asarray((summed - pi * summed.sum(axis=1, keepdims=True)) / group_size)


def policy_gradient_ascent(
    reference: ArrayLike,
    beta: float,
    group_size: int,
    reward_sampler: RewardSampler,
    penalty: Penalty,
    scale: Scale,
    steps: int,
    groups: int,
    rng: np.random.Generator,
    initial: ArrayLike | None = None,
    learning_rate: float = 2.0,
    decay_steps: float = 50.0,
    batches: int = 20,
) -> tuple[FloatArray, FloatArray]:
    """Follow sampled on-policy gradients and average the policy over the second half.

    The step size is ``learning_rate / sqrt(1 + step / decay_steps)``.

    Parameters
    ----------
    reference, beta, group_size, reward_sampler, penalty, scale, rng
        As in `sampled_gradient`.
    steps : int
        Number of gradient steps, at least ``2 * batches``.
    groups : int
        Number of groups drawn per step.
    initial : array-like of shape (answers,), optional
        Starting policy; the reference policy by default.
    learning_rate, decay_steps : float
        Parameters of the step size.
    batches : int
        Number of consecutive batches of the tail used for the standard error.

    Returns
    -------
    policy, standard_error : arrays of shape (answers,)
        Polyak average of the policy and its standard error from batch means.
    """
    if steps < 2 * batches:
        raise ValueError("steps must be at least twice the number of batches")
    ref = np.asarray(reference, dtype=np.float64)
    logits = np.log(ref if initial is None else np.asarray(initial, dtype=np.float64))
    length = steps // (2 * batches)
    tail = np.empty((batches * length, ref.size))
    skipped = steps - len(tail)
    for step in range(steps):
        pi = np.exp(logits - logits.max())
        pi /= pi.sum()
        gradients = _group_gradients(
            pi, ref, beta, group_size, reward_sampler, penalty, scale, groups, rng
        )
        logits += learning_rate / np.sqrt(1.0 + step / decay_steps) * gradients.mean(axis=0)
        if step >= skipped:
            pi = np.exp(logits - logits.max())
            tail[step - skipped] = pi / pi.sum()
    means = tail.reshape(batches, length, ref.size).mean(axis=1)
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(batches)
