"""The flow and the iterated best response against simulations from the definitions."""

from fractions import Fraction
from math import inf
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import Rational, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.analysis.dynamics import Dynamics, Outcome, dynamics
from grpo_symbolic.model.advantage import StabilisedScale
from tests.oracles import dynamics as oracle
from tests.oracles.enumeration import to_mpf

# Group size, penalty, beta, pi_ref(a), epsilon (None: the plain standard deviation).
CASES: dict[str, tuple[float, oracle.Penalty, str, str, str | None]] = {
    "three at rest": (inf, "direct", "1/2", "1/100", "1/1000"),
    "two-cycle": (inf, "direct", "1", "1/1000", "1/100"),
    "four-cycle": (inf, "direct", "1/2", "1/1000000", "1/100"),
    "below the fold": (inf, "direct", "1/2", "1/100", None),
    "a start that escapes": (inf, "direct", "3", "1/100", None),
    "above the fold": (inf, "direct", "1/10", "1/2", None),
    "pairs": (2, "reverse", "1/2", "1/100", None),
    "groups of sixteen": (16, "direct", "1/2", "1/100", None),
    "reverse, large groups": (inf, "reverse", "1/2", "1/100", None),
    "reverse, groups of eight": (8, "reverse", "1/5", "1/50", "1/10"),
}
DIRECT = [name for name, case in CASES.items() if case[1] == "direct"]


def algorithm(name: str) -> gs.GRPO:
    size, penalty, _, _, epsilon = CASES[name]
    rule = gs.ShiftAndScale() if epsilon is None else StabilisedScale(epsilon)
    kl = gs.DirectKL() if penalty == "direct" else gs.ReverseKL()
    return gs.GRPO(oo if size == inf else int(size), kl, rule)


def of(rule: gs.GRPO, question: Any = None, **values: Any) -> Dynamics:
    policy = gs.stationary_policy(rule, question or gs.BinaryQuestion())
    exact = {p.symbol: Rational(values.get(p.name, p.default)) for p in policy.inputs}
    return dynamics(policy.condition, exact, policy.solutions_at(exact, 30))


_KEPT: dict[str, Dynamics] = {}


def case(name: str) -> Dynamics:
    if name not in _KEPT:
        _, _, beta, reference, _ = CASES[name]
        _KEPT[name] = of(algorithm(name), beta=beta, pi_ref=reference)
    return _KEPT[name]


def setting(name: str) -> tuple[mpf, mpf, float, oracle.Scale]:
    size, _, beta, reference, epsilon = CASES[name]
    scale = oracle.standard_deviation
    with mp.workdps(50):
        if epsilon is not None:
            scale = oracle.stabilised(to_mpf(Fraction(epsilon)))
        return to_mpf(Fraction(beta)), to_mpf(Fraction(reference)), size, scale


def close(found: Any, expected: Any, digits: int) -> bool:
    return abs(mpf(found) - mpf(expected)) < mpf(10) ** -digits


# -- the rule ----------------------------------------------------------------------------------


def test_epsilon_inside_the_root_in_a_large_group() -> None:
    rule = gs.GRPO(oo, gs.DirectKL(), StabilisedScale(symbols.epsilon))
    drift = rule.preference(gs.BinaryQuestion(gap=1)).difference(0, 1)
    for p, epsilon in ((Rational(1, 5), Rational(9, 100)), (Rational(1, 2), Rational(0))):
        value = drift.subs({symbols.pi: p, symbols.epsilon: epsilon})
        assert value == 1 / sqrt(p * (1 - p) + epsilon)
    assert not StabilisedScale(1).scale_invariant
    assert StabilisedScale(0).scale_invariant


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("size", [2, 3, 5, 9])
def test_epsilon_inside_the_root_in_a_group(size: int, ddof: int) -> None:
    found = gs.GRPO(size, advantage=StabilisedScale("1/7", ddof)).preference(
        gs.BinaryQuestion(gap=1)
    )

    def scale(share: mpf) -> mpf:
        return mp.sqrt(share * (1 - share) * size / (size - ddof) + mpf(1) / 7)

    with mp.workdps(40):
        for p in (Rational(1, 10), Rational(2, 3)):
            value = found.difference(0, 1).subs(symbols.pi, p).evalf(40)
            assert close(str(value), oracle.drift(mpf(p.p) / p.q, size, scale), 35)


def test_a_negative_epsilon_and_another_ddof_are_refused() -> None:
    with pytest.raises(ValueError, match="epsilon must be a non-negative number"):
        StabilisedScale(-1)
    with pytest.raises(ValueError, match="ddof must be 0 or 1"):
        StabilisedScale(1, ddof=2)


