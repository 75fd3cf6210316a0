"""Formulas as functions of their own in NumPy, JAX or PyTorch source code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol

from grpo_symbolic.export.code_layout import assigned, commented, listed, paragraph
from grpo_symbolic.export.code_printer import ArrayPrinter
from grpo_symbolic.export.code_program import Call, Line, Program, RootOf
from grpo_symbolic.export.code_solver import (
    DRIFT,
    SLOPE,
    GroupDrift,
    Implicit,
    differentiated,
    drift_of,
    polished,
    solved,
)

#: The format's name: the name of the library in the code.
LIBRARIES = {"python": "np", "jax": "jnp", "torch": "torch"}

_IMPORTS = {
    "np": ["import numpy as np"],
    "jnp": ["import jax", "import jax.numpy as jnp"],
    "torch": ["import torch"],
}
_ARRAYS = {"np": "float or array", "jnp": "float or array", "torch": "float or tensor"}
# A value that is not differentiated.
_CONSTANT = {"np": r"\1", "jnp": r"jax.lax.stop_gradient(\1)", "torch": r"(\1).detach()"}
_TENSORS = '''\
def tensors(*values):
    """Tensors of the floating type of those given; plain numbers take it too."""
    types = [v.dtype for v in values if torch.is_tensor(v) and v.is_floating_point()]
    dtype = functools.reduce(torch.promote_types, types) if types else torch.get_default_dtype()
    return [torch.as_tensor(v, dtype=dtype) for v in values]
'''


@dataclass(frozen=True)
class CodeText:
    """The words of a docstring.

    Attributes
    ----------
    summary : str
        One line.
    paragraphs : tuple of str
        Setting, formula, assumptions; one that starts with two spaces is kept as it is.
    parameters : tuple of (str, str, str)
        Name, default (or an empty string), meaning with range.
    returns : str
    notes : tuple of str
    """

    summary: str
    paragraphs: tuple[str, ...]
    parameters: tuple[tuple[str, str, str], ...]
    returns: str
    notes: tuple[str, ...] = ()

    def lines(self, library: str) -> list[str]:
        """The docstring, indented."""
        kind = _ARRAYS[library]
        lines = [f'    """{self.summary}', ""]
        for text in self.paragraphs:
            lines += [_kept(text) if text.startswith("  ") else paragraph(text), ""]
        lines += ["    Parameters", "    ----------"]
        for name, default, meaning in self.parameters:
            optional = f", default {default}" if default else ""
            lines += [f"    {name} : {kind}{optional}", paragraph(meaning, " " * 8)]
        lines += ["", "    Returns", "    -------", f"    {kind.split(' or ')[-1]}"]
        lines += [paragraph(self.returns, " " * 8)]
        if self.notes:
            lines += ["", "    Notes", "    -----"]
            for k, text in enumerate(self.notes):
                lines += [*([""] if k else []), paragraph(text)]
        return [*lines, '    """']

    @property
    def signature(self) -> str:
        return "*, " + ", ".join(
            f"{name}={default}" if default else name for name, default, _ in self.parameters
        )

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.parameters]


def _kept(text: str) -> str:
    """A formula of its own, broken between terms where it is long."""
    found = []
    for row in text.splitlines():
        name, _, value = row.strip().partition(" = ")
        found += assigned(name, value, " " * 8) if value else [" " * 8 + row.strip()]
    return "\n".join(found)


def closed_code(program: Program, text: CodeText, library: str, name: str) -> str:
    """Source of a function that evaluates a program."""
    lines = [f"def {name}({text.signature}):", *text.lines(library)]
    lines += _arrays(text.names, library, broadcast=False)
    lines += _written(program.lines, library)
    lines += assigned("", ArrayPrinter(library).line(program.value))
    return _module([], [*_called(program, library), "\n".join(lines)], library)


def solver_code(form: Implicit, text: CodeText, library: str, name: str) -> str:
    """Source of a function that solves a condition with one solution."""
    given = [n for n in text.names if n in form.names]
    constants, condition = _condition(form, library)
    lines = [f"def {name}({text.signature}):", *text.lines(library)]
    lines += _arrays(given, library, broadcast=True)
    lines += [f"    return differentiated(condition, pi_ref, [{', '.join(given)}])"]
    functions = [_plain(f, library) for f in (solved, polished, differentiated)]
    return _module(constants, [*condition, *functions, "\n".join(lines)], library)


