"""Exported code, run by a process that cannot import this package."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic import symbols

BINARY = gs.BinaryQuestion()
MARGIN = gs.BinaryQuestion(margin=symbols.gamma)
SHIFT = gs.ShiftOnly()
WEIGHTS = [1e-6, 1e-3, 0.02, 0.5, 1 - 1e-9, 1.0, 1 + 1e-12, 2**0.5, 3**0.5, 7.0, 1e3, 1e6]
REFERENCES = [1e-300, 1e-100, 1e-17, 1e-8, 0.01, 0.3, 0.5, 0.9, 1 - 1e-8, 1 - 1.2e-16]
HARD = np.array(list(itertools.product(WEIGHTS, REFERENCES))).T

RUNNER = """
import importlib.util, sys, warnings
sys.modules["grpo_symbolic"] = None
warnings.simplefilter("error")
import numpy as np
assert "sympy" not in sys.modules
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = dict(np.load(path.replace(".py", ".npz")))
    np.save(path.replace(".py", ".npy"), module.stationary_policy(**given))
assert sys.modules["grpo_symbolic"] is None
"""


def run(folder: Path, **cases: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    paths = []
    for name, (source, given) in cases.items():
        paths.append(folder / f"{name}.py")
        paths[-1].write_text(source)
        np.savez(folder / f"{name}.npz", **given)
    done = subprocess.run(
        [sys.executable, "-I", "-c", RUNNER, *map(str, paths)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: np.load(folder / f"{name}.npy") for name in cases}


def quadratic(beta: mpf, margin: mpf, p0: mpf) -> mpf:
    """Published (14)."""
    c = beta / margin
    return (1 - c + mp.sqrt((1 - c) ** 2 + 4 * c * p0)) / 2


def large(beta: mpf, p0: mpf) -> mpf:
    """Published (15)."""
    return (2 * beta**2 * p0 + 1 + mp.sqrt(1 + 4 * beta**2 * p0 * (1 - p0))) / (2 + 2 * beta**2)


def logistic(exponent: mpf, p0: mpf) -> mpf:
    return 1 / (1 + (1 - p0) / p0 * mp.exp(-exponent))


def group(size: int) -> Callable[..., mpf]:
    """beta (p - p0) = E std of a group, by bisection of the logarithm and Newton's method."""

    def solution(beta: mpf, p0: mpf) -> tuple[mpf, mpf]:
        weight = [mp.binomial(size, k) * mp.sqrt(k * (size - k)) / size for k in range(size + 1)]

        def value(p: mpf) -> mpf:
            q = 1 - p
            return sum(w * p**k * q ** (size - k) for k, w in enumerate(weight)) - beta * (p - p0)

        low, high = p0, mpf(1)
        for _ in range(20):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if value(middle) > 0 else (low, middle)
        p = mp.sqrt(low * high)
        for _ in range(12):
            q = 1 - p
            slope = sum(
                w * p ** (k - 1) * q ** (size - k - 1) * (k - size * p)
                for k, w in enumerate(weight)
                if w
            )
            p -= value(p) / (slope - beta)
        # How much a relative change of beta is magnified.
        return p, abs(beta * (p - p0) / ((slope - beta) * p))

    return solution


EXACT: dict[str, tuple[Any, Any, Callable[..., mpf]]] = {
    "pairs": (gs.GRPO(2), BINARY, lambda b, r: quadratic(b, mpf(1), r)),
    "three": (gs.GRPO(3), BINARY, lambda b, r: quadratic(b, mp.sqrt(2), r)),
    "large": (gs.GRPO(oo), BINARY, large),
    "shift": (gs.GRPO(2, advantage=SHIFT), BINARY, lambda b, r: quadratic(b, mpf("0.5"), r)),
    "shift_eight": (gs.GRPO(8, advantage=SHIFT), BINARY, lambda b, r: quadratic(b, mpf(7) / 8, r)),
    "direct": (gs.GRPO(2, gs.DirectKL()), BINARY, lambda b, r: logistic(1 / b, r)),
    "direct_three": (gs.GRPO(3, gs.DirectKL()), BINARY, lambda b, r: logistic(mp.sqrt(2) / b, r)),
    "direct_shift": (
        gs.GRPO(6, gs.DirectKL(), advantage=SHIFT),
        BINARY,
        lambda b, r: logistic(mpf(5) / 6 / b, r),
    ),
    "rlhf": (gs.RLHF(), BINARY, lambda b, r: logistic(1 / b, r)),
    "nlhf": (gs.NLHF(), BINARY, lambda b, r: logistic(1 / (2 * b), r)),
}


