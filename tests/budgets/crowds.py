"""Many rows of one kind with a handful of statements: the same rows that the worlds of tests/handoff/views
make one by one. ``firms`` says how many: one row for each of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from handoff.models import Handoff, RejectReason, Verdict
from leads.models import Activity, ActivityType, Company, Lead, LeadAccess, StageChange
from leads.stages import Stage
from scoring.models import Crossing, LineState, ModelVersion, Score
from tests.factories import NOW
from tests.handoff.views.worlds import pool


def companies(numbers: Sequence[int]) -> list[Company]:
    return Company.objects.bulk_create(
        Company(name=f"Mine {number} GmbH", domain=f"mine-{number}.example", employees=100)
        for number in numbers
    )


def leads(name: str, firms: Sequence[Company], *, at: datetime, **fields: Any) -> list[Lead]:
    return Lead.objects.bulk_create(
        Lead(
            name=f"{name} {firm.domain}",
            email=f"{name}@{firm.domain}".lower(),
            company=firm,
            created_at=at - timedelta(days=5),
            **{"stage_at": at, "phase_at": at, **fields},
        )
        for firm in firms
    )


def handed_over(to: User | None, name: str, firms: Sequence[Company], *, at: datetime) -> list[Handoff]:
    """Open ones, due one minute after the other from five minutes after ``at`` on."""
    place, version = pool("DACH"), ModelVersion.objects.published().first()
    of = leads(name, firms, at=at, stage=Stage.HANDED_OVER)
    LeadAccess.objects.bulk_create(LeadAccess(lead=lead, team=place.team) for lead in of)
    changes = _changes(of, Stage.MQL, Stage.HANDED_OVER, at, StageChange.Cause.CROSSING)
    return Handoff.objects.bulk_create(
        Handoff(
            lead=lead,
            cycle=1,
            pool=place,
            rep=to,
            offered_at=at,
            assigned_at=at if to else None,
            due_at=at + timedelta(minutes=5 + number),
            allowed_minutes=240,
            stage_change=change,
            version=version,
            evidence={},
        )
        for number, (lead, change) in enumerate(zip(of, changes, strict=True))
    )


def sent_back(handoffs: Sequence[Handoff], *, by: User, at: datetime) -> None:
    why = RejectReason.objects.get(code="timing")
    of, ids = [handoff.lead for handoff in handoffs], [handoff.pk for handoff in handoffs]
    Lead.objects.filter(handoffs__in=ids).update(stage=Stage.MQL, stage_at=at, stage_reason=why.code)
    Handoff.objects.filter(pk__in=ids).update(status=Handoff.Status.REJECTED, decided_at=at)
    verdict = StageChange.Cause.VERDICT
    changes = _changes(of, Stage.HANDED_OVER, Stage.MQL, at, verdict, by=by, reason=why.code)
    Verdict.objects.bulk_create(
        Verdict(
            handoff=handoff,
            kind=Verdict.Kind.REJECT,
            by=by,
            at=at,
            reason=why,
            note="Later.",
            return_on=at.date() + timedelta(days=60),
            stage_change=change,
        )
        for handoff, change in zip(handoffs, changes, strict=True)
    )


def scored(of: Sequence[Lead], *, intent: int) -> None:
    version = ModelVersion.objects.live()
    points = {"intent": intent * 100, "fit": 3000, "engagement": 800}
    Score.objects.bulk_create(
        Score(
            lead=lead,
            model=version.model,
            version=version,
            computed_at=NOW,
            fading=False,
            total=sum(points.values()),
            **points,
        )
        for lead in of
    )


def looked_at_prices(of: Sequence[Lead], *, at: datetime) -> None:
    """Three times each, and at other pages as often."""
    Activity.objects.bulk_create(
        Activity(
            lead=lead,
            type=kind,
            occurred_at=at - timedelta(minutes=minutes),
            source="test",
            event_id=f"{kind.key}-{lead.pk}-{minutes}",
        )
        for kind in ActivityType.objects.filter(key__in=["pricing_page_view", "page_view"])
        for lead in of
        for minutes in range(3)
    )


def held(of: Sequence[Lead]) -> None:
    """Over the line because of the live version, waiting for release."""
    version = ModelVersion.objects.live()
    LineState.objects.bulk_create(
        LineState(lead=lead, model=version.model, stage="sql", inside=True, cycle=1, since=NOW) for lead in of
    )
    Crossing.objects.bulk_create(
        Crossing(
            lead=lead, model=version.model, version=version, stage="sql", cycle=1, at=NOW, cause="line",
            fit=3000, engagement=0, intent=2500, total=5500, held_at=NOW,
        )
        for lead in of
    )  # fmt: skip


def _changes(
    of: Sequence[Lead], was: Stage, to: Stage, at: datetime, cause: StageChange.Cause, **fields: Any
) -> list[StageChange]:
    return StageChange.objects.bulk_create(
        StageChange(lead=lead, from_stage=was, to_stage=to, at=at, cause=cause, **fields) for lead in of
    )
