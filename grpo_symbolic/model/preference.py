r"""The reward preference model: the expected advantage of an answer.

.. math:: P_G(o \mid \pi) = E[A_1 \mid o_1 = o,\; o_2, \dots, o_G \sim \pi]

Groups see rewards, not answers: P_G(o|π) averages, over the answer's own reward law, the
expected advantage V_G(r) of a reward level r whose G − 1 companions are drawn from the
policy's mixture of all laws. V_G is an exact finite expectation over the counts of levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sympy import (
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    oo,
    radsimp,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.display import legible, short
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.comparisons import comparisons
from grpo_symbolic.model.level_mean import LevelMean, Rule
from grpo_symbolic.model.level_values import WRITTEN_OUT, gaps, level_values, term_count
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.question import Question, simplex_ranges
from grpo_symbolic.replace import parts, replaced, sizes
from grpo_symbolic.reward import Gaussian, Law, finite_law, mean, mixture, order
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Report

# Beyond this many operations an expectation is not brought to factors.
_MAX_SHAPED = 60
# Nor beyond so many symbols and roots of numbers, where there are roots.
_MAX_GENERATORS = 9
# Answers beyond which what changes nothing is not shown answer by answer.
_MOST_ANSWERS = 6
# Nor where all of P has more nodes.
_MOST_NODES = 40_000
# Answers beyond which a finite group is not written out.
_MOST_WRITTEN = 24


@dataclass(frozen=True, repr=False)
class PreferenceModel(Sequence):
    """P(o|π) for every answer, with what is known of its shape; a sequence of expressions.

    Attributes
    ----------
    values : tuple of Expr
        P(o|π), one entry an answer.
    policy : tuple of Expr
        π(o), one entry an answer.
    domain : Domain
        The ranges of every symbol.
    weights, drift : tuple of Expr, Expr
        For two reward levels, P(o) − P(o') = (weights[o] − weights[o']) · drift, the weights
        being the probabilities of the higher reward. Empty and None otherwise.
    two_level, factor : TwoLevel, Expr
        The drift before it is multiplied by ``factor`` (one over the chance of a mixed group
        where others are dropped); None and 1 otherwise.
    parts : tuple of (Expr, PreferenceModel)
        Where one of several raters scores a group: the share and the preference of each, of
        which this one, before ``factor``, is the mean. Empty otherwise.
    """

    values: tuple[Expr, ...]
    policy: tuple[Expr, ...]
    domain: Domain
    weights: tuple[Expr, ...] = ()
    drift: Expr | None = None
    two_level: TwoLevel | None = None
    factor: Expr = S.One
    parts: tuple[tuple[Expr, PreferenceModel], ...] = ()
    rule: Any = field(default=None, compare=False)
    question: Question | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def __iter__(self) -> Iterator[Expr]:
        return iter(self.values)

    @cached_property
    def kept_by_name(self) -> bool:
        """Whether P stands by the name of a mean over more groups than are written out."""
        return any(isinstance(part, LevelMean) for part in parts(self.values))

    def difference(self, first: int, second: int) -> Expr:
        """P(first) − P(second)."""
        if self.drift is not None:
            return Mul((self.weights[first] - self.weights[second]).expand(), self.drift)
        return tidy(self.values[first] - self.values[second], self.domain)

    @property
    def expected(self) -> Expr:
        """E_{o~π} P(o|π): the reward preference model at the policy itself."""
        return expected_preference(self.values, self.policy)

    @cached_property
    def _long(self) -> bool:
        return len(self) > _MOST_ANSWERS or sum(sizes(self.values)) > _MOST_NODES

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Mean zero, invariance under shift and scale, equivariance under relabelling.

        The first two are those of advantages, which P is not where rewards are penalised before
        the baseline: it is the reward.
        """
        if self.rule is None or self.rule.advantage is None or self.question is None:
            return ()
        advantage = self.rule.advantage
        found: tuple[Claim, ...] = ()
        if advantage.zero_sum and not self.rule.penalised_before_baseline:
            found = self._mean_zero(self.rule)
        if self.kept_by_name or self._long:
            return found
        return (*found, *self._invariances(self.rule, self.question))

    def _mean_zero(self, rule: Any) -> tuple[Claim, ...]:
        """E P = 0; of many answers for each rater who scores whole groups, one by one."""
        if not self.parts or not self._long:
            return _mean_zero(self, rule, "mean zero: E P = 0")
        pairs = zip(self.parts, self.question.mixture, strict=True)  # type: ignore[union-attr]
        claims = (
            _mean_zero(replace(model, question=rater), rule, f"mean zero, rater {number}: E P = 0")
            for number, ((_, model), (_, rater)) in enumerate(pairs, start=1)
            if any(value != 0 for value in model)
        )
        return tuple(claim for found in claims for claim in found)

    def _invariances(self, rule: Any, question: Question) -> Iterator[Claim]:
        moves = question.raters or (
            question.reward_laws and not any(isinstance(w, Gaussian) for w in question.laws)
        )
        if moves and not rule.penalised_before_baseline:
            shift, scale = Symbol("c", real=True), Symbol("k", positive=True)
            images = []
            if rule.advantage.shift_invariant:
                images.append(("adding a constant to all rewards", Integer(1), shift))
            if rule.advantage.scale_invariant:
                images.append(("scaling all rewards", scale, Integer(0)))
            for name, by, plus in images:
                moved = self._of(rule, question.rescaled(by, plus))
                for answer, before, after in zip(question.answers, self, moved, strict=True):
                    yield Claim(
                        f"P({answer}) does not change by {name}",
                        _opaque(after),
                        "==",
                        _opaque(before),
                        self.domain,
                    )
        places = tuple(range(len(self)))[::-1]
        turned = self._of(rule, question.permuted(places))
        renamed = dict(zip(self.policy[:-1], (self.policy[o] for o in places), strict=False))
        for answer, place in enumerate(places):
            yield Claim(
                f"P({question.answers[place]}) goes with its answer when labels are exchanged",
                _opaque(turned[answer].xreplace(renamed)),
                "==",
                _opaque(self[place]),
                self.domain,
            )

    def _of(self, rule: Any, question: Question) -> tuple[Expr, ...]:
        """The preference of another question, in this one's policy."""
        policy = ((symbols.policy(o), p) for o, p in enumerate(self.policy[:-1], start=1))
        renamed = {s: p for s, p in policy if s != p}
        found = tuple(rule.preference(question))
        return tuple(v.xreplace(renamed) for v in found) if renamed else found

    @property
    def _answers(self) -> tuple[str, ...]:
        """What the answers are called."""
        if self.question is not None:
            return self.question.answers
        return tuple(str(o) for o in range(1, len(self) + 1))

    def verify(self) -> Report:
        """A verdict for each of the :attr:`claims`."""
        from grpo_symbolic.verify.methods import prove_all

        return prove_all(self.claims)

    def __str__(self) -> str:
        return "\n".join(f"P({a}) = {v}" for a, v in zip(self._answers, self, strict=True))

    def __repr__(self) -> str:
        pairs = list(zip(self._answers, self, strict=True))
        shown = [f"P({a}) = {short(v, 100)}" for a, v in pairs[:3]]
        more = [f"and {len(self) - 3} more"] if len(self) > 3 else []
        return f"PreferenceModel({'; '.join(shown + more)})"

    def _repr_latex_(self) -> str | None:
        if not legible(*self.values):
            return None
        lines = r" \\ ".join(
            rf"P({answer} \mid \pi) &= {formula(value)}"
            for answer, value in zip(self._answers, self, strict=True)
        )
        return rf"$\begin{{aligned}} {lines} \end{{aligned}}$"


