"""A team is the boundary: who sees which lead, company and history (S2)."""

import pytest

from leads.models import Activity, Company, Lead, LeadAccess, StageChange
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
