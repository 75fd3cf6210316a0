"""Formulas are read as what they mean, and refused with a reason where they mean nothing."""

from __future__ import annotations

import pytest
from sympy import (
    Abs,
    Expr,
    Integer,
    Max,
    Min,
    Rational,
    Symbol,
    acos,
    asin,
    asinh,
    atanh,
    binomial,
    cosh,
    erf,
    exp,
    log,
    oo,
    sign,
    sinh,
    sqrt,
    sstr,
    tanh,
)

from grpo_symbolic.grammar import plain
from grpo_symbolic.grammar.statement import Comparison, Direction, LimitValue, statements
from grpo_symbolic.symbols import (
    CATALOGUE,
    G,
    beta,
    epsilon,
    gamma,
    gap,
    pi,
    pi_ref,
    policy,
    reference,
    sigma,
    success,
)

ONE = Integer(1)
ROOT = (1 - beta + sqrt((1 - beta) ** 2 + 4 * beta * pi_ref)) / 2

READ: list[tuple[str, Expr]] = [
    ("(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2", ROOT),
    ("1/2 - β/2 + sqrt((1 - β)^2 + 4·β·π_ref)/2", ROOT),
    (r"\frac{1}{2}(1-\beta+\sqrt{(1-\beta)^2+4\beta\pi_{ref}})", ROOT),
    (r"\tfrac12\left(1-\beta+\sqrt{\left(1-\beta\right)^{2}+4\,\beta\,\pi_{\mathrm{ref}}(a)}\right)",
     ROOT),
    (r"$\frac12 \bigl[1 - \beta + \{(1-\beta)^2 + 4\beta\pi_{\text{ref}}(a\mid q)\}^{1/2}\bigr]$",
     ROOT),
    (r"\frac{1-\beta+\sqrt[2]{(1-\beta)(1-\beta)+4\beta\cdot\pi_{\rm ref}}}{2}.", ROOT),
    ("0.1", Rational(1, 10)),
    ("1e-3 + .5", Rational(501, 1000)),
    ("-beta**2", -(beta**2)),
    ("(-beta)**2", beta**2),
    ("2**-1", Rational(1, 2)),
    ("2**3**2", Integer(512)),
    ("1/2/3", Rational(1, 6)),
    ("1 - 2 - 3", Integer(-4)),
    ("beta/gamma*pi", beta / gamma * pi),
    ("--1", ONE),
    ("+1 - -1", Integer(2)),
    (r"-\beta^2", -(beta**2)),
    (r"\beta^{-1}", 1 / beta),
    (r"2\beta\gamma", 2 * beta * gamma),
    (r"\frac\beta\gamma", beta / gamma),
    (r"\frac12", Rational(1, 2)),
    (r"\begin{aligned} \beta & + 1 \\ &\quad - \gamma \end{aligned}", beta + 1 - gamma),
    (r"\frac{1}{2}\frac{3}{4}", Rational(3, 8)),
    (r"p\,(1-p)", pi * (1 - pi)),
    (r"\pi(1-\pi)", pi * (1 - pi)),
    (r"\pi(a)(1-\pi(a))", pi * (1 - pi)),
    (r"\pi_\theta(a|q)\pi_{\theta}(b|q)", pi * (1 - pi)),
    (r"\pi^*(a)^2", pi**2),
    (r"\pi^{\star}", pi),
    (r"\pi_{ref}^2", pi_ref**2),
    (r"\pi_{\mathrm{ref}}(b)", 1 - pi_ref),
    ("pi(b) + pi_ref(a)", 1 - pi + pi_ref),
    (r"\pi(2) + \pi_{ref}(3)", policy(2) + reference(3)),
    ("pi_2 + pi_ref_3", policy(2) + reference(3)),
    (r"|1-\beta| + \left|\gamma - 2\right|", Abs(1 - beta) + 2 - gamma),
    (r"\max\{1-\beta, \pi_{ref}\}", Max(1 - beta, pi_ref)),
    (r"\min\left(\beta, 1\right)", Min(beta, 1)),
    (r"e^{-\beta/2}", exp(-beta / 2)),
    (r"e^\beta", exp(beta)),
    (r"\exp(-\frac{1}{\beta}) \ln \pi", exp(-1 / beta) * log(pi)),
    (r"\log\frac{\pi}{1-\pi}", log(pi / (1 - pi))),
    (r"\log \pi(a) - \log\left(1-\pi(a)\right)", log(pi) - log(1 - pi)),
    (r"\sqrt[3]{\beta} + \sqrt2", beta ** Rational(1, 3) + sqrt(2)),
    (r"\operatorname{erf}(\Delta) + \tanh(\Delta/2)", erf(gap) + tanh(gap / 2)),
    (r"s_a - s_{b} + \varepsilon\sigma G", success[0] - success[1] + epsilon * sigma * G),
    ("root(beta, 3) + cbrt(beta)", 2 * beta ** Rational(1, 3)),
    ("Rational(1, 3)", Rational(1, 3)),
    ("binomial(5, 2)", Integer(10)),
    ("E**2", exp(2)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), READ)
