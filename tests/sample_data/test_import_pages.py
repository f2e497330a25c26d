"""Every small contact list of the sample data, through the pages and their own recognition of headings, gives
what its SOURCE.md states."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from capture.models import Import, RejectedRow
from leads.models import Lead, LeadExternalId
from tests import factories
from tests.capture.importing import counts, imported, matched, uploaded, worked_off

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(factories.marketer())
    return client


@pytest.fixture
def lists(sample_data: Path) -> Path:
    return sample_data / "importer-csv"


def chosen(one: Import) -> dict[str, str]:
    """What each column was recognised as, without those left out."""
    return {choice["column"]: choice["as"] for choice in one.choices if choice["as"] != "skip"}


def test_01_facebook_leads_with_times_without_a_zone(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "01-facebook-leads-standard.csv")

    assert counts(one) == (5, 0, 0, 0)
    john = Lead.objects.get(email="john.doe@gmail.com")
    assert (john.name, john.phone, john.campaign) == ("John Doe", "+1 555-0100", "Meridian Tower Lead Form")
    assert john.created_at == datetime(2024, 3, 15, 9, 12, tzinfo=UTC)


def test_02_american_dates_no_name_a_bad_address_and_a_bad_phone(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "02-facebook-leads-messy-headers.csv")

    assert counts(one) == (2, 0, 0, 1)
    row = RejectedRow.objects.get(of_check=False)
    assert row.line == 4
    assert "“invalid-email” is not an e-mail address" in row.reason
    assert "“not-a-phone” is not a phone number" in row.reason
    assert Lead.objects.get(email="john@example.com").created_at == datetime(2024, 3, 15, 9, 12, tzinfo=UTC)
    assert Lead.objects.get(name="Jane Smith").phone == "555-0101"


def test_03_google_ads_row_without_an_address_is_kept_by_phone(mara: Client, lists: Path) -> None:
    assert counts(imported(mara, lists / "03-google-ads-leads.csv")) == (3, 0, 0, 0)

    kept = Lead.objects.get(email=None)
    assert kept.phone == "+1-555-0199"
    assert counts(imported(mara, lists / "03-google-ads-leads.csv")) == (0, 0, 3, 0)


def test_05_every_cell_quoted(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "05-excel-export.csv")

    assert counts(one) == (3, 0, 0, 0)
    alice = Lead.objects.get(email="alice.j@corp.com")
    assert (alice.name, alice.title, alice.company.name) == ("Alice Johnson", "Director", "Acme Corp")
    assert alice.created_at == datetime(2024, 1, 15, tzinfo=UTC)


def test_06_statuses_are_mapped_value_by_value(mara: Client, lists: Path) -> None:
    one = uploaded(mara, lists / "06-agency-crm-export.csv")
    place = [choice["as"] for choice in one.choices].index("status")
    page = mara.get(f"/imports/{one.public_id}/columns/").content.decode()
    for status in ("GOOD_LEAD_FOLLOW_UP", "DID_NOT_CONNECT", "BAD_LEAD", "SALE_DONE"):
        assert status in page
    one = matched(
        mara, one, **{f"value-{place}-0": "mql", f"value-{place}-2": "lost", f"value-{place}-3": "won"}
    )
    mara.post(f"/imports/{one.public_id}/start/")
    worked_off()

    one.refresh_from_db()
    assert counts(one) == (4, 0, 0, 0)
    stages = dict(Lead.objects.values_list("name", "stage"))
    assert stages == {
        "Rajesh Kumar": "mql", "Sneha Reddy": "lead", "Vikram Singh": "closed", "Deepa Nair": "customer",
    }  # fmt: skip
    assert Lead.objects.get(name="Vikram Singh").email is None
    assert LeadExternalId.objects.get(external_id="LD-1003").lead.phone == "7654321098"


def test_08_wrong_headings_are_guesses_and_nothing_is_imported_blindly(mara: Client, lists: Path) -> None:
    one = uploaded(mara, lists / "08-broken-headers-typos.csv")

    assert [(choice["as"], choice["sure"]) for choice in one.choices] == [
        ("name", False), ("email", False), ("phone", False), ("company", False), ("status", False),
    ]  # fmt: skip
    answer = mara.post(f"/imports/{one.public_id}/columns/", {})
    assert "wrong=1" in answer["Location"]
    mara.post(f"/imports/{one.public_id}/start/")
    worked_off()
    assert not Lead.objects.exists()

    one = matched(mara, one, **{f"sure-{place}": "1" for place in range(5)})
    mara.post(f"/imports/{one.public_id}/start/")
    worked_off()
    one.refresh_from_db()
    assert counts(one) == (3, 0, 0, 0)
    assert Lead.objects.get(email="john@test.com").company.name == "Acme Inc"


def test_11_names_and_countries_of_many_languages(mara: Client, lists: Path) -> None:
    assert counts(imported(mara, lists / "11-international-names.csv")) == (4, 0, 0, 0)

    assert dict(Lead.objects.values_list("name", "country")) == {
        "Nguyễn Văn An": "VN", "François Müller": "FR", "Алексей Иванов": "RU", "Mohammed Al-Rashid": "AE",
    }  # fmt: skip


def test_13_spanish_headings(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "13-mixed-languages.csv")

    assert counts(one) == (3, 0, 0, 0)
    juan = Lead.objects.get(email="juan@email.es")
    assert (juan.name, juan.phone, juan.company.name) == ("Juan García", "+34 612 345 678", "Empresa SA")


def test_15_three_equal_rows_make_one_lead(mara: Client, lists: Path) -> None:
    assert counts(imported(mara, lists / "15-duplicate-rows.csv")) == (3, 0, 2, 0)
    assert Lead.objects.filter(email="john@dup.com").count() == 1


def test_18_phones_stay_as_written_and_their_prefix_is_no_country(mara: Client, lists: Path) -> None:
    one = uploaded(mara, lists / "18-international-phones.csv")
    assert "Country Code" not in chosen(one)
    assert counts(imported(mara, lists / "18-international-phones.csv")) == (6, 0, 0, 0)
    assert Lead.objects.get(email="de@test.com").phone == "+49 170 1234567"


def test_22_a_comma_at_the_end_of_each_line(mara: Client, lists: Path) -> None:
    assert counts(imported(mara, lists / "22-trailing-commas.csv")) == (2, 0, 0, 0)
    assert Lead.objects.get(email="jane@trail.com").company.name == "Beta"


def test_23_a_line_break_in_a_quoted_cell_is_one_row(mara: Client, lists: Path) -> None:
    one = uploaded(mara, lists / "23-quoted-fields-multiline.csv")
    assert one.choices[3]["column"] == "Address"
    assert counts(imported(mara, lists / "23-quoted-fields-multiline.csv")) == (2, 0, 0, 0)


def test_24_salesforce(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "24-salesforce-style.csv")

    assert counts(one) == (3, 0, 0, 0)
    trinity = Lead.objects.get(email="trinity@matrix.com")
    assert (trinity.name, trinity.source) == ("Trinity Unknown", "Partner Referral")
    assert trinity.created_at == datetime(2024, 6, 2, tzinfo=UTC)


def test_25_hubspot_by_its_record_ids(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "25-hubspot-export.csv", source="hubspot")

    assert counts(one) == (3, 0, 0, 0)
    linked = LeadExternalId.objects.filter(source="hubspot").values_list("external_id", "lead__email")
    assert dict(linked)["10001"] == "emma@hub.com"


def test_30_case_is_folded_for_matching_and_names_keep_theirs(mara: Client, lists: Path) -> None:
    known = factories.lead("Jane", email="jane@acme.com")
    one = imported(mara, lists / "30-hubspot-contacts-export-full-headings.csv", source="hubspot")

    assert counts(one) == (1, 1, 0, 0)
    known.refresh_from_db()
    assert (known.name, known.title, known.stage) == ("JANE doe", "VP Talent", "customer")
    assert (known.company.name, known.company.domain) == ("Acme Corp", "acme.com")


def test_31_linkedin_has_notes_and_a_mark_above_its_headings(mara: Client, lists: Path) -> None:
    one = imported(mara, lists / "31-linkedin-connections-export.csv", source="linkedin")

    assert one.looked["columns"][0]["heading"] == "First Name"
    assert one.looked["encoding"] == "utf-8-sig"
    assert counts(one) == (4, 0, 0, 1)
    assert "no name" in RejectedRow.objects.get(of_check=False).reason
    arjun = Lead.objects.get(email="arjun@example.com")
    assert (arjun.title, arjun.company.name) == ("Engineering Manager, Payments", "Amazon Web Services (AWS)")
    neha = Lead.objects.get(name="Neha")
    assert neha.created_at == datetime(2022, 2, 7, tzinfo=UTC)
    assert counts(imported(mara, lists / "31-linkedin-connections-export.csv", source="linkedin")) == (
        0,
        0,
        4,
        1,
    )


def test_51_first_and_last_names_apart(mara: Client, lists: Path) -> None:
    assert counts(imported(mara, lists / "51-laudspeaker-example.csv")) == (10, 0, 0, 0)
    assert Lead.objects.get(email="emcdougle0@about.me").name == "Erika McDougle"
