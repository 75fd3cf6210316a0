r"""The proof of what a theorem on two answers says, step by step, as passages of prose and lines.

The steps are those of the derivation. Where the drift is a mean over the group and the force a line
or the log-odds, the equation keeps these names, and each is argued from its definition; every other
model has the lines of its derivation with their reasons.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from sympy import Eq, Expr, Function, Mul, S, Symbol, log, oo

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import definitions
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.drift import GroupDrift
from grpo_symbolic.export.exhibit import Passage, prose_tex
from grpo_symbolic.export.latex import Line, Written, formula, sides
from grpo_symbolic.export.measure import width
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.penalty import Estimator, Penalty
from grpo_symbolic.solve.closed_form import ClosedForm
from grpo_symbolic.solve.reduction import Reduction
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim

if TYPE_CHECKING:
    from grpo_symbolic.analysis.count import Count

PI, REFERENCE, SHARE = symbols.pi, symbols.pi_ref, symbols.share
(P_A, P_B), (D_A, D_B) = symbols.preferences, symbols.marginals
_Z = Symbol("z", real=True)
# A formula that stands in a sentence is no wider, in points.
_IN_TEXT = 120.0
# The lines of a derivation up to the condition in π(a): definitions, balance, insertion.
_OPENING = 6
_RATIO = r"\pi_{\mathrm{ref}}(o)/\pi(o)"
_EXPECTED = {
    "loss": rf"\sum_o \pi_{{\mathrm{{old}}}}(o)\, k({_RATIO})",
    "loss-with-ratio": rf"\sum_o \pi(o)\, k({_RATIO})",
    "reward": r"\sum_o \pi(o)\, k(\pi_{\mathrm{ref}}(o)/\pi_{\mathrm{old}}(o))",
    "reward-before-baseline": r"\sum_o \pi(o)\, k(\pi_{\mathrm{ref}}(o)/\pi_{\mathrm{old}}(o))",
}


class Solved(Protocol):
    """A stationary policy of two answers, as far as its proof looks at it."""

    algorithm: Algorithm
    condition: StationarityCondition
    reduction: Reduction
    closed: ClosedForm | None

    @property
    def curve(self) -> Balance: ...
    @property
    def derivation(self) -> Derivation: ...
    @property
    def equation(self) -> Eq: ...
    @property
    def count(self) -> Count: ...
    @property
    def status(self) -> str: ...


def proof_of_two(policy: Solved, equation: Line) -> tuple[Passage, ...]:
    """The passages, in the default notation.

    Parameters
    ----------
    policy : StationaryPolicy
    equation : Line
        The equation as the theorem shows it.
    """
    balance = policy.curve
    opening = Passage(
        condition_of_answers(policy.algorithm)
        + r" On the simplex, where $\pi(a) + \pi(b) = 1$, a policy with positive probabilities is "
        r"stationary if and only if the two derivatives agree, their value being the multiplier "
        r"of the constraint \cite[(11)]{vojnovic2025}: with the \emph{force} $d(a) - d(b)$ of the "
        r"penalty and the \emph{drift} $P(a \mid \pi) - P(b \mid \pi)$,",
        (("condition", Eq(balance.beta * (D_A - D_B), P_A - P_B, evaluate=False)),),
    )
    return (
        opening,
        *_penalty(balance),
        *_preference(policy, balance),
        *_solved(policy, equation),
    )


def condition_of_answers(algorithm: Algorithm) -> str:
    """What P and d are, and that the objective's derivative is P − β d."""
    groups = algorithm.meaning.split(" in a ")
    mean = rf"the {groups[0]}" + (f" of the answer $o$ in a {groups[1]}" if groups[1:] else "")
    what = mean if groups[1:] else rf"{mean} of the answer $o$"
    return (
        r"The policy $\pi_{\mathrm{old}}$ that answers are drawn from is fixed when derivatives "
        rf"are taken, and $\pi$ after that. Let $P(o \mid \pi)$ be {what}, and $d(o)$ the "
        r"derivative in $\pi(o)$ of the expected penalty. The objective has the derivative "
        rf"$P(o \mid \pi) - {formula(algorithm.beta)}\, d(o)$ in $\pi(o)$."
    )


# -- the penalty ---------------------------------------------------------------------------------


def penalty_of_answers(penalty: Penalty) -> str:
    """What is differentiated, and d(o) in u."""
    found = rf"$d(o) = {formula(penalty.marginal())}$, where $u = {_RATIO}$"
    if isinstance(penalty, Estimator):
        expected = _EXPECTED[penalty.placement]
        after = r", at $\pi_{\mathrm{old}} = \pi$," if r"\mathrm{old}" in expected else ""
        return (
            rf"The expected penalty is ${expected}$ with $k(u) = {formula(penalty.k)}$. Its "
            rf"derivative in $\pi(o)${after} is {found}"
        )
    return f"The penalty is {penalty.prose}; its derivative in $\\pi(o)$ is {found}"


