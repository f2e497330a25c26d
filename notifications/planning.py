"""Whether and when one person gets one alert by mail and by push. Pure, but for reading what they wish.

Times of day are those of the person's own zone. Where a clock change has one twice, the first counts; one
that it leaves out is read by the clock before the change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from . import kinds
from .models import AlertWishes, Delivery

if TYPE_CHECKING:
    from accounts.models import User

State, Reason, Mail = Delivery.State, Delivery.Reason, AlertWishes.Mail


@dataclass(frozen=True, slots=True)
class Plan:
    """What is promised on one channel: to try from ``next_at`` on, or why not."""

    state: str
    next_at: datetime
    reason: str = ""


def wishes_of(people: "Iterable[User]") -> dict[int, AlertWishes]:
    """How each of ``people`` wants to be told, by their id; the defaults for who never said. One query."""
    people = list(people)
    said = {wishes.user_id: wishes for wishes in AlertWishes.objects.filter(user__in=people)}
    return {person.pk: said.get(person.pk) or AlertWishes(user=person) for person in people}


def mail(*, wishes: AlertWishes, zone: str, kind: str, asked: bool, at: datetime) -> Plan | None:
    """The plan for the mail; None where nobody asked for one: ``asked`` is what the teller wants for people
    who have said nothing about this kind."""
    choice = wishes.mail.get(kind) or (Mail.NOW if asked else "")
    if not choice:
        return None
    if choice == Mail.OFF:
        return Plan(State.SKIPPED, at, Reason.OFF)
    if choice == Mail.DIGEST:
        return Plan(State.DIGEST, next_digest(wishes=wishes, zone=zone, after=at))
    return _now_or_after_quiet(wishes, zone, kind, at)


def push(*, wishes: AlertWishes, zone: str, kind: str, at: datetime) -> Plan:
    """The plan for the browsers of somebody who has some."""
    if not wishes.push:
        return Plan(State.SKIPPED, at, Reason.OFF)
    return _now_or_after_quiet(wishes, zone, kind, at)


def _now_or_after_quiet(wishes: AlertWishes, zone: str, kind: str, at: datetime) -> Plan:
    end = held_until(wishes=wishes, zone=zone, kind=kind, at=at)
    return Plan(State.WAITING, end, Reason.QUIET) if end else Plan(State.WAITING, at)


def held_until(*, wishes: AlertWishes, zone: str, kind: str, at: datetime) -> datetime | None:
    """The end of the quiet hours ``at`` falls into, if an alert of ``kind`` has to wait for it. A digest
    comes when its reader wanted it."""
    if kind == kinds.DIGEST or (kinds.is_alarm(kind) and wishes.alarms_break_through):
        return None
    start, end = wishes.quiet_from, wishes.quiet_to
    if start is None or end is None or start == end:
        return None
    local = at.astimezone(ZoneInfo(zone))
    now = local.time()
    over_midnight = start > end
    inside = (now >= start or now < end) if over_midnight else start <= now < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and now >= start else 0)
    return _at(day, end, zone)


def next_digest(*, wishes: AlertWishes, zone: str, after: datetime) -> datetime:
    """When the next digest is made, later than ``after``."""
    day = after.astimezone(ZoneInfo(zone)).date()
    weekly = wishes.digest_rhythm == AlertWishes.Rhythm.WEEKLY
    for ahead in range(9):
        candidate = day + timedelta(days=ahead)
        if weekly and candidate.weekday() != wishes.digest_weekday:
            continue
        moment = _at(candidate, wishes.digest_at, zone)
        if moment > after:
            return moment
    raise AssertionError("A week has every weekday.")


def _at(day: date, time_of_day: time, zone: str) -> datetime:
    return datetime.combine(day, time_of_day, ZoneInfo(zone)).astimezone(UTC)
