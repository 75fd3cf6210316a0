"""Groups of two, any margins: one stationary policy, the equilibrium of a regularised game."""

from collections.abc import Sequence

from sympy import Add, Expr, S, Symbol, integrate, log, oo

from derivations.headline import ANY_NUMBER, TWO, Headline
from derivations.lemmas import ANTISYMMETRY, BROUWER, MONOTONE_MAP
from derivations.result import Result, equation, telling
from derivations.second_route.objectives import divergence_gradient, kl_divergence
from derivations.second_route.policies import along_logit, logit_weights, normalised
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Penalty, Question, ReverseKL, symbols
from grpo_symbolic.domain import Range
from grpo_symbolic.work import limited

BETA, U = symbols.beta, symbols.u
SIZES = (2, 3)
PENALTIES = {"reverse KL": ReverseKL(), "direct KL": DirectKL()}
#: One answer: its probabilities under two policies p and q, and under pi_ref.
P_O, Q_O = Symbol("p_o", positive=True), Symbol("q_o", positive=True)
REF_O = Symbol("pi_ref_o", positive=True)


def margins(size: int) -> Question:
    """A question given by the symbols of its confidence margins."""
    entry = {(o, q): Symbol(f"g_{o + 1}{q + 1}", real=True) for o in range(size) for q in range(o)}
    rows = [
        [-entry[q, o] if o < q else entry[o, q] if q < o else S.Zero for q in range(size)]
        for o in range(size)
    ]
    return Question(preferences=rows)


def named(letter: str, size: int) -> tuple[Expr, ...]:
    """A policy in symbols of its own; the last probability is one minus the others."""
    free = [Symbol(f"{letter}_{o}", positive=True) for o in range(1, size)]
    return (*free, 1 - Add(*free))


def preference_at(question: Question, policy: Sequence[Expr]) -> list[Expr]:
    """P_2 of every answer in groups drawn from ``policy``."""
    renamed = dict(zip(question.policy[:-1], policy, strict=False))
    return [v.subs(renamed, simultaneous=True) for v in GRPO(2).preference(question)]


def divergence_term(penalty: Penalty) -> Expr:
    """One answer's term of a divergence D: an antiderivative of d(pi_ref/p) in p."""
    return limited(integrate, penalty.marginal(REF_O / P_O).expand(), P_O, steps=5_000_000)


def has_gradient(name: str, term: Expr) -> Claim:
    """D, summed over three answers, has the derivative of the divergence in a logit."""
    weights = logit_weights(3)
    policy, given = normalised(weights), normalised(logit_weights(3, "y"))
    total = Add(*(term.subs({P_O: p, REF_O: r}) for p, r in zip(policy, given, strict=True)))
    pair = (given, policy) if name == "reverse KL" else (policy, given)
    return Claim(
        f"{name}: D has the gradient of the divergence, in a logit of three answers",
        along_logit(total, weights[0]),
        "==",
        divergence_gradient(weights, kl_divergence(*pair)),
    )


