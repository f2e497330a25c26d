"""A team is the boundary: who sees which lead, company and history (S2)."""

import re

import pytest
from django.db import connection

from leads.models import Activity, Company, Lead, LeadAccess, StageChange
from leads.searching import FEW
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def adas_lead() -> Lead:
    """A lead of team DACH at a company, with an activity and a stage change."""
    lead = make.lead("Ines", company=make.company())
    make.activity(lead, "page_view")
    StageChange.objects.create(
        lead=lead, from_stage="lead", to_stage="mql", at=make.NOW, cause=StageChange.Cause.CROSSING
    )
    LeadAccess.objects.create(lead=lead, team=make.team("DACH"))
    return lead


@pytest.mark.parametrize("model", [Lead, Company, Activity, StageChange])
def test_marketing_admins_and_the_own_team_see_it_and_no_other_team(
    adas_lead: Lead, model: type[Lead | Company | Activity | StageChange]
) -> None:
    nordics = make.team("Nordics")
    insiders = [make.marketer(), make.admin(), make.rep(), make.manager()]
    outsiders = [make.rep("Nils", nordics), make.manager("Eve", nordics), make.user("Tom")]
    for user in insiders:
        assert model.objects.visible_to(user).count() == 1, user
    for user in outsiders:
        assert model.objects.visible_to(user).count() == 0, user


def test_a_lead_that_two_teams_worked_is_one_lead_to_a_manager_of_both(adas_lead: Lead) -> None:
    nordics = make.team("Nordics")
    LeadAccess.objects.create(lead=adas_lead, team=nordics)
    both = make.manager("Max", make.team("DACH"), nordics)
    assert Lead.objects.visible_to(both).count() == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("kowal", ["Marta Kowalczyk"]),
        ("KOWAL marta", ["Marta Kowalczyk"]),
        ("nordwind", ["Marta Kowalczyk"]),
        ("marta nordwind", ["Marta Kowalczyk"]),
        ("jonas nordwind", []),
        ("100%_", []),
        ("", ["Jonas Berg", "Marta Kowalczyk"]),
    ],
)
def test_search_finds_each_word_in_name_address_or_company(text: str, names: list[str]) -> None:
    make.lead("Marta Kowalczyk", company=make.company("Nordwind Aufzüge"))
    make.lead("Jonas Berg", company=make.company("Fjällvärme"))
    found = Lead.objects.searched(text).order_by("name")
    assert [lead.name for lead in found] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("bo", ["Bo Lind", "Karin Bohm"]),
        ("Bo L", ["Bo Lind"]),
        ("li", ["Anna-Li Berg", "Bo Lind", "Max Ohm"]),
        ("hm", []),
        ("ab", ["Ines Ott"]),
        ("k", ["Karin Bohm"]),
        ("%_", []),
    ],
)
def test_a_word_of_one_or_two_letters_begins_a_word(text: str, names: list[str]) -> None:
    make.lead("Bo Lind", email="b.lind@firm.example")
    make.lead("Karin Bohm", email="kb@firm.example")
    make.lead("Anna-Li Berg", email="annaberg@firm.example")
    make.lead("Max Ohm", email="max@li.example")
    make.lead("Ines Ott", email="ines@firm.example", company=make.company("AB Volt"))

    assert [lead.name for lead in Lead.objects.searched(text).order_by("name")] == names


@pytest.mark.parametrize("text", ["qo", "q", "xylander"])
def test_a_search_reads_only_what_the_index_points_to(text: str) -> None:
    for number in range(200):
        make.lead(f"Iraqi Faqoos {number}", company=make.company(f"Iraqi {number}"))
    make.lead("Qo Xylander")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    plan = Lead.objects.matching(text, FEW).explain(analyze=True, timing=False, costs=False)

    read = [int(rows) for rows in re.findall(r"Bitmap Index Scan on \w+_search \(actual rows=(\d+)", plan)]
    assert read, plan
    assert max(read) < 20, plan  # an index also counts rows that other tests took back
