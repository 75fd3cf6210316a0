"""The registry: every entry is there, is what it says, and is offered where there is a choice."""

import inspect
import json
import subprocess
import sys
from dataclasses import fields
from types import FunctionType

import pytest

import grpo_symbolic as gs
from grpo_symbolic import presets, registry
from grpo_symbolic.cli import main
from grpo_symbolic.explorer import choices
from grpo_symbolic.model.penalty import every_penalty
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.registry import Registry

TABLES = {name: table for name, table in vars(registry).items() if isinstance(table, Registry)}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status = main(list(words))
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


# -- entries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_is_found_and_has_a_sentence(name: str) -> None:
    table = TABLES[name]
    assert table
    for entry in table:
        found = table[entry]
        assert callable(found) != isinstance(found, Figure)
        assert (inspect.getdoc(found) or "").strip(), entry
    assert len({id(table[entry]) for entry in table.complete}) == len(table.complete)


def test_a_name_that_is_not_there() -> None:
    for table in TABLES.values():
        assert "nothing" not in table
        assert 3 not in table
        with pytest.raises(KeyError):
            _ = table["nothing"]
        with pytest.raises(ValueError, match="it must be one of ") as caught:
            table.checked("it", "nothing")
        assert all(name in str(caught.value) for name in table)


def test_a_family_takes_its_parameter_after_the_colon() -> None:
    assert "alpha:3" in registry.PENALTIES
    assert registry.PENALTIES["alpha:3/2"]() == gs.Divergence.alpha("3/2")
    assert "alpha" not in registry.PENALTIES
    assert "alpha:A" not in registry.PENALTIES.complete


def test_options_are_those_of_the_call() -> None:
    """What the table says of a rule's options is what the rule can be given, and needs."""
    for name, rule in registry.ADVANTAGES.items():
        known = inspect.signature(rule).parameters
        assert set(registry.ADVANTAGES.options(name)) <= set(known)
        needed = registry.ADVANTAGES.needed(name)
        if needed:
            with pytest.raises(ValueError, match="must be"):
                rule()
        else:
            assert isinstance(rule(), gs.Advantage)


def test_penalties_are_told_apart() -> None:
    known = every_penalty()
    assert len({p.title for p in known}) == len({p.known_as for p in known}) == len(known)
    for penalty in known:
        assert penalty.acts_as == penalty.known_as
    for name in ("reverse-kl", "direct-kl"):
        assert registry.PENALTIES[name].name == name


def test_words_that_a_notation_knows() -> None:
    changeable = {f.name for f in fields(gs.Notation)} - {"extra", "arguments"}
    assert set(registry.QUANTITIES) == changeable == set(gs.Notation.changeable())


# -- wherever there is a choice ------------------------------------------------------------------


def test_help_names_every_choice(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(run(capsys, "derive", "--help")[1].split())
    for table in ("PENALTIES", "ESTIMATORS", "ADVANTAGES", "FORMATS"):
        assert ",".join(TABLES[table]) in text
    assert all(word in text for word in (*registry.PLACEMENTS, *registry.QUANTITIES))


def test_every_rule_is_a_scale_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    size = "4"
    for name, rule in registry.ADVANTAGES.items():
        given = {option: {"batch": "8", "ddof": "1", "subset": "2"}.get(option, "1/7") for option in
                 registry.ADVANTAGES.options(name)}  # fmt: skip
        words = [word for option, value in given.items() for word in (f"--{option}", value)]
        status, out, err = run(
            capsys, "derive", "--group-size", size, "--scale", name, *words, "--format", "json"
        )
        assert (status, err) == (0, "")
        values = {key: int(v) if v.isdecimal() else v for key, v in given.items()}
        assert f"advantage {rule(**values)}, penalty" in json.loads(out)["algorithm"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scale", "batch"), "--scale batch needs --batch"),
        (
            ("--scale", "none", "--ddof", "1"),
            "--ddof goes with --scale std, stabilised, batch, got",
        ),
        (("--scale", "std", "--batch", "8"), "--batch goes with --scale batch, got --scale std"),
        (("--ddof", "2"), "--ddof must be 0 or 1, got 2"),
        (("--ddof", "1/2"), "--ddof must be 0 or 1, got 1/2"),
        (("--scale", "batch", "--batch", "1"), "--batch must be an integer of at least 2, got 1"),
        (("--penalty", "alpha:x"), "--penalty must be alpha:A with a number A, got alpha:x"),
        (("--placement", "loss"), "--placement goes with an estimator (k1, k2, k3, abs), got"),
        (("--penalty", "k2", "--placement", "x"), "--placement must be one of loss, loss-with"),
    ],
)
def test_options_of_the_model_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    status, out, err = run(capsys, "derive", *words)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert sentence in err