def _penalty(balance: Balance) -> tuple[Passage, ...]:
    force = balance.force
    if not force.plain:
        d_a, d_b = balance.condition.marginal
        lines = tuple(("", Eq(name, d, evaluate=False)) for name, d in ((D_A, d_a), (D_B, d_b)))
        text = penalty_of_answers(force.penalty) + ", times how often an answer is penalised:"
        return (Passage(text, lines),)
    text = penalty_of_answers(force.penalty) + ", hence"
    return (Passage(text, (("force", Eq(D_A - D_B, gathered_force(balance), evaluate=False)),)),)


def gathered_force(balance: Balance) -> Expr:
    """d(a) − d(b) as one quotient, or one difference of log-odds."""
    force = balance.force
    if force.line is not None:
        return Mul(force.line, PI - REFERENCE, 1 / (PI * (1 - PI)))
    if force.log_odds is not None:
        return Mul(force.log_odds, _odds_ratio(), evaluate=False)
    return force.expression


def with_one_logarithm(line: Line) -> Line:
    """The difference of two log-odds as the logarithm of one ratio."""
    if not isinstance(line, Eq):
        return line
    log_odds = log(PI / (1 - PI)) - log(REFERENCE / (1 - REFERENCE))
    return line.xreplace({log_odds: _odds_ratio()})


def _odds_ratio() -> Expr:
    return log(PI * (1 - REFERENCE) / (REFERENCE * (1 - PI)), evaluate=False)


# -- the preference ------------------------------------------------------------------------------


def _preference(policy: Solved, balance: Balance) -> tuple[Passage, ...]:
    drift = balance.drift
    group = isinstance(drift, GroupDrift) and drift.factor == 1 and drift.rule.zero_sum
    if isinstance(drift, GroupDrift) and group and drift.rule.spread is not None:
        return _of_groups(drift)
    values = zip((P_A, P_B), policy.condition.preference, strict=True)
    lines = tuple(("", Eq(name, value, evaluate=False)) for name, value in values)
    difference = ("drift", Eq(P_A - P_B, drift.expression, evaluate=False))
    return (Passage("The expectation over the group gives", (*lines, difference)),)


def _of_groups(drift: GroupDrift) -> tuple[Passage, ...]:
    r"""P(a) − P(b) = (s_a − s_b) h_G(m)/(m(1 − m)), from the definition of an advantage."""
    rule, (s_a, s_b) = drift.rule, drift.rates
    noisy, m = drift.rates != (1, 0), SHARE
    high = rf"$m = {formula(s_b + (s_a - s_b) * PI)}$"
    who = "an answer drawn from $\\pi$ has the higher of the two rewards"
    size = formula(S(rule.size))
    shown = rule_shown(drift)
    head = (
        f"Let {high} be the probability with which {who}. In a group in which the share $t$ of "
        r"the rewards is the higher one, let $A_1(t)$ and $A_0(t)$ be the advantages of the higher "
        r"and of the lower reward. Advantages add up to zero, $t A_1(t) + (1-t) A_0(t) = 0$, and "
        r"vanish in a group of equal rewards. The product $t A_1(t)$ has the name $f(t)$, and is"
    )
    first = Passage(head, (("f", Eq(Function("f")(symbols.t), shown, evaluate=False)),))
    mean = Function("f")(m) if rule.size == oo else rule.mean(m)
    tex = formula(mean)
    if rule.size == oo:
        why = rf"In large groups this share tends to ${formula(m)}$, so that"
    else:
        why = (
            rf"With $K$ higher rewards in the group, $K \sim \mathrm{{Binomial}}({size}, "
            rf"{formula(m)})$, the first answer has one of them with probability $K/{size}$. Its "
            rf"advantage therefore has the mean $\mathbb{{E}}\, f(K/{size}) = {tex}$ on the event "
            rf"that its reward is the higher one, and $-{tex}$ on the other event, so that"
        )
    given = (
        rf"given a higher reward its mean is ${tex}/{formula(m)}$, and given a lower one "
        rf"$-{tex}/(1 - {formula(m)})$."
    )
    if noisy:
        given += (
            r" The answer $o$ has the higher reward with probability $s_o$, whence "
            rf"$P(o \mid \pi) = (s_o - m)\, {tex}/(m(1 - m))$ and"
        )
        factor = s_a - s_b
    else:
        given += " The first is $P(a \\mid \\pi)$, the second $P(b \\mid \\pi)$:"
        factor = S.One
    named = Mul(factor, mean, 1 / (m * (1 - m)), evaluate=True)
    lines: list[tuple[str, Line]] = [("drift", Eq(P_A - P_B, named, evaluate=False))]
    if rule.kept_by_name:
        lines.insert(0, ("", definitions(mean)[0]))
    elif not noisy:
        lines.insert(0, ("", Eq(mean, drift.hill.subs(PI, m), evaluate=False)))
    return first, Passage(f"{why} {given}", tuple(lines))


def rule_shown(drift: GroupDrift) -> Expr:
    """f(t), its scale in the group size by name where a sample has one degree of freedom less."""
    rule = drift.rule
    assert rule.spread is not None
    if getattr(rule.advantage, "ddof", 0) and rule.size != oo:
        return replace(rule, size=symbols.G).spread or rule.spread
    return rule.spread


