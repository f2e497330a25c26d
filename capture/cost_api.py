"""What campaigns cost, written down and read by other systems."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic import ValidationError as Invalid

from accounts import permissions
from accounts.api_auth import CAPTURE, READ, user_of
from accounts.api_problems import Error
from accounts.clock import database_now
from leads import costs
from leads.costs import Cost, NoCost
from leads.models import CampaignCost
from leads.paging import page

from . import cleaning
from .cleaning import Refused
from .reading import json_body

MOST_COSTS = 1_000
MOST_BYTES = 1_000_000
MOST_ROWS = 200

router = Router(tags=["Costs"])


class CostIn(Schema):
    """What a campaign cost on one day, or on each or all of the days until ``last``."""

    model_config = ConfigDict(extra="forbid")

    day: date
    last: date | None = Field(None, description="Several days, from `day` to this one.")
    spread: bool = Field(False, description="The amount is for all days together, not for each.")
    source: str = Field(description="As leads have it; its case makes no difference. 64 characters at most.")
    campaign: str = Field("", description="Empty: the source as a whole. 120 characters at most.")
    amount: Decimal = Field(ge=0, lt=costs.MOST_AMOUNT, decimal_places=2)
    currency: str = Field("", description="Three letters; empty for the company's.")


class RecordedOut(Schema):
    """Days: created + changed + same = those sent."""

    created: int
    changed: int
    same: int


class CostOut(Schema):
    id: UUID
    day: date
    source: str
    campaign: str
    amount: Decimal
    currency: str


class CostsOut(Schema):
    items: list[CostOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class CostsQuery(Schema):
    first: date | None = None
    last: date | None = None
    source: str = Field("", max_length=64, pattern=r"^[^\x00]*$")
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


_ERRORS = {401: Error, 403: Error, 422: Error, 503: Error}
_MANY = TypeAdapter(list[CostIn])


@router.post(
    "/costs",
    auth=CAPTURE,
    response={200: RecordedOut, 400: Error, 413: Error, **_ERRORS},
    operation_id="record_costs",
    summary="Record what campaigns cost",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "maxItems": MOST_COSTS, "items": CostIn.json_schema()}
                }
            },
        }
    },
)
def record_costs(request: HttpRequest) -> Any:
    """All of them or none. A day that is there already gets the new amount, so sending the same again changes
    nothing. Needs a marketer's or admin's token."""
    user = user_of(request)
    if not permissions.may_edit_leads(user):
        raise HttpError(403, "Marketers and admins write down costs.")
    body = json_body(request, most=MOST_BYTES)
    if not isinstance(body, list):
        raise HttpError(422, "The body must be a list of costs.")
    if len(body) > MOST_COSTS:
        raise HttpError(413, f"At most {MOST_COSTS:,} costs at a time.")
    said: list[Cost] = []
    for place, item in enumerate(body):
        said += _days(item, place)
        if len(said) > costs.MOST_DAYS * 10:
            raise HttpError(413, f"At most {costs.MOST_DAYS * 10:,} days at a time.")
    told = costs.record(costs=said, by=user, at=database_now())
    return {"created": told.created, "changed": told.changed, "same": told.same}


def _days(item: object, place: int) -> list[Cost]:
    """Raises Refused, naming the item and its field."""
    try:
        one = _MANY.validate_python([item])[0]
    except Invalid as invalid:
        problem = invalid.errors()[0]
        field = ".".join(str(part) for part in problem["loc"][1:])
        raise Refused(f"{place}.{field}".rstrip("."), f"{problem['msg']}.") from None
    make = costs.in_total if one.spread else costs.a_day
    try:
        return make(
            source=cleaning.line(one.source, field="source", most=64),
            campaign=cleaning.line(one.campaign, field="campaign", most=120),
            first=one.day,
            last=one.last or one.day,
            amount=one.amount,
            currency=one.currency or str(settings.CURRENCY),
        )
    except NoCost as refusal:
        raise Refused(f"{place}.{refusal.field}", str(refusal)) from None
    except Refused as refusal:
        raise Refused(f"{place}.{refusal.field}", refusal.reason) from None


@router.get(
    "/costs",
    auth=READ,
    response={200: CostsOut, **_ERRORS},
    operation_id="list_costs",
    summary="List what campaigns cost, the latest day first",
)
def list_costs(request: HttpRequest, query: Query[CostsQuery]) -> Any:
    """For whoever reads reports; nobody else has any to see."""
    found = CampaignCost.objects.visible_to(user_of(request))
    if query.first:
        found = found.filter(day__gte=query.first)
    if query.last:
        found = found.filter(day__lte=query.last)
    if query.source:
        found = found.filter(source__iexact=query.source)
    rows = page(found, order=["-day", "-id"], after=query.after, size=query.limit, strict=True)
    return {"items": [_shown(row) for row in rows.rows], "next": rows.next}


def _shown(cost: CampaignCost) -> dict[str, Any]:
    return {
        "id": cost.public_id,
        "day": cost.day,
        "source": cost.source,
        "campaign": cost.campaign,
        "amount": cost.amount,
        "currency": cost.currency,
    }
