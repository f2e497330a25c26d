"""The pages on which a marketer sets a website up."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as thorough
from hypothesis import strategies as st

from accounts.models import User
from capture import sites
from capture.models import PageRule, Site, Source
from capture.page_rules import covers, fits
from tests import factories as make
from tests.capture.test_tracking import event, send

pytestmark = pytest.mark.django_db

patterns = st.text("/ab*", max_size=7).map(lambda text: f"/{text}")


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def site(mara: User) -> Site:
    return sites.make(
        name="Website",
        origins=["https://www.fieldline.example"],
        waits_for_consent=True,
        by=mara,
        at=timezone.now(),
    )


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.force_login(mara)
    return client


def test_from_nothing_to_the_snippet_and_the_first_visit(client: Client) -> None:
    typed = {"name": "Our site", "origins": "Fieldline.example/blog\n*.fieldline.example\n\n"}
    made = client.post("/sites/new/", typed, follow=True)

    site = Site.objects.get()
    assert site.origins == ["https://fieldline.example", "https://*.fieldline.example"]
    assert site.waits_for_consent is False
    page = made.content.decode()
    assert f"http://testserver/t/{site.key}.js" in page
    assert "Waiting for the first visit" in page

    send(site, event("page", url="https://fieldline.example/pricing"), origin="https://fieldline.example")
    page = client.get(f"/sites/{site.public_id}/arrivals/").content.decode()
    assert "Viewed pricing" in page
    assert "/pricing" in page
    assert "hx-trigger" not in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "This field is required"), ("ftp://x.example", "not the address of a site"),
        ("https://a b", "not the address of a site"), ("*.com", "half the web"),
        ("https://user:pw@x.example", "not the address of a site"),
        ("https://x.example:99999", "not the address of a site"),
        ("\n".join(f"s{n}.example" for n in range(21)), "20 addresses at most"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_at_its_field_and_nothing_is_made(
    client: Client, typed: str, said: str
) -> None:
    answer = client.post("/sites/new/", {"name": "Our site", "origins": typed})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Site.objects.exists()
    assert not Source.objects.exists()


def test_two_sites_of_one_name_have_sources_of_their_own(mara: User, site: Site) -> None:
    other = sites.make(
        name="Website", origins=["https://b.example"], waits_for_consent=True, by=mara, at=timezone.now()
    )
    assert (site.source.key, other.source.key) == ("website", "website-2")


def test_a_name_and_addresses_are_changed_and_the_sources_key_stays(client: Client, site: Site) -> None:
    client.post(f"/sites/{site.public_id}/", {"name": "Shop", "origins": "shop.example"})

    site = Site.objects.get()
    assert (site.source.name, site.source.key, site.origins) == ("Shop", "website", ["https://shop.example"])


def test_rules_are_added_tried_moved_and_ended(client: Client, site: Site) -> None:
    where = f"/sites/{site.public_id}/"
    client.post(f"{where}rules/", {"pattern": "/pricing/quote*", "type": "quote_request"})
    assert (
        "Viewed pricing</b>"
        in client.get(where, {"page": "https://x.example/pricing/quote"}).content.decode()
    )

    assert "Never asked" in client.get(where).content.decode()

    rule = PageRule.objects.get(pattern="/pricing/quote*")
    for _ in range(5):
        client.post(f"{where}rules/{rule.pk}/up/")
    assert "Asked for a quote</b>" in client.get(where, {"page": "/pricing/quote"}).content.decode()
    assert "Never asked" not in client.get(where).content.decode()

    client.post(f"{where}rules/{rule.pk}/end/")
    assert not PageRule.objects.filter(pk=rule.pk).exists()


@thorough(suppress_health_check=[HealthCheck.filter_too_much])  # few patterns cover another
@given(earlier=patterns, later=patterns, between=st.lists(st.text("ab/", max_size=3), min_size=9, max_size=9))
def test_a_rule_that_another_covers_has_no_page_of_its_own(
    earlier: str, later: str, between: list[str]
) -> None:
    first, *rest = later.split("*")
    path = first + "".join(stood + part for stood, part in zip(between, rest, strict=False))

    assume(covers(earlier, later) and fits(later, path))
    assert fits(earlier, path)


@pytest.mark.parametrize(
    ("pattern", "kind", "said"),
    [
        ("pricing", "page_view", "begins with /"), ("https://x.example/a", "page_view", "Leave the address"),
        ("/a b", "page_view", "no spaces"), ("/a", "email_replied", "Select a valid choice"),
        ("", "page_view", "required"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_at_its_field(
    client: Client, site: Site, pattern: str, kind: str, said: str
) -> None:
    answer = client.post(f"/sites/{site.public_id}/rules/", {"pattern": pattern, "type": kind})

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_closed_site_refuses_and_an_opened_one_takes_again(client: Client, site: Site) -> None:
    client.post(f"/sites/{site.public_id}/switch/")
    assert send(site, event("page", 1)).status_code == 403
    client.post(f"/sites/{site.public_id}/switch/", {"open": "1"})
    assert send(site, event("page", 2)).status_code == 204


def test_only_marketers_and_admins_set_sites_up(site: Site) -> None:
    for user, status in ((make.rep(), 403), (make.manager(), 403), (make.admin(), 200)):
        client = Client()
        client.force_login(user)
        assert client.get("/sites/").status_code == status
        assert client.get(f"/sites/{site.public_id}/").status_code == status


def test_what_a_stranger_sent_is_text_on_the_page(client: Client, site: Site) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    origin = "https://www.fieldline.example"
    send(site, event("track", name=hostile, properties={"path": hostile}), origin=origin)
    send(site, event("page", type=hostile), origin=f"https://{hostile}")
    page = client.get(f"/sites/{site.public_id}/", {"page": hostile}).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_L6_the_list_asks_as_much_for_fifty_sites_as_for_one(client: Client, mara: User, site: Site) -> None:
    def asked() -> int:
        client.get("/sites/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/sites/")
        return len(queries)

    few = asked()
    for number in range(50):
        made = sites.make(
            name=f"S{number}",
            origins=["https://a.example"],
            waits_for_consent=True,
            by=mara,
            at=timezone.now(),
        )
        send(made, event("page"), origin="https://a.example")
    assert asked() == few
