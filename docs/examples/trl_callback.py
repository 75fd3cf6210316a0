"""A TRL callback that logs the predicted rest point beside the measured mean reward.

Runs on a CPU in a minute, with a model of one layer that it makes itself, over two answers of one
token::

    pip install grpo-symbolic trl
    python docs/examples/trl_callback.py

In a run of your own, add ``PredictedRestPoint(pi_ref)`` to the trainer's callbacks, ``pi_ref``
being the success rate of the reference model on the prompts, or a few success rates.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

import grpo_symbolic as gs

REFERENCE = 0.3


class PredictedRestPoint(TrainerCallback):
    """Logs where the configuration comes to rest, from the very ``GRPOConfig`` of the run.

    Parameters
    ----------
    pi_ref : number or sequence of numbers
        Success rates of the reference, one a prompt or a class of prompts: the mean of their rest
        points is what the mean reward goes to, where prompts do not share their parameters.
    """

    def __init__(self, pi_ref: float | Sequence[float]) -> None:
        self.pi_ref = [pi_ref] if isinstance(pi_ref, (int, float)) else list(pi_ref)
        self.predicted = math.nan

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        run = gs.from_trl(args)
        found = [run.predict(str(share)) for share in self.pi_ref]
        rests = [prediction.reached.policy[0] for prediction in found if prediction.reached]
        self.predicted = sum(rests) / len(rests)
        print(found[0])

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if logs is not None and "reward" in logs:
            logs["predicted_reward"] = self.predicted
            measured = float(logs["reward"])
            print(f"step {state.global_step}: mean reward {measured:.3f}, "
                  f"predicted at rest {self.predicted:.3f}")  # fmt: skip


def tiny_model(directory: str) -> LlamaForCausalLM:
    """A Llama of one layer that answers "a" with probability 0.3, of which the head is trained.

    The state that its head sees has length 1, so that the logits of the two answers move by the
    learning rate times their gradient: it is a policy on tabular softmax logits.
    """
    names = ("<pad>", "<eos>", "q", "a", "b", "<unk>")
    words = models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    ).save_pretrained(directory)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(names), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
            num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=16,
            pad_token_id=0, eos_token_id=1, bos_token_id=None, tie_word_embeddings=False,
        )
    )  # fmt: skip
    with torch.no_grad():
        hidden = model.model(torch.tensor([[2]])).last_hidden_state[0, -1]
        model.model.norm.weight.div_(hidden.norm())
        hidden = hidden / hidden.norm()
        logits = torch.full((len(names),), -30.0)
        logits[3], logits[4] = math.log(REFERENCE), math.log(1 - REFERENCE)
        model.lm_head.weight.copy_(logits[:, None] * hidden[None, :])
    model.save_pretrained(directory)  # the trainer reads its reference from there
    model = LlamaForCausalLM.from_pretrained(directory)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name == "lm_head.weight")
    return model


def right(completions: list[str], **kwargs: Any) -> list[float]:
    """1 for the answer "a"."""
    return [1.0 if "a" in completion else 0.0 for completion in completions]


def main(steps: int = 120) -> float:
    """Train, and return the mean reward of the last third less what was predicted."""
    with tempfile.TemporaryDirectory() as directory:
        model = tiny_model(directory)
        config = GRPOConfig(
            output_dir=directory, beta=1.0, num_generations=8, per_device_train_batch_size=128,
            max_completion_length=1, max_steps=steps, learning_rate=1.0, optim="sgd",
            lr_scheduler_type="constant", max_grad_norm=0.0, logging_steps=10, save_strategy="no",
            report_to=[], use_cpu=True, bf16=False, gradient_checkpointing=False, seed=1,
            disable_tqdm=True,
        )  # fmt: skip
        callback = PredictedRestPoint(REFERENCE)
        trainer = GRPOTrainer(
            model=model, reward_funcs=right, args=config, callbacks=[callback],
            train_dataset=Dataset.from_dict({"prompt": ["q"] * 64}),
            processing_class=PreTrainedTokenizerFast.from_pretrained(directory),
        )  # fmt: skip
        trainer.train()
        rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    late = [float(reward) for reward in rewards[-len(rewards) // 3 :]]
    return sum(late) / len(late) - callback.predicted


if __name__ == "__main__":
    print(f"measured less predicted: {main():+.3f}")
