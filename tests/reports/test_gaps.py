"""What was left lying, against the rows themselves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from handoff.models import Handoff, StuckCrossing, Task
from leads.models import Lead, Opportunity
from leads.stages import Stage
from reports import gaps
from reports.gaps import Own, Why
from reports.periods import Period
from scoring.models import Crossing, LineState, ModelVersion
from tests import factories as make
from tests.factories import NOW
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
DAYS = "first=2026-05-01&last=2026-05-31"


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


@pytest.fixture
def live(db: None) -> ModelVersion:
    return ModelVersion.objects.live()


def over(live: ModelVersion, name: str = "", cycle: int = 1, **said: Any) -> Lead:
    """A lead over the SQL line, with what is said of its crossing; without anything there is none."""
    lead = make.lead(name, stage=said.pop("stage", Stage.MQL))
    LineState.objects.create(
        lead=lead, model=live.model, stage="sql", inside=True, cycle=cycle, since=NOW - timedelta(days=2)
    )
    if said:
        stuck = said.pop("stuck", False)
        crossing = Crossing.objects.create(
            lead=lead, model=live.model, version=live, stage="sql", cycle=said.pop("of", cycle), at=NOW,
            cause="line", fit=0, engagement=0, intent=0, total=0, **said,
        )  # fmt: skip
        if stuck:
            StuckCrossing.objects.create(crossing=crossing, attempts=3, tried_at=NOW, error="no pool")
    return lead


def of(at: datetime = NOW) -> gaps.Report:
    return gaps.report(leads=Lead.objects.all(), handoffs=Handoff.objects.all(), period=MAY, at=at)


def test_S1_07_each_lead_over_the_line_says_why_sales_does_not_have_it(live: ModelVersion, sol: User) -> None:
    done = {"handled_at": NOW}
    expected = {
        Why.STUCK: over(live, stuck=True),
        Why.HELD: over(live, held_at=NOW),
        Why.RETURN: over(live, not_before=NOW + timedelta(days=3)),
        Why.COMING: over(live, released_at=NOW, held_at=NOW, released_by=sol),
        Why.CLOSED: over(live, stage=Stage.CLOSED, outcome="closed", **done),
        Why.BLOCKED: over(live, outcome="blocked", **done),
        Why.BACK: over(live, outcome="handed_over", **done),
        Why.UNKNOWN: over(live, cycle=2, of=1, outcome="handed_over", **done),
    }
    over(live, stage=Stage.SQL, outcome="handed_over", **done)
    over(live, stage=Stage.CUSTOMER, outcome="handed_over", **done)
    found = of()

    assert [(each.key, each.count) for each in found.over] == [(why.value, 1) for why in Why]
    for why, lead in expected.items():
        assert list(gaps.over_the_line(leads=Lead.objects.all(), at=NOW, why=why)) == [lead], why
    raw = LineState.objects.filter(inside=True, stage="sql", lead__stage__in=["lead", "mql", "closed"])
    assert found.over_count == raw.count() == 8


def test_handoffs_without_an_owner_are_told_with_the_oldest(sol: User) -> None:
    handed_over(None, at=NOW - timedelta(days=3))
    handed_over(None, at=NOW)
    gone = make.rep("Gia Gone", is_active=False)
    of_gone = handed_over(gone)
    handed_over(sol)
    found = of().unowned
    assert [(each.key, each.count, each.since) for each in found] == [
        ("nobody", 2, NOW - timedelta(days=3)),
        ("gone", 1, NOW),
    ]
    assert list(gaps.unowned(handoffs=Handoff.objects.all(), own=Own.GONE)) == [of_gone]


STOOD = st.tuples(
    st.sampled_from(Stage), st.sampled_from(["", "owned", "gone"]),
    st.sampled_from(["", "task", "done", "gone"]), st.booleans(), st.sampled_from(["", "open", "won"]),
)  # fmt: skip
ORPHANS = """
SELECT count(*) FROM leads_lead l WHERE
  (stage = 'handed_over'
    AND NOT EXISTS (SELECT FROM handoff_handoff WHERE lead_id = l.id AND status = 'open'))
  OR (stage = 'sql'
    AND NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = l.owner_id AND u.is_active)
    AND NOT EXISTS (SELECT FROM handoff_task t JOIN accounts_user u ON u.id = t.owner_id
                    WHERE t.lead_id = l.id AND t.done_at IS NULL AND u.is_active))
  OR (stage = 'opportunity'
    AND NOT EXISTS (SELECT FROM leads_opportunity WHERE lead_id = l.id AND outcome = ''))
