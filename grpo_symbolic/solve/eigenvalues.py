"""Eigenvalues of real matrices at numbers: on which side of the imaginary axis, and how large.

Approximate eigenvectors of float64 bring a matrix next to a diagonal one, and in ball arithmetic
Gershgorin's discs of the result hold its eigenvalues. Where some disc is not on one side, the
eigenvalues are worked out to the working precision, which takes long for many of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import acb, acb_mat, arb, arb_mat, ctx

#: Rows of a matrix whose eigenvalues are worked out: a few seconds.
MOST_ROWS = 120
# Bits of the discs: their radii are those of float64.
_BITS = 128
# What is negative is so by as much, beside a diagonal of −1.
_CLEAR = arb(2) ** -30


def sides(rows: Sequence[Sequence[arb]], share: arb, bits: int) -> list[int]:
    """The signs of the real parts of the eigenvalues, 0 within ``share`` of the largest one.

    Parameters
    ----------
    rows : sequence of sequences of arb
    share : arb
        Of the largest real part.
    bits : int
        Of the eigenvalues, where they are worked out.

    Raises
    ------
    ValueError
        For a matrix that is too large, with the size that would do.
    """
    with ctx.workprec(_BITS):
        signs = _signs(_in_discs(rows), share)
    if 0 in signs or len(signs) < len(rows):
        with ctx.workprec(bits):
            signs = _signs([arb(e.real.mid()) for e in eigenvalues(rows)], share)
    return signs


def eigenvalues(rows: Sequence[Sequence[arb]]) -> list[acb]:
    """The eigenvalues of the middles at the working precision; nothing is proved of them.

    Raises
    ------
    ValueError
        For a matrix that is too large, with the size that would do.
    """
    if len(rows) > MOST_ROWS:
        raise ValueError(
            f"{len(rows) + 1} answers, or classes of answers, each with a probability of its own, "
            f"have too many eigenvalues to be worked out: {MOST_ROWS + 1} would do"
        )
    if not rows:
        return []
    return acb_mat([[x.mid() for x in row] for row in rows]).eig(algorithm="approx")


def negative_definite(matrix: arb_mat, base: int) -> bool:
    """Whether the symmetric part is proved to be so on vectors that sum to zero.

    Contrasts with the answer ``base`` are scaled to a diagonal of about −1, whatever the sizes of
    its entries; a basis that float64 takes for orthogonal brings them next to a diagonal matrix.
    """
    entries, others = matrix.tolist(), [o for o in range(matrix.nrows()) if o != base]
    if not others:
        return True
    both = [[x + y for x, y in zip(row, column, strict=True)]
            for row, column in zip(entries, zip(*entries, strict=True), strict=True)]  # fmt: skip
    corner = both[base][base]
    contrasts = [
        [both[o][j] - both[o][base] - both[base][j] + corner for j in others] for o in others
    ]
    if not all(row[o] < 0 for o, row in enumerate(contrasts)):
        return False
    scale = [arb((1 / (-row[o]).sqrt()).mid()) for o, row in enumerate(contrasts)]
    scaled = [[x * a * b for x, b in zip(row, scale, strict=True)]
              for row, a in zip(contrasts, scale, strict=True)]  # fmt: skip
    near = np.array([[float(x) for x in row] for row in scaled])
    if not np.isfinite(near).all():
        return False
    basis = arb_mat([[arb(x) for x in row] for row in np.linalg.eigh(near)[1].tolist()])
    turned = (basis.transpose() * (arb_mat(scaled) * basis)).tolist()
    return all(
        sum((abs(x) for j, x in enumerate(row) if j != o), row[o]) < -_CLEAR
        for o, row in enumerate(turned)
    )


def _signs(parts: Sequence[arb], share: arb) -> list[int]:
    small = share * max((arb(abs(real).upper()) for real in parts), default=arb(0))
    return [0 if not abs(real) > small else 1 if real > 0 else -1 for real in parts]


def _in_discs(rows: Sequence[Sequence[arb]]) -> list[arb]:
    """The real parts of discs that together hold all eigenvalues; empty where there are none."""
    near = np.array([[float(x) for x in row] for row in rows])
    if not near.size or not np.isfinite(near).all():
        return []
    try:
        basis = acb_mat([[acb(z.real, z.imag) for z in row] for row in np.linalg.eig(near)[1]])
        table = basis.solve(acb_mat([list(row) for row in rows]) * basis).tolist()
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return []
    radii = (
        sum((abs(x) for j, x in enumerate(row) if j != o), arb(0)) for o, row in enumerate(table)
    )
    return [
        row[o].real + arb(0, radius.upper())
        for o, (row, radius) in enumerate(zip(table, radii, strict=True))
    ]
