"""Iterated best response with the direct KL: the recursion, and its fixed points."""

from sympy import Add, Expr, Rational, S, Symbol, exp, expand_log, log, oo, sqrt

from derivations.all_groups import drift as all_groups
from derivations.bernstein_form import P0, P
from derivations.headline import BINARY, DIRECT_KL, EVERY_SIZE, LARGE_GROUPS, TWO, Headline, Numbers
from derivations.lemmas import CONCAVE_MAXIMUM, IDENTITY_IN_SYMBOLS
from derivations.result import Result, compared, equation
from derivations.second_route.groups import centred
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    ShiftOnly,
    symbols,
)
from grpo_symbolic.algebra import tidy
from grpo_symbolic.model.advantage import StabilisedScale
from grpo_symbolic.stationarity import stationarity_condition

BETA, EPSILON = symbols.beta, symbols.epsilon
OLD, NEXT = Symbol("p_n", positive=True), Symbol("p_next", positive=True)
# exp(D/beta), and the preferences at pi_old: constants of the stage problem.
LIFT = Symbol("L", positive=True)
SCORES = symbols.preferences
QUESTION = BinaryQuestion(gap=1)
MROUEH = "Mroueh (2025), arXiv 2503.06639"
INSIDE = Domain.of((OLD, S.Zero, S.One), (P, S.Zero, S.One), P0)


def stage() -> Expr:
    """The stage objective in pi(a), with pi_old = p_n frozen."""
    new, old, ref = (P, 1 - P), (OLD, 1 - OLD), (P0, 1 - P0)
    gain = Add(*(n * score for n, score in zip(new, SCORES, strict=True)))
    penalty = Add(*(DirectKL().expected_term(*o) for o in zip(new, old, ref, strict=True)))
    return gain - BETA * penalty


def response(lift: Expr) -> Expr:
    """pi(a) at odds(pi(a)) = odds(pi_ref(a)) * lift."""
    odds = P0 / (1 - P0) * lift
    return odds / (1 + odds)


def drift(algorithm: GRPO) -> Expr:
    """D = P(a) - P(b) at pi(a) = pi."""
    return algorithm.preference(QUESTION).difference(0, 1)


def constant_drifts(name: str) -> tuple[Claim, ...]:
    """Drifts of all groups, in the weights of the answers, that are constants."""
    return (
        Claim(f"{name}, groups of two", all_groups(2), "==", S.One),
        Claim(f"{name}, groups of three", all_groups(3), "==", sqrt(2)),
        *(
            Claim(f"{name}, no scale, G = {n}", all_groups(n, centred), "==",
                  (1 - Rational(1, n)) * symbols.gap)
            for n in (2, 3, 4)
        ),
    )  # fmt: skip


