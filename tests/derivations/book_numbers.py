"""The numbers that the book prints, each worked out again in mpmath from the definitions.

``python -m tests.derivations.book_numbers build/derivations.tex`` compares every example of a
written book. No function here has seen a formula of the library: groups are enumerated, sampled
objectives differentiated numerically, conditions solved by bisection.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import mpmath as mp

__all__ = ["NUMBERS", "compare", "examples"]

Number = Callable[..., mp.mpf]

#: Groups from which what is left at G = oo is extrapolated.
SIZES = (60, 120, 240, 480, 960, 1920)


def preferences(p, size, rewards=(1, 0), scale="std"):
    """P(a) and P(b): the mean advantage of the first of a group, the others drawn from p."""
    found = []
    for own in rewards:
        total = mp.mpf(0)
        for others in product((0, 1), repeat=size - 1):
            group = [mp.mpf(own), *(mp.mpf(rewards[o]) for o in others)]
            mean = sum(group) / size
            spread = mp.sqrt(sum((r - mean) ** 2 for r in group) / size)
            centred = group[0] - mean
            if scale == "std":
                centred = centred / spread if spread else mp.mpf(0)
            elif scale == "mean":
                centred = centred / mean if mean else mp.mpf(0)
            elif scale == "sample + 1e-4":
                sample = spread * mp.sqrt(mp.mpf(size) / (size - 1))
                centred = centred / (sample + mp.mpf(1) / 10000)
            total += centred * mp.fprod(1 - p if o else p for o in others)
        found.append(total)
    return found


def drift(p, size):
    first, second = preferences(p, size)
    return first - second


def scaled_drift(p, scale):
    first, second = preferences(p, 4, (1, 0), scale)
    return first - second


def large_drift(p, rewards=(1, 0)):
    """Of a large group: the difference of the rewards in standard units of the policy."""
    mean = p * rewards[0] + (1 - p) * rewards[1]
    deviation = mp.sqrt(p * (rewards[0] - mean) ** 2 + (1 - p) * (rewards[1] - mean) ** 2)
    return (rewards[0] - rewards[1]) / deviation


def force(p, p0, kind):
    """d(a) - d(b): the slope of the divergence along the line of both probabilities."""
    if kind == "reverse":
        return mp.diff(lambda x: p0 * mp.log(p0 / x) + (1 - p0) * mp.log((1 - p0) / (1 - x)), p)
    return mp.diff(lambda x: x * mp.log(x / p0) + (1 - x) * mp.log((1 - x) / (1 - p0)), p)


def stationary(of, beta, p0, kind="reverse"):
    """Where the drift is beta times the force, between the reference and 1."""

    def balance(p):
        return of(p) - beta * force(p, p0, kind)

    low, high = p0, 1 - mp.mpf(10) ** -12
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if balance(middle) > 0 else (low, middle)
    return low


def duel(beta, p0, gamma, kind="reverse", share=1):
    """Pairs: P(a) - P(b) with a winning by the margin gamma against b, and by none against a."""
    return stationary(lambda p: share * ((1 - p) * gamma - p * -gamma), beta, p0, kind)


def stage_bend(beta, p, p0):
    """The second derivative of the frozen objective with k3 in the loss, numerically."""

    def loss(x):
        k3 = lambda u: u - 1 - mp.log(u)  # noqa: E731
        return p * k3(p0 / x) + (1 - p) * k3((1 - p0) / (1 - x))

    return -beta * mp.diff(loss, p, 2)


def correction(p, p0, order=1):
    """c_1 or c_2 of p_G = p + c_1/G + c_2/G^2 + ..., p of the large group: h_G from its count."""
    beta = mp.sqrt(p * (1 - p)) / (p - p0)

    def hill(x, size):
        f = [mp.sqrt(mp.mpf(k) / size * (1 - mp.mpf(k) / size)) for k in range(size + 1)]
        return sum(mp.binomial(size, k) * x**k * (1 - x) ** (size - k) * f[k] for k in range(size))

    def scaled(size):
        root = mp.findroot(lambda x: hill(x, size) - beta * (x - p0), p)
        return size * (root - p)

    table = [scaled(size) for size in SIZES[: 2 + 2 * order]]
    if order == 2:
        table = [2 * s * (a - b) for s, (a, b) in zip(SIZES, pairwise(table), strict=False)]
    for step in range(1, len(table)):  # Richardson: the rest is a series in 1/G
        table = [(2**step * b - a) / (2**step - 1)
                 for a, b in pairwise(table)]  # fmt: skip
    return table[0]


def quartic(beta):
    """Q of t^4 + P t^2 + Q t + R: the linear coefficient, from values of the condition at G = 4."""

    def condition(t):
        p = mp.mpf(1) / 2 + t
        return p * (1 - p) * drift(p, 4) - beta * (p - mp.mpf(1) / 4)

    fourth = mp.diff(condition, 0, 4) / 24
    return mp.diff(condition, 0, 1) / fourth


def without_own(gap, p):
    """p (1 - p) D of advantages against mean and sample deviation of the others, G = 3."""
    found = []
    for own in (gap, 0):
        total = mp.mpf(0)
        for others in product((0, 1), repeat=2):
            rewards = [gap * (1 - o) for o in others]
            mean = sum(rewards) / 2
            spread = mp.sqrt(sum((r - mean) ** 2 for r in rewards))
            weight = mp.fprod(1 - p if o else p for o in others)
            total += weight * (own - mean) / (spread or 1)
        found.append(total)
    return p * (1 - p) * (found[0] - found[1])


def pulls_equal(gap, beta, p0):
    """The maximum of E r - beta KL(pi || pi_ref), as a zero of its slope."""
    return stationary(lambda p: mp.mpf(gap), beta, p0, "direct")


def rare(of, **given):
    """The stationary policy for a reference of nearly nothing."""
    return stationary(of, given["beta"], mp.mpf(10) ** -22)


def loss_over_square(p0):
    """(1 - p)/beta^2 of large groups at a small weight."""
    beta = mp.mpf(10) ** -6
    # 1 - p = w: beta (1 - w - p0) = sqrt(w (1 - w)), by iteration from above
    w = beta**2
    for _ in range(60):
        w = (beta * (1 - w - p0)) ** 2 / (1 - w)
    return w / beta**2


def cusp_slope(p):
    """p (1 - p) D_4'(p)."""
    return p * (1 - p) * mp.diff(lambda x: drift(x, 4), p)


