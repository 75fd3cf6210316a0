"""Off policy k3 is a biased estimate of the KL divergence, in either direction."""

from sympy import Add, Rational, S, Symbol, log

from derivations.eq08_frozen_gradient import NEW, OLD, REF
from derivations.headline import ANY_NUMBER, TWO, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, Domain, ReverseKL, symbols

HALF, QUARTER = Rational(1, 2), Rational(1, 4)
FROZEN = Symbol("pi_old", positive=True)


def term():
    """One answer's part of E_old k3, less that of KL(pi || pi_ref) and of pi_ref - pi."""
    return ReverseKL().expected_term(NEW, OLD, REF) - NEW * log(NEW / REF) - (REF - NEW)


def bias():
    """E_old k3 - KL(pi || pi_ref) of two answers, from the definitions."""
    new, old, ref = ((p, 1 - p) for p in (symbols.pi, FROZEN, symbols.pi_ref))
    sampled = Add(*(ReverseKL().expected_term(*o) for o in zip(new, old, ref, strict=True)))
    return sampled - Add(*(p * log(p / r) for p, r in zip(new, ref, strict=True)))


def result() -> Result:
    example = {symbols.pi: HALF, symbols.pi_ref: QUARTER}
    above, below = (bias().subs({**example, FROZEN: old}) for old in (3 * QUARTER, QUARTER))
    u = REF / NEW
    return Result(
        r"$k_3$ is biased off policy",
        f'{VY}, Section 2: "but not in general"',
        r"At $\pi(a)=1/2$, $\pi_{\mathrm{ref}}(a)=1/4$ the bias is $\pm(\log3-1)/4$. The "
        "contribution of one answer is",
        intuition="The same term has the mean zero only under the policy that the samples come "
        "from. After a few steps on old samples it has a mean of its own.",
        headlines=(
            Headline(
                r"the bias is $\sum_o(\pi_{\mathrm{old}}(o)-\pi(o))\,k_3(\pi_{\mathrm{ref}}(o)/"
                r"\pi(o))$",
                ("one answer: *",),
                answers=ANY_NUMBER,
                by=(SUM_OVER_ANSWERS(term="one answer: *"),),
            ),
            Headline(
                r"it is positive for $\pi_{\mathrm{old}}(a)=3/4$ and negative for "
                r"$\pi_{\mathrm{old}}(a)=1/4$",
                ("example: *",),
                answers=TWO,
                hypotheses=(r"$\pi(a)=1/2$, $\pi_{\mathrm{ref}}(a)=1/4$",),
            ),
        ),
        setting=r"$k_3$ sampled from another policy than the one it is computed at",
        kind="Counterexample",
        references=("schulman2020",),
        formulas=(equation(Symbol("bias_o"), (OLD - NEW) * ReverseKL().k.subs(symbols.u, u)),),
        claims=(
            Claim(
                "one answer: the bias is (pi_old - pi) k3(pi_ref/pi), but for pi_ref - pi",
                term(),
                "==",
                (OLD - NEW) * ReverseKL().k.subs(symbols.u, u),
            ),
            Claim("example: the bias is (log 3 - 1)/4", above, "==", (log(3) - 1) / 4),
            Claim("example: it is positive", above, ">", S.Zero),
            Claim("example: from the other side it is negative", below, "<", S.Zero),
            Claim(
                "k3 is unbiased off policy too",
                bias(),
                "==",
                S.Zero,
                Domain.of((FROZEN, S.Zero, S.One)),
                expected="REFUTED",
            ),
        ),
    )
