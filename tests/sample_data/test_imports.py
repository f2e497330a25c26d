"""The sample data import through the committed mappings, with balanced counts and the known totals."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count

from handoff.models import Handoff
from leads.models import (
    Activity,
    ChangedLead,
    Company,
    ConsentEvent,
    Lead,
    LeadExternalId,
    Opportunity,
    StageChange,
)
from notifications.models import Delivery
from scoring.models import Crossing, Score
from scoring.rescoring import rescore_changed

from .conftest import Importing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]

LEADFORGE = "leadforge-b2b-synthetic"
MODEL = Path(settings.BASE_DIR) / "bench" / "models" / "leadforge.json"


def types() -> dict[str, int]:
    counted = Activity.objects.values_list("type__key").annotate(count=Count("pk"))
    return dict(counted.order_by("type__key"))


def test_olist_imports_whole_and_again_changes_nothing(importing: Importing) -> None:
    leads = "olist-funnel/olist_marketing_qualified_leads_dataset.csv"
    deals = "olist-funnel/olist_closed_deals_dataset.csv"

    assert "8000 rows in = 8000 created + 0 updated + 0 skipped + 0 rejected" in importing(
        leads, "olist-leads"
    )
    assert "842 rows in = 0 created + 842 updated + 0 skipped + 0 rejected" in importing(deals, "olist-deals")

    assert (Lead.objects.count(), Company.objects.count(), Opportunity.objects.count()) == (8000, 842, 842)
    assert types() == {"deal_won": 842, "form_submitted": 8000}
    assert Lead.objects.filter(stage="customer").count() == 842
    assert StageChange.objects.filter(to_stage="mql").count() == 8000
    assert Lead.objects.filter(source="unknown").count() == 1099 + 60
    span = Lead.objects.order_by("created_at").values_list("created_at", flat=True)
    assert (span.first(), span.last()) == (
        datetime(2017, 6, 14, tzinfo=UTC),
        datetime(2018, 5, 31, tzinfo=UTC),
    )
    assert not ChangedLead.objects.filter(live=True).exists()
    assert "8000 skipped" in importing(leads, "olist-leads")
    assert "842 skipped" in importing(deals, "olist-deals")


def test_x_education_imports_whole_with_its_counted_activities(importing: Importing) -> None:
    said = importing("x-education/leads.csv", "x-education-leads")
    outcomes = importing("x-education/leads.csv", "x-education-outcomes")

    assert "6468 rows in = 6468 created + 0 updated + 0 skipped + 0 rejected" in said
    assert "6468 rows in = 0 created + 2454 updated + 4014 skipped + 0 rejected" in outcomes
    found = types()
    assert found["visit"] == 21_592
    assert found["content_download"] == 2_215
    assert Activity.objects.filter(type__key="page_view", properties={}).count() == 81_728
    assert found["sms_sent"] == 2_177
    assert not Activity.objects.filter(undated=False).exists()
    assert Lead.objects.filter(stage="customer").count() == 2_454
    assert not Lead.objects.filter(city="Select").exists()
    assert ConsentEvent.objects.filter(granted=False, channel="email").count() == 611
    again = importing("x-education/leads.csv", "x-education-leads")
    assert "6468 skipped" in again
    assert "0 activities new" in again


def leadforge(importing: Importing) -> list[str]:
    return [
        importing(f"{LEADFORGE}/accounts.csv.gz", "leadforge-companies"),
        importing(f"{LEADFORGE}/leads.csv.gz", "leadforge-leads"),
        importing(f"{LEADFORGE}/touches.csv.gz", "leadforge-touches"),
        importing(f"{LEADFORGE}/sessions.csv.gz", "leadforge-sessions"),
        importing(f"{LEADFORGE}/sales_activities.csv.gz", "leadforge-sales"),
    ]


def test_leadforge_imports_whole_and_replays_in_time_order(importing: Importing, tmp_path: Path) -> None:
    said = leadforge(importing)

    rows = (1500, 5000, 28_528, 7_701, 17_637)
    for printed, count in zip(said, rows, strict=True):
        assert f"{count} rows in = {count} created + 0 updated + 0 skipped + 0 rejected" in printed
    assert Lead.objects.exclude(title="").count() == 5000
    assert Lead.objects.filter(company=None).count() == 0
    assert Activity.objects.filter(type__key="visit").count() == 7_701
    assert Activity.objects.filter(properties__direction="outbound").count() == 15_735

    call_command(
        "load_model", str(MODEL), "--publish", "--reason", "Meetings and demos count", stdout=StringIO()
    )
    first, again = StringIO(), StringIO()
    call_command("replay", "--source", "leadforge", "--step", "1w", stdout=first)
    scores, crossings = content(Score), content(Crossing)
    call_command("replay", "--source", "leadforge", "--step", "1w", stdout=again)

    handoffs = Handoff.objects.count()
    assert handoffs > 500
    assert crossings
    assert first.getvalue().splitlines()[-1].startswith(f"{handoffs} handoffs in ")
    assert again.getvalue() == first.getvalue()
    assert (content(Score), content(Crossing)) == (scores, crossings)
    assert Score.objects.count() == 5000
    assert not ChangedLead.objects.exists()
    assert not Delivery.objects.filter(state="waiting").exists()
    days = Handoff.objects.order_by("offered_at").values_list("offered_at", flat=True)
    assert (
        datetime(2024, 1, 2, tzinfo=UTC) <= days[0] <= days.reverse()[0] <= datetime(2024, 3, 5, tzinfo=UTC)
    )
    deals = importing(f"{LEADFORGE}/opportunities.csv.gz", "leadforge-opportunities")
    assert "3352 rows in = 0 created + 3352 updated + 0 skipped + 0 rejected" in deals


def content(model: Any) -> list[dict[str, Any]]:
    return list(model.objects.order_by("pk").values())


PERSON: dict[str, Any] = {"email": "Email", "name": "Name"}
FULL_NAME = {"join": ["First Name", "Last Name"]}


@pytest.mark.parametrize(
    ("file", "columns", "rows", "leads"),
    [
        ("01-facebook-leads-standard", {"email": "email", "name": "full_name"}, "5 rows in = 5 created", 5),
        ("05-excel-export", {"email": "Email Address", "name": FULL_NAME}, "3 rows in = 3 created", 3),
        ("11-international-names", {"email": "Email", "name": "Full Name"}, "4 rows in = 4 created", 4),
        ("13-mixed-languages", {"email": "Correo", "name": "Nombre"}, "3 rows in = 3 created", 3),
        ("15-duplicate-rows", PERSON, "5 rows in = 3 created + 0 updated + 2 skipped", 3),
        ("18-international-phones", {"email": "Email", "phone": "Phone"}, "6 rows in = 6 created", 6),
        ("22-trailing-commas", PERSON, "2 rows in = 2 created", 2),
        ("23-quoted-fields-multiline", PERSON, "2 rows in = 2 created", 2),
        ("24-salesforce-style", {"email": "Email", "source": "Lead Source"}, "3 rows in = 3 created", 3),
        ("25-hubspot-export", {"email": "Email", "phone": "Phone Number"}, "3 rows in = 3 created", 3),
        ("30-hubspot-contacts-export-full-headings", {"email": "Email"}, "2 rows in = 2 created", 2),
        ("51-laudspeaker-example", {"email": "email", "phone": "phone"}, "10 rows in = 10 created", 10),
    ],
)  # fmt: skip
def test_lists_as_tools_write_them(
    sample_data: Path, tmp_path: Path, file: str, columns: dict[str, Any], rows: str, leads: int
) -> None:
    assert rows in _import(sample_data, tmp_path, f"{file}.csv", _mapping(columns))
    assert Lead.objects.count() == leads


def test_rows_without_an_address_are_kept_by_another_key(sample_data: Path, tmp_path: Path) -> None:
    """03: one has a click id only; 06: one has its id only; 31: four of five have a profile link only."""
    google = _mapping({"email": "Lead Email", "phone": "Lead Phone"}, "GCLID")
    agency = _mapping({"email": "Email", "name": "Contact Name"}, "Lead ID")
    linkedin = _mapping({"email": "Email Address", "title": "Position"}, "URL")
    assert "3 rows in = 3 created" in _import(sample_data, tmp_path, "03-google-ads-leads.csv", google)
    assert "4 rows in = 4 created" in _import(sample_data, tmp_path, "06-agency-crm-export.csv", agency)
    said = _import(sample_data, tmp_path, "31-linkedin-connections-export.csv", linkedin)
    assert "5 rows in = 4 created + 0 updated + 0 skipped + 1 rejected" in said


def test_a_bad_row_among_messy_ones_is_rejected_with_both_reasons(sample_data: Path, tmp_path: Path) -> None:
    mapping = _mapping({"email": "Email Address", "phone": "Phone", "name": "Full Name"}, "Phone")
    mapping["empty"] = ["N/A"]
    mapping["created_at"] = {"column": "Created Time", "formats": ["%m/%d/%Y %I:%M %p", "%m/%d/%Y"]}
    said = _import(sample_data, tmp_path, "02-facebook-leads-messy-headers.csv", mapping)
    assert "3 rows in = 2 created + 0 updated + 0 skipped + 1 rejected" in said
    reason = (tmp_path / "rejected.csv").read_text()
    assert "“invalid-email” is not an e-mail address" in reason
    assert "“not-a-phone” is not a phone number" in reason
    assert LeadExternalId.objects.count() == 2


def _mapping(columns: dict[str, Any], external_id: str = "") -> dict[str, Any]:
    lead = dict(columns)
    match = {"email": lead.pop("email")}
    return {"match": {**match, **({"external_id": external_id} if external_id else {})}, "lead": lead}


def _import(folder: Path, tmp_path: Path, file: str, mapping: dict[str, Any]) -> str:
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    out = StringIO()
    call_command(
        "import_leads",
        str(folder / "importer-csv" / file),
        "--mapping",
        str(tmp_path / "mapping.json"),
        "--rejects",
        str(tmp_path / "rejected.csv"),
        stdout=out,
    )
    return out.getvalue()


def test_leads_cross_quietly_after_an_import(importing: Importing) -> None:
    """Crossings of imported leads are held for a person."""
    importing("x-education/leads.csv", "x-education-leads")
    while rescore_changed():
        pass
    crossings = Crossing.objects.all()
    assert crossings.exists()
    assert not crossings.filter(held_at=None).exists()
