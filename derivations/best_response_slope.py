"""The slope of the best response: stability, exact cycles of two, and coexisting rest points."""

from sympy import Expr, Integer, Rational, S, Symbol, log, oo, sqrt

from derivations.bernstein_form import P0, P
from derivations.best_response_recursion import EPSILON, QUESTION, constant_drifts, drift
from derivations.headline import (
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    TWO,
    Headline,
    Numbers,
    binary_headline,
)
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import Result, compared, equation
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, ReverseKL, ShiftOnly, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.model.advantage import StabilisedScale
from grpo_symbolic.stationarity import stationarity_condition

BETA, U = symbols.beta, symbols.u
Q = Symbol("q", positive=True)
# D at the two policies of a cycle.
AT_P, AT_Q = Symbol("D_p", positive=True), Symbol("D_q", positive=True)
WHITENED = GRPO(oo, DirectKL(), StabilisedScale(EPSILON))
# The example: D(1/50) = 5 and D(1/2) = 25/13, and D turns at 1/2.
LEAST, RARE, NOISE = Rational(1, 2), Rational(1, 50), Rational(51, 2500)


def force(algorithm: GRPO) -> Expr:
    """beta (d(a) - d(b))."""
    return stationarity_condition(algorithm, QUESTION).contrast().lhs


def slope(algorithm: GRPO) -> Expr:
    """b' at a fixed point, from beta force(b(p)) = D(p)."""
    return tidy(drift(algorithm).diff(P) / tidy(force(algorithm).diff(P)))


def log_odds(policy: Expr) -> Expr:
    return log(policy) - log(1 - policy)


def weight(first: Expr, second: Expr) -> Expr:
    """The beta at which both policies are the answers to drifts ``first`` and ``second``."""
    return (first - second) / (log_odds(Q) - log_odds(P))


def reference(answer: Expr, at: Expr, beta: Expr) -> Expr:
    """The reference's log-odds at which ``answer`` is the best response to a drift."""
    return log_odds(answer) - at / beta


def example(expr: Expr, first: Expr, second: Expr) -> Expr:
    return expr.subs({P: first, Q: second, EPSILON: NOISE})


