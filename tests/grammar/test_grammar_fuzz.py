"""Hostile text: nothing is executed, nothing but ValueError is raised, and nothing takes long."""

from __future__ import annotations

import builtins
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grpo_symbolic.grammar.build import FUNCTIONS, STATEMENTS
from grpo_symbolic.grammar.statement import statements
from grpo_symbolic.work import limited

#: Work that any text may cost, in steps.
LONGEST = 1_000_000
TOTAL = {"inputs": 0, "read": 0}

HOSTILE = [
    "__import__('os').system('echo {}')",
    "().__class__.__base__.__subclasses__()",
    "pi.__init__.__globals__",
    "[x for x in ().__class__.__bases__]",
    "exec('import os')",
    "eval('1')",
    "open('/etc/passwd').read()",
    "lambda x: x",
    "getattr(pi, 'real')",
    "globals()",
    "breakpoint()",
    "9**9**9**9",
    "(9**64)**64",
    "1e1000000000",
    "0." + "0" * 900 + "1",
    "9" * 999 + "**64",
    "sqrt(" * 39 + "9" * 60 + ")" * 39,
    "exp(" * 30 + "9" + ")" * 30,
    "log(" * 39 + "beta" + ")" * 39,
    "Abs(" * 39 + "beta - 1" + ")" * 39,
    "tanh(" * 39 + "beta - gamma" + ")" * 39,
    "erf(asin(sqrt(log(" * 9 + "beta - gamma" + "))))" * 9,
    "Max(" * 30 + "beta, gamma" + ", pi)" * 30,
    "*".join(f"(beta + {k})**{1 + k % 60}" for k in range(15)),
    "+".join(f"sqrt({k}*beta + {k + 1})" for k in range(300)),
    "*".join(f"sqrt({10**40 + k})" for k in range(300)),
    "+".join(f"{k}**(1/{k % 60 + 2})" for k in range(2, 500)),
    "*".join(f"{10**300 + k}" for k in range(30)),
    "sqrt(" + "+".join(f"1/(beta + {k})" for k in range(400)) + ")",
    "log(" + "*".join(f"(beta - {k})" for k in range(400)) + ")",
    "Abs(" + "*".join(f"(beta - {k})" for k in range(400)) + ")",
    "sign(" + "+".join(f"(-1)**{k % 2}*beta**{k % 64}" for k in range(400)) + ")",
    "Max(" + ", ".join(f"sqrt(beta - {k})" for k in range(8)) + ")",
    "exp(log(beta)*" + "9" * 900 + ")",
    "(" * 9_999,
    ")" * 9_999,
    "-" * 9_999,
    "pi**" * 2_000,
    "1/" * 3_000 + "pi",
    "pi<" * 2_000 + "1",
    "=" * 9_999,
    " " * 9_999,
    " " * 9_998 + "$",
    "x" * 9_999,
    "e" * 9_999,
    "." * 9_999,
    "1." * 4_000,
    "|" * 9_999,
    r"\frac" * 1_900,
    r"\frac{" * 1_600,
    r"\sqrt[" * 1_600,
    r"\left(" * 1_600,
    r"\pi_" * 2_400,
    r"\pi^" * 2_400,
    r"\pi^*" * 2_400,
    r"\mathrm" * 1_400,
    r"\pi_{" + r"\text{" * 1_500,
    r"\max\{" * 1_600,
    r"\lim_{" * 1_600,
    r"\lim_{\beta\to" * 700,
    r"\partial" * 1_200,
    r"\log" * 2_400,
    r"e^" * 4_900,
    r"e^{" * 3_000,
    r"\newcommand{\x}{\x\x}\x",
    r"\input{/etc/passwd}",
    r"\immediate\write18{ls}",
    r"\catcode`\@=11",
    r"\begin{align} x \end{align}",
    "\\" * 9_999,
    "%" * 9_999,
    "\ud800",
    "\u202epi",
    "𝜋 = 𝛽",
    "\x00\x01\x02",
    "١٢٣",
    "²³",
    "１＋１",
    "pi\n=\nbeta",
    "{}" * 4_000,
    "${}" * 3_000,
    "a" * 100 + "(" * 100,
    "pi(a" + "|q" * 4_000 + ")",
    r"\pi(" + "1" * 9_000 + ")",
    "pi_" + "1" * 9_000,
]

