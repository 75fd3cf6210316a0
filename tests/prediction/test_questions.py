"""The page of users' questions prints what the command prints."""

import re
import shlex
from pathlib import Path

import pytest

from grpo_symbolic.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "questions.md"
_, *QUESTIONS = PAGE.read_text(encoding="utf-8").split("\n## ")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda text: text.partition("\n")[0])
def test_a_question_is_answered_by_one_command(
    question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", question, re.DOTALL):
        Path(name).write_text(text)
    ((command, printed),) = re.findall(r"```console\n\$ (.*?)\n(.*?)```", question, re.DOTALL)
    program, *words = shlex.split(command)
    assert (program, main(words)) == ("grpo-symbolic", 0)
    assert capsys.readouterr().out.strip() == printed.strip()
