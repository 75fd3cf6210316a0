"""What stands between a search that found nothing and a verdict, each guard by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from typing import Any

import pytest
from sympy import Function, I, Lambda, Rational, S, Sum, Symbol, exp, factorial, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import G, beta, k, pi, pi_ref, t
from grpo_symbolic.verify import elaboration, linear_certificate, methods
from grpo_symbolic.verify import recheck as files
from grpo_symbolic.verify.ball_boxes import BallBoxes
from grpo_symbolic.verify.definedness import factors_of
from grpo_symbolic.verify.elaboration import Elaboration, _variable, primes
from grpo_symbolic.verify.kernel.proof import Proof
from grpo_symbolic.verify.kernel.statement import Rejected, Unchecked, statement_of
from grpo_symbolic.verify.linear_certificate import LinearCertificate, certify
from grpo_symbolic.verify.methods import needs_hold, settle
from grpo_symbolic.verify.polynomial_system import PolynomialSystem
from grpo_symbolic.verify.proofs import for_the_kernel, proof_of, refutation_of
from grpo_symbolic.verify.real_algebra import EngineStopped
from grpo_symbolic.verify.recheck import claim_to_data, portable, recheck
from grpo_symbolic.verify.sampling import _closer, _places, shortened
from grpo_symbolic.verify.tree import written_out
from grpo_symbolic.verify.verdict import Status, Verdict
from tests.verify.kept import VERDICTS, prove
from tests.verify.test_linear_certificate import ROOTS
from tests.verify.test_recheck import found as certificate_of

X, Y, Z = (Symbol(name, real=True) for name in "xyz")
N = Symbol("n", integer=True, positive=True)


def test_primes_of_a_number() -> None:
    for n in range(1, 400):
        found = primes(n)
        assert prod(p**k for p, k in found) == n
        assert [p for p, _ in found] == sorted({p for p, _ in found})
        assert all(k > 0 and all(p % q for q in range(2, p)) for p, k in found)
    assert primes(9973**2) == [(9973, 2)]
    assert primes(10007**2) == [(10007**2, 1)]  # beyond the bound, left as it is
    assert primes(2 * 10009) == [(2, 1), (10009, 1)]


def test_a_polynomial_that_is_a_variable() -> None:
    assert _variable({((3, 1),): 1}) == 3
    for other in ({((3, 2),): 1}, {((3, 1),): 2}, {(): 1}, {((1, 1), (3, 1)): 1},
                  {((3, 1),): 1, (): 1}):  # fmt: skip
        assert _variable(other) is None


def work_on(expr: Any, *ranges: Range, where: bool = False) -> tuple[Elaboration, Any]:
    claim = gs.Claim("", expr, ">", S.Zero, Domain(ranges), where_defined=where)
    statement = statement_of(claim_to_data(claim)["exact"])
    return Elaboration(Proof(statement, {})).begin(), statement


UP = tuple(Range(s, S.Zero, oo) for s in (X, Y))


def test_what_is_too_long_is_one_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    product = ((X - 2) ** 2 * (Y - 3) ** 2).expand()
    for most, seen in ((9, 1), (8, None)):
        monkeypatch.setattr(elaboration, "_MAX_TERMS", most)
        work, statement = work_on(product, *UP)
        p = work.lower(statement.left)
        assert work.sign(p) == seen
        number, parts = work.factors(work.proof.normal(p))
        total = {(): number}
        for f, e in parts:
            total = work.proof.times(total, work.proof.power(f, e))
        assert work.proof.same(total, p)


def test_exponentials_of_parts_of_what_is_known() -> None:
    """exp(z + y) by exp(z/(1 + x)) and exp(x z/(1 + x)), whose exponents add up to z."""
    line = Range(Z, -oo, oo)
    parts = exp(Z / (1 + X)), exp(X * Z / (1 + X))
    work, statement = work_on(exp(Z + Y) - exp(Y), *UP, line)
    trees = [claim_to_data(gs.Claim("", e, ">", S.Zero, Domain((*UP, line))))["exact"]["left"]
             for e in (*parts, exp(Z + Y), exp(Y))]  # fmt: skip
    first, second, both, rest = map(work.lower, trees)
    proof = work.proof
    assert proof.same(both, proof.times(rest, proof.times(first, second)))
    assert work.lower(statement.left)


def test_a_logarithm_whose_factors_have_no_known_sign_is_one_of_its_own() -> None:
    work, statement = work_on(log(1 + X**5), *UP)
    assert work.sign(work.lower(statement.left)) == 2


@pytest.mark.parametrize(
    "claim",
    [
        gs.Claim("", sqrt(1 / (Z - 1)) ** 4, "==", (Z - 1) ** -2, where_defined=True),
        gs.Claim("", sqrt((1 + X) ** 2 - 1 - 2 * X - X**2), "==", S.Zero, Domain(UP)),
        gs.Claim("", exp((1 + X) ** 2 - 1 - 2 * X - X**2), "==", S.One, Domain(UP)),
        gs.Claim("", exp(Z) * exp((1 + X) ** 2 - 1 - 2 * X - X**2), "==", exp(Z), Domain(UP[:1])),
    ],
    ids=str,
)
def test_the_kernel_is_given_a_proof(claim: gs.Claim) -> None:
    (steps,) = proof_of(statement_of(claim_to_data(claim)["exact"]), {}, {0})
    assert steps


def root_of(square: Any) -> Any:
    """Of an expanded radicand, which SymPy does not take apart."""
    return sqrt(square.expand())


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (
            root_of((X - Y) ** 4 * (1 + X)) + root_of((X - Y) ** 2 * (1 + Y)),
            (X - Y) ** 2 * sqrt(1 + X) + abs(X - Y) * sqrt(1 + Y),
            (X - Y) ** 2 * sqrt(1 + X) + (X - Y) * sqrt(1 + Y),
        ),
        (
            root_of((X - Y) ** 6 * (1 + X)) + root_of((X - Y) ** 2),
            abs(X - Y) ** 3 * sqrt(1 + X) + abs(X - Y),
            abs(X - Y) ** 3 * sqrt(1 + X) + abs(X + Y),
        ),
        (
            exp(root_of((X - Y) ** 4 * (1 + X))) * exp(root_of((X - Y) ** 2)),
            exp((X - Y) ** 2 * sqrt(1 + X) + abs(X - Y)),
            exp((X - Y) ** 2 * sqrt(1 + X) - abs(X - Y)),
        ),
    ],
    ids=str,
)
def test_even_powers_leave_a_square_root_with_a_modulus(left: Any, right: Any, wrong: Any) -> None:
    made = [gs.Claim("", left, "==", side, Domain(UP)) for side in (right, wrong)]
    true, false = (statement_of(claim_to_data(claim)["exact"]) for claim in made)
    (steps,) = proof_of(true, {}, {0})
    assert steps
    with pytest.raises((Rejected, Unchecked)):
        proof_of(false, {}, {0})


@pytest.mark.parametrize(
    ("lower", "upper", "relation", "bound"),
    [
        (sqrt(2), S(2), ">", S(1)),
        (S(1), sqrt(2), "<", S(2)),
        (sqrt(2), sqrt(3), ">", S(1)),
        (sqrt(2), sqrt(3), "<", S(2)),
        (-oo, sqrt(2), "<", S(2)),
        (sqrt(2), oo, ">", S(1)),
    ],
)
def test_ends_that_are_no_fractions_are_given_their_values(
    lower: Any, upper: Any, relation: str, bound: Any
) -> None:
    claim = gs.Claim("", Z, relation, bound, Domain((Range(Z, lower, upper),)))
    sign = {1} if relation == ">" else {-1}
    (steps,) = proof_of(statement_of(claim_to_data(claim)["exact"]), {}, sign)
    assert steps
    at = {"z": "3/2"} if upper != sqrt(2) else {"z": "6/5"}
    wrong = claim_to_data(gs.Claim("", Z, relation, Z, claim.domain))["exact"]
    assert refutation_of(statement_of(wrong), at)


def test_what_is_beyond_the_kernel_says_so() -> None:
    claim = gs.Claim("", abs(Z / (Z - X)), ">=", S.Zero, where_defined=True, domain=Domain(UP[:1]))
    data = claim_to_data(claim)["exact"]
    verdict = Verdict(Status.PROVED, "exact identity", "", {"sign": "NONNEGATIVE"})
    assert for_the_kernel(data, verdict)["proof"] is None


def test_a_coefficient_is_text_and_an_exponent_a_whole_number() -> None:
    claim, method = gs.Claim("", pi * (1 - pi), "<=", Rational(1, 4)), LinearCertificate()
    verdict = method.attempt(claim)
    assert verdict is not None
    good = json.loads(json.dumps(verdict.evidence))
    assert method.recheck(claim, good, Status.PROVED)

    def changed(change: Callable[[Any], object]) -> bool:
        data = json.loads(json.dumps(good))
        change(data)
        assert data != good or str(data) != str(good)
        return method.recheck(claim, data, Status.PROVED)

    number, powers = good["terms"][0]
    one = powers.index(max(powers))
    for other in (1, 1.0, None, "x", "nan", "zoo"):
        assert not changed(lambda d, v=other: d["multiplier"][0].__setitem__(0, v))
    for other in (powers[one] + 0.0, str(powers[one]), -1, None):
        assert not changed(lambda d, v=other: d["terms"][0][1].__setitem__(one, v))
    assert not changed(lambda d: d["multiplier"][0][1].__setitem__(0, False))
    assert not changed(lambda d: d["goal"][0][1].append(0))
    assert not changed(lambda d: d["squares"][0][0][1].append(0))
    assert number


def test_limits_of_work_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = gs.Claim("", 1 / log(1 + beta), "!=", S.Zero)
    assert needs_hold(claim)
    monkeypatch.setattr(methods, "_NEEDS", 5)
    methods._holds.cache_clear()
    assert not needs_hold(claim)
    methods._holds.cache_clear()
    assert needs_hold(gs.Claim("", beta, ">", S.Zero))


def test_a_divisor_that_adds_up_products_is_positive_by_its_factors() -> None:
    """Groups with both rewards, for three raters: too many monomials to be written out."""
    one, two, three = (Symbol(f"p_{k}", positive=True) for k in (1, 2, 3))
    simplex = Domain.of((one, 0, 1), (two, 0, 1 - one), (three, 0, 1 - one - two))
    shares = (one, one + two, two + three, one + two + three)
    mixed = sum(k * m**k * (1 - m) ** (9 - k) for m in shares for k in range(1, 9))
    assert factors_of(mixed) is not None
    assert needs_hold(gs.Claim("", one / mixed, ">", S.Zero, simplex))
    zero = one * (one + two - 1) ** 2 + two**2 * (one + two - 1) ** 2  # where one + two = 1
    assert factors_of(zero) == {one, two, one + two - 1}
    square = Domain.of((one, 0, 1), (two, 0, 1))
    assert not needs_hold(gs.Claim("", 1 / zero, ">", S.Zero, square))
    assert factors_of(one - two * (one + two)) is None  # a term that is subtracted
    assert factors_of(one * (one + two) ** -2 + two) is None  # no polynomial


def test_a_mean_over_a_group_needs_its_table_and_no_more() -> None:
    """Seven others: t is 0, 1/7, … 1; between these the function may be anything."""

    def mean(f: Any, size: Any = 7) -> Any:
        return BernsteinMean(Lambda(t, f), size, pi)

    def defined(*means: Any) -> bool:
        return needs_hold(gs.Claim("", sum(means), ">", S.Zero))

    inside = mean(sqrt(t * (1 - t)))
    assert defined(inside)
    assert defined(mean(1 / (t - S.Half)))
    assert not defined(mean(1 / (7 * t - 3)))
    assert not defined(mean(sqrt(t - S.Half)))
    assert not defined(inside, mean(sqrt(t - S.Half)))
    assert defined(mean(sqrt(beta + t)))
    assert not defined(mean(sqrt(t - beta)))
    assert not defined(mean(sqrt(1 - t), G))  # not seen to be in [0, 1]
    assert not needs_hold(gs.Claim("", 1 / BernsteinMean(Lambda(t, 1 - t), 7, pi - 1), ">", S.Zero))


def test_what_is_not_real_is_not_proved() -> None:
    """beta^i = exp(i log beta) is real for few beta only, and i on one side is enough."""
    for claim in (
        gs.Claim("", beta**I, ">", S.Zero),
        gs.Claim("", 1 + sqrt(-beta), "==", 1 + I * sqrt(beta)),
    ):
        assert not needs_hold(claim)
        found = gs.prove(claim)
        assert found.status is Status.UNKNOWN
        assert ("the imaginary unit" in found.detail) is claim.right.is_zero


def test_scipy_may_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = linear_certificate._installed.__wrapped__
    assert asked()
    monkeypatch.setattr(linear_certificate, "find_spec", lambda name: None)
    assert asked() is False


def test_a_solver_that_was_ended_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = portable(gs.Claim("true", pi * (1 - pi), ">", S.Zero))
    good = certificate_of(claim, LinearCertificate())

    def ended(*_: object) -> bool:
        raise EngineStopped("it was ended")

    monkeypatch.setattr(LinearCertificate, "recheck", ended)
    answer = recheck(good)
    assert not answer
    assert answer.reason == "identity certificate: it was ended"


def test_a_statement_that_changes_whenever_it_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [gs.Claim("", pi + n, ">", S.Zero) for n in range(6)]
    for readings, steady in (((1, 2, 2), 2), ((1, 1), 1), ((1, 2, 3, 3), None)):
        read = iter([claims[n] for n in readings])
        monkeypatch.setattr(files, "_read", lambda _, r=read: next(r))
        if steady is None:
            with pytest.raises(ValueError, match="changes whenever"):
                portable(claims[0])
        else:
            assert portable(claims[0]) == claims[steady]


# -- points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim",
    [
        gs.Claim("", beta, ">", pi),
        gs.Claim("", pi * beta + G, ">", pi_ref),
        gs.Claim("", X + Y + beta, ">", pi + pi_ref, Domain.of(*UP, beta, pi, pi_ref)),
        gs.Claim(
            "", X, "<", Y, Domain.of(Range(Y, S.Zero, oo, True), Range(X, -oo, Y, False, True))
        ),
        gs.Claim("", pi, ">", Rational(1, 10**6)),
        gs.Claim("", pi, ">", Rational(1, 10**7)),
    ],
    ids=str,
)
def test_a_claim_is_looked_at_in_the_same_places(claim: gs.Claim) -> None:
    places = [str(sorted((s.name, str(v)) for s, v in p.items())) for p in _places(claim)]
    assert len(set(places)) > 15
    least = min((abs(n) for n in claim.right.atoms(Rational) if n), default=S.One)
    assert bool(_closer(claim)) == (least < Rational(1, 10**6))


def test_only_what_is_long_is_made_shorter() -> None:
    """Twenty characters stay as they are, and one more does not."""
    claim = gs.Claim("", beta, ">", S.One, Domain.of(beta))
    for digits, stays in ((9, True), (10, False)):
        at = f"{'1' * digits}/{'3' * (20 - digits - 1 + (not stays))}"
        assert len(at) == (20 if stays else 21)
        verdict = Verdict(Status.REFUTED, "m", "d", {"counterexample": {"beta": at}})
        assert (shortened(claim, verdict) is verdict) == stays


def test_equal_numbers_are_left_alone_by_boxes() -> None:
    equal = gs.Claim("", sqrt(2) + sqrt(3), ">=", sqrt(5 + 2 * sqrt(6)))
    assert BallBoxes().attempt(equal) is None
    told = BallBoxes().attempt(gs.Claim("", exp(S.One), ">", Rational(27, 10)))
    assert told is not None
    assert told.detail == "proved on the whole range (1 box)"
    number = gs.Claim("", exp(S.One), ">", Rational(27, 10))
    assert BallBoxes().recheck(number, told.evidence, Status.PROVED)
    assert not BallBoxes().recheck(equal, told.evidence, Status.PROVED)
    whole = gs.Claim("", N + exp(N), ">", S.Zero)
    nothing = {"boxes": 0, "bits": 128, "trees": []}
    assert not BallBoxes().recheck(whole, nothing, Status.PROVED)
    false = BallBoxes().attempt(gs.Claim("", exp(S.One), ">", Rational(28, 10)))
    assert false is not None
    assert false.counterexample == {}


@pytest.mark.parametrize(("last", "one_by_one"), [(8, True), (9, True), (10, False)])
def test_so_many_whole_numbers_are_inserted(last: int, one_by_one: bool) -> None:
    """From 2 on: eight of them, and no more."""
    few = Range(N, S(2), S(last), True, True)
    odd = prod((N - k for k in range(2, last + 1)), start=S.One)
    found = prove(gs.Claim("", odd, "==", S.Zero, Domain((few,))))
    assert (found.status is Status.PROVED) == one_by_one


# -- what is shown --------------------------------------------------------------------------------


def test_what_was_tried_is_told_with_a_verdict_that_is_none() -> None:
    mystery = Function("mystery", real=True)(beta)
    strange = gs.Claim("", beta + mystery, ">", S.Zero)
    found = prove(strange)
    assert found.status is Status.UNKNOWN
    assert found.detail.startswith("undecided after exact identity, sign on the orthant, ")
    assert found.detail.count(", ") == len(methods.METHODS) - 1
    half = gs.Claim("", log(mystery) - log(mystery) / 2, "==", log(mystery) / 2)
    where = "exact identity (it holds where both sides are defined)"
    assert prove(half).detail == f"undecided after {where}, exact rational sampling"
    tried: list[str] = []
    exact = methods.METHODS[0]
    assert methods._reached(exact, strange, tried, exact.steps) is None
    assert tried == ["exact identity"]
    assert methods._reached(exact, gs.Claim("", beta, "==", beta), tried, exact.steps) is not None
    assert len(tried) == 1


def test_a_report_has_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left over takes no work: only what a normal form shows, and a sentence."""
    hard = [gs.Claim(str(k), log(1 + k * beta), "<", k * beta) for k in (1, 2, 3)]
    easy = gs.Claim("", beta + 1, ">", beta)
    alone = [prove(claim).status for claim in hard]
    monkeypatch.setattr(methods, "REPORT", 10)
    report = methods.prove_all((*hard, easy))
    assert [v.status for v in report] == [Status.UNKNOWN] * 3 + [Status.PROVED]
    assert Status.UNKNOWN not in alone
    assert all(v.detail.endswith("10 steps for all claims together") for v in [*report][:3])


