"""A state of the explorer as one page that needs no server: equation, drawing, controls, words."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from sympy import oo

from grpo_symbolic.explorer import choices
from grpo_symbolic.explorer.compiled import program, rules
from grpo_symbolic.registry import SUFFIXES

_THREE = (0.9, 0.6, 0.2)


class Setting(Protocol):
    """What a page starts with: an ``Exploration``."""

    beta: Any
    gamma: Any
    group_size: Any
    pi_ref: Any
    ddof: int
    epsilon: Any
    penalty: Any
    advantage: str

    def figure(self) -> Any: ...


def script(state: Setting) -> str:
    """What the page computes with, without what draws: numbers that Node.js can ask for too."""
    more = () if isinstance(state.penalty, str) else (state.penalty,)
    equations = program(*more).javascript
    known = json.dumps(any(equations.count(tag) for tag in ("<mi>", "<mrow>")))
    return f"{equations}\nEQUATIONS.mathml = {known};\n{_asset('model.js')}"


def page(state: Setting) -> str:
    """HTML that stands alone.

    Parameters
    ----------
    state : Setting
        Where the controls stand at first.

    Raises
    ------
    ValueError
        For an advantage rule that has no formula with the group size as a symbol.
    """
    from grpo_symbolic import __version__

    if state.advantage not in rules():
        raise ValueError(
            f"a page needs a rule with one formula for every group size, got {state.advantage!r}; "
            "its figure can be saved"
        )

    parts = {
        "VERSION": __version__,
        "STYLE": _asset("page.css"),
        "SCRIPT": "\n".join(
            [
                script(state),
                f"const START = {json.dumps(start_of(state))};",
                _asset("chart.js"),
                _asset("app.js"),
            ]
        ),
    }
    text = _asset("page.html")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def start_of(state: Setting) -> dict[str, Any]:
    """The settings of the page for a state."""
    return {
        "preset": "",
        "rule": state.advantage,
        "size": "oo" if state.group_size == oo else str(state.group_size),
        "penalty": choices.name_of(state.penalty),
        "beta": float(state.beta),
        "pi_ref": float(state.pi_ref),
        "rewards": "sure" if state.gamma == 1 else "margin",
        "gamma": float(state.gamma),
        "s_a": 0.8,
        "s_b": 0.3,
        "ddof": state.ddof,
        "epsilon": float(state.epsilon),
        "mixed": False,
        "compare": False,
        "three": list(_THREE),
        "ref_1": 0.2,
        "ref_2": 0.3,
    }


def written(state: Setting, path: str | Path) -> Path:
    """The page, or the figure alone, in a file; its suffix says which.

    Raises
    ------
    ValueError
        For another suffix, a folder that is not there, or a figure without matplotlib.
    """
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in ("html", *SUFFIXES):
        known = ", ".join(f".{suffix}" for suffix in ("html", *SUFFIXES))
        raise ValueError(f"the file must end in one of {known}, got {str(path)!r}")
    if kind == "html":
        try:
            target.write_text(page(state), encoding="utf-8")
        except OSError as error:
            raise ValueError(f"the page cannot be written to {target}: {error}") from None
        return target
    from grpo_symbolic.plotting.figures import written as drawn

    return drawn(state.figure().figure, target)


def _asset(name: str) -> str:
    return files("grpo_symbolic.explorer").joinpath("assets", name).read_text(encoding="utf-8")