def constant(p, p0):
    """C' of |p_inf - p_G| <= C'/G: p (1 + x)/(2 sqrt x) over beta p0, at the large group's beta."""
    x = p * (1 - p)
    beta = mp.sqrt(x) / (p - p0)
    return p * (1 + x) / (2 * mp.sqrt(x)) / (beta * p0)


def fold(p):
    """The weight at which drift and log-odds touch at p: the ratio of their slopes."""
    return mp.diff(large_drift, p) / mp.diff(lambda x: mp.log(x / (1 - x)), p)


def potential(p, size):
    """The integral of the drift from 0."""
    return mp.quad(lambda x: drift(x, size), [0, p])


def end_of_potential(beta, p0):
    """2 arcsin sqrt p - beta KL at p = 1: the drift integrated, less the divergence there."""
    whole = mp.quad(large_drift, [0, mp.mpf(1) / 2, 1])
    return whole - beta * mp.log(1 / p0)


#: By result and the names of what is given: the number that is printed.
NUMBERS: dict[str, Number] = {
    "r2_pairwise": lambda gamma, p: (1 - p) * gamma + p * 0,
    "r_infinity": lambda p: (1 - p) / mp.sqrt(p * (1 - p) ** 2 + (1 - p) * p**2),
    "eq04_rlhf": lambda beta, Delta, p_0: pulls_equal(Delta, beta, p_0),
    "eq05_nlhf": lambda beta, gamma, p_0: duel(beta, p_0, gamma, "direct", mp.mpf(1) / 2),
    "eq14_binary_pairs": lambda beta, gamma, p_0: duel(beta, p_0, gamma),
    "eq14_limits": lambda beta, gamma: rare(lambda p: gamma, beta=beta),
    "eq14_tie": lambda p_0: p_0,
    "eq15_large_group": lambda beta, p_0: stationary(large_drift, beta, p_0),
    "eq15_limits": lambda beta: rare(large_drift, beta=beta),
    "comparative_statics": lambda p, p_0: -force(p, p_0, "reverse"),
    "group_of_three": lambda beta, p_0: stationary(partial(drift, size=3), beta, p_0),
    "quartic_groups_of_four_and_five": quartic,
    "large_group_limit": lambda p, p_0: constant(p, p_0),
    "one_over_group_size": lambda p, p_0: correction(p, p_0),
    "series_in_the_group_size": lambda p, p_0: correction(p, p_0, order=2),
    "small_penalty_limits": lambda p_0: loss_over_square(p_0),
    "order_of_limits": lambda p_0: loss_over_square(p_0),
    "potential_two_levels": partial(potential, size=4),
    "implicit_objective": partial(potential, size=3),
    "direct_kl_pairs": lambda beta, gamma, p_0: duel(beta, p_0, gamma, "direct"),
    "direct_kl_large_group": lambda beta, p, p_0: large_drift(p) / beta - force(p, p_0, "direct"),
    "fold_curve_direct_kl": fold,
    "maxwell_point_direct_kl": lambda beta, p_0: end_of_potential(beta, p_0),
    "cusp_finite_groups": cusp_slope,
    "concavity_threshold_stage": lambda beta, p, p_0: stage_bend(beta, p, p_0),
    "stationary_is_not_maximal": lambda beta, p, p_0: stage_bend(beta, p, p_0),
    "shift_only_factor": lambda Delta, p: preferences(p, 2, (Delta, 0), "none")[0],
    "shift_only_is_rlhf": lambda beta, Delta, p_0: pulls_equal(Delta, beta, p_0),
    "shift_only_reverse_kl": lambda beta, Delta, p_0: stationary(lambda p: Delta, beta, p_0),
    "max_rl_drift": lambda p: scaled_drift(p, "mean"),
    "drift_of_every_preset": lambda p: scaled_drift(p, "sample + 1e-4"),
    "trainer_nemo_rl": lambda Delta, p: without_own(Delta, p),
    "trainer_rloo_is_rlhf": lambda beta, Delta, p, p_0: Delta - beta * force(p, p_0, "direct"),
}

