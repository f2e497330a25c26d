"""Write steps through the stages that a file tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from capture.journal import Journal
from leads.models import StageChange


@dataclass(frozen=True, slots=True)
class Move:
    """One step of one lead that the file tells of."""

    lead_id: int
    from_stage: str
    to_stage: str
    at: datetime
    reason: str = ""


def move(moves: Sequence[Move], journal: Journal | None = None) -> None:
    """Write steps of the past: the history rows and the leads' stages. The leads are locked."""
    if not moves:
        return
    if journal:
        journal.moves += [
            [step.lead_id, step.from_stage, step.to_stage, step.at.isoformat()] for step in moves
        ]
    StageChange.objects.bulk_create(
        StageChange(
            lead_id=step.lead_id,
            from_stage=step.from_stage,
            to_stage=step.to_stage,
            at=step.at,
            cause=StageChange.Cause.IMPORT,
            reason=step.reason,
        )
        for step in moves
    )
    last = {step.lead_id: step for step in moves}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_lead l SET stage = new.stage, stage_at = new.at, stage_reason = new.reason"
            " FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[])"
            " AS new (id, stage, at, reason) WHERE l.id = new.id",
            [
                list(last),
                [step.to_stage for step in last.values()],
                [step.at for step in last.values()],
                [step.reason for step in last.values()],
            ],
        )
