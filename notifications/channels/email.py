"""Notifications by e-mail: a text and an HTML part that say the same, with one link."""

import smtplib
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse

from notifications import kinds
from notifications.models import Delivery, Notification
from notifications.notify import one_line

from .base import NotSent, Unreachable

#: A digest lists so many alerts.
MOST_LISTED = 100


class EmailChannel:
    """One connection to the mail server. Opened with the first mail, again after a failure."""

    def __init__(self) -> None:
        self._connection: Any = get_connection()

    def send(self, delivery: Delivery) -> None:
        message = compose(delivery)
        try:
            self._connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"The mail server cannot be reached: {error}") from error
        message.connection = self._connection
        try:
            message.send()
        except (OSError, smtplib.SMTPException) as error:
            # Half a conversation is no use to the next mail.
            self.close()
            raise _said(error) from error

    def close(self) -> None:
        try:
            self._connection.close()
        except (OSError, smtplib.SMTPException):
            self._connection.connection = None


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail for ``delivery``. Line ends in names never reach a header. A digest lists what waited for it;
    one query more."""
    notification = delivery.notification
    name = "email"
    context = {
        "notification": notification,
        "link": _link(notification),
        "workspace": settings.WORKSPACE_NAME,
        "wishes_link": f"{settings.PUBLIC_URL}{reverse('notifications:wishes')}",
    }
    if notification.kind == kinds.DIGEST:
        name = "email_digest"
        context |= _bundled(notification)
    message = EmailMultiAlternatives(
        subject=one_line(notification.title),
        body=render_to_string(f"notifications/{name}.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notification.recipient.email],
        headers={"Message-ID": delivery.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"notifications/{name}.html", context), "text/html")
    return message


def _bundled(digest: Notification) -> dict[str, Any]:
    """What a digest lists, oldest first; of very many the newest, and how many there are besides."""
    rows = list(digest.bundled.select_related("notification").order_by("-id")[: MOST_LISTED + 1])
    zone = ZoneInfo(digest.recipient.time_zone)
    items = [
        {
            "title": row.notification.title,
            "first_line": row.notification.body.partition("\n")[0],
            "link": _link(row.notification),
            "at": f"{row.notification.created_at.astimezone(zone):%a %d %b, %H:%M}",
        }
        for row in reversed(rows[:MOST_LISTED])
    ]
    more = digest.bundled.count() - len(items) if len(rows) > MOST_LISTED else 0
    every = f"{settings.PUBLIC_URL}{reverse('notifications:alerts')}"
    return {"items": items, "more": more, "every_link": every}


def _link(notification: Notification) -> str:
    return f"{settings.PUBLIC_URL}{notification.url}" if notification.url else ""


def _said(error: Exception) -> NotSent:
    """A permanent refusal of this address ends the tries; what the server answers is tried again; silence or
    a cut connection is the server's trouble, not this mail's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
        return NotSent(f"Refused: {error}", final=all(500 <= code < 600 for code in codes))
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(f"The mail server said {error.smtp_code}: {error.smtp_error!r}")
    return Unreachable(f"The mail was cut off: {error}")
