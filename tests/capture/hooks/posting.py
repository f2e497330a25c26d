"""Post to a hook as another system would."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from capture.hooks import arranging, inbox
from capture.models import Hook, InboxItem
from tests import factories

#: A mapping as small as they come.
PLAIN: dict[str, Any] = {
    "kinds": [
        {
            "name": "Demo asked for",
            "when": [{"field": "event", "is": ["demo"]}],
            "type": "demo_request",
            "email": "email",
            "occurred_at": "at",
            "event_id": "id",
        }
    ]
}


def hook(
    preset: str = "", *, mapping: dict[str, Any] | None = None, signing: str = "none", **fields: Any
) -> Hook:
    """A hook that believes everything, unless told how posts are signed."""
    by = User.objects.filter(email="hooker@handoff.example").first() or factories.marketer(
        "Hooker Holm", email="hooker@handoff.example"
    )
    made = arranging.make(
        name=fields.pop("name", preset or "Our tool"),
        preset=preset,
        signing=signing,
        by=by,
        at=timezone.now(),
        **fields,
    )
    if mapping is not None:
        arranging.set_mapping(hook=made, mapping=mapping, at=timezone.now())
    return made


def post(to: Hook | str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    """``body`` as bytes is sent as it is."""
    token = to if isinstance(to, str) else to.token
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(raise_request_exception=True, enforce_csrf_checks=True)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/in/{token}/", data, content_type=content_type, headers=sent)


def worked(to: Hook, body: Any, content_type: str = "application/json") -> InboxItem:
    """What became of ``body`` once a worker has looked."""
    answer = post(to, body, content_type)
    assert answer.status_code == 200, answer.content
    inbox.work()
    return InboxItem.objects.filter(hook=to).latest("id")
