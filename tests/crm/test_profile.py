"""What people set for themselves: their name and look, when they work and when they are away."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Absence, User, WorkingHours
from handoff import eligibility
from handoff.models import Pool, PoolMember
from tests import factories

pytestmark = pytest.mark.django_db

PROFILE = {"name": "Mara Marker", "theme": "", "time_zone": "UTC", "keys_enabled": "on"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_theme_zone_and_keys_take_effect_on_the_next_page() -> None:
    client = signed_in(factories.marketer())
    said = {"name": "Mara", "theme": "dark", "time_zone": "Europe/Berlin"}
    page = client.post("/profile/", said, follow=True)
    html = page.content.decode()
    assert 'data-theme="dark"' in html
    assert 'data-keys="off"' in html
    assert "Due 12:12" in client.get("/ui/").content.decode()  # 11:12 in UTC


def test_a_zone_that_does_not_exist_is_refused_at_its_field() -> None:
    user = factories.marketer()
    page = signed_in(user).post("/profile/", {**PROFILE, "time_zone": "Mars/Olympus"})
    assert page.status_code == 422
    assert 'href="#id_time_zone"' in page.content.decode()
    user.refresh_from_db()
    assert user.time_zone == "UTC"


def test_people_say_what_they_are_called() -> None:
    user = factories.marketer()
    client = signed_in(user)
    client.post("/profile/", {**PROFILE, "name": "  Mara \u202eMarker-Lind "})
    user.refresh_from_db()
    assert user.name == "Mara Marker-Lind"  # nothing that turns the text around it


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (" ", "Say what you are called"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("x" * 121, "at most 120"),
    ],
)
def test_a_name_that_is_none_is_refused_and_the_frame_keeps_the_old_one(name: str, said: str) -> None:
    user = factories.marketer()
    page = signed_in(user).post("/profile/", {**PROFILE, "name": name})
    html = page.content.decode()
    assert page.status_code == 422
    assert said in html
    assert "<h1>Mara Marker</h1>" in html


def test_a_role_is_not_what_one_says_of_oneself() -> None:
    user = factories.rep()
    signed_in(user).post("/profile/", {**PROFILE, "role": "admin", "is_active": "", "email": "x@y.example"})
    user.refresh_from_db()
    assert (user.role, user.is_active, user.email) == ("rep", True, "sol@handoff.example")


def test_the_switch_in_the_key_list_is_kept() -> None:
    user = factories.marketer()
    client = signed_in(user)
    assert client.post("/profile/keys/").status_code == 204
    user.refresh_from_db()
    assert not user.keys_enabled
    client.post("/profile/keys/", {"keys_enabled": "on"})
    user.refresh_from_db()
    assert user.keys_enabled


def test_one_readers_zone_never_reaches_the_next_request() -> None:
    berlin, utc = factories.marketer(time_zone="Europe/Berlin"), factories.admin()
    signed_in(berlin).get("/ui/")
    assert "Due 11:12" in signed_in(utc).get("/ui/").content.decode()


@pytest.mark.parametrize("path", ["/profile/", "/profile/hours/", "/profile/tokens/"])
def test_strangers_sign_in_first(path: str) -> None:
    assert Client().get(path).status_code == 302


# Working hours

HOURS = "/profile/hours/"


def week(**said: str) -> dict[str, str]:
    """What the form sends: ``d0_0_from`` is Monday's first stretch."""
    return {name.replace("_", "-"): value for name, value in said.items()}


def of(user: User) -> list[tuple[int, time, time]]:
    rows = WorkingHours.objects.filter(user=user).order_by("weekday", "starts")
    return [(row.weekday, row.starts, row.ends) for row in rows]


def test_hours_are_saved_in_place_of_the_old_ones_however_often_they_are_sent() -> None:
    sol = factories.rep()
    WorkingHours.objects.create(user=sol, weekday=6, starts=time(1), ends=time(2))
    client = signed_in(sol)
    said = week(d0_0_from="09:00", d0_0_to="12:00", d0_1_from="13:00", d0_1_to="17:30", d4_0_from="8:30",
                d4_0_to="23:59")  # fmt: skip

    for _ in range(3):
        assert client.post(HOURS, said).status_code == 302

    monday = [(0, time(9), time(12)), (0, time(13), time(17, 30))]
    assert of(sol) == [*monday, (4, time(8, 30), time(23, 59))]
    html = client.get(HOURS).content.decode()
    assert 'name="d0-1-to" value="17:30"' in html
    a_monday = datetime(2026, 11, 16, tzinfo=UTC)
    assert why_not(sol, a_monday.replace(hour=10)) == ""
    assert why_not(sol, a_monday.replace(hour=12, minute=30)) == "outside working hours"
    client.post(HOURS, {})
    assert of(sol) == []


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        (week(d0_0_from="09:00"), "d0-0-to", "Give both times, or neither."),
        (week(d0_0_to="09:00"), "d0-0-from", "Give both times, or neither."),
        (week(d2_0_from="17:00", d2_0_to="09:00"), "d2-0-to", "It ends after it begins"),
        (week(d2_0_from="17:00", d2_0_to="17:00"), "d2-0-to", "It ends after it begins"),
        (
            week(d1_0_from="09:00", d1_0_to="13:00", d1_1_from="12:00", d1_1_to="17:00"),
            "d1-1-from",
            "It begins before the one above ends, at 13:00.",
        ),
        (week(d1_0_from="late", d1_0_to="25:00"), "d1-0-from", "Write a time as 9:00."),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_field_and_nothing_is_lost(
    said: dict[str, str], field: str, words: str
) -> None:
    sol = factories.rep()
    WorkingHours.objects.create(user=sol, weekday=6, starts=time(1), ends=time(2))

    page = signed_in(sol).post(HOURS, said)

    html = page.content.decode()
    assert page.status_code == 422
    assert words in html
    assert f'href="#id_{field}"' in html
    assert all(f'value="{value}"' in html for value in said.values())
    assert of(sol) == [(6, time(1), time(2))]


