"""The panel: controls on the left, the figure on the right, the formula on top."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from grpo_symbolic.explorer import choices
from grpo_symbolic.explorer.exploration import Exploration
from grpo_symbolic.registry import ADVANTAGES

_BETA = (-3.0, 2.0)  # powers of ten
_PI_REF = (0.001, 0.999)
_HEADERS = ("π(a)", "policy gradient", "stage objective", "response slope")
_NAMES = "92px"
_NAME = f"width: {_NAMES}; text-align: right; padding-right: 6px; box-sizing: content-box"
# The formulas keep their height, so that the controls stay where they are.
_FORMULA = {"margin": "0 0 6px 0", "height": "152px", "overflow": "auto"}
_STACK = "min-height: 148px; display: flex; flex-direction: column; justify-content: flex-end"
_BREAK, _PIECE = r",\quad ", "margin-right: 1.2em; white-space: nowrap; display: inline-block"
_CELL = "padding: 2px 12px 2px 0; text-align: left; white-space: nowrap"


class Panel:
    """Controls, and what they show; the widgets are attributes.

    The drawing follows the controls in the browser; formula, proved numbers and sentences come from
    the kernel.

    Attributes
    ----------
    controls : dict of str to widget
        By the name of the parameter.
    state : Exploration or None
        What is shown; None where the controls have no meaning together.
    formula, figure, table, note, busy : widget
        ``note`` holds sentences, also of what could not be computed.
    widget : widget
        All of it, laid out.
    """

    def __init__(self, widgets: Any, start: Exploration) -> None:
        self._widgets = widgets
        self._held = False
        self.state: Exploration | None = None
        self.controls: dict[str, Any] = _controls(widgets, start)
        self.formula = widgets.HTMLMath(layout=_FORMULA)
        self.figure = _drawing(widgets, self.controls, start)
        self.table, self.note = widgets.HTML(), widgets.HTML()
        self.busy = widgets.HTML()
        self.widget = self._laid_out()
        for control in self.controls.values():
            control.observe(lambda _: self.update(), names="value")
        self.update()

    def _laid_out(self) -> Any:
        w = self._widgets
        rows = [*self.controls.values(), self.busy, self.note]
        # Buttons put their own description on a line above them.
        place = list(self.controls).index("ddof")
        name = w.HTML(f"<div style='{_NAME}'>ddof</div>")
        rows[place] = w.HBox([name, self.controls["ddof"]], layout={"width": "380px"})
        left = w.VBox(rows, layout={"width": "380px"})
        right = w.VBox([self.figure, self.table], layout={"width": "465px"})
        below = w.HBox([left, right], layout={"align_items": "flex-start", "flex_flow": "row wrap"})
        return w.VBox([self.formula, below], layout={"max_width": "900px"})

    def set(self, **values: Any) -> None:
        """Move several controls, and compute once.

        Raises
        ------
        ValueError
            For a name that no control has, or a value that it does not take.
        """
        from traitlets import TraitError

        for name in values:
            if name not in self.controls:
                raise ValueError(
                    f"a control must be one of {', '.join(self.controls)}, got {name!r}"
                )
        self._held = True
        try:
            for name, value in values.items():
                try:
                    self.controls[name].value = value
                except TraitError:
                    raise ValueError(f"the control of {name} does not take {value!r}") from None
        finally:
            self._held = False
        self.update()

    def update(self) -> None:
        """Show the state of the controls; what fails is a sentence in the panel."""
        if self._held:
            return
        self.busy.value = "<i>computing…</i>"
        try:
            self._adapt()
            self.state = None
            self.state = self._read()
            self._show(self.state)
        except ValueError as error:
            self._blank(str(error))
        except Exception as error:  # nothing may print a traceback below a panel
            self._blank(f"this state could not be computed ({type(error).__name__}: {error})")
        finally:
            self.busy.value = "&nbsp;"

    def save(self, path: str | Path) -> Path:
        """Write what is shown as a page that needs no server (.html), or as a picture.

        Parameters
        ----------
        path : str or Path
            Ending in .html, .pdf, .svg, .png, .eps or .pgf.

        Raises
        ------
        ValueError
            When nothing is shown, for another suffix, or a file that cannot be written.
        """
        if self.state is None:
            raise ValueError("there is nothing to save: the controls have no meaning together")
        return self.state.save(path)

    def _adapt(self) -> None:
        """Switch off what has no meaning."""
        controls = self.controls
        taken = ADVANTAGES.options(controls["advantage"].value)
        for name in ("ddof", "epsilon"):
            controls[name].disabled = name not in taken
        controls["gamma"].disabled = True  # until a margin is known to mean something
        controls["gamma"].disabled = bool(self._read().margin_note)

    def _read(self) -> Exploration:
        values = {name: control.value for name, control in self.controls.items()}
        if self.controls["gamma"].disabled:
            values["gamma"] = 1.0
        for name in ("beta", "gamma", "pi_ref"):  # as it is written beside the slider
            values[name] = format(values[name], self.controls[name].readout_format)
        return Exploration(**values)

    def _show(self, state: Exploration) -> None:
        table, note = _table(state.rows), _paragraphs((*self._margin(state), *state.sentences))
        lines = _typeset(state.formula) + _typeset(state.values)
        formula = f"<div style='{_STACK}'>{lines}</div>"
        # Everything is known before anything is shown: the parts always belong together.
        self.formula.value, self.table.value, self.note.value = formula, table, note

    def _margin(self, state: Exploration) -> tuple[str, ...]:
        return (f"γ is switched off: {state.margin_note}.",) if state.margin_note else ()

    def _blank(self, sentence: str) -> None:
        self.formula.value = self.table.value = ""
        self.note.value = _paragraphs((sentence,))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)


def explore(**start: Any) -> Panel:
    """A panel of sliders for a binary question: curve, solutions, stability, live formula.

    Source: new. Controls are in the units of the library: β in advantage units, Δ in reward units.

    Parameters
    ----------
    **start
        Where the controls stand at first, as for :class:`Exploration`: ``beta``, ``gamma``,
        ``group_size``, ``pi_ref``, ``ddof``, ``epsilon``, ``penalty``, ``advantage``.

    Returns
    -------
    Panel
        Shown by a notebook in which it is the last expression of a cell.

    Raises
    ------
    ValueError
        Without ipywidgets or anywidget, for a value out of range, or one that no control can take.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> panel = gs.explore(group_size=8, penalty="direct KL")
    >>> [row[:2] for row in panel.state.rows]
    [('0.98322', 'attracting')]
    """
    try:
        import ipywidgets
    except ImportError:
        raise ValueError(
            "the explorer needs ipywidgets: pip install 'grpo-symbolic[notebook]'; without it, "
            "grpo_symbolic.explorer.Exploration(...).save('page.html') writes a page"
        ) from None
    return Panel(ipywidgets, Exploration(**start))


def _drawing(widgets: Any, controls: dict[str, Any], start: Exploration) -> Any:
    """The page's drawing, for what the controls offer."""
    from grpo_symbolic.explorer.compiled import program
    from grpo_symbolic.explorer.drawing import linked_drawing

    own = () if isinstance(start.penalty, str) else (start.penalty,)
    compiled = program(*own)
    offered = {
        "group_size": choices.GROUP_SIZES,
        "penalty": [label for label, _ in controls["penalty"].options],
        "ddof": choices.DDOFS,
        "advantage": [*choices.advantages()],
        "epsilon": choices.EPSILONS,
    }
    return linked_drawing(widgets, controls, offered, compiled)


