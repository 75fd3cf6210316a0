"""Why results on raters hold, in a sentence or two each."""

from __future__ import annotations

__all__ = ["RATERS"]

RATERS: dict[str, str] = {
    "raters_majority_margin": (
        "In a duel only the verdict of the rater who sees it counts, and raters are drawn "
        "by mass. An answer therefore gains exactly when a majority, weighted like this, "
        "prefers it to what the policy would say instead."
    ),
    "raters_two_answers": (
        "Between two answers a rater can only say which is better: dividing by the deviation "
        "of the group takes away by how much. Every group of a rater is then one of a right "
        "and a wrong answer, and raters who disagree cancel."
    ),
    "raters_central_path": (
        "Without a penalty the policy would have to be a lottery that no answer beats. "
        "The reverse divergence keeps it inside, where the gap of every answer times its "
        "probability is one small number, and this is the path along which interior-point "
        "methods go."
    ),
    "raters_direct_kl_loser": (
        "The direct divergence shares out what others give up in proportion to the reference. "
        "Where much mass leaves an answer that loses by far, one that loses by little "
        "gets more back than it gives."
    ),
    "raters_clones": (
        "Answers that nobody can tell apart from outside are beaten, and beat, as one. "
        "Together they get what one of them would get alone, and how they share it is a "
        "game of their own with another weight."
    ),
    "raters_cycle": (
        "An answer that gets better against the second one makes the second one rarer, "
        "and the third one, which beats the first, lives on that. When the penalty is "
        "weak this detour is worth more than the gain itself."
    ),
    "raters_condorcet_lift": (
        "To beat everybody by a little is less than to beat one answer by a lot, as long "
        "as that one is still often drawn. With a small enough penalty the policy has "
        "moved, and the answer that beats everybody is ahead."
    ),
    "raters_group_size": (
        "In groups of two it matters who wins more often, in large ones who wins by more. "
        "With fresh raters a minority with strong feelings therefore loses the small "
        "groups and wins the large ones."
    ),
    "raters_large_groups": (
        "A rater who sees large differences elsewhere in the group divides by them, and its vote "
        "between the other answers fades. A majority that is distracted in this way loses to a "
        "minority that is not."
    ),
    "raters_fresh_large_groups": (
        "Fresh raters make the rewards of an answer noisy, and a large group divides by the "
        "deviation of all of them. In units of that deviation the policy only depends on how "
        "strict the penalty is, and the deviation never grows faster than it gets weaker."
    ),
    "raters_proportional": (
        "To give an answer just the share of those who want it, the pull towards it has "
        "to be as strong as the penalty at that point. Both depend on the share, so one "
        "weight cannot do it for every share."
    ),
    "raters_vertices": (
        "Next to certainty a group has at most one other answer in it, and its advantage is the "
        "same whatever the rewards: whoever wins that duel grows. A large group only makes the "
        "duel louder, so the answer that is left has to win all of them."
    ),
    "raters_approvals": (
        "Who only says yes or no has no scale of its own. In a pair the yes of one rater then "
        "weighs as much against the no of another as against its own."
    ),
    "raters_merging": (
        "Each group belongs to one rater, so two electorates train on two heaps of groups that "
        "never mix. What neither heap moves, both together do not move either."
    ),
    "raters_least_divergence": (
        "While the penalty fades, the policy never goes further from the reference than the "
        "nearest lottery that nobody beats, so it ends there. A clone that is given up leaves its "
        "part of the reference to whoever remains."
    ),
}