def _mean_zero(model: PreferenceModel, rule: Any, name: str) -> tuple[Claim, ...]:
    """E P = 0; of many answers in the masses of those that have one law of rewards.

    Of more laws than levels in the chances of the levels r: E P is the mean of V(r). Nothing
    is known of a name but what it stands for.
    """
    question = model.question
    laws = () if question is None else question.reward_laws
    listed = laws and not any(isinstance(law, Gaussian) for law in laws)
    if len(model) <= _MOST_ANSWERS:
        pass
    elif listed and 1 < len(question.levels) < len(question.classes):
        name += ", pi(k) the chance of the k-th reward"
        levels = Question(rewards=question.levels, domain=question.declared)
        model = rule.preference(levels)
    elif len(question.classes) < len(model):
        name += ", pi(k) the mass of the answers of the k-th reward"
        model = rule.preference(question.lumped())
    if model.kept_by_name:
        return ()
    return (Claim(name, _opaque(model.expected), "==", Integer(0), model.domain),)


def _opaque(expr: Expr) -> Expr:
    """Sums over a group as symbols: identities in them need no look inside.

    Means of small groups are written out: one argument may have them by name, another in full.
    Numbers such as 1/(√2 + 1) are √2 − 1, of which there is one form.
    """
    means = [h for h in parts((expr,)) if isinstance(h, BernsteinMean)]
    small = {h: h.doit() for h in means if h.size.is_Integer and h.size <= 5}
    expr = expr.xreplace(small)
    met = list(parts((expr,)))
    names = sorted((s for s in met if isinstance(s, Sum)), key=str)
    opaque = {s: Symbol(f"S_{i}", real=True) for i, s in enumerate(names)}
    inverse = (p for p in met if isinstance(p, Pow) and p.exp == -1 and p.base.is_Add)
    plain = {p: radsimp(p) for p in inverse if p.is_number}
    return replaced([expr], {**plain, **opaque})[0]  # type: ignore[dict-item]


