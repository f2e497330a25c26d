"""How long leads take and where they wait, against the raw steps."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from leads.milestones import Milestone
from leads.models import Lead, StageChange
from reports import charts, speed
from reports.periods import Period
from tests import factories as make

pytestmark = pytest.mark.django_db
SPRING = Period(date(2026, 3, 2), date(2026, 3, 22))
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = "first=2026-03-02&last=2026-03-22"


def walked(lead: Lead, *steps: tuple[str, timedelta]) -> Lead:
    before, at = lead.stage, lead.created_at
    for to, after in steps:
        at += after
        StageChange.objects.create(lead=lead, from_stage=before, to_stage=to, at=at, cause="import")
        before = to
    Lead.objects.filter(pk=lead.pk).update(stage=before, stage_at=at)
    return lead


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def paces(at: datetime = START) -> dict[Milestone, speed.Pace]:
    found = speed.paces(leads=Lead.objects.all(), period=SPRING, at=at)
    return {pace.milestone: pace for pace in found}


def test_S1_09_each_step_has_its_median_and_where_leads_wait_now() -> None:
    for took in (1, 3, 20):
        walked(make.lead(at=START), ("mql", hours(took)), ("handed_over", hours(2 * took)))
    walked(make.lead(at=START), ("sql", hours(5)))  # all at once: took no time from handed over
    found = paces(at=START + hours(100))

    assert (found[Milestone.MQL].count, found[Milestone.MQL].median) == (4, hours(4))
    assert found[Milestone.HANDED_OVER].median == hours(6)
    assert (found[Milestone.ACCEPTED].count, found[Milestone.ACCEPTED].median) == (0, None)
    assert found[Milestone.ACCEPTED].waiting == 3
    assert found[Milestone.ACCEPTED].waited == hours(100 - 9)
    assert found[Milestone.OPPORTUNITY].waiting == 1
    assert found[Milestone.MQL].waiting is None


def test_S1_09_the_bottleneck_is_named_in_words_once_there_are_enough(client: Client) -> None:
    client.force_login(make.marketer())
    walked(make.lead(at=START), ("mql", hours(1)))
    text = client.get(f"/reports/speed/?{DAYS}").content.decode()
    assert "No step was taken by 20 leads in these days" in text

    for _ in range(20):
        walked(make.lead(at=START), ("mql", hours(1)), ("handed_over", hours(72)))
    text = client.get(f"/reports/speed/?{DAYS}").content.decode()
    assert "<b>Handed over</b> is the slowest step: half of 20 leads took 3 days or longer" in text
    assert "Most leads wait at <b>Handed over</b>: 20" in text


def test_S1_01_from_mql_to_accepted_is_told_week_by_week_as_the_company_counts_weeks(settings: Any) -> None:
    for came, took in ((0, 10), (0, 30), (13, 5)):  # Monday the 2nd, and Sunday the 15th
        walked(make.lead(at=START + timedelta(days=came)), ("mql", hours(1)), ("sql", hours(took)))
    found = speed.weeks(leads=Lead.objects.all(), period=SPRING)
    assert [(week.first.day, week.count, week.median) for week in found] == [
        (2, 2, hours(20)),
        (9, 1, hours(5)),
        (16, 0, None),
    ]

    settings.WEEK_STARTS_ON = "sunday"
    found = speed.weeks(leads=Lead.objects.all(), period=SPRING)
    assert [(week.first.day, week.count) for week in found] == [(1, 2), (8, 0), (15, 1), (22, 0)]


def test_S1_01_a_week_ends_at_the_companys_midnight_also_when_clocks_change(settings: Any) -> None:
    settings.COMPANY_TIME_ZONE, settings.WEEK_STARTS_ON = "Europe/Berlin", "sunday"
    saturday = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 23:30 in Berlin; clocks go on that night
    sunday = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    for at in (saturday, sunday):
        walked(make.lead(at=at - hours(48)), ("mql", hours(1)), ("sql", hours(47)))
    found = speed.weeks(leads=Lead.objects.all(), period=Period(date(2026, 3, 22), date(2026, 4, 4)))
    assert [(week.first.day, week.count) for week in found] == [(22, 1), (29, 1)]


def test_S1_01_who_was_accepted_at_once_counts_and_takes_no_part_in_the_median() -> None:
    walked(make.lead(at=START), ("sql", hours(1)))
    walked(make.lead(at=START), ("mql", hours(1)), ("sql", hours(6)))
    (week, *_) = speed.weeks(leads=Lead.objects.all(), period=SPRING)
    assert (week.count, week.median) == (2, hours(6))


def test_S1_09_from_a_step_to_the_leads_that_took_time_to_get_there(client: Client) -> None:
    client.force_login(make.marketer())
    walked(make.lead("Ada Slow", at=START), ("mql", hours(1)), ("handed_over", hours(1)))
    walked(make.lead("Bo Quick", at=START), ("handed_over", hours(1)))
    text = client.get(f"/reports/speed/?{DAYS}").content.decode()
    assert "step=handed_over&amp;took=1" in text
    text = client.get(f"/reports/conversion/leads/?{DAYS}&step=handed_over&took=1").content.decode()
    assert "Ada Slow" in text
    assert "Bo Quick" not in text


def test_from_who_waits_to_the_leads_the_longest_waiting_counted_and_as_a_file(client: Client) -> None:
    client.force_login(make.marketer())
    walked(make.lead("Ada Waits", at=START), ("mql", hours(1)))
    walked(make.lead("Bo Moved", at=START), ("mql", hours(1)), ("handed_over", hours(1)))
    text = client.get(f"/reports/speed/leads/?{DAYS}&stage=mql").content.decode()
    assert "Ada Waits" in text
    assert "Bo Moved" not in text
    assert client.get("/reports/speed/leads/?stage=lead").status_code == 404
    rows = client.get(f"/reports/speed/file/?{DAYS}").content.decode()
    assert '"Handed over","1","1.0","1.0","1",' in rows
    client.force_login(make.rep())
    assert client.get("/reports/speed/").status_code == 403


def test_a_line_has_a_gap_where_a_week_has_none() -> None:
    assert charts.line([1.0, 2.0, None, 2.0]) == ["M0.0 12.0L33.3 1.0", "M99.0 1.0H100.0"]
    assert charts.line([None]) == []
    assert charts.line([0.0, 0.0]) == ["M0.0 23.0L100.0 23.0"]
