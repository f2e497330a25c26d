"""People, a pool that works around the clock, and leads that real verbs brought to sales."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from handoff import pipeline
from handoff.models import Handoff
from leads.models import Company, Lead
from leads.stages import Stage
from scoring.rescoring import rescore_changed
from tests import factories
from tests.factories import activity, company, lead
from tests.handoff.factories import pool


@dataclass(frozen=True, slots=True)
class Cast:
    sol: User
    sofia: User
    max: User
    mara: User
    ada: User


def cast() -> Cast:
    """Sol alone takes leads of the pool; Sofia is a colleague of the team."""
    sol, sofia = factories.rep("Sol Seller"), factories.rep("Sofia Reuter")
    pool(sol)
    return Cast(sol, sofia, factories.manager(), factories.marketer(), factories.admin())


def fitting(name: str, firm: Company | None = None, **fields: object) -> Lead:
    """A lead that fits and has done nothing yet."""
    firm = firm or company(
        f"{name.split()[-1]} GmbH", employees=240, industry="Field service", city="Hamburg"
    )
    return lead(
        name,
        company=firm,
        title="Head of Operations",
        phone="+49 40 555 01234",
        country="DE",
        source="paid search",
        at=timezone.now() - timedelta(days=3),
        **fields,
    )


def asks_for_a_demo(who: Lead, at: datetime | None = None) -> Handoff:
    """``who`` requests a demo; rescoring and the pipeline do the rest."""
    at = at or timezone.now() - timedelta(minutes=5)
    activity(
        who, "pricing_page_view", at - timedelta(minutes=10), properties={"title": "Plans", "seconds": 220}
    )
    words = "We run 20 technicians from a spreadsheet and want to decide this year."
    activity(who, "demo_request", at, properties={"form": "Demo", "path": "/demo", "message": words})
    work(at)
    return Handoff.objects.get(lead=who, status=Handoff.Status.OPEN)


def work(at: datetime | None = None) -> None:
    """What the workers would do."""
    at = at or timezone.now()
    rescore_changed(at=at)
    pipeline.run(at=at)


def mqls() -> list[Lead]:
    """One in each phase."""
    made = []
    for phase, kind in (
        ("decision", "pricing_page_view"),
        ("consideration", "webinar_attended"),
        ("awareness", "newsletter_signup"),
    ):
        who = fitting(f"{phase.capitalize()} Doe", stage=Stage.MQL, phase=phase)
        activity(who, kind, timezone.now() - timedelta(hours=2))
        made.append(who)
    work()
    return made
