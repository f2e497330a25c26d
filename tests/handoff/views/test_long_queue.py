"""P-7: a long marketing queue is read out of an order and figures of a moment ago, and says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff import long_queue
from handoff.tasks import refresh_long_queue
from leads import lifecycle
from leads.models import Lead, StageChange
from leads.stages import Stage
from scoring.models import Score
from tests.factories import lead
from tests.handoff.views.worlds import scored

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three MQLs are many, and six of a phase are its head."""
    monkeypatch.setattr(long_queue, "LONG", 3)
    monkeypatch.setattr(long_queue, "HEAD", 6)


def mql(name: str, intent: int = 10, **fields) -> Lead:
    made = lead(name, stage=Stage.MQL, **{"at": timezone.now() - 3 * DAY, **fields})
    scored(made, intent=intent)
    return made


def shown(client: Client, query: str = "") -> list[list[str]]:
    """The names of each group."""
    page = client.get(f"/mqls/{query}").context["page"]
    return [[row.lead.name for row in group.rows] for group in page.groups]


QUERIES = (
    "", "?sort=signal", "?sort=phase", "?view=near", "?view=stuck", "?view=strong", "?view=weak", "?fit=1",
    "?phase=awareness", "?source=organic", "?period=28",
)  # fmt: skip


def test_p7_a_long_queue_says_the_same_as_a_short_one(mara, signed_in: SignIn, monkeypatch):
    for number in range(24):
        mql(
            f"Mql {number}",
            intent=(number * 7) % 23,
            phase=("awareness", "decision", "awareness")[number % 3],
            source=("organic", "fair")[number % 2],
        )
    client = signed_in(mara)
    exact = {query: shown(client, query) for query in QUERIES}
    figures = client.get("/mqls/").context["page"].tiles
    assert client.get("/mqls/").context["page"].as_of is None
    for head in (4, 6, 50):
        cache.clear()
        monkeypatch.setattr(long_queue, "LONG", 3)
        monkeypatch.setattr(long_queue, "HEAD", head)
        assert {query: shown(client, query) for query in QUERIES} == exact, head
        assert client.get("/mqls/").context["page"].tiles == figures
    assert "Counted and put in order at" in client.get("/mqls/").content.decode()


def test_p7_the_pages_of_a_long_phase_hold_everybody_once(mara, signed_in: SignIn, long, monkeypatch):
    monkeypatch.setattr("handoff.views.mql_lists.PAGE", 4)
    for number in range(15):
        mql(f"Mql {number}", intent=(number * 7) % 23)
    client, url, names = signed_in(mara), "?phase=awareness", []
    while url:
        [group] = client.get(f"/mqls/{url}").context["page"].groups
        names += [row.lead.name for row in group.rows]
        url = group.more_url
    assert len(names) == len(set(names)) == 15


def test_p7_who_came_since_stands_in_place_and_who_left_is_gone(mara, signed_in: SignIn, long):
    for number in range(8):
        mql(f"Mql {number}", intent=number)
    client = signed_in(mara)
    [before] = shown(client)
    near = lead("Nearest Nell", at=timezone.now() - DAY)
    scored(near, intent=19)
    lifecycle.move(lead=near, to=Stage.MQL, at=timezone.now(), cause=StageChange.Cause.CROSSING)
    gone = Lead.objects.get(name=before[0])
    lifecycle.move(lead=gone, to=Stage.CLOSED, at=timezone.now(), cause=StageChange.Cause.PERSON)
    assert shown(client) == [["Nearest Nell", *before[1:]]]
    moved = Lead.objects.get(name=before[1])
    lifecycle.set_phase(lead=moved, phase="decision", at=timezone.now(), by=mara)
    assert shown(client) == [[before[1]], ["Nearest Nell", *before[2:]]]


def test_p7_what_is_kept_is_made_anew_while_somebody_looks(mara, signed_in: SignIn, long):
    for number in range(8):
        mql(f"Mql {number}", intent=number)
    client, now = signed_in(mara), timezone.now()
    [before] = shown(client)
    late = Lead.objects.get(name="Mql 0")
    Score.objects.filter(lead=late).update(intent=1900, total=F("fit") + F("engagement") + 1900)
    assert long_queue.refresh(at=now) == 0, "it is fresh"
    assert long_queue.refresh(at=now + 2 * MINUTE) == 4, "head, counts, figures and standing were asked for"
    assert shown(client)[0][0] == "Mql 0"
    assert before[0] != "Mql 0"
    assert long_queue.refresh(at=now + 60 * MINUTE) == 0, "nobody looks any more"
    refresh_long_queue()


def test_p7_counts_of_a_long_queue_that_is_narrowed_stop_at_999(mara, signed_in: SignIn, long, monkeypatch):
    monkeypatch.setattr("leads.paging.MOST_COUNTED", 5)
    for number in range(8):
        mql(f"Mql {number}", intent=number, source="organic")
    [group] = signed_in(mara).get("/mqls/?source=organic").context["page"].groups
    assert group.count == "4+"
