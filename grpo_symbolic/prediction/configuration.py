"""A trainer's options, from a file, a dictionary or an object, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from fractions import Fraction
from importlib import metadata
from os import PathLike
from pathlib import Path
from typing import Any

from grpo_symbolic.inputs import read_parameter

__all__ = ["Configuration", "Option"]

_LARGEST = 1_000_000
_MOST_OPTIONS = 20_000
_DEEPEST = 12
_WORDS = {"true": True, "false": False, "null": None, "~": None, "none": None, "": None}
#: Distributions by the first part of the module that a configuration's class comes from.
_DISTRIBUTIONS = {"trl": "trl", "verl": "verl", "openrlhf": "openrlhf", "swift": "ms-swift"}


@dataclass(frozen=True)
class Option:
    """One option: its full name, its value, and the line it stands in."""

    name: str
    value: Any
    line: int | None = None


class Configuration:
    """Options by name; the names of nested ones are joined by points.

    Parameters
    ----------
    options : iterable of Option
    package : str, optional
        The first part of the module that an object's class comes from.
    """

    def __init__(self, options: Iterator[Option], package: str = "") -> None:
        self.options: dict[str, Option] = {}
        self._asked: set[str] = set()
        self._read: set[str] = set()
        for option in options:
            if len(self.options) >= _MOST_OPTIONS:
                raise ValueError(f"a configuration must have at most {_MOST_OPTIONS} options")
            self.options[option.name] = option
        self.package = package

    @classmethod
    def of(cls, config: Any) -> Configuration:
        """The options of a configuration in any form.

        Parameters
        ----------
        config : mapping, object, str or path
            A dictionary, an object with attributes such as a ``GRPOConfig`` or an
            ``argparse.Namespace``, the name of a YAML or JSON file, or the text of one.

        Raises
        ------
        ValueError
            For a file that cannot be read, or a text that is no mapping of options.
        """
        if isinstance(config, Configuration):
            return config
        if isinstance(config, PathLike):
            return cls.read(config)
        if isinstance(config, str):
            return cls(_of_text(config)) if _is_text(config) else cls.read(config)
        package = "" if isinstance(config, Mapping) else type(config).__module__.partition(".")[0]
        pairs = _members(config)
        if pairs is None:
            raise ValueError(
                "config must be a mapping, an object with attributes, or a YAML or JSON file, got "
                f"{type(config).__name__}"
            )
        return cls(_flat(pairs, "", 0), package)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Configuration:
        """The options of a YAML or JSON file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise ValueError(f"the configuration cannot be read: {error}") from None
        if len(text) > _LARGEST:
            raise ValueError(f"a configuration must have at most {_LARGEST} characters")
        return cls(_of_text(text))

    # -- one option ----------------------------------------------------------------------

    def find(self, *names: str) -> Option | None:
        """The option of the first of these names, in full or as the end of a longer name."""
        self._asked.update(names)
        for name in names:
            keys = [key for key in self.options if key == name or key.endswith(f".{name}")]
            if keys:
                shortest = min(keys, key=len)
                self._read.add(shortest)
                return self.options[shortest]
        return None

    def misspelt(self) -> tuple[str, ...]:
        """Warnings of options that nothing asked for, close to some that were asked for in vain."""
        missing = [n for n in self._asked if not any(k.endswith(n) for k in self._read)]
        known = {name.rpartition(".")[2]: name for name in missing}
        found = []
        for key, option in self.options.items():
            last = key.rpartition(".")[2]
            if key in self._read or last in known:
                continue
            for close in get_close_matches(last, known, n=1, cutoff=0.86):
                found.append(f"{said(option)}: is not an option that is read; is {close} meant?")
        return tuple(found)

    def word(self, *names: str, default: str = "") -> str:
        """An option as text."""
        found = self.find(*names)
        if found is None or found.value is None:
            return default
        if isinstance(found.value, (Mapping, list, tuple)):
            raise ValueError(f"{said(found)} must be a word, got {found.value}")
        return str(getattr(found.value, "value", found.value))

    def flag(self, *names: str, default: bool | None = False) -> bool | None:
        """An option that is on or off."""
        found = self.find(*names)
        if found is None or found.value is None:
            return default
        value = found.value
        value = _WORDS.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise ValueError(f"{said(found)} must be true or false, got {found.value!r}")
        return value

    def number(
        self, *names: str, role: str = "reward", default: Fraction | int | str | None = None
    ) -> Fraction | None:
        """An option as an exact number in the range of a parameter of the model."""
        found = self.find(*names)
        if found is None or found.value is None:
            return None if default is None else Fraction(default)
        if isinstance(found.value, (bool, Mapping, list, tuple)):
            raise ValueError(f"{said(found)} must be a number, got {found.value}")
        return read_parameter(role, str(found.value), said(found))

    def count(self, *names: str, default: int | None = None) -> int | None:
        """An option as an integer of at least 1."""
        value = self.number(*names, role="subset", default=default)
        return None if value is None else int(value)

    def line(self, *names: str) -> int | None:
        """The line of an option, where it has one."""
        found = self.find(*names)
        return None if found is None else found.line

    # -- what it is of ---------------------------------------------------------------------

    def version(self, distribution: str) -> str | None:
        """The key ``version``; of an object of an installed trainer, that trainer's."""
        stated = self.options.get("version")
        if stated is not None and stated.value is not None:
            return str(stated.value)
        if _DISTRIBUTIONS.get(self.package) != distribution:
            return None
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            return None


