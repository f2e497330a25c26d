"""Say what a page stands for by its path. Patterns know one sign, ``*``, and are matched in one pass, so that
no pattern and no path can make a request wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from .models import PageRule, Site


def fits(pattern: str, path: str) -> bool:
    """Whether the whole of ``path`` is written as ``pattern`` says, ``*`` being any number of characters.
    Case and a slash at the end make no difference."""
    pattern, path = _plain(pattern), _plain(path)
    first, *rest = pattern.split("*")
    if not rest:
        return path == first
    *middle, last = rest
    if not path.startswith(first):
        return False
    place, end = len(first), len(path) - len(last)
    for part in middle:
        found = path.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return place <= end and path.endswith(last)


def covers(earlier: str, later: str) -> bool:
    """Whether every path that fits the pattern ``later`` fits ``earlier``, too: then it is never asked. What
    takes in the sign ``*`` itself takes in whatever that stands for."""
    return fits(earlier, later)


def _plain(path: str) -> str:
    return unquote(path).casefold().rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class PageRules:
    """The rules of one site, in order."""

    rules: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, site: Site) -> "PageRules":
        """Those of ``site``, as they are now. One query."""
        rows = PageRule.objects.filter(site=site).in_order()
        return cls(list(rows.values_list("pattern", "type__key")))

    def kind_of(self, path: str, *, otherwise: str) -> str:
        """The key of the activity type that a visit to ``path`` is."""
        return next((kind for pattern, kind in self.rules if fits(pattern, path)), otherwise)
