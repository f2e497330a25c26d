"""One lead, all of it: who, how far, why, what happened, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from accounts.permissions import (
    may_adjust_scores,
    may_arrange_routing,
    may_edit_leads,
    may_hand_over,
    may_merge,
)
from handoff import follow_ups, frameworks, qualification
from handoff.clocks import Clock, read_clocks
from handoff.models import Dispute, Handoff, Qualification, Rating, Task, Verdict
from handoff.models.rating import BEST, WORST
from handoff.permissions import (
    may_decide,
    may_dispute,
    may_log,
    may_qualify,
    may_rate,
    may_see_alerts,
    may_void,
    works_on,
)
from handoff.reassigning import is_worked
from leads import consent, lifecycle, timeline
from leads.models import (
    Activity,
    ActivityType,
    CompetingSupplier,
    Lead,
    LossReason,
    OpportunityStep,
    StageChange,
)
from leads.signals import active_colleagues
from leads.stages import WITH_MARKETING, Phase, Stage
from scoring.dimensions import SALES_STAGE
from scoring.explanation import explain, history
from scoring.next_steps import NextSteps, next_steps

from . import clock_entries
from .clock_entries import ClockPanel
from .colleagues import colleagues
from .deal_panel import Deal, deals_of
from .lead_marketing import Marketing, marketing_of
from .lead_path import Step, path_of
from .lead_timeline import TOLD_ELSEWHERE, KindChip, address, entries_of, kind_chips, kinds_in
from .lead_verdicts import disputed, handoffs_of, undoable, vetted
from .merged_entries import merges_of
from .neighbours import Neighbours, neighbours_of
from .previews import try_to_hold
from .rows import AgreedLine, by_activity, in_words, leading_line, time_there
from .score_page import marks_of
from .work_rows import held_words, moment

Category = ActivityType.Category
HISTORY_DAYS = 30
HISTORY_STEP_DAYS = 2
COLLEAGUES = 6


@dataclass(frozen=True, slots=True)
class LeadPage:
    """What the page shows; its template decides nothing but looks."""

    lead: Lead
    at: datetime
    there: str
    url: str
    here_url: str
    reject_url: str
    after_reject_url: str
    line: AgreedLine
    score: dict[str, Any]
    explanation: dict[str, Any]
    next_steps: NextSteps | None
    score_url: str
    history: list[tuple[datetime, int, int, int]]
    marks: list[datetime]
    path: list[Step]
    handoff: Handoff | None
    handoffs: list[Handoff]
    clock: Clock | None
    clock_panel: ClockPanel | None
    decides: bool
    held: str
    holds: bool
    may_hold: bool
    snoozed_until: str
    may_move: bool
    undoes: Verdict | None
    came_from: Neighbours | None
    timeline: timeline.Timeline
    kinds: list[KindChip]
    earlier_url: str
    consent: dict[str, Any]
    asked: frameworks.Asked
    answers: list[frameworks.Answer]
    answered_elsewhere: list[tuple[Qualification, str]]
    missing: list[str]
    deal: Deal | None
    suppliers: list[CompetingSupplier]
    tasks: list[Task]
    rating: Rating | None
    rates: bool
    disputed: Verdict | None
    disputes: bool
    reads_disputes: bool
    colleagues: list[tuple[Lead, bool]]
    active_colleagues: int
    marketing: Marketing
    works: bool
    may_qualify: bool
    may_log: bool
    may_hand_over: bool
    may_set_phase: bool
    may_see_alerts: bool
    may_merge: bool
    may_convert: bool
    may_adjust: bool
    vetted: str
    phases = Phase.choices

    @property
    def source(self) -> str:
        return in_words(self.lead.source)

    @property
    def past(self) -> list[Handoff]:
        """Every handoff but the one that waits or was decided last."""
        return self.handoffs[1:]

    @property
    def title(self) -> str:
        """What the score panel is headed with."""
        short = [key for key, least in self.line.lines.items() if least and self.score[key] < least * 100]
        if not short or any(trigger["stage"] == SALES_STAGE for trigger in self.fired):
            return "Why this lead is over the line"
        if self.lead.is_with_sales:
            return "What counts now"
        return f"What is missing to the line: {' and '.join(short)}"

    @property
    def ahead(self) -> str:
        """What the panel of next steps is headed with; "" for none."""
        if self.next_steps is None:
            return ""
        return "How long it stays over" if self.next_steps.state == "over" else "What would make it an SQL"

    @property
    def fired(self) -> list[dict[str, Any]]:
        return [trigger for trigger in self.explanation["triggers"] if trigger["true"]]

    @property
    def blocked(self) -> list[dict[str, Any]]:
        return [blocker for blocker in self.explanation["blockers"] if blocker["true"]]

    @property
    def is_answered(self) -> bool:
        return any(answer.is_known for answer in self.answers)

    @property
    def open_tasks(self) -> int:
        return sum(task.is_open for task in self.tasks)

    @property
    def overdue_tasks(self) -> int:
        return sum(task.is_overdue(self.at) for task in self.tasks)

    @property
    def dispute(self) -> Dispute | None:
        return getattr(self.disputed, "dispute", None)

    @property
    def scores(self) -> range:
        """What a handoff can be rated with."""
        return range(WORST, BEST + 1)

    @property
    def accepting(self) -> str:
        """What accepting would do to the stage, in words; "" when it is not the reader's to say."""
        if not self.decides:
            return ""
        return "Accepting confirms this SQL." if self.lead.is_sql else "Accepting makes this an SQL."

    @property
    def is_with_rep(self) -> bool:
        """Whether the newest handoff still stands: it waits, or was accepted."""
        return self.handoff is not None and self.handoff.status in (
            Handoff.Status.OPEN,
            Handoff.Status.ACCEPTED,
        )

    @property
    def is_mql(self) -> bool:
        return self.lead.is_mql


