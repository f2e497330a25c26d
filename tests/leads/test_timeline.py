"""One history of a lead: what it did and how it moved, newest first, in pages."""

from datetime import timedelta

import pytest

from leads import timeline, voiding
from leads.lifecycle import move
from leads.models import Lead, StageChange, Suspicion
from leads.stages import Stage
from leads.voiding import Suspected
from tests.factories import NOW, activity, lead, rep

pytestmark = pytest.mark.django_db


def titles(found: timeline.Timeline) -> list[str]:
    return [entry["title"] for entry in found.entries]


def handed_over(ada: Lead) -> StageChange:
    return move(lead=ada, to=Stage.HANDED_OVER, at=NOW, cause=StageChange.Cause.CROSSING)


def test_what_a_lead_did_stands_below_the_move_it_caused() -> None:
    ada = lead("Ada")
    activity(ada, "pricing_page_view", NOW - timedelta(minutes=5))
    activity(ada, "demo_request", NOW)
    change = handed_over(ada)

    found = timeline.page(lead_ids=[ada.pk], changes=[change])

    assert titles(found) == ["Handed to sales", "Requested a demo", "Viewed pricing"]


def test_an_activity_says_which_page_how_long_and_in_whose_words() -> None:
    ada = lead("Ada")
    view = activity(ada, "pricing_page_view", properties={"title": "Plans", "seconds": 220})
    asked = activity(ada, "demo_request", properties={"form": "Demo", "message": "20 technicians"})
    seen = activity(
        ada, "webinar_attended", properties={"title": "Dispatch", "minutes": 28, "of_minutes": 34}
    )

    assert timeline.of_activity(view, 4.0)["text"] == ", Plans, 3 min 40 s"
    assert timeline.of_activity(view, 4.0)["points"] == 4.0
    assert timeline.of_activity(asked)["quote"] == "20 technicians"
    assert timeline.of_activity(seen)["text"] == ", Dispatch, 28 of 34 min"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], ["Handed to sales", "Had a call with us", "Opened an e-mail", "Viewed pricing"]),
        (["web"], ["Viewed pricing"]),
        (["mail"], ["Opened an e-mail"]),
        (["people"], ["Had a call with us"]),
        (["steps"], ["Handed to sales"]),
        (["people", "web"], ["Had a call with us", "Viewed pricing"]),
    ],
)
def test_a_timeline_shows_the_kinds_that_are_asked_for(kinds: list[str], expected: list[str]) -> None:
    ada = lead("Ada")
    for minutes, kind in ((30, "pricing_page_view"), (20, "email_opened"), (10, "call_logged")):
        activity(ada, kind, NOW - timedelta(minutes=minutes))
    change = handed_over(ada)

    assert titles(timeline.page(lead_ids=[ada.pk], kinds=kinds, changes=[change])) == expected


def test_pages_reach_every_entry_once_even_at_one_moment() -> None:
    ada = lead("Ada")
    for number in range(60):
        activity(ada, "page_view", NOW, properties={"title": f"Page {number}"})
    change = handed_over(ada)
    verdict = timeline.Entry(at=NOW, icon="check", title="accepted")

    seen, after = [], ""
    while True:
        found = timeline.page(lead_ids=[ada.pk], changes=[change], added=[verdict], after=after)
        seen += [entry.get("text", entry["title"]) for entry in found.entries]
        if not found.next:
            break
        after = found.next

    assert len(seen) == 62
    assert len(set(seen)) == 62


def test_a_page_says_how_many_entries_are_earlier() -> None:
    ada = lead("Ada")
    for number in range(timeline.PAGE + 23):
        activity(ada, "page_view", NOW - timedelta(minutes=number))

    found = timeline.page(lead_ids=[ada.pk])

    assert (len(found.entries), found.earlier) == (timeline.PAGE, 23)


def test_a_long_history_is_not_counted_to_its_end() -> None:
    ada = lead("Ada")
    for number in range(timeline.PAGE + timeline.COUNTED + 5):
        activity(ada, "page_view", NOW - timedelta(minutes=number))

    assert timeline.page(lead_ids=[ada.pk]).earlier is None


def test_a_voided_activity_is_gone_from_the_timeline() -> None:
    ada = lead("Ada")
    activity(ada, "demo_request", voided_at=NOW)

    assert timeline.page(lead_ids=[ada.pk]).entries == []


def test_a_move_by_a_person_names_them_and_quotes_their_note() -> None:
    ada, sol = lead("Ada", stage="mql"), rep()
    change = move(
        lead=ada,
        to=Stage.CLOSED,
        at=NOW,
        cause=StageChange.Cause.PERSON,
        by=sol,
        note="Moved to a competitor.",
    )

    entry = timeline.of_change(change)

    assert entry["title"] == "Closed"
    assert "Sol Seller" in entry["text"]
    assert entry["quote"] == "Moved to a competitor."


def test_g09_what_a_signal_voided_stands_struck_with_why_and_alone_when_asked_for() -> None:
    ada = lead("Ada Example")
    real, bot = (activity(ada, kind) for kind in ("demo_request", "page_view"))
    voiding.suspect(found=[Suspected(bot.pk, Suspicion.Signal.CRAWLER, "Googlebot", void=True)], at=NOW)
    voiding.suspect(found=[Suspected(real.pk, Suspicion.Signal.BURST, "", void=False)], at=NOW)

    def told(*kinds: str) -> list[tuple[str, bool, str]]:
        entries = timeline.page(lead_ids=[ada.pk], kinds=kinds).entries
        return [(entry["title"], entry.get("struck", False), entry.get("note", "")) for entry in entries]

    struck = ("Viewed a page", True, "Does not count: Crawler (Googlebot)")
    marked = ("Requested a demo", False, "Suspected: burst")
    assert sorted(told()) == sorted([struck, marked])
    assert told("web") == [marked]
    assert told("voided") == [struck]
    assert sorted(told("voided", "web")) == sorted([struck, marked])
