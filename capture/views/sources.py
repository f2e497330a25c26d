"""Every door that evidence comes through: when it was last seen, what arrived, what was refused and why."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture import arrivals
from capture.arrivals import Brought
from capture.models import InboxItem, RefusedItem, Source, Submission
from leads import paging

for_marketers = page_for(may_edit_leads, "Marketers and administrators look after sources.")
#: What ``?days=`` may ask for; the first is shown at once.
SPANS = (7, 1, 30)
#: A script or a hook that brought something in this time and nothing within ``QUIET`` may be broken.
SEEN, QUIET = timedelta(days=30), timedelta(days=2)
DAYS, REFUSED = 14, 25


@require_safe
@for_marketers
def sources(request: Request) -> HttpResponse:
    """Every source with what it brought in ``?days=``, the latest first, and what waits. Four queries."""
    now, days = timezone.now(), _days(request)
    brought = arrivals.brought(since=now - timedelta(days=days))
    seen = arrivals.brought(since=now - SEEN)
    found = Source.objects.visible_to(request.user).select_related("site", "hook", "web_form").in_order()
    waits = _waiting(request, found)
    rows = [_row(one, brought.get(one.pk), seen.get(one.pk), now, waits.get(one.pk, 0)) for one in found]
    rows.sort(key=lambda row: (row["seen"] is None, -(row["seen"].timestamp() if row["seen"] else 0)))
    context = {"now": now, "rows": rows, "days": days, "spans": sorted(SPANS)}
    return render(request, "capture/sources.html", context)


@require_safe
@for_marketers
def source(request: Request, source_id: UUID) -> HttpResponse:
    """One source: a fortnight day by day, what was refused lately as it was sent, and how to try it."""
    now = timezone.now()
    shown = get_object_or_404(
        Source.objects.visible_to(request.user).select_related("site", "hook", "web_form"),
        public_id=source_id,
    )
    days = arrivals.days(
        source=shown, since=now - timedelta(days=DAYS), zone=timezone.get_current_timezone_name()
    )
    most = max((day.brought.arrived for day in days), default=0) or 1
    refused = RefusedItem.objects.visible_to(request.user).filter(source=shown).order_by("-at", "-id")
    context = {
        "now": now,
        "source": shown,
        "set_up": _set_up(shown),
        "waits": _waiting(request, [shown]).get(shown.pk, 0),
        "waits_at": _waits_at(shown),
        "days": [(day, round(100 * day.brought.arrived / most, 1)) for day in days],
        "refused": refused[:REFUSED],
        "events_url": request.build_absolute_uri(reverse("api:send_events")),
    }
    return render(request, "capture/source.html", context)


def _days(request: Request) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, SPANS) else SPANS[0]


def _waiting(request: Request, found: Iterable[Source]) -> dict[int, int | str]:
    """How much of what each source brought, and was held, waits for somebody now; by its key, "999+" for
    more. One query."""
    posts = InboxItem.objects.visible_to(request.user).replayable()
    held = Submission.objects.visible_to(request.user).held()
    lists: dict[str, QuerySet[Any]] = {}
    for one in found:
        if hasattr(one, "hook"):
            lists[str(one.pk)] = posts.filter(hook=one.hook)
        elif hasattr(one, "web_form"):
            lists[str(one.pk)] = held.filter(web_form=one.web_form)
    return {int(source): count for source, count in paging.counts(lists).items()}


def _waits_at(one: Source) -> str:
    """The page where somebody decides on what waits."""
    if hasattr(one, "hook"):
        return reverse("capture:hook-inbox", args=[one.hook.public_id]) + "?state=waiting"
    return reverse("capture:form-review")


def _row(
    one: Source, brought: Brought | None, seen: Brought | None, now: datetime, waits: int | str
) -> dict[str, Any]:
    last = seen.last_at if seen else None
    by_itself = one.kind in (Source.Kind.SCRIPT, Source.Kind.HOOK)
    return {
        "source": one,
        "brought": brought or Brought(),
        "waits": waits,
        "waits_at": _waits_at(one) if waits else "",
        "lag": round(brought.lag.total_seconds() / 60) if brought and brought.lag else 0,
        "seen": last,
        "quiet": bool(by_itself and last and now - last > QUIET),
    }


def _set_up(one: Source) -> str:
    """The page where it is set up."""
    if hasattr(one, "site"):
        return reverse("capture:site", args=[one.site.public_id])
    if hasattr(one, "hook"):
        return reverse("capture:hook", args=[one.hook.public_id])
    if hasattr(one, "web_form"):
        return reverse("capture:form", args=[one.web_form.public_id])
    return reverse("capture:imports") if one.kind == Source.Kind.IMPORT else ""
