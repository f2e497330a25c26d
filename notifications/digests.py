"""One mail for what somebody wants to read together: once a day or once a week (F11)."""

from datetime import datetime

from django.db import transaction

from accounts.clock import database_now
from accounts.models import User

from . import kinds, planning
from .models import AlertWishes, Delivery, Notification
from .notify import message_id, one_at_a_time

#: So many people's digests in one go.
PEOPLE = 200


def make_due(*, at: datetime | None = None) -> int:
    """Make a digest for everybody for whom something waits and whose time has come. Returns how many were
    made. A person and a moment have one, however often and in however many places this runs."""
    at = at or database_now()
    waiting = Delivery.objects.for_digest(at).filter(digest=None).values_list("notification__recipient")
    people = User.objects.filter(pk__in=waiting).order_by("id")[:PEOPLE]
    return sum(_make(person, at) for person in people)


@transaction.atomic
def _make(person: User, at: datetime) -> bool:
    """Bundle what waits for ``person`` into one notification that is a mail and nothing else."""
    one_at_a_time(person.pk)
    waiting = Delivery.objects.for_digest(at).filter(notification__recipient=person, digest=None)
    slots = list(waiting.order_by("next_at").values_list("next_at", flat=True))
    if not slots:
        return False  # another worker was first
    wishes = planning.wishes_of([person])[person.pk]
    key = f"digest:{slots[-1].isoformat()}"
    if Notification.objects.filter(recipient=person, key=key).exists():
        # Written before the digest was made and seen only after it: it goes into the next one.
        waiting.update(next_at=planning.next_digest(wishes=wishes, zone=person.time_zone, after=at))
        return False
    digest = Notification.objects.create(
        recipient=person,
        kind=kinds.DIGEST,
        key=key,
        title=_title(wishes, len(slots)),
        in_app=False,
        created_at=at,
        read_at=at,
    )
    waiting.update(digest=digest)
    Delivery.objects.create(
        notification=digest, channel="email", message_id=message_id(digest, "email"), next_at=at
    )
    return True


def _title(wishes: AlertWishes, count: int) -> str:
    rhythm = "week" if wishes.digest_rhythm == AlertWishes.Rhythm.WEEKLY else "day"
    return f"Your {rhythm} in Handoff: {count} alert{'' if count == 1 else 's'}"


@transaction.atomic
def plan_anew(*, person: User, at: datetime) -> None:
    """After ``person`` changed how they want to be told: what still waits follows the new wishes. What was
    sent or turned off stays as it was."""
    one_at_a_time(person.pk)
    wishes = planning.wishes_of([person])[person.pk]
    waiting = Delivery.objects.select_related("notification").filter(
        notification__recipient=person, digest=None, attempts=0
    )
    states = (Delivery.State.DIGEST, Delivery.State.WAITING)
    for delivery in waiting.filter(state__in=states).exclude(notification__kind=kinds.DIGEST):
        kind, zone = delivery.notification.kind, person.time_zone
        plan = (
            planning.push(wishes=wishes, zone=zone, kind=kind, at=at)
            if delivery.channel == "push"
            else planning.mail(wishes=wishes, zone=zone, kind=kind, asked=True, at=at)
        )
        if plan is not None:
            Delivery.objects.filter(pk=delivery.pk, state=delivery.state, attempts=0).update(
                state=plan.state, reason=plan.reason, next_at=plan.next_at
            )
