"""How long sales took to get in touch, in business time: the tables that reports count it with, and medians
over stretches of days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Max, Min, QuerySet

from accounts.models import Team
from handoff.clocks import read_calendars
from handoff.models import Handoff
from leads.statements import sql_of

from . import business_time
from .periods import Period
from .stretches import Stretch


def timed(
    *, told: QuerySet[Any, Any], columns: Sequence[str], start: datetime, end: datetime
) -> tuple[str, list[Any]]:
    """What follows ``WITH``, and its parameters: tables of which ``timed`` has the rows of ``told`` (values
    of id, offered_at, first_touch_at, the pool's team, then ``columns``) and ``taken``: seconds of business
    time from the offer to the first touch without the time that the clock stood still; nothing without a
    touch. Of use for moments from ``start`` to ``end``. Up to 4 queries of its own, for calendars."""
    hours = read_calendars(list(Team.objects.order_by("pk").values_list("pk", flat=True)))
    calendars, lists = business_time.calendars(hours, start=start, end=end)
    statement, parameters = sql_of(told)
    tables = _TIMED.format(
        calendars=calendars,
        columns="".join(f", {column}" for column in columns),
        told=statement,
        taken=business_time.between("h.offered_at", "h.first_touch_at"),
        still=business_time.between(
            "p.at", "least(coalesce(p.ended_at, p.until), greatest(h.first_touch_at, p.at))"
        ),
    )
    return tables, [*lists, *parameters]


_TIMED = """{calendars}, h (id, offered_at, first_touch_at, team{columns}) AS MATERIALIZED ({told}),
still (id, seconds) AS (
  SELECT h.id, sum({still}) FROM h
  JOIN handoff_pause p ON p.handoff_id = h.id AND p.work_id IS NULL AND NOT p.is_undone
  LEFT JOIN calendar ON calendar.team = h.team
  WHERE p.at < h.first_touch_at GROUP BY h.id
), timed AS (
  SELECT h.*, ({taken}) - coalesce(still.seconds, 0) AS taken FROM h
  LEFT JOIN calendar ON calendar.team = h.team LEFT JOIN still ON still.id = h.id
)"""


def medians(
    *, handoffs: QuerySet[Handoff], periods: Sequence[Period], at: datetime
) -> list[tuple[timedelta | None, int]]:
    """Of ``handoffs`` offered in each of ``periods``, which follow each other: the median until the first
    touch, and how many were touched until ``at``. 5 queries, 4 of them for calendars."""
    rows = handoffs.filter(offered_at__gte=periods[0].start, offered_at__lt=periods[-1].end)
    told = rows.filter(first_touch_at__isnull=False).order_by()
    told = told.annotate(stretch=Stretch(F("offered_at"), periods))
    tables, parameters = timed(
        told=told.values_list("id", "offered_at", "first_touch_at", "pool__team", "stretch"),
        columns=["stretch"],
        start=periods[0].start,
        end=at,
    )
    with connection.cursor() as cursor:
        cursor.execute(_MEDIANS.format(tables=tables), parameters)
        found = {
            stretch: (timedelta(seconds=round(taken)), count) for stretch, taken, count in cursor.fetchall()
        }
    return [found.get(number, (None, 0)) for number in range(1, len(periods) + 1)]


def taken(handoffs: QuerySet[Handoff]) -> dict[int, timedelta]:
    """Handoff (its id) → business time until its first touch, of those that had one. 5 queries, 4 of them for
    calendars, and one more for the days that they have to cover."""
    touched = handoffs.filter(first_touch_at__isnull=False).order_by()
    days = touched.aggregate(first=Min("offered_at"), last=Max("first_touch_at"))
    if days["first"] is None:
        return {}
    told = touched.values_list("id", "offered_at", "first_touch_at", "pool__team")
    tables, parameters = timed(told=told, columns=[], start=days["first"], end=days["last"])
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {tables} SELECT id, taken FROM timed", parameters)  # noqa: S608 — our own text
        return {pk: timedelta(seconds=round(seconds)) for pk, seconds in cursor.fetchall()}


_MEDIANS = """
WITH {tables}
SELECT stretch, percentile_cont(0.5) WITHIN GROUP (ORDER BY taken), count(*) FROM timed GROUP BY stretch"""
