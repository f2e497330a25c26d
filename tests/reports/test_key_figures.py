"""The figures both teams answer for: each equals a short query over the raw rows, in any cut of the days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoff.models import Handoff, Verdict
from leads.models import Lead, Opportunity, StageChange
from leads.stages import Stage
from reports.key_figures import COUNTED, behind, series
from reports.measures import LIMITS, Measure, stretches
from reports.periods import Period, weeks_until
from tests import factories as make
from tests.handoff import factories as handed

pytestmark = pytest.mark.django_db
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
START = datetime(2026, 2, 20, 9, tzinfo=UTC)


def after(days: float) -> datetime:
    return START + timedelta(days=days)


#: Came, MQL, offered, decided, deal made, deal closed, each days after the one before; due; verdict; outcome.
STORY = st.tuples(
    *[st.floats(0.1, 12)] * 6,
    st.floats(0.1, 9),
    st.sampled_from(["accept", "reject", "undone", "open", "withdrawn"]),
    st.sampled_from(["won", "lost", ""]),
    st.sampled_from(["EUR", "USD"]),
    st.sampled_from([None, 100, 2_500]),
    st.booleans(),
)
#: Sums and counts from the tables as they are, for the days from %s to before %s.
RAW = {
    Measure.LEADS: "SELECT count(*) FROM leads_lead WHERE created_at >= %s AND created_at < %s",
    Measure.MQLS: """SELECT count(*) FROM (SELECT min(at) AS at FROM leads_stagechange
        WHERE to_stage NOT IN ('lead', 'closed') GROUP BY lead_id) f WHERE at >= %s AND at < %s""",
    Measure.HANDOFFS: """SELECT count(*) FROM handoff_handoff
        WHERE offered_at >= %s AND offered_at < %s AND status <> 'withdrawn'""",
    Measure.ACCEPTED: """SELECT 100.0 * count(*) FILTER (WHERE kind = 'accept') / nullif(count(*), 0)
        FROM handoff_verdict v WHERE at >= %s AND at < %s AND kind IN ('accept', 'reject')
        AND NOT EXISTS (SELECT FROM handoff_verdict u WHERE u.undoes_id = v.id)""",
    Measure.FIRST_TOUCH: """SELECT percentile_cont(0.5) WITHIN GROUP (
        ORDER BY round(extract(epoch FROM first_touch_at - offered_at)::numeric / 60, 6))
        FROM handoff_handoff WHERE offered_at >= %s AND offered_at < %s AND status <> 'withdrawn'
        AND first_touch_at IS NOT NULL""",
    Measure.IN_TIME: """SELECT 100.0 * count(*) FILTER (WHERE decided_at <= due_at) / nullif(count(*), 0)
        FROM handoff_handoff WHERE due_at >= %s AND due_at < %s AND status <> 'withdrawn'""",
    Measure.PIPELINE: """SELECT coalesce(sum(amount), 0) FROM leads_opportunity o
        WHERE created_at >= %s AND created_at < %s AND currency = 'EUR' AND EXISTS (
        SELECT FROM leads_stagechange s WHERE s.lead_id = o.lead_id AND s.at < o.created_at
        AND s.to_stage NOT IN ('lead', 'closed'))""",
    Measure.WON: """SELECT coalesce(sum(amount), 0) FROM leads_opportunity o
        WHERE closed_at >= %s AND closed_at < %s AND currency = 'EUR' AND outcome = 'won' AND EXISTS (
        SELECT FROM leads_stagechange s WHERE s.lead_id = o.lead_id AND s.at < o.created_at
        AND s.to_stage NOT IN ('lead', 'closed'))""",
}


def tell(story: Any) -> None:
    *days, due, said, outcome, currency, amount, was_mql = story
    moments = [after(sum(days[: place + 1])) for place in range(6)]
    came, mql, offered, decided, made, closed = moments
    lead = make.lead(at=came)
    if was_mql:
        StageChange.objects.create(lead=lead, from_stage="lead", to_stage="mql", at=mql, cause="crossing")
    handoff = handed.offered(of=lead, at=offered)
    handoff.due_at = offered + timedelta(days=due)
    handoff.first_touch_at = offered + timedelta(days=due / 3) if was_mql else None
    if said != "open":
        handoff.decided_at = decided
        handoff.status = {"accept": "accepted", "undone": "open", "withdrawn": "withdrawn"}.get(
            said, "rejected"
        )
    if said == "undone":
        handoff.decided_at = None
    handoff.save()
    if said in ("accept", "reject", "undone"):
        kind = "reject" if said == "reject" else "accept"
        to = Stage.MQL if kind == "reject" else Stage.SQL
        verdict = _verdict(handoff, kind, decided, "handed_over", to)
        if said == "undone":
            _verdict(handoff, "undo", decided + timedelta(minutes=5), to, "handed_over", undoes=verdict)
    Opportunity.objects.create(
        lead=lead, amount=amount, currency=currency, created_at=made,
        outcome=outcome, closed_at=closed if outcome else None,
    )  # fmt: skip


def _verdict(handoff: Handoff, kind: str, at: datetime, was: str, to: str, **fields: Any) -> Verdict:
    step = StageChange.objects.create(
        lead=handoff.lead, from_stage=was, to_stage=to, at=at, cause="undo" if kind == "undo" else "verdict"
    )
    if kind == "reject":
        fields["reason"] = handed.reason()
    assert handoff.rep is not None
    return Verdict.objects.create(
        handoff=handoff, kind=kind, by=handoff.rep, at=at, stage_change=step, **fields
    )


@given(stories=st.lists(STORY, max_size=6), cuts=st.integers(1, 5))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_S1_24_every_figure_equals_a_short_query_over_the_raw_rows(stories: Any, cuts: int, db: None) -> None:
    with transaction.atomic():
        for story in stories:
            tell(story)
        _compare(stretches(MARCH, cuts))
        transaction.set_rollback(True)


def _compare(periods: list[Period]) -> None:
    # What marketing answered needs working days: tests/handoff/test_answering.py.
    assert set(RAW) == set(COUNTED) - {Measure.RETURNS}
    for measure in RAW:
        for figure in series(measure, leads=Lead.objects.all(), periods=periods):
            with connection.cursor() as cursor:
                cursor.execute(RAW[measure], [figure.period.start, figure.period.end])
                (raw,) = cursor.fetchone()
            assert figure.value == (
                None if raw is None else pytest.approx(Decimal(raw), abs=Decimal("0.02"))
            ), measure
            found = behind(measure, leads=Lead.objects.all(), period=figure.period)
            assert found.count() == figure.n


def test_deals_in_another_currency_or_without_an_amount_are_left_out_and_counted() -> None:
    base = (1, 1, 1, 1, 10, 1, 1, "accept", "won")
    for currency, amount in (("EUR", 100), ("USD", 100), ("EUR", None)):
        tell((*base, currency, amount, True))

    (figure,) = series(Measure.PIPELINE, leads=Lead.objects.all(), periods=[MARCH])
    assert (figure.value, figure.n, figure.left_out) == (100, 3, 2)


def test_a_filter_narrows_every_figure() -> None:
    tell((1, 1, 1, 1, 10, 1, 1, "accept", "won", "EUR", 100, True))
    for measure in COUNTED:
        (figure,) = series(measure, leads=Lead.objects.filter(source="nowhere"), periods=[MARCH])
        assert not figure.n, measure


def test_days_with_a_gap_and_limits_of_the_line_make_no_series() -> None:
    apart = [Period(date(2026, 3, 1), date(2026, 3, 2)), Period(date(2026, 3, 4), date(2026, 3, 5))]
    for measure, periods in ((Measure.LEADS, apart), (LIMITS[0], [MARCH])):
        with pytest.raises(ValueError, match=r"follow each other|no figure"):
            series(measure, leads=Lead.objects.all(), periods=periods)


@pytest.mark.parametrize(("days", "count", "expected"), [(28, 14, (14, 2)), (7, 14, (7, 1)), (31, 4, (4, 7))])
def test_stretches_are_equal_and_end_with_the_period(
    days: int, count: int, expected: tuple[int, int]
) -> None:
    found = stretches(Period(MARCH.first, MARCH.first + timedelta(days=days - 1)), count)

    assert {each.days for each in found} == {expected[1]}
    assert len(found) == expected[0]
    assert found[-1].last == MARCH.first + timedelta(days=days - 1)


@pytest.mark.parametrize(("starts", "first"), [("monday", 2), ("sunday", 1), ("saturday", 28)])
def test_weeks_begin_as_the_company_counts_them(settings: Any, starts: str, first: int) -> None:
    settings.WEEK_STARTS_ON = starts
    (*_, last) = weeks_until(datetime(2026, 3, 10, 9, tzinfo=UTC), 3)

    assert last.first.day == {2: 2, 1: 1, 28: 28}[first]
    assert last.days == 7
