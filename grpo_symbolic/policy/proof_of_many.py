r"""What a theorem on many answers shows, its derivation, and its proof as passages of prose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sympy import Add, Eq, Expr, Function, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.display import short
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.shown import LINES, Shown, by_every_answer
from grpo_symbolic.export.assumptions import listed, ranges
from grpo_symbolic.export.exhibit import Passage, prose_tex
from grpo_symbolic.export.latex import Line, Written, formula
from grpo_symbolic.levels.form import level_form
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.level_mean import LevelMean, Rule
from grpo_symbolic.model.level_values import WRITTEN_OUT
from grpo_symbolic.policy.proof import condition_of_answers, penalty_of_answers
from grpo_symbolic.policy.rank_distortion import RankDistortion
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian
from grpo_symbolic.solve.ranks import telescoped
from grpo_symbolic.stationarity import stationarity_condition
from grpo_symbolic.verify.claim import Claim

if TYPE_CHECKING:
    from grpo_symbolic.analysis.count import Count

_EVERY = r"\quad\text{for every answer } o"
_INSERTED = (
    r"Inserted in \eqref{@condition}, these are the equations of the theorem, with the multiplier "
    r"as one more unknown and $\sum_o \pi(o) = 1$ as one more equation."
)
_P, _D = r"P(o \mid \pi)", "d(o)"
# Rows that are listed, of conditions that are alike but for the reward.
_LISTED = 12
# Ranks whose conditions are checked one by one: those of the n-th have all masses up to it.
_EACH = 5


class Conditioned(Protocol):
    """A stationary policy of many answers, as far as its proof looks at it."""

    algorithm: Algorithm
    question: Question

    @property
    def domain(self) -> Domain: ...
    @property
    def distortion(self) -> RankDistortion | None: ...
    @property
    def expressions(self) -> tuple[Expr, ...] | None: ...
    @property
    def count(self) -> Count: ...


def multiplier_vanishes(algorithm: Algorithm) -> Expr | None:
    """c where d(u) = c (1 − u) and advantages add up to zero: then λ = 0. Else None."""
    rule = algorithm.advantage
    if rule is None or not rule.zero_sum or algorithm.mixed_only:
        return None
    if algorithm.penalty.before_baseline:
        return None
    return algorithm.penalty.line_through_one


def given_of_many(policy: Conditioned) -> str:
    """The ranges of the parameters, and positive reference probabilities."""
    masses = (*policy.question.policy, *policy.question.reference)
    own = set().union(*(e.free_symbols for e in masses))
    rest = Domain(tuple(r for r in policy.domain.ranges if r.symbol not in own))
    stated = {r.symbol for r in policy.question.declared.ranges}  # in the setting
    rest = Domain(tuple(r for r in rest.ranges if r.symbol not in stated))
    return listed([*(f"${r}$" for r in ranges(rest)), "positive reference probabilities"])


# -- ranks ---------------------------------------------------------------------------------------


def ranked_shown(found: RankDistortion) -> Shown:
    """π(o) as differences of φ at cumulative reference masses, and φ."""
    phi, answers = Function("varphi"), range(1, len(found.question) + 1)
    shown = found.by_rank(phi, [symbols.reference(o) for o in answers])
    lines = tuple(
        Eq(symbols.policy(o), e, evaluate=False) for o, e in zip(answers, shown, strict=True)
    )
    x = symbols.x
    curve = found.closed.expression.subs(symbols.pi_ref, x)
    return Shown(lines, (Eq(phi(x), curve, evaluate=False),))


# -- the proof -----------------------------------------------------------------------------------


def proof_of_many(policy: Conditioned, shown: Shown) -> tuple[Passage, ...]:
    """The passages, in the default notation."""
    algorithm, question = policy.algorithm, policy.question
    beta = formula(algorithm.beta)
    condition = Written(rf"{_P} - {beta}\, {_D}", rf"\lambda {_EVERY}")
    opening = Passage(
        condition_of_answers(algorithm)
        + r" On the simplex, where $\sum_o \pi(o) = 1$, a policy with positive probabilities is "
        r"stationary if and only if these derivatives are one number $\lambda$, the multiplier of "
        r"the constraint \cite[(11)]{vojnovic2025}:",
        (("condition", condition),),
    )
    penalty = penalty_of_answers(algorithm.penalty)
    if policy.distortion is not None:
        return (opening, Passage(f"{penalty}."), *_by_rank(policy, policy.distortion, shown))
    values = _by_values(algorithm, question, shown)
    return (opening, Passage(f"{penalty}."), *values, *_number(policy))


def _by_values(algorithm: Algorithm, question: Question, shown: Shown) -> tuple[Passage, ...]:
    value = by_every_answer(algorithm, question)
    if value is None:
        return (Passage(f"The expectations are those of the theorem. {_INSERTED}"),)
    size = algorithm.group_size
    if len(question.levels) == 2:
        text = (
            r"Let $m$ be the probability that an answer drawn from $\pi$ has the higher of the two "
            r"rewards. Given the own reward, the expected advantage depends on $m$ alone, and "
            r"advantages add up to zero over the group, so that its values for the higher and the "
            r"lower reward have the difference $h(m)/(m(1-m))$ with the mean $h$ of the theorem "
            r"over the group, and the $\pi$-mean $0$. Weighted with the probabilities of both "
            r"rewards they give"
        )
    else:
        text = (
            rf"The reward of an answer is known, so that its advantage depends on the answer "
            rf"through this reward alone. With $V_{{{formula(S(size))}}}(r_1)$ for the mean of the "
            r"advantage of a reward $r_1$ over the other answers of its group, which are drawn "
            r"independently from $\pi$" + (", in the limit of large groups," if size == oo else ",")
        )
    line = ("values", Written(_P, formula(value)))
    return (Passage(text, (line,)), _multiplier(algorithm, shown))


def _multiplier(algorithm: Algorithm, shown: Shown) -> Passage:
    if multiplier_vanishes(algorithm) is None:
        return Passage(_INSERTED, (("equation", shown.formulas[0]),))
    return Passage(
        r"Multiply \eqref{@condition} by $\pi(o)$ and add up. The advantages of a group add up to "
        r"zero, so that $\sum_o \pi(o) P(o \mid \pi) = 0$; and $\sum_o \pi(o)\, d(o)$ is a "
        r"multiple of $\sum_o (\pi(o) - \pi_{\mathrm{ref}}(o)) = 0$. Hence $\lambda = 0$, and with "
        r"\eqref{@values} the condition, multiplied by $\pi(o) > 0$, is",
        (("equation", shown.formulas[0]),),
    )


def _number(policy: Conditioned) -> tuple[Passage, ...]:
    """That the steps can be reversed, and why there is one solution where that is known."""
    back = r"Divided by $\pi(o)$ again it gives \eqref{@condition}, with $\lambda = 0$. "
    back *= multiplier_vanishes(policy.algorithm) is not None
    if not one_policy(policy):
        return (Passage(back.strip()),) if back else ()
    why = prose_tex(policy.count.reason)
    if policy.count.claims:
        return (Passage(f"{back}There is exactly one such policy: {why}."),)
    return (
        Passage(
            rf"{back}There is exactly one such policy. By \eqref{{@equation}} a policy is "
            "stationary for one reference alone, which it is mapped to here. In the masses of the "
            rf"levels and in ${formula(policy.algorithm.beta)}$ less the largest expected "
            rf"advantage, which is positive, {why}: as the weight rises to $\infty$ the map "
            "becomes the identity, and no solution comes near a face of the simplex."
        ),
    )


def one_policy(policy: Conditioned) -> bool:
    """Whether one solution is proved for equations that stand without a closed form."""
    solved = policy.expressions is not None
    return not solved and len(policy.question.classes) > 2 and policy.count.unique


def _by_rank(policy: Conditioned, found: RankDistortion, shown: Shown) -> tuple[Passage, ...]:
    lumped = found.question.lumped().permuted(found.ranked)
    telescope = telescoped(stationarity_condition(policy.algorithm, lumped))
    assert telescope is not None
    mass, level = Symbol("F"), Symbol("R")
    names = {symbols.pi: mass, symbols.pi_ref: level}
    domain = Domain((*telescope[2].ranges, Range(symbols.pi, S.Zero, S.One)))
    left, right = (tidy(side, domain) for side in telescope[1].args)
    equation = Eq(left.subs(names), right.subs(names), evaluate=False)
    ends = (tidy(telescope[0].eval(end), domain) for end in (symbols.pi_ref, 1))
    low, high = (formula(value.subs(names)) for value in ends)
    head = (
        r"Order the answers from the most to the least rewarding, and let $F$ and $R$ be the "
        r"probabilities of the answers up to one rank under $\pi$ and under $\pi_{\mathrm{ref}}$. "
        r"In a group of two, answers of equal reward have the advantage $0$, and of two others the "
        r"better one has what the worse one loses. Multiplied by $\pi(o)$ and added up over the "
        r"answers up to this rank, the comparisons among them cancel in \eqref{@condition}, and "
        r"those with the others remain; over all answers they give $\lambda = 0$. Hence, for "
        r"every rank,"
    )
    values: tuple[tuple[str, Line], ...] = (
        ("", Written("q(R)", f"{low} < 0")),
        ("", Written("q(1)", f"{high} > 0")),
    )
    branch = (
        r"The difference of its sides is a polynomial $q(F)$ of degree two with a positive leading "
        r"coefficient, and"
    )
    end = (
        r"so that its larger root $F = \varphi(R)$ is the only one in $(R, 1)$; up to $R$ the left "
        r"side of \eqref{@rank} is not positive and the right side is. The probability of a rank "
        r"is the difference of $\varphi$ at two levels, and answers of one rank share it as they "
        r"do in the reference, since \eqref{@condition} is the same for them."
    )
    return Passage(head, (("rank", equation),)), Passage(branch, values), Passage(end)


# -- the derivation ------------------------------------------------------------------------------


def derivation_of_many(policy: Any) -> Derivation:
    """The condition of every answer, then the closed forms, or the masses of levels."""
    found = Derivation(f"Stationary policy of {len(policy.question)} answers", policy.domain)
    kinds, named = _named(policy), _in_large_groups(policy)
    listed = zip(policy.question.answers, policy.equations, strict=True)
    for place, (answer, equation) in enumerate(listed):
        if not kinds or place in kinds:
            reason = f"the condition of answer {answer}{kinds.get(place, '')}"
            found = found.then(named.get(place, equation), reason)
    if policy.condition.preference.kept_by_name:
        return _reduced(policy, found)
    if policy.expressions is None:
        return found
    reason = "the binary solution on the reference masses of all ranks up to this one"
    checks = checks_of_many(policy)
    for name, value, check in zip(policy.names, policy.expressions, checks, strict=True):
        found = found.then(Eq(name, value, evaluate=False), reason, check)
    return found


def checks_of_many(policy: Any) -> tuple[Claim, ...]:
    """The condition of every answer at the closed form; of many ranks, added up from the best."""
    distortion = policy.distortion
    if distortion is not None and len(distortion.ranked) > _EACH:
        left, right = (
            side.subs(symbols.pi, distortion.closed.expression) for side in distortion.equation.args
        )
        name = "the conditions of the answers down to a rank, added up, hold at the solution"
        check = Claim(name, left, "==", right, Domain.of(symbols.pi_ref).extended(left, right))
        return (check,) * len(policy.question)
    solved = dict(zip(policy.unknowns, policy.expressions or (), strict=False))
    condition, found = policy.condition, []
    parts = list(zip(condition.policy, condition.preference, condition.pulls, strict=True))
    # The multiplier by itself, where its terms cancel: each gradient would have all of them.
    multiplier = Add(*(w * p - condition.beta * pull for w, p, pull in parts)).expand()
    for answer, (w, p, pull) in zip(policy.question.answers, parts, strict=True):
        name = f"the gradient of answer {answer} vanishes at the solution"
        climb = w * (p.expand() - multiplier) - condition.beta * pull
        value = climb.subs(solved, simultaneous=True)
        found.append(Claim(name, value, "==", S.Zero, policy.parameters))
    return tuple(found)


def rows_by_name(policy: Any) -> list[str]:
    """One condition for each reward law, in V_G(r); none where they are written out."""
    if len(policy.question.classes) < 2:
        return []
    if large := _in_large_groups(policy):
        return _rows_in_large_groups(policy, large)
    form = level_form(policy.algorithm, policy.question.lumped(), {})
    if form is None or form.terms <= WRITTEN_OUT or form.dropped:
        return []
    algorithm, rows = policy.algorithm, []
    classes, laws = policy.question.classes, policy.question.finite_laws
    rest = " + lambda" if multiplier_vanishes(algorithm) is None else ""
    for members in classes[:_LISTED]:
        answer, more = members[0] + 1, len(members) - 1
        ratio = Symbol(f"pi_ref({answer})") / Symbol(f"pi({answer})")
        value = Add(*(w * Symbol(f"V_{form.size}({r})") for r, w in laws[members[0]]))
        force = algorithm.beta * algorithm.penalty.marginal().subs(symbols.u, ratio)
        also = f"   (and {more} more of its rewards)" if more else ""
        rows.append(f"{sstr(value)} = {sstr(force)}{rest}{also}")
    if len(classes) > _LISTED:
        rows.append(f"and {len(classes) - _LISTED} more")
    return [*rows, f"V_{form.size}(r) = E[{form.rule}], the others' rewards drawn under pi"]


def first_rows(equations: Sequence[Eq]) -> list[str]:
    """The equations in short, and how many more there are."""
    more = len(equations) - LINES
    return [*(short(e) for e in equations[:LINES]), *([f"and {more} more"] if more > 0 else [])]


def _in_large_groups(policy: Any) -> dict[int, Eq]:
    """Of many answers in large groups, one condition for each reward law, in V_oo(r).

    In the own reward the advantage is affine where rewards are Gaussian.
    """
    algorithm, question = policy.algorithm, policy.question
    rule, preference = algorithm.advantage, policy.condition.preference
    if algorithm.group_size != oo or len(question) <= LINES or not question.reward_laws:
        return {}
    if rule is None or algorithm.mixed_only or algorithm.penalty.before_baseline:
        return {}
    if preference.two_level is not None or len(question.classes) < 2:
        return {}
    named, found = Rule(rule, question.declared), {}
    for place, *_ in question.classes[:LINES]:
        law = question.laws[place]
        law = ((law.mean, S.One),) if isinstance(law, Gaussian) else law
        value = Add(*(w * LevelMean(r, oo, (), (), named) for r, w in law))
        ratio = symbols.reference(place + 1) / symbols.policy(place + 1)
        force = algorithm.beta * algorithm.penalty.marginal().subs(symbols.u, ratio)
        found[place] = Eq(value - force, policy.equations[place].rhs, evaluate=False)
    return found


def _rows_in_large_groups(policy: Any, equations: dict[int, Eq]) -> list[str]:
    """The first of them, and what V_oo is."""
    classes, rows = policy.question.classes, []
    for members, equation in zip(classes[:_LISTED], equations.values(), strict=False):
        more = len(members) - 1
        also = f"   (and {more} more of its rewards)" if more else ""
        rows.append(f"{sstr(equation.lhs)} = {sstr(equation.rhs)}{also}")
    if len(classes) > _LISTED:
        rows.append(f"and {len(classes) - _LISTED} more")
    limit = f"the limit of E[{policy.algorithm.advantage}] for large groups"
    return [*rows, f"V_oo(r) = {limit}, the others' rewards drawn under pi"]


def _named(policy: Any) -> dict[int, str]:
    """One answer of each class and what else has its condition, where P stands by name.

    So it is for hundreds of answers; of as many classes the first are written out.
    """
    question = policy.question
    if not policy.condition.preference.kept_by_name and len(question) <= LINES:
        return {}
    found = {
        c[0]: f" and of {len(c) - 1} more of its rewards" if len(c) > 1 else ""
        for c in question.classes[:LINES]
    }
    if (more := len(question.classes) - LINES) > 0:
        found[next(reversed(found))] += f"; {more} more have their own"
    return found


def _reduced(policy: Any, found: Derivation) -> Derivation:
    """The lines from conditions in V_G(r) to masses of levels."""
    rule, penalty = policy.algorithm.advantage, policy.algorithm.penalty
    size, drawn = policy.algorithm.group_size, "the others' rewards drawn under the policy"
    level, mass = Symbol("V", real=True), Symbol("pi_o", positive=True)
    found = found.then(
        Eq(Symbol(f"V_{size}(r)"), Symbol("E[A(r)]"), evaluate=False),
        f"the expected advantage {rule} in a group of {size} with the reward r, {drawn}",
    )
    if rule is None or not rule.zero_sum:
        return found
    if (penalty.marginal() - 1 + symbols.u).expand() != 0:
        return found
    beta, given = policy.algorithm.beta, Symbol("pi_ref_o", positive=True)
    found = found.then(
        Eq(symbols.multiplier, S.Zero, evaluate=False),
        "the mean of the conditions under pi: advantages sum to 0 and the means of 1 and of "
        "pi_ref/pi are 1",
    )
    solved: Expr = given / (1 - level / beta)
    claim = Claim(
        "the line solves the condition of an answer",
        (level - beta * (1 - given / mass)).subs(mass, solved),
        "==",
        S.Zero,
        Domain.of(given, beta).extended(level) if isinstance(beta, Symbol) else None,
    )
    return found.then(
        Eq(mass, solved, evaluate=False),
        "solved for pi(o), V the value of its reward: answers of one reward keep their "
        "proportions, and the masses of rewards are the unknowns",
        claim,
    )
