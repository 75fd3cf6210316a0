"""The kernel: it shares nothing with what it checks, accepts what holds, and nothing else."""

import ast
import json
import random
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import mpmath as mp
import pytest
from sympy import (
    Abs,
    Expr,
    Float,
    Integer,
    Lambda,
    Max,
    Min,
    Rational,
    S,
    Symbol,
    Tuple,
    acosh,
    asinh,
    atanh,
    binomial,
    cbrt,
    cosh,
    exp,
    log,
    oo,
    pi,
    preorder_traversal,
    sinh,
    sqrt,
    tanh,
)

import grpo_symbolic as gs
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.symbols import beta, k, pi_ref, t
from grpo_symbolic.symbols import pi as p
from grpo_symbolic.verify import kernel
from grpo_symbolic.verify.elaboration import Elaboration
from grpo_symbolic.verify.kernel import checks
from grpo_symbolic.verify.kernel.checks import check
from grpo_symbolic.verify.kernel.proof import Proof
from grpo_symbolic.verify.kernel.statement import ANY, Rejected, Unchecked, digest, statement_of
from grpo_symbolic.verify.methods import METHODS, settle
from grpo_symbolic.verify.proofs import proof_of, refutation_of
from grpo_symbolic.verify.recheck import certificate, claim_to_data, portable
from grpo_symbolic.verify.tree import written_out

HALF = Rational(1, 2)
z = Symbol("z", real=True)
whole = Symbol("n", integer=True, positive=True)
CLOSED = Domain((Range(z, S.Zero, S.One, lower_closed=True, upper_closed=True),))
G_OVER_4 = BernsteinMean(Lambda(t, sqrt(t * (1 - t))), 4, p)

x, y, w, v = (Symbol(name, real=True) for name in "xywv")
CORNER = Domain(tuple(Range(s, S.Zero, oo, lower_closed=True) for s in (z, w)))
EDGE = Domain((Range(z, S.Zero, oo), Range(w, S.Zero, oo, lower_closed=True)))

#: True claims, with the methods whose certificates the kernel has to accept.
TRUE = {
    "an identity": (gs.Claim("a", (p + 1) ** 2, "==", p**2 + 2 * p + 1), "exact identity"),
    "radicals": (gs.Claim("b", sqrt(p - p**2), "==", sqrt(p) * sqrt(1 - p)), "exact identity"),
    "logarithms": (gs.Claim("c", log(p / (1 - p)), "==", log(p) - log(1 - p)), "exact identity"),
    "exponentials": (
        gs.Claim("d", exp(2 * beta) - 1, "==", (exp(beta) - 1) * (exp(beta) + 1)),
        "identity",
    ),
    "a modulus": (gs.Claim("e", Abs(z + 1), "==", sqrt(z**2 + 2 * z + 1)), "exact identity"),
    "an extreme": (gs.Claim("f", Max(z, 1 - z), ">=", HALF), "identity certificate"),
    "a radical": (gs.Claim("g", sqrt(beta**2 + 1), ">", beta), "sign on the orthant"),
    "a closed range": (gs.Claim("h", z * (1 - z), ">=", S.Zero, CLOSED), "sign on the orthant"),
    "a strict one": (gs.Claim("i", 2 - z, ">", HALF, CLOSED), "identity certificate"),
    "products": (gs.Claim("j", p * (1 - p), "<=", Rational(1, 4)), "identity certificate"),
    "a root": (gs.Claim("k", sqrt(p) + sqrt(1 - p), ">=", S.One), "identity certificate"),
    "boxes": (gs.Claim("l", p / (1 + p), "<", HALF), "ball arithmetic on boxes"),
    "numbers": (gs.Claim("m", sqrt(2) + sqrt(3), ">", Rational(314, 100)), "numbers"),
    "a false one": (gs.Claim("n", sqrt(beta), "<=", beta), "exact rational sampling"),
    "false numbers": (gs.Claim("o", sqrt(Integer(2)), "<", S.One), "numbers"),
    "whole numbers": (gs.Claim("q", whole**2, ">=", whole), "sign on the orthant"),
    "a mean": (gs.Claim("r", G_OVER_4, "<=", HALF), "ball arithmetic on boxes"),
    "a quadratic": (gs.Claim("u", z**2 - z + 1, ">", S.Zero), "sign on the orthant"),
    "a triangle": (
        gs.Claim("t", z + w, ">=", sqrt(z**2 + w**2), EDGE),
        "sign on the orthant",
    ),
    "where defined": (
        gs.Claim("s", (z**2 - 1) / (z - 1), "==", z + 1, where_defined=True),
        "exact identity",
    ),
}


