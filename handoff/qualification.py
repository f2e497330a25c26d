"""From SQL to opportunity: what the first contact told, the answers of BANT, a talk, and the conversion."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from leads import lifecycle
from leads.models import Activity, Lead, Opportunity, StageChange
from leads.stages import Stage

from . import announcements
from .models import Handoff, Qualification
from .permissions import NotYours, may_qualify

if TYPE_CHECKING:
    from accounts.models import User

FRAMEWORK = "bant"
#: Activities that count as having talked or seen a demo (S4-02).
TALKS = ("call_logged", "meeting_held", "demo_attended")


class NotQualified(Exception):
    """The lead cannot become an opportunity yet; ``missing`` says in words what is left."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
        self.missing = missing


class NotAccepted(NotQualified):
    """The lead is no SQL: sales has yet to accept it, or it has left sales again."""


def answer(*, lead: Lead, by: "User", question: str, level: int, at: datetime, note: str = "") -> None:
    """Write down what ``by`` learned about one question; the newest word holds. The same word again changes
    nothing: who said it first, and when, stays. Raises ValueError for a question nobody asks, NotYours when
    the lead is another's."""
    if question not in Qualification.QUESTIONS:
        raise ValueError(f"{listed(list(Qualification.QUESTIONS))} are asked, not “{question}”.")
    _refuse_strangers(lead, by)
    known = Qualification.objects.filter(lead=lead, framework=FRAMEWORK, question=question).first()
    if (level, note) == ((known.level, known.note) if known else (Qualification.Level.UNKNOWN, "")):
        return
    Qualification.objects.update_or_create(
        lead=lead,
        framework=FRAMEWORK,
        question=question,
        defaults={"level": Qualification.Level(level), "note": note, "by": by, "at": at},
    )


def missing(*, lead: Lead) -> list[str]:
    """What stands between ``lead`` and an opportunity, in words: ["budget", "a talk or demo"]. 2 queries."""
    left = unanswered(lead=lead, questions=Qualification.QUESTIONS)
    talked = Activity.objects.counted().filter(lead=lead, type__key__in=TALKS).exists()
    return left if talked else [*left, "a talk or demo"]


def unanswered(*, lead: Lead, questions: Sequence[str]) -> list[str]:
    """Those of ``questions`` that nobody has answered, in their order. One query."""
    known = set(
        Qualification.objects.filter(lead=lead, framework=FRAMEWORK, question__in=questions)
        .exclude(level=Qualification.Level.UNKNOWN)
        .values_list("question", flat=True)
    )
    return [question for question in questions if question not in known]


@transaction.atomic
def convert(
    *,
    lead: Lead,
    by: "User",
    at: datetime,
    name: str = "",
    amount: Decimal | None = None,
    close_on: date | None = None,
) -> Opportunity:
    """Make ``lead`` an opportunity, exactly once: whoever comes second, by button or API, gets the one that
    is there (C-50). Raises NotQualified when something is missing, NotYours when the lead is another's."""
    held = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company").get(pk=lead.pk)
    _refuse_strangers(held, by)
    existing = held.opportunities.open().first()
    if existing is not None:
        return existing
    if held.stage != Stage.SQL:
        raise NotAccepted(["the acceptance by sales"])
    if left := missing(lead=held):
        raise NotQualified(left)
    change = lifecycle.move(lead=held, to=Stage.OPPORTUNITY, at=at, cause=StageChange.Cause.CONVERSION, by=by)
    lead.stage, lead.stage_at = held.stage, held.stage_at
    opportunity = Opportunity.objects.create(
        lead=held,
        owner=held.owner or by,
        name=name or str(held.company or held),
        amount=amount,
        close_on=close_on,
        created_at=change.at,
    )
    announcements.opportunity_created(opportunity=opportunity, by=by, at=at)
    return opportunity


def _refuse_strangers(lead: Lead, by: "User") -> None:
    """Sales works on its own: the rep who has the lead, who leads the team, an admin."""
    if not may_qualify(by, lead) or not Lead.objects.visible_to(by).filter(pk=lead.pk).exists():
        raise NotYours("Only sales qualifies leads that are with sales.")
    rep = Handoff.objects.filter(lead=lead).order_by("-cycle").values_list("rep", flat=True).first()
    if by.role == "rep" and rep not in (None, by.pk):
        raise NotYours("A colleague works on this lead.")


def listed(words: list[str]) -> str:
    """ "Budget", "Budget and a talk", "Budget, need and a talk"."""
    said = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return said[:1].upper() + said[1:]
