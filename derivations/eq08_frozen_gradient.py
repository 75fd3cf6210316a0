"""The derivative of the expected penalty with the sampling policy frozen."""

from sympy import Expr, S, Symbol

from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from derivations.second_route.objectives import expected_penalty
from derivations.second_route.policies import along_logit, logit_weights, normalised, projected
from grpo_symbolic import Claim, ReverseKL, symbols

NEW, OLD, REF = (Symbol(name, positive=True) for name in ("pi_o", "pi_old_o", "pi_ref_o"))
WEIGHTS, FROZEN, SHARES = (logit_weights(2, letter) for letter in "xzy")


def _of(gradient: Expr, answer: int) -> Expr:
    """The derivative in pi(o) at one of two answers."""
    laws = (normalised(weights) for weights in (WEIGHTS, FROZEN, SHARES))
    values = (law[answer] for law in laws)
    return gradient.xreplace(dict(zip((NEW, OLD, REF), values, strict=True)))


def result() -> Result:
    penalty = ReverseKL()
    term = penalty.expected_term(NEW, OLD, REF)
    gradient = penalty.gradient(NEW, OLD, REF)
    step = Symbol("h", positive=True)
    slope = penalty.k.diff(symbols.u)
    laws = [normalised(weights) for weights in (WEIGHTS, FROZEN, SHARES)]
    second_route = along_logit(expected_penalty(*laws), WEIGHTS[0])
    return Result(
        "The penalty and its gradient with the sampling policy frozen",
        f"{VY}, (7), (8)",
        r"With $D_o$ for the term of the answer $o$,",
        intuition="What is differentiated is the term that the trainer writes down, with the "
        "samples held fixed. The gradient of this term need not be the gradient of the "
        "divergence that it estimates.",
        headlines=(
            Headline(
                r"the derivative of "
                r"$\mathrm{KL}_0(\pi\,\|\,\pi_{\mathrm{ref}};\pi_{\mathrm{old}})$ in $\pi(o)$ "
                r"is $-\pi_{\mathrm{old}}\pi_{\mathrm{ref}}/\pi^2+\pi_{\mathrm{old}}/\pi$ at $o$",
                ("(8)",),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="(8)"),),
            ),
        ),
        setting=r"the published penalty, $k_3$ in the loss, sampled from $\pi_{\mathrm{old}}$: it "
        r"has the expectation $\mathrm{KL}_0(\pi\,\|\,\pi_{\mathrm{ref}};\pi_{\mathrm{old}})="
        r"\sum_o\pi_{\mathrm{old}}(o)\,k_3(\pi_{\mathrm{ref}}(o)/\pi(o))$ with "
        r"$k_3(u)=u-\log u-1$",
        references=("shao2024",),
        formulas=(equation(Symbol("D_o"), term), equation(Symbol("D_o_prime"), gradient.factor())),
        claims=(
            Claim("(8)", gradient, "==", OLD / NEW * (1 - REF / NEW)),
            Claim(
                "in a logit, two answers: pi(o) times (8), less its mean",
                second_route,
                "==",
                projected(laws[0], [_of(gradient, o) for o in (0, 1)]),
            ),
            Claim("k3 grows above u = 1", slope.subs(symbols.u, 1 + step), ">", S.Zero),
            Claim("k3 falls below u = 1", slope.subs(symbols.u, 1 / (1 + step)), "<", S.Zero),
            Claim(
                "where pi exceeds pi_ref the penalty grows with pi",
                gradient.subs(NEW, REF + step),
                ">",
                S.Zero,
            ),
        ),
    )
