"""What sales was shown when a lead was handed over, frozen: scores, reasons and latest activities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from leads import timeline
from leads.models import Lead
from scoring.explanation import explain
from scoring.models import ModelVersion

#: So many activities are kept; the timeline has them all.
LATEST = 8


class Person(TypedDict):
    """The lead's facts that matter to sales."""

    name: str
    title: str
    company: str
    employees: int | None
    industry: str
    country: str
    source: str


class Seen(TypedDict):
    """One activity: ``at`` in ISO format."""

    type: str
    label: str
    at: str
    detail: str


class Evidence(TypedDict):
    """The frozen reasons. ``explanation`` is scoring's own document, None before any model is published."""

    at: str
    lead: Person
    triggers: list[str]
    explanation: dict[str, Any] | None
    latest: list[Seen]


def freeze(
    *, lead: Lead, at: datetime, version: ModelVersion | None = None, triggers: Sequence[str] = ()
) -> Evidence:
    """Everything that speaks for ``lead`` as of ``at``, under ``version`` (default: the live one)."""
    company = lead.company
    return Evidence(
        at=at.isoformat(),
        lead=Person(
            name=str(lead),
            title=lead.title,
            company=str(company or ""),
            employees=company.employees if company else None,
            industry=company.industry if company else "",
            country=lead.country or (company.country if company else ""),
            source=lead.source,
        ),
        triggers=list(triggers),
        explanation=_explanation(lead, at, version),
        latest=_latest(lead, at),
    )


def is_blocked(evidence: Evidence) -> bool:
    """Whether a blocker of the rules holds for the lead."""
    explanation = evidence["explanation"]
    return explanation is not None and any(blocker["true"] for blocker in explanation["blockers"])


def _explanation(lead: Lead, at: datetime, version: ModelVersion | None) -> dict[str, Any] | None:
    try:
        version = version or ModelVersion.objects.live()
    except ModelVersion.DoesNotExist:
        return None
    return dict(explain(lead=lead, at=at, version=version).as_json())


def _latest(lead: Lead, at: datetime) -> list[Seen]:
    activities = lead.activities.counted().filter(occurred_at__lte=at)
    return [
        Seen(
            type=activity.type.key,
            label=activity.type.label,
            at=activity.occurred_at.isoformat(),
            detail=timeline.detail(activity.properties),
        )
        for activity in activities.select_related("type").newest_first()[:LATEST]
    ]
