"""Switch endpoints off and on; the admins hear of one that was given up on."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import Role, User

from .models import Endpoint
from .notify import notify_all

_WHY = {
    Endpoint.Off.FAILING: "Nothing has arrived there for five days, although it was tried again and again.",
    Endpoint.Off.GONE: "It answered 410: it says that it is gone for good.",
}


@transaction.atomic
def switch_off(*, endpoint: Endpoint, why: Endpoint.Off, at: datetime) -> bool:
    """Send nothing more to ``endpoint``. What waits keeps waiting and goes out when it is switched on again.
    Unless a person did it, the admins are told. Returns False when it was off already."""
    if not Endpoint.objects.on().filter(pk=endpoint.pk).update(off_at=at, off_reason=why):
        return False
    endpoint.off_at, endpoint.off_reason = at, why
    if why != Endpoint.Off.PERSON:
        notify_all(
            recipients=User.objects.filter(is_active=True, role=Role.ADMIN),
            kind="endpoint_off",
            key=f"endpoint:{endpoint.pk}:off:{at.isoformat()}",
            title=f"Webhook switched off: {endpoint.name}",
            body=f"{_WHY[why]} What has not arrived is kept. Once it is mended, switch it on again.",
            url=reverse("notifications:endpoint", args=[endpoint.public_id]),
            at=at,
        )
    return True


def switch_on(*, endpoint: Endpoint) -> bool:
    """Send again: what waited is tried at its time, what was parked when somebody replays it. Returns False
    when it was on already."""
    on = {"off_at": None, "off_reason": "", "failing_since": None, "rest_until": None}
    changed = Endpoint.objects.filter(pk=endpoint.pk).exclude(off_at=None).update(**on)
    endpoint.refresh_from_db()
    return bool(changed)
