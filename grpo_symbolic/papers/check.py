"""Which comment holds for which formula, and the verdict in its setting."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from grpo_symbolic.checking.check import check
from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.grammar.conditions import branches
from grpo_symbolic.grammar.definitions import defined_name, functions_of
from grpo_symbolic.grammar.tex import TexParser
from grpo_symbolic.grammar.tokens import Relation
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.papers.checked import CheckedFormula, CheckedPaper
from grpo_symbolic.papers.definitions import Definitions
from grpo_symbolic.papers.macros import Budget, Token, expanded, tokens
from grpo_symbolic.papers.names import Names, written
from grpo_symbolic.papers.rows import Formula, Row, formulas, has_relation
from grpo_symbolic.papers.scan import Comment, Display, Environment, Heading, Piece, pieces
from grpo_symbolic.papers.source import Source
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.progress import tracked
from grpo_symbolic.question import Question
from grpo_symbolic.verify.verdict import Status

MAX_CHECKED = 400
#: Words of a comment that say what it holds for.
_SCOPES = ("section", "document", "inline", "off", "skip")
_NOTHING = re.compile(r"(?:\s|%[^\n]*(?:\n|\Z)|\\label\s*\{[^{}]*\})*")
#: Words before mathematics in a line of text that gives a name its meaning.
_GIVES = re.compile(r"(?:where|[Ll]et|[Pp]ut|[Ww]rite|[Dd]efine)\s+\Z")
_INLINE = re.compile(r"(?:\s|%[^\n]*\n)*(?:\$(?!\$)|\\\()")
#: A condition may be one on the reference policy alone.
_OF_REFERENCE = re.compile(r"\\pi_\{?(?:\\[a-z]+ ?\{?)?(?:ref|0)(?![A-Za-z0-9])")
_LONGEST_GAP = 2_000
#: Levels of the whole paper, and of what stands before the first heading.
_TOP, _NO_HEADING = -1, 99
#: The level of the outermost environment of text, below all headings.
_TEXT = 100
_ORDER = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)


@dataclass(frozen=True)
class Setting:
    """What a formula is about."""

    algorithm: Algorithm | Preset
    question: Question
    where_defined: bool = False
    interior: bool = False
    where: str = ""


#: From the words of a comment, such as ``group_size=2 margin``.
Reader = Callable[[str], Setting]


@dataclass(frozen=True)
class _Held:
    """A setting with the comment it comes from; None where a comment says not to check."""

    setting: Setting | None
    comment: Comment
    #: Whether it names this one formula, and no section around it.
    direct: bool


@dataclass(frozen=True)
class _Task:
    """A formula and the setting that holds for each of its rows."""

    formula: Formula
    names: Names
    held: _Held | None
    problem: str = ""
    #: In a line of text: it is read for what it defines, and not reported.
    aside: bool = False

    @cached_property
    def text(self) -> tuple[str, tuple[int, ...]]:
        """All rows in the library's names, and where each of them starts."""
        text, starts = "", []
        for given in _joined(self.formula.rows):
            text += " " if text else ""
            starts.append(len(text))
            text += written(self.names.applied(given))
        return (text if "\\" in text else rf"{text}\,"), tuple(starts)


def check_source(
    source: Source, read: Reader, read_notation: Callable[[str], Notation]
) -> CheckedPaper:
    """The verdicts on the formulas of a paper.

    Parameters
    ----------
    source : Source
    read, read_notation : callable
        A setting, and a notation, from the words of a comment.

    Raises
    ------
    ValueError
        With file and line, for a comment that cannot be read and for a paper beyond the limits.
    """
    found = list(pieces(source))
    tasks = list(_Attaching(source, found, read, read_notation).tasks())
    asked = sum(task.held is not None and task.held.setting is not None for task in tasks)
    if asked > MAX_CHECKED:
        raise ValueError(
            f"{source.name}: a paper may have {MAX_CHECKED} formulas to check, this one has {asked}"
        )
    defined = _definitions(tasks)
    checked: list[CheckedFormula] = []
    failed: dict[Setting, set[str]] = {}
    for task in tracked(tasks, label="formulas"):
        if not task.aside:
            checked += _verdicts(source, task, defined, failed)
    return CheckedPaper(tuple(_judged(checked, failed)), source)


