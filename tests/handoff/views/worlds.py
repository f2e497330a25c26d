"""Handoffs as the pages meet them: written down directly, so that a page's test says only what it shows."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from handoff.models import Handoff, Pool, RejectReason, Verdict
from leads.lifecycle import move
from leads.models import Lead, LeadAccess, StageChange
from leads.stages import Stage
from scoring.models import ModelVersion, Score
from tests.factories import NOW, lead, team


def pool(name: str = "DACH", **fields: Any) -> Pool:
    """The pool of the team of that name, the same one each time."""
    return Pool.objects.get_or_create(name=name, defaults={"team": team(name), **fields})[0]


def handed_over(
    to: User | None,
    name: str = "",
    *,
    of: Lead | None = None,
    at: datetime = NOW,
    due: timedelta = timedelta(hours=2),
    in_pool: str = "DACH",
    cycle: int = 1,
    **fields: Any,
) -> Handoff:
    """An open handoff offered ``at``, due ``due`` after it; ``to`` None waits for anybody of the pool."""
    who = of or lead(name, stage=Stage.MQL, at=at - timedelta(days=5), **fields)
    change = move(lead=who, to=Stage.HANDED_OVER, at=at, cause=StageChange.Cause.CROSSING)
    place = pool(in_pool)
    LeadAccess.objects.get_or_create(lead=who, team=place.team)
    return Handoff.objects.create(
        lead=who,
        cycle=cycle,
        pool=place,
        rep=to,
        offered_at=at,
        assigned_at=at if to else None,
        due_at=at + due,
        allowed_minutes=60 if due <= timedelta(hours=1) else 240,
        stage_change=change,
        version=ModelVersion.objects.published().first(),
        evidence={},
    )


def scored(of: Lead, *, intent: int, fit: int = 30, engagement: int = 8, at: datetime = NOW) -> Score:
    """A score in points under the live version."""
    version = ModelVersion.objects.live()
    figures = {"intent": intent * 100, "fit": fit * 100, "engagement": engagement * 100}
    return Score.objects.update_or_create(
        lead=of,
        model=version.model,
        defaults={
            **figures,
            "total": sum(figures.values()),
            "version": version,
            "computed_at": at,
            "fading": False,
        },
    )[0]


def sent_back(
    handoff: Handoff, *, by: User, reason: str = "timing", at: datetime = NOW, note: str = ""
) -> Verdict:
    """A rejection as it stands in the history, without its effects on the score."""
    why = RejectReason.objects.get(code=reason)
    change = move(
        lead=handoff.lead,
        to=Stage(why.destination),
        at=at,
        cause=StageChange.Cause.VERDICT,
        by=by,
        reason=reason,
    )
    Handoff.objects.filter(pk=handoff.pk).update(status=Handoff.Status.REJECTED, decided_at=at)
    return_on = at.date() + timedelta(days=why.return_days) if why.return_days else None
    return Verdict.objects.create(
        handoff=handoff,
        kind=Verdict.Kind.REJECT,
        by=by,
        at=at,
        reason=why,
        note=note,
        return_on=return_on,
        stage_change=change,
    )