_EXAMPLE = re.compile(
    r"\\field\{Example\.\} At (?P<given>.*?) this gives \$(?P<value>.*?)\$\.(?:\s|\Z)"
)
_GIVEN = re.compile(r"\$\\?(?P<name>[A-Za-z]+(?:_0)?) = (?P<value>[^$]*)\$")
_LABEL = re.compile(r"\\subsection\{.*?\}\\label\{(\w+)\}")


def number(tex: str) -> mp.mpf:
    """A rational number, or digits that are cut off, as the book prints them."""
    found = re.fullmatch(r"(-?)\s*\\frac\{(\d+)\}\{(\d+)\}", tex.strip())
    if found is not None:
        return mp.mpf(f"{found[1]}1") * mp.mpf(found[2]) / mp.mpf(found[3])
    return mp.mpf(tex.replace(r"\ldots", "").replace(" ", ""))


def examples(tex: str) -> dict[str, tuple[dict[str, mp.mpf], str]]:
    """By result: what is given in its example, and the value as it is printed."""
    found = {}
    for part in re.split(r"(?=\\subsection\{)", tex):
        label, example = _LABEL.match(part), _EXAMPLE.search(part)
        if label is not None and example is not None:
            given = {m["name"]: number(m["value"]) for m in _GIVEN.finditer(example["given"])}
            found[label[1]] = given, example["value"].rpartition(" = ")[2]
    return found


def compare(name: str, given: dict[str, mp.mpf], printed: str) -> bool:
    """Whether all digits that are printed are those of the other route."""
    with mp.workdps(40):
        try:
            value = NUMBERS[name](**given)
        except (KeyError, TypeError):  # another formula than the one that is known here
            return False
        shown = number(printed)
        if r"\ldots" not in printed:
            return abs(value - shown) < mp.mpf(10) ** -7
        digits = len(printed.replace(r"\ldots", "").strip().partition(".")[2])
        beyond = (abs(value) - abs(shown)) * mp.mpf(10) ** digits  # cut, not rounded
        return -(mp.mpf(10) ** -3) < beyond < 1 + mp.mpf(10) ** -3 and value * shown > 0