VOCABULARY = r"""0 1 2 9 64 65 0.5 1e9 ( ) [ ] { } , + - * / ** ^ = < > <= >= != | _ & $ ~ ' e a b q
    p x pi pi_ref beta gamma G gap epsilon s_a pi_1 pi_ref_2 oo E sqrt exp log Abs Max Min erf
    tanh asin sign root cbrt binomial Rational limit diff increasing decreasing os . __class__
    \pi \beta \gamma \pi_{ref} \pi(a) \pi_\theta \frac \tfrac \sqrt \log \ln \exp \cdot
    \left \right \le \geq \neq \max \{ \} \lim_{\beta\to \infty \partial \mathrm \text
    \mid | \bigl \, \operatorname{erf} e^{ ^2 ^* _{ \pi(b|q) \unknown"""
WORDS = VOCABULARY.split()


# SymPy imports parts of itself on first use, which executes their modules.
for function in sorted(FUNCTIONS - {*STATEMENTS, "root", "binomial", "Rational"}):
    statements(f"{function}(beta - gamma) + {function}(1/3) + root(5, 3) + binomial(5, G)")


@contextmanager
def nothing_executed() -> Iterator[None]:
    """Every way to run code or a command raises while a text is read."""

    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("text of a user was executed")

    doors = [(builtins, "eval"), (builtins, "exec"), (builtins, "compile"), (builtins, "open"),
             (os, "system"), (subprocess, "Popen")]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in doors:
            patch.setattr(owner, name, forbidden)
        yield


def read(text: str) -> None:
    sentence = None
    with nothing_executed():
        try:
            assert limited(statements, text, steps=LONGEST)
        except ValueError as error:
            sentence = str(error)
    if sentence is not None:
        assert 0 < len(sentence) < 1500
        assert "\n" not in sentence
    TOTAL["read"] += sentence is None
    TOTAL["inputs"] += 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text(text: str) -> None:
    read(text)


def token_soup() -> None:
    """Random sequences of what formulas are made of: most of the parser's branches."""
    rng = random.Random(2502)
    for _ in range(7_500):
        count = rng.choice((1, 2, 3, 5, 8, 13, 30))
        joint = rng.choice(("", " "))
        read(joint.join(rng.choice(WORDS) for _ in range(count)))


RIGHT = [
    "(1 - beta/gamma + sqrt((1 - beta/gamma)**2 + 4*beta*pi_ref/gamma))/2",
    "limit(pi, beta, 0) = 1",
    r"\pi(a) = \frac{1}{2}(1-\beta+\sqrt{(1-\beta)^2+4\beta\pi_{\mathrm{ref}}(a \mid q)})",
    r"\frac{\pi_{ref} e^{\gamma/(2\beta)}}{1 + |\log\frac{\pi(a)}{\pi(b)}|} \ge \max\{0, 1-\beta\}",
    r"\lim_{\beta \to 0^+} \pi_\theta(a|q) = \sqrt[3]{1}",
]


def damaged_formulas() -> None:
    """Characters deleted, repeated, swapped and replaced."""
    rng = random.Random(18548)
    for _ in range(3_000):
        text = list(rng.choice(RIGHT))
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(text))
            kind = rng.randrange(4)
            if kind == 0 and len(text) > 1:
                del text[place]
            elif kind == 1:
                text.insert(place, text[rng.randrange(len(text))])
            elif kind == 2:
                text[place] = chr(rng.choice((rng.randrange(32, 127), rng.randrange(1, 70_000))))
            else:
                text[place:place] = text[place : place + rng.randint(1, 30)]
        read("".join(text))


@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200) | st.text("()^_{}\\pibetagrf0123456789*/+-=<>|, .", max_size=80))
def any_text(text: str) -> None:
    read(text)


ATOMS = st.sampled_from(["beta", "gamma", "pi_ref", "pi", "2", "3/7", "0.25", "G", "0", "oo"])
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(
            lambda t: f"({t[0]}){t[1]}({t[2]})"
        ),
        st.tuples(
            st.sampled_from(
                ["sqrt", "exp", "log", "Abs", "erf", "tanh", "sign", "asin", "atanh", "cbrt"]
            ),
            inner,
        ).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["Max", "Min", "root", "binomial"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
    ),
    max_leaves=25,
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def well_formed_trees(text: str) -> None:
    read(text)


def test_nothing_but_a_sentence_comes_of_any_text() -> None:
    """More than 10,000 inputs, some of which are formulas, in one process."""
    TOTAL.update(inputs=0, read=0)
    for fuzz in (token_soup, damaged_formulas, any_text, well_formed_trees):
        fuzz()
    assert TOTAL["inputs"] >= 10_000
    assert TOTAL["read"] >= 500
