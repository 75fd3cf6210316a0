"""The drift of trainers that divide by the standard deviation of a batch of one question."""

from sympy import Add, Expr, Integer, Rational, S, Symbol, binomial, combsimp, factorial

from derivations.all_groups import drift as all_groups
from derivations.headline import EVERY_SIZE, TWO, Headline, Numbers
from derivations.large_group_limit import falling
from derivations.result import Result, compared, equation
from derivations.second_route.groups import centred
from derivations.trainer_drift_std import EPS, GAP, P, drift, expectation, spread
from grpo_symbolic import BatchScale, Claim, Domain, ShiftAndScale
from grpo_symbolic import symbols as s
from grpo_symbolic.domain import Range

G, K = s.G, s.k
B = Symbol("B", integer=True, positive=True)
TOTAL = Symbol("K", integer=True, positive=True)
CASES = ((4, 2), (6, 2), (6, 3))
PLAIN = {GAP: S.One, EPS: S.Zero}


def hypergeometric(number, total, size, count) -> Expr:
    """The probability of ``count`` better ones in a group, when the batch holds ``total``."""
    return binomial(total, count) * binomial(number - total, size - count) / binomial(number, size)


def splits(number: int, size: int) -> Claim:
    """The mean of k(G-k) over all ways in which a batch of K better ones fills a group."""
    total = Add(
        *(
            k
            * (size - k)
            * (falling(TOTAL, k) / factorial(k))
            * (falling(number - TOTAL, size - k) / factorial(size - k))
            for k in range(1, size)
        )
    )
    return Claim(
        f"B = {number}, G = {size}: the mean of k(G-k) is G(G-1) K(B-K)/(B(B-1))",
        total / binomial(number, size),
        "==",
        Rational(size * (size - 1), number * (number - 1)) * TOTAL * (number - TOTAL),
    )


def result() -> Result:
    claims = []
    for number, size in CASES:
        for ddof in (0, 1):
            found = drift(BatchScale(number, ddof=ddof, epsilon=EPS), size)
            whole = expectation(
                number,
                lambda k, n=number, d=ddof: spread(d, Integer(k), n) if 0 < k < n else S.Zero,
            )
            front = 1 - Rational(1, size)
            where = f"B = {number}, G = {size}, ddof {ddof}"
            claims += [
                Claim(
                    f"{where}: (1 - 1/G) B/(B-1) times the drift of one group of B",
                    found,
                    "==",
                    front * Rational(number, number - 1) * whole,
                ),
                Claim(
                    f"{where}: 1 - 1/G alone in front, gap 1, no epsilon",
                    found.subs(PLAIN),
                    "==",
                    (front * whole).subs(PLAIN),
                    expected="REFUTED",
                ),
            ]
    # Symbolic sizes: what is left of a batch's variance within its groups.
    term = K * (G - K) * hypergeometric(B, TOTAL, G, K)
    shifted = hypergeometric(B - 2, TOTAL - 1, G - 2, K - 1)
    ratio = combsimp(term / shifted)
    within = ratio / G**2
    variance = TOTAL * (B - TOTAL) / B**2
    sizes = Domain.of(G, Range(B, G, S.Infinity, True), Range(TOTAL, S.One, B - 1, True, True), P)
    claims += [
        *compared(
            "k(G-k) times the hypergeometric weight, over the one of the B-2 others",
            ratio,
            G * (G - 1) * TOTAL * (B - TOTAL) / (B * (B - 1)),
            domain=sizes,
        ),
        *(splits(number, size) for number, size in CASES if size > 2),  # of pairs there is one way
        Claim(
            "mean variance within groups: (1 - 1/G) B/(B-1) times that of the batch",
            within,
            "==",
            (1 - 1 / G) * B / (B - 1) * variance,
            sizes,
        ),
        *compared("one group is the batch: no factor", within.subs(B, G), variance.subs(B, G),
                  domain=Domain.of(G, Range(TOTAL, S.One, G - 1, True, True))),
        Claim(
            "a batch that is one group is the group rule",
            drift(BatchScale(4, ddof=1, epsilon=EPS), 4),
            "==",
            drift(ShiftAndScale(ddof=1, epsilon=EPS), 4),
        ),
        Claim(
            "the factor is the one of unscaled groups against one unscaled group of B",
            all_groups(3, centred) * (1 - Rational(1, 6)),
            "==",
            all_groups(6, centred) * (1 - Rational(1, 3)),
        ),
    ]  # fmt: skip
    return Result(
        "Scale of a batch: the drift",
        r"new; the convention of TRL with scale_rewards = batch",
        r"With $v_K=K(B-K)/B^2$ the drift is $p(1-p)D=(1-\frac1G)\frac B{B-1}\sum_K"
        r"\mathrm{Bin}(K;B,p)\,w_K$ with "
        r"$w_K=v_K\Delta/(\Delta\sqrt{v_KB/(B-\mathrm{ddof})}+\varepsilon)$; "
        r"the factor $1-1/G$ alone is the limit of large batches. The mean variance within groups "
        r"is",
        intuition="The scale of a batch is nearly that of the population, whatever the group is. "
        "Only the mean is still that of the group.",
        argument="Given $K$ better answers in a batch of $B$ samples, the number in a group is "
        "hypergeometric.",
        headlines=(
            Headline(
                r"the mean variance within groups is $(1-1/G)B/(B-1)$ times that of the batch",
                ("B = 6, G = 3: the mean of *", "mean variance within groups: *"),
                groups=EVERY_SIZE,
                levels=TWO,
                hypotheses=(r"batches of $B\ge G$ samples of one question",),
            ),
            Headline(
                r"the drift is $(1-1/G)B/(B-1)$ times that of one group of $B$",
                ("B = 4, G = 2, ddof ?: (1 - 1/G) *", "B = 6, G = {G}, ddof ?: (1 - 1/G) *"),
                groups=Numbers.of(2, 3),
                answers=TWO,
                levels=TWO,
                parameters=Domain.of(GAP, EPS),
                hypotheses=(r"$(B,G)=(4,2),(6,2),(6,3)$",),
            ),
        ),
        setting=r"two reward levels, groups of $G$ centred on their own mean and scaled with their "
        r"batch",
        formulas=(equation(Symbol("v_within"), within),),
        claims=tuple(claims),
        domain=Domain.of(G, Range(B, G, S.Infinity, True), GAP, EPS),
    )
