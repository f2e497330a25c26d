"""What the script of a website sends becomes activities of the right person, once; and pages may not say
everything."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from capture import arrivals, sites
from capture.models import RefusedItem, Site, SourceHour
from capture.page_rules import fits
from leads.mail_keys import mail_key
from leads.merging import merge
from leads.models import Activity, ActivityType, Lead, Visitor
from tests import factories as make

pytestmark = pytest.mark.django_db
HERE = "https://www.fieldline.example"
ANNA = "a" * 32
BEN = "b" * 32


@pytest.fixture
def site(db: None) -> Site:
    return sites.make(
        name="Website",
        origins=[HERE, "https://*.fieldline.example"],
        waits_for_consent=True,
        by=make.marketer(),
        at=timezone.now(),
    )


def event(kind: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {"id": f"{kind}{number}", "kind": kind, "at": at, "url": f"{HERE}/", **more}


def before(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def send(site: Site, *events: Any, who: str = ANNA, origin: str | None = HERE, **more: Any) -> Any:
    body = {"anonymous_id": who, "sent_at": datetime.now(UTC).isoformat(), "events": list(events), **more}
    headers = {"Origin": origin} if origin is not None else {}
    return Client(enforce_csrf_checks=True).post(
        f"/t/{site.key}", json.dumps(body), content_type="text/plain;charset=UTF-8", headers=headers
    )


def kinds() -> list[str]:
    return list(Activity.objects.order_by("id").values_list("type__key", flat=True))


def test_a_visit_is_stored_with_its_page_and_without_what_an_address_may_hide(site: Site) -> None:
    seen = event("page", url=f"{HERE}/blog/today?token=abc&email=ada@firm.example#x", title="Today")
    assert send(site, seen).status_code == 204

    stored = Activity.objects.get()
    assert (stored.type.key, stored.source, stored.lead) == ("page_view", "website", None)
    assert stored.properties["path"] == "/blog/today"
    assert "abc" not in json.dumps(stored.properties)
    assert "ada@" not in json.dumps(stored.properties)


def test_F6_the_same_batch_three_times_is_stored_once(site: Site) -> None:
    for _ in range(3):
        assert send(site, event("page", 1), event("page", 2)).status_code == 204

    assert kinds() == ["page_view", "page_view"]


def test_pages_stand_for_what_the_rules_say_and_files_too(site: Site) -> None:
    guide = ActivityType.objects.get(key="comparison_guide_download")
    sites.add_rule(site=site, pattern="/files/*compare*.pdf", kind=guide)
    send(
        site,
        event("page", 1, url=f"{HERE}/pricing/enterprise"),
        event("page", 2, url=f"{HERE}/about"),
        event("download", 1, url=f"{HERE}/files/how-we-Compare-2026.pdf"),
        event("download", 2, url=f"{HERE}/files/terms.pdf"),
    )

    assert dict(Activity.objects.values_list("event_id", "type__key")) == {
        "page1": "pricing_page_view",
        "page2": "page_view",
        "download1": "comparison_guide_download",
        "download2": "content_download",
    }


def test_the_first_rule_that_fits_holds_and_moving_one_up_changes_that(site: Site) -> None:
    kind = ActivityType.objects.get(key="quote_request")
    rule = sites.add_rule(site=site, pattern="/pricing/quote", kind=kind)
    send(site, event("page", 1, url=f"{HERE}/pricing/quote"))
    for _ in range(9):
        sites.move_up(rule=rule)
    send(site, event("page", 2, url=f"{HERE}/pricing/quote"))

    assert kinds() == ["pricing_page_view", "quote_request"]


def test_C40_who_says_who_they_are_gets_the_visits_before_and_after(site: Site) -> None:
    send(site, event("page", 1))
    send(site, event("identify", email="Ada@Firm.example", properties={"name": "Ada Byron"}))
    send(site, event("page", 2))

    ada = Lead.objects.get()
    assert (ada.email, ada.name) == ("ada@firm.example", "Ada Byron")
    assert set(Activity.objects.values_list("lead", flat=True)) == {ada.pk}
    assert kinds() == ["page_view", "page_view"]


def test_G12_who_follows_a_link_in_a_mail_to_them_is_known_with_what_they_saw_before(site: Site) -> None:
    ada = make.lead(email="ada@firm.example")
    send(site, event("page", 1))
    send(site, event("identify", 1, mail=mail_key(ada)))
    send(site, event("page", 2))

    assert set(Activity.objects.values_list("lead", flat=True)) == {ada.pk}
    assert Activity.objects.count() == 2


def test_C40_the_key_of_a_lead_that_was_merged_leads_to_the_one_that_stayed(site: Site) -> None:
    ada, kept = make.lead(email="ada@firm.example"), make.lead(email="ada@home.example")
    key = mail_key(ada)
    merge(kept, ada, by=make.admin(), at=timezone.now())
    send(site, event("page", 1), event("identify", 1, mail=key))

    assert list(Activity.objects.values_list("lead", flat=True)) == [kept.pk]


@pytest.mark.parametrize("place", [0, 3, 20, -1])
def test_S16_a_key_that_was_changed_or_not_filled_in_names_nobody_and_is_told(site: Site, place: int) -> None:
    key = mail_key(make.lead(email="ada@firm.example"))
    turned = "b" if key[place] != "b" else "c"
    changed = key[:place] + turned + key[place:][1:]
    send(site, event("page", 1), event("identify", 1, mail=changed), event("identify", 2, mail="*|KEY|*"))

    assert Visitor.objects.get().lead is None
    refused = RefusedItem.objects.values_list("field", "reason")
    assert set(refused) == {("mail_key", "Is no key that we gave out.")}


def test_S3_10_a_new_lead_comes_from_what_brought_its_first_visit(site: Site) -> None:
    tags = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "dispatch"}
    send(site, event("page", 1, tags=tags, referrer="https://www.google.com"))
    send(site, event("page", 2, url=f"{HERE}/about", referrer=HERE))
    send(site, event("page", 3, referrer="https://duckduckgo.com"), who=BEN)
    send(site, event("identify", 1, email="ada@firm.example"))
    send(site, event("identify", 2, email="ben@firm.example"), who=BEN)

    assert dict(Lead.objects.values_list("email", "source")) == {
        "ada@firm.example": "paid_search",
        "ben@firm.example": "organic_search",
    }
    assert Lead.objects.get(email="ada@firm.example").campaign == "dispatch"
    assert "channel" not in Activity.objects.get(event_id="page2").properties


def test_S3_10_the_first_page_is_the_first_one_although_it_is_told_of_last(site: Site) -> None:
    send(site, event("page", 2, url=f"{HERE}/about", referrer=HERE, at=before(50)))
    send(site, event("identify", 1, email="ada@firm.example", at=before(40)))
    assert Lead.objects.get().source == site.source.key
    tags = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "dispatch"}
    send(site, event("page", 1, tags=tags, at=before(60)))
    send(site, event("page", 3, referrer="https://duckduckgo.com", at=before(10)))
    ada = Lead.objects.get()
    assert (ada.source, ada.campaign) == ("paid_search", "dispatch")


def test_a_known_lead_keeps_its_source_its_name_and_its_owner(site: Site) -> None:
    ada = make.lead("Ada", email="ada@firm.example", source="webinar")
    send(site, event("page", tags={"gclid": "x"}))
    claims = {"name": "Mallory", "stage": "customer", "owner": "mallory", "source": "own"}
    send(site, event("identify", email="ada@firm.example", properties=claims))

    was = (ada.name, ada.source, ada.stage, ada.owner)
    ada.refresh_from_db()
    assert (ada.name, ada.source, ada.stage, ada.owner) == was


def test_S16_a_known_address_and_an_unknown_one_get_the_same_answer(site: Site) -> None:
    make.lead("Ada", email="ada@firm.example")
    known = send(site, event("identify", 1, email="ada@firm.example"))
    unknown = send(site, event("identify", 2, email="new@firm.example"), who=BEN)

    assert (known.status_code, known.content, dict(known.headers)) == (
        unknown.status_code,
        unknown.content,
        dict(unknown.headers),
    )


def test_C42_a_second_person_in_a_browser_does_not_get_the_first_ones_visits(site: Site) -> None:
    send(site, event("page", 1))
    send(site, event("identify", 1, email="ada@firm.example"))
    send(site, event("identify", 2, email="ben@firm.example"))

    assert Visitor.objects.get().lead == Lead.objects.get(email="ada@firm.example")
    assert not Activity.objects.filter(lead__email="ben@firm.example").exists()


def test_a_page_names_activities_by_their_key_and_others_are_kept_by_their_name(site: Site) -> None:
    send(
        site,
        event("track", 1, name="calculator_used", properties={"seats": 40}),
        event("track", 2, name="Played the video"),
    )

    assert kinds() == ["calculator_used", "custom_event"]
    assert Activity.objects.first().properties["seats"] == 40
    assert Activity.objects.last().properties["name"] == "Played the video"


@pytest.mark.parametrize("name", ["email_replied", "meeting_held", "deal_won", "call_logged"])
def test_a_page_cannot_claim_mails_calls_or_deals(site: Site, name: str) -> None:
    send(site, event("track", name=name))

    assert kinds() == ["custom_event"]


def test_a_marked_form_is_an_activity_of_the_address_in_it(site: Site) -> None:
    send(site, event("page", 1))
    fields = {"message": "Please call", "name": "Ada"}
    send(
        site,
        event("identify", email="ada@firm.example", properties=fields),
        event("form", name="demo_request", email="ada@firm.example", properties=fields),
    )

    assert Lead.objects.get().name == "Ada"
    assert kinds() == ["page_view", "demo_request"]
    assert Activity.objects.get(type__key="demo_request").properties["message"] == "Please call"


def test_F13_a_wrong_clock_is_put_right(site: Site) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=5)
    seen = event("page", at=(ahead - timedelta(minutes=10)).isoformat())
    send(site, seen, sent_at=ahead.isoformat())

    off = timezone.now() - timedelta(minutes=10) - Activity.objects.get().occurred_at
    assert abs(off) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "https://www.fieldline.example.evil.example", "null", "",
        "http://www.fieldline.example", "https://fieldline.example:8443", "https://evilfieldline.example",
        None,
    ],
)  # fmt: skip
def test_S9_other_origins_are_refused_counted_and_told_nothing(site: Site, origin: str | None) -> None:
    answer = send(site, event("page"), origin=origin)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not Activity.objects.exists()
    assert RefusedItem.objects.get().field == "origin"


@pytest.mark.parametrize("origin", [HERE, "https://app.fieldline.example", "https://a.b.fieldline.example"])
def test_S9_own_origins_are_named_back_without_credentials_and_no_cookie_is_set(
    site: Site, origin: str
) -> None:
    answer = send(site, event("page"), origin=origin)
    asked = Client().options(f"/t/{site.key}", headers={"Origin": origin})

    for each in (answer, asked):
        assert each.status_code == 204
        assert each.headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in each.headers
        assert not each.cookies
        assert "Origin" in each.headers["Vary"]


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 400), ("no json", 400), ("[]", 422), ("{}", 422), ('{"events": 5}', 422),
     (json.dumps({"events": [{}] * 101}), 422), ("x" * 70_000, 413)],
)  # fmt: skip
def test_what_is_no_batch_is_refused_whole(site: Site, body: str, status: int) -> None:
    answer = Client().post(f"/t/{site.key}", body, content_type="text/plain", headers={"Origin": HERE})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "broken",
    [
        None, 5, "x", {}, {"kind": "page"}, event("page", at="yesterday"), event("page", id=""),
        event("nonsense"), event(None), event(["page"]), event("page", url="https://[half"),
        event("identify", email="nobody"),
        event("page", properties={"a": "\x00"}), event("page", url=5, title=5, tags=5, referrer=5),
    ],
)  # fmt: skip
def test_B2_one_broken_event_is_refused_by_itself_and_the_others_are_stored(site: Site, broken: Any) -> None:
    assert send(site, event("page", 7), broken).status_code == 204
    assert Activity.objects.filter(event_id="page7").exists()


def test_a_closed_site_takes_nothing_and_its_pages_go_on(site: Site) -> None:
    site.source.is_active = False
    site.source.save()

    assert send(site, event("page")).status_code == 403
    script = Client().get(f"/t/{site.key}.js")
    assert script.status_code == 200
    assert len(script.content) < 100


def test_P7_the_script_is_small_and_sets_no_cookie_itself(site: Site) -> None:
    script = Client().get(f"/t/{site.key}.js")
    assert len(gzip.compress(script.content)) <= 3_000
    assert not script.cookies
    assert script.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("who", ["a" * 31, "A" * 32, "app:42", "", None, 5, ["a" * 32]])
def test_S16_a_browser_is_named_by_128_random_bits_only(site: Site, who: Any) -> None:
    assert send(site, event("page"), who=who).status_code == 422
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("name", [{}, [], 5, None, True, "x\x00y"])
def test_an_event_of_an_odd_name_takes_no_others_with_it(site: Site, name: Any) -> None:
    answer = send(site, event("page"), event("track", name=name), event("form", name=name))

    assert answer.status_code == 204
    assert "page_view" in kinds()


def test_a_channel_that_is_none_of_ours_is_nobodys_source(site: Site) -> None:
    send(site, event("track", name="calculator_used", properties={"channel": "server"}))
    send(site, event("page", 1, tags={"gclid": "x"}), who=BEN)
    send(site, event("identify", 1, email="ada@firm.example"))

    assert Lead.objects.get(email="ada@firm.example").source == "website"
    assert Visitor.objects.get(anonymous_id=ANNA).channel == ""


def test_an_unknown_site_is_404() -> None:
    assert Client().get("/t/nosuchkey.js").status_code == 404
    assert Client().post("/t/nosuchkey", "{}", content_type="text/plain").status_code == 404


def test_what_a_site_sends_is_counted(site: Site) -> None:
    send(site, event("page", 1), event("page", 1), event("nonsense"))
    arrivals.add_up(at=timezone.now() + timedelta(minutes=5))

    hour = SourceHour.objects.get(source=site.source)
    assert (hour.accepted, hour.duplicates, hour.refused) == (1, 1, 1)


@pytest.mark.parametrize(
    ("pattern", "path", "fit"),
    [
        ("/pricing", "/pricing", True), ("/pricing", "/pricing/", True), ("/pricing", "/Pricing", True),
        ("/pricing", "/pricing/a", False), ("/pricing*", "/pricing/a", True), ("/pricing*", "/price", False),
        ("*", "/", True), ("/", "/", True), ("/", "/a", False), ("*.pdf", "/x/a.PDF", True),
        ("/a*b*c", "/a-b-c", True), ("/a*b*c", "/a-c-b", False), ("/ab*ba", "/aba", False),
        ("/f/*/end", "/f/x/y/end", True), ("/caf%C3%A9", "/café", True), ("/[a]*", "/[a]b", True),
        ("/a**b", "/axb", True), ("/*/x", "/x", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_anything_and_nothing_else_does(pattern: str, path: str, fit: bool) -> None:
    assert fits(pattern, path) is fit


def test_B8_no_pattern_makes_a_path_slow() -> None:
    assert not fits("*a" * 90 + "*b", "/" + "a" * 60_000)