def _controls(widgets: Any, start: Exploration) -> dict[str, Any]:
    row = {"style": {"description_width": _NAMES}, "layout": {"width": "370px"}}
    beta, gamma, reference = (float(v) for v in (start.beta, start.gamma, start.pi_ref))
    low, high = (10.0**power for power in _BETA)
    _offered("beta", start.beta, low <= beta <= high, f"{low:g} to {high:g}")
    _offered("pi_ref", start.pi_ref, _PI_REF[0] <= reference <= _PI_REF[1], "0.001 to 0.999")
    _offered("gamma", start.gamma, gamma >= 0.01, "0.01 to 1")
    epsilons = {float(text): text for text in choices.EPSILONS}
    _offered("epsilon", start.epsilon, float(start.epsilon) in epsilons, choices.EPSILONS)
    sizes = {text: "∞" if text == "oo" else text for text in choices.GROUP_SIZES}
    _offered("group_size", start.group_size, str(start.group_size) in sizes, tuple(sizes))
    names = list(choices.penalties())
    chosen = choices.name_of(start.penalty)
    offered: list[Any] = list(zip(names, names, strict=True))
    if chosen not in names:
        offered.append((chosen, start.penalty))
        chosen = start.penalty

    def slider(value: float, low: float, high: float, step: float, **look: str) -> Any:
        return widgets.FloatSlider(value=value, min=low, max=high, step=step, **look, **row)

    return {
        "beta": widgets.FloatLogSlider(
            value=beta,
            min=_BETA[0],
            max=_BETA[1],
            step=0.001,  # a browser rounds to it: fine enough for the digits shown
            description="β",
            readout_format=".3g",
            **row,
        ),
        "pi_ref": slider(reference, *_PI_REF, 0.001, description="π_ref(a)", readout_format=".3f"),
        "gamma": slider(gamma, 0.01, 1, 0.01, description="margin γ", readout_format=".2f"),
        "group_size": widgets.SelectionSlider(
            value=str(start.group_size),
            options=[(shown, text) for text, shown in sizes.items()],
            description="group size G",
            **row,
        ),
        "penalty": widgets.Dropdown(value=chosen, options=offered, description="penalty", **row),
        "ddof": widgets.ToggleButtons(
            value=start.ddof,
            options=[("0 (population)", 0), ("1 (sample)", 1)],
            style={"button_width": "122px"},
        ),
        "advantage": widgets.Dropdown(
            value=start.advantage,
            options=[(rule, name) for name, rule in choices.advantages().items()],
            description="advantage",
            **row,
        ),
        "epsilon": widgets.Dropdown(
            value=epsilons[float(start.epsilon)],
            options=[(text, text) for text in choices.EPSILONS],
            description="ε",
            **row,
        ),
    }


