"""All leads one may see: search, filters, pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from leads.stages import Stage
from tests.factories import NOW, company, lead
from tests.handoff.views.worlds import handed_over, scored

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def names(client: Client, query: str = "") -> list[str]:
    return [lead.name for lead, *_ in client.get(f"/leads/?{query}").context["rows"]]


def test_marketing_sees_all_leads_the_newest_first(mara: User, signed_in: SignIn) -> None:
    for number, name in enumerate(["Old Olga", "New Nia"]):
        lead(name, created_at=NOW + timedelta(days=number))

    assert names(signed_in(mara)) == ["New Nia", "Old Olga"]
    assert names(signed_in(mara), "sort=oldest") == ["Old Olga", "New Nia"]
    assert names(signed_in(mara), "sort=id;DROP") == ["New Nia", "Old Olga"]


def test_sales_sees_what_was_handed_to_its_team(
    sol: User, sofia: User, nils: User, signed_in: SignIn
) -> None:
    handed_over(sol, "Of DACH")
    lead("Of nobody")

    assert names(signed_in(sol)) == names(signed_in(sofia)) == ["Of DACH"]
    assert names(signed_in(nils)) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=nordwind", ["Marta"]),
        ("q=marta+nordwind", ["Marta"]),
        ("q=marta@nordwind", ["Marta"]),
        ("stage=mql", ["Petra"]),
        ("stage=sql", []),
        ("phase=decision", ["Petra"]),
        ("country=de", ["Marta"]),
        ("source=fair", ["Petra"]),
        ("score=60", ["Marta"]),
        ("intent=30", ["Marta"]),
        ("stage=nonsense", ["Petra", "Marta"]),
        ("q=%00", ["Petra", "Marta"]),
    ],
)
def test_search_and_filters_find_what_they_say(
    mara: User, signed_in: SignIn, query: str, found: list[str]
) -> None:
    marta = lead("Marta", company=company("Nordwind"), email="marta@nordwind.example", country="DE")
    scored(marta, intent=35)
    petra = lead("Petra", stage=Stage.MQL, phase="decision", source="fair")
    scored(petra, intent=3)

    assert names(signed_in(mara), query) == found


def test_pages_follow_one_another(mara: User, signed_in: SignIn) -> None:
    for number in range(120):
        lead(f"Lead {number:03}", created_at=timezone.now() + timedelta(seconds=number))
    client = signed_in(mara)

    seen, query = [], ""
    while True:
        answer = client.get(f"/leads/{query}")
        seen += [row.name for row, *_ in answer.context["rows"]]
        query = answer.context["next_url"]
        if not query:
            break

    assert seen == [f"Lead {number:03}" for number in range(119, -1, -1)]


def test_nothing_found_says_what_to_drop(mara: User, signed_in: SignIn) -> None:
    lead("Marta")

    page = signed_in(mara).get("/leads/?q=nobody").content.decode()

    assert "No lead matches" in page
    assert "Remove the last filter" in page


def test_where_handed_over_is_an_sql_the_list_of_sqls_holds_it(
    sol: User, mara: User, signed_in: SignIn, settings: Any
) -> None:
    handed_over(sol, "Handed Hanna")
    lead("Sven Sql", stage=Stage.SQL)
    lead("Opal Open", stage=Stage.OPPORTUNITY)
    client = signed_in(mara)

    assert names(client, "stage=sql") == ["Sven Sql"]
    settings.HANDED_OVER_IS_SQL = True

    assert sorted(names(client, "stage=sql")) == ["Handed Hanna", "Sven Sql"]
    assert names(client, "stage=handed_over") == ["Handed Hanna"]
    page = client.get("/leads/?stage=handed_over").content.decode()
    assert "SQL, handed over" in page


def test_a_lead_that_waits_says_with_whom(mara: User, sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "Waiting Wanda")
    lead("Nobody’s Nora")
    page = signed_in(mara).get("/leads/").content.decode()
    assert page.count("with Sol Seller") == 1
