"""TeX to PDF: the first engine found, bounded in time, with its complaints in a sentence."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Compiled", "compiled"]

_SECONDS = 240
_RUNS = 4
_COMMANDS = {
    "latexmk": ["-pdf", "-interaction=nonstopmode", "-halt-on-error"],
    "pdflatex": ["-interaction=nonstopmode", "-halt-on-error"],
    "tectonic": ["--keep-logs"],
}
_AGAIN = re.compile(r"Rerun to get|Label\(s\) may have changed|Table widths have changed")


@dataclass(frozen=True)
class Compiled:
    """A PDF, or the reason why there is none.

    Attributes
    ----------
    path : Path or None
    message : str
        One sentence for the terminal.
    overfull : int
        Lines that run over the margin.
    pages : int
    """

    path: Path | None
    message: str
    overfull: int = 0
    pages: int = 0


def compiled(tex: Path) -> Compiled:
    """Compile ``tex`` with latexmk, pdflatex or tectonic; say so when there is none."""
    engine = next((name for name in _COMMANDS if shutil.which(name)), None)
    if engine is None:
        return Compiled(
            None, "no TeX engine found: the PDF was not made (install pdflatex or tectonic for it)"
        )
    log = tex.with_suffix(".log")
    try:
        for _ in range(_RUNS if engine == "pdflatex" else 1):
            subprocess.run(
                [engine, *_COMMANDS[engine], tex.name],
                cwd=tex.parent, check=True, capture_output=True, timeout=_SECONDS,
            )  # fmt: skip
            if not _AGAIN.search(_read(log)):
                break
    except subprocess.TimeoutExpired:
        return Compiled(None, f"{engine} did not make the PDF within {_SECONDS} s")
    except (subprocess.SubprocessError, OSError) as error:
        return Compiled(None, f"{engine} did not make the PDF: {_complaint(log) or error}")
    text = _read(log)
    pages = re.search(r"Output written on .*?\((\d+) pages?", text, re.DOTALL)
    overfull = len(re.findall(r"^Overfull \\hbox", text, re.MULTILINE))
    count = int(pages[1]) if pages else 0
    path = tex.with_suffix(".pdf")
    message = f"wrote {path} ({count} pages, {overfull} overfull lines)"
    return Compiled(path, message, overfull, count)


def _read(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _complaint(log: Path) -> str:
    """The first error of a log, with its place in the file."""
    lines = _read(log).splitlines()
    for position, line in enumerate(lines):
        if line.startswith("!"):
            place = next((x for x in lines[position:] if x.startswith("l.")), "")
            return f"{line.removeprefix('! ')} {place} (see {log.name})".replace("  ", " ")
    return ""
