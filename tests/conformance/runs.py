"""``python -m tests.conformance.runs RECORD``: real runs of TRL on a CPU beside what is predicted.

A policy over two answers of one token (the model of ``docs/examples/trl_callback.py``: a tabular
softmax whose logits move by the learning rate), and a prediction from the run's own ``GRPOConfig``.
Runs are added to RECORD, one JSON object a line; those that are there already are not run again.
With ``--write`` the table of ``docs/conformance.md`` is made from RECORD. Takes a minute or two a
run; needs ``pip install torch trl``.
"""

import importlib.util
import json
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import grpo_symbolic as gs

DOCS = Path(__file__).parents[2] / "docs"
STEPS, FIRST, GROUPS, SEEDS = 400, 100, 32, (0, 1, 2)
_MARK = "\n## Real runs of TRL"

#: Options of ``GRPOConfig`` for each setting; ``success`` are rates of a verifier.
SETTINGS: dict[str, dict[str, Any]] = {
    "group, direct, β = 1": {"beta": 1.0},
    "group, reverse, β = 1": {"beta": 1.0, "use_bias_correction_kl": False},
    "no scale, loss grpo, β = 0.3": {
        "beta": 0.3, "scale_rewards": "none", "loss_type": "grpo", "learning_rate": 2.0,
    },
    "batch, direct, G = 4, β = 1.2": {
        "beta": 1.2, "scale_rewards": "batch", "num_generations": 4,
    },
    "batch, reverse, β = 1": {
        "beta": 1.0, "scale_rewards": "batch", "use_bias_correction_kl": False,
    },
    "cispo, β = 0.2": {"beta": 0.2, "loss_type": "cispo", "learning_rate": 4.0},
    "cispo, epsilon_high = 5, G = 4, β = 1": {
        "beta": 1.0, "loss_type": "cispo", "epsilon_high": 5.0, "num_generations": 4,
    },
    "entropy_coef 0.2, direct, β = 0.5": {"beta": 0.5, "entropy_coef": 0.2},
    "entropy_coef 0.2, reverse, β = 0.5": {
        "beta": 0.5, "entropy_coef": 0.2, "use_bias_correction_kl": False,
    },
    "dr_grpo, no scale, G = 4, β = 0.3": {
        "beta": 0.3, "scale_rewards": "none", "loss_type": "dr_grpo", "num_generations": 4,
        "learning_rate": 2.0,
    },
    "dapo, direct, G = 2, β = 0.6": {"beta": 0.6, "loss_type": "dapo", "num_generations": 2},
    "bnpo, reverse, G = 3, β = 0.5": {
        "beta": 0.5, "loss_type": "bnpo", "num_generations": 3, "use_bias_correction_kl": False,
    },
    "grpo, reverse, G = 4, β = 0.7": {
        "beta": 0.7, "loss_type": "grpo", "num_generations": 4, "use_bias_correction_kl": False,
    },
    "group, direct, G = 16, β = 1.2": {"beta": 1.2, "num_generations": 16},
    "sapo, direct, G = 6, β = 0.9": {"beta": 0.9, "loss_type": "sapo", "num_generations": 6},
    "verifier right in 9 of 10, direct, β = 0.8": {"beta": 0.8, "success": (0.9, 0.1)},
    "num_iterations = 2, reverse, rate 0.5, β = 1": {
        "beta": 1.0, "use_bias_correction_kl": False, "num_iterations": 2, "learning_rate": 0.5,
    },
    "num_iterations = 4, direct, β = 1": {"beta": 1.0, "num_iterations": 4},
}  # fmt: skip


