"""What became of MQLs, against the raw stage changes and verdicts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, RejectReason
from leads.milestones import Milestone
from leads.models import Lead, StageChange
from leads.stages import Stage
from reports import mqls
from reports.mqls import Stop
from reports.periods import Period
from scoring.intervals import ratio
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
DAYS = "first=2026-05-01&last=2026-05-31"
START = datetime(2026, 5, 4, 9, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def walked(*steps: tuple[str, int], came: datetime = START, name: str = "") -> Lead:
    """A lead that went to each stage so many days after it came."""
    lead, before = make.lead(name, at=came), Stage.LEAD.value
    for to, day in steps:
        StageChange.objects.create(
            lead=lead, from_stage=before, to_stage=to, at=came + day * DAY, cause="import"
        )
        before = to
    Lead.objects.filter(pk=lead.pk).update(stage=before)
    return lead


def everybody() -> mqls.Fate:
    return mqls.fate(leads=Lead.objects.all(), period=MAY)


def test_S3_04_what_share_of_mqls_is_passed_on_to_sales() -> None:
    for number in range(25):
        walked(("mql", 1), *([("handed_over", 2)] if number < 10 else []))
    walked(("handed_over", 2))  # straight to sales: no MQL that was passed on
    walked(("mql", 40), ("handed_over", 41))  # in June
    found = everybody()
    assert (found.marked, found.passed_on) == (25, 10)
    assert found.share is not None
    assert found.share.between == "23–59%"


def test_S4_04_who_was_handed_over_and_not_qualified_says_where_it_stopped() -> None:
    way = ("mql", 1), ("handed_over", 2)
    stood = {
        Stop.WAITING: walked(*way),
        Stop.ACCEPTED: walked(*way, ("sql", 3)),
        Stop.BACK: walked(*way, ("mql", 3)),
        Stop.CLOSED: walked(*way, ("closed", 3)),
    }
    walked(*way, ("sql", 3), ("opportunity", 4), ("closed", 9))  # qualified, and lost
    walked(*way, ("sql", 3), ("opportunity", 4), ("customer", 9))
    found = everybody()
    assert (found.passed_on, found.qualified, found.not_qualified) == (6, 2, 4)
    assert found.stops == dict.fromkeys(Stop, 1)
    for stop, lead in stood.items():
        behind = mqls.fated(leads=Lead.objects.all(), period=MAY, milestone=Milestone.HANDED_OVER, stop=stop)
        assert list(behind) == [lead]


def test_S4_10_mqls_and_others_have_the_same_time_to_become_customers() -> None:
    for number in range(30):
        walked(("mql", 1), *([("customer", 20)] if number < 12 else []))
        walked(*([("customer", 25)] if number < 6 else []))
    walked(("mql", 1), ("customer", 200))  # later than nine of ten took
    walked(("mql", 1), came=NOW - 5 * DAY)  # too young
    found = mqls.lift(leads=Lead.objects.all(), at=NOW)

    assert found.days == 30
    assert (found.marked, found.marked_won, found.others, found.others_won) == (31, 12, 30, 6)
    assert found.times is not None
    assert round(found.times.value, 2) == 1.94  # 12 of 31 against 6 of 30
    assert found.times.low < 1.94 < found.times.high
    for marked, won, count in ((True, False, 31), (True, True, 12), (False, False, 30), (False, True, 6)):
        behind = mqls.lifted(leads=Lead.objects.all(), at=NOW, marked=marked, won=won)
        assert behind.count() == count


def test_S4_10_of_few_customers_nothing_is_said_and_the_ratio_is_katzs() -> None:
    for number in range(30):
        walked(("mql", 1), *([("customer", 20)] if number < 12 else []))
        walked(*([("customer", 25)] if number < 4 else []))
    assert mqls.lift(leads=Lead.objects.all(), at=NOW).times is None

    # 2 of 14 against 9 of 16: exp(log 0.254 ± 1.96 √(1/2 − 1/14 + 1/9 − 1/16)).
    figure = ratio(2, 14, 9, 16)
    assert figure is not None
    assert (round(figure.value, 2), round(figure.low, 2), round(figure.high, 2)) == (0.25, 0.07, 0.98)
    assert ratio(0, 14, 9, 16) is None


WALK = st.lists(
    st.tuples(
        st.sampled_from(["lead", "mql", "handed_over", "sql", "closed", "customer"]), st.integers(0, 25)
    ),
    max_size=5,
)
RAW = """
SELECT count(*), count(*) FILTER (WHERE EXISTS (
  SELECT FROM leads_stagechange s WHERE s.lead_id = l.id
    AND s.to_stage IN ('handed_over', 'sql', 'opportunity', 'customer')))
