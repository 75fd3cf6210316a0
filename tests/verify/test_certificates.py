"""Certificates: read back exactly, refused when a digit changes, and not to be forged."""

import hashlib
import json
import re
import subprocess
import sys
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Expr,
    Function,
    Integer,
    Max,
    Rational,
    S,
    Symbol,
    asin,
    binomial,
    erf,
    exp,
    log,
    oo,
    pi,
    sqrt,
)

import grpo_symbolic as gs
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.symbols import beta, pi_ref
from grpo_symbolic.symbols import k as index
from grpo_symbolic.symbols import pi as p
from grpo_symbolic.verify.methods import METHODS, settle
from grpo_symbolic.verify.recheck import (
    certificate,
    claim_from,
    claim_to_data,
    digest,
    portable,
    recheck,
)
from grpo_symbolic.verify.tree import assumptions, from_tree, to_tree

CLAIMS = (
    gs.Claim("the largest variance", p * (1 - p), "<=", Rational(1, 4)),
    gs.Claim("a square", (beta + 1) ** 2, "==", beta**2 + 2 * beta + 1),
    gs.Claim("a false bound", sqrt(beta), "<=", beta),
)


@cache
def certificates() -> tuple[dict[str, Any], ...]:
    """Every method's certificate on every claim."""
    every = len(METHODS)
    return tuple(
        certificate(claim, v)
        for claim in map(portable, CLAIMS)
        for v in settle(claim, routes=every)
    )


def signed(data: dict[str, Any]) -> dict[str, Any]:
    """The certificate with the digest of its content, as a forger would make it."""
    rest = {key: value for key, value in data.items() if key != "digest"}
    return {**rest, "digest": digest(rest)}


EXPRESSIONS = (
    sqrt(1 - pi_ref) / 2,
    exp(-beta) * log(1 + beta) + asin(p) * pi,
    Abs(beta - p, evaluate=False) + Max(beta, p),
    erf(beta / sqrt(2)) - S.Exp1,
    GroupSum(binomial(8, index) * p**index, (index, 0, 8)),
    beta ** Rational(3, 2) - Rational(22, 7),
)


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_expressions_are_read_back_exactly(expr: Expr) -> None:
    text = json.dumps(to_tree(expr))
    named = {s.name: s for s in (beta, p, pi_ref, index)}
    again = from_tree(json.loads(text), named)
    assert again == expr
    assert type(again) is type(expr)
    point = {beta: Rational(2, 3), p: Rational(1, 5), pi_ref: Rational(3, 7)}
    assert abs((again - expr).subs(point).evalf(30)) < Rational(1, 10**25)


def test_symbols_keep_their_assumptions() -> None:
    plain, whole = Symbol("y", real=True), Symbol("n", integer=True, positive=True)
    claim = portable(gs.Claim("some", plain**2 + whole, ">", S.Zero))
    assert claim_from(json.loads(json.dumps(claim_to_data(claim)))) == claim
    assert claim.left.free_symbols == {plain, whole}
    with pytest.raises(ValueError, match="name and assumptions"):
        assumptions([plain, Symbol("y", positive=True)])


