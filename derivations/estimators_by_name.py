"""What each estimator acts as, by name and placement."""

from sympy import Expr, S, Symbol, oo

from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from derivations.second_route.objectives import (
    divergence_gradient,
    kl_divergence,
    penalty_gradient,
)
from derivations.second_route.policies import logit_weights, normalised, projected
from grpo_symbolic import Claim, Divergence, Domain, Estimator, symbols

U = symbols.u
PLACES = {
    "loss": "in the loss",
    "loss-with-ratio": "times the ratio",
    "reward": "in the reward",
}
REVERSE, DIRECT = Divergence.reverse_kl(), Divergence.direct_kl()
#: What is expected of each: a divergence, nothing at all, or none of the two.
EXPECTED = {
    ("k1", "loss"): None,
    ("k2", "loss"): DIRECT,
    ("k3", "loss"): REVERSE,
    ("k1", "loss-with-ratio"): DIRECT,
    ("k3", "loss-with-ratio"): DIRECT,
    ("k1", "reward"): DIRECT,
}
NEITHER = (("k2", "loss-with-ratio"), ("k2", "reward"), ("k3", "reward"))


def slope(penalty) -> Expr:
    """d'(u): two penalties with the same one have the same stationary policies."""
    return penalty.marginal().diff(U)


WEIGHTS, SHARES = logit_weights(2), logit_weights(2, "y")
POLICY, REFERENCE = normalised(WEIGHTS), normalised(SHARES)


def in_a_logit(penalty) -> Expr:
    """What the marginal penalty comes to in a logit of two answers."""
    ratios = (r / w for w, r in zip(POLICY, REFERENCE, strict=True))
    return projected(POLICY, [penalty.marginal(u) for u in ratios])


def result() -> Result:
    exact = {
        REVERSE: divergence_gradient(WEIGHTS, kl_divergence(REFERENCE, POLICY)),
        DIRECT: divergence_gradient(WEIGHTS, kl_divergence(POLICY, REFERENCE)),
        None: S.Zero,
    }
    claims = [
        Claim("generator -log v: KL(pi_ref || pi)", in_a_logit(REVERSE), "==", exact[REVERSE]),
        Claim("generator v log v: KL(pi || pi_ref)", in_a_logit(DIRECT), "==", exact[DIRECT]),
    ]
    for (name, place), divergence in EXPECTED.items():
        title = "no penalty at all" if divergence is None else divergence.title
        sampled = penalty_gradient(WEIGHTS, REFERENCE, name, place)
        claims += [
            Claim(f"{name} {PLACES[place]}: {title}", sampled, "==", exact[divergence]),
            Claim(
                f"{name} {PLACES[place]}: the marginal penalty derived",
                in_a_logit(Estimator(name, place)),
                "==",
                sampled,
            ),
        ]
    for name, place in NEITHER:
        claims += [
            Claim(
                f"{name} {PLACES[place]}: {divergence.title}",
                slope(Estimator(name, place)) - slope(divergence),
                "==",
                S.Zero,
                expected="REFUTED",
            )
            for divergence in (REVERSE, DIRECT)
        ]
    k1, k3 = (penalty_gradient(WEIGHTS, REFERENCE, name, "reward") for name in ("k1", "k3"))
    claims += [
        Claim(
            "k3 in the reward is the marginal of k1 there less that of k3 in the loss",
            k3,
            "==",
            k1 - penalty_gradient(WEIGHTS, REFERENCE, "k3", "loss"),
        ),
        *(
            Claim(
                f"abs in the reward penalises by the size of the log-ratio, {where} the reference",
                Estimator("abs", "reward").marginal(u),
                "==",
                side * Estimator("k1", "reward").marginal(u),
                Domain.of((U, S.One, oo)),
            )
            for where, side, u in (("above", 1, 1 / U), ("below", -1, U))
        ),
    ]
    return Result(
        "What each estimator acts as",
        f"{VY}, (8)-(10) for $k_3$ in the loss; the others new as a table",
        "$k_2$ with the ratio, and $k_2$ and $k_3$ in the reward, act as neither.",
        intuition="What a penalty does is read off its coefficient, not off its name. Most of the "
        "usual combinations are one of two divergences in disguise, and some are none.",
        argument=r"The marginal penalty $d(u)$, $u=\pi_{\mathrm{ref}}/\pi$, decides up to a "
        "constant.",
        headlines=(
            Headline(
                r"in the loss $k_3$ acts as reverse KL, $k_2$ as direct KL, $k_1$ not at all; "
                r"with the ratio "
                r"$k_1$ and $k_3$ act as direct KL, and so does $k_1$ in the reward",
                ("k? in the *", "k? times the ratio: *"),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term=("k? in the *", "k? times the ratio: *")),),
            ),
        ),
        setting=r"the same estimators and placements; a penalty acts as a divergence when their "
        r"derivatives differ by a constant",
        references=("schulman2020",),
        formulas=tuple(
            equation(
                Symbol(f"d_{name}_{place.removeprefix('loss-with-')}"),
                Estimator(name, place).marginal(),
            )
            for name, place in (*EXPECTED, *NEITHER)
        ),
        claims=tuple(claims),
    )
