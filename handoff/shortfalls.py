"""What an MQL falls short of, as marketing records it: it stays with marketing, and everybody sees why."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import may_hand_over
from leads.lifecycle import StageConflict
from leads.models import Lead
from leads.stages import WITH_MARKETING

from .holding import hold
from .models import Shortfall
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User


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


def of_leads(lead_ids: Iterable[int]) -> dict[int, Shortfall]:
    """What holds of each of these leads. One query."""
    holding = Shortfall.objects.holding().filter(lead__in=list(lead_ids))
    return {shortfall.lead_id: shortfall for shortfall in holding.select_related("by")}
