"""What the README shows is run; what the library must not contain is looked for."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "grpo_symbolic").rglob("*.py"))


def test_the_readme_code_runs_and_prints_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    scope: dict[str, object] = {}
    for block in blocks:
        exec(block, scope)
    out = capsys.readouterr().out
    formula = re.search(r"\$\$(.*?)\$\$", (ROOT / "README.md").read_text())
    assert formula is not None
    assert formula[1] in out
    assert "Eq(beta*(pi - pi_ref), gamma*pi*(1 - pi))" in out


PAGES = sorted(
    page
    for page in (ROOT / "docs").rglob("*.md")
    if "```python\n" in page.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_the_code_of_every_page_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some of it writes files
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, scope)


def test_documents_link_to_what_is_there() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    made = {"ledger.md", "explorer.html", "architecture.md", "contributing.md", "changelog.md"}
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            written_later = (
                Path(target).name in made or "gallery" in target or "reference" in target
            )
            assert written_later or (document.parent / target).exists(), (document.name, target)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.name)
def test_no_formula_is_typed_into_the_library(path: Path) -> None:
    """Products of beta, gamma, pi_ref or square roots of them stand only in tests and claims."""
    code = re.sub(r'"""(.*?)"""', "", path.read_text(), flags=re.DOTALL)
    code = "\n".join(line for line in code.splitlines() if not line.strip().startswith("#"))
    names = r"(?:symbols\.)?(?:beta|gamma|pi_ref)"
    assert not re.search(rf"\b{names}\s*\*\*?\s*\(?{names}\b", code)
    assert not re.search(rf"sqrt\([^)]*\b{names}\b", code)
    assert not re.search(r"\b(simplify|sympify|parse_expr)\(|(?<![.\w])(eval|exec)\(", code)