def group_preference(advantage: Advantage, question: Question, size: Expr) -> PreferenceModel:
    """P_G(o|π) for every answer: an exact finite expectation, or its large-group limit.

    Raises
    ------
    ValueError
        When the question does not define what the advantage needs, or when the expectation
        has too many terms to be written out.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (6) and the two cases after it.
    """
    policy = question.policy
    domain = Domain((*question.declared.ranges, *question.policy_domain.ranges))
    if question.raters:
        return _over_raters(advantage, question, size, domain)
    gaussian = any(isinstance(law, Gaussian) for law in question.reward_laws)
    if advantage.linear and question.reward_laws and (gaussian or len(policy) > _MOST_ANSWERS):
        # Nothing but the means of the answers is seen.
        means = tuple(map(mean, question.laws))
        of_answers = tuple(zip(means, policy, strict=True))
        values = (advantage.expected(m, of_answers, size, domain) for m in means)
        return _model(question, tuple(values), domain)  # type: ignore[arg-type]
    if question.margins or (gaussian and size == 2):
        return _model(question, comparisons(advantage, question, size), domain)
    laws = tuple(map(moment_matched, question.laws)) if size == oo else question.finite_laws
    if gaussian and not advantage.sees_moments:
        raise ValueError(
            f"under the rule {advantage} a large group sees more of Gaussian rewards than their "
            "mean and variance: give samples (Question.from_samples), or finitely supported laws"
        )
    levels = tuple(dict.fromkeys(reward for law in laws for reward, _ in law))
    if len(levels) == 1:
        return _model(question, (Integer(0),) * len(policy), domain)
    if len(levels) == 2 and not gaussian:
        return _on_two_levels(advantage, question, size, domain)
    # In gaps of the declared order every scale is a sum of positive terms.
    forth, back = gaps(question.declared)
    shown = {r: r.xreplace(forth) for r in levels}
    population = mixture(laws, policy)
    short = len(policy) <= _MOST_WRITTEN and size.is_Integer
    written = size == oo or (short and term_count(advantage, len(levels), size) <= WRITTEN_OUT)
    if not written:
        by_name = level_means(advantage, question, size)
        values = tuple(Add(*(w * by_name[r] for r, w in law)) for law in laws)
        return _model(question, values, domain)
    named: dict[Expr, Expr] = {}
    if size == oo:
        if len(population) < len(policy):
            population, named = _by_mass(population)
            domain = Domain((*question.declared.ranges, *simplex_ranges(tuple(named))))
        law = tuple((shown[r], w) for r, w in population)
        if gaussian:  # in the own reward the advantage is affine
            laws = tuple(((mean(each), Integer(1)),) for each in laws)
        own = dict.fromkeys(reward for each in laws for reward, _ in each)
        value = {r: advantage(r.xreplace(forth), law, size, domain) for r in own}
    else:
        value = level_values(advantage, shown, dict(population), size, domain)
    found = {law: Add(*(w * value[r] for r, w in law)) for law in laws}
    few = len(policy) <= _MOST_WRITTEN
    shaped = [_shaped(v, domain) if few else v for v in found.values()]
    neat = dict(zip(found, replaced(shaped, {**back, **named}), strict=True))
    whole = Domain((*question.declared.ranges, *question.policy_domain.ranges))
    return _model(question, tuple(neat[law] for law in laws), whole)