@cache
def certificates(name: str) -> tuple[dict[str, Any], ...]:
    claim = portable(TRUE[name][0])
    return tuple(certificate(claim, verdict) for verdict in settle(claim, routes=len(METHODS)))


def signed(data: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key != "digest"}
    return {**rest, "digest": digest(rest)}


def dressed(claim: gs.Claim, method: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """A certificate of the right shape on any claim."""
    data = claim_to_data(claim)
    return signed({**data, "verdict": "PROVED", "method": method, "evidence": evidence})


def test_it_imports_the_standard_library_and_mpmath_only() -> None:
    folder = Path(kernel.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.split(".")[0]
                own = name.startswith("grpo_symbolic.verify.kernel")
                assert own or root == "mpmath" or root in sys.stdlib_module_names, (path, name)


def test_it_runs_where_neither_sympy_nor_flint_can_be_imported(tmp_path: Path) -> None:
    """In a copy that holds the kernel and nothing else of the package."""
    place = tmp_path / "grpo_symbolic" / "verify" / "kernel"
    place.mkdir(parents=True)
    for folder in (place.parent, place.parent.parent):
        (folder / "__init__.py").touch()
    for path in Path(kernel.__file__).parent.glob("*.py"):
        (place / path.name).write_bytes(path.read_bytes())
    script = (
        "import sys, json\n"
        "for name in ('sympy', 'flint', 'numpy', 'scipy', 'z3', 'cvc5'):\n"
        "    sys.modules[name] = None\n"
        "from grpo_symbolic.verify.kernel.checks import check\n"
        "print(check(json.load(sys.stdin)).word)\n"
    )
    made = certificates("products")[0]
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(made),
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == checks.CHECKED


@pytest.mark.parametrize("name", TRUE)
def test_what_a_method_found_is_checked(name: str) -> None:
    made = [c for c in certificates(name) if TRUE[name][1] in c["method"]]
    assert made
    for one in made:
        assert check(json.loads(json.dumps(one))).word == checks.CHECKED, check(one)


def test_nothing_sampled_or_solved_is_taken_for_a_proof() -> None:
    words = {c["method"]: check(c).word for name in TRUE for c in certificates(name)}
    assert words["real algebra (z3)"] == words["real algebra (cvc5)"] == checks.SOLVER
    sampled = [c for c in certificates("products") if c["method"] == "exact rational sampling"]
    assert [check(c).word for c in sampled] == [checks.NUMERIC]


def test_two_sides_that_are_the_same_are_no_evidence() -> None:
    claim = gs.Claim("nothing", p + 1, "==", p + 1)
    evidence = {"by": "exact identity", "proof": [[["symbol", "pi"]]]}
    assert check(dressed(claim, "exact identity", evidence)).word == checks.TRIVIAL


FALSE = {
    "a false identity": gs.Claim("", p**2, "==", p),
    "off by 1e-12": gs.Claim("", p * (1 - p), "<=", Rational(1, 4) - Rational(1, 10**12)),
    "in a corner": gs.Claim("", p, ">", Rational(1, 10**9)),
    "strict at a closed end": gs.Claim("", z * (1 - z), ">", S.Zero, CLOSED),
    "strict in the middle": gs.Claim("", (2 * p - 1) ** 2, ">", S.Zero),
    "a root of a square": gs.Claim("", sqrt(z**2), "==", z),
    "undefined": gs.Claim("", (z**2 - 1) / (z - 1), "==", z + 1),
    "a negative radicand": gs.Claim("", sqrt(p - HALF), ">=", S.Zero),
    "a pole": gs.Claim("", 1 / (p - HALF) ** 2, ">", S.Zero),
    "a logarithm of 0": gs.Claim("", log(z) ** 2, ">=", S.Zero, CLOSED),
    "an empty range": gs.Claim("", z, ">", Integer(5), Domain.of((z, Integer(2), Integer(1)))),
    "another size": gs.Claim("", sqrt(beta + 1), "<", 1 + beta / 3),
    "a hyperbola": gs.Claim("", tanh(beta), ">", Rational(1, 100)),
    "an exponential": gs.Claim("", exp(beta), ">", 1 + 2 * beta),
    "equal numbers": gs.Claim("", sqrt(3 + 2 * sqrt(2)), "<", 1 + sqrt(2)),
    "equal numbers turned": gs.Claim("", sqrt(3 + 2 * sqrt(2)), ">", 1 + sqrt(2)),
    "two sides of a triangle": gs.Claim("", z + w, "<=", sqrt(z**2 + w**2), CORNER),
    "strict at a corner": gs.Claim("", z + w, ">", sqrt(z**2 + w**2), CORNER),
    "twice a root": gs.Claim("", sqrt(z) + sqrt(w), "<=", sqrt(z + w), CORNER),
    "a logarithm": gs.Claim("", log(beta), ">=", S.Zero),
    "a sum of logarithms": gs.Claim("", log(1 + beta) + log(beta), ">", S.Zero),
    "more than its modulus": gs.Claim("", 2 * z + Abs(z), ">=", S.Zero),
    "of unlike powers": gs.Claim("", Max(p, pi_ref), "==", p),
}
METHODS_CHECKED = ("exact identity", "sign on the orthant", "ball arithmetic on numbers")


@pytest.mark.parametrize("name", FALSE)
def test_a_false_claim_has_no_proof(name: str) -> None:
    """Whatever the steps that can be found for its two sides."""
    statement = statement_of(claim_to_data(FALSE[name])["exact"])
    with pytest.raises((Rejected, Unchecked)):
        proof_of(statement, {}, set(checks.SHOWN_BY[statement.relation]))
    steps = []
    for chart in checks.charts(statement):
        work = Elaboration(Proof(statement, chart))
        try:
            work.begin()
            sides = [work.lower(side) for side in (statement.left, statement.right)]
            work.sign(work.proof.plus(*sides, -1))
        except (Rejected, Unchecked):
            pass
        steps.append(work.steps)
    for method in METHODS_CHECKED:
        for proof in (steps, [[]] * len(steps)):
            evidence = {"by": method, "proof": proof}
            answer = check(dressed(FALSE[name], method, evidence))
            assert answer.word == checks.REJECTED, (method, answer)
        evidence = {"by": method, "proof": None}
        assert check(dressed(FALSE[name], method, evidence)).word == checks.UNCHECKED


UP_TO_0 = Domain((Range(z, -oo, S.Zero, upper_closed=True), Range(whole, S.One, oo)))
INSIDE = Domain((Range(z, S.Zero, S.One, upper_closed=True),))
AT_A_POINT = [
    ("it fails there", gs.Claim("", z, "<", S.One, INSIDE), "1", True),
    ("it fails inside", gs.Claim("", z, ">", HALF, INSIDE), "1/4", True),
    ("equal where unequal", gs.Claim("", z, "!=", HALF, INSIDE), "1/2", True),
    ("equal", gs.Claim("", sqrt(z + 2 * sqrt(z) + 1), ">", 1 + sqrt(z), INSIDE), "1/3", True),
    ("a pole", gs.Claim("", z / (1 - z), ">", S.Zero, INSIDE), "1", True),
    (
        "a pole where defined",
        gs.Claim("", z / (1 - z), ">=", S.Zero, INSIDE, where_defined=True),
        "1",
        False,
    ),
    ("it holds there", gs.Claim("", z, ">", S.Zero, INSIDE), "1/2", False),
    ("it holds at the end", gs.Claim("", z, "<=", S.One, INSIDE), "1", False),
    ("at the open end", gs.Claim("", z, ">", S.Zero, INSIDE), "0", False),
    ("below", gs.Claim("", z, ">", S.Zero, INSIDE), "-1", False),
    ("above", gs.Claim("", z, "<=", S.One, INSIDE), "2", False),
    ("a power of 0 that has a value", gs.Claim("", z**whole, "==", S.Zero, UP_TO_0), "0", False),
    ("whole", gs.Claim("", whole, ">", Integer(1)), "1", True),
    ("no whole number", gs.Claim("", whole, "!=", Rational(3, 2)), "3/2", False),
]


@pytest.mark.parametrize(
    ("claim", "at", "refuted"), [x[1:] for x in AT_A_POINT], ids=[x[0] for x in AT_A_POINT]
)
def test_a_point_refutes_where_it_is_in_the_range_and_the_claim_fails(
    claim: gs.Claim, at: str, refuted: bool
) -> None:
    point = {s.name: at if s != whole or claim.domain.symbols == (whole,) else "1"
             for s in claim.domain.symbols}  # fmt: skip
    made = {**claim_to_data(claim), "verdict": "REFUTED", "method": "exact rational sampling"}
    try:
        proof = refutation_of(statement_of(claim_to_data(claim)["exact"]), point)
    except (Rejected, Unchecked):
        proof = [[["symbol", s.name] for s in claim.domain.symbols]]
    evidence = {"by": made["method"], "counterexample": point, "proof": proof}
    answer = check(signed({**made, "evidence": evidence}))
    assert answer.word == (checks.CHECKED if refuted else checks.REJECTED), answer


def random_expression(rng: random.Random, depth: int) -> Expr:
    if not depth or rng.random() < 0.15:
        return rng.choice([p, beta, z, p, Integer(2), HALF, Integer(-1)])
    a, b = (random_expression(rng, depth - 1) for _ in range(2))
    return rng.choice([a + b, a - b, a * b, a**2, 1 / a if a != 0 else a, sqrt(a), sqrt(a), Abs(a)])


def test_signs_and_definedness_agree_with_values_at_points() -> None:
    """Random expressions: where the kernel says a sign, 40 digits at points do not disagree."""
    rng, decided = random.Random(11), 0
    ends = Range(z, S.Zero, p, lower_closed=True, upper_closed=True)
    domain = Domain.of(p, beta, ends)
    for _ in range(250):
        expr = random_expression(rng, 3)
        try:
            data = claim_to_data(gs.Claim("", expr, ">", S.Zero, domain))
            statement = statement_of(data["exact"])
            signs = set()
            for chart in checks.charts(statement):
                work = Elaboration(Proof(statement, chart)).begin()
                signs.add(work.proof.sign(work.lower(statement.left)))
        except (ValueError, Unchecked):
            continue
        if len(signs) != 1 or ANY in signs:
            continue
        decided += 1
        (sign,) = signs
        inside = list(domain.samples(9, seed=rng.randrange(10**6)))
        for point in inside + [{**x, z: y} for x in inside[:4] for y in (S.Zero, x[p])]:
            value = mp.mpmathify(expr.subs(point).evalf(40))
            assert mp.im(value) == 0, (expr, point)
            found = 0 if abs(value) < 1e-30 else 1 if value > 0 else -1
            assert found in sign, (expr, point, sign)
    assert decided > 60


def number(at: Proof, poly: dict[Any, Any], known: dict[int, mp.mpf]) -> mp.mpf:
    """A polynomial of the kernel at values of its coordinates, by what its variables are."""
    total = mp.mpf(0)
    for monomial, c in poly.items():
        part = mp.mpf(Fraction(c).numerator) / Fraction(c).denominator
        for g, e in monomial:
            made = at.variables[g]
            if g not in known:
                top, bottom = number(at, made.top, known), number(at, made.bottom, known)
                known[g] = {
                    "pi": lambda: mp.pi,
                    "exp": lambda top=top: mp.exp(top),
                    "log": lambda top=top: mp.log(top),
                    "root": lambda top=top, made=made: mp.root(top, made.degree),
                    "quotient": lambda top=top, bottom=bottom: top / bottom,
                }[made.kind]()
            part *= known[g] ** e
        total += part
    return total


_t = Symbol("_t", positive=True)
SOME = Domain(
    (
        Range(x, S.Zero, S.One),
        Range(y, S.One, oo, lower_closed=True),
        Range(w, -oo, -x, upper_closed=True),
        Range(v, x, y, lower_closed=True, upper_closed=True),
        Range(z, -oo, oo),
    )
)
EVERY_HEAD = [
    sqrt(x / 12) / sqrt(y) + sqrt(18 * y) - (-w) ** Rational(5, 2) + (x * v / 8) ** Rational(-2, 3),
    sqrt(z**2 * x) + Abs(z / (1 + y)) + Abs((z - 1) / (x - 2)) - Abs(w) + sqrt((z - w) ** 2),
    log(x / (1 - x)) - 3 * log(y**2 * sqrt(x) / (x - 2) ** 2) + log(-w * exp(z) * 7 / 12),
    exp(z / y) + exp(-x * log(y)) - exp(3 * z) * exp(z / 2) + exp(log(y) * 3 / 2) + exp(2) + S.Exp1,
    y**z * x ** (z - 1) / y ** Rational(1, 2) + Rational(3, 4) ** z + (x * y) ** (x + y),
    Max(z, x, w * z) - Min(z, y) + sinh(z) * cosh(x) - tanh(w) + asinh(z) + acosh(y) + atanh(x / 2),
    BernsteinMean(Lambda(_t, sqrt(_t) + x * _t), 5, x, 0)
    + BernsteinMean(Lambda(_t, _t**3), 4, v, 2),
    BernsteinMean(Tuple(2, Lambda(_t, log(_t)), z), 3, x, 1)
    + BernsteinMean(Tuple(1, z, x), 2, z, 0),
    GroupSum(binomial(6, k) * x**k * sqrt(1 + k) * (1 - x) ** (6 - k), (k, 1, 6)) / pi + pi**2 * z,
    1 / (z**2 + 1) + (x - z) / (1 - (1 - x) / (1 + y)) - 1 / (w - 1) ** 3 + (y / (y + x)) ** 4,
    1 / (z * sqrt(x + y) + sqrt(x + y)) - 1 / (z * (x + y) ** Rational(2, 3) + cbrt(x + y)),
    x / (z * y) - 1 / z**2 + log(z**2 + 2) / (w * z),
    log(sqrt(5) - sqrt(3)) + log(x * (sqrt(7) - sqrt(11)) ** 2) + sqrt(sqrt(13) - sqrt(2)) / 3,
    log(sqrt(3) - sqrt(2)) * log(sqrt(2) * x) / sqrt(sqrt(11) - sqrt(7)) + 1 / (sqrt(2) - 3),
    sqrt(sqrt(x + y) + z**2) * sqrt(sqrt(x + y) - sqrt(x)) / sqrt(2 + sqrt(2)),
]


@pytest.mark.parametrize(
    ("left", "right", "signs"),
    [
        (exp(1 / (1 + beta)) * exp(beta / (1 + beta)), exp(1), {0}),
        (exp(p / (1 + beta)), exp(p / 2) * exp(p * (1 - beta) / (2 + 2 * beta)), {0}),
        (exp(beta), S.One, {1}),
        (exp(-beta) * p, p, {-1}),
        (tanh(beta), S.Zero, {1}),
        (exp(z) - exp(-z), S.Zero, None),
        (exp(p / (1 + beta)), exp(p / 2), None),
    ],
)
def test_exponentials_know_of_each_other_and_of_one(
    left: Expr, right: Expr, signs: set[int] | None
) -> None:
    data = claim_to_data(gs.Claim("", left, "!=", right, Domain.of(p, beta, Range(z, -oo, oo))))
    statement = statement_of({**data["exact"], "relation": "=="})
    if signs is None:
        for each in ({0}, {1}, {-1}):
            with pytest.raises((Rejected, Unchecked)):
                proof_of(statement, {}, each)
        return
    for steps in proof_of(statement, {}, signs):
        proof = Proof(statement, {})
        proof.run(steps)
        assert checks.gap(proof) == signs


@pytest.mark.parametrize("expr", EVERY_HEAD, ids=range(len(EVERY_HEAD)))
def test_expressions_keep_their_values_as_quotients(expr: Expr) -> None:
    """At 40 digits, for coordinates drawn at random, on every chart."""
    rng = random.Random(5)
    data = claim_to_data(gs.Claim("", expr, ">", S.Zero, SOME, where_defined=True))
    statement = statement_of(data["exact"])
    with mp.workdps(40):
        for chart in checks.charts(statement):
            work = Elaboration(Proof(statement, chart)).begin()
            value = work.lower(statement.left)
            at = Proof(statement, chart)
            at.run(work.steps)
            assert at.lower(statement.left) == value
            for _ in range(3):
                known = {
                    g: mp.mpf(rng.randint(1, 400)) / 97
                    for g, made in enumerate(at.variables)
                    if made.kind == "coordinate"
                }
                point = {s: number(at, at.values[s.name], known) for s in SOME.symbols}
                assert 0 < point[x] < 1 <= point[y]
                assert point[w] <= -point[x]
                assert point[x] <= point[v] <= point[y]
                found = number(at, value, known)
                exact = {s: Float(value, 40) for s, value in point.items()}
                wanted = mp.mpmathify(expr.doit().subs(exact).evalf(40))
                assert mp.almosteq(found, wanted, rel_eps=mp.mpf(10) ** -25), (found, wanted)


@pytest.mark.parametrize(("factor", "holds"), [(S.One, True), (Rational(99, 100), False)])
def test_a_square_root_is_eliminated_from_a_sign(factor: Expr, holds: bool) -> None:
    """For beta -> 0 the large-group policy has 1 - p <= beta^2 (1 - p0)^2, and no less will do."""
    root = sqrt(1 + 4 * beta**2 * pi_ref * (1 - pi_ref))
    policy = (1 + root + 2 * beta**2 * pi_ref) / (2 + 2 * beta**2)
    claim = gs.Claim("", 1 - policy, "<=", factor * beta**2 * (1 - pi_ref) ** 2)
    statement = statement_of(claim_to_data(claim)["exact"])
    if not holds:
        with pytest.raises((Rejected, Unchecked)):
            proof_of(statement, {}, {-1, 0})
        return
    (steps,) = proof_of(statement, {}, {-1, 0})
    again = Proof(statement, {})
    again.run(steps)
    assert checks.gap(again) <= {-1, 0}


def test_definitions_are_written_out_with_their_values() -> None:
    at = {z: Rational(3, 7), p: Rational(2, 5), beta: Rational(5, 3)}
    total = GroupSum(binomial(3, k) * p**k, (k, 0, 3))
    gone = {tanh, sinh, cosh, asinh, acosh, atanh, Max, Min, BernsteinMean, GroupSum}
    for expr in (tanh(z), acosh(1 + beta), atanh(p), Max(z, p, beta), Min(z, p), G_OVER_4,
                 sinh(z) + cosh(z), asinh(z), total):  # fmt: skip
        plain = written_out(expr)
        heads = {type(node) for node in preorder_traversal(plain)}
        assert not heads & gone
        assert abs(mp.mpmathify((plain - expr.doit()).subs(at).evalf(30))) < 1e-25


def test_a_folder_is_checked_by_a_command(tmp_path: Path) -> None:
    from derivations.evidence import Evidence

    for name in ("products", "a false one"):
        Evidence(tmp_path).of(TRUE[name][0])
    command = [sys.executable, "-m", "grpo_symbolic.verify.kernel", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 rejected" in done.stdout
    path = next(iter(sorted(tmp_path.glob("*.json"))))
    record = json.loads(path.read_text(encoding="utf-8"))
    record["certificates"] = []
    path.write_text(json.dumps(record), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no certificate" in done.stdout


def test_how_long_and_how_deep_an_expression_may_be() -> None:
    """20,000 nodes, of which a sum is one itself; 120 levels inside of the first."""
    exact = claim_to_data(gs.Claim("", z, ">", S.Zero, CLOSED))["exact"]

    def of_depth(levels: int) -> list[Any]:
        tree: Any = 1
        for _ in range(levels):
            tree = ["Add", "z", tree]
        return tree

    for fits, not_ in (
        (["Add", *[1] * 19_999], ["Add", *[1] * 20_000]),
        (of_depth(121), of_depth(122)),
    ):
        assert statement_of({**exact, "left": fits}).left == fits
        with pytest.raises(Rejected, match="too large"):
            statement_of({**exact, "left": not_})


@pytest.mark.parametrize("tree", [[], [[]], [5, "pi"], [["Add", "pi", 1], 1], [None]])
def test_what_has_no_head_is_no_expression(tree: list[Any]) -> None:
    exact = certificates("products")[0]["exact"]
    with pytest.raises(Rejected, match="it is no expression"):
        statement_of({**exact, "left": tree})


def test_the_power_of_exponent_zero_is_one_where_the_base_may_be_zero() -> None:
    made = certificates("a closed range")[0]
    proof = Proof(statement_of(made["exact"]), {})
    proof.run(made["evidence"]["proof"][0])
    assert proof.lower(["Pow", "z", 0]) == {(): 1}
