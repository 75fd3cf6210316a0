"""Notation: the same formulas under other names, and never two quantities under one name."""

import ast
import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Expr, Symbol, exp, log, sqrt

import derivations
import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.export.notation import Notation as Moved

VY = Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y", context="x")
LONG = Notation(pi=r"\pi_\theta", context="q")
SHORT = Notation.short()
DPO = Notation(
    answer="y_w", other="y_l", context="x", reward="R", group_size="K", epsilon=r"\delta"
)
SWAPPED = Notation(beta=r"\gamma", gamma=r"\beta")
NOTATIONS = {"vy": VY, "long": LONG, "short": SHORT, "dpo": DPO, "swapped": SWAPPED}

PAIRS = (
    r"\pi(a) = \frac{1}{2}\left(1 - \frac{\beta}{\gamma} + \sqrt{\left(1 - "
    r"\frac{\beta}{\gamma}\right)^{2} + 4 \frac{\beta}{\gamma} \pi_{\mathrm{ref}}(a)}\right)"
)


def written() -> list[str]:
    """Every string in the files of the derivations: statements, titles, reasons, claims."""
    found = set()
    for file in Path(derivations.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return sorted(found)


def test_one_class_under_all_its_names() -> None:
    assert gs.Notation is Notation is Moved


def test_the_default_notation_changes_no_string() -> None:
    texts = written()
    assert sum("$" in text for text in texts) > 100
    for text in texts:
        assert Notation().rewritten_text(text) == text
        assert Notation().rewritten(text) == text


@settings(max_examples=300)
@given(st.text(alphabet=r"\pi_{}()ab$oGPds^'e=rx1 \mathrm|,", max_size=40))
def test_the_default_notation_changes_no_text_at_all(text: str) -> None:
    assert Notation().rewritten(text) == text
    assert Notation().rewritten_text(text) == text


def test_the_published_formula_in_the_notation_of_another_paper() -> None:
    """(14) with the names that V&Y's readers of alignment papers use."""
    policy = gs.stationary_policy(gs.GRPO(), gs.BinaryQuestion(margin=s.gamma))
    expected = (
        r"\pi(y \mid x) = \frac{1}{2}\left(1 - \frac{\lambda}{\gamma} + \sqrt{\left(1 - "
        r"\frac{\lambda}{\gamma}\right)^{2} + 4 \frac{\lambda}{\gamma} \mu(y \mid x)}\right)"
    )
    assert policy.latex(VY) == expected == VY.rewritten(PAIRS)
    assert policy.latex(SHORT) == PAIRS.replace(r"\pi(a)", "p").replace(
        r"\pi_{\mathrm{ref}}(a)", "p_0"
    )


@pytest.mark.parametrize(
    ("tex", "vy", "long", "short"),
    [
        (r"\pi(a)", r"\pi(y \mid x)", r"\pi_\theta(a \mid q)", "p"),
        (r"\pi(b)", r"\pi(y' \mid x)", r"\pi_\theta(b \mid q)", "p(b)"),
        (r"\pi_{\mathrm{ref}}(2)", r"\mu(2 \mid x)", r"\pi_{\mathrm{ref}}(2 \mid q)", "p_0(2)"),
        (
            r"\pi_{\mathrm{old}}(o)",
            r"\pi_{\mathrm{old}}(o \mid x)",
            r"\pi_{\mathrm{old}}(o \mid q)",
            r"p_{\mathrm{old}}(o)",
        ),
        (r"P(a \mid \pi)", r"P(y \mid \pi)", r"P(a \mid \pi_\theta)", r"P(a \mid p)"),
        (r"P_G(b\mid\pi)", r"P_G(y'\mid\pi)", r"P_G(b\mid\pi_\theta)", r"P_G(b\mid p)"),
        ("d(a)-d(b)", "d(y)-d(y')", "d(a)-d(b)", "d(a)-d(b)"),
        ("s_a-s_b", "s_y-s_{y'}", "s_a-s_b", "s_a-s_b"),
        (r"\tilde r(a)", r"\tilde r(y)", r"\tilde r(a)", r"\tilde r(a)"),
        # a policy times a bracket is no policy with an argument
        (r"\pi(1-P/\beta)", r"\pi(1-P/\lambda)", r"\pi_\theta(1-P/\beta)", r"p(1-P/\beta)"),
        (r"\mathrm{E}_\pi r", r"\mathrm{E}_\pi r", r"\mathrm{E}_{\pi_\theta} r", r"\mathrm{E}_p r"),
        (r"\log\pi(a)", r"\log\pi(y \mid x)", r"\log\pi_\theta(a \mid q)", r"\log p"),
        # letters of a derivation give way to chosen names; subscripts and words stay
        (r"\lambda x y", r"\nu \chi \bar{y}", r"\lambda x y", r"\lambda x y"),
        (r"\sqrt y", r"\sqrt {\bar{y}}", r"\sqrt y", r"\sqrt y"),
        (r"\beta_x", r"\lambda_\chi", r"\beta_x", r"\beta_x"),
        (r"\mathrm{max}_x", r"\mathrm{max}_\chi", r"\mathrm{max}_x", r"\mathrm{max}_x"),
        ("a", "y", "a", "a"),
        ("1+a", "1+a", "1+a", "1+a"),
        (r"a \succ b", r"y \succ y'", r"a \succ b", r"a \succ b"),
    ],
)
def test_names_are_rewritten_token_by_token(tex: str, vy: str, long: str, short: str) -> None:
    assert VY.rewritten(tex) == vy
    assert LONG.rewritten(tex) == long
    assert SHORT.rewritten(tex) == short


def test_names_are_exchanged_all_at_once() -> None:
    assert SWAPPED.rewritten(r"\beta/\gamma") == r"\gamma/\beta"
    assert Notation(group_size=r"\kappa").rewritten("Gx^G") == r"\kappa x^\kappa"
    assert Notation(beta=r"\beta_0").rewritten(r"\sqrt\beta+\beta_c+\frac\beta2") == (
        r"\sqrt{\beta_0}+{\beta_0}_c+\frac{\beta_0}2"
    )


def test_prose_is_rewritten_in_its_formulas_only() -> None:
    text = r"the weight beta of a: $\beta$, for \(\pi(a)\) and $a$; \emph{x}"
    assert VY.rewritten_text(text) == (
        r"the weight beta of a: $\lambda$, for \(\pi(y \mid x)\) and $y$; \emph{x}"
    )
    block = r"\begin{align*} \intertext{as $\beta$ in x:} \beta &= x \end{align*}"
    assert VY.rewritten_text(block) == (
        r"\begin{align*} \intertext{as $\lambda$ in x:} \lambda &= \chi \end{align*}"
    )
    assert SHORT.rewritten_text(r"with $p=\pi(a)$, $p=\frac12$") == r"with $p$, $p=\frac12$"


QUANTITIES = [
    *(q.symbol for q in s.CATALOGUE),
    s.policy(1),
    s.reference(2),
    s.reward(3),
    Symbol("y", positive=True),
    Symbol("Q", positive=True),
    Symbol("q"),
]


@pytest.mark.parametrize("name", NOTATIONS)
def test_no_two_quantities_are_printed_alike(name: str) -> None:
    """But for those that are printed alike in the default notation already."""
    notation = NOTATIONS[name]
    for one, two in combinations(QUANTITIES, 2):
        if formula(one) != formula(two):
            assert formula(one, notation) != formula(two, notation), (one, two)


def expressions() -> list[Expr]:
    a, b = s.pi, s.pi_ref
    return [
        s.beta * (a - b) / s.gamma,
        sqrt(a * (1 - a)) / s.beta + log(b / a) * exp(s.gap / s.beta),
        Eq(s.preferences[0] - s.beta * s.marginals[0], s.multiplier, evaluate=False),
        (s.success[0] - s.success[1]) ** 2 * s.epsilon / s.G,
        s.policy(1) ** 2 * s.reference(2) * (s.reward(1) - s.reward(2)) * s.base_reward,
        s.x * s.t**2 + s.k * s.u + s.sigma,
        Symbol("y", positive=True) ** 2 + sqrt(Symbol("y", positive=True)),
    ]


@pytest.mark.parametrize("name", NOTATIONS)
def test_printing_in_a_notation_is_printing_and_then_rewriting(name: str) -> None:
    """Two routes: names given to the printer, and names put into the finished TeX."""
    notation = NOTATIONS[name]
    for expr in expressions():
        assert formula(expr, notation) == notation.rewritten(formula(expr))


@pytest.mark.parametrize("name", NOTATIONS)
def test_words_in_subscripts_are_upright(name: str) -> None:
    notation = NOTATIONS[name]
    policy = gs.stationary_policy(gs.GRPO(), gs.BinaryQuestion())
    shown = policy.derivation.latex(notation) + policy.latex(notation)
    assert not re.search(r"_\{?(?:ref|old)", shown)
    assert not re.search(r"(?<!\\mathrm\{)\b(?:ref|old)\}", shown)


def test_secondary_names_step_aside() -> None:
    names = Notation(beta=r"\lambda", context="k", answer="t", pi="P").names()
    assert names[s.beta] == r"\lambda"
    assert names[s.multiplier] == r"\nu"
    assert names[s.k] == r"\kappa"
    assert names[s.t] == r"\vartheta"
    assert names[s.preferences[0]] == r"\mathcal{P}(t \mid P)"
    assert Notation(beta=r"\lambda", multiplier="m").names()[s.multiplier] == "m"


def test_further_names_are_given_in_the_default_notation() -> None:
    loss = Symbol("loss")
    notation = Notation(answer="y", pi="p", extra={loss: r"1-\pi(a)"})
    assert formula(loss, notation) == "1-p(y)"


@pytest.mark.parametrize(
    "names",
    [
        {"beta": r"\gamma"},
        {"pi": r"\pi_{\mathrm{ref}}"},
        {"answer": "x", "context": "x"},
        {"answer": "b", "other": "b"},
        {"beta": "G"},
        {"multiplier": r"\beta"},
        {"pi_ref": r"\pi"},
        {"beta": "a"},
    ],
)
def test_names_that_collide_are_refused(names: dict[str, str]) -> None:
    alike = r"must not be printed alike: \w+ and \w+ are both \S+; give"
    with pytest.raises(ValueError, match=alike):
        Notation(**names)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "$x$",
        "50%",
        "x\n",
        "{x",
        "x}",
        "}{",
        "a+b",
        "x & y",
        "#1",
        "x_",
        "^2",
        "\\",
        3,
        None,
    ],
)
def test_what_is_no_name_is_refused_in_one_sentence(value: object) -> None:
    with pytest.raises(ValueError, match=r"\Abeta must be a name in TeX, [^\n]*, got ") as error:
        Notation(beta=value)
    assert repr(value) in str(error.value)


