"""From SQL to opportunity, once."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from handoff import decisions, qualification
from handoff.models import Handoff, Qualification
from handoff.permissions import NotYours
from handoff.qualification import NotQualified
from leads.models import Lead, Opportunity, StageChange
from leads.stages import Stage
from tests.factories import NOW, activity, lead, manager, marketer, rep
from tests.handoff.factories import QUESTIONS, offered

pytestmark = pytest.mark.django_db


def accepted(by) -> Lead:
    handoff = offered(to=by)
    decisions.accept(handoff=handoff, by=by, at=NOW)
    return Lead.objects.get(pk=handoff.lead_id)


def answer_all(of: Lead, by) -> None:
    for question in QUESTIONS:
        qualification.answer(lead=of, by=by, question=question, level=2, at=NOW)


def test_s0_12_s4_02_an_opportunity_needs_interest_motivation_bant_and_a_talk():
    sol = rep()
    ada = accepted(sol)
    assert qualification.missing(lead=ada, at=NOW) == [*QUESTIONS, "a talk or demo"]
    answer_all(ada, sol)
    qualification.answer(lead=ada, by=sol, question="budget", level=0, at=NOW)
    with pytest.raises(NotQualified, match=r"^Budget and a talk or demo are missing"):
        qualification.convert(lead=ada, by=sol, at=NOW)
    qualification.answer(lead=ada, by=sol, question="budget", level=3, note="30k", at=NOW)
    with pytest.raises(NotQualified, match=r"^A talk or demo is missing"):
        qualification.convert(lead=ada, by=sol, at=NOW)
    activity(ada, "call_logged")
    made = qualification.convert(lead=ada, by=sol, at=NOW, amount=Decimal(24000))
    assert (made.lead, made.owner, made.amount) == (ada, sol, 24000)
    ada.refresh_from_db()
    assert ada.stage == Stage.OPPORTUNITY


def test_a_call_nobody_answered_is_no_talk():
    sol = rep()
    ada = accepted(sol)
    answer_all(ada, sol)
    activity(ada, "call_unanswered")
    assert qualification.missing(lead=ada, at=NOW) == ["a talk or demo"]


def test_what_sales_has_not_accepted_is_no_opportunity():
    sol = rep()
    handoff = offered(to=sol)
    handoff.lead.refresh_from_db()
    answer_all(handoff.lead, sol)
    activity(handoff.lead, "demo_attended")
    with pytest.raises(NotQualified, match="acceptance"):
        qualification.convert(lead=handoff.lead, by=sol, at=NOW)


def test_the_newest_answer_holds():
    sol = rep()
    ada = accepted(sol)
    qualification.answer(lead=ada, by=sol, question="need", level=1, at=NOW)
    qualification.answer(lead=ada, by=sol, question="need", level=3, note="Replaces Excel", at=NOW)
    kept = Qualification.objects.get()
    assert (kept.level, kept.note, kept.by) == (3, "Replaces Excel", sol)
    with pytest.raises(ValueError, match="not “mood”"):
        qualification.answer(lead=ada, by=sol, question="mood", level=3, at=NOW)


def test_who_said_it_first_stays_when_it_is_only_said_again():
    sol = rep()
    ada = accepted(sol)
    boss = manager()
    qualification.answer(lead=ada, by=boss, question="need", level=3, note="Replaces Excel", at=NOW)
    later = NOW + timedelta(hours=1)

    qualification.answer(lead=ada, by=sol, question="need", level=3, note="Replaces Excel", at=later)
    qualification.answer(lead=ada, by=sol, question="budget", level=0, at=later)

    kept = Qualification.objects.get()
    assert (kept.question.key, kept.by, kept.at) == ("need", boss, NOW)


def test_colleagues_and_marketers_do_not_qualify_somebody_elses_lead():
    sol = rep()
    ada = accepted(sol)
    for stranger in (rep("Mona Colleague"), marketer()):
        with pytest.raises(NotYours):
            qualification.answer(lead=ada, by=stranger, question="need", level=1, at=NOW)
        with pytest.raises(NotYours):
            qualification.convert(lead=ada, by=stranger, at=NOW)
    qualification.answer(lead=ada, by=manager(), question="need", level=1, at=NOW)


def ready(sol) -> Lead:
    ada = accepted(sol)
    answer_all(ada, sol)
    activity(ada, "meeting_held")
    return ada


def test_c50_converting_twice_gives_one_opportunity():
    sol = rep()
    ada = ready(sol)
    first = qualification.convert(lead=ada, by=sol, at=NOW)
    assert qualification.convert(lead=ada, by=sol, at=NOW, name="Again") == first
    assert Opportunity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_c50_converting_at_the_same_moment_gives_one_opportunity():
    sol = rep()
    ada = ready(sol)
    made = []
    start = threading.Barrier(8)

    def click() -> None:
        start.wait()
        try:
            made.append(qualification.convert(lead=Lead.objects.get(pk=ada.pk), by=sol, at=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert {each.pk for each in made} == {Opportunity.objects.get().pk}
    assert StageChange.objects.filter(to_stage=Stage.OPPORTUNITY).count() == 1
    assert Handoff.objects.count() == 1


def test_a_lead_that_is_not_with_sales_is_not_qualified():
    with pytest.raises(NotYours):
        qualification.answer(lead=lead(), by=manager(), question="need", level=1, at=NOW)
