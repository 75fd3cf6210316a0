"""k3 times the importance ratio acts as direct KL."""

from sympy import Symbol, log

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, DirectKL, Divergence, symbols

U = symbols.u
DIRECT = Divergence(U * log(U))  # KL(pi || pi_ref)


def result() -> Result:
    return Result(
        r"$k_3$ times the importance ratio acts as direct KL",
        f"{VY}, Appendix B, for direct KL; with the ratio, the practice of trainers",
        r"With the ratio $\pi/\pi_{\mathrm{old}}$ the expected penalty is $\mathrm{KL}"
        r"(\pi\,\|\,\pi_{\mathrm{ref}})$ itself (up to $\sum\pi_{\mathrm{ref}}-\sum\pi=0$), "
        r"and $d(u)=-\log u$.",
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
        ),
    )
