"""What becomes of a deal: it moves from stage to stage, is won or lost, and may be opened again. The lead
follows: customer, closed, opportunity."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction

from leads import lifecycle
from leads.models import (
    CompetingSupplier,
    Lead,
    LossReason,
    Opportunity,
    OpportunityStage,
    OpportunityStep,
    StageChange,
    Supplier,
)
from leads.retrying import begins_again
from leads.stages import Stage

from . import announcements
from .permissions import refuse_colleague

if TYPE_CHECKING:
    from accounts.models import User

Kind = OpportunityStep.Kind
#: What the history of a lead says that was lost as a deal; a crossing may bring it back.
LOST, WON = "lost", "won"


class AlreadyClosed(Exception):
    """Somebody was faster: the deal is won or lost. ``outcome`` says which."""

    def __init__(self, opportunity: Opportunity) -> None:
        super().__init__(f"{opportunity} is {opportunity.get_outcome_display().lower()} already.")
        self.outcome = opportunity.outcome


class NotReopened(Exception):
    """The deal stays closed; the message says why."""


class CloseRefused(ValueError):
    """An open deal closes today or later."""


def refuse_past(close_on: date | None, *, today: date, stands: date | None = None) -> None:
    """Raise CloseRefused for a day before ``today``, unless it ``stands`` there already: a deal whose day has
    passed may still be renamed. Pure."""
    if close_on and close_on < today and close_on != stands:
        raise CloseRefused("Lies in the past: an open deal closes today or later.")


@transaction.atomic
def edit(
    *,
    opportunity: Opportunity,
    by: "User",
    name: str,
    amount: Decimal | None,
    close_on: date | None,
    at: datetime,
) -> Opportunity:
    """Correct what the deal is called, its amount and when it closes, by the calendar of ``by``. Raises
    NotYours, AlreadyClosed, CloseRefused."""
    deal = _hold(opportunity, by)
    if not deal.is_open:
        raise AlreadyClosed(deal)
    refuse_past(close_on, today=today_of(by, at), stands=deal.close_on)
    deal.name, deal.amount, deal.close_on = name or deal.name, amount, close_on
    deal.save(update_fields=["name", "amount", "close_on"])
    return deal


@begins_again
def move(
    *, opportunity: Opportunity, to: OpportunityStage, by: "User", at: datetime, note: str = ""
) -> Opportunity:
    """Put the deal into another stage, forward or back. Where it is already, nothing changes. Raises
    NotYours, AlreadyClosed."""
    deal = _hold(opportunity, by)
    if not deal.is_open:
        raise AlreadyClosed(deal)
    if deal.stage_id == to.pk:
        return deal
    _step(deal, Kind.MOVED, by=by, at=at, to=to, note=note)
    deal.stage = to
    deal.save(update_fields=["stage"])
    return deal


@begins_again
def win(*, opportunity: Opportunity, by: "User", at: datetime, note: str = "") -> Opportunity:
    """The deal is won, and the lead a customer. Won before: nothing changes. Raises NotYours, AlreadyClosed
    when it was lost."""
    deal = _hold(opportunity, by)
    if deal.outcome == Opportunity.Outcome.WON:
        return deal
    if not deal.is_open:
        raise AlreadyClosed(deal)
    _close(deal, Opportunity.Outcome.WON, at)
    _step(deal, Kind.WON, by=by, at=at, note=note)
    _follow(deal.lead, Stage.CUSTOMER, by=by, at=at, reason=WON)
    announcements.opportunity_closed(opportunity=deal, by=by, at=at, note=note)
    return deal


@begins_again
def lose(
    *,
    opportunity: Opportunity,
    reason: LossReason,
    by: "User",
    at: datetime,
    note: str = "",
    to: Supplier | None = None,
) -> Opportunity:
    """The deal is lost for ``reason``, perhaps ``to`` another supplier, and the lead closed. Lost before:
    nothing changes. Raises NotYours, AlreadyClosed when it was won."""
    deal = _hold(opportunity, by)
    if deal.outcome == Opportunity.Outcome.LOST:
        return deal
    if not deal.is_open:
        raise AlreadyClosed(deal)
    deal.lost_reason, deal.lost_to = reason.code, to
    _close(deal, Opportunity.Outcome.LOST, at)
    _step(deal, Kind.LOST, by=by, at=at, reason=reason.code, note=note)
    _follow(deal.lead, Stage.CLOSED, by=by, at=at, reason=LOST, note=note)
    announcements.opportunity_closed(opportunity=deal, by=by, at=at, note=note)
    return deal


@begins_again
def reopen(*, opportunity: Opportunity, by: "User", at: datetime, note: str = "") -> Opportunity:
    """Take an end back: the deal stands where it stood, and so does the lead, as if it had not ended. Open
    already: nothing changes. Raises NotYours, NotReopened when the lead has gone on since."""
    deal = _hold(opportunity, by)
    if deal.is_open:
        return deal
    lead = deal.lead
    if lead.opportunities.open().exists():
        raise NotReopened(f"{lead} has another open deal.")
    last = lead.stage_changes.order_by("-at", "-id").first()
    followed = last is not None and last.cause == StageChange.Cause.CONVERSION and last.at == deal.closed_at
    if not followed and lead.stage in (Stage.LEAD, Stage.MQL, Stage.HANDED_OVER):
        raise NotReopened(f"{lead} is {Stage(lead.stage).label} by now.")
    _step(deal, Kind.REOPENED, by=by, at=at, to=deal.stage, note=note)
    deal.outcome, deal.closed_at, deal.lost_reason, deal.lost_to = "", None, "", None
    deal.save(update_fields=["outcome", "closed_at", "lost_reason", "lost_to"])
    if lead.stage != Stage.OPPORTUNITY and lead.stage != Stage.SQL:
        # An undo: neither the end nor the way back counts when outcomes are read.
        lifecycle.move(lead=lead, to=Stage.OPPORTUNITY, at=at, cause=StageChange.Cause.UNDO, by=by, note=note)
    announcements.opportunity_reopened(opportunity=deal, by=by, at=at)
    return deal


@transaction.atomic
def note_supplier(*, lead: Lead, name: str, by: "User", at: datetime, note: str = "") -> CompetingSupplier:
    """Write down that ``lead`` has, or talks to, another supplier, whatever the case of its name; the newest
    note holds (S2-06). Raises NotYours."""
    refuse_colleague(lead, by)
    Supplier.objects.bulk_create([Supplier(name=name)], ignore_conflicts=True)
    supplier = Supplier.objects.get(name__iexact=name)
    deal = lead.opportunities.open().first()
    said = {"note": note, "by": by, "at": at}
    return CompetingSupplier.objects.update_or_create(
        lead=lead,
        supplier=supplier,
        defaults={**said, "opportunity": deal} if deal else said,
        create_defaults={**said, "opportunity": deal},
    )[0]


@transaction.atomic
def forget_supplier(*, competing: CompetingSupplier, by: "User") -> None:
    """It was none after all. Raises NotYours."""
    refuse_colleague(competing.lead, by)
    competing.delete()


def today_of(user: "User", at: datetime) -> date:
    """The day that it is for ``user`` at ``at``."""
    return at.astimezone(ZoneInfo(user.time_zone)).date()


def stages() -> list[OpportunityStage]:
    """Those a deal may be put into, in order. One query."""
    return list(OpportunityStage.objects.filter(is_active=True).order_by("position", "id"))


def loss_reasons() -> list[LossReason]:
    """Those in use, in order. One query."""
    return list(LossReason.objects.filter(is_active=True).order_by("position", "id"))


def _hold(opportunity: Opportunity, by: "User") -> Opportunity:
    """The deal as it is now, and its lead; nobody else moves either until the end of the transaction."""
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company")
    held = lead.get(pk=opportunity.lead_id)
    refuse_colleague(held, by)
    deal = Opportunity.objects.select_for_update(no_key=True, of=("self",)).select_related("stage", "owner")
    found = deal.get(pk=opportunity.pk)
    found.lead = held
    return found


def _close(deal: Opportunity, outcome: Opportunity.Outcome, at: datetime) -> None:
    deal.outcome, deal.closed_at = outcome, at
    deal.save(update_fields=["outcome", "closed_at", "lost_reason", "lost_to"])


def _step(
    deal: Opportunity,
    kind: OpportunityStep.Kind,
    *,
    by: "User",
    at: datetime,
    to: OpportunityStage | None = None,
    reason: str = "",
    note: str = "",
) -> None:
    OpportunityStep.objects.create(
        opportunity=deal,
        kind=kind,
        from_stage=deal.stage if kind == Kind.MOVED else None,
        to_stage=to,
        at=at,
        by=by,
        reason=reason,
        note=note,
    )


def _follow(lead: Lead, to: Stage, *, by: "User", at: datetime, reason: str, note: str = "") -> None:
    """The lead goes where its deal went; a customer stays one whatever a second deal does."""
    if lead.stage in (to, Stage.CUSTOMER) or lead.stage not in (Stage.OPPORTUNITY, Stage.SQL):
        return
    lifecycle.move(
        lead=lead, to=to, at=at, cause=StageChange.Cause.CONVERSION, by=by, reason=reason, note=note
    )
