"""Symbolic derivation of what GRPO optimises.

Build an algorithm and a question, and ask for the stationary policy:

>>> import grpo_symbolic as gs
>>> policy = gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion())
>>> print(policy.latex())
\\pi(a) = \\frac{1}{2}\\left(1 - \\beta + \\sqrt{\\left(1 - \\beta\\right)^{2} \
+ 4 \\beta \\pi_{\\mathrm{ref}}(a)}\\right)
"""

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Notation
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, NLHF, RLHF, Algorithm
from grpo_symbolic.model.penalty import DirectKL, Divergence, Estimator, Penalty, ReverseKL
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.solve.policy import StationaryPolicy, stationary_policy
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Report, Status, Verdict

__version__ = "0.1.0"

__all__ = [
    "GRPO",
    "NLHF",
    "RLHF",
    "Advantage",
    "Algorithm",
    "BinaryQuestion",
    "Claim",
    "DirectKL",
    "Divergence",
    "Domain",
    "Estimator",
    "Notation",
    "Penalty",
    "Report",
    "ReverseKL",
    "ShiftAndScale",
    "ShiftOnly",
    "StationarityCondition",
    "StationaryPolicy",
    "Status",
    "Verdict",
    "prove",
    "stationarity_condition",
    "stationary_policy",
    "symbols",
]
