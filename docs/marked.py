"""Pieces of HTML that stand on the generated pages: cards, formulas, verdicts, prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

__all__ = ["again", "card", "display", "html", "prose", "runnable", "verdict", "write"]

#: What a notebook's panel of controls is on a page without a kernel.
PANEL = (
    '<iframe class="live" src="../explorer.html#embed=1" '
    'title="Explorer: the stationary policy of GRPO against its reference" loading="lazy"></iframe>'
)


def write(path: Path, text: str) -> None:
    """Write a page; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def card(title: str, key: str, body: Iterable[str]) -> str:
    anchor = re.sub(r"\W+", "-", key).strip("-").lower()
    inside = "\n".join(part for part in body if part)
    return f"({anchor})=\n## {heading(title)}\n\n" + html(
        f'<div class="card" id="card-{anchor}">\n{inside}\n</div>'
    )


def heading(title: str) -> str:
    return re.sub(r"([*_`\[\]<>])", r"\\\1", title) if "$" not in title else title


def again(code: str, label: str) -> str:
    return f"<details><summary>{label}</summary><pre>{escape(code)}</pre></details>"


def verdict(word: str) -> str:
    kind = word.split()[0].lower()
    return f'<span class="verdict {kind}">{escape(word.lower())}</span>'


def display(tex: str) -> str:
    return rf'<div class="math notranslate nohighlight">\[{escape(tex, quote=False)}\]</div>'


def prose(text: str) -> str:
    """Prose with formulas between dollars, as HTML."""
    pieces = re.split(r"(\$[^$]*\$)", text)
    found = []
    for piece in pieces:
        if piece.startswith("$") and len(piece) > 1:
            tex = escape(piece[1:-1], quote=False)
            found.append(rf'<span class="math notranslate nohighlight">\({tex}\)</span>')
        else:
            plain = re.sub(
                r"\\begin\{tabular\}.*?\\end\{tabular\}", "(see the book)", piece, flags=re.S
            )
            plain = re.sub(r"\\(?:emph|texttt|textbf)\{([^}]*)\}", r"\1", plain)
            plain = re.sub(r"\\(?:begin|end)\{[^}]*\}|\\[a-z]+", "", plain)
            plain = re.sub(r"\\([&%#_$ ,])", r"\1", plain).replace("~", " ").replace("--", "–")
            found.append(escape(plain.replace("``", "“").replace("''", "”")))
    return "".join(found)


def html(text: str) -> str:
    return f"```{{raw}} html\n{text}\n```"


def runnable(notebook: str, name: str, repository: str | None) -> str:
    """A notebook as a page: links that run it elsewhere, and a panel that moves without a kernel.

    Parameters
    ----------
    notebook : str
        As it is stored.
    name : str
        Its file.
    repository : str or None
        Where the project stands on GitHub, ``owner/name``, as workflows know it; None for no links.
    """
    stored = json.loads(notebook)
    cells = []
    for cell in stored["cells"]:
        cells.append(cell)
        if cell["cell_type"] == "code" and "".join(cell["source"]).endswith("gs.explore()"):
            # The widgets need a kernel, which a page does not have; their drawing is this one.
            cell["metadata"]["tags"] = ["remove-output"]
            cells.append(_markdown("panel", PANEL))
    if repository is not None:
        binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath=notebooks/{name}"
        colab = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}"
        source = f"git+https://github.com/{repository}"
        text = (
            f"Run it in [Binder]({binder}), or in [Colab]({colab}) after "
            f"`%pip install 'grpo-symbolic[evidence,notebook] @ {source}'`."
        )
        cells.insert(1, _markdown("run-it", text))
    stored["cells"] = cells
    return json.dumps(stored)


def _markdown(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": [text]}
