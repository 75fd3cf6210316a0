"""At pi_old = pi the marginal penalty is 1 - pi_ref / pi."""

from sympy import Symbol

from derivations.eq08_frozen_gradient import NEW, OLD, REF
from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, ReverseKL


def result() -> Result:
    on_policy = ReverseKL().gradient(NEW, OLD, REF).subs(OLD, NEW)
    marginal = ReverseKL().marginal(REF / NEW)
    return Result(
        "The marginal penalty on policy",
        f"{VY}, (10)",
        r"It depends on $u=\pi_{\mathrm{ref}}(o)/\pi(o)$ only:",
        intuition="When the samples come from the current policy, the frozen weights cancel one "
        "factor of the estimator. What remains is a function of the likelihood ratio "
        "alone.",
        headlines=(
            Headline(
                r"at $\pi_{\mathrm{old}}=\pi$ the derivative in $\pi(o)$ is "
                r"$1-\pi_{\mathrm{ref}}(o)/\pi(o)$",
                ("(10)",),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="(10)"),),
            ),
        ),
        setting=r"the published penalty at $\pi_{\mathrm{old}}=\pi$",
        kind="Corollary",
        formulas=(equation(Symbol("d_o"), marginal),),
        claims=(
            Claim("(10)", on_policy, "==", 1 - REF / NEW),
            Claim("the marginal penalty is that derivative", marginal, "==", on_policy),
        ),
    )
