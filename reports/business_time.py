"""Business time of many moments at once, in the database: what ``handoff.clocks.taken`` counts for one.

A calendar becomes three lists of seconds: when each of its stretches opens, how long it is, and how much open
time came before it. The open time until a moment is then one search in a list, whatever lies in between.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoff.sla import Calendar, stretches

#: A row for each team whose calendar closes; for ``WITH``.
_ROW = "(%s::bigint, %s::float8[], %s::float8[], %s::float8[])"
_NONE = "(NULL::bigint, NULL::float8[], NULL::float8[], NULL::float8[])"


def calendars(by_team: Mapping[int, Calendar], *, start: datetime, end: datetime) -> tuple[str, list[Any]]:
    """The table ``calendar (team, opens, lasts, before)`` for ``WITH``, with its parameters, of use for
    moments from ``start`` to ``end``. A team that never closes is not in it."""
    read: dict[Calendar, tuple[list[float], list[float], list[float]]] = {}
    parameters: list[Any] = []
    rows = 0
    for team, calendar in by_team.items():
        if calendar.never_closes:
            continue
        if calendar not in read:
            read[calendar] = _lists(calendar, start, end)
        parameters += [team, *read[calendar]]
        rows += 1
    values = ", ".join([_ROW] * rows) or _NONE
    return f"calendar (team, opens, lasts, before) AS (VALUES {values})", parameters


def between(start: str, end: str) -> str:
    """Seconds of business time between two columns, joined with ``calendar``; nothing where one is null."""
    whole = f"extract(epoch FROM {end})::float8 - extract(epoch FROM {start})::float8"
    return f"CASE WHEN calendar.team IS NULL THEN {whole} ELSE {_until(end)} - {_until(start)} END"


def _until(moment: str) -> str:
    at = f"extract(epoch FROM {moment})::float8"
    place = f"width_bucket({at}, calendar.opens)"
    within = f"least({at} - calendar.opens[{place}], calendar.lasts[{place}])"
    return f"CASE WHEN {moment} IS NOT NULL THEN coalesce(calendar.before[{place}] + {within}, 0) END"


def _lists(
    calendar: Calendar, start: datetime, end: datetime
) -> tuple[list[float], list[float], list[float]]:
    opens, lasts, before, passed = [], [], [], 0.0
    for first, last in stretches(start=start, end=end, calendar=calendar):
        opens.append(first.timestamp())
        lasts.append((last - first).total_seconds())
        before.append(passed)
        passed += lasts[-1]
    return opens, lasts, before
