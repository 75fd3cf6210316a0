"""Options in text: YAML, JSON, TOML, or the words of a command line, each with its line."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from os import PathLike
from typing import Any

#: Mappings in mappings that are gone into.
DEEPEST = 12
#: Plain words that are no text.
WORDS = {"true": True, "false": False, "null": None, "~": None, "none": None, "": None}
#: ``+key=value``, ``++key=value`` or ``key=value``, with the nested names of a configuration.
_OVERRIDE = re.compile(r"\+{0,2}([A-Za-z_][\w./@-]*)=(.*)", re.DOTALL)
#: A flag or an override anywhere in a line.
_MARKED = re.compile(r"(^|\s)(--[A-Za-z]|\+{0,2}[A-Za-z_][\w./@-]*=)")
#: Whose command it is, by the start of the program's name.
_PROGRAMS = {
    "verl.": "verl", "openrlhf.": "openrlhf", "swift": "ms-swift", "skyrl": "skyrl",
    "open_instruct": "open-instruct",
}  # fmt: skip
#: A line of TOML: a section, or a name, spaces, an equality sign and spaces.
_TOML = re.compile(r"^\s*(\[\[?[\w.\"'-]+\]\]?\s*(#.*)?|[\w.\"'-]+ += +\S.*)$", re.MULTILINE)
#: ``NAME=value`` as a command of its own: a variable of the shell.
_ASSIGNMENT = re.compile(r"(export\s+)?([A-Za-z_]\w*)=(\S*|\"[^\"]*\"|'[^']*')\s*(#.*)?")
#: Words of a shell after which the values of a flag have ended.
_ENDS = frozenset({"\n", "--", "(", ")", "&&", "||", "|", ";", "&"})


@dataclass(frozen=True)
class Option:
    """One option: its full name, its value, and the line it stands in."""

    name: str
    value: Any
    line: int | None = None


def is_text(config: str) -> bool:
    """Whether a string is the text of a configuration, and not the name of a file."""
    start = config.lstrip()
    return "\n" in config or start.startswith(("{", "[", "--")) or ": " in config


def of_text(text: str) -> Iterator[Option]:
    """The options of a text in any of the four forms.

    Raises
    ------
    ValueError
        For a text that is no mapping of options, or has one of them twice.
    """
    start = text.lstrip()
    if _TOML.search(text) and not start.startswith("{"):
        yield from _of_toml(text)
    elif start.startswith(("{", "[")):
        yield from _of_json(text)
    elif _is_command(text):
        yield from of_words(_words(text))
    else:
        yield from _of_yaml(text)


# -- values that are there -----------------------------------------------------------------------


def members(value: Any) -> Iterator[tuple[str, Any]] | None:
    """The named members of a mapping or an object; None of a plain value."""
    if isinstance(value, Mapping):
        return ((str(key), value[key]) for key in value)
    if is_dataclass(value) and not isinstance(value, type):
        return ((f.name, getattr(value, f.name, None)) for f in fields(value))
    plain = (str, bytes, int, float, complex, bool, type(None), type, list, tuple, set, PathLike)
    if isinstance(value, plain) or not hasattr(value, "__dict__") or callable(value):
        return None
    return ((k, v) for k, v in list(vars(value).items()) if not k.startswith("_"))


def flat(
    pairs: Iterator[tuple[str, Any]], before: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """The plain values in members of members; their names are joined by points."""
    for key, value in pairs:
        inner = members(value) if depth < DEEPEST and not hasattr(value, "value") else None
        if inner is None:
            yield f"{before}{key}", value
        else:
            yield from flat(inner, f"{before}{key}.", depth + 1)


# -- JSON ------------------------------------------------------------------------------------------


def _of_json(text: str) -> Iterator[Option]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"the configuration is no JSON: {error.msg[:1].lower()}{error.msg[1:]}, in line "
            f"{error.lineno} at column {error.colno}"
        ) from None
    except RecursionError:
        raise ValueError("the configuration is no JSON that can be read: it is too deep") from None
    if not isinstance(found, Mapping):
        raise _no_mapping()
    yield from _placed(found, text, r'"((?:[^"\\]|\\.)*)"\s*:')


def _placed(found: Mapping[str, Any], text: str, pattern: str) -> Iterator[Option]:
    """Options with their lines: keys of one name stand in the order in which they were read."""
    places: dict[str, list[int]] = {}
    for match in re.finditer(pattern, text, re.MULTILINE):
        places.setdefault(match[1], []).append(text.count("\n", 0, match.start(1)) + 1)
    lines = {key: iter(numbers) for key, numbers in places.items()}
    for name, value in flat(iter(found.items())):
        last = name.rpartition(".")[2]
        yield Option(name, value, next(lines.get(last, iter(())), None))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the configuration has the option {twice} twice")
    return found


# -- TOML ------------------------------------------------------------------------------------------


def _of_toml(text: str) -> Iterator[Option]:
    import tomllib

    try:
        found = tomllib.loads(text, parse_float=str)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"the configuration is no TOML: {error}") from None
    yield from _placed(found, text, r"^\s*([\w-]+)\s*=")


# -- YAML ------------------------------------------------------------------------------------------


def _of_yaml(text: str) -> Iterator[Option]:
    import yaml  # not at the top: JSON does without, and starts sooner

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark, said = error.problem_mark or error.context_mark, error.problem or "it cannot be read"
        place = "" if mark is None else f", in line {mark.line + 1} at column {mark.column + 1}"
        raise ValueError(f"the configuration is no YAML: {said}{place}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"the configuration is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.MappingNode):
        raise _no_mapping()
    yield from _nodes(root, "", 0)


def _nodes(node: Any, before: str, depth: int) -> Iterator[Option]:
    """The scalars of a mapping, each with its line; lists as lists of text."""
    places: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key.value, str):
            continue
        name, line = f"{before}{key.value}", key.start_mark.line + 1
        if name in places:
            raise ValueError(
                f"the configuration has the option {name} twice, in lines {places[name]} and {line}"
            )
        places[name] = line
        if value.id == "mapping" and depth < DEEPEST:
            yield from _nodes(value, f"{name}.", depth + 1)
        elif value.id == "scalar":
            yield Option(name, _scalar(value), line)
        else:
            items = value.value if value.id == "sequence" else ()
            yield Option(name, [item.value for item in items if item.id == "scalar"], line)


def _scalar(node: Any) -> Any:
    """A plain word that means true, false or nothing; anything else as text, exactly."""
    if node.style is None and node.value.lower() in WORDS and node.value.lower() != "none":
        return WORDS[node.value.lower()]
    return node.value


def _no_mapping() -> ValueError:
    return ValueError("the configuration must be a mapping of options to values")


# -- command lines ---------------------------------------------------------------------------------


def _is_command(text: str) -> bool:
    """Whether a text is a command with flags or overrides; YAML has colons after its names."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    named = [line for line in lines if re.match(r"[\w.\"'-]+\s*:(\s|$)", line)]
    return any(map(_MARKED.search, lines)) and not named


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a shell's commands, each with its line; a line break where a command ends."""
    continued = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not continued:
            yield "\n", number
            variable = _ASSIGNMENT.fullmatch(stripped)
            if variable is not None and _is_variable(variable, text):
                yield f"${variable[2]}={variable[3].strip(chr(34) + chr(39))}", number
                continue
        continued = stripped.endswith("\\")
        try:
            words = shlex.split(stripped[:-1] if continued else stripped, True)
        except ValueError:
            raise ValueError(
                f"the configuration is no command: an open quote in line {number}"
            ) from None
        yield from ((word, number) for word in words)


