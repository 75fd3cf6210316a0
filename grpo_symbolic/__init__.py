"""Symbolic derivation of what GRPO optimises.

Build an algorithm and a question, and ask for the stationary policy:

>>> import grpo_symbolic as gs
>>> policy = gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion())
>>> print(policy.latex())
\\pi(a) = \\frac{1}{2}\\left(1 - \\beta + \\sqrt{\\left(1 - \\beta\\right)^{2} \
+ 4 \\beta \\pi_{\\mathrm{ref}}(a)}\\right)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grpo_symbolic import plotting as plot
    from grpo_symbolic import presets, symbols
    from grpo_symbolic.analysis.curl import CurlCertificate
    from grpo_symbolic.analysis.potential import Potential, potential
    from grpo_symbolic.checking.check import check
    from grpo_symbolic.checking.checked import Checked
    from grpo_symbolic.domain import Domain
    from grpo_symbolic.explorer import explore
    from grpo_symbolic.export.latex import formula
    from grpo_symbolic.export.notation import Notation
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
    from grpo_symbolic.policy.comparison import comparison
    from grpo_symbolic.policy.enclosure import Enclosure
    from grpo_symbolic.policy.evaluate import NoStationaryPolicy
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.policy.stationary import stationary_policy
    from grpo_symbolic.policy.two_answers import StationaryPolicy
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
    "Enclosure",
    "Estimator",
    "FixedScale",
    "Gaussian",
    "LeaveOneOut",
    "MeanScale",
    "NoStationaryPolicy",
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
    "comparison",
    "explore",
    "formula",
    "plot",
    "potential",
    "preference",
    "presets",
    "prove",
    "stationarity_condition",
    "stationary_policy",
    "symbols",
]

# Nothing is imported before it is asked for (PEP 562): a name comes from its module here.
_HOMES = {
    "Advantage": ".model.advantage",
    "Algorithm": ".model.algorithm",
    "Analysis": ".policy.analyse",
    "BatchScale": ".model.advantage",
    "BinaryQuestion": ".question",
    "Checked": ".checking.checked",
    "Claim": ".verify.claim",
    "CurlCertificate": ".analysis.curl",
    "DirectKL": ".model.penalty",
    "Divergence": ".model.penalty",
    "Domain": ".domain",
    "Enclosure": ".policy.enclosure",
    "Estimator": ".model.penalty",
    "FixedScale": ".model.advantage",
    "GRPO": ".model.algorithm",
    "Gaussian": ".reward",
    "IPO": ".model.algorithm",
    "LeaveOneOut": ".model.advantage",
    "MeanScale": ".model.advantage",
    "NLHF": ".model.algorithm",
    "NoStationaryPolicy": ".policy.evaluate",
    "Notation": ".export.notation",
    "Penalty": ".model.penalty",
    "Potential": ".analysis.potential",
    "Question": ".question",
    "RLHF": ".model.algorithm",
    "Report": ".verify.verdict",
    "ReverseKL": ".model.penalty",
    "ShiftAndScale": ".model.advantage",
    "ShiftOnly": ".model.advantage",
    "SimplexPolicy": ".policy.many_answers",
    "StabilisedScale": ".model.advantage",
    "StationarityCondition": ".stationarity",
    "StationaryPolicy": ".policy.two_answers",
    "Status": ".verify.verdict",
    "Verdict": ".verify.verdict",
    "analyse": ".policy.analyse",
    "check": ".checking.check",
    "comparison": ".policy.comparison",
    "explore": ".explorer",
    "formula": ".export.latex",
    "potential": ".analysis.potential",
    "preference": ".model.algorithm",
    "prove": ".verify.methods",
    "stationarity_condition": ".stationarity",
    "stationary_policy": ".policy.stationary",
}
_MODULES = {"plot": ".plotting", "presets": ".presets", "symbols": ".symbols"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found: Any = import_module(_MODULES[name], __name__)
    elif name in _HOMES:
        found = getattr(import_module(_HOMES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
