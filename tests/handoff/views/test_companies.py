"""Companies: the list, one of them with its people and what they did, and who has the account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff import account_owners, matching
from handoff.models import RoutingRule
from handoff.permissions import NotYours
from leads.models import Company
from leads.stages import Stage
from tests.factories import NOW, activity, company, lead
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def nordwind(sol: User) -> Company:
    """Sol has Marta there; Karin has no handoff."""
    firm = company(
        "Nordwind Aufzüge", domain="nordwind.example", employees=240, industry="Lifts", country="DE"
    )
    marta = handed_over(sol, "Marta Kowalczyk", at=timezone.now() - timedelta(minutes=5), company=firm).lead
    karin = lead("Karin Beck", company=firm)
    activity(marta, "demo_request", timezone.now() - timedelta(hours=1), properties={"message": "20 vans"})
    activity(karin, "email_opened", timezone.now() - timedelta(hours=2))
    return firm


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_sales_sees_its_own_people_by_link_and_the_others_by_name_only(
    sol: User, mara: User, nordwind: Company, signed_in: SignIn
) -> None:
    karin = nordwind.leads.get(name="Karin Beck")
    path = f"/companies/{nordwind.public_id}/"
    for_sales, for_marketing = read(signed_in(sol), path), read(signed_in(mara), path)
    assert f"/leads/{karin.public_id}/" not in for_sales
    assert "Karin Beck" in for_sales
    assert str(karin.email) not in for_sales
    assert "Opened an e-mail" not in for_sales
    assert "20 vans" in for_sales
    assert f"/leads/{karin.public_id}/" in for_marketing
    assert "Karin Beck: <b>Opened an e-mail</b>" in for_marketing
    assert "waits for an answer of Sol Seller" in for_sales


def test_a_company_of_another_team_is_not_found(nils: User, nordwind: Company, signed_in: SignIn) -> None:
    client = signed_in(nils)
    assert client.get(f"/companies/{nordwind.public_id}/").status_code == 404
    assert "Nordwind" not in read(client, "/companies/")


def test_the_list_is_filtered_by_the_url(mara: User, nordwind: Company, signed_in: SignIn) -> None:
    company("Zephyr", employees=3, country="FR")
    client = signed_in(mara)
    for query, names in (
        ("", ["Nordwind", "Zephyr"]),
        ("q=nordwind", ["Nordwind"]),
        ("q=nordwind.example", ["Nordwind"]),
        ("country=fr", ["Zephyr"]),
        ("staff=100", ["Nordwind"]),
        ("industry=lifts", ["Nordwind"]),
        ("owner=nonsense", ["Nordwind", "Zephyr"]),
    ):
        html = read(client, f"/companies/?{query}")
        assert [name for name in ("Nordwind", "Zephyr") if f"<bdi>{name}" in html] == names, query


def test_the_list_pages_by_name_whatever_the_case(mara: User, signed_in: SignIn) -> None:
    for number in range(60):
        company(f"{'Firm' if number % 2 else 'firm'} {number:02}")
    client = signed_in(mara)
    first = client.get("/companies/").context
    second = client.get(f"/companies/{first['next_url']}").context
    names = [str(row[0]).lower() for row in (*first["rows"], *second["rows"])]
    assert (len(first["rows"]), names) == (50, sorted(names))
    assert second["next_url"] == ""


def test_the_timeline_of_a_company_is_narrowed_and_pages_back(
    mara: User, nordwind: Company, signed_in: SignIn
) -> None:
    karin = nordwind.leads.get(name="Karin Beck")
    for minutes in range(30):
        activity(karin, "page_view", timezone.now() - timedelta(days=1, minutes=minutes))
    client, path = signed_in(mara), f"/companies/{nordwind.public_id}/"
    web = client.get(f"{path}?t=web").context
    rest = client.get(web["earlier_url"].split("#")[0]).context
    assert [len(each["timeline"].entries) for each in (web, rest)] == [25, 6]
    assert "Became" not in read(client, f"{path}?t=mail")


def test_the_account_owner_is_set_by_managers_and_admins_and_routing_follows(
    sol: User, sofia: User, max_: User, nils: User, nordwind: Company, signed_in: SignIn
) -> None:
    path = f"/companies/{nordwind.public_id}/owner/"
    assert signed_in(sol).post(path, {"owner": str(sofia.public_id)}).status_code == 403
    assert signed_in(max_).post(path, {"owner": str(nils.public_id)}).status_code == 422
    assert signed_in(max_).post(path, {"owner": str(sofia.public_id)}).status_code == 302
    nordwind.refresh_from_db()
    assert nordwind.owner == sofia
    fresh = lead("New Here", company=nordwind, stage=Stage.MQL)
    RoutingRule.objects.create(name="Account owner", to="owner", position=1)
    asked = matching.ask(lead_ids=[fresh.pk], rules=matching.read_rules(), at=NOW)[fresh.pk]
    assert asked.owner is not None
    assert (asked.owner.name, asked.owner.is_own) == ("Sofia Reuter", False)
    signed_in(max_).post(path, {"owner": ""})
    assert matching.ask(lead_ids=[fresh.pk], rules=matching.read_rules(), at=NOW)[fresh.pk].owner is None
    with pytest.raises(NotYours):
        account_owners.set_owner(company=nordwind, owner=sol, by=sol, at=NOW)