def _is_variable(assignment: re.Match[str], text: str) -> bool:
    """Whether ``name=value`` is a variable of a script, and not the override of an option."""
    name = assignment[2]
    used = re.search(rf"\$\{{?{name}\b", text) is not None
    return used or name.isupper() or assignment[1] is not None


def of_words(words: Iterator[tuple[str, int | None]]) -> Iterator[Option]:
    """Options of ``--name value``, ``--name=value``, ``--name``, ``key=value`` and ``+key=value``.

    Names keep their points; hyphens in flags are underscores. The name of a trainer's program is
    the option ``trainer``; variables of the shell are options ``$name``; other words are passed
    over.
    """
    flag: tuple[str, int | None] | None = None
    values: list[str] = []

    def finished() -> Iterator[Option]:
        if flag is not None:
            value: Any = True if not values else values[0] if len(values) == 1 else values
            yield Option(flag[0], value, flag[1])

    for word, line in words:
        override = _OVERRIDE.fullmatch(word)
        if word in _ENDS or word.endswith("=("):
            yield from finished()
            flag = None
        elif word.startswith("--"):
            yield from finished()
            name, equals, value = word[2:].partition("=")
            flag, values = (name.replace("-", "_"), line), [value] if equals else []
        elif word.startswith("$") and "=" in word:
            yield Option(*word.split("=", 1), line)
        elif override is not None:
            yield from finished()
            flag = None
            value = override[2]
            plain = WORDS.get(value.lower(), value) if value.lower() != "none" else value
            # An upper-case name is a variable that stands before the command.
            yield Option("$" * override[1].isupper() + override[1], plain, line)
        elif flag is not None:
            values.append(word)
        else:
            trainers = (name for start, name in _PROGRAMS.items() if word.startswith(start))
            yield from (Option("trainer", name, line) for name in trainers)
    yield from finished()