def turning(of, low, high):
    """Where a function turns, by the sign of its slope at the lower end."""
    falls = mp.diff(of, low) < 0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (mp.diff(of, middle) < 0) == falls else (low, middle)
    return low


def logit(p):
    return mp.log(p / (1 - p))


def fold_and_level(p0, level, p1):
    """The fold's weight, and the weight and the policy at which potential and its end are level."""
    weight = lambda p: large_drift(p) / (logit(p) - logit(p0))  # noqa: E731
    turn = turning(weight, p0 + (1 - p0) / 1000, 1 - (1 - p0) / 1000)
    known = lambda p: -mp.log(p0) - p * mp.log(p / p0) - (1 - p) * mp.log((1 - p) / (1 - p0))  # noqa: E731
    gap = lambda p: mp.pi - 2 * mp.asin(mp.sqrt(p)) - weight(p) * known(p)  # noqa: E731
    found = mp.findroot(gap, p1)
    return weight(turn), weight(found), found


def cusp(size, p):
    """The largest p (1 - p) D_G'(p), where it is, and the reference that makes it stationary."""
    hills = [mp.sqrt(mp.mpf(k) / size * (1 - mp.mpf(k) / size)) for k in range(size + 1)]

    def of(x):
        mean = sum(mp.binomial(size, k) * x**k * (1 - x) ** (size - k) * hills[k]
                   for k in range(size + 1))  # fmt: skip
        return mean / (x * (1 - x))

    psi = lambda x: x * (1 - x) * mp.diff(of, x)  # noqa: E731
    place = turning(psi, p - (1 - p) / 9, p + (1 - p) / 9)
    odds = mp.exp(logit(place) - of(place) / psi(place))
    return psi(place), place, odds / (1 + odds)


def tables(tex: str) -> list[tuple[str, list[tuple[str, mp.mpf]]]]:
    """The rows of the tables of folds and cusps: their first cell, and each number beside it."""
    found = []
    for part in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", tex, re.DOTALL):
        for row in part.split(r"\\")[1:]:
            cells = [c.replace("$", "").strip() for c in row.replace(r"\midrule", "").split("&")]
            if len(cells) != 4 or not re.search(r"\d\.\d{8}", cells[1]):
                continue
            first = re.sub(r"\\frac\{(\d+)\}\{(\d+)\}", r"\1/\2", cells[0])
            with mp.workdps(30):
                top, _, below = first.partition("/")
                given = mp.mpf(top) / mp.mpf(below or 1)
                values = fold_and_level(given, *map(scientific, cells[2:])) if below else cusp(
                    int(given), scientific(cells[2]))  # fmt: skip
            found.append((first, list(zip(cells[1:], values, strict=True))))
    return found


def scientific(tex: str) -> mp.mpf:
    found = re.fullmatch(r"([\d.]+)(?: *\\cdot *10\^\{(-?\d+)\})?", tex)
    assert found is not None, tex
    return mp.mpf(found[1]) * mp.mpf(10) ** int(found[2] or 0)


def table_errors(tex: str) -> list[str]:
    """Cells whose digits are not those of the other route."""
    return [
        f"{first}: {printed}, not {mp.nstr(value, 15)}"
        for first, cells in tables(tex)
        for printed, value in cells
        if abs(scientific(printed) / value - 1) > mp.mpf(10) ** -11
    ]


def main(path: str) -> int:
    tex = Path(path).read_text(encoding="utf-8")
    found = examples(tex)
    wrong = [name for name, example in found.items() if not compare(name, *example)]
    print(f"{len(tables(tex))} rows of tables, {len(table_errors(tex))} wrong")
    wrong += table_errors(tex)
    print(f"{len(found)} numbers, {len(wrong)} wrong" + "".join(f"\n{name}" for name in wrong))
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
