"""What is asked of a lead, and what makes it an opportunity, as data."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError

from handoff import decisions, frameworks, qualification
from handoff.models import Framework, Level, Qualification, Question, Requirement
from handoff.permissions import NotYours
from handoff.qualification import NotQualified
from leads.models import Lead, OpportunityStep, StageChange
from scoring.models import ModelVersion
from tests.factories import NOW, activity, manager, rep, team
from tests.handoff.factories import QUESTIONS, offered, question

pytestmark = pytest.mark.django_db


def accepted(by) -> Lead:
    handoff = offered(to=by)
    decisions.accept(handoff=handoff, by=by, at=NOW)
    return Lead.objects.get(pk=handoff.lead_id)


def meddic(**fields) -> Framework:
    Framework.objects.filter(key="meddic").update(is_active=True, **fields)
    return Framework.objects.get(key="meddic")


def test_s0_12_s0_13_a_fresh_company_asks_interest_motivation_and_bant_by_letter():
    asked = frameworks.asked_of(accepted(rep()))
    assert str(asked.framework) == "BANT"
    assert {each.key: each.shortcut for each in asked.questions} == {
        "interest": "i", "motivation": "m", "budget": "b", "authority": "u", "need": "n", "timing": "t",
    }  # fmt: skip
    interest, motivation = asked.first_contact
    assert "are we an option" in interest.hint
    assert "want to buy" in motivation.hint
    assert [level.label for level in asked.levels] == ["Unknown", "Weak", "Likely", "Confirmed"]


def test_the_framework_of_the_leads_team_goes_before_the_one_for_everybody():
    ada = accepted(rep())
    framework = meddic()
    framework.teams.add(team("Nordics"))
    assert str(frameworks.asked_of(ada).framework) == "BANT"
    framework.teams.set([team("DACH")])
    assert str(frameworks.asked_of(ada).framework) == "MEDDIC"


def test_the_framework_of_the_model_that_handed_over_goes_before_the_one_for_everybody():
    ada = accepted(rep())
    framework = meddic(position=1000)
    framework.scoring_models.add(ModelVersion.objects.live().model)
    assert str(frameworks.asked_of(ada).framework) == "MEDDIC"
    Framework.objects.filter(key="meddic").update(is_active=False)
    assert str(frameworks.asked_of(ada).framework) == "BANT"


def test_answers_of_another_framework_stay_and_are_told_apart():
    sol = rep()
    ada = accepted(sol)
    qualification.answer(lead=ada, by=sol, question="budget", level=3, at=NOW)
    meddic().teams.add(team("DACH"))
    asked, known = frameworks.asked_of(ada), qualification.known_of(ada)
    assert not any(answer.is_known for answer in asked.answers(known))
    assert [(a.question.key, name) for a, name in frameworks.elsewhere(asked, known)] == [("budget", "BANT")]
    with pytest.raises(ValueError, match="not “budget”"):
        qualification.answer(lead=ada, by=sol, question="budget", level=1, at=NOW)


def test_a_level_that_the_framework_does_not_have_is_refused():
    sol = rep()
    ada = accepted(sol)
    with pytest.raises(ValueError, match="Need has no level 7"):
        qualification.answer(lead=ada, by=sol, question="need", level=7, at=NOW)
    assert not Qualification.objects.exists()


def test_s4_02_requirements_are_the_companys_to_say():
    sol = rep()
    ada = accepted(sol)
    Requirement.objects.all().update(is_active=False)
    assert qualification.missing(lead=ada, at=NOW) == []
    bant = Framework.objects.get(key="bant")
    Requirement.objects.create(framework=bant, kind="answers", questions=["need", "budget"], least_level=2)
    Requirement.objects.create(
        framework=bant,
        kind="activity",
        types=["demo_attended"],
        words="two demos this month",
        times=2,
        within_days=30,
    )
    assert qualification.missing(lead=ada, at=NOW) == ["budget", "need", "two demos this month"]
    qualification.answer(lead=ada, by=sol, question="need", level=1, at=NOW)
    activity(ada, "demo_attended", NOW - timedelta(days=40))
    activity(ada, "demo_attended", NOW - timedelta(days=2))
    assert qualification.missing(lead=ada, at=NOW) == [
        "budget", "more than “weak” about need", "two demos this month",
    ]  # fmt: skip
    activity(ada, "demo_attended", NOW - timedelta(days=1))
    qualification.answer(lead=ada, by=sol, question="need", level=2, at=NOW)
    qualification.answer(lead=ada, by=sol, question="budget", level=3, at=NOW)
    assert qualification.missing(lead=ada, at=NOW) == []


def test_a_question_switched_off_is_neither_asked_nor_missing():
    ada = accepted(rep())
    Question.objects.filter(key="timing").update(is_active=False)
    assert "timing" not in qualification.missing(lead=ada, at=NOW)


def test_s2_16_a_manager_goes_on_with_a_reason_that_stands_in_the_history():
    sol, max_ = rep(), manager()
    ada = accepted(sol)
    with pytest.raises(NotQualified):
        qualification.convert(lead=ada, by=max_, at=NOW)
    with pytest.raises(NotYours, match="Only a manager"):
        qualification.convert(lead=ada, by=sol, at=NOW, override="I just know.")
    made = qualification.convert(lead=ada, by=max_, at=NOW, override="Their CEO called ours.")
    said = "Without interest, motivation, budget, authority, need, timing and a talk or demo: Their CEO"
    assert OpportunityStep.objects.get(opportunity=made).note.startswith(said)
    assert StageChange.objects.get(to_stage="opportunity").note.startswith(said)


def test_what_has_answers_is_not_deleted():
    sol = rep()
    ada = accepted(sol)
    qualification.answer(lead=ada, by=sol, question="need", level=3, at=NOW)
    with pytest.raises(ProtectedError):
        question("need").delete()
    assert Level.objects.filter(framework__key="bant").count() == 4
    assert [each.question.key for each in qualification.known_of(ada)] == ["need"]
    assert len(QUESTIONS) == 6
