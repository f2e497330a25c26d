"""What templates call: ``{% load ui %}``. Looks only; the page that passes a figure in decides it."""

from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm import wording
from crm.icons import ICONS
from crm.parts import forms, scores, times
from leads.money import brief_money, money, worth

register = template.Library()

register.filter("points", wording.whole_points)
register.filter("signed", wording.signed)
register.filter("tenths", wording.tenths)
register.filter("money", money)
register.filter("brief_money", brief_money)
register.filter("worth", worth)
register.filter("initials", wording.initials)
register.filter("duration", wording.duration)
register.filter("stretch", wording.stretch)
register.filter(times.ago)
register.filter(times.at_time)
register.filter(times.short_day)
register.filter(scores.shortfall)
register.filter(scores.reason_count)
register.inclusion_tag("parts/score.html")(scores.score_bars)
register.inclusion_tag("parts/score_large.html")(scores.score_large)
register.inclusion_tag("parts/reasons_mini.html")(scores.reasons_mini)
register.inclusion_tag("parts/reasons.html")(scores.reasons_table)
register.inclusion_tag("parts/next_steps.html")(scores.next_steps)
register.inclusion_tag("parts/sla.html")(scores.sla_clock)
register.inclusion_tag("parts/timeline.html")(scores.timeline)
register.inclusion_tag("parts/field.html")(forms.field)
register.inclusion_tag("parts/error_summary.html")(forms.error_summary)
register.inclusion_tag("parts/answer_field.html")(forms.answer_field)
register.inclusion_tag("parts/reject_form.html")(forms.reject_form)
register.simple_tag(forms.widget)


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
    classes = " ".join(
        filter(None, ("ava", "ava--q" if kind == "lead" else "", f"ava--{size}" if size else ""))
    )
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, wording.initials(name))


# Addresses


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


# The frame


@register.inclusion_tag("parts/nav_link.html", takes_context=True)
def nav_link(
    context: template.Context,
    name: str,
    icon_name: str,
    label: str,
    count: object = None,
    due: bool = False,
    key: str = "",
    but: str = "",
) -> dict[str, Any]:
    """One entry of the rail, to the page of that name. ``key`` is what follows G on the keyboard, ``but`` a
    page below it that has an entry of its own."""
    return {
        **_address(context, name, but),
        "icon_name": icon_name,
        "label": label,
        "count": count,
        "due": due,
        "key": key,
    }


@register.inclusion_tag("parts/tab_link.html", takes_context=True)
def tab_link(context: template.Context, name: str, icon_name: str, label: str) -> dict[str, Any]:
    return {**_address(context, name), "icon_name": icon_name, "label": label}


@register.inclusion_tag("parts/view_link.html", takes_context=True)
def view_link(context: template.Context, name: str, label: str, but: str = "") -> dict[str, Any]:
    return {**_address(context, name, but), "label": label}


def _address(context: template.Context, name: str, but: str = "") -> dict[str, Any]:
    """The page's URL, and whether the reader is on it or on a page below it, except below ``but``; with
    "only" on none below it. A lead opened from a list belongs to that list: its page says so in
    ``rail_path``."""
    url, request = reverse(name), context.get("request")
    here = context.get("rail_path") or (request.path if request is not None else "")
    elsewhere = here != url if but == "only" else bool(but) and here.startswith(reverse(but))
    return {"url": url, "current": here.startswith(url) and not elsewhere}


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
        "next": context.get("next") or (request.get_full_path() if request is not None else "/"),
    }
