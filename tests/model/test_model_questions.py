"""Questions: what the constructors read, what they refuse, and the comparisons they imply."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Expr, Integer, Rational, Symbol, oo, simplify, tanh

import grpo_symbolic as gs
from grpo_symbolic import symbols
from tests.oracles.enumeration import Law, Rule, rule_preference, to_mpf

A, B, C = (Symbol(name, real=True) for name in "abc")
HALF = Rational(1, 2)
rates = st.fractions(min_value=0, max_value=1, max_denominator=50)
numbers = st.fractions(min_value=-3, max_value=3, max_denominator=20)
spreads = st.fractions(min_value=Fraction(1, 10), max_value=3, max_denominator=20)


def exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def number(value: Expr) -> mpf:
    return mpf(str(value.evalf(mp.dps)))


# -- reading -----------------------------------------------------------------------------------


def test_numbers_are_read_exactly() -> None:
    question = gs.Question(rewards=(0.1, "0.2", "1/3", Fraction(2, 7), 4, Rational(1, 9)))
    expected = [Rational(1, 10), Rational(1, 5), Rational(1, 3), Rational(2, 7), 4, Rational(1, 9)]
    assert list(question.rewards) == expected
    assert all(r.is_Rational for r in question.rewards)
    assert question.deterministic


def test_success_rates_are_bernoulli_laws() -> None:
    question = gs.Question(success=("0.7", 0.1, 1, 0))
    assert question.reward_laws[:2] == (
        ((1, Rational(7, 10)), (0, Rational(3, 10))),
        ((1, Rational(1, 10)), (0, Rational(9, 10))),
    )
    assert question.rewards == (Rational(7, 10), Rational(1, 10), 1, 0)
    # A rate of 1 or 0 is a deterministic reward.
    assert question.reward_laws[2:] == gs.Question(rewards=(1, 0)).reward_laws
    assert not question.deterministic
    assert gs.Question(success=(1, 0)).deterministic


def test_verifiable_rewards() -> None:
    question = gs.Question(correct=2, answers=5)
    assert question.rewards == (1, 1, 0, 0, 0)
    assert question == gs.Question(rewards=(1, 1, 0, 0, 0))
    assert question.classes == ((0, 1), (2, 3, 4))


def test_laws_drop_impossible_rewards() -> None:
    question = gs.Question(reward_laws=[[(3, 1), (7, 0)], [(3, "1/4"), (0, 0.75)]])
    assert question.reward_laws == (((3, 1),), ((3, Rational(1, 4)), (0, Rational(3, 4))))
    assert question.levels == (3, 0)
    assert question.emission == ((1, 0), (Rational(1, 4), Rational(3, 4)))


def test_ties_make_classes() -> None:
    question = gs.Question(rewards=(3, 1, 3, 1, 2))
    assert question.levels == (3, 1, 2)
    assert question.classes == ((0, 2), (1, 3), (4,))
    lumped = question.lumped()
    assert lumped.rewards == (3, 1, 2)
    assert len(lumped.classes) == len(lumped)


def test_classes_of_laws_and_of_comparisons() -> None:
    laws = gs.Question(success=("1/2", "1/3", "1/2"))
    assert laws.classes == ((0, 2), (1,))
    assert laws.lumped().rewards == (HALF, Rational(1, 3))
    rows = [[0, HALF, 0], [-HALF, 0, -HALF], [0, HALF, 0]]
    compared = gs.Question(preferences=rows)
    assert compared.classes == ((0, 2), (1,))
    assert compared.lumped().margins == ((0, HALF), (-HALF, 0))
    # Equal means are not enough.
    assert gs.Question(reward_laws=[[(1, 1)], [(0, HALF), (2, HALF)]]).classes == ((0,), (1,))


def test_lumped_answers_share_their_preference() -> None:
    """A class of answers has the preference of one answer with all their probability."""
    whole = gs.preference(gs.GRPO(3), gs.Question(rewards=(3, 1, 3, 0)))
    lumped = gs.preference(gs.GRPO(3), gs.Question(rewards=(3, 1, 3, 0)).lumped())
    point = dict(
        zip(map(symbols.policy, (1, 2, 3)), map(Rational, ("1/8", "1/4", "1/3")), strict=True)
    )
    image = {symbols.policy(1): Rational(1, 8) + Rational(1, 3), symbols.policy(2): Rational(1, 4)}
    for answer, heir in ((0, 0), (1, 1), (2, 0), (3, 2)):
        difference = whole[answer].subs(point) - lumped[heir].subs(image)
        assert abs(difference.evalf(30)) < 1e-25
    assert abs((whole[0] - whole[1]).subs(point).evalf(30)) > 0.1


def test_symbols_are_listed_from_the_most_rewarding() -> None:
    question = gs.Question(rewards=(A, B, B, C))
    assert question.classes == ((0,), (1, 2), (3,))
    signs = [[question.confidence(o, q) for q in range(4)] for o in range(4)]
    assert signs == [[0, 1, 1, 1], [-1, 0, 0, 1], [-1, 0, 0, 1], [-1, -1, -1, 0]]
    turned = gs.Question(rewards=(B, A))
    assert turned.confidence(0, 1) == 1
    assert question.parameters == (A, B, C)


def test_a_domain_settles_the_order() -> None:
    domain = gs.Domain.of((A, Integer(0), oo), (B, 2 * A, oo))
    assert gs.Question(rewards=(A + 1, B + 1), domain=domain).confidence(0, 1) == -1
    assert gs.Question(rewards=(B, 2 * A), domain=domain).confidence(0, 1) == 1
    with pytest.raises(ValueError, match="is not known"):
        gs.Question(rewards=(B, 3 * A), domain=domain).confidence(0, 1)


def test_symbolic_question() -> None:
    question = gs.Question.symbolic(3)
    assert question.rewards == tuple(map(symbols.reward, (1, 2, 3)))
    assert question.policy == (
        symbols.policy(1),
        symbols.policy(2),
        1 - symbols.policy(1) - symbols.policy(2),
    )
    assert sum(question.reference).expand() == 1
    assert len(question) == 3
    assert question.answers == ("1", "2", "3")


@settings(max_examples=20, deadline=None)
@given(first=rates, second=rates)
def test_binary_success_is_a_question_of_two_rates(first: Fraction, second: Fraction) -> None:
    if first > second:
        binary = gs.BinaryQuestion(success=(first, second))
        assert binary.reward_laws == gs.Question(success=(first, second)).reward_laws
        assert binary.policy == (symbols.pi, 1 - symbols.pi)
    else:
        with pytest.raises(ValueError, match="the first one larger"):
            gs.BinaryQuestion(success=(first, second))


def test_a_misspelt_description_is_an_unknown_argument() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'reward'"):
        gs.Question(reward=(1, 0))  # type: ignore[call-arg]


# -- refusing ----------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no description": (
        lambda: gs.Question(),
        r"a question needs exactly one of rewards, success, .*; got none$",
    ),
    "two descriptions": (
        lambda: gs.Question(rewards=(1, 0), success=(1, 0)),
        r"exactly one of .*; got rewards, success$",
    ),
    "one answer": (lambda: gs.Question(rewards=(1,)), r"at least two answers$"),
    "no answer": (lambda: gs.Question(rewards=()), r"at least two answers$"),
    "not a sequence": (lambda: gs.Question(rewards=5), r"rewards must be a sequence .* got 5$"),
    "text": (lambda: gs.Question(rewards="10"), r"rewards must be a sequence .* got '10'$"),
    "not a number": (
        lambda: gs.Question(rewards=(float("nan"), 1)),
        r"rewards must be a number, or an expression in symbols, got nan$",
    ),
    "infinite": (lambda: gs.Question(rewards=(oo, 1)), r"rewards must be a number.*, got oo$"),
    "sum of probabilities": (
        lambda: gs.Question(reward_laws=[[(1, HALF), (0, "1/3")], [(0, 1)]]),
        r"the probabilities of a reward law must sum to 1, got 5/6$",
    ),
    "symbolic sum of probabilities": (
        lambda: gs.Question(reward_laws=[[(1, A), (0, B)], [(0, 1)]]),
        r"must sum to 1, got a \+ b$",
    ),
    "negative probability": (
        lambda: gs.Question(reward_laws=[[(1, "3/2"), (0, "-1/2")], [(0, 1)]]),
        r"probability must be a number in \[0, 1\], got 3/2$",
    ),
    "reward named twice": (
        lambda: gs.Question(reward_laws=[[(1, HALF), (1, HALF)], [(0, 1)]]),
        r"must name each reward once$",
    ),
    "rate above one": (
        lambda: gs.Question(success=("1.5", 0)),
        r"success must be a probability in \[0, 1\], got 3/2$",
    ),
    "not antisymmetric": (
        lambda: gs.Question(preferences=[[0, HALF], [HALF, 0]]),
        r"antisymmetric: entries \(1, 2\) = 1/2 and \(2, 1\) = 1/2$",
    ),
    "diagonal": (
        lambda: gs.Question(preferences=[[HALF, 1], [-1, 0]]),
        r"antisymmetric: entries \(1, 1\) = 1/2",
    ),
    "entry above one": (
        lambda: gs.Question(preferences=[[0, 2], [-2, 0]]),
        r"preferences must lie in \[-1, 1\], got 2$",
    ),
    "not square": (
        lambda: gs.Question(preferences=[[0, 1, 1], [-1, 0, 1]]),
        r"preferences must be a square matrix",
    ),
    "all correct": (
        lambda: gs.Question(correct=3, answers=3),
        r"correct must be less than answers = 3, got 3$",
    ),
    "more than all correct": (
        lambda: gs.Question(correct=4, answers=3),
        r"correct must be less than answers = 3, got 4$",
    ),
    "none correct": (
        lambda: gs.Question(correct=0, answers=3),
        r"correct must be an integer of at least 1, got 0$",
    ),
    "half correct": (
        lambda: gs.Question(correct=1.5, answers=3),
        r"correct must be an integer of at least 1, got 1.5$",
    ),
    "correct without answers": (lambda: gs.Question(correct=1), r"correct goes with answers"),
    "answers without correct": (lambda: gs.Question(answers=2), r"answers goes with correct"),
    "Gaussian without spread": (
        lambda: gs.Gaussian(1, 0),
        r"std must be a positive number, got 0$",
    ),
    "Gaussian and finite": (
        lambda: gs.Question(reward_laws=[gs.Gaussian(1, 1), [(0, 1)]]),
        r"Gaussian and finitely supported rewards cannot be mixed$",
    ),
    "margin and rates": (
        lambda: gs.BinaryQuestion(margin=1, success=(1, 0)),
        r"give a margin or success rates, not both$",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(name: str) -> None:
    make, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("rewards", [(A, 2 * B), (A + B, A * B), (A, Integer(1))], ids=str)
@pytest.mark.parametrize("size", [2, 3, oo], ids=str)
def test_an_unknown_order_is_refused(rewards: tuple[Expr, Expr], size: Any) -> None:
    sentence = (
        "the order of the rewards .* is not known: list symbols from the most to the least "
        "rewarding, or give their ranges as `domain`"
    )
    with pytest.raises(ValueError, match=sentence):
        gs.preference(gs.GRPO(size), gs.Question(rewards=rewards))


@pytest.mark.parametrize("size", [3, 4, 5])
def test_gaussian_groups_beyond_pairs_are_refused(size: int) -> None:
    question = gs.Question(reward_laws=[gs.Gaussian(1, 2), gs.Gaussian(0, 1)])
    sentence = "Gaussian rewards have an exact preference for groups of two and for the large-group"
    with pytest.raises(ValueError, match=sentence):
        gs.preference(gs.GRPO(size), question)
    assert len(gs.preference(gs.GRPO(2), question)) == 2
    assert len(gs.preference(gs.GRPO(oo), question)) == 2


@pytest.mark.parametrize(
    "question",
    [
        gs.Question(scores=(1, 0)),
        gs.Question(preferences=[[0, 1], [-1, 0]]),
        gs.BinaryQuestion(margin=HALF),
    ],
    ids=["scores", "preferences", "margin"],
)
def test_comparisons_define_pairs_only(question: gs.Question) -> None:
    for size in (3, oo):
        with pytest.raises(ValueError, match="defines comparisons of two answers only"):
            gs.preference(gs.GRPO(size), question)
    with pytest.raises(ValueError, match="shift- and scale-invariant advantage"):
        gs.preference(gs.GRPO(2, advantage=gs.ShiftOnly()), question)
    with pytest.raises(ValueError, match="defines comparisons of two answers only"):
        _ = question.laws


# -- comparisons -------------------------------------------------------------------------------


def test_bradley_terry_margin_is_a_hyperbolic_tangent() -> None:
    margin = gs.Question(scores=(A, B)).confidence(0, 1)
    assert simplify(margin - tanh((A - B) / 2).rewrite("exp")) == 0
    assert simplify(margin + tanh((A - B) / 2).rewrite("exp")) != 0


@settings(max_examples=20, deadline=None)
@given(scores=st.lists(numbers, min_size=2, max_size=4))
def test_bradley_terry_probabilities(scores: list[Fraction]) -> None:
    question = gs.Question(scores=scores)
    with mp.workdps(55):
        for o, q in permutations(range(len(scores)), 2):
            gap = to_mpf(scores[o]) - to_mpf(scores[q])
            assert abs(number(question.confidence(o, q)) - mp.tanh(gap / 2)) < mpf(10) ** -40
            assert abs(number(question.preference(o, q)) - 1 / (1 + mp.exp(-gap))) < mpf(10) ** -40


@settings(max_examples=5, deadline=None)
@given(m=numbers, n=numbers, s=spreads, t=spreads)
def test_thurstone_margin_is_an_error_function(
    m: Fraction, n: Fraction, s: Fraction, t: Fraction
) -> None:
    question = gs.Question(reward_laws=[gs.Gaussian(m, s), gs.Gaussian(n, t)])
    with mp.workdps(55):
        expected = mp.erf(to_mpf(m - n) / mp.sqrt(2 * to_mpf(s**2 + t**2)))
        assert abs(number(question.confidence(0, 1)) - expected) < mpf(10) ** -40
        assert abs(number(question.confidence(1, 0)) + expected) < mpf(10) ** -40


def test_thurstone_margin_by_counting_wins() -> None:
    """P(X > Y) − P(X < Y) by quadrature over the plane's two halves."""
    m, s, n, t = (Rational(v) for v in ("1/2", "2", "-1/3", "3/4"))
    means = [Symbol(name, real=True) for name in "mn"]
    stds = [Symbol(name, positive=True) for name in "st"]
    question = gs.Question(
        reward_laws=[gs.Gaussian(*pair) for pair in zip(means, stds, strict=True)]
    )
    margin = question.confidence(0, 1).subs(dict(zip((*means, *stds), (m, n, s, t), strict=True)))
    with mp.workdps(20):
        one, other = (mpf(1) / 2, mpf(2)), (-mpf(1) / 3, mpf(3) / 4)
        wins = mp.quad(
            lambda x: mp.npdf(x, *one) * (mp.ncdf(x, *other) - mp.ncdf(-x, -other[0], other[1])),
            [-16, -4, 0, 4, 16],
        )
        assert abs(number(margin) - wins) < mpf(10) ** -13


