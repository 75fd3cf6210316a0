"""Options of trainers that change what is optimised, as measured on their own runs."""

import json
from math import exp, log
from typing import Any

import pytest

import grpo_symbolic as gs
from grpo_symbolic import presets
from grpo_symbolic.cli import main
from grpo_symbolic.presets import Preset

#: π_ref(a) = 0.3, groups of eight, answers of one token.
REFERENCE = 0.3


def rests(preset: Preset, beta: float, reference: float = REFERENCE) -> float:
    policy = gs.stationary_policy(preset.with_group_size(8), gs.BinaryQuestion())
    return float(policy.evaluate(beta=beta, pi_ref=reference))


def test_cispo_of_trl_takes_a_fifth_of_every_gradient() -> None:
    """Real runs at beta = 0.2 rest at 0.738, where beta = 1 does without cispo."""
    fifth = rests(presets.trl(loss_type="cispo"), 0.2)
    assert fifth == pytest.approx(rests(presets.trl(), 1.0), rel=1e-10)
    assert fifth == pytest.approx(0.73705, abs=1e-5)
    for preset in (presets.trl(loss_type="cispo"), presets.ms_swift(loss_type="cispo")):
        assert any("acts as 5 beta" in sentence for sentence in preset.warnings)
    unscaled = presets.trl(loss_type="cispo", scale_rewards="none")
    assert unscaled.effective_beta(8).factor == 5
    wide = presets.trl(loss_type="cispo", epsilon_high=5)
    assert wide.algorithm == presets.trl().algorithm
    assert presets.trl(loss_type="cispo", epsilon="0.25").algorithm.advantage.divisor == 4
    # Where others clip at 1 + epsilon, nothing is scaled.
    assert presets.verl(loss_mode="cispo").algorithm == presets.verl().algorithm


def test_the_correction_is_an_option_and_its_default_a_version() -> None:
    for version in ("1.0", "1.9", "1.10", "1.16"):
        on = presets.trl(version, use_bias_correction_kl=True)
        off = presets.trl(version, use_bias_correction_kl=False)
        assert (on.penalty, off.penalty) == (gs.DirectKL(), gs.ReverseKL())
    assert presets.trl("1.9").penalty == gs.ReverseKL()
    assert presets.trl("1.10").penalty == gs.DirectKL()


@pytest.mark.parametrize(
    ("options", "since", "before"),
    [
        ({"use_bias_correction_kl": True}, "0.26", "0.25.1"),
        ({"use_bias_correction_kl": False}, "0.26", "0.14"),
        ({"entropy_coef": "0.1"}, "1.8", "1.7.1"),
        ({"loss_type": "cispo"}, "0.26", "0.25"),
        ({"loss_type": "luspo"}, "0.28", "0.27"),
        ({"scale_rewards": "none"}, "0.16", "0.15.2"),
    ],
)
def test_options_that_a_version_does_not_have_are_said(
    options: dict[str, object], since: str, before: str
) -> None:
    """By the fields of ``GRPOConfig`` in the releases."""
    said = f"TRL {before} has no "
    assert any(w.startswith(said) for w in presets.trl(before, **options).warnings)  # type: ignore[arg-type]
    assert not any("has no" in w for w in presets.trl(since, **options).warnings)  # type: ignore[arg-type]
    assert not any("has no" in w for w in presets.trl(before).warnings)


@pytest.mark.parametrize(
    ("build", "version", "known"),
    [
        (presets.trl, "2.0", "1.16"),
        (presets.nemo_rl, "0.9", "0.7"),
        (presets.ms_swift, "5", "4.6"),
        (presets.trl, "0.13", "0.14"),
        (presets.nemo_rl, "0.0.1", "0.1"),
        (presets.ms_swift, "2.6", "3.1.1"),
    ],
)
def test_unknown_versions_are_answered_with_the_nearest(
    build: object, version: str, known: str
) -> None:
    found = build(version=version)  # type: ignore[operator]
    assert found.algorithm == build(version=known).algorithm  # type: ignore[operator]
    assert any(f"{version} is not known here: this is {known}" in w for w in found.warnings)
    assert not any("not known here" in w for w in build(version=known).warnings)  # type: ignore[operator]


