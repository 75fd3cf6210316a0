"""The derivative of the direct KL divergence, which the penalty's own is compared with."""

from sympy import Add, S, Symbol, log, oo

from derivations.eq08_frozen_gradient import NEW, OLD, REF
from derivations.headline import ANY_NUMBER, DIRECT_KL, Headline
from derivations.k3_unbiased import distribution
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, Divergence, Domain, ReverseKL, symbols

#: pi/pi_ref of an answer.
RATIO = Symbol("v", positive=True)
#: Probabilities of three answers, each a symbol: the derivative is taken before they sum to 1.
POLICY = tuple(Symbol(f"p_{o}", positive=True) for o in (1, 2, 3))


def divergence() -> tuple:
    """KL(pi || pi_ref) of three answers, from its definition, and the reference."""
    reference = distribution("y")
    pairs = zip(POLICY, reference, strict=True)
    return Add(*(p * log(p / ref) for p, ref in pairs)), reference


def result() -> Result:
    direct, reference = divergence()
    term = (NEW * log(NEW / REF)).diff(NEW)
    on_policy = ReverseKL().gradient(NEW, OLD, REF).subs(OLD, NEW)
    gap = (term - 1 - on_policy).subs(NEW, RATIO * REF)
    return Result(
        "The gradient of the direct KL divergence",
        f"{VY}, (9)",
        "",
        intuition="Moving probability to an answer costs the logarithm of how much it is "
        "preferred over the reference already. The constant that is left over is the "
        "same for every answer and goes into the multiplier.",
        argument="The derivative is logarithmic in the ratio, where that of the published "
        r"penalty on policy, (10), is linear. The two agree at $\pi=\pi_{\mathrm{ref}}$ "
        "only, but for the constant 1.",
        headlines=(
            Headline(
                r"the derivative of $\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$ in $\pi(o)$ is "
                r"$-\log(\pi_{\mathrm{ref}}(o)/\pi(o))+1$",
                ("(9)", "three answers: *", "the marginal penalty of the generator v log v *"),
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                by=(SUM_OVER_ANSWERS(term="(9)"),),
            ),
        ),
        setting=r"the direct KL divergence of any number of answers",
        formulas=(equation(Symbol("d_KL_direct_o"), term.expand()),),
        claims=(
            Claim("(9)", term, "==", -log(REF / NEW) + 1),
            *(
                Claim(
                    f"three answers: the derivative in pi({o + 1}) is that of its own term",
                    direct.diff(POLICY[o]),
                    "==",
                    1 - log(reference[o] / POLICY[o]),
                )
                for o in range(3)
            ),
            Claim(
                "the marginal penalty of the generator v log v is that derivative",
                Divergence(symbols.u * log(symbols.u)).marginal(REF / NEW),
                "==",
                1 - log(REF) + log(NEW),
            ),
            Claim(
                "less 1, it exceeds (10) more and more beyond pi = pi_ref, where both are 0",
                gap.diff(RATIO),
                ">",
                S.Zero,
                Domain.of((RATIO, S.One, oo)),
            ),
            Claim(
                "and the more, the further below",
                gap.diff(RATIO),
                "<",
                S.Zero,
                Domain.of((RATIO, S.Zero, S.One)),
            ),
            Claim(
                "the gradients (9) and (10) are equal",
                term,
                "==",
                on_policy,
                expected="REFUTED",
            ),
        ),
    )
