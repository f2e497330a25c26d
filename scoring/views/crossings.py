"""Held crossings: leads that publishing or an import brought over a line, and that wait for a person."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_release
from accounts.requests import Request, page_for
from leads import paging
from leads.models import Lead
from leads.paging import make_cursor, read_cursor
from leads.stages import Stage
from scoring import publishing
from scoring.dimensions import Dimension
from scoring.models import Crossing, Line, ModelVersion, Trigger

from .aftermath import Aftermath, aftermath_of

#: Crossings on a page, and how far they are counted: beyond, the page says "1,000+".
PAGE = 50
MOST = 1000
#: How far a bar reaches where the version names no ceiling, in points.
_OPEN_END = 50
_ALL = "held crossings"

for_releasing = page_for(may_release, "Held crossings are for marketing and for sales' managers.")


@dataclass(frozen=True, slots=True)
class Row:
    """One held crossing: ``key`` names it in forms, ``why`` is what brought the lead over, ``then`` what
    happens when it is released."""

    crossing: Crossing
    key: str
    about: str
    score: dict[str, Any]
    why: list[str]
    then: str


@require_safe
@for_releasing
def crossings(request: Request) -> HttpResponse:
    """Who waits, the newest first."""
    stage = _stage(request.GET.get("stage", ""))
    waiting = _waiting(request)
    counts = {key: _count(waiting.filter(stage=key)) for key in ("sql", "mql")}
    chosen = waiting.filter(stage=stage) if stage else waiting
    page = paging.page(
        chosen.select_related("lead__company", "version__model"),
        order=("-id",),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    shown = sum(counts.values()) if not stage else counts[stage]
    context = {
        "rows": _rows(page.rows),
        "newest": _newest(chosen, page.rows, request.GET.get("after", "")),
        "next": page.next,
        "stage": stage,
        "ticks": request.GET.get("tick") == "all",
        "views": [
            {"label": label, "url": f"?stage={key}", "count": _said(count), "current": key == stage}
            for key, label, count in (
                ("", "All", sum(counts.values())),
                ("sql", "SQL line", counts["sql"]),
                ("mql", "MQL line", counts["mql"]),
            )
        ],
        "count": _said(shown),
        "aftermaths": _aftermaths(request),
        "now": timezone.now(),
        "rail_path": reverse("scoring:versions"),
    }
    return render(request, "scoring/crossings.html", context)


@require_POST
@for_releasing
def release(request: Request) -> HttpResponse:
    """Release one, those that are ticked, or all of a stage that were there when the page was made."""
    waiting, stage = _waiting(request), _stage(request.POST.get("stage", ""))
    if "all" in request.POST:
        chosen = _until(waiting.filter(stage=stage) if stage else waiting, request.POST["all"])
    else:
        chosen = _named(waiting, request.POST.getlist("only") or request.POST.getlist("crossing"))
    asked = _count(chosen)
    released = publishing.release(crossings=chosen, by=request.user, at=timezone.now())
    if released:
        who = "1 lead goes" if released == 1 else f"{released:,} leads go"
        messages.success(request, f"Released: {who} on now.")
    elif asked or "all" in request.POST:
        messages.warning(
            request, "Nothing was left to release: somebody was faster, or the leads cooled down."
        )
    else:
        messages.warning(request, "Tick the leads to release first.")
    return redirect(reverse("scoring:crossings") + (f"?stage={stage}" if stage else ""))


def _aftermaths(request: Request) -> list[Aftermath]:
    """Of each model that is being scored anew, or that a rollback left something to do for."""
    live = ModelVersion.objects.published().select_related("model").order_by("model_id")
    found = (aftermath_of(version.model, version, request.user) for version in live)
    return [each for each in found if each.percent is not None or each.left_over]


def _waiting(request: Request) -> "QuerySet[Crossing]":
    return Crossing.objects.visible_to(request.user).to_release()


def _newest(waiting: "QuerySet[Crossing]", shown: list[Crossing], after: str) -> str:
    """Names the newest that waits, so that a form says how far its “all” goes. Up to one query."""
    first = waiting.order_by("-id").first() if after else next(iter(shown), None)
    return make_cursor([first.pk], salt=_ALL) if first else ""


def _until(waiting: "QuerySet[Crossing]", newest: str) -> "QuerySet[Crossing]":
    """Those that waited when ``newest`` was: who came later was in no number that anybody read."""
    position = read_cursor(newest, salt=_ALL)
    return waiting.filter(pk__lte=position[0]) if position else waiting.none()


def _stage(asked: str) -> str:
    return asked if asked in ("mql", "sql") else ""


def _count(rows: "QuerySet[Crossing]") -> int:
    """How many there are, up to ``MOST``: counting further would cost more than the page."""
    return rows.order_by()[:MOST].count()


def _said(count: int) -> str:
    return f"{MOST - 1:,}+" if count >= MOST else f"{count:,}"


def _named(waiting: "QuerySet[Crossing]", keys: Iterable[str]) -> "QuerySet[Crossing]":
    """Those of ``waiting`` that a form names; what is no key names nothing."""
    wanted = []
    for key in list(keys)[:PAGE]:
        lead, stage, model = [*key.split(".", 2), "", ""][:3]
        try:
            wanted.append(Q(lead__public_id=UUID(lead), stage=stage, model__key=model))
        except ValueError:
            continue
    return waiting.filter(reduce(or_, wanted)) if wanted else waiting.none()


# Rows


def _rows(crossings: list[Crossing]) -> list[Row]:
    """Two queries, however many."""
    versions = {crossing.version_id for crossing in crossings}
    lines: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in Line.objects.filter(version__in=versions).order_by("id"):
        lines[line.version_id, line.stage].append(line)
    triggers = {
        (version, key): label
        for version, key, label in Trigger.objects.filter(version__in=versions).values_list(
            "version_id", "key", "label"
        )
    }
    return [
        Row(
            crossing=crossing,
            key=f"{crossing.lead.public_id}.{crossing.stage}.{crossing.version.model.key}",
            about=_about(crossing.lead),
            score=_score(crossing, lines[crossing.version_id, crossing.stage]),
            why=_why(crossing, triggers),
            then=_then(crossing),
        )
        for crossing in crossings
    ]


def _about(lead: Lead) -> str:
    return ", ".join(part for part in (lead.title, str(lead.company or "")) if part)


def _score(crossing: Crossing, lines: list[Line]) -> dict[str, Any]:
    """The score at the crossing against the line of that version; where there are several, the first."""
    least: dict[str, int | None] = {
        key: getattr(lines[0], f"min_{key}") if lines else None for key in Dimension.values
    }
    ceilings = {
        key: most or max(_OPEN_END, 2 * (least[key] or 0)) for key, most in crossing.version.ceilings.items()
    }
    figures = {key: getattr(crossing, key) for key in (*Dimension.values, "total")}
    return {**figures, "lines": least, "ceilings": ceilings}


def _why(crossing: Crossing, triggers: dict[tuple[int, str], str]) -> list[str]:
    said = [f"reached the {crossing.get_stage_display()} line"] if crossing.cause == "line" else []
    return said + [triggers.get((crossing.version_id, key), key) for key in crossing.triggers]


def _then(crossing: Crossing) -> str:
    """What releasing does now. The pipeline has the last word on leads that sales sent back or closed."""
    stage = crossing.lead.stage
    if crossing.stage == Stage.MQL:
        strength = "strong" if crossing.is_strong else "weak"
        closed = ", unless sales closed it" if stage == Stage.CLOSED else ""
        return f"It becomes a {strength} MQL{closed}."
    if stage == Stage.CLOSED:
        return "Sales gets it, unless sales closed it."
    return "Sales gets it, with a response time."
