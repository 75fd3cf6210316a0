"""How a stationary policy is printed, of two answers or of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Eq, Expr, Symbol

from grpo_symbolic.display import typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.widths import BESIDE, PAGE
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.registry import FORMATS
from grpo_symbolic.verify.verdict import Report

# What documents need is imported when one is written.
if TYPE_CHECKING:
    from grpo_symbolic.equation.shown import Shown
    from grpo_symbolic.export.exhibit import Exhibit, Passage
    from grpo_symbolic.export.notation import Notation
    from grpo_symbolic.policy.setting import Values

#: The status of a closed form that is looked for when it is asked for.
NOT_ASKED = (
    "the closed form is not looked for before it is asked for: .expressions, and .status says "
    "what was found"
)
#: The status without a closed form; of two answers where their rewards are not two ordered numbers.
OF_MANY = (
    "no closed form: a system of equations in the masses of {} classes; solutions() solves it at "
    "given numbers"
)
OF_TWO = (
    "one equation in pi(1), solved at given numbers by solutions(); BinaryQuestion.of(question), "
    "the better answer first, has its closed form where there is one"
)


class Printed(ABC):
    """Formulas, words and assumptions of a stationary policy, in every format."""

    algorithm: Algorithm
    question: Question
    domain: Domain

    @property
    @abstractmethod
    def status(self) -> str:
        """A sentence: which solution it is and why, or why there is no closed form."""

    @property
    def unknowns(self) -> tuple[Symbol, ...]:
        """The free probabilities: π(a), or π of all answers but the last."""
        return tuple(p for p in self.question.policy if isinstance(p, Symbol))

    @property
    @abstractmethod
    def shown(self) -> Shown:
        """The closed form or the equations as they are printed, with what their names mean."""

    @cached_property
    def exhibit(self) -> Exhibit:
        """The result with what has to be said beside it, as data has it: numbers as numbers."""
        return self._exhibit(self.shown, self)

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The result as documents show it: what a rule adds stays a symbol, with its value beside.

        Parameters
        ----------
        unfold : {0, 1, "all"}
            Names with their definitions; the definitions with their numbers; no names.
        """
        from grpo_symbolic.policy.setting import with_symbols

        named, values = with_symbols(self.algorithm)
        printed = self._with(named) if values else self
        shown = printed.shown_as(unfold)
        found = self._exhibit(shown, printed, values)
        return replace(
            found,
            given=printed.given(),
            says=printed._says(shown),
            more=printed._more(),
            proof=printed.proof(shown),
            sources=("vojnovic2025",),
            report=self.verify,
        )

    def _exhibit(self, shown: Shown, printed: Printed, values: Values = ()) -> Exhibit:
        from grpo_symbolic.export.exhibit import Exhibit
        from grpo_symbolic.policy.setting import setting

        solution = printed._solution()
        solved, used = bool(solution), [e for _, e in solution]
        if not solved:
            used = [e for line in shown.formulas if isinstance(line, Eq) for e in line.args]
        domain = printed.domain.relevant(*used) if used else printed.domain
        # In a document the sentence before the formulas speaks of the unknowns.
        hidden = {*dict(values), *(self.unknowns if shown is not self.shown else ())}
        return Exhibit(
            title=self._title(solved),
            setting=setting(printed.algorithm, self.question, values),
            domain=Domain(tuple(r for r in domain.ranges if r.symbol not in hidden)),
            formulas=shown.formulas,
            solved=solved,
            status=self.status,
            where=shown.where,
            expressions=solution,
            unknown=self._unknown(),
            steps=printed._steps(),
            source=f"stationary_policy({self.algorithm!r}, {self.question!r})",
        )

    @abstractmethod
    def _with(self, algorithm: Algorithm) -> Printed:
        """The policy of another algorithm on the same question."""

    @abstractmethod
    def shown_as(self, unfold: object) -> Shown:
        """The formulas with their names, or written out."""

    @abstractmethod
    def proof(self, shown: Shown) -> tuple[Passage, ...]:
        """Why the formulas hold, step by step."""

    @abstractmethod
    def verify(self, *, simulate: bool = False) -> Report:
        """Verdicts on the claims, on what they are built from, and on a simulation."""

    def given(self) -> str:
        """The ranges in a sentence, where the domain is too long to read."""
        return ""

    @abstractmethod
    def _says(self, shown: Shown) -> str:
        """What a theorem says before its formulas, where they are no closed form."""

    def _more(self) -> tuple[str, ...]:
        """What a theorem says behind the formulas."""
        return ()

    @abstractmethod
    def _solution(self) -> tuple[tuple[Symbol, Expr], ...]:
        """The closed forms by name; empty where there are none."""

    @abstractmethod
    def _title(self, solved: bool) -> str: ...

    def _unknown(self) -> str:
        """What the equations determine, in words and TeX."""
        return f"${formula(self.unknowns[0])}$"

    def _steps(self) -> tuple[tuple[Eq, str], ...]:
        """The lines of the derivation that are printed with the result."""
        return ()

    def export(
        self,
        format: str,
        *,
        notation: Notation | None = None,
        label: str = "",
        width: str | float = "page",
        numbering: str = "cited",
        unfold: int | str = 0,
        verification: bool = False,
        cite: bool = False,
        environment: str = "theorem",
    ) -> str:
        """The stationary policy as text in one of many formats.

        Parameters
        ----------
        format : str
            ``latex`` (the formula), ``latex-inline``, ``latex-display``, ``latex-align`` (the
            derivation), ``latex-theorem``, ``latex-proof``, ``latex-document``, ``bibtex``,
            ``markdown``, ``mathml``, ``typst``, ``sympy``, ``json``, or code: ``python`` and the
            others of :data:`grpo_symbolic.registry.FORMATS`. Without a closed form the equations
            are exported, and the words say so.
        notation : Notation, optional
            Names for print; code keeps the names of the library.
        label : str
            Of the theorem, or of the equation of a display, such as ``thm:x``. Without it exports
            have labels of their own, which do not meet in one document.
        width : {"column", "page"} or float
            What there is room for, in points at 10 point type: 221, 345, or another number.
        numbering : {"cited", "all", "none"}
            Which lines are numbered: those that are referred to, all, or none.
        unfold : {0, 1, "all"}
            Named functions with their definitions, the definitions with their numbers written
            out, or everything written out.
        verification : bool
            Whether a theorem has a footnote that says what was proved and how.
        cite : bool
            Whether a proof cites by keys; else it names its sources in words, with their BibTeX
            entries in comments.
        environment : str
            In which the statement stands: theorem, or lemma, proposition and others that the paper
            defines with ``\\newtheorem``.

        Raises
        ------
        ValueError
            For an unknown format, one that needs a package that is not installed, or another
            value of an option.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> text = policy.export("latex-theorem", label="thm:pairs", width="column")
        >>> text.splitlines()[0]
        '\\\\begin{theorem}[Stationary policy of a binary question]\\\\label{thm:pairs}'
        """
        write = FORMATS[FORMATS.checked("format", format)]
        from grpo_symbolic.export.layout import Layout
        from grpo_symbolic.export.notation import own_notation

        own = own_notation() if notation is None else notation
        layout = Layout(own, label, width, numbering, unfold, verification, cite, environment)
        return write(self, layout)

    def statement(self, what: str, *arguments: Any, **values: Any) -> Exhibit:
        """What an analysis found, as a statement that is exported like the policy itself.

        Parameters
        ----------
        what : str
            ``limit``, ``escape_threshold``, ``series``, ``bounds``, ``folds``, ``sensitivity``,
            ``monotonicity`` or ``count``.
        *arguments, **values
            What the method of that name takes.

        Raises
        ------
        ValueError
            For another name, many answers, and as the method.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> print(policy.statement("limit", "beta", 0).export("latex-inline"))
        $\\lim_{\\beta \\to 0^{+}} \\pi(a) = 1$
        """
        from grpo_symbolic.policy.statements import statement

        return statement(self, what, *arguments, **values)

    def python(self) -> str:
        """A NumPy function as source, which needs nothing of this package.

        The closed form, or of two answers a solver where there is one solution for all
        parameters; otherwise the condition's residual. ``export("jax")`` and ``export("torch")``
        give the same function, differentiable, for those libraries.

        Raises
        ------
        ValueError
            For many answers without a closed form.
        """
        return self.export("python")

    def latex(self, notation: Notation | None = None, width: float = PAGE) -> str:
        """``\\pi(a) = ...``, ready to paste; the equations where there is no closed form.

        What is too wide for a line is an ``aligned`` block, which stands between ``$$`` too. It
        needs amsmath, and amssymb where it has an expectation. ``width`` is in points.

        Raises
        ------
        ValueError
            When ``notation`` is no :class:`Notation`.
        """
        from grpo_symbolic.export.paper import bare

        return bare(self.shown.formulas, self.shown.where, notation, width - BESIDE)

    @abstractmethod
    def _formula(self) -> str:
        """What a display typesets; empty where it is too large to read, or not known yet."""

    def _repr_latex_(self) -> str | None:
        return typeset(tex) if (tex := self._formula()) else None
