"""Tell a person something, once. The row is the message in the product; other channels get a Delivery."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from . import hurry, planning
from .models import Browser, Delivery, Notification, Section

if TYPE_CHECKING:
    from accounts.models import User

#: First key of the advisory locks; the second is the recipient.
LOCKS = 7_302


def notify(
    *,
    recipient: "User",
    kind: str,
    key: str,
    title: str,
    at: datetime,
    body: str = "",
    url: str = "",
    sections: Sequence[Section] = (),
    about: uuid.UUID | None = None,
    email: bool = True,
) -> Notification | None:
    """Tell ``recipient``. ``key`` is unique per recipient: the second call with it changes nothing and
    returns None. ``url`` is a path within the product, ``about`` the public id of the lead it concerns.
    ``email`` says whether it is mailed to people who have said nothing about this kind; what they said
    counts before it. Mail goes out after commit, once the caller ticks "deliveries" or beat does.
    6 queries."""
    told = notify_all(
        recipients=[recipient], kind=kind, key=key, title=title, at=at, body=body, url=url, sections=sections,
        about=about, email=email,
    )  # fmt: skip
    return told[0] if told else None


@transaction.atomic(savepoint=False)
def notify_all(
    *,
    recipients: "Iterable[User]",
    kind: str,
    key: str,
    title: str,
    at: datetime,
    body: str = "",
    url: str = "",
    sections: Sequence[Section] = (),
    about: uuid.UUID | None = None,
    email: bool = True,
) -> list[Notification]:
    """Tell several people the same; returns what was new. A transaction calls this at most once, so that two
    of them never wait for each other's recipients."""
    people = sorted({person.pk: person for person in recipients}.values(), key=lambda person: person.pk)
    told = []
    for person in people:
        one_at_a_time(person.pk)
        if Notification.objects.filter(recipient=person, key=key).exists():
            continue
        told.append(
            Notification.objects.create(
                recipient=person,
                key=key,
                kind=kind,
                title=one_line(title)[:200],
                body=body,
                url=url,
                sections=list(sections),
                about=about,
                created_at=at,
            )
        )
    if told:
        _promise(told, email=email)
        hurry.look(user_ids=[each.recipient_id for each in told])
    return told


def _promise(told: Sequence[Notification], *, email: bool) -> None:
    """Write down for each channel when it is tried, or why it is not. 3 queries."""
    wishes = planning.wishes_of([each.recipient for each in told])
    with_browsers = set(Browser.objects.filter(user__in=wishes).values_list("user_id", flat=True))
    deliveries = []
    for each in told:
        wish, zone = wishes[each.recipient_id], each.recipient.time_zone
        at, kind = each.created_at, each.kind
        plans = {"email": planning.mail(wishes=wish, zone=zone, kind=kind, asked=email, at=at)}
        if each.recipient_id in with_browsers:
            plans["push"] = planning.push(wishes=wish, zone=zone, kind=kind, at=at)
        deliveries += [
            Delivery(
                notification=each,
                channel=channel,
                message_id=message_id(each, channel),
                state=plan.state,
                reason=plan.reason,
                next_at=plan.next_at,
            )
            for channel, plan in plans.items()
            if plan is not None
        ]
    Delivery.objects.bulk_create(deliveries)


def message_id(notification: Notification, channel: str) -> str:
    """The same for every try of one delivery, so that a repeat can be recognised by whoever gets it."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{notification.public_id}.{channel}@{host}>"


def one_line(text: str) -> str:
    """``text`` without line ends and control characters: what a stranger typed may stand in a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def one_at_a_time(recipient_id: int) -> None:
    """Until the end of the transaction nobody else tells this person anything. So nobody tells them the same
    twice, and their notifications become visible in the order of their ids: a live stream that resumes after
    an id misses none (F17)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, recipient_id])
