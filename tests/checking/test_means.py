"""A mean over a group is the algorithm's own where all of it is, and a multiple where it is one."""

from __future__ import annotations

import pytest
from sympy import Expr, Function, Lambda, Rational, S, Symbol, Tuple, sqrt

import grpo_symbolic as gs
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.checking.check import check
from grpo_symbolic.checking.determined import by_the_condition
from grpo_symbolic.checking.means import (
    against_own,
    is_own,
    own_meaning,
    undefined_means,
    with_own_means,
)
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.grammar.statement import Comparison, statements
from grpo_symbolic.model.penalty.estimator import DirectKL
from grpo_symbolic.symbols import G, pi, pi_ref, t
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status

SURE = gs.BinaryQuestion()
EIGHT, ANY_SIZE = gs.GRPO(8), gs.GRPO(G)
#: Groups of two, whose scale is the deviation of a batch of four.
BATCH = gs.GRPO(2, advantage=gs.BatchScale(4))
SHARE = Symbol("x", real=True)
DEVIATION = Lambda(t, sqrt(t - t**2))
#: f(k/8) for f(t) = sqrt(t(1 - t)), and E (A 1{better}) for k of a batch of four.
OF_EIGHT = tuple(sqrt(Rational(k * (8 - k), 64)) for k in range(9))
OF_FOUR = (S.Zero, sqrt(3) / 6, Rational(1, 3), sqrt(3) / 6, S.Zero)


def with_one(values: tuple[Expr, ...], place: int) -> Tuple:
    return Tuple(*values[:place], S.One, *values[place + 1 :])


@pytest.mark.parametrize(
    ("algorithm", "mean", "own"),
    [
        (EIGHT, BernsteinMean(DEVIATION, 8, pi), True),
        (EIGHT, BernsteinMean(DEVIATION, 8, pi_ref), True),  # at another argument
        (EIGHT, BernsteinMean(Tuple(*OF_EIGHT), 8, pi), True),
        (EIGHT, BernsteinMean(Tuple(S.Zero, DEVIATION, S.Zero), 8, pi), True),
        (EIGHT, BernsteinMean(Lambda(t, 2 * sqrt(t - t**2)), 8, pi), False),
        (EIGHT, BernsteinMean(DEVIATION, 7, pi), False),
        (EIGHT, BernsteinMean(DEVIATION, 8, pi, 1), False),
        (EIGHT, BernsteinMean(Tuple(S.One, DEVIATION, S.Zero), 8, pi), False),
        *((EIGHT, BernsteinMean(with_one(OF_EIGHT, k), 8, pi), False) for k in (0, 1, 7, 8)),
        (ANY_SIZE, BernsteinMean(DEVIATION, G, pi), True),
        (ANY_SIZE, BernsteinMean(DEVIATION, G + 1, pi), False),
        (ANY_SIZE, BernsteinMean(Tuple(S.One, DEVIATION, S.Zero), G, pi), False),
        (BATCH, BernsteinMean(Tuple(*OF_FOUR), 4, pi), True),
        (BATCH, BernsteinMean(Tuple(*OF_FOUR[:3]), 2, pi), False),  # a part of the values
        (gs.RLHF(), BernsteinMean(DEVIATION, 8, pi), False),
    ],
    ids=str,
)
def test_a_mean_is_own_where_size_and_every_value_are(
    algorithm: gs.Algorithm, mean: BernsteinMean, own: bool
) -> None:
    assert is_own(subject(algorithm, SURE), mean) == own


