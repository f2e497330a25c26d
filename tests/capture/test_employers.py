"""What is known of somebody's company from their address, and one spelling for phones and countries."""

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import database_now
from capture import employers, phones
from capture.tasks import find_employers
from leads.models import Company, Lead
from tests import factories
from tests.api.calling import caller as calls

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("email", "site"),
    [
        ("ada@nordwind.de", "nordwind.de"),
        ("ada@Mail.Nordwind.DE", "nordwind.de"),
        ("ada@sales.firm.co.uk", "firm.co.uk"),
        ("ada@gmail.com", ""),
        ("ada@eu.gmail.com", ""),
        ("ada@mailinator.com", ""),
        ("ada@co.uk", ""),
        (None, ""),
    ],
)
def test_the_domain_of_an_address_names_a_company_unless_anybody_can_have_one(
    email: str | None, site: str
) -> None:
    assert employers.site_of(email) == site


@pytest.mark.parametrize(
    ("site", "name"),
    [("nordwind.de", "Nordwind"), ("nord-wind.co.uk", "Nord Wind"), ("xn--bcher-kva.example", "Bücher")],
)
def test_a_company_is_called_by_its_domain_until_somebody_says_its_name(site: str, name: str) -> None:
    assert employers.called(site) == name


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("0040/555 123", "DE", "0040/555 123"),
        ("0049 40 555123", "", "0049 40 555123"),
        ("0049 40 555123", "DE", "+49 40 555123"),
        ("+44 (0)20 7946 0958", "", "+44 20 7946 0958"),
        ("040/555123", "DE", "+49 40 555123"),
        ("040/555123", "", "040/555123"),
        ("+4940555123", "US", "+4940555123"),
        ("call me", "DE", "call me"),
    ],
)
def test_a_number_that_can_be_dialled_has_all_its_digits(written: str, country: str, kept: str) -> None:
    assert phones.normal(written, country=country) == kept
    assert phones.normal(kept, country=country) == kept


def test_who_comes_without_a_company_gets_that_of_the_address() -> None:
    known = factories.company("Nordwind Aufzüge GmbH", domain="nordwind.de")
    caller = calls(factories.marketer())
    caller.post("/leads", {"email": "ada@mail.nordwind.de", "country": "Deutschland", "phone": "040 555123"})
    caller.post("/leads", {"email": "bo@other-firm.example"})
    caller.post("/leads", {"email": "cy@gmail.com"})
    caller.post("/leads", {"email": "di@nordwind.de", "company": {"name": "Elsewhere"}})

    works_at = {lead.email: lead.company for lead in Lead.objects.select_related("company")}
    assert works_at["ada@mail.nordwind.de"] == known
    assert (works_at["bo@other-firm.example"].name, works_at["bo@other-firm.example"].domain) == (
        "Other Firm",
        "other-firm.example",
    )
    assert works_at["cy@gmail.com"] is None
    assert works_at["di@nordwind.de"].name == "Elsewhere"
    known.refresh_from_db()
    assert known.name == "Nordwind Aufzüge GmbH"
    ada = Lead.objects.get(email="ada@mail.nordwind.de")
    assert (ada.country, ada.phone) == ("DE", "+49 40 555123")


def test_a_name_that_is_said_later_takes_the_place_of_the_guess() -> None:
    caller = calls(factories.marketer())
    caller.post("/leads", {"email": "ada@nordwind.de"})
    company = {"domain": "nordwind.de", "name": "Nordwind AG"}
    caller.post("/leads", {"email": "ada@nordwind.de", "company": company})
    assert [company.name for company in Company.objects.all()] == ["Nordwind AG"]


def test_who_has_a_company_keeps_it() -> None:
    firm = factories.company("Firm")
    factories.lead("Ada", email="ada@nordwind.de", company=firm)
    calls(factories.marketer()).post("/leads", {"email": "ada@nordwind.de", "name": "Ada B."})
    find_employers()
    assert Lead.objects.get().company == firm


def test_an_event_of_somebody_unknown_gives_them_a_company() -> None:
    at = database_now()
    event = {"event_id": "1", "type": "page_view", "occurred_at": at.isoformat(), "email": "ada@nordwind.de"}
    calls(factories.marketer()).post("/events", [event])
    assert Lead.objects.get().company.name == "Nordwind"


def test_the_night_finds_what_came_another_way_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(employers, "WINDOW", 2)
    for number in range(5):
        factories.lead(f"Lead {number}", email=f"a{number}@nordwind.de")
    factories.lead("Cy", email="cy@gmail.com")
    find_employers()
    find_employers()
    assert Lead.objects.filter(company__domain="nordwind.de").count() == 5
    assert apps.get_model("leads", "LeadHistory").objects.count() == 5


def test_many_cost_no_more_than_one() -> None:
    asked = []
    for count in (1, 50):
        names = [f"firm{count}-{each}" for each in range(count)]
        made = [factories.lead(email=f"ada@{name}.example").pk for name in names]
        with CaptureQueriesContext(connection) as queries:
            employers.give(lead_ids=made, at=database_now())
        asked.append(len(queries))
    assert asked[0] == asked[1]
