"""One solver on one SMT-LIB 2 file, in a process of its own: ``engine.py ENGINE FILE``.

Run by path, not as a module: it imports nothing but the solver, starts in a tenth of a second,
and can be killed when its time is up. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys


def z3_answer(text: str) -> dict:
    import z3

    solver = z3.Solver()
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


def cvc5_answer(text: str) -> dict:
    import cvc5

    solver = cvc5.Solver()
    parser = cvc5.InputParser(solver)
    solver.setOption("nl-cov", "true")
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


def main() -> None:
    engine, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    answer = {"z3": z3_answer, "cvc5": cvc5_answer}[engine](text)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
