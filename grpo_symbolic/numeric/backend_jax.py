"""Compiled functions on JAX arrays: jit, vmap and derivatives of any kind.

JAX computes in single precision unless ``jax.config.update("jax_enable_x64", True)`` is called;
that is the caller's to decide, and nothing here changes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpo_symbolic.numeric.arguments import Parameter, checked_number, documented, ordered
from grpo_symbolic.numeric.implicit import Implicit
from grpo_symbolic.numeric.printers import program_function
from grpo_symbolic.numeric.program import Program
from grpo_symbolic.numeric.solver import polished, solved

__all__ = ["jax_function"]


def jax_function(
    formula: Program | Implicit, parameters: tuple[Parameter, ...]
) -> Callable[..., Any]:
    """A function of arrays or numbers, which broadcast and keep their type.

    Ranges are checked for plain numbers only: an array may be traced, without values.
    """
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        raise ValueError(
            "the jax backend needs the package jax: pip install 'grpo-symbolic[jax]'"
        ) from None

    if isinstance(formula, Program):
        body = program_function(formula, parameters, jnp, "jnp", {"jax": jax})
    else:
        body = _implicit(formula, parameters, jax, jnp)

    def function(**given: Any) -> Any:
        values = (
            checked_number(p, v)
            for p, v in zip(parameters, ordered(parameters, given), strict=True)
        )
        # A plain number takes the type of the arrays; an integer becomes one of them.
        arrays = [1.0 * jnp.asarray(v) for v in values]
        shape = jnp.broadcast_shapes(*(a.shape for a in arrays))
        return jnp.broadcast_to(body(*arrays), shape)

    return documented(function, parameters, "JAX arrays, which broadcast and keep their type")


def _implicit(
    formula: Implicit, parameters: tuple[Parameter, ...], jax: Any, jnp: Any
) -> Callable[..., Any]:
    # Compiled once: the solver calls it some thirty times.
    condition = jax.jit(formula.compiled(jnp, "jnp"))
    names = [p.name for p in parameters]
    places = [names.index(n) for n in formula.names]

    def body(*arrays: Any) -> Any:
        given = jnp.broadcast_arrays(*(arrays[i] for i in places))
        dtype = jnp.result_type(*given)
        given = [g.astype(dtype) for g in given]
        fixed = [jax.lax.stop_gradient(g) for g in given]
        reference = fixed[formula.names.index("pi_ref")]
        start = solved(jnp, lambda p, q: condition(p, q, *fixed), reference)
        policy = polished(jnp, lambda p, q: condition(p, q, *given), jax.lax.stop_gradient(start))
        return policy + jax.lax.stop_gradient(jnp.clip(policy, reference, 1) - policy)

    return body
