"""Somebody else's formula: mutated ones are refuted, rewritten ones are proved.

Counterexamples are judged here by mpmath, on formulas of the test's own and on equations that
are written from the definitions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import mpmath as mp
import pytest

import grpo_symbolic as gs
from grpo_symbolic.checking.check import Checked
from grpo_symbolic.cli.program import main
from grpo_symbolic.verify.verdict import Status
from tests.checking.kept import check
from tests.oracles.stationary import solve_binary

Solution = Callable[..., mp.mpf]
ONE = mp.mpf(1)
DETERMINISTIC = gs.BinaryQuestion()
MARGIN = gs.BinaryQuestion(margin=gs.symbols.gamma)


@dataclass(frozen=True)
class Published:
    """A model, its stationary policy as mpmath has it, and formulas for it."""

    algorithm: gs.GRPO
    question: gs.BinaryQuestion
    solution: Solution
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def pairs(beta: mp.mpf, pi_ref: mp.mpf, gamma: mp.mpf = ONE) -> mp.mpf:
    return _bisected(lambda p: gamma * p * (1 - p) - beta * (p - pi_ref))


def triples(beta: mp.mpf, pi_ref: mp.mpf) -> mp.mpf:
    # Groups of three: the standard deviation is sqrt(2)/3 unless all agree.
    return _bisected(
        lambda p: 3 * p * (1 - p) * mp.sqrt(2) / 3 - beta * (p - pi_ref),
    )


def large(beta: mp.mpf, pi_ref: mp.mpf) -> mp.mpf:
    return _bisected(lambda p: mp.sqrt(p * (1 - p)) - beta * (p - pi_ref))


def logistic(beta: mp.mpf, pi_ref: mp.mpf, gamma: mp.mpf = ONE) -> mp.mpf:
    return _bisected(lambda p: gamma - beta * (mp.log(p / (1 - p)) - mp.log(pi_ref / (1 - pi_ref))))


def sample_pairs(beta: mp.mpf, pi_ref: mp.mpf) -> mp.mpf:
    # The sample standard deviation of two is sqrt(2) times the population one.
    return _bisected(lambda p: p * (1 - p) / mp.sqrt(2) - beta * (p - pi_ref))


def _bisected(flow: Callable[[mp.mpf], mp.mpf]) -> mp.mpf:
    """The zero of a field that points upwards near 0 and downwards near 1."""
    low, high = mp.mpf(10) ** -60, 1 - mp.mpf(10) ** -60
    for _ in range(260):
        middle = (low + high) / 2
        low, high = (middle, high) if flow(middle) > 0 else (low, middle)
    return low


MODELS = {
    "(14) pairs with a margin": Published(
        gs.GRPO(group_size=2),
        MARGIN,
        pairs,
        (
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma))/2",
            "(gamma - beta + sqrt((gamma - beta)**2 + 4*beta*gamma*pi_ref))/(2*gamma)",
            "2*beta*pi_ref/(beta - gamma + sqrt((gamma - beta)**2 + 4*beta*gamma*pi_ref))",
            "1/2 - beta/(2*gamma) + sqrt(1/4 - beta/(2*gamma) + beta**2/(4*gamma**2)"
            " + beta*pi_ref/gamma)",
            "0.5*(1 - beta/gamma + sqrt((1 + beta/gamma)**2 - 4*beta*(1 - pi_ref)/gamma))",
            "1 - 2*(beta/gamma)*(1 - pi_ref)/(1 + beta/gamma"
            " + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma))",
            "sqrt(((gamma - beta)/(2*gamma))**2 + beta*pi_ref/gamma) + (gamma - beta)/(2*gamma)",
            r"\frac{1}{2}\left(1 - \frac{\beta}{\gamma} + \sqrt{\left(1 - \frac{\beta}{\gamma}"
            r"\right)^2 + 4\frac{\beta}{\gamma}\pi_{\mathrm{ref}}(a)}\right)",
            r"\pi_\theta(a|q) = \frac{\gamma-\beta+\sqrt{(\gamma-\beta)^2"
            r"+4\beta\gamma\pi_{\text{ref}}(a \mid q)}}{2\gamma}",
            r"\pi(a) &= \tfrac{2\beta\pi_{ref}}{\beta-\gamma+\sqrt{(\gamma-\beta)^{2}"
            r" + 4 \gamma \cdot \beta \, \pi_{ref}}}",
            "beta*(pi - pi_ref) = gamma*pi*(1 - pi)",
            r"\gamma \pi^2 + (\beta - \gamma)\pi - \beta\pi_{ref} = 0",
        ),
        (
            "(1 - beta/gamma - sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma))/2",
            "(1 + beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma))/2",
            "(1 - beta/gamma + sqrt((1 + beta/gamma)**2 + 4*beta*pi_ref/gamma))/2",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 - 4*beta*pi_ref/gamma))/2",
            "(1 - beta/gamma + sqrt((1 - beta/gamma) + 4*beta*pi_ref/gamma))/2",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 2*beta*pi_ref/gamma))/2",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref))/2",
            "(1 - gamma/beta + sqrt((1 - gamma/beta)**2 + 4*gamma*pi_ref/beta))/2",
            "(1 - beta*gamma + sqrt((1 - beta*gamma)**2 + 4*beta*gamma*pi_ref))/2",
            "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2",
            "1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma)",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*(1 - pi_ref)/gamma))/2",
            "(1 - beta/gamma + Abs(1 - beta/gamma))/2",
            "2*beta*pi_ref/(beta + gamma + sqrt((gamma - beta)**2 + 4*beta*gamma*pi_ref))",
            "(gamma - beta + sqrt((gamma - beta)**2 + 4*beta*gamma*pi_ref))/2",
            r"\frac{1}{2}(1-\frac\beta\gamma+\sqrt{1-\frac\beta\gamma+4\frac\beta\gamma\pi_{ref}})",
            "beta*(pi - pi_ref) = pi*(1 - pi)",
            "beta*(pi - pi_ref) = gamma*pi",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref**2/gamma))/2",
            "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*gamma*pi_ref/beta))/2",
        ),
    ),
    "(15) large groups": Published(
        gs.GRPO(group_size=float("inf")),
        DETERMINISTIC,
        large,
        (
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(pi_ref + 1/(2*beta**2) + sqrt(1/beta**4 + 4*pi_ref*(1 - pi_ref)/beta**2)/2)"
            "/(1 + 1/beta**2)",
            "1 - 2*beta**2*(1 - pi_ref)**2/(2*beta**2*(1 - pi_ref) + 1"
            " + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))",
            "2*beta**2*pi_ref**2/(2*beta**2*pi_ref + 1 - sqrt(1 + 4*beta**2*pi_ref"
            " - 4*beta**2*pi_ref**2))",
            r"\frac{2\beta^2\pi_{ref}+1+\sqrt{1+4\beta^2\pi_{ref}(1-\pi_{ref})}}{2(1+\beta^2)}",
            r"\frac{1}{1+\beta^2}\left(\beta^2 \pi_{\rm ref} + \tfrac12 + \sqrt{\tfrac14 +"
            r" \beta^2 \pi_{\rm ref}(a) \pi_{\rm ref}(b)}\right)",
            "beta**2*(pi - pi_ref)**2 = pi*(1 - pi)",
            r"\beta = \frac{\sqrt{\pi(1-\pi)}}{\pi-\pi_{ref}}",
        ),
        (
            "(2*beta**2*pi_ref + 1 - sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 + pi_ref)))/(2*(1 + beta**2))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(2*beta*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref))/(2*(1 + beta**2))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 2*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))/(1 + beta**2)",
            "(2*pi_ref + 1 + sqrt(1 + 4*pi_ref*(1 - pi_ref)))/(2*(1 + beta**2))",
            "1/(1 + beta**2)",
            "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2",
            r"\frac{2\beta^2\pi_{ref}-1+\sqrt{1+4\beta^2\pi_{ref}(1-\pi_{ref})}}{2(1+\beta^2)}",
            "beta*(pi - pi_ref) = pi*(1 - pi)",
            "beta**2*(pi - pi_ref) = pi*(1 - pi)",
            "(2*beta**2*pi_ref + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)**2))/(2*(1 + beta**2))",
            "(2*beta**2*(1 - pi_ref) + 1 + sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref)))"
            "/(2*(1 + beta**2))",
        ),
    ),
    "direct KL on pairs": Published(
        gs.GRPO(group_size=2, penalty=gs.DirectKL()),
        MARGIN,
        logistic,
        (
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-gamma/beta))",
            "1/(1 + (1 - pi_ref)/pi_ref*exp(-gamma/beta))",
            "pi_ref*exp(gamma/beta)/(pi_ref*exp(gamma/beta) + 1 - pi_ref)",
            "1 - (1 - pi_ref)/(1 - pi_ref + pi_ref*exp(gamma/beta))",
            r"\frac{\pi_{ref} e^{\gamma/(2\beta)}}{\pi_{ref} e^{\gamma/(2\beta)}"
            r" + (1-\pi_{ref}) e^{-\gamma/(2\beta)}}",
            "log(pi/(1 - pi)) - log(pi_ref/(1 - pi_ref)) = gamma/beta",
        ),
        (
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(gamma/beta))",
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-beta/gamma))",
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-gamma/(2*beta)))",
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-2*gamma/beta))",
            "pi_ref/(pi_ref + exp(-gamma/beta))",
            "pi_ref*exp(gamma/beta)",
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-1/beta))",
            "pi_ref/(pi_ref + (1 - pi_ref)*exp(-gamma*beta))",
            "(1 - pi_ref)/(1 - pi_ref + pi_ref*exp(-gamma/beta))",
            r"\frac{1}{1+e^{-\gamma/\beta}}",
            "log(pi/(1 - pi)) - log(pi_ref/(1 - pi_ref)) = 2*gamma/beta",
        ),
    ),
    "groups of three": Published(
        gs.GRPO(group_size=3),
        DETERMINISTIC,
        triples,
        (
            "(1 - beta/sqrt(2) + sqrt((1 - beta/sqrt(2))**2 + 4*beta*pi_ref/sqrt(2)))/2",
            "(2 - sqrt(2)*beta + sqrt((2 - sqrt(2)*beta)**2 + 8*sqrt(2)*beta*pi_ref))/4",
            r"\frac{\sqrt2 - \beta + \sqrt{(\sqrt2-\beta)^2 + 4\sqrt2\beta\pi_{ref}}}{2\sqrt{2}}",
            "(1 - beta/sqrt(G - 1) + sqrt((1 - beta/sqrt(G - 1))**2"
            " + 4*beta*pi_ref/sqrt(G - 1)))/2",
            "beta*(pi - pi_ref) = sqrt(2)*pi*(1 - pi)",
        ),
        (
            "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2",
            "(1 - beta*sqrt(2) + sqrt((1 - beta*sqrt(2))**2 + 4*beta*pi_ref*sqrt(2)))/2",
            "(1 - beta/2 + sqrt((1 - beta/2)**2 + 2*beta*pi_ref))/2",
            "(1 - beta/sqrt(3) + sqrt((1 - beta/sqrt(3))**2 + 4*beta*pi_ref/sqrt(3)))/2",
            "(1 - beta/sqrt(G) + sqrt((1 - beta/sqrt(G))**2 + 4*beta*pi_ref/sqrt(G)))/2",
            "(1 - beta/1.41421356 + sqrt((1 - beta/1.41421356)**2 + 4*beta*pi_ref/1.41421356))/2",
            "(1 - beta/sqrt(2) - sqrt((1 - beta/sqrt(2))**2 + 4*beta*pi_ref/sqrt(2)))/2",
            "(1 - beta/sqrt(2) + sqrt(1 - beta**2/2 + 4*beta*pi_ref/sqrt(2)))/2",
            "beta*(pi - pi_ref) = sqrt(3)*pi*(1 - pi)",
            "(1 - beta/sqrt(2) + sqrt((1 - beta/sqrt(2))**2 + 2*beta*pi_ref))/2",
        ),
    ),
    "sample standard deviation": Published(
        gs.GRPO(group_size=2, advantage=gs.ShiftAndScale(1)),
        DETERMINISTIC,
        sample_pairs,
        (
            "(1 - sqrt(2)*beta + sqrt((1 - sqrt(2)*beta)**2 + 4*sqrt(2)*beta*pi_ref))/2",
            r"\sqrt{2}\beta(\pi(a)-\pi_{ref}) = \pi(a)\pi(b)",
        ),
        (
            "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2",
            "(1 - beta/sqrt(2) + sqrt((1 - beta/sqrt(2))**2 + 4*beta*pi_ref/sqrt(2)))/2",
            "(1 - 2*beta + sqrt((1 - 2*beta)**2 + 8*beta*pi_ref))/2",
            "(1 - sqrt(2)*beta + sqrt((1 - sqrt(2)*beta)**2 + 4*beta*pi_ref))/2",
        ),
    ),
}
RIGHT = [(name, formula) for name, model in MODELS.items() for formula in model.right]
WRONG = [(name, formula) for name, model in MODELS.items() for formula in model.wrong]
SOLVED = [(name, formula) for name, formula in WRONG if "=" not in formula and "\\" not in formula]


def test_there_are_enough_of_both() -> None:
    assert len(WRONG) >= 60
    assert len(RIGHT) >= 30
    for name, model in MODELS.items():
        assert len(set(model.wrong)) == len(model.wrong), name


def _value(formula: str, point: dict[str, mp.mpf]) -> mp.mpc:
    """A formula of this test as mpmath evaluates it."""
    functions = {"sqrt": mp.sqrt, "exp": mp.exp, "Abs": abs, "log": mp.log}
    return mp.mpmathify(eval(formula, {"__builtins__": {}}, {**functions, **point}))


def _point(found: Checked) -> dict[str, mp.mpf]:
    assert found.counterexample is not None
    point = {}
    for name, text in found.counterexample.items():
        top, _, bottom = text.partition("/")
        point[name] = mp.mpf(top) / mp.mpf(bottom or 1)
    return point


@pytest.mark.parametrize(("name", "formula"), RIGHT)
def test_every_rewriting_is_proved(name: str, formula: str) -> None:
    model = MODELS[name]
    found = check(formula, model.algorithm, model.question)
    assert found.verdict is Status.PROVED, str(found)
    assert found.counterexample is None


@pytest.mark.parametrize(("name", "formula"), WRONG)
def test_every_mutation_is_refuted(name: str, formula: str) -> None:
    """The numbers of the counterexample are those that bisection on the definition gives."""
    model = MODELS[name]
    found = check(formula, model.algorithm, model.question)
    assert found.verdict is Status.REFUTED, str(found)
    with mp.workdps(45):
        point = _point(found)
        given = {k: v for k, v in point.items() if k in ("beta", "pi_ref", "gamma")}
        true = model.solution(**given)
        if "=" in formula.removeprefix(r"\pi"):
            assert abs(point["pi"] - true) < mp.mpf(10) ** -25
            assert abs(mp.mpf(found.theirs) - mp.mpf(found.ours)) > mp.mpf(10) ** -10
        else:
            assert abs(mp.mpf(found.ours) - true) < mp.mpf(10) ** -25
            assert abs(mp.mpf(found.difference) - mp.mpf(found.theirs) + true) < mp.mpf(10) ** -25
            assert abs(mp.mpf(found.difference)) > mp.mpf(10) ** -12
        if (name, formula) in SOLVED:
            theirs = _value(formula, {**given, "G": mp.mpf(3)})
            assert abs(theirs - mp.mpf(found.theirs)) < mp.mpf(10) ** -12


@pytest.mark.parametrize(
    ("formula", "size"), [("(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", 5)]
)
def test_without_a_closed_form_the_numbers_are_those_of_the_objective(
    formula: str, size: int
) -> None:
    found = check(formula, gs.GRPO(group_size=size), DETERMINISTIC)
    assert found.verdict is Status.REFUTED
    with mp.workdps(40):
        point = _point(found)
        true = solve_binary(point["beta"], point["pi_ref"], size, digits=30)
        assert abs(mp.mpf(found.ours) - true) < mp.mpf(10) ** -27
        assert abs(mp.mpf(found.theirs) - pairs(**point)) < mp.mpf(10) ** -27


@pytest.mark.parametrize(
    ("formula", "where"),
    [
        ("sqrt(pi_ref)", "beta = 1"),
        ("(1 - beta + Abs(1 - beta))/2", "pi_ref -> 0"),
        ("1 - beta", "beta < 1 and pi_ref -> 0"),
        ("(Abs(1 - beta) + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", "beta < 1"),
        ("(1 - beta + sqrt(1 + beta**2 + 2*Abs(2*beta*pi_ref - beta)))/2", "pi_ref >= 1/2"),
        ("pi >= 1/2", "pi_ref >= 1/2"),
    ],
)
def test_where_a_wrong_formula_is_right(formula: str, where: str) -> None:
    found = check(formula, gs.GRPO(group_size=2), DETERMINISTIC)
    assert found.verdict is Status.REFUTED
    assert where in found.right_where, str(found)


@pytest.mark.parametrize(
    ("formula", "size", "verdict"),
    [
        ("pi >= 1 - beta", 2, Status.PROVED),
        ("pi > 1 - beta", 2, Status.PROVED),
        ("pi >= 1/(1 + beta**2)", float("inf"), Status.PROVED),
        ("pi >= 1/(1 + beta**2)", 2, Status.REFUTED),
        (r"\pi(a) \geq \max\left\{1 - \beta, \pi_{\mathrm{ref}}(a)\right\}", 2, Status.PROVED),
        ("pi >= 1/(1 + beta**2)", 8, Status.REFUTED),
        ("pi_ref < pi < 1", 6, Status.PROVED),
        ("pi != pi_ref", 2, Status.PROVED),
        ("beta*(pi - pi_ref) = pi*(1 - pi)*(sqrt(3) - (2*sqrt(3) - 3)*pi*(1 - pi))", 4,
         Status.PROVED),
        ("beta*(pi - pi_ref) = pi*(1 - pi)*(sqrt(3) - (2*sqrt(3) - 2)*pi*(1 - pi))", 4,
         Status.REFUTED),
        ("limit(pi, beta, 0) = 1", 4, Status.PROVED),
        (r"\lim_{\beta \to 0^+} \pi(a) = 1", float("inf"), Status.PROVED),
        (r"\lim_{\beta \to \infty} \pi(a) = \pi_{ref}", 3, Status.PROVED),
        ("limit(pi, beta, oo) = 1", 2, Status.REFUTED),
        ("limit(pi, beta, 0, -) = 1", 2, Status.REFUTED),
        ("limit(pi, beta, -1) = 1", 2, Status.REFUTED),
        ("limit(pi, G, 5) > 0", gs.symbols.G, Status.REFUTED),
        ("limit(1/pi, pi_ref, 0) < oo", 2, Status.REFUTED),
        ("limit(pi/pi_ref, pi_ref, 0) > 1", 2, Status.PROVED),
        ("limit(pi_ref*log(pi), pi_ref, 0) = 0", 2, Status.PROVED),
        ("limit((1 - pi)/beta**2, beta, 0) = (1 - pi_ref)**2", float("inf"), Status.PROVED),
        (r"\left.\pi\right|_{\beta = 1} = \sqrt{\pi_{\mathrm{ref}}}", 2, Status.PROVED),
        (r"\left.\pi\right|_{\beta = 1} > \sqrt{\pi_{\mathrm{ref}}}", 2, Status.REFUTED),
        ("at(pi, pi_ref, 1/2) > 1/2", 8, Status.PROVED),
        ("at((beta - 1)/(beta - 1), beta, 1) = 1", 2, Status.REFUTED),
        ("log(pi) <= pi - 1", 8, Status.PROVED),
        ("tanh(pi) < pi", 2, Status.PROVED),
        ("sin(pi) < pi", 3, Status.PROVED),
        ("pi = sqrt(beta*pi_ref)*exp(asinh((1 - beta)/(2*sqrt(beta*pi_ref))))", 2, Status.PROVED),
        ("pi > 1 - beta", 8, Status.PROVED),
        ("pi > (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", 5, Status.PROVED),
        ("pi > (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", gs.symbols.G, Status.REFUTED),
        ("pi >= (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", gs.symbols.G, Status.PROVED),
        ("beta*(pi - pi_ref) <= sqrt(G - 1)*pi*(1 - pi)", gs.symbols.G, Status.PROVED),
        ("beta*(pi - pi_ref) < sqrt(7)*pi*(1 - pi)", 8, Status.PROVED),
        ("limit(pi, pi_ref, 0) = max(0, 1 - beta)", 2, Status.PROVED),
        ("limit(pi, pi_ref, 0) = 1 - beta", 2, Status.REFUTED),
        ("limit(pi, pi_ref, 0) = 0", float("inf"), Status.REFUTED),
        ("limit(pi, pi_ref, 0) = 0", 8, Status.REFUTED),
        ("limit(pi/pi_ref, pi_ref, 0) = oo", float("inf"), Status.PROVED),
        ("increasing(pi, pi_ref)", 4, Status.PROVED),
        ("decreasing(pi, beta)", 2, Status.PROVED),
        (r"\partial\pi(a)/\partial\beta < 0", 5, Status.PROVED),
        (r"\frac{\partial \pi(a)}{\partial \beta} > 0", 5, Status.REFUTED),
        ("increasing(pi, G)", 4, Status.PROVED),
        ("decreasing(pi, G)", 4, Status.REFUTED),
        ("constant(pi, beta)", 2, Status.REFUTED),
        ("increasing(pi/(1 - pi), pi_ref)", 2, Status.PROVED),
    ],
)  # fmt: skip
def test_statements_other_than_formulas(formula: str, size: float, verdict: Status) -> None:
    found = check(formula, gs.GRPO(group_size=size), DETERMINISTIC)
    assert found.verdict is verdict, str(found)


def test_a_statement_is_about_every_stationary_policy() -> None:
    """Large groups under direct KL have a second, repelling solution, which moves upwards."""
    algorithm = gs.GRPO(group_size=float("inf"), penalty=gs.DirectKL())
    found = check("decreasing(pi, beta)", algorithm, DETERMINISTIC)
    assert found.verdict is Status.REFUTED
    assert found.counterexample is not None
    first, second = (mp.mpf(x) for x in found.ours.split(" -> "))
    start, end = (mp.mpf(eval(x)) for x in found.counterexample["beta"].split(" -> "))
    reference = mp.mpf(eval(found.counterexample["pi_ref"]))
    assert start < end
    assert first < second
    for p, weight in ((first, start), (second, end)):
        force = mp.log(p / (1 - p)) - mp.log(reference / (1 - reference))
        assert abs(weight * force * mp.sqrt(p * (1 - p)) - 1) < 1e-9


def test_an_equation_may_hold_and_yet_not_determine_the_policy() -> None:
    pairs_model = gs.GRPO(group_size=2)
    once = check("beta*(pi - pi_ref) = pi*(1 - pi)", pairs_model, DETERMINISTIC)
    twice = check("pi*(1 - 2*pi)*(beta*(pi - pi_ref) - pi*(1 - pi)) = 0", pairs_model,
                  DETERMINISTIC)  # fmt: skip
    assert "determines pi" in once.sentence
    assert twice.verdict is Status.PROVED
    assert "not shown to determine pi" in twice.sentence


RANKED = gs.Question(rewards=(3, 2, 1))


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("pi_1 = (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref_1))/2", Status.PROVED),
        ("pi_1 + pi_2 = (1 - beta + sqrt((1 - beta)**2 + 4*beta*(pi_ref_1 + pi_ref_2)))/2",
         Status.PROVED),
        (r"\pi(3) = \frac{1}{2}(1+\beta-\sqrt{(1+\beta)^2-4\beta\pi_{ref}(3)})", Status.PROVED),
        ("pi_2 = (1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref_2))/2", Status.REFUTED),
        ("pi_1 = (1 - beta + sqrt((1 - beta)**2 + 2*beta*pi_ref_1))/2", Status.REFUTED),
    ],
)  # fmt: skip
def test_many_answers(formula: str, verdict: Status) -> None:
    found = check(formula, gs.GRPO(group_size=2), RANKED)
    assert found.verdict is verdict, str(found)


def test_what_nothing_proves_is_called_numeric() -> None:
    found = check("pi_1 > pi_ref_1", gs.GRPO(group_size=3), RANKED)
    assert found.verdict is Status.NUMERIC
    assert "stationary policies" in found.sentence


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("pi = gamma", "gamma"),
        ("pi = 9**9**9", "exponents"),
        ("pi = __import__('os').getcwd()", "no meaning"),
        ("", "empty"),
        ("pi_1.real", "no meaning"),
        ("increasing(beta)", "takes 2"),
        ("limit(pi, 2, 0) = 1", "parameter"),
    ],
)
def test_bad_input_is_one_sentence(formula: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check(formula, gs.GRPO(group_size=2), DETERMINISTIC)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["pi >= 1 - beta"], 0),
        ([r"\pi(a) = \frac{1}{2}(1-\beta+\sqrt{(1-\beta)^2+4\beta\pi_{ref}})",
          "--group-size", "2"], 0),
        (["pi = 1/2"], 1),
        (["pi_1 > pi_ref_1", "--rewards", "3,2,1", "--group-size", "3"], 3),
        (["pi ="], 2),
        (["pi = gamma"], 2),
        (["pi >= 1 - beta/gamma", "--margin"], 0),
        (["pi >= 1 - 2*beta", "--margin", "1/2"], 0),
    ],
)  # fmt: skip
def test_the_command_line(
    capsys: pytest.CaptureFixture[str], words: list[str], status: int
) -> None:
    assert main(["check", *words, "--json"]) == status
    out, err = capsys.readouterr()
    if status == 2:
        assert out == ""
        assert len(err.splitlines()) == 1
        return
    data = json.loads(out)
    assert data["verdict"] in {0: ["PROVED"], 1: ["REFUTED"], 3: ["NUMERIC", "UNKNOWN"]}[status]
    assert {"formula", "method", "sentence", "counterexample", "theirs", "ours",
            "difference", "right_where"} <= data.keys()  # fmt: skip


def test_the_text_names_the_counterexample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "(1 - beta - sqrt((1 - beta)**2 + 4*beta*pi_ref))/2"]) == 1
    out, _ = capsys.readouterr()
    for word in ("REFUTED", "counterexample: pi_ref =", "beta =", "stationary:", "difference:"):
        assert word in out


def test_a_value_is_put_into_the_ranges_that_depend_on_it() -> None:
    """pi_1 > pi_ref_1: half of the reference is enough for more than half of the answers."""
    three = gs.Question(rewards=("1", "1/2", "0"))
    found = check("at(pi_1, pi_ref_1, 1/2) > 1/2", gs.GRPO(group_size=2), three)
    assert found.verdict is gs.Status.PROVED
    assert "0 < pi_ref_2 < 1/2" in str(found)
    with pytest.raises(ValueError, match="give pi_ref_1"):
        check("at(pi_1, pi_ref_2, 1/2) > 0", gs.GRPO(group_size=2), three)


def test_a_limit_without_values_on_one_side_names_a_point_there() -> None:
    found = check("limit(sqrt(beta - 1), beta, 1) = 0", gs.GRPO(group_size=2), DETERMINISTIC)
    assert found.verdict is gs.Status.REFUTED
    assert 0 < Fraction(found.counterexample["beta"]) < 1


def test_a_refutation_without_coordinates_prints_no_empty_line() -> None:
    found = check("pi = 1/2", gs.GRPO(group_size=2), DETERMINISTIC)
    assert "counterexample: pi_ref = " in str(found)
    assert "counterexample" not in str(replace(found, counterexample={}))


@pytest.mark.parametrize("statement", ["diff(pi, G) > 0", "diff(log(pi), G) > 0"])
def test_nothing_has_a_derivative_in_a_whole_number(statement: str) -> None:
    for algorithm in (gs.GRPO(gs.symbols.G), gs.GRPO(gs.symbols.G, advantage=gs.ShiftOnly())):
        found = check(statement, algorithm, gs.BinaryQuestion())
        assert found.verdict is Status.UNKNOWN
        assert "whole number" in found.sentence
    direction = check("increasing(log(pi), G)", gs.GRPO(gs.symbols.G), gs.BinaryQuestion())
    assert direction.verdict is Status.PROVED


def test_a_policy_brings_its_question() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), MARGIN)
    for formula in ("pi > 1 - beta/gamma", "pi > 1 - beta"):
        assert gs.check(formula, policy) == gs.check(formula, gs.GRPO(2), MARGIN)
    for arguments in ((policy, MARGIN), (gs.GRPO(2),)):
        with pytest.raises(ValueError, match="a policy alone, or an algorithm and a question"):
            gs.check("pi < 1", *arguments)
