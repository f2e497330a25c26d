"""Putting a lead off until later. It leaves the list, not the clock; a new sign of intent brings it back."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import connection

from leads.models import Lead
from leads.retrying import begins_again
from notifications import hurry

from . import alerts, claiming
from .models import Handoff, Snooze
from .permissions import refuse_verdict

if TYPE_CHECKING:
    from accounts.models import User

#: Further ahead a lead is not put off, but forgotten.
LATEST = timedelta(days=30)
MORNING = time(9)
#: Moments this close together are one choice that was sent twice: "in 1 hour", and again a second later.
SAME = timedelta(minutes=1)


class SnoozeRefused(ValueError):
    """A moment that a lead cannot be put off to; the message says which ones there are."""


class NothingToSnooze(ValueError):
    """It has been answered meanwhile."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A moment to choose with one press. ``late``: the answer is due before it."""

    key: str
    label: str
    until: datetime
    late: bool


def presets(*, handoff: Handoff, zone: str, at: datetime) -> list[Preset]:
    """The moments that people mean, in their own ``zone``; each once, so none is Monday on a Sunday. No
    query."""
    here = at.astimezone(ZoneInfo(zone))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), MORNING, here.tzinfo)
    monday = datetime.combine(here.date() + timedelta(days=7 - here.weekday()), MORNING, here.tzinfo)
    named = [("hour", "In 1 hour", at + timedelta(hours=1)), ("tomorrow", "Tomorrow 9:00", tomorrow)]
    if monday != tomorrow:
        named.append(("monday", "Next Monday 9:00", monday))
    return [Preset(key, label, until, until > handoff.due_at) for key, label, until in named]


@begins_again
def snooze(*, handoff: Handoff, by: "User", until: datetime, at: datetime, reason: str = "") -> Handoff:
    """Take ``handoff`` off the lists until ``until``; it stays due when it was. Put off before, the newer
    moment counts. Whoever held it lets go. Raises SnoozeRefused, NothingToSnooze, NotYours, HeldByAnother.
    Safe to repeat."""
    if until <= at:
        raise SnoozeRefused("Choose a moment to come.")
    if until > at + LATEST:
        raise SnoozeRefused(f"Choose a moment within {LATEST.days} days.")
    held = _hold(handoff, by, at)
    if _stands(held, by, until, at):
        return held
    Snooze.objects.filter(handoff=held).end(Snooze.Ending.REPLACED, at=at, by=by)
    Snooze.objects.create(handoff=held, by=by, at=at, until=until, reason=reason[:120])
    Handoff.objects.filter(pk=held.pk).update(
        snoozed_until=until,
        snoozed_at=at,
        snoozed_by=by,
        snooze_reason=reason[:120],
        woke_at=None,
        woken_by="",
        claimed_by=None,
        claimed_until=None,
    )
    alerts.lists_changed(handoff=held)
    held.snoozed_until, held.snoozed_at, held.snoozed_by, held.snooze_reason = until, at, by, reason[:120]
    return held


@begins_again
def unsnooze(*, handoff: Handoff, by: "User", at: datetime) -> Handoff:
    """Back on the list, as if it had never been put off; that it was, and who took it back, stays known. Safe
    to repeat. Raises as ``snooze``."""
    held = _hold(handoff, by, at)
    if held.snoozed_until is not None:
        Snooze.objects.filter(handoff=held).end(Snooze.Ending.TAKEN_BACK, at=at, by=by)
    Handoff.objects.filter(pk=held.pk).update(**_AWAKE, woke_at=None, woken_by="")
    alerts.lists_changed(handoff=held)
    held.snoozed_until = None
    return held


_AWAKE = {"snoozed_until": None, "snoozed_at": None, "snoozed_by": None}


def _stands(handoff: Handoff, by: "User", until: datetime, at: datetime) -> bool:
    """Whether it is this very snooze that arrives once more."""
    if not handoff.is_asleep(at) or handoff.snoozed_by_id != by.pk or handoff.snoozed_until is None:
        return False
    return abs(handoff.snoozed_until - until) < SAME


def _hold(handoff: Handoff, by: "User", at: datetime) -> Handoff:
    lead = Lead.objects.select_for_update(no_key=True).filter(pk=handoff.lead_id)[0]
    held = Handoff.objects.select_related("rep", "pool", "claimed_by").filter(pk=handoff.pk)[0]
    held.lead = lead
    if not held.is_open:
        raise NothingToSnooze(f"{lead} has an answer already.")
    refuse_verdict(by, held)
    claiming.refuse_if_held(handoff=held, by=by, at=at)
    return held


def wake(*, at: datetime) -> int:
    """Bring back what was put off until ``at`` or earlier, and what has shown intent since, and wake the
    lists it comes back to. Returns how many. One statement, read from an index that holds nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"at": at})
        people = [row[0] for row in cursor.fetchall()]
    if people:
        hurry.look(user_ids={person for person in people if person is not None})
    return len(people)


_WAKE = """
WITH woken AS (
  UPDATE handoff_handoff h
  SET snoozed_until = NULL, snoozed_at = NULL, snoozed_by_id = NULL, woke_at = %(at)s,
      woken_by = CASE WHEN h.snoozed_until <= %(at)s THEN 'time' ELSE 'intent' END
  FROM handoff_handoff was
  WHERE was.id = h.id AND h.status = 'open' AND h.snoozed_until IS NOT NULL
    AND (h.snoozed_until <= %(at)s OR EXISTS (
      SELECT 1
      FROM leads_activity a
      JOIN leads_activitytype t ON t.id = a.type_id AND t.is_intent
      WHERE a.lead_id = h.lead_id AND a.occurred_at > h.snoozed_at AND a.occurred_at <= %(at)s
        AND a.voided_at IS NULL
    ))
  RETURNING h.id, h.woken_by, coalesce(h.rep_id, was.snoozed_by_id) AS person
), ended AS (
  UPDATE handoff_snooze s SET ended_at = %(at)s, ending = woken.woken_by
  FROM woken WHERE s.handoff_id = woken.id AND s.ended_at IS NULL
)
SELECT person FROM woken
"""
