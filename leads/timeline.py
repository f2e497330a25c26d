"""What happened to one lead or to everybody of a company, newest first: what they did and how they moved
through the stages. A page costs the same however long the history is, whatever it is narrowed to."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from django.db import connection

from .models import Activity, ActivityType, Lead, PhaseChange, StageChange
from .paging import make_cursor, read_cursor

_Category = ActivityType.Category
#: What a timeline can be narrowed to → the categories of activities it holds. Steps are stage changes, and
#: whatever the caller adds, besides.
KINDS: dict[str, tuple[str, ...]] = {
    "web": (_Category.VISIT, _Category.CONTENT, _Category.FORM, _Category.SOCIAL),
    "mail": (_Category.EMAIL,),
    "people": (_Category.SALES, _Category.EVENT),
    "steps": (_Category.SYSTEM,),
}
STEPS = "steps"
#: What does not count. Without kinds it stands among the rest, struck out.
VOIDED = "voided"
PAGE = 25
#: Earlier entries are counted up to here; beyond it nobody needs the figure.
COUNTED = 100

_ICONS: dict[str, str] = {
    _Category.VISIT: "eye",
    _Category.CONTENT: "download",
    _Category.EMAIL: "mail-open",
    _Category.EVENT: "calendar",
    _Category.FORM: "clipboard-list",
    _Category.SOCIAL: "globe",
    _Category.SALES: "phone",
    _Category.SYSTEM: "circle-dot",
}
_OWN_ICONS = {
    "demo_request": "calendar-check",
    "meeting_booked": "calendar-check",
    "meeting_held": "handshake",
    "webinar_attended": "video",
    "chat": "message-circle",
    "email_sent": "mail",
    "voicemail_left": "phone",
    "demo_attended": "video",
    "note_added": "message-circle",
}

#: Properties that say which page, file or mail it was; the first that is there is shown.
DETAIL_KEYS = ("title", "subject", "content", "name", "form", "page", "path", "url")
#: Properties in the lead's or a colleague's own words, shown as a quotation.
QUOTE_KEYS = ("message", "comment", "note", "text")
LONGEST = 300


class Entry(TypedDict, total=False):
    """One line of a timeline: ``title`` in bold between ``lead_in`` and ``text``; ``points`` it brings today,
    ``quote`` in somebody's own words, ``note`` small below, ``undo_url`` while it can be taken back. What is
    ``struck`` does not count; ``correct_url`` is where somebody says whether it does."""

    at: datetime
    icon: str
    title: str
    lead_in: str
    text: str
    points: float
    quote: str
    note: str
    undo_url: str
    struck: bool
    correct_url: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries, newest first. ``next`` is the cursor of the page before ("" when there is none) and
    ``earlier`` how many entries it leads to, None for more than ``COUNTED``."""

    entries: list[Entry]
    next: str
    earlier: int | None


# At one moment, what a lead did comes before the move it caused, and that before the verdict upon it.
_ACTIVITY, _CHANGE, _ADDED = range(3)
_Ranked = tuple[datetime, int, int, Entry]


def page(
    *,
    lead_ids: Collection[int],
    kinds: Collection[str] = (),
    after: str = "",
    points: Mapping[int, float] | None = None,
    changes: Sequence[StageChange] = (),
    taken_back: Mapping[int, StageChange] | None = None,
    added: Iterable[Entry] = (),
    named: bool = False,
    correct_url: Callable[[Activity], str] | None = None,
) -> Timeline:
    """The newest ``PAGE`` entries that come after the cursor, of the ``kinds`` asked for (none: of all).
    ``points`` by activity id; ``changes`` are the leads' stage changes (with ``by``), of which those in
    ``taken_back`` are struck out, and ``added`` what the caller knows beside them. ``named`` says whose each
    entry is; ``correct_url`` where somebody says that an activity was no person's interest, "" where they may
    not. 3 queries, 4 with kinds."""
    position = cast("tuple[datetime, int, int] | None", _position(after))
    there = _there(lead_ids, kinds, position, limit=PAGE + COUNTED + 2)
    first = {number for _, number in there[: PAGE + 1]}
    rows = Activity.objects.filter(pk__in=first).select_related("type", "lead")
    rows = rows.prefetch_related("suspicions")
    found: list[_Ranked] = [
        (
            row.occurred_at,
            _ACTIVITY,
            row.id,
            _named(_judged(row, (points or {}).get(row.id, 0.0), correct_url), row.lead if named else None),
        )
        for row in rows
    ]
    others: list[_Ranked] = []
    if not kinds or STEPS in kinds:
        others = [
            (
                change.at,
                _CHANGE,
                change.id,
                _named(of_change(change, (taken_back or {}).get(change.id)), change.lead if named else None),
            )
            for change in changes
        ]
        others += [(entry["at"], _ADDED, number, entry) for number, entry in enumerate(added)]
    rest = [entry for entry in others if position is None or entry[:3] < position]
    listed = sorted([*found, *rest], key=lambda entry: entry[:3], reverse=True)
    if len(listed) <= PAGE:
        return Timeline([entry[3] for entry in listed], "", 0)
    last = listed[PAGE - 1][:3]
    left = sum(1 for at, number in there if (at, _ACTIVITY, number) < last)
    left += sum(1 for entry in others if entry[:3] < last)
    return Timeline(
        [entry[3] for entry in listed[:PAGE]],
        make_cursor(last, salt="timeline"),
        left if left <= COUNTED else None,
    )


