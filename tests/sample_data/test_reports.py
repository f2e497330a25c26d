"""The reports on real and synthetic data, each total against the files themselves."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leads.costs import a_day, record
from leads.milestones import Milestone
from leads.models import Lead
from reports import conversion, deals, sources
from reports.periods import Period, latest
from reports.touches import Attribution, By, Measure
from tests.factories import NOW

from .conftest import Importing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]

LEADS = "olist-funnel/olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist-funnel/olist_closed_deals_dataset.csv"
PIPELINE = "maven-crm/sales_pipeline.csv"
LEADFORGE = "leadforge-b2b-synthetic"
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def within(text: str, period: Period) -> bool:
    return bool(text) and period.first <= date.fromisoformat(text[:10]) <= period.last


@pytest.fixture
def olist(importing: Importing, sample_data: Path, settings: Any) -> tuple[list[Row], list[Row]]:
    settings.COMPANY_TIME_ZONE = "UTC"  # as the files' days are read
    importing(LEADS, "olist-leads")
    importing(DEALS, "olist-deals")
    return read(sample_data / LEADS), read(sample_data / DEALS)


WHOLE = Period(date(2017, 1, 1), date(2018, 12, 31))
WINTER = Period(date(2018, 1, 1), date(2018, 3, 31))


@pytest.mark.parametrize("period", [WHOLE, WINTER], ids=["whole", "winter"])
def test_S3_09_S3_10_olist_by_origin_is_what_the_files_say(
    olist: tuple[list[Row], list[Row]], period: Period
) -> None:
    leads, won = olist
    origin = {row["mql_id"]: row["origin"] or "unknown" for row in leads}
    came = Counter(origin[row["mql_id"]] for row in leads if within(row["first_contact_date"], period))
    sold = Counter(origin[row["mql_id"]] for row in won if within(row["won_date"], period))
    for attribution in Attribution:
        found = sources.report(leads=Lead.objects.all(), period=period, attribution=attribution)
        told = {line.key: (int(line.figures.leads), int(line.figures.won)) for line in found.lines}
        assert told == {key: (came[key], sold[key]) for key in came | sold}
        assert {"paid_search", "organic_search"} <= told.keys()
    if period is WHOLE:
        assert (found.total.leads, found.total.mql, found.total.won) == (8000, 8000, 842)

    passed = conversion.report(
        leads=Lead.objects.all(),
        period=period,
        counting=conversion.Counting.PASSED,
        by=conversion.By.SOURCE,
    )
    by_origin = {line.key: {step.key: step.count for step in line.steps} for line in passed.lines}
    assert {key: (counts["leads"], counts["won"]) for key, counts in by_origin.items()} == told


def test_S1_08_S3_05_olist_by_month_is_what_the_files_say(olist: tuple[list[Row], list[Row]]) -> None:
    leads, won = olist
    came = Counter(row["first_contact_date"][:7] for row in leads)
    sold = Counter(row["won_date"][:7] for row in won)
    cohort = Counter(
        row["first_contact_date"][:7] for row in leads if row["mql_id"] in {deal["mql_id"] for deal in won}
    )
    for counting, expected in (("passed", sold), ("cohort", cohort)):
        found = conversion.report(
            leads=Lead.objects.all(),
            period=WHOLE,
            counting=conversion.Counting(counting),
            by=conversion.By.MONTH,
        )
        counts = {line.key: {step.key: step.count for step in line.steps} for line in found.lines}
        assert {key: each["leads"] for key, each in counts.items() if each["leads"]} == came
        assert {key: each["won"] for key, each in counts.items() if each["won"]} == expected
    closed = deals.report(leads=Lead.objects.all(), period=WHOLE, by=deals.By.MONTH)
    assert {line.key: line.closed.won for line in closed.lines} == sold
    assert (closed.total.won, closed.total.lost) == (842, 0)


def test_S3_05_S3_09_maven_by_agent_and_month_is_what_the_file_says(
    importing: Importing, sample_data: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    importing("maven-crm/accounts.csv", "maven-companies")
    importing(PIPELINE, "maven-leads")
    importing(PIPELINE, "maven-outcomes")
    rows = read(sample_data / PIPELINE)
    assert len(rows) == 8_800
    period = Period(date(2017, 1, 1), date(2017, 12, 31))
    found = deals.report(leads=Lead.objects.all(), period=period, by=deals.By.MONTH)

    expected = summed(rows, lambda row: row["close_date"][:7])
    assert told(found) == expected
    assert (found.total.won, found.total.lost) == (4_238, 2_473)
    assert found.total.won_amount == sum(Decimal(row["close_value"] or 0) for row in rows)
    share = found.total.share
    assert share is not None
    assert round(100 * share.rate, 1) == 63.2
    agents = summed(rows, lambda row: row["sales_agent"])
    assert len(agents) == 30
    for agent, figures in agents.items():
        of = Lead.objects.filter(attributes__agent=agent)
        total = deals.report(leads=of, period=period, by=deals.By.SOURCE).total
        assert (total.won, total.lost, total.won_amount) == figures
    behind = deals.behind(
        leads=Lead.objects.all(), period=period, outcome="lost", by=deals.By.MONTH, line="2017-06"
    )
    assert behind.count() == expected["2017-06"][1]


Sums = dict[str, tuple[int, int, Decimal]]


def summed(rows: list[Row], key: Callable[[Row], str]) -> Sums:
    """Won, lost and the amount of the won, of the closed deals by ``key``."""
    counts: dict[str, list[Any]] = defaultdict(lambda: [0, 0, Decimal()])
    for row in rows:
        if row["deal_stage"] == "Won":
            counts[key(row)][0] += 1
            counts[key(row)][2] += Decimal(row["close_value"])
        elif row["deal_stage"] == "Lost":
            counts[key(row)][1] += 1
    return {name: (won, lost, amount) for name, (won, lost, amount) in counts.items()}


def told(found: deals.Report) -> Sums:
    return {
        str(line.key): (line.closed.won, line.closed.lost, line.closed.won_amount) for line in found.lines
    }


def test_S0_06_S2_05_leadforge_sources_have_their_deals_costs_and_return(
    importing: Importing, sample_data: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    for file in ("accounts-companies", "leads-leads", "touches-touches", "opportunities-opportunities"):
        name, mapping = file.split("-")
        importing(f"{LEADFORGE}/{name}.csv.gz", f"leadforge-{mapping}")
    period = Period(date(2024, 1, 1), date(2024, 3, 31))
    daily = a_day(source="Inbound_Marketing", first=period.first, last=period.last, amount=Decimal(100))
    record(costs=daily, by=None, at=NOW)
    leads = read(sample_data / LEADFORGE / "leads.csv.gz")
    rows = [
        row
        for row in read(sample_data / LEADFORGE / "opportunities.csv.gz")
        if within(row["created_at"], period)
    ]
    source = {row["lead_id"]: row["lead_source"] for row in leads}
    came = Counter(row["lead_source"] for row in leads)
    made: Counter[str] = Counter(source[row["lead_id"]] for row in rows)
    won: Counter[str] = Counter()
    for row in rows:
        if row["stage"] == "closed_won":
            won[source[row["lead_id"]]] += int(row["estimated_acv"])
    found = sources.report(leads=Lead.objects.all(), period=period)

    assert {line.key: (line.figures.leads, line.figures.deals) for line in found.lines} == {
        key: (came[key], made[key]) for key in came
    }
    assert {line.key: line.figures.won_amount for line in found.lines if line.figures.won_amount} == won
    paid = next(line.figures for line in found.lines if line.figures.cost)
    assert paid.cost == 9_100
    assert paid.per_lead == (Decimal(9_100) / came["inbound_marketing"]).quantize(Decimal("0.01"))
    assert paid.back == (Decimal(won["inbound_marketing"]) / 9_100).quantize(Decimal("0.1"))

    for attribution in (Attribution.LAST, Attribution.LINEAR):
        for by in By:
            other = sources.report(leads=Lead.objects.all(), period=period, attribution=attribution, by=by)
            assert other.total == found.total
            for name in (*(measure.value for measure in Measure), "pipeline", "won_amount", "cost"):
                lines = [getattr(line.figures, name) for line in other.lines]
                assert sum(lines) == getattr(found.total, name)


def test_leadforge_counts_everybody_once_in_the_existing_reports(
    importing: Importing, sample_data: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    for name, mapping in (("accounts", "companies"), ("leads", "leads"), ("opportunities", "opportunities")):
        importing(f"{LEADFORGE}/{name}.csv.gz", f"leadforge-{mapping}")
    rows = read(sample_data / LEADFORGE / "opportunities.csv.gz")
    customers = {row["lead_id"] for row in rows if row["stage"] == "closed_won"}
    year = latest(366, at=NOW.replace(year=2025, month=1, day=1))
    found = conversion.report(
        leads=Lead.objects.all(),
        period=year,
        counting=conversion.Counting.COHORT,
        by=conversion.By.SOURCE,
    )
    steps = {step.milestone: step.count for step in found.total}
    assert steps[None] == 5_000
    assert steps[Milestone.WON] == len(customers)
