"""Move leads through the stages, and note why."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction

from . import phases
from .asking import ask
from .models import Lead, PhaseChange, Settlement, StageChange
from .stages import MOVES, Phase, Stage

if TYPE_CHECKING:
    from accounts.models import User


class StageConflict(Exception):
    """The lead is not where the caller thought it was; ``stage`` says where it is."""

    def __init__(self, lead: Lead, stage: str) -> None:
        super().__init__(f"{lead} is {Stage(stage).label} by now.")
        self.stage = stage


class MoveRefused(Exception):
    """The two stages are not neighbours: a customer does not become an MQL again."""


@transaction.atomic
def move(
    *,
    lead: Lead,
    to: Stage,
    at: datetime,
    cause: StageChange.Cause,
    by: "User | None" = None,
    reason: str = "",
    note: str = "",
    expect: str | None = None,
) -> StageChange:
    """Move ``lead`` to stage ``to`` and write the history row. ``expect`` is the stage the caller saw
    (default: what ``lead`` says). Raises StageConflict when someone was faster, MoveRefused when no such
    step exists. Updates ``lead`` in memory. 2 queries."""
    was = expect or lead.stage
    if to not in MOVES[Stage(was)]:
        raise MoveRefused(f"A lead does not go from {Stage(was).label} to {to.label}.")
    moved = Lead.objects.filter(pk=lead.pk, stage=was).update(stage=to, stage_at=at, stage_reason=reason)
    if not moved:
        raise StageConflict(lead, Lead.objects.values_list("stage", flat=True).get(pk=lead.pk))
    lead.stage, lead.stage_at, lead.stage_reason = to, at, reason
    return StageChange.objects.create(
        lead=lead, from_stage=was, to_stage=to, at=at, by=by, cause=cause, reason=reason, note=note
    )


def settle(*, change: StageChange, was_sql: bool, at: datetime) -> None:
    """Note that both sides agree on whether the lead of ``change``, the step of a verdict, was an SQL: from
    ``at`` on, what judges rules by verdicts goes by this one. Said again, the newer word holds. 2 to 4
    queries."""
    Settlement.objects.update_or_create(change=change, defaults={"was_sql": was_sql, "at": at})


def taken_back(changes: Iterable[StageChange]) -> dict[int, StageChange]:
    """Which of ``changes``, all of their leads', were taken back: key → the change that took it back. Of the
    steps to one stage the last goes first, as for ``milestones``. Pure."""
    standing: dict[tuple[int, str], list[StageChange]] = {}
    found = {}
    for change in sorted(changes, key=lambda each: (each.at, each.pk)):
        if change.takes_back:
            if steps := standing.get((change.lead_id, change.from_stage)):
                found[steps.pop().pk] = change
        else:
            standing.setdefault((change.lead_id, change.to_stage), []).append(change)
    return found


def set_phase(*, lead: Lead, phase: Phase, at: datetime, by: "User | None" = None) -> bool:
    """Put ``lead`` into another buying phase by a marketer's judgement, forward or back; what it does next
    may move it forward again. Returns False when it is there already. 3 queries."""
    with phases.decided(cause=PhaseChange.Cause.PERSON, by=by):
        moved = Lead.objects.filter(pk=lead.pk).exclude(phase=phase).update(phase=phase, phase_at=at)
    if moved:
        lead.phase, lead.phase_at = phase, at
    return bool(moved)


def unset_phase(*, change: PhaseChange) -> bool:
    """Put the lead of ``change`` back into the phase it came from, as of when it had entered that: the change
    never was, and its row goes. Returns False when the lead has gone on since. 3 queries."""
    lead = change.lead
    before = lead.phase_changes.exclude(pk=change.pk).order_by("-at", "-id").first()
    entered = before.at if before else min(lead.created_at, change.at)
    # A change stays in the history unless it lies after the moment that the lead says.
    since = min(entered, change.at - timedelta(microseconds=1))
    put_back = Lead.objects.filter(pk=lead.pk, phase=change.to_phase, phase_at=change.at)
    return bool(put_back.update(phase=change.from_phase, phase_at=since))


def advance_phases(*, lead_ids: Iterable[int], at: datetime) -> int:
    """Move the buying phase of these leads forward to the furthest one that their activities of the last
    90 days before ``at`` show; never back. Returns how many moved. One statement, safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE.format(seen=_IN_HISTORY), {"leads": list(lead_ids), "at": at})
        return int(cursor.rowcount)


def advance_phases_by(*, seen: Iterable[tuple[int, int, datetime]], at: datetime) -> int:
    """The same by new activities alone, each as (lead, type, moment): what was there before has moved the
    phase already. So it costs the same however long a history is, and a marketer who moved a phase back is
    overruled only by something new."""
    leads, types, moments = zip(*seen, strict=True)
    rows = {"leads": list(leads), "types": list(types), "moments": list(moments), "at": at}
    return len(ask(_ADVANCE_BY, rows))


_IN_HISTORY = """
    (SELECT lead_id, type_id, occurred_at FROM leads_activity
     WHERE lead_id = ANY(%(leads)s) AND voided_at IS NULL)
"""
_IN_BATCH = """
    (SELECT * FROM unnest(%(leads)s::bigint[], %(types)s::smallint[], %(moments)s::timestamptz[])
     AS batch (lead_id, type_id, occurred_at))
"""
_ADVANCE = """
WITH reached AS (
    SELECT a.lead_id, max(rank.n) AS n, min(a.occurred_at) FILTER (WHERE rank.n = 3) AS decision_at,
           min(a.occurred_at) FILTER (WHERE rank.n = 2) AS consideration_at
    FROM {seen} a
    JOIN leads_activitytype t ON t.id = a.type_id
    JOIN (VALUES ('awareness', 1), ('consideration', 2), ('decision', 3)) AS rank (phase, n)
      ON rank.phase = t.phase
    WHERE a.occurred_at <= %(at)s AND a.occurred_at > %(at)s - interval '90 days'
    GROUP BY a.lead_id
)
UPDATE leads_lead l
SET phase = (ARRAY['awareness', 'consideration', 'decision'])[reached.n],
    phase_at = greatest(l.phase_at, CASE reached.n WHEN 3 THEN decision_at ELSE consideration_at END)
FROM reached
WHERE l.id = reached.lead_id
  AND reached.n > CASE l.phase WHEN 'awareness' THEN 1 WHEN 'consideration' THEN 2 ELSE 3 END
"""
_ADVANCE_BY = _ADVANCE.format(seen=_IN_BATCH) + "RETURNING l.id"
