"""POST /api/v1/leads: make a lead, or bring it up to date, by e-mail."""

import threading
from typing import Any

import pytest
from django.db import connection

from leads import consent
from leads.models import ChangedLead, Company, Lead
from tests import factories as make

from .calling import Caller, caller


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer(), "capture")


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.content
    return [error["field"] for error in answer.json()["errors"]]


FULL = {
    "email": "Marta@Nordwind.example",
    "name": "Marta Kowalczyk",
    "title": "Head of Operations",
    "phone": "+49 40 5550100",
    "country": "de",
    "city": "Hamburg",
    "source": "webinar",
    "campaign": "spring",
    "attributes": {"seats": 40, "tags": ["a", "b"]},
    "company": {
        "name": "Nordwind Aufzüge GmbH",
        "domain": "https://www.Nordwind.example/contact",
        "employees": 240,
        "revenue": 1234567.891,
        "industry": "Elevators",
        "country": "DE",
        "attributes": {"plan": "pro"},
    },
    "consent": {"email": True, "phone": False},
}


@pytest.mark.django_db
def test_an_unknown_address_makes_a_lead_with_its_company(site: Caller) -> None:
    answer = site.post("/leads", FULL)

    lead = Lead.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"id": str(lead.public_id), "email": "marta@nordwind.example", "created": True}
    assert (lead.name, lead.title, lead.country, lead.source) == (
        "Marta Kowalczyk",
        "Head of Operations",
        "DE",
        "webinar",
    )
    assert lead.attributes == {"seats": 40, "tags": ["a", "b"]}
    company = Company.objects.get()
    assert lead.company == company
    assert (company.domain, company.employees, str(company.revenue), company.industry) == (
        "nordwind.example",
        240,
        "1234567.89",
        "Elevators",
    )
    held = consent.current(lead=lead)
    assert {channel: event.granted for channel, event in held.items()} == {"email": True, "phone": False}
    assert ChangedLead.objects.get().lead == lead


@pytest.mark.django_db
def test_saving_the_same_again_changes_nothing(site: Caller) -> None:
    site.post("/leads", FULL)
    before = Lead.objects.values().get()

    answer = site.post("/leads", {**FULL, "email": "MARTA@nordwind.EXAMPLE"})

    assert (answer.status_code, answer.json()["created"]) == (200, False)
    assert Lead.objects.values().get() == before
    assert Company.objects.count() == 1
    assert ChangedLead.objects.get().version == 1
    assert Lead.objects.get().consent_events.count() == 2


@pytest.mark.django_db
def test_empty_values_never_overwrite_and_attributes_are_merged(site: Caller) -> None:
    site.post("/leads", FULL)

    site.post(
        "/leads",
        {
            "email": "marta@nordwind.example",
            "name": "",
            "title": None,
            "city": "Bremen",
            "attributes": {"seats": None, "size": "L"},
            "company": {"name": "nordwind aufzüge gmbh", "industry": "", "employees": 250},
        },
    )

    lead = Lead.objects.get()
    assert (lead.name, lead.title, lead.city) == ("Marta Kowalczyk", "Head of Operations", "Bremen")
    assert lead.attributes == {"seats": 40, "tags": ["a", "b"], "size": "L"}
    company = Company.objects.get()
    assert (company.industry, company.employees) == ("Elevators", 250)


@pytest.mark.django_db
def test_a_domain_tells_companies_of_one_name_apart(site: Caller) -> None:
    site.post("/leads", {"email": "a@x.example", "company": {"name": "Acme", "domain": "acme.example"}})
    site.post("/leads", {"email": "b@x.example", "company": {"name": "Acme", "domain": "acme-two.example"}})
    site.post("/leads", {"email": "c@x.example", "company": {"name": "ACME"}})

    domains = list(Lead.objects.order_by("email").values_list("company__domain", flat=True))
    assert domains == ["acme.example", "acme-two.example", "acme.example"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"stage": "customer"}, "stage"),
        ({"owner": 1}, "owner"),
        ({"public_id": "x"}, "public_id"),
        ({"id": 1}, "id"),
        ({"company": {"name": "A", "id": 3}}, "company.id"),
        ({"email": ""}, "email"),
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"name": 3}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"country": "Atlantis"}, "country"),
        ({"country": "D1"}, "country"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"a": float("nan")}}, "attributes.a"),
        ({"company": "Acme"}, "company"),
        ({"company": {"employees": 3}}, "company.name"),
        ({"company": {"name": "A", "employees": -1}}, "company.employees"),
        ({"company": {"name": "A", "employees": 10**12}}, "company.employees"),
        ({"company": {"name": "A", "employees": True}}, "company.employees"),
        ({"company": {"name": "A", "revenue": 1e300}}, "company.revenue"),
        ({"company": {"name": "A", "revenue": "much"}}, "company.revenue"),
        ({"company": {"name": "A", "domain": "no domain"}}, "company.domain"),
        ({"consent": {"email": "yes"}}, "consent.email"),
        ({"consent": {"fax": True}}, "consent.fax"),
    ],
)
@pytest.mark.django_db
def test_what_is_wrong_is_refused_by_its_field_and_changes_nothing(
    site: Caller, sent: dict[str, Any], field: str
) -> None:
    assert fields(site.post("/leads", {"email": "ada@firm.example", **sent})) == [field]
    assert not Lead.objects.exists()
    assert not Company.objects.exists()


@pytest.mark.parametrize("body", [[], "x", None, 3])
@pytest.mark.django_db
def test_a_body_that_is_no_object_is_refused(site: Caller, body: Any) -> None:
    assert site.post("/leads", body).status_code == 422


@pytest.mark.django_db
def test_sales_does_not_edit_leads() -> None:
    answer = caller(make.rep(), "capture").post("/leads", {"email": "ada@firm.example"})
    assert (answer.status_code, Lead.objects.count()) == (403, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_new_lead_twice_at_once_is_one_lead() -> None:
    site = caller(make.marketer(), "capture")
    answers: list[int] = []

    def save() -> None:
        try:
            answers.append(site.post("/leads", FULL).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] * 7 + [201]
    assert (Lead.objects.count(), Company.objects.count()) == (1, 1)