def _by_mass(population: Law) -> tuple[Law, dict[Expr, Expr]]:
    """A law whose masses are names, and what these stand for.

    What a group feels is worked out in as many masses as there are levels, not answers.
    """
    *first, (last, _) = population
    named = {Dummy(f"q_{k}", positive=True): mass for k, (_, mass) in enumerate(first)}
    law = tuple((r, q) for (r, _), q in zip(first, named, strict=True))
    return (*law, (last, 1 - Add(*named))), dict(named)


def _shaped(value: Expr, domain: Domain) -> Expr:
    """Small expectations in factors; larger ones stay the sum over the group that they are."""
    roots = [p for p in value.atoms(Pow) if p.is_number and p.exp.is_Rational and p.exp.q > 1]
    many = roots and len(value.free_symbols) + len(roots) > _MAX_GENERATORS
    if many or value.count_ops() > _MAX_SHAPED:
        return value
    return tidy(value, domain.extended(value))


def _model(question: Question, values: tuple[Expr, ...], domain: Domain) -> PreferenceModel:
    return PreferenceModel(values, question.policy, domain.extended(*values), question=question)


def _over_raters(
    advantage: Advantage, question: Question, size: Expr, domain: Domain
) -> PreferenceModel:
    """One rater scores a whole group: the mean of the raters' preferences."""
    models = tuple(
        (share, group_preference(advantage, rater, size)) for share, rater in question.mixture
    )
    rows = (
        [share * value for value in _named(model, number)]
        for number, (share, model) in enumerate(models, start=1)
    )
    values = tuple(Add(*column) for column in zip(*rows, strict=True))
    few = len(values) <= _MOST_ANSWERS
    shaped = tuple(_shaped(value, domain) if few else value for value in values)
    return replace(_model(question, shaped, domain), parts=models)


def _named(model: PreferenceModel, rater: int) -> list[Expr]:
    """With the rater's number in the names of its means, which are over its own rewards."""
    met = (part for part in parts(model.values) if isinstance(part, LevelMean))
    return replaced(model.values, {found: found.of_rater(rater) for found in met})


def moment_matched(law: Law | Gaussian) -> Law:
    """A finite law of the same mean and variance: all that a large group sees of a Gaussian."""
    if not isinstance(law, Gaussian):
        return law
    half = Rational(1, 2)
    return finite_law(((law.mean + law.std, half), (law.mean - law.std, half)))


def _on_two_levels(
    advantage: Advantage, question: Question, size: Expr, domain: Domain
) -> PreferenceModel:
    levels = question.levels
    high, low = levels if order(*levels, domain) > 0 else levels[::-1]
    rates = tuple(row[levels.index(high)] for row in question.emission)
    m = Add(*(rate * w for rate, w in zip(rates, question.policy, strict=True))).expand()
    model = TwoLevel(advantage, size, high, low, question.declared)
    forth, back = gaps(question.declared)
    shown = replace(model, high=high.xreplace(forth), low=low.xreplace(forth))
    if shown.zero_sum:
        drift = shown.drift(m).xreplace(back)
        values = tuple(Mul((rate - m).expand(), drift) for rate in rates)
    else:
        above, below = (value.xreplace(back) for value in shown.values(m))
        drift = shown.drift(m).xreplace(back)
        values = tuple(_shaped(rate * above + (1 - rate) * below, domain) for rate in rates)
    ranges = domain.extended(*values, *rates)
    return PreferenceModel(values, question.policy, ranges, rates, drift, model, question=question)


def level_means(advantage: Advantage, question: Question, size: Expr) -> dict[Expr, Expr]:
    """V_G of every level: short for rules that have such a form, else by name."""
    law = question.population(question.policy)
    population, domain = dict(law), question.declared
    short = {r: advantage.expected(r, law, size, domain) for r in population}
    if None not in short.values():
        return short  # type: ignore[return-value]
    levels, masses = Tuple(*population), Tuple(*population.values())
    rule = Rule(advantage, question.declared)
    return {r: LevelMean(r, size, levels, masses, rule) for r in population}


def expected_preference(preferences: Sequence[Expr], policy: Sequence[Expr]) -> Expr:
    """E_{o~π} P(o): the reward preference model R at a policy."""
    return Add(*(p * w for p, w in zip(preferences, policy, strict=True)))