def test_only_a_check_by_samples_says_what_was_tried_besides() -> None:
    numeric = methods.prove(gs.Claim("far out", factorial(N), ">=", S.One))
    assert numeric.status is Status.NUMERIC
    assert len(numeric.evidence["tried"]) >= len(methods.METHODS) - 1  # type: ignore[arg-type]
    proved = methods.prove(gs.Claim("", pi, "<", S.One))
    assert proved.status is Status.PROVED
    assert "tried" not in proved.evidence


def test_a_claim_and_a_verdict_as_html() -> None:
    claim = gs.Claim("a bound", pi, "<", S.One, expected="REFUTED")
    assert "expected" in claim._repr_html_()
    assert "expected" not in gs.Claim("a bound", pi, "<", S.One)._repr_html_()
    long = Verdict(Status.PROVED, "m", "d" * 500, {"numerator": "9" * 500, "latex": "x" * 2000})
    html = long._repr_html_()
    assert "9" * 200 in html
    assert "9" * 250 not in html
    assert len(repr(long)) < 300
    short = Verdict(Status.PROVED, "m", "d", {"latex": r"root_{2} > 0", "numerator": "_t_x*_sqrt3"})
    assert "varrho" in short._repr_html_()
    for more, typeset in ((0, False), (-1, True)):
        identity = Verdict(Status.PROVED, "m", "d", {"latex": "y" * (1500 + more)})
        assert ("y" * 1000 in identity._repr_html_()) == typeset
    assert "in t_x &gt; 0" in short._repr_html_() or "in t_x > 0" in short._repr_html_()


