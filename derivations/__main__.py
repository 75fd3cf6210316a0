"""``python -m derivations``: derive every result, give each a verdict, write them down."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from derivations import ledger_report
from derivations.book.document import write_book
from derivations.book.engine import compiled
from derivations.book.records import write_json
from derivations.catalogue import ORDER, builder, lookup, outcome_of
from derivations.evidence import prune, recheck_folder
from derivations.ledger import ledger
from derivations.new_theorems import NEW_ENTRIES
from derivations.paper_claims import PAPER_ENTRIES
from derivations.processes import workers
from derivations.result import Outcome
from derivations.statements import Statements
from grpo_symbolic.export.notation import Notation

WIDTH = 45
# A process of its own costs as much as a few results.
_EACH = 4


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=prog, description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="results to run (all if none), or the word ledger: every claim of the paper and "
        "every new theorem with all its verdicts",
    )
    parser.add_argument("--list", action="store_true", help="one line for each result")
    parser.add_argument(
        "--recheck",
        action="store_true",
        help="check the certificates in DIR/certificates again; nothing is derived",
    )
    parser.add_argument(
        "--pin",
        action="store_true",
        help="with the word ledger: write down what the results say, so that the next run need "
        "not build them",
    )
    parser.add_argument("--out", default="build", metavar="DIR", help="where to write (build)")
    parser.add_argument(
        "--notation",
        metavar="NAME=TEX,...",
        help=r"other names of the quantities, e.g. beta=\lambda,pi_ref=\mu,answer=y",
    )
    return parser


def _progress(text: str) -> None:
    """A line that the next one overwrites; nothing where no terminal looks on."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + text)
        sys.stderr.flush()


def _list(names: Sequence[str]) -> None:
    for name in names:
        summary = (sys.modules[builder(name).__module__].__doc__ or "").strip().splitlines()[0]
        print(f"{name:<32} {summary}")


def _row(outcome: Outcome) -> str:
    flag = "  <-- not as declared" if outcome.unexpected else ""
    source = outcome.result.source.replace("Vojnovic & Yun (2025), arXiv 2502.18548", "V&Y")
    if len(source) > WIDTH:
        source = source[: WIDTH - 1] + "\u2026"
    return (
        f"{outcome.name:<32} {source:<{WIDTH}} {outcome.verdict:<22} {outcome.seconds:6.2f} s{flag}"
    )


def _made(out: Path) -> Path:
    """The folder to write to; ValueError if there can be none."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--out must be a folder to write to: {error}") from None
    return out


def _ledger(out: Path, pin: bool) -> int:
    """Print and write the ledger. Exit status: 0 all verdicts as declared, 1 not."""
    start = time.perf_counter()
    rows = ledger((*PAPER_ENTRIES, *NEW_ENTRIES), out / "certificates")
    prune(
        out / "certificates", {key for row in rows for part in row.all_parts for key in part.keys}
    )
    for row in rows:
        print(ledger_report.line(row))
    print()
    for text in ledger_report.summary(rows):
        print(text)
    print(f"{time.perf_counter() - start:.1f} s")
    statements = Statements(out / "certificates" / "statements")
    changed = statements.changed()
    if pin:
        statements.pin()
        print(f"wrote {statements.lock}: {len(changed)} results say something new")
    elif changed:
        print(
            f"{len(changed)} results are built on every run until --pin writes down what they say"
        )
    tex = ledger_report.write_tex(rows, out)
    print(f"wrote {tex} and {ledger_report.write_json(rows, out)}")
    print(compiled(tex).message)
    bad = [row.entry.claim for row in rows if not row.as_declared]
    if bad:
        print("not as declared: " + "; ".join(bad))
    return 1 if bad else 0


def _recheck(out: Path) -> int:
    """Check every certificate of ``out`` again. Exit status: 0 all hold, 1 not."""
    folder = out / "certificates"
    start, count, failed, words = time.perf_counter(), 0, 0, Counter[str]()
    for name, claim, found in recheck_folder(folder):
        count += 1
        words[found.kernel] += bool(found.kernel)
        _progress(f"[{count}] {name} {claim}")
        if not found:
            failed += 1
            _progress("")
            print(f"{name}: {claim}: {found.reason}")
    _progress("")
    if not count:
        raise ValueError(
            f"there are no certificates in {folder}: `python -m derivations ledger` writes them"
        )
    seconds = time.perf_counter() - start
    print("the kernel: " + ", ".join(f"{n} {word}" for word, n in sorted(words.items()) if n))
    print(f"{count} certificates and scripts, {failed} do not hold, {seconds:.1f} s")
    return 1 if failed else 0


def _notation(text: str | None) -> Notation | None:
    """The notation that ``--notation`` names, or None for the default one."""
    if text is None:
        return None
    names = {}
    for part in text.split(","):
        name, sign, tex = part.partition("=")
        if not sign or name.strip() not in Notation.changeable():
            raise ValueError(
                f"--notation must be NAME=TEX,... with names from "
                f"{', '.join(Notation.changeable())}, got {part!r}"
            )
        names[name.strip()] = tex.strip()
    return Notation(**names)


def _file_name(names: Sequence[str]) -> str:
    """Of the files of a selection."""
    return names[0] if len(names) == 1 else f"{names[0]}_and_{len(names) - 1}_more"


def _outcomes(names: Sequence[str]) -> Iterator[Outcome]:
    """Results in order, worked out on all processors when there are many."""
    processes = min(os.cpu_count() or 1, len(names) // _EACH)
    if processes < 2:
        yield from map(outcome_of, names)
        return
    with workers(processes) as pool:
        yield from pool.map(outcome_of, names)


def main(argv: Sequence[str] | None = None, prog: str = "python -m derivations") -> int:
    """Exit status: 0 all verdicts as declared, 1 not, 2 bad input."""
    arguments = _parser(prog).parse_args(argv)
    out = Path(arguments.out)
    try:
        if arguments.recheck:
            if arguments.names not in ([], ["ledger"]):
                raise ValueError("--recheck takes no names")
            return _recheck(out)
        if arguments.names == ["ledger"] and not arguments.list:
            return _ledger(_made(out), arguments.pin)
        names = [lookup(name) for name in arguments.names] or list(ORDER)
        notation = _notation(arguments.notation)
        if arguments.list:
            _list(names)
            return 0
        _made(out)
    except ValueError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return _derived(names, out, notation)


def _derived(names: Sequence[str], out: Path, notation: Notation | None) -> int:
    """Derive results, print their verdicts, and write the book of them."""
    outcomes: list[Outcome] = []
    start = time.perf_counter()
    for position, outcome in enumerate(_outcomes(names), start=1):
        outcomes.append(outcome)
        print(_row(outcome), flush=True)
        for claim, verdict in outcome.unexpected:
            print(f"    {verdict.status}: {claim.name}: {verdict.detail}")
        _progress(f"[{position}/{len(names)}] done")
    _progress("")
    claims = sum(len(o.verdicts) for o in outcomes)
    print(f"\n{len(outcomes)} results, {claims} claims, {time.perf_counter() - start:.1f} s")
    # A selection has files of its own: the book of all results stays as it is.
    own = "derivations" if len(names) == len(ORDER) else _file_name(names)
    book = write_book(outcomes, out, notation, own)
    print(f"wrote {book.tex}, {book.bib} and {write_json(outcomes, out, notation, own)}")
    if book.figures.reason:
        print(f"figures were left out: {book.figures.reason}")
    print(book.compile().message)
    bad = [o.name for o in outcomes if o.unexpected]
    if bad:
        print("not as declared: " + ", ".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of a pipe has gone: nothing is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
