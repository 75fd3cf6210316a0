"""``python -m tests.conformance DIRECTORY``: download the wheels that PyPI has, write the table."""

import os
import subprocess
import sys
from collections import defaultdict
from datetime import date
from importlib import metadata
from pathlib import Path

import grpo_symbolic
from tests.conformance.sources import VARIABLE

#: Small wheels, none of which is installed; nemo_rl, slime, roll and open_instruct are not there as
#: wheels: their sources go into the directory as ``slime-0.3.1``, ...
WHEELS = (
    *("trl==1.16.0", "trl==1.9.0", "verl==0.9.1", "openrlhf==0.11.2", "areal==1.0.4"),
    *("ms-swift==4.0.0", "ms-swift==4.0.4", "ms-swift==4.6.0", "unsloth-zoo==2026.10.9"),
    "skyrl==0.4.0",
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"

_HEAD = """\
# Presets against the trainers' own code

Each function below is cut out of the trainer's released source by its syntax tree and called as it
is: rules on every reward vector of groups of 2, 4 and 5 with two reward levels and of 3 with three,
averaged exactly over the law of the group; terms of the KL differentiated by autograd at 31 ratios
π_ref/π between 0.015 and 400, those beyond a clamp among them; whole losses of TRL differentiated
in the logits of a policy on one-token answers. The only change: casts to single precision are casts
to double. The deviation is the largest one from the preset's drift, marginal penalty or gradient.

`python -m tests.conformance DIRECTORY` downloads the wheels and writes this table;
`GRPO_SYMBOLIC_TRAINERS=DIRECTORY python -m pytest -m conformance` compares.

| trainer | version | function | cases | worst deviation |
| --- | --- | --- | --: | --: |
"""


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["--download"]):
        print("usage: python -m tests.conformance DIRECTORY [--download]", file=sys.stderr)
        return 2
    root = Path(arguments[0])
    root.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(root)
    for wheel in WHEELS:
        name, _, version = wheel.partition("==")
        if not list(root.glob(f"{name.replace('-', '_')}-{version}*")):
            # Their code is read, not run: which Python it runs on does not matter.
            options = ["--quiet", "--no-deps", "--ignore-requires-python", "--dest", str(root)]
            command = [sys.executable, "-m", "pip", "download", *options, wheel]
            subprocess.run(command, check=False)
    if len(arguments) == 2:
        return 0
    from tests.conformance.cases import every

    rows: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for case in every():
        source = case.source
        if source is not None:
            worst = max(case.measure(source))
            rows[case.distribution, source.version, case.function].append(worst)
    lines = [
        f"| {trainer} | {version} | `{function}` | {len(found)} | {max(found):.1e} |\n"
        for (trainer, version, function), found in rows.items()
    ]
    total = sum(map(len, rows.values()))
    worst = max(max(found) for found in rows.values())
    lines.append(
        f"\n{total} cases in all; the worst deviation is {worst:.1e}. Measured on {date.today()} "
        f"with grpo_symbolic {grpo_symbolic.__version__} and torch {metadata.version('torch')}, by "
        "the first of the two commands above.\n"
    )
    kept = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    _, mark, findings = kept.partition("\n## ")
    DOCUMENT.write_text(_HEAD + "".join(lines) + mark + findings, encoding="utf-8")
    print(f"wrote {DOCUMENT}: {total} cases, worst {worst:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