def latest(*, lead: Lead, points: Mapping[int, float], count: int = 3) -> list[Entry]:
    """The lead's newest activities, for a preview. One query."""
    rows = lead.activities.counted().select_related("type").newest_first()
    return [of_activity(row, points.get(row.id, 0.0)) for row in rows[:count]]


def _position(after: str) -> tuple[Any, ...] | None:
    values = read_cursor(after, salt="timeline")
    return tuple(values) if values is not None and len(values) == 3 else None


def _there(
    lead_ids: Collection[int],
    kinds: Collection[str],
    position: tuple[datetime, int, int] | None,
    *,
    limit: int,
) -> list[tuple[datetime, int]]:
    """Moment and id of the newest ``limit`` activities before ``position``. The index is entered once per
    lead, or once per lead and type, and read ``limit`` rows deep at most: a lead with 100,000 visits and no
    mail costs no more than one with ten."""
    if not lead_ids:
        return []
    others = [kind for kind in kinds if kind != VOIDED]
    bounds: dict[str, Any] = {"leads": sorted(lead_ids), "limit": limit, "types": _types(others)}
    before = ""
    if position is not None:
        at, rank, number = position
        # What stands at the same moment as a move comes after it, whatever its id.
        bounds |= {"at": at, "id": number if rank == _ACTIVITY else _LAST_ID}
        before = (
            "AND occurred_at <= %(at)s::timestamptz"
            " AND (occurred_at, id) < (%(at)s::timestamptz, %(id)s::bigint)"
        )
    statement = _OF_TYPES if kinds else _OF_ALL
    if VOIDED in kinds:
        statement = f"({_OF_TYPES}) UNION ALL ({_OF_VOIDED}) {_NEWEST_FIRST}" if others else _OF_VOIDED
    with connection.cursor() as cursor:
        cursor.execute(statement.format(before=before), bounds)
        return [(at, number) for at, number in cursor.fetchall()]


def _types(kinds: Collection[str]) -> list[int]:
    """Ids of the activity types that ``kinds`` show. One query, none without kinds."""
    categories = [category for kind in kinds for category in KINDS.get(kind, ())]
    if not categories:
        return []
    return list(ActivityType.objects.filter(category__in=categories).values_list("id", flat=True))


_LAST_ID = 2**63 - 1
_NEWEST_FIRST = "ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s"
#: What an import took back is gone; what a signal was named of, or a person voided, can be seen and restored.
_OF_ALL = """
SELECT a.occurred_at, a.id FROM unnest(%(leads)s::bigint[]) AS l (id)
CROSS JOIN LATERAL (
  SELECT occurred_at, id FROM leads_activity
  WHERE lead_id = l.id {before}
    AND (voided_at IS NULL
      OR EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = leads_activity.id))
  ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s
) a
ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s
"""
_OF_VOIDED = """
SELECT a.occurred_at, a.id FROM unnest(%(leads)s::bigint[]) AS l (id)
CROSS JOIN LATERAL (
  SELECT occurred_at, id FROM leads_activity
  WHERE lead_id = l.id AND voided_at IS NOT NULL {before}
    AND EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = leads_activity.id)
  ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s
) a
ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s
"""
#: A range of one type, sorted by type: only the index that scoring reads has that order. Asked for equality,
#: the planner takes the other one and reads a lead from end to end for a type it never did. Ties come along;
#: the outer order parts them.
_OF_TYPES = """
SELECT a.occurred_at, a.id FROM unnest(%(leads)s::bigint[]) AS l (id)
CROSS JOIN unnest(%(types)s::smallint[]) AS t (id)
CROSS JOIN LATERAL (
  SELECT occurred_at, id FROM leads_activity
  WHERE lead_id = l.id AND type_id >= t.id AND type_id <= t.id AND voided_at IS NULL {before}
  ORDER BY type_id, occurred_at DESC FETCH FIRST %(limit)s ROWS WITH TIES
) a
ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s
"""


