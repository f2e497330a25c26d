"""The notes of a closed review: its page as text, to everybody who comes to reviews. Each gets their own:
leads of other teams have no names in it."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.sides import Side
from leads.models import Lead
from leads.ticks import tick
from notifications.notify import notify
from reports.models import Review

from . import days, minutes, preparing
from .numbers import in_words

if TYPE_CHECKING:
    from reports.models import Talk

#: What happens to what was not agreed.
CARRIED = "comes again in the next review, and can be signed before on its own page"


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
    """What the page says, in plain words and in its order, with the reader's own times."""
    with timezone.override(reader.time_zone):
        return _text(review, reader)


def _text(review: Review, reader: User) -> str:
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
        ("Definitions in force", list(_definitions(said.get("definitions") or figures["definitions"]))),
        ("Signed", list(_signed(said))),
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
        words = ", ".join(f"{side} says {word['said']}" for side, word in _sides(kept["words"]))
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
    """What was and what is, since when, and who signed; or what is missing, and where it goes from here."""
    for one in said["proposals"]:
        price = one["price"]
        yield f"- {one['model']}, {price['title']}: {_fate(one)}"
        for change in price.get("changes", []):
            was = f" Before: {change['before']}" if change["before"] else ""
            now = f" Now: {change['after']}" if change["after"] else ""
            yield f"  {change['text']}{was}{now}"
        if price.get("spared") is not None:
            later = price["later"]
            leads = "accepted lead comes" if later == 1 else "accepted leads come"
            yield (
                f"  Of {price['days']} days: spares {price['spared']} rejections; {later} {leads} later, or"
                f" not at all. {price['weekly']['live']} a week become {price['weekly']['draft']}."
            )
        for side, each in _sides(one["not_yet"]):
            yield f"  {side.capitalize()}: not yet, {each['note']} ({each['by']})"


def _fate(one: dict[str, Any]) -> str:
    if one["state"] == "edited":
        return f"version {one['number']} is being edited again. It comes back when it is checked."
    if one["state"] == "open":
        return f"not agreed, {_missing(one)}. Version {one['number']} {CARRIED}."
    over = one["price"].get("from")
    since = f" since {_moment(one['live_at'])}" if one["live_at"] else ""
    follows = f", after version {over}" if over else ""
    return f"version {one['number']} is live{since}{follows}.{_signers(one)}"


def _agreed(said: dict[str, Any]) -> Iterator[str]:
    for one in said["agreed"]:
        since = f" since {days.say(one['before_first'])}" if one.get("before_first") else ""
        was = f"{one['before']}{since}" if one["before"] else "nothing"
        why = f" {one['note']}" if one["note"] else ""
        if one["state"] == "agreed":
            yield (
                f"- {one['label']}: {one['value']} from {days.say(one['first'])}; agreed before: {was}."
                f"{_signers(one)}{why}"
            )
        else:
            yield (
                f"- {one['label']}: {one['value']} from {days.say(one['first'])} is proposed and not agreed,"
                f" {_missing(one)}; agreed until then: {was}. It {CARRIED}.{why}"
            )


def _signers(one: dict[str, Any]) -> str:
    given = _sides(one["signatures"])
    names = [f"{each['by']} for {side} ({_moment(each['at'])})" for side, each in given]
    return f" Signed: {', '.join(names)}." if names else ""


def _sides(given: dict[str, Any]) -> list[tuple[str, Any]]:
    """In the order of the page: what was kept has lost its own."""
    return [(side.value, given[side]) for side in Side if side in given]


def _missing(one: dict[str, Any]) -> str:
    """ "needs both", "needs sales", "signed by both, not made live"."""
    open_sides = [side.value for side in Side if side not in one["signatures"]]
    if not open_sides:
        return "signed by both, not made live"
    return f"needs {open_sides[0] if len(open_sides) == 1 else 'both'}"


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{days.say(local.date())}, {local:%H:%M}"


def _signed(said: dict[str, Any]) -> Iterator[str]:
    for side, one in _sides(said["sign_offs"]):
        yield f"{side.capitalize()}: {one['by']}, {_moment(one['at'])}"


def _todos(said: dict[str, Any]) -> Iterator[str]:
    for one in said["todos"]:
        due = f", by {days.say(one['due_on'])}" if one["due_on"] else ""
        yield f"- [{'x' if one['done_at'] else ' '}] {one['text']} ({one['owner']}{due})"


def _definitions(in_force: dict[str, Any]) -> Iterator[str]:
    """As they were when it was closed."""
    words = in_force["words"]
    if words:
        yield f"Number {words['number']}, since {_moment(words['since'])}"
        yield f"MQL: {words['mql']}"
        yield f"SQL: {words['sql']}"
    for model in in_force["models"]:
        since = f", live since {_moment(model['since'])}" if model["since"] else ""
        yield f"{model['model']}, version {model['number']}{since}: SQL is {' or '.join(model['sql'])}"