def test_formulas_mean_what_they_say(text: str, meaning: Expr) -> None:
    (found,) = statements(text)
    assert isinstance(found, Comparison)
    assert found.left == pi
    assert found.relation == "=="
    point = {s: Rational(k + 2, 23) for k, s in enumerate(sorted(meaning.free_symbols, key=str))}
    assert found.right.free_symbols == meaning.free_symbols
    gap_between = (found.right - meaning).subs(point).n(40)
    assert abs(gap_between) < 1e-35


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("pi >= beta", ">="),
        ("pi ≥ beta", ">="),
        ("pi = beta", "=="),
        ("pi == beta", "=="),
        ("pi != beta", "!="),
        (r"\pi \le \beta", "<="),
        (r"\pi(a) &\leqslant \beta", "<="),
        (r"\pi \neq \beta", "!="),
        (r"\pi < \beta", "<"),
        (r"\pi \gt \beta", ">"),
    ],
)
def test_relations(text: str, relation: str) -> None:
    assert statements(text) == (Comparison(pi, relation, beta),)


def test_chains_are_several_relations() -> None:
    first, second = statements(r"\pi_{ref} < \pi(a) \le 1")
    assert first == Comparison(pi_ref, "<", pi)
    assert second == Comparison(pi, "<=", ONE)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("limit(pi, beta, 0) = 1", LimitValue(pi, beta, Integer(0), "", "==", ONE)),
        ("at(pi, beta, 1) = 1", Comparison(pi, "==", ONE, given=((beta, ONE),))),
        (r"\left. \beta\pi(a) \right|_{\beta = 1} > 0",
         Comparison(beta * pi, ">", Integer(0), given=((beta, ONE),))),
        ("1 = limit(pi, beta, 0, +)", LimitValue(pi, beta, Integer(0), "+", "==", ONE)),
        (r"\lim_{\beta \to 0^+} \pi(a) = 1", LimitValue(pi, beta, Integer(0), "+", "==", ONE)),
        (r"\lim_{\beta\rightarrow\infty}\pi_\theta(a|q) = \pi_{ref}",
         LimitValue(pi, beta, oo, "", "==", pi_ref)),
        (r"\lim_{\beta\to 1/2^{-}} \pi \ge 0",
         LimitValue(pi, beta, Rational(1, 2), "-", ">=", Integer(0))),
        ("increasing(pi, pi_ref)", Direction(pi, pi_ref, ">", False)),
        ("decreasing(pi, beta)", Direction(pi, beta, "<", False)),
        ("diff(pi, beta) < 0", Direction(pi, beta, "<")),
        (r"\partial\pi(a)/\partial\beta < 0", Direction(pi, beta, "<")),
        (r"0 > \frac{\partial \pi(a)}{\partial \beta}", Direction(pi, beta, "<")),
    ],
)  # fmt: skip
def test_limits_and_directions(text: str, meaning: object) -> None:
    assert statements(text) == (meaning,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("9**9**9", "exponents"),
        ("2**(2**(2**20))", "exponents"),
        ("10**64**64", "exponents"),
        ("((9**64)**64)**64", "too large"),
        ("1e99999999", "powers of ten"),
        ("9" * 2000, "digits"),
        ("binomial(10**6, 5*10**5)", "binomial"),
        ("factorial(10**9)", "not a function"),
        ("exp(exp(exp(100)))", "exponentials"),
        ("((pi**64 + 1)**64 + 1)**64", "powers of powers"),
        ("(" * 5000 + ")" * 5000, "deep"),
        ("-" * 9000 + "1", "deep"),
        ("1" + "+1" * 4900, "parts"),
        ("x" * 1_000_000, "10000 characters"),
        (r"\frac" * 2000, "deep|missing|expected"),
        ("pi.real", "no meaning"),
        ("pi.__class__.__bases__", "no meaning"),
        ("__import__('os').system('ls')", "no meaning"),
        ("__import__(os)", "not a function"),
        ("eval(pi)", "not a function"),
        ("lambda: 1", "no meaning"),
        ("pi[0]", "no meaning"),
        ("pi if pi else pi", "operator is missing"),
        ("f'{pi}'", "no meaning"),
        ("pi; beta", "no meaning"),
        ("2 beta", "operator is missing"),
        ("zeta(beta)", "not a function"),
        ("zeta + 1", "not known"),
        ("pi = ", "expected"),
        ("pi == == 1", "expected"),
        ("(1 + beta", "missing"),
        ("1 + beta)", "bracket too many"),
        ("1/0", "zero"),
        ("0**-1", "zero"),
        ("sqrt(-1)", "real"),
        ("oo - oo", "finite"),
        ("pi = oo", "limits"),
        ("sqrt(1, 2)", "1 argument"),
        ("limit(pi, beta, 0)", "compare"),
        ("at(pi, beta, 1)", "compare"),
        ("at(pi, beta, 1) = beta", "another"),
        (r"\left.\pi\right| = 1", "missing"),
        ("1 + limit(pi, beta, 0) = 2", "inside"),
        ("diff(pi, beta) < 1", "compared with 0"),
        ("increasing(pi, 2)", "parameter"),
        (r"\input{/etc/passwd}", "not a command"),
        (r"\write18{ls}", "not a command"),
        (r"\def\x{\x\x}\x", "not a command"),
        (r"\pi/2\beta", "ambiguous"),
        (r"\log \beta \gamma", "ambiguous"),
        (r"\tanh\frac{1}{2}\beta", "ambiguous"),
        (r"\log\frac12 (1 - \beta)", "ambiguous"),
        (r"\beta 2", "cdot"),
        (r"\beta^23", "cdot"),
        ("p(1-p)", "product needs"),
        (r"\pi_{old}", "policy 'old'"),
        (r"\log^2 \beta", "indices"),
        (r"\pi'", "derivatives"),
        (r"\operatorname{system}(1)", "not a function"),
        (r"\frac{1}", "expected"),
        (r"\begin{aligned} \beta &= 1 \\ \gamma &= 2 \end{aligned}", "no meaning"),
        (r"\begin{document}", "not a command"),
        (r"\sqrt", "expected"),
        (r"\beta^2^3", "braces"),
        (r"\beta 1.2.3", "cdot|number"),
        ("\x00", "no meaning"),
        ("π²", "no meaning"),
    ],
)
def test_what_is_no_formula_is_refused_in_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        statements(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("value", [None, 3, b"pi", ["pi"], beta])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(ValueError, match="text"):
        statements(value)  # type: ignore[arg-type]


def test_errors_point_at_the_place() -> None:
    with pytest.raises(ValueError, match=r"character 12, near 'zeta'"):
        statements("1 + beta + zeta")


def test_the_number_pi_is_the_policy() -> None:
    assert plain.expression("pi") == pi
    assert plain.expression("pi").free_symbols == {pi}


BACK: list[Expr] = [
    ROOT,
    Rational(-3, 7) * beta ** Rational(2, 3) / sqrt(pi_ref),
    sqrt(2) * sqrt(pi * (1 - pi)) / (3 * beta**2),
    log(pi / (1 - pi)) - log(pi_ref) + exp(-gamma / (2 * beta)),
    exp(1) * exp(2) ** beta,
    erf(gap / (sqrt(2) * sigma)) + Abs(beta - gamma) * sign(beta - gamma),
    Max(pi_ref, 1 - beta) - Min(gamma, beta, 1),
    asin(sqrt(pi)) + acos(pi) + asinh(beta) + tanh(gap / 2) + sinh(beta) * cosh(beta),
    2 * asinh(beta) - 2 * sqrt(1 + beta**2) / beta + atanh(pi_ref / 2),
    binomial(G, 2) * pi**3 * (1 - pi) ** Rational(-5, 2),
    1 / (1 + 1 / (1 + 1 / (1 + beta))),
    (sqrt(3) - (2 * sqrt(3) - 3) * pi * (1 - pi)) * (1 - 2 * pi),
    pi ** (1 / beta) * gamma ** (-beta),
]


@pytest.mark.parametrize("expr", BACK, ids=str)
def test_what_sympy_prints_is_read_back(expr: Expr) -> None:
    assert plain.expression(sstr(expr)) == expr


def test_names_are_given_by_the_caller() -> None:
    a, b = Symbol("alpha"), Symbol("Q", positive=True)
    assert plain.expression("alpha**2/Q", {"alpha": a, "Q": b}) == a**2 / b
    with pytest.raises(ValueError, match="'beta' is not known; known are alpha, Q"):
        plain.expression("beta", {"alpha": a, "Q": b})


def test_every_symbol_of_the_catalogue_has_its_name() -> None:
    for quantity in CATALOGUE:
        assert plain.expression(quantity.symbol.name) == quantity.symbol
