from .clock import Pause, Step, Work
from .dispute import Dispute, DisputeWord
from .evidence_check import EvidenceCheck
from .framework import Framework, Level, Question, Requirement
from .handoff import Handoff
from .look import Look
from .pool import Pool, PoolMember
from .qualification import UNKNOWN, Qualification
from .rating import Rating
from .recycling_rule import RecyclingRule
from .return_answer import ReturnAnswer
from .routing import RoutingDecision, RoutingRule, RuleMatch
from .saved_view import SavedView
from .shortfall import Shortfall
from .sla import LadderRung, Promise, Rung, SlaPolicy
from .snooze import Snooze
from .stuck_crossing import StuckCrossing
from .stuck_evidence import StuckEvidence
from .task import Task
from .verdict import RejectReason, Verdict

__all__ = [
    "UNKNOWN",
    "Dispute",
    "DisputeWord",
    "EvidenceCheck",
    "Framework",
    "Handoff",
    "LadderRung",
    "Level",
    "Look",
    "Pause",
    "Pool",
    "PoolMember",
    "Promise",
    "Qualification",
    "Question",
    "Rating",
    "RecyclingRule",
    "RejectReason",
    "Requirement",
    "ReturnAnswer",
    "RoutingDecision",
    "RoutingRule",
    "RuleMatch",
    "Rung",
    "SavedView",
    "Shortfall",
    "SlaPolicy",
    "Snooze",
    "Step",
    "StuckCrossing",
    "StuckEvidence",
    "Task",
    "Verdict",
    "Work",
]
