"""Double opt-in: a mail with a link, and the consent once somebody has followed it and said yes."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.clock import database_now
from capture.models import Submission

from . import stamps, taking

log = logging.getLogger(__name__)
#: To one address from one form, one mail in this time: nobody fills a stranger's mailbox with our help.
APART = timedelta(hours=1)
#: Waits before the next try of a mail that the server did not take.
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
BATCH = 50


def send_due() -> int:
    """Send the mails that are due; returns how many went out. Each worker takes one at a time, so two of them
    share the work. At least once: a worker that dies right after the mail server's yes sends it again."""
    sent = 0
    for _ in range(BATCH):
        if (went := _send_next()) is None:
            break
        sent += went
    return sent


@transaction.atomic
def _send_next() -> bool | None:
    at = database_now()
    submission = (
        Submission.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("web_form__source", "consent")
        .filter(mail_due_at__lte=at)
        .order_by("mail_due_at")
        .first()
    )
    if submission is None:
        return None
    submission.mail_tries += 1
    tried, went = submission.mail_tries, False
    submission.mail_due_at = None
    if not _was_just_asked(submission, at):
        try:
            _send(submission)
            submission.mailed_at, went = at, True
        except (SMTPException, OSError):
            log.exception("the confirmation mail of submission %d was not sent", submission.pk)
            submission.mail_due_at = at + RETRIES[tried - 1] if tried <= len(RETRIES) else None
        except ValueError:  # no mail can be made for the address, however often; the others are not to wait
            log.exception("there is no confirmation mail of submission %d", submission.pk)
    submission.save(update_fields=["mail_tries", "mail_due_at", "mailed_at"])
    return went


def _was_just_asked(submission: Submission, at: datetime) -> bool:
    others = Submission.objects.filter(web_form=submission.web_form_id, email=submission.email)
    return others.filter(mailed_at__gt=at - APART).exclude(pk=submission.pk).exists()


def _send(submission: Submission) -> None:
    path = reverse("capture:form-confirmation", args=[submission.web_form.key, stamps.link(submission)])
    context = {
        "url": f"{settings.PUBLIC_URL}{path}",
        "workspace": settings.WORKSPACE_NAME,
        "wording": submission.consent,
        "days": stamps.CONFIRMABLE // 86_400,
    }
    body = render_to_string("capture/form_confirmation.txt", context)
    subject = f"Please confirm your address for {settings.WORKSPACE_NAME}"
    EmailMessage(subject, body, to=[submission.email]).send()


@transaction.atomic
def confirm(*, submission: Submission, at: datetime) -> None:
    """The owner of the mailbox said yes: consent holds from now on, also after a withdrawal. Safe to
    repeat."""
    row = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("consent", "lead", "web_form__source")
        .get(pk=submission.pk)
    )
    if row.confirmed_at is None and row.lead is not None:
        row.confirmed_at = at
        row.save(update_fields=["confirmed_at"])
        taking.agree(row.lead, row, at=at)
