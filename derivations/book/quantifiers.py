"""What a headline is said for, as TeX, without what the setting says in words already."""

from __future__ import annotations

from collections.abc import Sequence

from derivations.book.names import SHORT
from derivations.book.prose import one_range
from derivations.headline import Headline, Numbers
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.notation import Notation

__all__ = ["quantifiers_tex", "unsaid"]

_WORDS = {("2",): "two", ("3",): "three", ("4",): "four", ("2", "3"): "two or three"}
#: How settings say a quantifier. One that a setting says together with another of its kind is
#: repeated with the statement that it belongs to.
_SAID: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        r"every $G\ge2$": (r"any $G\ge2$", r"every $G\ge2$", "any $G$", "any size $G$",
                           "any group size"),
        "$G=2$": ("groups of two", "group of two", "each group of two"),
        "$G=3$": ("groups of three",),
        "$G=4,5$": ("groups of four and five",),
        r"$G=6,\dots,16$": (r"$6\le G\le16$",),
        r"$G=\infty$": ("large groups", r"$G=\infty$"),
    },
    {
        "two answers": ("binary question", "two answers"),
        "three answers": ("three answers", "a third answer"),
        "any number of answers": ("any number of answers", "any question"),
    },
    {
        "reverse KL": ("the published penalty",),
        "direct KL": ("direct KL",),
        "reverse KL and direct KL": ("reverse or direct KL", "reverse and direct KL"),
    },
    {
        "deterministic rewards": ("deterministic rewards",),
        "rewards that are not all equal": ("rewards that are not all equal",),
        "any rewards": ("any rewards",),
        "one rater for each group": ("one rater for each group",),
        "uniform reference": ("uniform reference",),
    },
)  # fmt: skip


def quantifiers_tex(headline: Headline, notation: Notation = SHORT) -> tuple[str, ...]:
    """The quantifiers and the hypotheses of a headline, one by one."""
    parts = [
        _groups(headline.groups),
        _counted(headline.answers, "answers"),
        _counted(headline.levels, "reward levels"),
        " and ".join(headline.penalties),
        *(f"${one_range(r, notation)}$" for r in headline.parameters.ranges),
        *headline.hypotheses,
    ]
    return tuple(part for part in parts if part)


def unsaid(headlines: Sequence[Headline], setting: str, domain: Domain) -> list[tuple[str, ...]]:
    """For each headline, its quantifiers that neither the setting nor the ranges say."""
    said = {f"${one_range(r)}$".replace(" ", "") for r in domain.ranges}
    said |= {part for kind in _SAID for part in _by(setting, kind)}
    if "two answers" in said:  # of two answers with one reward each there are two levels
        said.add("two reward levels")
    # Where statements differ in their groups, or in their penalties, each says its own.
    for differing in ({_groups(h.groups) for h in headlines},
                      {" and ".join(h.penalties) for h in headlines} - {""}):  # fmt: skip
        said -= differing if len(differing) > 1 else set()
    repeated = {x for h in headlines for x in h.hypotheses if _within(x, setting)}
    return [
        tuple(
            part for part in quantifiers_tex(h) if not _covered(part, said) and part not in repeated
        )
        for h in headlines
    ]


def _within(hypothesis: str, setting: str) -> bool:
    """Whether a setting has every part of a hypothesis in the same words."""
    return all(part in setting for part in hypothesis.split(", "))


def _covered(part: str, said: set[str]) -> bool:
    """A list of ranges is covered where each of them is."""
    pieces = part.replace(" ", "").split(",") if part.count("$") > 2 else [part.replace(" ", "")]
    return part in said or all(piece in said for piece in pieces)


def _by(setting: str, kind: dict[str, tuple[str, ...]]) -> list[str]:
    """The one quantifier of its kind that a setting says; none where it says several."""
    text = setting
    found: list[str] = []
    # Longer phrases first: "reverse or direct KL" is not direct KL alone.
    for phrase, part in sorted(
        ((p, part) for part, phrases in kind.items() for p in phrases), key=lambda x: -len(x[0])
    ):
        if phrase in text:
            text = text.replace(phrase, "")
            found.append(part)
    exclusive = "deterministic rewards" not in kind
    return found if not exclusive or len(set(found)) == 1 else []


def _groups(groups: Numbers | None) -> str:
    if groups is None:
        return ""
    every = [] if groups.start is None else [rf"every $G\ge{groups.start}$"]
    listed = [f"$G={_listed(groups)}$"] if groups.parts() else []
    return " and ".join([*every, *listed])


def _counted(numbers: Numbers | None, what: str) -> str:
    if numbers is None:
        return ""
    if numbers.start is not None:
        return f"any number of {what}"
    return f"{_WORDS.get(numbers.parts(), f'${_listed(numbers)}$')} {what}"


def _listed(numbers: Numbers) -> str:
    names = {"...": r"\dots", "oo": r"\infty"}
    return ",".join(names.get(part, part) for part in numbers.parts())
