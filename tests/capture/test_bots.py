"""G-09: what is nobody's interest is named by what gave it away, does not count where the company says so,
and what people do is left alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import crawleruseragents
import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture import collecting, intake, looking_back, sites
from capture.bots import Client
from capture.models import EvidenceRules, LookingBack, Site, Source
from leads.models import Activity, ActivityType, Lead, Suspicion, Visitor
from leads.stages import Phase
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HERE = "https://www.fieldline.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ANNA = "a" * 32


@pytest.fixture
def site(db: None) -> Site:
    return sites.make(
        name="Website", origins=[HERE], waits_for_consent=False, by=make.marketer(), at=timezone.now()
    )


def rules(**fields: Any) -> EvidenceRules:
    made, _ = EvidenceRules.objects.update_or_create(pk=1, defaults=fields)
    return made


def visit(
    site: Site, path: str = "/pricing", *, who: str = ANNA, client: Client | None = None, **more: Any
) -> None:
    at = more.pop("at", NOW)
    event = {
        "id": f"{who[:4]}{path}{at}",
        "kind": "page",
        "at": at.isoformat(),
        "url": f"{HERE}{path}",
        **more,
    }
    body = {"anonymous_id": who, "sent_at": NOW.isoformat(), "events": [event]}
    collecting.collect(site=site, body=body, at=NOW, client=client or Client("198.51.100.7", FIREFOX))


def mail(
    kind: str, at: datetime = NOW, *, email: str = "ada@firm.example", message: str = "m1", **more: Any
) -> None:
    """A mail service told of one event."""
    event = {
        "event_id": f"{kind}-{message}-{at.isoformat()}-{more.get('url', '')}",
        "type": kind,
        "email": email,
        "occurred_at": at.isoformat(),
        "properties": {"message_id": message, **more},
    }
    taken = intake.take(items=[event], user=None, source="mailgun", kind=Source.Kind.HOOK, at=NOW)
    assert taken.refused == []


def named() -> list[tuple[str, str, str]]:
    """(activity type, signal, state) of every suspicion, in their order."""
    rows = Suspicion.objects.order_by("activity__occurred_at", "id")
    return list(rows.values_list("activity__type__key", "signal", "state"))


def test_g09_a_crawler_is_named_and_does_not_count(site: Site) -> None:
    visit(site, client=Client("66.249.66.1", GOOGLEBOT))
    did = Activity.objects.get()
    assert (did.voided_at, did.void_reason) == (NOW, "Crawler")
    suspicion = Suspicion.objects.get()
    assert (suspicion.signal, suspicion.state) == ("crawler", "voided")
    assert "Googlebot" in suspicion.detail
    assert "66.249" not in str(Activity.objects.values().get()), "where it came from is not stored"


def test_g09_every_known_crawler_of_the_list_is_one_and_a_browser_is_none() -> None:
    from capture.bots import is_crawler

    agents = [agent for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    assert len(agents) > 1_000
    missed = [agent for agent in agents if len(agent) <= 300 and not is_crawler(agent)]
    assert missed == []
    assert not is_crawler(FIREFOX)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1::5", "2001:db8::/32"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("192.0.2.9", "192.0.2.9"),
    ],
)
def test_g09_an_own_network_is_ours_in_both_kinds_of_address(site: Site, address: str, network: str) -> None:
    rules(own_networks=[network])
    visit(site, client=Client(address, FIREFOX))
    visit(site, "/other", client=Client("198.51.100.9", FIREFOX))
    assert named() == [("pricing_page_view", "own_network", "voided")]


def test_g09_own_people_are_known_by_domain_and_by_address_wherever_they_are_named(site: Site) -> None:
    rules(own_addresses=["fieldline.example", "tester@gmail.com"])
    mail("email_clicked", email="sol@fieldline.example", message="1")
    mail("email_clicked", email="sol@mail.fieldline.example", message="2")
    mail("email_clicked", email="Tester@gmail.com", message="3")
    mail("email_clicked", email="ada@notfieldline.example", message="4")
    mail("email_clicked", email="other@gmail.com", message="5")
    assert [signal for _, signal, _ in named()] == ["own_address"] * 3

    own = Lead.objects.get(email="sol@fieldline.example")
    Visitor.objects.create(anonymous_id=ANNA, lead=own)
    visit(site)
    assert Activity.objects.filter(lead=own).counted().count() == 0, "in their own browser as well"


def test_g09_what_one_of_ours_did_before_they_said_who_they_are_is_ours_too(site: Site) -> None:
    rules(own_addresses=["fieldline.example"])
    visit(site, "/pricing")
    who = {
        "id": "i",
        "kind": "identify",
        "at": NOW.isoformat(),
        "url": HERE,
        "email": "sol@fieldline.example",
    }
    body = {"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": [who]}
    collecting.collect(site=site, body=body, at=NOW)
    visit(site, "/other")
    looking_back.look_back(at=NOW)
    assert {signal for _, signal, _ in named()} == {"own_address"}
    assert Activity.objects.counted().count() == 0


@pytest.mark.parametrize(("treatment", "expected"), [("void", "voided"), ("mark", "marked")])
def test_g09_the_company_says_what_happens_to_what_a_signal_names(
    site: Site, treatment: str, expected: str
) -> None:
    rules(treatments={"crawler": treatment})
    visit(site, client=Client("", GOOGLEBOT))
    assert named() == [("pricing_page_view", "crawler", expected)]
    assert Activity.objects.counted().count() == (treatment == "mark")


def test_g09_what_the_company_ignores_is_not_even_named(site: Site) -> None:
    rules(treatments={"crawler": "ignore"})
    visit(site, client=Client("", GOOGLEBOT))
    assert named() == []
    assert Activity.objects.counted().count() == 1


def test_g09_a_mail_read_by_apples_or_yahoos_machine_is_no_opening_but_googles_proxy_is_a_reader() -> None:
    mail("email_opened", message="1", user_agent="Mozilla/5.0")
    mail("email_opened", message="2", user_agent="YahooMailProxy; https://help.yahoo.com/kb/x.html")
    mail("email_opened", message="3", user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
    mail("email_opened", message="4", user_agent=FIREFOX, client_ip="17.58.97.1")
    mail("email_opened", message="5", machine_open=True)
    mail("email_opened", message="6", user_agent=FIREFOX, client_ip="198.51.100.3")
    assert [signal for _, signal, _ in named()] == ["mail_proxy"] * 4
    kept = Activity.objects.counted().values_list("properties__message_id", flat=True)
    assert sorted(kept) == ["3", "6"]
    assert not Activity.objects.filter(properties__has_key="client_ip").exists()


def test_g09_a_click_seconds_after_delivery_or_before_it_is_a_scanners() -> None:
    mail("email_delivered", NOW - timedelta(minutes=5))
    mail("email_clicked", NOW - timedelta(minutes=5) + timedelta(seconds=2), url=f"{HERE}/a")
    mail("email_clicked", NOW - timedelta(minutes=5, seconds=1), url=f"{HERE}/b")
    mail("email_clicked", NOW - timedelta(minutes=4), url=f"{HERE}/c")
    mail("email_clicked", NOW - timedelta(minutes=5) + timedelta(seconds=1), message="another mail")
    assert [signal for _, signal, _ in named()] == ["too_soon", "too_soon"]
    assert {row.detail for row in Suspicion.objects.all()} == {"2 s after delivery", "1 s before delivery"}


def test_g09_a_delivery_that_is_told_after_the_click_counts_as_well() -> None:
    mail("email_clicked", NOW - timedelta(minutes=5), url=f"{HERE}/a")
    assert named() == []
    mail("email_delivered", NOW - timedelta(minutes=5, seconds=2))
    assert looking_back.look_back(at=NOW) == 1
    assert looking_back.look_back(at=NOW) == 0, "safe to run twice"
    assert named() == [("email_clicked", "too_soon", "voided")]


def test_g09_every_link_of_a_mail_at_once_is_a_scanners() -> None:
    start = NOW - timedelta(hours=1)
    for number in range(4):
        mail("email_clicked", start + timedelta(milliseconds=300 * number), url=f"{HERE}/{number}")
    mail("email_clicked", start + timedelta(minutes=20), url=f"{HERE}/0")
    looking_back.look_back(at=NOW)
    assert named() == [("email_clicked", "every_link", "voided")] * 4
    assert Activity.objects.counted().count() == 1, "the click of the person, later, counts"


def test_g09_links_are_counted_lead_by_lead_and_mail_by_mail() -> None:
    start = NOW - timedelta(hours=1)
    # (who, mail, second, link); of one lead the clicks of two mails are mixed.
    for who, message, second, link in [
        ("ada", "m1", 0.0, "a"), ("ada", "m2", 0.1, "a"), ("ada", "m1", 1.0, "b"), ("ada", "m2", 1.1, "b"),
        ("ada", "m1", 3.0, "c"), ("ada", "m1", 4.0, "d"), ("ada", "m1", 20.0, "a"),
        ("ben", "m1", 0.0, "a"), ("ben", "m1", 1.0, "b"), ("ben", "m1", 3.1, "c"),
    ]:  # fmt: skip
        at = start + timedelta(seconds=second)
        mail("email_clicked", at, email=f"{who}@firm.example", message=message, url=f"{HERE}/{link}")
    looking_back.look_back(at=NOW)
    rows = Suspicion.objects.values_list(
        "activity__lead__email", "activity__properties__message_id", "activity__properties__url", "detail"
    )
    three = "3 links at once"
    assert sorted(rows) == [("ada@firm.example", "m1", f"{HERE}/{link}", three) for link in "abcd"]


_clicks = st.lists(st.tuples(st.integers(0, 90), st.sampled_from("abcdef")), max_size=40)


@given(clicked=_clicks)
@settings(max_examples=300, deadline=None)
def test_g09_links_at_once_are_those_that_looking_at_each_pair_finds(clicked: list[tuple[int, str]]) -> None:
    """In tenths of a second; many at the same one, and exactly as far apart as counts."""
    clicks = [
        (NOW + timedelta(milliseconds=100 * tenth), pk, url)
        for pk, (tenth, url) in enumerate(sorted(clicked))
    ]
    within = looking_back.LINKS_WITHIN
    followed = [(at, len({url for o, _, url in clicks if at - within <= o <= at})) for at, _, _ in clicks]
    expected = {
        pk: max(counts)
        for at, pk, _ in clicks
        if (counts := [n for o, n in followed if n >= looking_back.LINKS and at <= o <= at + within])
    }
    assert dict(looking_back.links_at_once(clicks)) == expected


def test_g09_thousands_of_clicks_of_one_mail_cost_each_a_look() -> None:
    class Address(str):
        looks = 0

        def __hash__(self) -> int:
            Address.looks += 1
            return super().__hash__()

    clicks = [(NOW + timedelta(microseconds=n), n, Address(f"/{n % 50}")) for n in range(3_000)]
    assert len(list(looking_back.links_at_once(clicks))) == 3_000
    assert Address.looks < 10 * len(clicks)


def test_g09_one_link_clicked_again_and_again_is_an_impatient_person() -> None:
    for number in range(6):
        mail("email_clicked", NOW - timedelta(milliseconds=300 * number), url=f"{HERE}/same")
    looking_back.look_back(at=NOW)
    assert named() == []


def test_g09_a_hidden_link_gives_away_the_rest_of_that_mail(site: Site) -> None:
    rules(hidden_links=["/not-for-you*"])
    start = NOW - timedelta(hours=1)
    mail("email_clicked", start - timedelta(seconds=4), url=f"{HERE}/offer")
    mail("email_clicked", start, url=f"{HERE}/not-for-you?x=1")
    mail("email_clicked", start + timedelta(minutes=30), url=f"{HERE}/offer")
    visit(site, "/not-for-you/", at=start)
    visit(site, "/pricing", at=start + timedelta(seconds=20))
    looking_back.look_back(at=NOW)
    assert [(kind, signal) for kind, signal, _ in named()] == [
        ("email_clicked", "hidden_link"),
        ("email_clicked", "hidden_link"),
        ("page_view", "hidden_link"),
        ("pricing_page_view", "hidden_link"),
    ]
    assert Activity.objects.counted().count() == 1


def _views(site: Site, moments: Sequence[datetime], who: str = ANNA) -> None:
    events = [
        {"id": f"{who[:3]}{n}", "kind": "page", "at": at.isoformat(), "url": f"{HERE}/p{n}"}
        for n, at in enumerate(moments)
    ]
    body = {"anonymous_id": who, "sent_at": NOW.isoformat(), "events": events}
    collecting.collect(site=site, body=body, at=NOW, client=Client("", FIREFOX))


def test_g09_more_than_a_person_can_do_is_a_burst_and_is_only_marked_at_first(site: Site) -> None:
    start = NOW - timedelta(hours=1)
    _views(site, [start + timedelta(milliseconds=200 * n) for n in range(40)])
    _views(site, [start + timedelta(minutes=5, seconds=n) for n in range(3)], who="b" * 32)
    assert looking_back.look_back(at=NOW) == 40
    assert {(signal, state) for _, signal, state in named()} == {("burst", "marked")}
    assert Activity.objects.counted().count() == 43


def test_g09_a_burst_that_comes_in_two_requests_is_one(site: Site) -> None:
    start = NOW - timedelta(hours=1)
    _views(site, [start + timedelta(milliseconds=200 * n) for n in range(15)])
    assert looking_back.look_back(at=NOW) == 0
    looking_back.look_back(at=NOW + timedelta(minutes=3))
    looking_back.look_back(at=NOW + timedelta(minutes=6))
    events = [
        {
            "id": f"x{n}",
            "kind": "page",
            "at": (start + timedelta(milliseconds=200 * n)).isoformat(),
            "url": HERE,
        }
        for n in range(15, 30)
    ]
    collecting.collect(
        site=site, body={"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": events}, at=NOW
    )
    assert looking_back.look_back(at=NOW + timedelta(minutes=7)) == 30


def test_g09_files_of_the_past_are_no_burst() -> None:
    Source.objects.create(key="old.csv", name="Old", kind=Source.Kind.IMPORT)
    ada = make.lead("Ada Test")
    for _ in range(30):
        make.activity(ada, "page_view", NOW, source="old.csv")
    midnight = NOW.replace(hour=0, minute=0)
    for _ in range(30):
        make.activity(ada, "page_view", midnight, source="warehouse")
    assert looking_back.look_back(at=NOW) == 0


def test_g09_looking_back_goes_on_where_it_stopped_and_looks_again_at_what_may_have_come_late(
    site: Site,
) -> None:
    start = NOW - timedelta(hours=1)
    _views(site, [start + timedelta(minutes=n) for n in range(5)])
    looking_back.look_back(at=NOW)
    last = Activity.objects.latest("id").pk
    assert LookingBack.objects.get().reached < last, "what has just come may not be all yet"
    looking_back.look_back(at=NOW + timedelta(minutes=3))
    assert LookingBack.objects.get().reached == last


def test_g09_upgrading_judges_nothing_that_was_there_before() -> None:
    def clicks(start: datetime) -> None:
        for number in range(4):
            mail("email_clicked", start + timedelta(milliseconds=300 * number), url=f"{HERE}/{number}")

    clicks(NOW - timedelta(hours=1))
    LookingBack.objects.all().delete()
    import_module("capture.migrations.0007_bots").start_here(apps, None)
    looking_back.look_back(at=NOW)
    looking_back.look_back(at=NOW + timedelta(minutes=3))
    assert named() == []
    assert Activity.objects.counted().count() == 4
    clicks(NOW - timedelta(minutes=10))
    looking_back.look_back(at=NOW + timedelta(minutes=4))
    assert named() == [("email_clicked", "every_link", "voided")] * 4, "what arrives from now on is"


def test_g09_the_past_of_one_of_ours_leaves_out_what_an_undone_import_had_made() -> None:
    rules(own_addresses=["fieldline.example"])
    sol = make.lead("Sol", email="sol@fieldline.example")
    gone = make.activity(sol, "page_view", NOW - timedelta(days=9), voided_at=NOW, void_reason="x")
    mail("email_clicked", email="sol@fieldline.example")
    looking_back.look_back(at=NOW)
    assert named() == [("email_clicked", "own_address", "voided")]
    assert Activity.objects.get(pk=gone.pk).void_reason == "x"


def test_g09_our_own_browser_says_so_and_its_past_goes(site: Site) -> None:
    visit(site, "/pricing")
    visit(site, "/other", who="b" * 32)
    event = {"id": "o1", "kind": "ours", "at": NOW.isoformat(), "url": HERE}
    body = {"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": [event]}
    for _ in range(2):
        collecting.collect(site=site, body=body, at=NOW)
    assert named() == [("pricing_page_view", "own_browser", "voided")]
    assert Activity.objects.counted().get().properties["path"] == "/other"


def test_g09_a_bots_visit_is_neither_a_first_touch_nor_a_phase(site: Site) -> None:
    tags = {"utm_source": "adwords", "utm_medium": "cpc", "gclid": "1"}
    visit(site, "/pricing", client=Client("", GOOGLEBOT), tags=tags, at=NOW - timedelta(hours=2))
    assert Visitor.objects.get().channel == ""
    visit(site, "/", referrer="https://www.google.com", at=NOW - timedelta(hours=1))
    who = {"id": "i", "kind": "identify", "at": NOW.isoformat(), "url": HERE, "email": "ada@firm.example"}
    collecting.collect(
        site=site, body={"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": [who]}, at=NOW
    )
    ada = Lead.objects.get(email="ada@firm.example")
    assert ada.phase == Phase.AWARENESS, "only a bot looked at pricing"


#: A person: reads pages for a second and a half at least, half a dozen tabs now and then.
_reading = st.lists(st.floats(1.5, 600), min_size=1, max_size=60)
_clicking = st.lists(st.tuples(st.integers(0, 5), st.floats(2, 900)), min_size=0, max_size=8)


@given(pauses=_reading, tabs=st.integers(0, 6), until_read=st.floats(8, 90_000), clicks=_clicking)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_g09_what_a_person_does_is_never_marked(
    site: Site, pauses: list[float], tabs: int, until_read: float, clicks: list[tuple[int, float]]
) -> None:
    for model in (Suspicion, Activity, LookingBack):
        model._default_manager.all().delete()
    at = NOW - timedelta(days=30)
    moments = [at + timedelta(milliseconds=150 * n) for n in range(tabs)]
    for pause in pauses:
        at += timedelta(seconds=pause)
        moments.append(at)
    for first in range(0, len(moments), 40):
        events = [
            {"id": f"h{n}", "kind": "page", "at": moment.isoformat(), "url": f"{HERE}/p{n}"}
            for n, moment in enumerate(moments[first : first + 40], first)
        ]
        body = {"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": events}
        collecting.collect(site=site, body=body, at=NOW, client=Client("198.51.100.7", FIREFOX))
    sent = NOW - timedelta(days=20)
    mail("email_delivered", sent)
    at = sent + timedelta(seconds=until_read)
    mail("email_opened", at, user_agent=FIREFOX)
    for link, pause in clicks:
        at += timedelta(seconds=pause)
        mail("email_clicked", at, url=f"{HERE}/{link}", user_agent=FIREFOX)
    looking_back.look_back(at=NOW)
    assert named() == []


def test_g09_a_batch_costs_the_same_however_many_bots_are_in_it(
    site: Site, django_assert_max_num_queries: Any
) -> None:
    def batch(count: int, prefix: str) -> int:
        from django.test.utils import CaptureQueriesContext

        events = [
            {"id": f"{prefix}{n}", "kind": "page", "at": NOW.isoformat(), "url": f"{HERE}/p{n}"}
            for n in range(count)
        ]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            collecting.collect(
                site=site,
                body={"anonymous_id": ANNA, "sent_at": NOW.isoformat(), "events": events},
                at=NOW,
                client=Client("", GOOGLEBOT),
            )
        return len(asked)

    batch(1, "warm")
    assert batch(2, "few") == batch(90, "many")
    assert ActivityType.objects.exists()
