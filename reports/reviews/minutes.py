"""What was said and decided in a review. Of an open one it is read as it is now; of a closed one as it was
kept, so that what is signed, settled or done later changes nothing on its page."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.company_days import company_day
from accounts.sides import Side
from handoff import disputes
from handoff.models import DisputeWord
from reports import agreeing, wording
from reports.measures import ABOUT, Measure
from reports.models import (
    AgreedSignature,
    AgreedValue,
    NotYet,
    Review,
    ReviewProposal,
    Talk,
    TalkWord,
    Todo,
)
from scoring.models import ModelVersion, SignOff

from . import cards, days, freezing, proposals
from .disagreements import dispute_of, latest_words

#: What in the kept JSON is a moment, and what a day.
_MOMENTS = {"at", "since", "done_at", "live_at"}
_DAYS = {"due_on", "first", "before_first"}


def of(review: Review) -> dict[str, Any]:
    """Answers, words about leads, proposals, to-dos, signatures and the definitions in force: as kept of a
    closed review, as they are of an open one. About 20 queries, none for a closed one."""
    if review.minutes is not None:
        kept: dict[str, Any] = thawed(review.minutes)
        return kept
    return read(review)


def read(review: Review) -> dict[str, Any]:
    """The same, as they are now."""
    return {
        "answers": {
            answer.about: {"text": answer.text, "by": str(answer.by), "at": answer.at}
            for answer in review.answers.select_related("by")
        },
        "talks": {str(talk.public_id): said_of(talk) for talk in talks_of(review)},
        "proposals": _proposed(review),
        "agreed": [_agreed(one) for one in _agreed_values(review)],
        "todos": [_todo(one) for one in todos_of(review).select_related("by", "done_by", "review")],
        "sign_offs": {one.side: _signed(one) for one in review.sign_offs.select_related("by")},
        "definitions": freezing.in_force(),
    }


def thawed(kept: Any) -> Any:
    """JSON with its moments and days read again."""
    if isinstance(kept, list):
        return [thawed(each) for each in kept]
    if not isinstance(kept, dict):
        return kept
    return {key: _thawed(key, value) for key, value in kept.items()}


def _thawed(key: str, value: Any) -> Any:
    if isinstance(value, str) and key in _MOMENTS:
        return datetime.fromisoformat(value)
    if isinstance(value, str) and key in _DAYS:
        return date.fromisoformat(value)
    return thawed(value)


def talks_of(review: Review) -> QuerySet[Talk]:
    """In the order of the page, with all that their cards say. 4 queries."""
    people = ("verdict__by", "verdict__reason", "verdict__dispute__by", "verdict__handoff__lead__company")
    words = Prefetch("words", TalkWord.objects.select_related("by"))
    said = Prefetch("verdict__dispute__words", DisputeWord.objects.select_related("by"))
    talks = review.talks.select_related(*people, "opportunity__lead__company", "opportunity__owner")
    return talks.prefetch_related(words, said).order_by("position", "id")


def said_of(talk: Talk) -> dict[str, Any]:
    """What its card tells, ``words``, and ``settled``."""
    return {**cards.told(talk), **_words(talk)}


def _words(talk: Talk) -> dict[str, Any]:
    """Side → what it said last, in the meeting or on the list of disputed leads; and what both agree on."""
    said: dict[str, Any] = {
        side: {"said": word.said, "by": str(word.by), "at": word.at}
        for side, word in latest_words(talk).items()
    }
    dispute = dispute_of(talk)
    for side, word in (disputes.latest_words(dispute) if dispute else {}).items():
        if side not in said or said[side]["at"] <= word.at:
            said[side] = {"said": "yes" if word.was_sql else "no", "by": str(word.by), "at": word.at}
    agreed = {word["said"] for word in said.values()} if len(said) == len(Side) else set()
    return {"words": said, "settled": agreed.pop() if len(agreed) == 1 and "unclear" not in agreed else ""}


def _proposals(review: Review) -> Iterable[ReviewProposal]:
    signed = Prefetch("version__sign_offs", SignOff.objects.select_related("by").order_by("id"))
    reserved = Prefetch("not_yet", NotYet.objects.select_related("by").order_by("at", "id"))
    rows = review.proposals.select_related("version__model").prefetch_related(signed, reserved)
    return rows.order_by("id")


def _proposed(review: Review) -> list[dict[str, Any]]:
    live = dict(ModelVersion.objects.published().values_list("model", "number"))
    return [
        _proposal(one, over=live.get(one.version.model_id, proposals.NOTHING_LIVE))
        for one in _proposals(review)
    ]


def _proposal(one: ReviewProposal, *, over: int) -> dict[str, Any]:
    """``over`` is the number of the version that is live."""
    version = one.version
    signatures = {sign.side: _signed(sign) for sign in version.sign_offs.all()}
    reserves = {
        each.side: {"note": each.note, "by": str(each.by), "at": each.at}
        for each in one.not_yet.all()
        if each.side not in signatures
    }
    return {
        "id": str(one.public_id),
        "model": version.model.name,
        "model_key": version.model.key,
        "number": version.number,
        "at": one.at,
        "state": _STATES[ModelVersion.State(version.state)],
        "live_at": version.published_at,
        "price": one.price,
        "is_priced": proposals.is_priced(version, one, over=over),
        "seen": proposals.as_seen(one),
        "signatures": signatures,
        "not_yet": reserves,
    }


def _agreed_values(review: Review) -> Iterable[AgreedValue]:
    """What waits for a word, or was agreed since the review was prepared."""
    signed = Prefetch("signatures", AgreedSignature.objects.select_related("by").order_by("at", "id"))
    since = Q(agreed_at=None) | Q(agreed_at__gte=review.prepared_at)
    rows = AgreedValue.objects.filter(since, dropped_at=None).select_related("proposed_by")
    rows = rows.prefetch_related(signed)
    return rows.order_by("proposed_at", "id") if review.is_weekly else ()


def _agreed(one: AgreedValue) -> dict[str, Any]:
    measure = Measure(one.measure)
    held = agreeing.before(one)
    return {
        "id": str(one.public_id),
        "label": ABOUT[measure].label,
        "value": wording.agreed(one.value, measure),
        "before": wording.agreed(held.value, measure) if held else "",
        "before_first": held.holds_from if held else None,
        "proposed_by": str(one.proposed_by),
        "first": one.holds_from,
        "note": one.note,
        "state": "agreed" if one.agreed_at else "open",
        "signatures": {each.side: _signed(each) for each in one.signatures.all()},
    }


_STATES = {
    ModelVersion.State.DRAFT: "edited",
    ModelVersion.State.CHECKED: "open",
    ModelVersion.State.PUBLISHED: "live",
    ModelVersion.State.RETIRED: "live",
}


def _signed(sign_off: Any) -> dict[str, Any]:
    return {"by": str(sign_off.by), "by_id": sign_off.by_id, "at": sign_off.at}


def todos_of(review: Review) -> QuerySet[Todo]:
    """What this kind of review has decided until now and was not done before this one was prepared: open ones
    of earlier reviews come again."""
    not_done_before = Q(done_at=None) | Q(done_at__gte=review.prepared_at)
    rows = Todo.objects.filter(not_done_before, review__kind=review.kind, review__first__lte=review.first)
    return rows.order_by("at", "id")


def _todo(one: Todo) -> dict[str, Any]:
    return {
        "id": str(one.public_id),
        "text": one.text,
        "owner": one.get_owner_display(),
        "due_on": one.due_on,
        "is_late": one.is_late(company_day(timezone.now())),
        "by": str(one.by),
        "from": days.name_of(one.review.kind, one.review.first),
        "done_at": one.done_at,
        "done_by": str(one.done_by) if one.done_by else "",
    }
