"""LaTeX: exact strings of the published formulas, and a round trip through a small reader."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Abs, Eq, Expr, Rational, Symbol, exp, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.symbols import CATALOGUE, beta, gamma, pi, pi_ref, u


class Reader:
    """The value of a formula in TeX: fractions, roots, powers, logarithms, products."""

    def __init__(self, tex: str, values: dict[str, float]) -> None:
        names = sorted(values, key=len, reverse=True)
        pattern = "|".join(
            [
                *(re.escape(name) for name in names),
                r"\\left[(|]",
                r"\\right[)|]",
                r"\\[a-z]+",
                r"\d+",
                r"[-+/^{}()e\[\]]",
            ]
        )
        self.tokens = re.findall(pattern, tex)
        assert "".join(self.tokens) == tex.replace(" ", ""), f"unread characters in {tex}"
        self.values = values
        self.at = 0

    def value(self) -> float:
        found = self.sum()
        assert self.at == len(self.tokens), f"unread: {self.tokens[self.at :]}"
        return found

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert token, "the formula ends too early"
        assert not expected or token == expected, (expected, token, self.at)
        self.at += 1
        return token

    def sum(self) -> float:
        total = 0.0
        sign = 1.0
        if self.peek() in ("-", "+"):
            sign = -1.0 if self.take() == "-" else 1.0
        total += sign * self.quotient()
        while self.peek() in ("+", "-"):
            sign = -1.0 if self.take() == "-" else 1.0
            total += sign * self.quotient()
        return total

    def quotient(self) -> float:
        found = self.product()
        while self.peek() == "/":
            self.take()
            found /= self.power()
        return found

    def product(self) -> float:
        found = self.power()
        while self.peek() not in ("", "+", "-", "/", "}", ")", "]", r"\right)", r"\right|"):
            found *= self.power()
        return found

    def power(self) -> float:
        found = self.primary()
        if self.peek() == "^":
            self.take()
            found = found ** self.group()
        return found

    def group(self) -> float:
        self.take("{")
        found = self.sum()
        self.take("}")
        return found

    def primary(self) -> float:
        token = self.take()
        if token in self.values:
            return self.values[token]
        if token.isdigit():
            return float(token)
        if token == "e":
            return math.e
        if token == r"\frac":
            above = self.group()
            return above / self.group()
        if token == r"\sqrt":
            index = 2.0
            if self.peek() == "[":
                self.take()
                index = self.sum()
                self.take("]")
            return self.group() ** (1 / index)
        if token == r"\log":
            power = 1.0
            if self.peek() == "^":
                self.take()
                power = self.group()
            return math.log(self.primary()) ** power
        if token in (r"\left(", "("):
            found = self.sum()
            self.take(r"\right)" if token == r"\left(" else ")")
            return found
        if token == "{":
            self.at -= 1
            return self.group()
        if token == r"\left|":
            found = abs(self.sum())
            self.take(r"\right|")
            return found
        raise AssertionError(f"unexpected {token!r} in {self.tokens}")


POINT = {beta: Rational(17, 10), gamma: Rational(3, 5), pi: Rational(7, 9), pi_ref: Rational(2, 7)}
POINT |= {u: Rational(5, 3), symbols.gap: Rational(9, 4)}
VALUES = {q.tex: float(POINT[q.symbol]) for q in CATALOGUE if q.symbol in POINT}


def assert_balanced(tex: str) -> None:
    """Braces nest, and each opening delimiter has its own closing one."""
    stack: list[str] = []
    closing = {"}": "{", r"\right": r"\left"}
    for token in re.findall(r"\\left|\\right|[{}]", tex):
        if token in closing:
            assert stack, f"closed too often: {tex}"
            assert stack.pop() == closing[token], f"crossed: {tex}"
        else:
            stack.append(token)
    assert not stack, f"left open: {tex}"


numbers = st.builds(Rational, st.integers(-4, 4), st.integers(1, 4))
leaves = st.one_of(st.sampled_from(sorted(POINT, key=str)), numbers)


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / (1 + b**2), inner, inner),
        st.builds(lambda a, b: a / b if b != 0 else a, inner, inner),
        st.builds(lambda a, k: a**k if a != 0 else a, inner, st.integers(-3, 3)),
        st.builds(lambda a: sqrt(1 + a**2), inner),
        st.builds(lambda a: sqrt(a**2), inner),
        st.builds(lambda a: log(2 + a**2), inner),
        st.builds(lambda a: exp(a), inner),
    )


expressions = st.recursive(leaves, _grow, max_leaves=6)


def _value(expr: Expr) -> float | None:
    value = expr.subs(POINT).evalf(30)
    if not (value.is_real and value.is_finite) or abs(value) > 10**30:
        return None
    return float(value)


def assert_round_trip(expr: Expr) -> None:
    expected = _value(expr)
    assert expected is not None
    tex = formula(expr)
    assert_balanced(tex)
    found = Reader(tex, VALUES).value()
    # Sums that cancel lose some digits in double precision.
    scale = max((abs(float(t.subs(POINT))) for t in expr.expand().args if t.is_number), default=0)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9 * max(1.0, scale)), tex


@settings(max_examples=250)
@given(expressions)
def test_random_expressions_read_back_to_their_value(expr: Expr) -> None:
    value = _value(expr)
    assume(value is not None and abs(value) < 1e12)
    assert_round_trip(expr)


@pytest.mark.parametrize(
    "expr",
    [
        log(beta) ** 2,
        beta * log(u) ** 3,
        1 / log(u) ** 2,
        log(u) * log(beta),
        log(u) * beta * exp(gamma),
        log(u**2 / beta) / 3,
        exp(-gamma / beta),
        exp(gamma / (2 * beta)) ** 3,
        exp(1 / beta) + exp(-1 / beta),
        sqrt(2) * beta / 2 - sqrt(3) * pi,
        sqrt(pi * (1 - pi)) / sqrt(beta),
        (pi - pi_ref) ** 2 / (pi * (1 - pi)),
        -((beta + 1) ** 2),
        2 ** (beta + 1),
        beta ** Rational(3, 2),
        beta ** Rational(-3, 2),
        beta ** Rational(1, 3),
        (beta + gamma) ** Rational(-1, 2),
        Rational(1, 2) * beta + Rational(1, 3) * gamma,
        Rational(-2, 3) * (beta + gamma),
        Rational(3, 2) * sqrt(2) * (beta - 1) * gamma,
        beta**gamma,
        (1 - pi) ** beta,
        pi_ref**2,
        beta * (beta + Rational(1, 2)),
        beta / ((beta + Rational(1, 2)) ** 2 + 1),
        (beta / 2 + Rational(1, 2)) * (gamma / 3 + pi),
        Abs(beta - 1) * gamma,
        1 - (1 - (1 - beta)),
        beta / gamma * pi_ref * (1 - pi_ref),
        7 * beta / (3 * gamma) * pi_ref,
    ],
    ids=str,
)
def test_layouts_read_back_to_their_value(expr: Expr) -> None:
    assert_round_trip(expr)


def test_the_reader_tells_values_apart() -> None:
    """What a wrong layout would look like does not pass for the right one."""
    assert Reader(r"\frac{\beta}{u} \gamma", VALUES).value() == pytest.approx(1.7 * 0.6 * 3 / 5)
    assert Reader(r"1 - \left(\beta - u\right)^{2}", VALUES).value() == pytest.approx(
        1 - (1.7 - 5 / 3) ** 2
    )
    assert Reader(r"e^{\gamma / (2 \beta)}", VALUES).value() == pytest.approx(math.exp(0.6 / 3.4))
    assert Reader(r"\log \frac{u}{2}", VALUES).value() != Reader(r"\log u", VALUES).value()


PAIRS = (
    r"\pi(a) = \frac{1}{2}\left(1 - \frac{\beta}{\gamma} + \sqrt{\left(1 - "
    r"\frac{\beta}{\gamma}\right)^{2} + 4 \frac{\beta}{\gamma} \pi_{\mathrm{ref}}(a)}\right)"
)
LARGE_BELOW = r"2 \left(1 + \beta^{2}\right)"


def policy_of_pairs() -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(), gs.BinaryQuestion(margin=symbols.gamma))


def policy_of_large_groups() -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(group_size=oo), gs.BinaryQuestion())


def test_pairs_are_printed_as_published() -> None:
    assert policy_of_pairs().latex() == PAIRS
    assert policy_of_pairs()._repr_latex_() == rf"$\displaystyle {PAIRS}$"


def test_large_groups_are_one_fraction() -> None:
    left, right = policy_of_large_groups().latex().split(" = ")
    assert left == r"\pi(a)"
    assert right.startswith(r"\frac{")
    assert right.endswith("{" + LARGE_BELOW + "}")
    assert right.count(r"\frac") == 1
    b, r = float(POINT[beta]), float(POINT[pi_ref])
    expected = (2 * b * b * r + 1 + math.sqrt(1 + 4 * b * b * r * (1 - r))) / (2 * (1 + b * b))
    assert Reader(right, VALUES).value() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("make", [policy_of_pairs, policy_of_large_groups])
def test_every_line_of_a_derivation_is_balanced(
    make: Callable[[], gs.StationaryPolicy],
) -> None:
    policy = make()
    assert_balanced(policy.derivation.latex())
    for step in policy.derivation:
        assert_balanced(step.latex())
        assert " = " in step.latex()
    block = policy.derivation.latex()
    assert block.startswith(r"\begin{align*}")
    assert block.endswith(r"\end{align*}")
    assert block.count("&=") == len(policy.derivation)


def test_notation_replaces_every_name() -> None:
    extra = Symbol("temperature", positive=True)
    notation = Notation(
        beta=r"\lambda",
        gamma="m",
        gap="D",
        pi="p",
        pi_ref=r"\mu",
        answer="y",
        context="q",
        extra={extra: r"\tau"},
    )
    shown = formula(Eq(pi, beta * gamma * symbols.gap * pi_ref * extra, evaluate=False), notation)
    assert shown.startswith(r"p(y \mid q) = ")
    for name in (r"\lambda", "m", "D", r"\mu(y \mid q)", r"\tau"):
        assert name in shown
    for name in (r"\beta", r"\gamma", r"\Delta", r"\pi", "temperature"):
        assert name not in shown
    assert policy_of_pairs().latex(Notation(gamma="m")) == PAIRS.replace(r"\gamma", "m")


def test_notation_does_not_change_the_value() -> None:
    tex = policy_of_pairs().latex(Notation(pi_ref=r"\mu", answer="y")).split(" = ")[1]
    values: dict[str, Any] = {**VALUES, r"\mu(y)": float(POINT[pi_ref])}
    original = Reader(PAIRS.split(" = ")[1], VALUES).value()
    assert Reader(tex, values).value() == pytest.approx(original, rel=1e-14)


def test_a_logarithm_of_a_sum_of_fractions_has_brackets() -> None:
    p, p0 = symbols.pi, symbols.pi_ref
    tex = formula(log(1 / (1 - p) - p0 / (1 - p)))
    assert tex.startswith(r"\log\left(")
    assert formula(log(p / (1 - p))) == r"\log \frac{\pi(a)}{1 - \pi(a)}"