def test_a_third_stretch_that_an_admin_gave_stays() -> None:
    sol = factories.rep()
    for hour in (8, 12, 16):
        WorkingHours.objects.create(user=sol, weekday=0, starts=time(hour), ends=time(hour + 1))
    html = signed_in(sol).get(HOURS).content.decode()
    assert 'name="d0-2-from" value="16:00"' in html


# Absences

ABSENCES = "/profile/absences/"


def in_days(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


def why_not(user: User, at: datetime) -> str:
    """Why routing passes ``user``, who is in a pool of their own, over at ``at``."""
    pool = Pool.objects.create(name=f"Pool {at}", team=user.teams.get())
    member = PoolMember.objects.create(pool=pool, user=user)
    (desk,) = eligibility.read_rings(at=at, pool_ids=[pool.pk])[pool.pk].desks
    assert desk.member_id == member.pk
    return eligibility.absent(desk, at=at)


def test_whole_days_away_are_those_where_the_person_is_and_leads_go_to_others() -> None:
    sol = factories.rep(time_zone="America/New_York")
    client = signed_in(sol)
    first, last = in_days(3), in_days(5)

    for _ in range(3):
        assert (
            client.post(ABSENCES, {"first": first, "last": last, "reason": "At the fair"}).status_code == 302
        )

    (away,) = Absence.objects.filter(user=sol)
    zone = ZoneInfo("America/New_York")
    assert away.starts_at == datetime.combine(date.fromisoformat(first), time.min, tzinfo=zone)
    assert away.ends_at == datetime.combine(date.fromisoformat(in_days(6)), time.min, tzinfo=zone)
    html = client.get(HOURS).content.decode()
    assert "At the fair" in html
    assert "Take back" in html
    assert why_not(sol, away.starts_at - timedelta(seconds=1)) == ""
    assert why_not(sol, away.starts_at).endswith(", At the fair")
    assert why_not(sol, away.ends_at) == ""


def test_hours_of_a_day_can_be_given() -> None:
    sol = factories.rep()
    said = {"first": in_days(2), "last": in_days(2), "starts": "12:00", "ends": "15:30", "reason": ""}
    signed_in(sol).post(ABSENCES, said)
    away = Absence.objects.get(user=sol)
    assert (away.starts_at.time(), away.ends_at.time()) == (time(12), time(15, 30))


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"first": ""}, "first", "Say from which day."),
        ({"last": "2026-02-30"}, "last", "Write the date as"),
        ({"first": in_days(4), "last": in_days(3)}, "last", "The last day lies before the first."),
        ({"first": in_days(-9), "last": in_days(-8)}, "last", "That is over already."),
        ({"first": "0001-01-01"}, "first", "not so long ago"),
        ({"last": "9999-12-31"}, "last", "Choose a day within two years."),
        ({"last": in_days(1), "starts": "12:00", "ends": "11:00"}, "ends", "It ends after it begins."),
        ({"reason": "a\0b"}, "reason", "control characters"),
        ({"reason": "x" * 121}, "reason", "at most 120"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused_at_its_field(
    said: dict[str, Any], field: str, words: str
) -> None:
    sol = factories.rep()
    page = signed_in(sol).post(ABSENCES, {"first": in_days(1), "last": in_days(2), "reason": "Kept", **said})
    html = page.content.decode()
    assert page.status_code == 422
    assert words in html
    assert f'id="id_{field}-error"' in html
    assert not Absence.objects.exists()


def test_two_absences_do_not_overlap() -> None:
    client = signed_in(factories.rep())
    client.post(ABSENCES, {"first": in_days(1), "last": in_days(4)})
    page = client.post(ABSENCES, {"first": in_days(4), "last": in_days(6)})
    assert "You are away then already:" in page.content.decode()
    assert client.post(ABSENCES, {"first": in_days(5), "last": in_days(6)}).status_code == 302


def test_who_is_back_early_is_in_turn_again_and_history_keeps_the_days_away() -> None:
    sol, now = factories.rep(), timezone.now()
    away = Absence.objects.create(
        user=sol, starts_at=now - timedelta(days=2), ends_at=now + timedelta(days=2)
    )
    client = signed_in(sol)
    assert "I am back" in client.get(HOURS).content.decode()

    for _ in range(2):
        assert client.post(f"{ABSENCES}{away.pk}/end/").status_code == 302

    away.refresh_from_db()
    assert now <= away.ends_at <= timezone.now()
    assert why_not(sol, timezone.now()) == ""
    assert "Nothing is planned." in client.get(HOURS).content.decode()


def test_what_has_not_begun_is_taken_back_and_somebody_elses_is_not_there() -> None:
    sol, nils, now = factories.rep(), factories.rep("Nils Nord"), timezone.now()
    ahead = Absence.objects.create(
        user=sol, starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=4)
    )

    assert signed_in(nils).post(f"{ABSENCES}{ahead.pk}/end/").status_code == 404
    assert Absence.objects.filter(pk=ahead.pk).exists()
    signed_in(sol).post(f"{ABSENCES}{ahead.pk}/end/")
    assert not Absence.objects.exists()