def residual_code(
    value: Expr, drift: GroupDrift | None, share: Expr, text: CodeText, library: str, name: str
) -> str:
    """Source of the condition itself, as a function of pi and the parameters."""
    printer = ArrayPrinter(library)
    constants, functions = ([], []) if drift is None else _drift(drift, library)
    lines = [f"def {name}({text.signature}):", *text.lines(library)]
    lines += _arrays(text.names, library, broadcast=drift is not None)
    if drift is not None:
        m = str(share) if share.is_Symbol else "share"
        if m == "share":
            lines += assigned(m, printer.line(share))
        more = "".join(f", {n}" for n in drift.names)
        lines += [f"    drift, _ = drift_of(weights({m}{more}), {m}, 1 - {m})"]
    lines += assigned("", printer.line(value))
    return _module(constants, [*functions, "\n".join(lines)], library)


# -- parts ------------------------------------------------------------------------------------


def _written(program: Iterable[Line], library: str) -> list[str]:
    printer, lines = ArrayPrinter(library), []
    for line in program:
        lines += commented(line.comment) if line.comment else []
        lines += assigned(str(line.symbol), printer.line(line.value))
    return lines


def _called(program: Program, library: str) -> list[str]:
    """The functions that a program calls."""
    parts = [program.value, *(line.value for line in program.lines)]
    calls = {call for part in parts for call in part.atoms(Call)}
    functions = {f for call in calls for f in call.functions}
    ordered = sorted(functions, key=lambda f: f.__code__.co_firstlineno)
    return [_plain(function, library) for function in ordered]


def _drift(drift: GroupDrift, library: str) -> tuple[list[str], list[str]]:
    """Constants and functions of a Bernstein sum."""
    make = {"np": "np.array", "jnp": "jnp.array", "torch": "torch.tensor"}[library]
    more = "".join(f", {n}" for n in drift.names)
    lines = [f"def weights(p{more}):", '    """The coefficients, along a last axis."""']
    if drift.weights is not None:
        degree = len(drift.weights) - 1
        constants = [f"# The drift's coefficients of p**k * (1 - p)**({degree} - k)."]
        constants += listed("WEIGHTS", [repr(w) for w in drift.weights])
        lines += [f"    return {make}(WEIGHTS, dtype=p.dtype)"]
    else:
        size = drift.size
        constants = ["# Ways to have k better answers in a group, k from 1."]
        constants += listed("WAYS", [str(w) for w in drift.binomials])
        inner = {Symbol(n, real=True): Symbol(f"{n}[..., None]", real=True) for n in drift.names}
        spread = ArrayPrinter(library).line(drift.spread.xreplace(inner))
        lines += [
            f"    ways = {make}(WAYS, dtype=p.dtype)",
            "    # The fraction of better answers.",
            f"    t = {make}([k / {size} for k in range(1, {size})], dtype=p.dtype)",
            *assigned("spread", spread),
            "    return ways * spread",
        ]
    return constants, ["\n".join(lines), _plain(drift_of, library)]


def _condition(form: Implicit, library: str) -> tuple[list[str], list[str]]:
    printer = ArrayPrinter(library)
    lines = [
        f"def condition(p, q, {', '.join(form.names)}):",
        '    """Zero at the stationary policy p = 1 - q, positive below it; and its slope in p."""',
    ]
    constants: list[str] = []
    functions: list[str] = []
    if form.drift is not None:
        constants, functions = _drift(form.drift, library)
        more = "".join(f", {n}" for n in form.drift.names)
        lines += [f"    {DRIFT}, {SLOPE} = drift_of(weights(p{more}), p, q)"]
    lines += assigned("value", printer.line(form.value))
    lines += assigned("slope", printer.line(form.slope))
    return constants, [*functions, "\n".join([*lines, "    return value, slope"])]


