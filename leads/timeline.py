"""What happened to one lead, newest first: what it did and how it moved through the stages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from django.db.models import Q

from .models import Activity, ActivityType, Lead, StageChange
from .paging import make_cursor, read_cursor

Show = Literal["all", "web", "mail", "people"]

_Category = ActivityType.Category
#: Which categories each filter shows; None for all. People also shows stage changes and verdicts.
SHOWN: dict[Show, tuple[str, ...] | None] = {
    "all": None,
    "web": (_Category.VISIT, _Category.CONTENT, _Category.FORM, _Category.SOCIAL),
    "mail": (_Category.EMAIL,),
    "people": (_Category.SALES, _Category.EVENT),
}
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
    "note_added": "message-circle",
}

#: Properties that say which page, file or mail it was; the first that is there is shown.
DETAIL_KEYS = ("title", "subject", "content", "name", "form", "page", "path", "url")
#: Properties in the lead's or a colleague's own words, shown as a quotation.
QUOTE_KEYS = ("message", "comment", "note", "text")
LONGEST = 300


class Entry(TypedDict, total=False):
    """One line of a timeline: ``title`` in bold between ``lead_in`` and ``text``; ``points`` it brings today,
    ``quote`` in somebody's own words, ``note`` small below, ``undo_url`` while it can be taken back."""

    at: datetime
    icon: str
    title: str
    lead_in: str
    text: str
    points: float
    quote: str
    note: str
    undo_url: str


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
    lead: Lead,
    show: Show = "all",
    after: str = "",
    points: Mapping[int, float] | None = None,
    changes: Sequence[StageChange] = (),
    added: Iterable[Entry] = (),
) -> Timeline:
    """The newest ``PAGE`` entries that come after the cursor. ``points`` by activity id; ``changes`` are the
    lead's stage changes (with ``by``) and ``added`` what the caller knows beside them. 2 queries."""
    position = cast("tuple[datetime, int, int] | None", _position(after))
    activities = _activities(lead, show)
    found = [
        (
            activity.occurred_at,
            _ACTIVITY,
            activity.id,
            of_activity(activity, (points or {}).get(activity.id, 0.0)),
        )
        for activity in _before(activities, position)[: PAGE + 1]
    ]
    others: list[_Ranked] = []
    if show in ("all", "people"):
        others = [(change.at, _CHANGE, change.id, of_change(change)) for change in changes]
        others += [(entry["at"], _ADDED, number, entry) for number, entry in enumerate(added)]
    rest = [entry for entry in others if position is None or entry[:3] < position]
    listed = sorted([*found, *rest], key=lambda entry: entry[:3], reverse=True)
    if len(listed) <= PAGE:
        return Timeline([entry[3] for entry in listed], "", 0)
    last = listed[PAGE - 1]
    left = _before(activities, last[:3])[: COUNTED + 1].count()
    left += sum(1 for entry in others if entry[:3] < last[:3])
    return Timeline(
        [entry[3] for entry in listed[:PAGE]],
        make_cursor(last[:3], salt="timeline"),
        left if left <= COUNTED else None,
    )


def latest(*, lead: Lead, points: Mapping[int, float], count: int = 3) -> list[Entry]:
    """The lead's newest activities, for a preview. One query."""
    return [
        of_activity(activity, points.get(activity.id, 0.0)) for activity in _activities(lead, "all")[:count]
    ]


def _position(after: str) -> tuple[Any, ...] | None:
    values = read_cursor(after, salt="timeline")
    return tuple(values) if values is not None and len(values) == 3 else None


def _activities(lead: Lead, show: Show) -> Any:
    activities = lead.activities.counted().select_related("type")
    categories = SHOWN[show]
    if categories is not None:
        activities = activities.filter(type__category__in=categories)
    return activities.newest_first()


def _before(activities: Any, position: tuple[datetime, int, int] | None) -> Any:
    if position is None:
        return activities
    at, rank, number = position
    if rank != _ACTIVITY:
        return activities.filter(occurred_at__lte=at)
    return activities.filter(Q(occurred_at__lte=at) & (Q(occurred_at__lt=at) | Q(id__lt=number)))


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


def of_change(change: StageChange) -> Entry:
    """One stage change in words: "Handed to sales, crossed the SQL line"."""
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
    return entry


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
