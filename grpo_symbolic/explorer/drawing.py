"""The drawing of the page as a widget: it follows the controls in the browser, without the kernel.

The same equations in JavaScript, the same solver and the same picture as the page without a server.
What is proved (the numbers in the table, the sentences) comes from the kernel a moment later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from grpo_symbolic.explorer.compiled import Program

#: Controls whose value is a number; of the others the place in their list is taken.
_NUMBERS = ("beta", "pi_ref", "gamma")
_CHOICES = ("group_size", "penalty", "ddof", "advantage", "epsilon")


def linked_drawing(
    widgets: Any,
    controls: Mapping[str, Any],
    choices: Mapping[str, Sequence[Any]],
    program: Program,
) -> Any:
    """A widget that draws what the controls say, linked to them in the browser.

    Parameters
    ----------
    widgets : module
        ipywidgets.
    controls : dict of str to widget
        ``beta``, ``pi_ref``, ``gamma``, and lists of ``choices``.
    choices : dict of str to list
        What the places in the lists of the controls stand for, as the page's code calls it.
    program : Program
        The equations of all of them.

    Raises
    ------
    ValueError
        Without anywidget.
    """
    code = [program.equations, f"const CHOICES = {json.dumps(choices)};"]
    code += [
        files("grpo_symbolic.explorer").joinpath("assets", name).read_text(encoding="utf-8")
        for name in ("model.js", "chart.js", "widget.js")
    ]
    start = {name: controls[name].value for name in _NUMBERS}
    start |= {name: controls[name].index for name in _CHOICES}
    drawing = _drawing_class()(program="\n".join(code), layout={"width": "410px"}, **start)
    for name in start:
        kind = "value" if name in _NUMBERS else "index"
        widgets.jsdlink((controls[name], kind), (drawing, name))
    return drawing


@cache
def _drawing_class() -> Any:
    """The class of the widget; anywidget is imported when a panel is asked for."""
    try:
        anywidget = import_module("anywidget")
    except ImportError:
        raise ValueError(
            "the explorer draws with anywidget: pip install 'grpo-symbolic[notebook]'"
        ) from None
    import traitlets

    def init(self: Any, program: str, **values: Any) -> None:
        self._esm = program
        anywidget.AnyWidget.__init__(self, **values)

    numbers = {name: traitlets.Float().tag(sync=True) for name in _NUMBERS}
    places = {name: traitlets.Int().tag(sync=True) for name in _CHOICES}
    return type("Drawing", (anywidget.AnyWidget,), {"__init__": init, **numbers, **places})
