"""The leads behind a figure: as a page, and as a file."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import sees_everything
from accounts.requests import Request
from handoff.filters import without
from handoff.views import exports
from leads import paging
from leads.models import Lead

from .asking import Asked, asked, for_both_sides
from .index import ENTRIES

PAGE = 50
View = Callable[..., HttpResponse]
ORDER = ("-passed_at", "-id")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was asked about. ``leads`` have ``passed_at``, of which ``since`` is the heading;
    ``report`` is the report's name in the URLs, ``own`` its parameters that name the figure. One that holds
    now has no period. ``files`` names the file of its leads where the report has several."""

    title: str
    leads: QuerySet[Lead]
    since: str
    report: str
    own: tuple[str, ...]
    holds_now: bool = False
    files: str = ""

    @property
    def heading(self) -> str:
        """Of the report, as it is listed: "Sent back"."""
        names = {entry.page: entry.name for entry in ENTRIES}
        return names.get(f"reports:{self.report}", self.report.replace("-", " ").capitalize())


def views(figure: Callable[[Asked], Figure]) -> tuple[View, View]:
    """The page and the file of the leads behind what ``figure`` makes of the URL; it raises Http404 where
    there is no such figure."""

    @require_safe
    @for_both_sides
    def leads(request: Request) -> HttpResponse:
        one = _asked(request)
        return _page(request, one, figure(one))

    @require_safe
    @for_both_sides
    def leads_file(request: Request) -> HttpResponse:
        return _file(request, figure(_asked(request)))

    return leads, leads_file


def _asked(request: Request) -> Asked:
    """Raises Http404 for what no text in the database is: no line is called so."""
    if any("\0" in said for said in request.GET.values()):
        raise Http404("There is no such figure.")
    return asked(request)


def _page(request: Request, one: Asked, figure: Figure) -> HttpResponse:
    """The latest first: those that the reader may open, and how many more there are."""
    seen = _seen(request, figure)
    rows = paging.page(
        seen.select_related("company"), order=ORDER, after=request.GET.get("after", ""), size=PAGE
    )
    counts = paging.counts({"all": figure.leads, "seen": seen})
    # Of many both are "999+".
    has_more = counts["seen"] != counts["all"] or isinstance(counts["all"], str)
    context = {
        "now": one.at,
        "one": one,
        "figure": figure,
        "page": rows,
        "counts": counts,
        "has_more": has_more and not sees_everything(request.user),
        "back": f"reports:{figure.report}",
        "file": f"reports:{figure.files or figure.report}-leads-file",
        "back_query": without(request.GET, *figure.own, "after"),
        "next_url": f"{without(request.GET, 'after')}&after={rows.next}" if rows.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
    }
    return render(request, "reports/leads_behind.html", context)


def _file(request: Request, figure: Figure) -> HttpResponse:
    """The same leads in the columns that an import reads."""
    found = _seen(request, figure).select_related("company", "owner")
    return exports.leads_file(request, f"{figure.files or figure.report}-leads", found, ORDER)


def _seen(request: Request, figure: Figure) -> QuerySet[Lead]:
    return figure.leads.filter(pk__in=Lead.objects.visible_to(request.user).values("pk"))
