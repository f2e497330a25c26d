"""What takes long to count is kept, says when it was counted, and is counted anew by a worker (P-8, P-7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.company_days import company_day
from accounts.models import User
from handoff.models import SavedView
from leads.models import Lead
from reports import keeping
from reports.models import KeptCount
from reports.tasks import count_anew
from reports.views import kept
from tests import factories as make

pytestmark = pytest.mark.django_db

YESTERDAY = timedelta(days=1)
REPORTS = [
    "/dashboard/",
    "/reports/conversion/?by=month",
    "/reports/speed/",
    "/reports/sent-back/?by=rule",
    "/reports/sources/?touch=linear",
    "/reports/deals/",
    "/reports/response/",
    "/reports/gaps/",
    "/reports/mqls/",
    "/reports/forecast/",
    "/reports/rules/",
]


@pytest.fixture(autouse=True)
def _slow(settings: Any) -> None:
    """Whatever is counted takes longer than a reader's patience."""
    settings.REPORT_PATIENCE_SECONDS = 1e-9


@pytest.fixture
def mona() -> User:
    return make.manager()


@pytest.fixture
def desk(client: Client, mona: User) -> Client:
    client.force_login(mona)
    return client


def came(count: int) -> None:
    for _ in range(count):
        Lead.objects.filter(pk=make.lead().pk).update(created_at=timezone.now() - YESTERDAY)


def leads_of(desk: Client, query: str = "") -> int:
    total = desk.get(f"/reports/conversion/{query}").context["report"].total
    return int(total[0].count)


def grow_old(by: timedelta = timedelta(hours=1)) -> None:
    for row in KeptCount.objects.all():
        row.counted_at -= by
        row.save()


@pytest.mark.parametrize("address", REPORTS)
def test_P8_every_report_is_kept_counted_anew_and_reads_the_same(desk: Client, address: str) -> None:
    came(3)
    first = desk.get(address)
    second = desk.get(address)

    assert (first.status_code, second.status_code) == (200, 200)
    assert KeptCount.objects.count() == 1
    assert second.context["one"].counted_at == KeptCount.objects.get().counted_at
    grow_old()
    desk.get(address)
    assert keeping.count_due(kept.again, seconds=60) == 1
    third = desk.get(address)
    assert third.context["one"].is_fresh
    assert KeptCount.objects.count() == 1


def test_P8_a_kept_figure_says_when_it_was_counted_and_a_worker_counts_anew(desk: Client) -> None:
    came(2)
    assert leads_of(desk) == 2
    came(3)
    assert leads_of(desk) == 2  # at once, with its time

    grow_old()
    page = desk.get("/reports/conversion/").content.decode()
    counted = KeptCount.objects.get().counted_at
    assert f"Counted at {counted:%H:%M} (being counted anew" in page
    file = desk.get("/reports/conversion/file/")["Content-Disposition"]
    assert f'conversion-by-source-counted-{counted:%Y-%m-%d-%H%M}.csv"' in file
    count_anew()

    assert leads_of(desk) == 5
    assert "being counted anew" not in desk.get("/reports/conversion/").content.decode()


def test_P8_what_is_counted_quickly_is_never_kept(desk: Client, settings: Any) -> None:
    settings.REPORT_PATIENCE_SECONDS = 60
    came(2)
    assert leads_of(desk) == 2
    came(1)
    assert leads_of(desk) == 3
    assert not KeptCount.objects.exists()
    assert desk.get("/reports/conversion/file/")["Content-Disposition"].endswith('conversion-by-source.csv"')


def test_P8_each_filter_and_period_has_an_answer_of_its_own_and_what_says_nothing_has_none(
    desk: Client,
) -> None:
    came(1)
    Lead.objects.update(country="DE")
    came(1)

    assert [leads_of(desk, query) for query in ("", "?country=DE", "?country=DE&junk=1", "?days=7")] == [
        2, 1, 1, 2
    ]  # fmt: skip
    assert KeptCount.objects.count() == 3


def test_P8_a_new_day_is_counted_as_it_begins_for_who_asks_every_day(desk: Client) -> None:
    came(2)
    leads_of(desk)
    row = KeptCount.objects.get()
    row.day -= YESTERDAY
    row.save()

    came(1)
    count_anew()
    row.refresh_from_db()

    assert row.day == company_day(timezone.now())
    assert leads_of(desk) == 3


def test_P8_yesterdays_answer_is_none_for_today(desk: Client) -> None:
    came(2)
    leads_of(desk)
    KeptCount.objects.update(day=datetime(2020, 1, 1, tzinfo=UTC).date())
    came(1)
    assert leads_of(desk) == 3
    assert KeptCount.objects.count() == 1


