"""Signs on the orthant: what one sign of a difference says of each relation."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Lambda, Rational, S, Symbol, exp, sqrt

from grpo_symbolic import Claim, Domain, Status, symbols
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Range
from grpo_symbolic.verify.identity import ExactIdentity
from grpo_symbolic.verify.orthant import OrthantSign
from tests.verify.kept import Keeping

B, C, P, P0 = symbols.beta, symbols.gamma, symbols.pi, symbols.pi_ref
X = Symbol("x", real=True)
METHOD, IDENTITY = Keeping(OrthantSign()), Keeping(ExactIdentity())
CLOSED = Domain.of(Range(X, S.Zero, S.One, True, True))

SIGNS: dict[str, tuple[Expr, set[str]]] = {
    "positive": (1 + B * P, {">", ">=", "!="}),
    "not negative": (X * B, {">="}),
    "zero": ((B + 1) ** 2 - B**2 - 2 * B - 1, {"==", ">=", "<="}),
    "not positive": (X**2 * (P - 1), {"<="}),
    "negative": (-B - P, {"<", "<=", "!="}),
    "any": (B - P, set()),
}


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("relation", ["==", "!=", ">", ">=", "<", "<="])
def test_each_relation_by_each_sign(name: str, relation: str) -> None:
    gap, holds = SIGNS[name]
    domain = Domain((*CLOSED.ranges, *Domain.of(B, P).ranges))
    found = METHOD.attempt(Claim("", gap + P, relation, P, domain))
    assert (found is not None) == (relation in holds)
    assert found is None or found.status is Status.PROVED


def test_an_equation_between_products_of_exponentials() -> None:
    """The odds move by exp(gamma/beta), written with both signs and with one."""
    half = exp(C / (2 * B))
    once = P0 * half**2 / (P0 * half**2 + 1 - P0)
    both = P0 * half / (P0 * half + (1 - P0) / half)
    assert METHOD.attempt(Claim("", once, "==", both)) is not None
    assert METHOD.attempt(Claim("", once, "==", P0 * half / (P0 * half + (1 - P0)))) is None
    # Half of it is less: what is left are factors, each of them positive.
    assert METHOD.attempt(Claim("", once, ">", both / 2)) is not None
    assert METHOD.attempt(Claim("", once, "<", both / 2)) is None
    assert METHOD.attempt(Claim("", (2 * once - both) * (P0 - S.Half), ">", 0)) is None


def test_squares_of_two_sides_need_their_signs() -> None:
    nested = sqrt(B + 2 + 2 * sqrt(B + 1)), sqrt(B + 1) + 1
    assert IDENTITY.attempt(Claim("", nested[0], "==", nested[1])) is not None
    assert IDENTITY.attempt(Claim("", nested[0], "==", -nested[1])) is None
    assert IDENTITY.attempt(Claim("", B - P, "==", P - B)) is None
    for relation, holds in (("==", True), (">=", True), ("<=", True), (">", False), ("!=", False)):
        found = IDENTITY.attempt(Claim("", (B + 1) ** 2, relation, B**2 + 2 * B + 1))
        assert (found is not None) == holds
        assert found is None or found.evidence["by"] == "difference"
    assert IDENTITY.attempt(Claim("", B + 1, ">=", B)) is None


@pytest.mark.parametrize("size", [2, 5])
def test_small_means_are_sums(size: int) -> None:
    """E (K/n)(1 - K/n) = (1 - 1/n) p (1 - p): what no sign of the mean as a whole shows."""
    spread = Lambda(symbols.t, symbols.t * (1 - symbols.t))
    mean = BernsteinMean(spread, Integer(size), P, Integer(0), "h")
    share = P * (1 - P) * (1 - Rational(1, size))
    assert METHOD.attempt(Claim("", mean, ">", share * Rational(99, 100))) is not None
    assert METHOD.attempt(Claim("", mean, ">=", share)) is not None
    assert METHOD.attempt(Claim("", mean, ">", share)) is None
    assert METHOD.attempt(Claim("", mean + X, ">=", share, CLOSED)) is not None
    assert METHOD.attempt(Claim("", mean + X, ">", share, CLOSED)) is None
    assert METHOD.attempt(Claim("", mean, "<", share * Rational(99, 100))) is None
