from .imports import Import, ImportWindow, RejectedRow, SavedMapping
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = [
    "Arrival",
    "Import",
    "ImportWindow",
    "RefusedItem",
    "RejectedRow",
    "SavedMapping",
    "Source",
    "SourceHour",
]
