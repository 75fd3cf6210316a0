"""Presets: what each one acts as, which weight it corresponds to, and what it warns of."""

from collections.abc import Callable
from itertools import product
from math import exp, log, sqrt

import pytest
from sympy import Integer, Rational, oo
from sympy import sqrt as exact_sqrt

import grpo_symbolic as gs
from grpo_symbolic import presets, symbols
from grpo_symbolic.presets import Preset

DIRECT, REVERSE = "KL(pi || pi_ref)", "KL(pi_ref || pi)"
EVERY = presets.all_presets()
NAMES = [p.name for p in EVERY]


def drift(rule: Callable[[list[float], int], float], size: int, p: float) -> float:
    """E A(1 | own reward 1) − E A(1 | own reward 0), over all draws of the others."""
    total = 0.0
    for others in product((1.0, 0.0), repeat=size - 1):
        chance = 1.0
        for r in others:
            chance *= p if r == 1 else 1 - p
        total += chance * (rule([1.0, *others], size) - rule([0.0, *others], size))
    return total


def standardised(ddof: int, epsilon: float = 0.0) -> Callable[[list[float], int], float]:
    def rule(rewards: list[float], size: int) -> float:
        mean = sum(rewards) / size
        square = sum((r - mean) ** 2 for r in rewards) / (size - ddof)
        return 0.0 if square == 0 else (rewards[0] - mean) / (sqrt(square) + epsilon)

    return rule


def centred(rewards: list[float], size: int) -> float:
    return rewards[0] - sum(rewards) / size


def leave_one_out(rewards: list[float], size: int) -> float:
    return rewards[0] - sum(rewards[1:]) / (size - 1)


# -- versions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "divergence"),
    [
        ("trl@0.20", REVERSE),
        ("trl@1.9", REVERSE),
        ("trl@1.9.3", REVERSE),
        ("trl@1.10", DIRECT),
        ("trl@1.10.2", DIRECT),
        ("trl@2", DIRECT),
        ("trl", DIRECT),
        ("nemo-rl@0.6", REVERSE),
        ("nemo_rl@0.6.9", REVERSE),
        ("nemo-rl@0.7", DIRECT),
        ("nemo-rl@0.10", DIRECT),
        ("NeMo-RL", DIRECT),
    ],
)
def test_a_version_decides_the_divergence(name: str, divergence: str) -> None:
    assert presets.lookup(name).acts_as.startswith(divergence)


def test_versions_are_numbers_separated_by_points() -> None:
    assert presets.trl("1.10").penalty == presets.trl("1.10.0").penalty == gs.DirectKL()
    assert presets.trl("v1.10rc1").penalty == gs.DirectKL()
    assert presets.trl("1.1").penalty == gs.ReverseKL()
    assert presets.trl(version=1).penalty == gs.ReverseKL()


@pytest.mark.parametrize("version", ["", "latest", "1..2", "1.x", "-1", None, 1.1, True, "1." * 50])
def test_an_unreadable_version_is_one_sentence(version: object) -> None:
    with pytest.raises(ValueError, match=r"version must be a string of numbers") as failure:
        presets.trl(version=version)  # type: ignore[arg-type]
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("kl", "estimator", "expected"),
    [
        ("loss", None, REVERSE),
        ("loss", "low_var_kl", REVERSE),
        ("loss", "k2", DIRECT),
        ("loss", "k3+", DIRECT),
        ("loss", "k1", "no penalty at all"),
        ("loss", "abs", "none of the known"),
        ("reward", None, DIRECT),
        ("reward", "kl", DIRECT),
        ("reward", "k3", "none of the known"),
    ],
)
def test_verl(kl: str, estimator: str | None, expected: str) -> None:
    assert presets.verl(kl, estimator).acts_as.startswith(expected)


