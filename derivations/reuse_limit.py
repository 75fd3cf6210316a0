"""How long samples can be reused before a rest point is left."""

from sympy import Expr, Rational, S, Symbol, exp, log

from derivations.bernstein_form import P0, P
from derivations.headline import TWO, Headline
from derivations.result import Result, equation
from derivations.second_route.objectives import expected_penalty
from derivations.second_route.policies import along_logit, logit_weights, normalised
from grpo_symbolic import Claim, Domain, symbols

BETA = symbols.beta
SHARED = P * (1 - P)
#: Advantages of the two answers at rest, and the slope of their difference.
BELOW, SLOPE = Symbol("P_b", real=True), Symbol("D_slope", real=True)
INNER, KAPPA = Symbol("A", real=True), Symbol("kappa", positive=True)
TIME = Symbol("tau", positive=True)
#: The placement, and what the penalty balances at rest: P(a) - P(b).
REST = {
    "reverse KL: k3 in the loss": ("k3", "loss", (P - P0) / SHARED),
    "direct KL: k3 with the ratio": (
        "k3", "loss-with-ratio", log(P / P0) - log((1 - P) / (1 - P0))),
    "direct KL: k1 in the reward": (
        "k1", "reward", log(P / P0) - log((1 - P) / (1 - P0))),
}  # fmt: skip


def slopes(estimator: str, placement: str, balance: Expr) -> tuple[Expr, Expr]:
    """Of the gradient in the log-odds: A in the new policy, B in the one that was sampled."""
    new, old = logit_weights(2), logit_weights(2, "z")
    policy, drawn = normalised(new), normalised(old)
    # Near rest the difference of the advantages moves with the policy that was sampled.
    above = BELOW + BETA * balance + SLOPE * (drawn[0] - P)
    gain = policy[0] * above + policy[1] * BELOW
    penalty = expected_penalty(policy, drawn, (P0, 1 - P0), estimator, placement)
    gradient = along_logit(gain - BETA * penalty, new[0])
    rest = dict(zip((*new, *old), (P, 1 - P, P, 1 - P), strict=True))
    return tuple(along_logit(gradient, w).xreplace(rest) for w in (new[0], old[0]))


def response(inner: Expr, kappa: Expr, time: Expr) -> Expr:
    """A deviation after a time on frozen samples: A δ + B per unit of time, B = -kappa - A."""
    grown = exp(inner * time)
    return grown + (-kappa - inner) * (grown - 1) / inner


def result() -> Result:
    published = {
        "reverse KL: k3 in the loss": -BETA
        * SHARED**2
        * (2 * P0 / P**2 + 2 * (1 - P0) / (1 - P) ** 2 - 1 / SHARED),
        "direct KL: k3 with the ratio": -BETA * SHARED,
        "direct KL: k1 in the reward": S.Zero,
    }
    claims = []
    for name, (estimator, placement, balance) in REST.items():
        inner, outer = slopes(estimator, placement, balance)
        claims.append(Claim(f"A, {name}", inner, "==", published[name]))
        if placement == "loss-with-ratio":
            claims.append(Claim(f"B, {name}", outer, "==", SHARED**2 * SLOPE))
    limit = log(1 + 2 * INNER / KAPPA) / INNER
    grown = 1 + 2 * INNER / KAPPA
    at_limit = grown + (-KAPPA - INNER) * (grown - 1) / INNER
    moved = response(INNER, KAPPA, TIME)
    claims += [
        Claim("the deviation moves as the frozen gradient says", moved.diff(TIME), "==",
              INNER * moved - KAPPA - INNER, where_defined=True),
        Claim("the deviation starts as it is and grows by", moved, "==",
              1 - KAPPA * (exp(INNER * TIME) - 1) / INNER, where_defined=True),
        Claim("the response at the limit is -1", at_limit, "==", -S.One, where_defined=True),
        Claim("the response falls with the time on one batch", -KAPPA * exp(INNER * TIME), "<",
              S.Zero, Domain.of(INNER, KAPPA, TIME)),
        Claim("its slope is that", moved.diff(TIME), "==", -KAPPA * exp(INNER * TIME),
              where_defined=True),
        Claim("control: the response at half the limit is -1",
              response(Rational(1, 2), S.One, log(2)), "==", -S.One, expected="REFUTED"),
    ]  # fmt: skip
    return Result(
        "How long samples can be reused",
        "new",
        r"Hold the samples of a batch and their advantages fixed and follow the gradient for a "
        r"time $\tau$ (rate times steps). Near a rest point a deviation $\delta$ of the log-odds "
        r"moves as $\dot\delta=A\delta+B\delta_0$, with $A$ the slope of the frozen gradient in "
        r"the policy that learns, $B$ that in the policy that sampled, and $A+B=-\kappa$. After "
        r"$\tau$ it is $\bigl(1-\kappa(e^{A\tau}-1)/A\bigr)\delta_0$, which falls with $\tau$ "
        r"and reaches $-\delta_0$ at $\tau_{\max}=\log(1+2A/\kappa)/A$: beyond it the iteration "
        r"leaves the rest point, and for $1+2A/\kappa\le0$ it never does. $A$ does not depend on "
        r"the advantage rule: for $k_3$ in the loss $A=-\beta x^2(2p_0/p^2+2(1-p_0)/(1-p)^2-1/x)$, "
        r"$x=p(1-p)$; with the importance ratio $A=-\beta x$; inside the reward the penalty is "
        r"frozen too, and $A=0$, where $\tau_{\max}$ is the limit $2/\kappa$.",
        intuition="Samples that are kept are answers to a policy of the past. Followed for too "
        "long they carry the policy past its rest point, further each time.",
        headlines=(
            Headline(
                r"the slope $A$ of the frozen gradient at rest, whatever the advantage rule",
                ("A, {penalty}: *",),
                answers=TWO,
                penalties=("reverse KL", "direct KL"),
                parameters=Domain.of(BETA, P, P0),
            ),
            Headline(
                r"beyond $\tau_{\max}=\log(1+2A/\kappa)/A$ the iteration leaves the rest point",
                (
                    "the deviation moves as the frozen gradient says",
                    "the deviation starts as it is and grows by",
                    "the response at the limit is -1",
                    "the response falls with the time on one batch",
                    "its slope is that",
                ),
                answers=TWO,
                parameters=Domain.of(KAPPA),
                hypotheses=(r"linearised at rest", r"$A\ne0$", r"no ratio is clipped"),
            ),
        ),
        setting="two answers, frozen samples of exact expectations, plain gradient ascent in the "
        "log-odds",
        formulas=(equation(Symbol("tau_max", positive=True), limit),),
        claims=tuple(claims),
        domain=Domain.of(BETA, P0, KAPPA),
    )