def lead_page(*, user: User, lead: Lead, parameters: QueryDict, at: datetime) -> LeadPage:
    """Everything about ``lead`` as ``user`` may see it at ``at``."""
    url = reverse("handoff:lead", args=[lead.public_id])
    line = leading_line(lead)
    explanation = explain(lead=lead, at=at, version=line.version).as_json()
    changes = list(lead.stage_changes.select_related("by").order_by("-at", "-id"))
    handoffs = handoffs_of(lead)
    newest_handoff = handoffs[0] if handoffs else None
    waiting = newest_handoff if newest_handoff is not None and newest_handoff.is_open else None
    origin = {key: str(parameters[key]) for key in ("from", "view") if key in parameters}
    kinds = kinds_in(parameters)
    asked, known = frameworks.asked_of(lead), qualification.known_of(lead)
    deals, reasons = deals_of(lead), list(LossReason.objects.all())
    undoes = undoable(lead, handoffs, deals, user, at)
    tasks = follow_ups.of_lead(lead)
    marketing = marketing_of(lead, user, at)
    told_steps = [step for deal in deals for step in deal.steps.all()]
    told = timeline.page(
        lead_ids=[lead.pk],
        kinds=kinds,
        after=parameters.get("after", ""),
        points=by_activity(explanation),
        changes=_worth_telling(changes, told_steps),
        taken_back=lifecycle.taken_back(changes),
        added=[
            *entries_of(handoffs=handoffs, undoes=undoes, steps=told_steps, tasks=tasks, reasons=reasons),
            *clock_entries.entries(handoffs),
            *merges_of(lead, user=user, at=at),
            *marketing.entries,
        ],
        correct_url=_correct_url if may_void(user, lead, newest_handoff) else None,
    )
    works = works_on(user, lead, newest_handoff)
    rejection = disputed(newest_handoff)
    here = _with(url, origin, "") if origin else url
    decides = waiting is not None and may_decide(user, waiting)
    holder = None
    if waiting is not None and waiting.rep_id is None:
        if decides:
            try_to_hold(waiting, user, at)
        holder = waiting.holder(at)
        decides = decides and holder in (None, user)
    came_from = neighbours_of(user, lead, parameters, at)
    return LeadPage(
        lead=lead,
        at=at,
        there=time_there(lead, at),
        url=url,
        here_url=here,
        reject_url=f"{here}{'&' if '?' in here else '?'}reject=1#reject",
        after_reject_url=came_from.back_url if came_from else here,
        line=line,
        score=line.explained(explanation),
        explanation=explanation,
        next_steps=_next_steps(lead, line, at),
        score_url=reverse("handoff:score", args=[lead.public_id]),
        history=_history(lead, line, at),
        marks=_marks(lead, line, at),
        path=path_of(lead, changes, handoffs, decides=decides),
        handoff=newest_handoff,
        handoffs=handoffs,
        clock=read_clocks(handoffs=[waiting], at=at)[waiting.pk] if waiting else None,
        clock_panel=clock_entries.clock_panel(handoff=newest_handoff, user=user, at=at),
        decides=decides,
        held=held_words(waiting, user, at) if waiting else "",
        holds=holder == user,
        may_hold=decides and waiting is not None and waiting.rep_id is None and holder is None,
        snoozed_until=_asleep(waiting, at),
        may_move=may_arrange_routing(user) and (waiting is not None or _is_worked(newest_handoff)),
        undoes=undoes,
        came_from=came_from,
        timeline=told,
        kinds=kind_chips(url, origin, kinds),
        earlier_url=address(url, origin, kinds, told.next) if told.next else "",
        consent=consent.current(lead=lead),
        asked=asked,
        answers=asked.answers(known),
        answered_elsewhere=frameworks.elsewhere(asked, known),
        missing=[gap.words for gap in frameworks.gaps(lead=lead, asked=asked, known=known, at=at)],
        deal=Deal.of(deals, reasons, may_work=works) if deals else None,
        suppliers=list(lead.competing_suppliers.select_related("supplier", "by").order_by("at", "id")),
        tasks=tasks,
        rating=Rating.objects.filter(handoff=newest_handoff).first() if newest_handoff else None,
        rates=newest_handoff is not None and may_rate(user, newest_handoff),
        disputed=rejection,
        disputes=rejection is not None and may_dispute(user),
        reads_disputes=may_dispute(user),
        colleagues=_colleagues(lead, user),
        active_colleagues=active_colleagues(
            lead_id=lead.pk, company_id=lead.company_id, since=at - timedelta(days=7)
        ),
        marketing=marketing,
        works=works,
        may_qualify=may_qualify(user, lead) and works,
        may_log=may_log(user, lead),
        may_hand_over=may_hand_over(user) and lead.stage in (*WITH_MARKETING, Stage.CLOSED),
        may_set_phase=may_edit_leads(user),
        may_merge=may_merge(user),
        may_see_alerts=may_see_alerts(user),
        may_convert=may_qualify(user, lead) and works and lead.stage == Stage.SQL,
        may_adjust=may_adjust_scores(user),
        vetted=vetted(newest_handoff, decides=decides),
    )


