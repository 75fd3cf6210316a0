"""What `check` answers besides its verdict: by what, why, where it fails and where it is right.

Each truth follows by hand from the closed forms of pairs (sqrt(pi_ref) at beta = 1, and 1 - beta or
0 for a rare answer), from the range of a parameter, or from a sign.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Expr, Piecewise, Rational, S, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.checking.check import Checked
from grpo_symbolic.checking.checked import decimal, powers_of_ten, value_at
from grpo_symbolic.checking.curve_limits import Piece
from grpo_symbolic.checking.inverse import inverse
from grpo_symbolic.checking.limits import _pieces, _rank
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.verdict import Status
from tests.checking.kept import check

B, C, P, P0 = gs.symbols.beta, gs.symbols.gamma, gs.symbols.pi, gs.symbols.pi_ref
SURE, MARGIN = gs.BinaryQuestion(), gs.BinaryQuestion(margin=C)
PAIRS, EIGHT, LARGE = gs.GRPO(2), gs.GRPO(8), gs.GRPO(oo)
ANY_SIZE = gs.GRPO(gs.symbols.G)
CLIPPED = gs.GRPO(2, gs.Divergence.chi_squared())
DIRECT = gs.GRPO(oo, penalty=gs.DirectKL())
POINT, CLOSED_FORM = "certified solution at a rational point", "closed form at a rational point"
PROVED, REFUTED, NUMERIC, UNKNOWN = Status.PROVED, Status.REFUTED, Status.NUMERIC, Status.UNKNOWN


def answer(formula: str, algorithm: gs.Algorithm = PAIRS, **options: bool) -> Checked:
    question = MARGIN if "gamma" in formula else SURE
    return check(formula, algorithm, question, **options)


@pytest.mark.parametrize(
    ("formula", "where"),
    [
        ("sqrt(pi_ref)", ("beta = 1",)),
        ("1 - beta", ("beta < 1 and pi_ref -> 0",)),
        ("(1 - beta + Abs(1 - beta))/2", ("pi_ref -> 0",)),
        ("pi >= 1/2", ("pi_ref >= 1/2",)),
        ("pi > 3/4", ()),
        ("pi <= 3/4", ()),
        ("1/(beta - 1) < 0", ("beta < 1",)),
    ],
)
def test_every_part_in_which_it_is_right(formula: str, where: tuple[str, ...]) -> None:
    found = answer(formula)
    assert found.verdict is REFUTED
    assert found.right_where == where
    assert str(found).count("right where") == len(where)


@pytest.mark.parametrize(
    ("formula", "verdict", "words"),
    [
        ("limit(1/(beta - 1), beta, 1) = oo", REFUTED, "from below, the limit is -oo"),
        ("limit(1/(beta - 1), beta, 1) > 0", REFUTED, "from below, the limit is -oo"),
        ("limit(1/(beta - 1), beta, 1) < 0", REFUTED, "from above, the limit is oo"),
        ("limit(1/(beta - 1), beta, 1) != 0", UNKNOWN, "the sides are not compared"),
        ("limit(1/(beta - 1), beta, 1, +) = oo", PROVED, "the limit is oo: leading term"),
        ("limit(1/(beta - 1), beta, 1, -) < 0", PROVED, "the limit is -oo: leading term"),
        ("limit(1/(beta - 1), beta, 1, -) = oo", REFUTED, "the limit is -oo"),
        ("limit(pi, beta, 1) = sqrt(pi_ref)", PROVED, "from above, the limit is sqrt(pi_ref)"),
        ("limit(pi, beta, 1) < 1", PROVED, "the limit is sqrt(pi_ref)"),
        ("limit(pi, beta, oo) = pi_ref", PROVED, "the limit is pi_ref"),
        ("limit(pi, beta, oo) > pi_ref", REFUTED, "the limit is pi_ref"),
        ("limit(pi, pi_ref, 2) = 1", REFUTED, "2 is not next to that"),
        ("limit(pi, pi_ref, -1) = 1", REFUTED, "-1 is not next to that"),
        ("limit(pi, pi_ref, 1, +) = 1", REFUTED, "nothing of it lies above 1"),
        ("limit(pi, beta, 0, -) = 1", REFUTED, "nothing of it lies below 0"),
        ("limit(pi, pi_ref, 0, -) = 1", REFUTED, "nothing of it lies below 0"),
        ("limit(pi, pi_ref, 1, -) = 1", PROVED, "the limit is 1"),
        ("limit(pi, pi_ref, 1) = 1", PROVED, "the limit is 1"),
        ("limit(pi, beta, oo, -) = pi_ref", PROVED, "the limit is pi_ref"),
        ("limit(pi, pi_ref, 0) >= 1 - beta", PROVED, "beta < 1"),
        ("limit(pi/pi_ref, pi_ref, 0) > 0", PROVED, "oo where beta < 1, oo where beta = 1"),
        ("limit(sqrt(beta - 1), beta, 1, -) = 0", REFUTED, "beta - 1 is negative there"),
        ("limit(sqrt(beta - 1), beta, 1, +) = 0", PROVED, "the limit is 0"),
        ("limit(log(beta - 1), beta, 1, +) = -oo", PROVED, "the limit is -oo"),
        ("limit(log(beta - 1), beta, 1) < 0", REFUTED, "from below"),
        ("limit(pi, beta, 0) = 1/(pi_ref - 1/2)", REFUTED, "pi_ref - 1/2 is 0"),
    ],
)
def test_limits(formula: str, verdict: Status, words: str) -> None:
    found = answer(formula)
    assert found.verdict is verdict, str(found)
    assert words in found.sentence


@pytest.mark.parametrize(
    ("formula", "algorithm", "verdict", "words"),
    [
        ("limit(pi, G, 5) > 0", ANY_SIZE, REFUTED, "come close to 5 only by being it"),
        ("limit(pi, G, oo) > pi_ref", ANY_SIZE, PROVED, "the large-group limit"),
        ("limit(pi**2, beta, 0) = 1", EIGHT, PROVED, "along the curve of all stationary policies"),
        ("limit(pi**2, beta, 0) = 1", CLIPPED, UNKNOWN, "only the limit of pi itself"),
        ("limit(pi, pi_ref, 0) = 0", EIGHT, REFUTED, "sqrt(7)"),
        ("limit(pi/pi_ref, pi_ref, 0) >= oo", LARGE, PROVED, "the limit is oo"),
        ("limit(pi/pi_ref, pi_ref, 0) < -oo", LARGE, REFUTED, "the limit is oo"),
        ("limit(pi, beta, 0) = 1", CLIPPED, PROVED, "too weak at the boundary"),
        ("limit(pi, beta, 0) = 1", DIRECT, UNKNOWN, "there is no limit"),
    ],
)  # fmt: skip
def test_limits_of_other_algorithms(
    formula: str, algorithm: gs.Algorithm, verdict: Status, words: str
) -> None:
    found = answer(formula, algorithm)
    assert found.verdict is verdict, str(found)
    assert words in found.sentence


def test_limits_at_which_a_formula_fails() -> None:
    """1 - beta for beta < 1 and 0 beyond; next to 1 there is a point without a root."""
    found = answer("limit(pi, pi_ref, 0) > 0")
    assert found.verdict is REFUTED
    assert Fraction(found.counterexample["beta"]) > 1  # type: ignore[index]
    assert found.right_where == ("beta < 1",)
    found = answer("limit(sqrt(beta - 1), beta, 1, -) = 0")
    assert 0 < Fraction(found.counterexample["beta"]) < 1  # type: ignore[index]
    found = answer("limit(sqrt(beta - 1/100), beta, 0) = 0")
    assert 0 < Fraction(found.counterexample["beta"]) < Fraction(1, 100)  # type: ignore[index]
    found = answer("limit(sqrt(99/100 - pi_ref), pi_ref, 1) = 0")
    assert Fraction(99, 100) < Fraction(found.counterexample["pi_ref"]) < 1  # type: ignore[index]
    infinite = answer("limit(1/(beta - 1), beta, 1) = oo")
    assert (infinite.ours, infinite.theirs, infinite.difference) == ("-oo", "oo", "")


@pytest.mark.parametrize(
    ("formula", "verdict", "words"),
    [
        ("increasing(pi, pi_ref)", PROVED, "strictly increasing in pi_ref"),
        ("decreasing(pi, pi_ref)", REFUTED, "pi moves the other way"),
        ("constant(pi, beta)", REFUTED, "strictly decreasing in beta"),
        ("increasing(pi, gap)", REFUTED, "pi does not move;"),
        ("increasing((beta - 1)**3, beta)", PROVED, "it never falls"),
        ("decreasing((1 - beta)**3, beta)", PROVED, "it never rises"),
        ("decreasing((beta - 1)**3, beta)", REFUTED, "another sign"),
        ("diff((beta - 1)**3, beta) > 0", REFUTED, "another sign"),
        ("diff((beta - 1)**3, beta) >= 0", PROVED, ""),
        ("diff(abs(beta - 1) + 2*beta, beta) > 0", UNKNOWN, "a derivative where beta - 1 is 0"),
        ("diff(abs(beta + 1) + 2*beta, beta) > 0", PROVED, ""),
        # |u|^3 + 4 beta for u = beta - 1 > -1, of slope 4 + 3 u |u|: its formula is 0/0 at u = 0
        ("diff(sqrt((beta**2 - 2*beta + 1)**3) + 4*beta, beta) > 0", UNKNOWN, "undefined at"),
        ("diff(sqrt((beta**2 - 2*beta + 1)**3) + 4*beta, beta) >= 0", UNKNOWN, "undefined at"),
        ("constant(beta*pi_ref, beta)", REFUTED, "another sign"),
        ("diff(beta*pi_ref, beta) = 0", REFUTED, "another sign"),
        ("constant(sqrt(beta**2 - 2*beta + 1) - abs(beta - 1), beta)", UNKNOWN, "undefined at"),
        ("diff(abs(beta - 1), beta) >= 0", REFUTED, "another sign"),
        ("increasing(sign(beta - 1), beta)", UNKNOWN, "a sign jumps"),
        ("increasing(pi_ref**2, beta)", REFUTED, "another sign"),
        ("constant(pi_ref**2, beta)", PROVED, ""),
        ("increasing(pi/(1 - beta), beta)", REFUTED, "1 - beta is 0"),
        ("increasing(max(beta, 1), beta)", UNKNOWN, "vanishes"),
    ],
)
def test_directions(formula: str, verdict: Status, words: str) -> None:
    found = answer(formula)
    assert found.verdict is verdict, str(found)
    assert words in found.sentence


@pytest.mark.parametrize(
    ("formula", "algorithm", "verdict", "words"),
    [
        ("increasing((G - 11/4)**2, G)", ANY_SIZE, REFUTED, "from there to G + 1"),
        ("increasing((G - 9/4)**2, G)", ANY_SIZE, PROVED, ""),
        ("decreasing((G - 9/4)**2, G)", ANY_SIZE, REFUTED, "from there to G + 1"),
        ("increasing((G - 2)*(G - 3), G)", ANY_SIZE, UNKNOWN, "it stands still"),
        ("increasing(pi**2, beta)", EIGHT, REFUTED, "the other way with pi there"),
        ("increasing(1/pi, beta)", EIGHT, PROVED, "the quantity follows it"),
        ("decreasing((pi - 1/2)**2, beta)", EIGHT, REFUTED, "the other way with pi there"),
        ("decreasing(pi/beta, beta)", EIGHT, PROVED, "the quantity follows it"),
        ("decreasing(pi + beta, beta)", EIGHT, UNKNOWN, "strictly decreasing in beta"),
        ("increasing(pi*pi_ref, pi_ref)", EIGHT, PROVED, "the quantity follows it"),
        ("decreasing(abs(pi - 1/2), beta)", EIGHT, UNKNOWN, ""),
        ("constant(pi**2, beta)", EIGHT, UNKNOWN, "nothing is known"),
    ],
)
def test_directions_of_sizes_and_without_a_closed_form(
    formula: str, algorithm: gs.Algorithm, verdict: Status, words: str
) -> None:
    found = answer(formula, algorithm)
    assert found.verdict is verdict, str(found)
    assert words in found.sentence


def test_where_two_policies_move() -> None:
    found = answer("constant(pi, beta)")
    assert found.counterexample == {"pi_ref": "1/4", "beta": "1/2 -> 101/200"}
    first, second = map(float, found.ours.split(" -> "))
    for policy, weight in ((first, 0.5), (second, 0.505)):
        assert weight * (policy - 0.25) == pytest.approx(policy * (1 - policy))
    assert float(found.difference) == pytest.approx(second - first)
    assert found.theirs == "does not move"
    piece = answer("increasing(pi/(1 - beta), beta)", where_defined=True)
    assert piece.verdict is UNKNOWN
    assert "not defined on it" in piece.sentence


@pytest.mark.parametrize(
    ("formula", "algorithm", "verdict", "method"),
    [
        ("pi < 1", CLIPPED, REFUTED, POINT),
        ("pi >= pi_ref", CLIPPED, PROVED, ""),
        ("pi = sqrt(pi_ref)", PAIRS, REFUTED, CLOSED_FORM),
        ("1/2 <= pi", PAIRS, REFUTED, CLOSED_FORM),
        ("beta + pi_ref > pi_ref", PAIRS, PROVED, ""),
        ("pi_ref < pi < 1", gs.GRPO(3), PROVED, ""),
        ("at(pi, pi_ref, 1/2) > 1/2", EIGHT, PROVED, ""),
        ("at(pi, gamma, 1/2) < 1", PAIRS, PROVED, ""),
        ("pi = (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", gs.GRPO(5), REFUTED, POINT),
        ("sqrt(pi - 1/10) >= 0", EIGHT, REFUTED, POINT),
        ("1/(beta - 1) != 0", PAIRS, REFUTED, CLOSED_FORM),
    ],
)
def test_relations(formula: str, algorithm: gs.Algorithm, verdict: Status, method: str) -> None:
    found = answer(formula, algorithm)
    assert found.verdict is verdict, str(found)
    assert method in found.method


def test_both_sides_of_a_counterexample() -> None:
    """Theirs is what was said of pi, whichever side it stands on."""
    for formula in ("pi >= 1/2", "1/2 <= pi"):
        found = answer(formula)
        place = {k: float(Fraction(v)) for k, v in found.counterexample.items()}  # type: ignore
        assert float(found.theirs) == 0.5
        policy = float(found.ours)
        assert place["beta"] * (policy - place["pi_ref"]) == pytest.approx(policy * (1 - policy))
        assert float(found.difference) == pytest.approx(0.5 - policy)
        assert "pi" not in place
    found = answer("pi**2 > 1/2")
    place = {k: float(Fraction(v)) for k, v in found.counterexample.items()}  # type: ignore
    assert float(found.ours) == pytest.approx(place["pi"] ** 2)


def test_an_equation_that_determines_the_policy_and_one_that_does_not() -> None:
    once = answer("beta*(pi - pi_ref) = pi*(1 - pi)")
    assert once.sentence.endswith("at no other policy, so that it determines pi")
    twice = answer("(pi - 1/2)*(beta*(pi - pi_ref) - pi*(1 - pi)) = 0")
    assert twice.sentence.endswith("it is not shown to determine pi")
    solved = answer("(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2")
    assert "determine" not in solved.sentence


def test_where_it_is_defined() -> None:
    """The part of the range is named, and a formula may fail on it."""
    pole = "beta*(beta - 1)/(beta - 1)"
    formula = f"pi = (1 - beta + sqrt((1 - beta)**2 + 4*{pole}*pi_ref))/2"
    assert answer(formula).verdict is REFUTED
    assert answer(formula, where_defined=True).verdict is PROVED
    wrong = answer("1/(pi_ref - 1/2)**2 > 10", where_defined=True)
    assert wrong.verdict is REFUTED
    assert Fraction(wrong.counterexample["pi_ref"]) != Fraction(1, 2)  # type: ignore[index]
    named = answer("pi = sqrt(pi_ref)*(1 - beta)/(1 - beta)", where_defined=True)
    assert named.verdict is REFUTED


def test_values_outside_of_the_ranges_are_refused() -> None:
    for formula, reason in (
        ("at(pi, beta, -1) > 0", "no value of the range of beta"),
        ("limit(pi, pi_ref, 1/2, +) = pi", "the policy in pi moves"),
        ("pi > x_1", "x_1"),
    ):
        with pytest.raises(ValueError, match=reason):
            check(formula, PAIRS, SURE)


# -- parts --------------------------------------------------------------------------------------

ROOT = sqrt((1 - B) ** 2 + 4 * B * P0)


@pytest.mark.parametrize(
    "formula",
    [
        (1 - B + ROOT) / 2,
        sqrt(B + P0) - 1,
        sqrt(B**2 + P0) - 1,
    ],
    ids=str,
)
def test_a_formula_turned_around(formula: Expr) -> None:
    found = inverse(formula, B)
    assert found is not None
    weight, divisor = found
    for beta, reference in ((Rational(1, 3), Rational(1, 4)), (Rational(7, 2), Rational(5, 8))):
        policy = formula.subs({B: beta, P0: reference})
        assert weight.subs({P: policy, P0: reference}).evalf(30) == pytest.approx(float(beta))
        assert abs(divisor.subs({P: policy, P0: reference}).evalf(30)) > 0


@pytest.mark.parametrize(
    "formula",
    [P0, sqrt(B) + sqrt(1 + B), 1 / (1 + ROOT), ROOT**3, sqrt(B**3 + P0), sqrt(B + B**2 + P0),
     sqrt(P0) + B, (B - 1) * sqrt(B), sqrt(sqrt(B) + 1)],
    ids=str,
)  # fmt: skip
def test_what_is_not_turned_around(formula: Expr) -> None:
    assert inverse(formula, B) is None


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("1/1" + 27 * "0", "1/1" + 27 * "0"),  # thirty characters are read as they are
        ("1/1" + 28 * "0", "1e-28"),
        ("1/3", "1/3"),
        ("3/1000", "3/1000"),
        (f"6/1{'0' * 604}", "6e-604"),
        (f"1/5{'0' * 40}", "2e-41"),
        (f"123/1{'0' * 40}", "123e-40"),
        (f"1200/1{'0' * 40}", "12e-38"),
        (f"1/3{'0' * 40}", f"1/3{'0' * 40}"),
        ("1" * 40, "1" * 40),
        (f"{'1' * 40}/x", f"{'1' * 40}/x"),
    ],
)
def test_powers_of_ten(text: str, short: str) -> None:
    assert powers_of_ten(text) == short


def test_values_and_their_decimals() -> None:
    assert abs(value_at(sqrt(B), {B: S(4)}) - 2) < Rational(1, 10**40)
    for nothing in (sqrt(B - 5), 1 / (B - 4), B**P, P):
        assert value_at(nothing, {B: S(4)}) is None
    assert value_at(B ** (B**B), {B: S(100)}) is None
    assert decimal(None) == ""
    assert decimal(Rational(1, 3)) == "0." + 30 * "3"


def test_points_are_simple_first_and_lie_in_the_range() -> None:
    for algorithm, question in ((PAIRS, MARGIN), (ANY_SIZE, SURE), (LARGE, SURE)):
        about = subject(algorithm, question)
        points = list(about.points(about.parameters, 5))
        assert len(points) > 15
        assert all(about.parameters.contains(p) for p in points)
        assert all(len(str(v)) < 5 for v in points[0].values())
        weights = {p[B] for p in points}
        assert min(weights) <= Rational(1, 10**6)
        assert max(weights) >= 100
        solved = about.solutions(points[0])
        assert len(solved) == 1
        assert about.solutions(points[0]) == solved
        assert about.unique
    narrow = Domain.of((B, S(40), S(41)), P0)
    about = subject(PAIRS, SURE)
    assert all(40 < p[B] < 41 for p in about.points(narrow, 3))


def test_names_and_what_is_idle() -> None:
    about = subject(PAIRS, SURE)
    assert about.names["p"] == P
    assert about.names["pi_ref_1"] == P0
    assert about.names["G"] == 2
    assert {s.name: v for s, v in about.idle.items()} == {"gap": 1, "r_b": 0}
    many = subject(PAIRS, gs.Question(rewards=(3, 2, 1)))
    assert "p" not in many.names
    assert many.binary is None
    assert many.curve is None
    assert not many.clipped
    assert subject(CLIPPED, SURE).clipped


def test_pieces_of_a_limit() -> None:
    domain = Domain.of(B, P0)
    assert list(_pieces(P0, domain)) == [Piece(P0, domain)]
    pieces = list(_pieces(Piecewise((1 - B, B < 1), (S.Zero, True)), domain))
    assert [(piece.value, piece.text) for piece in pieces] == [
        (1 - B, "beta < 1"),
        (0, "beta >= 1"),
    ]
    below, above = (piece.domain for piece in pieces)
    assert not below.contains({B: S.One, P0: S.Half})
    assert above.contains({B: S.One, P0: S.Half})
    assert below.contains({B: S.Half, P0: S.Half})
    assert not above.contains({B: S.Half, P0: S.Half})
    closed = list(_pieces(Piecewise((1 - B, B <= 1), (S.Zero, True)), domain))
    assert closed[0].domain.contains({B: S.One, P0: S.Half})
    other = list(_pieces(Piecewise((1 - B, B < 1), (S.Zero, True)), Domain.of(P0)))
    assert len(other) == 2
    assert [_rank(v) for v in (-oo, S(5), oo)] == [-1, 0, 1]


#: By hand: π(a) = π_ref + π_ref (1 − π_ref)/β where that is less than 1, which is where β > π_ref.
#: With and without the word.
INTERIOR = {
    "beta*(pi - pi_ref)/(pi_ref*(1 - pi_ref)) = 1": (PROVED, REFUTED),
    "pi = pi_ref + pi_ref*(1 - pi_ref)/beta": (PROVED, REFUTED),
    "pi = pi_ref + pi_ref/beta": (REFUTED, REFUTED),
    "pi < 1": (PROVED, REFUTED),
    "1/(1 - pi) > 1": (PROVED, REFUTED),
    "beta > pi_ref": (PROVED, REFUTED),
    "beta > pi_ref + 10**-12": (REFUTED, REFUTED),
    "sqrt(beta - pi_ref) >= 0": (PROVED, REFUTED),
    "sqrt(beta - 2*pi_ref) >= 0": (REFUTED, REFUTED),
    "pi <= pi_ref + pi_ref/beta": (PROVED, PROVED),
    "pi >= 1 - beta": (REFUTED, REFUTED),
}


@pytest.mark.parametrize("formula", INTERIOR)
def test_interior_restricts_the_statement_and_not_its_proof(formula: str) -> None:
    inside, all_of_them = INTERIOR[formula]
    found = answer(formula, CLIPPED, interior=True)
    assert (found.verdict, answer(formula, CLIPPED).verdict) == (inside, all_of_them)
    assert found.interior
    assert found.sentence.startswith("of stationary policies with positive probabilities only: ")
    assert "every stationary policy with positive probabilities" in found.export("latex-theorem")
    if inside is REFUTED and found.counterexample is not None:
        at = {name: S(value) for name, value in found.counterexample.items()}
        assert at["beta"] > at["pi_ref"]


def test_interior_says_nothing_where_all_stationary_policies_are() -> None:
    found = answer("pi < 1", interior=True)
    assert (found, found.interior) == (answer("pi < 1"), False)


def test_interior_is_no_word_for_what_may_come_to_the_boundary() -> None:
    for formula in ("limit(pi, beta, 0) = 1", "increasing(pi, pi_ref)"):
        with pytest.raises(ValueError, match="interior goes with equations and inequalities"):
            gs.check(formula, CLIPPED, SURE, interior=True)


def test_a_place_without_a_policy_inside_refutes_nothing() -> None:
    """1/(beta - pi_ref/2) has no value at beta = pi_ref/2, where pi(a) = 1 alone is stationary."""
    formula = "1/(beta - pi_ref/2) + pi > 0"
    assert answer(formula, CLIPPED).verdict is REFUTED
    assert answer(formula, CLIPPED, interior=True).verdict is PROVED


def test_one_answer_at_zero_is_at_the_boundary_too() -> None:
    three = gs.Question(rewards=(3, 2, 1))
    assert gs.check("pi_2 > 0", CLIPPED, three, interior=True).verdict is PROVED
    assert gs.check("pi_1 + pi_2 < 1", CLIPPED, three).verdict is not PROVED
    assert gs.check("pi_1 + pi_2 < 1", CLIPPED, three, interior=True).verdict is PROVED
