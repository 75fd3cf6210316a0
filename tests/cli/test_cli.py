"""The command line: exact input, JSON, one sentence and status 2 for bad input."""

import gc
import json
import re
import shutil
import subprocess
import sys
import tempfile

import mpmath as mp
import numpy as np
import pytest

from grpo_symbolic import registry
from grpo_symbolic.cli import main
from tests.oracles.stationary import scan_binary, solve_binary


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    try:
        status = main(list(words))
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("size", ["2", "3", "inf"])
@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
def test_solve_agrees_with_the_differentiated_objective(
    capsys: pytest.CaptureFixture[str], size: str, penalty: str
) -> None:
    words = ("--group-size", size, "--penalty", penalty, "--beta", "3/2", "--pi-ref", "0.05")
    status, out, _ = run(capsys, "solve", *words, "--dps", "30", "--json")
    data = json.loads(out)
    groups = mp.inf if size == "inf" else int(size)
    with mp.workdps(50):
        expected = scan_binary(mp.mpf(3) / 2, mp.mpf("0.05"), groups, penalty, digits=35)
    assert status == 0
    assert data["count"] == len(data["solutions"]) == len(expected)
    with mp.workdps(40):
        for solution, value in zip(data["solutions"], sorted(expected), strict=True):
            a, b = (mp.mpf(x) for x in solution["policy"])
            assert abs(a - value) < mp.mpf(10) ** -29
            assert abs(a + b - 1) < mp.mpf(10) ** -29
    assert {"solutions", "closed_form", "latex", "status"} <= data.keys()


def test_decimals_and_fractions_are_read_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    """0.1 is 1/10, not the nearest double: visible at 40 digits."""
    words = ("--pi-ref", "0.1", "--margin", "0.3", "--dps", "40", "--json")
    answers = [run(capsys, "solve", "--beta", beta, *words)[1] for beta in ("0.1", "1/10", "1e-1")]
    assert len(set(answers)) == 1
    with mp.workdps(50):
        third = solve_binary(mp.mpf(1) / 10, mp.mpf(1) / 10, 2, margin=mp.mpf(3) / 10, digits=45)
        found = mp.mpf(json.loads(answers[0])["solutions"][0]["policy"][0])
        assert abs(found - third) < mp.mpf(10) ** -39


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--beta", "0"),
        ("--beta", "-1"),
        ("--beta", "nan"),
        ("--beta", "much"),
        ("--beta", "__import__('os').getcwd()"),
        ("--pi-ref", "1.2"),
        ("--margin", "2"),
        ("--margin", "x"),
        ("--group-size", "1"),
        ("--group-size", "2.5"),
        ("--group-size", "two"),
        ("--penalty", "kl"),
        ("--scale", "mean"),
        ("--dps", "0"),
        ("--dps", "10**9"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    given = {"--beta": "1", "--pi-ref": "0.2"} | {option: value}
    words = [word for pair in given.items() for word in pair]
    status, out, err = run(capsys, "solve", *words)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert f"{option} must be" in err
    assert value.strip("'") in err or repr(value) in err


def test_a_program_that_runs_a_command_keeps_its_garbage_collector(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    assert run(capsys, "presets", "grpo")[0] == 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize(
    "words", [(), ("solve",), ("solve", "--beta"), ("dance",), ("derive", "x")]
)
def test_a_malformed_command_gets_status_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        (("--pi-ref", "0"), ["0.0", "1.0"]),
        (("--pi-ref", "1"), ["1.0", "0.0"]),
        (("--pi-ref", "0.3", "--margin", "0"), ["0.3", "0.7"]),
    ],
)
def test_boundary_cases_return_their_meaning(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], policy: list[str]
) -> None:
    status, out, _ = run(capsys, "solve", "--beta", "1/2", *words, "--json")
    assert status == 0
    assert json.loads(out)["solutions"][0]["policy"] == policy


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--beta", "0,5", "--pi-ref", "0.2"), "got '0,5': with a point, 0.5"),
        (("--beta", "12.5 %", "--pi-ref", "0.2"), "got '12.5 %': as a share, 0.125"),
        (("--beta", "1,000", "--pi-ref", "0.2"), "got '1,000'\n"),  # a thousand, or one
        (("--beta", "1", "--pi-ref", "0,2"), "two that sum to 1, got 0,2: a decimal has a point"),
        (("--beta", "1", "--pi-ref", "1.5,-0.5"), "two that sum to 1"),
        (("--beta", "1", "--pi-ref", "0.2,0.3,0.5"), "3 numbers needs --rewards"),
        (("--beta", "1", "--piref", "0.2"), "no option --piref; is --pi-ref meant?"),
        (("--G", "8", "--beta", "1", "--pi-ref", "0.2"), "no option --G\n"),
        (("--rewards", "1", "2", "3", "--beta", "1", "--pi-ref", "0.2"), "with commas"),
        (("--group-size", "1000000", "--beta", "1", "--pi-ref", "0.2"), "up to 4096"),
    ],
)
def test_clumsy_input_is_answered_with_what_was_meant(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    status, out, err = run(capsys, "solve", *words)
    assert (status, out) == (2, "")
    assert said in err


def test_two_shares_and_underscores_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    plain = run(capsys, "solve", "--beta", "1", "--pi-ref", "0.2")
    assert plain[0] == 0
    assert run(capsys, "solve", "--beta", "1", "--pi_ref", "0.2,0.8") == plain
    assert run(capsys, "solve", "--beta=1", "--pi_ref=0.2") == plain


@pytest.mark.parametrize("extra", [("--margin",), ("--group-size", "inf"), ("--group-size", "3")])
def test_exported_source_runs_with_numpy_alone(
    capsys: pytest.CaptureFixture[str], extra: tuple[str, ...]
) -> None:
    _, source, _ = run(capsys, "derive", *extra, "--format", "python")
    call = "stationary_policy(beta=[0.5, 2.0], pi_ref=0.2" + (
        ", gamma=0.6)" if "--margin" in extra else ")"
    )
    script = f"{source}\nimport sys\nassert 'sympy' not in sys.modules\nprint(*{call})"
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    size = mp.inf if "inf" in extra else 3 if "3" in extra else 2
    margin = mp.mpf("0.6") if "--margin" in extra else None
    expected = [
        float(solve_binary(mp.mpf(b), mp.mpf("0.2"), size, margin=margin, digits=20))
        for b in (0.5, 2.0)
    ]
    assert [float(x) for x in shown.split()] == pytest.approx(expected, rel=4 * np.spacing(1.0))


def test_derive_writes_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "derive", "--margin")
    _, latex, _ = run(capsys, "derive", "--margin", "--format", "latex")
    _, data, _ = run(capsys, "derive", "--margin", "--format", "json")
    assert "REFUTED" not in text
    assert text.count("PROVED") >= 10
    assert "$" not in text
    assert latex.startswith(r"\pi(a) = \frac{1}{2}\left(1 - \frac{\beta}{\gamma}")
    assert latex.count("\n") == 1
    assert all(v["status"] in ("PROVED", "NUMERIC") for v in json.loads(data)["verdicts"])


