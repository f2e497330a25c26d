"""What templates call: ``{% load ui %}``. Looks only; every figure is decided by the page that passes it in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crm import charts, wording
from crm.icons import ICONS

register = template.Library()

LEVELS = ("Unknown", "Weak", "Likely", "Confirmed")
#: Label, key on the keyboard, and what the note asks, per question of BANT.
BANT = {
    "budget": ("Budget", "b", "Who pays, how much, approved?"),
    "authority": ("Authority", "u", "Who decides, who else has a say?"),
    "need": ("Need", "n", "What hurts today?"),
    "timing": ("Timing", "t", "When must it run, and why then?"),
}

register.filter("points", wording.whole_points)
register.filter("signed", wording.signed)
register.filter("tenths", wording.tenths)
register.filter("initials", wording.initials)
register.filter("duration", wording.duration)


def _aware(at: datetime | str) -> datetime:
    """Moments come as datetimes or, in the JSON of an explanation, as ISO text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _now(now: datetime | None) -> datetime:
    return now or timezone.now()


# Icons and people


@cache
def _sprite() -> str:
    return static("icons/sprite.svg")


@register.simple_tag
def icon(name: str, size: str = "", css: str = "") -> SafeString:
    """A decorative icon; ``size="s"`` for the small one. Raises ValueError on a name the sprite lacks."""
    if name not in ICONS:
        raise ValueError(f"No icon {name!r}; crm/icons.py lists those drawn.")
    classes = " ".join(filter(None, ("i", f"i--{size}" if size else "", css)))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, _sprite(), name
    )


@register.simple_tag
def avatar(name: str, size: str = "", kind: str = "lead") -> SafeString:
    """Initials in a box (``kind="lead"``) or a circle (``kind="user"``); the name always stands beside it."""
    classes = " ".join(filter(None, ("ava", "ava--q" if kind == "lead" else "", f"ava--{size}" if size else "")))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, wording.initials(name))


# Times


@register.filter
def ago(at: datetime | str | None, now: datetime | None = None) -> SafeString:
    """A <time> element with the relative time in text and the full one in its title; "" for None."""
    if at is None:
        return mark_safe("")
    at, zone = _aware(at), timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        at.isoformat(timespec="seconds"),
        wording.full(at, zone=zone),
        wording.ago(at, now=_now(now), zone=zone),
    )


@register.filter
def at_time(at: datetime | str | None, now: datetime | None = None) -> SafeString:
    """A <time> element with the time of day, and the date when that is another day."""
    if at is None:
        return mark_safe("")
    at, zone = _aware(at), timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        wording.full(at, zone=zone),
        wording.clock_time(at, now=_now(now), zone=zone),
    )


@register.filter
def short_day(on: datetime | date | str | None, now: datetime | None = None) -> str:
    """A date as people write it: "12 Jan", "12 Jan 2027" when that is another year."""
    if on is None:
        return ""
    zone = timezone.get_current_timezone()
    if isinstance(on, str):
        on = datetime.fromisoformat(on) if "T" in on else date.fromisoformat(on)
    if not isinstance(on, datetime):
        on = datetime(on.year, on.month, on.day, 12, tzinfo=zone)
    return wording.day(on, now=_now(now), zone=zone)


# Scores


@register.inclusion_tag("parts/score.html")
def score_bars(
    *,
    fit: int,
    engagement: int,
    intent: int,
    total: int,
    lines: Mapping[str, int | None],
    ceilings: Mapping[str, int],
) -> dict[str, Any]:
    """The total and three bars for a row. Scores in hundredths; lines and ceilings in points by dimension."""
    drawn = charts.bars(fit=fit, engagement=engagement, intent=intent, lines=lines, ceilings=ceilings)
    return {
        "total": wording.whole_points(total),
        "bars": [(bar, 1 + 6 * row) for row, bar in enumerate(drawn)],
        "words": charts.bars_in_words(drawn),
    }


@register.inclusion_tag("parts/score_large.html")
def score_large(
    *,
    fit: int,
    engagement: int,
    intent: int,
    lines: Mapping[str, int | None],
    ceilings: Mapping[str, int],
    history: Sequence[tuple[datetime, int, int, int]] = (),
) -> dict[str, Any]:
    """Figure, verdict and bar per dimension; with ``history`` (moment, fit, engagement, intent; oldest first,
    hundredths) a line over time under each."""
    days = (history[-1][0] - history[0][0]).days if len(history) > 1 else 0
    series = {
        "fit": [row[1] for row in history],
        "engagement": [row[2] for row in history],
        "intent": [row[3] for row in history],
    }
    drawn = charts.bars(fit=fit, engagement=engagement, intent=intent, lines=lines, ceilings=ceilings)
    return {"dims": [(bar, charts.spark(bar=bar, series=series[bar.key], days=days)) for bar in drawn]}


