"""Calendars: weekly hours and the public holidays of a country, through their pages (C-31, C-35)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client

from accounts import calendars
from accounts.calendars import CalendarRefused, Hours
from accounts.models import BusinessCalendar, Holiday, Team
from handoff import clocks, sla
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

OFFICE = [Hours(day, time(9), time(17)) for day in range(5)]


def bavaria(**fields: object) -> BusinessCalendar:
    """Munich's office hours, with the holidays of Bavaria."""
    made = BusinessCalendar(
        name="Munich", time_zone="Europe/Berlin", **{"country": "DE", "subdivision": "BY", **fields}
    )
    admin = factories.admin()
    return calendars.save(calendar=made, hours=OFFICE, by=admin, at=NOW)


def closed(calendar: BusinessCalendar) -> set[date]:
    return set(Holiday.objects.closed().filter(calendar=calendar).values_list("on", flat=True))


def signed_in(who: object) -> Client:
    client = Client()
    client.force_login(who)
    return client


def week(**changed: str) -> dict[str, str]:
    """Monday to Friday 9 to 17, as the form sends it."""
    sent: dict[str, str] = {}
    for day in range(5):
        sent |= {f"opens_{day}_0": "09:00", f"closes_{day}_0": "17:00"}
    return {
        **sent,
        "name": "Munich",
        "time_zone": "Europe/Berlin",
        "country": "",
        "subdivision": "",
        **changed,
    }


def test_c31_the_holidays_of_a_country_and_its_region_are_computed_for_years_to_come() -> None:
    calendar = bavaria()
    days = closed(calendar)
    assert date(2026, 12, 25) in days
    assert date(2027, 1, 6) in days  # Epiphany: in Bavaria, not in Berlin
    assert date(2028, 4, 14) in days  # Good Friday
    assert not any(day < NOW.date() for day in days)
    calendar.subdivision = "BE"
    calendars.save(calendar=calendar, hours=OFFICE, by=factories.admin("Other Admin"), at=NOW)
    assert date(2027, 1, 6) not in closed(calendar)
    assert date(2027, 3, 8) in closed(calendar)  # Women's Day: in Berlin


def test_a_day_may_be_open_all_the_same_and_stays_so_when_the_years_are_filled_again() -> None:
    calendar, ada = bavaria(), factories.admin("Other Admin")
    epiphany = Holiday.objects.get(calendar=calendar, on=date(2027, 1, 6))
    calendars.switch(holiday=epiphany, by=ada)
    assert calendars.fill_all(at=NOW + timedelta(days=10)) == 0
    assert date(2027, 1, 6) not in closed(calendar)
    start = datetime(2027, 1, 5, 15, tzinfo=UTC)  # Tuesday 16:00 in Munich
    team = Team.objects.create(name="Munich", calendar=calendar)
    read = clocks.read_calendars([team.pk])[team.pk]
    assert sla.due_at(start=start, minutes=120, calendar=read) == datetime(2027, 1, 6, 9, tzinfo=UTC)

    calendars.switch(holiday=epiphany, by=ada)
    read = clocks.read_calendars([team.pk])[team.pk]
    assert sla.due_at(start=start, minutes=120, calendar=read) == datetime(2027, 1, 7, 9, tzinfo=UTC)


def test_the_next_year_fills_itself() -> None:
    calendar = bavaria()
    before = max(closed(calendar)).year
    assert calendars.fill_all(at=NOW + timedelta(days=200)) > 5
    assert max(closed(calendar)).year == before + 1


def test_an_own_day_outlives_another_country_and_a_day_is_closed_once() -> None:
    calendar, ada = bavaria(), factories.admin("Other Admin")
    calendars.close(calendar=calendar, on=date(2026, 12, 24), name="Works party", by=ada)
    with pytest.raises(CalendarRefused, match="is a holiday already: Christmas"):
        calendars.close(calendar=calendar, on=date(2026, 12, 25), name="Again", by=ada)
    calendar.country, calendar.subdivision = "SE", ""
    calendars.save(calendar=calendar, hours=OFFICE, by=ada, at=NOW)
    assert date(2026, 12, 24) in closed(calendar)
    assert Holiday.objects.get(calendar=calendar, on=date(2026, 12, 24)).name == "Works party"


def test_only_managers_and_admins_set_calendars() -> None:
    calendar = bavaria()
    for person in (factories.rep(), factories.marketer()):
        client = signed_in(person)
        assert client.get("/calendars/").status_code == 200
        page = client.get(f"/calendars/{calendar.public_id}/")
        assert page.status_code == 200
        assert b"Mon\xe2\x80\x93Fri 09:00\xe2\x80\x9317:00" in page.content
        assert client.post(f"/calendars/{calendar.public_id}/", week()).status_code == 403
        assert client.post(f"/calendars/{calendar.public_id}/days/state/").status_code == 403
        assert client.get("/calendars/new/").status_code == 403


def test_a_manager_makes_a_calendar_on_its_page() -> None:
    client = signed_in(factories.manager())
    sent = week(country="DE", subdivision="by", opens_0_1="18:00", closes_0_1="20:00")
    assert client.post("/calendars/new/", sent).status_code == 302
    made = BusinessCalendar.objects.get(name="Munich")
    assert (made.country, made.subdivision) == ("DE", "BY")
    assert made.opening_hours.filter(weekday=0).count() == 2
    shown = client.get(f"/calendars/{made.public_id}/").content.decode()
    assert "Epiphany" in shown
    client.post(f"/calendars/{made.public_id}/days/state/", {"on": "2027-01-06"})
    assert client.post(f"/calendars/{made.public_id}/days/state/", {"on": "today"}).status_code == 404
    assert Holiday.objects.get(calendar=made, on=date(2027, 1, 6)).kind == "open"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Give the calendar a name."),
        ({"closes_2_0": ""}, "Wednesday: give both times, or neither."),
        ({"closes_2_0": "08:00"}, "Wednesday: the end has to come after the beginning."),
        ({"opens_1_1": "16:00", "closes_1_1": "18:00"}, "Tue: these hours overlap."),
        ({"country": "DE", "subdivision": "XX"}, "No such region. There is: BB, BE"),
        ({"subdivision": "BY"}, "Choose the country first."),
        ({"opens_0_0": "nine"}, "Monday: write the time as 09:00."),
        ({"time_zone": "Berlin"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(changed: dict[str, str], said: str) -> None:
    answer = signed_in(factories.manager()).post("/calendars/new/", week(**changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not BusinessCalendar.objects.filter(name="Munich").exists()


def test_hours_of_the_week_in_words() -> None:
    assert calendars.in_words(OFFICE) == "Mon–Fri 09:00–17:00"
    assert calendars.in_words([]) == "never closes"
    assert calendars.in_words([OFFICE[0], Hours(2, time(8), time(12))]) == "Mon 09:00–17:00; Wed 08:00–12:00"
