from .handoff import Handoff
from .pool import Pool, PoolMember
from .qualification import Qualification
from .routing import RoutingDecision, RoutingRule, RuleMatch
from .sla import SlaPolicy
from .stuck_crossing import StuckCrossing
from .verdict import RejectReason, Verdict

__all__ = [
    "Handoff",
    "Pool",
    "PoolMember",
    "Qualification",
    "RejectReason",
    "RoutingDecision",
    "RoutingRule",
    "RuleMatch",
    "SlaPolicy",
    "StuckCrossing",
    "Verdict",
]
