from .clock import Pause, Step, Work
from .handoff import Handoff
from .pool import Pool, PoolMember
from .qualification import Qualification
from .routing import RoutingDecision, RoutingRule, RuleMatch
from .sla import LadderRung, Promise, Rung, SlaPolicy
from .stuck_crossing import StuckCrossing
from .verdict import RejectReason, Verdict

__all__ = [
    "Handoff",
    "LadderRung",
    "Pause",
    "Pool",
    "PoolMember",
    "Promise",
    "Qualification",
    "RejectReason",
    "RoutingDecision",
    "RoutingRule",
    "RuleMatch",
    "Rung",
    "SlaPolicy",
    "Step",
    "StuckCrossing",
    "Verdict",
    "Work",
]
