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


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.name)
def test_no_formula_is_typed_into_the_library(path: Path) -> None:
    """Products of beta, gamma, pi_ref or square roots of them stand only in tests and claims."""
    code = re.sub(r'"""(.*?)"""', "", path.read_text(), flags=re.DOTALL)
    code = "\n".join(line for line in code.splitlines() if not line.strip().startswith("#"))
    names = r"(?:symbols\.)?(?:beta|gamma|pi_ref)"
    assert not re.search(rf"\b{names}\s*\*\*?\s*\(?{names}\b", code)
    assert not re.search(rf"sqrt\([^)]*\b{names}\b", code)
    assert not re.search(r"\b(simplify|sympify|parse_expr)\(|(?<![.\w])(eval|exec)\(", code)
