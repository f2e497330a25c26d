"""Leads that wait for release."""

from typing import Any

from scoring.models import Crossing, LineState, ModelVersion
from tests import factories as make
from tests.factories import NOW


def held(name: str = "", stage: str = "sql", inside: bool = True, **lead: Any) -> Crossing:
    """A lead over the line because of the live version, waiting for release."""
    version, who = ModelVersion.objects.live(), make.lead(name, **lead)
    LineState.objects.create(lead=who, model=version.model, stage=stage, inside=inside, cycle=1, since=NOW)
    return Crossing.objects.create(
        lead=who,
        model=version.model,
        version=version,
        stage=stage,
        cycle=1,
        at=NOW,
        cause="line",
        fit=3000,
        engagement=0,
        intent=2500,
        total=5500,
        held_at=NOW,
    )
