"""Symbolic derivation of what GRPO optimises.

Build an algorithm and a question, and ask for the stationary policy:

>>> import grpo_symbolic as gs
>>> policy = gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion())
>>> print(policy.latex())
\\pi(a) = \\frac{1}{2}\\left(1 - \\beta + \\sqrt{\\left(1 - \\beta\\right)^{2} \
+ 4 \\beta \\pi_{\\mathrm{ref}}(a)}\\right)
"""

from grpo_symbolic import presets, symbols
from grpo_symbolic.analysis.curl import CurlCertificate
from grpo_symbolic.analysis.potential import Potential, potential
from grpo_symbolic.checking.check import check
from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Notation
from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    FixedScale,
    LeaveOneOut,
    MeanScale,
    ShiftAndScale,
    ShiftOnly,
    StabilisedScale,
)
from grpo_symbolic.model.algorithm import GRPO, IPO, NLHF, RLHF, Algorithm, preference
from grpo_symbolic.model.penalty import DirectKL, Divergence, Estimator, Penalty, ReverseKL
from grpo_symbolic.policy.analyse import Analysis, analyse
from grpo_symbolic.policy.binary import StationaryPolicy
from grpo_symbolic.policy.many import SimplexPolicy, stationary_policy
from grpo_symbolic.question import BinaryQuestion, Question
from grpo_symbolic.reward import Gaussian
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Report, Status, Verdict

__version__ = "0.1.0"

__all__ = [
    "GRPO",
    "IPO",
    "NLHF",
    "RLHF",
    "Advantage",
    "Algorithm",
    "Analysis",
    "BatchScale",
    "BinaryQuestion",
    "Checked",
    "Claim",
    "CurlCertificate",
    "DirectKL",
    "Divergence",
    "Domain",
    "Estimator",
    "FixedScale",
    "Gaussian",
    "LeaveOneOut",
    "MeanScale",
    "Notation",
    "Penalty",
    "Potential",
    "Question",
    "Report",
    "ReverseKL",
    "ShiftAndScale",
    "ShiftOnly",
    "SimplexPolicy",
    "StabilisedScale",
    "StationarityCondition",
    "StationaryPolicy",
    "Status",
    "Verdict",
    "analyse",
    "check",
    "potential",
    "preference",
    "presets",
    "prove",
    "stationarity_condition",
    "stationary_policy",
    "symbols",
]
