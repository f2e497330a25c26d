from .adjustment import Adjustment
from .crossing import Crossing
from .free_mail import FreeMailDomain
from .model_version import ModelVersion, ScoringModel
from .rule import Blocker, Line, Rule, RuleGroup, Trigger
from .score import LineState, Score

__all__ = [
    "Adjustment",
    "Blocker",
    "Crossing",
    "FreeMailDomain",
    "Line",
    "LineState",
    "ModelVersion",
    "Rule",
    "RuleGroup",
    "Score",
    "ScoringModel",
    "Trigger",
]
