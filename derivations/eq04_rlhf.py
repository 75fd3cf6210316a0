"""RLHF pools the reference and the rewards logarithmically."""

from sympy import S, Symbol, exp, log

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, DIRECT_KL, TWO, Headline
from derivations.lemmas import CONCAVE_MAXIMUM, IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, equation
from grpo_symbolic import RLHF, BinaryQuestion, Claim, DirectKL, Domain, stationary_policy, symbols

BETA = symbols.beta


def pooled(preferences, references):
    """Normalised policies pi_ref * g(P / beta) with the link g of direct KL."""
    weights = [w * DirectKL().link(p / BETA) for p, w in zip(preferences, references, strict=True)]
    return [w / sum(weights) for w in weights]


def any_number() -> tuple[Claim, Claim]:
    """One answer of a policy pi_ref exp(r/beta)/Z, with a symbol for Z: any of any number."""
    reward, total = Symbol("r_o", real=True), Symbol("Z", positive=True)
    found = REF * exp(reward / BETA) / total
    term = NEW * reward - BETA * NEW * log(NEW / REF)
    return (
        Claim(
            "any number of answers: one multiplier, beta (log Z - 1), with Z for the sum of all",
            term.diff(NEW).subs(NEW, found),
            "==",
            BETA * (log(total) - 1),
        ),
        Claim(
            "any number of answers: the objective is strictly concave",
            term.diff(NEW, 2),
            "<",
            S.Zero,
        ),
    )


def result() -> Result:
    policy = stationary_policy(RLHF(), BinaryQuestion())
    rewards = [Symbol(f"r_{i}", real=True) for i in (1, 2, 3)]
    references = [Symbol(f"w_{i}", positive=True) for i in (1, 2, 3)]
    found = pooled(rewards, references)
    marginal = [DirectKL().marginal(w / p) for w, p in zip(references, found, strict=True)]
    ratio = references[0] * exp(rewards[0] / BETA) / (references[1] * exp(rewards[1] / BETA))
    p0, gap = symbols.pi_ref, symbols.gap
    return Result(
        "RLHF: logarithmic pooling",
        f"{VY}, (4)",
        r"With expected reward and direct KL the stationary policy is "
        r"$\pi(o)\propto\pi_{\mathrm{ref}}(o)\,e^{r(o)/\beta}$.",
        headlines=(
            Headline(
                r"$\pi(o)=\pi_{\mathrm{ref}}(o)e^{r(o)/\beta}/Z$ is the only maximiser of "
                r"$\mathrm{E}_\pi r-\beta"
                r"\,\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$",
                ("any number of answers: *",),
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                by=(
                    IDENTITY_IN_SYMBOLS(statement="any number of answers: one multiplier*"),
                    CONCAVE_MAXIMUM(
                        condition="any number of answers: one multiplier*",
                        concave="any number of answers: the objective is strictly concave*",
                    ),
                ),
            ),
            Headline(
                "for two answers it is logistic in the reward gap",
                ("(4) for two answers*",),
                answers=TWO,
                parameters=Domain.of(BETA, p0, gap),
            ),
        ),
        setting=r"expected reward in place of the group preference, direct KL",
        references=("ouyang2022",),
        formulas=(equation(symbols.pi, policy.expression),),
        claims=(
            Claim("odds of two answers out of three", found[0] / found[1], "==", ratio),
            Claim(
                "three answers share one multiplier",
                rewards[0] - BETA * marginal[0],
                "==",
                rewards[1] - BETA * marginal[1],
            ),
            Claim(
                "(4) for two answers",
                policy.expression,
                "==",
                p0 * exp(gap / BETA) / (p0 * exp(gap / BETA) + 1 - p0),
            ),
            *any_number(),
        ),
        derivation=policy.derivation,
    )