def test_P8_another_setting_or_release_counts_at_once(desk: Client, settings: Any) -> None:
    came(2)
    leads_of(desk)
    came(1)
    settings.HANDED_OVER_IS_SQL = not settings.HANDED_OVER_IS_SQL
    assert leads_of(desk) == 3

    came(1)
    KeptCount.objects.update(answer=b"of another age")
    assert leads_of(desk) == 4


def test_P8_a_saved_segment_is_each_readers_own_and_another_one_once_it_was_edited(desk: Client) -> None:
    mara = make.marketer()
    desk.force_login(mara)
    came(2)
    Lead.objects.filter(pk=Lead.objects.first().pk).update(country="DE")
    saved = SavedView.objects.create(owner=mara, name="German", page=SavedView.Page.LEADS, query="country=DE")
    query = f"?segment={saved.public_id}"
    assert leads_of(desk, query) == 1
    assert KeptCount.objects.get().asker == mara

    grow_old()
    leads_of(desk, query)
    assert keeping.count_due(kept.again, seconds=60) == 1
    assert leads_of(desk, query) == 1

    SavedView.objects.update(query="country=AT")
    assert leads_of(desk, query) == 0
    saved.delete()
    KeptCount.objects.update(is_wanted=True)
    keeping.count_due(kept.again, seconds=60)
    assert not KeptCount.objects.filter(asker=mara).exists()


def test_P8_a_kept_answer_is_one_question(desk: Client) -> None:
    came(3)
    leads_of(desk)
    with CaptureQueriesContext(connection) as asked:
        leads_of(desk)

    statements = [query["sql"] for query in asked.captured_queries]
    assert sum("reports_keptcount" in statement for statement in statements) == 1
    assert not any("leads_passedmilestone" in statement for statement in statements)


def test_P8_what_became_quick_is_live_again(desk: Client, settings: Any) -> None:
    came(1)
    leads_of(desk)
    KeptCount.objects.update(is_wanted=True)
    settings.REPORT_PATIENCE_SECONDS = 60
    keeping.count_due(kept.again, seconds=60)
    came(1)
    assert leads_of(desk) == 2


def test_P8_an_older_count_does_not_write_over_a_newer_one(desk: Client) -> None:
    came(1)
    leads_of(desk)
    row = KeptCount.objects.get()
    KeptCount.objects.update(is_wanted=True)

    def again(claimed: KeptCount) -> Any:
        told = kept.again(claimed)
        KeptCount.objects.update(counted_at=timezone.now() + timedelta(minutes=5), answer=b"newer")
        return told

    keeping.count_due(again, seconds=0.001)
    row.refresh_from_db()
    assert bytes(row.answer) == b"newer"


def test_P8_who_asks_again_after_a_week_is_counted_for_as_a_day_begins(desk: Client) -> None:
    came(1)
    leads_of(desk)
    long_ago = timezone.now() - timedelta(days=8)
    KeptCount.objects.update(asked_at=long_ago, day=company_day(long_ago))
    leads_of(desk)
    KeptCount.objects.update(day=company_day(timezone.now()) - YESTERDAY)
    assert keeping.count_due(kept.again, seconds=60) == 1


def test_P8_two_workers_do_not_count_the_same(desk: Client) -> None:
    came(1)
    leads_of(desk)
    grow_old()
    leads_of(desk)
    seen = []

    def again(row: KeptCount) -> Any:
        seen.append(keeping.count_due(kept.again, seconds=60))  # what another worker finds meanwhile
        return kept.again(row)

    assert keeping.count_due(again, seconds=60) == 1
    assert seen == [0]


def test_P8_a_worker_that_died_lets_go(desk: Client) -> None:
    came(1)
    leads_of(desk)
    KeptCount.objects.update(is_wanted=True, claimed_until=timezone.now() - timedelta(seconds=1))
    assert keeping.count_due(kept.again, seconds=60) == 1


def test_what_nobody_asks_for_is_counted_no_more_and_forgotten(desk: Client, monkeypatch: Any) -> None:
    came(1)
    for query in ("", "?days=7", "?days=90"):
        leads_of(desk, query)
    old = KeptCount.objects.get(query="days=7")
    KeptCount.objects.filter(pk=old.pk).update(
        asked_at=timezone.now() - timedelta(days=8), day=company_day(timezone.now()) - timedelta(days=8)
    )
    assert keeping.count_due(kept.again, seconds=60) == 0

    KeptCount.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=15))
    assert keeping.forget(at=timezone.now()) == 1
    monkeypatch.setattr(keeping, "MOST_ROWS", 1)
    assert keeping.forget(at=timezone.now()) == 1
    assert KeptCount.objects.get().query == "days=90"


def test_what_no_longer_counts_anything_is_dropped() -> None:
    now = timezone.now()
    KeptCount.objects.create(
        key="k", count="gone", given="", day=now.date(), counted_at=now, seconds=1, asked_at=now,
        is_wanted=True, answer=b"",
    )  # fmt: skip
    count_anew()
    assert not KeptCount.objects.exists()
