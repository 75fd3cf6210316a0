"""The notebooks: stored without outputs, and executed from top to bottom in a fresh kernel."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from mpmath import mp, mpf

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"


def named(path: Path) -> str:
    return path.stem


every = pytest.mark.parametrize("path", NOTEBOOKS, ids=named)


def test_there_are_notebooks() -> None:
    assert {path.stem[:2] for path in NOTEBOOKS} >= {"01", "02", "03", "05", "06"}


# -- as stored ---------------------------------------------------------------------------


@every
def test_stored_without_outputs(path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(stored)
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)
    assert stored["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in stored["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in stored["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], cell["id"]
            assert cell["execution_count"] is None, cell["id"]


@every
def test_links_lead_somewhere(path: Path) -> None:
    """Links to other notebooks are to files, links within one to its headings."""
    text = "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown")
    headings = {h.strip().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("https://"):
            assert (path.parent / target).is_file(), target


# -- executed ----------------------------------------------------------------------------


def executed(path: Path) -> Any:
    """The notebook after its cells have run in order, in a kernel of this interpreter."""
    # Read when first imported, by the kernel too; both choose paths and silence notices.
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class Manager(AsyncKernelManager):
        """A kernel of the interpreter that runs the tests, whatever kernels are installed."""

        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            command = super().format_kernel_cmd(extra_arguments)
            return [sys.executable, *command[1:]]

    # Without the tests' own backend, so that figures are shown in the notebook.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), env.get("PYTHONPATH"))))
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        kernel_manager_class=Manager,
        kernel_name="python3",
        startup_timeout=3600,  # of the kernel, on a busy machine
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=env)
    return notebook


def shown(notebook: Any, *kinds: str) -> str:
    """Everything that the cells printed or displayed, in the given kinds or in all of text."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                found.append(output.text)
            else:
                found += [v for k, v in output.data.items() if k.startswith(kinds or "text/")]
    return "\n".join(found)


def figures(notebook: Any) -> int:
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def warned(notebook: Any) -> str:
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")


def value(text: str, pattern: str, places: int = 1) -> tuple[mpf, ...]:
    """The numbers where ``pattern`` has a ``#``, of the one match."""
    matches = re.findall(pattern.replace("#", NUMBER), text)
    assert len(set(matches)) == 1, (pattern, matches)
    found = matches[0] if isinstance(matches[0], tuple) else matches[:1]
    assert len(found) == places
    return tuple(map(mpf, found))


def pairs(c: mpf, reference: mpf) -> mpf:
    """(14), as published."""
    return (1 - c + mp.sqrt((1 - c) ** 2 + 4 * c * reference)) / 2


def quickstart(notebook: Any) -> None:
    text = shown(notebook)
    formula = (
        r"\pi(a) = \frac{1}{2}\left(1 - \frac{\beta}{\gamma} + \sqrt{\left(1 - "
        r"\frac{\beta}{\gamma}\right)^{2} + 4 \frac{\beta}{\gamma} \pi_{\mathrm{ref}}(a)}\right)"
    )
    assert formula in shown(notebook, "text/latex")
    assert formula.replace(r"\beta", r"\lambda").replace(r"\pi_{\mathrm{ref}}", r"\mu") in text
    assert "PROVED" in text
    assert "REFUTED" not in text
    assert "UNKNOWN" not in text
    with mp.workdps(60):
        assert mp.nstr(pairs(mpf(5) / 6, mpf(3) / 10), 49) in text
    (plain, stable) = value(text, r"as printed: #, lambdify: #", 2)
    assert plain == 0
    assert abs(stable / pairs(mpf(2), mpf("1e-17")) - 1) < mpf("1e-14")
    assert r"\frac{1}{1 + \beta^{2}}" in text
    assert "Galois group" in text
    assert figures(notebook) == 1