def example() -> Any:
    """The module of the example, for its model."""
    place = DOCS / "examples" / "trl_callback.py"
    spec = importlib.util.spec_from_file_location("trl_callback", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configuration(name: str, directory: str, seed: int = 0) -> Any:
    """The ``GRPOConfig`` of a setting."""
    from trl import GRPOConfig

    options = {key: value for key, value in SETTINGS[name].items() if key != "success"}
    size = options.get("num_generations", 8)
    return GRPOConfig(
        output_dir=directory, per_device_train_batch_size=size * GROUPS, max_steps=STEPS,
        max_completion_length=1, optim="sgd", lr_scheduler_type="constant", max_grad_norm=0.0,
        logging_steps=STEPS, save_strategy="no", report_to=[], use_cpu=True, bf16=False,
        gradient_checkpointing=False, seed=seed, disable_tqdm=True,
        **{"learning_rate": 1.0, **options},
    )  # fmt: skip


def predicted(name: str) -> Any:
    """What the library says of the very object that a run is configured with."""
    with tempfile.TemporaryDirectory() as directory:
        run = gs.from_trl(configuration(name, directory))
    success = SETTINGS[name].get("success", (1, 0))
    return run.predict("0.3", success=tuple(map(str, success)))


def train(name: str, seed: int) -> dict[str, Any]:
    """One run: the policy after every step that counts."""
    import torch
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast, TrainerCallback
    from trl import GRPOTrainer

    success, shares, draw = SETTINGS[name].get("success", (1, 0)), [], random.Random(seed)

    def rewards(completions: list[str], **kwargs: Any) -> list[float]:
        rates = (success["a" not in answer] for answer in completions)
        return [1.0 if draw.random() < rate else 0.0 for rate in rates]

    class Track(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            logits = kwargs["model"](torch.tensor([[2]])).logits[0, -1].detach().double()
            shares.append(float(torch.softmax(logits[3:5], 0)[0]))

    with tempfile.TemporaryDirectory() as directory:
        model = example().tiny_model(directory)
        GRPOTrainer(
            model=model, reward_funcs=rewards, args=configuration(name, directory, seed),
            callbacks=[Track()], train_dataset=Dataset.from_dict({"prompt": ["q"] * GROUPS}),
            processing_class=PreTrainedTokenizerFast.from_pretrained(directory),
        ).train()  # fmt: skip
    return {
        "name": name, "seed": seed, "shares": [round(share, 6) for share in shares[FIRST:]],
        "versions": {key: metadata.version(key) for key in ("trl", "transformers", "torch")},
    }  # fmt: skip


def rows(record: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of the table; standard errors from the correlation of a step with the next."""
    for name in SETTINGS:
        every = SETTINGS[name].get("num_iterations", 1)  # the last step on each batch
        shares = [run["shares"][every - 1 :: every] for run in record if run["name"] == name]
        if not shares:
            continue
        found = predicted(name)
        rest = found.reached.policy[0]
        led = re.search(r"iterates come to rest at pi.a. = ([\d.]+),", "\n".join(found.warnings))
        if led is None:
            yield _row(name, shares, rest, found.spread)
            continue
        # Up to where a run is half way to the rest point, and from there on.
        place = float(led[1])
        parts = [_left(run, (place + rest) / 2, rest > place) for run in shares]
        before, after = ([part[side] for part in parts if part[side]] for side in (0, 1))
        yield _row(f"{name}, where the steps lead", before, place, found.spread)
        if after:
            yield _row(f"{name}, after that was left", after, rest, None)


def _left(run: list[float], middle: float, up: bool) -> tuple[list[float], list[float]]:
    over = next((i for i, share in enumerate(run) if (share > middle) == up), len(run))
    return run[:over], run[over:]


def _row(name: str, shares: list[list[float]], rest: float, expected: float | None) -> str:
    mean = statistics.fmean(share for run in shares for share in run)
    spread = statistics.fmean(map(statistics.pvariance, shares)) ** 0.5
    kept = statistics.fmean(statistics.correlation(x[:-1], x[1:]) for x in shares)
    error = spread * ((1 + kept) / (1 - kept) / sum(map(len, shares))) ** 0.5
    own = "" if expected is None else f"{expected:.4f}"
    return (
        f"| {name} | {len(shares)} | {rest:.5f} | {mean:.5f} | {error:.5f} | "
        f"{(mean - rest) / error:+.1f} | {own} | {spread:.4f} |\n"
    )


def section(record: list[dict[str, Any]]) -> str:
    """The section of the document."""
    versions = ", ".join(f"{key} {value}" for key, value in record[-1]["versions"].items())
    lines = list(rows(record))
    largest = max(abs(float(line.split("|")[6])) for line in lines)
    return f"""{_MARK}

A policy over two answers of one token (a one-layer Llama of which the head alone is trained, which
is a tabular softmax), π_ref(a) = 0.3, G = 8 and a learning rate of 1 on the logits unless stated
(2 without scale, 4 for cispo at 0.2), {GROUPS} groups a step, {STEPS} steps of SGD, on a CPU.
`predicted` comes from `gs.from_trl(config).predict("0.3")` with the run's own `GRPOConfig`;
`measured` is the mean of π(a) over the steps from {FIRST} on, its standard error from the spread of
the steps and the correlation of one with the next. Where the steps on a batch lead elsewhere, the
prediction says so, and `predicted` is what it says, until a run is half way to the rest point.
Settings share their seeds: rows are not independent. The last columns are the standard deviation of
π(a) from step to step.

| setting | seeds | predicted | measured | standard error | z | spread | measured |
| --- | --: | --: | --: | --: | --: | --: | --: |
{"".join(lines)}
The largest deviation is {largest} standard errors. Measured on {date.today()} with {versions}, by
`python -m tests.conformance.runs RECORD --write`.
"""


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["--write"]):
        print("usage: python -m tests.conformance.runs RECORD [--write]", file=sys.stderr)
        return 2
    place = Path(arguments[0])
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    record = [json.loads(line) for line in text.splitlines()]
    done = {(run["name"], run["seed"]) for run in record}
    for seed in SEEDS:
        for name in SETTINGS:
            if (name, seed) not in done:
                record.append(train(name, seed))
                with place.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(record[-1], ensure_ascii=False) + "\n")
    print("".join(rows(record)), end="")
    if len(arguments) == 2:
        document = DOCS / "conformance.md"
        kept, _, old = document.read_text(encoding="utf-8").partition(_MARK)
        _, more, notes = old.partition("\n### ")
        document.write_text(kept + section(record) + more + notes, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
