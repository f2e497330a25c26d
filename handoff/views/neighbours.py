"""Where the lead page was opened from, and the leads before and after it there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from accounts.permissions import may_give_verdicts
from leads.models import Lead

from . import worklists


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the page was opened from, and the leads before and after it there."""

    name: str
    heading: str
    back_url: str
    position: int | None
    count: int
    previous_url: str
    next_url: str


def neighbours_of(user: User, lead: Lead, parameters: QueryDict, at: datetime) -> Neighbours | None:
    """None when the page was opened from no list, or by somebody who works none."""
    name, key = parameters.get("from", ""), parameters.get("view", "")
    if name not in worklists.LISTS or not may_give_verdicts(user):
        return None
    order: list[UUID] = worklists.order_of(name, key, user, at)
    here = order.index(lead.public_id) if lead.public_id in order else None
    before = order[here - 1] if here else None
    after = order[here + 1] if here is not None and here + 1 < len(order) else None
    if here is None and order:
        after = order[0]
    back = reverse(f"handoff:{name}")
    origin = f"?from={name}&view={key}"
    return Neighbours(
        name=name,
        heading={"queue": "My queue", "team": "Team queue"}[name],
        back_url=f"{back}?view={key}",
        position=None if here is None else here + 1,
        count=len(order),
        previous_url=reverse("handoff:lead", args=[before]) + origin if before else "",
        next_url=reverse("handoff:lead", args=[after]) + origin if after else "",
    )
