"""Handoffs over the API."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from handoff import decisions, opportunities, qualification
from handoff.models import Handoff, Qualification, Requirement
from leads.models import Opportunity
from leads.stages import Stage
from tests.api.calling import caller
from tests.factories import NOW, activity, lead, manager, marketer, rep, team
from tests.handoff.factories import QUESTIONS, offered, pool, reason

pytestmark = pytest.mark.django_db


def problem_fields(answer) -> list[str]:
    return [problem["field"] for problem in answer.json()["errors"]]


def test_the_list_shows_handoffs_of_ones_teams_with_clock_and_evidence():
    sol, eve = rep(), rep("Eve Elsewhere", team("Nordics"))
    pool(sol)
    handoff = offered(to=sol, of=lead("Ada"), at=timezone.now())
    answer = caller(sol, "read").get("/handoffs")
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert item["id"] == str(handoff.public_id)
    assert item["lead"]["name"] == "Ada"
    assert item["rep"]["name"] == "Sol Seller"
    assert 0 < item["clock"]["remaining"] <= item["clock"]["allowed"]
    assert item["evidence"]["explanation"]["dimensions"]
    assert caller(eve, "read").get("/handoffs").json()["items"] == []


def test_the_list_can_be_filtered_and_paged():
    sol, mona = rep(), rep("Mona Colleague")
    pool(sol, mona)
    for number in range(5):
        offered(of=lead(f"Lead {number}"), at=NOW + timedelta(minutes=number))
    mine = Handoff.objects.filter(rep=sol).first()
    decisions.accept(handoff=mine, by=sol, at=NOW)
    call = caller(sol, "read")
    names, after = [], ""
    for _ in range(3):
        page = call.get("/handoffs", limit=2, after=after).json()
        names += [item["lead"]["name"] for item in page["items"]]
        after = page["next"]
    assert names == ["Lead 4", "Lead 3", "Lead 2", "Lead 1", "Lead 0"]
    assert after == ""
    assert len(call.get("/handoffs", mine="true").json()["items"]) == 3
    assert len(call.get("/handoffs", status="accepted").json()["items"]) == 1
    assert problem_fields(call.get("/handoffs", limit=201)) == ["limit"]
    assert problem_fields(call.get("/handoffs", status="lost")) == ["status"]


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_costs_the_same_however_long(count, django_assert_max_num_queries):
    sol = rep()
    pool(sol)
    for _ in range(count):
        offered(to=sol, of=lead())
    call = caller(sol, "read")
    # token, its use, the reader's teams, handoffs, teams, hours, holidays, pauses
    with django_assert_max_num_queries(8):
        assert len(call.get("/handoffs").json()["items"]) == count


def test_f12_the_second_to_accept_gets_409_with_who_and_when():
    sol, max_ = rep(), manager()
    handoff = offered(to=sol, at=timezone.now())
    path = f"/handoffs/{handoff.public_id}/acceptance"
    first = caller(sol, "decide").post(path, {})
    assert first.status_code == 200
    assert first.json()["stage"] == "sql"
    second = caller(max_, "decide").post(path, {})
    assert second.status_code == 409
    assert second.json()["by"] == "Sol Seller"
    assert second.json()["at"][:19] == first.json()["at"][:19]
    assert second.json()["kind"] == "accept"
    assert handoff.verdicts.count() == 1


def test_a_rejection_names_a_reason_in_use_and_a_date_to_come():
    sol = rep()
    handoff = offered(to=sol)
    call = caller(sol, "decide")
    path = f"/handoffs/{handoff.public_id}/rejection"
    assert problem_fields(call.post(path, {})) == ["reason"]
    unknown = call.post(path, {"reason": "weather"})
    assert unknown.status_code == 422
    assert problem_fields(unknown) == ["reason"]
    assert "timing" in unknown.json()["errors"][0]["message"]
    for date in ("2020-01-01", "2199-01-01"):
        assert problem_fields(call.post(path, {"reason": "timing", "return_on": date})) == ["return_on"]
    done = call.post(path, {"reason": "timing", "note": "In spring."})
    assert done.status_code == 200
    assert done.json()["stage"] == "mql"
    assert done.json()["return_on"] == (timezone.now().date() + timedelta(days=60)).isoformat()
    assert call.post(path, {"reason": "timing"}).status_code == 409


def test_a_verdict_can_be_taken_back_and_a_refusal_says_why():
    sol = rep()
    handoff = offered(to=sol)
    call = caller(sol, "decide")
    path = f"/handoffs/{handoff.public_id}"
    call.post(f"{path}/acceptance", {})
    assert call.post(f"{path}/undo", {}).json()["stage"] == "handed_over"
    again = call.post(f"{path}/undo", {})
    assert again.status_code == 409
    assert again.json()["detail"] == "There is no verdict to take back."


def test_what_one_may_not_see_is_404_and_what_one_may_not_do_403():
    sol, mona, eve = rep(), rep("Mona Colleague"), rep("Eve Elsewhere", team("Nordics"))
    handoff = offered(to=sol)
    path = f"/handoffs/{handoff.public_id}/acceptance"
    assert caller(eve, "decide").post(path, {}).status_code == 404
    assert caller(mona, "decide").post(path, {}).status_code == 403
    assert caller(marketer(), "decide").post(path, {}).status_code == 403
    assert caller(sol, "read").post(path, {}).status_code == 403
    assert caller(sol, "decide").get("/handoffs").status_code == 403
    handoff.refresh_from_db()
    assert handoff.is_open


def test_c50_button_and_api_make_one_opportunity():
    sol = rep()
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    ada = handoff.lead
    ada.refresh_from_db()
    call = caller(sol, "decide")
    path = f"/leads/{ada.public_id}/opportunity"
    early = call.post(path, {})
    assert early.status_code == 409
    assert problem_fields(early) == [*QUESTIONS, "a talk or demo"]
    for question in QUESTIONS:
        qualification.answer(lead=ada, by=sol, question=question, level=2, at=NOW)
    activity(ada, "call_logged")
    by_button = qualification.convert(lead=ada, by=sol, at=NOW, amount=24000)
    by_api = call.post(path, {"amount": "1"})
    assert by_api.status_code == 200
    assert by_api.json()["id"] == str(by_button.public_id)
    assert Opportunity.objects.count() == 1
    ada.refresh_from_db()
    assert ada.stage == Stage.OPPORTUNITY


def test_an_opportunity_closes_today_or_later_whoever_asks():
    """By the calendar of the token's user: it is the 18th in Auckland already."""
    sol = rep(time_zone="Pacific/Auckland")
    handoff = offered(to=sol)
    with time_machine.travel(NOW.replace(hour=12), tick=False):
        decisions.accept(handoff=handoff, by=sol, at=NOW)
        Requirement.objects.update(is_active=False)
        call = caller(sol, "decide")
        path = f"/leads/{handoff.lead.public_id}/opportunity"
        for wrong, field in (
            ({"close_on": "2026-11-17"}, "close_on"),
            ({"amount": "-1"}, "amount"),
            ({"amount": "1.234"}, "amount"),
            ({"amount": "1234567890123.00"}, "amount"),
        ):
            refused = call.post(path, wrong)
            assert refused.status_code == 422
            assert problem_fields(refused) == [field]
        assert not Opportunity.objects.exists()
        made = call.post(path, {"close_on": "2026-11-18", "amount": "1234.50"})
        assert made.status_code == 200
        again = call.post(path, {"close_on": "2020-01-01"})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


