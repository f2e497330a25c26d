from .hook import Hook, InboxItem
from .imports import Import
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = ["Arrival", "Hook", "Import", "InboxItem", "RefusedItem", "Source", "SourceHour"]
