"""k3 in the loss acts as reverse KL."""

from sympy import S, Symbol, log

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from derivations.second_route.objectives import (
    divergence_gradient,
    kl_divergence,
    penalty_gradient,
)
from derivations.second_route.policies import logit_weights, normalised, projected
from grpo_symbolic import Claim, DirectKL, Divergence, ReverseKL, symbols

U = symbols.u
REVERSE = Divergence(-log(U))  # sum pi_ref f(pi/pi_ref) with f(x) = -log x is KL(pi_ref || pi)


def result() -> Result:
    reverse = REVERSE.marginal(REF / NEW)
    weights, shares = logit_weights(3), logit_weights(3, "y")
    policy, reference = normalised(weights), normalised(shares)
    ratios = [r / w for w, r in zip(policy, reference, strict=True)]
    exact = divergence_gradient(weights, kl_divergence(reference, policy))
    return Result(
        r"$k_3$ in the loss acts as reverse KL",
        f"{VY}, the reverse-KL gradient after (10)",
        r"The constraint $\sum_o\pi(o)=1$ absorbs the constant.",
        intuition="The estimator $k_3$ has the right value but, with its samples frozen, the "
        "gradient of the other divergence. The penalty that is minimised is not the one "
        "that is reported.",
        headlines=(
            Headline(
                "the marginal penalty of $k_3$ differs from the derivative of "
                r"$\mathrm{KL}(\pi_{\mathrm{ref}}\,\|\,\pi)$ "
                r"by the constant 1",
                (
                    "the generator gives KL(pi_ref || pi)",
                    "derivative of KL(pi_ref || pi)*",
                    "k3 in the loss *",
                ),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="derivative of KL(pi_ref || pi)*"),),
            ),
        ),
        setting=r"the published penalty on policy",
        formulas=(equation(Symbol("d_KL_o"), reverse),),
        claims=(
            Claim(
                "the generator gives KL(pi_ref || pi)",
                REVERSE.value(NEW, REF),
                "==",
                REF * log(REF / NEW),
            ),
            Claim(
                "derivative of KL(pi_ref || pi), in a logit of three answers",
                exact,
                "==",
                projected(policy, [reverse.xreplace({REF: u, NEW: S.One}) for u in ratios]),
            ),
            Claim(
                "k3 in the loss has the gradient of reverse KL, in a logit of three answers",
                penalty_gradient(weights, reference),
                "==",
                exact,
            ),
            Claim(
                "so has the marginal penalty that is derived",
                projected(policy, [ReverseKL().marginal(u) for u in ratios]),
                "==",
                exact,
            ),
            Claim(
                "k3 times the ratio is reverse KL",
                DirectKL().marginal() - DirectKL().marginal().subs(U, 1),
                "==",
                REVERSE.marginal() - REVERSE.marginal().subs(U, 1),
                expected="REFUTED",
            ),
        ),
    )
