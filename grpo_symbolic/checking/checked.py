"""A formula with its verdict, and what every check of a statement shares."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational, S, oo

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.subject import Point, Subject, real
from grpo_symbolic.display import Html, badge, cut, record
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.elementary import in_reach
from grpo_symbolic.export.exhibit import Exhibit, Stated
from grpo_symbolic.grammar.statement import Statement
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

if TYPE_CHECKING:
    from grpo_symbolic.policy.policy import Policy

#: The work for all numbers of one statement, for all that may prove it, and for what looks into
#: one expression.
NUMBERS_STEPS = 2_000_000
PROOF_STEPS = 4_000_000
GLANCE_STEPS = 1_000_000
SIGNIFICANT = 30
#: What divides a power of ten, without its zeros.
_POWERS = ("1", "2", "4", "5", "8", "25", "125")
#: Rational points beyond the simple ones.
SCATTERED = 12
#: Two values differ if they do so by more than this, of numbers known to 50 digits.
CLOSE = Rational(1, 10) ** 30


@dataclass(frozen=True, repr=False)
class Checked(Stated):
    """A formula and its verdict.

    Source: new. Values are in the units of what the formula speaks of: probabilities have none.

    Attributes
    ----------
    formula : str
        As it was understood, in SymPy notation.
    verdict : Status
    method : str
        What decided.
    sentence : str
        The verdict in words.
    counterexample : dict of str to str, optional
        Exact parameters at which it fails, and π(a) there where the formula does not give it.
    theirs, ours, difference : str
        At the counterexample, to 30 digits: the value of the formula (or the right side of the
        relation), the stationary policy (or the left side at it), and theirs − ours.
    right_where : tuple of str
        Parts of the range in which a refuted formula is proved to hold.
    statement : Statement
        What was read, in SymPy expressions.
    policy : Policy
        What it was compared with.
    parts : tuple of Checked
        One verdict each, of a chain of relations.
    interior : bool
        Whether it is the verdict on stationary policies of positive probabilities only.
    within : tuple of Range
        The ranges of parameters that conditions have made narrower.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> found = gs.check("pi >= pi_ref", gs.GRPO(2), gs.BinaryQuestion())
    >>> type(found).__name__, str(found.verdict)
    ('Checked', 'PROVED')
    """

    formula: str
    verdict: Status
    method: str
    sentence: str
    counterexample: dict[str, str] | None = None
    theirs: str = ""
    ours: str = ""
    difference: str = ""
    right_where: tuple[str, ...] = ()
    statement: Statement | None = field(default=None, repr=False, compare=False)
    parts: tuple[Checked, ...] = ()
    policy: Policy | None = field(default=None, repr=False, compare=False)
    interior: bool = False
    within: tuple[Range, ...] = ()

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The formula with its verdict as a statement, to be exported.

        Raises
        ------
        ValueError
            For a formula that is neither proved nor refuted: there is nothing to state.
        """
        from grpo_symbolic.checking.stated import stated

        return stated(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        del plain["statement"], plain["policy"]
        return {
            **plain,
            "verdict": self.verdict.value,
            "right_where": list(self.right_where),
            "parts": [part.as_dict() for part in self.parts],
            "within": [str(r) for r in self.within],
        }

    @property
    def _place(self) -> str:
        return ", ".join(f"{k} = {v}" for k, v in (self.counterexample or {}).items())

    def __bool__(self) -> bool:
        raise TypeError("a verdict is not a truth value: compare .verdict with Status.PROVED")

    def __repr__(self) -> str:
        return f"Checked({self.verdict} {cut(self.formula)!r} by {self.method})"

    def _repr_html_(self) -> Html:
        rows = [
            ("formula", self.stated),
            ("verdict", badge(self.verdict)),
            ("method", self.method),
            ("sentence", self.sentence),
            ("counterexample", self._place),
            ("the formula there", self.theirs),
            ("stationary there", self.ours),
            ("difference", self.difference),
            *(("right where", where) for where in self.right_where),
        ]
        parts = "".join(part._repr_html_() for part in self.parts)
        return Html(record("Checked against the stationary policy", rows) + parts)

    @property
    def stated(self) -> str:
        """The formula with the conditions that it is made under."""
        return f"{self.formula}{' where ' * bool(self.within)}{', '.join(map(str, self.within))}"

    def __str__(self) -> str:
        lines = [f"{self.verdict}  {self.stated}", f"  by {self.method}: {self.sentence}"]
        if self.counterexample is not None:
            if self.counterexample:
                lines.append(f"  counterexample: {self._place}")
            values = {"the formula": self.theirs, "stationary": self.ours}
            values["difference"] = self.difference
            lines += [f"  {name}: {value}" for name, value in values.items() if value]
        lines += [f"  right where {where}" for where in self.right_where]
        return "\n".join(lines)


@dataclass(frozen=True)
class StatementCheck:
    """One statement about one subject."""

    about: Subject
    said: Statement
    #: The statement is made of the part of the range on which every term is a real number.
    where_defined: bool = False

    def result(self, status: Status, method: str, sentence: str, **more: Any) -> Checked:
        return Checked(str(self.said), status, method, sentence, statement=self.said, **more)


def all_proved(claims: tuple[Claim, ...]) -> bool:
    """Whether every claim is proved, within the work for one statement."""
    try:
        return not claims or limited(prove_all, claims, steps=PROOF_STEPS).status is Status.PROVED
    except Exhausted:
        return False


def value_at(expr: Expr, at: Point) -> Expr | None:
    """A real number to 50 digits, or None where the expression has no such value."""
    try:
        return real(S(expr).xreplace(at)) if in_reach(S(expr), at) else None
    except (ValueError, TypeError, ArithmeticError):
        return None


def strict_sign(expression: Expr, domain: Domain) -> int:
    """A number of this sign, if the expression is positive, or negative, everywhere; else 0."""
    found = sign(expression, domain)
    return int(found) if found in (Sign.POSITIVE, Sign.NEGATIVE) else 0


def told(gap: Expr) -> Expr:
    """The difference of two values, or 0 where they are not told apart."""
    return S.Zero if abs(gap) < CLOSE else gap


def decimal(value: Expr | None) -> str:
    """30 significant digits; nothing for None."""
    return "" if value is None else str(S(value).n(SIGNIFICANT))


def powers_of_ten(text: str) -> str:
    """A long ratio over a power of ten as ``6e-604``, which is the same number."""
    top, _, bottom = text.partition("/")
    if len(text) <= SIGNIFICANT or not bottom.isdecimal() or bottom.strip("0") not in _POWERS:
        return text
    scale = Rational(10) ** len(bottom)
    digits = Rational(top) * scale / Rational(bottom)
    zeros = len(str(digits)) - len(str(digits).rstrip("0"))
    return f"{digits / 10**zeros}e{zeros - len(bottom)}"


def from_claim(statement: Statement, verdict: Verdict, sentence: str, **more: Any) -> Checked:
    """REFUTED, with the counterexample that a method of proof has found.

    The right side of the claim counts as theirs, the left side as ours.
    """
    given = verdict.counterexample
    ours, theirs = (str(verdict.evidence.get(side, "")) for side in ("left", "right"))
    numbers = [_number(text) for text in (theirs, ours)]
    finite = all(n is not None and n.is_finite for n in numbers)
    return Checked(
        str(statement),
        Status.REFUTED,
        verdict.method,
        sentence,
        counterexample={str(k): str(v) for k, v in given.items()}
        if isinstance(given, dict)
        else {},
        theirs=theirs,
        ours=ours,
        difference=decimal(S(numbers[0]) - S(numbers[1])) if finite else "",
        statement=statement,
        **more,
    )


def _number(text: str) -> Expr | None:
    """The number, infinite ones included; None for what is no real number."""
    try:
        return {"oo": oo, "-oo": -oo}.get(text) or Rational(text)
    except (TypeError, ValueError):
        return None
