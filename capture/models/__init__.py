from .evidence_rules import EvidenceRules, LookingBack, Treatment
from .hook import Hook, InboxItem
from .imports import Import, ImportWindow, RejectedRow, SavedMapping
from .site import PageRule, Site
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = [
    "Arrival",
    "EvidenceRules",
    "Hook",
    "Import",
    "ImportWindow",
    "InboxItem",
    "LookingBack",
    "PageRule",
    "RefusedItem",
    "RejectedRow",
    "SavedMapping",
    "Site",
    "Source",
    "SourceHour",
    "Treatment",
]
