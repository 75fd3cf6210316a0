"""Every preset against the trainer's own function, to 1e-12."""

import pytest

torch = pytest.importorskip("torch", reason="the trainers' own functions need torch")

from grpo_symbolic import presets  # noqa: E402
from tests.conformance import cut, measures  # noqa: E402
from tests.conformance.cases import Case, every  # noqa: E402
from tests.conformance.sources import VARIABLE  # noqa: E402

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("case", every(), ids=lambda case: case.name)
def test_presets_do_what_the_trainer_does(case: Case) -> None:
    source = case.source
    if source is None:
        pytest.skip(f"{case.distribution} is not installed, and not in the directory {VARIABLE}")
    deviations = case.measure(source)
    assert deviations
    assert max(deviations) < 1e-12, f"{case.name} of {source.version}: {deviations}"


# -- what the comparison itself would notice ---------------------------------------------------


def test_a_clamp_in_another_place_is_noticed() -> None:
    """k3 without a clamp, with one, and with one inside the importance ratio are told apart."""
    written = """
def term(new, ref, old, clamp: float, inside: bool):
    k = torch.exp(ref - new) - (ref - new) - 1
    if inside:
        return torch.exp(new - old) * k.clamp(-clamp, clamp)
    return (torch.exp(new - old) * k).clamp(-clamp, clamp)
"""
    term = cut.function(written, "term", {"torch": torch})
    clamped, free = presets.unsloth(), presets.trl()
    assert measures.penalty(clamped, lambda *logps: term(*logps, 10, False)) < 1e-12
    assert measures.penalty(free, lambda *logps: term(*logps, 1e9, False)) < 1e-12
    assert measures.penalty(free, lambda *logps: term(*logps, 10, False)) > 0.1
    assert measures.penalty(clamped, lambda *logps: term(*logps, 10, True)) > 0.1


def test_another_denominator_is_noticed() -> None:
    def rule(rewards: "torch.Tensor") -> "torch.Tensor":
        return (rewards - rewards.mean()) / (rewards.std() + 1e-4)

    assert measures.drift(presets.trl(), rule, 4, (1, 0)) < 1e-12
    assert measures.drift(presets.verl(), rule, 4, (1, 0)) > 1e-5
    assert measures.drift(presets.nemo_rl(), rule, 4, (1, 0)) > 1e-2
