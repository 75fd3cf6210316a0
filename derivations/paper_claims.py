"""The ledger's entries: what the paper says and what is new, as claims of the results here.

An entry names the claims of results that make it up, ``"result: name of the claim"``, with ``*``
for any text. A refuted claim has a point at which it fails, chosen to be checked by hand, and
the statement that holds instead, made up of claims in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr, Rational, S

from grpo_symbolic.verify.verdict import Status

__all__ = ["ENTRIES", "NEW", "PAPER", "Entry", "plain"]

PAPER, NEW = "Claims of the paper", "New theorems"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes
    ----------
    text : str
        The statement in words and TeX.
    source : str
        Equation or section; ``new`` for what is not published.
    parts : tuple of str
        The claims that together say it.
    expected : str
        The verdict, where it is known.
    at : mapping of str to Expr
        For a refuted claim, where it fails.
    holds : str
        For a refuted or imprecise claim, what holds instead, in words and TeX.
    correction : tuple of str
        The claims that together say what holds.
    again : tuple of str
        The claims of a second derivation of the same statement, which counts as a method.
    setting : str
        For a counterexample without parameters, what its numbers were computed at, with TeX.
    """

    text: str
    source: str
    parts: tuple[str, ...]
    expected: str = Status.PROVED
    at: Mapping[str, Expr] = field(default_factory=dict)
    holds: str = ""
    correction: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    setting: str = ""

    @property
    def claim(self) -> str:
        """The statement without TeX."""
        return plain(self.text)

    @property
    def corrected(self) -> str:
        """What holds instead, without TeX."""
        return plain(self.holds)

    @property
    def chapter(self) -> str:
        return NEW if self.source.startswith("new") else PAPER


_PLAIN = (
    (r"\\mathrm\{(\w+)\}", r"\1"),
    (r"\\piref", "pi_ref"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"[_^]\{(\w+)\}", lambda m: m[0][0] + m[1]),
    (r"\\ge(?![a-z])", " >= "),
    (r"\\le(?![a-z])", " <= "),
    (r"\\to(?![a-z])", " -> "),
    (r"\\succ ?", "> "),
    (r"\\infty", "oo"),
    (r"\\[,;]", " "),
    (r"\\([{}])", r"\1"),
    (r"\\([a-zA-Z]+)", r"\1"),
    (r"\$", ""),
)


def plain(text: str) -> str:
    """Words and TeX as a terminal shows them.

    Examples
    --------
    >>> plain(r"at $\\beta=\\gamma$ it is $\\sqrt{\\piref(a)}$")
    'at beta=gamma it is sqrt(pi_ref(a))'
    """
    for pattern, replacement in _PLAIN:
        text = re.sub(pattern, replacement, text)
    return text


def _vy(claim: str, where: str, *parts: str, again: tuple[str, ...] = ()) -> Entry:
    return Entry(claim, f"V&Y {where}", parts, again=again)


def _new(claim: str, *parts: str, source: str = "new") -> Entry:
    return Entry(claim, source, parts)


def _refuted(
    claim: str,
    where: str,
    part: str,
    corrected: str,
    *correction: str,
    at: Mapping[str, Expr] | None = None,
    setting: str = "",
) -> Entry:
    return Entry(
        claim, where, (part,), Status.REFUTED, at or {}, corrected, correction, setting=setting
    )


_HALF, _ONE = S.Half, S.One

