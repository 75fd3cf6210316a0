"""Monte Carlo oracles: the gradient of sampled groups and a stochastic ascent along it."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .enumeration import Law, Rule
from .stationary_many import Estimator, Placement

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


def laws_sampler(laws: Sequence[Law]) -> RewardSampler:
    """Return a sampler of independent rewards with the given laws."""
    width = max(len(law) for law in laws)
    values = np.array([[float(r) for r, _ in law] + [0.0] * (width - len(law)) for law in laws])
    steps = np.array([[float(q) for _, q in law] + [0.0] * (width - len(law)) for law in laws])
    last = np.array([len(law) - 1 for law in laws])

    def sample(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
        passed = rng.random(answers.shape)[..., None] >= np.cumsum(steps, axis=1)[answers]
        outcome = np.minimum(passed.sum(axis=-1), last[answers])
        return np.asarray(values[answers, outcome], dtype=np.float64)

    return sample


def sampled_rule_advantages(rewards: FloatArray, group_size: int, rule: Rule) -> FloatArray:
    """Return the advantages of each row of rewards under a rule.

    Parameters
    ----------
    rewards : array of shape (rows, samples)
        One group per row; for the batch rule one batch per row, group after group.
    group_size : int
        Number of answers in a group.
    rule : Rule
        Advantage rule; whether it keeps mixed groups only plays no role here.

    Returns
    -------
    array of shape (rows, samples)
        Advantages.
    """
    if rewards.shape[1] != rule.unit(group_size):
        raise ValueError("wrong number of rewards")
    if rule.kind in ("rloo", "rloo-std"):
        columns = [_against_others(rewards, index, rule) for index in range(group_size)]
        return np.stack(columns, axis=1)
    grouped = rewards.reshape(len(rewards), -1, group_size)
    centred = grouped - grouped.mean(axis=2, keepdims=True)
    centred[np.ptp(grouped, axis=2) == 0] = 0.0
    divisor = _divisors(rewards, rule)
    divisor[divisor == 0] = np.inf
    return np.asarray(centred.reshape(rewards.shape) / divisor, dtype=np.float64)


def _divisors(rewards: FloatArray, rule: Rule) -> FloatArray:
    """Return the divisor of each row, zero where the advantages are to vanish."""
    if rule.kind == "none":
        return np.ones((len(rewards), 1))
    if rule.kind == "fixed":
        return np.full((len(rewards), 1), float(rule.sigma))
    if rule.kind == "mean-scale":
        mean = rewards.mean(axis=1, keepdims=True)
        rounding = 1e-13 * np.abs(rewards).max(axis=1, keepdims=True)
        return np.where(np.abs(mean) <= rounding, 0.0, mean)
    return _deviations(rewards, rule.ddof)[:, None] + float(rule.eps)


def _deviations(rewards: FloatArray, ddof: int) -> FloatArray:
    """Return the standard deviation of each row, exactly zero for equal rewards."""
    tied = np.ptp(rewards, axis=1) == 0
    return np.where(tied, 0.0, rewards.std(axis=1, ddof=ddof))


def _against_others(rewards: FloatArray, index: int, rule: Rule) -> FloatArray:
    """Return the advantage of one column against the other columns."""
    others = np.delete(rewards, index, axis=1)
    difference = rewards[:, index] - others.mean(axis=1)
    if rule.kind == "rloo" or others.shape[1] == 1:
        return np.asarray(difference)
    deviation = _deviations(others, 1)
    return np.asarray(difference / np.where(deviation == 0, 1.0, deviation + float(rule.eps)))


def penalty_slope(estimator: Estimator, placement: Placement, log_ratio: FloatArray) -> FloatArray:
    """Return the coefficient of the score in the on-policy gradient of a sampled penalty.

    The gradient of ``l = log(pi / pi_ref)`` is the score. The estimates l, ``l**2 / 2``,
    ``exp(-l) + l - 1`` and ``|l|`` have the slopes 1, l, ``1 - exp(-l)`` and ``sign(l)``;
    differentiating the ratio in front of an estimate adds or leaves the estimate itself.
    """
    x = np.asarray(log_ratio, dtype=np.float64)
    estimates = {"k1": x, "k2": x * x / 2, "k3": np.exp(-x) + x - 1, "abs": np.abs(x)}
    slopes = {"k1": np.ones_like(x), "k2": x, "k3": 1 - np.exp(-x), "abs": np.sign(x)}
    if placement == "reward":
        return estimates[estimator]
    if placement == "loss-with-ratio":
        return slopes[estimator] + estimates[estimator]
    if placement == "loss":
        return slopes[estimator]
    raise ValueError(f"unknown placement {placement!r}")


def _draw_rows(
    pi: FloatArray,
    rows: int,
    samples: int,
    sampler: RewardSampler,
    mixed_only: bool,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:
    """Draw answers and rewards, drawing rows of equal rewards again if only mixed ones count."""
    cumulative = np.cumsum(pi)[:-1]

    def draw(count: int) -> tuple[IntArray, FloatArray]:
        answers = np.searchsorted(cumulative, rng.random((count, samples)), side="right")
        return answers, sampler(answers, rng)

    answers, rewards = draw(rows)
    tied = np.arange(rows if mixed_only else 0)
    for _ in range(10_000):
        tied = tied[np.ptp(rewards[tied], axis=1) == 0]  # of those that were drawn last
        if tied.size == 0:
            return answers, rewards
        answers[tied], rewards[tied] = draw(tied.size)
    raise ValueError("mixed groups are too rare")


def sampled_rule_gradient(
    policy: ArrayLike,
    reference: ArrayLike,
    beta: float,
    group_size: int,
    laws: Sequence[Law] | RewardSampler,
    rule: Rule,
    estimator: Estimator,
    placement: Placement,
    groups: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Estimate the on-policy gradient over softmax logits under any rule and penalty.

    Parameters
    ----------
    policy, reference : array-like of shape (answers,)
        The policy, which also draws the groups, and the reference policy.
    beta : float
        Weight of the penalty.
    group_size : int
        Number of answers in a group.
    laws : sequence of laws or callable
        (reward, probability) pairs of each answer, or a sampler of the rewards of an array of
        answers with one group, or one batch, per row.
    rule : Rule
        Advantage rule, and whether groups of equal rewards are drawn again.
    estimator : {"k1", "k2", "k3", "abs"}
        Estimator of the divergence.
    placement : {"loss", "loss-with-ratio", "reward"}
        Where the estimate enters.
    groups : int
        Number of groups kept; for the batch rule a multiple of the groups in a batch.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    mean, standard_error : arrays of shape (answers,)
        Mean over independent groups, or batches, of the gradient of the sampled objective,
        and its standard error.
    """
    pi = np.asarray(policy, dtype=np.float64)
    samples = rule.unit(group_size)
    rows, left = divmod(groups * group_size, samples)
    if left or rows < 2:
        raise ValueError("need a whole number of batches, at least 2")
    sampler = laws if callable(laws) else laws_sampler(laws)
    answers, rewards = _draw_rows(pi, rows, samples, sampler, rule.mixed_only, rng)
    log_ratio = np.log(pi / np.asarray(reference, dtype=np.float64))
    slope = penalty_slope(estimator, placement, log_ratio)
    coefficients = sampled_rule_advantages(rewards, group_size, rule) - beta * slope[answers]
    scores = np.eye(pi.size) - pi
    gradients = np.einsum("rs,rsk->rk", coefficients, scores[answers]) / samples
    return gradients.mean(axis=0), gradients.std(axis=0, ddof=1) / np.sqrt(rows)
