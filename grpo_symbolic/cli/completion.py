"""``grpo-symbolic completion``: a script that completes commands, options and names in a shell.

What is offered is read off the parser and the registry: a new rule, preset or figure is completed
without a change here.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from grpo_symbolic.registry import (
    ADVANTAGES,
    ESTIMATORS,
    FIGURES,
    FORMATS,
    PENALTIES,
    PLACEMENTS,
    PRESETS,
)

SHELLS = ("bash", "zsh", "fish")
#: The names that an option or a command is followed by.
NAMES: dict[str, tuple[str, ...]] = {
    "--penalty": (*PENALTIES.complete, *ESTIMATORS),
    "--placement": tuple(PLACEMENTS),
    "--scale": tuple(ADVANTAGES),
    "--preset": tuple(PRESETS),
    "--format": ("text", *FORMATS),
    "--per": ("group", "answer", "mean"),
    "--numbering": ("cited", "all", "none"),
    "--unfold": ("0", "1", "all"),
    "--width": ("page", "column"),
    "plot": (*FIGURES, "aggregation", "list"),
    "solve-for": ("beta", "group-size", "pi-ref"),
    "presets": tuple(PRESETS),
    "completion": SHELLS,
}
_FILES = ("--out", "--preferences", "--annotate", "--plot", "--rewards-log")
#: Commands whose arguments are files.
_READERS = ("predict", "check-paper", "aggregate")

_BASH = """\
_grpo_symbolic() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" words="{commands}"
    if [ "$COMP_CWORD" -le 1 ]; then
        case "$word" in -*) words="--help --version --verbose" ;; esac
    else
        case "${{COMP_WORDS[1]}}" in
{options}
            *) words="" ;;
        esac
    fi
    case "${{COMP_WORDS[COMP_CWORD - 1]}}" in
{names}
        {files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case "$word" in
        -*) ;;
        *) case "${{COMP_WORDS[1]}}" in
            {readers}) if [ "$COMP_CWORD" -gt 1 ]; then
                COMPREPLY=($(compgen -f -- "$word")); return
            fi ;;
        esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o filenames -F _grpo_symbolic grpo-symbolic"""
_ZSH = "autoload -U compinit bashcompinit\ncompinit -u\nbashcompinit\n"


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "completion",
        help="a script that completes commands, options and names in a shell",
        epilog='Example: eval "$(grpo-symbolic completion bash)"',
    )
    command.add_argument("shell", metavar="SHELL", help=", ".join(SHELLS))
    command.set_defaults(run=partial(run, commands=commands.choices))


def run(arguments: argparse.Namespace, commands: dict[str, argparse.ArgumentParser]) -> str:
    """The script for one shell, from the parsers of all commands."""
    if arguments.shell not in SHELLS:
        raise ValueError(f"SHELL must be one of {', '.join(SHELLS)}, got {arguments.shell!r}")
    options = {name: _options(parser) for name, parser in commands.items()}
    if arguments.shell == "fish":
        return "\n".join(_fish(options))
    script = _bash(options)
    return script if arguments.shell == "bash" else _ZSH + script


def _options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    return tuple(o for a in parser._actions for o in a.option_strings if o.startswith("--"))


def _bash(options: dict[str, tuple[str, ...]]) -> str:
    known = (
        f'            {name}) words="{" ".join((*taken, *NAMES.get(name, ())))}" ;;'
        for name, taken in options.items()
    )
    names = (f'        {o}) words="{" ".join(v)}" ;;' for o, v in NAMES.items() if o[0] == "-")
    return _BASH.format(
        commands=" ".join(options),
        options="\n".join(known),
        names="\n".join(names),
        files="|".join(_FILES),
        readers="|".join(_READERS),
    )


def _fish(options: dict[str, tuple[str, ...]]) -> list[str]:
    start = "complete -c grpo-symbolic"
    lines = [f"{start} -f", f'{start} -n __fish_use_subcommand -a "{" ".join(options)}"']
    for command, taken in options.items():
        inside = f'{start} -n "__fish_seen_subcommand_from {command}"'
        if command in _READERS:
            lines.append(f"{inside} -F")
        if command in NAMES:
            lines.append(f'{inside} -a "{" ".join(NAMES[command])}"')
        for option in taken:
            line = f"{inside} -l {option.removeprefix('--')}"
            if option in NAMES:
                line += f' -x -a "{" ".join(NAMES[option])}"'
            lines.append(f"{line} -r -F" if option in _FILES else line)
    return lines
