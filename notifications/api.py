"""What one was told, for other systems."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.api_auth import READ, user_of
from accounts.api_problems import Error

from .models import Notification

MOST_ROWS = 200

router = Router(tags=["Notifications"])


class NotificationOut(Schema):
    id: UUID
    kind: str = Field(description="handoff, unassigned, overdue or returned.")
    title: str
    body: str
    url: str = Field(description="A path within the product.")
    lead: UUID | None
    created_at: datetime
    read_at: datetime | None
    emptied_at: datetime | None = Field(
        description="When its words were dropped; the title is then the kind."
    )


class NotificationsOut(Schema):
    items: list[NotificationOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class NotificationsQuery(Schema):
    unread: bool = Field(False, description="Only those not read yet.")
    after: str = Field("", pattern=r"^\d{0,18}$", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


@router.get(
    "/notifications",
    auth=READ,
    response={200: NotificationsOut, 401: Error, 403: Error, 422: Error, 503: Error},
    operation_id="list_notifications",
    summary="List what the token's user was told, newest first",
)
def list_notifications(request: HttpRequest, query: Query[NotificationsQuery]) -> Any:
    """One's own only. Reading here marks nothing as read."""
    told = Notification.objects.visible_to(user_of(request))
    if query.unread:
        told = told.unread()
    if query.after:
        told = told.filter(id__lt=int(query.after))
    rows = list(told.order_by("-id")[: query.limit + 1])
    shown, more = rows[: query.limit], rows[query.limit :]
    return {"items": [_shown(row) for row in shown], "next": str(shown[-1].pk) if more else ""}


def _shown(row: Notification) -> dict[str, Any]:
    names = ("kind", "title", "body", "url", "created_at", "read_at", "emptied_at")
    return {"id": row.public_id, "lead": row.about, **{name: getattr(row, name) for name in names}}
