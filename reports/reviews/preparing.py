"""A review is prepared: on its day by beat, or by hand. What it counts is frozen then."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Role, User
from accounts.permissions import may_see_reports
from handoff.models import Handoff
from leads.ticks import tick
from notifications.notify import notify_all
from reports.models import Review
from scoring.models import Publication

from . import days, disagreements, freezing, proposals
from .holding import Closed

if TYPE_CHECKING:
    from reports.periods import Period

#: Who comes to a review, and gets its notes.
WHO = (Role.MARKETER, Role.MANAGER, Role.ADMIN)


class NotYours(Exception):
    """Marketing and who leads sales hold the reviews."""


class Prepared(Exception):
    """There is one of these days already, in ``review``."""

    def __init__(self, review: Review) -> None:
        super().__init__(f"The review of {review.days} is prepared already.")
        self.review = review


def prepare(*, kind: str, at: datetime, by: "User | None" = None) -> Review:
    """Freeze the figures of the last whole week, or month, as of ``at``, put together what the meeting talks
    about and decides, and tell who comes. Raises NotYours, and Prepared where there is one: two people at
    once make one."""
    if by is not None and not may_see_reports(by):
        raise NotYours("Marketing, managers and admins prepare a review.")
    of = days.period(kind, at=at)
    if found := _found(kind, of):
        raise Prepared(found)
    try:
        with transaction.atomic():
            review = Review.objects.create(
                kind=kind,
                first=of.first,
                last=of.last,
                prepared_at=at,
                prepared_by=by,
                meets_at=days.meets_at(kind, of),
                figures=freezing.figures(kind=kind, period=of, at=at),
            )
            if review.is_weekly:
                disagreements.choose(review)
            proposals.take_in(review=review, at=at)
            if review.is_weekly:  # the model review has a reminder of its own
                _tell(review, at)
    except IntegrityError:
        if found := _found(kind, of):
            raise Prepared(found) from None
        raise
    return review


def prepare_due(*, at: datetime) -> list[Review]:
    """The reviews whose day has come and that nobody prepared yet. Then what has been proposed since is
    priced for those that are open. Safe to repeat, and at once."""
    made = []
    for kind in Review.Kind.values:
        if days.is_due(kind, at=at) and _something_happened(kind, at):
            try:
                made.append(prepare(kind=kind, at=at))
            except Prepared:
                continue
    for review in Review.objects.open().order_by("pk"):
        try:
            proposals.take_in(review=review, at=at)
        except Closed:
            continue  # both sides signed meanwhile
    return made


def _something_happened(kind: str, at: datetime) -> bool:
    """Of days before sales got the first lead, or the first rules were live, nobody is asked to meet."""
    until = days.period(kind, at=at).end
    if kind == Review.Kind.WEEKLY:
        return Handoff.objects.filter(offered_at__lt=until).exists()
    return Publication.objects.filter(at__lt=until).exists()


def _tell(review: Review, at: datetime) -> None:
    """Everybody but who prepared it by hand."""
    people = User.objects.filter(is_active=True, role__in=WHO)
    notify_all(
        recipients=[person for person in people if person.pk != review.prepared_by_id],
        kind="review",
        key=f"review:{review.public_id}:prepared",
        title=f"The weekly review is prepared: {days.name_of(review.kind, review.first)}",
        body=(
            f"The figures of {review.days}, why leads came back, the leads to talk about and what is"
            " proposed. Answer and sign what you can before you meet."
        ),
        url=reverse("reports:review", args=[review.public_id]),
        at=at,
    )
    tick("deliveries")


def _found(kind: str, of: "Period") -> Review | None:
    return Review.objects.filter(kind=kind, first=of.first).first()
