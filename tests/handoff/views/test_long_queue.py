"""P-7: a long marketing queue is read out of an order and figures of a moment ago, and says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts.models import User
from handoff import long_queue
from handoff.tasks import refresh_long_queue
from leads import lifecycle
from leads.models import Lead, StageChange
from leads.stages import Stage
from scoring.models import Score
from tests.factories import activity, lead
from tests.handoff.views.worlds import scored

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


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


@pytest.fixture
def eight(long, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight of which the page shows four: the last is no part of the head."""
    monkeypatch.setattr("handoff.views.mql_lists.HEAD", 4)
    for number in range(8):
        mql(f"Mql {number}", intent=number)


def mql(name: str, intent: int = 10, fit: int = 30, **fields) -> Lead:
    made = lead(name, stage=Stage.MQL, **{"at": timezone.now() - 3 * DAY, **fields})
    scored(made, intent=intent, fit=fit)
    return made


def mqls_of_every_kind() -> None:
    """Of each phase some are near the line and some not, stuck and not, strong and weak, with and without
    fit; what they did last, and how long they are there, goes by neither number nor score."""
    now = timezone.now()
    for number in range(24):
        one = mql(
            f"Mql {number}",
            intent=0 if number % 4 == 1 else (number * 7) % 23,
            fit=0 if number % 5 == 2 else 30,
            at=now - (3 + (number * 5) % 11 + (40 if number % 4 == 3 else 0)) * DAY,
            phase=("awareness", "decision", "awareness")[number % 3],
            source=("organic", "fair")[number // 2 % 2],
        )
        if number % 5 != 3:
            activity(one, "page_view", at=now - (number * 11) % 24 * HOUR)


def rate(name: str, intent: int) -> None:
    points = intent * 100
    Score.objects.filter(lead__name=name).update(intent=points, total=F("fit") + F("engagement") + points)


def groups(client: Client, query: str = "") -> list[tuple[str, int, list[str]]]:
    """Label, count and the names of each."""
    page = client.get(f"/mqls/{query}").context["page"]
    return [(group.label, group.count, [row.lead.name for row in group.rows]) for group in page.groups]


def shown(client: Client, query: str = "") -> list[list[str]]:
    return [names for _, _, names in groups(client, query)]


SORTED = ("", "?sort=signal", "?sort=phase")
NARROWED = ("?view=near", "?view=stuck", "?view=strong", "?view=weak", "?fit=1", "?source=organic")
QUERIES = (*SORTED, *NARROWED, "?view=stuck&sort=signal", "?phase=awareness", "?period=28")


def test_p7_a_long_queue_says_the_same_as_a_short_one(mara, signed_in: SignIn, monkeypatch):
    mqls_of_every_kind()
    client = signed_in(mara)
    exact = {query: groups(client, query) for query in QUERIES}
    everybody = {label: count for label, count, _ in exact[""]}
    assert everybody == {"Decision": 8, "Awareness": 16}
    for query in NARROWED:
        counted = {label: count for label, count, _ in exact[query]}
        assert set(counted) == set(everybody), query
        assert all(0 < counted[label] < everybody[label] for label in counted), query
    orders = [[names for _, _, names in exact[query]] for query in SORTED]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    by_id = [f"Mql {number}" for number in range(1, 24, 3)]
    assert by_id not in [names for order in orders for names in (order[0], order[0][::-1])]
    figures = client.get("/mqls/").context["page"].tiles
    assert client.get("/mqls/").context["page"].as_of is None
    for head in (4, 6, 12, 50):
        cache.clear()
        monkeypatch.setattr(long_queue, "LONG", 3)
        monkeypatch.setattr(long_queue, "HEAD", head)
        assert {query: groups(client, query) for query in QUERIES} == exact, head
        assert client.get("/mqls/").context["page"].tiles == figures
    assert "Counted and put in order at" in client.get("/mqls/").content.decode()


@pytest.mark.parametrize("came_since", [0, 4])
def test_p7_the_pages_of_a_long_phase_hold_everybody_once(
    mara, signed_in: SignIn, long, monkeypatch, came_since: int
):
    """Who came since and stands below the head does not hide who is between."""
    monkeypatch.setattr("handoff.views.mql_lists.PAGE", 4)
    for number in range(15):
        new = {"stage_at": timezone.now() - MINUTE} if number < came_since else {}
        mql(f"Mql {number}", intent=number, **new)
    client, url, names = signed_in(mara), "?phase=awareness", []
    while url:
        [group] = client.get(f"/mqls/{url}").context["page"].groups
        names += [row.lead.name for row in group.rows]
        url = group.more_url
    assert len(names) == len(set(names)) == 15


def test_p7_who_came_since_stands_in_place_and_who_left_is_gone(mara, signed_in: SignIn, eight):
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
    assert shown(client) == [[before[1]], ["Nearest Nell", *before[2:], "Mql 3"]]


def test_p7_who_was_on_the_way_while_it_was_put_in_order_stands_in_place(mara, signed_in: SignIn, eight):
    """The clock of who writes begins before it can be seen what they wrote."""
    client, began = signed_in(mara), timezone.now() - 3 * MINUTE
    [before] = shown(client)
    near = lead("Nearest Nell", at=began - DAY)
    scored(near, intent=19)
    lifecycle.move(lead=near, to=Stage.MQL, at=began, cause=StageChange.Cause.CROSSING)
    moved = Lead.objects.get(name="Mql 7")
    lifecycle.set_phase(lead=moved, phase="decision", at=began, by=mara)
    assert before == ["Mql 7", "Mql 6", "Mql 5", "Mql 4"]
    assert shown(client) == [["Mql 7"], ["Nearest Nell", "Mql 6", "Mql 5", "Mql 4"]]


def test_p7_a_queue_that_is_short_again_is_read_as_it_is(mara, signed_in: SignIn, eight):
    client, now = signed_in(mara), timezone.now()
    shown(client)
    for gone in Lead.objects.exclude(name__in=["Mql 0", "Mql 1"]):
        lifecycle.move(lead=gone, to=Stage.CLOSED, at=now, cause=StageChange.Cause.PERSON)
    assert long_queue.refresh(at=now + MINUTE) == 0
    page = client.get("/mqls/").context["page"]
    assert page.as_of is None
    assert sum(tile.count for tile in page.tiles if tile.key != "sales") == 2
    assert shown(client) == [["Mql 1", "Mql 0"]]


def test_p7_nothing_older_than_five_minutes_is_shown_when_the_worker_is_late(mara, signed_in: SignIn, eight):
    client, now = signed_in(mara), timezone.now()
    before = shown(client)
    rate("Mql 0", intent=19)
    for late in (2, 4):
        with travel(now + late * MINUTE, tick=False):
            assert shown(client) == before
    with travel(now + 6 * MINUTE, tick=False):
        assert shown(client)[0][0] == "Mql 0"
        assert client.get("/mqls/").context["page"].as_of == timezone.now()


def test_p7_who_reads_does_not_write_over_what_the_worker_made(mara, signed_in: SignIn, eight, monkeypatch):
    client, now = signed_in(mara), timezone.now()
    shown(client)
    rate("Mql 0", intent=19)

    class WorkerBetween:
        """The worker makes it anew after the reader has read and before they write that they asked."""

        set, delete_many = cache.set, cache.delete_many

        def get_many(self, keys):
            found = cache.get_many(keys)
            monkeypatch.setattr(long_queue, "cache", cache)
            assert long_queue.refresh(at=now + 2 * MINUTE) == 4
            return found

    with travel(now + 2 * MINUTE, tick=False):
        monkeypatch.setattr(long_queue, "cache", WorkerBetween())
        shown(client)
        assert shown(client)[0][0] == "Mql 0"


def test_p7_what_another_release_kept_is_not_read(mara, signed_in: SignIn, eight, monkeypatch):
    client = signed_in(mara)
    before = shown(client)
    rate("Mql 0", intent=19)
    assert shown(client) == before
    monkeypatch.setattr("accounts.release.digest", lambda: "next")
    assert shown(client)[0][0] == "Mql 0"


def test_p7_what_is_kept_is_made_anew_while_somebody_looks(mara, signed_in: SignIn, eight):
    client, now = signed_in(mara), timezone.now()
    [before] = shown(client)
    rate("Mql 0", intent=19)
    assert long_queue.refresh(at=now) == 0, "it is fresh"
    assert long_queue.refresh(at=now + 2 * MINUTE) == 4, "head, counts, figures and standing were asked for"
    assert shown(client)[0][0] == "Mql 0"
    assert before[0] != "Mql 0"
    rate("Mql 1", intent=19)
    rate("Mql 0", intent=0)
    with travel(now + 4 * MINUTE, tick=False):
        refresh_long_queue()
        assert shown(client)[0][0] == "Mql 1", "the worker's task does it"
        assert client.get("/mqls/").context["page"].as_of == timezone.now()
    assert long_queue.refresh(at=now + 60 * MINUTE) == 0, "nobody looks any more"


def test_p7_counts_of_a_long_queue_that_is_narrowed_stop_at_999(mara, signed_in: SignIn, long, monkeypatch):
    monkeypatch.setattr("leads.paging.MOST_COUNTED", 5)
    for number in range(8):
        mql(f"Mql {number}", intent=number, source="organic")
    [group] = signed_in(mara).get("/mqls/?source=organic").context["page"].groups
    assert group.count == "4+"
