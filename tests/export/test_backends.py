"""Functions of JAX and torch: values, gradients in every branch, types, and exported code.

Skipped without the packages, unless GRPO_SYMBOLIC_REQUIRE_BACKENDS is set.
"""

import importlib
import os
from functools import cache
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic import symbols

if os.environ.get("GRPO_SYMBOLIC_REQUIRE_BACKENDS"):
    jax, torch = importlib.import_module("jax"), importlib.import_module("torch")
else:
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
jnp = importlib.import_module("jax.numpy")

# A time bound may go off inside JAX's own garbage-collection hook.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function _xla_gc:pytest.PytestUnraisableExceptionWarning"
)

BINARY = gs.BinaryQuestion()
SETTINGS: dict[str, tuple[Any, Any]] = {
    "margin": (gs.GRPO(2), gs.BinaryQuestion(margin=symbols.gamma)),
    "three": (gs.GRPO(3), BINARY),
    "four": (gs.GRPO(4), BINARY),
    "eight": (gs.GRPO(8), BINARY),
    "large": (gs.GRPO(oo), BINARY),
    "direct": (gs.GRPO(2, gs.DirectKL()), BINARY),
    "rlhf": (gs.RLHF(), BINARY),
    "epsilon": (gs.GRPO(6, advantage=gs.ShiftAndScale(ddof=1, epsilon="1e-4")), BINARY),
}
BETA, REFERENCE = np.array([0.02, 1.0, 1.7, 40.0]), np.array([1e-9, 0.2, 0.5, 0.999])


@cache
def policy(name: str) -> gs.StationaryPolicy:
    return gs.stationary_policy(*SETTINGS[name])


def point(name: str) -> dict[str, Any]:
    given: dict[str, Any] = {"beta": BETA, "pi_ref": REFERENCE}
    return given | {"gamma": np.full(4, 0.7)} if name == "margin" else given


@cache
def exact(name: str) -> tuple[Any, dict[str, Any]]:
    """Values, and derivatives by implicit differentiation in 40 digits."""
    given = point(name)
    return policy(name).lambdify()(**given), {
        n: policy(name).sensitivity(n)(**given) for n in given
    }


def exported(name: str, form: str) -> Any:
    space: dict[str, Any] = {}
    exec(policy(name).export(form), space)
    return space["stationary_policy"]


@pytest.mark.parametrize("source", ["lambdify", "export"])
@pytest.mark.parametrize("name", SETTINGS)
def test_values_and_gradients(name: str, source: str) -> None:
    """Against implicit differentiation in 40 digits: an independent route."""
    given = point(name)
    names = list(given)
    values_known, slopes = exact(name)
    compiled = source == "lambdify"
    by_torch = policy(name).lambdify("torch") if compiled else exported(name, "torch")
    tensors = {n: torch.tensor(given[n], requires_grad=True) for n in names}
    values = by_torch(**tensors)
    values.sum().backward()
    np.testing.assert_allclose(values.detach().numpy(), values_known, rtol=2e-14)
    for n in names:
        found = tensors[n].grad.numpy()
        np.testing.assert_allclose(found, slopes[n], rtol=1e-9, err_msg=f"torch {n}")
    if (name, source) == ("epsilon", "export"):
        return  # the code of "eight" but for its coefficients; compiling it takes seconds
    with jax.enable_x64(True):
        by_jax = policy(name).lambdify("jax") if compiled else exported(name, "jax")
        arrays = {n: jnp.asarray(given[n]) for n in names}
        np.testing.assert_allclose(by_jax(**arrays), values_known, rtol=2e-14)
        gradient = jax.jit(jax.vmap(jax.grad(lambda at: by_jax(**at))))(arrays)
        for n in names:
            np.testing.assert_allclose(gradient[n], slopes[n], rtol=1e-9, err_msg=f"jax {n}")


