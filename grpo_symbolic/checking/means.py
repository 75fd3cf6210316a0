"""Means over a group that a text writes out: the one of the algorithm, where that is proved.

What is called ``h_8`` or ``f`` elsewhere may be anything. It is compared with what the library
derives, and only what is proved to be the same takes its place.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sympy import Expr, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.checking.checked import Checked, from_claim
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.drift import GroupDrift
from grpo_symbolic.grammar.statement import Comparison, Statement
from grpo_symbolic.grammar.sums import SHARE
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status, Verdict

_SMALL = 12


def with_own_means(about: Subject, said: Statement) -> Statement:
    """The statement with the algorithm's own mean for each that is proved to be it.

    Small ones of other values are written out.
    """
    put: dict[Expr, Expr] = {}
    for mean in _means(said):
        if is_own(about, mean):
            put[mean] = _own(about, mean.argument)
        elif mean.size.is_Integer and mean.size <= _SMALL:
            put[mean] = mean.doit()
    needs = tuple(need for need in said.needs if not need[0].has(SHARE))
    parts = {n: part.xreplace(put) for n, part in vars(said).items() if isinstance(part, Expr)}
    return replace(said, needs=needs, **parts)


def undefined_means(about: Subject, said: Statement) -> str:
    """Means for every group size whose values are not shown to be real numbers, in words."""
    found = (m for m in _means(said) if not m.size.is_Integer and not is_own(about, m))
    return " and ".join(f"the values of {sstr(m)} are defined" for m in found)


def _means(said: Statement) -> list[BernsteinMean]:
    parts = (part for part in vars(said).values() if isinstance(part, Expr))
    return sorted(set().union(*(part.atoms(BernsteinMean) for part in parts)), key=str)


def is_own(about: Subject, mean: BernsteinMean) -> bool:
    """Whether a mean is proved to have the values of the algorithm's own."""
    drift = _group_drift(about)
    if drift is None or mean.size != drift.rule.degree or mean.order:
        return False
    own = _own(about, mean.argument)
    if None not in (mean.f, own.f) and mean.ends == own.ends:
        domain = Domain((Range(symbols.t, S.Zero, S.One), *about.policy.domain.ranges))
        return _same(mean.f, own.f, domain)
    if not mean.size.is_Integer:
        return False
    places = [S(k) for k in range(int(mean.size) + 1)]
    return all(_same(mean.value(k), own.value(k), about.parameters) for k in places)


def own_meaning(about: Subject, name: str, variable: Symbol | None) -> tuple[Expr, Domain] | None:
    """What the library's own texts call f, h_G and m, and where it is; None for other names."""
    drift = None if about.curve is None else about.curve.drift
    if not isinstance(drift, GroupDrift):
        return None
    if variable is None:
        return (drift.share, about.policy.domain) if name == symbols.share.name else None
    domain = Domain((Range(variable, S.Zero, S.One), *about.parameters.ranges))
    if name == "f" and drift.rule.spread is not None:
        return drift.rule.spread.subs(symbols.t, variable), domain
    if name == f"h_{drift.rule.degree}":
        return _own(about, variable), domain
    return None


def against_own(about: Subject, said: Comparison, domain: Domain) -> Checked:
    """The verdict on a definition: whether it is the library's own, with the place where not."""
    left, right = said.left, said.right
    if isinstance(right, BernsteinMean) and is_own(about, right):
        right = _own(about, right.argument)
    verdict = _proved(left, right, domain)
    own = f"what the library derives by this name for {domain}"
    if verdict.status is Status.REFUTED:
        return from_claim(
            said, verdict, f"it is not {own}, and a formula fails with it that holds with that"
        )
    sentence = f"a definition: {own}" if verdict.status is Status.PROVED else verdict.detail
    return Checked(str(said), verdict.status, verdict.method, sentence, statement=said)


@lru_cache(maxsize=256)
def _proved(left: Expr, right: Expr, domain: Domain) -> Verdict:
    return prove(Claim("the same values", left, "==", right, domain))


def _same(left: Expr, right: Expr, domain: Domain) -> bool:
    return left == right or _proved(left, right, domain).status is Status.PROVED


def _group_drift(about: Subject) -> GroupDrift | None:
    drift = None if about.curve is None else about.curve.drift
    return drift if isinstance(drift, GroupDrift) and drift.rule.size != oo else None


def _own(about: Subject, argument: Expr) -> BernsteinMean:
    drift = _group_drift(about)
    assert drift is not None
    return drift.rule.mean(argument)