# -- the map ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_best_response_maximises_the_stage_objective(name: str) -> None:
    with mp.workdps(28):
        for p in (mpf(1) / 200, mpf(7) / 8):
            expected = oracle.best_response(p, *setting(name), CASES[name][1])
            assert close(case(name).best_response(p), expected, 8)


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_those_of_the_map(name: str) -> None:
    """Central differences of the map, at any policy and at the fixed points."""
    found, step = case(name), mpf(10) ** -12
    with mp.workdps(40):
        for p in [mpf(3) / 10, *(s.policy[0] for s in found.fixed_points)]:
            if 1 - p < 2 * step:
                continue
            rise = found.best_response(p + step) - found.best_response(p - step)
            assert close(found.slope(p), rise / (2 * step), 8)
        for s in found.fixed_points:
            assert close(found.best_response(s.policy[0]), s.policy[0], 25)
            assert s.slope is not None
            assert close(found.slope(s.policy[0]), s.slope, 12)
            assert (s.slope < 1) == (s.stability == "attracting")


# -- the flow -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["three at rest", "below the fold", "above the fold", "pairs"])
def test_the_flow_goes_where_its_basins_say(name: str) -> None:
    beta, reference, size, scale = setting(name)
    basins = case(name).flow_basins()
    assert basins[0].lower == 0
    assert basins[-1].upper == 1
    assert all(basin.proved for basin in basins)
    for start in (0.002, 0.05, 0.3, 0.7, 0.88, 0.93, 0.99):
        basin = next(b for b in basins if start in b)
        end = oracle.flow(
            start, float(beta), float(reference), size, scale, CASES[name][1], step=0.1
        )
        assert end == pytest.approx(float(basin.limit[0]), abs=1e-5)


def test_the_end_is_reached_in_finite_time_or_never_stationary() -> None:
    last = case("below the fold").flow_basins()[-1]
    assert last.limit == (1,)
    assert last.outcome == "p -> 1 (in finite time, and not stationary)"
    assert "stationary policy 1 - 3.376" in case("three at rest").flow_basins()[-1].outcome


# -- the iteration ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIRECT)
def test_the_orbit_is_that_of_the_recursion(name: str) -> None:
    beta, reference, size, scale = setting(name)
    with mp.workdps(40):
        orbit, p = case(name).iterate(steps=12).orbit, reference
        for found in orbit:
            if p == 1:
                break
            assert close(found, p, 25)
            p = oracle.recursion(p, beta, reference, size, scale)


OUTCOMES = {
    "three at rest": Outcome.FIXED_POINT,
    "two-cycle": Outcome.TWO_CYCLE,
    "four-cycle": Outcome.LONGER_CYCLE,
    "below the fold": Outcome.END,
    "a start that escapes": Outcome.FIXED_POINT,
    "above the fold": Outcome.END,
    "groups of sixteen": Outcome.FIXED_POINT,
}


@pytest.mark.parametrize("name", DIRECT)
def test_where_the_iteration_from_the_reference_settles(name: str) -> None:
    found = case(name).iterate()
    beta, reference, size, scale = setting(name)
    assert found.outcome == OUTCOMES[name]
    assert found.proved
    assert "proved" in found.status
    with mp.workdps(40):
        late = oracle.long_run(reference, beta, reference, size, scale)
        for p in late[-4:]:
            assert any(close(p, limit, 15) for limit in found.limit) or found.limit == (1,)
        for limit in found.limit:
            assert any(close(p, limit, 15) for p in late)


@pytest.mark.parametrize("name", ["three at rest", "two-cycle", "below the fold"])
def test_the_iteration_goes_where_its_basins_say(name: str) -> None:
    beta, reference, size, scale = setting(name)
    basins = case(name).iteration_basins()
    with mp.workdps(40):
        for k in (1, 3, 8, 20, 50, 80, 89, 92, 97):
            start = mpf(k) / 100 + mpf(1) / 700
            basin = next(b for b in basins if start in b)
            late = oracle.long_run(start, beta, reference, size, scale, 300)
            if basin.limit == (1,):
                assert late[-1] == 1
                continue
            assert all(any(close(p, limit, 12) for limit in basin.limit) for p in late[-2:])


def test_the_flow_and_the_iteration_may_part() -> None:
    """A start well inside the flow's basin that the iteration throws to the other end."""
    found = case("below the fold")
    start = Rational(1, 100)
    assert found.iterate(start).outcome == Outcome.END
    basin = next(b for b in found.flow_basins() if mpf(1) / 100 in b)
    assert close(basin.limit[0], found.fixed_points[0].policy[0], 25)


