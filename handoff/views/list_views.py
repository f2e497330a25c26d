"""The views and orders that come with the lists of sales: which handoffs each holds, as the URL names it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from handoff.models import Handoff, Work
from leads.stages import Stage

DECIDED_DAYS = 30
_DUE_FIRST = ("due_at", "id")
_LATEST_FIRST = ("-decided_at", "-id")


@dataclass(frozen=True, slots=True)
class View:
    """A view that comes with the product: which handoffs (by the key of ``conditions``), in which order.
    ``open`` ones have a running clock."""

    key: str
    label: str
    open: bool
    order: tuple[str, ...]


QUEUE = (
    View("due", "To decide", True, _DUE_FIRST),
    View("today", "New today", True, _DUE_FIRST),
    View("snoozed", "Snoozed", True, ("snoozed_until", "id")),
    View("working", "Working", False, ("owed_at", *_LATEST_FIRST)),
    View("decided", "Decided", False, _LATEST_FIRST),
)
TEAM = (
    View("open", "All open", True, _DUE_FIRST),
    View("unassigned", "Unassigned", True, _DUE_FIRST),
    View("overdue", "Overdue", True, _DUE_FIRST),
    View("snoozed", "Snoozed", True, ("snoozed_until", "id")),
)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order to choose, as the URL says it."""

    key: str
    label: str
    order: tuple[str, ...]


SORTS = (
    Sort("due", "due time", _DUE_FIRST),
    Sort("score", "score", ("-points", "due_at", "id")),
    Sort("newest", "newest", ("-offered_at", "-id")),
    Sort("oldest", "oldest", ("offered_at", "id")),
)
BY_REP = Sort("rep", "rep", ("rep__name", "rep_id", "due_at", "id"))


def conditions(at: datetime) -> dict[str, Q]:
    """What each view holds at ``at``."""
    is_open = Q(status=Handoff.Status.OPEN)
    awake = is_open & (Q(snoozed_until=None) | Q(snoozed_until__lte=at))
    return {
        "due": awake,
        "open": awake,
        "today": awake & Q(offered_at__gte=_midnight(at)),
        "unassigned": awake & Q(rep=None),
        "overdue": awake & Q(due_at__lt=at),
        "snoozed": is_open & Q(snoozed_until__gt=at),
        "working": Q(status=Handoff.Status.ACCEPTED, lead__stage__in=[Stage.SQL, Stage.OPPORTUNITY]),
        "decided": Q(decided_at__gte=at - timedelta(days=DECIDED_DAYS)),
    }


def in_order(handoffs: QuerySet[Handoff], view: View) -> QuerySet[Handoff]:
    """``handoffs`` with what ``view.order`` names: of leads that are worked, when the next thing is owed;
    those with no clock come last."""
    if view.key != "working":
        return handoffs
    running = Work.objects.running().filter(handoff=OuterRef("pk")).values("due_at")[:1]
    return handoffs.annotate(owed_at=Coalesce(Subquery(running), Value(_NEVER)))


#: After every moment that is owed; a column that pages are cut by is never empty.
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)


def _midnight(at: datetime) -> datetime:
    """The beginning of the reader's day."""
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


def chosen(views: Sequence[View], parameters: QueryDict) -> View:
    return next((view for view in views if view.key == parameters.get("view")), views[0])
