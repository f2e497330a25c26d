"""The readiness checklist is worked out from the system, each item by itself (S1-35)."""

from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from handoff.models import SavedView
from reports import agreeing
from reports.measures import Measure
from reports.readiness import Item, State, checklist
from scoring import written
from scoring.models import Rule, ScoringModel
from tests import factories as make
from tests.factories import NOW
from tests.handoff.views.worlds import pool
from tests.reports.meetings import TUESDAY, offered, prepared
from tests.reports.test_reviews import close

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def max_(db: None) -> User:
    return make.manager()


def item(key: str) -> Item:
    found = {each.key: each for each in checklist(at=NOW)}
    assert list(found) == ["definitions", "scoring", "automation", "reviews", "personalisation"]
    return found[key]


def good(key: str) -> list[bool]:
    return [each.is_good for each in item(key).evidence]


def test_S1_35_definitions_are_ready_once_both_teams_signed_words_under_the_live_rules(
    mara: User, max_: User
) -> None:
    assert item("definitions").state == State.PARTLY  # the starter's rules say what an SQL is
    words = written.propose(by=mara, side="marketing", mql="Came.", sql="Asked.", note="", at=NOW)
    written.sign(definition=words, by=mara, side="marketing", at=NOW)
    assert item("definitions").state == State.PARTLY
    written.sign(definition=words, by=max_, side="sales", at=NOW)
    assert item("definitions").state == State.READY


def test_S1_35_words_are_in_force_since_a_day_of_the_company(
    settings: Settings, mara: User, max_: User
) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    at = NOW.astimezone(UTC).replace(hour=23, minute=30)
    words = written.propose(by=mara, side="marketing", mql="Came.", sql="Asked.", note="", at=at)
    written.sign(definition=words, by=mara, side="marketing", at=at)
    written.sign(definition=words, by=max_, side="sales", at=at)
    said = [each.said for each in item("definitions").evidence]
    assert "Number 1 is signed by both teams since 18 November 2026." in said


def test_S1_35_scoring_is_dynamic_while_points_fade_and_the_sweep_keeps_up() -> None:
    ScoringModel.objects.update(swept_at=NOW - timedelta(minutes=10))
    assert good("scoring")[:3] == [True, True, True]
    ScoringModel.objects.update(swept_at=NOW - timedelta(hours=2))
    assert good("scoring")[:3] == [True, True, False]
    assert Rule.objects.exclude(decay_kind="").exists()


def test_S1_35_automation_needs_pools_agreements_and_leads_that_came_by_themselves() -> None:
    assert good("automation")[2:4] == [False, False]  # nothing came yet, nobody was told
    sol = make.rep()
    before = good("automation")[0]
    pool().members.create(user=sol)
    assert (before, good("automation")[0]) == (False, True)


def test_S1_35_reviews_recur_when_the_last_four_were_closed_and_values_are_agreed(
    mara: User, max_: User
) -> None:
    offered(make.rep(), at=NOW - timedelta(days=60))
    for weeks in range(4, 0, -1):
        close(prepared(at=TUESDAY - timedelta(weeks=weeks)), mara, max_)
        assert good("reviews")[0] is (weeks == 1)
    made = agreeing.propose(
        measure=Measure.ACCEPTED, value=Decimal(50), holds_from=NOW.date(), by=mara, side="marketing", at=NOW
    )
    assert good("reviews")[2] is False
    agreeing.sign(agreed=made, by=max_, side="sales", at=NOW)
    assert good("reviews")[2] is True


def test_S1_35_personalisation_needs_something_for_each_phase_and_shared_segments(mara: User) -> None:
    lead = make.lead()
    for kind in ("page_view", "ebook_download"):
        make.activity(lead, kind, NOW - timedelta(days=2))
    first, *_, views = good("personalisation")
    assert (first, views) == (False, False)
    assert "nobody took up anything for decision" in item("personalisation").evidence[0].said
    make.activity(lead, "demo_request", NOW - timedelta(days=1))
    SavedView.objects.create(owner=mara, page="team", name="DACH", is_for_all=True)
    first, *_, views = good("personalisation")
    assert (first, views) == (True, True)


def test_S1_35_both_sides_read_it_and_every_link_opens_for_who_sees_it(mara: User, max_: User) -> None:
    for who in (mara, max_, make.admin()):
        client = Client()
        client.force_login(who)
        answer = client.get(reverse("reports:readiness"))
        said = answer.content.decode().split("<main")[1]
        assert "of 5 ready" in answer.content.decode()
        links = {part.split('"')[0] for part in said.split('class="link small" href="')[1:]}
        assert links
        for link in links:
            assert client.get(link, follow=True).status_code == 200, (who, link)
    rep = Client()
    rep.force_login(make.rep())
    assert rep.get(reverse("reports:readiness")).status_code == 403
