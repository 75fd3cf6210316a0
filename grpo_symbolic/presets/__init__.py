"""Presets: algorithms as papers and trainers define them, with all that each one assumes.

Source: each preset cites the paper or release it follows. β is in advantage units.

>>> from grpo_symbolic.presets import trl
>>> print(trl(version="1.9").acts_as)
KL(pi_ref || pi), the reverse KL
>>> print(trl(version="1.10").acts_as)
KL(pi || pi_ref), the direct KL
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

from grpo_symbolic.lazy import names_of
from grpo_symbolic.registry import PRESETS, Registry

if TYPE_CHECKING:
    from grpo_symbolic.presets.effective_weight import EffectiveWeight
    from grpo_symbolic.presets.preset import Preset

__all__ = [
    "REGISTRY", "EffectiveWeight", "Preset", "all_presets", "lookup", "of_another_version",
]  # fmt: skip

#: Presets by name; ``lookup`` also takes ``name@version``.
REGISTRY: Registry[Callable[..., Preset]] = PRESETS


def lookup(name: str, **options: Any) -> Preset:
    """The preset called ``name``, or ``name@version``; underscores stand for hyphens.

    Parameters
    ----------
    name : str
    **options
        What the preset takes, such as ``scale_rewards="batch"``.

    Raises
    ------
    ValueError
        For a name that no preset has, a version where there are none, an unreadable one, or an
        option that the preset does not take.

    Examples
    --------
    >>> lookup("nemo_rl@0.6").acts_as
    'KL(pi_ref || pi), the reverse KL'
    """
    key, version = checked(name)
    build = REGISTRY[key]
    if version is not None:
        if "earlier" not in vars(build):
            raise ValueError(f"the preset {key} has no versions, got {name!r}")
        options["version"] = version
    taken = [option for option in signature(build).parameters if option != "version"]
    for option in options.keys() - {"version"}:
        if option not in taken:
            known = f"takes {', '.join(taken)}" if taken else "has no options"
            raise ValueError(f"the preset {key} {known}, got {option!r}")
    return build(**options)


def checked(name: str) -> tuple[str, str | None]:
    """The preset's own spelling of a name, and the version after an @; ValueError for others."""
    if not isinstance(name, str):
        raise ValueError(f"a preset is looked up by its name, got {name!r}")
    key, at, version = name.strip().partition("@")
    key = key.strip().lower().replace("_", "-")
    if key not in REGISTRY:
        raise ValueError(f"preset must be one of {', '.join(REGISTRY)}, got {name!r}")
    return key, version.strip() if at else None


def of_another_version(preset: Preset, name: str, **options: Any) -> tuple[str, Preset] | None:
    """The first version by which these options of the preset called ``name`` act otherwise."""
    build = REGISTRY[name]
    if "earlier" in vars(build):
        for version in (*vars(build)["earlier"], signature(build).parameters["version"].default):
            other = build(version=version, **options)
            if (other.algorithm, other.clamp) != (preset.algorithm, preset.clamp):
                return version, other
    return None


def all_presets() -> list[Preset]:
    """Every preset at its defaults, and again at earlier versions that behave differently."""
    found = []
    for build in REGISTRY.values():
        found += [build(version=version) for version in vars(build).get("earlier", ())]
        found.append(build())
    return found


_class = names_of(__name__, {".preset": "Preset", ".effective_weight": "EffectiveWeight"})


def __getattr__(name: str) -> Any:
    key = name.replace("_", "-")
    return REGISTRY[key] if key in REGISTRY else _class(name)


def __dir__() -> list[str]:
    return sorted(name.replace("-", "_") for name in REGISTRY)
