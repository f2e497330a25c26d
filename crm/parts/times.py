"""Moments as pages show them: short in the text, in full in the title, for machines in ``datetime``."""

from collections.abc import Callable
from datetime import date, datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crm import wording


def aware(at: datetime | str) -> datetime:
    """Moments come as datetimes or, in the JSON of an explanation, as ISO text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def or_now(now: datetime | None) -> datetime:
    return now or timezone.now()


def ago(at: datetime | str | None, now: datetime | None = None) -> SafeString:
    """A <time> element with the relative time in text and the full one in its title; "" for None."""
    return _element(at, wording.ago, now, mark=mark_safe(" data-ago"))


def at_time(at: datetime | str | None, now: datetime | None = None) -> SafeString:
    """A <time> element with the time of day, and the date when that is another day."""
    return _element(at, wording.clock_time, now)


def _element(
    at: datetime | str | None, words: Callable[..., str], now: datetime | None, *, mark: str = ""
) -> SafeString:
    if at is None:
        return mark_safe("")
    at, zone = aware(at), timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        at.isoformat(timespec="seconds"),
        wording.full(at, zone=zone),
        mark,
        words(at, now=or_now(now), zone=zone),
    )


def short_day(on: datetime | date | str | None, now: datetime | None = None) -> str:
    """A date as people write it: "12 Jan", "12 Jan 2027" when that is another year."""
    if on is None:
        return ""
    zone = timezone.get_current_timezone()
    if isinstance(on, str):
        on = datetime.fromisoformat(on) if "T" in on else date.fromisoformat(on)
    if not isinstance(on, datetime):
        on = datetime(on.year, on.month, on.day, 12, tzinfo=zone)
    return wording.day(on, now=or_now(now), zone=zone)