ENTRIES: tuple[Entry, ...] = (
    # -- the advantage and the preference model ------------------------------------------------
    _vy(
        r"$A_i$ is the mean difference to the group over the root of half its mean square",
        "Section 2",
        "eq02_pairwise_form: half the mean squared difference is the variance, *",
        "eq02_pairwise_form: both forms of the advantage agree*",
    ),
    _vy(
        r"the advantage is invariant under shift and scale of the rewards ($G=2,3,4$)",
        "Section 2",
        "eq02_invariance: A(c r + d) = A(r), G = *",
    ),
    _vy(r"for $G=2$ the advantage is the sign of $r_1-r_2$", "Section 2", "eq02_sign_form: *"),
    _vy(
        r"the sampled reward term has the expectation $R_G=\mathrm{E}\,P_G$ ($G=2,3,4$)",
        "(6)",
        "eq06_reward_preference: enumeration of all groups of *",
    ),
    _vy(
        r"$R_2=2\,\mathrm{E}\,P(o\succ o')-1$ for antisymmetric preferences",
        "on R_2",
        "r2_pairwise: *",
    ),
    _vy(
        r"for large groups $P_\infty(o)=(r(o)-\mathrm{E}\,r)/\sigma$",
        "on large groups",
        "r_infinity: P_oo(a) = (r(a) - E r)/sigma",
        "r_infinity: P_oo(b) = (r(b) - E r)/sigma",
    ),
    # -- the penalty ---------------------------------------------------------------------------
    _vy(r"$k_3$ is unbiased for KL when $\pi=\pi_{\mathrm{old}}$", "Section 2", "k3_unbiased: *"),
    _vy(
        "the gradient of the penalty with the sampling policy frozen",
        "(8)",
        "eq08_frozen_gradient: (8)",
    ),
    _vy(
        r"on policy it is $1-\piref(o)/\pi(o)$",
        "(9)",
        "eq09_on_policy_gradient: *",
    ),
    _vy(
        "it is the gradient of the reverse KL divergence, but for a constant",
        "(10)",
        "eq10_reverse_kl: the generator gives KL(pi_ref || pi)",
        "eq10_reverse_kl: derivative of KL(pi_ref || pi), *",
        "eq10_reverse_kl: k3 in the loss has the gradient of reverse KL, *",
    ),
    # -- stationary policies -------------------------------------------------------------------
    _vy("the stationary policy as a fixed point", "(11)", "eq11_stationary: *"),
    _vy("the fixed point for pairs", "(12)", "eq12_pairs: *"),
    _vy("the fixed point for large groups", "(13)", "eq13_large_group: *"),
    _vy(
        r"a binary question, $G=2$: the closed form",
        "(14)",
        "eq14_binary_pairs: (14): *",
        "eq12_pairs: the closed form is a fixed point, *",
    ),
    _vy(
        r"it depends on $\beta$ and $\gamma$ only through $\beta/\gamma$",
        "after (14)",
        "eq14_binary_pairs: it depends on beta and gamma only through beta/gamma: *",
    ),
    _vy(r"it decreases in $\beta$", "after (14)", "eq14_binary_pairs: it decreases in beta"),
    _vy(r"it increases in $\gamma$", "after (14)", "eq14_binary_pairs: it increases in gamma"),
    _vy(r"it increases in $\piref(a)$", "after (14)", "eq14_binary_pairs: it increases in pi_ref"),
    _vy(r"it tends to 1 as $\beta\to0$", "after (14)", "eq14_limits: limit beta -> 0: *"),
    _vy(
        r"it tends to $\piref(a)$ as $\beta\to\infty$",
        "after (14)",
        "eq14_limits: limit beta -> oo: *",
    ),
    _vy(
        r"at $\beta=\gamma$ it is $\sqrt{\piref(a)}$",
        "after (14)",
        "eq14_binary_pairs: at beta = gamma it is the square root of pi_ref: *",
    ),
    _vy(
        r"it is continuous at $\piref(a)=0$ if and only if $\beta\ge\gamma$",
        "after (14)",
        "eq14_limits: limit pi_ref -> 0+ when beta < gamma: *",
        "eq14_limits: a jump at pi_ref = 0 when beta < gamma",
        "eq14_limits: no jump at pi_ref = 0 when beta >= gamma",
    ),
    _vy(
        r"it is at least $\max\{1-\beta/\gamma,\piref(a)\}$",
        "after (14)",
        "eq14_binary_pairs: bound: *",
    ),
    _vy(
        r"without a preferred answer it is $\piref(a)$",
        "(14), tie",
        "eq14_tie: margin 0 gives the reference: *",
    ),
    _vy(
        "a binary question, large groups: the closed form",
        "(15)",
        "eq15_large_group: (15): *",
        "noisy_verifier: G = infinity: (15) solves the condition without noise",
        again=("large_group_many_answers: *",),
    ),
    _vy(
        r"(15) is at least $\max\{1/(1+\beta^2),\piref(a)\}$",
        "after (15)",
        "bounds_every_group: large groups: (15) is at least 1/(1 + beta^2)",
        "eq15_large_group: bound: *",
    ),
    _vy(
        r"(15) is discontinuous at $\piref(a)=0$ for every $\beta$",
        "after (15)",
        "eq15_limits: limit pi_ref -> 0+: *",
        "eq15_limits: a jump at pi_ref = 0 for every beta",
    ),
    _vy(
        r"(15) decreases in $\beta$ and increases in $\piref(a)$",
        "after (15)",
        "eq15_large_group: it decreases in beta",
        "eq15_large_group: it increases in pi_ref",
    ),
    _vy(
        r"(15) tends to 1 as $\beta\to0$ and to $\piref(a)$ as $\beta\to\infty$",
        "after (15)",
        "eq15_limits: limit beta -> 0: *",
        "eq15_limits: limit beta -> oo: *",
    ),
    _vy(
        r"(15) exceeds (14) with $\gamma=1$",
        "after (15)",
        "eq15_large_group: it exceeds (14) *",
        again=("uniqueness_every_group: *", "monotone_in_group_size: *"),
    ),
    _vy(r"$1/(1+\beta^2)>1-\beta$", "after (15)", "eq15_large_group: its bound exceeds *"),
    _vy(
        r"at $\beta=0.04$ the bounds are 0.96 ($G=2$) and 0.9984 (large groups)",
        "after (15)",
        "eq15_large_group: beta = 0.04: *",
    ),
    _refuted(
        r"(15) depends only on $\piref$, $\beta$ and the comparison of expected rewards, random "
        "rewards included",
        "V&Y after (15)",
        "noisy_verifier: the policy depends only on which expected reward is larger*",
        r"for deterministic rewards it does; with success rates $s_a>s_b$ the drift $P(a)-P(b)$ is "
        r"$(s_a-s_b)D_\infty(m)$ at the mean success $m$, and noise never strengthens it",
        "eq15_large_group: (15): *",
        "noisy_verifier: P(a) - P(b) = (s_a - s_b) D_G(m), G = infinity",
        "noisy_verifier: G = infinity: noise does not strengthen the drift (squared)",
        setting=r"$\beta=1$, $\piref(a)=1/2$, $s_a=1/2$, $s_b=0$, both sides of the condition",
    ),
    _refuted(
        r"the more rewarding answer has at least $1/(1+\beta^2)$ at finite $G$ ($G=3$)",
        "V&Y after (15)",
        "bounds_every_group: control: groups of three do not obey the bound of large groups",
        r"it has at least $1-\beta/\sqrt{2}$ for $G=3$, and $1/(1+\beta^2)$ for large groups only",
        "bounds_every_group: groups of three: at least 1 - beta/sqrt 2",
        "bounds_every_group: large groups: (15) is at least 1/(1 + beta^2)",
        at={"beta": _ONE, "pi_ref": Rational(1, 1000)},
    ),
    # -- direct KL and shift only --------------------------------------------------------------
    _refuted(
        r"direct KL, $G=2$: logistic with exponent $\gamma/(2\beta)$",
        "V&Y Appendix B.1",
        "direct_kl_pairs: logistic with exponent gamma/(2 beta)",
        r"the exponent is $\gamma/\beta$; $\gamma/(2\beta)$ is that of NLHF",
        "direct_kl_pairs: logistic with exponent gamma/beta: *",
        "direct_kl_pairs: the log-odds move by gamma/beta",
        "direct_kl_pairs: that exponent is NLHF's: *",
        at={"beta": _ONE, "gamma": _ONE, "pi_ref": _HALF},
    ),
    _vy(
        r"direct KL, large groups: stationary policies are the zeros of $h$",
        "Appendix B.2",
        "direct_kl_large_group: h of Appendix B.2: *",
    ),
    _vy(
        r"$h$ falls up to $x^*=(1+\sqrt{1-1/(1+\beta^2)})/2$ and rises beyond",
        "Appendix B.2",
        "direct_kl_large_group: x[*] of Appendix B.2",
        "direct_kl_large_group: h falls *",
        "direct_kl_large_group: h is stationary at *",
        "direct_kl_large_group: h rises *",
    ),
    _vy(
        r"for small $\beta$ it has no zero, for large $\beta$ two (one fold for each $\piref(a)$)",
        "Appendix B.2",
        "direct_kl_large_group: h(x[*]) = *",
        "direct_kl_large_group: logit(x[*]) = *",
        "fold_curve_direct_kl: F vanishes on the curve: *",
        "fold_curve_direct_kl: so does its derivative",
        "fold_curve_direct_kl: beta_c rises along the curve",
        "fold_curve_direct_kl: so does pi_ref",
        "fold_curve_direct_kl: beta_c starts at 0: *",
        "fold_curve_direct_kl: beta_c has no bound: *",
    ),
    _refuted(
        "direct KL, large groups: both roots maximise the objective",
        "V&Y Appendix B.2",
        "fold_curve_direct_kl: both roots are maxima of the potential",
        "each maximises its own stage objective, with the sampling policy frozen at it; of the "
        "potential that policy gradient climbs only the smaller root is a maximum",
        "fold_curve_direct_kl: each root maximises its own stage objective",
        "fold_curve_direct_kl: at a stationary policy F_p = f W'",
        "fold_curve_direct_kl: W' = D' (f - f' D/D')/f^2",
        "fold_curve_direct_kl: the bracket rises: W turns once",
        "fold_curve_direct_kl: a root at p <= 1/2 is one",
        at={"pi_ref": _HALF, "pi": Rational(49, 50)},
    ),
    _refuted(
        r"stationary policies are maximisers (reverse KL, $G=2$)",
        "V&Y (1)",
        "concavity_threshold_stage: every stationary policy is a maximiser of its stage *",
        r"the stage objective's second derivative has the sign of "
        r"$p(1-p)-2p_0(1-p)^2-2(1-p_0)p^2$: a maximum for $p>p_0\ge1/2$, a minimum at the "
        r"counterexample",
        "concavity_threshold_stage: second derivative",
        "concavity_threshold_stage: its sign is that of *",
        "concavity_threshold_stage: concave if p > p0 >= 1/2",
        "concavity_threshold_stage: the example is *",
        at={"pi_ref": Rational(1, 100), "pi": Rational(1, 10)},
    ),
    _vy(
        r"shift only: $R_G$ is the expected reward times $1-1/G$",
        "Appendix B, no scale",
        "shift_only_factor: *",
    ),
    # -- new: groups of every size -------------------------------------------------------------
    _new(
        r"$p\,P_G(a)$ is the Bernstein polynomial of the group standard deviation ($G=2$ to 5)",
        "bernstein_form: f = sqrt(tau(1-tau)): *",
        "bernstein_form: zero sum: *",
        "bernstein_form: p P(a) is *",
        "bernstein_form: it is h/(p(1-p)), *",
    ),
    _new(
        r"reverse KL: exactly one stationary policy for every $G$, above $\piref(a)$",
        "uniqueness_every_group: *",
    ),
    _new("it increases with the group size", "monotone_in_group_size: *"),
    _new(
        r"as $\piref(a)\to0$ it stays away from 0 if and only if $\beta<\sqrt{G-1}$",
        "escape_threshold: *standard units",
        "escape_threshold: P_G(a) at 0, *",
        "escape_threshold: beta > c = *",
    ),
    _new(
        r"$\beta\to0$: $1-p$ is $\beta(1-p_0)/\sqrt{G-1}$ in the limit, for large groups "
        r"$\beta^2(1-p_0)^2$",
        "small_penalty_limits: *",
    ),
    _new(
        r"the correction of order $1/G$ to (15), which is negative",
        "one_over_group_size: coefficient of *",
        "one_over_group_size: correction of the policy",
        "one_over_group_size: beta > f' at *",
        "one_over_group_size: it is negative",
    ),
    _new(
        r"groups of three are pairs with $\gamma=\sqrt{2}$",
        "group_of_three: *",
    ),
    _new(
        "groups of four and five: the only probability among the roots of a quartic, in radicals",
        "quartic_groups_of_four_and_five: P is positive",
        "quartic_groups_of_four_and_five: Q is positive",
        "quartic_groups_of_four_and_five: the product of the two quadratics *",
        "quartic_groups_of_four_and_five: the second quadratic has no real root",
        "quartic_groups_of_four_and_five: the polynomial is *",
    ),
    _new(
        r"every $G$: bounds for the stationary policy",
        "bounds_every_group: every G: *",
        "bounds_every_group: groups of three: *",
        "bounds_every_group: pairs: *",
    ),
    _new(
        "two reward levels: the stationary policies are the critical points of a potential",
        "potential_two_levels: *",
    ),
    _new(
        r"noisy verifiers: $P(a)-P(b)=(s_a-s_b)D_G(m)$ at the mean success $m$ ($G\le5$, $\infty$)",
        "noisy_verifier: P(a) - P(b) = *",
        "noisy_verifier: G = infinity: noise *",
    ),
    # -- new: many answers ---------------------------------------------------------------------
    _new(
        r"$G=2$, many answers: one stationary policy, the regularised Nash equilibrium",
        "uniqueness_pairs: *",
    ),
    _new(
        r"$G=2$, distinct rewards: (14) distorts the reference distribution by rank",
        "rank_distortion: *",
    ),
    _new(
        r"$G=2$, direct KL, many small answers: a logarithmic distortion",
        "tilting_large_group: pairs: *",
    ),
    _new(
        r"reverse KL: $\mathrm{E}_{\piref}[P]=-\mathrm{Var}_\pi(P)/\beta$", "variance_identity: *"
    ),
    _new(
        "large groups, many answers, reverse KL: one stationary policy, from one equation",
        "large_group_many_answers: *",
    ),
    _new(
        "three reward levels: no potential",
        "curl_three_levels: three levels: *",
        "curl_criterion: *which is positive",
        "curl_criterion: at pi = (1/3, 1/3, 1/3) the curl is positive, *",
    ),
    # -- new: direct KL, stability, dynamics ---------------------------------------------------
    _new(
        r"direct KL, large groups: the fold curve $\beta_c=\sinh t$, $t-\coth t$ half the log-odds "
        r"of $\piref(a)$",
        "fold_curve_direct_kl: beta_c at p = *",
        "fold_curve_direct_kl: half the log-odds *",
    ),
    _new(
        "direct KL, large groups: the Maxwell point, by the equality of potentials",
        "maxwell_point_direct_kl: *",
    ),
    _new(
        r"direct KL: no folds for $G=2,3$; one cusp each for $G=4,5$",
        "cusp_finite_groups: *",
    ),
    _new(
        "stationary, maximal and attracting are three things",
        "stationary_is_not_maximal: policy-gradient flow of p: *",
        "stationary_is_not_maximal: the flow is concave, *",
        "stationary_is_not_maximal: and upwards at pi_ref, *",
        "stationary_is_not_maximal: the example is stationary: *",
        "stationary_is_not_maximal: it is attracting",
    ),
    _new(
        "a stage objective that is a minimum at its stationary policy: the range of weights",
        "concavity_threshold_stage: at the odds s *",
        "concavity_threshold_stage: it changes sign *",
        "concavity_threshold_stage: for s < 1 *",
    ),
    _new(
        r"best response, direct KL: the recursion, and its slope $p(1-p)D'(p)/\beta$ at rest",
        "best_response_recursion: at odds(pi_ref) L *",
        "best_response_recursion: at rest, *",
        "best_response_slope: slope = D'(p) p(1-p)/beta, *",
    ),
)
