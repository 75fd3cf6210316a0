r"""Stationary policies of many answers at arrays of parameters, in float64.

Answers of one reward law share their class's mass, so the unknowns are class masses:

=================  =====================================================================
one class          the reference
ordered pairs      the rank distortion: the binary solution on cumulative masses
a tilted curve     one scalar equation (large groups; two reward levels), all its zeros
two classes        the binary policy, where both masses keep their digits in π_ref(a)
everything else    Newton's method on the condition in log π/π_ref, row by row checked
=================  =====================================================================
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sympy import Dummy, Expr, Rational, S, Sum, Symbol, Tuple, diff, oo, preorder_traversal

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.domain import Domain
from grpo_symbolic.levels.condition import Ladder
from grpo_symbolic.levels.counted import CountedPreference
from grpo_symbolic.levels.form import level_form
from grpo_symbolic.model.level_values import WRITTEN_OUT
from grpo_symbolic.numeric.blocks import put
from grpo_symbolic.numeric.drift import WrittenDrift
from grpo_symbolic.numeric.formula import REST, Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Allowance, Kernel, Points
from grpo_symbolic.numeric.ranks import RankDistortion
from grpo_symbolic.numeric.stationary import Condition, TiltedCondition, pull, solved
from grpo_symbolic.numeric.tilted import LinkShape, MassTilt, SpreadTilt, TiltedCurve
from grpo_symbolic.numeric.zeros import Mask
from grpo_symbolic.one_thread import in_one_thread
from grpo_symbolic.policy.arguments import ROW, Arguments
from grpo_symbolic.policy.evaluate import PRECISION, Evaluator, NoStationaryPolicy, at_an_end
from grpo_symbolic.policy.evaluate_binary import group_table
from grpo_symbolic.policy.exact_rows import ExactRows
from grpo_symbolic.policy.rank_distortion import sees_pairs
from grpo_symbolic.policy.solve_many_answers import refuse_many
from grpo_symbolic.question import Question
from grpo_symbolic.replace import replaced
from grpo_symbolic.reward import mean, variance
from grpo_symbolic.solve.preferences import refuse_names, sees_spread, spread_function
from grpo_symbolic.solve.ranks import telescoped
from grpo_symbolic.solve.simplex_count import SimplexCount
from grpo_symbolic.solve.simplex_field import SimplexField
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition

# Numbers of one block: answers times rows, and answers times rows times points of a scan.
_BLOCK, _SCANNED, _DENSE = 2**18, 2**12, 2**20
# What a row of the exact solver is counted with at least, and one in balls.
_ROW, _BALL_ROW = 1_000_000, 20_000_000
# Answers times parts of their preference, of which all slopes are compiled.
_COMPILED = 200_000
# Operations of one call on level values: some seconds.
_OPERATIONS = 80_000_000_000
# π_ref(a) alone keeps the digits of a reference in which b has at least this mass.
_BALANCED = 0.1


@dataclass(frozen=True)
class SimplexEvaluator(Evaluator):
    """π of one policy as a function of arrays."""

    reason: ClassVar[str] = (
        "its values are NaN; where several are possible, the first rows, at most "
        f"{Allowance.rows}, are solved exactly, fewer where each takes long"
    )

    #: Rewards decide the levels, for which rules of integration are made.
    distinct: ClassVar[int] = 300

    @cached_property
    def arguments(self) -> Arguments:
        question = self.policy.question
        kept = tuple(p for p in self.policy.inputs if p.role != "pi_ref")
        inside = tuple(r for r in question.declared.ranges if r.symbol in {p.symbol for p in kept})
        return Arguments(kept, Domain(inside), len(question))

    @cached_property
    def deciding(self) -> tuple[Symbol, ...]:
        return tuple(p.symbol for p in self.arguments.parameters if p.role != "beta")

    def sensitivity(self, **given: Any) -> dict[str, Array]:
        """∂π/∂β and ∂π(o)/∂π_ref(j) at one point."""
        found = np.asarray(self(branch="attracting", errors="raise", **given))
        if found.ndim != 1 or np.isnan(found).any():
            raise ValueError("the sensitivity of many answers needs one point with a solution")
        values = {name: v[()] for name, v in self.arguments.read(given, True).items()}
        kernel = self.kernel({s.name: float(values[s.name]) for s in self.deciding})
        beta = self.policy.algorithm.beta
        weight = float(values[beta.name] if isinstance(beta, Symbol) else beta)
        reference = np.array(given["pi_ref"], dtype=float)
        return kernel.sensitivity(weight, reference / reference.sum(), found)  # type: ignore[attr-defined]

    def _kernel_at(self, point: dict[Symbol, Expr]) -> _SimplexKernel:
        return _SimplexKernel(self.policy.sized(point), point)


@dataclass(frozen=True)
class _SimplexKernel(Kernel):
    """The evaluation at numbers for all parameters but β and the reference."""

    policy: Any
    point: dict[Symbol, Expr]

    @property
    def algorithm(self) -> Any:
        return self.policy.algorithm

    @cached_property
    def monotone(self) -> bool:
        return self.algorithm.penalty.monotone

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        question = self.policy.question
        return question.classes if self.monotone else tuple((o,) for o in range(len(question)))

    @cached_property
    def question(self) -> Question:
        question = self.policy.question
        return question.lumped() if self.monotone else question

    @cached_property
    def condition(self) -> StationarityCondition:
        if not self.monotone:
            refuse_many(self.question)
        return stationarity_condition(self.algorithm, self.question)

    @cached_property
    def block(self) -> int:
        n = len(self.classes)
        if n == 1 or self.ranked is not None:
            return max(1, _BLOCK // n)
        if self.curve is not None:
            return max(1, (_BLOCK if self.curve.single else _SCANNED) // n)
        return max(1, _DENSE // (n + 1) ** 2)

    @cached_property
    def ladder(self) -> Ladder | None:
        """The condition through level values, of three levels or more in finite groups.

        Two classes with few levels are a binary question.
        """
        if not self.monotone or len(self.classes) < 2 or self.ranked is not None:
            return None
        form = level_form(self.algorithm, self.question, self.point)
        if form is None or (len(self.classes) == 2 and form.terms <= WRITTEN_OUT):
            return None
        return Ladder(form)

    # -- what is chosen ----------------------------------------------------------------

    @cached_property
    def ranked(self) -> tuple[list[list[int]], RankDistortion] | None:
        """Answers by rank, and the distortion of cumulative masses."""
        question = self.policy.question
        if not sees_pairs(self.algorithm) or not question.deterministic:
            return None
        # Three ranks show the partial sums of the field that any number of them has.
        algorithm = replace(self.algorithm, beta=symbols.beta)
        short = telescoped(stationarity_condition(algorithm, Question.symbolic(3)))
        found = None if short is None else RankDistortion.of(short[0], symbols.beta)
        if found is None:
            return None
        rewards = [r.xreplace(self.point) for r in question.rewards]
        levels = sorted(set(rewards), reverse=True)
        return [[o for o, r in enumerate(rewards) if r == level] for level in levels], found

    @cached_property
    def curve(self) -> TiltedCurve | None:
        """The tilted curve of the classes, where the question has one."""
        if not self.monotone or any(s != 1 for s in self.algorithm.sampling(self.question)):
            return None
        x = Dummy("x", real=True)
        try:
            link = LinkShape.of(self.algorithm.penalty.link(x), x)
        except (ValueError, NotImplementedError):
            return None
        found = self._tilt if link is not None else None
        if link is None or found is None:
            return None
        rates, scale = found
        edge = min(rates) if link.ends else max(rates)
        return TiltedCurve(link, np.array([float(abs(edge - s)) for s in rates]), scale)

    @cached_property
    def _tilt(self) -> tuple[list[Expr], MassTilt | SpreadTilt] | None:
        """What the tilt of each class is, and how much of it a policy has."""
        try:
            levels = len(self.question.levels)
        except ValueError:  # they cannot be listed
            levels = 0
        try:
            if levels == 2:
                return self._mass()
            if sees_spread(self.algorithm) and self.question.reward_laws:
                return self._spread()
        except (ValueError, NotImplementedError):
            return None
        return None

    def _mass(self) -> tuple[list[Expr], MassTilt] | None:
        preference = self.condition.preference
        if preference.two_level is None or preference.factor != 1:
            return None
        rates = [w.xreplace(self.point) for w in preference.weights]
        model, m = preference.two_level.at(self.point), symbols.pi
        sides = [np.array([float(v) for v in part]) for part in (rates, [1 - s for s in rates])]
        table = group_table(model)
        if table is not None:
            return rates, MassTilt(table, *sides)
        form = model.drift(m)
        if form.free_symbols - {m} or form.has(Sum):
            return None
        return rates, MassTilt(WrittenDrift.of(form.xreplace({1 - m: REST}), ()), *sides)

    def _spread(self) -> tuple[list[Expr], SpreadTilt] | None:
        """T(σ) from the rule in a large group; that nothing else matters is shown on a sample."""
        laws = self.question.laws
        means, spreads = ([f(law).xreplace(self.point) for law in laws] for f in (mean, variance))
        sample = self.question
        if self.question.deterministic:
            sample = Question(rewards=(5, 3, 2))
        elif len(laws) > 3:
            sample = self.question.permuted(range(3))
        condition = stationarity_condition(self.algorithm, sample)
        function = spread_function(condition, self.point)
        if function is None or function.free_symbols - {symbols.x}:
            return None
        differences = np.array([[float(b - a) for b in means] for a in means])
        formula = Formula((function, diff(function, symbols.x)), (symbols.x.name,))
        variances = np.array([float(v) for v in spreads])
        reciprocal = is_zero(function * symbols.x - 1, Domain.of((symbols.x, S.Zero, oo)))
        return means, SpreadTilt(formula, differences, variances, reciprocal)

    @cached_property
    def pair(self) -> tuple[Any, tuple[int, int]] | None:
        """The binary policy of two classes, and which class is the better one."""
        if len(self.classes) != 2 or not self.monotone or self.question.parameters:
            return None
        if self.ladder is not None:
            return None
        return self.policy.as_binary(self.question, self.point)

    def most(self, branch: str) -> float:
        if self.ladder is None:
            return super().most(branch)
        self.ladder.check(_OPERATIONS / 20)
        # From far away Newton's method takes more steps.
        starts = 1 if branch == "attracting" else 20 * len(self.classes)
        return int(_OPERATIONS // (starts * self.ladder.cost)) + 1

    @cached_property
    def field(self) -> Condition | None:
        """The condition, compiled; None if that is long, or the penalty sees more than ratios."""
        if any(s != 1 for s in self.algorithm.sampling(self.question)):
            return None
        u, force = symbols.u, self.algorithm.penalty.marginal().subs(self.point)
        if self.monotone and self._tilt is not None and not force.free_symbols - {u}:
            return TiltedCondition(self._tilt[1], pull(force))
        condition = self.condition
        if (condition.preference.kept_by_name or not self.monotone) and self._counted:
            return None  # what sums over the groups are written out to takes longer to compile
        refuse_names(condition)
        parts = sum(1 for _ in preorder_traversal(Tuple(*condition.preference)))
        if parts * len(condition.policy) > _COMPILED:
            return None
        values = replaced(condition.preference, self.point)
        more = Tuple(*values, force).free_symbols - {*condition.policy[:-1], u}
        return None if more else Condition.of(values, condition.policy, force)

    @property
    def _counted(self) -> bool:
        try:
            return isinstance(self._balls.preference, CountedPreference)
        except ValueError:
            return False

    @in_one_thread
    def sensitivity(self, beta: float, reference: Array, found: Array) -> dict[str, Array]:
        """What classes move by, given to their answers."""
        condition = self.field if self.ladder is None else self.ladder.fine
        if condition is None or len(self.classes) == 1:
            raise ValueError("the sensitivity needs a preference and a penalty of the ratio alone")
        classes = [list(c) for c in self.classes]
        masses = np.array([reference[c].sum() for c in classes])
        policy = np.array([found[c].sum() for c in classes])
        moves = condition.sensitivities(beta, masses, policy)
        kind = np.empty(len(reference), dtype=int)
        for k, c in enumerate(classes):
            kind[c] = k
        share, lift = (reference / masses[kind]), (policy / masses)[kind]
        # π(o) = π_ref(o) L(class): the mass of the class moves L, and its own share of it.
        inner = share[:, None] * moves["pi_ref"][kind][:, kind]
        inner -= share[:, None] * (lift[:, None] * (kind[:, None] == kind))
        inner += np.diag(lift)
        # Within a class only the shares move.
        return {"beta": share * moves["beta"][kind], "pi_ref": inner}

    @cached_property
    def _balls(self) -> SimplexField:
        return SimplexField(self.condition, self.point)

    @cached_property
    def exact(self) -> ExactRows:
        policy = type(self.policy)(self.algorithm, self.question)
        return ExactRows(policy, self.point, _ROW if self.ladder is None else _BALL_ROW)

    @cached_property
    def unique(self) -> bool:
        n = len(self.question)
        return SimplexCount(self._balls, (Rational(1, n),) * n).at_most_one() is not None

    # -- solutions ---------------------------------------------------------------------------

    @in_one_thread
    def found(self, points: Points) -> Array:
        rows = np.asarray(points["pi_ref"][ROW])
        rows = np.broadcast_to(rows, (points.count, rows.shape[-1]))
        with PRECISION:
            return self._solutions(points, rows)

    def _solutions(self, points: Points, rows: Array) -> Array:
        """Rows × solutions × answers."""
        rows = rows / rows.sum(axis=1)[:, None]
        if len(self.classes) == 1:
            return rows[:, None, :]
        if self.ranked is not None:
            ranks, distortion = self.ranked
            masses = np.stack([rows[:, c].sum(axis=1) for c in ranks])
            masses /= masses.sum(axis=0)
            if len(ranks) == 1:
                return rows[:, None, :]
            return _shared(distortion(points.beta, masses).T[:, None], ranks, rows, masses)
        masses = np.stack([rows[:, list(c)].sum(axis=1) for c in self.classes])
        return _shared(self._masses(points, masses), self.classes, rows, masses)

    def _masses(self, points: Points, masses: Array) -> Array:
        """Class masses as rows × solutions × classes."""
        beta, branch = points.beta, points.branch
        out = np.full((len(beta), 1, len(masses)), np.nan)
        plain = np.zeros(len(beta), bool)
        if self.pair is not None:
            binary, places = self.pair
            plain = masses[places[1]] >= _BALANCED
            reference = masses[places[0], plain]
            out = put(out, plain, self._binary(binary, places, beta[plain], reference, branch))
        rest = np.flatnonzero(~plain)
        if not len(rest):
            return out
        weight, columns = beta[rest], masses[:, rest]
        if self.curve is not None:
            found, left = self.curve.solved(weight, columns, branch)
        else:
            found, left = self._by_newton(weight, columns, points)
        if left.any():
            more = self.exact(weight[left], columns[:, left], branch, points.exact)
            found = put(found, left, more)
        return put(out, rest, found)

    def _binary(
        self, binary: Any, places: tuple[int, int], beta: Array, reference: Array, branch: str
    ) -> Array:
        given = {p.name: float(self.point[p.symbol]) for p in binary.inputs
                 if p.symbol in self.point}  # fmt: skip
        if isinstance(self.algorithm.beta, Symbol):
            given[self.algorithm.beta.name] = beta
        with warnings.catch_warnings():
            # The caller counts what is missing.
            warnings.simplefilter("ignore", NoStationaryPolicy)
            sides = [
                binary.evaluate(pi_ref=reference, branch=branch, complement=flag, **given)
                for flag in (places[0] == 1, places[0] == 0)
            ]
        return np.stack([side if side.ndim == 2 else side[:, None] for side in sides], axis=-1)

    def _by_newton(self, beta: Array, masses: Array, points: Points) -> tuple[Array, Mask]:
        """One solution of each row, and the rows that are left."""
        branch = points.branch
        if self.ladder is not None:
            return self._by_levels(self.ladder, beta, masses, points)
        field, out = self.field, np.full((len(beta), 1, len(masses)), np.nan)
        if field is None or (branch != "attracting" and not self.unique):
            return out, np.ones(len(beta), bool)
        with np.errstate(all="ignore"):
            y, good = solved(field, beta, masses, allowance=points.exact)
            if not self.unique:
                at = np.flatnonzero(good)
                good[at] = field.attracting(y[:, at], beta[at], masses[:, at])
            out[:, 0] = np.where(good, masses * np.exp(y), np.nan).T
        return out, ~good

    def _by_levels(
        self, ladder: Ladder, beta: Array, masses: Array, points: Points
    ) -> tuple[Array, Mask]:
        """What Newton's method on level values finds: from the reference, or from many starts."""
        count, n = len(beta), len(masses)
        out = np.full((count, 1, n), np.nan)
        with np.errstate(all="ignore"):
            if points.branch != "attracting":
                for k in range(count):
                    found, _ = ladder.searched(float(beta[k]), masses[:, k])
                    policies = sorted(
                        (masses[:, k] * np.exp(y) for y in found), key=self.exact.merit
                    )
                    kept = at_an_end(policies, points.branch)
                    out = put(out, [k], np.array(kept)[None]) if kept else out
                return out, np.zeros(count, bool)
            y, good = ladder.attracted(beta, masses, points.exact)
            out[:, 0] = np.where(good, masses * np.exp(y), np.nan).T
        return out, ~good


def _shared(found: Array, classes: Sequence[Sequence[int]], rows: Array, masses: Array) -> Array:
    """Class masses given to their answers in proportion: rows × solutions × answers."""
    out = np.empty((*found.shape[:2], rows.shape[1]))
    for k, members in enumerate(classes):
        for o in members:
            share = 1.0 if len(members) == 1 else (rows[:, o] / masses[k])[:, None]
            out[:, :, o] = found[:, :, k] * share
    return out
