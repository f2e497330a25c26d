from .imports import Import
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = ["Arrival", "Import", "RefusedItem", "Source", "SourceHour"]
