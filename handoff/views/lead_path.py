"""How far a lead has come: the line of stages on top of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handoff.models import Handoff
from leads.models import Lead, StageChange
from leads.stages import Stage, said

from .rows import in_words

_WAY = (Stage.LEAD, Stage.MQL, Stage.HANDED_OVER, Stage.SQL, Stage.OPPORTUNITY)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage on the way from lead to opportunity: ``state`` is done, now or ahead."""

    label: str
    state: str
    at: datetime | None
    note: str


def path_of(
    lead: Lead, changes: Sequence[StageChange], handoffs: Sequence[Handoff], *, decides: bool
) -> list[Step]:
    """From lead to opportunity; of a customer or a closed lead, the stages it went through. ``changes`` come
    newest first; ``decides`` is whether the reader may accept."""
    held: list[StageChange] = []
    for change in reversed(changes):
        if change.cause == StageChange.Cause.UNDO and held:
            held.pop()  # the verdict that was taken back
        else:
            held.append(change)
    entered = {change.to_stage: change for change in held}
    way = list(_WAY)
    if lead.stage in (Stage.CUSTOMER, Stage.CLOSED):
        way = [stage for stage in way if stage == Stage.LEAD or stage in entered] + [Stage(lead.stage)]
    here = way.index(Stage(lead.stage))
    steps = []
    for number, stage in enumerate(way):
        state = "done" if number < here else "now" if number == here else "ahead"
        at = entered[stage].at if stage in entered else lead.created_at if stage == Stage.LEAD else None
        if state == "ahead":
            steps.append(Step(said(stage), state, None, _ahead(stage, decides=decides)))
        else:
            steps.append(Step(said(stage), state, at, _cause(stage, lead, entered.get(stage), handoffs)))
    return steps


def _ahead(stage: Stage, *, decides: bool) -> str:
    return {
        Stage.MQL: "when it shows interest",
        Stage.HANDED_OVER: "over the SQL line",
        Stage.SQL: "when you accept" if decides else "when sales accepts",
        Stage.OPPORTUNITY: "once qualified",
    }.get(stage, "")


def _cause(stage: Stage, lead: Lead, change: StageChange | None, handoffs: Sequence[Handoff]) -> str:
    if stage == Stage.LEAD:
        return in_words(lead.source)
    if change is None:
        return ""
    if stage == Stage.HANDED_OVER and handoffs and handoffs[0].version is not None:
        return f"rules v{handoffs[0].version.number}"
    if change.cause == StageChange.Cause.VERDICT and stage != Stage.SQL:
        return "sent back"
    if stage == Stage.MQL and change.reason in ("strong", "weak"):
        return f"{change.reason} interest"
    return str(change.by) if change.by is not None else change.get_cause_display().lower()
