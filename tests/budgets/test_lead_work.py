"""The pages about companies, disputes, quality, questions and reasons ask as much for 200 rows as for one;
and a lead's page reads no more of a long history than of a short one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff import opportunities
from handoff.models import Dispute, Handoff, Qualification, Rating, Task
from leads import timeline
from leads.models import ActivityType, CompetingSupplier, Lead, Opportunity, OpportunityStep, Supplier
from tests import factories
from tests.factories import activity, company, lead
from tests.handoff.factories import question
from tests.handoff.views.worlds import handed_over, sent_back

pytestmark = pytest.mark.django_db

FRAME = 4  # session, user, the rail's counts, the reader's teams
TIMELINE = 3  # which activities, the activities, what is suspected of them
BUDGETS = {
    "/companies/": FRAME
    + 2  # companies, how many of their people
    + 1,  # account owners to filter by
    "/companies/{company}/": FRAME
    + 1  # the company with its owner
    + 1  # whose history it is
    + TIMELINE
    + 1  # stage changes
    + 2  # people, how many there are
    + 2  # open handoffs, deals
    + 1,  # who may have the account
    "/disputes/": FRAME + 2,  # disputes, what each side said
    "/disputes/?show=settled": FRAME + 1,
    "/quality/": FRAME + 3,  # trends, weeks, poor ones
    "/questions/": FRAME + 6,  # frameworks, questions, requirements, levels, teams, models
    "/reasons/": FRAME + 2,  # the rule, the reasons
}


@pytest.fixture
def max_(db: None) -> User:
    return factories.manager()


def grow(to: int, sol: User) -> None:
    """``to`` of everything; all people are at one firm, and there are as many firms."""
    now = timezone.now()
    firm = company("Big One") if not Lead.objects.exists() else Lead.objects.earliest("id").company
    for number in range(Handoff.objects.count() // 2, to):
        of = lead(f"Rejected {number}", stage="mql", company=firm, at=now - timedelta(days=5))
        back = handed_over(sol, of=of, at=now - timedelta(days=1))
        verdict = sent_back(back, by=sol, at=now - timedelta(hours=1))
        Dispute.objects.create(verdict=verdict, by=sol, at=now, note="No.")
        Rating.objects.create(handoff=back, by=sol, at=now, score=number % 5 + 1)
        activity(of, "email_opened", now - timedelta(days=2))
        other = company(f"Firm {number}")
        worked = handed_over(sol, f"Worked {number}", at=now - timedelta(days=2), company=other).lead
        deal = Opportunity.objects.create(lead=of, owner=sol, stage=opportunities.stages()[0])
        OpportunityStep.objects.create(opportunity=deal, kind="created", at=now, by=sol)
        assert worked.company == other


def asked(client: Client, path: str) -> int:
    assert client.get(path).status_code == 200  # compiles templates
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def test_pages_ask_as_much_for_200_rows_as_for_one(max_: User) -> None:
    sol, client = factories.rep("Sol Seller"), Client()
    client.force_login(max_)
    counted = []
    for rows in (1, 50, 200):
        grow(rows, sol)
        firm = Lead.objects.earliest("id").company
        assert firm is not None
        counted.append({path: asked(client, path.format(company=firm.public_id)) for path in BUDGETS})
    assert counted == [BUDGETS] * 3


def test_a_lead_page_asks_as_much_for_200_of_everything_as_for_one(max_: User) -> None:
    sol, client, now = factories.rep("Sol Seller"), Client(), timezone.now()
    client.force_login(sol)
    of = handed_over(sol, "Ada", at=now - timedelta(hours=1)).lead
    deal = Opportunity.objects.create(lead=of, owner=sol, stage=opportunities.stages()[0])
    Qualification.objects.create(lead=of, question=question("need"), level=2, by=sol)
    counts = []
    for rows in (1, 50, 200):
        for number in range(Task.objects.count(), rows):
            Task.objects.create(lead=of, title=f"T{number}", due_at=now, owner=sol, created_by=sol)
            supplier = Supplier.objects.create(name=f"Supplier {number}")
            CompetingSupplier.objects.create(lead=of, supplier=supplier, by=sol)
            OpportunityStep.objects.create(
                opportunity=deal, kind="moved", at=now, by=sol, to_stage=deal.stage
            )
            activity(of, "email_opened", now - timedelta(minutes=number))
        counts.append(asked(client, f"/leads/{of.public_id}/"))
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.parametrize("kinds", [[], ["mail"], ["web"], ["people", "steps"]])
@pytest.mark.parametrize("deep", [False, True])
def test_of_a_hundred_thousand_activities_a_page_reads_a_few_hundred(kinds: list[str], deep: bool) -> None:
    now, of = timezone.now(), lead("Ada")
    view = ActivityType.objects.get(key="page_view").pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_activity (lead_id, type_id, occurred_at, source, event_id)"
            " SELECT %s, %s, %s - n * interval '1 minute', 'test', n::text FROM generate_series(1, 100000) n",
            [of.pk, view, now],
        )
        cursor.execute("ANALYZE leads_activity")
    for minutes in (5, 99_999):
        activity(of, "email_opened", now - timedelta(minutes=minutes))
    position = (now - timedelta(minutes=50_000), 0, 1) if deep else None
    with CaptureQueriesContext(connection) as queries:
        timeline._there([of.pk], kinds, position, limit=timeline.PAGE + timeline.COUNTED + 2)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {queries[-1]['sql']}")
        plan = cursor.fetchone()[0]
    plan = plan if isinstance(plan, list) else json.loads(plan)
    assert rows_read(plan[0]["Plan"]) < 2_000


def rows_read(node: dict[str, Any]) -> float:
    """Rows that the scans of a plan looked at, those they threw away included."""
    own = 0.0
    if "Scan" in node["Node Type"] and node.get("Relation Name") == "leads_activity":
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return own + sum(rows_read(each) for each in node.get("Plans", []))
