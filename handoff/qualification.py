"""From SQL to opportunity: what the first contact told, the answers of the framework, a talk, and the
conversion."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from leads import lifecycle
from leads.models import Lead, Opportunity, OpportunityStage, OpportunityStep, StageChange
from leads.stages import Stage

from . import announcements, frameworks, opportunities
from .frameworks import Asked, Gap
from .models import UNKNOWN, Qualification
from .permissions import NotYours, may_override_requirements, refuse_stranger

if TYPE_CHECKING:
    from accounts.models import User


class NotQualified(Exception):
    """The lead cannot become an opportunity yet; ``missing`` says in words what is left."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
        self.missing = missing


class NotAccepted(NotQualified):
    """The lead is no SQL: sales has yet to accept it, or it has left sales again."""


def answer(
    *,
    lead: Lead,
    by: "User",
    question: str,
    level: int,
    at: datetime,
    note: str = "",
    asked: Asked | None = None,
) -> None:
    """Write down what ``by`` learned about one question (its key); the newest word holds. The same word again
    changes nothing: who said it first, and when, stays. ``asked`` is the lead's framework where the caller
    has read it. Raises ValueError for a question nobody asks or a level it does not have, NotYours when the
    lead is another's."""
    asked = asked or frameworks.asked_of(lead)
    found = asked.question(question)
    if found is None:
        raise ValueError(f"{listed([each.key for each in asked.questions])} are asked, not “{question}”.")
    if level not in {each.value for each in asked.levels}:
        raise ValueError(f"{found.label} has no level {level}.")
    refuse_stranger(lead, by)
    known = Qualification.objects.filter(lead=lead, question=found).first()
    if (level, note) == ((known.level, known.note) if known else (UNKNOWN, "")):
        return
    Qualification.objects.update_or_create(
        lead=lead, question=found, defaults={"level": level, "note": note, "by": by, "at": at}
    )


def known_of(lead: Lead) -> list[Qualification]:
    """Every answer there is about ``lead``, of whatever framework. One query."""
    return list(lead.qualifications.select_related("question__framework", "by").order_by("question", "id"))


def missing(*, lead: Lead, at: datetime) -> list[str]:
    """What stands between ``lead`` and an opportunity, in words: ["budget", "a talk or demo"]. 6 queries, one
    more per requirement about activities."""
    return [gap.words for gap in gaps_of(lead=lead, at=at)]


def gaps_of(*, lead: Lead, at: datetime) -> list[Gap]:
    """The same, each with the question it is about."""
    return frameworks.gaps(lead=lead, asked=frameworks.asked_of(lead), known=known_of(lead), at=at)


def to_ask_first(*, lead: Lead) -> list[str]:
    """The keys of the questions that have to be answered before ``lead`` can be accepted (S0-12); [] where
    the company does not ask. Up to 6 queries."""
    if not settings.ASK_INTEREST_TO_ACCEPT:
        return []
    first = frameworks.asked_of(lead).first_contact
    return [question.key for question in frameworks.unanswered(questions=first, known=known_of(lead))]


@transaction.atomic
def convert(
    *,
    lead: Lead,
    by: "User",
    at: datetime,
    name: str = "",
    amount: Decimal | None = None,
    close_on: date | None = None,
    override: str = "",
) -> Opportunity:
    """Make ``lead`` an opportunity, exactly once: whoever comes second, by button or API, gets the one that
    is there (C-50). ``override`` is the reason for which a manager goes on although something is missing; it
    stands in the history with what was missing (S2-16). Raises NotQualified when something is missing,
    CloseRefused for a day in the past, NotYours when the lead is another's, or the override is not theirs to
    give."""
    held = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company").get(pk=lead.pk)
    refuse_stranger(held, by)
    existing = held.opportunities.open().first()
    if existing is not None:
        return existing
    if held.stage != Stage.SQL:
        raise NotAccepted(["the acceptance by sales"])
    opportunities.refuse_past(close_on, today=opportunities.today_of(by, at))
    note = ""
    if left := missing(lead=held, at=at):
        if not override:
            raise NotQualified(left)
        if not may_override_requirements(by):
            raise NotYours("Only a manager goes on while something is missing.")
        note = f"Without {listed(left, capital=False)}: {override}"
    change = lifecycle.move(
        lead=held, to=Stage.OPPORTUNITY, at=at, cause=StageChange.Cause.CONVERSION, by=by, note=note
    )
    lead.stage, lead.stage_at = held.stage, held.stage_at
    first = OpportunityStage.objects.filter(is_active=True).order_by("position", "id").first()
    opportunity = Opportunity.objects.create(
        lead=held,
        owner=held.owner or by,
        name=name or str(held.company or held),
        stage=first,
        amount=amount,
        close_on=close_on,
        created_at=change.at,
    )
    OpportunityStep.objects.create(
        opportunity=opportunity,
        kind=OpportunityStep.Kind.CREATED,
        to_stage=first,
        at=change.at,
        by=by,
        note=note,
    )
    held.competing_suppliers.update(opportunity=opportunity)
    announcements.opportunity_created(opportunity=opportunity, by=by, at=at)
    return opportunity


def listed(words: list[str], *, capital: bool = True) -> str:
    """ "Budget", "Budget and a talk", "Budget, need and a talk"."""
    said = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    return said[:1].upper() + said[1:] if capital else said