def result() -> Result:
    slope, bend = stage().diff(P), stage().diff(P, 2)
    gap = SCORES[0] - SCORES[1]
    # The stage problem's first-order condition in log-odds.
    log_odds = log(P) - log(1 - P) - log(P0) + log(1 - P0)
    whitened = GRPO(oo, DirectKL(), StabilisedScale(EPSILON))
    lift = exp(drift(whitened).subs(P, OLD) / BETA)
    condition = stationarity_condition(whitened, QUESTION).contrast()
    at_rest = slope.subs(dict(zip(SCORES, whitened.preference(QUESTION), strict=True)))
    published = 1 / (1 + (1 - P0) / P0 * exp(-1 / (BETA * sqrt(OLD * (1 - OLD) + EPSILON))))
    constant = {
        "G = 2": GRPO(2, DirectKL()),
        "G = 3": GRPO(3, DirectKL()),
        "every G without a scale": GRPO(symbols.G, DirectKL(), ShiftOnly()),
    }
    return Result(
        "Iterated best response with the direct KL",
        f"{MROUEH}, the recursion of the probability of success; the derivation is new",
        "The fixed points are the stationary policies of the algorithm, for every "
        r"$\varepsilon\ge0$. Mroueh's recursion is",
        intuition="Each best response weighs the reference by an exponential of the last "
        "preference. The log-odds follow a map of the line to itself.",
        argument=r"With $\pi_{\mathrm{old}}(a)=p_n$ frozen the groups prefer $a$ by the constant "
        "$D(p_n)$, and the stage objective is strictly concave. Large groups with "
        r"advantages over $\sqrt{\mathrm{var}+\varepsilon}$ have the drift of the second "
        "statement.",
        headlines=(
            Headline(
                r"the best response to $p_n$ has the odds of the reference times "
                r"$e^{D(p_n)/\beta}$",
                (
                    "slope of the stage objective: *",
                    "the stage objective is strictly concave",
                    "at odds(pi_ref) L *",
                ),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=BINARY,
                hypotheses=("any rewards",),
                by=(
                    IDENTITY_IN_SYMBOLS(statement="at odds(pi_ref) L *"),
                    CONCAVE_MAXIMUM(
                        condition="at odds(pi_ref) L *",
                        concave="the stage objective is strictly concave",
                    ),
                ),
            ),
            Headline(
                r"with $D=1/\sqrt{p(1-p)+\varepsilon}$ it is Mroueh's recursion, at rest where "
                r"the policy is stationary",
                ("large groups: D = *", "the recursion as published", "at rest, *"),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
            Headline(
                r"$D$ does not depend on the policy: at rest after one step",
                ("D does not depend on p, groups of two",),
                groups=TWO,
                answers=TWO,
                penalties=DIRECT_KL,
            ),
            Headline(
                r"$D$ does not depend on the policy: at rest after one step",
                ("D does not depend on p, groups of three",),
                groups=Numbers.of(3),
                answers=TWO,
                penalties=DIRECT_KL,
            ),
        ),
        setting=r"a binary question, direct KL; each policy is the maximiser of the stage problem "
        r"of the one before",
        formulas=(
            equation(NEXT, tidy(response(LIFT))),
            equation(log(LIFT), drift(whitened).subs(P, OLD) / BETA),
        ),
        claims=(
            Claim(
                "slope of the stage objective: D(p_n) minus beta times the rise in log-odds",
                expand_log(slope),
                "==",
                gap - BETA * log_odds,
                INSIDE,
            ),
            Claim("the stage objective is strictly concave", bend, "<", S.Zero, INSIDE),
            Claim("its second derivative is -beta/(p(1-p))", bend, "==", -BETA / P / (1 - P)),
            Claim(
                "at odds(pi_ref) L the slope is D(p_n) - beta log L: it is 0 at L = exp(D/beta)",
                expand_log(slope).subs(P, tidy(response(LIFT))),
                "==",
                gap - BETA * log(LIFT),
                Domain.of(P0, BETA, (LIFT, S.Zero, oo)),
            ),
            Claim(
                "large groups: D = 1/sqrt(p(1-p) + epsilon)",
                drift(whitened),
                "==",
                # The variance of a reward of 0 or 1: its second moment less the squared mean.
                1 / sqrt(P - P**2 + EPSILON),
            ),
            Claim(
                "the recursion as published",
                response(lift),
                "==",
                published,
                Domain.of(BETA, P0, EPSILON, (OLD, S.Zero, S.One)),
                source=MROUEH,
            ),
            Claim(
                "at rest, p = p_n, it is the stationarity condition",
                expand_log(at_rest),
                "==",
                expand_log(condition.rhs - condition.lhs),
                INSIDE,
            ),
            *(
                claim
                for name, rule in constant.items()
                for claim in compared(
                    f"D does not depend on p, as derived, {name}", drift(rule).diff(P), S.Zero
                )
            ),
            *constant_drifts("D does not depend on p"),
        ),
        domain=Domain.of(BETA, P0, EPSILON),
    )
