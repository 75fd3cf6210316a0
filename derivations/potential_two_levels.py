"""Two reward levels: the stationary policies are the critical points of one potential."""

from sympy import Add, S, Symbol, asin, log, oo, sqrt

from derivations.all_groups import drift as all_groups
from derivations.all_groups import gradient, in_weights
from derivations.headline import BINARY, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationarity_condition, symbols
from grpo_symbolic.bernstein_mean import unfolded

P, P0, BETA, T = symbols.pi, symbols.pi_ref, symbols.beta, symbols.t
SIZES = (2, 3, 4, 5, 8)


def result() -> Result:
    question = BinaryQuestion()
    # The reverse KL divergence of the reference from the policy, from its definition.
    divergence = Add(
        *(
            reference * log(reference / policy)
            for policy, reference in zip(question.policy, question.reference, strict=True)
        )
    )
    claims, formulas = [], []
    for size in (*SIZES, oo):
        condition = stationarity_condition(GRPO(size), question)
        drift = condition.preference.difference(0, 1)
        name = "oo" if size == oo else str(size)
        if size == oo:
            # t = sin^2(a): the antiderivative that vanishes at 0.
            potential = 2 * asin(sqrt(P))
            formulas.append(equation(Symbol("Phi_oo"), potential))
        else:
            potential = unfolded(drift).subs(P, T).cancel().integrate((T, S.Zero, P))
            if size in (2, 4):
                formulas.append(equation(Symbol(f"Phi_{size}"), potential.expand()))
        claims.append(
            Claim(
                f"the potential has the slope D_G, G = {name}",
                all_groups(size),
                "==",
                in_weights(potential.diff(P)),
            )
        )
        claims.append(
            Claim(
                f"its slope less beta times that of the divergence is the condition, G = {name}",
                P * (1 - P) * (potential - BETA * divergence).diff(P),
                "==",
                gradient(size),
            )
        )
        claims.append(Claim(f"the potential increases, G = {name}", drift, ">", S.Zero))
    return Result(
        "Two reward levels: an objective for GRPO",
        "new for finite groups; the limit is in arXiv 2510.13651",
        "The first potentials are",
        intuition="With two levels of reward everything depends on one number, the chance of the "
        "better one. A field in one variable is always a gradient.",
        argument=r"With two reward levels the drift depends on $p$ alone, so that it has a "
        "potential.",
        headlines=(
            Headline(
                r"the stationary policies are the critical points of $\Phi_G(p)-\beta\,\mathrm{KL}"
                r"(\pi_{\mathrm{ref}}\,\|\,\pi)$, $\Phi_G'=D_G>0$",
                (
                    "the potential has the slope D_G, G = {G}",
                    "its slope less beta times that of the divergence is the condition, G = {G}",
                    "the potential increases, G = {G}",
                ),
                groups=Numbers.of(*SIZES, oo),
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
            ),
        ),
        setting=r"a binary question with deterministic rewards, $G=2,3,4,5,8$ and $G=\infty$, "
        r"the published "
        r"penalty",
        formulas=tuple(formulas),
        claims=tuple(claims),
    )