def test_a_constant_drift_rests_after_one_step() -> None:
    found = case("pairs")
    assert [s.slope for s in found.fixed_points] == [0]
    assert close(found.best_response("9/10"), found.fixed_points[0].policy[0], 25)
    assert all(basin.proved for basin in found.iteration_basins())


# -- cycles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_cycles_answer_each_other(name: str) -> None:
    found = case(name)
    cycles = found.two_cycles()
    assert cycles.complete
    assert "number established" in cycles.status
    assert len(cycles) == (1 if name in ("two-cycle", "four-cycle") else 0)
    with mp.workdps(40):
        for cycle in cycles:
            assert cycle.lower < cycle.upper
            expected = oracle.recursion(cycle.lower, *setting(name))
            assert close(expected, cycle.upper, 25)
            assert close(oracle.recursion(cycle.upper, *setting(name)), cycle.lower, 25)
            assert cycle.attracting == (name == "two-cycle")


def test_a_cycle_of_multiplier_zero() -> None:
    """β = 40/(13 log 49), odds 7^(−13/4): 1/50 and 1/2 answer each other; D turns at 1/2."""
    with mp.workdps(60):
        beta = mpf(40) / 13 / mp.log(49)
        reference = 1 / (1 + mpf(7) ** (mpf(13) / 4))
        near = {k: Rational(mp.nstr(v, 40)) for k, v in (("beta", beta), ("pi_ref", reference))}
    found = of(gs.GRPO(oo, gs.DirectKL(), StabilisedScale("51/2500")), **near)
    (cycle,) = found.two_cycles()
    assert close(cycle.lower, mpf(1) / 50, 25)
    assert close(cycle.upper, mpf(1) / 2, 25)
    assert close(cycle.multiplier, 0, 25)
    settled = found.iterate()
    assert settled.outcome == Outcome.TWO_CYCLE
    assert settled.proved


def test_a_falling_best_response() -> None:
    """Over the mean, 1/p: the response falls, so there is one fixed point, and perhaps cycles."""
    rule = gs.GRPO(oo, gs.DirectKL(), gs.MeanScale())
    # At beta = 6 the slope is -0.993: the orbit is still on its way when theory decides.
    for beta, outcome in (
        ("6", Outcome.FIXED_POINT),
        ("20", Outcome.FIXED_POINT),
        ("2", Outcome.TWO_CYCLE),
    ):
        found = of(rule, gs.BinaryQuestion(gap=1), beta=beta, pi_ref="1/20", r_b="0")
        cycles = found.two_cycles()
        settled = found.iterate()
        assert settled.outcome == outcome
        (rest,) = found.fixed_points
        assert (abs(rest.slope) < 1) == (outcome == Outcome.FIXED_POINT)
        p = mpf(1) / 20
        with mp.workdps(40):
            for _ in range(4000):
                p = 1 / (1 + 19 * mp.exp(-1 / (p * mpf(beta))))
        assert any(close(p, limit, 10) for limit in settled.limit)
        assert settled.proved
        assert all(basin.proved for basin in found.iteration_basins())
        assert all(len(basin.limit) == len(settled.limit) for basin in found.iteration_basins())
        assert bool(len(cycles)) == (outcome == Outcome.TWO_CYCLE)


def test_a_noisy_verifier_moves_the_turning_point() -> None:
    """m = s_b + (s_a − s_b) p is 1/2 at p = 3/7: there the map of groups of eight turns."""
    question = gs.BinaryQuestion(success=("9/10", "2/10"))
    found = of(gs.GRPO(8, gs.DirectKL()), question, beta="1/2", pi_ref="1/10")
    shape = found.response.shape
    assert shape.kind == "valley"
    with mp.workdps(40):
        assert close(shape.turn, mp.log(mpf(3) / 4), 25)
        below, above = (found.slope(p) for p in (mpf(3) / 7 - mpf(1) / 100, mpf(3) / 7 + 0.01))
    assert below < 0 < above
    assert found.two_cycles().complete


# -- refusals -----------------------------------------------------------------------------------


def test_no_single_best_response() -> None:
    k2 = gs.GRPO(2, gs.Estimator("abs", "loss-with-ratio"))
    found = of(k2, beta="1", pi_ref="1/4")
    with pytest.raises(ValueError, match="not monotone"):
        found.best_response("1/2")
    mixed = of(gs.GRPO(3, mixed_only=True), beta="1", pi_ref="1/4")
    assert mixed.flow_basins()
    with pytest.raises(ValueError, match="dropped"):
        mixed.two_cycles()


def test_a_start_at_a_vertex() -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        case("pairs").best_response(1)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        case("pairs").iterate(mpf(0))
    with pytest.raises(ValueError, match="stays there"):
        of(gs.GRPO(2), beta="1", pi_ref="0")
