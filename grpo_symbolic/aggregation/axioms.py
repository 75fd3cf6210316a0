"""Axioms: what one may ask of a rule, as formal statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sympy import oo

from grpo_symbolic.aggregation import arguments, cases
from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.cases import Case, Profile
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.display import math, prose, record


@dataclass(frozen=True)
class Axiom:
    """A property of rules.

    Source: new in this form, for lotteries beside a reference; the title is social choice's. Lifts
    and masses have no unit.

    Attributes
    ----------
    name : str
    title : str
    statement : str
        For every electorate, every reference policy and every weight, unless it says otherwise.
        A lift is π(o)/π_ref(o); γ are the margins.
    formal : str
        The same in TeX: π is the lottery of the electorate, π′ that of the changed one.
    cases : callable
        From a small profile and the largest reward of a change to what the axiom says: what a
        search goes through.
    argue : callable
        From a rule to the reason why it satisfies the axiom, or None.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.axiom("pareto").statement)
    where no rater rewards b more than a, the lift of a is at least that of b
    """

    name: str
    title: str
    statement: str
    formal: str
    cases: Callable[[Profile, int], Iterator[Case]] = field(repr=False)
    argue: Callable[[Rule], Argument | None] = field(repr=False)
    #: Whether it is about one rater, who joins or says something else.
    one_rater: bool = False
    #: Why electorates of fewer answers or raters cannot break it, at any weight.
    needs: str = ""

    def argument(self, rule: Rule) -> Argument | None:
        """Why the rule satisfies the axiom; None where no argument is known."""
        size = rule.algorithm.group_size if isinstance(rule, Trained) else None
        return self.argue(rule) if size in (None, oo) or size.is_Integer else None

    def __str__(self) -> str:
        return f"{self.title}: {self.statement}"

    def _repr_html_(self) -> str:
        rows = [("states", prose(self.statement)), ("formally", math(self.formal))]
        return record(f"{self.title} ({self.name})", rows)


def _lift(answer: str) -> str:
    return rf"\frac{{\pi({answer})}}{{\pi_{{\mathrm{{ref}}}}({answer})}}"


AXIOMS: dict[str, Axiom] = {
    found.name: found
    for found in (
        Axiom(
            "pareto",
            "Pareto",
            "where no rater rewards b more than a, the lift of a is at least that of b",
            r"\forall j\; r_j(a) \ge r_j(b) \;\Rightarrow\; " + _lift("a") + r" \ge " + _lift("b"),
            cases.pareto,
            arguments.pareto,
        ),
        Axiom(
            "condorcet-winner",
            "Condorcet winner",
            "an answer that beats every other one has all the mass in the limit of small weights",
            r"\gamma(a,x) > 0 \;\forall x \ne a \;\Rightarrow\; \lim_{\beta \to 0} \pi(a) = 1",
            cases.condorcet_winner,
            arguments.condorcet_winner,
        ),
        Axiom(
            "condorcet-lift",
            "Condorcet winner, largest lift",
            "an answer that beats every other one has the largest lift",
            r"\gamma(a,x) > 0 \;\forall x \ne a \;\Rightarrow\; "
            + _lift("a")
            + r" \ge "
            + _lift("x"),
            cases.condorcet_lift,
            arguments.condorcet_lift,
        ),
        Axiom(
            "condorcet-loser",
            "Condorcet loser",
            "an answer that is beaten by every other one never gains",
            r"\gamma(a,x) < 0 \;\forall x \ne a \;\Rightarrow\; \pi(a) \le \pi_{\mathrm{ref}}(a)",
            cases.condorcet_loser,
            arguments.condorcet_loser,
        ),
        Axiom(
            "anonymity",
            "Anonymity",
            "the lottery depends on how much mass says what, not on who says it",
            r"\pi[(m_j, r_j)_j] = \pi[(m_{\sigma j}, r_{\sigma j})_j]",
            cases.anonymity,
            arguments.anonymity,
        ),
        Axiom(
            "neutrality",
            "Neutrality",
            "where the answers are renamed, with the reference, so is the lottery",
            r"\pi[r \circ \sigma, \pi_{\mathrm{ref}} \circ \sigma] = "
            r"\pi[r, \pi_{\mathrm{ref}}] \circ \sigma",
            cases.neutrality,
            arguments.neutrality,
        ),
        Axiom(
            "copies",
            "Copies",
            "an answer that is split into exact copies, which share its reference, has the same "
            "mass in all, and every other answer keeps its own",
            r"r(c') = r(c), \; \pi'_{\mathrm{ref}}(c) + \pi'_{\mathrm{ref}}(c') = "
            r"\pi_{\mathrm{ref}}(c) \;\Rightarrow\; \pi'(c) + \pi'(c') = \pi(c)",
            cases.copies,
            arguments.copies,
        ),
        Axiom(
            "clones",
            "Clones",
            "where every rater ranks two answers next to each other and ties neither with a third, "
            "deleting one of them, its reference given to the other, changes no mass outside",
            r"C = \{c, c'\} \text{ clones},\; x \notin C \;\Rightarrow\; \pi'(x) = \pi(x)",
            cases.clones,
            arguments.clones,
        ),
        Axiom(
            "independence",
            "Independence of third answers",
            "the ratio of two answers' masses does not depend on what raters say of a third",
            r"r'_j = r_j \text{ on } \{a,b\} \;\Rightarrow\; "
            r"\frac{\pi'(a)}{\pi'(b)} = \frac{\pi(a)}{\pi(b)}",
            cases.independence,
            arguments.independence,
            one_rater=True,
            needs="two answers have no third",
        ),
        Axiom(
            "monotonicity",
            "Monotonicity",
            "an answer that one rater rewards more, all else equal, does not lose mass",
            r"r'_j(a) > r_j(a) \;\Rightarrow\; \pi'(a) \ge \pi(a)",
            cases.monotonicity,
            arguments.monotonicity,
            one_rater=True,
        ),
        Axiom(
            "ratio-monotonicity",
            "Monotonicity of the ratio",
            "where one rater raises a past x, and past no other answer, the ratio of a to x does "
            "not fall",
            r"\pi'(a)\,\pi(x) \ge \pi(a)\,\pi'(x)",
            cases.ratio_monotonicity,
            arguments.ratio_monotonicity,
            one_rater=True,
        ),
        Axiom(
            "participation",
            "Participation",
            "a rater who joins does not lower its own expected reward",
            r"\sum_o \pi'(o)\, r_j(o) \ge \sum_o \pi(o)\, r_j(o)",
            cases.participation,
            arguments.participation,
            one_rater=True,
            needs="one rater alone joins nobody",
        ),
        Axiom(
            "merging",
            "Merging",
            "two electorates with the same lottery have it together as well",
            r"\pi[E] = \pi[E'] \;\Rightarrow\; \pi[E + E'] = \pi[E]",
            cases.merging,
            arguments.merging,
            needs="one rater alone is not two electorates",
        ),
        Axiom(
            "rescaling",
            "Rescaling",
            "a rater's rewards may be multiplied by a positive number and shifted",
            r"\pi[\dots, k r_j + c, \dots] = \pi[\dots, r_j, \dots], \quad k > 0",
            cases.rescaling,
            arguments.rescaling,
            one_rater=True,
        ),
        Axiom(
            "rankings",
            "Only rankings matter",
            "raters with the same rankings count the same",
            r"r'_j(a) > r'_j(b) \Leftrightarrow r_j(a) > r_j(b) \;\Rightarrow\; \pi' = \pi",
            cases.rankings,
            arguments.rankings,
            one_rater=True,
        ),
        Axiom(
            "proportionality",
            "Proportionality",
            "of two answers with equal reference that nobody ties, each has the mass of those who "
            "prefer it",
            r"\pi_{\mathrm{ref}} = (\tfrac12, \tfrac12),\; r_j(a) \ne r_j(b) \;\forall j "
            r"\;\Rightarrow\; "
            r"\pi(a) = \sum_{j:\, r_j(a) > r_j(b)} m_j",
            cases.proportionality,
            arguments.proportionality,
        ),
        Axiom(
            "continuity",
            "Continuity",
            "the lottery is a continuous function of the weight",
            r"\beta \mapsto \pi \in C^0(0, \infty)",
            cases.continuity,
            arguments.continuity,
        ),
        Axiom(
            "strategyproofness",
            "Strategyproofness",
            "no rater raises its own expected reward by saying something else",
            r"\sum_o \pi(o)\, r_j(o) \ge \sum_o \pi'(o)\, r_j(o)",
            cases.strategyproofness,
            arguments.strategyproofness,
            one_rater=True,
        ),
    )
}


def axiom(name: str | Axiom) -> Axiom:
    """An axiom by name.

    Source: new, as for :class:`Axiom`.

    Raises
    ------
    ValueError
        For a name that is none.

    Examples
    --------
    >>> print(axiom("condorcet-loser"))
    Condorcet loser: an answer that is beaten by every other one never gains
    """
    if isinstance(name, Axiom):
        return name
    if name not in AXIOMS:
        raise ValueError(f"axiom must be one of {', '.join(AXIOMS)}, got {name!r}")
    return AXIOMS[name]
