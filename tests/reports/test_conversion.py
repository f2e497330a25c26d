"""How many leads came how far: each figure equals what a short query over the raw stage changes says."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.milestones import Milestone
from leads.models import Lead, LeadAccess, StageChange
from leads.stages import Stage
from reports.conversion import By, Counting, Report, behind, of_line, report
from reports.metrics import METRICS
from reports.periods import Period
from scoring.models import ModelVersion
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
JANUARY = Period(date(2026, 1, 1), date(2026, 1, 31))
WAY = [Stage.MQL, Stage.HANDED_OVER, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER]


def on(day: int, month: int = 1) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def walked(lead: Lead, *steps: tuple[str, datetime]) -> Lead:
    before = Stage.LEAD.value
    for to, at in steps:
        StageChange.objects.create(lead=lead, from_stage=before, to_stage=to, at=at, cause="import")
        before = to
    return lead


def of(period: Period = JANUARY, counting: Counting = Counting.PASSED, by: By = By.SOURCE) -> Report:
    return report(leads=Lead.objects.all(), period=period, counting=counting, by=by)


def counts(found: Report) -> dict[str, int]:
    return {step.key: step.count for step in found.total if step.count}


def test_S1_08_each_lead_counts_once_at_each_step_in_the_period_in_which_it_passed_it() -> None:
    walked(
        make.lead(at=on(2)), ("mql", on(3)), ("handed_over", on(4)), ("mql", on(5)), ("handed_over", on(6))
    )
    walked(make.lead(at=on(20, 12).replace(year=2025)), ("mql", on(9)), ("handed_over", on(2, 2)))

    assert counts(of()) == {"leads": 1, "mql": 2, "handed_over": 1}
    assert counts(of(Period(date(2026, 2, 1), date(2026, 2, 28)))) == {"handed_over": 1}


def test_S3_05_a_cohort_is_who_came_in_the_period_and_how_far_they_are_now() -> None:
    walked(make.lead(at=on(2)), ("mql", on(3)), ("handed_over", on(4, 3)))
    walked(make.lead(at=on(2, 2)), ("mql", on(3, 2)))

    assert counts(of(counting=Counting.COHORT)) == {"leads": 1, "mql": 1, "handed_over": 1}


def test_a_period_begins_and_ends_at_the_companys_midnight(settings: Any) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    late = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)  # 0:30 in Berlin
    make.lead(at=late)
    make.lead(at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))

    assert counts(of()) == {"leads": 1}
    assert [line.key for line in of(by=By.MONTH).lines] == ["2026-01"]


def test_S1_08_a_rate_is_of_the_step_before_with_its_interval_and_of_few_leads_there_is_none() -> None:
    for number in range(40):
        lead = make.lead(at=on(2))
        if number < 10:
            walked(lead, ("mql", on(3)), *([("handed_over", on(4))] if number < 5 else []))
    _, mql, handed, *_ = of().total

    assert mql.share is not None
    assert (mql.share.percent, mql.share.between) == (25, "14–40%")
    assert handed.share is None, "of ten leads nothing is said"


def test_S1_09_the_median_is_of_the_leads_that_took_time_since_the_step_before() -> None:
    for days in (1, 2, 8):
        walked(make.lead(at=on(2)), ("mql", on(2) + timedelta(days=days)))
    walked(make.lead(at=on(2)), ("handed_over", on(12)))
    _, mql, handed, *_ = of().total

    assert mql.median == timedelta(days=5)  # 1, 2, 8 and 10 days
    assert handed.median is None, "it passed both at once"


def test_the_period_before_is_as_long_and_months_come_in_their_order() -> None:
    for day in (5, 6):
        make.lead(at=on(day, 2))
    make.lead(at=on(20))
    (leads, *_) = of(Period(date(2026, 2, 1), date(2026, 2, 28))).total
    assert (leads.count, leads.before, leads.change) == (2, 1, None)

    months = of(Period(date(2026, 1, 1), date(2026, 2, 28)), by=By.MONTH).lines
    assert [(line.key, line.steps[0].count) for line in months] == [("2026-01", 1), ("2026-02", 2)]


STORY = st.tuples(
    st.sampled_from(["ads", "fair", ""]),
    st.integers(1, 60),
    st.lists(st.tuples(st.sampled_from([*WAY, Stage.CLOSED, Stage.LEAD]), st.integers(1, 30)), max_size=6),
)
RAW = """
SELECT count(*) FROM leads_lead l JOIN LATERAL (
  SELECT min(at) AS at FROM leads_stagechange s WHERE s.lead_id = l.id AND s.to_stage = ANY(%s)
) first ON true
WHERE {when} >= '2026-01-01' AND {when} < '2026-02-01' AND first.at IS NOT NULL AND l.source = %s
"""


@given(stories=st.lists(STORY, max_size=12), counting=st.sampled_from(Counting))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_equals_a_short_query_over_the_raw_steps_and_the_leads_behind_it(
    stories: list[tuple[str, int, list[tuple[Stage, int]]]], counting: Counting, db: None
) -> None:
    Lead.objects.all().delete()
    for source, came, steps in stories:
        lead = make.lead(source=source, at=on(1) - timedelta(days=30) + timedelta(days=came))
        at, before = lead.created_at, Stage.LEAD.value
        for to, days in steps:
            if to == before:
                continue
            at += timedelta(days=days)
            StageChange.objects.create(lead=lead, from_stage=before, to_stage=to, at=at, cause="import")
            before = to.value
    found = of(counting=counting)

    when = "first.at" if counting == Counting.PASSED else "l.created_at"
    for line in found.lines:
        assert line.key is not None
        for step in line.steps[1:]:
            assert step.milestone is not None
            with connection.cursor() as cursor:
                further = [stage.value for stage in WAY[step.milestone - 1 :]]
                cursor.execute(RAW.format(when=when), [further, line.key])
                assert cursor.fetchone() == (step.count,)
            narrowed = of_line(Lead.objects.all(), by=By.SOURCE, key=line.key)
            leads = behind(leads=narrowed, period=JANUARY, counting=counting, milestone=step.milestone)
            assert leads.count() == leads.distinct().count() == step.count
    for place, step in enumerate(found.total):
        assert step.count == sum(line.steps[place].count for line in found.lines)


# The pages


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(client: Client, query: str) -> dict[str, str]:
    """Line → its counts, of the file."""
    text = page(client, f"/reports/conversion/file/{query}").removeprefix("\ufeff")
    _, *lines = csv.reader(text.splitlines())
    return {line[0]: " ".join(line[1:7]).strip() for line in lines}


DAYS = "first=2026-01-01&last=2026-01-31"


def test_S1_08_from_a_figure_to_the_leads_behind_it_and_both_as_a_file(client: Client) -> None:
    client.force_login(make.marketer())
    walked(make.lead("Ada Ads", source="ads", at=on(2)), ("mql", on(3)))
    walked(make.lead("Fay Fair", source="fair", at=on(2)), ("mql", on(4)))
    text = page(client, f"/reports/conversion/?{DAYS}")
    assert f'href="/reports/conversion/leads/?{DAYS.replace("&", "&amp;")}&amp;step=mql&amp;line=ads"' in text

    behind_it = page(client, f"/reports/conversion/leads/?{DAYS}&step=mql&line=ads")
    assert "Ada Ads" in behind_it
    assert "Fay Fair" not in behind_it
    assert rows(client, f"?{DAYS}") == {"ads": "1 1 0 0 0 0", "fair": "1 1 0 0 0 0", "All": "2 2 0 0 0 0"}


def test_S2_of_more_leads_than_are_counted_it_is_still_said_that_others_are_not_ones_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.views.behind.MOST", 1)
    max_, dach = make.manager(), make.team()
    for number in range(4):
        lead = make.lead(at=on(2))
        if number:
            LeadAccess.objects.create(lead=lead, team=dach)
    client.force_login(max_)
    text = page(client, f"/reports/conversion/leads/?{DAYS}&step=leads")
    assert "more than 1 leads; more than 1 of them yours to open: the others belong to teams" in text


def test_filters_narrow_every_figure_and_stay_in_the_address(client: Client) -> None:
    client.force_login(make.marketer())
    make.lead("Ada One", country="DE", campaign="spring", at=on(2))
    make.lead("Bo Two", country="FR", at=on(2))
    found = rows(client, f"?{DAYS}&country=DE&by=campaign")
    assert found == {"spring": "1 0 0 0 0 0", "All": "1 0 0 0 0 0"}
    assert "country=DE" in page(client, f"/reports/conversion/?{DAYS}&country=DE")


def test_a_source_is_found_by_the_name_that_pages_show(client: Client) -> None:
    client.force_login(make.marketer())
    make.lead(source="paid_search", at=on(2))
    for said in ("paid_search", "Paid search"):
        assert rows(client, f"?{DAYS}&source={said}")["All"].split()[0] == "1", said


def test_S1_11_a_segment_is_a_phase_a_size_or_how_strong_an_mql_is(client: Client) -> None:
    client.force_login(make.marketer())
    marked = {"stage": "mql", "at": on(2)}
    small = make.lead(
        "Ada Small", company=make.company(employees=12), phase="decision", stage_reason="weak", **marked
    )
    large = make.lead("Bo Large", company=make.company(employees=2_001), stage_reason="strong", **marked)
    make.lead("Cy Alone", at=on(2))
    for lead, reasons in ((small, ["weak"]), (large, ["weak", "timing", "strong"])):
        for day, reason in enumerate(reasons, start=3):
            StageChange.objects.create(
                lead=lead, from_stage="lead", to_stage="mql", at=on(day), cause="crossing", reason=reason
            )
    for segment, count in (
        ("phase-decision", 1),
        ("phase-awareness", 2),
        ("mql-strong", 1),
        ("mql-weak", 1),
        ("staff-20", 1),
        ("staff-more", 1),
        ("staff-unknown", 1),
        ("staff-500", 0),
    ):
        found = rows(client, f"?{DAYS}&segment={segment}")["All"].split()
        assert int(found[0]) == count, segment


@pytest.mark.parametrize(
    "report", ["conversion", "speed", "sent-back", "response", "gaps", "mqls", "forecast", "rules"]
)
def test_every_report_can_be_narrowed_by_every_filter_at_once(client: Client, report: str) -> None:
    client.force_login(make.manager())
    rep, team, version = make.rep(), make.team(), ModelVersion.objects.live()
    handed_over(rep, at=on(3))
    narrowed = (
        f"{DAYS}&source=ads&campaign=x&country=DE&industry=y&segment=mql-strong"
        f"&team={team.public_id}&rep={rep.public_id}&version={version.pk}"
    )
    for page_of_it in ("", "file/"):
        assert client.get(f"/reports/{report}/{page_of_it}?{narrowed}").status_code == 200


def test_S2_figures_count_everybodys_leads_and_only_ones_own_are_named(client: Client) -> None:
    make.lead("Ada Secret", at=on(2))
    client.force_login(make.manager())
    assert rows(client, f"?{DAYS}")["All"] == "1 0 0 0 0 0"
    text = page(client, f"/reports/conversion/leads/?{DAYS}&step=leads")
    assert "Ada Secret" not in text
    assert "0 of them yours to open" in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=2026-02-01&last=2026-01-01", "The last day lies before the first."),
        ("first=2026-02-01", "Say both days, or none."),
        ("first=1990-02-01&last=2026-01-01", "3,660 days at most"),
        ("first=31.12.&last=2026-01-01", "valid date"),
        ("first=0001-01-01&last=0001-01-02", "days from 1970 to 2200"),
        ("first=9999-12-30&last=9999-12-31", "days from 1970 to 2200"),
    ],
)
def test_days_that_make_no_period_are_said_to(client: Client, query: str, said: str) -> None:
    client.force_login(make.marketer())
    text = page(client, f"/reports/conversion/?{query}")
    assert said in text
    assert "These are the last 28 days." in text


def test_a_figure_that_is_not_there_is_not_found_and_reps_read_no_reports(client: Client) -> None:
    client.force_login(make.admin())
    for address in (
        "step=unheard-of",
        "step=mql&by=month&line=2026-13",
        "step=mql&by=month&line=1999-01",
        "by=month&line=9999-12",
    ):
        assert client.get(f"/reports/conversion/leads/?{DAYS}&{address}").status_code == 404
    client.force_login(make.rep())
    assert client.get("/reports/conversion/").status_code == 403


def test_what_the_pages_say_of_a_figure_the_docs_say_too(client: Client) -> None:
    client.force_login(make.manager())
    text = page(client, "/reports/figures/")
    docs = Path("docs/metrics.md").read_text(encoding="utf-8")
    for metric in METRICS:
        assert f'id="{metric.key}"' in text
        assert f"| **{metric.name}** | {metric.meaning} |" in docs
    assert {milestone.name.lower() for milestone in Milestone} <= {metric.key for metric in METRICS}
