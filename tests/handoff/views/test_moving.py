"""Who leads a team gives leads on: one from its page, several from the team queue."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Absence, User
from handoff import decisions
from handoff.models import Handoff, RoutingDecision
from notifications.models import Notification
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
