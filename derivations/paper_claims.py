"""What the paper says, equation by equation, as claims of the results here."""

from __future__ import annotations

from sympy import Rational, S

from derivations.entry import Entry, published, refuted

__all__ = ["PAPER_ENTRIES"]

PAPER_ENTRIES: tuple[Entry, ...] = (
    # -- the advantage and the preference model ------------------------------------------------
    published(
        r"$A_i$ is the mean difference to the group over the root of half its mean square",
        "Section 2",
        "eq02_pairwise_form: half the mean squared difference is the variance, *",
        "eq02_pairwise_form: both forms of the advantage agree*",
    ),
    published(
        r"the advantage is invariant under shift and scale of the rewards",
        "Section 2",
        "eq02_invariance: A(c r + d) = A(r), in the moments of the group",
        "eq02_invariance: A(c r + d) = A(r), G = *",
    ),
    published(
        r"for $G=2$ the advantage is the sign of $r_1-r_2$", "Section 2", "eq02_sign_form: *"
    ),
    published(
        r"the sampled reward term has the expectation $R_G=\mathrm{E}\,P_G$",
        "(6)",
        "eq06_reward_preference: the mean over the members of a group *",
        "eq06_reward_preference: enumeration of all groups of *",
    ),
    published(
        r"$R_2=2\,\mathrm{E}\,P(o\succ o')-1$ for antisymmetric preferences",
        "on R_2",
        "r2_pairwise: *",
    ),
    published(
        r"for large groups $P_\infty(o)=(r(o)-\mathrm{E}\,r)/\sigma$",
        "on large groups",
        "r_infinity: P_oo(a) = (r(a) - E r)/sigma",
        "r_infinity: P_oo(b) = (r(b) - E r)/sigma",
    ),
    published(
        r"$R_\infty=(\mathrm{E}_\pi "
        r"r-\mathrm{E}_{\pi_{\mathrm{old}}}r)/\sigma(\pi_{\mathrm{old}})$",
        "on large groups",
        "r_infinity: R_oo = *",
        "r_infinity: every G: *",
    ),
    # -- the penalty ---------------------------------------------------------------------------
    published(
        r"$k_3$ is unbiased for KL when $\pi=\pi_{\mathrm{old}}$", "Section 2", "k3_unbiased: *"
    ),
    published(
        r"$k_3$ is not unbiased in general",
        "Section 2",
        "k3_off_policy: one answer: *",
        "k3_off_policy: example: *",
    ),
    published(
        "the gradient of the penalty with the sampling policy frozen",
        "(8)",
        "eq08_frozen_gradient: (8)",
    ),
    published(
        r"the gradient of $\mathrm{KL}(\pi\,\|\,\piref)$ is $-\log(\piref(o)/\pi(o))+1$",
        "(9)",
        "eq09_direct_kl_gradient: (9)",
        "eq09_direct_kl_gradient: three answers: *",
    ),
    published(
        r"on policy that of the penalty is $1-\piref(o)/\pi(o)$",
        "(10)",
        "eq10_on_policy_gradient: *",
    ),
    published(
        "it is the gradient of the reverse KL divergence, but for a constant",
        "after (10)",
        "eq10_reverse_kl: the generator gives KL(pi_ref || pi)",
        "eq10_reverse_kl: derivative of KL(pi_ref || pi), *",
        "eq10_reverse_kl: k3 in the loss has the gradient of reverse KL, *",
    ),
    # -- the baselines -------------------------------------------------------------------------
    published(
        r"RLHF: the policy proportional to $\piref e^{r/\beta}$ is its only maximiser",
        "(4)",
        "eq04_rlhf: any number of answers: *",
        "eq04_rlhf: (4) for two answers*",
    ),
    published(
        r"NLHF: the policy proportional to $\piref e^{\mathrm{E}P/\beta}$, against which no "
        r"policy gains",
        "(5)",
        "eq05_nlhf: the solution is a fixed point of (5)",
        "eq05_nlhf: logistic *",
        "eq05_nlhf: (5): *",
    ),
    # -- stationary policies -------------------------------------------------------------------
    published("the stationary policy as a fixed point", "(11)", "eq11_stationary: *"),
    published("the fixed point for pairs", "(12)", "eq12_pairs: *"),
    published("the fixed point for large groups", "(13)", "eq13_large_group: *"),
    published(
        r"a binary question, $G=2$: the reward term is $\gamma(\pi(a)-\pi_{\mathrm{old}}(a))$",
        "(16)",
        "eq16_objective_of_pairs: *",
    ),
    published(
        r"a binary question, $G=2$: the condition, its quadratic and the one non-negative root",
        "(17)",
        "eq17_condition_of_pairs: *",
    ),
    published(
        r"a binary question, $G=2$: the closed form",
        "(14)",
        "eq14_binary_pairs: (14): *",
        "eq12_pairs: the closed form is a fixed point, *",
    ),
    published(
        r"it depends on $\beta$ and $\gamma$ only through $\beta/\gamma$",
        "after (14)",
        "eq14_binary_pairs: it depends on beta and gamma only through beta/gamma: *",
    ),
    published(r"it decreases in $\beta$", "after (14)", "eq14_binary_pairs: it decreases in beta"),
    published(
        r"it increases in $\gamma$", "after (14)", "eq14_binary_pairs: it increases in gamma"
    ),
    published(
        r"it increases in $\piref(a)$", "after (14)", "eq14_binary_pairs: it increases in pi_ref"
    ),
    published(r"it tends to 1 as $\beta\to0$", "after (14)", "eq14_limits: limit beta -> 0: *"),
    published(
        r"it tends to $\piref(a)$ as $\beta\to\infty$",
        "after (14)",
        "eq14_limits: limit beta -> oo: *",
    ),
    published(
        r"at $\beta=\gamma$ it is $\sqrt{\piref(a)}$",
        "after (14)",
        "eq14_binary_pairs: at beta = gamma it is the square root of pi_ref: *",
    ),
    published(
        r"it is continuous at $\piref(a)=0$ if and only if $\beta\ge\gamma$",
        "after (14)",
        "eq14_limits: limit pi_ref -> 0+ when beta < gamma: *",
        "eq14_limits: a jump at pi_ref = 0 when beta < gamma",
        "eq14_limits: no jump at pi_ref = 0 when beta >= gamma",
    ),
    published(
        r"it is at least $\max\{1-\beta/\gamma,\piref(a)\}$",
        "after (14)",
        "eq14_binary_pairs: bound: *",
    ),
    published(
        r"without a preferred answer it is $\piref(a)$",
        "(14), tie",
        "eq14_tie: margin 0 gives the reference: *",
    ),
    published(
        "a binary question, large groups: the reward term",
        "(18)",
        "eq18_objective_of_large_groups: *",
    ),
    published(
        r"a binary question, large groups: the condition, its quadratic and the one root above "
        r"$\piref(a)$",
        "(19)",
        "eq19_condition_of_large_groups: *",
    ),
    published(
        "a binary question, large groups: the closed form",
        "(15)",
        "eq15_large_group: (15): *",
        "noisy_verifier: G = infinity: (15) solves the condition without noise",
        again=("large_group_many_answers: *",),
    ),
    published(
        r"(15) is at least $\max\{1/(1+\beta^2),\piref(a)\}$",
        "after (15)",
        "bounds_every_group: large groups: (15) is at least 1/(1 + beta^2)",
        "eq15_large_group: bound: *",
    ),
    published(
        r"(15) is discontinuous at $\piref(a)=0$ for every $\beta$",
        "after (15)",
        "eq15_limits: limit pi_ref -> 0+: *",
        "eq15_limits: a jump at pi_ref = 0 for every beta",
    ),
    published(
        r"(15) decreases in $\beta$ and increases in $\piref(a)$",
        "after (15)",
        "eq15_large_group: it decreases in beta",
        "eq15_large_group: it increases in pi_ref",
    ),
    published(
        r"(15) tends to 1 as $\beta\to0$ and to $\piref(a)$ as $\beta\to\infty$",
        "after (15)",
        "eq15_limits: limit beta -> 0: *",
        "eq15_limits: limit beta -> oo: *",
    ),
    published(
        r"(15) exceeds (14) with $\gamma=1$",
        "after (15)",
        "eq15_large_group: it exceeds (14) *",
        again=("uniqueness_every_group: *", "monotone_in_group_size: *"),
    ),
    published(r"$1/(1+\beta^2)>1-\beta$", "after (15)", "eq15_large_group: its bound exceeds *"),
    published(
        r"at $\beta=0.04$ the bounds are 0.96 ($G=2$) and 0.9984 (large groups)",
        "after (15)",
        "eq15_large_group: beta = 0.04: *",
    ),
    refuted(
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
    refuted(
        r"the more rewarding answer has at least $1/(1+\beta^2)$ at finite $G$ ($G=3$)",
        "V&Y after (15)",
        "bounds_every_group: control: groups of three obey the bound of large groups",
        r"it has at least $1-\beta/\sqrt{2}$ for $G=3$, and $1/(1+\beta^2)$ for large groups only",
        "bounds_every_group: groups of three: at least 1 - beta/sqrt 2",
        "bounds_every_group: large groups: (15) is at least 1/(1 + beta^2)",
        at={"beta": S.One, "pi_ref": Rational(1, 1000)},
    ),
    published(
        r"large groups, equal rewards: it is $\piref(a)$",
        "after (15), tie",
        "ties_in_large_groups: a tie: *",
    ),
    # -- direct KL and shift only --------------------------------------------------------------
    published(
        r"direct KL: $\pi(o)=\piref(o)e^{P_G(o)/\beta}/Z$",
        "Section 3",
        "direct_kl_pooling: *",
    ),
    published(
        r"direct KL, $G=2$: $\pi(a)=\piref(a)e^{\gamma/(2\beta)}/Z$ and "
        r"$\pi(b)=\piref(b)e^{-\gamma/(2\beta)}/Z$, with $Z$ their sum",
        "Appendix B.2",
        "direct_kl_pairs: as printed, with both signs in Z*",
    ),
    refuted(
        r"direct KL, $G=2$: logistic with exponent $\gamma/(2\beta)$",
        "V&Y Appendix B.2, without its Z",
        "direct_kl_pairs: logistic with exponent gamma/(2 beta)",
        r"with $Z$ as printed the odds move by $e^{\gamma/\beta}$; $\gamma/(2\beta)$ is NLHF's",
        "direct_kl_pairs: logistic with exponent gamma/beta: *",
        "direct_kl_pairs: the log-odds move by gamma/beta",
        "direct_kl_pairs: that exponent is NLHF's: *",
        at={"beta": S.One, "gamma": S.One, "pi_ref": S.Half},
    ),
    published(
        r"direct KL, large groups: stationary policies are the zeros of $h$",
        "Appendix B.2",
        "direct_kl_large_group: h of Appendix B.2: *",
    ),
    published(
        r"$h$ falls up to $x^*=(1+\sqrt{1-1/(1+\beta^2)})/2$ and rises beyond",
        "Appendix B.2",
        "direct_kl_large_group: x[*] of Appendix B.2",
        "direct_kl_large_group: h falls *",
        "direct_kl_large_group: h is stationary at *",
        "direct_kl_large_group: h rises *",
    ),
    published(
        r"$h(x)\to\infty$ as $x\to0$ and as $x\to1$",
        "Appendix B.2",
        "limits_of_h: *",
    ),
    published(
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
    refuted(
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
        at={"pi_ref": S.Half, "pi": Rational(49, 50)},
    ),
    refuted(
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
    published(
        r"shift only: $R_G$ is the expected reward times $1-1/G$",
        "Appendix B, no scale",
        "shift_only_factor: *",
    ),
    published(
        r"shift only with direct KL: that of RLHF, with the weight $\beta G/(G-1)$",
        "Section 3",
        "shift_only_is_rlhf: RLHF with beta G/(G - 1), for every G",
        "shift_only_is_rlhf: any number of answers: *",
        "shift_only_is_rlhf: RLHF itself *",
    ),
)
