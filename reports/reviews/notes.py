"""The notes of a closed review: its page as text, to everybody who comes to reviews. Each gets their own:
leads of other teams have no names in it."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.models import User
from leads.models import Lead
from leads.ticks import tick
from notifications.notify import notify
from reports.models import Review

from . import days, minutes, preparing
from .numbers import in_words

if TYPE_CHECKING:
    from reports.models import Talk


def send_owed(*, at: datetime) -> int:
    """Send the notes of closed reviews that not everybody has yet; returns to how many people. Safe to
    repeat, and at once."""
    told = 0
    for review in Review.objects.filter(closed_at__isnull=False, told_at=None).order_by("closed_at", "id"):
        name = days.name_of(review.kind, review.first)
        for person in User.objects.filter(is_active=True, role__in=preparing.WHO).order_by("pk"):
            sent = notify(
                recipient=person,
                kind="review",
                key=f"review:{review.public_id}:notes",
                title=f"Notes of the {review.get_kind_display().lower()}: {name}",
                body=text(review, reader=person),
                url=reverse("reports:review", args=[review.public_id]),
                at=at,
            )
            told += sent is not None
        Review.objects.filter(pk=review.pk, told_at=None).update(told_at=at)
    if told:
        tick("deliveries")
    return told


def text(review: Review, *, reader: User) -> str:
    """What the page says, in plain words and in its order."""
    figures, said = minutes.thawed(review.figures), minutes.of(review)
    parts = [
        ("", [f"{review}, closed by {review.closed_by}."] if review.closed_by else []),
        ("The numbers we share", [in_words(one) for one in figures.get("numbers", [])]),
        ("Why leads came back", list(_reasons(figures, said))),
        ("Leads we talked about", list(_talks(review, said, reader))),
        ("The models", list(_models(figures, said))),
        ("Proposals", list(_proposals(said))),
        ("Agreed values", list(_agreed(said))),
        ("Decisions and to-dos", list(_todos(said))),
        ("Definitions in force", list(_definitions(figures))),
        ("Signed", [f"{side.capitalize()}: {one['by']}" for side, one in said["sign_offs"].items()]),
    ]
    return "\n\n".join(
        "\n".join([*([heading.upper()] if heading else []), *lines]) for heading, lines in parts if lines
    )


def _reasons(figures: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    for line in figures.get("reasons", {}).get("lines", []):
        answer = said["answers"].get(line["code"])
        told = f" Marketing: {answer['text']} ({answer['by']})" if answer else ""
        yield f"- {line['label']}: {line['count']}, on average {line['average']} a week.{told}"


def _talks(review: Review, said: dict[str, Any], reader: User) -> Iterator[str]:
    seen = set(Lead.objects.visible_to(reader).filter(pk__in=_leads(review)).values_list("pk", flat=True))
    for talk in minutes.talks_of(review):
        name = str(talk.lead) if talk.lead.pk in seen else "A lead of another team"
        kept = said["talks"].get(str(talk.public_id), {"words": {}, "settled": ""})
        words = ", ".join(f"{side} says {word['said']}" for side, word in kept["words"].items())
        settled = {"yes": " Agreed: it was an SQL.", "no": " Agreed: it was no SQL."}.get(kept["settled"], "")
        yield f"- {name} ({talk.get_why_display()}): {words or 'nothing was said'}.{settled}"


def _leads(review: Review) -> list[int]:
    talks: list[Talk] = list(minutes.talks_of(review))
    return [talk.lead.pk for talk in talks]


def _models(figures: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    for model in figures.get("models", []):
        answer = said["answers"].get(model["key"])
        told = f" {answer['by']}: {answer['text']}" if answer else ""
        age = f"version {model['number']}, live for {model['age_days']} days"
        yield f"- {model['name']}, {age}. {model['backtest']['verdict']}{told}"


def _proposals(said: dict[str, Any]) -> Iterator[str]:
    for one in said["proposals"]:
        state = {"live": "agreed and live", "open": "not agreed yet", "edited": "being edited again"}
        reserves = "".join(
            f" {side.capitalize()}: not yet, {each['note']}" for side, each in one["not_yet"].items()
        )
        yield f"- {one['model']}, {one['price']['title']}: {state[one['state']]}.{reserves}"


def _agreed(said: dict[str, Any]) -> Iterator[str]:
    for one in said["agreed"]:
        state = "agreed" if one["state"] == "agreed" else "not agreed yet"
        yield f"- {one['label']}: {one['value']}, {state}"


def _todos(said: dict[str, Any]) -> Iterator[str]:
    for one in said["todos"]:
        due = f", by {one['due_on'].day} {one['due_on']:%B}" if one["due_on"] else ""
        yield f"- [{'x' if one['done_at'] else ' '}] {one['text']} ({one['owner']}{due})"


def _definitions(figures: dict[str, Any]) -> Iterator[str]:
    words = figures["definitions"]["words"]
    if words:
        yield f"MQL: {words['mql']}"
        yield f"SQL: {words['sql']}"
    for model in figures["definitions"]["models"]:
        yield f"{model['model']}, version {model['number']}: SQL is {' or '.join(model['sql'])}"
