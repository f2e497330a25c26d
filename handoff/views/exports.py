"""Every list as a file, in the columns that an import reads: what it shows under its filters, all of it."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff import shortfalls
from handoff.models import Handoff
from handoff.mqls import listed_mqls
from leads import exporting, paging
from leads.cells import BYTE_ORDER_MARK, as_csv
from leads.exporting import COMPANY_COLUMNS, LEAD_COLUMNS, LINK, OWN_FIELD
from leads.mail_keys import mail_key
from leads.models import Lead
from scoring.dimensions import HUNDREDTHS, Dimension

from . import companies as company_lists
from . import leads as lead_lists
from . import worklists
from .marketing import for_marketing
from .mql_rows import strength_of
from .requests import Request, for_everybody
from .rows import leading_scores
from .sales import for_sales

log = logging.getLogger(__name__)

#: Rows that are read, and sent, at a time.
CHUNK = 1_000
_STANDING = (
    "Stage", "Phase", "Phase since", "MQL", "Falls short by", *Dimension.labels, "Score", "Owner", "Mail Key",
)  # fmt: skip
_HANDOFF = ("Rep", "Pool", "Handed over", "Answer due", "Answer")
Cells = list[list[str]]


@require_safe
@for_everybody
def leads(request: Request) -> HttpResponse:
    """The leads of the list under its filters, in its order."""
    filters, sort = lead_lists.listed(request)
    return leads_file(request, "leads", filters.qs, lead_lists.SORTS[sort])


@require_safe
@for_marketing
def mqls(request: Request) -> HttpResponse:
    """The MQLs under the view and filters of the marketing queue, the newest first."""
    found = listed_mqls(parameters=request.GET, user=request.user, at=timezone.now())
    return leads_file(request, "mqls", found.select_related("company", "owner"), lead_lists.SORTS["newest"])


@require_safe
@for_everybody
def companies(request: Request) -> HttpResponse:
    """The companies of the list under its filters."""
    found = company_lists.listed(request).qs
    own = exporting.own_fields(found)

    def cells(rows: Sequence[Any]) -> Cells:
        known = exporting.company_cells(rows, own)
        return [
            [*line, str(company.owner or ""), _link(request, "company", company.public_id)]
            for company, line in zip(rows, known, strict=True)
        ]

    header = [*COMPANY_COLUMNS, *_own(own), "Account owner", LINK]
    return _file(request, "companies", header, found, company_lists.ORDER, cells)


@require_safe
@for_sales
def queue(request: Request) -> HttpResponse:
    """One's own handoffs under the view and filters of the queue."""
    return _handoffs(request, "queue")


@require_safe
@for_sales
def team(request: Request) -> HttpResponse:
    """The handoffs of one's teams under the view and filters of the list, unassigned ones among them."""
    return _handoffs(request, "team")


def leads_file(request: Request, name: str, found: QuerySet[Lead], order: Sequence[str]) -> HttpResponse:
    """Leads in ``order`` as a download, in the columns that an import reads and with how each stands."""
    own = exporting.own_fields(found)

    def cells(rows: Sequence[Lead]) -> Cells:
        return _lead_cells(request, rows, own)

    return _file(request, name, [*LEAD_COLUMNS, *_own(own), *_STANDING, LINK], found, order, cells)


def rows_file(
    request: Request,
    name: str,
    found: QuerySet[Any],
    order: Sequence[str],
    *,
    lead: str,
    header: Sequence[str],
    beside: Callable[[Sequence[Any]], Cells],
) -> HttpResponse:
    """Rows that each have a lead (its key is ``lead`` of them) in ``order`` as a download: the columns of
    ``leads_file``, and those of ``header`` that are not among them with what ``beside`` makes of the rows."""
    own = exporting.own_fields(Lead.objects.filter(pk__in=found.order_by().values(lead)))

    def cells(rows: Sequence[Any]) -> Cells:
        leads = [row if isinstance(row, Lead) else row.lead for row in rows]
        known = _lead_cells(request, leads, own)
        return [
            [*line, *(more[place] for place in new)] for line, more in zip(known, beside(rows), strict=True)
        ]

    columns = [*LEAD_COLUMNS, *_own(own), *_STANDING, LINK]
    new = [place for place, column in enumerate(header) if column not in columns]
    return _file(request, name, [*columns, *(header[place] for place in new)], found, order, cells)


def _handoffs(request: Request, name: str) -> HttpResponse:
    found, order = worklists.listed(name, request.user, request.GET, timezone.now())
    found = found.select_related("lead__company", "lead__owner", "rep", "pool")

    def standing(rows: Sequence[Handoff]) -> Cells:
        return [_standing(handoff) for handoff in rows]

    return rows_file(request, name, found, order, lead="lead", header=_HANDOFF, beside=standing)


def _lead_cells(request: Request, rows: Sequence[Lead], own: Sequence[str]) -> Cells:
    """What an import reads, and beside it how the lead stands. Four queries."""
    ids = [lead.pk for lead in rows]
    scores, strengths, short = leading_scores(ids), strength_of(ids), shortfalls.of_leads(ids)
    return [
        [
            *line,
            lead.get_stage_display(),
            lead.get_phase_display(),
            lead.phase_at.isoformat(),
            strengths[lead.pk] if lead.is_mql else "",
            short[lead.pk].get_kind_display() if lead.pk in short else "",
            *_points(scores.get(lead.pk)),
            str(lead.owner or ""),
            mail_key(lead),
            _link(request, "lead", lead.public_id),
        ]
        for lead, line in zip(rows, exporting.lead_cells(rows, own), strict=True)
    ]


def _points(score: Any) -> list[str]:
    figures = [getattr(score, key, 0) for key in (*Dimension.values, "total")]
    return [f"{figure / HUNDREDTHS:g}" for figure in figures]


def _standing(handoff: Handoff) -> list[str]:
    return [
        str(handoff.rep or ""),
        str(handoff.pool or ""),
        handoff.offered_at.isoformat(),
        handoff.due_at.isoformat(),
        handoff.get_status_display(),
    ]


def _own(names: Sequence[str]) -> list[str]:
    return [f"{OWN_FIELD}{name}" for name in names]


def _link(request: Request, name: str, public_id: Any) -> str:
    return request.build_absolute_uri(reverse(f"handoff:{name}", args=[public_id]))


def _file(
    request: Request,
    name: str,
    header: Sequence[str],
    found: QuerySet[Any],
    order: Sequence[str],
    cells: Callable[[Sequence[Any]], Cells],
) -> HttpResponse:
    """``found`` in ``order`` as a download, read and sent in pieces, so that a million rows need no more
    memory than a thousand. What changes meanwhile may be in it or not."""
    log.info("%s takes the list “%s” as a file: ?%s", request.user.pk, name, request.GET.urlencode())

    def piece(after: str) -> tuple[str, str]:
        page = paging.page(found, order=order, after=after, size=CHUNK)
        return as_csv(cells(page.rows)), page.next

    async def pieces() -> AsyncIterator[str]:
        yield BYTE_ORDER_MARK + as_csv([header])
        text, after = await sync_to_async(piece)("")
        yield text
        while after:
            text, after = await sync_to_async(piece)(after)
            yield text

    answer = StreamingHttpResponse(pieces(), content_type="text/csv; charset=utf-8")
    today = timezone.localdate()
    answer["Content-Disposition"] = f'attachment; filename="{name}-{today:%Y-%m-%d}.csv"'
    return cast(HttpResponse, answer)
