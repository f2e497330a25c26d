"""Contacts for other systems: a phone system, a mailbox or a calendar says that sales was in touch."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StringConstraints

from accounts.api_auth import DECIDE, user_of
from accounts.api_problems import ERRORS, Error, overtaken, wrong
from leads.models import Activity, Lead

from . import contacts
from .models import Handoff

router = Router(tags=["Contacts"])

_Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]


class ContactIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    key: UUID = Field(description="Yours, new for each contact: sent again, nothing is written twice.")
    kind: Literal["call", "no_answer", "left_word", "email", "meeting", "demo", "note"] = Field(
        description="call: reached; left_word: a message was left; a note is no contact and keeps no promise."
    )
    note: _Text = Field("", max_length=2_000, description="What was said; a note needs it.")
    reason: _Text = Field(
        "", max_length=300, description="Why contact an MQL, which marketing is still warming up."
    )


class ContactOut(Schema):
    key: UUID
    lead: UUID
    kind: str
    at: datetime
    by: str
    note: str
    reason: str
    is_first: bool = Field(
        description="Whether it is the first contact that the clock of a handoff waits for."
    )


@router.post(
    "/leads/{lead_id}/contacts",
    auth=DECIDE,
    response={200: ContactOut, 409: Error, **ERRORS},
    operation_id="log_contact",
    summary="Write down a call, mail, meeting, demo or note",
)
def log(request: HttpRequest, lead_id: UUID, body: ContactIn) -> Any:
    """As of now. Once per `key`: asked again, it answers with what was written first. Contact with an MQL is
    422 and names `reason` until one is sent. 409 when the key names a contact with another lead."""
    lead = get_object_or_404(Lead.objects.visible_to(user_of(request)), public_id=lead_id)
    try:
        contact = contacts.log(
            lead=lead,
            by=user_of(request),
            kind=body.kind,
            key=body.key,
            at=timezone.now(),
            note=body.note,
            reason=body.reason,
        )
    except contacts.WordsNeeded as refusal:
        return wrong("note", str(refusal))
    except contacts.ReasonNeeded as refusal:
        return wrong("reason", str(refusal))
    except contacts.KeyTaken as refusal:
        return overtaken(refusal, "key")
    return _shown(contact, lead, body.key)


def _shown(contact: Activity, lead: Lead, key: UUID) -> dict[str, Any]:
    """``contact`` as ``ContactOut``. One query."""
    first = Handoff.objects.filter(lead=lead, first_touch_at=contact.occurred_at)
    said = contact.properties
    return {
        "key": key,
        "lead": lead.public_id,
        "kind": contacts.kind_of(contact),
        "at": contact.occurred_at,
        "is_first": first.exists(),
        **{name: said.get(name, "") for name in ("by", "note", "reason")},
    }