def _definitions(tasks: Sequence[_Task]) -> dict[Setting, Definitions]:
    """What is defined under each setting."""
    texts: dict[Setting, list[str]] = {}
    for task in tasks:
        if task.held is not None and task.held.setting is not None and not task.problem:
            with suppress(ValueError):
                texts.setdefault(task.held.setting, []).append(task.text[0])
    found: dict[Setting, Definitions] = {}
    for setting, said in texts.items():
        with suppress(ValueError):  # the check of each formula says so
            about = subject(setting.algorithm, setting.question)
            found[setting] = Definitions.of(about, said)
    return found


def _judged(
    checked: Sequence[CheckedFormula], failed: Mapping[Setting, set[str]]
) -> Iterator[CheckedFormula]:
    """Definitions that are not the library's own: wrong where what uses them fails."""
    for formula in checked:
        own, said = formula.checked, formula.defines
        if said is None or own is None or own.verdict is not Status.REFUTED:
            yield formula
            continue
        fails = said[1] in failed.get(said[0], ())
        reason = "a definition of the paper's own, not the library's: no formula fails with it"
        yield formula if fails else replace(formula, verdict=None, reason=reason, checked=None)


class _Attaching:
    """Walks through the pieces and finds for each formula the comment that holds for it."""

    def __init__(
        self,
        source: Source,
        found: Sequence[Piece],
        read: Reader,
        read_notation: Callable[[str], Notation],
    ) -> None:
        self.source, self.found, self.read = source, found, read
        self.notation = self._notation(read_notation)
        self.document = source.text.find(r"\begin{document}")
        #: By level of its heading: the setting of a section.
        self.sections: dict[int, _Held] = {}
        self.heading = Heading(0, 0, _NO_HEADING)
        self.pending: _Held | None = None
        #: How many environments of text are open.
        self.depth = 0
        self.budget = Budget()

    def tasks(self) -> Iterator[_Task]:
        for piece in self.found:
            if isinstance(piece, Comment):
                yield from () if piece.notation else self._comment(piece)
            elif isinstance(piece, Heading):
                yield from self._dangling()
                self.heading = piece
                self.sections = {k: v for k, v in self.sections.items() if k < piece.level}
            elif isinstance(piece, Environment):
                self._environment(piece)
            elif not piece.inline or self._is_next(piece):
                yield from self._display(piece)
            elif self.sections and _GIVES.search(self.source.text, piece.at - 12, piece.at):
                yield from (replace(task, aside=True) for task in self._display(piece, True))
        yield from self._dangling()

    # -- comments --------------------------------------------------------------------------

    def _notation(self, read: Callable[[str], Notation]) -> Notation | None:
        """All that is declared, wherever that is: it holds for the whole paper."""
        inside = (c for d in self.found if isinstance(d, Display) for c in d.comments)
        said = [c for c in (*self.found, *inside) if isinstance(c, Comment) and c.notation]
        if not said:
            return None
        try:
            return read(", ".join(comment.words.rstrip(", ") for comment in said))
        except ValueError as error:
            raise self.source.refused(said[-1].at, error) from None

    def _comment(self, comment: Comment) -> Iterator[_Task]:
        held, scope = self._held(comment)
        if scope == "section" or (not scope and self._next_to_heading(comment)):
            yield from self._dangling()
            self.sections[self.heading.level] = replace(held, direct=False)
        elif scope == "document" or (not scope and comment.end < self.document):
            self.sections[_TOP] = replace(held, direct=False)
        elif scope == "off":
            yield from self._dangling()
            self.sections[self.heading.level] = replace(held, direct=False)
        else:
            yield from self._dangling()
            self.pending = held

    def _held(self, comment: Comment) -> tuple[_Held, str]:
        """What a comment says, and the word for what it holds for."""
        words = comment.words.split()
        said = [word for word in words if word in _SCOPES]
        if len(said) > 1:
            raise self.source.refused(comment.at, f"one of {', '.join(said)} must be chosen")
        scope = said[0] if said else ""
        if scope in ("off", "skip"):
            if len(words) > 1:
                raise self.source.refused(comment.at, f"{scope} stands alone in its comment")
            return _Held(None, comment, True), scope
        try:
            setting = self.read(" ".join(word for word in words if word not in _SCOPES))
        except ValueError as error:
            raise self.source.refused(comment.at, error) from None
        return _Held(setting, comment, True), scope

    def _next_to_heading(self, comment: Comment) -> bool:
        start, end = self.heading.end, comment.at
        if self.heading.level == _NO_HEADING or end - start > _LONGEST_GAP:
            return False
        match = _NOTHING.match(self.source.text, start, end)
        return match is not None and match.end() == end

    def _is_next(self, inline: Display) -> bool:
        """Whether mathematics in a line of text is what the last comment is about."""
        if self.pending is None:
            return False
        comment = self.pending.comment
        if "inline" in comment.words.split():
            return True
        match = _INLINE.match(self.source.text, comment.end)
        return match is not None and inline.at == match.end() - len(
            "$" if inline.kind == "$" else r"\("
        )

    def _dangling(self) -> Iterator[_Task]:
        """A comment that no formula follows."""
        held, self.pending = self.pending, None
        if held is not None and held.setting is not None:
            row = Row(held.comment.at, 0, (), "")
            yield _Task(Formula([row]), Names(), held, "no formula follows this comment")

    def _environment(self, piece: Environment) -> None:
        """A comment right before a theorem or proof holds to its end."""
        if not piece.begins:
            self.sections.pop(_TEXT + self.depth, None)
            self.depth -= 1
            return
        self.depth += 1
        comment = None if self.pending is None else self.pending.comment
        if comment is not None and _NOTHING.fullmatch(self.source.text, comment.end, piece.at):
            assert self.pending is not None
            self.sections[_TEXT + self.depth] = self.pending

    # -- formulas --------------------------------------------------------------------------

    def _display(self, display: Display, aside: bool = False) -> Iterator[_Task]:
        """The formulas of a display, each with the last comment before it."""
        section = self.sections[max(self.sections)] if self.sections else None
        outside = self.pending or section
        if not aside:
            self.pending = None
        inside = [(c.at, self._held(c)[0]) for c in display.comments if not c.notation]
        names, problem = Names(), ""
        given = list(tokens(self.source.text, display.start, display.end))
        if any(h is not None and h.setting is not None for h in (outside, *dict(inside).values())):
            try:
                given = expanded(given, display.macros, self.budget)
                if self.notation is not None:
                    names = Names.of(self.notation, display.macros)
            except ValueError as error:
                problem = str(error)
        for formula in formulas(self.source, display, given, lambda part: _speaks(part, names)):
            before = [held for at, held in inside if at < formula.rows[0].end]
            held = before[-1] if before else outside
            yield _Task(formula, names, held, problem or formula.problem)