"""


@given(stood=st.lists(STOOD, max_size=8))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_S0_04_every_lead_is_on_one_list_and_orphans_are_what_a_short_query_says(
    stood: list[tuple[Stage, str, str, bool, str]], sol: User
) -> None:
    for model in (Handoff, Opportunity, Task, Lead):
        model.objects.all().delete()
    gone = User.objects.filter(name="Gia Gone").first() or make.rep("Gia Gone", is_active=False)
    for stage, owner, task, offered, deal in stood:
        lead = make.lead(owner={"": None, "owned": sol, "gone": gone}[owner])
        if offered:
            lead.stage = Stage.MQL
            lead.save()
            handed_over(sol, of=lead)
        if task:
            Task.objects.create(
                lead=lead, title="Call", due_at=NOW, owner=gone if task == "gone" else sol, created_by=sol,
                **({"done_at": NOW, "done_by": sol} if task == "done" else {}),
            )  # fmt: skip
        if deal:
            closed = {"outcome": "won", "closed_at": NOW} if deal == "won" else {}
            Opportunity.objects.create(lead=lead, **closed)
        Lead.objects.filter(pk=lead.pk).update(stage=stage)
    found = of()

    with connection.cursor() as cursor:
        cursor.execute(ORPHANS)
        assert cursor.fetchone() == (found.orphans,)
    assert found.all_leads == len(stood)
    for place, count in found.places.items():
        assert gaps.at_place(leads=Lead.objects.all(), place=place).count() == count


def test_S1_07_early_is_by_hand_under_the_line_and_late_a_day_after_it_crossed(
    live: ModelVersion, sol: User
) -> None:
    at = datetime(2026, 5, 12, 9, tzinfo=UTC)

    def offered(lines: list[str] | None, crossed: timedelta | None = None, **said: Any) -> Handoff:
        handoff = handed_over(sol, at=at)
        crossing = None
        if crossed is not None:
            crossing = Crossing.objects.create(
                lead=handoff.lead, model=live.model, version=live, stage="sql", cycle=1, at=at - crossed,
                cause="line", fit=0, engagement=0, intent=0, total=0,
            )  # fmt: skip
        evidence = {"explanation": None if lines is None else {"over": lines}}
        Handoff.objects.filter(pk=handoff.pk).update(evidence=evidence, crossing=crossing, **said)
        return handoff

    early = offered(["mql"], status="rejected", decided_at=at)
    offered(["mql", "sql"])
    offered(None)  # before there were rules
    offered(["mql"], crossed=timedelta(minutes=1), status="accepted", decided_at=at)  # restarted since
    offered(["sql"], crossed=timedelta(days=2))
    offered([], status="withdrawn", decided_at=at)
    told = {each.key: (each.count, each.decided, each.accepted) for each in of().came}
    assert told == {"early": (1, 1, 0), "in_time": (3, 1, 1), "late": (1, 0, 0)}
    assert list(gaps.came(handoffs=Handoff.objects.all(), period=MAY, key="early")) == [early]


def test_S0_04_the_page_says_zero_or_shows_who(sol: User, client: Client) -> None:
    client.force_login(make.marketer())
    text = client.get(f"/reports/gaps/?{DAYS}").content.decode()
    assert "0 are on nobody's" in text
    lost = make.lead("Ada Lost", stage=Stage.OPPORTUNITY)
    text = client.get(f"/reports/gaps/?{DAYS}").content.decode()
    assert "1 of 1 leads" in text
    behind = client.get(f"/reports/gaps/leads/?{DAYS}&place=nobody").content.decode()
    assert str(lost) in behind
    assert ">Left lying</a>" in behind
    rows = client.get(f"/reports/gaps/file/?{DAYS}").content.decode()
    assert '"Whose list","On nobody\'s list","1",""' in rows
    for address in ("", "over=x", "place=x", "came=x", "own=x"):
        assert client.get(f"/reports/gaps/leads/?{address}").status_code == 404
    for address in ("over=any", "over=held", "own=nobody", "came=late"):
        assert client.get(f"/reports/gaps/leads/?{address}").status_code == 200
    client.force_login(sol)
    assert client.get("/reports/gaps/").status_code == 403
