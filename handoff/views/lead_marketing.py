"""What marketing knows of a lead and may decide, for its page: phases, strength, shortfall, judgements."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from accounts.permissions import may_hand_over
from handoff import answering, judging
from handoff.messages import lower
from handoff.models import ReturnAnswer, Shortfall
from leads import phases, timeline
from leads.models import Lead, StageChange
from leads.stages import WITH_MARKETING, Stage

from .mql_rows import strength_of

_STEPS = {Stage.MQL: "Make it an MQL", Stage.LEAD: "Make it a lead again", Stage.CLOSED: "Close it"}


@dataclass(frozen=True, slots=True)
class Marketing:
    """``stays`` in phases, oldest first; ``strength`` of an MQL, else ""; ``shortfall`` that holds; what the
    reader may judge it to be; ``entries`` are for the timeline."""

    stays: list[phases.Stay]
    strength: str
    shortfall: Shortfall | None
    may_record: bool
    steps: list[tuple[str, str]]
    undo_url: str
    entries: list[timeline.Entry]
    kinds = Shortfall.Kind.choices


def marketing_of(lead: Lead, user: User, at: datetime) -> Marketing:
    """Three queries; one more of an MQL, one more for marketing."""
    changes = list(lead.phase_changes.select_related("by").order_by("at", "id"))
    short = list(lead.shortfalls.select_related("by").order_by("at", "id"))
    answers = (
        ReturnAnswer.objects.filter(verdict__handoff__lead=lead).select_related("by").order_by("at", "id")
    )
    holding = next((one for one in short if one.holds and one.kind != Shortfall.Kind.NONE), None)
    may = may_hand_over(user)
    undoes: StageChange | None = judging.undoable(lead=lead, by=user, at=at) if may else None
    return Marketing(
        stays=phases.stays(lead, changes, at),
        strength=strength_of([lead.pk])[lead.pk] if lead.is_mql else "",
        shortfall=holding,
        may_record=may and lead.stage in WITH_MARKETING,
        steps=[(to.value, words) for to, words in _STEPS.items() if may and to in _steps(lead)],
        undo_url=reverse("handoff:judgement-undo", args=[lead.public_id]) if undoes else "",
        entries=[
            *(timeline.of_phase_change(change) for change in changes),
            *(_shortfall(one) for one in short),
            *(_answer(one, user, at) for one in answers),
        ],
    )


def _steps(lead: Lead) -> frozenset[Stage]:
    return judging.STEPS.get(Stage(lead.stage), frozenset())


def _shortfall(one: Shortfall) -> timeline.Entry:
    text = f": {lower(one.get_kind_display())}"
    entry = timeline.Entry(at=one.at, icon="hourglass", lead_in=str(one.by), title="noted", text=text)
    if one.note:
        entry["quote"] = one.note
    if one.undone_at is not None:
        entry["note"] = "Taken back"
        entry["struck"] = True
    return entry


def _answer(one: ReturnAnswer, user: User, at: datetime) -> timeline.Entry:
    text = f" the return: {lower(one.get_kind_display())}"
    if one.warm_until:
        text += f" until {one.warm_until.day} {one.warm_until:%b %Y}"
    entry = timeline.Entry(at=one.at, icon="undo-2", lead_in=str(one.by), title="answered", text=text)
    if one.note:
        entry["quote"] = one.note
    if one.undone_at is not None:
        entry["note"] = "Taken back"
        entry["struck"] = True
    elif answering.may_undo(one, user, at):
        entry["undo_url"] = reverse("handoff:answer-undo", args=[one.public_id])
    return entry
