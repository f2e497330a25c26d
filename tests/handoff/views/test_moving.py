"""Who leads a team gives leads on: one from its page, several from the team queue."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Absence, User
from handoff import decisions, ledger
from handoff.models import Handoff, RoutingDecision
from notifications.models import Notification
from tests.factories import manager
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def marta(sol: User) -> Handoff:
    made = handed_over(sol, "Marta Kowalczyk", at=timezone.now() - timedelta(minutes=24))
    Handoff.objects.update(evidence={"explanation": None})
    return made


def give(client: Client, handoff: Handoff, to: User | str, **more: str):
    wanted = to if isinstance(to, str) else str(to.public_id)
    given = {"to": wanted, "reason": "On leave", **more}
    sent = {f"give-{name}": value for name, value in given.items()}
    return client.post(f"/handoffs/{handoff.public_id}/rep/", sent)


def test_a_manager_gives_an_open_lead_on_from_its_page(
    max_: User, sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(max_)
    page = client.get(f"/leads/{marta.lead.public_id}/").content.decode()
    assert "Give to somebody else" in page
    assert f'value="{sofia.public_id}"' in page
    assert f'value="{sol.public_id}">Sol' not in page.split('id="give"')[1].split("</form>")[0]
    for _ in range(3):
        answer = give(client, marta, sofia)
        assert answer.headers["Location"] == f"/leads/{marta.lead.public_id}/"
    marta.refresh_from_db()
    assert marta.rep == sofia
    moved = RoutingDecision.objects.get(kind="moved")
    assert (moved.by, moved.reason) == (max_, "On leave")
    assert Notification.objects.filter(recipient=sofia, kind="handoff").count() == 1


def test_a_manager_gives_a_worked_lead_on_and_only_as_the_page_showed_it(
    max_: User, sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(max_)
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    stale = give(client, marta, sofia)
    page = stale.content.decode()
    assert stale.status_code == 409
    assert "Marta Kowalczyk has an answer already." in page
    assert "On leave" in page
    assert 'name="give-worked" value="on"' in page
    marta.refresh_from_db()
    assert marta.rep == sol
    assert give(client, marta, sofia, worked="on").status_code == 302
    marta.refresh_from_db()
    assert (marta.rep, marta.lead.owner) == (sofia, sofia)
    assert "Marta Kowalczyk" in signed_in(sofia).get("/queue/?view=working").content.decode()


def test_who_is_away_is_asked_about_first(
    max_: User, sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    now, client = timezone.now(), signed_in(max_)
    Absence.objects.create(user=sofia, starts_at=now, ends_at=now + timedelta(days=2), reason="ill")
    asked = give(client, marta, sofia)
    page = asked.content.decode()
    assert asked.status_code == 409
    assert f'action="/handoffs/{marta.public_id}/rep/"' in page
    assert 'name="give-reason" value="On leave"' in page
    assert 'name="give-although_away"' in page
    give(client, marta, sofia, although_away="1")
    marta.refresh_from_db()
    assert marta.rep == sofia


def test_nobody_chosen_is_said_at_the_field_and_what_was_typed_stays(
    max_: User, nils: User, marta: Handoff, signed_in: SignIn
) -> None:
    for wrong, said in (("", "Choose who is to have it."), (str(nils.public_id), "Choose somebody of your")):
        answer = give(signed_in(max_), marta, wrong)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert 'value="On leave"' in answer.content.decode()


def test_a_rep_gives_nothing_on_and_another_teams_lead_is_not_found(
    sol: User, sofia: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    page = signed_in(sol).get(f"/leads/{marta.lead.public_id}/").content.decode()
    assert "Give to somebody" not in page
    assert give(signed_in(sol), marta, sofia).status_code == 403
    north = handed_over(None, "Nora North", in_pool="Nordics")
    assert give(signed_in(max_), north, sofia).status_code == 404


def move_all(client: Client, handoffs: list[Handoff], to: User, **more: str):
    given = {"handoff": [str(each.public_id) for each in handoffs], "to": str(to.public_id)}
    return client.post("/handoffs/moves/", {"do": "reassign", "next": "/team/", **given, **more}, follow=True)


def test_a_bulk_move_offers_one_undo_that_gives_back_what_nobody_touched(
    max_: User, sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    now = timezone.now()
    others = [handed_over(sol, name, at=now - timedelta(minutes=9)) for name in ("Bo Two", "Cy Three")]
    Handoff.objects.update(evidence={"explanation": None})
    for handoff in (marta, *others):
        ledger.write_by_hand(handoff=handoff, rep=sol, at=handoff.offered_at)
    client = signed_in(max_)
    page = move_all(client, [marta, *others], sofia).content.decode()
    undo = re.findall(r'action="(/handoffs/moves/undo/\?moment=\d+)"', page)
    assert len(undo) == 2  # beside the message, and in the list for as long as it can be undone
    assert len(set(undo)) == 1
    assert "With Sofia Reuter now: 3 leads" in client.get("/team/").content.decode()
    assert undo[0] not in signed_in(sol).get("/team/").content.decode()
    decisions.accept(handoff=others[0], by=sofia, at=timezone.now())

    answer = client.post(undo[0], {"next": "/team/"})

    said = answer.content.decode()
    assert answer.status_code == 409
    assert "1 of 3 could not be moved back." in said
    assert "Bo Two: Bo Two has an answer already." in said
    assert "Undone, back where it was: <b>2 leads</b>" in said
    whose = dict(Handoff.objects.values_list("lead__name", "rep__name"))
    assert whose == {"Marta Kowalczyk": "Sol Seller", "Bo Two": "Sofia Reuter", "Cy Three": "Sol Seller"}
    assert undo[0] not in client.get("/team/").content.decode()


def test_the_undo_of_another_or_of_long_ago_moves_nothing(
    max_: User, sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    ledger.write_by_hand(handoff=marta, rep=sol, at=marta.offered_at)
    client = signed_in(max_)
    page = move_all(client, [marta], sofia).content.decode()
    undo = re.findall(r'action="(/handoffs/moves/undo/\?moment=\d+)"', page)[0]
    assert "Nothing was moved" in signed_in(manager("Mia Manager")).post(undo).content.decode()
    assert signed_in(sol).post(undo).status_code == 403
    assert client.get(undo).status_code == 405
    assert client.post(f"/handoffs/moves/undo/?moment={'9' * 30}").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        client.force_login(max_)
        assert "for 10 minutes" in client.post(undo).content.decode()
    marta.refresh_from_db()
    assert marta.rep == sofia
