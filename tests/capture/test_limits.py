"""A source that sends more than it may is told when to come back, and loses nothing that was taken (L1)."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from capture import arrivals, collecting, limiting, sites, tasks
from capture.models import InboxItem, RefusedItem, Site, Source, Submission, WebForm
from leads.models import Activity, Lead
from tests import factories as make
from tests.api.calling import Caller, caller
from tests.capture import forms
from tests.capture.hooks.posting import PLAIN, hook, post
from tests.fixtures.processes import Broker

pytestmark = pytest.mark.django_db
HERE = "https://www.fieldline.example"
BURST = 10


@pytest.fixture(autouse=True)
def _limits(settings: Any, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ten events at once, and hardly any more for as long as a test takes."""
    settings.CAPTURE_RATE, settings.CAPTURE_BURST = 0.1, BURST
    monkeypatch.setattr(limiting, "_alone_until", 0.0)
    monkeypatch.setattr(limiting, "SHARE_OF_ONE_ADDRESS", 1.0)
    yield
    if broker.running is not None and broker.running.poll() is None:
        broker.flush()


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer())


def event(number: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"event_id": f"e{number}", "type": "page_view", "occurred_at": now, "email": "ada@firm.example"}


def test_L1_more_events_than_a_source_may_send_get_429_and_every_2xx_is_stored(site: Caller) -> None:
    answers = [site.post("/events", [event(number)]) for number in range(2 * BURST)]

    taken = [number for number, answer in enumerate(answers) if answer.status_code == 202]
    assert taken == list(range(BURST))
    assert {answer.status_code for answer in answers[BURST:]} == {429}
    assert all(1 <= int(answer["Retry-After"]) <= 10 for answer in answers[BURST:])
    assert "try again" in answers[-1].json()["detail"]
    assert set(Activity.objects.values_list("event_id", flat=True)) == {f"e{number}" for number in taken}


def test_L1_a_batch_counts_as_many_and_none_is_too_large_for_ever(site: Caller) -> None:
    batch = [event(number) for number in range(3 * BURST)]
    assert site.post("/events", batch).status_code == 202
    later = site.post("/events", [event(100)])

    assert later.status_code == 429
    # Twenty more than the burst and this one, at one in ten seconds.
    assert 200 <= int(later["Retry-After"]) <= 211
    assert Activity.objects.count() == 3 * BURST


def test_L1_who_comes_back_when_told_is_let_in(site: Caller, settings: Any) -> None:
    settings.CAPTURE_RATE, settings.CAPTURE_BURST = 5, 1
    for number in range(5):
        answer = site.post("/events", [event(number)])
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")

    time.sleep(1)
    assert site.post("/events", [event(9)]).status_code == 202


def test_L1_every_source_has_an_allowance_of_its_own(site: Caller) -> None:
    other = caller(make.marketer("Else Ek", email="else@handoff.example"), name="other")
    assert site.post("/events", [event(number) for number in range(BURST)]).status_code == 202
    assert site.post("/events", [event(50)]).status_code == 429

    assert other.post("/events", [event(51)]).status_code == 202


def test_L1_leads_sent_one_by_one(site: Caller) -> None:
    answers = [site.post("/leads", {"email": f"p{n}@firm.example"}) for n in range(BURST + 5)]

    assert [answer.status_code for answer in answers] == [201] * BURST + [429] * 5
    assert answers[-1]["Retry-After"]
    assert Lead.objects.count() == BURST


