"""What a list behind a figure shows of each row: all by which it counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from handoff.models import Handoff, Verdict
from handoff.views.rows import in_words
from leads.models import Lead, LossReason, Opportunity
from reports import first_touch
from reports.handed import verdicts
from scoring.dimensions import Dimension

MINUTE = timedelta(minutes=1)
#: A moment, minutes of business time, an amount, or words.
Cell = datetime | timedelta | Decimal | str | None
Cells = Callable[[Sequence[Any]], list[list[Cell]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one model: what one is called, the way to its lead, what is read along with it, the headings
    of its columns and what stands in them."""

    noun: str
    lead: str
    related: tuple[str, ...]
    header: tuple[str, ...]
    cells: Cells

    def leads_of(self, rows: QuerySet[Any]) -> QuerySet[Lead]:
        """Each lead once."""
        return Lead.objects.filter(pk__in=rows.order_by().values(self.lead))


def kind_of(rows: QuerySet[Any], since: str, *, is_timed: bool = False) -> Kind:
    """How ``rows`` of leads, handoffs or deals are listed. Leads say ``since`` when, a handoff that is
    ``is_timed`` how long its first touch took."""
    if rows.model is Handoff:
        timed = ("First touch after, business minutes",) if is_timed else ()
        return Kind("handoff", "lead", _HANDOFF_RELATED, (*_HANDOFF_HEADER, *timed), _handoffs(is_timed))
    if rows.model is Opportunity:
        return Kind("deal", "lead", ("lead__company", "lead__owner", "owner"), _DEAL_HEADER, _deals)
    return Kind("lead", "pk", ("company", "owner"), (since, *_LEAD_HEADER), _leads)


_LEAD_HEADER = ("Stage now", "Source", "Campaign", "Country")


def _leads(rows: Sequence[Any]) -> list[list[Cell]]:
    return [
        [lead.passed_at, lead.get_stage_display(), in_words(lead.source), lead.campaign, lead.country]
        for lead in rows
    ]


_HANDOFF_HEADER = (
    "Verdict", "Reason", "Decided", "Rep", "Team", "Handed over", "Answer due", "First touch", "Source",
    *(f"{label} then" for label in Dimension.labels),
)  # fmt: skip
_HANDOFF_RELATED = ("lead__company", "lead__owner", "pool__team", "rep")


def _handoffs(is_timed: bool) -> Cells:
    def cells(rows: Sequence[Handoff]) -> list[list[Cell]]:
        said = Prefetch("verdicts", verdicts(handoffs=Handoff.objects.all()).select_related("reason"))
        prefetch_related_objects(rows, said)
        taken = {}
        if is_timed:
            taken = first_touch.taken(Handoff.objects.filter(pk__in=[row.pk for row in rows]))
        return [
            [*_handoff(row, next(iter(row.verdicts.all()), None)), *([taken.get(row.pk)] if is_timed else [])]
            for row in rows
        ]

    return cells


def _handoff(row: Handoff, verdict: Verdict | None) -> list[Cell]:
    return [
        verdict.get_kind_display() if verdict else row.get_status_display(),
        str(verdict.reason or "") if verdict else "",
        verdict.at if verdict else None,
        str(row.rep or ""),
        row.pool.team.name if row.pool else "",
        row.offered_at,
        row.due_at,
        row.first_touch_at,
        in_words(row.lead.source),
        *(_points(row, dimension) for dimension in Dimension),
    ]


def _points(row: Handoff, dimension: Dimension) -> str:
    """At the handover, as its evidence froze them."""
    told = row.evidence.get("explanation", {}).get("dimensions", ())
    points = next((each.get("points") for each in told if each.get("key") == dimension), None)
    return "" if points is None else f"{points:g}"


_DEAL_HEADER = (
    "Deal made",
    "Closed",
    "Outcome",
    "Amount",
    "Currency",
    "Why lost",
    "Owner of the deal",
    "Source",
)


def _deals(rows: Sequence[Opportunity]) -> list[list[Cell]]:
    labels = dict(LossReason.objects.values_list("code", "label"))
    return [
        [
            row.created_at,
            row.closed_at,
            row.get_outcome_display() if row.outcome else "open",
            row.amount,
            row.currency,
            labels.get(row.lost_reason, row.lost_reason),
            str(row.owner or ""),
            in_words(row.lead.source),
        ]
        for row in rows
    ]


def in_file(cell: Cell) -> str:
    """As a file has it: moments in ISO 8601, business time in minutes."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    return f"{cell / MINUTE:.1f}" if isinstance(cell, timedelta) else str(cell)


def on_page(cell: Cell) -> tuple[datetime | None, str]:
    """A moment, or words."""
    if isinstance(cell, datetime):
        return cell, ""
    if isinstance(cell, Decimal):
        return None, f"{cell:,.2f}".removesuffix(".00")
    return None, in_file(cell)
