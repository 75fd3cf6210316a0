"""What a claim says of its terms: PROVED only where all of them are real numbers."""

import pytest
from sympy import (
    Expr,
    I,
    LambertW,
    Rational,
    S,
    Sum,
    Symbol,
    acos,
    atanh,
    cosh,
    coth,
    exp,
    gamma,
    log,
    sec,
    sqrt,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_defined
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import beta, pi, pi_ref
from grpo_symbolic.verify import methods
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.definedness import needs_of
from grpo_symbolic.verify.methods import METHODS, settle
from grpo_symbolic.verify.recheck import certificate, portable, recheck
from grpo_symbolic.verify.verdict import Status
from tests.verify.kept import prove

DOMAIN = Domain.of(beta, pi_ref, pi)
SOMEWHERE_UNDEFINED = [
    1 / (beta - 1),
    1 / (beta - pi),
    sqrt(pi - pi_ref),
    sqrt(pi_ref - Rational(1, 10**9)),
    log(1 - 2 * pi),
    1 / log(beta),
    acos(2 * pi),
    atanh(2 * pi_ref),
    (pi - pi_ref) ** beta,
    1 / sqrt(1 - beta),
]
DEFINED = [
    1 / (beta + pi),
    1 / (pi * (1 - pi)),
    sqrt(beta**2 + 1 - 2 * beta),
    sqrt((1 - beta) ** 2 + 4 * beta * pi_ref),
    log(pi / (1 - pi)),
    1 / (pi**2 - pi - 1),
    pi**beta,
    1 / (1 + sqrt(pi)),
    log(beta),
]


@pytest.mark.parametrize("expression", SOMEWHERE_UNDEFINED, ids=str)
def test_what_is_undefined_somewhere_is_not_called_defined(expression: Expr) -> None:
    assert not is_defined(expression, DOMAIN)


@pytest.mark.parametrize("expression", DEFINED, ids=str)
def test_defined_terms_are_shown_to_be(expression: Expr) -> None:
    assert is_defined(expression, DOMAIN)


@pytest.mark.parametrize("expression", SOMEWHERE_UNDEFINED, ids=str)
def test_what_is_undefined_somewhere_is_never_proved(expression: Expr) -> None:
    """Equal to itself, and its exponential positive: true only where there is a value."""
    for claim in (
        Claim("equal to itself", expression, "==", expression, DOMAIN),
        Claim("its exponential", exp(expression), ">", S.Zero, DOMAIN),
        Claim("a twin that cancels", (expression + pi) - expression, "==", pi, DOMAIN),
    ):
        if claim.left == pi:
            continue  # it cancelled before anybody could see it
        assert prove(claim).status is not Status.PROVED, claim


def test_no_other_method_proves_it_either() -> None:
    claim = Claim("equal to itself", 1 / (beta - pi), "==", 1 / (beta - pi), DOMAIN)
    assert all(v.status is not Status.PROVED for v in settle(claim, routes=len(METHODS)))


def test_where_defined_is_part_of_the_statement() -> None:
    bare = Claim("a fraction", (pi - pi_ref) / (pi - pi_ref) ** 2, "==", 1 / (pi - pi_ref), DOMAIN)
    limited = Claim(bare.name, bare.left, "==", bare.right, DOMAIN, where_defined=True)
    assert prove(bare).status is not Status.PROVED
    assert prove(limited).status is Status.PROVED
    assert "defined" in limited.title
    assert "defined" not in bare.title


def test_a_certificate_says_where_it_is_made() -> None:
    claim = portable(
        Claim("a fraction", beta / (pi - pi_ref) * 2, "==", 2 * beta / (pi - pi_ref), DOMAIN,
              where_defined=True)
    )  # fmt: skip
    made = certificate(claim, prove(claim))
    assert recheck(made)
    assert made["made"] == "where both sides are defined"
    forged = {**made, "exact": {**made["exact"], "where_defined": False}}
    assert not recheck(forged)


def test_needs_are_those_of_the_terms() -> None:
    found = {str(need) for need in (c.name for c in needs_of(log(sqrt(beta - 1) / pi), DOMAIN))}
    assert found == {"sqrt(beta - 1)/pi > 0", "beta - 1 >= 0", "pi != 0"}


def test_the_term_of_a_sum_is_part_of_it() -> None:
    k, size = symbols.k, symbols.G
    share = sqrt(k * (size - k)) / size
    assert is_defined(Sum(share, (k, 0, size)), DOMAIN)
    assert not is_defined(Sum(1 / (k - 3), (k, 0, size)), DOMAIN)
    pole = Sum(1 / (k - 3), (k, 0, size))
    assert prove(Claim("equal to itself", pole, "==", pole)).status is not Status.PROVED


SHARE = Symbol("x", real=True)
CLOSED = Domain((Range(SHARE, S.Zero, S.One, True, True),))


@pytest.mark.parametrize(
    "expression", [1 / SHARE, 1 / (1 - SHARE), log(SHARE), log(1 - SHARE), 1 / sqrt(SHARE)], ids=str
)
def test_both_ends_of_a_closed_range_belong_to_it(expression: Expr) -> None:
    assert not is_defined(expression, CLOSED)
    claim = Claim("equal to itself", expression, "==", expression, CLOSED)
    assert prove(claim).status is not Status.PROVED


@pytest.mark.parametrize(
    "expression", [sqrt(SHARE), sqrt(1 - SHARE), 1 / (1 + SHARE), log(1 + SHARE)], ids=str
)
def test_what_has_a_value_at_both_ends_is_defined(expression: Expr) -> None:
    assert is_defined(expression, CLOSED)


def test_pieces_of_a_domain_cover_it_and_reach_every_closed_end() -> None:
    both = Domain((*CLOSED.ranges, *Domain.of(beta).ranges))
    assert all(piece.attained for piece in both.pieces)
    for value in (S.Zero, S.Half, S.One):
        assert any(piece.contains({SHARE: value, beta: S.One}) for piece in both.pieces)


def test_a_sum_that_starts_where_its_term_has_no_value_is_not_defined() -> None:
    k, size = symbols.k, symbols.G
    assert not is_defined(Sum(log(k), (k, 0, size)), Domain())
    assert is_defined(Sum(log(k), (k, 1, size)), Domain())


def test_a_divisor_of_an_exponent_counts_though_it_cancels() -> None:
    gap = SHARE - S.Half
    assert not is_defined(exp(gap * (1 / gap + 1)), CLOSED)


@pytest.mark.parametrize("function", [gamma, LambertW, sec, coth, I.__mul__], ids=str)
def test_of_a_function_that_is_not_known_nothing_is_proved(function) -> None:
    """Equal to itself by its form, but with poles, branches or no real value at all."""
    real = Symbol("x", real=True)
    for x in (
        real,
        beta,
    ):  # of some the values are known to be real where their argument is positive
        claim = Claim("equal to itself", function(x), "==", function(x), Domain.of(x))
        assert methods.prove(claim).status is not Status.PROVED


@pytest.mark.parametrize(
    "tower",
    [
        lambda x: log(exp(exp(exp(1 / x))) - 1),
        lambda x: exp(-exp(exp(1 / x))),
        lambda x: cosh(cosh(cosh(1 / x))),
        lambda x: 2 ** (2 ** (2 ** (1 / x))),
    ],
    ids=["log", "minus", "cosh", "power"],
)
def test_towers_are_not_computed(tower) -> None:
    """SymPy would write out the digits of the sign: e^(e^1000000) has more than fit."""
    claim = Claim("", tower(symbols.pi_ref), ">", -S.One)
    assert not claim.undefined_at({symbols.pi_ref: Rational(1, 10**6)})
    assert prove(claim).status is not Status.REFUTED
