"""Claims that hold for whole numbers and not between them; what is false at one is never proved."""

import pytest
from sympy import Expr, Rational, S, Symbol, oo, sqrt

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import G, pi
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.recheck import certificate, recheck
from grpo_symbolic.verify.verdict import Status
from grpo_symbolic.verify.whole_numbers import WholeNumbers
from tests.verify.kept import Keeping, prove

FEW = Range(Symbol("n", integer=True, positive=True), S(3), S(6), True, True)
N = FEW.symbol


@pytest.mark.parametrize(
    ("left", "relation", "right", "domain"),
    [
        (G**2 + 6, ">=", 5 * G, Domain()),
        ((2 * G - 7) ** 2, ">=", S.One, Domain()),
        (1 / (2 * G - 7), "<=", S.One, Domain()),
        (sqrt(G - 1), "<=", G / 2, Domain()),
        ((G - 2) * (G - 3) * pi, ">=", S.Zero, Domain()),
        ((N - 3) * (N - 4) * (N - 5) * (N - 6), "==", S.Zero, Domain((FEW,))),
        (pi**N, "<=", pi**3, Domain((FEW,))),
        (N, ">=", S(3), Domain.of((N, S(2), oo))),  # an open end that is a whole number
        (N, "<=", S(5), Domain.of((N, S(2), S(6)))),
    ],
    ids=str,
)
def test_what_holds_for_whole_numbers_is_proved(
    left: Expr, relation: str, right: Expr, domain: Domain
) -> None:
    claim = Claim("true", left, relation, right, domain)
    verdict = prove(claim)
    assert verdict.status is Status.PROVED
    assert recheck(certificate(claim, verdict))


def test_an_end_that_is_no_number_gives_no_cases() -> None:
    end = Symbol("m", real=True)
    for domain in (Domain.of((end, S(5), S(6)), (N, S(2), end)), Domain.of((N, S(2), sqrt(40)))):
        assert WholeNumbers().attempt(Claim("", N, ">=", S(3), domain)) is None


@pytest.mark.parametrize(
    ("left", "relation", "right", "domain"),
    [
        (G**2 + 6, ">", 5 * G, Domain()),  # at 2 and 3
        ((G - 8) ** 2, ">", S.Zero, Domain()),  # at 8
        (1 / (G - 7), "<=", S.One, Domain()),  # undefined at 7
        (G**2, "<", S(10) ** 8, Domain()),
        ((N - 3) * (N - 4) * (N - 5), "==", S.Zero, Domain((FEW,))),  # at 6
        (N, ">", S(3), Domain((FEW,))),
        (N, "<", S(5), Domain.of((N, S(2), S(6)))),
        (N, "<=", Rational(11, 2), Domain((FEW,))),
    ],
    ids=str,
)
def test_what_fails_at_one_of_them_is_refuted(
    left: Expr, relation: str, right: Expr, domain: Domain
) -> None:
    claim = Claim("false", left, relation, right, domain)
    assert Keeping(WholeNumbers()).attempt(claim) is None
    assert prove(claim).status is Status.REFUTED