# -- completion ------------------------------------------------------------------------------------


def completed(script: str, *words: str) -> list[str]:
    """What bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _grpo_symbolic"
    shown = f'{script}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    return subprocess.run(
        ["bash", "-c", shown], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    status, script, _ = run(capsys, "completion", "bash")
    assert status == 0
    start = "grpo-symbolic"
    assert completed(script, start, "de") == ["derive"]
    assert completed(script, start, "derive", "--gr") == ["--group-size"]
    assert completed(script, start, "solve", "--ma") == ["--margin"]
    assert completed(script, start, "derive", "--preset", "") == list(registry.PRESETS)
    assert completed(script, start, "derive", "--scale", "r") == ["rloo", "rloo-std", "ranks"]
    assert completed(script, start, "derive", "--penalty", "d") == ["direct-kl"]
    assert completed(script, start, "plot", "fi") == ["fig1", "fig2", "fig3"]
    assert completed(script, start, "presets", "dap") == ["dapo"]
    assert completed(script, start, "dance", "") == []
    assert completed(script, start, "--ver") == ["--version", "--verbose"]
    assert completed(script, start, "solve-for", "b") == ["beta"]
    assert completed(script, start, "predict", "pyproj") == ["pyproject.toml"]
    assert completed(script, start, "predict", "--pl") == ["--plot"]
    assert completed(script, start, "predict", "x", "--plot", "pyproj") == ["pyproject.toml"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes_commands_options_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    script = run(capsys, "completion", "fish")[1]
    for line, expected in (
        ("de", "derive"), ("derive --gr", "--group-size"), ("derive --scale rlo", "rloo"),
        ("predict pyproj", "pyproject.toml"),
    ):  # fmt: skip
        asked = f"{script}\ncomplete -C 'grpo-symbolic {line}'"
        done = subprocess.run(["fish", "-c", asked], capture_output=True, text=True, check=True)
        assert expected in [found.split("\t")[0] for found in done.stdout.splitlines()]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_completes_at_its_own_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    """A shell in a terminal of zsh's own, a beginning typed, the tabulator, and the line read."""
    script = run(capsys, "completion", "zsh")[1]
    typed = """
zmodload zsh/zpty
zpty shell "PS1= zsh -f -i"
zpty -w shell "source $1; print re''ady"
zpty -r shell seen '*ready*'
zpty -w -n shell $'grpo-symbolic solve-for group\t'
zpty -r shell seen '*group-size*' && print completed
zpty -d shell
"""
    with tempfile.NamedTemporaryFile("w", suffix=".zsh") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            ["zsh", "-f", "-c", typed, "zsh", file.name],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.stdout.strip() == "completed", done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told_every_command_and_option(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    script = run(capsys, "completion", shell)[1]
    for command in ("derive", "solve", "analyse", "check", "plot", "presets"):
        helped = run(capsys, command, "--help")[1]
        for option in set(re.findall(r"--([a-z-]+)", helped.partition("options:")[2])):
            assert f"-l {option}" in script if shell == "fish" else f"--{option}" in script
    for name in (*registry.FIGURES, *registry.FORMATS, *registry.PRESETS, *registry.PLACEMENTS):
        assert name in script


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "completion", "csh")
    assert (status, out) == (2, "")
    assert "SHELL must be one of bash, zsh, fish, got 'csh'" in err
