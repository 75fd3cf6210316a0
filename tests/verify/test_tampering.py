"""Certificates and files that were tampered with, signed again: the kernel alone sees it.

Only the originals are made by the library; what is tested is the kernel's word on plain data.
"""

# ruff: noqa: E501 - one way of tampering a line
import json
import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from grpo_symbolic.verify.kernel import proof
from grpo_symbolic.verify.kernel.checks import (
    CHECKED,
    REJECTED,
    UNCHECKED,
    check,
    check_record,
    main,
    read,
)
from grpo_symbolic.verify.kernel.statement import digest, texts
from tests.verify.kept import same_reason

Edit = Callable[[dict[str, Any]], object]


@cache
def originals() -> str:
    """A certificate of each kind, by name, and two whole files, as text."""
    from sympy import Integer, Rational, S, log, sqrt

    import grpo_symbolic as gs
    from derivations.evidence import Evidence
    from grpo_symbolic.domain import Domain, Range
    from grpo_symbolic.symbols import beta, pi_ref
    from grpo_symbolic.symbols import pi as p

    end = Range(p, S.Zero, S.One, upper_closed=True)
    below = Domain((Range(p, S.Zero, pi_ref),))
    both = Domain((Range(p, S.Zero, S.One, lower_closed=True, upper_closed=True),))
    found = {
        "identity": (gs.Claim("1", sqrt(p - p**2) / p, "==", sqrt(1 - p) / sqrt(p)), "exact id"),
        "squares": (gs.Claim("2", sqrt(3 + 2 * sqrt(2)), "==", 1 + sqrt(2)), "exact identity"),
        "sign": (gs.Claim("3", p * (1 - p), ">=", S.Zero, Domain((end,))), "sign on the orthant"),
        "both ends": (gs.Claim("3b", p, ">=", p**2, both), "sign on the orthant"),
        "strict": (gs.Claim("4", 1 / p - 1, ">", S.Zero), "sign on the orthant"),
        "needs": (gs.Claim("5", log(p) / p, "==", -log(1 / p) / p), "exact identity"),
        "within": (gs.Claim("6", pi_ref - p, ">", S.Zero, below), "sign on the orthant"),
        "products": (gs.Claim("7", p * (1 - p), "<=", Rational(1, 4)), "identity certificate"),
        "roots": (gs.Claim("8", sqrt(p) + sqrt(1 - p), ">=", S.One), "identity certificate"),
        "strictly": (gs.Claim("9", p * beta, "<", beta), "identity certificate"),
        "boxes": (gs.Claim("10", p / (1 + p), "<", Rational(1, 2)), "ball arithmetic on boxes"),
        "numbers": (gs.Claim("11", sqrt(Integer(2)), ">", Rational(7, 5)), "ball arithmetic on n"),
        "sampled": (gs.Claim("12", p * (1 - p), "<=", Rational(1, 4)), "exact rational sampling"),
        "point": (gs.Claim("13", sqrt(beta), "<=", beta), "exact rational sampling"),
        "solver": (gs.Claim("14", p * (1 - p), "<=", Rational(1, 4)), "real algebra (z3)"),
        "empty": (gs.Claim("15", p**2 / p**2 - beta, "<", S.One), "sign on the orthant"),
    }
    made: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        evidence = Evidence(Path(folder))
        for name, (claim, method) in found.items():
            record = evidence.of(claim, routes=99)
            made[name] = next(c for c in record["certificates"] if method in c["method"])
            made[f"file: {name}"] = {key: record[key] for key in record if key != "negation"}
    return json.dumps(made)


def original(name: str) -> dict[str, Any]:
    return json.loads(originals())[name]


def signed(data: dict[str, Any], *, write: bool) -> dict[str, Any]:
    """With its digest, and with its texts written again where the edit is of the exact form."""
    data = {key: value for key, value in data.items() if key != "digest"}
    if write:
        data |= texts(data["exact"])
    return {**data, "digest": digest(data)}