def the_paper(notebook: Any) -> None:
    text = shown(notebook)
    verdicts = shown(notebook, "text/plain")
    assert "UNKNOWN" not in text
    assert len(re.findall(r"Checked\(REFUTED", verdicts)) == 2
    assert len(re.findall(r"Checked\(PROVED", verdicts)) == 2
    # Only results that say so hold a refuted claim, and each holds one.
    assert set(re.findall(r"(\d+) REFUTED", verdicts)) == {"1"}
    assert value(text, r"1 - beta = #") == (mpf("0.96"),)
    assert abs(value(text, r"1/\(beta\*\*2 \+ 1\) = #")[0] - mpf("0.9984")) < mpf("5e-5")
    # Of the two roots under direct KL the smaller is a maximum of the potential.
    bends = [mpf(b) for b in re.findall(rf"derivative of the potential {NUMBER}", text)]
    assert [mp.sign(b) for b in bends] == [-1, 1]
    # The noisy verifier's condition, from its definition, at the printed policies.
    for high, low in (("1", "0"), ("0.5", "0"), ("0.8", "0.3")):
        line = rf"\('?{re.escape(high)}'?, '?{re.escape(low)}'?\) #"
        (p,) = value(text, line)
        s, t = mpf(high), mpf(low)
        m = t + (s - t) * p
        residual = p - mpf(1) / 2 - p * (1 - p) * (s - t) / mp.sqrt(m * (1 - m))
        assert abs(residual) < mpf("1e-8")
    losses = [mpf(x) for x in re.findall(rf"G = \w+ +1 - pi\(a\) = {NUMBER}", text)]
    assert len(losses) == 5
    assert losses == sorted(losses, reverse=True)
    assert abs(losses[0] - 1 + pairs(mpf("0.04"), mpf("0.2"))) < mpf("1e-6")
    assert figures(notebook) == 3


def verify(notebook: Any) -> None:
    text = shown(notebook)
    scores = [float(z) for z in re.findall(r"z = ([-+]\d+\.\d+)", text)]
    assert len(scores) == 3
    assert max(map(abs, scores)) < 4
    (mean, error) = value(text, r"at pi\(a\) = 0\.\d{4}: gradient # with standard error #", 2)
    assert abs(mean) > 20 * error  # the wrong formula, by the same simulation
    assert value(text, r"largest difference #")[0] < mpf("1e-50")
    assert "as found: True" in text
    assert text.count("False - ") == 2  # a changed certificate, also signed anew
    assert "(check-sat)" in text
    assert "UNKNOWN" not in text
    assert len(re.findall(r"cannot be read at", text)) == 3
    for word in ("PROVED", "REFUTED", "NUMERIC"):
        assert word in text
    assert figures(notebook) == 1


def beyond(notebook: Any) -> None:
    text = shown(notebook)
    assert r"\sqrt{G - 1}" in text
    assert text.count("Galois group") == 3
    # The fold at pi_ref = 1/2: t = coth t, beta = sinh t.
    t = mp.findroot(lambda t: t - mp.coth(t), 1.2)
    assert mp.nstr(mp.sinh(t), 9) in text
    (gain, share) = value(text, r"gain in mean reward #, sigma/beta #", 2)
    assert abs(gain - share) < mpf("1e-11")
    # Each of the two policies is the best response to the other.
    (low, high) = value(text, r"a cycle of 2 policies: #, #", 2)

    def response(p: mpf) -> mpf:
        drift = 1 / mp.sqrt(p * (1 - p) + mpf(1) / 50)
        return 1 / (1 + 499 * mp.exp(-drift / mpf("0.8")))

    assert low < high
    assert abs(response(low) - high) < mpf("1e-7")
    assert abs(response(high) - low) < mpf("1e-7")
    rise = [mpf(x) for x in re.findall(rf"\(1, 0\), G = \w+: pi\(a\) = {NUMBER}", text)]
    assert len(rise) == 3
    assert rise == sorted(rise)
    assert abs(rise[0] - pairs(mpf(1), mpf("0.2"))) < mpf("1e-9")
    assert "no penalty at all" in text
    assert "no effective beta" in text
    assert figures(notebook) == 8


def aggregation(notebook: Any) -> None:
    """The maximal lottery of a cycle with the margins 3, 2 and 1 in seven."""
    text = shown(notebook)
    for answer, share in (("direct", "1/3"), ("hedged", "1/6"), ("refusal", "1/2")):
        assert re.search(rf"{answer} +{share}\n", text)
    (close,) = value(text, r"refusal  #\nthe only stationary policy")
    assert abs(close - mpf(1) / 2) < mpf("2e-4")
    assert "REFUTED: RLHF on mean rewards; Rescaling" in text
    assert "PROVED: GRPO, groups of 2, one rater a group, reverse KL; Clones" in text
    assert "REFUTED: NLHF; Clones" in text
    assert figures(notebook) == 1


MEANING: dict[str, Callable[[Any], None]] = {
    "01_quickstart": quickstart,
    "02_the_paper": the_paper,
    "03_verify": verify,
    "05_beyond": beyond,
    "06_aggregation": aggregation,
}


@every
def test_executes_and_says_what_it_should(path: Path) -> None:
    notebook = executed(path)
    assert warned(notebook) == ""
    if path.stem in MEANING:
        with mp.workdps(40):
            MEANING[path.stem](notebook)
