"""A trainer's options, from a file, a dictionary or an object, each with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from grpo_symbolic.inputs import read_parameter
from grpo_symbolic.prediction.texts import (
    WORDS,
    Option,
    flat,
    is_text,
    members,
    of_text,
    of_words,
)

_LARGEST = 1_000_000
_MOST_OPTIONS = 20_000
#: Options that are not looked at and are named in one warning.
_NAMED = 8
#: ``${a.b}``, ``${oc.select:a.b,default}``, ``$A`` or ``${A:-default}``: what another option, or a
#: variable of the shell, says.
_REFERENCE = re.compile(r"\$\{(?:oc\.select:)?\s*([\w.]+)\s*(?:(?:,|:-)([^{}]*))?\}|\$(\w+)")
#: Distributions by the first part of the module that a configuration's class comes from.
_DISTRIBUTIONS = {"trl": "trl", "verl": "verl", "openrlhf": "openrlhf", "swift": "ms-swift"}


class Configuration:
    """Options by name; the names of nested ones are joined by points.

    Parameters
    ----------
    options : iterable of Option
    package, kind : str, optional
        The first part of the module that an object's class comes from, and the class's name.
    usual : collection of str
        Options of an object that are as its class has them by default.
    """

    def __init__(
        self,
        options: Iterator[Option],
        package: str = "",
        usual: Collection[str] = (),
        kind: str = "",
    ) -> None:
        self.options: dict[str, Option] = {}
        self._asked: set[str] = set()
        self._read: set[str] = set()
        for option in options:
            if len(self.options) >= _MOST_OPTIONS:
                raise ValueError(f"a configuration must have at most {_MOST_OPTIONS} options")
            self.options[option.name] = option
        self.package, self.kind, self._usual = package, kind, frozenset(usual)

    @classmethod
    def of(cls, config: Any) -> Configuration:
        """The options of a configuration in any form.

        Parameters
        ----------
        config : mapping, object, str, path or list of str
            A dictionary, an object with attributes such as a ``GRPOConfig`` or an
            ``argparse.Namespace``, the name of a YAML, JSON or TOML file or of a script with the
            command, the text of one, or the words of the command: ``["actor.use_kl_loss=True"]``,
            ``["--init_kl_coef", "0.01"]``.

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
            return cls(of_text(config)) if is_text(config) else cls.read(config)
        if isinstance(config, (list, tuple)) and all(isinstance(word, str) for word in config):
            return cls(of_words((word, None) for word in config))
        package = "" if isinstance(config, Mapping) else type(config).__module__.partition(".")[0]
        pairs = members(config)
        if pairs is None:
            raise ValueError(
                "config must be a mapping, an object with attributes, or a YAML or JSON file, got "
                f"{type(config).__name__}"
            )
        return cls(
            (Option(*pair) for pair in flat(pairs)),
            package,
            _as_by_default(config),
            type(config).__name__,
        )

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Configuration:
        """The options of a file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise ValueError(f"the configuration cannot be read: {error}") from None
        if len(text) > _LARGEST:
            raise ValueError(f"a configuration must have at most {_LARGEST} characters")
        return cls(of_text(text))

    def told(self, trainer: str) -> Configuration:
        """The same options of ``NAME`` or ``NAME@VERSION``, whatever they say themselves."""
        name, _, version = trainer.partition("@")
        said_so = {"trainer": name, **({"version": version} if version else {})}
        for key, value in said_so.items():
            self.options[key] = Option(key, value)
        return self

    # -- one option ----------------------------------------------------------------------

    def find(self, *names: str) -> Option | None:
        """The option of the first of these names, in full or as the end of a longer name."""
        self._asked.update(names)
        for name in names:
            keys = [key for key in self.options if key == name or key.endswith(f".{name}")]
            if keys:
                shortest = min(keys, key=len)
                self._read.add(shortest)
                return self._resolved(self.options[shortest])
        return None

    def _resolved(self, option: Option) -> Option:
        """The option with what it refers to in place of a reference; nothing for unknown ones."""
        value, seen = option.value, set()
        while isinstance(value, str) and (match := _REFERENCE.fullmatch(value.strip())):
            name, default = match[1] or match[3], match[2]
            if name in seen:
                raise ValueError(f"{said(option)} refers to itself")
            seen.add(name)
            named = self.options.get(f"${name}", self.options.get(name))
            value = default if named is None else named.value
            if isinstance(value, str) and value.strip().lower() != "none":
                value = WORDS.get(value.strip().lower(), value.strip())
        return option if value is option.value else Option(option.name, value, option.line)

    def unread(
        self, known: Collection[str] | None = None, apart: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Warnings of options that nothing asked for.

        Parameters
        ----------
        known : collection of str, optional
            Names that the trainer has and that do not matter here. Without it the options that
            are left are named together.
        apart : collection of str
            Names of sections that say nothing of what is optimised: data, logs, hardware.
        """
        missing = [n for n in self._asked if not any(k.endswith(n) for k in self._read)]
        close_to = {name.rpartition(".")[2]: name for name in missing}
        found, left = [], []
        for key, option in self.options.items():
            last = key.rpartition(".")[2]
            if key.startswith("$"):
                continue
            if key in self._read or key in self._usual or last in ("trainer", "version"):
                continue
            if last in close_to or not {*(known or ())}.isdisjoint(key.split(".")):
                continue
            if not set(apart).isdisjoint(key.split(".")[:-1]):
                continue
            close = get_close_matches(last, close_to, n=1, cutoff=0.86)
            if close:
                found.append(f"{said(option)}: is not an option that is read; is {close[0]} meant?")
            elif known is not None:
                found.append(f"{said(option)}: is no option that is known: it is not looked at")
            else:
                left.append(said(option))
        if left:
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            found.append(f"not looked at: {', '.join(left[:_NAMED])}{more}")
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
        value = WORDS.get(value.lower(), value) if isinstance(value, str) else value
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

    def count(self, *names: str, default: int | None = None, least: int = 1) -> int | None:
        """An option as an integer of at least 1, or of at least ``least``."""
        value = self.number(*names, role="subset", default=default)
        if value is not None and value < least:
            found = self.find(*names)
            place = f"{names[0]} (default)" if found is None else said(found)
            raise ValueError(f"{place} must be at least {least}, got {value}")
        return None if value is None else int(value)

    # -- what it is of ---------------------------------------------------------------------

    def version(self, distribution: str) -> str | None:
        """The key ``version``; of an object of an installed trainer, that trainer's."""
        stated = self.options.get("version")
        if stated is not None and stated.value is not None:
            return str(stated.value)
        if _DISTRIBUTIONS.get(self.package) != distribution:
            return None
        from importlib import metadata

        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            return None


def said(option: Option) -> str:
    """An option as it is named in a message."""
    return option.name if option.line is None else f"{option.name} (line {option.line})"


def _as_by_default(config: Any) -> set[str]:
    """The fields of a dataclass's object that have their default."""
    if not is_dataclass(config):
        return set()
    found = set()
    for f in fields(config):
        default = f.default if f.default_factory is MISSING else f.default_factory()
        if default is not MISSING and getattr(config, f.name, None) == default:
            found.add(f.name)
    return found
