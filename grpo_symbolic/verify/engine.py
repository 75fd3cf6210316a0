"""One solver on one SMT-LIB 2 file, in a process of its own: ``engine.py ENGINE FILE UNITS``.

Run by path, not as a module: it imports nothing but the solver and starts in a tenth of a second.
The solver gives up after so many units of its own count of work, which is the same on every
machine. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys

#: cvc5 decides by cylindrical coverings up to so many variables, whose number enters their cost
#: doubly exponentially and which are not counted in its units. Beyond, it linearises.
_COVERINGS = 8
#: Processor time in seconds after which the system ends a solver that has lost count, twenty times
#: what its longest answers take. That is told, and is no answer.
_LAST_RESORT = {"z3": 60, "cvc5": 6}
#: Of Linux.
_SET_PARENT_DEATH_SIGNAL, _KILL = 1, 9


def z3_answer(text: str, units: int) -> dict:
    import z3

    solver = z3.Solver()
    solver.set("rlimit", units)
    solver.from_string(text)
    found = str(solver.check())
    model = {}
    if found == "sat":
        values = solver.model()
        for declared in values.decls():
            if declared.arity():
                continue  # what division by zero is taken for
            value = values[declared]
            exact = value.as_fraction() if z3.is_rational_value(value) else None
            model[declared.name()] = (
                f"{exact.numerator}/{exact.denominator}"
                if exact is not None
                else value.as_decimal(40).rstrip("?")
            )
    return {"answer": found, "model": model, "version": z3.get_version_string()}


def cvc5_answer(text: str, units: int) -> dict:
    import cvc5

    solver = cvc5.Solver()
    parser = cvc5.InputParser(solver)
    solver.setOption("nl-cov", str(text.count("(declare-fun") <= _COVERINGS).lower())
    solver.setOption("rlimit", str(units))
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "claim")
    manager = parser.getSymbolManager()
    found = "unknown"
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        output = command.invoke(solver, manager).strip()
        if output:
            found = output
    return {"answer": found, "model": {}, "version": cvc5.__version__}


def _end_if_lost(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on this system
        return
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most == resource.RLIM_INFINITY or most > seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))


def _end_with_the_parent() -> None:
    """Ask the system to end a solver whose caller is gone, where it can."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, _KILL)
    except (ImportError, OSError, AttributeError):
        return


def main() -> None:
    engine, path, units = sys.argv[1:4]
    _end_with_the_parent()
    _end_if_lost(_LAST_RESORT[engine])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    answer = {"z3": z3_answer, "cvc5": cvc5_answer}[engine](text, int(units))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
