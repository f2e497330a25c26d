from .hook import Hook, InboxItem
from .imports import Import
from .site import PageRule, Site
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = [
    "Arrival",
    "Hook",
    "Import",
    "InboxItem",
    "PageRule",
    "RefusedItem",
    "Site",
    "Source",
    "SourceHour",
]
