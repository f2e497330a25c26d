"""What the page of a review shows, and what its reader may do on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts import sides
from accounts.company_days import company_day
from accounts.models import User
from accounts.permissions import may_draft_rules, may_sign_for
from accounts.sides import Side
from handoff.views.rows import in_words
from leads.models import Lead
from reports.models import Review, Talk
from reports.reviews import days, deciding, disagreements, minutes, numbers
from scoring import written

#: Changes named on a proposal; the page of the version has all of them.
MOST_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Card:
    """A lead to talk about, as ``cards.told``. ``lead`` is None for one that the reader may not open, and
    then nothing is said of it; ``words``: side, its label, what it said, and whether the reader may speak for
    it."""

    talk: Talk
    lead: Lead | None
    tag: str
    about: str
    sales: str
    marketing: str
    lab: str
    words: list[tuple[str, str, dict[str, Any] | None, bool]]
    settled: str


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signed, of both sides, and for which the reader may: (side, label, signature, may)."""

    rows: list[tuple[str, str, dict[str, Any] | None, bool]]

    @property
    def open(self) -> list[tuple[str, str]]:
        """The sides that the reader signs for."""
        return [(side, label) for side, label, _, may in self.rows if may]

    @property
    def missing(self) -> list[str]:
        return [label.lower() for _, label, given, _ in self.rows if given is None]

    @property
    def needed(self) -> str:
        """ "needs both", "needs sales", "signed by both"."""
        if not self.missing:
            return "signed by both"
        return f"needs {self.missing[0] if len(self.missing) == 1 else 'both'}"


def context_of(review: Review, user: User, *, at: datetime) -> dict[str, Any]:
    """Everything the template reads. About 20 queries, however much was said."""
    figures, said = minutes.thawed(review.figures), minutes.of(review)
    rows = [numbers.row(one) for one in figures.get("numbers", [])]
    is_open = review.closed_at is None
    same = Review.objects.visible_to(user).filter(kind=review.kind)
    drawn = [_proposed(one, user, is_open) for one in said["proposals"]]
    values = [_asked(one, user, is_open) for one in said["agreed"]]
    return {
        "now": at,
        "today": company_day(at),
        "review": review,
        "name": days.name_of(review.kind, review.first),
        "before_name": days.name_of(review.kind, review.first - days.WEEK) if review.is_weekly else "",
        "rail_path": reverse("reports:newest-weekly") if review.is_weekly else reverse("reports:reviews"),
        "is_open": is_open,
        "earlier": same.filter(first__lt=review.first).order_by("-first").first(),
        "later": same.filter(first__gt=review.first).order_by("first").first(),
        "numbers": rows,
        "week_rows": _weeks(rows),
        "live_url": f"{reverse('reports:dashboard')}?first={review.first}&last={review.last}",
        "closed_text": f"{review.closed_by} signed last. Nothing on it changes any more."
        if review.closed_by
        else "",
        "reasons": _reasons(figures, said),
        "cards": _cards(review, said, user) if review.is_weekly else [],
        "models": [(model, said["answers"].get(model["key"])) for model in figures.get("models", [])],
        "proposals": drawn,
        "agreed_values": values,
        "undecided": _undecided(drawn, values) if is_open else [],
        "suggestions": _suggestions(figures, said) if is_open else [],
        "todos": said["todos"],
        "definitions": said.get("definitions") or figures["definitions"],
        "written": written.proposed() if is_open else None,
        "signing": _signing(said["sign_offs"], user, is_open),
        "may_answer": is_open and deciding.may_answer(user, review.kind),
        "may_propose": is_open and may_draft_rules(user),
    }  # fmt: skip


def _weeks(rows: list[numbers.Row]) -> list[dict[str, Any]]:
    """The same figures with a row for each week, the newest first."""
    if not rows:
        return []
    firsts = [first for first, _ in rows[0].weeks]
    table = [
        {"first": first, "said": [row.weeks[place][1] for row in rows]} for place, first in enumerate(firsts)
    ]
    return table[::-1]