def said(option: Option) -> str:
    """An option as it is named in a message."""
    return option.name if option.line is None else f"{option.name} (line {option.line})"


def _is_text(config: str) -> bool:
    """Whether a string is the text of a configuration, and not the name of a file."""
    return "\n" in config or config.lstrip().startswith("{") or ": " in config


def _members(value: Any) -> Iterator[tuple[str, Any]] | None:
    """The named members of a mapping or an object; None of a plain value."""
    if isinstance(value, Mapping):
        return ((str(key), value[key]) for key in value)
    if is_dataclass(value) and not isinstance(value, type):
        return ((f.name, getattr(value, f.name, None)) for f in fields(value))
    plain = (str, bytes, int, float, complex, bool, type(None), type, list, tuple, set, PathLike)
    if isinstance(value, plain) or not hasattr(value, "__dict__") or callable(value):
        return None
    return ((k, v) for k, v in list(vars(value).items()) if not k.startswith("_"))


def _flat(pairs: Iterator[tuple[str, Any]], before: str, depth: int) -> Iterator[Option]:
    for key, value in pairs:
        name = f"{before}{key}"
        inner = _members(value) if depth < _DEEPEST and not hasattr(value, "value") else None
        if inner is None:
            yield Option(name, value)
        else:
            yield from _flat(inner, f"{name}.", depth + 1)


# -- files ---------------------------------------------------------------------------------------


def _of_text(text: str) -> Iterator[Option]:
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text, parse_float=str, parse_int=str)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the configuration is no JSON: {error}") from None
        lines = _json_lines(text)
        for option in _flat(_members(found) or iter(()), "", 0):
            last = option.name.rpartition(".")[2]
            yield Option(option.name, option.value, next(lines.get(last, iter(())), None))
        return
    yield from _of_yaml(text)


def _json_lines(text: str) -> dict[str, Iterator[int]]:
    """Where each key stands, in order."""
    found: dict[str, list[int]] = {}
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"\s*:', text):
        found.setdefault(match[1], []).append(text.count("\n", 0, match.start()) + 1)
    return {key: iter(lines) for key, lines in found.items()}


def _of_yaml(text: str) -> Iterator[Option]:
    import yaml  # not at the top: JSON does without, and starts sooner

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"the configuration is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("the configuration must be a mapping of options to values")
    yield from _nodes(root, "", 0)


def _nodes(node: Any, before: str, depth: int) -> Iterator[Option]:
    """The scalars of a mapping, each with its line; lists as lists of text."""
    for key, value in node.value:
        if not isinstance(key.value, str):
            continue
        name, line = f"{before}{key.value}", key.start_mark.line + 1
        if value.id == "mapping" and depth < _DEEPEST:
            yield from _nodes(value, f"{name}.", depth + 1)
        elif value.id == "scalar":
            yield Option(name, _scalar(value), line)
        else:
            items = value.value if value.id == "sequence" else ()
            yield Option(name, [item.value for item in items if item.id == "scalar"], line)


def _scalar(node: Any) -> Any:
    """A plain word that means true, false or nothing; anything else as text, exactly."""
    if node.style is None and node.value.lower() in _WORDS and node.value.lower() != "none":
        return _WORDS[node.value.lower()]
    return node.value
