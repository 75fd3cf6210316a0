"""Symbolic derivation of what GRPO optimises.

Build an algorithm and a question, and ask for the stationary policy:

>>> import grpo_symbolic as gs
>>> policy = gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion())
>>> print(policy.latex())
\\pi(a) = \\frac{1}{2}\\left(1 - \\beta + \\sqrt{\\left(1 - \\beta\\right)^{2} \
+ 4 \\beta \\pi_{\\mathrm{ref}}(a)}\\right)
"""

from typing import TYPE_CHECKING

from grpo_symbolic.lazy import names_of

if TYPE_CHECKING:
    from grpo_symbolic import plotting as plot
    from grpo_symbolic import presets, symbols
    from grpo_symbolic.aggregation.axiom_table import AxiomTable, axiom_table
    from grpo_symbolic.aggregation.axioms import Axiom, axiom
    from grpo_symbolic.aggregation.compare import Comparison, compare
    from grpo_symbolic.aggregation.lottery import Lottery
    from grpo_symbolic.aggregation.names import rule
    from grpo_symbolic.aggregation.rule import Rule
    from grpo_symbolic.aggregation.satisfies import Finding, satisfies
    from grpo_symbolic.aggregation.tables import read_votes
    from grpo_symbolic.aggregation.votes import Comparisons
    from grpo_symbolic.analysis.curl import CurlCertificate
    from grpo_symbolic.analysis.potential import Potential, potential
    from grpo_symbolic.binary_question import BinaryQuestion
    from grpo_symbolic.checking.check import check
    from grpo_symbolic.checking.checked import Checked
    from grpo_symbolic.cli.check_paper import check_paper
    from grpo_symbolic.domain import Domain
    from grpo_symbolic.electorate import Electorate
    from grpo_symbolic.explorer import explore
    from grpo_symbolic.export.latex import formula
    from grpo_symbolic.export.notation import Notation
    from grpo_symbolic.model.advantage import (
        Advantage,
        BatchScale,
        BestOverSecond,
        Clipped,
        FixedScale,
        LeaveOneOut,
        MeanScale,
        MedianCentred,
        NegativeOnly,
        PassAtK,
        PositiveOnly,
        Ranks,
        Rescaled,
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
    from grpo_symbolic.prediction.openrlhf import from_openrlhf
    from grpo_symbolic.prediction.predict import TrainerRun
    from grpo_symbolic.prediction.prediction import Prediction
    from grpo_symbolic.prediction.trl import from_trl
    from grpo_symbolic.prediction.verl import from_verl
    from grpo_symbolic.question import Question
    from grpo_symbolic.reward import Gaussian
    from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
    from grpo_symbolic.verify.claim import Claim
    from grpo_symbolic.verify.methods import prove
    from grpo_symbolic.verify.verdict import Report, Status, Verdict

__version__ = "0.2.0"

__all__ = [
    "GRPO",
    "IPO",
    "NLHF",
    "RLHF",
    "Advantage",
    "Algorithm",
    "Analysis",
    "Axiom",
    "AxiomTable",
    "BatchScale",
    "BestOverSecond",
    "BinaryQuestion",
    "Checked",
    "Claim",
    "Clipped",
    "Comparison",
    "Comparisons",
    "CurlCertificate",
    "DirectKL",
    "Divergence",
    "Domain",
    "Electorate",
    "Enclosure",
    "Estimator",
    "Finding",
    "FixedScale",
    "Gaussian",
    "LeaveOneOut",
    "Lottery",
    "MeanScale",
    "MedianCentred",
    "NegativeOnly",
    "NoStationaryPolicy",
    "Notation",
    "PassAtK",
    "Penalty",
    "PositiveOnly",
    "Potential",
    "Prediction",
    "Question",
    "Ranks",
    "Report",
    "Rescaled",
    "ReverseKL",
    "Rule",
    "ShiftAndScale",
    "ShiftOnly",
    "SimplexPolicy",
    "StabilisedScale",
    "StationarityCondition",
    "StationaryPolicy",
    "Status",
    "TrainerRun",
    "Verdict",
    "analyse",
    "axiom",
    "axiom_table",
    "check",
    "check_paper",
    "compare",
    "comparison",
    "explore",
    "formula",
    "from_openrlhf",
    "from_trl",
    "from_verl",
    "plot",
    "potential",
    "preference",
    "presets",
    "prove",
    "read_votes",
    "rule",
    "satisfies",
    "stationarity_condition",
    "stationary_policy",
    "symbols",
]

# Nothing is imported before it is asked for (PEP 562): a name comes from its module here.
__getattr__ = names_of(
    __name__,
    {
        ".aggregation.axiom_table": "AxiomTable axiom_table",
        ".aggregation.axioms": "Axiom axiom",
        ".aggregation.compare": "Comparison compare",
        ".aggregation.lottery": "Lottery",
        ".aggregation.names": "rule",
        ".aggregation.rule": "Rule",
        ".aggregation.satisfies": "Finding satisfies",
        ".aggregation.tables": "read_votes",
        ".aggregation.votes": "Comparisons",
        ".analysis.curl": "CurlCertificate",
        ".analysis.potential": "Potential potential",
        ".binary_question": "BinaryQuestion",
        ".checking.check": "check",
        ".checking.checked": "Checked",
        ".cli.check_paper": "check_paper",
        ".domain": "Domain",
        ".electorate": "Electorate",
        ".explorer": "explore",
        ".export.latex": "formula",
        ".export.notation": "Notation",
        ".model.advantage": (
            "Advantage BatchScale BestOverSecond Clipped FixedScale LeaveOneOut MeanScale "
            "MedianCentred NegativeOnly PassAtK PositiveOnly Ranks Rescaled ShiftAndScale "
            "ShiftOnly StabilisedScale"
        ),
        ".model.algorithm": "Algorithm GRPO IPO NLHF RLHF preference",
        ".model.penalty": "DirectKL Divergence Estimator Penalty ReverseKL",
        ".policy.analyse": "Analysis analyse",
        ".policy.comparison": "comparison",
        ".policy.enclosure": "Enclosure",
        ".policy.evaluate": "NoStationaryPolicy",
        ".policy.many_answers": "SimplexPolicy",
        ".policy.stationary": "stationary_policy",
        ".policy.two_answers": "StationaryPolicy",
        ".prediction.openrlhf": "from_openrlhf",
        ".prediction.predict": "TrainerRun",
        ".prediction.prediction": "Prediction",
        ".prediction.trl": "from_trl",
        ".prediction.verl": "from_verl",
        ".question": "Question",
        ".reward": "Gaussian",
        ".stationarity": "StationarityCondition stationarity_condition",
        ".verify.claim": "Claim",
        ".verify.methods": "prove",
        ".verify.verdict": "Report Status Verdict",
    },
    plot=".plotting",
    presets=".presets",
    symbols=".symbols",
)


def __dir__() -> list[str]:
    return sorted(__all__)
