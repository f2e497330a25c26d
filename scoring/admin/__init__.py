"""The marketing-ops desk: draft, check, sign, publish, release, adjust. What is published or happened is
only read. A module for each part of the desk."""

from . import adjustments, crossings, log, parts, versions

__all__ = ["adjustments", "crossings", "log", "parts", "versions"]
