"""Look through what was held: let it in as of when it was sent, or leave it out."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

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
    """Leave those out for good; they stay readable. Returns how many. Safe to repeat."""
    held = Submission.objects.visible_to(by).held().filter(public_id__in=list(ids)[:MOST])
    return held.update(state=Submission.State.DISMISSED, looked_at=at, looked_by=by)


def _held(ids: Iterable[UUID], by: "User") -> list[int]:
    rows = Submission.objects.visible_to(by).held().filter(public_id__in=list(ids)[:MOST])
    return list(rows.order_by("id").values_list("pk", flat=True))


def _locked(pk: int) -> Submission | None:
    rows = Submission.objects.held().select_for_update(of=("self",)).select_related("consent")
    return rows.select_related("web_form__source", "web_form__type", "consent").filter(pk=pk).first()