def put(*path: Any) -> Edit:
    """An edit: the last of these in the place that the others lead to."""
    *keys, last, value = path

    def edit(data: dict[str, Any]) -> None:
        place: Any = data
        for key in keys:
            place = place[key]
        place[last] = value

    return edit


def drop(*path: Any) -> Edit:
    *keys, last = path

    def edit(data: dict[str, Any]) -> None:
        place: Any = data
        for key in keys:
            place = place[key]
        del place[last]

    return edit


def add(step: Any) -> Edit:
    """Another step at the end of a proof, which does not hold."""
    return lambda data: data["evidence"]["proof"][-1].append(step)


def both(*edits: Edit) -> Edit:
    return lambda data: [edit(data) for edit in edits]


def deep(levels: int) -> Any:
    tree: Any = "pi"
    for _ in range(levels):
        tree = ["Add", tree, 1]
    return tree


EXACT: list[tuple[str, str, Edit]] = [
    ("a term of the claim", "identity", put("exact", "left", "pi")),
    ("the claim of squares", "squares", put("exact", "right", ["Add", 1, "beta"])),
    ("a number in the claim", "squares", put("exact", "right", ["Add", 2, 3])),
    ("relation to strict", "sign", put("exact", "relation", ">")),
    ("relation turned", "sign", put("exact", "relation", "<=")),
    ("relation to equal", "sign", put("exact", "relation", "==")),
    ("relation to unequal", "identity", put("exact", "relation", "!=")),
    ("relation of numbers turned", "numbers", put("exact", "relation", "<")),
    ("relation to no relation", "sign", put("exact", "relation", "=")),
    ("strict at both closed ends", "both ends", put("exact", "relation", ">")),
    ("an equation by an inequality", "roots", put("exact", "relation", "==")),
    ("strict products", "products", put("exact", "relation", "<")),
    ("roots turned", "roots", put("exact", "relation", "<")),
    ("closed for open", "strict", put("exact", "domain", 0, "upper_closed", True)),
    ("closed for open at the pole", "strict", put("exact", "domain", 0, "lower_closed", True)),
    ("closed for open in a certificate", "strictly", put("exact", "domain", 1, "upper_closed", True)),
    ("closed for open in boxes", "boxes", put("exact", "domain", 0, "upper_closed", True)),
    ("range widened", "strict", put("exact", "domain", 0, "upper", 2)),
    ("range widened below", "strict", put("exact", "domain", 0, "lower", -1)),
    ("range widened to all", "sign", put("exact", "domain", 0, "upper", ["Infinity"])),
    ("range widened by a bit", "strict", put("exact", "domain", 0, "upper", ["Rational", 1001, 1000])),
    ("range of roots widened", "roots", put("exact", "domain", 0, "upper", 2)),
    ("range of boxes widened", "boxes", put("exact", "domain", 0, "upper", 2)),
    ("range made empty", "sign", put("exact", "domain", 0, "upper", -1)),
    ("ends swapped", "sign", both(put("exact", "domain", 0, "lower", 1), put("exact", "domain", 0, "upper", 0))),
    ("a range dropped", "within", drop("exact", "domain", 0)),
    ("all ranges dropped", "sign", put("exact", "domain", [])),
    ("ranges in the wrong order", "within", lambda d: d["exact"]["domain"].reverse()),
    ("a range twice", "sign", lambda d: d["exact"]["domain"].append(d["exact"]["domain"][0])),
    ("an end of itself", "within", put("exact", "domain", 1, "upper", "pi")),
    ("where_defined no more", "needs", put("exact", "left", ["Mul", ["log", ["Add", "pi", -1]], ["Pow", "pi", -1]])),
    ("where_defined a number", "sign", put("exact", "where_defined", 0)),
    ("a divisor that vanishes", "empty", put("exact", "domain", 0, "lower", -1)),
    ("assumed negative", "sign", put("exact", "symbols", "pi", ["negative", "nonpositive", "real"])),
    ("assumptions that imply more", "sign", put("exact", "symbols", "pi", ["positive"])),
    ("assumptions unheard of", "sign", put("exact", "symbols", "pi", ["real", "small"])),
    ("a symbol undeclared", "sign", drop("exact", "symbols", "pi")),
    ("a symbol of code", "sign", put("exact", "left", "__import__('os')")),
    ("a huge number", "sign", put("exact", "left", ["Add", "pi", 1 << 9_000])),
    ("a huge power", "sign", put("exact", "left", ["Pow", 10, ["Pow", 10, 9]])),
    ("a tower of powers", "sign", put("exact", "left", ["Pow", ["Pow", 10, 9000], 9000])),
    ("deep nesting", "sign", put("exact", "left", deep(400))),
    ("a float", "sign", put("exact", "left", 0.5)),
    ("true for a number", "sign", put("exact", "left", True)),
    ("null for an expression", "sign", put("exact", "left", None)),
    ("an unknown head", "sign", put("exact", "left", ["system", "pi"])),
    ("a sum within one of the same index", "sign", put("exact", "left", ["Sum", ["Sum", "k", "k", 1, 2], "k", 1, 2])),
    ("a sum over a symbol of the range", "sign", put("exact", "left", ["Sum", "pi", "pi", 1, 2])),
    ("a sum the wrong way", "sign", put("exact", "left", ["Sum", "k", "k", 3, 1])),
    ("a mean of other values", "sign", put("exact", "left", ["BernsteinMean", "h", ["Tuple", 0, 1], 3, "pi", 0])),
    ("a fraction over zero", "sign", put("exact", "right", ["Rational", 1, 0])),
    ("a fraction not reduced", "sign", put("exact", "right", ["Rational", 0, 2])),
    ("infinity for a bound", "sign", put("exact", "domain", 0, "lower", ["Infinity"])),
    ("an end of the range no boolean", "sign", put("exact", "domain", 0, "upper_closed", 1)),
    ("a range with more fields", "sign", put("exact", "domain", 0, "note", "closed")),
    ("the exact form with more fields", "sign", put("exact", "note", "")),
]  # fmt: skip