@register.filter
def shortfall(score: Mapping[str, Any]) -> str:
    """What is missing to the line in a few words: "intent 2 short", "fit 3, intent 16", "" when over.
    ``score`` holds fit, engagement, intent (hundredths), lines and ceilings, as ``score_bars`` takes them."""
    drawn = charts.bars(**{key: score[key] for key in ("fit", "engagement", "intent", "lines", "ceilings")})
    missing = [bar for bar in drawn if bar.short]
    if len(missing) == 1:
        return f"{missing[0].key} {missing[0].verdict.split(', ')[1]}"
    return ", ".join(f"{bar.key} {wording.whole_points(bar.short)}" for bar in missing)


# Reasons


def _css(dimension: str) -> str:
    return next(css for key, _, css in charts.DIMENSIONS if key == dimension)


def _in_order(explanation: Mapping[str, Any]) -> list[dict[str, Any]]:
    by_key = {dimension["key"]: dimension for dimension in explanation["dimensions"]}
    return [{**by_key[key], "label": label, "css": css} for key, label, css in charts.DIMENSIONS if key in by_key]


@register.filter
def reason_count(explanation: Mapping[str, Any]) -> int:
    return sum(len(dimension["reasons"]) for dimension in explanation["dimensions"])


@register.inclusion_tag("parts/reasons_mini.html")
def reasons_mini(explanation: Mapping[str, Any], limit: int = 5) -> dict[str, Any]:
    """The largest contributions, those against the lead last."""
    every = [
        {**reason, "css": dimension["css"] if reason["points"] >= 0 else "no"}
        for dimension in _in_order(explanation)
        for reason in dimension["reasons"]
        if reason["points"]
    ]
    largest = sorted(every, key=lambda reason: -abs(reason["points"]))[:limit]
    most = abs(largest[0]["points"]) if largest else 0
    for reason in largest:
        reason["width"] = charts.share(abs(reason["points"]), most)
    return {"reasons": sorted(largest, key=lambda reason: -reason["points"])}


