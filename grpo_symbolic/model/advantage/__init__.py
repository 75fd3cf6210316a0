"""Advantages: how a reward is measured against its group, one rule a file."""

from typing import TYPE_CHECKING

from grpo_symbolic.lazy import names_of

if TYPE_CHECKING:
    from grpo_symbolic.model.advantage.base import Advantage
    from grpo_symbolic.model.advantage.batch_scale import BatchScale
    from grpo_symbolic.model.advantage.best_over_second import BestOverSecond
    from grpo_symbolic.model.advantage.fixed_scale import FixedScale
    from grpo_symbolic.model.advantage.leave_one_out import LeaveOneOut
    from grpo_symbolic.model.advantage.mean_scale import MeanScale
    from grpo_symbolic.model.advantage.median_centred import MedianCentred
    from grpo_symbolic.model.advantage.pass_at_k import PassAtK
    from grpo_symbolic.model.advantage.ranks import Ranks
    from grpo_symbolic.model.advantage.rescaled import Rescaled
    from grpo_symbolic.model.advantage.shaped import Clipped, NegativeOnly, PositiveOnly
    from grpo_symbolic.model.advantage.shift_and_scale import ShiftAndScale
    from grpo_symbolic.model.advantage.shift_only import ShiftOnly
    from grpo_symbolic.model.advantage.stabilised_scale import StabilisedScale

__all__ = [
    "Advantage",
    "BatchScale",
    "BestOverSecond",
    "Clipped",
    "FixedScale",
    "LeaveOneOut",
    "MeanScale",
    "MedianCentred",
    "NegativeOnly",
    "PassAtK",
    "PositiveOnly",
    "Ranks",
    "Rescaled",
    "ShiftAndScale",
    "ShiftOnly",
    "StabilisedScale",
]

__getattr__ = names_of(
    __name__,
    {
        ".base": "Advantage",
        ".batch_scale": "BatchScale",
        ".best_over_second": "BestOverSecond",
        ".fixed_scale": "FixedScale",
        ".leave_one_out": "LeaveOneOut",
        ".mean_scale": "MeanScale",
        ".median_centred": "MedianCentred",
        ".pass_at_k": "PassAtK",
        ".ranks": "Ranks",
        ".rescaled": "Rescaled",
        ".shaped": "Clipped NegativeOnly PositiveOnly",
        ".shift_and_scale": "ShiftAndScale",
        ".shift_only": "ShiftOnly",
        ".stabilised_scale": "StabilisedScale",
    },
)
