"""The marketing queue: what came back from sales, and MQLs by phase and distance to the line."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Handoff
from leads.lifecycle import move
from leads.models import Lead
from leads.stages import Phase, Stage
from tests.factories import activity, company, lead
from tests.handoff.factories import pool as pool_of
from tests.handoff.views.worlds import handed_over, scored, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def mql(name: str, phase: str = Phase.DECISION, intent: int = 10, fit: int = 30, **fields: Any) -> Lead:
    made = lead(name, stage=Stage.MQL, phase=phase, **{"at": timezone.now() - timedelta(days=3), **fields})
    scored(made, intent=intent, fit=fit)
    return made


def names(client: Client, path: str = "/mqls/") -> dict[str, list[str]]:
    """Group → the leads in it."""
    page = client.get(path).context["page"]
    found = {group.label: [row.lead.name for row in group.rows] for group in page.groups}
    if page.back:
        found["Back from sales"] = [row.lead.name for row in page.back]
    return found


def test_mqls_stand_by_phase_nearest_to_the_line_first(mara: User, signed_in: SignIn) -> None:
    mql("Far Fay", intent=5)
    mql("Near Nia", intent=18)
    mql("Fitless Finn", intent=18, fit=10)
    mql("Reading Rita", Phase.CONSIDERATION, intent=0)

    assert names(signed_in(mara)) == {
        "Decision": ["Near Nia", "Fitless Finn", "Far Fay"],
        "Consideration": ["Reading Rita"],
    }


def test_a_row_says_what_is_short_the_newest_sign_and_for_how_long(mara: User, signed_in: SignIn) -> None:
    petra = mql("Petra Schwarz", intent=18, company=company("Rheinland", employees=80), title="Einkauf")
    activity(petra, "pricing_page_view", timezone.now() - timedelta(minutes=20))

    page = signed_in(mara).get("/mqls/").content.decode()

    assert "intent 2 short" in page
    assert "<b>Viewed pricing</b>" in page
    assert ">asked</span>" in page
    assert "3 days here" in page
    assert "Einkauf · Rheinland" in page


def test_a_lead_that_only_read_is_weak(mara: User, signed_in: SignIn) -> None:
    mql("Reading Rita", intent=0)

    assert ">asked</span>" not in signed_in(mara).get("/mqls/").content.decode()


def test_what_sales_sent_back_stands_first_with_reason_rep_and_date(
    mara: User, sol: User, signed_in: SignIn
) -> None:
    handoff = handed_over(sol, "Lucas Meyer", at=timezone.now() - timedelta(days=1))
    sent_back(handoff, by=sol, reason="timing", at=timezone.now(), note="Contract until March.")

    page = signed_in(mara).get("/mqls/").content.decode()

    back = page[page.index("Back from sales") :]
    for said in (
        "Lucas Meyer",
        "Wrong timing",
        "Contract until March.",
        "Sol Seller",
        "with marketing until",
    ):
        assert said in back


def test_a_lead_that_came_back_stands_there_alone_until_its_return_date(
    mara: User, sol: User, signed_in: SignIn
) -> None:
    for name, days in (("Lucas Meyer", 1), ("Over Olga", 100)):
        at = timezone.now() - timedelta(days=days)
        sent_back(handed_over(sol, name, at=at - timedelta(days=1)), by=sol, reason="timing", at=at)
    client = signed_in(mara)

    assert names(client) == {"Awareness": ["Over Olga"], "Back from sales": ["Lucas Meyer"]}
    assert client.get("/mqls/").context["page"].groups[0].count == 1
    assert names(client, "/mqls/?phase=awareness")["Awareness"] == ["Lucas Meyer", "Over Olga"]


def test_a_lead_handed_over_again_is_no_longer_back(mara: User, sol: User, signed_in: SignIn) -> None:
    handoff = handed_over(sol, "Lucas Meyer", at=timezone.now() - timedelta(days=2))
    sent_back(handoff, by=sol, at=timezone.now() - timedelta(days=1))
    handed_over(sol, of=handoff.lead, at=timezone.now(), cycle=2)

    assert "Back from sales" not in names(signed_in(mara))


def test_tiles_count_the_phases_and_what_sales_did_since_monday(
    mara: User, sol: User, signed_in: SignIn
) -> None:
    for name in ("Petra", "Mikkel"):
        came = lead(name, phase=Phase.DECISION, at=timezone.now() - timedelta(days=3))
        move(lead=came, to=Stage.MQL, at=timezone.now(), cause="crossing")
    mql("Rita", Phase.AWARENESS, at=timezone.now() - timedelta(days=40))
    handed_over(sol, "Handed Hans", at=timezone.now(), phase=Phase.DECISION)
    withdrawn = handed_over(sol, "Withdrawn Will", at=timezone.now(), phase=Phase.AWARENESS)
    Handoff.objects.filter(pk=withdrawn.pk).update(status="withdrawn", decided_at=timezone.now())

    tiles = {tile.label: tile for tile in signed_in(mara).get("/mqls/").context["page"].tiles}

    assert (tiles["Decision"].count, tiles["Awareness"].count, tiles["Sales"].count) == (2, 1, 1)
    assert [each.text for each in tiles["Decision"].flows] == ["+2 in", "1 handed over"]
    assert tiles["Awareness"].stay == "median 40 days here"
    assert [each.text for each in tiles["Sales"].rest] == ["0 came back", "1 undecided"]


def test_the_tab_of_each_view_counts_what_it_holds(mara: User, sol: User, signed_in: SignIn) -> None:
    at = timezone.now()
    for number in range(3):
        mql(f"Near {number}", intent=18)
    mql("Old Olga", intent=3, at=at - timedelta(days=45))
    mql("Quiet Quinn", Phase.CONSIDERATION, intent=0)
    sent_back(handed_over(sol, "Lucas Meyer", at=at - timedelta(days=1)), by=sol, reason="timing", at=at)
    client = signed_in(mara)
    tabs = client.get("/mqls/").context["page"].views

    assert {tab["label"]: tab["count"] for tab in tabs} == {
        "All open": 6, "Back from sales": 1, "Within 5 of the line": 3, "Stuck over 30 days": 1,
        "Asked about the product": 4, "Only read": 2,
    }  # fmt: skip
    for tab in tabs[2:]:
        assert sum(len(each) for each in names(client, f"/mqls/{tab['url']}").values()) == tab["count"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("view=near", ["Near Nia"]),
        ("view=stuck", ["Old Olga"]),
        ("view=asked", ["Near Nia", "Old Olga"]),
        ("phase=consideration", ["Quiet Quinn"]),
        ("country=SE", ["Near Nia"]),
        ("strength=weak", ["Quiet Quinn"]),
        ("strength=strong", ["Near Nia", "Old Olga"]),
        ("q=olga", ["Old Olga"]),
        ("source=fair", ["Old Olga"]),
    ],
)
def test_views_and_filters_find_what_they_say(
    mara: User, signed_in: SignIn, query: str, found: list[str]
) -> None:
    mql("Near Nia", intent=18, country="SE")
    mql("Old Olga", intent=3, source="fair", at=timezone.now() - timedelta(days=45))
    mql("Quiet Quinn", Phase.CONSIDERATION, intent=0)

    listed = names(signed_in(mara), f"/mqls/?{query}")

    assert [name for group in listed.values() for name in group] == found


def test_a_phase_goes_on_page_after_page(mara: User, signed_in: SignIn) -> None:
    for number in range(55):
        mql(f"Lead {number:02}", intent=number % 19)
    client = signed_in(mara)

    seen, path = [], "/mqls/?phase=decision"
    while path:
        (group,) = client.get(path).context["page"].groups
        seen += [row.lead.name for row in group.rows]
        path = f"/mqls/{group.more_url}" if group.more_url else ""

    assert sorted(seen) == [f"Lead {number:02}" for number in range(55)]


def test_hand_over_now_gives_the_lead_to_sales_with_a_note(mara: User, sol: User, signed_in: SignIn) -> None:
    pool_of(sol)
    petra = mql("Petra Schwarz")
    client = signed_in(mara)

    client.post(f"/leads/{petra.public_id}/handover/", {"note": "Met her at the fair.", "next": "/mqls/"})

    handoff = Handoff.objects.get(lead=petra)
    assert (handoff.rep, handoff.offered_by) == (sol, mara)
    assert "Handed <b>Petra Schwarz</b> to Sol Seller" in client.get("/mqls/").content.decode()


def test_hand_over_now_needs_a_sentence(mara: User, signed_in: SignIn) -> None:
    petra = mql("Petra Schwarz")

    answer = signed_in(mara).post(f"/leads/{petra.public_id}/handover/", {"note": " "})

    assert answer.status_code == 422
    assert "One sentence for sales" in answer.content.decode()
    assert not Handoff.objects.exists()


def test_what_is_with_sales_already_cannot_be_handed_over_again(
    mara: User, sol: User, signed_in: SignIn
) -> None:
    handoff = handed_over(sol, "Petra Schwarz")

    answer = signed_in(mara).post(f"/leads/{handoff.lead.public_id}/handover/", {"note": "Now!"})

    assert answer.status_code == 409
    assert Handoff.objects.count() == 1


def test_the_marketing_queue_is_not_for_sales(sol: User, max_: User, signed_in: SignIn) -> None:
    petra = mql("Petra Schwarz")

    for who in (sol, max_):
        assert signed_in(who).get("/mqls/").status_code == 403
        assert signed_in(who).post(f"/leads/{petra.public_id}/handover/", {"note": "x"}).status_code == 403


def test_an_empty_view_says_what_it_would_hold(mara: User, signed_in: SignIn) -> None:
    client = signed_in(mara)

    assert "Leads appear here once they meet the MQL line" in client.get("/mqls/").content.decode()
    assert "No MQL is within 5 points" in client.get("/mqls/?view=near").content.decode()


def test_the_sales_tile_counts_sqls_where_handed_over_is_one(
    mara: User, signed_in: SignIn, settings: Any
) -> None:
    client = signed_in(mara)

    assert "SQLs, over the line" not in client.get("/mqls/").content.decode()
    settings.HANDED_OVER_IS_SQL = True
    assert "SQLs, over the line" in client.get("/mqls/").content.decode()
