"""k3 times the importance ratio acts as direct KL."""

from sympy import Add, Symbol, log

from derivations.eq08_frozen_gradient import NEW, OLD, REF
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
DIRECT = Divergence(U * log(U))  # KL(pi || pi_ref)


def result() -> Result:
    weights, shares = logit_weights(3), logit_weights(3, "y")
    policy, reference = normalised(weights), normalised(shares)
    ratios = [r / w for w, r in zip(policy, reference, strict=True)]
    exact = divergence_gradient(weights, kl_divergence(policy, reference))
    return Result(
        r"$k_3$ times the importance ratio acts as direct KL",
        f"{VY}, Appendix B, for direct KL; with the ratio, the practice of trainers",
        "The marginal penalty is",
        intuition="The importance ratio lets the gradient see that the samples move with the "
        "policy. With it the same estimator pulls as the divergence that it estimates.",
        argument=r"The two sums differ by $\sum_o\pi_{\mathrm{ref}}(o)-\sum_o\pi(o)=0$.",
        headlines=(
            Headline(
                r"with the importance ratio the expected penalty is "
                r"$\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$",
                (
                    "pi k3*",
                    "the generator gives KL(pi || pi_ref)*",
                    "k3 with ratio *",
                ),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="pi k3*"),),
            ),
        ),
        setting=r"$k_3$ in the loss, times the importance ratio, on policy",
        formulas=(equation(Symbol("d_o"), DirectKL().marginal(REF / NEW)),),
        claims=(
            Claim(
                "the generator gives KL(pi || pi_ref), three answers",
                Add(*(DIRECT.value(*pair) for pair in zip(policy, reference, strict=True))),
                "==",
                Add(*(-w * log(u) for w, u in zip(policy, ratios, strict=True))),
            ),
            Claim(
                "k3 with ratio has the gradient of direct KL, in a logit of three answers",
                penalty_gradient(weights, reference, placement="loss-with-ratio"),
                "==",
                exact,
            ),
            Claim(
                "so has the marginal penalty that is derived",
                projected(policy, [DirectKL().marginal(u) for u in ratios]),
                "==",
                exact,
            ),
            Claim(
                "pi k3 is the term of KL(pi || pi_ref) and pi_ref - pi, whose sum is 0",
                NEW / OLD * OLD * ReverseKL().k.subs(U, REF / NEW),
                "==",
                NEW * log(NEW / REF) + REF - NEW,
            ),
        ),
    )
