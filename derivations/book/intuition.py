"""What a result means, in two sentences each; read before the proof."""

from __future__ import annotations

from derivations.book.intuition_of_raters import RATERS

__all__ = ["INTUITION"]

#: By file name of the result, in TeX in the default notation.
INTUITION: dict[str, str] = {
    "eq02_sign_form": (
        "In a group of two the mean lies halfway and the standard deviation is half of the "
        "distance, so only the order of the two rewards is left. The size of a difference "
        "is forgotten before it can teach anything."
    ),
    "eq02_pairwise_form": (
        "Subtracting a mean is the same as comparing with every member of the group in "
        "turn. The standard deviation is a mean of squared differences too, so the "
        "advantage is made of comparisons alone."
    ),
    "eq02_invariance": (
        "A constant is taken away with the mean, and a factor is divided out with the "
        "standard deviation. Whatever is learned depends on the shape of the rewards in a "
        "group, not on their unit."
    ),
    "eq06_reward_preference": (
        "An answer is judged by what it gains on average against the others that happen to "
        "be drawn with it. This average is a preference between answers that depends on the "
        "policy, and it takes the place of the reward."
    ),
    "r2_pairwise": (
        "With two answers a draw is a duel, and the advantage says who won. The preference "
        "is the chance of winning less the chance of losing against an answer of the "
        "policy."
    ),
    "r_infinity": (
        "A large group is a faithful sample of the policy, so its mean and standard "
        "deviation are those of the population. The preference is then the reward in "
        "standard units of the policy itself."
    ),
    "eq08_frozen_gradient": (
        "What is differentiated is the term that the trainer writes down, with the samples "
        "held fixed. The gradient of this term need not be the gradient of the divergence "
        "that it estimates."
    ),
    "eq09_direct_kl_gradient": (
        "Moving probability to an answer costs the logarithm of how much it is preferred "
        "over the reference already. The constant that is left over is the same for every "
        "answer and goes into the multiplier."
    ),
    "eq10_on_policy_gradient": (
        "When the samples come from the current policy, the frozen weights cancel one "
        "factor of the estimator. What remains is a function of the likelihood ratio alone."
    ),
    "eq10_reverse_kl": (
        "The estimator $k_3$ has the right value but, with its samples frozen, the gradient "
        "of the other divergence. The penalty that is minimised is not the one that is "
        "reported."
    ),
    "direct_kl_with_ratio": (
        "The importance ratio lets the gradient see that the samples move with the policy. "
        "With it the same estimator pulls as the divergence that it estimates."
    ),
    "k3_unbiased": (
        "The linear term that is added to the log-ratio has the mean zero under the policy. "
        "It lowers the variance and leaves the mean alone."
    ),
    "k3_off_policy": (
        "The same term has the mean zero only under the policy that the samples come from. "
        "After a few steps on old samples it has a mean of its own."
    ),
    "penalty_coefficients": (
        "Every combination of an estimator and a place multiplies the score of an answer by "
        "some function of the ratio. Two combinations that report the same number can have "
        "different coefficients."
    ),
    "estimators_by_name": (
        "What a penalty does is read off its coefficient, not off its name. Most of the "
        "usual combinations are one of two divergences in disguise, and some are none."
    ),
    "eq04_rlhf": (
        "Expected reward with a direct penalty is linear in the policy plus its entropy, "
        "and the optimum weighs the reference by an exponential of the reward. Certainty is "
        "never reached at a positive weight."
    ),
    "eq05_nlhf": (
        "The reward is the chance of beating the current policy, which moves as the policy "
        "does. The optimum is the fixed point of a game, not the maximum of a function."
    ),
    "eq11_stationary": (
        "At a stationary point no probability can be moved from one answer to another with "
        "profit. What an answer gains, less what its distance from the reference costs, is "
        "therefore the same for all."
    ),
    "eq12_pairs": (
        "The duel of two answers is put into the fixed point, and the mean of the duel "
        "under the policy is zero. Each probability is then its reference divided by one "
        "minus a multiple of what it wins."
    ),
    "eq13_large_group": (
        "The fixed point is the one for pairs, with standard units in place of duels. An "
        "answer above the average reward of the policy grows, and one below it shrinks."
    ),
    "direct_kl_pooling": (
        "With the direct penalty the logarithm of the ratio takes the place of the ratio, "
        "so that preferences enter by an exponential. This is the form of RLHF, with a "
        "reward that depends on the policy."
    ),
    "variance_identity": (
        "Advantages have the mean zero under the policy, so what it gains over the "
        "reference is the spread of its own preferences. The distance to the reference is "
        "paid for by that variance."
    ),
    "eq16_objective_of_pairs": (
        "Only a group with one answer of each kind has advantages, and the chance of one is "
        "$2p(1-p)$. The reward term is largest where the policy is undecided."
    ),
    "eq17_condition_of_pairs": (
        "Twice the chance of a mixed group is a parabola in $p$, and the penalty is a line "
        "through the reference. They cross once."
    ),
    "eq14_binary_pairs": (
        "The pull of the better answer is a parabola that vanishes at both ends, since a "
        "policy that is certain sees no differences. The penalty is a line through the "
        "reference, and the solution is where they cross."
    ),
    "eq14_limits": (
        "Without a penalty the better answer takes everything, and with a heavy one nothing "
        "moves. In between, an answer that the reference hardly knows survives only while "
        "the weight is below the margin."
    ),
    "eq14_tie": (
        "Where the two answers tie with some probability the margin is smaller, and nothing "
        "else changes. A tie acts as a larger weight of the penalty."
    ),
    "eq18_objective_of_large_groups": (
        "In a large group the advantage is a standard unit, whose size is the root of "
        "$p(1-p)$. The reward term is steep near certainty, where pairs see nothing."
    ),
    "eq19_condition_of_large_groups": (
        "The drift is now a half circle and the penalty a line through the reference. They "
        "cross once, above the reference."
    ),
    "eq15_large_group": (
        "The pull of a large group is a half circle over the unit interval, vertical at "
        "both ends. However rare the better answer is, it is pulled up faster than a "
        "penalty of finite weight can hold it."
    ),
    "eq15_limits": (
        "The half circle has no tangent at its ends, so that a vanishing reference keeps a "
        "positive probability. A large group rescues a rare answer at every weight."
    ),
    "ties_in_large_groups": (
        "A tie is a comparison without a winner, and enters the mean and the standard "
        "deviation of a large group. What is left of it in the equation is said below."
    ),
    "bernstein_form": (
        "A group of $G$ sees the policy through a binomial count, so every mean over it is "
        "a Bernstein polynomial. What is known of the function under the mean carries over "
        "to all group sizes."
    ),
    "uniqueness_every_group": (
        "The mean of a concave function over a binomial count is concave, so that the drift "
        "is a hill over the unit interval for every group size. A line through the "
        "reference leaves such a hill exactly once."
    ),
    "comparative_statics": (
        "Each parameter tilts the line or lifts the hill, and the crossing moves the way "
        "that the picture says. The direction is the same at every group size."
    ),
    "noisy_verifier": (
        "A group sees passes and fails, not answers, so that only the share of passes "
        "matters to it. The answers differ by how often they pass, and this difference "
        "multiplies what the share decides."
    ),
    "group_of_three": (
        "A mixed group of three has one odd member out, whichever way it is mixed, and its "
        "standard deviation is always the same. Three is therefore two with another margin."
    ),
    "quartic_groups_of_four_and_five": (
        "From four on, mixed groups differ in how mixed they are, and the drift is a "
        "parabola in $p(1-p)$. The equation becomes a quartic, which radicals still solve."
    ),
    "no_radicals_from_six": (
        "The degree of the equation grows with the group, and its coefficients are in no "
        "special position. One instance with a full Galois group rules out every formula of "
        "the kind that pairs have."
    ),
    "escape_threshold": (
        "A rare better answer appears in a group of $G$ with a probability close to $G$ "
        r"times its own, and then stands out by $\sqrt{G-1}$ standard deviations. Below that "
        "weight the pull is stronger than the penalty however rare the answer is."
    ),
    "monotone_in_group_size": (
        "Larger groups estimate their standard deviation with less noise, and the mean of a "
        "concave function rises as the noise shrinks. The hill grows with the group, and "
        "the crossing with it."
    ),
    "bounds_every_group": (
        "The drift is replaced by its least or greatest value, or by that of another group "
        "size, and the equation becomes a quadratic. The true crossing lies between."
    ),
    "large_group_limit": (
        "A Bernstein polynomial approaches its function at the rate one over $G$ times its "
        "curvature. The half circle is infinitely curved at its ends, where the rate is "
        "lost."
    ),
    "one_over_group_size": (
        "The first correction is the variance of a share in the group times half of the "
        "curvature of the drift. It is negative, so that finite groups stay below the "
        "limit."
    ),
    "series_in_the_group_size": (
        "Every further moment of the binomial count adds a power of $1/G$. The series is "
        "asymptotic: groups of equal rewards add something smaller than any power."
    ),
    "series_in_the_weight": (
        "A heavy penalty leaves the policy near the reference, and the drift there is the "
        "first step away from it. Each further term is the drift of the drift."
    ),
    "small_penalty_limits": (
        "At a small weight the policy is near certainty, where a finite group no longer "
        "sees the worse answer. A large group still does, and so the two limits differ."
    ),
    "order_of_limits": (
        "Where the reference vanishes, what is done first decides: at a heavy weight a "
        "fixed group loses the answer, a growing group finds it. The limits in group size "
        "and in reference do not commute."
    ),
    "accuracy_of_large_group_formula": (
        "The formula for large groups is a good one in the middle of the interval and a "
        "poor one near its ends. How near is a matter of $1/G$."
    ),
    "potential_two_levels": (
        "With two levels of reward everything depends on one number, the chance of the "
        "better one. A field in one variable is always a gradient."
    ),
    "implicit_objective": (
        "The drift is the derivative of a function of the mean success, so that GRPO climbs "
        "this function. It is another function of the success than the success itself."
    ),
    "curl_three_levels": (
        "With three levels the duel of two answers depends on what else is drawn, and going "
        "round in a circle need not come back to the same value. What has a curl is the "
        "gradient of nothing."
    ),
    "curl_criterion": (
        "A curl of zero is a polynomial identity in the policy, and one coefficient that "
        "does not vanish refutes it. The coefficient is there at every one of these group "
        "sizes."
    ),
    "lumping": (
        "Answers of equal reward have equal preferences, so the condition sees only their "
        "total. Within a class the shares of the reference are kept."
    ),
    "rank_distortion": (
        "In a duel only the order of rewards matters, and the sum over all answers above "
        "some rank is a duel of two. The policy is therefore one function of the reference "
        "mass above each rank."
    ),
    "uniqueness_pairs": (
        "The game of duels is antisymmetric, so that two stationary policies would have to "
        "beat each other. The penalty breaks the tie in favour of one."
    ),
    "large_group_many_answers": (
        "In a large group the policy enters through its mean and its standard deviation "
        "only. Given these two numbers every probability is explicit, and one equation is "
        "left for them."
    ),
    "direct_kl_pairs": (
        "The drift is constant, and the direct penalty is a difference of log-odds. The "
        "policy of pairs is then that of RLHF with the margin for a reward."
    ),
    "direct_kl_large_group": (
        "The drift grows without bound near certainty, faster than a logarithm can hold. "
        "Besides a stationary policy near the reference there is then a second one, or none "
        "at all."
    ),
    "limits_of_h": (
        "Near both ends the drift is a power and the penalty a logarithm, and a power wins. "
        "That decides the signs of their difference there."
    ),
    "fold_curve_direct_kl": (
        "A fold is where the line of the log-odds touches the drift instead of crossing it. "
        "Following the point of contact gives the whole curve of folds."
    ),
    "maxwell_point_direct_kl": (
        "Where two policies attract, the values of one function at both can be compared. "
        "They change places at the weight at which both are equal."
    ),
    "cusp_finite_groups": (
        "In a finite group the drift is bounded, so that a fold must end. It ends in a "
        "cusp, where two folds meet."
    ),
    "tilting_large_group": (
        "The direct penalty makes every policy an exponential tilt of the reference. What "
        "is left to find is how strong the tilt is."
    ),
    "tilt_of_many_answers": (
        "The tilt makes the standard deviation small, and a small standard deviation asks "
        "for a larger tilt. Whether this ends is decided by the weight."
    ),
    "certainty_of_the_better_answer": (
        "Near certainty the drift and the penalty are both large or both small. The one "
        "that grows faster decides whether certainty attracts."
    ),
    "concavity_threshold_stage": (
        "The objective that a trainer steps on is frozen at the current policy. A point "
        "where its gradient vanishes may be a minimum of it."
    ),
    "stationary_is_not_maximal": (
        "A rest point of the gradient, a maximum of the frozen objective and a fixed point "
        "of best responses share one equation. What makes each of them stable is a "
        "different derivative."
    ),
    "best_response_recursion": (
        "Each best response weighs the reference by an exponential of the last preference. "
        "The log-odds follow a map of the line to itself."
    ),
    "best_response_slope": (
        "The slope of this map at a rest point says how an error is passed on. Below minus "
        "one it grows from step to step and ends in a cycle."
    ),
    "spread_of_iterates": (
        "A step is a pull back to rest and a throw of the dice. The spread is where what a step "
        "takes off the variance is what the dice add to it."
    ),
    "reuse_limit": (
        "Samples that are kept are answers to a policy of the past. Followed for too long they "
        "carry the policy past its rest point, further each time."
    ),
    "shift_only_factor": (
        "Subtracting the mean of the group takes away the own reward's share of it, one "
        "part in $G$. What is left is the centred reward times $1-1/G$."
    ),
    "shift_only_is_rlhf": (
        "Without the division the advantage is the reward less a baseline, and its "
        "expectation is linear in rewards. With the direct penalty this is RLHF at another "
        "weight."
    ),
    "shift_only_reverse_kl": (
        "Rewards enter linearly, but the penalty is that of GRPO. The equation for two "
        "answers is the one of pairs, with the gap of the rewards, times $1-1/G$, for the "
        "margin."
    ),
    "dr_grpo_weight": (
        "Leaving out the standard deviation of a pair is a division by half of the gap that "
        "is not made. On two answers it is a weight in other units."
    ),
    "trainer_drift_std": (
        r"The sample standard deviation is larger by $\sqrt{G/(G-1)}$, and $\varepsilon$ "
        "makes the scale larger still. Both weaken the drift, the second one more where "
        "rewards are close."
    ),
    "trainer_drift_batch": (
        "The scale of a batch is nearly that of the population, whatever the group is. Only "
        "the mean is still that of the group."
    ),
    "trainer_nemo_rl": (
        "Each answer is measured against the others, without itself. Where the others are "
        "all equal their deviation is $0$, and the convention of the trainer decides."
    ),
    "trainer_dropped_groups": (
        "Dropping groups of equal rewards divides by the chance of a mixed group, which is "
        "small near certainty. The penalty is averaged over the same groups."
    ),
    "trainer_rloo_is_rlhf": (
        "Inside the reward the penalty is centred with it, and the baseline cancels in "
        "expectation. What is left is RLHF at every group size."
    ),
    "max_rl_drift": (
        "Division by the mean reward makes a rare success count for more. A success among "
        "many says little that is new."
    ),
    "drift_of_every_preset": (
        "A preset is a rule, a scale and a place for the penalty, and its drift follows "
        "from these three. Names of trainers say less than the table does."
    ),
    "level_values_integral": (
        "One over a standard deviation is an average of Gaussians, and a Gaussian lets "
        "the mean of a group be left out. What remains is a product over the members of "
        "the group, so its size is only an exponent."
    ),
    "level_values_rise": (
        "A better reward is better in every group that it can be drawn with. How much "
        "better is bounded, because in a group of $G$ nothing lies further than "
        "$\\sqrt{G-1}$ deviations from the mean."
    ),
    "level_values_one_over_group_size": (
        "In a large group mean and deviation are almost those of the policy, and an "
        "answer is judged as in the limit. What the group size still changes comes from "
        "the answer's own share in both, which is one part in $G$."
    ),
    "many_levels_below_two": (
        "A reward in between adds to the spread of the groups it is in, and what the best answers "
        "gain is measured in that spread. "
        "So partial credit is paid for by the answers at the top: with the same reference and "
        "weight they end up rarer than if every other answer were worth nothing."
    ),
    "uniqueness_many_levels": (
        "Ask which reference a policy would be stationary for: there is a formula, and it never "
        "folds over, because the determinant of its slopes is a sum of positive terms. "
        "A map that does not fold takes every value once, so every reference has one policy."
    ),
    **RATERS,
}