def result() -> Result:
    algorithms = {
        "direct KL, large groups": WHITENED,
        "direct KL, groups of four": GRPO(4, DirectKL()),
        "reverse KL, large groups": GRPO(oo, ReverseKL()),
        "reverse KL, groups of four": GRPO(4, ReverseKL()),
    }
    claims = []
    for name, rule in algorithms.items():
        pull = force(rule).diff(P)
        flow = drift(rule) - force(rule)
        claims += [
            Claim(f"the penalty's force rises, {name}", pull, ">", S.Zero),
            Claim(
                f"F' = (beta force')(slope - 1), {name}",
                flow.diff(P),
                "==",
                pull * (slope(rule) - 1),
            ),
        ]
    for name, rule in list(algorithms.items())[:2]:
        direct = drift(rule).diff(P) * P * (1 - P) / BETA
        claims.append(Claim(f"slope = D'(p) p(1-p)/beta, {name}", slope(rule), "==", direct))
    for name, rule in (
        ("groups of two", GRPO(2)),
        ("groups of three", GRPO(3)),
        ("no scale, every G", GRPO(symbols.G, ReverseKL(), ShiftOnly())),
    ):
        claims += compared(f"reverse KL, {name}: slope 0, as derived", slope(rule), S.Zero)
    claims += constant_drifts("slope 0: the drift is a constant")

    # Two policies that answer each other, and two that answer themselves.
    pair = Domain.of((Q, S.Zero, S.One), (P, S.Zero, Q))
    swap = weight(AT_P, AT_Q)
    rest = weight(AT_Q, AT_P)
    claims += [
        Claim(
            "p and q answer each other at this beta and pi_ref: q answers D(p), p answers D(q)",
            reference(Q, AT_P, swap),
            "==",
            reference(P, AT_Q, swap),
            pair,
            where_defined=True,
        ),
        Claim(
            "p and q are both at rest at this beta and pi_ref",
            reference(P, AT_P, rest),
            "==",
            reference(Q, AT_Q, rest),
            pair,
            where_defined=True,
        ),
    ]
    curve = drift(WHITENED)
    five, two = (curve.subs({P: p, EPSILON: NOISE}) for p in (RARE, LEAST))
    beta = example(swap.subs({AT_P: five, AT_Q: two}), RARE, LEAST)
    start = example(reference(Q, five, beta), RARE, LEAST)
    mirrored = example(rest.subs({AT_P: two, AT_Q: five}), LEAST, 1 - RARE)
    other = example(reference(P, two, mirrored), LEAST, 1 - RARE)
    turning = slope(WHITENED).subs({P: LEAST, EPSILON: NOISE})
    outer = slope(WHITENED).subs({P: 1 - RARE, EPSILON: NOISE, BETA: mirrored})
    share, below = Rational(1911, 2500), 2 * (U - 1) / (U + 1)
    claims += [
        *compared("example: D(1/50) = 5", five, Integer(5)),
        *compared("example: D(1/2) = 25/13", two, Rational(25, 13)),
        Claim("beta = 40/(13 log 49)", beta, "==", 40 / (13 * log(49))),
        Claim("the odds of pi_ref(a) are 7^(-13/4)", start, "==", -Rational(13, 4) * log(7)),
        *compared("the slope at 1/2 is 0", turning, S.Zero),
        *(
            Claim(
                f"the slope is {which} 1/2: at 1/2 it is 0, and so the multiplier of the cycle",
                slope(WHITENED),
                relation,
                S.Zero,
                Domain.of(BETA, EPSILON, (P, *ends)),
            )
            for which, relation, ends in (
                ("negative below", "<", (S.Zero, LEAST)),
                ("positive above", ">", (LEAST, S.One)),
            )
        ),
        *compared("1/2 and 49/50 at rest: the same beta", mirrored, beta),
        Claim("and odds 7^(-5/4) of pi_ref(a)", other, "==", -Rational(5, 4) * log(7)),
        Claim("the slope at 49/50 is (1911/2500) log 7", outer, "==", share * log(7)),
        Claim("log u - 2(u-1)/(u+1) rises", (log(U) - below).diff(U), ">=", S.Zero),
        Claim("from 0 at u = 1, so log 7 > 3/2", log(Integer(7)), ">", below.subs(U, 7)),
        Claim("so that slope is above 1: 49/50 repels", share * below.subs(U, 7), ">", S.One),
        Claim(
            "beyond it D stays below 1/sqrt(epsilon), and the force is unbounded: a third one",
            curve,
            "<",
            1 / sqrt(EPSILON),
            Domain.of(P, (EPSILON, S.Zero, oo)),
        ),
    ]
    return Result(
        "The slope of the best response, its cycles, and coexisting rest points",
        "new",
        r"Here $F=D-\beta\,\mathrm{force}$: the policy-gradient flow is attracted where $b'<1$, "
        "the iterated best response only where $|b'|<1$. For direct KL the slope, and the pair "
        r"$(\beta,\pi_{\mathrm{ref}})$ of the third statement, are",
        intuition="The slope of this map at a rest point says how an error is passed on. Below "
        "minus one it grows from step to step and ends in a cycle.",
        argument=r"The best response $b$ solves $\beta\,\mathrm{force}(b(p))=D(p)$. Under direct "
        r"KL $b'=D'(p)\,p(1-p)/\beta$; a constant $D$ has $b'=0$, and the iteration "
        "rests after one step. Two policies $p<q$ with $D(p)>D(q)$ answer each other at "
        "exactly one pair, and two with $D(p)<D(q)$ are both at rest at one. The "
        r"example has large groups with $D=1/\sqrt{p(1-p)+\varepsilon}$: with "
        r"$p_0=1/(1+7^{13/4})$ the iteration has the cycle $1/50\to1/2\to1/50$ of "
        "multiplier 0, which attracts, although the flow has no cycles; with "
        "$p_0=1/(1+7^{5/4})$ the policies $1/2$ (attracting) and $49/50$ (repelling) "
        "are at rest, and a third one beyond.",
        headlines=(
            binary_headline(
                r"$b'=D'/(\beta\,\mathrm{force}')$ at a stationary policy, and "
                r"$F'=\beta\,\mathrm{force}'"
                r"(b'-1)$",
                (
                    "F' = (beta force')(slope - 1), {penalty}, groups of four",
                    "the penalty's force rises, {penalty}, groups of four",
                ),
                groups=Numbers.of(4),
                penalties=("direct KL", "reverse KL"),
            ),
            binary_headline(
                r"$b'=D'/(\beta\,\mathrm{force}')$ at a stationary policy, and "
                r"$F'=\beta\,\mathrm{force}'"
                r"(b'-1)$",
                (
                    "F' = (beta force')(slope - 1), {penalty}, large groups",
                    "the penalty's force rises, {penalty}, large groups",
                ),
                groups=LARGE_GROUPS,
                penalties=("direct KL", "reverse KL"),
            ),
            Headline(
                r"two policies answer each other, or are both at rest, at one pair "
                r"$(\beta,\pi_{\mathrm{ref}})$",
                ("p and q answer each other *", "p and q are both at rest *"),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("any drift",),
                by=(
                    IDENTITY_IN_SYMBOLS(
                        statement=("p and q answer each other *", "p and q are both at rest *")
                    ),
                ),
            ),
            Headline(
                r"there are an attracting cycle of two, $1/50\to1/2\to1/50$, and coexisting rest "
                "points",
                (
                    "beta = 40/(13 log 49)",
                    "the odds of pi_ref(a) are *",
                    "the slope is * 1/2: *",
                    "the slope at 49/50 is *",
                    "so that slope is above 1: *",
                ),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=(r"$\varepsilon=51/2500$, $\beta=40/(13\log49)$",),
            ),
        ),
        setting=r"a binary question, any penalty that acts as a divergence, iterated best response",
        figure="cobweb",
        formulas=(
            equation(Symbol("b_slope"), slope(WHITENED)),
            equation(Symbol("beta_cycle"), swap),
            equation(Symbol("logit_ref"), reference(Q, AT_P, BETA)),
        ),
        claims=tuple(claims),
        domain=Domain.of(BETA, P0, EPSILON),
    )
