"""What arrived is counted: all of it, once, by source and hour, and what was refused says why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from capture import arrivals
from capture.arrivals import Became, TurnedAway
from capture.models import Arrival, RefusedItem, Source, SourceHour
from tests import factories as make
from tests.api.calling import Caller, caller

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer(), "capture")


def event(number: int, **fields: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    known = {"event_id": f"e{number}", "type": "page_view", "occurred_at": now, "email": "ada@firm.example"}
    return {**known, **fields}


def note(became: Became, *, at: datetime = NOON, source: str = "website") -> None:
    arrivals.note(source=source, kind=Source.Kind.SCRIPT, became=became, at=at)


def told() -> tuple[int, int, int, int]:
    """accepted, duplicates, held and refused of the only source."""
    (brought,) = arrivals.brought(since=datetime.min.replace(tzinfo=UTC)).values()
    return brought.accepted, brought.duplicates, brought.held, brought.refused


def test_every_event_of_a_batch_is_counted_as_what_became_of_it(site: Caller) -> None:
    early = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    site.post("/events", [event(1, occurred_at=early), event(2), event(2), event(3, type="nonsense")])

    assert told() == (2, 1, 0, 1)
    (brought,) = arrivals.brought(since=datetime.now(UTC) - timedelta(hours=1)).values()
    assert brought.lag is not None
    assert timedelta(hours=3) <= brought.lag < timedelta(hours=3, minutes=1)
    assert Source.objects.get().kind == Source.Kind.API


def test_a_batch_of_which_nothing_could_be_taken_is_counted_too(site: Caller) -> None:
    site.post("/events", [event(1, email=None), "no event"])

    assert told() == (0, 0, 0, 2)
    assert {item.field for item in RefusedItem.objects.all()} == {"email", ""}


def test_a_refused_event_is_kept_with_its_field_its_reason_and_what_was_sent(site: Caller) -> None:
    site.post("/events", [event(1), event(2, type="nonsense", properties={"page": "/pricing"})])

    item = RefusedItem.objects.get()
    assert (item.field, item.reason) == ("type", "There is no activity type “nonsense”.")
    assert '"event_id": "e2"' in item.sent
    assert "/pricing" in item.sent


def test_what_the_database_could_not_keep_as_text_is_kept_without_it(site: Caller) -> None:
    site.post("/events", [event(1, properties={"page": "/pri\x00cing \ud800"})])

    item = RefusedItem.objects.get()
    assert item.field == "properties.page"
    assert '/pricing "' in item.sent


def test_a_field_name_that_cannot_be_stored_takes_no_others_with_it(site: Caller) -> None:
    odd = event(2) | {"na\x00me": 1}
    answer = site.post("/events", [event(1), odd, event(3)])

    assert answer.json()["accepted"] == 2
    assert site.post("/leads", {"email": "ada@firm.example", "na\x00me": 1}).status_code == 422
    assert set(RefusedItem.objects.values_list("field", flat=True)) == {"name"}


def test_a_saved_lead_counts_and_saved_again_is_a_duplicate_and_a_bad_one_refused(site: Caller) -> None:
    for body in ({"email": "ada@firm.example", "name": "Ada"},) * 2 + ({"email": "nobody"},):
        site.post("/leads", body)

    assert told() == (1, 1, 0, 1)


def test_adding_up_changes_no_figure_and_twice_adds_once() -> None:
    for minute in range(130):
        refused = [TurnedAway("email", "Is not an e-mail address.")] * (minute % 2)
        note(Became(accepted=3, duplicates=1, refused=refused), at=NOON + timedelta(minutes=minute))
    before, end = told(), NOON + timedelta(hours=3)

    assert arrivals.add_up(at=end) == 130
    assert arrivals.add_up(at=end) == 0

    assert told() == before == (390, 130, 0, 65)
    assert list(SourceHour.objects.order_by("at").values_list("at__hour", "accepted")) == [
        (12, 180), (13, 180), (14, 30),
    ]  # fmt: skip
    assert SourceHour.objects.aggregate(all=Sum("refused"))["all"] == 65


def test_what_came_within_the_last_minute_is_left_alone_and_later_added_to_its_hour() -> None:
    note(Became(accepted=1), at=NOON)
    arrivals.add_up(at=NOON + timedelta(minutes=5))
    note(Became(accepted=1), at=NOON + timedelta(minutes=6))

    assert arrivals.add_up(at=NOON + timedelta(minutes=6, seconds=30)) == 0
    assert Arrival.objects.count() == 1
    assert arrivals.add_up(at=NOON + timedelta(minutes=8)) == 1
    hour = SourceHour.objects.get()
    assert (hour.accepted, hour.last_at) == (2, NOON + timedelta(minutes=6))


def test_of_refused_items_the_latest_are_kept_for_each_source() -> None:
    for number in range(30):
        noisy = [TurnedAway("type", f"No {number}.")] * 10
        note(Became(refused=noisy), at=NOON + timedelta(seconds=number))
    note(Became(refused=[TurnedAway("email", "Quiet.")]), at=NOON - timedelta(days=1), source="form")
    note(Became(refused=[TurnedAway("email", "Old.")]), at=NOON - timedelta(days=31), source="form")

    arrivals.add_up(at=NOON + timedelta(hours=1))

    kept = RefusedItem.objects.filter(source__key="website")
    assert kept.count() == arrivals.KEPT
    assert not kept.filter(reason="No 0.").exists()
    assert [item.reason for item in RefusedItem.objects.filter(source__key="form")] == ["Quiet."]


def test_of_one_request_that_is_all_wrong_a_sample_is_kept_and_all_is_counted() -> None:
    note(Became(refused=[TurnedAway("type", "No.")] * 1000))

    assert told() == (0, 0, 0, 1000)
    assert RefusedItem.objects.count() == arrivals.OF_ONE_REQUEST


def test_a_source_keeps_the_name_somebody_gave_it() -> None:
    note(Became(accepted=1))
    Source.objects.update(name="Our website")
    note(Became(accepted=1))

    assert Source.objects.get().name == "Our website"


def test_reps_know_no_sources() -> None:
    note(Became(refused=[TurnedAway("type", "No.")]))

    for user, seen in ((make.rep(), 0), (make.manager(), 0), (make.marketer(), 1)):
        assert Source.objects.visible_to(user).count() == seen
        assert RefusedItem.objects.visible_to(user).count() == seen
