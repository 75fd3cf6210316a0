"""Parts of the range in which a refuted statement holds: read off (beta - 1) (pi_ref - 1/2)."""

from __future__ import annotations

import pytest

import grpo_symbolic as gs

PAIRS, QUESTION = gs.GRPO(2), gs.BinaryQuestion()
PRODUCT = "(beta - 1)*(2*pi_ref - 1)"


@pytest.mark.parametrize(
    ("formula", "where", "parts"),
    [
        (f"{PRODUCT} <= 0", "beta >= 1", ("pi_ref < 1/2",)),
        (f"{PRODUCT} <= 0", "beta > 1", ("pi_ref < 1/2",)),
        (f"{PRODUCT} <= 0", "beta <= 1", ("pi_ref >= 1/2",)),
        (f"{PRODUCT} <= 0", "beta < 1", ("pi_ref >= 1/2",)),
        (f"{PRODUCT} <= 0", "beta > 2", ("pi_ref < 1/2",)),
        (f"{PRODUCT} <= 0", "beta > 1/2 and beta < 3/4", ("pi_ref >= 1/2",)),
        (f"{PRODUCT} <= 0", "pi_ref <= 1/2", ("beta >= 1",)),
        (f"{PRODUCT} <= 0", "pi_ref > 1/2", ("beta < 1",)),
        (f"{PRODUCT} <= 0", "pi_ref < 1/4", ("beta >= 1",)),
        (f"{PRODUCT} <= 0", "pi_ref > 3/4", ("beta < 1",)),
        # on either part false in a corner only
        (f"{PRODUCT} <= -1/10**40", "beta > 1", ()),
        (f"{PRODUCT} <= -1/10**40", "pi_ref > 1/2", ()),
        (f"{PRODUCT} + 1 = 1", "", ("beta = 1", "pi_ref = 1/2")),
        (f"{PRODUCT} + 1 = 1", "beta > 1", ("pi_ref = 1/2",)),
        (f"{PRODUCT} + 1 = 1", "beta < 2", ("beta = 1", "pi_ref = 1/2")),
        (f"{PRODUCT} + 1 = 1", "pi_ref < 1/4", ("beta = 1",)),
        (f"{PRODUCT}/(1 + pi_ref) + pi = pi", "", ("beta = 1", "pi_ref = 1/2")),
        # defined at beta = 1 apart from one point, on either side
        ("(beta - 1)/(2*pi_ref - 1) + beta = beta", "", ()),
        ("beta = (beta - 1)/(2*pi_ref - 1) + beta", "", ()),
    ],
)
def test_a_part_is_named_where_it_lies_in_the_range(
    formula: str, where: str, parts: tuple[str, ...]
) -> None:
    found = gs.check(formula, PAIRS, QUESTION, where=where or None)
    assert found.verdict.value == "REFUTED"
    assert found.right_where == parts