def result() -> Result:
    claims = []
    for size in SIZES:
        question = margins(size)
        p, q = named("p", size), named("q", size)
        at_p, at_q = preference_at(question, p), preference_at(question, q)
        domain = Domain.of(*(Range(s, S.Zero, S.One) for s in (*p[:-1], *q[:-1])))
        claims += [
            Claim(
                f"sum (p - q)(P(p) - P(q)) = 0, n = {size}",
                Add(*((a - b) * (x - y) for a, b, x, y in zip(p, q, at_p, at_q, strict=True))),
                "==",
                S.Zero,
                domain,
            ),
            Claim(
                f"zero sum: p against q wins what q against p loses, n = {size}",
                Add(*(w * v for w, v in zip(p, at_q, strict=True))),
                "==",
                -Add(*(w * v for w, v in zip(q, at_p, strict=True))),
                domain,
            ),
        ]
    apart = Domain.of((Q_O, S.Zero, S.One), (P_O, Q_O, S.One), (REF_O, S.Zero, S.One))
    for name, penalty in PENALTIES.items():
        first, term = penalty.marginal(REF_O / P_O), divergence_term(penalty)
        claims += [
            Claim(f"{name}: d increases in the probability", first.diff(P_O), ">", S.Zero, apart),
            has_gradient(name, term),
            Claim(f"{name}: the pull on a vanishing probability has no bound: it grows by log 2 "
                  "at least whenever pi_ref/pi doubles", penalty.marginal().subs(U, 2 * U), "<=",
                  penalty.marginal() - log(2), Domain.of((U, S.One, oo))),
        ]  # fmt: skip
    reverse = PENALTIES["reverse KL"]
    product = (P_O - Q_O) * (reverse.marginal(REF_O / P_O) - reverse.marginal(REF_O / Q_O))
    claims.append(
        Claim("reverse KL: (p - q)(d(p) - d(q)) is pi_ref (p - q)^2/(p q)", product, "==",
              REF_O * (P_O - Q_O) ** 2 / (P_O * Q_O))
    )  # fmt: skip
    return Result(
        "Groups of two: one stationary policy for any margins",
        "new",
        r"The margins $\Gamma$ may be transitive or not, and $\pi_{\mathrm{ref}}>0$. The game is "
        r"the symmetric zero-sum game of $\pi$ against $q$ with the payoff "
        r"$\pi^\top\Gamma q-\beta D(\pi)+\beta D(q)$, $\partial D/\partial\pi(o)=d(o)$. For "
        "reverse "
        r"and for direct KL, the terms of $D$ are",
        intuition="The game of duels is antisymmetric, so that two stationary policies would have "
        "to beat each other. The penalty breaks the tie in favour of one.",
        argument=r"$P_2(\cdot\mid\pi)=\Gamma\pi$, and antisymmetry gives "
        r"$\sum_o(\pi-q)_o(P(o\mid\pi)-P(o\mid q))=0$, checked for two and three answers and true "
        r"for every number because $x^\top\Gamma x=0$. The marginal penalty increases strictly "
        r"with $\pi(o)$, so $\sum_o(\pi-q)_o(d_\pi(o)-d_q(o))>0$ for $\pi\ne q$. If $\pi$ and $q$ "
        r"are both stationary, the conditions weighted with $\pi-q$ give "
        r"$0-\beta\sum_o(\pi-q)_o(d_\pi(o)-d_q(o))=0$: hence $\pi=q$. Existence: "
        r"$\pi\mapsto\pi^\top\Gamma q-\beta D(\pi)$ is strictly concave and $d\to-\infty$ as a "
        r"probability vanishes, so the best response to $q$ is unique, interior and continuous in "
        r"$q$, and Brouwer's theorem gives a fixed point.",
        headlines=(
            Headline(
                "there is exactly one stationary policy, the equilibrium of a regularised "
                "zero-sum game",
                (
                    "{penalty}: d increases in the probability",
                    "{penalty}: D has the gradient *",
                    "{penalty}: the pull on a vanishing probability has no bound*",
                ),
                groups=TWO,
                answers=ANY_NUMBER,
                penalties=tuple(PENALTIES),
                hypotheses=("any antisymmetric margins", r"$\beta>0$"),
                by=(
                    ANTISYMMETRY(instances=("sum (p - q)(P(p) - P(q)) = 0, n = *", "zero sum: *")),
                    MONOTONE_MAP(
                        zero="sum (p - q)(P(p) - P(q)) = 0, n = *",
                        positive="{penalty}: d increases in the probability",
                    ),
                    BROUWER(
                        response="{penalty}: the pull on a vanishing probability has no bound*"
                    ),
                ),
            ),
        ),
        setting=r"any number of answers, groups of two, reverse or direct KL",
        formulas=tuple(
            equation(Symbol("D_o"), divergence_term(penalty)) for penalty in PENALTIES.values()
        ),
        claims=tuple(telling(claims)),
        domain=Domain.of(BETA, *apart.ranges),
    )
