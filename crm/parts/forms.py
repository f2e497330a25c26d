"""Fields, their errors, and the two forms a rep fills in, made ready for their templates."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from handoff.decisions import LATEST_RETURN_DAYS


def field(
    bound: Any,
    label: str = "",
    css: str = "",
    optional: bool = False,
    placeholder: bool = True,
    focus: bool = False,
) -> dict[str, Any]:
    """A form field with its label, help and errors; the widget gets its look and its ARIA attributes, with
    ``focus`` the focus of a page that just came."""
    return {
        "field": bound,
        "label": label or bound.label,
        "widget": _dressed(bound, css, placeholder, focus),
        "kind": bound.field.widget.input_type if hasattr(bound.field.widget, "input_type") else "",
        "optional": optional,
    }


def _dressed(bound: Any, css: str, placeholder: bool, focus: bool) -> SafeString:
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "textarea" if "Textarea" in type(widget).__name__ else "")
    look = {"textarea": "area", "select": "select", "checkbox": "check", "radio": ""}.get(kind, "input")
    described = [f"{bound.auto_id}-error"] if bound.errors else []
    described += [f"{bound.auto_id}-help"] if bound.help_text else []
    attrs: dict[str, Any] = {"class": f"{look} {css}".strip()}
    if not placeholder:
        attrs["placeholder"] = False
    if focus:
        attrs["autofocus"] = True
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return SafeString(bound.as_widget(attrs=attrs))


def widget(bound: Any, css: str = "", describedby: str = "") -> SafeString:
    """Only the input of a field, for forms that place label and error themselves."""
    attrs: dict[str, Any] = {"class": f"input {css}".strip(), "placeholder": False}
    if describedby:
        attrs |= {"aria-invalid": "true", "aria-describedby": describedby}
    return SafeString(bound.as_widget(attrs=attrs))


def error_summary(form: Any) -> dict[str, Any]:
    """What to fix, with a link to each field; nothing when there is nothing. Focus moves to it."""
    wrong = [bound for bound in form if bound.errors]
    return {"wrong": wrong, "general": form.non_field_errors(), "count": len(wrong)}


def answer_field(
    question: Any, levels: Iterable[Any], *, level: int = 0, note: str = "", key: str | None = None
) -> dict[str, Any]:
    """One answer out of ``levels`` (Level rows), and a note once it is known. Sends the question's key with
    the level's value, and the key with ``_note``. ``key`` on the keyboard: default the question's own."""
    return {
        "name": question.key,
        "label": question.label,
        "key": question.shortcut if key is None else key,
        "choices": [(each.value, each.label) for each in levels],
        "chosen": level,
        "note": note,
        "placeholder": question.hint,
    }


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
    """Reason by key 1 to 9 (the first six at once), return date, note. ``reasons`` are RejectReason rows in
    key order; sends ``reason`` (its code), ``return_on``, ``note`` and ``next``. With ``target`` by htmx."""
    reasons = list(reasons)
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
        "return_on": return_on
        or next((reason["return_on"] for reason in offered if reason["code"] == chosen), None),
        "earliest": today + timedelta(days=1),
        "latest": today
        + timedelta(days=max([LATEST_RETURN_DAYS, *(reason.return_days or 0 for reason in reasons)])),
        "error": error,
        "next": next_url,
        "target": target,
        "row": row,
    }