def test_bernoulli_margin_is_the_difference_of_the_rates() -> None:
    s, t = symbols.success
    assert gs.BinaryQuestion(success=symbols.success).confidence(0, 1) == s - t
    question = gs.Question(success=("7/10", "1/10", "1/2"))
    for o, q in permutations(range(3), 2):
        assert question.confidence(o, q) == question.rewards[o] - question.rewards[q]


def by_outcomes(first: Law, second: Law) -> Fraction:
    """P(first > second) − P(first < second), outcome by outcome."""
    return sum(
        (Fraction(p) * Fraction(q) * ((r > v) - (r < v)) for r, p in first for v, q in second),
        Fraction(0),
    )


@st.composite
def laws(draw: st.DrawFn) -> list[Law]:
    found: list[Law] = []
    for _ in range(draw(st.integers(2, 4))):
        support = draw(
            st.lists(st.integers(-2, 2).map(Fraction), min_size=1, max_size=4, unique=True)
        )
        parts = [draw(st.integers(1, 9)) for _ in support]
        found.append([(r, Fraction(w, sum(parts))) for r, w in zip(support, parts, strict=True)])
    return found


def read(drawn: Sequence[Law]) -> gs.Question:
    return gs.Question(reward_laws=[[(exact(r), exact(w)) for r, w in law] for law in drawn])