def test_systems_without_symbols_have_a_generator_of_their_own() -> None:
    system = PolynomialSystem.of(gs.Claim("", sqrt(2) + 1, ">", S(2)))
    assert system.generators == (Symbol("root_1", nonnegative=True),)
    assert PolynomialSystem.of(gs.Claim("", S(3), ">", S(2))).generators == ()


# -- what is searched in --------------------------------------------------------------------------


def test_an_identity_begins_with_one_and_has_no_idle_square() -> None:
    for goal, relation, hypotheses, equations in list(ROOTS.values())[:4]:
        found = certify(PolynomialSystem(goal, relation, hypotheses, equations))
        assert found is not None
        assert found.multiplier[0].coefficient == 1
        first = len(hypotheses)
        for j in range(len(found.squares)):
            assert any(p.powers[first + j] for p in found.terms)


@pytest.mark.parametrize(
    ("total", "gone"),
    [
        (Sum(pi**k, (k, 1, 64)), True),
        (Sum(pi**k, (k, 1, 65)), False),
        (Sum(pi**k, (k, 3, 2)), True),
        (Sum(pi**k, (k, 3, 1)), False),
        (Sum(pi**k, (k, 0, G)), False),
        (Sum(pi**k, (k, 1, 2), (Symbol("j", integer=True), 1, 2)), False),
        (BernsteinMean(Lambda(t, t * (1 - t)), 64, pi), True),
        (BernsteinMean(Lambda(t, t * (1 - t)), 65, pi), False),
        (BernsteinMean(Lambda(t, t * (1 - t)), G, pi), False),
    ],
    ids=str,
)
def test_sums_of_a_given_length_are_written_out(total: Any, gone: bool) -> None:
    assert (not written_out(total).has(Sum, BernsteinMean)) == gone


@pytest.mark.parametrize("routes", [1, 2, 3])
def test_the_same_methods_settle_a_claim(routes: int) -> None:
    for claim in (
        gs.Claim("", pi * (1 - pi), "<=", Rational(1, 4)),
        gs.Claim("", sqrt(beta), "<=", beta),
        gs.Claim("", exp(beta), ">", 1 + beta),
        gs.Claim("", pi / (1 + pi), "<", Rational(1, 2)),
    ):
        found = settle(claim, routes=routes)
        VERDICTS.same(f"settle: {claim!r} by {routes}", str([(v.status, v.method) for v in found]))
    alone = settle(claim, routes=2, beside=lambda v: v.status is Status.PROVED)
    assert len(alone) == 1
