"""What an MQL falls short of, as marketing records it: it stays with marketing, and everybody sees why."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import may_hand_over
from leads.lifecycle import StageConflict
from leads.models import Lead
from leads.stages import WITH_MARKETING

from .decisions import UNDO_WINDOW
from .holding import hold
from .models import Shortfall
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User


class ShortfallStands(Exception):
    """It is not taken back any more; the message says why."""


@transaction.atomic
def record(*, lead: Lead, kind: str, by: "User", at: datetime, note: str = "") -> Shortfall:
    """Note what ``lead`` falls short of, instead of what was noted before; the kind ``none`` says that
    nothing is in the way any more. Said again in the same words, it gives the row that is there. Raises
    NotYours, and StageConflict when marketing has the lead no more."""
    if not may_hand_over(by):
        raise NotYours("Marketing records what an MQL falls short of.")
    lead = hold(lead.pk)
    if lead.stage not in WITH_MARKETING:
        raise StageConflict(lead, lead.stage)
    newest = Shortfall.objects.filter(lead=lead, holds=True).first()
    if newest is not None and (newest.kind, newest.note) == (kind, note):
        return newest
    Shortfall.objects.filter(lead=lead, holds=True).update(holds=False)
    return Shortfall.objects.create(lead=lead, kind=Shortfall.Kind(kind), note=note, by=by, at=at)


@transaction.atomic
def take_back(*, shortfall: Shortfall, by: "User", at: datetime) -> None:
    """As if ``shortfall`` had not been noted: what was noted before holds again. One's own, within ten
    minutes, while it holds. Safe to repeat. Raises NotYours, ShortfallStands."""
    if not may_hand_over(by) or shortfall.by_id != by.pk:
        raise NotYours("Who noted it takes it back.")
    hold(shortfall.lead_id)
    held = Shortfall.objects.get(pk=shortfall.pk)
    if held.undone_at is not None:
        return
    if at - held.at > UNDO_WINDOW:
        raise ShortfallStands("It can be taken back for 10 minutes; they are over.")
    if not held.holds:
        raise ShortfallStands("Something else was noted since.")
    Shortfall.objects.filter(pk=held.pk).update(undone_at=at, holds=False)
    left = Shortfall.objects.filter(lead=held.lead_id, undone_at=None).order_by("-at", "-id")
    if (before := left.first()) is not None:
        Shortfall.objects.filter(pk=before.pk).update(holds=True)


def of_leads(lead_ids: Iterable[int]) -> dict[int, Shortfall]:
    """What holds of each of these leads. One query."""
    holding = Shortfall.objects.holding().filter(lead__in=list(lead_ids))
    return {shortfall.lead_id: shortfall for shortfall in holding.select_related("by")}
