"""Who works here: people, their hours and absences, invitations, teams."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Absence, BusinessCalendar, Team, User, WorkingHours
from tests import factories
from tests.factories import lead, team
from tests.handoff.factories import offered, pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return factories.admin()


def invited(**changed: str) -> dict[str, str]:
    sent = {
        "email": "New@Handoff.example", "name": "Nora New", "role": "rep", "teams": str(team().pk),
        "time_zone": "Europe/Berlin", **changed,
    }  # fmt: skip
    return {name: value for name, value in sent.items() if value or name != "teams"}


def test_an_admin_invites_and_the_link_sets_a_password(ada: User, signed_in) -> None:
    assert signed_in(ada).post("/people/new/", invited()).status_code == 302
    nora = User.objects.get(email="new@handoff.example")
    assert list(nora.teams.all()) == [team()]
    assert not nora.has_usable_password()
    [message] = mail.outbox
    assert message.to == ["new@handoff.example"]
    assert message.subject == "Ada Admin invites you to Fieldline on Handoff"
    path = re.search(r"https?://[^/]+(/accounts/\S+)", message.body).group(1)

    stranger = Client()
    form = stranger.get(path, follow=True)
    assert form.status_code == 200
    assert "<h1>Choose your password</h1>" in form.content.decode()
    answer = stranger.post(
        form.request["PATH_INFO"], {"password1": "horse-battery-9", "password2": "horse-battery-9"}
    )
    assert answer.status_code == 302
    nora.refresh_from_db()
    assert nora.check_password("horse-battery-9")
    again = Client().get(path, follow=True).content.decode()
    assert "password1" not in again
    assert "This link does not work any more" in again


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "ada@handoff.example"}, "Somebody has this address already."),
        ({"email": "nobody"}, "valid email"),
        ({"name": ""}, "Give the person a name."),
        ({"teams": ""}, "Choose the one team of the rep."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    ada: User, signed_in, changed: dict[str, str], said: str
) -> None:
    answer = signed_in(ada).post("/people/new/", invited(**changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert mail.outbox == []


def test_a_mail_server_that_refuses_loses_nobody(ada: User, signed_in, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    shown = signed_in(ada).post("/people/new/", invited(), follow=True).content.decode()
    assert "did not go out. Send it again." in shown
    monkeypatch.undo()
    nora = User.objects.get(name="Nora New")
    signed_in(ada).post(f"/people/{nora.public_id}/invitation/")
    assert len(mail.outbox) == 1


def test_everybody_reads_who_is_away_and_only_leaders_open_a_person(
    sol: User, max_: User, mara: User, nils: User, signed_in
) -> None:
    now = timezone.now()
    Absence.objects.create(user=sol, starts_at=now, ends_at=now + timedelta(days=3), reason="Fair")
    for person in (sol, mara):
        shown = signed_in(person).get("/people/").content.decode()
        assert "away until" in shown
        assert "Fair" in shown
        assert nils.email not in shown
        assert signed_in(person).get(f"/people/{sol.public_id}/").status_code == 404
    client = signed_in(max_)
    assert client.get(f"/people/{sol.public_id}/").status_code == 200
    assert client.get(f"/people/{nils.public_id}/").status_code == 404
    for path in ("/people/", "/teams/"):
        shown = client.get(path).content.decode()
        assert f"/people/{sol.public_id}/" in shown
        assert nils.name in shown
        assert f"/people/{nils.public_id}/" not in shown
    assert client.post(f"/people/{nils.public_id}/absences/", {}).status_code == 404
    assert client.get("/people/new/").status_code == 403
    assert client.post(f"/people/{sol.public_id}/", invited()).status_code == 403


def test_a_manager_enters_an_absence_in_the_persons_own_time(sol: User, max_: User, signed_in) -> None:
    User.objects.filter(pk=sol.pk).update(time_zone="America/New_York")
    client = signed_in(max_)
    page = f"/people/{sol.public_id}/"
    given = {"starts_at": "2031-08-04T08:00", "ends_at": "2031-08-08T18:00", "reason": "On leave"}
    assert client.post(f"{page}absences/", given).status_code == 302
    absence = Absence.objects.get(user=sol)
    assert absence.starts_at.isoformat() == "2031-08-04T12:00:00+00:00"
    assert "Mon 4 Aug, 08:00 to Fri 8 Aug, 18:00" in client.get(page).content.decode()
    for wrong, said in (
        ({"ends_at": "2031-08-01T08:00"}, "The end has to come after the beginning."),
        ({"starts_at": "2020-01-01T08:00", "ends_at": "2020-01-02T08:00"}, "That has passed"),
        ({"ends_at": "2033-08-01T08:00"}, "Longer than a year"),
    ):
        answer = client.post(f"{page}absences/", {**given, **wrong})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    client.post(f"{page}absences/end/", {"absence": absence.pk})
    assert not Absence.objects.exists()


def test_coming_back_early_ends_an_absence_now(sol: User, max_: User, signed_in) -> None:
    now = timezone.now()
    away = Absence.objects.create(
        user=sol, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1)
    )
    signed_in(max_).post(f"/people/{sol.public_id}/absences/end/", {"absence": away.pk})
    away.refresh_from_db()
    assert away.ends_at < timezone.now()


def test_working_hours_are_saved_whole(sol: User, max_: User, signed_in) -> None:
    client, page = signed_in(max_), f"/people/{sol.public_id}/hours/"
    client.post(
        page, {"opens_0_0": "09:00", "closes_0_0": "12:00", "opens_0_1": "13:00", "closes_0_1": "17:00"}
    )
    assert WorkingHours.objects.filter(user=sol, weekday=0).count() == 2
    assert client.post(page, {"opens_0_0": "09:00"}).status_code == 422
    assert WorkingHours.objects.filter(user=sol).count() == 2
    client.post(page, {})
    assert not WorkingHours.objects.exists()


def test_an_admin_reads_where_mail_goes_that_is_not_sent(ada: User, signed_in, settings) -> None:
    client = signed_in(ada)
    assert "Mail is written to" not in client.get("/people/new/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = "/srv/handoff/mail"
    assert "Mail is written to /srv/handoff/mail." in client.get("/people/new/").content.decode()


def test_the_page_of_somebody_in_no_pool_leads_to_the_pools(ada: User, sol: User, signed_in) -> None:
    page = signed_in(ada).get(f"/people/{sol.public_id}/").content.decode()
    assert 'gets no new leads. <a class="link" href="/routing/pools/">' in page
    pool(sol)
    assert "gets no new leads" not in signed_in(ada).get(f"/people/{sol.public_id}/").content.decode()


def test_who_has_work_hands_it_on_before_being_switched_off(ada: User, sol: User, signed_in) -> None:
    pool(sol)
    offered(to=sol, of=lead())
    client = signed_in(ada)
    answer = client.post(f"/people/{sol.public_id}/state/", {"on": ""})
    assert answer.headers["Location"] == f"/people/{sol.public_id}/leaving/"
    sol.refresh_from_db()
    assert sol.is_active
    nils = factories.rep("Nils North", team("Nordics"))
    client.post(f"/people/{nils.public_id}/state/", {"on": ""})
    nils.refresh_from_db()
    assert not nils.is_active
    assert "Nils North" in client.get("/people/?view=off").content.decode()
    client.post(f"/people/{nils.public_id}/state/", {"on": "on"})
    nils.refresh_from_db()
    assert nils.is_active


def test_somebody_always_administers(ada: User, signed_in) -> None:
    client = signed_in(ada)
    client.post(f"/people/{ada.public_id}/state/", {"on": ""})
    ada.refresh_from_db()
    assert ada.is_active
    answer = client.post(f"/people/{ada.public_id}/", invited(name="Ada", role="marketer", teams=""))
    assert answer.status_code == 422
    assert "make another admin first" in answer.content.decode()
    ada.refresh_from_db()
    assert ada.role == "admin"


def test_teams_show_calendar_people_and_pools_and_admins_edit_them(
    ada: User, sol: User, max_: User, signed_in
) -> None:
    pool(sol)
    shown = signed_in(sol).get("/teams/").content.decode()
    assert "Always open" in shown
    assert "Sol Seller" in shown
    assert signed_in(max_).get("/teams/new/").status_code == 403
    calendar = BusinessCalendar.objects.create(name="Paris")
    client = signed_in(ada)
    assert client.post("/teams/new/", {"name": "France", "calendar": calendar.pk}).status_code == 302
    assert client.post("/teams/new/", {"name": "France", "calendar": calendar.pk}).status_code == 422
    france = Team.objects.get(name="France")
    client.post(f"/teams/{france.public_id}/", {"name": "Gallia", "calendar": calendar.pk})
    france.refresh_from_db()
    assert france.name == "Gallia"


# The list


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/people/{query}")
    assert answer.status_code == 200
    return [str(row.person) for row in answer.context["rows"]]


def test_people_are_found_by_name_role_team_and_whether_they_are_here(ada: User, signed_in) -> None:
    now = timezone.now()
    nordics = team("Nordics")
    rep, manager = factories.rep, factories.manager
    rep("Bjørn Søderberg", nordics), rep("Sofia Reuter"), manager("Max Manager"), factories.marketer()
    away = rep("Wanda Weg")
    away.absences.create(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=2))
    rep("Gone Gustav", nordics, is_active=False)
    client = signed_in(ada)
    for query, names in (
        ("?q=soderb", ["Bjørn Søderberg"]),
        ("?q=sofia@handoff", ["Sofia Reuter"]),
        ("?role=rep", ["Bjørn Søderberg", "Sofia Reuter", "Wanda Weg"]),
        (f"?role=rep&team={nordics.public_id}", ["Bjørn Søderberg"]),
        ("?view=away", ["Wanda Weg"]),
        ("?view=off", ["Gone Gustav"]),
        (f"?view=off&team={team().public_id}", []),
        ("?q=nobody", []),
        (
            "?role=king",
            ["Ada Admin", "Bjørn Søderberg", "Mara Marker", "Max Manager", "Sofia Reuter", "Wanda Weg"],
        ),
        ("?q=%00&team=x&view=mars", None),
    ):
        if names is None:
            assert client.get(f"/people/{query}").status_code == 200
        else:
            assert listed(client, query) == names, query


def test_addresses_are_searched_by_who_may_read_them_alone(ada: User, signed_in) -> None:
    factories.rep("Sofia Reuter", email="secret.box@handoff.example")
    assert listed(signed_in(factories.marketer()), "?q=secret.box") == []
    assert listed(signed_in(factories.manager()), "?q=secret.box") == ["Sofia Reuter"]


def test_the_list_goes_on_where_it_stopped_with_its_filters(ada: User, signed_in) -> None:
    for number in range(60):
        factories.rep(f"Rep {number:02}", email=f"rep{number}@handoff.example")
    client = signed_in(ada)
    first = client.get("/people/?role=rep")
    second = client.get(f"/people/{first.context['next_url']}")
    names = [str(row.person) for page in (first, second) for row in page.context["rows"]]
    assert names == [f"Rep {number:02}" for number in range(60)]
    assert (second.context["next_url"], len(second.context["rows"])) == ("", 10)
    assert "role=rep" in second.context["first_url"]


def test_p_7_the_list_asks_the_same_for_1_50_and_200_people(ada: User, signed_in) -> None:
    client = signed_in(ada)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/people/?role=rep").status_code == 200
        return len(queries)

    counts = []
    client.get("/people/")
    for upto in (1, 50, 200):
        for number in range(User.objects.filter(role="rep").count(), upto):
            rep = factories.rep(f"Rep {number:03}", email=f"rep{number}@handoff.example")
            rep.absences.create(starts_at=timezone.now(), ends_at=timezone.now() + timedelta(days=1))
        counts.append(asked())
    assert len(set(counts)) == 1, counts