def test_the_number_e_is_not_for_sale() -> None:
    with pytest.raises(ValueError, match="beta must not be e"):
        Notation(beta="e")
    with pytest.raises(ValueError, match="arguments must be"):
        Notation(arguments="short")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "mend"),
    [
        ({"answer": "y^+"}, r"write y\^\{\+\}"),
        ({"beta": "b_-"}, r"write b_\{-\}"),
        ({"beta": r"\gamma"}, r"give gamma another name, such as gamma="),
    ],
)
def test_a_refused_name_comes_with_one_that_will_do(names: dict[str, str], mend: str) -> None:
    with pytest.raises(ValueError, match=mend) as refused:
        Notation(**names)
    written = re.search(r"(?:write |=)(\S+)\Z", str(refused.value))
    assert written is not None
    name = "gamma" if "gamma=" in str(refused.value) else next(iter(names))
    Notation(**{**names, name: written[1]})


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (r"\write18{ls}", r"\write does something else"),
        (r"\input{/etc/passwd}", r"\input does something else"),
        (r"\mathrm{\def\x{}}", r"\def does something else"),
        (r"\end{document}", r"\end does something else"),
        (r"\iffalse", r"\iffalse does something else"),
        (r"\mathrm{" + "x" * 300 + "}", "up to 200 characters"),
        ("7", "no number"),
        ("f", "a meaning of its own"),
        ("h", "a meaning of its own"),
    ],
)
def test_a_name_does_nothing_but_name(name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Notation(beta=name)


@pytest.mark.parametrize("name", [r"\mathit{in}", r"\lettersym", r"\eta", r"\parallel", r"\orbit"])
def test_a_name_may_begin_as_a_command_does(name: str) -> None:
    assert Notation(beta=name).beta == name
