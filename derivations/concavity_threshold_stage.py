"""A stationary policy need not maximise the stage objective."""

from sympy import Add, Expr, Rational, S, Symbol, sqrt

from derivations.bernstein_form import P0, P
from derivations.eq14_binary_pairs import gradient
from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, ReverseKL, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Range

BETA = symbols.beta
OLD = Symbol("pi_old", positive=True)
ROOT = Symbol("s", positive=True)
# P_G(o | pi_old): constants of the stage problem.
SCORES = symbols.preferences


def stage() -> Expr:
    """The stage objective in pi(a), with pi_old frozen."""
    new, old, ref = (P, 1 - P), (OLD, 1 - OLD), (P0, 1 - P0)
    gain = Add(*(n * score for n, score in zip(new, SCORES, strict=True)))
    penalty = Add(*(ReverseKL().expected_term(*o) for o in zip(new, old, ref, strict=True)))
    return gain - BETA * penalty


def on_policy(order: int) -> Expr:
    """A derivative of the stage objective in pi(a), at pi = pi_old."""
    return stage().diff(P, order).subs(OLD, P)


def result() -> Result:
    slope, bend = on_policy(1), on_policy(2)
    excess = 2 * P0 * (1 - P) ** 2 + 2 * (1 - P0) * P**2 - P * (1 - P)
    # G = 2: the weight at which pi is stationary, for every pi above pi_ref
    scores = dict(zip(SCORES, GRPO(2).preference(BinaryQuestion()), strict=True))
    weight = P * (1 - P) / (P - P0)
    above = Domain.of(P0, (P, P0, S.One))
    point = {BETA: S.One, P0: Rational(1, 100), P: Rational(1, 10)}
    # the most convex policy at each reference: odds s at reference odds s^2
    best = {P0: ROOT**2 / (1 + ROOT**2), P: ROOT / (1 + ROOT)}
    small = Domain.of((ROOT, S.Zero, S.One))
    last = 2 - sqrt(3)
    return Result(
        "Stationary is not maximal",
        f"new; the stage problem of {VY}, (1), with the penalty (7)",
        r"Where it is positive a stationary policy is a strict local \emph{minimum} of its own "
        r"stage problem, and every $p>p_0$ is stationary for one $\beta$.",
        intuition="The objective that a trainer steps on is frozen at the current policy. A point "
        "where its gradient vanishes may be a minimum of it.",
        argument=r"With $\pi_{\mathrm{old}}$ frozen the stage objective is "
        r"$\sum_o\pi(o)P_G(o\mid\pi_{\mathrm{old}})-\beta\sum_o\pi_{\mathrm{old}}(o)\,"
        r"k_3(\pi_{\mathrm{ref}}(o)/\pi(o))$. "
        r"Its second derivative in $p$ at $\pi=\pi_{\mathrm{old}}$ is "
        r"$-\beta\sum_o(2\pi_{\mathrm{ref}}(o)-\pi(o))/\pi(o)^2$ for every $G$ and any "
        "rewards.",
        headlines=(
            Headline(
                r"the stage objective's second derivative has the sign of "
                r"$p(1-p)-2p_0(1-p)^2-2(1-p_0)p^2$ on policy",
                ("second derivative", "its sign is that of *"),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA, P0, P),
                hypotheses=("any rewards",),
                by=(IDENTITY_IN_SYMBOLS(statement="first derivative: *"),),
            ),
            Headline(
                r"it is positive at some $p>p_0$ if and only if $p_0<(2-\sqrt3)/4$",
                (
                    "2(1-p0)p^2 + *",
                    "concave if p > p0 >= 1/2",
                    "at the odds s *",
                    "for s < 1 *",
                    "it changes sign at *",
                    "there pi_ref(a) = *",
                    "and pi_ref(a)(1 - *",
                ),
                answers=TWO,
                penalties=REVERSE_KL,
            ),
            Headline(
                r"the stationary policy $1/10$ is a strict local minimum of its stage objective",
                ("the example is *",),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"$\beta=1$, $\pi_{\mathrm{ref}}(a)=1/100$",),
            ),
        ),
        setting=r"the stage problem with $\pi_{\mathrm{old}}$ frozen, any $G$, the published "
        r"penalty",
        kind="Counterexample",
        figure="stage",
        formulas=(equation(Symbol("J_second"), tidy(bend, Domain.of(P, P0, BETA))),),
        claims=(
            Claim(
                "first derivative: drift minus penalty",
                slope,
                "==",
                SCORES[0] - SCORES[1] - BETA * (P - P0) / (P * (1 - P)),
            ),
            Claim(
                "second derivative",
                bend,
                "==",
                -BETA * ((2 * P0 - P) / P**2 + (2 * (1 - P0) - (1 - P)) / (1 - P) ** 2),
            ),
            Claim(
                "its sign is that of p(1-p) - 2 p0(1-p)^2 - 2(1-p0)p^2",
                bend * P**2 * (1 - P) ** 2 / BETA,
                "==",
                -excess,
            ),
            Claim(
                "stationary for groups of two along beta = p(1-p)/(p-p0)",
                slope.subs(scores).subs(BETA, weight),
                "==",
                S.Zero,
                above,
            ),
            Claim(
                "the example is stationary, G = 2: at beta = 1 the gradient is p0 - p^2",
                gradient(margin=S.One).subs(BETA, S.One),
                "==",
                P0 - P**2,
            ),
            Claim("the example is a strict local minimum", bend.subs(point), ">", S.Zero),
            Claim(
                "every stationary policy is a maximiser of its stage objective (G = 2)",
                bend.subs(BETA, weight),
                "<=",
                S.Zero,
                above,
                expected="REFUTED",
            ),
            Claim(
                "2(1-p0)p^2 + 2 p0(1-p)^2 >= 4 p(1-p) sqrt(p0(1-p0)): concave if p0(1-p0) >= 1/16",
                excess + P * (1 - P),
                ">=",
                4 * P * (1 - P) * sqrt(P0 * (1 - P0)),
            ),
            Claim(
                "concave if p > p0 >= 1/2",
                bend,
                "<",
                S.Zero,
                Domain.of(Range(P0, S.Half, S.One, True), (P, P0, S.One)),
            ),
            Claim(
                "at the odds s of pi and s^2 of pi_ref: convex where s^2 - 4s + 1 > 0",
                excess.subs(best) * (1 + ROOT**2) * (1 + ROOT) ** 2 / ROOT,
                "==",
                -(ROOT**2 - 4 * ROOT + 1),
                small,
            ),
            Claim("for s < 1 that policy is above pi_ref", best[P], ">", best[P0], small),
            Claim("it changes sign at s = 2 - sqrt(3)", last**2 - 4 * last + 1, "==", S.Zero),
            Claim("there pi_ref(a) = (2 - sqrt(3))/4", best[P0].subs(ROOT, last), "==", last / 4),
            Claim(
                "and pi_ref(a)(1 - pi_ref(a)) = 1/16",
                (last / 4) * (1 - last / 4),
                "==",
                Rational(1, 16),
            ),
        ),
        domain=Domain.of(BETA, P0, P),
    )
