"""The marketing queue while it is long: its order and figures of a moment ago, with the moment.

Up to ``LONG`` MQLs everything is read as it is. Of more, putting all in order for ten rows of each phase
takes a second, and so does counting who came and went. So the first ``HEAD`` leads of each phase and view,
and the figures, are kept for a minute, as long as somebody looks, and the page says when that was. Rows are
always read anew, so what a row says is true; who became an MQL or changed phase since stands among them; only
a score, or the agreed line, that changed since may put a lead in its place a minute late. Beyond the head,
and where a filter leaves too few of it, the list is put in order as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from leads import paging
from leads.models import Lead
from leads.stages import Phase, Stage

from . import flows, mqls
from .flows import Figures, Standing

LONG = 20_000
HEAD = 500
#: So many times a page is looked at first: fewer are put in order, and most often they suffice.
FIRST = 5
#: What is older is made anew; what nobody has asked for in ``WANTED`` is let go.
FRESH, WANTED = timedelta(minutes=1), timedelta(minutes=15)
#: Orders that an index has, whatever the length: they need no head.
INDEXED = frozenset({"phase"})
#: Views that hold everybody, or none of these leads: an index suffices for the order, and tiles count them.
WITHOUT_HEAD = frozenset({"all", "back"})


@dataclass(frozen=True, slots=True)
class Kept:
    """``value`` as it was ``at``, last asked for ``asked_at``."""

    value: Any
    at: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Long:
    """The long queue ``at`` the moment of the oldest of its parts. ``head``: phase → the first leads of the
    view, by id; empty where the order needs none. ``counts``: phase → how many the view holds."""

    at: datetime
    head: dict[str, list[int]]
    counts: dict[str, int]
    standing: dict[str, Standing]
    figures: Figures

    def page(self, leads: QuerySet[Lead], phase: Phase, *, size: int, **asked: Any) -> paging.Page[Lead]:
        """As ``paging.page`` of ``leads``, some of the view, in ``phase``: out of the head where that
        suffices. One query, up to three."""
        if phase in self.head:
            since = Q(stage_at__gt=self.at) | Q(phase_at__gt=self.at)
            head = self.head[phase]
            for many in (FIRST * size, HEAD):
                among = leads.filter(Q(pk__in=head[:many]) | since, phase=phase)
                found = paging.page(among, size=size, **asked)
                if found.next or len(head) < min(many, HEAD):
                    return found
        return paging.page(leads.filter(phase=phase), size=size, **asked)


def read(*, view: str, sort: str, period: str, at: datetime) -> Long | None:
    """The queue's ``view`` in the order ``sort``, with the figures of ``period``; None while it is not long.
    One query, two while it is not long; what nobody has asked for lately is made, in a few seconds."""
    names = (f"head-{sort}-{view}", f"counts-{view}", "standing", f"flows-{period}")
    kept: dict[str, Kept] = cache.get_many([_key(name) for name in names])
    if not kept and not _is_long():
        return None
    parts, asked = _parts(), []
    for name in names:
        found = kept.get(_key(name))
        if found is None:
            found = _keep(name, parts[name], at=at, asked_at=at)
        elif at - found.asked_at > FRESH:
            cache.set(_key(name), replace(found, asked_at=at), timeout=WANTED.total_seconds())
        asked.append(found)
    return Long(min(each.at for each in asked), *(each.value for each in asked))


def refresh(*, at: datetime) -> int:
    """Make anew what is kept, was asked for lately and is not fresh. Returns how many parts; safe to repeat
    and to run twice at once."""
    parts = _parts()
    kept: dict[str, Kept] = cache.get_many([_key(name) for name in parts])
    old = [name for name in parts if (found := kept.get(_key(name))) and at - found.at >= FRESH]
    wanted = [name for name in old if at - kept[_key(name)].asked_at <= WANTED]
    if not wanted or not _is_long():
        return 0
    for name in wanted:
        _keep(name, parts[name], at=at, asked_at=kept[_key(name)].asked_at)
    return len(wanted)


def _keep(name: str, make: Callable[[datetime], Any], *, at: datetime, asked_at: datetime) -> Kept:
    made = Kept(make(at), at, asked_at)
    cache.set(_key(name), made, timeout=WANTED.total_seconds())
    return made


def _parts() -> dict[str, Callable[[datetime], Any]]:
    """What may be kept → how it is made, as of a moment."""
    made: dict[str, Callable[[datetime], Any]] = {"standing": partial(flows.standing_of, _mqls())}
    made |= {f"flows-{period}": partial(flows.figures, period) for period in flows.PERIODS}
    for view in mqls.VIEWS:
        made[f"counts-{view}"] = partial(_counts, view)
        made |= {f"head-{sort}-{view}": partial(_head, sort, view) for sort in mqls.SORTS}
    return made


def _of_view(view: str, at: datetime) -> QuerySet[Any]:
    return mqls.narrowed_to(mqls.measured(_mqls(), *mqls.agreed_minimums()), view, at)


def _head(sort: str, view: str, at: datetime) -> dict[str, list[int]]:
    if sort in INDEXED and view in WITHOUT_HEAD:
        return {}
    listed = mqls.in_order(_of_view(view, at), sort).order_by(*mqls.SORTS[sort][1])
    return {
        phase.value: list(listed.filter(phase=phase).values_list("pk", flat=True)[:HEAD]) for phase in Phase
    }


def _counts(view: str, at: datetime) -> dict[str, int]:
    if view in WITHOUT_HEAD:
        return {}
    return dict(_of_view(view, at).order_by().values_list("phase").annotate(Count("id")))


def _mqls() -> QuerySet[Lead]:
    return Lead.objects.filter(stage=Stage.MQL)


def _is_long() -> bool:
    return _mqls().values("pk")[: LONG + 1].count() > LONG


def _key(name: str) -> str:
    return f"long-queue-{name}"
