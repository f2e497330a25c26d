"""My queue: what is due first, why, and what to do about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from handoff.models import Handoff
from tests.factories import NOW, activity, company, lead, rep, team
from tests.handoff.factories import pool as taking_turns
from tests.handoff.views.worlds import handed_over, pool, scored, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def headings(page: str) -> list[str]:
    """Names of the rows in the order of the page."""
    return [
        part.split("<")[0] for part in page.split("data-preview=")[1:] for part in [part.split(">", 1)[1]]
    ]


def test_handoffs_stand_in_groups_by_when_they_are_due(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "Later Lea", due=timedelta(hours=4))
    handed_over(sol, "Hasty Hans", due=timedelta(minutes=40))
    handed_over(sol, "Overdue Ole", at=NOW - timedelta(hours=2), due=timedelta(hours=1))
    handed_over(sol, "Tomorrow Tom", due=timedelta(hours=30))

    page = signed_in(sol).get("/queue/").content.decode()

    places = [page.index(text) for text in ("Overdue <", "Overdue Ole", "Due within the hour", "Hasty Hans")]
    places += [
        page.index(text) for text in ("Later today", "Later Lea", "Tomorrow and later", "Tomorrow Tom")
    ]
    assert places == sorted(places)


def test_a_row_says_who_why_now_and_how_long_is_left(sol: User, signed_in: SignIn) -> None:
    nordwind = company("Nordwind", employees=240)
    handoff = handed_over(
        sol, "Marta Kowalczyk", due=timedelta(minutes=60), title="Head of Operations", company=nordwind
    )
    activity(handoff.lead, "demo_request", NOW - timedelta(minutes=24))
    for hours in (1, 30, 50, 70):
        activity(handoff.lead, "pricing_page_view", NOW - timedelta(hours=hours))
    scored(handoff.lead, intent=35, fit=45, engagement=11)

    page = signed_in(sol).get("/queue/").content.decode()

    assert "Head of Operations · Nordwind" in page
    assert "<b>Requested a demo</b>" in page
    assert "24 min ago" in page
    assert "Viewed pricing 4 times this week · 240 staff" in page
    assert "Intent 35, line 20; Fit 45, line 20; Engagement 11, no line" in page
    assert "60 min" in page


def test_saved_views_are_links_with_counts(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "Open Olga")
    handed_over(sol, "Early Eve", at=NOW - timedelta(days=2), due=timedelta(days=3))
    sent_back(handed_over(sol, "Back Bea", at=NOW - timedelta(hours=3)), by=sol)

    worklist = signed_in(sol).get("/queue/").context["worklist"]

    counts = {view["label"]: view["count"] for view in worklist.views}
    assert counts == {"To decide": 2, "New today": 1, "Snoozed": 0, "Working": 0, "Decided": 1}


def test_what_one_decided_is_listed_with_its_verdict(sol: User, signed_in: SignIn) -> None:
    sent_back(handed_over(sol, "Back Bea", at=NOW - timedelta(hours=3)), by=sol)

    page = signed_in(sol).get("/queue/?view=decided").content.decode()

    assert "Back Bea" in page
    assert "Sent back" in page
    assert "/acceptance/" not in page


def test_unassigned_leads_of_ones_own_team_stand_on_top(sol: User, nils: User, signed_in: SignIn) -> None:
    handed_over(sol, "Mine Mia", due=timedelta(minutes=10))
    handed_over(None, "Free Fritz")

    assert headings(signed_in(sol).get("/queue/").content.decode()) == ["Free Fritz", "Mine Mia"]
    assert headings(signed_in(nils).get("/queue/").content.decode()) == []


def test_others_leads_are_not_in_my_queue(sol: User, sofia: User, signed_in: SignIn) -> None:
    handed_over(sofia, "Hers Hedda")

    assert "Hers Hedda" not in signed_in(sol).get("/queue/").content.decode()


def test_filters_narrow_and_show_as_chips_that_can_be_dropped(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "German Gerd", country="DE")
    handed_over(sol, "Swedish Sven", country="SE")

    page = signed_in(sol).get("/queue/?view=due&country=de,at").content.decode()

    assert headings(page) == ["German Gerd"]
    assert 'aria-label="Remove filter: country"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=nordwind", ["Marta"]),
        ("q=MARTA", ["Marta"]),
        ("source=paid+search", ["Marta"]),
        ("intent=30", ["Marta"]),
        ("score=50", ["Marta"]),
        ("score=500", []),
        ("country=%00", ["Other", "Marta"]),
        ("score=x", ["Other", "Marta"]),
    ],
)
def test_each_filter_finds_what_it_says(sol: User, signed_in: SignIn, query: str, found: list[str]) -> None:
    marta = handed_over(
        sol, "Marta", company=company("Nordwind"), source="Paid search", due=timedelta(hours=3)
    )
    scored(marta.lead, intent=35)
    other = handed_over(sol, "Other", due=timedelta(hours=1))
    scored(other.lead, intent=1, fit=2)

    assert headings(signed_in(sol).get(f"/queue/?{query}").content.decode()) == found


def test_a_filter_that_finds_nothing_says_what_to_drop(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "German Gerd", country="DE")

    page = signed_in(sol).get("/queue/?country=FR").content.decode()

    assert "No lead matches" in page
    assert "Without the last filter there would be 1." in page
    assert "Remove country" in page


def test_an_empty_queue_says_whether_it_is_done_or_new(sol: User, signed_in: SignIn) -> None:
    taking_turns(sol)
    assert "Your queue is empty" in signed_in(sol).get("/queue/").content.decode()

    sent_back(handed_over(sol, "Back Bea"), by=sol)

    assert "Nothing to decide" in signed_in(sol).get("/queue/").content.decode()


def test_a_long_queue_goes_on_after_fifty(sol: User, signed_in: SignIn) -> None:
    for number in range(53):
        handed_over(sol, f"Lead {number:02}", due=timedelta(minutes=number + 1))
    client = signed_in(sol)

    first = client.get("/queue/")
    second = client.get("/queue/" + first.context["worklist"].next_url)

    assert len(first.context["worklist"].rows) == 50
    assert [row.name for row in second.context["worklist"].rows] == ["Lead 50", "Lead 51", "Lead 52"]
    assert second.context["worklist"].next == ""


def test_the_count_of_a_group_is_of_the_whole_list(sol: User, signed_in: SignIn) -> None:
    for number in range(53):
        handed_over(sol, f"Lead {number:02}", due=timedelta(minutes=number + 1))

    (group,) = signed_in(sol).get("/queue/").context["worklist"].groups

    assert (group.label, group.count, len(group.rows)) == ("Due within the hour", 53, 50)


def test_the_preview_shows_the_lead_the_address_names(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "First Fred", due=timedelta(minutes=5))
    marta = handed_over(sol, "Marta Kowalczyk", phone="+49 40 555", email="marta@nordwind.example")
    activity(marta.lead, "demo_request", NOW - timedelta(minutes=24), properties={"form": "Demo"})

    page = signed_in(sol).get(f"/queue/?lead={marta.lead.public_id}").content.decode()

    preview = page[page.index('id="peek"') :]
    assert "Marta Kowalczyk" in preview
    assert "Asked for a demo" in preview or "demo" in preview
    assert 'href="tel:+4940555"' in preview
    assert 'href="mailto:marta@nordwind.example"' in preview
    assert "0 of 6 confirmed" in preview


def test_without_a_name_the_preview_shows_the_first(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "First Fred", due=timedelta(minutes=5))

    page = signed_in(sol).get("/queue/").content.decode()

    assert "First Fred" in page[page.index('id="peek"') :]


def test_the_preview_of_a_foreign_lead_is_not_found(sol: User, nils: User, signed_in: SignIn) -> None:
    foreign = handed_over(nils, "Foreign Finn", in_pool="Nordics")

    answer = signed_in(sol).get(
        f"/queue/?lead={foreign.lead.public_id}", headers={"HX-Request": "true", "HX-Target": "peek"}
    )

    assert answer.status_code == 404


def test_htmx_gets_the_list_alone(sol: User, signed_in: SignIn) -> None:
    handed_over(sol, "Marta")

    answer = signed_in(sol).get("/queue/", headers={"HX-Request": "true", "HX-Target": "worklist"})

    page = answer.content.decode()
    assert page.strip().startswith('<div id="worklist"')
    assert "<html" not in page
    assert "HX-Request" in answer["Vary"]


def test_the_queue_is_not_for_marketing(mara: User, signed_in: SignIn) -> None:
    assert signed_in(mara).get("/queue/").status_code == 403
    assert signed_in(mara).get("/team/").status_code == 403


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    answer = client.get("/queue/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_team_queue_lists_everybodys_leads_unassigned_first(
    sol: User, sofia: User, nils: User, max_: User, signed_in: SignIn
) -> None:
    handed_over(sol, "Of Sol", due=timedelta(hours=2))
    handed_over(sofia, "Of Sofia", due=timedelta(hours=1))
    handed_over(None, "Of Nobody", due=timedelta(hours=3))
    handed_over(nils, "Of Nils", in_pool="Nordics")

    page = signed_in(max_).get("/team/").content.decode()

    assert headings(page) == ["Of Nobody", "Of Sofia", "Of Sol"]
    assert "With Sofia Reuter" in page


def test_a_rep_sees_the_teams_leads_but_decides_only_on_free_ones(
    sol: User, sofia: User, signed_in: SignIn
) -> None:
    hers = handed_over(sofia, "Of Sofia")
    free = handed_over(None, "Of Nobody")

    page = signed_in(sol).get("/team/").content.decode()

    assert f"/handoffs/{hers.public_id}/acceptance/" not in page
    assert f"/handoffs/{free.public_id}/acceptance/" in page


def test_a_lead_may_wait_without_a_pool(max_: User, signed_in: SignIn) -> None:
    handoff = handed_over(None, "Poolless Pia")
    Handoff.objects.filter(pk=handoff.pk).update(pool=None)
    assert pool().team == team()

    assert signed_in(max_).get("/team/").status_code == 200


def test_names_from_outside_are_shown_as_text(sol: User, signed_in: SignIn) -> None:
    script = "<script>alert(1)</script>"
    handoff = handed_over(sol, of=lead(script, stage="mql", title=script, company=company(script)))
    activity(handoff.lead, "demo_request", properties={"message": script, "form": script})

    client = signed_in(sol)

    for path in ("/queue/", f"/leads/{handoff.lead.public_id}/"):
        assert script not in client.get(path).content.decode()


def test_a_new_rep_reads_that_no_pool_has_them_and_whom_to_ask(max_: User, signed_in: SignIn) -> None:
    new = rep("Nina New")
    page = signed_in(new).get("/queue/").content.decode()
    assert "You are in no pool yet" in page
    assert "Ask Max Manager to put you in one." in page
    taking_turns(new)
    assert "You are in no pool yet" not in signed_in(new).get("/queue/").content.decode()
