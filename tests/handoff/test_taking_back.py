"""Leads that sales has because of a version that was rolled back are named, and may be taken back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from handoff import decisions, taking_back
from handoff.models import Handoff
from handoff.permissions import NotYours
from leads.lifecycle import move
from leads.models import Lead, StageChange
from leads.stages import Stage
from notifications.models import Notification
from scoring import outcomes, publishing
from scoring.models import LineState, ModelVersion
from tests.factories import NOW, admin, lead, manager, marketer, rep
from tests.handoff.factories import offered, pool
from tests.scoring.versioned import draft

pytestmark = pytest.mark.django_db

PAGE = "/handoffs/left-over/"
LATER = NOW + timedelta(hours=1)


def released(*names: str, to: User | None = None) -> tuple[ModelVersion, list[Handoff]]:
    """Leads that version 2 handed over; version 1 was live before."""
    first = ModelVersion.objects.live()
    publishing.publish(version=draft(), by=None, reason="Wider", at=NOW)
    to = to or rep()
    pool(to)
    return first, [offered(to, of=lead(name)) for name in names]


def rolled_back(first: ModelVersion, below: list[Handoff]) -> None:
    publishing.bring_back(version=first, by=None, at=NOW)
    LineState.objects.filter(lead__in=[handoff.lead for handoff in below]).update(inside=False)


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def test_after_a_rollback_the_pages_name_who_is_still_with_sales_because_of_it() -> None:
    first, handoffs = released("Ada Left", "Ben Over", "Cleo Decided")
    left, over, decided = handoffs
    decisions.accept(handoff=decided, by=decided.rep, at=NOW)
    ada = signed_in(admin())
    assert "Nobody is left" in ada.get(PAGE).content.decode()
    rolled_back(first, [left, decided])

    for address in ("/rules/versions/1/", "/rules/versions/", "/rules/crossings/"):
        page = ada.get(address).content.decode()
        assert "<b>1</b> lead was handed over under version 2 and is" in page, address
        assert f'href="{PAGE}"' in page
    assert 'Left with sales <span class="count">1</span>' in ada.get("/rules/versions/").content.decode()
    page = ada.get(PAGE).content.decode()
    assert "Ada Left" in page
    assert page.count(" checked") + 1 == ada.get(PAGE, {"tick": "all"}).content.decode().count(" checked")
    assert "Ben Over" not in page, "by version 1 he is over the line as well"
    assert "Cleo Decided" not in page
    assert over.is_open


def test_a_manager_takes_them_back_and_the_rep_is_told_once() -> None:
    sol, max_ = rep(), manager()
    first, handoffs = released("Ada Left", "Ben Left", to=sol)
    rolled_back(first, handoffs)
    chosen = {"handoff": [str(handoff.public_id) for handoff in handoffs]}
    desk = signed_in(max_)

    answer = desk.post(f"{PAGE}withdrawals/", chosen, follow=True)
    again = desk.post(f"{PAGE}withdrawals/", chosen, follow=True)

    assert "2 leads taken back" in answer.content.decode()
    assert "Nothing was left to take back" in again.content.decode()
    assert set(Handoff.objects.values_list("status", flat=True)) == {"withdrawn"}
    assert set(Lead.objects.values_list("stage", flat=True)) == {"lead"}
    [told] = Notification.objects.filter(recipient=sol, kind="taken_back")
    assert told.title == "2 leads were taken back"
    steps = StageChange.objects.filter(reason="taken_back")
    assert {step.by for step in steps} == {max_}


def test_a_lead_taken_back_was_never_decided() -> None:
    """Nobody said anything of it, so it is no rejection that rules are judged by."""
    first, [handoff] = released("Ada Left")
    rolled_back(first, [handoff])
    taking_back.take_back(handoffs=[handoff], by=admin(), at=LATER)
    Lead.objects.update(stage=Stage.MQL)
    for kind in outcomes.KINDS:
        assert outcomes.decided(kind=kind, at=LATER + timedelta(days=1)) == []


def test_what_sales_answered_a_moment_ago_stays() -> None:
    first, [handoff] = released("Ada Left")
    rolled_back(first, [handoff])
    decisions.accept(handoff=handoff, by=handoff.rep, at=NOW)
    assert taking_back.take_back(handoffs=[handoff], by=admin(), at=LATER) == 0
    assert Lead.objects.get().stage == Stage.SQL


def test_reps_and_marketers_take_nothing_back() -> None:
    first, [handoff] = released("Ada Left")
    rolled_back(first, [handoff])
    with pytest.raises(NotYours):
        taking_back.take_back(handoffs=[handoff], by=marketer(), at=LATER)
    mara = signed_in(marketer("Mia Marker"))
    assert "A manager or an admin takes them back." in mara.get(PAGE).content.decode()
    assert mara.post(f"{PAGE}withdrawals/", {"only": str(handoff.public_id)}).status_code == 403
    assert signed_in(handoff.rep).get(PAGE).status_code == 403
    assert Handoff.objects.get().is_open


@pytest.mark.parametrize("name", ["", "x", "../..", "0" * 400])
def test_a_damaged_name_takes_nothing_back(name: str) -> None:
    first, [handoff] = released("Ada Left")
    rolled_back(first, [handoff])
    assert signed_in(admin()).post(f"{PAGE}withdrawals/", {"handoff": name}).status_code == 302
    assert Handoff.objects.get().is_open


def test_the_page_costs_the_same_however_many_are_left() -> None:
    first, handoffs = released(*(f"Lead {n}" for n in range(12)))
    rolled_back(first, handoffs[:2])
    ada = signed_in(admin())
    counts = []
    for below in (handoffs[:2], handoffs):
        LineState.objects.filter(lead__in=[handoff.lead for handoff in below]).update(inside=False)
        with CaptureQueriesContext(connection) as queries:
            ada.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_lost_deal_that_is_taken_back_is_lost_again() -> None:
    who = lead("Ada Lost", stage=Stage.OPPORTUNITY)
    by_hand = StageChange.Cause.PERSON
    move(lead=who, to=Stage.CLOSED, at=NOW - timedelta(days=9), cause=by_hand, reason="price")
    sol = rep()
    first = ModelVersion.objects.live()
    publishing.publish(version=draft(), by=None, reason="Wider", at=NOW)
    pool(sol)
    handoff = offered(sol, of=who)
    rolled_back(first, [handoff])

    assert taking_back.take_back(handoffs=[handoff], by=manager(), at=LATER) == 1
    who.refresh_from_db()
    assert (who.stage, who.stage_reason) == (Stage.CLOSED, "price")
