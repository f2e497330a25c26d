"""Notifications by e-mail: a text and an HTML part that say the same, with one link."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from notifications.models import Delivery, Notification
from notifications.notify import one_line

from .base import NotSent, Unreachable


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
    """The mail for ``delivery``. Line ends in names never reach a header."""
    notification = delivery.notification
    context = {
        "notification": notification,
        "link": _link(notification),
        "workspace": settings.WORKSPACE_NAME,
    }
    message = EmailMultiAlternatives(
        subject=one_line(notification.title),
        body=render_to_string("notifications/email.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notification.recipient.email],
        headers={"Message-ID": delivery.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return message


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