def _speaks(part: Sequence[Token], names: Names) -> bool:
    """Whether a formula is about a policy, or defines a function; else it may be a condition."""
    try:
        given = names.applied(part)
    except ValueError:
        return False
    text = written(given)
    head = defined_name(text, ())
    if head is not None and head[1] is not None:
        return True
    own = _OF_REFERENCE.sub("", text)
    return any(token in own for token in (r"\pi", r"\varpi", "π")) or "p" in {
        token.text for token in given
    }


def _verdicts(
    source: Source,
    task: _Task,
    defined: Mapping[Setting, Definitions],
    failed: dict[Setting, set[str]],
) -> Iterator[CheckedFormula]:
    """One verdict for each row."""
    rows = task.formula.rows
    listed = [
        CheckedFormula(source.name, source.line(row.start), row.text, end=row.end) for row in rows
    ]
    if task.held is None or task.held.setting is None:
        yield from listed
        return
    setting = task.held.setting
    names = defined.get(setting)
    try:
        if task.problem:
            raise ValueError(task.problem)
        head = None if names is None else names.head(task.text[0])
        if names is not None and head is not None:
            yield _defining(listed, names, task, setting, head[0])
            return
        found = _checked(task, setting, names)
    except ValueError as error:
        verdict = Status.UNKNOWN if task.held.direct else None
        for formula, row in zip(listed, rows, strict=True):
            if row is rows[0] or has_relation(row.tokens):
                yield replace(formula, verdict=verdict, reason=str(error), asked=True)
        return
    for formula, parts in _whole(listed, found):
        weakest = min(parts, key=lambda part: _ORDER.index(part.verdict))
        reason = f"by {weakest.method}: {weakest.sentence}"
        if names is not None and weakest.verdict is Status.REFUTED:
            failed.setdefault(setting, set()).update(_to_blame(task, setting, names))
        yield replace(formula, verdict=weakest.verdict, reason=reason, checked=weakest, asked=True)


