"""What is not in the paper: theorems of the ledger, as claims of the results here."""

from __future__ import annotations

from derivations.entry import Entry, new, open_question

__all__ = ["NEW_ENTRIES"]

NEW_ENTRIES: tuple[Entry, ...] = (
    # -- new: groups of every size -------------------------------------------------------------
    new(
        r"$p\,P_G(a)$ is the Bernstein polynomial of the group standard deviation ($G=2$ to 5)",
        "bernstein_form: f = sqrt(tau(1-tau))*",
        "bernstein_form: zero sum: *",
        "bernstein_form: p P(a) is *",
        "bernstein_form: it is h/(p(1-p)), *",
    ),
    new(
        r"reverse KL: exactly one stationary policy for every $G$, above $\piref(a)$",
        "uniqueness_every_group: *",
        # Coefficient by coefficient, with k and G as symbols, beside the theorems on operators.
        again=(
            "uniqueness_every_group: second derivative of the weights",
            "uniqueness_every_group: second differences of f(k/G), directly",
            "uniqueness_every_group: f(k/G) > 0 for 0 < k < G",
            "uniqueness_every_group: h_G(p)/p >= h_G'(p), coefficient by coefficient",
            "uniqueness_every_group: v(?) ? 0",
            "uniqueness_every_group: beta(p - p0) <= 0 at or below p0",
        ),
    ),
    new(
        "it increases with the group size",
        "monotone_in_group_size: *",
        again=(
            "monotone_in_group_size: p times the weight of k-1 of G and *",
            "monotone_in_group_size: (1-p) times the weight of k of G",
            "monotone_in_group_size: the weighted mean of the arguments",
            "monotone_in_group_size: coefficients of h_G below those of the next group size, *",
            "monotone_in_group_size: f lies below its tangents",
            "monotone_in_group_size: off the point of contact strictly",
            "monotone_in_group_size: mean of K: *",
        ),
    ),
    new(
        r"as $\piref(a)\to0$ it stays away from 0 if and only if $\beta<\sqrt{G-1}$",
        "escape_threshold: *standard units",
        "escape_threshold: P_G(a) at 0, *",
        "escape_threshold: beta > c = *",
    ),
    new(
        r"$\beta\to0$: $1-p$ is $\beta(1-p_0)/\sqrt{G-1}$ in the limit, for large groups "
        r"$\beta^2(1-p_0)^2$",
        "small_penalty_limits: *",
    ),
    new(
        r"the correction of order $1/G$ to (15), which is negative",
        "one_over_group_size: coefficient of *",
        "one_over_group_size: correction of the policy",
        "one_over_group_size: beta > f' at *",
        "one_over_group_size: it is negative",
    ),
    new(
        r"groups of three are pairs with $\gamma=\sqrt{2}$",
        "group_of_three: *",
    ),
    new(
        "groups of four and five: the only probability among the roots of a quartic, in radicals",
        "quartic_groups_of_four_and_five: P is positive",
        "quartic_groups_of_four_and_five: Q is positive",
        "quartic_groups_of_four_and_five: the product of the two quadratics *",
        "quartic_groups_of_four_and_five: the second quadratic has no real root",
        "quartic_groups_of_four_and_five: the polynomial is *",
    ),
    new(
        r"every $G$: bounds for the stationary policy",
        "bounds_every_group: every G: *",
        "bounds_every_group: groups of three: *",
        "bounds_every_group: pairs: *",
    ),
    new(
        r"two reward levels: the stationary policies are the critical points of a potential ($G=2$ "
        "to 5, 8 and large groups)",
        "potential_two_levels: *",
    ),
    new(
        r"noisy verifiers: $P(a)-P(b)=(s_a-s_b)D_G(m)$ at the mean success $m$",
        "noisy_verifier: every G: *",
        "noisy_verifier: P(a) - P(b) = *",
        "noisy_verifier: G = infinity: noise *",
    ),
    # -- new: many answers ---------------------------------------------------------------------
    new(
        r"$G=2$, many answers: one stationary policy, the regularised Nash equilibrium",
        "uniqueness_pairs: *",
    ),
    new(
        r"$G=2$, distinct rewards: (14) distorts the reference distribution by rank",
        "rank_distortion: *",
    ),
    new(
        r"$G=2$, direct KL, many small answers: a logarithmic distortion",
        "tilting_large_group: pairs: *",
    ),
    new(r"reverse KL: $\mathrm{E}_{\piref}[P]=-\mathrm{Var}_\pi(P)/\beta$", "variance_identity: *"),
    new(
        "large groups, many answers, reverse KL: one stationary policy, from one equation",
        "large_group_many_answers: *",
    ),
    new(
        r"three reward levels: no potential ($G=2$ and large groups; for rewards 2, 1, 0 at $G=3$, "
        "4 and 8 too)",
        "curl_three_levels: three levels: *",
        "curl_criterion: *which is positive",
        "curl_criterion: at pi = (1/3, 1/3, 1/3) the curl is positive, *",
    ),
    # -- new: direct KL, stability, dynamics ---------------------------------------------------
    new(
        r"direct KL, large groups: the fold curve $\beta_c=\sinh t$, $t-\coth t$ half the log-odds "
        r"of $\piref(a)$",
        "fold_curve_direct_kl: beta_c at p = *",
        "fold_curve_direct_kl: half the log-odds *",
    ),
    new(
        "direct KL, large groups: the Maxwell point, by the equality of potentials",
        "maxwell_point_direct_kl: *",
    ),
    new(
        r"direct KL: no folds for $G=2,3$; one cusp each for $G=4,5$",
        "cusp_finite_groups: *",
    ),
    new(
        "stationary, maximal and attracting are three things",
        "stationary_is_not_maximal: policy-gradient flow of p: *",
        "stationary_is_not_maximal: the flow is concave, *",
        "stationary_is_not_maximal: and upwards at pi_ref, *",
        "stationary_is_not_maximal: the example is stationary: *",
        "stationary_is_not_maximal: it is attracting",
    ),
    new(
        "a stage objective that is a minimum at its stationary policy: the range of weights",
        "concavity_threshold_stage: at the odds s *",
        "concavity_threshold_stage: it changes sign *",
        "concavity_threshold_stage: for s < 1 *",
    ),
    new(
        r"best response, direct KL: the recursion, and its slope $p(1-p)D'(p)/\beta$ at rest",
        "best_response_recursion: at odds(pi_ref) L *",
        "best_response_recursion: at rest, *",
        "best_response_slope: slope = D'(p) p(1-p)/beta, *",
    ),
    # -- new: penalties, noise, and what is not there -------------------------------------------
    new(
        r"what each estimator acts as: $k_3$ in the loss as reverse KL, $k_2$ in the loss, "
        r"$k_1$ and "
        r"$k_3$ with the ratio and $k_1$ in the reward as direct KL, $k_1$ in the loss not at all",
        "estimators_by_name: k1 in the loss: no penalty at all",
        "estimators_by_name: k2 in the loss: direct KL",
        "estimators_by_name: k3 in the loss: reverse KL",
        "estimators_by_name: k[13] times the ratio: direct KL",
        "estimators_by_name: k1 in the reward: direct KL",
    ),
    new(
        r"groups of 6 to 16: no formula in radicals",
        "no_radicals_from_six: G = *",
    ),
    new(
        "normal rewards in large groups: the condition, and a smaller drift than without noise",
        "noisy_verifier: Gaussian rewards, G = infinity: drift",
        "noisy_verifier: Gaussian rewards: P(a) *",
        "noisy_verifier: Gaussian rewards: noise weakens the drift",
    ),
    new(
        r"direct KL, large groups, any number of answers: $t^2K''$ is bounded and vanishes at "
        r"both ends",
        "tilt_of_many_answers: the variance *",
        "tilt_of_many_answers: the weight *",
        "tilt_of_many_answers: z^* exp(-z) *",
        "tilt_of_many_answers: and falls beyond: *",
    ),
    new(
        "best response, direct KL: an attracting cycle of two, and coexisting rest points",
        "best_response_slope: p and q *",
        "best_response_slope: beta = 40/(13 log 49)",
        "best_response_slope: the odds of *",
        "best_response_slope: the slope is * 1/2: *",
        "best_response_slope: and odds *",
    ),
    new(
        r"$\pi(a)=1$ attracts in large groups with direct KL, at no finite group size",
        "certainty_of_the_better_answer: *",
        "limits_of_h: towards 1: *",
    ),
    new(
        r"the drift of every preset is the mean of its source's rule over all groups ($G=4$)",
        "drift_of_every_preset: *: the drift",
    ),
    # -- new: many levels, training, raters ------------------------------------------------------
    new(
        r"reverse KL: exactly one stationary policy for any three levels ($G=3$), and for three "
        r"($G=4,5,6$) and four ($G=3$) at equal distances",
        "uniqueness_many_levels: *",
    ),
    open_question(
        r"reverse KL: exactly one stationary policy for any reward levels and every $G$ (every "
        r"coefficient of the determinant of the map to references is positive)"
    ),
    new("partial credit never helps the best answer", "many_levels_below_two: *"),
    new(
        r"the log-odds of the last iterates have the variance "
        r"$\eta p(1-p)/(2N\sqrt{(1-\beta)^2+4\beta p_0})$ for pairs",
        "spread_of_iterates: *",
    ),
    new(
        r"near a rest point, reuse of samples is stable up to $\tau_{\max}=\log(1+2A/\kappa)/A$",
        "reuse_limit: *",
    ),
    new(
        r"pairs of three answers scored by one rater: $\pi(o)>\piref(o)$ if and only if $o$ beats "
        "the policy on average",
        "raters_majority_margin: *",
    ),
    new(
        r"two clones have the mass of one answer, and share it as pairs with "
        r"$\beta\piref(C)/\pi(C)^2$",
        "raters_clones: *",
    ),
    new(
        r"improving an answer of a cycle lowers it if and only if $\beta<g/3$",
        "raters_cycle: *",
    ),
    new("a path from Borda to maximal lotteries, central in one of them", "raters_central_path: *"),
    new(
        r"a Condorcet winner loses the largest lift at $\beta=3\delta(1-\delta^2)/(2(1-3\delta))$",
        "raters_condorcet_lift: *",
    ),
    new("under the direct KL a Condorcet loser can gain", "raters_direct_kl_loser: *"),
    new(r"proportional answers need $\beta=2s(1-s)$", "raters_proportional: *"),
    new("the size of the group decides between two answers", "raters_group_size: *"),
    new("large groups can elect a Condorcet loser", "raters_large_groups: *"),
    new(
        r"two answers, one rater for each group: $\beta(\pi-\piref)=\gamma h_G(\pi)$",
        "raters_two_answers: *",
    ),
    new(
        "fresh raters and large groups: one stationary policy at each weight",
        "raters_fresh_large_groups: *",
    ),
    new(
        r"at the vertex of an answer another one has the advantage $\gamma\sqrt{G-1}$",
        "raters_vertices: *",
    ),
    new(
        "approvals in groups of two and three: one rater a group is as fresh raters",
        "raters_approvals: *",
    ),
    new(
        "the condition of a union of electorates is the mean of theirs",
        "raters_merging: *",
    ),
    new(
        r"direct KL, pairs of three answers: for every lottery $y$, $\beta[\mathrm{KL}(\pi\|\piref)"
        r"-\mathrm{KL}(y\|\piref)+\mathrm{KL}(y\|\pi)]=\sum_o\pi(o)P_y(o)$",
        "raters_least_divergence: *",
    ),
)
