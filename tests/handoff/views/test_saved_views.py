"""Saved views: who sees one is changed after saving, and deleting what others use says so."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from handoff import saved_views
from handoff.models import SavedView
from handoff.models.saved_view import EVERYBODY
from tests.factories import admin, manager, rep, team

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture
def sol(db: None) -> User:
    return rep("Sol Seller")


def kept(by: User, name: str = "Demos", **given) -> SavedView:
    return saved_views.keep(owner=by, page="queue", name=name, query="source=demo", **given)


def names(user: User) -> list[str]:
    return [view.name for view in saved_views.of(user, "queue")]


def save(client, view: SavedView, name: str, to: str):
    return client.post(f"/views/{view.public_id}/", {"do": "save", "name": name, "team": to})


def test_name_and_sharing_change_in_one_step_and_back(sol: User, signed_in: SignIn) -> None:
    mona, nils = rep("Mona Mate"), rep("Nils North", team("Nordics"))
    view, client = kept(sol), signed_in(sol)
    for to, seen in ((str(team().pk), ["Hot demos"]), ("", [])):
        for _ in range(3):
            assert save(client, view, "Hot demos", to).status_code == 302
        assert (names(mona), names(nils)) == (seen, [])
    assert names(sol) == ["Hot demos"]


def test_who_leads_a_team_shares_with_everybody_and_a_rep_does_not(sol: User, signed_in: SignIn) -> None:
    nils = rep("Nils North", team("Nordics"))
    max_ = manager()
    mine, his = kept(sol), kept(max_, "Hot")
    refused = save(signed_in(sol), mine, "Renamed", EVERYBODY)
    assert refused.status_code == 422
    assert "Who leads a team shares with everybody" in refused.content.decode()
    assert "Everybody in sales" not in signed_in(sol).get("/views/").content.decode()
    mine.refresh_from_db()
    assert (mine.name, mine.is_shared) == ("Demos", False)  # all of it or nothing
    save(signed_in(max_), his, "Hot", EVERYBODY)
    assert names(nils) == ["Hot"]


@pytest.mark.parametrize("to", ["999999", "x", "-1", "\u0000"])
def test_a_strange_or_others_team_is_refused_and_nothing_changes(
    sol: User, signed_in: SignIn, to: str
) -> None:
    view = kept(sol)
    answer = save(signed_in(sol), view, "Demos", to)
    assert (answer.status_code, "Share it with a team of yours" in answer.content.decode()) == (422, True)
    nordics = team("Nordics")
    assert save(signed_in(sol), view, "Demos", str(nordics.pk)).status_code == 422
    asked = {"page": "queue", "name": "New", "query": "", "team": to}
    assert signed_in(sol).post("/views/", asked).status_code == 422
    assert list(SavedView.objects.values_list("name", "team")) == [("Demos", None)]


def test_deleting_what_others_use_says_how_many_before(sol: User, signed_in: SignIn) -> None:
    rep("Mona Mate"), rep("Ben Back"), rep("Gone Gustav", is_active=False), rep("Nils", team("Nordics"))
    view, client = kept(sol, team=team()), signed_in(sol)
    asked = client.post(f"/views/{view.public_id}/", {"do": "delete"})
    assert "2 others use it" in asked.content.decode()
    assert SavedView.objects.exists()
    client.post(f"/views/{view.public_id}/", {"do": "delete", "sure": "1"})
    assert not SavedView.objects.exists()


def test_what_nobody_else_uses_goes_at_once(sol: User, signed_in: SignIn) -> None:
    for view in (kept(sol), kept(sol, "Ours", team=team())):
        signed_in(sol).post(f"/views/{view.public_id}/", {"do": "delete"})
    assert not SavedView.objects.exists()


def test_whoever_left_a_team_may_keep_the_view_as_it_is_shared(sol: User, signed_in: SignIn) -> None:
    view = kept(sol, team=team())
    sol.teams.set([team("Nordics")])
    assert save(signed_in(sol), view, "Named", str(team().pk)).status_code == 302
    page = signed_in(sol).get("/views/").content.decode()
    assert "Everybody in DACH" in page
    assert SavedView.objects.get().name == "Named"


def test_admins_see_what_is_for_everybody(sol: User) -> None:
    ada = admin()
    saved_views.share(view=kept(ada, "All"), to=EVERYBODY)
    assert names(sol) == ["All"]
