"""Lists as files: what they hold, for whom, that no cell of a stranger runs, and that they come in again."""

import csv
import io
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from capture.imports import recognising
from handoff.views import exports
from leads import consent, exporting
from leads.mail_keys import lead_behind
from leads.models import Company, Lead
from leads.stages import Stage
from scoring.models import ModelVersion, Score
from tests import factories
from tests.capture.importing import counts, imported
from tests.downloads import rows_of, text_of
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db(transaction=True)

NAUGHTY = [
    "=HYPERLINK(\"http://evil.example\";\"x\")", "+49 40 1", "-2+3", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x",
    "'=1+1", "''", "'quoted'", "none", "N/A", "null", "-", "Select", "true", "007", "1e5", "a,b;c|d",
    'say "hi"',
    "O'Brien", "Ærøskøbing 株式会社 🦊", "مرحبا", "<script>alert(1)</script>", "{{ 7*7 }}", "%s", "\\",
]  # fmt: skip


@pytest.fixture
def marketing(client: Client, mara: User) -> Client:
    client.force_login(mara)
    return client


def names(client: Client, path: str) -> list[str]:
    return [row["Full Name"] for row in rows_of(client, path)]


def test_a_list_is_downloaded_as_its_filters_show_it_in_its_order(marketing: Client) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for days, name, country in ((3, "Ada One", "DE"), (2, "Bo Two", "FR"), (1, "Cy Three", "DE")):
        factories.lead(name=name, country=country, created_at=now - timedelta(days=days))
    assert names(marketing, "/leads/file/") == ["Cy Three", "Bo Two", "Ada One"]
    assert names(marketing, "/leads/file/?sort=oldest&country=DE") == ["Ada One", "Cy Three"]
    page = marketing.get("/leads/?country=DE").content.decode()
    assert 'href="/leads/file/?country=DE"' in page


def test_a_long_list_is_whole_and_every_row_is_in_it_once(
    marketing: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 3)
    for number in range(10):
        factories.lead(name=f"Lead {number}")
    assert sorted(names(marketing, "/leads/file/")) == [f"Lead {number}" for number in range(10)]


def test_s2_a_rep_downloads_only_what_they_may_open(client: Client, sol: User, nils: User) -> None:
    mine = handed_over(sol, "Ada One")
    other = handed_over(nils, "Bo Two", in_pool="Nordics")
    client.force_login(sol)
    assert names(client, "/leads/file/") == [mine.lead.name]
    assert names(client, "/queue/file/") == [mine.lead.name]
    assert str(other.lead.email) not in text_of(client, "/leads/file/?q=")
    assert client.get("/mqls/file/").status_code == 403


def test_each_score_stands_under_its_own_name_and_a_number_below_zero_is_a_number(
    marketing: Client,
) -> None:
    version = ModelVersion.objects.live()
    points = {"fit": 2_400, "engagement": -1_100, "intent": 1_785}
    Score.objects.create(
        lead=factories.lead(name="Ada One"),
        model=version.model,
        version=version,
        computed_at=datetime(2026, 3, 1, tzinfo=UTC),
        fading=False,
        total=sum(points.values()),
        **points,
    )
    (row,) = rows_of(marketing, "/leads/file/")
    assert [row[name] for name in ("Fit", "Engagement", "Intent", "Score")] == ["24", "-11", "17.85", "30.85"]
    assert '"-11"' in text_of(marketing, "/leads/file/")


def test_the_queue_says_by_when_and_the_companies_their_size(client: Client, sol: User, mara: User) -> None:
    handoff = handed_over(sol, "Ada One")
    client.force_login(sol)
    (row,) = rows_of(client, "/queue/file/")
    assert row["Email"] == handoff.lead.email
    assert row["Rep"] == sol.name
    assert row["Answer due"] == handoff.due_at.isoformat()
    assert row["Open in Handoff"].endswith(f"/leads/{handoff.lead.public_id}/")
    assert lead_behind(row["Mail Key"]) == handoff.lead.public_id
    client.force_login(mara)
    Company.objects.all().delete()
    factories.company(name="Firm", domain="firm.example", employees=40, revenue=Decimal("1.50"))
    (firm,) = rows_of(client, "/companies/file/")
    assert (firm["Company Name"], firm["Number of Employees"], firm["Annual Revenue"]) == (
        "Firm",
        "40",
        "1.50",
    )


