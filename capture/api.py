"""What other systems send: events and leads."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts import permissions
from accounts.api_auth import CAPTURE, token_of, user_of
from accounts.api_problems import Error
from accounts.clock import database_now
from leads import consent
from leads.models import Lead
from leads.ticks import tick

from . import arrivals, intake, limiting, submitting
from .arrivals import Became, TurnedAway
from .cleaning import Refused
from .models import Source
from .reading import json_body
from .upserting import Upserted, upsert

MOST_EVENTS = 1_000
MOST_EVENTS_BYTES = 1_000_000
MOST_LEAD_BYTES = 64 * 1024

router = Router(tags=["Events"])


class EventIn(Schema):
    """One thing somebody did. ``email``, ``lead_id`` or ``mail_key`` name the person, ``anonymous_id`` the
    browser."""

    event_id: str = Field(min_length=1, max_length=128, description="Unique in your system.")
    type: str = Field(min_length=1, max_length=64, description="Of an activity type: demo_request.")
    occurred_at: datetime = Field(description="With a time zone; at most 24 hours ahead.")
    sent_at: datetime | None = Field(None, description="By the same clock; corrects a wrong one.")
    email: str | None = Field(None, max_length=254)
    lead_id: str | None = None
    mail_key: str | None = Field(None, max_length=200, description="Of the link in a mail that was followed.")
    anonymous_id: str | None = Field(None, max_length=128)
    properties: dict[str, Any] | None = Field(None, description="32 kB and 8 levels at most.")


class RefusalOut(Schema):
    index: int
    field: str
    reason: str


class TakenOut(Schema):
    """accepted + duplicates + the refused items = the items sent."""

    accepted: int
    duplicates: int
    refused: list[RefusalOut]


def _body_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_ERRORS = {400: Error, 401: Error, 403: Error, 413: Error, 422: Error, 429: Error, 503: Error}


@router.post(
    "/events",
    auth=CAPTURE,
    response={202: TakenOut, **_ERRORS},
    operation_id="send_events",
    summary="Send events",
    openapi_extra=_body_of({"type": "array", "maxItems": MOST_EVENTS, "items": EventIn.json_schema()}),
)
def send_events(request: HttpRequest) -> Any:
    """Stores each item once. An item that cannot be taken is refused by itself; the others are stored. The
    source of the events is the token's name; 429 when it sends more than a source may."""
    body = json_body(request, most=MOST_EVENTS_BYTES)
    if not isinstance(body, list):
        raise HttpError(422, "The body must be a list of events.")
    if len(body) > MOST_EVENTS:
        raise HttpError(413, f"A batch may have {MOST_EVENTS:,} events at most.")
    source = source_of(request)
    limiting.charge(source=source, cost=len(body))
    taken = intake.take(
        items=body,
        user=user_of(request),
        source=source,
        kind=Source.Kind.API,
        at=database_now(),
    )
    refused = [{"index": r.index, "field": r.field, "reason": r.reason} for r in taken.refused]
    return Status(202, {"accepted": taken.accepted, "duplicates": taken.duplicates, "refused": refused})


class CompanyIn(Schema):
    """The company the lead works for: found by domain, else by name; made when unknown."""

    name: str | None = Field(None, max_length=200)
    domain: str | None = Field(None, max_length=300)
    employees: int | None = Field(None, ge=0)
    revenue: float | None = Field(None, ge=0)
    industry: str | None = Field(None, max_length=120)
    country: str | None = Field(None, max_length=2)
    city: str | None = Field(None, max_length=120)
    attributes: dict[str, Any] | None = None


class LeadIn(Schema):
    """What you know about a lead. What is missing, null or empty stays as it is."""

    email: str = Field(min_length=3, max_length=254)
    name: str | None = Field(None, max_length=200)
    title: str | None = Field(None, max_length=200)
    phone: str | None = Field(None, max_length=40)
    country: str | None = Field(None, max_length=2, description="Two letters, such as DE.")
    city: str | None = Field(None, max_length=120)
    source: str | None = Field(None, max_length=64)
    campaign: str | None = Field(None, max_length=120)
    attributes: dict[str, Any] | None = Field(None, description="Merged name by name. 32 kB at most.")
    company: CompanyIn | None = None
    consent: dict[str, bool] | None = Field(None, description='By channel: {"email": true, "phone": false}.')


class SavedLead(Schema):
    id: str
    email: str
    created: bool = Field(description="Whether the lead is new.")


def mount_leads(leads: Router) -> None:
    """Add what capture does to the router of ``/leads``, which other apps share."""
    leads.post(
        "/leads",
        auth=CAPTURE,
        response={200: SavedLead, 201: SavedLead, **_ERRORS},
        operation_id="save_lead",
        summary="Make a lead, or bring it up to date, by e-mail",
        openapi_extra=_body_of(LeadIn.json_schema()),
    )(save_lead)


def save_lead(request: HttpRequest) -> Any:
    """201 with the id of a new lead, 200 with that of a known one. Needs a marketer's or admin's token."""
    if not permissions.may_edit_leads(user_of(request)):
        raise HttpError(403, "Marketers and admins edit leads.")
    body = json_body(request, most=MOST_LEAD_BYTES)
    source, at = source_of(request), timezone.now()
    limiting.charge(source=source)

    def save() -> Upserted | Refused:
        try:
            saved = submitting.read(body)
            answer = upsert(incoming=[saved.lead], source=source, at=at)[0]
        except Refused as refusal:
            answer = refusal
        if isinstance(answer, Upserted):
            _consent(answer, saved.consent, source, at)
            tick("leads_changed")
        arrivals.note(source=source, kind=Source.Kind.API, became=_became(answer, body), at=at)
        return answer

    answer = intake.retried(save)
    if isinstance(answer, Refused):
        raise answer
    created = answer.became == "created"
    out = {"id": str(answer.person.public_id), "email": answer.person.email, "created": created}
    return Status(201 if created else 200, out)


def _became(answer: Upserted | Refused, body: object) -> Became:
    if isinstance(answer, Refused):
        return Became(refused=[TurnedAway(answer.field, answer.reason, body)])
    return Became(duplicates=1) if answer.became == "skipped" else Became(accepted=1)


def _consent(answer: Upserted, given: dict[str, bool], source: str, at: datetime) -> None:
    if not given:
        return
    lead = Lead.objects.get(pk=answer.person.id)
    held = consent.current(lead=lead)
    for channel, granted in given.items():
        if channel not in held or held[channel].granted != granted:
            consent.record(lead=lead, channel=channel, granted=granted, at=at, source=source)


def source_of(request: HttpRequest) -> str:
    """What events and external ids of this token belong to: its name, ``api`` when it has none."""
    return token_of(request).name[:64] or "api"