def _correct_url(activity: Activity) -> str:
    """Where somebody says that this was no person's interest; "" for what we did ourselves."""
    if activity.lead is None or activity.type.category in (Category.SALES, Category.SYSTEM):
        return ""
    return reverse("handoff:activity-voiding", args=[activity.lead.public_id, activity.pk])


def _is_worked(newest: Handoff | None) -> bool:
    return newest is not None and is_worked(newest)


def _asleep(waiting: Handoff | None, at: datetime) -> str:
    """Until when it is put off, in words; "" when it is not."""
    if waiting is None or waiting.snoozed_until is None or not waiting.is_asleep(at):
        return ""
    return moment(waiting.snoozed_until, at)


def _with(url: str, parameters: dict[str, str], anchor: str) -> str:
    query = QueryDict(mutable=True)
    query.update(parameters)
    return f"{url}?{query.urlencode()}{anchor}"


def _next_steps(lead: Lead, line: AgreedLine, at: datetime) -> NextSteps | None:
    """None where nobody asks any more: sales has said yes, or the lead is closed."""
    if line.version is None or lead.stage not in (*WITH_MARKETING, Stage.HANDED_OVER):
        return None
    return next_steps(lead=lead, at=at, version=line.version)


def _history(lead: Lead, line: AgreedLine, at: datetime) -> list[tuple[datetime, int, int, int]]:
    days = range(HISTORY_DAYS, -1, -HISTORY_STEP_DAYS)
    moments = [at - timedelta(days=day) for day in days]
    return history(lead=lead, moments=moments, version=line.version)


def _marks(lead: Lead, line: AgreedLine, at: datetime) -> list[datetime]:
    """When a version went live or a line was crossed in that time."""
    if line.version is None:
        return []
    since = at - timedelta(days=HISTORY_DAYS)
    return [mark.at for mark in marks_of(lead, line.version, since, at, QueryDict())]


def _colleagues(lead: Lead, user: User) -> list[tuple[Lead, bool]]:
    """The newest others of the company, and whether ``user`` may open each; those one may not see are known
    by name only. One query."""
    if lead.company_id is None:
        return []
    return colleagues(company_id=lead.company_id, user=user, but=lead.pk, most=COLLEAGUES)


def _worth_telling(changes: Sequence[StageChange], steps: Sequence[OpportunityStep]) -> list[StageChange]:
    """Those that no verdict and no step of a deal tells better."""
    moments = {step.at for step in steps}
    return [
        change
        for change in changes
        if change.cause not in TOLD_ELSEWHERE
        and not (change.cause == StageChange.Cause.CONVERSION and change.at in moments)
    ]
