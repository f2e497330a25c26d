"""Look through what was held: let it in as of when it was sent, or leave it out, and forget it in time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.clock import database_now
from capture import intake
from capture.models import Submission

from . import taking

if TYPE_CHECKING:
    from accounts.models import User

#: At once, each in a transaction of its own; what is ticked on a page is fewer.
MOST = 100


def release(*, ids: Iterable[UUID], by: "User", at: datetime) -> int:
    """Make leads and activities of those of the held submissions with these public ids that ``by`` may see,
    each as of when it was sent; returns how many. One that is not held any more is passed over: safe to
    repeat."""
    return sum(_release(pk, by, at) for pk in _held(ids, by))


def _release(pk: int, by: "User", at: datetime) -> bool:
    def release_it() -> bool:
        submission = _locked(pk)
        if submission is None:
            return False
        submission.state, submission.looked_at, submission.looked_by = Submission.State.RELEASED, at, by
        submission.save(update_fields=["state", "looked_at", "looked_by"])
        taking.make_of(submission)
        return True

    return intake.retried(release_it)


def dismiss(*, ids: Iterable[UUID], by: "User", at: datetime) -> int:
    """Leave those out for good; they stay readable until they are emptied. Returns how many. Safe to
    repeat."""
    held = Submission.objects.visible_to(by).held().filter(public_id__in=list(ids)[:MOST])
    return held.update(state=Submission.State.DISMISSED, looked_at=at, looked_by=by)


def _held(ids: Iterable[UUID], by: "User") -> list[int]:
    rows = Submission.objects.visible_to(by).held().filter(public_id__in=list(ids)[:MOST])
    return list(rows.order_by("id").values_list("pk", flat=True))


def _locked(pk: int) -> Submission | None:
    rows = Submission.objects.held().select_for_update(of=("self",)).select_related("consent")
    return rows.select_related("web_form__source", "web_form__type", "consent").filter(pk=pk).first()


def empty(*, at: datetime | None = None, most: int = 100_000) -> int:
    """Drop the words of what was left out, once it is older than ``SUBMISSION_RETENTION_DAYS``; what nobody
    looked at until then is dismissed (P6). That it came and why it was held stays. Returns how many
    submissions. Safe to repeat."""
    at = at or database_now()
    before, done = at - timedelta(days=settings.SUBMISSION_RETENTION_DAYS), 0
    while done < most and (count := _empty_some(before, at, min(most - done, 1_000))):
        done += count
    return done


@transaction.atomic
def _empty_some(before: datetime, at: datetime, limit: int) -> int:
    old = Submission.objects.left_out().filter(submitted_at__lt=before)
    locked = old.order_by("submitted_at").select_for_update(of=("self",), skip_locked=True)
    rows = Submission.objects.filter(pk__in=[one.pk for one in locked.only("pk")[:limit]])
    return rows.update(
        state=Submission.State.DISMISSED,
        email="",
        answers={},
        came={},
        anonymous_id="",
        network="",
        emptied_at=at,
    )
