"""Whose an event is: leads, browsers, and two people in one browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from capture.cleaning import Refused, email, line
from capture.intake import Taken, take
from capture.models import Source
from leads.matching import normal_email
from leads.models import Activity, ChangedLead, Lead, Visitor
from tests import factories as make

pytestmark = pytest.mark.django_db

BROWSER = "3f8e4a90c1d24b6fa7c5d2e18b9f0a61"
OTHER_BROWSER = "9d41c7b2e5f0468a8b3c6a7d1e2f4059"


def event(number: int, **fields: Any) -> dict[str, Any]:
    at = make.NOW - timedelta(days=1) + timedelta(minutes=number)
    return {"event_id": f"e-{number}", "type": "page_view", "occurred_at": at.isoformat(), **fields}


@pytest.fixture
def mara() -> User:
    return make.marketer()


def send(user: User, *items: dict[str, Any]) -> Taken:
    return take(items=items, user=user, source="site", kind=Source.Kind.API, at=make.NOW)


def owners() -> dict[str, str | None]:
    return dict(Activity.objects.values_list("event_id", "lead__email"))


def test_an_unknown_browser_is_stored_on_a_visitor_and_changes_no_lead(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER), event(2, anonymous_id=BROWSER))
    assert owners() == {"e-1": None, "e-2": None}
    assert (Visitor.objects.get().anonymous_id, Lead.objects.count()) == (BROWSER, 0)
    assert not ChangedLead.objects.exists()


def test_who_says_who_they_are_gets_what_they_did_before(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER), event(2, anonymous_id=OTHER_BROWSER))
    send(mara, event(3, anonymous_id=BROWSER, email="ada@firm.example"))
    send(mara, event(4, anonymous_id=BROWSER))

    assert owners() == {
        "e-1": "ada@firm.example",
        "e-2": None,
        "e-3": "ada@firm.example",
        "e-4": "ada@firm.example",
    }
    assert ChangedLead.objects.get().version >= 2


def test_history_and_identity_may_come_in_one_batch_in_any_order(mara: User) -> None:
    send(mara, event(3, anonymous_id=BROWSER), event(2, anonymous_id=BROWSER, email="ada@firm.example"))
    assert set(owners().values()) == {"ada@firm.example"}


def test_C42_a_second_person_in_the_browser_never_swallows_the_first(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER))
    send(mara, event(2, anonymous_id=BROWSER, email="ada@firm.example"))
    send(mara, event(3, anonymous_id=BROWSER, email="bob@firm.example"))
    send(mara, event(4, anonymous_id=BROWSER))

    assert owners() == {
        "e-1": "ada@firm.example",
        "e-2": "ada@firm.example",
        "e-3": "bob@firm.example",
        "e-4": "ada@firm.example",
    }
    assert Visitor.objects.get().lead == Lead.objects.get(email="ada@firm.example")


def test_C42_in_one_batch_the_earlier_of_two_people_owns_the_browser(mara: User) -> None:
    send(
        mara,
        event(3, anonymous_id=BROWSER, email="bob@firm.example"),
        event(2, anonymous_id=BROWSER, email="ada@firm.example"),
        event(1, anonymous_id=BROWSER),
    )
    assert owners() == {"e-1": "ada@firm.example", "e-2": "ada@firm.example", "e-3": "bob@firm.example"}


def test_one_person_may_have_several_browsers(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER), event(2, anonymous_id=OTHER_BROWSER))
    send(
        mara,
        event(3, anonymous_id=BROWSER, email="ada@firm.example"),
        event(4, anonymous_id=OTHER_BROWSER, email="ADA@firm.example"),
    )
    assert set(owners().values()) == {"ada@firm.example"}


def test_a_repeated_event_stitches_nothing_and_makes_nobody(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER))
    taken = send(mara, {**event(1), "anonymous_id": BROWSER, "email": "ada@firm.example"})
    assert (taken.duplicates, Lead.objects.count(), owners()) == (1, 0, {"e-1": None})


@pytest.mark.parametrize(
    "name",
    ["anonymous", "Guest", "id", "email", "undefined", "true", "null", "0", "[object Object]", "NaN", "",
     "''", '"null"', " NONE ", "distinct_id"],
)  # fmt: skip
def test_C41_ids_that_mean_nobody_are_refused(mara: User, name: str) -> None:
    taken = send(mara, event(1, anonymous_id=name, email="ada@firm.example"))
    assert [(refusal.index, refusal.field) for refusal in taken.refused] == [(0, "anonymous_id")]
    assert not Visitor.objects.exists()


def test_the_buying_phase_of_a_stitched_history_counts(mara: User) -> None:
    send(mara, event(1, anonymous_id=BROWSER, type="pricing_page_view"))
    send(mara, event(2, anonymous_id=BROWSER, email="ada@firm.example"))
    assert Lead.objects.get().phase == "decision"


PEOPLE = ["ada@firm.example", "Bob@firm.example", "bob@FIRM.example", None]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 50 events of two people, each with their own browsers, some without a name."""
    events = []
    for number in range(draw(st.integers(1, 50))):
        email = draw(st.sampled_from(PEOPLE))
        own = {"ada@firm.example": "a", None: draw(st.sampled_from("ab"))}.get(email, "b")
        browser = draw(st.sampled_from([f"browser-{own}1", f"browser-{own}2", None]))
        kind = draw(st.sampled_from(["page_view", "demo_request", "email_opened"]))
        fields: dict[str, Any] = {"type": kind}
        if email is not None:
            fields["email"] = email
        if browser is not None or email is None:
            fields["anonymous_id"] = browser or f"browser-{own}1"
        events.append(event(number, **fields))
    return events


def outcome() -> list[Any]:
    activities = Activity.objects.order_by("event_id").values_list(
        "event_id", "type__key", "occurred_at", "lead__email", "visitor__anonymous_id"
    )
    leads = Lead.objects.order_by("email").values_list("email", "stage", "phase")
    visitors = Visitor.objects.order_by("anonymous_id").values_list("anonymous_id", "lead__email")
    return [list(activities), list(leads), list(visitors)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=histories(), data=st.data())
def test_F14_any_order_and_any_repetition_end_in_the_same(
    mara: User, events: list[dict[str, Any]], data: st.DataObject
) -> None:
    def run(sent: list[list[dict[str, Any]]]) -> list[Any]:
        for batch in sent:
            send(mara, *batch)
        found = outcome()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM leads_activity; DELETE FROM leads_visitor; DELETE FROM leads_changedlead;"
                " DELETE FROM leads_phasechange; DELETE FROM leads_lead"
            )
        return found

    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=10))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=5)))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]

    assert run(batches) == run([events])


@given(text=st.emails() | st.from_regex(r"[a-z0-9._+@-]{1,20}@[a-z0-9.-]{1,30}", fullmatch=True))
def test_the_quick_look_at_an_address_agrees_with_the_thorough_one(text: str) -> None:
    try:
        thorough = normal_email(text)
    except ValueError:
        with pytest.raises(Refused):
            email(text)
    else:
        assert len(thorough) > 254 or email(text) == thorough


def test_what_would_turn_our_words_around_is_not_stored_and_marks_of_a_script_are():
    assert line(" \u202eAda\u2066 Byron\u202c ", field="name", most=20) == "Ada Byron"
    assert line("\u200fעדה\u200f", field="name", most=20) == "\u200fעדה\u200f"
