from .activity import Activity, ActivityType, Visitor
from .campaign_cost import CampaignCost
from .changed_lead import ChangedLead, Watched
from .company import Company, CompanyExternalId
from .consent import ConsentEvent
from .lead import Lead, LeadAccess, LeadExternalId, within_reach
from .merge import UNDO_FOR, Alias, AliasUse, LookAlike, LookAlikeSearch, Merge
from .milestone import PassedMilestone
from .opportunity import (
    CompetingSupplier,
    LossReason,
    Opportunity,
    OpportunityStage,
    OpportunityStep,
    Supplier,
)
from .phase_change import PhaseChange
from .settlement import Settlement
from .stage_change import StageChange
from .suspicion import Correction, EvidenceChange, Suspicion

__all__ = [
    "UNDO_FOR",
    "Activity",
    "ActivityType",
    "Alias",
    "AliasUse",
    "CampaignCost",
    "ChangedLead",
    "Company",
    "CompanyExternalId",
    "CompetingSupplier",
    "ConsentEvent",
    "Correction",
    "EvidenceChange",
    "Lead",
    "LeadAccess",
    "LeadExternalId",
    "LookAlike",
    "LookAlikeSearch",
    "LossReason",
    "Merge",
    "Opportunity",
    "OpportunityStage",
    "OpportunityStep",
    "PassedMilestone",
    "PhaseChange",
    "Settlement",
    "StageChange",
    "Supplier",
    "Suspicion",
    "Visitor",
    "Watched",
    "within_reach",
]
