"""How people want to be told: by mail now, in a digest or not, quiet hours, and what became of each alert."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from notifications import digests, kinds, planning
from notifications.delivery import deliver_due, send_again
from notifications.models import AlertWishes, Delivery, Notification
from notifications.notify import notify
from tests.factories import NOW, admin, marketer, rep
from tests.fixtures.mail import Mailbox
from tests.notifications.test_delivery import parts

pytestmark = pytest.mark.django_db

#: NOW is a Tuesday, 11:36 in Berlin.
NIGHT = datetime(2026, 11, 17, 22, 30, tzinfo=UTC)  # 23:30 there


def wishing(person: User, **fields: object) -> AlertWishes:
    return AlertWishes.objects.create(user=person, **fields)


def berliner() -> User:
    return rep(time_zone="Europe/Berlin")


def tell(
    person: User, kind: str = "handoff", at: datetime = NOW, key: str = "k", **fields: object
) -> Delivery | None:
    told = notify(recipient=person, kind=kind, key=f"{kind}:{key}", title=f"Ada: {kind}", at=at, **fields)
    return Delivery.objects.filter(notification=told).first()


def test_who_has_said_nothing_is_told_as_before() -> None:
    sol = rep()
    assert tell(sol).state == "waiting"
    assert tell(sol, "returned", email=False) is None
    assert tell(sol, "a_kind_of_tomorrow").next_at == NOW


def test_turned_off_is_written_down_and_not_sent(smtp: Mailbox) -> None:
    sol = rep()
    wishing(sol, mail={"handoff": "off"})
    assert (tell(sol).state, tell(sol, key="2").reason) == ("skipped", "off")
    assert tell(sol, "overdue").state == "waiting"
    assert deliver_due(at=NOW) == 1
    assert len(smtp.messages) == 1
    assert Notification.objects.visible_to(sol).count() == 3  # in the product, all


def test_somebody_may_ask_for_mail_that_others_do_not_get() -> None:
    mara = marketer()
    wishing(mara, mail={"returned": "now"})
    assert tell(mara, "returned", email=False).state == "waiting"


# Quiet hours


def test_in_quiet_hours_mail_waits_until_they_end_there_and_the_product_does_not(smtp: Mailbox) -> None:
    sol = berliner()
    wishing(sol, quiet_from=time(19), quiet_to=time(7))
    waiting = tell(sol, at=NIGHT)
    assert (waiting.state, waiting.reason) == ("waiting", "quiet")
    assert waiting.next_at == datetime(2026, 11, 18, 6, tzinfo=UTC)  # 7:00 there
    assert Notification.objects.visible_to(sol).unread().count() == 1
    assert deliver_due(at=waiting.next_at - timedelta(seconds=1)) == 0
    assert deliver_due(at=waiting.next_at) == 1
    assert len(smtp.messages) == 1
    assert tell(sol, key="by-day").next_at == NOW


def test_alarms_break_through_only_where_somebody_says_so() -> None:
    sol, nils = berliner(), rep("Nils North", time_zone="Europe/Berlin")
    wishing(sol, quiet_from=time(19), quiet_to=time(7), alarms_break_through=True)
    wishing(nils, quiet_from=time(19), quiet_to=time(7))
    assert tell(sol, "overdue", at=NIGHT).next_at == NIGHT
    assert tell(sol, "handoff", at=NIGHT).reason == "quiet"
    assert tell(nils, "overdue", at=NIGHT).reason == "quiet"


def test_a_mail_that_an_outage_delayed_into_the_night_waits_for_the_morning(smtp: Mailbox) -> None:
    sol = berliner()
    wishing(sol, quiet_from=time(19), quiet_to=time(7))
    delivery = tell(sol)
    assert deliver_due(at=NIGHT) == 0
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.reason) == (0, "quiet")
    assert deliver_due(at=NIGHT + timedelta(hours=8)) == 1


@given(
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_quiet_hours_end_at_their_end_within_a_day_or_do_not_hold(
    start: time, end: time, zone: str, at: datetime
) -> None:
    wishes = AlertWishes(quiet_from=start, quiet_to=end)
    until = planning.held_until(wishes=wishes, zone=zone, kind="handoff", at=at)
    if until is None:
        return
    assert at - timedelta(hours=1) < until <= at + timedelta(hours=25)
    local = until.astimezone(ZoneInfo(zone))
    # A clock change may leave the very minute out.
    assert abs((local.hour * 60 + local.minute) - (end.hour * 60 + end.minute)) <= 60


# Digests


def test_the_digest_is_one_mail_with_everything_and_its_links(smtp: Mailbox) -> None:
    sol = berliner()
    wishing(sol, mail={"handoff": "digest", "overdue": "digest"}, digest_at=time(8))
    for number in range(3):
        assert (
            tell(sol, key=str(number), url=f"/leads/{number}/", body="Nordwind <b>\nmore").state == "digest"
        )
    tell(sol, "overdue")
    due = datetime(2026, 11, 18, 7, tzinfo=UTC)
    assert set(Delivery.objects.values_list("state", "next_at")) == {("digest", due)}
    assert digests.make_due(at=due - timedelta(seconds=1)) == 0
    assert digests.make_due(at=due) == 1
    assert deliver_due(at=due) == 1
    (mail,) = smtp.messages
    assert mail["Subject"] == "Your day in Handoff: 4 alerts"
    for words in parts(mail).values():
        for number in range(3):
            assert f"http://localhost/leads/{number}/" in words
        assert "Ada: overdue" in words
        assert "Nordwind" in words
        assert "http://localhost/profile/alerts/" in words
    assert "<b>\n" not in parts(mail)["text/html"]
    bundled = Delivery.objects.exclude(notification__kind=kinds.DIGEST)
    assert set(bundled.values_list("state", "sent_at")) == {("sent", due)}
    assert Notification.objects.visible_to(sol).count() == 4  # the digest is a mail only


def test_nothing_to_say_makes_no_digest() -> None:
    wishing(rep(), mail={"handoff": "digest"})
    assert digests.make_due(at=NOW + timedelta(days=30)) == 0
    assert not Notification.objects.exists()


def test_a_weekly_digest_comes_on_its_day() -> None:
    sol = berliner()
    wishing(sol, mail={"handoff": "digest"}, digest_rhythm="weekly", digest_weekday=4, digest_at=time(16, 30))
    assert tell(sol).next_at == datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    friday_after = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    assert tell(sol, at=friday_after, key="2").next_at == friday_after + timedelta(days=7)


def test_f11_many_beats_make_one_digest_and_what_came_late_goes_into_the_next(smtp: Mailbox) -> None:
    sol = berliner()
    wishing(sol, mail={"handoff": "digest"})
    due = tell(sol).next_at
    assert [digests.make_due(at=due + timedelta(seconds=n)) for n in range(5)] == [1, 0, 0, 0, 0]
    late = tell(sol, key="late")
    Delivery.objects.filter(pk=late.pk).update(next_at=due)  # its transaction ended after the digest was made
    assert digests.make_due(at=due + timedelta(minutes=1)) == 0
    late.refresh_from_db()
    assert late.next_at == due + timedelta(days=1)
    assert digests.make_due(at=late.next_at) == 1
    assert deliver_due(at=late.next_at) == 2
    assert [mail["Subject"] for mail in smtp.messages] == ["Your day in Handoff: 1 alert"] * 2


def test_a_digest_that_cannot_be_sent_is_parked_with_what_it_carries_and_goes_out_again(
    smtp: Mailbox, settings
) -> None:
    settings.RETRY_SCALE = 0.0
    sol = berliner()
    wishing(sol, mail={"handoff": "digest"})
    carried = tell(sol)
    digests.make_due(at=carried.next_at)
    smtp.refuse_with = "554 no"
    for _ in range(8):
        deliver_due(at=carried.next_at)
    carried.refresh_from_db()
    assert carried.state == "parked"
    assert "554" in carried.error
    smtp.refuse_with = ""
    assert send_again(deliveries=Delivery.objects.filter(pk=carried.pk), at=carried.next_at) == 1
    assert deliver_due(at=carried.next_at) == 1
    carried.refresh_from_db()
    assert carried.state == "sent"


# The page


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


FORM = {
    "push": "on", "quiet_from": "19:00", "quiet_to": "07:00", "digest_rhythm": "daily",
    "digest_weekday": "0", "digest_at": "08:00",
}  # fmt: skip


def test_what_waits_follows_what_one_says_on_the_page() -> None:
    sol = berliner()
    wishing(sol, mail={"handoff": "digest"})
    tell(sol)
    client = signed_in(sol)
    answer = client.post("/profile/alerts/", {**FORM, "mail_handoff": "off", "mail_overdue": "digest"})
    assert (answer.status_code, answer["Location"]) == (302, "/profile/alerts/")
    assert Delivery.objects.get().reason == "off"
    said = AlertWishes.objects.get(user=sol)
    assert said.mail == {"handoff": "off", "overdue": "digest"}
    assert (said.quiet_from, said.quiet_to, said.alarms_break_through) == (time(19), time(7), False)
    client.post("/profile/alerts/", {**FORM, "mail_handoff": "now", "mail_overdue": "now"})
    assert AlertWishes.objects.get(user=sol).mail == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quiet_to": ""}, "quiet_to"),
        ({"quiet_from": ""}, "quiet_from"),
        ({"quiet_to": "19:00"}, "quiet_to"),
        ({"quiet_to": "25:00"}, "quiet_to"),
        ({"digest_at": ""}, "digest_at"),
        ({"digest_weekday": "7"}, "digest_weekday"),
        ({"digest_rhythm": "hourly"}, "digest_rhythm"),
        ({"mail_handoff": "carrier pigeon"}, "mail_handoff"),
    ],
)
def test_bad_input_gets_an_error_that_names_the_field(wrong: dict[str, str], field: str) -> None:
    page = signed_in(rep()).post("/profile/alerts/", {**FORM, **wrong})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not AlertWishes.objects.exists()


def test_the_page_offers_each_role_what_it_is_ever_told() -> None:
    page = signed_in(marketer()).get("/profile/alerts/").content.decode()
    assert "mail_returned" in page
    assert "mail_endpoint_off" not in page
    assert "mail_endpoint_off" in signed_in(admin()).get("/profile/alerts/").content.decode()


def test_every_mail_says_where_to_choose(smtp: Mailbox) -> None:
    tell(rep())
    deliver_due(at=NOW)
    for words in parts(smtp.messages[0]).values():
        assert "http://localhost/profile/alerts/" in words


# What was sent, when, and why not


def test_the_page_of_alerts_says_of_each_what_became_of_it(smtp: Mailbox) -> None:
    sol = berliner()
    wishing(sol, quiet_from=time(19), quiet_to=time(7), mail={"overdue": "off", "unassigned": "digest"})
    tell(sol)
    deliver_due(at=NOW)
    tell(sol, at=NIGHT, key="night")
    tell(sol, "overdue")
    tell(sol, "unassigned")
    tell(sol, "returned", email=False)
    tell(rep("Mona Colleague"))
    html = " ".join(signed_in(sol).get("/alerts/").content.decode().split())
    for words in (
        "E-mail sent", "waits for quiet hours until", "turned off by Sol Seller", "in the digest of",
        "No e-mail: alerts of this kind stay in the product",
    ):  # fmt: skip
        assert words in html
    assert html.count("alerts__row") == 5  # the colleague's is not there


def test_admins_see_everybodys_alerts_and_send_parked_ones_again() -> None:
    sol, ada = rep(), admin()
    parked = tell(sol)
    Delivery.objects.filter(pk=parked.pk).update(state="parked", attempts=6, error="554 <b>no</b>")
    client = signed_in(ada)
    html = client.get("/alerts/?became=parked").content.decode()
    assert "parked after 6 tries: 554 &lt;b&gt;no&lt;/b&gt;" in html
    address = f"/alerts/{parked.notification.public_id}/replay/"
    assert signed_in(sol).post(address).status_code == 403
    assert client.post(address, {"next": "/alerts/?became=parked"})["Location"] == "/alerts/?became=parked"
    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == ("waiting", 0)


def test_filters_narrow_the_page_and_ones_own_stay_ones_own() -> None:
    sol, mona = rep(), rep("Mona Colleague")
    tell(sol)
    tell(sol, "overdue")
    tell(mona)

    def count(person: User, query: str) -> int:
        return signed_in(person).get(f"/alerts/?{query}").content.decode().count("alerts__row")

    ada = admin()
    assert count(sol, "kind=overdue") == 1
    assert count(sol, "became=sent") == 0
    assert count(sol, "channel=email") == 2
    assert count(sol, "person=Mona") == 2
    assert count(ada, "person=Mona") == 1
    assert count(ada, "person=mona@handoff.example&kind=overdue") == 0
    assert count(sol, "kind=nonsense&before=x") == 2


def test_the_page_goes_back_by_key() -> None:
    sol = rep()
    for number in range(51):
        tell(sol, key=str(number))
    client = signed_in(sol)
    first = client.get("/alerts/")
    assert first.content.decode().count("alerts__row") == 50
    older = client.get("/alerts/", {"before": first.context["older"]})
    assert older.content.decode().count("alerts__row") == 1