def test_clamps_by_version_and_place() -> None:
    early, late = presets.ms_swift(version="4.0.0"), presets.ms_swift(version="4.0.4")
    assert (early.clamp, late.clamp) == (None, 10)
    # With the trainer's defaults the condition has a root where the real run has none.
    root = rests(late, 0.04)
    assert root == pytest.approx(0.98856, abs=1e-5)
    policy, reference = (root, 1 - root), (REFERENCE, 1 - REFERENCE)
    assert any("not a resting point" in w for w in late.warnings_at(policy, reference))
    assert not any("not a resting point" in w for w in early.warnings_at(policy, reference))
    assert presets.slime("low_var_kl").clamp == 10
    assert presets.slime("k3").clamp is None
    assert presets.slime("low_var_kl").algorithm == presets.slime("k3").algorithm


def test_what_is_left_of_the_penalty_beyond_the_clamp() -> None:
    """Cut off after the ratio no gradient is left; cut off inside, the value is still seen."""
    for preset in (
        presets.verl(),
        presets.nemo_rl(),
        presets.unsloth(),
        presets.slime("low_var_kl"),
    ):
        assert preset.clamped_marginal == (0, 0)
    assert presets.openrlhf("reward").clamped_marginal == (10, -10)
    assert presets.trl().clamped_marginal is None


@pytest.mark.parametrize("beta", [0.25, 0.5, 1.0])
def test_an_entropy_bonus_beside_the_direct_kl(beta: float) -> None:
    """Weight β + α, reference in proportion to π_ref^{β/(β + α)}: in plain numbers."""
    bonus = 0.2
    preset = presets.trl(entropy_coef=bonus)
    weight, (first, second) = preset.with_entropy(beta, (REFERENCE, 1 - REFERENCE))
    share = beta / (beta + bonus)
    powers = [REFERENCE**share, (1 - REFERENCE) ** share]
    assert float(weight) == pytest.approx(beta + bonus, rel=1e-15)
    assert float(first) == pytest.approx(powers[0] / sum(powers), rel=1e-14)
    assert first + second == 1
    # The gradient of  advantage − β KL(π‖π_ref) + α H(π)  in the logit vanishes there.
    p = rests(preset, float(weight), float(first))
    policy = gs.stationary_policy(preset.with_group_size(8), gs.BinaryQuestion())
    drift = policy.condition.preference.difference(0, 1).doit()
    drift = float(drift.subs({gs.symbols.pi: p, gs.symbols.gap: 1}))

    def logit(q: float) -> float:
        return log(q / (1 - q))

    pull = beta * (logit(p) - logit(REFERENCE)) + bonus * logit(p)
    assert drift == pytest.approx(pull, rel=1e-9)


def test_an_entropy_bonus_beside_other_penalties_is_refused() -> None:
    with pytest.raises(ValueError, match="direct KL only"):
        presets.trl("1.9", entropy_coef="0.2").with_entropy(1, ("0.3", "0.7"))
    assert presets.trl("1.9", entropy_coef="0.2").with_entropy(0, ("0.3", "0.7"))[1][0] * 2 == 1


def test_openrlhf_and_whitening() -> None:
    unbiased = presets.openrlhf(unbiased_gradient=True)
    assert unbiased.acts_as.startswith("KL(pi || pi_ref)")
    assert unbiased.clamp is None
    reward = presets.openrlhf("reward", advantage="reinforce_baseline")
    # Advantage and penalty are divided alike: what is left is RLHF at G/(G − 1) times beta.
    tilt = exp((1 - 1 / 8) / 0.7) * REFERENCE
    assert rests(reward, 0.7) == pytest.approx(tilt / (tilt + 1 - REFERENCE), rel=1e-10)
    with pytest.raises(ValueError, match="goes with kl='loss'"):
        presets.openrlhf("reward", unbiased_gradient=True)


