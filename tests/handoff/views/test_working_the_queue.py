"""Holding, snoozing, saving views, moving several, and finding (G-06): plain forms, without scripts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts import tokens
from accounts.models import Absence, User
from accounts.models.token import Scope
from handoff import claiming
from handoff.models import Handoff, SavedView
from tests.factories import NOW, activity, company, lead
from tests.handoff.factories import offered
from tests.handoff.views.worlds import handed_over, scored, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def rows(client: Client, path: str) -> list[str]:
    return [row.name for row in client.get(path).context["worklist"].rows]


# Held


def test_a_held_lead_says_for_whom_and_until_when_and_offers_others_no_accept(
    sol: User, sofia: User, signed_in: SignIn
) -> None:
    free = handed_over(None, "Free Fritz")
    signed_in(sofia).post(f"/handoffs/{free.public_id}/hold/", {"next": "/queue/"})

    page = signed_in(sol).get("/queue/").content.decode()
    assert "Held for Sofia Reuter until 10:51" in page
    assert "/acceptance/" not in page
    assert "Held for you until 10:51" in signed_in(sofia).get("/queue/").content.decode()
    answer = signed_in(sol).post(f"/handoffs/{free.public_id}/acceptance/", {"next": "/queue/"})
    assert answer.status_code == 409
    assert "held for Sofia Reuter" in answer.content.decode()


def test_filling_in_a_form_about_a_free_lead_holds_it(sol: User, sofia: User, signed_in: SignIn) -> None:
    free = handed_over(None, "Free Fritz")

    signed_in(sol).get(f"/queue/?lead={free.lead.public_id}&reject=1")

    free.refresh_from_db()
    assert free.holder(NOW) == sol
    with pytest.raises(claiming.HeldByAnother):
        claiming.claim(handoff=free, by=sofia, at=NOW)


def test_opening_the_page_of_a_free_lead_holds_it_and_says_so_to_others(
    sol: User, sofia: User, signed_in: SignIn
) -> None:
    free = handed_over(None, "Free Fritz")
    path = f"/leads/{free.lead.public_id}/"

    assert "Held for you until 10:51" in signed_in(sol).get(path).content.decode()
    theirs = signed_in(sofia).get(path).content.decode()
    assert "Held for Sol Seller until 10:51" in theirs
    assert "/acceptance/" not in theirs
    typed = {"reason": "timing", "note": "They have a contract until March."}
    answer = signed_in(sofia).post(f"/handoffs/{free.public_id}/rejection/", typed)
    assert answer.status_code == 409
    assert "Free Fritz is held for Sol Seller" in answer.content.decode()
    assert "until 10:51" in answer.content.decode()
    assert "They have a contract until March." in answer.content.decode()


def test_a_lead_of_ones_own_is_not_held(sol: User, signed_in: SignIn) -> None:
    own = handed_over(sol, "Own Olga")
    assert "Held for" not in signed_in(sol).get(f"/leads/{own.lead.public_id}/").content.decode()
    assert Handoff.objects.get(pk=own.pk).claimed_by is None


def test_the_lead_page_snoozes_and_tells_it(sol: User, signed_in: SignIn) -> None:
    handoff, client = handed_over(sol, "Marta Kowalczyk", due=2 * HOUR), signed_in(sol)
    path = f"/leads/{handoff.lead.public_id}/"
    assert f"/handoffs/{handoff.public_id}/snooze/?next=" in client.get(path).content.decode()

    asked = {"preset": "hour", "reason": "In a meeting", "next": path}
    page = client.post(f"/handoffs/{handoff.public_id}/snooze/", asked, follow=True).content.decode()
    assert "Snoozed until 11:36" in page
    assert "snoozed it" in page
    assert "In a meeting" in page
    back = client.post(f"/handoffs/{handoff.public_id}/snooze/removal/", {"next": path}, follow=True)
    assert "Snoozed until" not in back.content.decode()
    told = back.content.decode()
    assert "snoozed it" in told
    assert "took the snooze back" in told


def test_a_company_that_was_found_leads_to_its_page(sol: User, signed_in: SignIn) -> None:
    firm = company("Nordwind")
    handed_over(sol, "Marta Kowalczyk", company=firm)
    page = signed_in(sol).get("/search/?q=nordw").content.decode()
    assert f'href="/companies/{firm.public_id}/"' in page


def test_the_api_says_409_who_holds_it_and_until_when(sol: User, sofia: User) -> None:
    free = handed_over(None, "Free Fritz")
    claiming.claim(handoff=free, by=sofia, at=NOW)
    secret = tokens.issue(user=sol, name="test", scope=Scope.DECIDE)

    answer = Client().post(
        f"/api/v1/handoffs/{free.public_id}/acceptance",
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert answer.status_code == 409
    assert (answer.json()["by"], answer.json()["kind"]) == ("Sofia Reuter", "held")
    assert answer.json()["until"].startswith("2026-11-17T10:51")


# Snoozed


def test_a_snoozed_lead_leaves_the_list_says_what_is_due_before_and_comes_back(
    sol: User, signed_in: SignIn
) -> None:
    handoff, client = handed_over(sol, "Marta Kowalczyk", due=2 * HOUR), signed_in(sol)
    form = client.get(f"/handoffs/{handoff.public_id}/snooze/").content.decode()
    assert "due before that" in form
    assert "The clock goes on" in form

    answer = client.post(
        f"/handoffs/{handoff.public_id}/snooze/", {"preset": "tomorrow", "next": "/queue/?view=due"}
    )
    page = client.get(answer["Location"]).content.decode()

    assert "It is due before that, 12:36: the clock goes on." in page
    assert rows(client, "/queue/?view=due") == []
    assert rows(client, "/queue/?view=snoozed") == ["Marta Kowalczyk"]
    for path in ("/queue/?view=snoozed", f"/queue/?view=snoozed&lead={handoff.lead.public_id}"):
        snoozed = client.get(path).content.decode()
        assert (
            snoozed.count(f'action="/handoffs/{handoff.public_id}/snooze/removal/"') == 2
        )  # row and preview
        assert 'data-key="w" form="wake-peek"' in snoozed
        assert f'data-key="w" form="wake-handoff-{handoff.public_id}"' in snoozed
        assert "<dt><kbd>W</kbd></dt><dd>back on the list</dd>" in snoozed
    client.post(f"/handoffs/{handoff.public_id}/snooze/removal/", {"next": "/queue/"})
    assert 'data-key="w"' not in client.get("/queue/?view=due").content.decode()
    assert rows(client, "/queue/?view=due") == ["Marta Kowalczyk"]


def test_what_came_back_stands_first_in_its_group_with_a_note(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "First Fay", due=2 * HOUR)
    back = handed_over(sol, "Back Bob", due=3 * HOUR)
    Handoff.objects.filter(pk=back.pk).update(woke_at=NOW, woken_by="intent")

    client = signed_in(sol)

    assert rows(client, "/queue/") == ["Back Bob", "First Fay"]
    assert "new sign of intent" in client.get("/queue/").content.decode()


@pytest.mark.parametrize("until", ["", "2020-01-01T09:00", "next year"])
def test_a_moment_that_cannot_be_is_said_and_what_was_typed_stays(
    sol: User, signed_in: SignIn, until: str
) -> None:
    handoff = handed_over(sol, "Marta Kowalczyk")
    answer = signed_in(sol).post(
        f"/handoffs/{handoff.public_id}/snooze/", {"until": until, "reason": "Away from the desk"}
    )
    assert answer.status_code == 422
    assert "Away from the desk" in answer.content.decode()


# Tiers, order, filters


def test_hot_and_rising_leads_are_marked_until_somebody_looks(sol: User, signed_in: SignIn) -> None:
    handoff, client = handed_over(sol, "Hot Hal", at=NOW - HOUR), signed_in(sol)
    scored(handoff.lead, intent=35)
    activity(handoff.lead, "pricing_page_view", NOW - timedelta(minutes=5))

    (row,) = client.get("/queue/?view=due").context["worklist"].rows
    assert [mark.text for mark in row.marks] == ["hot", "rising"]
    (row,) = client.get("/queue/?view=due").context["worklist"].rows  # its preview was shown
    assert [mark.text for mark in row.marks] == ["hot"]
    scored(handoff.lead, intent=36)
    (row,) = client.get("/queue/?view=due").context["worklist"].rows
    assert [mark.text for mark in row.marks] == ["hot", "rising"]


def test_the_order_is_in_the_address(sol: User, signed_in: SignIn) -> None:
    low, high = handed_over(sol, "Low Lea", due=HOUR), handed_over(sol, "High Hal", due=2 * HOUR)
    scored(low.lead, intent=5)
    scored(high.lead, intent=30)

    assert rows(signed_in(sol), "/queue/?sort=due") == ["Low Lea", "High Hal"]
    assert rows(signed_in(sol), "/queue/?sort=score") == ["High Hal", "Low Lea"]


@pytest.mark.parametrize(
    "query",
    ["industry=lift", "staff=200&staff_to=300", "staff_to=300", "due=hour", "again=recycled", "reason=timing",
     "model=default"],
)  # fmt: skip
def test_filters_narrow_the_queue(sol: User, signed_in: SignIn, query: str) -> None:
    firm = company("Nordwind", employees=240, industry="Lifts")
    who = lead("Marta Kowalczyk", company=firm)
    sent_back(handed_over(sol, of=who, at=NOW - 30 * HOUR), by=sol, at=NOW - 25 * HOUR)
    handed_over(sol, of=who, cycle=2, due=HOUR / 2)
    other = handed_over(sol, "Other Olaf", company=company("Big", employees=9000), due=5 * HOUR)
    Handoff.objects.filter(pk=other.pk).update(version=None)

    assert rows(signed_in(sol), f"/queue/?{query}") == ["Marta Kowalczyk"]


# Saved views


def test_a_view_is_saved_from_the_address_counted_shared_and_opens_the_list(
    sol: User, sofia: User, nils: User, signed_in: SignIn
) -> None:
    handed_over(sol, "German Gerd", country="DE")
    handed_over(sol, "Swedish Sven", country="SE")
    team = sol.teams.get()
    kept = {
        "page": "queue",
        "name": "Nordics",
        "query": "view=due&country=SE&lead=x",
        "team": team.pk,
        "is_default": 1,
    }
    client = signed_in(sol)

    assert client.post("/views/", kept)["Location"] == "/queue/?country=SE&view=due"
    client.post("/views/", kept)

    opened = client.get("/queue/")
    assert opened["Location"] == "/queue/?country=SE&view=due"
    views = {view["label"]: view for view in client.get(opened["Location"]).context["worklist"].views}
    assert (views["Nordics"]["count"], views["Nordics"]["current"]) == (1, True)
    assert "Nordics" in signed_in(sofia).get("/queue/").content.decode()
    assert "Nordics" not in signed_in(nils).get("/queue/").content.decode()


def test_views_are_renamed_moved_and_deleted_by_their_owner_only(
    sol: User, sofia: User, signed_in: SignIn
) -> None:
    first = SavedView.objects.create(owner=sol, page="queue", name="First", position=1)
    second = SavedView.objects.create(owner=sol, page="queue", name="Second", position=2)
    client = signed_in(sol)

    client.post(f"/views/{second.public_id}/", {"do": "up", "name": "Second"})
    assert [view.name for view in SavedView.objects.in_order()] == ["Second", "First"]
    clash = client.post(f"/views/{second.public_id}/", {"do": "rename", "name": "First"})
    assert (clash.status_code, "There is a view called First" in clash.content.decode()) == (422, True)
    client.post(f"/views/{second.public_id}/", {"do": "rename", "name": "Mine"})
    client.post(f"/views/{first.public_id}/", {"do": "delete", "name": ""})
    assert [view.name for view in SavedView.objects.all()] == ["Mine"]
    assert signed_in(sofia).post(f"/views/{second.public_id}/", {"do": "delete"}).status_code == 404


# Several at once


def test_a_manager_moves_several_and_hears_which_did_not_work(
    sol: User, sofia: User, max_: User, signed_in: SignIn
) -> None:
    first, second = offered(sol, lead("Ada One")), offered(sol, lead("Bo Two"))
    sent_back(first, by=sol)
    chosen = {
        "handoff": [first.public_id, second.public_id],
        "to": sofia.public_id,
        "do": "reassign",
        "next": "/team/",
    }

    answer = signed_in(max_).post("/handoffs/moves/", chosen)

    assert answer.status_code == 409
    assert "1 of 2 did not work." in answer.content.decode()
    assert "Ada One has an answer already." in answer.content.decode()
    assert Handoff.objects.get(pk=second.pk).rep == sofia


def test_who_is_away_is_asked_about_first(sol: User, sofia: User, max_: User, signed_in: SignIn) -> None:
    handoff = offered(sol, lead("Ada One"))
    Absence.objects.create(user=sofia, starts_at=NOW, ends_at=NOW + 48 * HOUR, reason="ill")
    asked = {"handoff": [handoff.public_id], "to": sofia.public_id, "do": "reassign"}

    question = signed_in(max_).post("/handoffs/moves/", asked)
    assert (question.status_code, Handoff.objects.get(pk=handoff.pk).rep) == (409, sol)
    assert "away until 19 Nov, ill" in question.content.decode()
    signed_in(max_).post("/handoffs/moves/", asked | {"although_away": "1"})
    assert Handoff.objects.get(pk=handoff.pk).rep == sofia


def test_a_rep_moves_nothing_and_nothing_chosen_is_said(sol: User, max_: User, signed_in: SignIn) -> None:
    assert signed_in(sol).post("/handoffs/moves/", {"do": "release"}).status_code == 403
    answer = signed_in(max_).post("/handoffs/moves/", {"do": "release"})
    assert (answer.status_code, "Choose at least one lead" in answer.content.decode()) == (422, True)


def test_the_team_queue_by_rep_says_how_much_each_has(
    sol: User, sofia: User, max_: User, signed_in: SignIn
) -> None:
    handed_over(sol, "Ada One")
    handed_over(sol, "Bo Two")
    handed_over(sofia, "Cy Three")
    handed_over(None, "Free Fritz")

    groups = signed_in(max_).get("/team/?sort=rep").context["worklist"].groups

    assert [(group.label, group.count) for group in groups] == [
        ("Unassigned", 1),
        ("Sofia Reuter", 1),
        ("Sol Seller", 2),
    ]
    assert groups[2].rule.startswith("2 open")


# Finding


@pytest.mark.parametrize(
    "text", ["ines", "CARVALHO", "Inês", "carvalho ines", "ines@elev", "elevare", "elevare.example",
     "0170 555", "+49 170 5551"]
)  # fmt: skip
def test_people_are_found_without_accents_by_mail_firm_domain_and_phone(
    sol: User, nils: User, signed_in: SignIn, text: str
) -> None:
    firm = company("Elevaré Serviços", domain="elevare.example")
    handed_over(sol, "Inês Carvalho", company=firm, email="ines@elevare.example", phone="+49 (170) 555-123")
    handed_over(sol, "Other Olaf")

    page = signed_in(sol).get("/search/", {"q": text}).content.decode()
    assert "Inês Carvalho" in page
    assert "Other Olaf" not in page
    assert "in your queue" in page
    assert signed_in(nils).get("/search/", {"q": text}).context["groups"] == []


def test_pages_are_found_for_whom_they_are_there(sol: User, max_: User, signed_in: SignIn) -> None:
    assert 'href="/routing/pools/"' in signed_in(max_).get("/search/?q=pool").content.decode()
    found = signed_in(sol).get("/search/?q=pool").context["groups"]
    assert found == []


def test_the_palette_offers_verbs_and_results_as_options(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "Marta Kowalczyk")
    asked = {"HX-Request": "true", "HX-Target": "palette-results"}
    page = signed_in(sol).get("/search/?q=", headers=asked).content.decode()
    assert 'data-presses="a"' in page
    assert "<html" not in page
    assert "Marta Kowalczyk" in signed_in(sol).get("/search/?q=mar", headers=asked).content.decode()