def test_openrlhf_and_open_instruct() -> None:
    assert presets.openrlhf("loss", "k3").acts_as.startswith(REVERSE)
    assert presets.openrlhf("loss", "k2").acts_as.startswith(DIRECT)
    assert presets.openrlhf("loss", "k1").acts_as.startswith("no penalty")
    assert presets.openrlhf("reward").acts_as.startswith(DIRECT)
    assert presets.open_instruct().acts_as.startswith(REVERSE)
    assert presets.open_instruct(estimator="k1-ratio").acts_as.startswith(DIRECT)
    assert presets.slime().acts_as.startswith("no penalty")
    assert presets.slime("low_var_kl", unbiased=True).acts_as.startswith(DIRECT)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: presets.verl(kl="both"), "kl must be one of"),
        (lambda: presets.verl(estimator="k9"), "estimator must be one of"),
        (lambda: presets.verl("reward", "k3+"), "estimator must be one of"),
        (lambda: presets.openrlhf(advantage="gae"), "advantage must be one of"),
        (lambda: presets.open_instruct(normalization="none"), "normalization must be one of"),
        (lambda: presets.trl(scale_rewards="std"), "scale_rewards must be one of"),
        (lambda: presets.trl(batch=16), "batch goes with"),
        (lambda: presets.trl(scale_rewards="batch", batch=12), "multiple of the group size 8"),
        (lambda: presets.trl(group_size=1), "group_size must be"),
        (lambda: presets.rlhf().with_group_size(4), "no group size"),
    ],
)
def test_options_are_checked(build: Callable[[], Preset], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


# -- names ---------------------------------------------------------------------------------


def test_names() -> None:
    for name in presets.REGISTRY:
        assert presets.lookup(name).name.split("@")[0] == name
        assert presets.lookup(name.upper().replace("-", "_")) == presets.lookup(name)
    with pytest.raises(ValueError, match=r"preset must be one of grpo, .*got 'ppo'"):
        presets.lookup("ppo")
    with pytest.raises(ValueError, match="has no versions"):
        presets.lookup("dapo@1.0")
    with pytest.raises(ValueError, match="version must be"):
        presets.lookup("trl@")


def test_all_presets_holds_both_sides_of_a_change() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(presets.REGISTRY) <= {name.split("@")[0] for name in NAMES}
    acts = {p.name: p.acts_as for p in EVERY}
    assert acts["trl@1.9"] != acts["trl@1.10"]
    assert acts["nemo-rl@0.6"] != acts["nemo-rl@0.7"]


# -- everything that is assumed ------------------------------------------------------------


@pytest.mark.parametrize("preset", EVERY, ids=NAMES)
def test_text_states_all_that_is_assumed(preset: Preset) -> None:
    def said(sentence: str) -> str:
        names = {"$": "", r"\pi_{\mathrm{ref}}": "pi_ref", r"\pi": "pi"}
        for tex, word in names.items():
            sentence = sentence.replace(tex, word)
        return sentence

    text = str(preset)
    assert text.startswith(preset.name)
    assert preset.source in text
    assert preset.acts_as in text
    assert said(str(preset.advantage or preset.algorithm.meaning)) in text
    assert all(said(sentence) in text for _, sentence in preset.conventions)
    assert all(sentence in text for sentence in preset.warnings)
    fields = [field for field, _ in preset.conventions]
    assert {"advantage", "KL term", "acts on-policy as"} <= set(fields)


@pytest.mark.parametrize("preset", EVERY, ids=NAMES)
def test_every_algorithm_has_a_preference(preset: Preset) -> None:
    if isinstance(preset.algorithm, gs.GRPO):
        preset = preset.with_group_size(4)
    values = gs.preference(preset.algorithm, gs.Question(rewards=(1, 0)))
    numbers = {symbols.policy(1): Rational(1, 3), symbols.reference(1): Rational(1, 5)}
    numbers[symbols.sigma] = Rational(1)
    better, worse = (float(v.subs(numbers)) for v in values)
    assert better > worse


def test_the_rule_of_each_trainer() -> None:
    """Drifts at G = 4 against the definitions, in plain Python."""
    p, size = 0.3, 4

    def others_scaled(rewards: list[float], size: int) -> float:
        rest = rewards[1:]
        mean = sum(rest) / len(rest)
        std = sqrt(sum((r - mean) ** 2 for r in rest) / (len(rest) - 1))
        return (rewards[0] - mean) / (std + 1e-6) if std > 0 else rewards[0] - mean

    def over_mean(rewards: list[float], size: int) -> float:
        mean = sum(rewards) / size
        return (rewards[0] - mean) / mean if mean else 0.0

    mixed = 1 - p**size - (1 - p) ** size
    expected = {
        "grpo": drift(standardised(0), size, p),
        "trl": drift(standardised(1, 1e-4), size, p),
        "verl": drift(standardised(1, 1e-6), size, p),
        "openrlhf": drift(standardised(1, 1e-9), size, p),
        "openrlhf-reward": drift(standardised(1, 1e-9), size, p),
        "dr-grpo": drift(centred, size, p),
        "nemo-rl": drift(others_scaled, size, p),
        "max-rl": drift(over_mean, size, p),
        "dapo": drift(standardised(0), size, p) / mixed,
        "open-instruct": drift(centred, size, p) / mixed,
    }
    for name, value in expected.items():
        algorithm = presets.lookup(name).with_group_size(size).algorithm
        better, worse = gs.preference(algorithm, gs.Question(rewards=(1, 0)))
        found = float((better - worse).subs(symbols.policy(1), Rational(3, 10)))
        assert found == pytest.approx(value, rel=1e-12), name


def test_zero_variance_groups() -> None:
    def kept(preset: Preset) -> str:
        return dict(preset.conventions)["groups of equal rewards"]

    assert "dropped" in kept(presets.dapo())
    assert "dropped" in kept(presets.open_instruct())
    assert "kept" in kept(presets.trl())
    assert presets.open_instruct().algorithm.mixed_only  # type: ignore[attr-defined]


# -- effective weights ---------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 4, 7])
def test_sample_std_is_a_larger_weight(size: int) -> None:
    preset = Preset("ddof 1", gs.GRPO(size, advantage=gs.ShiftAndScale(ddof=1)), "test")
    found = preset.effective_beta()
    assert found.factor == exact_sqrt(Rational(size, size - 1))
    for p in (0.1, 0.5, 0.83):
        quotient = drift(standardised(0), size, p) / drift(standardised(1), size, p)
        assert float(found.factor) == pytest.approx(quotient, rel=1e-12)
    assert found.algorithm == gs.GRPO(size)


def test_effective_weight_for_every_group_size() -> None:
    G = symbols.G
    rule = Preset("ddof 1", gs.GRPO(4, advantage=gs.ShiftAndScale(ddof=1)), "test")
    assert rule.effective_beta(G).factor == exact_sqrt(G) / exact_sqrt(G - 1)
    assert rule.effective_beta(oo).factor == 1
    others = presets.openrlhf(advantage="rloo")
    assert (others.effective_beta(G).factor - (G - 1) / G).cancel() == 0
    quotient = drift(centred, 5, 0.2) / drift(leave_one_out, 5, 0.2)
    assert float(others.effective_beta(5).factor) == pytest.approx(quotient, rel=1e-12)
    assert "r - mean" in others.effective_beta(5).model
    assert presets.trl(scale_rewards="batch").effective_beta(G).factor == symbols.sigma
    assert presets.dr_grpo().effective_beta(G).factor == 1


@pytest.mark.parametrize("size", [2, 3])
def test_small_groups_have_a_weight_at_a_known_gap(size: int) -> None:
    """All mixed groups of two or three have one standard deviation."""
    found = presets.trl().effective_beta(size, gap=1)
    for p in (0.2, 0.7):
        quotient = drift(standardised(0), size, p) / drift(standardised(1, 1e-4), size, p)
        assert float(found.factor) == pytest.approx(quotient, rel=1e-12)
    assert "1 apart" in found.sentence


@pytest.mark.parametrize(
    ("preset", "size", "reason"),
    [
        (presets.trl(), 4, "epsilon = 1/10000"),
        (presets.trl(), symbols.G, "epsilon = 1/10000"),
        (presets.trl(), oo, "epsilon = 1/10000"),
        (presets.trl(scale_rewards="batch", batch=16), None, "batch"),
        (presets.dapo(), 4, "dropped"),
        (presets.dapo(), 2, "dropped"),
        (presets.nemo_rl(), 4, "epsilon"),
        (presets.max_rl(), 4, "no fixed multiple"),
        (presets.verl("reward", "k3"), 4, "penalised reward"),
    ],
    ids=lambda value: value.name if isinstance(value, Preset) else str(value),
)
def test_no_effective_weight(preset: Preset, size: object, reason: str) -> None:
    found = preset.effective_beta(size)
    assert found.factor is None
    assert reason in found.sentence
    assert found.algorithm is None
    assert presets.trl().effective_beta(4, gap=1).factor is None


def test_a_penalty_in_the_reward_is_rlhf_at_the_same_weight() -> None:
    for preset in (presets.rloo(), presets.trl_rloo(), presets.verl("reward")):
        for size in (2, 6, symbols.G):
            found = preset.effective_beta(size)
            assert found.factor == 1
            assert "RLHF" in found.model
    # Plain numbers: at pi ~ ref e^(r/beta) the penalised rewards of all answers are equal.
    beta, rewards, reference = 0.7, (1.0, 0.2, -3.0), (0.2, 0.5, 0.3)
    weights = [q * exp(r / beta) for q, r in zip(reference, rewards, strict=True)]
    policy = [w / sum(weights) for w in weights]
    penalised = [r - beta * log(p / q) for r, p, q in zip(rewards, policy, reference, strict=True)]
    assert max(penalised) - min(penalised) < 1e-12


def test_textbook_models_are_themselves() -> None:
    for preset in (presets.rlhf(), presets.nlhf(), presets.ipo()):
        assert preset.effective_beta().factor == 1
    assert presets.grpo().effective_beta(8).factor == 1


# -- warnings ------------------------------------------------------------------------------


def where_k3_is(value: float) -> float:
    """u > 1 with u − log u − 1 = value, by bisection."""
    low, high = 1.0, value + 10
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle - log(middle) - 1 < value else (low, middle)
    return low


def test_clamped_estimator() -> None:
    limit = where_k3_is(10)
    assert limit == pytest.approx(13.61, abs=0.005)
    preset = presets.verl()
    assert preset.clamped_beyond is not None
    assert float(preset.clamped_beyond[1]) == pytest.approx(limit, rel=1e-12)
    reference = (0.5, 0.5)
    for inside, warned in ((0.5 / (limit * 0.999), False), (0.5 / (limit * 1.001), True)):
        found = preset.warnings_at((1 - inside, inside), reference)
        assert any(s.startswith("not a resting point") for s in found) == warned
        assert set(preset.warnings) <= set(found)
    assert presets.trl().warnings_at((0.999, 0.001), reference) == presets.trl().warnings
    # Both directions: an answer that has become far too likely.
    rare = preset.warnings_at(("0.9", "0.1"), ("0.000001", "0.999999"))
    assert sum(s.startswith("not a resting point") for s in rare) == 1


def test_clamped_log_ratio() -> None:
    ends = presets.openrlhf("reward").clamped_beyond
    assert ends is not None
    below, above = ends
    assert (float(below), float(above)) == (pytest.approx(exp(-10)), pytest.approx(exp(10)))
    assert presets.verl(estimator="k3+").clamped_beyond is None


def test_warnings_say_what_changes_solutions() -> None:
    def about(preset: Preset, word: str) -> bool:
        return any(word in sentence for sentence in preset.warnings)

    assert about(presets.trl(), "several stationary policies")
    assert not about(presets.trl(group_size=3), "several stationary policies")
    assert not about(presets.trl("1.9"), "several stationary policies")
    assert not about(presets.trl(scale_rewards="none"), "several stationary policies")
    assert about(presets.dapo(), "several stationary policies")
    assert about(presets.slime(), "no effect")
    assert about(presets.verl("reward", "k3"), "not strictly monotone")
    assert about(presets.nemo_rl(), "rescaled")
    assert not about(presets.grpo(), "rescaled")
    assert about(presets.grpo(), "token by token")
    assert not about(presets.trl_rloo(), "token by token")


@pytest.mark.parametrize(
    ("policy", "reference"),
    [((0.5, 0.5), (1.0,)), ((1, 0), (0.5, 0.5)), ((0.5, "x"), (0.5, 0.5)), ((0.5, -1), (1, 1))],
)
def test_solutions_are_checked(policy: tuple, reference: tuple) -> None:
    with pytest.raises(ValueError, match=r"probabilit|one entry an answer"):
        presets.verl().warnings_at(policy, reference)


def test_a_numeric_weight_is_carried_along() -> None:
    algorithm = gs.GRPO(4, advantage=gs.ShiftAndScale(ddof=1), beta=Integer(3))
    found = Preset("ddof 1", algorithm, "test").effective_beta()
    assert found.algorithm.beta == 3 * found.factor  # type: ignore[union-attr]


def test_a_preset_stands_for_its_algorithm() -> None:
    """Policies and preferences can be asked of a preset directly."""
    preset, question = presets.dr_grpo(), gs.BinaryQuestion()
    ours = gs.stationary_policy(preset, question).expression
    assert ours is not None
    assert ours == gs.stationary_policy(preset.algorithm, question).expression
    assert tuple(gs.preference(preset, question)) == tuple(
        gs.preference(preset.algorithm, question)
    )
    with pytest.raises(ValueError, match="algorithm must be"):
        gs.preference("trl", question)  # type: ignore[arg-type]


def test_text_has_no_tex() -> None:
    """Where a meaning has a formula, Jupyter typesets it and a terminal has its names."""
    assert not any(sign in str(preset) for preset in EVERY for sign in "$\\{")
    assert "drawn from pi_ref\n" in str(presets.ipo())
    assert r"drawn from $\pi_{\mathrm{ref}}$" in presets.ipo()._repr_html_()
