"""Arguments that a rule satisfies an axiom, from what the rule is built of.

An argument names the lemmas it rests on; these are proved when it is used. The properties of a
rule that it appeals to (which data the rule sees, whether its preference is linear in the masses,
whether its stationary policy is the only one) are read off the rule's algorithm. There is one
function for each axiom, of its name; :data:`.axioms.AXIOMS` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from grpo_symbolic.aggregation.maximal import MaximalLottery
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.tilting import BradleyTerryRLHF, MeanRLHF, ReferenceIPO
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.aggregation.voting import BestOf, Borda, Copeland, Plurality, RandomDictator


@dataclass(frozen=True)
class Argument:
    """Why a rule satisfies an axiom.

    Attributes
    ----------
    text : str
    scope : str
        Weights and group sizes for which it holds.
    lemmas : tuple of str
        Names in :data:`.lemmas.LEMMAS`.
    """

    text: str
    scope: str = "every weight, every reference"
    lemmas: tuple[str, ...] = ()


_EXACT = "no weight; every reference"


def _scope(rule: Rule) -> str:
    return Argument("").scope if rule.weighted else _EXACT


def _skew(rule: Rule) -> bool:
    """Pairs and Nash learning under a KL: P is the margins times the policy."""
    return isinstance(rule, Trained) and rule.skew and rule._kl


def _tilt(rule: Rule) -> bool:
    return isinstance(rule, MeanRLHF | ReferenceIPO)


def _uniform_fit(rule: Rule) -> bool:
    return isinstance(rule, BradleyTerryRLHF) and rule.pairs == "uniform"


def _by_rater(rule: Rule) -> bool:
    """Whether each rater, drawn by mass, makes a lottery of its own."""
    return isinstance(rule, RandomDictator) or (isinstance(rule, BestOf) and rule.per == "group")


def _units_do_not_matter(rule: Rule) -> bool:
    if isinstance(rule, Trained):
        return rule.skew or (rule.per == "group" and rule.unitless)
    return rule.sees_comparisons_only or isinstance(rule, Plurality) or _by_rater(rule)


def pareto(rule: Rule) -> Argument | None:
    ordered = "d falls strictly in π_ref/π, so P(a) ≥ P(b) orders the lifts"
    if _skew(rule):
        return Argument(f"γ(a, x) ≥ γ(b, x) for every x, hence P(a) ≥ P(b); {ordered}")
    if isinstance(rule, MaximalLottery):
        return Argument("γ(a, x) ≥ γ(b, x) orders the lifts of pairs at every weight, and an "
                        "inequality survives the limit", _EXACT)  # fmt: skip
    if _tilt(rule):
        return Argument("the values that tilt the reference are ordered as the raters order them")
    if _uniform_fit(rule):
        return Argument(
            "the fit solves Σ_x p(o, x) = Σ_x model(s_o − s_x); with s_a < s_b the right sides "
            "would be ordered the other way than the left sides, p(a, x) ≥ p(b, x)",
            lemmas=("fit",),
        )
    if isinstance(rule, Trained) and rule.plain and rule._kl:
        judge = "the same rater" if rule.per != "answer" else "the same rater for a and for b"
        return Argument(
            f"with {judge} and the same companions, the own reward of a is at least that of b, and "
            f"the advantage does not fall with it: P(a) ≥ P(b); {ordered}",
            "every weight, every reference, every stationary policy, G = "
            f"{rule.algorithm.group_size}",
            ("own-reward",),
        )
    if isinstance(rule, Borda | Copeland | Plurality):
        return Argument("the score of a is at least that of b, and winners have one lift", _EXACT)
    if isinstance(rule, RandomDictator):
        return Argument("whoever likes b best likes a best, and ties have one lift", _EXACT)
    if isinstance(rule, BestOf):
        return Argument("the lift of the best of n rises with the place in the order", _EXACT)
    return None


def condorcet_winner(rule: Rule) -> Argument | None:
    only = "a lottery that no answer beats on average is δ_a, for γ(a, π) > 0 for any other one"
    if isinstance(rule, MaximalLottery):
        return Argument(only, _EXACT)
    if _skew(rule):
        return Argument(
            "E P = 0 and the condition give P(o) ≤ β (1 − log min π_ref) for every o, so that each "
            f"limit point is maximal; {only}",
            "β → 0, every reference",
            ("skew",),
        )
    if isinstance(rule, Copeland):
        return Argument("it alone beats all others", _EXACT)
    return None


def condorcet_lift(rule: Rule) -> Argument | None:
    if isinstance(rule, Copeland | MaximalLottery):
        return Argument("it has all the mass", _EXACT)
    return None


def condorcet_loser(rule: Rule) -> Argument | None:
    if _skew(rule) and rule._reverse:  # type: ignore[attr-defined]
        return Argument("E P = 0 makes λ = 0, so π_ref/π = 1 − P/β, and P(a) < 0", lemmas=("skew",))
    if isinstance(rule, MaximalLottery):
        return Argument(
            "with π(a) > 0 complementarity asks for γ(a, π) = 0, so for "
            "π = δ_a, which every other answer beats",
            _EXACT,
        )
    if isinstance(rule, Borda | Copeland):
        return Argument("its score is negative, and scores sum to 0: another is higher", _EXACT)
    if isinstance(rule, ReferenceIPO):
        return Argument(
            "log Σ π_ref e^{v/β} ≥ Σ π_ref v/β = 1/(2β), for γ is antisymmetric, and v(a) < 1/2",
            lemmas=("jensen",),
        )
    return None


def anonymity(rule: Rule) -> Argument | None:
    return Argument("the rule sees sums over raters, weighted by mass", _scope(rule))


def neutrality(rule: Rule) -> Argument | None:
    return Argument(
        "no formula of the rule singles out an answer; ties are shared by the reference, and the "
        "path from the reference moves along",
        _scope(rule),
    )


def copies(rule: Rule) -> Argument | None:
    if _skew(rule):
        return Argument(
            "copies have one P, so they share in proportion to the reference, and their mass "
            "solves the condition of one answer, whose solution is unique",
            lemmas=("skew",),
        )
    if isinstance(rule, Trained) and rule.plain and rule._kl:
        return Argument(
            "copies have one P at every policy, so they share in proportion to the reference; "
            "stationary policies with and without the copy are one to one, and so are their paths"
        )
    if isinstance(rule, MaximalLottery):
        return Argument("the masses are those of pairs at every weight, also in the limit", _EXACT)
    if _tilt(rule):
        return Argument("the value of an answer does not change when another is split")
    if isinstance(rule, Plurality | BestOf | RandomDictator):
        return Argument("copies are best together, and share by the reference", _EXACT)
    return None


def clones(rule: Rule) -> Argument | None:
    if _skew(rule) and rule._reverse:  # type: ignore[attr-defined]
        return Argument(
            "margins to the outside are equal, and those inside cancel: π(C)(β − P_out) = "
            "β π_ref(C), the condition of one answer; the solution is unique",
            lemmas=("clone-mass", "skew"),
        )
    if isinstance(rule, MaximalLottery) and not rule.direct:
        return Argument("the mass of pairs under the reverse KL does not change at any weight, nor "
                        "in the limit", _EXACT, ("clone-mass",))  # fmt: skip
    if _by_rater(rule):
        return Argument("whether the rater's choice is a clone depends on comparisons with the "
                        "others alone", _EXACT)  # fmt: skip
    return None


def independence(rule: Rule) -> Argument | None:
    if isinstance(rule, MeanRLHF):
        return Argument("π(a)/π(b) is π_ref(a)/π_ref(b) times e^{(r(a) − r(b))/β}")
    return None


def monotonicity(rule: Rule) -> Argument | None:
    if _tilt(rule):
        return Argument("the own value rises, and no other one does", lemmas=("share",))
    if _uniform_fit(rule):
        return Argument(
            "raising p(a, x) moves the scores like potentials of a network into which current "
            "enters at a and leaves at x: none rises more than that of a; so does the limit of "
            "regularised fits where there is no maximum",
            lemmas=("fit", "share"),
        )
    if isinstance(rule, Borda | Copeland | Plurality):
        return Argument("its score does not fall and no other one rises", _EXACT)
    if isinstance(rule, BestOf | RandomDictator):
        return Argument("its place does not fall, for the rater or for the mean", _EXACT)
    return None


def ratio_monotonicity(rule: Rule) -> Argument | None:
    if _skew(rule):
        return Argument(
            "for two solutions Σ (π' − π)(P' − P) = d (π'(a) π(x) − π(a) π'(x)), and by the two "
            "conditions it is β Σ (π' − π)(d' − d), which is not negative",
            lemmas=("skew",),
        )
    if isinstance(rule, MaximalLottery):
        return Argument("π'(a) π(x) ≥ π(a) π'(x) holds for pairs at every weight, so in the limit",
                        _EXACT, ("skew",))  # fmt: skip
    found = monotonicity(rule)
    if found is None:
        return None
    return Argument(found.text + "; and x does not gain", found.scope, found.lemmas)


def participation(rule: Rule) -> Argument | None:
    if _by_rater(rule):
        return Argument("the lottery moves towards the one that the rater likes best", _EXACT)
    if isinstance(rule, BestOf):
        return Argument(
            "the means move towards the rater's rewards, so two answers change order in its favour "
            "only, and where they do, or tie, mass moves from the one to the other",
            _EXACT,
        )
    if isinstance(rule, Borda | Plurality):
        return Argument(
            "an answer that enters or stays among the winners gains at least as much from the "
            "rater as one that leaves, and gains follow its rewards",
            _EXACT,
        )
    return None


def merging(rule: Rule) -> Argument | None:
    if _skew(rule):
        return Argument("P is linear in the masses, so the conditions of both electorates add up, "
                        "and the solution is unique", lemmas=("linear", "skew"))  # fmt: skip
    if _tilt(rule):
        return Argument(
            "values that differ by a constant add up to such values", lemmas=("linear",)
        )
    if _uniform_fit(rule):
        return Argument(
            "one lottery means one vector of scores, at which both gradients vanish, and with them "
            "their sum; answers that lose to all others for certain do so together as well",
            lemmas=("linear", "fit"),
        )
    if isinstance(rule, Borda | Plurality):
        return Argument("one lottery means one set of winners, which has the highest sum", _EXACT)
    if _by_rater(rule):
        return Argument("the lottery is linear in the masses", _EXACT, ("linear",))
    if isinstance(rule, BestOf):
        return Argument(
            "one lottery means one order of the means, which the sum has as well", _EXACT
        )
    return None


def rescaling(rule: Rule) -> Argument | None:
    if _units_do_not_matter(rule):
        return Argument("a rater's comparisons, and its advantages, do not change", _scope(rule),
                        () if rule.sees_comparisons_only else ("units",))  # fmt: skip
    return None


def rankings(rule: Rule) -> Argument | None:
    if rule.sees_comparisons_only:
        return Argument("the rule sees comparisons only", _scope(rule))
    if isinstance(rule, Plurality) or _by_rater(rule):
        return Argument("the rule sees each rater's order only", _EXACT)
    return None


def proportionality(rule: Rule) -> Argument | None:
    if isinstance(rule, RandomDictator):
        return Argument("each rater's mass goes to the answer it prefers", _EXACT)
    return None


def continuity(rule: Rule) -> Argument | None:
    if not rule.weighted:
        return Argument("the lottery does not depend on the weight", _EXACT)
    if _skew(rule) or (isinstance(rule, Trained) and rule.pooled and rule._kl):
        return Argument(
            "margins, pooled or not, are antisymmetric: the solution is unique, stays inside the "
            "simplex, and the derivative of the condition there is regular",
            lemmas=("skew",),
        )
    if isinstance(rule, Trained) and rule.pooled_large:
        return Argument(
            "with τ = βσ the condition is π = π_ref τ/a, a = u − r̄, 1/τ = Σ π_ref/a: one policy "
            "for each u above the largest mean reward. σ²/τ² = (Σ π_ref a)(Σ π_ref/a) − 1 + "
            "(Σ π_ref/a)(Σ π_ref v/a), v the variances of the rewards, falls from ∞ to 0 as u "
            "rises, and it is 1/β²: one stationary policy at each weight, and it moves with it "
            "continuously (where all means are equal, it is the reference)",
            lemmas=("large-groups",),
        )
    if _tilt(rule) or isinstance(rule, BradleyTerryRLHF):
        return Argument("e^{v/β} is continuous in β")
    return None


def strategyproofness(rule: Rule) -> Argument | None:
    if _by_rater(rule):
        return Argument("what a rater says counts only when it is drawn, and then it gets the best",
                        _EXACT)  # fmt: skip
    return None
