"""What each estimator acts as, by name and placement."""

from sympy import Abs, Expr, S, Symbol, log

from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, Divergence, Estimator, symbols

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


def result() -> Result:
    claims = [
        Claim("generator -log v: KL(pi_ref || pi)", slope(REVERSE), "==", -S.One),
        Claim("generator v log v: KL(pi || pi_ref)", slope(DIRECT), "==", -1 / U),
    ]
    for (name, place), divergence in EXPECTED.items():
        target = S.Zero if divergence is None else slope(divergence)
        title = "no penalty at all" if divergence is None else divergence.title
        claims.append(
            Claim(
                f"{name} {PLACES[place]}: {title}",
                slope(Estimator(name, place)) - target,
                "==",
                S.Zero,
            )
        )
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
    claims += [
        Claim(
            "k3 in the reward is the marginal of k1 there less that of k3 in the loss",
            Estimator("k3", "reward").marginal(),
            "==",
            Estimator("k1", "reward").marginal() - Estimator("k3", "loss").marginal(),
        ),
        Claim(
            "abs in the reward penalises by the size of the log-ratio",
            Estimator("abs", "reward").marginal(),
            "==",
            Abs(log(U)),
        ),
    ]
    return Result(
        "What each estimator acts as",
        f"{VY}, (8)-(10) for $k_3$ in the loss; the others new as a table",
        r"The marginal penalty $d(u)$, $u=\pi_{\mathrm{ref}}/\pi$, decides up to a constant. In "
        r"the loss $k_3$ acts as $\mathrm{KL}(\pi_{\mathrm{ref}}\,\|\,\pi)$, $k_2$ as "
        r"$\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$, and $k_1$ not at all; with the importance "
        r"ratio $k_1$ and $k_3$ both act as $\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$; in the "
        r"reward only $k_1$ does. $k_2$ with the ratio, and $k_2$ and $k_3$ in the reward, act as "
        r"neither.",
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