def _offered(name: str, value: Any, inside: bool, allowed: Any) -> None:
    if not inside:
        allowed = allowed if isinstance(allowed, str) else ", ".join(allowed)
        raise ValueError(f"the control of {name} takes {allowed}, got {value}")


def _typeset(tex: str) -> str:
    """A formula at full size; its abbreviations are broken into lines like words."""
    parts = (escape(part, quote=False) for part in tex.split(_BREAK))
    pieces = rf",$</span> <span style='{_PIECE}'>$\displaystyle ".join(parts)
    first = rf"<span style='{_PIECE}'>$\displaystyle {pieces}$</span>"
    return f"<div style='line-height: 1.4; padding: 4px 0'>{first}</div>"


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    if not rows:
        return ""

    def line(tag: str, cells: tuple[str, ...], weight: str = "normal") -> str:
        style = f"{_CELL}; font-weight: {weight}"
        return "<tr>" + "".join(
            f"<{tag} style='{style}'>{escape(cell)}</{tag}>" for cell in cells
        ) + "</tr>"  # fmt: skip

    body = "".join(line("td", row) for row in rows)
    return f"<table style='font-size: 13px'>{line('th', _HEADERS, 'bold')}{body}</table>"


def _paragraphs(sentences: tuple[str, ...]) -> str:
    return "".join(
        f"<p style='line-height: 1.35; margin: 4px 0; font-size: 13px'>{escape(_greek(s))}</p>"
        for s in sentences
    )


def _greek(sentence: str) -> str:
    """Names of symbols as they are written beside the controls."""
    for name, letter in (("pi", "π"), ("beta", "β"), ("gamma", "γ"), ("epsilon", "ε")):
        sentence = re.sub(rf"(?i)\b{name}(?=\b|_ref\b)", letter, sentence)
    return sentence
