"""What one press in the marketing queue did is taken back for a while, and then as if it had not been."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import travel
from zeal import zeal_ignore

from accounts.models import User
from handoff import shortfalls
from handoff.models import Handoff, ReturnAnswer, Shortfall
from leads import lifecycle, phase_flow
from leads.models import Lead, PhaseChange, StageChange
from leads.phase_flow import Span
from leads.stages import Stage
from notifications.models import Notification
from tests.factories import lead, marketer
from tests.handoff.factories import pool
from tests.handoff.views.worlds import handed_over, scored, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def mql(name: str) -> Lead:
    made = lead(name, at=timezone.now() - 3 * DAY)
    scored(made, intent=10)
    lifecycle.move(
        lead=made, to=Stage.MQL, at=timezone.now() - 2 * DAY, cause=StageChange.Cause.CROSSING, reason="weak"
    )
    return made


def press(client: Client, path: str, sent: dict[str, object]) -> str:
    """Do it; the address that its toast offers for taking it back, "" for none."""
    with zeal_ignore():  # each lead is held and done by itself
        page = client.post(path, sent, follow=True).content.decode()
    found = re.search(r'action="(/mqls/undo/\?moment=\d+)"', page)
    return found[1] if found else ""


def undo(client: Client, address: str):
    with zeal_ignore():
        return client.post(address, follow=True)


def stood(one: Lead) -> tuple[str, str, object]:
    one.refresh_from_db()
    return one.stage, one.phase, one.stage_reason


def test_a_phase_move_is_undone_and_leaves_no_trace(mara, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    before = ada.phase_at
    address = press(client, f"/leads/{ada.public_id}/phase/", {"phase": "decision"})
    assert "Undone, where it was: <b>Ada</b>" in undo(client, address).content.decode()
    assert stood(ada)[1] == "awareness"
    assert abs(ada.phase_at - before) < MINUTE, "in it since it came"
    assert not PhaseChange.objects.exists()
    assert phase_flow.counts(Span(timezone.now() - DAY, timezone.now() + DAY)) == {}, "nobody came or went"
    assert "There is nothing left to undo." in undo(client, address).content.decode()


def test_a_phase_move_back_is_undone_to_when_it_had_moved_on(mara, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    moved_on = timezone.now() - DAY
    lifecycle.set_phase(lead=ada, phase="decision", at=moved_on)
    address = press(client, f"/leads/{ada.public_id}/phase/", {"phase": "consideration"})
    undo(client, address)
    ada.refresh_from_db()
    assert ada.phase == "decision"
    assert moved_on - MINUTE < ada.phase_at <= moved_on
    assert [change.to_phase for change in PhaseChange.objects.all()] == ["decision"]


def test_where_the_lead_went_on_by_itself_the_phase_stands(mara, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    address = press(client, f"/leads/{ada.public_id}/phase/", {"phase": "consideration"})
    lifecycle.set_phase(lead=ada, phase="decision", at=timezone.now())
    answer = undo(client, address)
    assert answer.status_code == 409
    assert "Ada has gone on since." in answer.content.decode()
    assert stood(ada)[1] == "decision"


def test_a_shortfall_is_undone_and_what_was_noted_before_holds_again(mara, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    shortfalls.record(lead=ada, kind="no_money", by=mara, at=timezone.now() - DAY)
    address = press(client, f"/leads/{ada.public_id}/shortfall/", {"kind": "budget", "note": "Slipped."})
    undo(client, address)
    assert shortfalls.of_leads([ada.pk])[ada.pk].kind == "no_money"
    page = client.get(f"/leads/{ada.public_id}/").content.decode()
    assert "Slipped." in page
    assert "Taken back" in page
    assert not press(client, f"/leads/{ada.public_id}/shortfall/", {"kind": "no_money", "note": ""}), (
        "what was there already is not this press's to take back"
    )


def test_a_handover_is_undone_while_sales_has_not_looked(mara, sol, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    pool(sol)
    address = press(client, f"/leads/{ada.public_id}/handover/", {"note": "Asked for an offer."})
    handoff = Handoff.objects.get(lead=ada)
    assert handoff.rep == sol
    undo(client, address)
    handoff.refresh_from_db()
    assert stood(ada) == ("mql", "awareness", "weak")
    assert handoff.status == Handoff.Status.WITHDRAWN
    assert Notification.objects.filter(recipient=sol, title="Ada was taken back").count() == 1
    assert not ada.milestones.filter(milestone=2).exists(), "as if it had not been"
    row = client.get("/mqls/").context["page"].groups[0].rows[0]
    assert (row.lead, row.judged) == (ada, None)


def test_a_handover_of_what_came_back_waits_for_an_answer_again(mara, sol, signed_in: SignIn):
    back = handed_over(sol, "Lucas Meyer", at=timezone.now() - 2 * DAY)
    sent_back(back, by=sol, at=timezone.now() - DAY, note="Contract until March.")
    client = signed_in(mara)
    address = press(client, f"/leads/{back.lead.public_id}/handover/", {"note": "They called."})
    assert ReturnAnswer.objects.holding().get().kind == "hand_over"
    undo(client, address)
    assert not ReturnAnswer.objects.holding().exists()
    assert Lead.objects.get(pk=back.lead_id).stage == Stage.MQL


@pytest.mark.parametrize("on_it", ["accepted", "claimed", "touched"])
def test_a_handover_that_sales_is_on_stands(mara, sol, signed_in: SignIn, on_it: str):
    ada, client = mql("Ada"), signed_in(mara)
    address = press(client, f"/leads/{ada.public_id}/handover/", {"note": "Asked for an offer."})
    handoff = Handoff.objects.get(lead=ada)
    if on_it == "accepted":
        Handoff.objects.filter(pk=handoff.pk).update(status="accepted", decided_at=timezone.now())
    elif on_it == "claimed":
        until = timezone.now() + 9 * MINUTE
        Handoff.objects.filter(pk=handoff.pk).update(rep=None, claimed_by=sol, claimed_until=until)
    else:
        Handoff.objects.filter(pk=handoff.pk).update(first_touch_at=timezone.now())
    answer = undo(client, address)
    assert answer.status_code == 409
    assert {"accepted": "Sales has answered by now."}.get(on_it, "Sales is on it") in answer.content.decode()
    assert stood(ada)[0] == "handed_over"


@pytest.mark.parametrize("do", ["phase-decision", "shortfall-no_money", "close", "lead", "handover"])
def test_one_press_on_many_is_undone_with_one_press(mara, sol, signed_in: SignIn, do: str):
    chosen = [mql(f"Mql {number}") for number in range(3)]
    before = {one.pk: (one.stage, one.phase, one.stage_reason) for one in chosen}
    client = signed_in(mara)
    sent = {"lead": [str(one.public_id) for one in chosen], "do": do, "note": "Because."}
    address = press(client, "/mqls/selection/", sent)
    assert "Undone, where it was: <b>3 leads</b>" in undo(client, address).content.decode()
    assert {one.pk: stood(one) for one in chosen} == before
    again = undo(client, address).content.decode()
    assert "There is nothing left to undo." in again, "pressed twice, it is undone once"
    assert "Undone, where it was" not in again
    assert {one.pk: stood(one) for one in chosen} == before
    assert not Shortfall.objects.holding().exists()


@pytest.mark.parametrize("many", [1, 3])
def test_the_toast_of_an_older_judgement_does_not_take_back_a_newer_one(mara, signed_in: SignIn, many: int):
    chosen = [mql(f"Mql {number}") for number in range(many)]
    client = signed_in(mara)
    sent = {"lead": [str(one.public_id) for one in chosen], "note": "Because."}
    closed = press(client, "/mqls/selection/", {**sent, "do": "close"})
    an_mql = press(client, "/mqls/selection/", {**sent, "do": "mql"})
    answer = undo(client, closed)
    assert answer.status_code == 409
    assert "Mql 0 has gone on since." in answer.content.decode()
    assert "Undone" not in answer.content.decode()
    assert {stood(one)[0] for one in chosen} == {"mql"}
    undo(client, an_mql)
    assert {stood(one)[0] for one in chosen} == {"closed"}


def test_what_was_judged_again_of_some_is_undone_of_the_others(mara, signed_in: SignIn):
    ada, ben = mql("Ada"), mql("Ben")
    client = signed_in(mara)
    ids = [str(one.public_id) for one in (ada, ben)]
    closed = press(client, "/mqls/selection/", {"lead": ids, "do": "close", "note": "Because."})
    press(client, "/mqls/selection/", {"lead": ids[:1], "do": "mql", "note": "Not she."})
    answer = undo(client, closed)
    assert answer.status_code == 409
    assert "1 of 2 did not work." in answer.content.decode()
    assert (stood(ada)[0], stood(ben)[0]) == ("mql", "mql")
    again = undo(client, closed).content.decode()
    assert "1 of 1 did not work." in again, "of Ben nothing is left to undo"
    assert "Undone" not in again


@pytest.mark.parametrize("do", ["phase-decision", "shortfall-no_money", "lead"])
def test_where_a_press_changed_nothing_there_is_nothing_to_undo(mara, signed_in: SignIn, do: str):
    chosen = [mql(f"Mql {number}") for number in range(2)]
    client = signed_in(mara)
    sent = {"lead": [str(one.public_id) for one in chosen], "do": do, "note": "Because."}
    assert press(client, "/mqls/selection/", {**sent, "lead": sent["lead"][:1]})
    assert press(client, "/mqls/selection/", sent), "the other one moved"
    assert not press(client, "/mqls/selection/", sent)


def test_who_did_it_takes_it_back_and_only_for_ten_minutes(mara, signed_in: SignIn):
    ada, client = mql("Ada"), signed_in(mara)
    address = press(client, f"/leads/{ada.public_id}/phase/", {"phase": "decision"})
    other = undo(signed_in(marketer("Mia Marker")), address)
    assert "There is nothing left to undo." in other.content.decode()
    assert stood(ada)[1] == "decision"
    with travel(timezone.now() + 11 * MINUTE, tick=False):
        answer = undo(client, address)
    assert answer.status_code == 409
    assert "10 minutes" in answer.content.decode()
    assert stood(ada)[1] == "decision"


def test_the_timeline_says_of_a_judgement_that_it_was_taken_back(mara, signed_in: SignIn):
    nina, client = lead("Nina Hofer"), signed_in(mara)
    client.post(f"/leads/{nina.public_id}/judgement/", {"to": "mql", "note": "Met at the fair."})
    page = client.get(f"/leads/{nina.public_id}/").content.decode()
    assert "tl__void" not in page
    client.post(f"/leads/{nina.public_id}/judgement/undo/")
    page = client.get(f"/leads/{nina.public_id}/").content.decode()
    assert re.search(
        r'class="tl__void">.*?Became MQL.*?Met at the fair\..*?Taken back by Mara Marker', page, re.S
    )