def _named(entry: Entry, whose: Lead | None) -> Entry:
    if whose is not None:
        entry["lead_in"] = f"{whose}:"
    return entry


def _judged(activity: Activity, points: float, correct_url: Callable[[Activity], str] | None) -> Entry:
    """What an activity was, with what speaks against it."""
    entry = of_activity(activity, points)
    named = list(activity.suspicions.all())
    if activity.voided_at is not None:
        entry["struck"] = True
        signal = next(
            (f" ({each.detail})" for each in named if each.detail not in ("", activity.void_reason)), ""
        )
        entry["note"] = f"Does not count: {activity.void_reason or 'voided'}{signal}"
    elif marked := [each for each in named if each.state == each.State.MARKED]:
        entry["note"] = f"Suspected: {', '.join(str(each).lower() for each in marked)}"
    if correct_url is not None:
        entry["correct_url"] = correct_url(activity)
    return entry


def of_activity(activity: Activity, points: float = 0.0) -> Entry:
    """One activity in words: "Viewed pricing, Plans and prices, 3 min 40 s"."""
    kind = activity.type
    entry = Entry(
        at=activity.occurred_at,
        icon=_OWN_ICONS.get(kind.key, _ICONS[kind.category]),
        title=kind.label,
        points=points,
    )
    parts = [part for part in (detail(activity.properties), _length(activity.properties)) if part]
    if activity.undated:
        parts.append("time not known")
    if parts:
        entry["text"] = f", {', '.join(parts)}"
    if said := _first(activity.properties, QUOTE_KEYS):
        entry["quote"] = said
    aside = [f"by {by}" for by in [_first(activity.properties, ("by",))] if by]
    aside += [f"because: {why}" for why in [_first(activity.properties, ("reason",))] if why]
    if aside:
        entry["note"] = ", ".join(aside)
    return entry


def of_change(change: StageChange, taken_back: StageChange | None = None) -> Entry:
    """One stage change in words: "Handed to sales, crossed the SQL line"; struck out where a later one took
    it back."""
    title = {"handed_over": "Handed to sales", "lead": "Became a lead again"}.get(
        change.to_stage, f"Became {change.get_to_stage_display()}"
    )
    if change.to_stage == "closed":
        title = "Closed"
    text = f", {change.get_cause_display().lower()}"
    if change.by is not None:
        text += f" ({change.by})"
    entry = Entry(at=change.at, icon="arrow-right-left", title=title, text=text)
    if change.note:
        entry["quote"] = change.note
    if taken_back is not None:
        entry["note"] = f"Taken back by {taken_back.by}" if taken_back.by else "Taken back"
        entry["struck"] = True
    return entry


def of_phase_change(change: PhaseChange) -> Entry:
    """One change of the buying phase in words: "Entered consideration, by what the lead did"."""
    text = f", {change.get_cause_display().lower()}"
    if change.by is not None:
        text += f" ({change.by})"
    return Entry(
        at=change.at, icon="layers", title=f"Entered {change.get_to_phase_display().lower()}", text=text
    )


def detail(properties: Mapping[str, Any]) -> str:
    """Which page, file or mail an activity was about, "" when it does not say."""
    return _first(properties, DETAIL_KEYS)


def _length(properties: Mapping[str, Any]) -> str:
    minutes, of_minutes = _count(properties, "minutes"), _count(properties, "of_minutes")
    if minutes:
        return f"{minutes} of {of_minutes} min" if of_minutes else f"{minutes} min"
    minutes, rest = divmod(_count(properties, "seconds"), 60)
    return " ".join(part for part in (f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest)) if part)


def _count(properties: Mapping[str, Any], key: str) -> int:
    value = properties.get(key)
    return value if isinstance(value, int) and value > 0 and value is not True else 0


def _first(properties: Mapping[str, Any], keys: Sequence[str]) -> str:
    for key in keys:
        value = properties.get(key)
        if isinstance(value, str) and value.strip():
            text = value.strip()
            return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return ""
