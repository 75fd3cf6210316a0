"""Each way to a proof, against numbers: what it asks for holds where the statement does."""

from __future__ import annotations

import pytest

import grpo_symbolic as gs
from grpo_symbolic.checking.checked import told, value_at
from grpo_symbolic.checking.relation import RelationCheck
from grpo_symbolic.checking.routes import ALL, Route
from grpo_symbolic.checking.subject import Point, subject
from grpo_symbolic.grammar.statement import Comparison, statements
from grpo_symbolic.verify.ball_numbers import agrees
from grpo_symbolic.verify.claim import Claim

SURE = gs.BinaryQuestion()
PAIRS, EIGHT = gs.GRPO(2), gs.GRPO(8)
CLIPPED = gs.GRPO(2, gs.Divergence.chi_squared())
DIRECT = gs.GRPO(8, penalty=gs.DirectKL())
#: The policy of pairs with a direct divergence; that of groups of eight lies above it.
LOGISTIC = "pi_ref*exp(1/beta)/(pi_ref*exp(1/beta) + 1 - pi_ref)"
#: The policy of pairs, and of groups of eight if their weight were larger.
SQUARE = "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2"


def made(formula: str, algorithm: gs.Algorithm) -> RelationCheck:
    about = subject(algorithm, SURE)
    (said,) = statements(formula, about.names)
    assert isinstance(said, Comparison)
    return RelationCheck(about, said)


def _routes(check: RelationCheck) -> list[Route]:
    return [*check._by_theorem(), *check._routes()]


def _has_numbers(claim: Claim, at: Point) -> bool:
    """A claim is about what its range has."""
    return (claim.left - claim.right).free_symbols <= at.keys()


def _fails(claim: Claim, at: Point) -> bool:
    gap = value_at(claim.left - claim.right, at)
    return gap is not None and not agrees(claim.relation, told(gap))


@pytest.mark.parametrize(
    ("formula", "algorithm", "true"),
    [
        ("pi >= pi_ref", EIGHT, True),
        ("pi_ref < pi", EIGHT, True),
        ("pi <= pi_ref", EIGHT, False),
        ("pi != pi_ref", EIGHT, True),
        (f"pi > {SQUARE}", EIGHT, True),
        (f"{SQUARE} < pi", EIGHT, True),
        (f"{SQUARE} >= pi", EIGHT, False),
        (f"pi = {SQUARE}", EIGHT, False),
        (f"pi >= {LOGISTIC}", DIRECT, True),
        (f"{LOGISTIC} <= pi", DIRECT, True),
        (f"{LOGISTIC} != pi", DIRECT, True),
        (f"pi < {LOGISTIC}", DIRECT, False),
        (f"{LOGISTIC} >= pi", DIRECT, False),
        (f"pi = {SQUARE}", PAIRS, True),
        (f"{SQUARE} = pi", PAIRS, True),
        ("sqrt(pi_ref) = pi", PAIRS, False),
        ("beta*(pi - pi_ref) = pi*(1 - pi)", PAIRS, True),
        ("1/2 <= pi", PAIRS, False),
        ("pi < 9/10", EIGHT, False),
        ("beta + pi_ref > beta", EIGHT, True),
        ("beta + pi_ref > 1", EIGHT, False),
    ],
)
def test_a_route_asks_for_what_the_statement_says(
    formula: str, algorithm: gs.Algorithm, true: bool
) -> None:
    routes = _routes(made(formula, algorithm))
    assert routes
    for name, claims in routes:
        seen = [(c, p) for c in claims for p in c.domain.samples(12, seed=5)]
        assert all(_has_numbers(c, p) for c, p in seen), name
        failing = [(c.name, p) for c, p in seen if _fails(c, p)]
        if not true:
            assert failing, name
        elif name != ALL:
            assert not failing, name