OTHER: list[tuple[str, str, Edit]] = [
    ("left text", "sign", put("statement", "left", "pi*(2 - pi)")),
    ("relation text", "sign", put("statement", "relation", ">")),
    ("right text", "products", put("statement", "right", "1/5")),
    ("text of the range", "sign", put("domain", ["0 < pi < 2"])),
    ("where it is made", "sign", put("made", "where both sides are defined")),
    ("a field more", "sign", put("note", "checked twice")),
    ("a field less", "sign", drop("made")),
    ("a name that is none", "sign", put("claim", None)),
    ("NUMERIC to PROVED", "sampled", put("verdict", "PROVED")),
    ("PROVED to REFUTED", "sign", put("verdict", "REFUTED")),
    ("REFUTED to PROVED", "point", put("verdict", "PROVED")),
    ("a verdict of its own", "sign", put("verdict", "CERTAIN")),
    ("method to identity", "sign", put("method", "exact identity")),
    ("method to boxes", "products", put("method", "ball arithmetic on boxes")),
    ("method to numbers", "sign", put("method", "ball arithmetic on numbers")),
    ("method to an unknown one", "sign", put("method", "by inspection")),
    ("method to a solver", "sign", put("method", "real algebra (z3)")),
    ("a solver to another", "solver", put("method", "real algebra (cvc5)")),
    ("a solver without a script", "solver", drop("evidence", "script")),
    ("evidence emptied", "sign", put("evidence", {})),
    ("evidence of an identity emptied", "identity", put("evidence", {"by": "exact identity"})),
    ("evidence a list", "sign", put("evidence", [])),
    ("evidence of another method", "sign", put("evidence", "by", "exact identity")),
    ("a field more in the evidence", "sign", put("evidence", "note", "")),
    ("sign stronger", "sign", put("evidence", "signs", [1])),
    ("sign turned", "strict", put("evidence", "signs", [-1])),
    ("sign of zero", "sign", put("evidence", "signs", [0])),
    ("sign unheard of", "sign", put("evidence", "signs", [2])),
    ("every sign", "sign", put("evidence", "signs", [-1, 0, 1])),
    ("charts dropped", "both ends", put("evidence", "proof", [[["symbol", "pi"]]])),
    ("charts added", "sign", put("evidence", "proof", [[["symbol", "pi"]], [["symbol", "pi"]]])),
    ("no charts", "sign", put("evidence", "proof", [])),
    ("a name for charts", "sign", put("evidence", "proof", "a proof")),
    ("a tree for charts", "sign", put("evidence", "proof", {"below": [[]], "above": [[]]})),
    ("no coordinate", "sign", put("evidence", "proof", [[]])),
    ("a coordinate twice", "sign", put("evidence", "proof", 0, [["symbol", "pi"], ["symbol", "pi"]])),
    ("a coordinate of no symbol", "sign", put("evidence", "proof", 0, 0, ["symbol", "beta"])),
    ("a symbol before its bound", "within", lambda d: d["evidence"]["proof"][0].reverse()),
    ("a rule unheard of", "sign", add(["believe", "pi"])),
    ("a rule of the library's own", "sign", add(["sum", []])),
    ("a step of no rule", "sign", add([])),
    ("a step too short", "sign", add(["let", "v:u"])),
    ("a step too long", "sign", add(["symbol", "pi", True])),
    ("a variable of two meanings", "identity", add(["let", "v:1", ["exp", "pi"]])),
    ("a variable for a symbol", "identity", add(["let", "pi", ["exp", "pi"]])),
    ("a variable instead of a coordinate", "sign", put("evidence", "proof", 0, 0, ["let", "pi", ["exp", -1]])),
    ("a variable of a name that a statement may have", "sign", add(["let", "t", ["exp", "pi"]])),
    ("a variable of no name", "identity", add(["let", 7, ["exp", "pi"]])),
    ("a variable for a sum", "identity", add(["let", "v:u", ["Add", "pi", 1]])),
    ("the inverse of what may be zero", "identity", add(["let", "v:u", ["Pow", ["Add", "pi", ["Rational", -1, 2]], -1]])),
    ("the root of what may be negative", "identity", add(["let", "v:u", ["Pow", ["Add", "pi", ["Rational", -1, 2]], ["Rational", 1, 2]]])),
    ("the logarithm of what may be zero", "sign", add(["let", "v:u", ["log", ["Add", 1, ["Mul", -1, "pi"]]]])),
    ("the logarithm of the negative", "sign", add(["let", "v:u", ["log", ["Mul", -1, "pi"]]])),
    ("another inverse", "identity", put("evidence", "proof", 0, 2, 2, ["Mul", "v:1", ["Add", 2, "t:pi"]])),
    ("another root", "identity", put("evidence", "proof", 0, 5, 2, ["Mul", 2, "v:3", "v:4"])),
    ("the negative root", "identity", put("evidence", "proof", 0, 5, 2, ["Mul", -1, "v:3", "v:4"])),
    ("a value of a sum", "sign", add(["value", ["Add", "pi", 1], 2])),
    ("another value of a modulus", "sign", add(["value", ["Abs", "pi"], ["Mul", -1, "pi"]])),
    ("a value of a root of unknown sign", "sign", add(["value", ["Pow", ["Pow", ["Add", "pi", ["Rational", -1, 2]], 2], ["Rational", 1, 2]], ["Add", "pi", ["Rational", -1, 2]]])),
    ("another logarithm", "needs", put("evidence", "proof", 0, 5, 1, ["Add", 0, "v:3", "v:4"])),
    ("weights of another logarithm", "needs", put("evidence", "proof", 0, 5, 4, [1, 1])),
    ("weights of fewer logarithms", "needs", put("evidence", "proof", 0, 5, 4, [1])),
    ("a weight that is none", "needs", put("evidence", "proof", 0, 5, 4, [1, "-1"])),
    ("a divisor of weights", "needs", put("evidence", "proof", 0, 5, 3, 2)),
    ("a divisor of weights of zero", "needs", put("evidence", "proof", 0, 5, 3, 0)),
    ("the exponential of the negative", "needs", put("evidence", "proof", 0, 5, 2, ["Mul", -1, "pi"])),
    ("a multiplier of another coefficient", "products", put("evidence", "proof", 0, 1, 2, 0, 0, [2, 1])),
    ("a negative multiplier", "products", put("evidence", "proof", 0, 1, 2, 0, 0, [-1, 1])),
    ("no multiplier", "products", put("evidence", "proof", 0, 1, 2, [])),
    ("a multiplier that may be zero", "products", both(put("evidence", "proof", 0, 1, 2, [[["pi", 1], [["Add", 1, ["Mul", -2, "pi"]], 2]]]), put("evidence", "proof", 0, 1, 3, []))),
    ("a term with another coefficient", "products", put("evidence", "proof", 0, 1, 3, 0, 0, [["Rational", 1, 2], 1])),
    ("a positive term for a negative one", "products", put("evidence", "proof", 0, 1, 3, 0, 1, [1, 1])),
    ("a term less", "products", drop("evidence", "proof", 0, 1, 3, 0)),
    ("a term of another power", "products", put("evidence", "proof", 0, 1, 3, 0, 2, 1, 4)),
    ("an odd power of unknown sign", "products", put("evidence", "proof", 0, 1, 3, [[["Add", ["Mul", "pi", ["Add", 1, ["Mul", -1, "pi"]]], ["Rational", -1, 4]], 1]])),
    ("a power of zero", "products", put("evidence", "proof", 0, 1, 3, 0, 2, 1, 0)),
    ("a negative exponent", "products", put("evidence", "proof", 0, 1, 3, 0, 2, 1, -2)),
    ("NaN for a coefficient", "products", put("evidence", "proof", 0, 1, 3, 0, 0, ["nan", 1])),
    ("a float for a coefficient", "products", put("evidence", "proof", 0, 1, 3, 0, 0, [0.25, 1])),
    ("a sign of something else", "products", put("evidence", "proof", 0, 1, 1, "pi")),
    ("a proof without its identity", "products", drop("evidence", "proof", 0, 1)),
    ("the goal for a step", "products", put("evidence", "proof", 0, 1, ["sign", ["Add", "pi", ["Mul", -1, ["Pow", "pi", 2]], ["Rational", -1, 4]], [[[1, 1]]], [[[["Add", "pi", ["Mul", -1, ["Pow", "pi", 2]], ["Rational", -1, 4]], 1]]]])),
    ("a rule of its own", "sign", add(["squares", ["Add", "pi", -2], ["Add", "pi", ["Rational", -1, 2]]])),
    ("squares of other sides", "squares", put("evidence", "proof", 0, 3, 2, 2)),
    ("evidence of another claim", "products", lambda d: d.__setitem__("evidence", original("roots")["evidence"])),
    ("a claim under other evidence", "strictly", lambda d: d.__setitem__("evidence", original("products")["evidence"])),
    ("the sign of numbers", "numbers", put("evidence", "signs", [-1])),
    ("the sign of numbers no number", "numbers", put("evidence", "signs", "+")),
    ("numbers without a value", "numbers", put("evidence", "proof", [[]])),
    ("a point outside", "point", put("evidence", "counterexample", "beta", "-1")),
    ("a point where it holds", "point", put("evidence", "counterexample", "beta", "4")),
    ("a point at the open end", "point", put("evidence", "counterexample", "beta", "0")),
    ("a point that is no number", "point", put("evidence", "counterexample", "beta", "nan")),
    ("a point not reduced", "point", put("evidence", "counterexample", "beta", "2/8")),
    ("a point of another symbol", "point", put("evidence", "counterexample", {"pi": "1/2"})),
    ("no point", "point", put("evidence", "counterexample", {})),
    ("another sign at the point", "point", put("evidence", "signs", [-1])),
    ("every sign at the point", "point", put("evidence", "signs", [-1, 0, 1])),
    ("no value at the point", "point", put("evidence", "signs", [])),
    ("a point without steps", "point", put("evidence", "proof", [])),
    ("a point for a proof", "sign", put("evidence", "counterexample", {"pi": "1/2"})),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit"), [(n, e) for _, n, e in EXACT], ids=[x[0] for x in EXACT])
@pytest.mark.parametrize("write", [True, False], ids=["new text", "old text"])
def test_another_statement_is_seen(
    name: str, edit: Edit, write: bool, request: pytest.FixtureRequest
) -> None:
    made = original(name)
    before = deepcopy(made)
    assert check(made).word == CHECKED
    edit(made)
    assert json.dumps(made["exact"]) != json.dumps(before["exact"])
    try:
        made = signed(made, write=write)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        made = signed(made, write=False)  # nothing can be written for what is no statement
    answer = check(made)
    same_reason(request.node.name, answer)
    assert answer.word == REJECTED or (
        answer.word == UNCHECKED and re.search("large|no meaning", answer.why)
    )


@pytest.mark.parametrize(("name", "edit"), [(n, e) for _, n, e in OTHER], ids=[x[0] for x in OTHER])
def test_other_evidence_is_seen(name: str, edit: Edit, request: pytest.FixtureRequest) -> None:
    made = original(name)
    before = deepcopy(made)
    assert check(made).word not in (REJECTED, UNCHECKED)
    edit(made)
    assert made != before
    answer = check(signed(made, write=False))
    same_reason(request.node.name, answer)
    assert answer.word == REJECTED


def test_a_digest_of_other_content_is_seen() -> None:
    made = original("sign")
    made["claim"] = "another"
    assert "digest" in check(made).why


def keyed(record: dict[str, Any]) -> str:
    """The name of a file, worked out again."""
    names = ("claim", "statement", "made", "domain", "exact")
    claim = {name: record["certificates"][0][name] for name in names}
    record["key"] = digest([claim, record["at"]])[:16]
    return record["key"]


def renamed(record: dict[str, Any], **fields: Any) -> None:
    made = record["certificates"]
    record["certificates"] = [signed({**one, **fields}, write=False) for one in made]


FILES: list[tuple[str, str, Edit, bool]] = [
    ("an empty list", "sign", put("certificates", []), False),
    ("no list", "sign", put("certificates", None), False),
    ("a field more", "sign", put("note", ""), False),
    ("another key", "sign", put("key", "0" * 16), False),
    ("a renamed claim", "sign", lambda r: renamed(r, claim="another"), False),
    ("one renamed claim", "sign", lambda r: r["certificates"].append(signed({**r["certificates"][0], "claim": "x"}, write=False)), True),
    ("a certificate of another claim", "sign", lambda r: r["certificates"].append(original("products")), True),
    ("a false one among them", "sign", lambda r: r["certificates"].append(signed({**r["certificates"][0], "evidence": {}}, write=False)), True),
    ("proved and refuted", "point", lambda r: renamed(r, verdict="PROVED") or r["certificates"].append(original("point")), True),
    ("a list of other statements", "point", lambda r: put("negation", [original("numbers")])(r), True),
    ("another point", "point", put("at", {"beta": "1/7"}), False),
    ("a list for a file", "sign", lambda r: r.clear(), False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "key"), [x[1:] for x in FILES], ids=[x[0] for x in FILES])
def test_files_are_seen_through(name: str, edit: Edit, key: bool) -> None:
    record = original(f"file: {name}")
    assert all(a.word != REJECTED for _, a in check_record(record, record["key"]))
    known = record["key"]
    edit(record)
    name = keyed(record) if key else known
    assert any(a.word == REJECTED for _, a in check_record(record, name))


@pytest.mark.parametrize(
    "text",
    [
        '{"key": 1, "key": 2}',
        '{"seconds": NaN}',
        '{"seconds": Infinity}',
        '{"certificates": [' + "9" * 5000 + "]}",
        "[" * 100_000,
        "{",
        "",
    ],
    ids=["a key twice", "NaN", "infinity", "a huge number", "deep nesting", "cut off", "nothing"],
)
def test_text_that_is_no_file_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        read(text)


#: Symbols of a sum, and a number of 8,001 bits.
NAMES, HUGE = [f"x_{i}" for i in range(40)], (1 << 8_000) + 1
FRACTIONS = [["Rational", 1, (HUGE >> 4_000) + 2 * i] for i in range(600)]
CHAIN = ["exp", ["Add", ["Mul", -1, "v:{0}"], ["Mul", -1, ["Pow", "v:{0}", 2]]]]


def over(names: list[str], left: Any, steps: list[Any]) -> dict[str, Any]:
    """A certificate of its own: the left side is positive on the range of these names."""
    data = original("sign")
    ends = {"lower": 0, "upper": 1, "lower_closed": False, "upper_closed": False}
    data["exact"] |= {
        "symbols": {name: ["real"] for name in names},
        "domain": [{"symbol": name, **ends} for name in names],
        "left": left,
        "relation": ">",
        "right": 0,
    }
    data["evidence"]["proof"] = [[*(["symbol", name] for name in names), *steps]]
    return signed(data, write=True)


@pytest.mark.parametrize(
    ("names", "left", "word"),
    [
        (
            NAMES,
            ["Pow", ["Add", *(["Mul", HUGE + i, x] for i, x in enumerate(NAMES))], 3],
            UNCHECKED,
        ),
        ([f"x_{i}" for i in range(5_000)], "x_1", REJECTED),
        (["x"], ["Add", "x", *FRACTIONS], UNCHECKED),
        (["x"], ["Add", "x", *(["Pow", 0, 65_536 - i] for i in range(3_000))], UNCHECKED),
    ],
    ids=["long coefficients", "many ranges", "long sums", "powers of zero"],
)
def test_what_would_not_end_is_refused(
    names: list[str], left: Any, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tenth of the work, so that it is soon said."""
    monkeypatch.setattr(proof, "WORK", proof.WORK // 10)
    assert check(over(names, left, [])).word == word


def test_numbers_within_numbers_are_enclosed_once() -> None:
    """Each names the one before it twice: sixty of them would be 2^60 intervals."""
    text = json.dumps(CHAIN)
    steps: list[Any] = [["let", "v:0", ["exp", -1]]]
    steps += [["let", f"v:{i + 1}", json.loads(text.replace("{0}", str(i)))] for i in range(60)]
    assert check(over(["x"], "x", steps)).word == CHECKED


def test_what_a_file_says_ends_no_line_of_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = original("file: sign")
    forged = "\x1b[2K\n9 certificates: 9 checked\ud800"
    renamed(record, method=forged)
    (tmp_path / f"{record['key']}.json").write_text(json.dumps(record), encoding="utf-8")
    assert main(str(tmp_path)) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert len(lines) == len(record["certificates"])
    assert not last.startswith("9 ")
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_the_exit_status_says_what_is_not_established(tmp_path: Path) -> None:
    """A solver's word alone, a number, or a proof beyond the kernel is nothing that it has checked."""
    record = original("file: sign")
    path = tmp_path / f"{record['key']}.json"
    for change, status in (
        ({}, 0),
        ({"verdict": "NUMERIC", "method": "exact rational sampling", "evidence": {}}, 3),
        ({"evidence": {"by": record["certificates"][0]["method"], "proof": None}}, 3),
    ):
        made = {**record["certificates"][0], **change}
        made["digest"] = digest({k: v for k, v in made.items() if k != "digest"})
        path.write_text(json.dumps({**record, "certificates": [made]}), encoding="utf-8")
        assert main(str(tmp_path)) == status
    made["digest"] = ""
    path.write_text(json.dumps({**record, "certificates": [made]}), encoding="utf-8")
    assert main(str(tmp_path)) == 1
    path.unlink()
    assert main(str(tmp_path)) == 2
