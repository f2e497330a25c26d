"""The leads that a review talks about: where the score and sales disagreed most. Open disputes come first;
then leads with high scores that sales sent back, and in turn deals of leads that were scored low, or never.
What both sides say of a disputed verdict settles it (``handoff.disputes``)."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts import sides
from accounts.permissions import may_sign_for
from accounts.sides import Side
from handoff import disputes
from handoff import permissions as handoff_permissions
from handoff.models import Dispute, Handoff, Verdict
from leads.models import Lead, Opportunity
from reports.handed import verdicts
from reports.models import Review, Talk, TalkWord
from reports.periods import Period
from scoring.dimensions import HUNDREDTHS, SALES_STAGE
from scoring.models import Crossing, Score

from .holding import Refused, hold

if TYPE_CHECKING:
    from accounts.models import User

#: So many leads are talked about.
MOST = 6


class NotYours(Refused):
    """The other side says that, or another team's manager."""


class Settled(Refused):
    """Both sides have said the same of it."""


def choose(review: Review) -> list[Talk]:
    """Put the leads on ``review`` that it talks about. A handful of queries."""
    period = Period(review.first, review.last)
    disputed = list(_disputed())[:MOST]
    pairs = zip_longest(_rejected(period), _found(period))
    others = (each for each in chain.from_iterable(pairs) if each is not None)
    chosen = [*disputed, *others][:MOST]
    for position, talk in enumerate(chosen):
        talk.review, talk.position = review, position
    return Talk.objects.bulk_create(chosen)


def _disputed() -> Iterator[Talk]:
    """Who has waited longest first."""
    for dispute in Dispute.objects.open().select_related("verdict__handoff").order_by("at", "id")[:MOST]:
        verdict = dispute.verdict
        yield Talk(why=Talk.Why.DISPUTED, verdict=verdict, total=shown_total(verdict.handoff))


def _rejected(period: Period) -> Iterator[Talk]:
    """Sent back in the period and disputed by nobody, the highest score at the handover first."""
    total = F("handoff__evidence__explanation__total")
    said = verdicts(handoffs=Handoff.objects.all(), period=period).filter(
        kind=Verdict.Kind.REJECT, dispute=None
    )
    ranked = said.filter(handoff__crossing__isnull=False).annotate(shown=total).exclude(shown=None)
    for verdict in ranked.select_related("handoff").order_by("-shown", "id")[:MOST]:
        yield Talk(why=Talk.Why.REJECTED, verdict=verdict, total=shown_total(verdict.handoff))


def _found(period: Period) -> Iterator[Talk]:
    """Deals of the period, made or won, of leads that no score ever brought to sales: the lowest score
    first, those that were never scored before them."""
    crossed = Crossing.objects.filter(lead=OuterRef("lead"), stage=SALES_STAGE)
    handed = Handoff.objects.filter(lead=OuterRef("lead"), crossing__isnull=False)
    highest = Score.objects.filter(lead=OuterRef("lead")).order_by("-total").values("total")[:1]
    in_period = Q(created_at__gte=period.start, created_at__lt=period.end)
    won = Q(outcome="won", closed_at__gte=period.start, closed_at__lt=period.end)
    deals = Opportunity.objects.filter(in_period | won).exclude(outcome="lost")
    deals = deals.filter(~Exists(crossed), ~Exists(handed))
    ranked = deals.annotate(scored=Subquery(highest)).order_by(F("scored").asc(nulls_first=True), "id")
    for deal, scored in ranked.values_list("pk", "scored")[:MOST]:
        points = None if scored is None else round(scored / HUNDREDTHS)
        yield Talk(why=Talk.Why.FOUND, opportunity_id=deal, total=points)


def shown_total(handoff: Handoff) -> int | None:
    """What the score was when ``handoff`` was offered, in points, as its evidence froze it."""
    explanation = handoff.evidence.get("explanation")
    return round(explanation["total"]) if explanation and "total" in explanation else None


def visible(talks: QuerySet[Talk], user: "User") -> set[int]:
    """Those of ``talks`` whose lead ``user`` may open. One query."""
    seen = Lead.objects.visible_to(user).values("pk")
    within = Q(verdict__handoff__lead__in=seen) | Q(opportunity__lead__in=seen)
    return set(talks.filter(within).values_list("pk", flat=True))


def sides_of(user: "User", talk: Talk) -> list[Side]:
    """For which sides ``user`` may speak of a lead they may open; whoever has spoken for one side does not
    speak for the other. Reads ``talk.words``, and the words of the dispute there may be."""
    dispute = dispute_of(talk)
    if dispute is not None:
        return disputes.sides_of(user, dispute)
    return sides.of(user, {word.side: word.by_id for word in latest_words(talk).values()})


def latest_words(talk: Talk) -> dict[str, TalkWord]:
    """What each side said last in the meeting. Reads ``talk.words``."""
    words = sorted(talk.words.all(), key=lambda word: (word.at, word.pk))
    return {word.side: word for word in words}


def dispute_of(talk: Talk) -> Dispute | None:
    """What ``talk.verdict`` is disputed with, if it is."""
    return getattr(talk.verdict, "dispute", None) if talk.verdict_id else None


@transaction.atomic
def say(*, talk: Talk, by: "User", side: str, said: str, at: datetime) -> Talk:
    """One side's word: was it an SQL? Yes and no of a verdict are words on its dispute, which is raised if
    nobody did: when both sides say the same, it is settled and the outcome a fact. "Unclear" is kept with the
    review. A side may change its mind until then; the same again changes nothing. Raises Closed, NotYours,
    Settled."""
    review = hold(talk.review)
    found = Talk.objects.select_related("verdict__handoff__lead", "opportunity__lead").get(pk=talk.pk)
    if not Lead.objects.visible_to(by).filter(pk=found.lead.pk).exists():
        raise NotYours("This lead is with another team.")
    dispute = dispute_of(found)
    if dispute is not None and dispute.settled_at is not None:
        raise Settled(f"Both sides have said that it was {'an' if dispute.was_sql else 'no'} SQL.")
    if side not in sides_of(by, found):
        raise NotYours(
            "Nobody speaks for both sides."
            if may_sign_for(by, side)
            else "Marketing speaks through marketers, sales through its managers."
        )
    if found.verdict is not None and said != TalkWord.Said.UNCLEAR:
        _dispute(found.verdict, by=by, side=side, was_sql=said == TalkWord.Said.YES, review=review, at=at)
    words = latest_words(found)
    if side not in words or words[side].said != said:
        TalkWord.objects.create(talk=found, side=side, said=said, by=by, at=at)
    return Talk.objects.get(pk=found.pk)


def _dispute(verdict: Verdict, *, by: "User", side: str, was_sql: bool, review: Review, at: datetime) -> None:
    try:
        raised = disputes.dispute(
            verdict=verdict,
            by=by,
            note=f"Talked about in the weekly review of {review.days}.",
            at=at,
            answers=False,
        )
        disputes.say(dispute=raised, by=by, side=side, was_sql=was_sql, at=at)
    except disputes.AlreadySettled as settled:
        raise Settled(str(settled)) from None
    except disputes.NothingToDispute as nothing:
        raise Settled(str(nothing)) from None
    except handoff_permissions.NotYours as refused:
        raise NotYours(str(refused)) from None