@cache
def policy(name: str) -> gs.StationaryPolicy:
    return gs.stationary_policy(*EXACT[name][:2])


def ulps(found: Any, exact: list[mpf]) -> list[float]:
    return [
        float(abs(mpf(float(f)) - e) / mpf(float(np.spacing(float(e)))))
        for f, e in zip(found, exact, strict=True)
    ]


def test_closed_forms_to_four_units_without_this_package(tmp_path: Path) -> None:
    given = {"beta": HARD[0], "pi_ref": HARD[1]}
    cases = {name: (policy(name).python(), given) for name in EXACT}
    found = run(tmp_path, **cases)
    with mp.workdps(720):
        points = [(mpf(float(b)), mpf(float(r))) for b, r in HARD.T]
        for name, (_, _, truth) in EXACT.items():
            distance = ulps(found[name], [truth(*point) for point in points])
            worst = int(np.argmax(distance))
            assert distance[worst] <= 4, (name, HARD[:, worst], distance[worst])
            assert np.all(found[name] <= 1)


def test_margins_and_their_ends(tmp_path: Path) -> None:
    source = gs.stationary_policy(gs.GRPO(2), MARGIN).python()
    direct = gs.stationary_policy(gs.GRPO(2, gs.DirectKL()), MARGIN).python()
    margins = np.array([[1e-3], [0.3], [0.999], [1.0]])
    given = {"beta": HARD[0], "pi_ref": HARD[1], "gamma": margins}
    ends = {"beta": [3.0, 3.0, 0.25, 4.0, 1e200], "pi_ref": [0.3, 1, 0, 0, 0.3]}
    ends["gamma"] = [0.0, 0.5, 1, 1, 1]
    # The exponential is 0 here.
    far = {"beta": [1e-4, 1e-300, 1e-4], "pi_ref": [0, 0.3, 1e-300], "gamma": [1.0, 1.0, 0.3]}
    found = run(
        tmp_path,
        pairs=(source, given),
        direct=(direct, given),
        ends=(source, ends),
        direct_ends=(direct, ends),
        far=(direct, far),
    )
    assert found["pairs"].shape == (4, HARD.shape[1])
    with mp.workdps(720):
        for i, margin in enumerate(margins[:, 0]):
            m = mpf(float(margin))
            points = [(mpf(float(b)), mpf(float(r))) for b, r in HARD.T]
            pairs = [quadratic(b, m, r) for b, r in points]
            assert max(ulps(found["pairs"][i], pairs)) <= 4
            assert max(ulps(found["direct"][i], [logistic(m / b, r) for b, r in points])) <= 4
    np.testing.assert_array_equal(found["ends"], [0.3, 1, 0.75, 0, 0.3])
    np.testing.assert_array_equal(found["far"], [0, 1, 1])
    np.testing.assert_allclose(found["direct_ends"], [0.3, 1, 0, 0, 0.3], rtol=1e-15)


@pytest.mark.parametrize("size", [4, 5, 8])
def test_groups_by_radicals_or_by_a_solver(size: int, tmp_path: Path) -> None:
    found = gs.stationary_policy(gs.GRPO(size), BINARY)
    points = HARD[:, :: 3 if size < 8 else 1]
    values = run(
        tmp_path,
        group=(found.python(), {"beta": points[0], "pi_ref": points[1]}),
        ends=(found.python(), {"beta": [9.0, 1.0, 1.0], "pi_ref": [0.0, 0.0, 1.0]}),
    )
    with mp.workdps(60):
        for (b, r), value in zip(points.T, values["group"], strict=True):
            exact, condition = group(size)(mpf(float(b)), mpf(float(r)))
            error = abs(mpf(float(value)) / exact - 1)
            assert error <= mpf(4e-15) * max(1, condition), (b, r, mp.nstr(error / mpf(2) ** -53))
        inner = group(size)(mpf(1), mpf(10) ** -40)[0]
        assert values["ends"][0] == 0
        assert values["ends"][1] == pytest.approx(float(inner), rel=1e-14)
        assert values["ends"][2] == 1