FROM leads_lead l JOIN LATERAL (
  SELECT to_stage, at FROM leads_stagechange s WHERE s.lead_id = l.id AND s.to_stage NOT IN ('lead', 'closed')
  ORDER BY at, (to_stage = 'mql') DESC LIMIT 1
) first ON first.to_stage = 'mql' AND first.at >= '2026-05-01' AND first.at < '2026-06-01'
"""


@given(walks=st.lists(WALK, max_size=8))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_equals_a_short_query_over_the_raw_steps(
    walks: list[list[tuple[str, int]]], db: None
) -> None:
    Lead.objects.all().delete()
    for steps in walks:
        way, before, day = [], "lead", 0
        for to, days in steps:
            if to != before:
                day += days
                way.append((to, day))
                before = to
        walked(*way)
    found = everybody()
    with connection.cursor() as cursor:
        cursor.execute(RAW)
        assert cursor.fetchone() == (found.marked, found.passed_on)
    assert sum(found.stops.values()) == found.not_qualified
    for milestone, count in ((Milestone.MQL, found.marked), (Milestone.ACCEPTED, found.accepted)):
        assert mqls.fated(leads=Lead.objects.all(), period=MAY, milestone=milestone).count() == count


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


def decided(sol: User, *, marked: bool, accepted: bool, name: str = "") -> Handoff:
    lead = make.lead(name, at=START)
    if marked:
        StageChange.objects.create(
            lead=lead, from_stage=Stage.LEAD, to_stage=Stage.MQL, at=START, cause="crossing"
        )
        Lead.objects.filter(pk=lead.pk).update(stage=Stage.MQL)
        lead.refresh_from_db()
    handoff = handed_over(sol, of=lead, at=START + DAY)
    if accepted:
        decisions.accept(handoff=handoff, by=sol, at=START + 2 * DAY)
    else:
        reason = RejectReason.objects.get(code="timing")
        decisions.reject(handoff=handoff, by=sol, reason=reason, at=START + 2 * DAY)
    return handoff


def test_S4_11_marketings_criteria_against_sales_verdict_is_two_by_two(sol: User) -> None:
    for marked, accepted, count in ((True, True, 3), (True, False, 2), (False, True, 1), (False, False, 2)):
        for _ in range(count):
            decided(sol, marked=marked, accepted=accepted)
    again = decided(sol, marked=False, accepted=False)  # what sales sent back is not marked by it
    twice = handed_over(sol, of=Lead.objects.get(pk=again.lead_id), at=START + 5 * DAY, cycle=2)
    decisions.accept(handoff=twice, by=sol, at=START + 6 * DAY)
    found = mqls.alignment(handoffs=Handoff.objects.all(), period=MAY)

    cells = (found.marked_accepted, found.marked_back, found.found_accepted, found.found_back)
    assert cells == (3, 2, 2, 3)
    assert found.of_accepted is None, "of five nothing is said"
    for marked, accepted, count in ((True, True, 3), (True, False, 2), (False, True, 2), (False, False, 3)):
        behind = mqls.aligned(handoffs=Handoff.objects.all(), period=MAY, marked=marked, accepted=accepted)
        assert behind.count() == count


def test_S4_11_the_page_shows_the_table_and_the_leads_behind_each_cell(sol: User, client: Client) -> None:
    decided(sol, marked=False, accepted=True, name="Ada Found")
    decided(sol, marked=True, accepted=True, name="Bo Marked")
    client.force_login(make.marketer())
    text = client.get(f"/reports/mqls/?{DAYS}").content.decode()
    assert "1 of 2, too few to say" in text
    behind = client.get(f"/reports/mqls/leads/?{DAYS}&cell=found_accepted").content.decode()
    assert "Ada Found" in behind
    assert "Bo Marked" not in behind
    rows = client.get(f"/reports/mqls/file/?{DAYS}").content.decode().splitlines()
    assert '"Alignment","MQLs that sales accepted","1",""' in rows
    assert client.get("/reports/mqls/leads/?cell=x").status_code == 404
    for address in ("far=won", "stop=back", "lift=others_won"):
        assert client.get(f"/reports/mqls/leads/?{address}").status_code == 200
    client.force_login(sol)
    assert client.get("/reports/mqls/").status_code == 403
