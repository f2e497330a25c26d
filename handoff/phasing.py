"""A marketer's word on the buying phase of a lead, and how it is taken back."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import may_hand_over
from leads import lifecycle
from leads.lifecycle import StageConflict
from leads.models import Lead, PhaseChange
from leads.stages import WITH_MARKETING, Phase

from .decisions import UNDO_WINDOW
from .holding import hold
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User


class PhaseStands(Exception):
    """The lead is in its phase for good; the message says why."""


@transaction.atomic
def place(*, lead: Lead, phase: Phase, by: "User", at: datetime) -> bool:
    """Put ``lead`` into ``phase``, forward or back. False when it is there already: safe to repeat. Raises
    NotYours, and StageConflict when marketing has it no more."""
    if not may_hand_over(by):
        raise NotYours("Marketing says in which phase its leads are.")
    held = hold(lead.pk)
    if held.stage not in WITH_MARKETING:
        raise StageConflict(held, held.stage)
    return lifecycle.set_phase(lead=held, phase=phase, at=at, by=by)


@transaction.atomic
def take_back(*, change: PhaseChange, by: "User", at: datetime) -> None:
    """Put the lead of ``change`` back where it was, since when it was there, within ten minutes: the change
    never was. Safe to repeat. Raises NotYours, and PhaseStands when the lead has gone on since."""
    if not may_hand_over(by) or change.by_id != by.pk:
        raise NotYours("Who moved it takes it back.")
    lead = hold(change.lead_id)
    if not PhaseChange.objects.filter(pk=change.pk).exists():
        return
    if at - change.at > UNDO_WINDOW:
        raise PhaseStands("A phase can be taken back for 10 minutes; they are over.")
    if not lifecycle.unset_phase(change=change):
        raise PhaseStands(f"{lead} has gone on since.")
