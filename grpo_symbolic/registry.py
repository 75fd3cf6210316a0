"""The registry: every rule, penalty, preset, format and figure by its name, one line each.

A line says where the thing is: ``module:object``, and after it the options of the command line
that it takes. What it is called in prose, what it assumes and what it does stands there, in one
file. Choices of the command line, menus, listings, error messages and documents are made from
these tables; nothing but names is known of an entry before it is looked up, so that reading them
imports neither SymPy nor Matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Things by name, imported when they are looked up.

    Parameters
    ----------
    package : str
        Of the modules in the table, relative to this package.
    places : mapping of str to str
        ``module:object``, and the options it takes, a plus before those it needs. A name may end
        in ``:PARAMETER``: it stands for all names with a value in that place, which is given to
        the object as its argument.
    """

    def __init__(self, package: str, places: Mapping[str, str]) -> None:
        self._package, self._places = package, dict(places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return self.key(name) is not None

    def __getitem__(self, name: str) -> T:
        key = self.key(name)
        if key is None:
            raise KeyError(name)
        module, _, attribute = self._places[key].split()[0].partition(":")
        found = import_module(".".join(filter(None, ("grpo_symbolic", self._package, module))))
        for part in attribute.split("."):
            found = getattr(found, part)
        return found if key == name else partial(found, name.partition(":")[2])

    def key(self, name: object) -> str | None:
        """The entry that a name is one of; None for other names."""
        if not isinstance(name, str) or name in self._places:
            return name if isinstance(name, str) else None
        head, colon, _ = name.partition(":")
        keys = (key for key in self._places if colon and key.startswith(head + colon))
        return next(keys, None)

    @property
    def complete(self) -> tuple[str, ...]:
        """The names without a parameter."""
        return tuple(name for name in self if ":" not in name)

    def options(self, name: str) -> tuple[str, ...]:
        """The options of the command line that an entry takes."""
        return tuple(word.removeprefix("+") for word in self._options(name))

    def needed(self, name: str) -> tuple[str, ...]:
        """The options without which an entry cannot be built."""
        return tuple(word[1:] for word in self._options(name) if word.startswith("+"))

    def _options(self, name: str) -> list[str]:
        return self._places[self.key(name) or name].split()[1:]

    def taking(self, option: str) -> tuple[str, ...]:
        """The names of the entries that take an option."""
        return tuple(name for name in self if option in self.options(name))

    def checked(self, label: str, name: object) -> str:
        """``name``, or a ValueError that says what ``label`` must be."""
        if isinstance(name, str) and name in self:
            return name
        raise ValueError(f"{label} must be one of {', '.join(self)}, got {name!r}")


#: Rules that measure a reward against its group: ``--scale``.
ADVANTAGES: Registry[Callable] = Registry(
    "model.advantage",
    {
        "std": "shift_and_scale:ShiftAndScale ddof epsilon",
        "none": "shift_only:ShiftOnly",
        "rloo": "leave_one_out:LeaveOneOut",
        "rloo-std": "leave_one_out:LeaveOneOut.by_spread epsilon",
        "stabilised": "stabilised_scale:StabilisedScale ddof epsilon",
        "max-rl": "mean_scale:MeanScale",
        "fixed": "fixed_scale:FixedScale sigma",
        "batch": "batch_scale:BatchScale +batch ddof epsilon",
        "best-over-second": "best_over_second:BestOverSecond epsilon",
        "ranks": "ranks:Ranks",
        "median": "median_centred:MedianCentred",
        "clipped": "shaped:Clipped",
        "positive": "shaped:PositiveOnly",
        "negative": "shaped:NegativeOnly",
        "pass-at-k": "pass_at_k:PassAtK +subset",
    },
)

#: Divergences, and the two penalties that act as the KL divergences: ``--penalty``.
PENALTIES: Registry[Callable] = Registry(
    "model.penalty",
    {
        "reverse-kl": "estimator:ReverseKL",
        "direct-kl": "estimator:DirectKL",
        "chi2": "divergence:Divergence.chi_squared",
        "js": "divergence:Divergence.jensen_shannon",
        "hellinger": "divergence:Divergence.hellinger",
        "alpha:A": "divergence:Divergence.alpha",
    },
)

#: Estimators k(u) of a divergence, to be placed in the loss or in the reward: ``--penalty``.
ESTIMATORS: Registry[Callable] = Registry(
    "model.penalty",
    {
        "k1": "estimator:k1",
        "k2": "estimator:k2",
        "k3": "estimator:k3",
        "abs": "estimator:absolute",
    },
)

#: Where an estimator stands: ``--placement``, and how that is said.
PLACEMENTS = {
    "loss": "in the loss",
    "loss-with-ratio": "in the loss with the importance ratio",
    "reward": "in the reward",
    "reward-before-baseline": "in the reward, before its baseline",
}

#: What a notation can call otherwise: ``--notation``.
QUANTITIES = (
    *("beta", "gamma", "gap", "pi", "pi_ref", "answer", "context", "other", "pi_old"),
    *("group_size", "epsilon", "reward", "multiplier", "sigma", "preference", "marginal"),
    "success",
)

#: Algorithms as papers and trainers define them: ``--preset``.
PRESETS: Registry[Callable] = Registry(
    "presets",
    {
        "grpo": "textbook:grpo",
        "grpo-direct-kl": "textbook:grpo_direct_kl",
        "dr-grpo": "textbook:dr_grpo",
        "rloo": "textbook:rloo",
        "dapo": "textbook:dapo",
        "rlhf": "textbook:rlhf",
        "nlhf": "textbook:nlhf",
        "ipo": "textbook:ipo",
        "max-rl": "textbook:max_rl",
        "gspo": "surrogates:gspo",
        "gmpo": "surrogates:gmpo",
        "cispo": "surrogates:cispo",
        "sapo": "surrogates:sapo",
        "gpg": "surrogates:gpg",
        "gdpo": "surrogates:gdpo",
        "pass-at-k": "surrogates:pass_at_k",
        "reinforce-plus-plus": "surrogates:reinforce_plus_plus",
        "trl": "trainers.trl:trl",
        "trl-rloo": "trainers.trl:trl_rloo",
        "verl": "trainers.verl:verl",
        "verl-reward": "trainers.verl:verl_reward",
        "grpo-passk": "trainers.verl:grpo_passk",
        "openrlhf": "trainers.openrlhf:openrlhf",
        "openrlhf-reward": "trainers.openrlhf:openrlhf_reward",
        "nemo-rl": "trainers.nemo_rl:nemo_rl",
        "open-instruct": "trainers.open_instruct:open_instruct",
        "ms-swift": "trainers.ms_swift:ms_swift",
        "torchtune": "trainers.torchtune:torchtune",
        "slime": "trainers.slime:slime",
        "skyrl": "trainers.others:skyrl",
        "roll": "trainers.others:roll",
        "areal": "trainers.others:areal",
        "unsloth": "trainers.others:unsloth",
        "prime-rl": "trainers.others:prime_rl",
    },
)

#: Rules that aggregate raters: ``--rules``. G and N stand for numbers.
RULES = (
    *("grpoG", "grpoG-direct", "grpo-inf", "grpoG-answer", "grpoG-mean", "rlhf", "rlhf-btl"),
    *("rlhf-btl-counts", "rlhf-btl-reference", "nlhf", "ipo", "borda", "copeland", "plurality"),
    *("maximal-lottery", "maximal-lottery-direct", "random-dictator", "best-of-N"),
    *("best-of-N-group", "RULE-flipped:SHARE", "RULE-corrected:SHARE", "RULE-worst-case:RADIUS"),
    "RULE-adversarial:SHARE:RANKING",
)

#: What a stationary policy is exported as: ``--format``.
FORMATS: Registry[Callable] = Registry(
    "",
    {
        "latex": "policy.export:latex",
        "latex-inline": "export.paper:inline",
        "latex-display": "export.paper:display",
        "latex-align": "export.paper:align_block",
        "latex-theorem": "export.paper:theorem",
        "latex-proof": "export.paper:proof",
        "latex-table": "export.paper:table",
        "latex-document": "export.paper:document",
        "bibtex": "export.paper:bibliography",
        "markdown": "export.web:markdown",
        "mathml": "export.web:mathml",
        "typst": "export.web:typst",
        "sympy": "export.sympy_source:sympy_source",
        "json": "policy.export:record",
        "python": "policy.export:python",
        "jax": "policy.export:jax",
        "torch": "policy.export:torch",
    },
)

#: Files that figures are written to, by suffix.
SUFFIXES = ("pdf", "svg", "png", "eps", "pgf")

#: Figures for papers: ``grpo-symbolic plot``.
FIGURES: Registry = Registry(
    "plotting",
    {
        "fig1": "aggregations:PAIRS",
        "fig2": "aggregations:LARGE_GROUPS",
        "fig3": "aggregations:DIRECT_PAIRS",
        "direct-large": "aggregations:DIRECT_LARGE",
        "group-sizes": "sizes:GROUP_SIZES",
        "escape": "bifurcations:ESCAPE",
        "folds": "bifurcations:FOLDS",
        "cusps": "bifurcations:CUSPS",
        "rank": "aggregations:RANK",
        "penalties": "penalty_curves:PENALTIES",
        "flow": "orbits:FLOW",
        "cobweb": "orbits:COBWEB",
        "drift": "sizes:DRIFT",
        "stage": "aggregations:STAGE",
        "small-weights": "sizes:SMALL_WEIGHTS",
        "noise": "aggregations:NOISE",
    },
)
