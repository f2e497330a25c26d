"""How pages say numbers and times. Pure: the moment and the zone are passed in."""

from datetime import datetime, timedelta, tzinfo

MINUS = "\u2212"  # a real minus sign: as wide as the plus, and read aloud as "minus"


def whole_points(hundredths: int) -> str:
    """Hundredths as whole points, halves away from zero: 9149 → "91", -350 → "−4"."""
    whole = (abs(hundredths) + 50) // 100
    return f"{MINUS}{whole}" if hundredths < 0 and whole else str(whole)


def tenths(points: float) -> str:
    """Points with one decimal where it says something: 25.0 → "25", -3.62 → "−3.6"."""
    rounded = round(points, 1)
    digits = f"{abs(rounded):.1f}".removesuffix(".0")
    return f"{MINUS}{digits}" if rounded < 0 else digits


def signed(points: float) -> str:
    """A contribution: 25.0 → "+25", -4.0 → "−4", 0 → "0"."""
    said = tenths(points)
    return said if said.startswith(MINUS) or said == "0" else f"+{said}"


def initials(name: str) -> str:
    """Of the first and the last word: "Anneke de Graaf" → "AG". An e-mail address gives its first letter."""
    words = [word for word in name.split("@")[0].split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def duration(minutes: int) -> str:
    """Minutes in words: 36 → "36 min", 100 → "1 h 40 min", 125 → "2 h 05 min", 180 → "3 h"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def stretch(of: timedelta) -> str:
    """A length of time, two figures of it: "40 s", "38 min", "3.2 hours", "34 days"."""
    seconds = of.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "min")):
        if seconds >= size * (2 if unit == "days" else 1):
            figure = seconds / size
            said = f"{figure:.0f}" if figure >= 10 or unit == "min" else tenths(figure)
            return "1 hour" if (said, unit) == ("1", "hours") else f"{said} {unit}"
    return f"{seconds:.0f} s"


def day(at: datetime, *, now: datetime, zone: tzinfo) -> str:
    """A date without its year while that is this year: "16 Nov", "3 Jan 2025"."""
    local = at.astimezone(zone)
    said = f"{local.day} {local:%b}"
    return said if local.year == now.astimezone(zone).year else f"{said} {local.year}"


def full(at: datetime, *, zone: tzinfo) -> str:
    """Everything, for titles: "Tue 17 Nov 2026, 10:12"."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def clock_time(at: datetime, *, now: datetime, zone: tzinfo) -> str:
    """The time of day, with the date when that is not today: "11:12", "Mon 16 Nov, 11:12"."""
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%a} {day(at, now=now, zone=zone)}, {local:%H:%M}"


def ago(at: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Relative while that helps, from two days on the date: "24 min ago", "yesterday", "16 Nov"."""
    minutes = int(abs((now - at).total_seconds()) // 60)
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    future = at > now
    if minutes < 1:
        return "just now"
    if minutes < 60 or days == 0:
        span = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
        return f"in {span}" if future else f"{span} ago"
    if abs(days) == 1:
        return "tomorrow" if future else "yesterday"
    return day(at, now=now, zone=zone)


def day_heading(at: datetime, *, now: datetime, zone: tzinfo) -> str:
    """The heading over one day of a timeline: "Today, Tuesday 17 November", "Monday 16 November"."""
    local = at.astimezone(zone)
    today = now.astimezone(zone)
    said = f"{local:%A} {local.day} {local:%B}"
    if local.year != today.year:
        said = f"{said} {local.year}"
    prefix = {0: "Today, ", 1: "Yesterday, "}.get((today.date() - local.date()).days, "")
    return prefix + said
