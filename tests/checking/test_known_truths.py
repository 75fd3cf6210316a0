"""No claim of known truth gets the wrong verdict: every twenty-fourth of them here, all of them by
``python -m tests.checking``."""

from math import comb, sqrt

import pytest

from grpo_symbolic import GRPO, BinaryQuestion, symbols
from grpo_symbolic.verify.verdict import Status
from tests.checking.kept import check
from tests.checking.known_truths import Known, known_truths

EVERY, FIRST = 24, 5


def test_there_are_enough_of_either_kind() -> None:
    known = list(known_truths())
    assert len(known) >= 600
    assert len({(k.formula, k.algorithm) for k in known}) == len(known)
    assert sum(k.true for k in known) >= 200
    assert sum(not k.true for k in known) >= 300


@pytest.mark.parametrize(
    "known", list(known_truths())[FIRST::EVERY], ids=lambda k: f"{k.kind}: {k.formula}"
)
def test_no_verdict_is_wrong(known: Known) -> None:
    found = check(known.formula, known.algorithm, BinaryQuestion()).verdict
    assert found is not (Status.REFUTED if known.true else Status.PROVED)


#: What was decided wrongly once; the others of their kinds are among all of them.
_TOO_LONG = ("tanh(beta", "sqrt(2)*beta", "Min(1")
ONCE_WRONG = ("a value that is undefined", "flat or kinked", "whole numbers", "large powers")


@pytest.mark.parametrize(
    "known", [k for k in known_truths() if k.kind in ONCE_WRONG], ids=lambda k: k.formula
)
def test_what_was_wrong_once_is_not_again(known: Known) -> None:
    found = check(known.formula, known.algorithm, BinaryQuestion()).verdict
    assert found is not (Status.REFUTED if known.true else Status.PROVED)
    if not known.formula.startswith("diff("):
        assert found in (Status.PROVED, Status.REFUTED)


#: What was left undecided once; those that take longest are among all of them.
@pytest.mark.parametrize(
    "known",
    [
        k
        for k in known_truths()
        if k.kind in ("clipped", "attained", "clipped limit", "apart")
        and not any(part in k.formula for part in _TOO_LONG)
    ],
    ids=lambda k: k.formula,
)
def test_what_was_undecided_once_is_decided(known: Known) -> None:
    found = check(known.formula, known.algorithm, BinaryQuestion()).verdict
    assert found is (Status.PROVED if known.true else Status.REFUTED)


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("limit(pi, beta, 0) < 1 + beta", "beta is gone"),
        ("limit(pi, beta, oo) = pi_ref*beta/beta", "beta is gone"),
        ("limit(pi, beta, 0) >= pi", "the policy in pi moves"),
        ("at(pi, beta, 1) >= pi", "the policy in pi moves"),
        ("binomial(beta - 5, pi)**2 >= 0", "a whole number"),
    ],
)
def test_what_says_nothing_is_refused(formula: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check(formula, GRPO(2), BinaryQuestion())


@pytest.mark.parametrize("size", ["5/2", "1", "sqrt(5)"])
def test_a_value_at_no_group_size_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match="no value of the range of G"):
        check(f"at(pi, G, {size}) > pi_ref", GRPO(symbols.G), BinaryQuestion())


def test_a_zero_without_a_closed_form_is_found_on_the_curve() -> None:
    found = check("increasing(1/(pi - beta), beta)", GRPO(8), BinaryQuestion())
    assert found.verdict is Status.REFUTED
    assert found.counterexample is not None
    weight, reference, policy = (
        float(found.counterexample[name].removeprefix("about "))
        for name in ("beta", "pi_ref", "pi")
    )
    assert policy == pytest.approx(weight)
    means = (comb(8, k) * policy**k * (1 - policy) ** (8 - k) * sqrt(k * (8 - k)) for k in range(9))
    assert weight * (policy - reference) == pytest.approx(sum(means) / 8, rel=1e-6)


@pytest.mark.parametrize(
    ("formula", "undefined"),
    [
        ("(beta - 1)/(beta - 1) = 1", "beta - 1 is 0"),
        ("sqrt(pi_ref - 1/10**9) >= 0", "pi_ref - 1/1000000000 is negative"),
        ("increasing(pi/(1 - beta), beta)", "1 - beta is 0"),
        ("1/(beta**2 - 2) != 0", "beta**2 - 2 is 0"),
    ],
)
def test_a_term_without_a_value_is_named(formula: str, undefined: str) -> None:
    found = check(formula, GRPO(2), BinaryQuestion())
    assert found.verdict is Status.REFUTED
    assert undefined in found.sentence
    assert found.counterexample


def test_where_defined_leaves_out_what_has_no_value() -> None:
    for formula in ("(beta - 1)/(beta - 1) = 1", "1/(pi_ref - 1/2)**2 > 0"):
        found = check(formula, GRPO(2), BinaryQuestion(), where_defined=True)
        assert found.verdict is Status.PROVED, str(found)
    found = check("1/(pi_ref - 1/2)**2 > 10", GRPO(2), BinaryQuestion(), where_defined=True)
    assert found.verdict is Status.REFUTED


def test_a_limit_whose_cases_have_ends_without_digits_ends_in_a_verdict() -> None:
    """The threshold is a mean of a noisy verifier: no fraction, and SymPy does not compare it."""
    noisy = BinaryQuestion(success=("0.8", "0.3"))
    found = check("limit(pi, pi_ref, 0) = Max(1 - 2*beta/sqrt(3), 0)", GRPO(4), noisy)
    assert found.verdict is not Status.PROVED
