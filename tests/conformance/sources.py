"""Source files of trainers: from a directory of wheels, or from what is installed."""

import os
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

VARIABLE = "GRPO_SYMBOLIC_TRAINERS"


@dataclass(frozen=True)
class Source:
    """One file of one release."""

    version: str
    text: str


def directory() -> Path | None:
    """Where wheels are, if that is said."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def found(distribution: str, path: str, version: str | None = None) -> Source | None:
    """A file of a distribution, of one version or of the last one that is there."""
    candidates = [*_of_directory(distribution, path), *_of_installed(distribution, path)]
    if version is not None:
        candidates = [c for c in candidates if _same(c.version, version)]
    return max(candidates, key=lambda c: _numbers(c.version), default=None)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _same(version: str, wanted: str) -> bool:
    return (*_numbers(version), 0)[: len(_numbers(wanted))] == _numbers(wanted)


def _of_directory(distribution: str, path: str) -> list[Source]:
    root = directory()
    if root is None or not root.is_dir():
        return []
    stem = distribution.replace("-", "_")
    sources = []
    for place in sorted(root.iterdir()):
        name, _, rest = place.name.partition("-")
        if name.replace("-", "_") != stem:
            continue
        version = rest.partition("-")[0].removesuffix(".whl")
        if place.is_dir() and (place / path).is_file():
            sources.append(Source(version, (place / path).read_text(encoding="utf-8")))
        elif place.is_file() and place.suffix == ".whl":
            with zipfile.ZipFile(place) as wheel:
                inner = [n for n in wheel.namelist() if n == path or n.endswith(f"/{path}")]
                if inner:
                    sources.append(Source(version, wheel.read(inner[0]).decode("utf-8")))
    return sources


def _of_installed(distribution: str, path: str) -> list[Source]:
    try:
        installed = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return []
    place = Path(str(installed.locate_file(path)))
    if not place.is_file():
        return []
    return [Source(installed.version, place.read_text(encoding="utf-8"))]