def test_the_explorer_offers_what_the_registry_has() -> None:
    titles = [registry.PENALTIES[name]().title for name in registry.PENALTIES.complete]
    offered = list(choices.penalties())
    assert offered[: len(titles)] == titles
    for k in registry.ESTIMATORS:
        assert f"{k} {registry.PLACEMENTS['loss-with-ratio']}" in offered
    assert choices.penalty("k3 in the loss, with ratio") == gs.Estimator("k3", "loss-with-ratio")
    rules = {n for n in registry.ADVANTAGES if {"batch", "sigma", "subset"}.isdisjoint(
        registry.ADVANTAGES.options(n))}  # fmt: skip
    rules = {n for n in rules if registry.ADVANTAGES[n]().has_limit}
    assert set(choices.advantages()) == rules
    assert len(set(choices.advantages().values())) == len(rules)


# -- what can be seen ------------------------------------------------------------------------------


def test_the_public_names_are_all_there_is_to_see() -> None:
    assert dir(gs) == sorted(gs.__all__)


def test_the_presets_are_all_there_is_to_see() -> None:
    assert [name.replace("_", "-") for name in dir(presets)] == sorted(
        registry.PRESETS, key=lambda name: name.replace("-", "_")
    )
    for name in dir(presets):
        build = getattr(presets, name)
        assert isinstance(build, FunctionType)
        assert isinstance(build(), presets.Preset)
        assert build.__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'ppo'"):
        _ = presets.ppo


# -- without SymPy -------------------------------------------------------------------------------

HEAVY = {"sympy", "numpy", "mpmath", "flint", "matplotlib"}
LIGHT = [
    ("--help",),
    *(
        (command, "--help")
        for command in ("derive", "solve", "analyse", "check", "plot", "presets", "completion")
    ),
    (),
    ("dance",),
    ("check",),
    ("solve", "--beta", "1"),
    ("solve", "--beta", "0", "--pi-ref", "1/2"),
    ("solve", "--beta", "1", "--pi-ref", "2"),
    ("solve", "--beta", "1", "--pi-ref", "1/2", "--dps", "0"),
    ("derive", "--format", "pdf"),
    ("derive", "--penalty", "kl"),
    ("derive", "--penalty", "alpha:much"),
    ("derive", "--scale", "mean"),
    ("derive", "--scale", "none", "--epsilon", "1"),
    ("derive", "--preset", "ppo"),
    ("derive", "--preset", "trl", "--ddof", "1"),
    ("derive", "--group-size", "many"),
    ("derive", "--margin", "2"),
    ("derive", "--margin", "1/2", "--rewards", "1,0"),
    ("derive", "--success", "1/2,x"),
    ("derive", "--preferences", "/no/such/file"),
    ("derive", "--notation", "colour=red"),
    ("analyse", "--pi-ref", "x"),
    ("plot", "nothing", "--out", "f.pdf"),
    ("plot", "fig1"),
    ("plot", "fig1", "--out", "f.gif"),
    ("plot", "aggregation", "--out", "f.pdf", "--betas", "1,x"),
    ("presets", "ppo"),
    ("completion", "csh"),
]


def test_help_and_errors_come_before_sympy() -> None:
    """One interpreter for all: what one of them imported would show at its line."""
    script = f"""
import contextlib, io, sys
from grpo_symbolic.cli import main
for words in {LIGHT!r}:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main(words)
        except SystemExit as stop:
            status = stop.code
    heavy = {HEAVY!r} & set(sys.modules)
    assert not heavy, (words, heavy)
    assert status == (0 if "--help" in words else 2), (words, status)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