def _proposed(one: dict[str, Any], user: User, is_open: bool) -> tuple[dict[str, Any], Signing]:
    """A proposal as it is drawn, and who signs it: nobody while its price is of something else. Once both
    have, be it on the page of the version, either side makes it live."""
    waits = is_open and one["state"] == "open" and one["is_priced"]
    signing = _signing(one["signatures"], user, waits)
    may = waits and not signing.missing and any(may_sign_for(user, side) for side in Side)
    return {**_drawn(one), "may_go_live": may}, signing


def _undecided(
    proposed: list[tuple[dict[str, Any], Signing]], values: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """What closing would leave open: each with whose word it needs."""
    rules = [(one["price"]["title"], signing.needed) for one, signing in proposed if one["state"] == "open"]
    return [*rules, *((one["label"].lower(), one["tag"]) for one in values if one["state"] == "open")]


def _drawn(one: dict[str, Any]) -> dict[str, Any]:
    """A proposal with the widths of its scale, in per cent: what stays below the line, what moves, what stays
    above."""
    lines = []
    for line in one["price"]["lines"]:
        drawn = dict(line)
        if line["before"] is not None and line["after"] is not None:
            low, high = sorted((line["before"], line["after"]))
            most = max(line["most"], high)
            drawn["bar"] = [
                f"{100 * part / most:.1f}" for part in (max(low, 0), high - max(low, 0), most - high)
            ]
        lines.append(drawn)
    found = one["price"].get("changes", [])
    says = [] if len(found) == len(lines) == 1 else found
    more = max(0, len(says) - MOST_CHANGES)
    return {**one, "price": {**one["price"], "lines": lines}, "says": says[:MOST_CHANGES], "more": more}


def _asked(one: dict[str, Any], user: User, is_open: bool) -> dict[str, Any]:
    """A proposed value, and for which sides the reader may sign it."""
    signing = _signing(one["signatures"], user, is_open and one["state"] == "open")
    return {**one, "signing": signing, "tag": "agreed" if one["state"] == "agreed" else signing.needed}


def _reasons(figures: dict[str, Any], said: dict[str, Any]) -> dict[str, Any] | None:
    """The lines with where the leads came from in words, and what marketing answered."""
    if "reasons" not in figures:
        return None
    lines = [
        (
            line,
            ", ".join(f"{in_words(source) or 'unknown'} {count}" for source, count in line["sources"]),
            said["answers"].get(line["code"]),
        )
        for line in figures["reasons"]["lines"]
    ]
    return {**figures["reasons"], "rows": lines}


def _suggestions(figures: dict[str, Any], said: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that are no proposal yet."""
    proposed = "\n".join(one["price"].get("evidence", "") for one in said["proposals"])
    return [one for one in figures.get("suggestions", []) if f"{one['title']}. " not in proposed]


def _signing(given: dict[str, Any], user: User, is_open: bool) -> Signing:
    left = sides.left_to(user, {side: one["by_id"] for side, one in given.items()}) if is_open else []
    return Signing([(side.value, str(side.label), given.get(side), side in left) for side in Side])


def _cards(review: Review, said: dict[str, Any], user: User) -> list[Card]:
    seen = disagreements.visible(review.talks.all(), user)
    return [
        _card(talk, said["talks"].get(str(talk.public_id)), user, talk.pk in seen, review.closed_at is None)
        for talk in minutes.talks_of(review)
    ]


def _card(talk: Talk, kept: dict[str, Any] | None, user: User, is_seen: bool, is_open: bool) -> Card:
    said = {**minutes.said_of(talk), **(kept or {})}  # closed ones once kept the words of the meeting only
    may = disagreements.sides_of(user, talk) if is_open and is_seen and not said["settled"] else []
    return Card(
        talk=talk,
        lead=talk.lead if is_seen else None,
        tag=said["tag"],
        about=said["about"] if is_seen else "",
        sales=said["sales"] if is_seen else "",
        marketing=said["marketing"] if is_seen else "",
        lab=said["lab"],
        words=[(side.value, str(side.label), said["words"].get(side), side in may) for side in Side],
        settled=said["settled"],
    )
