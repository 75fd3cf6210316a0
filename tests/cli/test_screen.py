"""What a terminal is shown, and what a pipe is given."""

import io
import re
import sys
from contextlib import redirect_stdout

import pytest

from grpo_symbolic.cli import main
from grpo_symbolic.cli.screen import Copied, Screen, Table, show

NARROW = ("--rewards", "3,1,1", "--pi-ref", "1/3,1/3,1/3", "--beta", "1", "--dps", "20")
THREE = ("--group-size", "16", "--penalty", "direct-kl", "--pi-ref", "1/1000", "--beta", "0.3")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def main(self, *words: str) -> int:
        with redirect_stdout(self):
            return main(words)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What can stand for standard output: a terminal of 80 columns."""
    pytest.importorskip("rich")
    found = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return found


def _uncoloured(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_pipe_gets_lines_whatever_the_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = set()
    for columns in ("20", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert main(["solve", *NARROW]) == 0
        shown.add(capsys.readouterr().out)
    (text,) = shown
    assert text.startswith("pi(1) = 0.57735026918962576451\npi(2) = 0.2113248654051871177")
    assert "\x1b" not in text


def test_a_terminal_gets_a_table(terminal: Terminal) -> None:
    assert terminal.main("solve", *NARROW) == 0
    lines = terminal.getvalue().splitlines()
    assert re.match(r" pi\(1\) +0\.57735026918962576451 *$", lines[1])
    assert "policy gradient" in terminal.getvalue()
    # Formulas are copied: they are not broken.
    assert any(line.startswith("closed form: pi(3)") and len(line) > 100 for line in lines)


@pytest.mark.parametrize(("columns", "tabled"), [("60", False), ("140", True)])
def test_numbers_are_never_broken(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: str, tabled: bool
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.main("solve", *THREE) == 0
    text = terminal.getvalue()
    for digits in ("0.410368436796358318496466743361", "0.997179386666457167902068649758"):
        assert digits in text
    assert ("policy gradient" in text) is tabled


def test_words_stay_within_the_width(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert terminal.main("presets", "dapo", "trl@1.9") == 0
    lines = _uncoloured(terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0].strip() == "dapo"


def test_verdicts_have_a_colour_unless_none_is_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal.main("check", "pi <= pi_ref") == 1
    assert "\x1b[1;31mREFUTED" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.truncate(0)
    terminal.main("check", "pi <= pi_ref")
    assert "31mREFUTED" not in terminal.getvalue()
    assert "REFUTED" in _uncoloured(terminal.getvalue())


def test_without_rich_a_terminal_gets_what_a_pipe_gets(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen((Table((("a", "1"),), ("x", "y"), "a  1"), Copied("b")))
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with redirect_stdout(terminal):
        show(screen)
    assert terminal.getvalue() == str(screen) + "\n" == "a  1\nb\n"


def test_text_in_brackets_is_text(terminal: Terminal) -> None:
    """No markup is read in what users and files say."""
    with redirect_stdout(terminal):
        show(Screen(("[red]x[/red]", Table((("[b]", "[/]"),), (), ""))))
    assert "[red]x[/red]" in terminal.getvalue()
    assert "[/]" in terminal.getvalue()


def test_a_file_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "nowhere.yaml", "--pi-ref", "0.2"]) == 2
    assert capsys.readouterr().err == (
        "grpo-symbolic predict: the configuration cannot be read: "
        "No such file or directory: 'nowhere.yaml'\n"
    )


@pytest.mark.parametrize("place", [0, 4])
def test_verbose_stands_before_the_command_or_behind(
    caplog: pytest.LogCaptureFixture, place: int
) -> None:
    words = ["check", "pi >= pi_ref", "--group-size", "2"]
    with caplog.at_level("INFO", logger="grpo_symbolic"):
        assert main([*words[:place], "--verbose", *words[place:]]) == 0
    assert "group_size" in caplog.text


def test_the_book_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["book", "--list"]) == 0
    assert "eq14_binary_pairs" in capsys.readouterr().out
    for words in (["no_such_result"], ["--recheck", "--out", "no_such_folder"]):
        assert main(["book", *words]) == 2
        said = capsys.readouterr().err
        assert said.startswith("grpo-symbolic book: ")
        assert words[-1] in said


def test_the_book_says_where_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grpo_symbolic.cli.book.find_spec", lambda name: None)
    assert main(["book"]) == 2
    assert "the derivations are not installed" in capsys.readouterr().err
