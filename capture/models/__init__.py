from .evidence_rules import EvidenceRules, LookingBack, Treatment
from .hook import Hook, InboxItem
from .imports import Import, ImportWindow, RejectedRow, SavedMapping
from .site import PageRule, Site
from .source import Arrival, RefusedItem, Source, SourceHour
from .web_form import ConsentWording, OfferFile, Submission, WebForm, WebFormField

__all__ = [
    "Arrival",
    "ConsentWording",
    "EvidenceRules",
    "Hook",
    "Import",
    "ImportWindow",
    "InboxItem",
    "LookingBack",
    "OfferFile",
    "PageRule",
    "RefusedItem",
    "RejectedRow",
    "SavedMapping",
    "Site",
    "Source",
    "SourceHour",
    "Submission",
    "Treatment",
    "WebForm",
    "WebFormField",
]
