"""k3 times the importance ratio acts as direct KL."""

from sympy import Symbol, log

from derivations.eq08_frozen_gradient import NEW, OLD, REF
from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, DirectKL, Divergence, ReverseKL, symbols

U = symbols.u
DIRECT = Divergence(U * log(U))  # KL(pi || pi_ref)


def result() -> Result:
    return Result(
        r"$k_3$ times the importance ratio acts as direct KL",
        f"{VY}, Appendix B, for direct KL; with the ratio, the practice of trainers",
        r"With the ratio $\pi/\pi_{\mathrm{old}}$ the expected penalty is $\mathrm{KL}"
        r"(\pi\,\|\,\pi_{\mathrm{ref}})$ itself (up to $\sum\pi_{\mathrm{ref}}-\sum\pi=0$), "
        r"and $d(u)=-\log u$.",
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
                "the generator gives KL(pi || pi_ref)",
                DIRECT.value(NEW, REF),
                "==",
                NEW * log(NEW / REF),
            ),
            Claim(
                "k3 with ratio is direct KL less the constant 1",
                DIRECT.marginal() - DirectKL().marginal(),
                "==",
                U / U,
            ),
            Claim(
                "pi k3 is the term of KL(pi || pi_ref) and pi_ref - pi, whose sum is 0",
                NEW / OLD * OLD * ReverseKL().k.subs(U, REF / NEW),
                "==",
                NEW * log(NEW / REF) + REF - NEW,
            ),
        ),
    )
