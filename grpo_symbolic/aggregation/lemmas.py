"""What the arguments rest on, as claims that are proved anew each time they are used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sympy import Add, Integer, Rational, S, Symbol, diff, exp, sqrt, symbols

from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report


def _own_reward() -> tuple[Claim, ...]:
    """The advantage of a reward that is z above the mean of the others, whose variance is v."""
    size, v = Symbol("G", integer=True, positive=True), Symbol("v", positive=True)
    z, more = Symbol("z", real=True), Symbol("g", positive=True)
    mean = z / size
    spread = (size - 1) / size * (v + z**2 / size)
    advantage = ((z - mean) / sqrt(spread)).subs(size, 1 + more)
    return (
        Claim(
            "the advantage does not fall with the own reward",
            diff(advantage, z),
            ">=",
            S.Zero,
            Domain.of(v, z, more),
        ),
    )


def _margins(count: int) -> list[list]:
    names = [[Symbol(f"g_{o}{x}", real=True) for x in range(count)] for o in range(count)]
    return [
        [Integer(0) if o == x else names[o][x] if o < x else -names[x][o] for x in range(count)]
        for o in range(count)
    ]


def _skew() -> tuple[Claim, ...]:
    """Two policies, Γ and Γ with γ(1, 2) raised by d; and E P = 0."""
    gamma, d = _margins(3), Symbol("d", positive=True)
    p, q = (symbols(f"{name}_1:4", positive=True) for name in "pq")
    moved = [list(row) for row in gamma]
    moved[0][1] += d
    moved[1][0] -= d
    before = [Add(*(g * v for g, v in zip(row, p, strict=True))) for row in gamma]
    after = [Add(*(g * v for g, v in zip(row, q, strict=True))) for row in moved]
    work = Add(*((b - a) * (y - x) for a, b, x, y in zip(p, q, before, after, strict=True)))
    return (
        Claim("E P = 0", Add(*(v * x for v, x in zip(p, before, strict=True))), "==", S.Zero),
        Claim(
            "Σ (π' − π)(P' − P) = d (π'(a) π(x) − π(a) π'(x))",
            work,
            "==",
            d * (q[0] * p[1] - p[0] * q[1]),
        ),
    )


def _clone_mass() -> tuple[Claim, ...]:
    """Two clones with the margin k between them and g against everything else."""
    beta, k, g = symbols("beta k g", real=True)
    one, two, out = symbols("p_1 p_2 p_3", positive=True)
    first, second = k * two + g * out, -k * one + g * out
    return (
        Claim(
            "Σ_C π (β − P) = π(C) (β − P_out): margins inside cancel",
            one * (beta - first) + two * (beta - second),
            "==",
            (one + two) * (beta - g * out),
        ),
    )


def _jensen() -> tuple[Claim, ...]:
    """e^t ≥ 1 + t, on either side of 0."""
    t = Symbol("t", positive=True)
    return (
        Claim("e^t is at least 1 + t", exp(t), ">=", 1 + t, Domain.of(t)),
        Claim("e^-t is at least 1 - t", exp(-t), ">=", 1 - t, Domain.of(t)),
    )


def _fit() -> tuple[Claim, ...]:
    t = Symbol("t", real=True)
    model = 1 / (1 + exp(-t))
    return (
        Claim("the model's probability rises with the difference of scores", diff(model, t), ">",
              S.Zero, Domain.of(t)),
    )  # fmt: skip


def _share() -> tuple[Claim, ...]:
    """Under a tilt, a mass rises with its own value at the rate π(1 − π)/β."""
    v, beta, rest, own = Symbol("v", real=True), *symbols("beta W r", positive=True)
    mass = own * exp(v / beta) / (own * exp(v / beta) + rest)
    return (Claim("a mass rises with its own value", diff(mass, v), ">", S.Zero,
                  Domain.of(v, beta, rest, own)),)  # fmt: skip


def _linear() -> tuple[Claim, ...]:
    """Equal sides stay equal in a mixture of two electorates."""
    t, p, q, force = (Symbol(n, real=True) for n in ("t", "P_1", "P_2", "f"))
    mixed = t * p + (1 - t) * q - force
    return (Claim("sides of a mixture are the mixture of sides", mixed, "==",
                  t * (p - force) + (1 - t) * (q - force)),)  # fmt: skip


def _units() -> tuple[Claim, ...]:
    """An advantage in another unit: three rewards stand for a group."""
    k, c = Symbol("k", positive=True), Symbol("c", real=True)
    r = symbols("r_1:4", real=True)

    def advantage(rewards: tuple) -> object:
        mean = Add(*rewards) * Rational(1, 3)
        return (rewards[0] - mean) ** 2 / Add(*((x - mean) ** 2 for x in rewards))

    ranges = Domain.of(k, c, *r)
    return (Claim("the squared advantage does not change with the unit",
                  advantage(tuple(k * x + c for x in r)), "==", advantage(r), ranges,
                  where_defined=True),)  # fmt: skip


def _large_groups() -> tuple[Claim, ...]:
    """The variance of a policy π = ρ τ/a, in units of τ², and its slope as all a rise."""
    a, v = symbols("a_1:4", positive=True), symbols("v_1:4", nonnegative=True)
    raw, rise = symbols("w_1:4", positive=True), Symbol("t", nonnegative=True)
    ref = [w / Add(*raw) for w in raw]
    tau = 1 / Add(*(r / g for r, g in zip(ref, a, strict=True)))
    policy = [r * tau / g for r, g in zip(ref, a, strict=True)]
    away = [g - tau for g in a]  # the mean reward of the policy is u − τ
    spread = Add(*(p * (d**2 + w) for p, d, w in zip(policy, away, v, strict=True)))
    moved = [g + rise for g in a]
    means = Add(*(r * g for r, g in zip(ref, moved, strict=True)))
    whole = Add(*(r / g for r, g in zip(ref, moved, strict=True)))
    slope = diff(means * whole, rise).subs(rise, 0)
    pairs = [
        ref[i] * ref[j] * (a[i] - a[j]) ** 2 * (a[i] + a[j]) / (a[i] * a[j]) ** 2
        for i in range(3)
        for j in range(i)
    ]
    noise = Add(*(r * w / g for r, w, g in zip(ref, v, a, strict=True)))
    still = means.subs(rise, 0) * whole.subs(rise, 0) - 1 + noise * whole.subs(rise, 0)
    return (
        Claim("the masses sum to 1", Add(*policy), "==", S.One),
        Claim("the mean of a is τ", Add(*(p * g for p, g in zip(policy, a, strict=True))), "==",
              tau),
        Claim("σ²/τ² in the gaps a", spread / tau**2, "==", still),
        Claim("its part of the means falls, pair by pair", slope, "==", -Add(*pairs)),
    )  # fmt: skip


LEMMAS: dict[str, Callable[[], tuple[Claim, ...]]] = {
    "own-reward": _own_reward,
    "skew": _skew,
    "clone-mass": _clone_mass,
    "jensen": _jensen,
    "fit": _fit,
    "share": _share,
    "linear": _linear,
    "units": _units,
    "large-groups": _large_groups,
}


@cache
def proved(name: str) -> Report:
    """The verdicts on the claims of a lemma."""
    return prove_all(LEMMAS[name]())