def _to_blame(task: _Task, setting: Setting, names: Definitions) -> set[str]:
    """The definitions that a refuted formula uses, where with the library's own it is proved."""
    used = names.used(task.text[0])
    if used:
        with suppress(ValueError):
            rows = _checked(task, setting, names.with_own())
            if all(part.verdict is Status.PROVED for parts in rows for part in parts):
                return used
    return set()


def _defining(
    listed: Sequence[CheckedFormula], names: Definitions, task: _Task, setting: Setting, name: str
) -> CheckedFormula:
    """A definition, with its verdict where the library has something by its name."""
    whole = replace(listed[0], formula=" ".join(row.formula for row in listed), asked=True)
    if name in names.twice:
        raise ValueError(f"{name} is defined in two ways under this setting")
    found = names.verdict(task.text[0])
    if found is None and name not in names.in_use:
        raise ValueError(f"{name} is no name of the setting, and no formula uses what it is here")
    if found is None:
        return replace(whole, reason="a definition, used as it stands", end=listed[-1].end)
    reason = f"by {found.method}: {found.sentence}"
    return replace(
        whole, verdict=found.verdict, reason=reason, checked=found,
        end=listed[-1].end, defines=(setting, name),
    )  # fmt: skip


def _whole(
    listed: Sequence[CheckedFormula], found: Sequence[list[Checked]]
) -> Iterator[tuple[CheckedFormula, list[Checked]]]:
    """The rows that have a relation, with the text of the rows that go on with it."""
    before: list[str] = []
    kept: list[tuple[CheckedFormula, list[Checked]]] = []
    for formula, parts in zip(listed, found, strict=True):
        if parts:
            kept.append((replace(formula, formula=" ".join([*before, formula.formula])), parts))
            before = []
        elif kept:
            last, own = kept[-1]
            kept[-1] = replace(last, formula=f"{last.formula} {formula.formula}"), own
        else:
            before.append(formula.formula)
    yield from kept


def _joined(rows: Sequence[Row]) -> Iterator[Sequence[Token]]:
    r"""The tokens of each row, without ``\right. \\ \left.`` between two of them."""
    open_ = False
    for row in rows:
        given = row.tokens
        if open_ and [token.text for token in given[:2]] == [r"\left", "."]:
            given = given[2:]
        open_ = given[-1:] != () and given[-1].text == r"\right"
        yield given[:-1] if open_ else given


def _checked(task: _Task, setting: Setting, names: Definitions | None) -> list[list[Checked]]:
    """For each row, the verdicts on its relations."""
    text, starts = task.text
    known = {} if names is None else names.known
    relations: list[Relation] = []
    parts = branches(text)
    for part, _ in parts:
        said = TexParser(part, functions_of(known)).relations()[1]
        if not said:
            raise ValueError("it has no relation, so that it says nothing to check")
        relations += said
    found = check(
        text,
        setting.algorithm,
        setting.question,
        where_defined=setting.where_defined,
        interior=setting.interior,
        where=setting.where,
        definitions=known,
    )
    rows: list[list[Checked]] = [[] for _ in starts]
    for relation, verdict in zip(relations, found.parts or (found,), strict=True):
        row = 0 if len(parts) > 1 else bisect_right(starts, relation.position) - 1
        rows[row].append(verdict)
    return rows
