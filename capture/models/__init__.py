from .hook import Hook, InboxItem
from .imports import Import, ImportWindow, RejectedRow, SavedMapping
from .site import PageRule, Site
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = [
    "Arrival",
    "Hook",
    "Import",
    "ImportWindow",
    "InboxItem",
    "PageRule",
    "RefusedItem",
    "RejectedRow",
    "SavedMapping",
    "Site",
    "Source",
    "SourceHour",
]