@register.inclusion_tag("parts/reasons.html")
def reasons_table(explanation: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Every reason with its evidence, grouped by dimension with a subtotal."""
    groups = _in_order(explanation)
    scale = charts.diverging_scale([reason["points"] for group in groups for reason in group["reasons"]])
    for group in groups:
        group["reasons"] = [
            {
                **reason,
                "css": group["css"] if reason["points"] >= 0 else "no",
                "width": scale.width(reason["points"]),
                "capped": round(reason.get("raw_points", reason["points"]) - reason["points"], 2) != 0,
            }
            for reason in sorted(group["reasons"], key=lambda reason: -reason["points"])
        ]
        fading = [reason for reason in group["reasons"] if reason.get("counts_until")]
        group["next"] = min(fading, key=lambda reason: _aware(reason["counts_until"]), default=None)
        group["full"] = group["ceiling"] and group["points"] >= group["ceiling"]
    return {"groups": groups, "total": explanation["total"], "now": _now(now)}


# The response clock


@register.inclusion_tag("parts/sla.html")
def sla_clock(*, due_at: datetime, at: datetime, total: int, remaining: int, offered_at: datetime | None = None) -> dict[str, Any]:
    """Ring and words. ``total`` and ``remaining`` in business minutes, negative when over."""
    zone = timezone.get_current_timezone()
    clock = charts.clock(
        due=wording.clock_time(due_at, now=at, zone=zone), due_at=due_at, at=at, total=total, remaining=remaining
    )
    title = clock.title
    if offered_at is not None:
        title += f", offered {wording.clock_time(offered_at, now=at, zone=zone)}"
    return {"clock": clock, "title": title, "due_at": due_at, "total": total}


# The timeline


@register.inclusion_tag("parts/timeline.html")
def timeline(items: Iterable[Mapping[str, Any]], now: datetime | None = None, grouped: bool = True) -> dict[str, Any]:
    """Newest first. An item: ``at``, ``icon``, ``title``; optional ``lead_in`` (before the title), ``text`` (after
    it), ``points`` (float), ``quote``, ``note`` (small, muted) and ``undo_url``. ``grouped=False`` is the short list
    of a preview: no headings, relative times."""
    moment, zone = _now(now), timezone.get_current_timezone()
    listed = sorted(items, key=lambda item: item["at"], reverse=True)
    days = (
        [
            (wording.day_heading(day[0]["at"], now=moment, zone=zone), day)
            for day in (list(same) for _, same in groupby(listed, key=lambda item: item["at"].astimezone(zone).date()))
        ]
        if grouped
        else [("", listed)]
    )
    return {"days": days, "grouped": grouped, "now": moment}


# Forms


@register.inclusion_tag("parts/field.html")
def field(
    bound: Any, label: str = "", css: str = "", optional: bool = False, placeholder: bool = True
) -> dict[str, Any]:
    """A form field with its label, help and errors; the widget gets the look and the ARIA attributes it needs."""
    return {
        "field": bound,
        "label": label or bound.label,
        "widget": _dressed(bound, css, placeholder),
        "kind": bound.field.widget.input_type if hasattr(bound.field.widget, "input_type") else "",
        "optional": optional,
    }


def _dressed(bound: Any, css: str, placeholder: bool) -> SafeString:
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "textarea" if "Textarea" in type(widget).__name__ else "")
    look = {"textarea": "area", "select": "select", "checkbox": "check", "radio": ""}.get(kind, "input")
    described = [f"{bound.auto_id}-error"] if bound.errors else []
    described += [f"{bound.auto_id}-help"] if bound.help_text else []
    attrs: dict[str, Any] = {"class": f"{look} {css}".strip()}
    if not placeholder:
        attrs["placeholder"] = False
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


@register.simple_tag
def widget(bound: Any, css: str = "", describedby: str = "") -> SafeString:
    """Only the input of a field, for forms that place label and error themselves."""
    attrs: dict[str, Any] = {"class": f"input {css}".strip(), "placeholder": False}
    if describedby:
        attrs |= {"aria-invalid": "true", "aria-describedby": describedby}
    return SafeString(bound.as_widget(attrs=attrs))


@register.inclusion_tag("parts/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """What to fix, with a link to each field; nothing when there is nothing. Focus moves to it."""
    wrong = [bound for bound in form if bound.errors]
    return {"wrong": wrong, "general": form.non_field_errors(), "count": len(wrong)}


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The page's own query string with some parameters changed, None to drop: "?view=due&owner=me"."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            parameters.pop(key, None)
        elif isinstance(value, list | tuple):
            parameters.setlist(key, list(value))
        else:
            parameters[key] = value
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.inclusion_tag("parts/bant_field.html")
def bant_field(question: str, *, level: int = 0, note: str = "") -> dict[str, Any]:
    """One BANT answer: unknown, weak, likely, confirmed, and a note once it is known. Sends ``question`` (0 to 3)
    and ``question_note``."""
    label, key, placeholder = BANT[question]
    return {
        "name": question,
        "label": label,
        "key": key,
        "choices": list(enumerate(LEVELS)),
        "chosen": level,
        "note": note,
        "placeholder": placeholder,
    }


@register.inclusion_tag("parts/reject_form.html")
def reject_form(
    *,
    action: str,
    reasons: Iterable[Any],
    now: datetime,
    close_url: str = "?",
    chosen: str = "",
    note: str = "",
    return_on: date | None = None,
    error: str = "",
    next_url: str = "",
    target: str = "",
    row: str = "",
) -> dict[str, Any]:
    """Reason by key 1 to 9 (the first six at once), return date, note. ``reasons`` are RejectReason rows in key
    order; sends ``reason`` (its code), ``return_on``, ``note`` and ``next``. With ``target`` it goes by htmx."""
    today = timezone.localdate(now)
    offered = [
        {
            "code": reason.code,
            "key": reason.key,
            "label": reason.label,
            "return_on": today + timedelta(days=reason.return_days) if reason.return_days else None,
        }
        for reason in reasons
    ]
    return {
        "action": action,
        "first": offered[:6],
        "rest": offered[6:],
        "rest_open": any(reason["code"] == chosen for reason in offered[6:]),
        "close_url": close_url,
        "chosen": chosen,
        "note": note,
        "return_on": return_on,
        "earliest": today,
        "error": error,
        "next": next_url,
        "target": target,
        "row": row,
    }


# The frame


@register.inclusion_tag("parts/nav_link.html", takes_context=True)
def nav_link(
    context: template.Context, url: str, icon_name: str, label: str, count: object = None, due: bool = False, key: str = ""
) -> dict[str, Any]:
    """One entry of the rail; nothing while its page has no address. ``key`` is what follows G on the keyboard."""
    return {
        "url": url,
        "icon_name": icon_name,
        "label": label,
        "count": count,
        "due": due,
        "key": key,
        "current": _is_here(context, url),
    }


@register.inclusion_tag("parts/tab_link.html", takes_context=True)
def tab_link(context: template.Context, url: str, icon_name: str, label: str) -> dict[str, Any]:
    return {"url": url, "icon_name": icon_name, "label": label, "current": _is_here(context, url)}


@register.inclusion_tag("parts/view_link.html", takes_context=True)
def view_link(context: template.Context, url: str, label: str) -> dict[str, Any]:
    return {"url": url, "label": label, "current": _is_here(context, url)}


def _is_here(context: template.Context, url: str) -> bool:
    request = context.get("request")
    return bool(url) and request is not None and request.path.startswith(url)


@register.inclusion_tag("parts/toast.html", takes_context=True)
def toast(context: template.Context, message: Any, undo_url: str = "", undo_row: str = "") -> dict[str, Any]:
    """What just happened, with Undo. A Django message names its undo address in ``extra_tags``."""
    tags = getattr(message, "extra_tags", "") or ""
    level = getattr(message, "level_tag", "success")
    request = context.get("request")
    return {
        "text": message,
        "undo_url": undo_url or (tags if tags.startswith("/") else ""),
        "undo_row": undo_row,
        "icon_name": {"error": "circle-alert", "warning": "triangle-alert"}.get(level, "check"),
        "next": request.get_full_path() if request is not None else "/",
    }