def test_a_deal_whose_day_has_passed_keeps_it_and_gets_no_other_in_the_past():
    sol = rep()
    of = offered(to=sol).lead
    deal = Opportunity.objects.create(lead=of, owner=sol, close_on=NOW.date() - timedelta(days=3))
    same = {"opportunity": deal, "by": sol, "amount": None, "at": NOW}
    kept = opportunities.edit(name="Renamed", close_on=deal.close_on, **same)
    assert (kept.name, kept.close_on) == ("Renamed", deal.close_on)
    with pytest.raises(opportunities.CloseRefused, match="closes today or later"):
        opportunities.edit(name="", close_on=NOW.date() - timedelta(days=1), **same)


def test_an_opportunity_before_the_acceptance_is_refused_by_the_stage():
    sol = rep()
    handoff = offered(to=sol)

    early = caller(sol, "decide").post(f"/leads/{handoff.lead.public_id}/opportunity", {})

    assert early.status_code == 409
    assert early.json()["detail"] == "The acceptance by sales is missing."
    assert problem_fields(early) == ["stage"]


def test_a_misspelt_key_of_an_opportunity_is_named():
    sol = rep()
    handoff = offered(to=sol)

    answer = caller(sol, "decide").post(f"/leads/{handoff.lead.public_id}/opportunity", {"ammount": "1"})

    assert answer.status_code == 422
    assert problem_fields(answer) == ["ammount"]


def test_reasons_that_are_switched_off_are_not_taken():
    sol = rep()
    handoff = offered(to=sol)
    switched_off = reason("timing")
    switched_off.is_active = False
    switched_off.save()
    answer = caller(sol, "decide").post(f"/handoffs/{handoff.public_id}/rejection", {"reason": "timing"})
    assert answer.status_code == 422


def test_s0_12_acceptance_may_ask_for_interest_and_motivation_first(settings):
    settings.ASK_INTEREST_TO_ACCEPT = True
    sol = rep()
    handoff = offered(to=sol)
    call, path = caller(sol, "decide"), f"/handoffs/{handoff.public_id}/acceptance"
    refused = call.post(path, {"motivation": {"level": "weak"}})
    assert refused.status_code == 422
    assert problem_fields(refused) == ["interest"]
    assert refused.json()["detail"].startswith("Interest is missing")
    assert not Qualification.objects.exists()
    assert problem_fields(call.post(path, {"interest": {"level": "huge"}})) == ["interest.level"]
    told = {"interest": {"level": "likely", "note": "The board"}, "motivation": {"level": "weak"}}
    assert call.post(path, told).json()["stage"] == "sql"
    known = {
        each.question.key: (each.level, each.note, each.by)
        for each in Qualification.objects.select_related("question")
    }
    assert known == {"interest": (2, "The board", sol), "motivation": (1, "", sol)}


def test_s0_12_without_the_setting_acceptance_asks_nothing():
    sol = rep()
    path = f"/handoffs/{offered(to=sol).public_id}/acceptance"
    assert caller(sol, "decide").post(path, b"").json()["stage"] == "sql"


def test_whether_a_handed_over_lead_is_an_sql_is_the_companys_to_say(settings):
    sol = rep()
    offered(to=sol)
    call = caller(sol, "read")

    def said() -> tuple[bool, bool]:
        of_list = call.get("/handoffs").json()["items"][0]["lead"]["is_sql"]
        return of_list, call.get("/leads").json()["items"][0]["is_sql"]

    assert said() == (False, False)
    settings.HANDED_OVER_IS_SQL = True
    assert said() == (True, True)