def test_reinforce_plus_plus_and_prime_rl() -> None:
    assert isinstance(presets.reinforce_plus_plus().algorithm, gs.RLHF)
    assert presets.prime_rl().without_effect
    assert presets.slime().without_effect
    assert not presets.trl().without_effect


def test_every_trainer_says_what_is_modelled() -> None:
    for preset in presets.all_presets():
        if isinstance(preset.algorithm, gs.GRPO):
            said = dict(preset.conventions)
            assert {"modelled exactly", "not modelled"} <= said.keys()
            if not (preset.without_effect or preset.penalty.adds_over_tokens):
                assert "KL term" in said["exact on one-token answers"]


def test_options_are_looked_up_by_name() -> None:
    found = presets.lookup("trl@1.16", scale_rewards="batch", loss_type="cispo")
    assert str(found.algorithm.advantage) == "[(r - mean)/sigma]/5"
    with pytest.raises(ValueError, match="takes kl, estimator"):
        presets.lookup("openrlhf", loss_type="cispo")
    with pytest.raises(ValueError, match="has no options"):
        presets.lookup("rlhf", beta=1)


# -- at the command line -----------------------------------------------------------------------


def solved(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["solve", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_options_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("scale_rewards=batch", "loss_type=cispo", "use_bias_correction_kl=false")
    found = solved(capsys, "--preset", "trl@1.16", "--set", *options, "--beta", "0.2",
                   "--pi-ref", "0.3")  # fmt: skip
    # A fixed scale of 1 and a fifth of every gradient: 7/8 p (1 − p)/5 = β (p − π_ref).
    p = float(found["solutions"][0]["policy"][0])
    assert 7 / 8 * p * (1 - p) / 5 == pytest.approx(0.2 * (p - 0.3), rel=1e-12)
    words = ("--preset", "trl", "--set", "entropy_coef=0.2", "--beta", "0.5", "--pi-ref", "0.3")
    bonus = solved(capsys, *words)
    assert float(bonus["solutions"][0]["policy"][0]) == pytest.approx(0.932588, abs=1e-6)
    assert main(["derive", *words[:4]]) == 2
    assert "solve and predict only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--preset", "trl", "--beta", "0"), "beta is 0"),
        (("--preset", "slime", "--beta", "0.1"), "no gradient"),
    ],
)
def test_no_penalty_is_an_answer(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = solved(capsys, *words, "--pi-ref", "0.2")
    assert found["solutions"] == [{"policy": ["1.0", "0.0"], "stability": "attracting"}]
    assert any(sentence in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "a=1"), "--set goes with --preset"),
        (("--preset", "trl", "--set", "a"), "--set must be KEY=VALUE"),
        (("--preset", "trl", "--set", "foo=1"), "--set: the preset trl takes"),
        (("--preset", "trl", "--set", "loss_type=ppo"), "loss_type must be one of"),
    ],
)
def test_bad_options_are_status_2(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", *words, "--beta", "1", "--pi-ref", "0.2"]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_preset_without_a_penalty_needs_no_weight(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--preset", "slime", "--pi-ref", "0.3"]) == 0
    assert "pi(a) = 1, pi(b) = 0" in capsys.readouterr().out
    assert main(["solve", "--preset", "slime"]) == 2
    said = "the penalty of slime has no gradient, at any weight; the following arguments are"
    assert said in capsys.readouterr().err
    assert main(["solve", "--preset", "trl", "--pi-ref", "0.3"]) == 2
    assert "required: --beta" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "cut"),
    [(("--pi", "0.98"), True), (("--pi", "0.9"), False), (("--kl", "0.4"), False)],
)
def test_a_weight_for_a_policy_that_the_trainer_does_not_hold_is_warned_of(
    target: tuple[str, str], cut: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """0.7/0.02 = 35 is beyond the 13.6 at which k3 reaches 10."""
    words = ("solve-for", "beta", "--preset", "ms-swift", *target, "--pi-ref", "0.3")
    assert main(list(words)) == 0
    assert ("not a resting point of that trainer" in capsys.readouterr().out) == cut
