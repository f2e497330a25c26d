"""The marketing queue while it is long: its order and figures of a moment ago, with the moment.

Up to ``LONG`` MQLs everything is read as it is. Of more, putting all in order for ten rows of each phase
takes a second, and so does counting who came and went. So the first ``HEAD`` leads of each phase and view,
and the figures, are kept for a minute, as long as somebody looks, and the page says when that was; where the
worker is late, who asks makes anew what is older than ``OLDEST``. Rows are always read anew, so what a row
says is true; who became an MQL or changed phase since stands among them; only a score, or the agreed line,
that changed since may put a lead in its place a minute late. Beyond the head, and where a filter leaves too
few of it, the list is put in order as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet

from accounts import release
from leads import paging
from leads.models import Lead
from leads.stages import Phase, Stage

from . import flows, mqls
from .flows import Figures, Standing

LONG = 10_000
HEAD = 500
#: So many times a page is looked at first: fewer are put in order, and most often they suffice.
FIRST = 5
#: What is older than ``FRESH`` is made anew, what is older than ``OLDEST`` not shown; what nobody has asked
#: for in ``WANTED`` is let go.
FRESH, OLDEST, WANTED = timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)
#: Who became an MQL has the moment at which the work on it began, and is seen once that is committed: most
#: often at once, at the latest when the longest run of the pipeline is ended (CELERY_TASK_TIME_LIMIT).
UNSEEN = timedelta(minutes=5)
#: Orders that an index has, whatever the length: they need no head.
INDEXED = frozenset({"phase"})
#: Views that hold everybody, or none of these leads: an index suffices for the order.
WITHOUT_HEAD = frozenset({"all", "back"})


@dataclass(frozen=True, slots=True)
class Kept:
    """``value`` as it was ``at``."""

    value: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Long:
    """The long queue ``at`` the moment of the oldest of its parts. ``head``: phase → the first leads of the
    view, by id; empty where the order needs none. ``counts``: view → phase → how many it holds."""

    at: datetime
    head: dict[str, list[int]]
    counts: dict[str, dict[str, int]]
    standing: dict[str, Standing]
    figures: Figures

    def page(self, leads: QuerySet[Lead], phase: Phase, *, size: int, **asked: Any) -> paging.Page[Lead]:
        """As ``paging.page`` of ``leads``, some of the view, in ``phase``: out of the head where that
        suffices. One query; up to five where it does not."""
        leads = leads.filter(phase=phase)
        if phase in self.head:
            edge = self.at - UNSEEN
            since = Q(stage_at__gt=edge) | Q(phase_at__gt=edge)
            head = self.head[phase]
            for many in (FIRST * size, HEAD):
                chosen = head[:many]
                found = paging.page(leads.filter(Q(pk__in=chosen) | since), size=size, **asked)
                if len(head) < min(many, HEAD) or _goes_on(found, leads, chosen, asked["order"]):
                    return found
        return paging.page(leads, size=size, **asked)


def read(*, view: str, sort: str, period: str, at: datetime) -> Long | None:
    """The queue's ``view`` in the order ``sort``, with the figures of ``period``; None while it is not long.
    One query, two while it is not long; what nobody has asked for lately is made, in a few seconds."""
    names = (f"head-{sort}-{view}", "counts", "standing", f"flows-{period}")
    kept = cache.get_many([*map(_key, names), *map(_asked_key, names)])
    found: dict[str, Kept] = {name: kept[_key(name)] for name in names if _key(name) in kept}
    found = {name: each for name, each in found.items() if at - each.at <= OLDEST}
    if len(found) < len(names) and not _is_long():
        return None
    parts = _parts()
    for name in names:
        if name not in found:
            found[name] = _keep(name, parts[name], at=at)
        asked_at = kept.get(_asked_key(name))
        if asked_at is None or at - asked_at > FRESH:
            cache.set(_asked_key(name), at, timeout=WANTED.total_seconds())
    return Long(min(each.at for each in found.values()), *(found[name].value for name in names))


def refresh(*, at: datetime) -> int:
    """Make anew what was asked for lately and is not fresh; nothing stays kept of a queue that is not long
    any more. Returns how many parts were made; safe to repeat and to run twice at once."""
    parts = _parts()
    kept = cache.get_many([*map(_key, parts), *map(_asked_key, parts)])
    if kept and not _is_long():
        cache.delete_many(kept)
        return 0
    made = 0
    for name, make in parts.items():
        found, asked_at = kept.get(_key(name)), kept.get(_asked_key(name))
        if asked_at is None or at - asked_at > WANTED or (found is not None and at - found.at < FRESH):
            continue
        _keep(name, make, at=at)
        made += 1
    return made


def _goes_on(
    found: paging.Page[Lead], leads: QuerySet[Lead], chosen: Sequence[int], order: Sequence[str]
) -> bool:
    """Whether those ``chosen`` out of the head reach to the end of the page ``found`` of ``leads``. Where
    they do not, who came since stands below them, and whoever is between is missing. Up to one query."""
    if not found.next:
        return False
    if found.rows[-1].pk in chosen:
        return True
    return bool(paging.page(leads.filter(pk__in=chosen), order=order, after=found.next, size=1).rows)


def _keep(name: str, make: Callable[[datetime], Any], *, at: datetime) -> Kept:
    made = Kept(make(at), at)
    cache.set(_key(name), made, timeout=OLDEST.total_seconds())
    return made


def _parts() -> dict[str, Callable[[datetime], Any]]:
    """What may be kept → how it is made, as of a moment."""
    made: dict[str, Callable[[datetime], Any]] = {
        "counts": _counts,
        "standing": partial(flows.standing_of, _mqls()),
    }
    made |= {f"flows-{period}": partial(flows.figures, period) for period in flows.PERIODS}
    for view in mqls.VIEWS:
        made |= {f"head-{sort}-{view}": partial(_head, sort, view) for sort in mqls.SORTS}
    return made


def _of_view(view: str, at: datetime) -> QuerySet[Any]:
    return mqls.narrowed_to(_measured(), view, at)


def _head(sort: str, view: str, at: datetime) -> dict[str, list[int]]:
    if sort in INDEXED and view in WITHOUT_HEAD:
        return {}
    listed = mqls.in_order(_of_view(view, at), sort).order_by(*mqls.SORTS[sort][1])
    return {
        phase.value: list(listed.filter(phase=phase).values_list("pk", flat=True)[:HEAD]) for phase in Phase
    }


def _counts(at: datetime) -> dict[str, dict[str, int]]:
    return mqls.counted(_measured(), at)


def _measured() -> QuerySet[Lead]:
    return mqls.measured(_mqls(), *mqls.agreed_minimums())


def _mqls() -> QuerySet[Lead]:
    return Lead.objects.filter(stage=Stage.MQL)


def _is_long() -> bool:
    return _mqls().values("pk")[: LONG + 1].count() > LONG


def _key(name: str) -> str:
    """What another release kept may be of another shape, and cannot be read or says something else."""
    return f"long-queue-{release.digest()}-{name}"


def _asked_key(name: str) -> str:
    """Apart from what is kept, so that a reader never writes an old value over one just made anew."""
    return _key(f"asked-{name}")
