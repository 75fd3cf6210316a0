r"""Small groups of any number of reward levels: the condition as a fixed-point system.

Where P is a polynomial, the coefficients of its Bernstein form bound the values
a(o) = P(o)/β to which a stationary policy is the response. All solutions lie in one box of
differences of values, on which the condition is a fixed-point equation without any boundary.
"""

from __future__ import annotations

from flint import arb, arb_mat

from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.enclosures.systems import Box, FixedPoints, fixed_points
from grpo_symbolic.solve.forms import Forms
from grpo_symbolic.solve.preferences import PolynomialPreference
from grpo_symbolic.solve.response import Response
from grpo_symbolic.solve.scales import weighted


class ResponseSystem:
    """Differences a(o) − a(n) of values as fixed points of a ↦ (P(o) − P(n))(π(a))/β.

    Parameters
    ----------
    response : Response
    preference : PolynomialPreference
    beta : arb
    """

    def __init__(self, response: Response, preference: PolynomialPreference, beta: arb) -> None:
        self.response, self.beta = response, beta
        *forms, last = preference.forms
        self.contrasts = [f - last for f in forms]
        self._values = Forms(self.contrasts)
        n = len(forms) + 1
        self._slopes = Forms([f.derivative(o) for f in self.contrasts for o in range(n)])

    @property
    def cost(self) -> int:
        """About how many operations a box takes: those of the response, and of the forms."""
        return (len(self.contrasts) + 1) ** 2 * (130 + len(self._values.powers))

    @property
    def region(self) -> Box:
        """A box that contains every solution."""
        return [f.bounds() / self.beta for f in self.contrasts]

    def value(self, point: Box) -> Box:
        policy = self.response.policy([*point, arb(0)])
        return [v / self.beta for v in self._values.at(policy)]

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        policy = self.response.over([*box, arb(0)])
        n = len(policy)
        weights = self.response.slopes(policy)
        total = sum(weights, arb(0))
        shares = [w / total for w in weights]
        flat = self._slopes.over(policy)
        entries = []
        for o in range(n - 1):
            row = flat[o * n : (o + 1) * n]
            for j in range(n - 1):  # dπ/da(j) = w(j) (e(j) − w/Σ w)
                pull = weighted(shares, [row[j] - d for d in row])
                entries.append(weights[j] * pull / self.beta)
        values = [v / self.beta for v in self._values.over(policy)]
        if not all(x.is_finite() for x in (*values, *entries)):
            raise Undecided("no finite enclosure on the box")
        return values, arb_mat(n - 1, n - 1, entries)

    def isolated(self, most: int) -> FixedPoints:
        """Every solution, as far as ``most`` cells allow."""
        wide = [arb(x.mid(), x.rad() * 1.001 + arb(2) ** -30) for x in self.region]
        return fixed_points(self, wide, most)

    def policy(self, place: Box) -> Box:
        """π at a small box of values."""
        return self.response.policy([*(arb(x.mid()) for x in place), arb(0)])