@pytest.mark.parametrize("name", ["margin", "eight", "large", "rlhf"])
def test_types_are_kept(name: str) -> None:
    given, known = point(name), exact(name)[0]
    for other in (policy(name).lambdify("torch"), exported(name, "torch")):
        single = other(**{n: torch.tensor(v, dtype=torch.float32) for n, v in given.items()})
        assert single.dtype == torch.float32
        np.testing.assert_allclose(single.numpy(), known, rtol=2e-5)
        mixed = other(pi_ref=torch.tensor(0.3), beta=0.1, **_margin(name))
        assert mixed.dtype == torch.float32
        reference = torch.tensor(0.3, dtype=torch.float64)
        double = other(pi_ref=reference, beta=0.1, **_margin(name))
        expected = policy(name).lambdify()(pi_ref=0.3, beta=0.1, **_margin(name))
        assert float(double) == pytest.approx(expected, rel=1e-13)
    single = policy(name).lambdify("jax")(**{n: np.float32(v) for n, v in given.items()})
    assert single.dtype == jnp.float32
    with jax.enable_x64(True):
        single = policy(name).lambdify("jax")(**{n: np.float32(v) for n, v in given.items()})
        assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, known, rtol=2e-5)


def _margin(name: str) -> dict[str, float]:
    return {"gamma": 0.7} if name == "margin" else {}


@pytest.mark.parametrize("name", ["margin", "three", "eight", "large", "rlhf"])
def test_gradients_at_the_ends(name: str) -> None:
    """At pi_ref = 0 and 1, on both sides of the branch, the one-sided derivatives."""
    function = policy(name).lambdify("torch")
    for beta, reference in ((0.25, 1.0), (4.0, 1.0), (4.0, 0.0), (0.25, 0.0)):
        at = {
            "beta": torch.tensor(beta, dtype=torch.float64, requires_grad=True),
            "pi_ref": torch.tensor(reference, dtype=torch.float64, requires_grad=True),
        }
        function(**at, **_margin(name)).backward()
        inside = abs(reference - 1e-13)
        near = policy(name).sensitivity("pi_ref")(beta=beta, pi_ref=inside, **_margin(name))
        slope = at["pi_ref"].grad.item()
        assert slope == pytest.approx(near, rel=1e-6, abs=1e-11), (beta, reference)
        assert np.isfinite(at["beta"].grad.item())


def test_second_derivatives_of_a_solved_policy() -> None:
    beta = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    policy_at = policy("eight").lambdify("torch")(beta=beta, pi_ref=0.2)
    (first,) = torch.autograd.grad(policy_at, beta, create_graph=True)
    second = torch.autograd.grad(first, beta)[0].item()
    precise = policy("eight").lambdify("mpmath")
    with mp.workdps(30):
        step = mpf("1e-6")
        left, middle, right = (
            precise(beta=mpf("0.7") + k * step, pi_ref=mpf(0.2)) for k in (-1, 0, 1)
        )
        assert float((left - 2 * middle + right) / step**2) == pytest.approx(second, rel=1e-9)


def test_broadcasting() -> None:
    beta, reference = BETA[:, None], REFERENCE
    for name, backends in (("margin", ("jax", "torch")), ("eight", ("torch",))):
        expected = policy(name).lambdify()(beta=beta, pi_ref=reference, **_margin(name))
        for backend in backends:
            make = torch.tensor if backend == "torch" else jnp.asarray
            found = policy(name).lambdify(backend)(
                beta=make(beta), pi_ref=make(reference), **_margin(name)
            )
            assert tuple(found.shape) == (4, 4)
            np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-5)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_bad_arguments_are_named(backend: str) -> None:
    function = policy("margin").lambdify(backend)
    with pytest.raises(ValueError, match="beta must be a positive number"):
        function(beta=-1.0, pi_ref=0.5, gamma=0.5)
    with pytest.raises(ValueError, match="missing argument 'gamma'"):
        function(beta=1.0, pi_ref=0.5)
    with pytest.raises(ValueError, match="unknown argument 'temperature'"):
        function(beta=1.0, pi_ref=0.5, gamma=1, temperature=1)
    several = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), BINARY)
    with pytest.raises(ValueError, match="number of stationary policies must be established"):
        several.lambdify(backend)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_missing_package_is_named(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, backend, None)
    with pytest.raises(ValueError, match=rf"grpo-symbolic\[{backend}\]"):
        policy("margin").lambdify(backend)
