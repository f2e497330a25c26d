"""What is behind a figure, leads or handoffs or deals: as a page, and as a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import sees_everything
from accounts.requests import Request
from handoff.filters import without
from handoff.models import Verdict
from handoff.views import exports
from leads import paging
from leads.models import Lead

from . import rows_behind
from .asking import Asked, asked, for_both_sides
from .index import ENTRIES
from .rows_behind import Kind

PAGE = 50
#: Counted no further.
MOST = 100_000
View = Callable[..., HttpResponse]
ORDER = ("-passed_at", "-id")
#: A handoff that stands for what sales said of it.
DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was asked about. ``rows`` are what it counts: leads, handoffs or deals, with
    ``passed_at``, which for leads has the heading ``since``. ``report`` is the report's name in the URLs,
    ``own`` its parameters that name the figure. One that holds now has no period. ``files`` names the file of
    its rows where the report has several. ``counted`` is what one row is called where it is no lead, handoff
    or deal; a figure that ``is_timed`` is about how long the first touch took."""

    title: str
    rows: QuerySet[Any]
    since: str
    report: str
    own: tuple[str, ...]
    holds_now: bool = False
    files: str = ""
    counted: str = ""
    is_timed: bool = False

    @property
    def kind(self) -> Kind:
        return rows_behind.kind_of(self.rows, self.since, is_timed=self.is_timed)

    @property
    def heading(self) -> str:
        """Of the report, as it is listed: "Sent back"."""
        names = {entry.page: entry.name for entry in ENTRIES}
        return names.get(f"reports:{self.report}", self.report.replace("-", " ").capitalize())


def views(figure: Callable[[Asked], Figure]) -> tuple[View, View]:
    """The page and the file of the rows behind what ``figure`` makes of the URL; it raises Http404 where
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
    kind, seen = figure.kind, _seen(request, figure)
    after = request.GET.get("after", "")
    rows = paging.page(seen.select_related(*kind.related), order=ORDER, after=after, size=PAGE)
    lists = {"all": figure.rows, "seen": seen}
    if kind.lead != "pk":
        lists["leads"] = kind.leads_of(figure.rows)
    if figure.counted == DECISION:
        lists["accepted"] = figure.rows.filter(verdicts__kind=Verdict.Kind.ACCEPT, verdicts__undone_by=None)
    counts = paging.counts(lists, most=MOST + 1)
    if counts.get("accepted") in (0, counts["all"]):
        del counts["accepted"]
    # Of many both are "100000+".
    has_more = counts["seen"] != counts["all"] or isinstance(counts["all"], str)
    context = {
        "now": one.at,
        "one": one,
        "figure": figure,
        "page": rows,
        "lines": [
            (row if kind.lead == "pk" else row.lead, [rows_behind.on_page(cell) for cell in cells])
            for row, cells in zip(rows.rows, kind.cells(rows.rows), strict=True)
        ],
        "header": kind.header,
        "counted": figure.counted or kind.noun,
        "counts": {name: _said(count) for name, count in counts.items()},
        "is_one": counts["all"] == 1,
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
    """The same rows, each lead in the columns that an import reads."""
    kind = figure.kind

    def beside(rows: Sequence[Any]) -> list[list[str]]:
        return [[rows_behind.in_file(cell) for cell in cells] for cells in kind.cells(rows)]

    return exports.rows_file(
        request,
        f"{figure.files or figure.report}-leads",
        _seen(request, figure).select_related(*kind.related),
        ORDER,
        lead=kind.lead,
        header=kind.header,
        beside=beside,
    )


def _seen(request: Request, figure: Figure) -> QuerySet[Any]:
    mine = Lead.objects.visible_to(request.user)
    return figure.rows.filter(**{f"{figure.kind.lead}__in": mine.values("pk")})


def _said(count: int | str) -> str:
    return f"more than {MOST:,}" if isinstance(count, str) else f"{count:,}"
