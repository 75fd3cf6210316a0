"""Build the site: ``python docs/build.py`` after ``pip install -e '.[docs]'``.

Writes ``build/site``. What it shows is made from the library on the way: results are derived first
and the ledger with its certificates (with ``--reuse`` both are taken as they are), figures drawn,
notebooks executed.
Warnings are errors, and so are broken links and pages that are not well formed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS, BUILD = ROOT / "docs", ROOT / "build"
SOURCE, SITE = BUILD / "docs", BUILD / "site"
#: Pages that are measurements or long searches, by what makes them again.
RECORDS = {
    "conformance": "python -m tests.conformance DIRECTORY",
    "performance": "python -m tests.benchmarks --table",
}
AXIOMS = """\
# Rules and axioms

Written with this site by `gs.axiom_table().markdown()`; no cell is typed in.
Statements are about raters who score every answer; any number of raters and answers. `yes` is
proved by the argument given, for the weights and references it names; `no` is refuted by a
counterexample (lotteries in balls, re-checked by another route); `open` names the largest search
done. The electorates of counterexamples are kept from earlier searches, in the order of answers
(two or three) + raters + largest reward; each says whether all before it were looked at, and by
what (`gs.satisfies(rule, axiom, size=8)` searches again). The rest that is said of them was
computed with this page.
Raters are written as mass: reward of answer 1, 2, ...; masses are relative.
"""
sys.path[:0] = [str(ROOT), str(DOCS)]


def _step(text: str, start: float) -> None:
    print(f"{time.perf_counter() - start:6.1f} s  {text}", flush=True)


def _results(reuse: bool) -> list[dict]:
    record = BUILD / "formulas.json"
    for made, words in ((record, ()), (BUILD / "ledger.json", ("ledger",))):
        if not (reuse and made.exists()):
            command = [sys.executable, "-m", "derivations", *words]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return json.loads(record.read_text(encoding="utf-8"))


def _copied() -> None:
    """What is written by hand, beside what is generated."""
    from marked import runnable

    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(DOCS, SOURCE, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(DOCS / "conf.py", SOURCE)
    for name in ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"):
        shutil.copy(ROOT / f"{name}.md", SOURCE / f"{name.lower()}.md")
    notebooks = SOURCE / "notebooks"
    shutil.copytree(
        ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*", "__pycache__")
    )
    paths = sorted(notebooks.glob("*.ipynb"))
    for path in paths:  # JupyterLab's anchors keep capitals, Sphinx's do not
        stored = path.read_text(encoding="utf-8")
        stored = re.sub(r"\]\(#[^)]*\)", lambda m: m[0].lower(), stored)
        path.write_text(
            runnable(stored, path.name, os.environ.get("GITHUB_REPOSITORY")), encoding="utf-8"
        )
    names = "\n".join(path.stem for path in paths)
    text = "# Notebooks\n\nExecuted when this site was built.\n\n"
    (notebooks / "index.md").write_text(f"{text}```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n")
    offline = importlib.util.find_spec("sphinx-mathjax-offline")
    assert offline is not None
    assert offline.origin is not None
    script = Path(offline.origin).parent / "static" / "mathjax" / "tex-svg-full.js"
    shutil.copy(script, SOURCE / "static")


def _dated() -> None:
    """Records of what takes too long for a site say when they were made, and how."""
    for name, command in RECORDS.items():
        path = DOCS / f"{name}.md"
        asked = ["git", "log", "-1", "--format=%cs", "--", str(path)]
        try:
            date = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout.strip()
        except OSError:  # no git: a source distribution
            date = ""
        title, rest = path.read_text(encoding="utf-8").split("\n", 1)
        when = f" of {date}" if date else ""
        note = f":::{{note}}\nA record{when}, not made again with this site: `{command}`.\n:::"
        (SOURCE / path.name).write_text(f"{title}\n\n{note}\n{rest}", encoding="utf-8")


def _axioms() -> None:
    """The table of rules and axioms, every cell with its reason."""
    from grpo_symbolic.aggregation.axiom_table import axiom_table

    text = f"{AXIOMS}\n{axiom_table().markdown()}\n"
    (SOURCE / "axioms.md").write_text(text, encoding="utf-8")


def _accessible() -> None:
    """What the theme leaves out: levels of headings, keys for what scrolls; terms are linked."""
    from glossary_links import linked, terms_of

    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = text.replace('role="heading">', 'role="heading" aria-level="2">')
        text = text.replace("<pre>", '<pre tabindex="0">')
        text = text.replace('<div class="math-wrapper', '<div tabindex="0" class="math-wrapper')
        path.write_text(text, encoding="utf-8")
    terms = terms_of((SITE / "glossary.html").read_text(encoding="utf-8"))
    for path in SITE.rglob("*.html"):
        if path.name in ("glossary.html", "explorer.html", "genindex.html", "search.html"):
            continue
        up = "../" * (len(path.relative_to(SITE).parts) - 1)
        text = path.read_text(encoding="utf-8")
        path.write_text(linked(text, terms, f"{up}glossary.html"), encoding="utf-8")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reuse", action="store_true", help="take results and ledger as they are")
    arguments = options.parse_args()
    os.environ["COLUMNS"] = "80"  # of the help that is shown
    # Kernels of notebooks run elsewhere, where another version may be the one that is installed.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.getenv("PYTHONPATH"))))
    start = time.perf_counter()
    results = _results(arguments.reuse)
    _step(f"{len(results)} results", start)
    _copied()
    _dated()

    from check_site import problems
    from pages import write_pages

    from grpo_symbolic.explorer import Exploration

    write_pages(SOURCE, results, BUILD / "ledger.json")
    _axioms()
    _step("pages and figures", start)
    Exploration().save(SOURCE / "extra" / "explorer.html")
    shutil.rmtree(SITE, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "2"]
    done = subprocess.run(
        [*command, "-d", str(BUILD / "doctrees"), str(SOURCE), str(SITE)], cwd=ROOT
    )
    if done.returncode:
        return done.returncode
    _accessible()
    _step("site", start)
    found = problems(SITE)
    for problem in found:
        print(problem, file=sys.stderr)
    pages = sum(1 for _ in SITE.rglob("*.html"))
    _step(f"{pages} pages, {len(found)} problems: {SITE / 'index.html'}", start)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
