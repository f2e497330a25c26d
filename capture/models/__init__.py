from .imports import Import
from .site import PageRule, Site
from .source import Arrival, RefusedItem, Source, SourceHour

__all__ = ["Arrival", "Import", "PageRule", "RefusedItem", "Site", "Source", "SourceHour"]
