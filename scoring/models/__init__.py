from .adjustment import Adjustment
from .crossing import Crossing
from .mail_domain import MailDomain
from .model_version import ModelVersion, ScoringModel
from .moving import Blocker, Line, Trigger
from .publication import ModelReview, Publication, SignOff
from .rule import Rule, RuleGroup
from .score import LineState, Score, StateBefore
from .written import DefinitionSignOff, WrittenDefinition

__all__ = [
    "Adjustment",
    "Blocker",
    "Crossing",
    "DefinitionSignOff",
    "Line",
    "LineState",
    "MailDomain",
    "ModelReview",
    "ModelVersion",
    "Publication",
    "Rule",
    "RuleGroup",
    "Score",
    "ScoringModel",
    "SignOff",
    "StateBefore",
    "Trigger",
    "WrittenDefinition",
]
