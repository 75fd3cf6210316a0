"""Changes that nobody could see, each with the reason why; and what is not changed at all.

A change of what is tried, or in which order, stands here only if whatever is then found is checked
as before, and if what is left out would be found in another way: it changes how long an answer
takes. A guard without which more could be proved is none of these: it needs a test.
"""

from __future__ import annotations

__all__ = ["EQUIVALENT", "LEFT_OUT"]

#: By the name of the change: file, function, kind and source.
EQUIVALENT: dict[str, str] = {
    "grpo_symbolic/verify/kernel/proof.py:Proof._of_number: another relation: p[()] > 0": (
        "no coefficient of a polynomial is 0"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration._abs: a number off by one: 0": (
        "what is 0 is its own negative, and no exponent is 0"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration._abs: another relation: s >= 0": (
        "what is 0 is its own negative"
    ),
    "grpo_symbolic/verify/bernstein_goal.py:Checks._smooth_power: another relation: exponent < 0": (
        "a power with exponent 0 is 1, and no power"
    ),
    "grpo_symbolic/verify/bernstein_theorem.py:_shares: the other truth value: True": (
        "one end without the other: a function that is zero at one of the first and the last count "
        "is positive at the other, or, for two, has this one count at both ends"
    ),
    "grpo_symbolic/checking/checked.py:told: another relation: abs(gap) < CLOSE": (
        "no two values to 50 digits differ by exactly 1e-30"
    ),
    "grpo_symbolic/checking/ranges.py:_survives: the other truth value: False": (
        "a quick look before a proof: what it lets through is proved, or is not"
    ),
    "grpo_symbolic/checking/ranges.py:left_at_one: a number off by one: 0": (
        "of a strict sign the numbers are 2, 0 and -2: none is 1"
    ),
    "grpo_symbolic/verify/identity.py:ExactIdentity._squares: a number off by one: 0": (
        "where one side is 0 and the square of the other is, the other is 0 in its normal form, "
        "those being a field: both have been compared"
    ),
    "grpo_symbolic/verify/identity.py:ExactIdentity._squares: another relation: s >= 0": (
        "a side that is 0: as for the number"
    ),
    "grpo_symbolic/verify/sampling.py:_closer: another relation: least < _CLOSE": (
        "which of two sets of corners a least number of exactly 1e-6 has: both lie in the range"
    ),
    "grpo_symbolic/verify/engine.py:main: a number off by one: 4": (
        "the command has three arguments where it is made, and its own name before them"
    ),
    "grpo_symbolic/verify/definedness.py:needs_of: the other truth value: where_defined=True": (
        "the needs of inner terms are claims of the same list: together they say the same with it "
        "and without"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration._exp: another relation: e > 0": (
        "no factor has the exponent 0"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration.powered_all: another relation: k > 0": (
        "no exponent of a factor is 0"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration.powered_all: another relation: number > 0": (
        "what is 0 has no factors, and its root is 0 before they are looked for"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration.cancelled: a number off by one: 1": (
        "any power of a new variable tells what stands beside it"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration.powered_all: left out: "
    "raise NotFound('a radicand has a divisor of unknown sign')": (
        "the kernel refuses the value that lacks it, and the root is named as it stands either way"
    ),
    "grpo_symbolic/verify/ball_boxes.py:_sides: the other truth value: True": (
        "0 in the middle of a line belongs to the charts of both sides, and one of them suffices; "
        "1/t reaches no end"
    ),
    "grpo_symbolic/verify/ball_boxes.py:_sides: a number off by one: 1": (
        "a coordinate of another length, or one that goes on beyond the middle: together the "
        "charts still cover the range"
    ),
    "grpo_symbolic/verify/ball_boxes.py:_divided: another relation: "
    "max(widths, default=0) < SMALLEST_BOX": (
        "whether boxes of just the smallest size are halved: a limit of work"
    ),
    "grpo_symbolic/verify/ball_boxes.py:_divided: min for max: max": (
        "the widest side is halved each time: whether it or the other is below the smallest size "
        "is a limit of work, too"
    ),
    "grpo_symbolic/verify/ball_boxes.py:_Chart.tightened: another relation: slope <= 0": (
        "balls are cut off at 0 from below only: the one that ends there is 0, which >= has told"
    ),
    "grpo_symbolic/verify/linear_certificate.py:_Program.certificate: "
    "another relation: abs(v) > _USED": "no value that is computed is exactly 1e-9",
    "grpo_symbolic/verify/linear_certificate.py:_Program._exact: another relation: "
    "abs(sum((values[i] for i in row)) - 1) < _USED * 1000.0": (
        "no sum that is computed is off by exactly 1e-6"
    ),
    "grpo_symbolic/checking/subject.py:real: another relation: found._prec < _LEAST_BITS": (
        "no number asked for to 50 digits comes with exactly 64 bits"
    ),
    "grpo_symbolic/verify/sign_search.py:_by_root: left out: continue": (
        "without a sign of either side their squares show nothing: it saves to look at them"
    ),
    "grpo_symbolic/verify/sign_search.py:_roots: the other truth value: reverse=True": (
        "every root is tried until one shows a sign: which is the first decides how long it takes"
    ),
    "grpo_symbolic/checking/ranges.py:_survives: another relation: gap != 0": (
        "what numbers contradict is left out before a proof of it is tried, which fails"
    ),
    "grpo_symbolic/verify/exponents.py:_over_one_divisor: a number off by one: 0": (
        "one more factor in the divisor of all: the weights are those of the same equations"
    ),
}

_ABS = "grpo_symbolic/verify/elaboration.py:Elaboration._abs"
EQUIVALENT |= {
    f"{_ABS}: {what}": "a sign is 0 of zero alone, which is its own negative"
    for what in ("another relation: s >= 0", "a number off by one: 0")
}

#: What is zipped has one length where it is made, and nothing of it comes from outside.
_OF_ONE_LENGTH = (
    "verify/ball_boxes.py:_Chart.point",
    "verify/ball_boxes.py:_Chart.value",
    "verify/ball_boxes.py:_Chart.tightened",
    "verify/ball_boxes.py:_built",
    "verify/bernstein_goal.py:_recognised",
    "verify/certificate.py:Certificate._remainder",  # proves() has compared the lengths
    "verify/certificate.py:Certificate.names",
    "verify/certificate.py:Certificate.right",
    "verify/certificate.py:Certificate._written",  # of other lengths proves() is false
    "verify/elaboration.py:Elaboration.factors",
    "verify/elaboration.py:Elaboration._spanned",
    "verify/end_and_slope.py:_where_equal",
    "verify/kernel/checks.py:charts",
    "verify/kernel/statement.py:statement_of",
    "verify/linear_certificate.py:_Program.certificate",
    "verify/linear_certificate.py:_Program._feasible",
    "verify/linear_certificate.py:_Program._program",
    "verify/linear_certificate.py:_Program._assembled",
    "verify/proofs.py:_identity",
    "verify/proofs.py:_tree",
    "verify/sampling.py:_in_symmetric_places",
    "checking/direction.py:DirectionCheck._opposite_pair",
    "checking/divided.py:_sign",  # values_seen() has a value for each
    "checking/divided.py:_around",
    "checking/direction.py:DirectionCheck._opposite_pair",
    "verify/kernel/checks.py:charts",
    "verify/linear_certificate.py:_Program.certificate",
    "checking/subject.py:Subject.names",
)
EQUIVALENT |= {
    f"grpo_symbolic/{place}: the other truth value: strict=True": (
        "what is zipped has one length where it is made"
    )
    for place in _OF_ONE_LENGTH
}

#: Files that decide nothing.
LEFT_OUT: dict[str, str] = {
    "grpo_symbolic/verify/limits.py": (
        "limits of work, and which claims are looked at without a meter: what exceeds one is left "
        "undecided, and nothing is proved or refuted by them"
    ),
}
