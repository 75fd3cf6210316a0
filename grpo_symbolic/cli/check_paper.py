"""``grpo-symbolic check-paper``: verdicts on the formulas of a LaTeX file."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_symbolic.cli.screen import Screen

if TYPE_CHECKING:
    import argparse

    from grpo_symbolic.papers.checked import CheckedPaper


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "check-paper",
        help="verdicts on the formulas of a LaTeX file",
        description="Checks each formula that a comment such as '% grpo: group_size=2 margin' "
        "stands before, or a section that the comment stands at the beginning of.",
        epilog="Example: grpo-symbolic check-paper paper.tex. Exit status: 0 nothing refuted, 1 a "
        "formula refuted (with --strict: or undecided), 2 bad input.",
    )
    command.add_argument("papers", nargs="+", metavar="FILE", help="LaTeX files")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--strict", action="store_true", help="a formula that is not decided fails too"
    )
    command.add_argument(
        "--annotate",
        nargs="?",
        const="",
        metavar="OUT",
        help="write a copy with a verdict beside each formula (default: FILE.checked.tex)",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> tuple[str | Screen, int]:
    """The verdicts as text or JSON, and the exit status."""
    copies = _copies(arguments)
    found = [check_paper(Path(name)) for name in arguments.papers]
    for name, paper in zip(copies, found, strict=False):
        try:
            with name.open("w", encoding=paper.source.encoding, newline="") as file:
                file.write(paper.annotated())
        except OSError as error:
            raise ValueError(f"--annotate must be a file to write, got {name}: {error}") from None
    failed = any(paper.fails(arguments.strict) for paper in found)
    if arguments.json:
        plain = [formula for paper in found for formula in paper.as_list()]
        return json.dumps(plain, indent=2), int(failed)
    written = [f"wrote {name}" for name in copies]
    return Screen((*map(str, found), *written)), int(failed)


def _copies(arguments: argparse.Namespace) -> list[Path]:
    """The files of --annotate, none of which may be a paper."""
    papers = [Path(name) for name in arguments.papers]
    if arguments.annotate is None:
        return []
    if arguments.annotate and len(papers) > 1:
        raise ValueError("--annotate with a file must go with one paper; without one, with any")
    copies = [
        Path(arguments.annotate or paper.with_name(f"{paper.stem}.checked.tex")) for paper in papers
    ]
    taken = {paper.resolve() for paper in papers} & {copy.resolve() for copy in copies}
    if taken:
        raise ValueError(f"--annotate must be another file than the paper, got {taken.pop()}")
    return copies


def check_paper(source: str | PathLike[str]) -> CheckedPaper:
    r"""Verdicts on the formulas of a LaTeX file, each in the setting that a comment names.

    Source: new.

    Parameters
    ----------
    source : str or path
        A file, or LaTeX in text. No TeX is run and no other file is read.

    Returns
    -------
    CheckedPaper
        A :class:`~grpo_symbolic.papers.checked.CheckedFormula` for each formula, in order, with
        its line; those that no comment holds for are ``not checked``.

    Raises
    ------
    ValueError
        For a file that cannot be read, a comment that names no setting, or sizes out of bounds.

    Notes
    -----
    ``% grpo: group_size=2 penalty=reverse-kl margin`` names a setting by the options of the
    command line. It holds for the next display; directly below a heading, or with the word
    ``section``, up to the end of the section; before ``\begin{document}``, or with the word
    ``document``, for the whole paper. ``% grpo: skip`` leaves the next display out, and
    ``% grpo: off`` the rest of the section. ``% grpo-notation: beta=\lambda, pi_ref=\mu``
    declares names.

    Examples
    --------
    >>> print(check_paper(r'''
    ... % grpo: group_size=2 margin
    ... \begin{equation} \pi(a) \ge 1 - \frac{\beta}{\gamma} \end{equation}
    ... % grpo: group_size=3
    ... \[ \pi(a) \ge \frac{1}{1 + \beta^2} \]
    ... ''').as_list()[1]["verdict"])
    REFUTED
    """
    from grpo_symbolic.cli.paper_settings import read_paper_notation, read_setting
    from grpo_symbolic.papers.check import check_source
    from grpo_symbolic.papers.source import Source

    return check_source(Source.of(source), read_setting, read_paper_notation)
