"""Rules by name, as they are called at the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import partial

from sympy import oo

from grpo_symbolic.aggregation.maximal import MaximalLottery
from grpo_symbolic.aggregation.robust import Adversarial, Flipped, WorstCase
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.tilting import BradleyTerryRLHF, MeanRLHF, ReferenceIPO
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.aggregation.voting import BestOf, Borda, Copeland, Plurality, RandomDictator
from grpo_symbolic.model.algorithm import GRPO, NLHF
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.registry import RULES

_GRPO = re.compile(r"grpo-?(inf|[0-9]{1,6})(-direct)?(?:-(group|answer|mean))?\Z")
_BEST = re.compile(r"best-of-([0-9]{1,6})(-group)?\Z")
_ROBUST = re.compile(
    r"(.+)-(flipped|corrected|worst-case|adversarial):([^:]+)(?::(\d+(?:>\d+)*))?\Z"
)
_FIXED: dict[str, Callable[[], Rule]] = {
    "rlhf": MeanRLHF,
    "rlhf-btl": BradleyTerryRLHF,
    "rlhf-btl-counts": partial(BradleyTerryRLHF, "counts"),
    "rlhf-btl-reference": partial(BradleyTerryRLHF, "reference"),
    "nlhf": lambda: Trained(NLHF()),
    "ipo": ReferenceIPO,
    "borda": Borda,
    "copeland": Copeland,
    "plurality": Plurality,
    "maximal-lottery": MaximalLottery,
    "maximal-lottery-direct": partial(MaximalLottery, direct=True),
    "random-dictator": RandomDictator,
}


def rule(name: Rule | GRPO | NLHF | str, per: str = "group") -> Rule:
    """The rule of a name or of an algorithm, or a rule as it is.

    ``grpoG`` stands for groups of G (``grpo-inf`` for large groups) that one rater scores, with
    the published advantage and penalty; after it ``-direct`` for the direct KL, then ``-answer``
    for a fresh rater for each answer or ``-mean`` for mean rewards. ``best-of-N`` chooses by the
    mean reward, ``best-of-N-group`` by one rater. After a rule that sees comparisons only,
    ``-flipped:1/10``, ``-corrected:1/10``, ``-worst-case:1/10`` or ``-adversarial:1/10:3>1>2`` say
    what befell its labels, the adversaries' ranking by number from 1.

    Source: new names for what :class:`Rule` describes.

    Parameters
    ----------
    name : str, GRPO, NLHF or Rule
        Algorithms have any group size, advantage and penalty.
    per : {"group", "answer", "mean"}
        How raters come into the training by an algorithm.

    Raises
    ------
    ValueError
        For other names.

    Examples
    --------
    >>> rule("grpo8-direct-answer")
    <rule grpo8-direct-answer: GRPO, groups of 8, a fresh rater for each answer, direct KL>
    >>> rule("borda-flipped:1/10").title
    'Borda, flipped labels'
    """
    if isinstance(name, Rule):
        return name
    if isinstance(name, GRPO | NLHF):
        return Trained(name, per)
    if isinstance(name, str):
        text = name.strip().lower()
        if text in _FIXED:
            return _FIXED[text]()
        found = _ROBUST.match(text)
        if found:
            return _relabelled(*found.groups())
        found = _GRPO.match(text)
        if found:
            size, direct, per = found.groups()
            penalty = DirectKL() if direct else ReverseKL()
            if size != "inf" and int(size) < 2:
                raise ValueError(f"rule {text}: groups have at least 2 members")
            return Trained(GRPO(oo if size == "inf" else int(size), penalty), per or "group")
        found = _BEST.match(text)
        if found:
            if int(found[1]) < 1:
                raise ValueError(f"rule {text}: the best of at least 1 answer")
            return BestOf(int(found[1]), "group" if found[2] else "mean")
    near = get_close_matches(name.strip().lower(), RULES, 1) if isinstance(name, str) else []
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"rule must be one of {', '.join(RULES)}, got {name!r}{hint}")


def _relabelled(name: str, what: str, share: str, ranking: str | None) -> Rule:
    """A rule by name, and what befell the labels that it sees."""
    if (ranking is not None) != (what == "adversarial"):
        raise ValueError(
            f"rule {name}-{what}: adversaries, and they alone, have a ranking as 3>1>2"
        )
    inner = rule(name)
    if what == "worst-case":
        return WorstCase(inner, share)  # type: ignore[arg-type]
    if ranking is not None:
        return Adversarial(inner, share, tuple(int(o) - 1 for o in ranking.split(">")))
    return Flipped(inner, share, corrected=what == "corrected")


def as_rules(names: str | Rule | Iterable[Rule | str]) -> tuple[Rule, ...]:
    """Rules from a list of rules or names, or from names with commas; each once."""
    if isinstance(names, Rule):
        names = [names]
    if not isinstance(names, Iterable):
        raise ValueError(f"rules must be rules, their names, or names with commas, got {names!r}")
    listed = names.split(",") if isinstance(names, str) else list(names)
    found = tuple(rule(name) for name in listed)
    if not found:
        raise ValueError("at least one rule is needed")
    repeated = [r.name for k, r in enumerate(found) if r.name in [q.name for q in found[:k]]]
    if repeated:
        raise ValueError(f"rule {repeated[0]} is given twice")
    return found