def test_L1_calls_in_the_shape_of_segment_one_by_one_and_in_a_batch(site: Caller) -> None:
    calls = [{"type": "track", "event": "x", "anonymousId": "a", "messageId": f"m{n}"} for n in range(BURST)]
    assert site.post("/segment/batch", {"batch": calls}).status_code == 200
    answers = [site.post("/segment/track", {**calls[0], "messageId": "late"}) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {429}
    assert InboxItem.objects.count() == 1


def test_L1_posts_to_a_hook_by_their_size() -> None:
    to = hook(mapping=PLAIN)
    answers = [post(to, {"event": "demo", "id": n}) for n in range(BURST + 2)]

    assert [answer.status_code for answer in answers] == [200] * BURST + [429] * 2
    assert int(answers[-1]["Retry-After"]) >= 1
    assert InboxItem.objects.count() == BURST
    heavy = hook(mapping=PLAIN, name="Heavy")
    assert post(heavy, {"event": "demo", "words": "x" * 20_000}).status_code == 200
    assert post(heavy, {"event": "demo"}).status_code == 429


def test_L1_posts_that_are_not_signed_do_not_use_up_what_the_sender_may_send() -> None:
    to = hook(mapping=PLAIN, signing="basic", secret="tool:right")
    wrong = [post(to, {"event": "demo", "id": n}).status_code for n in range(BURST + 5)]
    right = post(to, {"event": "demo"}, authorization="Basic dG9vbDpyaWdodA==")

    assert wrong == [401] * BURST + [429] * 5
    assert right.status_code == 200
    assert RefusedItem.objects.count() == BURST


@pytest.fixture
def website() -> Site:
    by = make.marketer("Site Sand", email="site@handoff.example")
    return sites.make(name="Website", origins=[HERE], waits_for_consent=False, by=by, at=timezone.now())


def beacon(site: Site, *numbers: int, origin: str = HERE, address: str = "192.0.2.7") -> Any:
    now = datetime.now(UTC).isoformat()
    events = [{"id": f"v{number}", "kind": "page", "at": now, "url": f"{HERE}/"} for number in numbers]
    body = json.dumps({"anonymous_id": "a" * 32, "sent_at": now, "events": events})
    client = Client(REMOTE_ADDR=address)
    return client.post(f"/t/{site.key}", body, content_type="text/plain", headers={"origin": origin})


def test_L1_what_a_website_sends_and_its_script_may_read_when_to_come_back(website: Site) -> None:
    assert beacon(website, *range(BURST)).status_code == 204
    refused = beacon(website, 50)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert refused["Access-Control-Allow-Origin"] == HERE
    assert refused["Access-Control-Expose-Headers"] == "Retry-After"
    assert Activity.objects.count() == BURST


def test_L1_one_address_does_not_use_up_what_all_visitors_may_send(
    website: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "SHARE_OF_ONE_ADDRESS", 0.5)
    flood = [beacon(website, n, address="203.0.113.9").status_code for n in range(BURST)]
    others = [beacon(website, 100 + n, address=f"192.0.2.{n}").status_code for n in range(3)]

    assert flood == [204] * 5 + [429] * 5
    assert others == [204] * 3


def test_L1_a_batch_of_nonsense_costs_no_more_than_the_most_that_one_may_hold(website: Site) -> None:
    body = json.dumps({"events": [0] * 20_000}, separators=(",", ":"))
    refused = Client(REMOTE_ADDR="203.0.113.9").post(
        f"/t/{website.key}", body, content_type="text/plain", headers={"origin": HERE}
    )
    later = beacon(website, 1)

    assert refused.status_code == 422
    assert later.status_code == 429
    # What a full batch has more than the burst, and this one, at one in ten seconds.
    assert int(later["Retry-After"]) <= 10 * (collecting.MOST_EVENTS - BURST + 1)


def test_L1_pages_of_other_sites_write_no_row_each(website: Site) -> None:
    answers = [beacon(website, n, origin="https://evil.example").status_code for n in range(BURST + 5)]

    assert answers == [403] * BURST + [429] * 5
    assert RefusedItem.objects.count() == BURST
    assert beacon(website, 1).status_code == 204


def test_L1_a_form_comes_back_as_it_was_filled_in() -> None:
    form: WebForm = forms.built()
    for n in range(BURST):
        forms.send(form, {"email": f"p{n}@firm.example"})
    answer = forms.send(form, {"email": "last@firm.example", "message": "Do call me"})

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    page = answer.content.decode()
    assert "try again" in page
    assert "last@firm.example" in page
    assert "Do call me" in page
    assert Submission.objects.count() == BURST


def test_L1_what_was_turned_away_is_on_the_page_of_sources_in_one_row(site: Caller) -> None:
    site.post("/events", [event(number) for number in range(BURST)])
    for _ in range(30):
        site.post("/events", [event(99), event(100)])
    assert RefusedItem.objects.count() == 0

    tasks.add_up_arrivals()
    site.post("/events", [event(101)])
    tasks.add_up_arrivals()
    tasks.add_up_arrivals()

    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    assert (brought.accepted, brought.refused) == (BURST, 61)
    assert RefusedItem.objects.get().reason == limiting.REASON
    browser = Client()
    browser.force_login(make.marketer("Mia Mohr", email="mia@handoff.example"))
    page = browser.get(f"/sources/{Source.objects.get().public_id}/").content.decode()
    assert limiting.REASON in page
    assert ">61<" in page


def test_L1_F3_without_the_broker_capture_goes_on(site: Caller, broker: Broker) -> None:
    site.post("/events", [event(number) for number in range(2 * BURST)])
    assert site.post("/events", [event(50)]).status_code == 429
    broker.kill()

    answers = [site.post("/events", [event(60 + number)]).status_code for number in range(5)]
    tasks.add_up_arrivals()

    assert answers == [202] * 5
    assert Activity.objects.count() == 2 * BURST + 5


def test_L1_zero_bounds_nothing(site: Caller, settings: Any) -> None:
    settings.CAPTURE_RATE = 0
    assert {site.post("/events", [event(n)]).status_code for n in range(3 * BURST)} == {202}


def test_L1_the_api_document_says_so() -> None:
    document = Client().get("/api/v1/openapi.json").json()["paths"]
    for path in ("/api/v1/events", "/api/v1/leads", "/api/v1/segment/track", "/api/v1/segment/batch"):
        assert "429" in document[path]["post"]["responses"]
