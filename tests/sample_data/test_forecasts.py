"""The forecast on deals of a real shape: known totals come out, and the back-test looks only backwards."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from leads.models import Lead
from reports import forecast
from reports.foreseeing import foresee

from .conftest import Importing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]


def test_S1_10_maven_last_quarter_came_as_the_file_says_and_was_foreseen_from_before(
    importing: Importing, sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "COMPANY_TIME_ZONE", "UTC")
    importing("maven-crm/sales_pipeline.csv", "maven-leads")
    importing("maven-crm/sales_pipeline.csv", "maven-outcomes")
    with (sample_data / "maven-crm" / "sales_pipeline.csv").open(encoding="utf-8") as file:
        won = [row for row in csv.DictReader(file) if row["deal_stage"] == "Won"]

    for at, first, last in (
        (datetime(2018, 1, 10, tzinfo=UTC), "2017-10-01", "2017-12-31"),
        (datetime(2017, 10, 10, tzinfo=UTC), "2017-07-01", "2017-09-30"),
    ):
        _, quarter = forecast.quarters(at)
        came = forecast.actual(leads=Lead.objects.all(), stretch=quarter)
        rows = [row for row in won if first <= row["close_date"] <= last]
        assert came.wins == len(rows)
        assert came.revenue == sum(float(row["close_value"]) for row in rows)

        known = forecast.known_then(leads=Lead.objects.all(), stretch=quarter)
        before = [row for row in won if row["close_date"] < first]
        assert len(known.amounts) == len(before)
        assert sum(known.amounts) == sum(float(row["close_value"]) for row in before)
        for window, began in zip(known.windows, _starts(quarter, len(known.windows)), strict=True):
            end = began + (quarter.end - quarter.start)
            of_it = [row for row in won if f"{began:%Y-%m-%d}" <= row["close_date"] < f"{end:%Y-%m-%d}"]
            assert sum(window.won.values()) + window.newcomers == len(of_it)
        said = foresee(known)
        assert said.wins is not None
        assert said.revenue is not None
        assert said.wins.holds(came.wins)
        assert said.revenue.holds(came.revenue)


def _starts(quarter: forecast.Stretch, windows: int) -> list[datetime]:
    length = quarter.end - quarter.start
    return [quarter.start - number * length for number in range(windows, 0, -1)]
