r"""The ranges of a domain as an author states them: :math:`0 < \pi_{\mathrm{ref}}(a) < 1`."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, oo

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.notation import Notation


def ranges(domain: Domain, notation: Notation | None = None) -> tuple[str, ...]:
    r"""TeX of every range, without dollars; ranges that continue each other are one chain.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> ranges(Domain.of(s.beta, *reversed(s.success)))
    ('\\beta > 0', '0 \\le s_b < s_a \\le 1')
    """
    return tuple(_chain(chain, notation) for chain in _chains(domain))


def assumptions(domain: Domain, notation: Notation | None = None) -> str:
    r"""The ranges in a sentence, each between dollars.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> assumptions(Domain.of(s.beta, s.gamma))
    '$\\beta > 0$ and $0 < \\gamma \\le 1$'
    """
    return listed([f"${r}$" for r in ranges(domain, notation)])


def listed(parts: Sequence[str]) -> str:
    """``x``, ``x and y``, ``x, y and z``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _chains(domain: Domain) -> list[list[Range]]:
    """Ranges in chains: each one begins where the one before it in its chain is."""
    chains: list[list[Range]] = []
    for r in domain.ranges:
        last = next((c for c in chains if c[-1].symbol == r.lower), None)
        if last is not None and _implied(last[-1], r):
            last.append(r)
        else:
            chains.append([r])
    return chains


def _implied(below: Range, above: Range) -> bool:
    """Whether the upper end of a range is implied by the one above it."""
    return below.upper == oo or (below.upper == above.upper and not above.lower_closed)


def _chain(chain: Sequence[Range], notation: Notation | None) -> str:
    def tex(expr: Expr) -> str:
        return formula(expr, notation)

    first, last = chain[0], chain[-1]
    names = [tex(r.symbol) for r in chain]
    left = [r.lower_closed for r in chain]
    if first.lower == first.upper and left[0] and first.upper_closed:
        return f"{names[0]} = {tex(first.lower)}"
    if last.upper == oo:
        if first.lower == -oo and len(chain) == 1:
            return rf"{names[0]} \in \mathbb{{R}}"
        start = [] if first.lower == -oo else [tex(first.lower)]
        signs = left if start else left[1:]
        shown = [*start, *names]
        relations = [r"\ge" if closed else ">" for closed in signs]
        parts = [shown[-1]]
        for name, relation in zip(reversed(shown[:-1]), reversed(relations), strict=True):
            parts += [relation, name]
        return " ".join(parts)
    parts = [] if first.lower == -oo else [tex(first.lower), r"\le" if left[0] else "<"]
    parts.append(names[0])
    for name, closed in zip(names[1:], left[1:], strict=True):
        parts += [r"\le" if closed else "<", name]
    return " ".join([*parts, r"\le" if last.upper_closed else "<", tex(last.upper)])