@pytest.mark.parametrize(
    "tree",
    [
        ["Pow", 10, 10**9],
        ["Pow", ["Pow", 10, 1000], 1000],
        ["binomial", 10**9, 10**8],
        ["system", "beta"],
        ["Rational", 1, 0],
        ["Rational", 1.5, 2],
        ["Pow", 0, -1],
        "delta",
        True,
        None,
        [],
        1.5,
    ],
    ids=str,
)
def test_what_is_no_expression_is_refused(tree: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_tree(tree, {"beta": beta})


def test_what_has_no_place_in_a_certificate() -> None:
    with pytest.raises(ValueError, match="mystery has no place"):
        to_tree(Function("mystery")(beta))


def test_every_method_makes_certificates_that_hold() -> None:
    made = certificates()
    for one in made:
        found = recheck(json.loads(json.dumps(one)))
        assert found, (one["method"], found.reason)
    verdicts = {(c["claim"], c["verdict"]) for c in made}
    assert ("the largest variance", "PROVED") in verdicts
    assert ("a false bound", "REFUTED") in verdicts
    assert ("a false bound", "PROVED") not in verdicts
    installed = {m.name for m in METHODS if not m.missing() and m.name.startswith("real algebra")}
    assert installed <= {c["method"] for c in made}


def test_certificates_hold_without_the_derivations() -> None:
    """A process that has read the certificate and nothing else."""
    code = (
        "import json, sys\n"
        "from grpo_symbolic.verify.recheck import recheck\n"
        "found = [bool(recheck(c)) for c in json.load(sys.stdin)]\n"
        "assert not any(name.startswith('derivations') for name in sys.modules)\n"
        "print(all(found), len(found))"
    )
    chosen = [c for c in certificates() if c["claim"] == "the largest variance"]
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(chosen),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", str(len(chosen))]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_digit_anywhere_is_found(data: st.DataObject) -> None:
    text = json.dumps(data.draw(st.sampled_from(certificates())))
    places = [found.start() for found in re.finditer(r"\d", text)]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    changed = text[:place] + digit + text[place + 1 :]
    try:
        read = json.loads(changed)
    except ValueError:
        return  # 05 is no number of JSON: it cannot even be read
    assert not recheck(read)


FORGED = gs.Claim("a smaller variance", p * (1 - p), "<=", Rational(1, 5))


@pytest.mark.parametrize("method", [m.name for m in METHODS])
def test_a_false_claim_has_no_certificate(method: str) -> None:
    """The evidence of a true claim, or of none, under a false claim and a digest that fits."""
    false = claim_to_data(portable(FORGED))
    for one in certificates():
        if one["method"] != method:
            continue
        assert not recheck(signed({**one, **false, "verdict": "PROVED"}))
    bare = {"verdict": "PROVED", "method": method, "detail": "", "evidence": {}}
    assert not recheck(signed({**false, **bare}))


def test_a_true_claim_is_not_refuted() -> None:
    refuted = next(c for c in certificates() if c["verdict"] == "REFUTED")
    true = portable(gs.Claim("a true bound", sqrt(beta) ** 4, "<=", beta**2 + 1))
    assert not recheck(signed({**refuted, **claim_to_data(true)}))
    moved = deepcopy(refuted)
    moved["evidence"]["counterexample"] = {"beta": "4"}
    assert not recheck(signed(moved))
    outside = deepcopy(refuted)
    outside["evidence"]["counterexample"] = {"beta": "-1/4"}
    assert not recheck(signed(outside))


def test_a_numeric_check_cannot_be_called_a_proof() -> None:
    numeric = next(c for c in certificates() if c["verdict"] == "NUMERIC")
    assert recheck(numeric)
    assert not recheck(signed({**numeric, "verdict": "PROVED"}))


def test_the_text_has_to_say_what_is_proved() -> None:
    one = deepcopy(certificates()[0])
    one["statement"]["right"] = "1/5"
    found = recheck(signed(one))
    assert not found
    assert "text" in found.reason
    wide = deepcopy(certificates()[0])
    wide["domain"] = ["pi real"]
    assert not recheck(signed(wide))


def test_scripts_have_to_be_those_of_the_claim() -> None:
    """A script that any solver refutes is not a proof of another claim."""
    proved = [c for c in certificates() if "script" in c["evidence"]]
    if not proved:
        pytest.skip("no solver is installed")
    one = deepcopy(proved[0])
    one["evidence"]["script"] = "(set-logic QF_NRA)\n(assert false)\n(check-sat)\n"
    texts = [one["evidence"]["script"], one["evidence"]["control"]]
    one["evidence"]["sha256"] = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert not recheck(signed(one))


def test_an_infinite_end_is_written() -> None:
    ranges = gs.Domain.of((beta, Integer(1), oo))
    claim = portable(gs.Claim("above one", beta**2, ">", beta, ranges))
    assert claim_from(claim_to_data(claim)).domain == ranges


def test_two_families_are_enough_and_one_is_not() -> None:
    """Settled by the normal form and by the system of one encoder, no third is asked."""
    claim = portable(CLAIMS[0])
    families = {method.name: method.family for method in METHODS}
    two, every = settle(claim), settle(claim, routes=len(METHODS))
    assert [v.status for v in two] == [gs.Status.PROVED] * len(two)
    assert len({families[v.method] for v in two}) == 2 < len({families[v.method] for v in every})
    # What is false is refuted by a sample before solvers are asked.
    assert settle(portable(CLAIMS[2]))[0].method == "exact rational sampling"