def test_the_marketing_queue_is_downloaded_by_its_view(marketing: Client) -> None:
    factories.lead(name="Ada One", stage=Stage.MQL, phase="decision")
    factories.lead(name="Bo Two", stage=Stage.MQL)
    factories.lead(name="Cy Three")
    assert sorted(names(marketing, "/mqls/file/")) == ["Ada One", "Bo Two"]
    assert names(marketing, "/mqls/file/?phase=decision") == ["Ada One"]


def test_b7_no_cell_begins_as_a_formula(marketing: Client) -> None:
    for text in NAUGHTY:
        factories.lead(name=text, title=text, attributes={text: text})
    for cells in csv.reader(io.StringIO(text_of(marketing, "/leads/file/"))):
        for cell in cells:
            assert not cell.lstrip(" ").startswith(tuple("=+-@\t\r\0＝＋－＠")), cell


def test_our_own_columns_are_recognised_as_what_they_are() -> None:
    header = [*exporting.LEAD_COLUMNS, "attributes.Tier level", "Stage", "Score", "Owner", exporting.LINK]
    found = recognising.recognise("leads", [(heading, []) for heading in header])
    targets = dict(zip(header, found, strict=True))
    assert all(guess.sure for guess in found)
    assert [targets[name].target for name in exporting.LEAD_COLUMNS] == [
        "email", "name", "title", "phone", "company", "domain", "employees", "revenue", "industry", "country",
        "city", "source", "campaign", "created_at", "consent", "phone_opt_out",
    ]  # fmt: skip
    assert targets["attributes.Tier level"].target == "attribute"
    assert {targets[name].target for name in ("Score", "Owner", exporting.LINK)} == {"skip"}


def test_b7_ten_thousand_leads_come_back_field_for_field(
    marketing: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    _ten_thousand(random.Random(7))
    before, text = _facts(), text_of(marketing, "/leads/file/")
    Lead.objects.all().delete()
    Company.objects.all().delete()

    one = imported(marketing, text.encode("utf-8-sig"), "leads.csv")

    assert counts(one) == (10_000, 0, 0, 0), one.rejected_rows.values_list("reason", flat=True)[:3]
    after = _facts()
    for email, facts in before.items():
        assert after[email] == facts
    assert counts(imported(marketing, text.encode("utf-8-sig"), "again.csv")) == (0, 0, 10_000, 0)


def _ten_thousand(chance: random.Random) -> None:
    at = datetime(2025, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC)
    firms = Company.objects.bulk_create(
        [
            Company(
                name=f"{text} {number}",
                domain=f"firm{number}.example",
                employees=chance.choice([None, 0, 12, 4_000]),
                revenue=chance.choice([None, Decimal("0.50"), Decimal("12000000.00")]),
                industry=chance.choice(["", text]),
            )
            for number, text in enumerate(NAUGHTY)
        ]
    )
    values: list[Any] = [
        3,
        2.5,
        True,
        None,
        ["a", 1],
        {"deep": "=1"},
        "3",
        "true",
        '"x',
        "two\nlines",
        *NAUGHTY,
    ]
    leads = Lead.objects.bulk_create(
        [
            Lead(
                email=f"lead{number}@{firm.domain if firm else 'gmail.com'}",
                name=chance.choice(NAUGHTY),
                title=chance.choice(["", *NAUGHTY]),
                phone=chance.choice(["", "+49 40 555123", "0151-2345678", "ask Bo: 123"]),
                company=firm,
                country=chance.choice(["", "DE", "US"]),
                city=chance.choice(["", *NAUGHTY]),
                source=chance.choice(["website", "=fair"]),
                campaign=chance.choice(["", "-spring"]),
                attributes={
                    name: value
                    for name in ("tier", "Tier level", "=f", "notes.long")
                    if (value := chance.choice(values)) is not None
                },
                created_at=at + timedelta(minutes=number),
            )
            for number in range(10_000)
            for firm in [chance.choice([None, *firms])]
        ]
    )
    for lead in leads[:50]:
        consent.record(lead=lead, channel="email", granted=lead.pk % 2 == 0, at=at, source="form")


def _facts() -> dict[str, tuple[Any, ...]]:
    held: Iterable[Lead] = Lead.objects.select_related("company").prefetch_related("consent_events")
    return {
        str(lead.email): (
            lead.name, lead.title, lead.phone, lead.country, lead.city, lead.source, lead.campaign,
            lead.attributes, lead.created_at,
            lead.company and (
                lead.company.name, lead.company.domain, lead.company.employees, lead.company.revenue,
                lead.company.industry,
            ),
            {event.channel: event.granted for event in lead.consent_events.all()},
        )
        for lead in held
    }  # fmt: skip
