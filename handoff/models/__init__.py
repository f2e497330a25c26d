from .handoff import Handoff
from .look import Look
from .pool import Pool, PoolMember
from .qualification import Qualification
from .routing import RoutingDecision, RoutingRule, RuleMatch
from .saved_view import SavedView
from .sla import SlaPolicy
from .stuck_crossing import StuckCrossing
from .verdict import RejectReason, Verdict

__all__ = [
    "Handoff",
    "Look",
    "Pool",
    "PoolMember",
    "Qualification",
    "RejectReason",
    "RoutingDecision",
    "RoutingRule",
    "RuleMatch",
    "SavedView",
    "SlaPolicy",
    "StuckCrossing",
    "Verdict",
]