def _arrays(names: Sequence[str], library: str, *, broadcast: bool) -> list[str]:
    """Arguments as floating-point arrays of one type."""
    joined = ", ".join(names)
    several = len(names) > 1
    target = joined if several else f"({names[0]},)"
    if library == "np":
        lines = [f"    {n} = np.asarray({n}, dtype=float)" for n in names]
    elif library == "jnp":
        lines = [f"    {n} = 1.0 * jnp.asarray({n})" for n in names]
        if broadcast:
            lines += [f"    dtype = jnp.result_type({joined})"]
    else:
        lines = [f"    {target} = tensors({joined})"]
    if broadcast and several:
        method = {
            "np": f"np.broadcast_arrays({joined})",
            "jnp": f"(x.astype(dtype) for x in jnp.broadcast_arrays({joined}))",
            "torch": f"torch.broadcast_tensors({joined})",
        }
        lines += assigned(joined, method[library])
    return lines


def _plain(function: Callable[..., Any], library: str) -> str:
    """A library function as it stands, the array library named in place of its argument."""
    source = inspect.getsource(function).replace("np: Any, ", "")
    source = re.sub(r": Any(?=[,)])", "", source)
    source = re.sub(r" -> [^:\n]+:", ":", source)
    source = re.sub(r"np\.constant\((.*)\)$", _CONSTANT[library], source, flags=re.MULTILINE)
    return re.sub(r"\bnp\.", f"{library}.", source).rstrip()


def _module(constants: Sequence[str], functions: Sequence[str], library: str) -> str:
    functions = [*([_TENSORS.rstrip()] if library == "torch" else []), *functions]
    body = "\n\n\n".join(functions)
    imports = list(_IMPORTS[library])
    if library == "jnp" and "jax." not in body.replace("jax.numpy", ""):
        imports.remove("import jax")
    standard = [f"import {m}" for m in ("functools", "math") if f"{m}." in body]
    head = "\n".join([*standard, *([""] if standard else []), *imports])
    top = "\n".join(constants)
    return "\n\n".join(part for part in (head, top) if part) + f"\n\n\n{body}\n"


def rank_code(
    program: Program, factor: Expr, ranks: Sequence[int], text: CodeText, library: str
) -> str:
    """Source of a rank distortion: reference masses by rank, then each answer's share.

    φ is the larger root of a program in ``pi_ref``, and ``factor`` what the square of its root
    moves with the reference mass, over what the root is divided by.
    """
    printer, best = ArrayPrinter(library), program.value
    linear, rest, *_ = best.args
    mass, upto, above = (Symbol(name, real=True) for name in ("pi_ref", "upto", "above"))
    make = {"np": "np.array", "jnp": "jnp.array", "torch": "torch.tensor"}[library]
    lines = [f"def stationary_policy({text.signature}):", *text.lines(library)]
    lines += _arrays(text.names, library, broadcast=False)
    lines += [f"    {n} = {n}[..., None]" for n in text.names if n != "pi_ref"]
    lines += [
        f"    rank = {make}(RANKS)",
        "    # Reference mass of the ranks above each answer's own, and with it.",
        "    above = (pi_ref[..., None, :] * (rank < rank[:, None])).sum(-1)",
        "    upto = (pi_ref[..., None, :] * (rank <= rank[:, None])).sum(-1)",
        *_written(program.lines, library),
    ]
    lines += assigned("best", printer.line(best.xreplace({mass: upto})))
    lines += [f"    best = best * pi_ref / {library}.where(upto > 0, upto, 1)"]
    lines += ["    # phi(R) - phi(S) as a difference of squares: nothing cancels."]
    roots = (RootOf(linear, rest.xreplace({mass: m})) for m in (upto, above))
    lines += assigned("total", " + ".join(printer.line(r) for r in roots))
    lines += [f"    divisor = {library}.where(rank > 0, total, 1)"]
    lines += assigned("below", f"{printer.line(factor)} * pi_ref / divisor")
    lines += [f"    return {library}.where(rank > 0, below, best)"]
    constants = ["# The rank of each answer by reward, 0 the best."]
    constants += listed("RANKS", [str(r) for r in ranks])
    return _module(constants, [*_called(program, library), "\n".join(lines)], library)
