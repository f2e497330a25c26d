"""What an endpoint receives: the fact itself, or a message for a chat room. Pure: a fact in, JSON out.

Names and notes come from strangers. In Slack they stand in plain_text, in Teams in a TextRun: neither is read
as markup, so nothing in them mentions a channel or hides a link.
"""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings

from .models import Announcement, Endpoint

#: Slack's limits of a header and of a text in a section.
_HEADER, _TEXT = 150, 2000
#: So many reasons are named in a chat room.
_REASONS = 3


def body(announcement: Announcement, form: str) -> bytes:
    """The request's body in ``form``, UTF-8 JSON."""
    made = _FORMATS[Endpoint.Format(form)](announcement)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _standard(announcement: Announcement) -> dict[str, Any]:
    return {
        "type": announcement.type,
        "timestamp": announcement.at.isoformat(timespec="milliseconds"),
        "data": announcement.data,
    }


def _slack(announcement: Announcement) -> dict[str, Any]:
    """Block Kit, as incoming webhooks take it. The link is no button: Slack marks those with a warning in
    channels of apps that answer no clicks."""
    data = announcement.data
    lines = [_plain(f"{label}\n{value}") for label, value in _facts(data)]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(_cut(data["summary"], _HEADER))},
    ]
    if lines:
        blocks.append({"type": "section", "fields": lines})
    if reasons := _reasons(data):
        blocks.append({"type": "section", "text": _plain("\n".join(reasons))})
    link = f"<{_escaped(data['url'])}|Open in Handoff>"
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"{link} · {_workspace()}"}]})
    return {"text": _escaped(data["summary"]), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _teams(announcement: Announcement) -> dict[str, Any]:
    """An Adaptive Card in a message, as the Workflows template “when a webhook request is received” takes it;
    the cards of Office connectors are gone."""
    data = announcement.data
    body: list[dict[str, Any]] = [_run(data["summary"], size="Medium", weight="Bolder")]
    body += [_run(f"{label}: {value}") for label, value in _facts(data)]
    body += [_run(reason, isSubtle=True) for reason in _reasons(data)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Handoff", "url": data["url"]}],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Who it is, why now and who has it, as far as they are known."""
    lead = data.get("lead") or {}
    company = (lead.get("company") or {}).get("name", "")
    rep = data.get("rep")
    return [
        (label, _cut(value, _TEXT))
        for label, value in (
            ("Lead", ", ".join(filter(None, (lead.get("name"), lead.get("title"))))),
            ("Company", company),
            ("Why now", data.get("why_now", "")),
            ("With", rep["name"] if rep else "nobody yet" if "rep" in data else ""),
            ("Note", (data.get("verdict") or {}).get("note", "")),
        )
        if value
    ]


def _reasons(data: dict[str, Any]) -> list[str]:
    largest = sorted(data.get("reasons") or [], key=lambda reason: -reason["points"])
    return [_cut(f"{reason['points']:+g} {reason['label']}", 200) for reason in largest[:_REASONS]]


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, _TEXT), "emoji": False}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": _cut(text, _TEXT), **look}]}


def _escaped(text: str) -> str:
    """For the places where Slack reads markup: mentions and links need one of these three."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _workspace() -> str:
    return _escaped(settings.WORKSPACE_NAME)


_FORMATS: dict[Endpoint.Format, Callable[[Announcement], dict[str, Any]]] = {
    Endpoint.Format.STANDARD: _standard,
    Endpoint.Format.SLACK: _slack,
    Endpoint.Format.TEAMS: _teams,
}
