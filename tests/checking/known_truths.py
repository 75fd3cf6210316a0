"""Claims whose truth is known without the library: some six hundred, a third of them false.

Each starts from a fact about one formula that can be checked by hand (the quadratic of groups of
two, the published large-group formula, the end points of both) and is carried on by steps that
keep its truth: a strictly monotone function on both sides, a factor of known sign, a term moved.
What is false is false somewhere in the range only: in a corner, by 1e-12, at the boundary, where
it is undefined, for a limit, for ``<`` in place of ``<=``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import oo

from grpo_symbolic import GRPO, Algorithm, DirectKL, Divergence, symbols

__all__ = ["Known", "known_truths"]

PAIRS, TRIPLES, EIGHT, LARGE = GRPO(2), GRPO(3), GRPO(8), GRPO(oo)
CLIPPED = GRPO(2, Divergence.chi_squared())
ANY_SIZE = GRPO(symbols.G)

ROOT = "sqrt((1 - beta)**2 + 4*beta*pi_ref)"
OF_PAIRS = f"(1 - beta + {ROOT})/2"
# The larger root by what the product of both roots is: -beta pi_ref.
OF_PAIRS_TURNED = f"2*beta*pi_ref/({ROOT} - (1 - beta))"
OF_TRIPLES = "(1 - beta/sqrt(2) + sqrt((1 - beta/sqrt(2))**2 + 4*beta*pi_ref/sqrt(2)))/2"
LARGE_ROOT = "sqrt(1 + 4*beta**2*pi_ref*(1 - pi_ref))"
OF_LARGE = f"(2*beta**2*pi_ref + 1 + {LARGE_ROOT})/(2*(1 + beta**2))"

#: Strictly increasing on (0, 1), with values in (0, oo).
RISING = ("{}**2", "{}**3", "sqrt({})", "2*{} + 1", "{}/(1 - {})", "3*{}", "1/(1 - {})")
#: Strictly decreasing there.
FALLING = ("1 - {}", "1/{}", "-{}", "(1 - {})/{}", "1/(1 + {})")
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}


@dataclass(frozen=True)
class Known:
    """A formula about an algorithm on a binary question, and whether it is true."""

    formula: str
    algorithm: Algorithm
    true: bool
    kind: str


def known_truths() -> Iterator[Known]:
    """All of them, in a fixed order."""
    for algorithm, formula in ((PAIRS, OF_PAIRS), (TRIPLES, OF_TRIPLES), (LARGE, OF_LARGE)):
        yield from _equal(algorithm, formula)
    yield from _bounds()
    yield from _equations()
    yield from _limits()
    yield from _directions()
    yield from _undefined()
    yield from _boundary()
    yield from _attained()
    yield from _trigonometric()
    yield from _along_the_curve()
    yield from _log_odds()
    yield from _apart()
    yield from _conditional()


def _equal(algorithm: Algorithm, formula: str) -> Iterator[Known]:
    """The closed form, in other words and a little off."""
    for step in ("{}", *RISING, *FALLING):
        left, right = (step.replace("{}", f"({side})") for side in ("pi", formula))
        yield Known(f"{left} = {right}", algorithm, True, "rewriting")
        yield Known(f"{left} = {right} + 10**-12", algorithm, False, "off by 1e-12")
        yield Known(f"{left} < {right}", algorithm, False, "strict for equal")
        yield Known(f"{left} >= {right}", algorithm, True, "rewriting")
    for factor in ("(1 + pi_ref*10**-9)", "(1 + 10**-15)", "(1 + beta*10**-10)"):
        yield Known(f"pi = ({formula})*{factor}", algorithm, False, "a factor off")
    others = {OF_PAIRS, OF_TRIPLES, OF_LARGE} - {formula}
    for other in sorted(others):
        yield Known(f"pi = {other}", algorithm, False, "another group size")
    yield Known(f"pi = {formula.replace('pi_ref', '(1 - pi_ref)')}", algorithm, False, "swapped")
    yield Known(f"pi = {formula.replace('beta', '(beta/2)')}", algorithm, False, "half the weight")


def _bounds() -> Iterator[Known]:
    """Tight bounds, and the same moved by a little, where they fail in a corner only."""
    # p - p0 = p (1 - p)/beta for pairs; 1/(1 + beta^2) is the limit of a rare answer at G = oo.
    tight = (
        (PAIRS, "pi", ">", "pi_ref"),
        (TRIPLES, "pi", ">", "pi_ref"),
        (LARGE, "pi", ">", "pi_ref"),
        (LARGE, "pi", ">", "1/(1 + beta**2)"),
        (EIGHT, "pi", ">", "pi_ref"),
    )
    for algorithm, left, relation, right in tight:
        steps = (*RISING, *FALLING) if algorithm is not EIGHT else ("{}**2", "1 - {}")
        for step in ("{}", *steps):
            sides = [step.replace("{}", f"({side})") for side in (left, right)]
            sign = TURNED[relation] if step in FALLING else relation
            yield Known(f"{sides[0]} {sign} {sides[1]}", algorithm, True, "tight bound")
            yield Known(f"{sides[0]} {TURNED[sign]} {sides[1]}", algorithm, False, "turned")
        if algorithm is not EIGHT:
            for digits in (3, 6, 9):
                yield Known(f"{left} > {right} + 10**-{digits}", algorithm, False, "a corner only")
    for algorithm in (PAIRS, TRIPLES, LARGE):
        yield Known("pi < 1", algorithm, True, "tight bound")
        yield Known("pi < 1 - 10**-9", algorithm, False, "a corner only")
        yield Known("pi - pi_ref < 1 - 10**-6", algorithm, False, "a corner only")
    for formula in (
        "pi > 10**-9",
        "pi > pi_ref + 10**-9",
        "pi - pi_ref < 1 - 10**-6",
        "pi > 1 - beta + 10**-9",
        "pi/pi_ref < 10**9",
        "beta*(pi - pi_ref) <= sqrt(pi*(1 - pi)) - 10**-9",
    ):
        yield Known(formula, EIGHT, False, "a corner only")
    yield Known("pi < 1 - 10**-9", EIGHT, False, "a corner only")
    yield Known("pi > 1 - beta", EIGHT, True, "tight bound")
    yield Known("beta*(pi - pi_ref) < sqrt(7)*pi*(1 - pi)", EIGHT, True, "tight bound")
    yield Known("beta*(pi - pi_ref) > pi*(1 - pi)", EIGHT, True, "tight bound")
    yield Known("beta*(pi - pi_ref) <= sqrt(G - 1)*pi*(1 - pi)", ANY_SIZE, True, "every size")
    yield Known("beta*(pi - pi_ref) >= pi*(1 - pi)", ANY_SIZE, True, "every size")
    yield Known("beta*(pi - pi_ref) < sqrt(G - 1)*pi*(1 - pi)", ANY_SIZE, False, "pairs attain it")
    yield Known("beta*(pi - pi_ref) > pi*(1 - pi)", ANY_SIZE, False, "pairs attain it")
    yield Known("beta*(pi - pi_ref) <= 9*pi*(1 - pi)", ANY_SIZE, False, "only at large G")
    yield Known(f"pi >= {OF_PAIRS}", ANY_SIZE, True, "every size")
    yield Known(f"pi > {OF_PAIRS}", ANY_SIZE, False, "pairs attain it")
    yield Known(f"pi < {OF_LARGE}", ANY_SIZE, True, "every size")
    yield Known(f"pi < {OF_LARGE}*(1 - 10**-9)", ANY_SIZE, False, "a corner only")
    for algorithm in (PAIRS, EIGHT, LARGE):
        for formula, true in (
            ("log(pi) <= pi - 1", True),
            ("log(pi) < 0", True),
            ("tanh(pi) < pi", True),
            ("sin(pi) < pi", True),
            ("exp(pi) > 1 + pi + pi**2/2", True),
            ("exp(pi) > 1 + pi + pi**2", False),
            ("tanh(pi) < pi - pi**3/3", False),
            ("log(pi) < pi - 1 - 10**-9", False),
            ("tan(beta) > -10**9", False),
            ("cos(beta) >= 0", False),
        ):
            yield Known(formula, algorithm, true, "functions")
    yield Known("pi > 1 - beta", PAIRS, True, "tight bound")
    yield Known("pi > 1 - beta/sqrt(2)", TRIPLES, True, "tight bound")
    for digits in (3, 6, 9, 12):
        yield Known(f"pi > 1 - beta + 10**-{digits}", PAIRS, False, "a corner only")
    yield Known("beta*(pi - pi_ref) <= 1/4", PAIRS, True, "attained bound")
    yield Known("beta*(pi - pi_ref) < 1/4", PAIRS, False, "strict for weak")
    yield Known("beta*(pi - pi_ref) <= 1/4 - 10**-12", PAIRS, False, "off by 1e-12")
    yield Known("beta*(pi - pi_ref) <= 1/2", LARGE, True, "attained bound")
    yield Known("beta*(pi - pi_ref) < 1/2", LARGE, False, "strict for weak")
    yield Known("beta*(pi - pi_ref) <= 1/2 - 10**-12", LARGE, False, "off by 1e-12")
    yield Known("(pi - 1/2)**2 >= 0", PAIRS, True, "attained bound")
    yield Known("(pi - 1/2)**2 > 0", PAIRS, False, "strict for weak")
    yield Known("(pi - 1/3)**2 > 10**-30", PAIRS, False, "a corner only")


def _equations() -> Iterator[Known]:
    """The condition times factors without a zero, and with a wrong one."""
    conditions = (
        (PAIRS, "beta*(pi - pi_ref)", "pi*(1 - pi)"),
        (TRIPLES, "beta*(pi - pi_ref)", "sqrt(2)*pi*(1 - pi)"),
        (LARGE, "beta**2*(pi - pi_ref)**2", "pi*(1 - pi)"),
        (LARGE, "beta*(pi - pi_ref)", "sqrt(pi*(1 - pi))"),
    )
    for algorithm, left, right in conditions:
        for factor in (
            "1",
            "pi",
            "(1 - pi)",
            "(1 + beta)",
            "pi_ref**2",
            "1/beta",
            "1/(pi*(1 - pi))",
        ):
            yield Known(f"{left}*{factor} = {right}*{factor}", algorithm, True, "the condition")
            yield Known(
                f"{left}*{factor} = {right}*{factor}*(1 + 10**-12)",
                algorithm,
                False,
                "off by 1e-12",
            )
        yield Known(f"2*{left} = {right}", algorithm, False, "a factor off")
        yield Known(f"{left} >= {right}", algorithm, True, "the condition")
        yield Known(f"{left} > {right}", algorithm, False, "strict for equal")


def _limits() -> Iterator[Known]:
    """Limits of the closed forms, finite and infinite."""
    ends = (
        ("limit(pi, beta, 0)", "1"),
        ("limit(pi, beta, oo)", "pi_ref"),
        ("limit(pi, pi_ref, 1)", "1"),
    )
    for formula, true in (
        ("limit(pi, beta, 0, -) = 1", False),
        ("limit(pi, beta, -1) = 1", False),
        ("limit(pi, pi_ref, 1, +) = 1", False),
        ("limit(1/pi, pi_ref, 0) < oo", False),
        ("limit(pi/pi_ref, pi_ref, 0) > 1", True),
        ("limit(pi/pi_ref, pi_ref, 0) = oo", False),
        ("limit(pi_ref*log(pi), pi_ref, 0) = 0", True),
        ("limit(log(pi), pi_ref, 0) > -oo", False),
        ("at(pi, beta, 1) = sqrt(pi_ref)", True),
        ("at(pi, beta, 1) > sqrt(pi_ref)", False),
        ("at((beta - 1)/(beta - 1), beta, 1) = 1", False),
    ):
        yield Known(formula, PAIRS, true, "places and sides")
    for gone in ("(pi_ref - 1/2)/(pi_ref - 1/2)", "1 + 0*log(pi_ref - 1/9)", "(pi_ref - 1/3)**0"):
        yield Known(f"limit(pi, beta, 0) = {gone}", PAIRS, False, "a value that is undefined")
        yield Known(f"limit(1/beta, beta, 0) > {gone}", PAIRS, False, "a value that is undefined")
    yield Known("limit(pi, beta, 0) = pi_ref/pi_ref", PAIRS, True, "limit")
    yield Known("limit((1 - pi)/beta**2, beta, 0) = (1 - pi_ref)**2", LARGE, True, "limit")
    yield Known("limit((1 - pi)/beta**2, beta, 0) = 1 - pi_ref", LARGE, False, "limit")
    for algorithm in (PAIRS, LARGE):
        for limit, value in ends:
            yield Known(f"{limit} = {value}", algorithm, True, "limit")
            yield Known(f"{limit} <= {value}", algorithm, True, "limit")
            yield Known(f"{limit} > {value}", algorithm, False, "strict limit")
            yield Known(f"{limit} = {value} + 10**-12", algorithm, False, "off by 1e-12")
    yield Known("limit(pi, pi_ref, 0) = 1/(1 + beta**2)", LARGE, True, "limit")
    yield Known("limit(pi, pi_ref, 0) = 0", LARGE, False, "limit")
    yield Known("limit(pi, pi_ref, 0) = 0", PAIRS, False, "limit in a part of the range")
    yield Known("limit(pi, pi_ref, 0) = 1 - beta", PAIRS, False, "limit in a part of the range")
    for relation, true in (("<", False), (">", True), ("=", False), ("<=", False)):
        yield Known(f"limit(pi/pi_ref, pi_ref, 0) {relation} 2", LARGE, true, "infinite limit")
        yield Known(f"limit(1/pi_ref, pi_ref, 0) {relation} 10**9", PAIRS, true, "infinite limit")
    for relation, true in (("<", False), (">", False), ("=", True), ("<=", True), (">=", True)):
        yield Known(f"limit(pi/pi_ref, pi_ref, 0) {relation} oo", LARGE, true, "infinite limit")
        yield Known(f"limit(1/beta, beta, 0) {relation} oo", PAIRS, true, "infinite limit")
    for end in ("1", "1/2", "3"):
        pole = f"1/(beta - {end})"
        yield Known(f"limit({pole}, beta, {end}) = oo", PAIRS, False, "one-sided")
        yield Known(f"limit({pole}, beta, {end}) > 0", PAIRS, False, "one-sided")
        yield Known(f"limit({pole}, beta, {end}, +) = oo", PAIRS, True, "one-sided")
        yield Known(f"limit({pole}, beta, {end}, -) = -oo", PAIRS, True, "one-sided")
        yield Known(f"limit({pole}, beta, {end}, -) = oo", PAIRS, False, "one-sided")
        root = f"sqrt(beta - {end})"
        yield Known(f"limit({root}, beta, {end}) = 0", PAIRS, False, "undefined on a side")
        yield Known(f"limit({root}, beta, {end}, -) = 0", PAIRS, False, "undefined on a side")
        yield Known(f"limit({root}, beta, {end}, +) = 0", PAIRS, True, "defined on a side")


def _directions() -> Iterator[Known]:
    """Where the policy goes, and functions with poles, which go nowhere on the whole range."""
    for algorithm in (PAIRS, TRIPLES, LARGE):
        for step in ("{}", "{}**2", "{}/(1 - {})", "sqrt({})", "log({})"):
            moved = step.replace("{}", "pi")
            yield Known(f"increasing({moved}, pi_ref)", algorithm, True, "direction")
            yield Known(f"decreasing({moved}, beta)", algorithm, True, "direction")
            yield Known(f"decreasing({moved}, pi_ref)", algorithm, False, "direction")
            yield Known(f"increasing({moved}, beta)", algorithm, False, "direction")
        yield Known("increasing(1/pi, beta)", algorithm, True, "direction")
        yield Known("constant(pi, beta)", algorithm, False, "direction")
    yield from _flat_and_kinked()
    for pole in ("1 - beta", "beta - 2", "pi_ref - 1/2", "beta**2 - 2"):
        variable = "beta" if "beta" in pole else "pi_ref"
        for direction in ("increasing", "decreasing"):
            yield Known(f"{direction}(1/({pole}), {variable})", PAIRS, False, "across a pole")
            yield Known(f"{direction}(pi/({pole}), {variable})", PAIRS, False, "across a pole")
    yield Known("pi*(G - 5/2)/(G - 5/2) <= 1", ANY_SIZE, True, "no group of 5/2")
    yield Known("pi*(G - 5)/(G - 5) <= 1", ANY_SIZE, False, "undefined")
    yield Known("increasing(1/(pi - 1/2), beta)", PAIRS, False, "across a pole")
    yield Known("increasing(1/(pi - 1/2), beta)", LARGE, False, "across a pole")


def _flat_and_kinked() -> Iterator[Known]:
    """A derivative that is 0, or is not there, at one place; whole numbers; no closed form."""
    for formula, true in (
        ("increasing((beta - 1)**3, beta)", True),
        ("increasing(pi_ref*(beta - 1)**3, beta)", True),
        ("diff((beta - 1)**3, beta) > 0", False),
        ("diff((beta - 1)**3, beta) >= 0", True),
        ("increasing((beta - 1)**3 - beta/10**9, beta)", False),
        ("increasing((beta - 1)**3*(pi_ref - 1/2), beta)", False),
        ("increasing(abs(beta - 1) + 2*beta, beta)", True),
        ("increasing(abs(beta - 1) + beta*(1 - 10**-12), beta)", False),
        ("diff(abs(beta - 1) + 2*beta, beta) > 0", False),
        ("diff(Max(beta, 1) + beta, beta) > 0", False),
        ("increasing(Max(beta, 1) + beta, beta)", True),
        ("diff(abs(pi - 2) + 2*beta, beta) > 0", True),
        ("increasing(Max(beta, pi), beta)", False),
        ("increasing(pi_ref, beta)", False),
    ):
        yield Known(formula, PAIRS, true, "flat or kinked")
    for formula, true in (
        ("binomial(2*G, G) > 6", False),
        ("increasing(sqrt(G - 1), G)", True),
        ("increasing((G - 9/4)**2, G)", True),
        ("increasing((G - 11/4)**2, G)", False),
        ("decreasing(sqrt(G - 1), G)", False),
        ("increasing(pi**2, G)", True),
        ("increasing(log(pi), pi_ref)", True),
        ("increasing((pi - 1/2)**2, pi_ref)", False),
    ):
        yield Known(formula, ANY_SIZE, true, "whole numbers")
    for formula, true in (
        ("increasing(pi + pi_ref, pi_ref)", True),
        ("decreasing(pi/beta, beta)", True),
        ("increasing((pi - 1/2)**2, pi_ref)", False),
        ("increasing(1/(pi - 1/2), pi_ref)", False),
        ("1/(pi - 1/2) != 0", False),
        ("sqrt((pi - 1/2)**2) >= 0", True),
        ("sqrt((pi - beta)**3) >= 0", False),
        ("(pi - beta)/(pi - beta) = 1", False),
    ):
        yield Known(formula, EIGHT, true, "without a closed form")


def _undefined() -> Iterator[Known]:
    """Terms without a value somewhere, cancelling ones included."""
    vanishing = ("beta - 1", "pi_ref - 1/2", "beta - 2*pi_ref", "beta**2 - 2", "pi - 1/2")
    for zero in vanishing:
        yield Known(f"({zero})/({zero}) = 1", PAIRS, False, "undefined")
        yield Known(f"1/({zero})**2 > 0", PAIRS, False, "undefined")
        yield Known(f"sqrt({zero}) >= 0", PAIRS, False, "undefined")
        yield Known(f"log(({zero})**2) > -10**9", PAIRS, False, "undefined")
        yield Known(f"pi*({zero})/({zero}) <= 1", PAIRS, False, "undefined")
    for positive in ("beta", "pi", "1 - pi", "pi - pi_ref", "1 + beta*pi"):
        yield Known(f"({positive})/({positive}) = 1", PAIRS, True, "defined")
        yield Known(f"1/({positive})**2 > 0", PAIRS, True, "defined")
        yield Known(f"sqrt({positive}) >= 0", PAIRS, True, "defined")
        yield Known(f"pi*({positive})/({positive}) <= 1", PAIRS, True, "defined")
    yield Known("(beta - 1)**0 = 1", PAIRS, False, "undefined")
    yield Known("(beta + 1)**0 = 1", PAIRS, True, "defined")
    for formula, true in (
        ("1/(beta**beta - 1) != 0", False),
        ("exp(-10**6*beta) < 1", True),
        ("exp(-10**6*beta) > 10**-9", False),
    ):
        yield Known(formula, PAIRS, true, "large powers")
    for tiny in (3, 6, 9, 12, 30):
        yield Known(f"sqrt(pi_ref - 10**-{tiny}) >= 0", PAIRS, False, "undefined in a corner")
        yield Known(f"log(1 - pi - 10**-{tiny}) < 0", PAIRS, False, "undefined in a corner")
        yield Known(f"sqrt(pi - pi_ref + 10**-{tiny}) > 0", PAIRS, True, "defined")


def _boundary() -> Iterator[Known]:
    """A penalty of bounded force lets an answer go: π(a) = 1 at small weights."""
    for formula, true in (
        ("pi < 1", False),
        ("pi <= 1", True),
        ("pi > pi_ref", True),
        ("1 - pi > 0", False),
        ("1/(1 - pi) > 0", False),
        ("log(1 - pi) < 0", False),
        ("pi*(1 - pi) > 0", False),
        ("pi*(1 - pi) >= 0", True),
        ("pi != 1", False),
    ):
        yield Known(formula, CLIPPED, true, "at the boundary")
    moved = "pi_ref*(1 - pi_ref)/beta"  # pi(a) = min(1, pi_ref(a) + moved)
    for formula, true in (
        (f"pi <= pi_ref + {moved}", True),
        (f"pi < pi_ref + {moved}", False),
        (f"pi = pi_ref + {moved}", False),
        (f"pi = Min(1, pi_ref + {moved})", True),
        ("pi - pi_ref <= 1/(4*beta)", True),
        ("pi - pi_ref <= 1/(4*beta) - 10**-12", False),
        ("pi/pi_ref < 1 + 1/beta", True),
        ("pi/pi_ref < 1 + 1/beta - 10**-12", False),
    ):
        yield Known(formula, CLIPPED, true, "clipped")
    bound = "beta*(pi - pi_ref) <= sqrt({})*pi_ref*(1 - pi_ref)"
    for number, true in (("3", True), ("2", False)):
        yield Known(bound.replace("{}", number), GRPO(4, Divergence.chi_squared()), true, "clipped")


def _attained() -> Iterator[Known]:
    """Bounds that one policy reaches, often at a weight that is no fraction: < in place of <=."""
    direct, least = GRPO(2, DirectKL()), "(sqrt(3)/2 + 3/4)"  # D_4 at 1/2
    odds = "log(pi*(1 - pi_ref)/(pi_ref*(1 - pi)))"
    for algorithm, formula in (
        (TRIPLES, "pi - pi_ref < 1/(2*sqrt(2)*beta)"),
        (GRPO(4), f"beta*(pi - pi_ref) > {least}*pi*(1 - pi)"),
        (GRPO(4), f"beta*(pi - pi_ref) < {least}/4"),
        (direct, "pi - pi_ref < tanh(1/(4*beta))"),
        (GRPO(4, DirectKL()), f"{odds} > {least}/beta"),
        (GRPO(oo, DirectKL()), f"{odds} > 2/beta"),
    ):
        yield Known(formula, algorithm, False, "attained")
    for formula, other in (
        ("exp(1/beta) > 1 + 1/beta + 1/(2*beta**2)", "exp(1/beta) > 1 + 1/beta + 1/beta**2"),
        ("cosh(1/beta) >= 1 + 1/(2*beta**2)", "cosh(1/beta) >= 1 + 1/beta**2"),
        ("acos(2*pi - 1) = 2*acos(sqrt(pi))", "acos(2*pi - 1) = 2*asin(sqrt(pi))"),
        ("-pi*log(pi) <= exp(-1)", "-pi*log(pi) < exp(-1) - 10**-2"),
    ):
        yield Known(formula, direct, True, "turning points")
        yield Known(other, direct, False, "turning points")


def _trigonometric() -> Iterator[Known]:
    """Identities of angles, and the same for a wrong angle, sign or range."""
    for formula, true in (
        ("sin({})**2 + cos({})**2 = 1", True),
        ("sin(2*{}) = 2*sin({})*cos({})", True),
        ("cos(3*{}) = 4*cos({})**3 - 3*cos({})", True),
        ("sin({})**2 - cos({})**2 = 1", False),
        ("cos(2*{}) = 2*sin({})*cos({})", False),
        ("cos({})**2 < 1 - 10**-12", False),
        ("Max({}, log({} - 10**-9)) > 0", False),
    ):
        for angle in ("beta", "pi"):
            yield Known(formula.replace("{}", angle), PAIRS, true, "angles")
    for formula, true in (
        ("sin(beta) <= 1", True),
        ("cos(beta) >= -1", True),
        ("cos(beta) > 0", False),
        ("sqrt(1 - sin(beta)**2) = cos(beta)", False),
        ("tan(beta) = sin(beta)/cos(beta)", False),
        ("limit(sin(beta)/beta, beta, 0) = 1", True),
        ("limit((1 - cos(beta))/beta**2, beta, 0) = 1", False),
    ):
        yield Known(formula, PAIRS, true, "angles")


def _along_the_curve() -> Iterator[Known]:
    """Limits of more than π(a) without a closed form: h_G'(0) = -h_G'(1) = √(G - 1)."""
    for algorithm, slope, other in ((EIGHT, "sqrt(7)", "sqrt(8)"), (ANY_SIZE, "sqrt(G - 1)", "G")):
        for formula, true in (
            ("limit((1 - pi)/beta, beta, 0) = (1 - pi_ref)/{}", True),
            ("limit((1 - pi)/beta**2, beta, 0) < oo", False),
            ("limit((1 - pi)/(1 - pi_ref), pi_ref, 1) = beta/(beta + {})", True),
            ("limit(pi/pi_ref, pi_ref, 0) > 1", True),
            ("limit(pi/pi_ref, pi_ref, 0) = oo", False),
            ("limit(beta*(pi - pi_ref), beta, oo) < 1/2", True),
        ):
            yield Known(formula.replace("{}", slope), algorithm, true, "along the curve")
            if "{}" in formula:
                yield Known(formula.replace("{}", other), algorithm, False, "along the curve")
    formula = "limit((1 - pi)/beta, beta, 0) > (1 - pi_ref)/1000"
    yield Known(formula, ANY_SIZE, False, "only at large G")


def _log_odds() -> Iterator[Known]:
    """Direct KL: the log-odds move by D_G/β, with √2 < D_4 < √3, 1 < D_8 < √7, D_oo >= 2."""
    for size, least, strict in ((4, "sqrt(2)", True), (8, "1", True), (oo, "2", False)):
        bound = f"pi_ref/(pi_ref + (1 - pi_ref)*exp(-{least}/beta))"
        algorithm = GRPO(size, DirectKL())
        yield Known(f"pi >= {bound}", algorithm, True, "log-odds")
        yield Known(f"{bound} < pi", algorithm, strict, "log-odds")
        yield Known(f"pi <= {bound}", algorithm, False, "log-odds")


def _apart() -> Iterator[Known]:
    """Limits of a policy at the boundary; sums of functions of different parameters; tangents."""
    for formula, true in (
        ("limit(pi, beta, oo) = pi_ref", True),
        ("limit(pi, beta, oo) > pi_ref", False),
        ("limit(pi, pi_ref, 0) = 0", True),
        ("limit(pi, pi_ref, 0) > 0", False),
        ("limit(pi, pi_ref, 1) = 1", True),
        ("limit(pi, pi_ref, 1) < 1", False),
    ):
        yield Known(formula, CLIPPED, true, "clipped limit")
    for formula, true in (
        ("tanh(pi_ref) < sqrt(pi_ref)", True),
        ("tanh(pi_ref) < sqrt(pi_ref) - 10**-9", False),
        ("log(pi_ref) + log(1 + beta) < beta", True),
        ("log(pi_ref) + log(1 + beta) < beta - 10**-9", False),
        ("tanh(pi) + log(1 + beta) < 1 + beta", True),
        ("tanh(pi) + log(1 + beta) < 76/100 + beta", False),  # tanh(1) = 0.7615...
        ("exp(pi_ref) - exp(-beta) > pi_ref", True),
        ("exp(pi_ref) - exp(-beta) > pi_ref + 10**-9", False),
    ):
        yield Known(formula, EIGHT, true, "apart")


def _conditional() -> Iterator[Known]:
    """Claims about a part of the range, and about one that is larger by a little."""
    # As pi_ref -> 0 pi falls to 1 - beta, 1 - beta/sqrt(2), 1/(1 + beta^2) and does not reach it.
    for t in ("1/4", "1/2", "9/10"):
        for algorithm, end, least in (
            (PAIRS, t, f"1 - {t}"),
            (TRIPLES, f"sqrt(2)*{t}", f"1 - {t}"),
            (LARGE, t, f"1/(1 + ({t})**2)"),
        ):
            yield Known(f"pi > {least} for beta <= {end}", algorithm, True, "a part of the range")
            wider = f"pi > {least} for beta <= {end} + 10**-6"
            yield Known(wider, algorithm, False, "beyond a part of the range")
        for algorithm in (PAIRS, EIGHT, LARGE):
            # As beta -> oo pi falls to pi_ref.
            yield Known(f"pi > {t} for pi_ref >= {t}", algorithm, True, "a part of the range")
            wider = f"pi > {t} for pi_ref >= {t} - 10**-6"
            yield Known(wider, algorithm, False, "beyond a part of the range")
            yield Known(f"1/({t} - beta) > 0 for beta < {t}", algorithm, True, "defined on a part")
            yield Known(f"1/({t} - beta) > 0 for beta <= {t}", algorithm, False, "not at its end")
            root = f"pi + sqrt({t} - beta) > 0"
            yield Known(f"{root} for beta <= {t}", algorithm, True, "defined on a part")
            yield Known(f"{root} for beta <= {t} + 10**-9", algorithm, False, "not at its end")
    # At beta = 1 pairs have sqrt(pi_ref); pi falls in beta and rises in pi_ref.
    yield Known("pi = sqrt(pi_ref) for beta = 1", PAIRS, True, "a part of the range")
    yield Known("pi = sqrt(pi_ref) + 10**-12 for beta = 1", PAIRS, False, "off by 1e-12")
    yield Known("pi < 1/2 for beta > 1, pi_ref <= 1/4", PAIRS, True, "a part of the range")
    yield Known("pi <= 1/2 for beta >= 1, pi_ref <= 1/4", PAIRS, True, "a part of the range")
    yield Known("pi < 1/2 for beta >= 1, pi_ref <= 1/4", PAIRS, False, "not at its end")
    wider = "pi < 1/2 for beta > 1 - 10**-6, pi_ref <= 1/4"
    yield Known(wider, PAIRS, False, "beyond a part of the range")
    # There pi (1 - pi) = beta (pi - pi_ref).
    larger = "pi*(1 - pi) >= beta**2*(pi - pi_ref) for beta"
    yield Known(f"{larger} <= 1", PAIRS, True, "a part of the range")
    yield Known(f"{larger} < 1 + 10**-6", PAIRS, False, "beyond a part of the range")
    half = r"\pi(a) > \frac{1}{2} \quad \text{for all } \beta \in (0, \frac{1}{2}"
    yield Known(f"{half}]", PAIRS, True, "a part of the range")
    yield Known(f"{half} + 10^{{-6}}]", PAIRS, False, "beyond a part of the range")
