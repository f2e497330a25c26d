"""Write down that sales was in touch with a lead."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import may_give_verdicts
from leads import activities
from leads.activities import NewActivity
from leads.models import Activity, ActivityType, Lead
from leads.retrying import begins_again
from leads.stages import Stage

from . import working
from .models import Handoff
from .permissions import NotYours, may_log

#: What a person picks → the type of activity it becomes.
KINDS = {
    "call": "call_logged",
    "no_answer": "call_unanswered",
    "left_word": "voicemail_left",
    "email": "email_sent",
    "meeting": "meeting_held",
    "demo": "demo_attended",
}
NOTE = "note_added"
#: Where these activities come from; with their key it names one contact.
SOURCE = "sales"


class KeyTaken(ValueError):
    """The key names a contact with another lead."""


class WordsNeeded(ValueError):
    """A note without words says nothing."""


class ReasonNeeded(Exception):
    """Marketing is still warming this lead up: contact takes a reason, which is kept with it (S2-09)."""


def kind_of(contact: Activity) -> str:
    """The kind that ``log`` made ``contact`` from. Reads its type."""
    return next((kind for kind, key in KINDS.items() if key == contact.type.key), "note")


def needs_reason(*, lead: Lead) -> bool:
    """Whether contact asks for a reason first: marketing is still warming an MQL up (S2-09)."""
    return lead.stage == Stage.MQL and settings.ASK_WHY_SELL_TO_MQL


@begins_again
def log(
    *, lead: Lead, by: User, kind: str, key: UUID, at: datetime, note: str = "", reason: str = ""
) -> Activity:
    """Record a contact (a kind of ``KINDS``, or "note") at ``at``. The first one after a handoff by the rep
    who has it, or by who leads the team in their place, stamps its first touch: a colleague's word with the
    lead is on record, but does not keep the promise. ``key`` names this one contact: the same key again
    changes nothing and gives what was recorded first. Raises NotYours, WordsNeeded, KeyTaken; ReasonNeeded
    for an MQL, unless a setting removes the question."""
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
    if not may_log(by, lead):
        raise NotYours(f"{lead} is closed." if may_give_verdicts(by) else "This is for sales to write down.")
    type_key = KINDS.get(kind, NOTE)
    there = _known(key).first()
    if there is not None:
        return _of(there, lead)
    if type_key == NOTE and not note:
        raise WordsNeeded("A note needs some words.")
    if type_key != NOTE and not reason and needs_reason(lead=lead):
        raise ReasonNeeded("Say why: this lead is an MQL, not yet for sales.")
    properties = {"by": by.name, "note": note, "reason": reason}
    contact = NewActivity(
        event_id=str(key),
        type_id=ActivityType.objects.values_list("id", flat=True).get(key=type_key),
        occurred_at=at,
        source=SOURCE,
        lead_id=lead.pk,
        properties={name: value for name, value in properties.items() if value},
    )
    recorded = activities.record(activities=[contact], at=at)
    if recorded.inserted and type_key != NOTE:
        _stamp_first_touch(lead, by, at)
        if by.role != "rep" or lead.owner_id in (None, by.pk):
            working.touched(lead=lead, at=at)
    return _of(_known(key).get(), lead)


def _known(key: UUID) -> QuerySet[Activity]:
    return Activity.objects.select_related("type").filter(source=SOURCE, event_id=str(key))


def _of(contact: Activity, lead: Lead) -> Activity:
    if contact.lead_id != lead.pk:
        raise KeyTaken("Another contact has this key. Make a new one.")
    return contact


def _stamp_first_touch(lead: Lead, by: User, at: datetime) -> None:
    """On the newest handoff alone: those before it had their time."""
    newest = Handoff.objects.filter(lead=lead).order_by("-cycle").values("pk")[:1]
    stamped = Handoff.objects.filter(pk__in=newest, first_touch_at=None).filter(
        status__in=[Handoff.Status.OPEN, Handoff.Status.ACCEPTED]
    )
    if by.role == "rep":
        stamped = stamped.filter(rep=by)
    stamped.update(first_touch_at=at)
