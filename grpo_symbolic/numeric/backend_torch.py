"""Compiled functions on torch tensors, differentiable."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from grpo_symbolic.numeric.arguments import Parameter, checked_number, documented, ordered
from grpo_symbolic.numeric.implicit import Implicit
from grpo_symbolic.numeric.printers import program_function
from grpo_symbolic.numeric.program import Program
from grpo_symbolic.numeric.solver import polished, solved

__all__ = ["torch_function"]


def torch_function(
    formula: Program | Implicit, parameters: tuple[Parameter, ...]
) -> Callable[..., Any]:
    """A function of tensors or numbers, which broadcast; the tensors' type is kept.

    Ranges are checked for plain numbers only.
    """
    try:
        import torch
    except ImportError:
        raise ValueError(
            "the torch backend needs the package torch: pip install 'grpo-symbolic[torch]'"
        ) from None

    if isinstance(formula, Program):
        body = program_function(formula, parameters, torch, "torch")
    else:
        body = _implicit(formula, parameters, torch)

    def function(**given: Any) -> Any:
        values = [
            checked_number(p, v)
            for p, v in zip(parameters, ordered(parameters, given), strict=True)
        ]
        # A plain number takes the type of the tensors; without any it is the default type.
        types = [v.dtype for v in values if torch.is_tensor(v) and v.is_floating_point()]
        dtype = reduce(torch.promote_types, types) if types else torch.get_default_dtype()
        tensors = [torch.as_tensor(v, dtype=dtype) for v in values]
        shape = torch.broadcast_shapes(*(t.shape for t in tensors))
        return torch.broadcast_to(body(*tensors), shape)

    return documented(function, parameters, "torch tensors, which broadcast and keep their type")


def _implicit(
    formula: Implicit, parameters: tuple[Parameter, ...], torch: Any
) -> Callable[..., Any]:
    condition = formula.compiled(torch, "torch")
    names = [p.name for p in parameters]
    places = [names.index(n) for n in formula.names]

    def body(*tensors: Any) -> Any:
        given = torch.broadcast_tensors(*(tensors[i] for i in places))
        fixed = [g.detach() for g in given]
        reference = fixed[formula.names.index("pi_ref")]
        with torch.no_grad():
            start = solved(torch, lambda p, q: condition(p, q, *fixed), reference)
        policy = polished(torch, lambda p, q: condition(p, q, *given), start)
        bounded = torch.minimum(torch.maximum(policy, reference), torch.ones_like(policy))
        return policy + (bounded - policy).detach()

    return body
