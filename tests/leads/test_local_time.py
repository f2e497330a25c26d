"""What time it is where a lead is."""

from datetime import UTC, datetime

import pytest

from leads.local_time import local_time

#: 2026-11-17 is a Tuesday in winter time, 2026-07-14 one in summer time.
WINTER, SUMMER = datetime(2026, 11, 17, 9, 36, tzinfo=UTC), datetime(2026, 7, 14, 9, 36, tzinfo=UTC)


def shown(phone: str = "", country: str = "", at: datetime = WINTER) -> str | None:
    found = local_time(phone=phone, country=country, at=at)
    return f"{found.at:%a %H:%M}" if found else None


@pytest.mark.parametrize(
    ("phone", "country", "there"),
    [
        ("+49 40 123456", "", "Tue 10:36"),
        ("040 123456", "DE", "Tue 10:36"),  # read as a number of its country
        ("(212) 555-0100", "US", "Tue 04:36"),  # an area of a country with many zones
        ("+1 415 555 0100", "", "Tue 01:36"),
        ("+86 10 12345678", "", "Tue 17:36"),
        ("+49 40 123456", "US", "Tue 10:36"),  # the number says where they are
        ("+34 612 345 678", "", None),  # Madrid or the Canaries
        ("+1 800 555 0100", "US", None),  # rings anywhere
        ("+7", "", None),
        ("ask for Bob", "", None),
        ("ask for Bob", "CH", "Tue 10:36"),
        ("", "DE", "Tue 10:36"),  # two zones, which have one time
        ("", "at", "Tue 10:36"),
        ("", "IN", "Tue 15:06"),
        ("", "US", None),
        ("", "AU", None),
        ("", "ES", None),
        ("", "ZZ", None),
        ("", "", None),
        ("9" * 400, "DE", "Tue 10:36"),
        ("\u202e+49\x0040", "", None),
    ],
)
def test_the_number_says_it_else_the_country_and_nothing_where_clocks_differ(phone, country, there):
    assert shown(phone, country) == there


def test_summer_time_is_that_of_the_place_and_of_the_day():
    assert (shown("+49 40 123456"), shown("+49 40 123456", at=SUMMER)) == ("Tue 10:36", "Tue 11:36")
    # In the weeks between, America has changed its clocks and Europe has not.
    between = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
    assert shown("+1 212 555 0100", at=between) == "Tue 11:00"
    assert shown(country="DE", at=between) == "Tue 16:00"
    # Both sides of the hour that happens twice.
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert shown(country="DE", at=first) == shown(country="DE", at=second) == "Sun 02:30"


def test_two_areas_that_share_a_time_in_winter_alone_differ_in_summer():
    # Arizona keeps its clocks; a number of Denver's area shares them in winter.
    assert shown("+1 602 555 0100", at=WINTER) == shown("+1 303 555 0100", at=WINTER)
    assert shown("+1 602 555 0100", at=SUMMER) != shown("+1 303 555 0100", at=SUMMER)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-17T07:59Z", "08:59 there, outside office hours"),
        ("2026-11-17T08:00Z", "09:00 there, office hours"),
        ("2026-11-17T15:59Z", "16:59 there, office hours"),
        ("2026-11-17T16:00Z", "17:00 there, outside office hours"),
        ("2026-11-21T10:00Z", "11:00 there, outside office hours"),  # a Saturday
    ],
)
def test_office_hours_are_monday_to_friday_nine_to_five_there(at, words):
    moment = datetime.fromisoformat(at)
    found = local_time(phone="", country="DE", at=moment)
    assert found is not None
    assert found.words(here=moment) == words


def test_another_day_is_said():
    found = local_time(phone="+81 3 1234 5678", country="", at=datetime(2026, 11, 17, 23, 0, tzinfo=UTC))
    assert found is not None
    assert (
        found.words(here=datetime(2026, 11, 17, 18, 0, tzinfo=UTC)) == "Wed 08:00 there, outside office hours"
    )
