"""``policy.evaluate`` on dask arrays: the same numbers, later, in other threads and processes."""

import os
import warnings

import numpy as np
import pytest
from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.policy import chunked, evaluate
from grpo_symbolic.policy.evaluate import NoStationaryPolicy
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.question import Question
from tests.benchmarks import sweep

dask = pytest.importorskip("dask", reason="the extra dask is not installed")
da = pytest.importorskip("dask.array", reason="the extra dask is not installed")

ULP = 2.0**-52
BETA = 10 ** np.linspace(-2, 1, 20)[:, None]
PI_REF = np.linspace(0.01, 0.99, 33)


def policy(size: object, *more: object, **question: object) -> StationaryPolicy:
    return stationary_policy(GRPO(size, *more), BinaryQuestion(**question))


CASES = {
    "closed form": (policy(2), {}),
    "margins": (policy(2, margin=symbols.gamma), {"gamma": 0.7}),
    "table": (policy(8), {}),
    "noise": (policy(8, success=symbols.success), {"s_a": 0.9, "s_b": 0.2}),
    "two solutions": (policy(oo, DirectKL()), {}),
    "three solutions": (policy(64, DirectKL()), {}),
}


def lazily(chunks: tuple[int, int] = (8, 13)) -> dict[str, object]:
    return {
        "beta": da.from_array(BETA, chunks=(chunks[0], 1)),
        "pi_ref": da.from_array(PI_REF, chunks=chunks[1]),
    }


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::grpo_symbolic.policy.evaluate.NoStationaryPolicy")
def test_a_chunk_is_an_evaluation_of_its_points(case):
    made, more = CASES[case]
    for complement in (False, True):
        options = {"complement": complement, **more}
        lazy = made.evaluate(**lazily(), **options)
        assert isinstance(lazy, da.Array)
        assert lazy.dtype == np.float64
        assert lazy.chunks == ((8, 8, 4), (13, 13, 7))
        found = lazy.compute(scheduler="synchronous")
        assert np.array_equal(lazy.compute(scheduler="threads"), found, equal_nan=True)
        for rows in (slice(0, 8), slice(8, 16), slice(16, 20)):
            for columns in (slice(0, 13), slice(13, 26), slice(26, 33)):
                expected = made.evaluate(beta=BETA[rows], pi_ref=PI_REF[columns], **options)
                assert np.array_equal(found[rows, columns], expected, equal_nan=True)
        whole = made.evaluate(beta=BETA, pi_ref=PI_REF, **options)
        np.testing.assert_allclose(found, whole, rtol=4 * ULP, atol=0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::grpo_symbolic.policy.evaluate.NoStationaryPolicy")
def test_branches(case):
    made, more = CASES[case]
    for branch in ("lowest", "highest"):
        found = made.evaluate(**lazily(), branch=branch, **more)
        expected = made.evaluate(beta=BETA, pi_ref=PI_REF, branch=branch, **more)
        np.testing.assert_allclose(found.compute(), expected, rtol=4 * ULP, atol=0)
    lazy = made.evaluate(**lazily(), branch="all", **more)
    expected = made.evaluate(beta=BETA, pi_ref=PI_REF, branch="all", **more)
    found = lazy.compute()
    assert found.shape == lazy.shape
    assert lazy.shape[2] == (chunked.SOLUTIONS if "solutions" in case else 1)
    np.testing.assert_allclose(found[..., : expected.shape[2]], expected, rtol=4 * ULP, atol=0)
    assert np.isnan(found[..., expected.shape[2] :]).all()


def test_nothing_is_evaluated_before_it_is_asked_for(monkeypatch):
    evaluated = []
    ours = evaluate._Run.__call__

    def counted(run, values, shape):
        evaluated.append(shape)
        return ours(run, values, shape)

    monkeypatch.setattr(evaluate._Run, "__call__", counted)
    lazy = policy(8).evaluate(**lazily())
    part = lazy[:8, :13].mean() + lazy[0, 0]
    assert evaluated == []
    part.compute(scheduler="synchronous")
    assert evaluated == [(8, 13)]


def test_one_warning_a_chunk():
    beta = da.from_array(np.array([0.1, 0.2, 4.0, 5.0, 0.3, 4.0]), chunks=2)
    lazy = policy(oo, DirectKL()).evaluate(beta=beta, pi_ref=0.3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = lazy.compute(scheduler="synchronous")
    assert sorted(str(w.message)[:48] for w in caught) == [
        "no attracting stationary policy at 1 of 2 points",
        "no attracting stationary policy at 2 of 2 points",
    ]
    assert {w.category for w in caught} == {NoStationaryPolicy}
    assert np.isnan(found).tolist() == [True, True, False, False, True, False]


def test_group_sizes_are_an_array_like_others():
    sizes = np.array([2, 3, 64, 1024])[:, None]
    made = policy(symbols.G)
    found = made.evaluate(
        beta=0.6, pi_ref=da.from_array(PI_REF, chunks=16), G=da.from_array(sizes, chunks=(2, 1))
    )
    assert found.chunks == ((2, 2), (16, 16, 1))
    expected = made.evaluate(beta=0.6, pi_ref=PI_REF, G=sizes)
    np.testing.assert_allclose(found.compute(), expected, rtol=4 * ULP, atol=0)


def test_arrays_in_memory_take_the_chunks_of_the_others():
    pi_ref = da.from_array(PI_REF, chunks=10)
    made = policy(8)
    mixed = made.evaluate(beta=BETA, pi_ref=pi_ref)
    assert mixed.chunks == ((20,), (10, 10, 10, 3))
    along = made.evaluate(beta=np.linspace(0.1, 2, 33), pi_ref=pi_ref)
    assert along.chunks == pi_ref.chunks
    crossed = made.evaluate(beta=da.from_array(np.linspace(0.1, 2, 33), chunks=7), pi_ref=pi_ref)
    expected = made.evaluate(beta=np.linspace(0.1, 2, 33), pi_ref=PI_REF)
    for found in (along, crossed):
        np.testing.assert_allclose(found.compute(), expected, rtol=4 * ULP, atol=0)
    point = made.evaluate(beta=0.5, pi_ref=da.from_array(np.array(0.3)))
    assert point.shape == ()
    assert float(point.compute()) == made.evaluate(beta=0.5, pi_ref=0.3)


def test_chunks_of_unknown_size():
    beta, pi_ref = (da.from_array(np.linspace(0.1, 0.9, 9), chunks=4) for _ in range(2))
    unknown = beta[beta > 0.45]
    made = policy(8)
    found = made.evaluate(beta=unknown, pi_ref=0.5).compute()
    expected = made.evaluate(beta=np.linspace(0.1, 0.9, 9)[4:], pi_ref=0.5)
    np.testing.assert_allclose(found, expected, rtol=4 * ULP, atol=0)
    with pytest.raises(ValueError, match=r"call compute_chunk_sizes\(\) on beta$"):
        made.evaluate(beta=unknown, pi_ref=pi_ref)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"beta": da.ones(3), "pi_ref": da.ones(4) / 2}, r"do not broadcast: beta \(3,\), pi_ref"),
        ({"beta": da.ones(3)}, "missing argument 'pi_ref'"),
        ({"beta": da.ones(3), "pi_ref": 0.5, "q": 1}, "unknown argument 'q'"),
        ({"beta": da.ones(3), "pi_ref": 1.5}, "pi_ref must be a probability .*, got 1.5"),
        ({"beta": da.ones(3) > 0, "pi_ref": 0.5}, "beta must hold real numbers, got dtype bool"),
        ({"beta": da.ones(3), "pi_ref": "x"}, "pi_ref must be a probability .*, got 'x'"),
        ({"beta": dask.delayed(1), "pi_ref": 0.5}, "beta must be a dask array, got a dask Delayed"),
    ],
)
def test_bad_arguments_are_told_at_once(values, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        policy(8).evaluate(**values)
    assert "\n" not in str(caught.value)


def test_bad_values_are_told_by_their_chunk():
    pi_ref = da.from_array(np.array([0.2, 0.3, -0.4, 0.5]), chunks=2)
    lazy = policy(8).evaluate(beta=0.5, pi_ref=pi_ref)
    assert np.isfinite(lazy[:2].compute()).all()
    with pytest.raises(ValueError, match=r"pi_ref must be a probability .*, got -0.4$"):
        lazy.compute(scheduler="synchronous")
    harmless = policy(8).evaluate(beta=0.5, pi_ref=pi_ref, errors="nan").compute()
    assert np.isnan(harmless).tolist() == [False, False, True, False]
    nowhere = policy(8).evaluate(beta=-1.0, pi_ref=pi_ref, errors="nan").compute()
    assert np.isnan(nowhere).all()


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("dask.distributed", reason="the extra dask is not installed")
    with sweep.processes() as client:
        yield client


@pytest.mark.filterwarnings("ignore::grpo_symbolic.policy.evaluate.NoStationaryPolicy")
def test_two_worker_processes(client):
    # At 0 and 1 the exact solver answers, in the worker.
    beta, pi_ref = np.linspace(3, 9, 4)[:, None], np.array([0.0, 0.3, 0.5, 0.999, 1.0])
    lazy = {
        "beta": da.from_array(beta, chunks=(2, 1)),
        "pi_ref": da.from_array(pi_ref, chunks=2),
    }
    makers = np.unique(client.compute(da.map_blocks(_process, lazy["beta"], dtype=int)).result())
    assert os.getpid() not in makers
    for made in (policy(oo, DirectKL()), policy(8)):
        found = client.compute(made.evaluate(**lazy, branch="all")).result()
        expected = made.evaluate(beta=beta, pi_ref=pi_ref, branch="all")
        np.testing.assert_allclose(found[..., : expected.shape[2]], expected, rtol=4 * ULP, atol=0)
        assert np.isnan(found[..., expected.shape[2] :]).all()
    with pytest.raises(ValueError, match="pi_ref must be a probability"):
        client.compute(policy(8).evaluate(beta=0.5, pi_ref=-lazy["pi_ref"])).result()


def _process(block: np.ndarray) -> np.ndarray:
    return np.full(block.shape, os.getpid())


def test_the_sweep_reduces_what_it_evaluates(client, capsys):
    record = sweep.swept(client, 5 * 40**2)
    assert "8,000 points" in capsys.readouterr().out
    side = 40
    beta = np.exp(np.linspace(*np.log(sweep.BETAS), side))[:, None]
    pi_ref = 1 / (1 + np.exp(-np.linspace(*np.log(sweep.ODDS), side)))
    for row, size in zip(record["rows"], sweep.SIZES, strict=True):
        values = policy(size).evaluate(beta=beta, pi_ref=pi_ref)
        assert row["points"] == side**2
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert (row["least"], row["greatest"]) == pytest.approx((values.min(), values.max()))
        assert sum(row["histogram"]) == side**2
        assert row["above_0.99"] == pytest.approx((values > 0.99).mean(), abs=1e-3)
    assert all(peak > 0 for peak in record["peak_workers_mib"])


ANSWERS = {
    "ranks": (stationary_policy(GRPO(2), Question(rewards=(3, 2, 1))), {}),
    "two levels": (stationary_policy(GRPO(8), Question(rewards=(1, 0, 0))), {}),
    "three levels": (stationary_policy(GRPO(4), Question(rewards=(2, 1, 0))), {}),
}
ROWS = np.random.default_rng(5).dirichlet((1, 1, 1), size=7)


@pytest.mark.parametrize("case", ANSWERS)
def test_many_answers(case):
    made, more = ANSWERS[case]
    beta = np.linspace(0.5, 3, 5)[:, None]
    # The answers are cut apart, and put together again.
    rows = da.from_array(ROWS, chunks=(4, 2))
    # The exact solver answers for all branches of the third, and slowly.
    for branch in ("attracting", "all")[: 1 if case == "three levels" else 2]:
        lazy = made.evaluate(beta=beta, pi_ref=rows, branch=branch, **more)
        expected = made.evaluate(beta=beta, pi_ref=ROWS, branch=branch, **more)
        assert lazy.chunks[:2] == ((5,), (4, 3))
        assert lazy.chunks[-1] == (3,)
        found = lazy.compute()
        kept = found if branch != "all" else found[:, :, : expected.shape[2]]
        np.testing.assert_allclose(kept, expected, rtol=1e-13, atol=0)
    one = made.evaluate(beta=da.from_array(beta[:, 0], chunks=2), pi_ref=ROWS[0], **more)
    assert one.chunks == ((2, 2, 1), (3,))
    expected = made.evaluate(beta=beta[:, 0], pi_ref=ROWS[0], **more)
    np.testing.assert_allclose(one.compute(), expected, rtol=1e-13, atol=0)


def test_many_answers_in_worker_processes(client):
    made, _ = ANSWERS["three levels"]
    lazy = made.evaluate(beta=1.5, pi_ref=da.from_array(ROWS, chunks=(4, 3)))
    found = client.compute(lazy).result()
    expected = made.evaluate(beta=1.5, pi_ref=ROWS)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"beta": 1.0, "pi_ref": da.ones((4, 2)) / 2}, r"rows of 3 .*, got shape \(4, 2\)$"),
        ({"beta": da.ones(3), "pi_ref": da.ones((4, 3)) / 3}, r"do not broadcast: beta \(3,\)"),
        ({"beta": da.ones(3), "pi_ref": 0.5}, r"rows of 3 .*, got shape \(\)$"),
        ({"beta": -1.0, "pi_ref": da.ones((4, 3)) / 3}, "beta must be .*, got -1.0"),
        ({"pi_ref": da.ones((4, 3)) / 3}, "missing argument 'beta'"),
    ],
)
def test_bad_arguments_of_many_answers(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        ANSWERS["ranks"][0].evaluate(**values)