def test_solvers_on_other_settings(tmp_path: Path) -> None:
    """Large groups, a stabilised scale and noisy rewards, against certified solutions."""
    epsilon = gs.ShiftAndScale(ddof=1, epsilon="1e-4")
    settings = {
        "sixty_four": (gs.GRPO(64), BINARY),
        "epsilon": (gs.GRPO(6, advantage=epsilon), BINARY),
        "noisy": (gs.GRPO(oo), gs.BinaryQuestion(success=(0.8, 0.3))),
    }
    given = {"beta": np.array([[0.05], [2.0]]), "pi_ref": np.array([1e-12, 0.4])}
    cases = {n: (gs.stationary_policy(*s).python(), given) for n, s in settings.items()}
    found = run(tmp_path, **cases)
    for name, setting in settings.items():
        solved = gs.stationary_policy(*setting)
        for i, j in np.ndindex(2, 2):
            point = {"beta": given["beta"][i, 0], "pi_ref": given["pi_ref"][j]}
            (exact,) = solved.solutions(digits=25, **point)
            assert found[name][i, j] == pytest.approx(float(exact.policy[0]), rel=2e-14)


def test_many_answers(tmp_path: Path) -> None:
    distorted = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(1, 3, 1, 2)))
    reference = np.array([[0.1, 0.2, 0.3, 0.4], [1e-12, 0.25, 1e-9, 0.75 - 1e-9]])
    reference[1, 3] = 1 - reference[1, :3].sum()
    found = run(tmp_path, many=(distorted.python(), {"beta": [0.75, 3.0], "pi_ref": reference}))
    (exact,) = distorted.solutions(beta="0.75", pi_ref=("0.1", "0.2", "0.3", "0.4"))
    np.testing.assert_allclose(found["many"][0], [float(x) for x in exact.policy], rtol=1e-15)
    with mp.workdps(60):
        above = mpf(1) - mpf(float(reference[1, 0])) - mpf(float(reference[1, 2]))
        low = 1 - quadratic(mpf(3), mpf(1), above)
        share = mpf(float(reference[1, 0])) / (1 - above)
        assert found["many"][1, 0] == pytest.approx(float(low * share), rel=1e-7)
    np.testing.assert_allclose(found["many"].sum(-1), 1, rtol=1e-15)


def test_without_uniqueness_the_condition_itself() -> None:
    found = gs.stationary_policy(gs.GRPO(8, gs.DirectKL()), BINARY)
    source = found.python()
    assert "No solver: " in source
    space: dict[str, Any] = {}
    exec(source, space)
    point = {"beta": "0.23", "pi_ref": "0.0004"}
    for solution in found.solutions(digits=20, **point):
        p = float(solution.policy[0])
        around = np.array([p * (1 - 1e-6), p * (1 + 1e-6)])
        values = space["stationarity"](pi=around, beta=0.23, pi_ref=0.0004)
        assert values[0] * values[1] < 0
        rising = solution.stability.value == "attracting"
        assert (values[1] > 0) == rising


@pytest.mark.parametrize("form", ["python", "jax", "torch"])
@pytest.mark.parametrize("algorithm", [gs.GRPO(2), gs.GRPO(4), gs.GRPO(8), gs.RLHF()], ids=str)
def test_code_reads_like_code(form: str, algorithm: Any) -> None:
    source = gs.stationary_policy(algorithm, BINARY).export(form)
    compile(source, form, "exec")
    assert max(map(len, source.splitlines())) <= 100
    assert "grpo_symbolic" not in source
    assert "\n    Parameters\n" in source
    assert "Assumptions: " in source


def test_what_has_no_code_says_so() -> None:
    with pytest.raises(ValueError, match="number up to 64"):
        gs.stationary_policy(gs.GRPO(128), BINARY).export("torch")
    with pytest.raises(ValueError, match="needs a closed form"):
        gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(3, 2, 1))).export("python")