def test_values_of_a_batch_are_no_mean_over_a_group() -> None:
    """pi(1 - pi) D(pi) has the values of four; the first three of them give 1/3 at pi = 1."""
    left = r"\beta (\pi(a) - \pi_{\mathrm{ref}}(a)) = "
    first = r"\left(\frac{\sqrt{3}}{6} k (2 - k) + \frac{k (k - 1)}{6}\right)"
    group = rf"\sum_{{k=0}}^{{2}} \binom{{2}}{{k}} \pi(a)^k (1 - \pi(a))^{{2-k}} {first}"
    assert check(left + group, BATCH, SURE).verdict is Status.REFUTED
    middle = r"\left(\frac{1}{3} - \frac{\sqrt{3}}{6}\right)"
    whole = rf"\left(\frac{{\sqrt{{3}}}}{{6}} + {middle} (k - 1) (3 - k)\right)"
    batch = rf"\sum_{{k=1}}^{{3}} \binom{{4}}{{k}} \pi(a)^k (1 - \pi(a))^{{4-k}} {whole}"
    assert check(left + batch, BATCH, SURE).verdict is Status.PROVED
    about = subject(BATCH, SURE)
    assert own_meaning(about, "h_2", pi) is None
    found = own_meaning(about, "h_4", pi)
    assert found is not None
    assert found[0] == BernsteinMean(Tuple(*OF_FOUR), 4, pi)


def test_a_multiple_of_the_condition_is_one() -> None:
    """Where nothing says how many policies there are: by the condition itself, or not at all."""
    about = subject(gs.GRPO(4, DirectKL()), SURE)
    assert not about.unique
    drift = "(pi*(1 - pi)*(3 - 2*sqrt(3)) + sqrt(3))"
    force = "(beta*log(pi/pi_ref) - beta*log((1 - pi)/(1 - pi_ref)))"
    for formula, holds in (
        (f"{force}*pi = pi*{drift}", True),
        (f"beta*log(pi*(1 - pi_ref)/(pi_ref*(1 - pi)))/(1 + pi) = {drift}/(1 + pi)", True),
        (f"{force}*pi = -pi*{drift}", False),
    ):
        (said,) = statements(formula, about.names)
        assert isinstance(said, Comparison)
        claim = by_the_condition(about, said)
        assert claim is not None
        assert (prove(claim).status is Status.PROVED) == holds


TWICE = Lambda(t, 2 * sqrt(t - t**2))


@pytest.mark.parametrize(("size", "written_out"), [(3, True), (12, True), (13, False), (G, False)])
def test_a_small_mean_of_other_values_is_written_out(size: Expr, written_out: bool) -> None:
    said = Comparison(BernsteinMean(TWICE, S(size), pi), ">", S.Zero)
    found = with_own_means(subject(EIGHT, SURE), said)
    assert isinstance(found, Comparison)
    assert found.left.has(BernsteinMean) is not written_out


@pytest.mark.parametrize(
    ("mean", "defined"),
    [
        (BernsteinMean(DEVIATION, G, pi), True),  # the algorithm's own
        (BernsteinMean(TWICE, S(20), pi), True),  # each of its values has been read
        (BernsteinMean(TWICE, G, pi), False),
    ],
    ids=str,
)
def test_a_mean_of_any_size_has_to_be_defined(mean: BernsteinMean, defined: bool) -> None:
    found = undefined_means(subject(ANY_SIZE, SURE), Comparison(mean, ">", S.Zero))
    assert found == ("" if defined else "the values of h_G(pi) are defined")


@pytest.mark.parametrize(
    ("written", "status", "words"),
    [
        (sqrt(SHARE - SHARE**2), Status.PROVED, "a definition: what the library derives"),
        (SHARE - SHARE**2, Status.REFUTED, "it is not what the library derives"),
    ],
)
def test_a_definition_is_the_own_one_or_is_not(written: Expr, status: Status, words: str) -> None:
    about = subject(EIGHT, SURE)
    meaning = own_meaning(about, "f", SHARE)
    assert meaning is not None
    own, domain = meaning
    found = against_own(about, Comparison(written, "==", own), domain)
    assert found.verdict is status
    assert found.sentence.startswith(words)
    open_ = against_own(about, Comparison(Function("mystery")(SHARE), "==", own), domain)
    assert (open_.verdict, "definition" in open_.sentence) == (Status.UNKNOWN, False)