# -- the solution --------------------------------------------------------------------------------


def _solved(policy: Solved, equation: Line) -> tuple[Passage, ...]:
    steps = policy.derivation.steps[_OPENING:]
    closed = policy.closed
    inserted = r"Inserted in \eqref{@condition}, these give"
    if closed is None:
        times = next((s.justification for s in steps), "")
        text = inserted
        if times.startswith("multiplied by"):
            text = f"{sentence(times.partition(',')[0])}, these turn \\eqref{{@condition}} into"
        return (Passage(text, (("equation", equation),)), _number(policy))
    if (
        closed.short is None
        and policy.reduction.polynomial is not None
        and (len(closed.claims) in (3, 5))
    ):
        lines = [(steps[-2].justification, steps[-2].equation)] if len(steps) > 1 else []
        passages = [Passage(inserted, (("equation", policy.equation),))]
        passages += [
            Passage(sentence(why) + ":", (("polynomial", _with_zero_right(e)),)) for why, e in lines
        ]
        return (
            *passages,
            *_branch(closed.claims, _side(lines[0][1]) if lines else None, closed.expression),
        )
    passages = [Passage(inserted, (("equation", policy.equation),))]
    for step in steps:
        if step.equation != policy.equation:
            passages.append(Passage(sentence(step.justification) + ":", (("", step.equation),)))
    return tuple(passages)


def _side(equation: Eq) -> Expr:
    """What an equation says to be zero."""
    return equation.rhs if equation.lhs == 0 else equation.lhs


def _branch(claims: tuple[Claim, ...], left: Expr | None, solution: Expr) -> tuple[Passage, ...]:
    """Which root it is: values of the polynomial q at two points, and the signs below."""
    leading, start, one, *below = claims
    q = Function("q")
    line = not below
    at = S.Zero if line else REFERENCE
    values: tuple[tuple[str, Line], ...] = (
        *((("", Eq(q(_Z), left.subs(PI, _Z), evaluate=False)),) if left is not None else ()),
        ("", _signed(q(at), start.left, "<")),
        ("", _signed(q(S.One), one.left, ">")),
    )
    kind = "linear" if line else "quadratic"
    text = (
        rf"Its left side is ${formula(q(PI))}$ for a {kind} polynomial $q$ with the positive "
        rf"leading coefficient ${formula(leading.left)}$, and"
    )
    if line:
        end = "so that it has one root, and that one lies in $(0, 1)$:"
    else:
        end = (
            rf"As $q$ is convex, exactly one of its roots lies in $({formula(REFERENCE)}, 1)$, the "
            r"larger one. No solution lies at or below "
            rf"${formula(REFERENCE)}$: there the left side of \eqref{{@equation}} is not positive, "
            r"while its right side is. The root is"
        )
    root = (("", Eq(PI, solution, evaluate=False)),)
    return Passage(text, values), Passage(end, root)


def _with_zero_right(equation: Eq) -> Written:
    """``q = 0`` as it is spoken of, and not ``0 = q``."""
    return Written(formula(_side(equation)), "0")


def _signed(left: Expr, value: Expr, relation: str) -> Written:
    return Written(formula(left), rf"{formula(value)} {relation} 0")


def sentence(text: str) -> str:
    """With a capital letter, and no stop."""
    text = text.strip().rstrip(".:")
    return text[:1].upper() + text[1:]


def _number(policy: Solved) -> Passage:
    """That every step can be reversed, and how many solutions there are where that is known."""
    text = (
        rf"All steps are equivalences for $0 < {formula(PI)} < 1$, so that the stationary policies "
        r"are the solutions of \eqref{@equation}."
    )
    found = policy.count
    if not found.unique:
        return Passage(text)
    reason = prose_tex(found.reason).rstrip(".")
    one = f"There is exactly one: {reason}.{_rests_on(found.claims)}"
    return Passage(" ".join([text, one, *_without_radicals(policy.status)]))


def _without_radicals(status: str) -> tuple[str, ...]:
    """The instance that rules out a formula in radicals, where there is one."""
    found = re.match(r"no closed form in radicals: at (?P<at>.*?) the (?P<how>.*); ", status)
    if found is None:
        return ()
    at, how = prose_tex(found["at"]), prose_tex(found["how"])
    return (
        f"A formula in radicals for all parameters would be one at {at}, too. There the {how}.",
    )


def _rests_on(claims: tuple[Claim, ...]) -> str:
    """The claims by name, with their formulas where these are short."""
    shown = []
    inner = any(symbols.x in claim.difference.free_symbols for claim in claims)
    named = r", where $f(t) = \phi(x)$ with $x = t(1 - t)$"
    lead = " This rests on the following" + named * inner
    for claim in claims:
        tex = " ".join(sides(claim.statement))
        short = width(tex, "T") <= _IN_TEXT
        name = escape(claim.title)
        shown.append(f"{name} (${tex}$)" if short else name)
    return f"{lead}: {'; '.join(shown)}." if shown else ""