@settings(max_examples=25, deadline=None)
@given(drawn=laws())
def test_margins_of_random_rewards(drawn: list[Law]) -> None:
    question = read(drawn)
    for o, q in permutations(range(len(drawn)), 2):
        assert question.confidence(o, q) == exact(by_outcomes(drawn[o], drawn[q]))


QUESTIONS: dict[str, gs.Question] = {
    "symbols with a tie": gs.Question(rewards=(A, B, B)),
    "success": gs.Question(success=("1/2", "1/3", 1)),
    "symbolic success": gs.Question(success=(A, B)),
    "laws": gs.Question(reward_laws=[[(0, HALF), (2, HALF)], [(1, 1)], [(2, "1/5"), (1, "4/5")]]),
    "Gaussian": gs.Question(reward_laws=[gs.Gaussian(1, 2), gs.Gaussian(0, 1), gs.Gaussian(A, 3)]),
    "scores": gs.Question(scores=(A, B, 1)),
    "preferences": gs.Question(preferences=[[0, HALF, -1], [-HALF, 0, A], [1, -A, 0]]),
    "verifiable": gs.Question(correct=1, answers=3),
    "margin": gs.BinaryQuestion(margin=symbols.gamma),
    "rates": gs.BinaryQuestion(success=symbols.success),
    "gap": gs.BinaryQuestion(),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_one_of_two_answers_wins(name: str) -> None:
    question = QUESTIONS[name]
    for o, q in permutations(range(len(question)), 2):
        assert simplify(question.preference(o, q) + question.preference(q, o) - 1) == 0
        assert question.preference(o, o) == HALF
    assert any(question.confidence(0, q) != 0 for q in range(1, len(question)))


# -- what pairs make of comparisons ------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(drawn=laws(), parts=st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_pairs_see_the_margins_only(drawn: list[Law], parts: list[int]) -> None:
    """A question and the matrix of its margins have one preference: that of enumerated pairs."""
    question, count = read(drawn), len(drawn)
    matrix = [[question.confidence(o, q) for q in range(count)] for o in range(count)]
    policy = [Fraction(part, sum(parts[:count])) for part in parts[:count]]
    point = {symbols.policy(o): exact(p) for o, p in enumerate(policy[:-1], 1)}
    expected = rule_preference(drawn, policy, 2, Rule("std"))
    for asked in (question, gs.Question(preferences=matrix)):
        model = gs.preference(gs.GRPO(2), asked)
        for value, theirs in zip(model, expected, strict=True):
            assert abs(number(value.subs(point)) - theirs) < mpf(10) ** -13


def test_a_cycle_of_preferences() -> None:
    rows = [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]
    p, q = symbols.policy(1), symbols.policy(2)
    rest = 1 - p - q
    for ddof, scale in ((0, Integer(1)), (1, HALF / HALF**HALF)):
        rule = gs.ShiftAndScale(ddof)
        model = gs.preference(gs.GRPO(2, advantage=rule), gs.Question(preferences=rows))
        for value, expected in zip(model, (q - rest, rest - p, p - q), strict=True):
            assert (value - scale * expected).expand() == 0


def test_nlhf_and_ipo_see_the_same_comparisons() -> None:
    question = gs.Question(scores=(1, 0, -1))
    policy = [Rational(1, 5), Rational(3, 10), Rational(1, 2)]
    for algorithm, symbol in ((gs.NLHF(), symbols.policy), (gs.IPO(), symbols.reference)):
        point = {symbol(o): p for o, p in enumerate(policy[:-1], 1)}
        for answer, value in enumerate(gs.preference(algorithm, question)):
            gaps = [mpf(other - answer) for other in range(3)]  # the scores fall by one each
            wins = [1 / (1 + mp.exp(-gap)) for gap in gaps]
            expected = mp.fsum(mpf(p.p) / p.q * win for p, win in zip(policy, wins, strict=True))
            assert abs(number(value.subs(point)) - expected) < mpf(10) ** -13


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"success": ("1/2", "1/3")},
            {"reward_laws": [[(1, "1/2"), (0, "1/2")], [(1, "1/3"), (0, "2/3")]]},
        ),
        ({"correct": 1, "answers": 2}, {"rewards": (1, 0)}),
        ({"rewards": (1, 0)}, {"success": (1, 0)}),
    ],
)
def test_one_question_in_two_descriptions(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert gs.Question(**first).reward_laws == gs.Question(**second).reward_laws
    models = [gs.preference(gs.GRPO(4), gs.Question(**given)) for given in (first, second)]
    assert models[0].values == models[1].values


@pytest.mark.parametrize("size", [2, oo])
def test_ten_levels_of_reward(size: Any) -> None:
    """No form is looked for among so many answers; the mean advantage is 0 all the same."""
    question = gs.Question(rewards=tuple(range(10)))
    preference = gs.preference(gs.GRPO(size), question)
    point = dict.fromkeys(question.policy[:-1], Rational(1, 10))
    values = [v.subs(point).evalf(30) for v in preference]
    assert abs(sum(values)) < 1e-25
    assert values == sorted(values)
