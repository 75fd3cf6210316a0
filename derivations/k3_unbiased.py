"""k3 estimates the direct KL divergence without bias when sampled from the policy itself."""

from sympy import Add, Symbol, log

from derivations.headline import ANY_NUMBER, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, ReverseKL

N = 3


def distribution(name: str):
    """Probabilities of N answers that sum to 1, from positive weights."""
    weights = [Symbol(f"{name}_{i}", positive=True) for i in range(1, N + 1)]
    return [w / Add(*weights) for w in weights]


def result() -> Result:
    policy, reference = distribution("x"), distribution("y")
    sampled = Add(
        *(ReverseKL().expected_term(p, p, r) for p, r in zip(policy, reference, strict=True))
    )
    exact = Add(*(p * log(p / r) for p, r in zip(policy, reference, strict=True)))
    p, r = (Symbol(name, positive=True) for name in ("pi_o", "pi_ref_o"))
    term = ReverseKL().expected_term(p, p, r)
    return Result(
        r"$k_3$ is unbiased for KL on policy",
        f"{VY}, Section 2",
        r"Its \emph{gradient}, with $\pi_{\mathrm{old}}$ frozen, is that of the reverse "
        "divergence all the same. The term of one answer is",
        intuition="The linear term that is added to the log-ratio has the mean zero under the "
        "policy. It lowers the variance and leaves the mean alone.",
        argument=r"Term by term the difference is $\pi_{\mathrm{ref}}(o)-\pi(o)$, whose sum is "
        "zero.",
        headlines=(
            Headline(
                r"sampled from the policy itself, $k_3$ has the mean "
                r"$\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$",
                ("termwise*",),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="termwise*"),),
            ),
        ),
        setting=r"$k_3$ sampled on policy, any number of answers",
        kind="Proposition",
        references=("schulman2020",),
        formulas=(equation(Symbol("D_o"), term),),
        claims=(
            Claim("termwise, for any number of answers", term - p * log(p / r), "==", r - p),
            Claim("three answers", sampled, "==", exact),
        ),
    )
