"""After a rollback leads stand where they stood, the leave margin included, unless they moved themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Activity, Lead
from leads.stages import Stage
from scoring import publishing, releasing, rescoring, tasks
from scoring.models import Adjustment, Crossing, LineState, ModelVersion, ScoringModel, StateBefore
from tests import factories as make
from tests.factories import NOW
from tests.scoring.test_publishing import line, published, rescore_all, rule

pytestmark = pytest.mark.django_db

DEMO, VIEW = "demo_request", "page_view"


def two_rules(views: int = 10) -> list[dict[str, Any]]:
    seen = {**rule(views), "key": "view", "label": "Viewed a page", "when": {"activity": [VIEW]}}
    return [rule(12), seen]


def first_version() -> ModelVersion:
    """22 points for both, 12 for the demo alone: inside from 20 on, out below 10."""
    return published(rules=two_rules(), lines=[line(20, leave=10)])


def hovering(name: str = "Hana Hover") -> Lead:
    """Over the line of ``first_version`` by its leave margin alone: she crossed once, and then cooled."""
    lead = make.lead(name)
    make.activity(lead, DEMO, at=NOW - timedelta(hours=1))
    view = make.activity(lead, VIEW, at=NOW - timedelta(hours=1))
    rescore_all()
    Activity.objects.filter(pk=view.pk).update(voided_at=NOW)
    rescore_all()
    return lead


def places() -> list[tuple[Any, ...]]:
    fields = ("lead", "stage", "inside", "cycle", "since", "crossed_at", "restart_id")
    return list(LineState.objects.filter(inside=True).order_by("lead", "stage").values_list(*fields))


def back(version: ModelVersion) -> None:
    publishing.bring_back(version=version, by=None, at=NOW)
    rescore_all()


def state(lead: Lead) -> tuple[bool, int]:
    found = LineState.objects.get(lead=lead)
    return found.inside, found.cycle


def test_who_was_over_by_the_margin_alone_is_again_after_a_rollback() -> None:
    first, hana = first_version(), make.lead("Ben Below")
    hana = hovering()
    before = places()
    assert [place[0] for place in before] == [hana.pk]
    published(rules=two_rules(), lines=[line(30)])
    assert places() == []

    back(first)

    assert places() == before
    assert Crossing.objects.filter(lead=hana).count() == 1, "she never crossed again"


def test_a_rollback_over_several_versions_goes_back_to_the_first_of_them() -> None:
    first, hana = first_version(), hovering()
    before = places()
    second = published(rules=two_rules(), lines=[line(30)])
    published(rules=two_rules(), lines=[line(5)])
    assert state(hana) == (True, 2)

    back(first)
    assert places() == before

    back(second)
    assert state(hana)[0] is False
    back(first)
    assert places() == before


def test_what_is_rolled_back_can_be_brought_back_with_its_own_places() -> None:
    first = published(rules=two_rules(), lines=[line(30)])
    second = published(rules=two_rules(), lines=[line(20, leave=10)])
    hana = hovering()
    after = places()
    assert state(hana)[0]
    back(first)
    assert places() == []
    back(second)
    assert places() == after


def test_who_fell_by_what_they_did_stays_down_after_a_rollback() -> None:
    first, hana = first_version(), hovering()
    published(rules=two_rules(), lines=[line(30)])
    Activity.objects.filter(lead=hana).update(voided_at=NOW)
    back(first)
    assert places() == []


def test_who_crossed_by_themselves_meanwhile_stays_over_with_that_crossing() -> None:
    first, hana = first_version(), hovering()
    published(rules=two_rules(views=40), lines=[line(30)])
    make.activity(hana, VIEW, at=NOW)
    rescore_all()
    live = Crossing.objects.get(lead=hana, cycle=2)
    assert live.held_at is None

    back(first)

    assert state(hana) == (True, 2)
    assert Crossing.objects.filter(lead=hana).count() == 2


def test_a_word_of_sales_meanwhile_stands_after_a_rollback() -> None:
    first, hana = first_version(), hovering()
    published(rules=two_rules(), lines=[line(30)])
    Adjustment.objects.create(
        lead=hana, kind="restart", dimensions=["engagement", "intent"], at=NOW, reason="Sent back"
    )  # fmt: skip
    back(first)
    assert places() == []


def test_a_crossing_that_still_waited_waits_again_after_a_rollback() -> None:
    make.activity(lead := make.lead("Wanda Waits"), DEMO)
    first = published(rules=[rule(25)], lines=[line(20)])
    waits = Crossing.objects.filter(lead=lead).last()
    assert waits is not None
    Crossing.objects.filter(pk=waits.pk).update(held_at=NOW)
    published(rules=[rule(25)], lines=[line(50)])
    releasing.drop_overtaken(at=NOW)
    waits.refresh_from_db()
    assert waits.outcome == "overtaken"

    back(first)

    assert list(Crossing.objects.to_release()) == [waits]
    assert state(lead) == (True, 1)


def test_who_was_let_go_under_the_version_stands_below_the_old_line_again() -> None:
    first = first_version()
    make.activity(lead := make.lead("Rita Released"), DEMO)
    rescore_all()
    published(rules=two_rules(), lines=[line(12)])
    assert releasing.release(crossings=Crossing.objects.all(), by=make.admin(), at=NOW) == 1
    back(first)
    assert state(lead)[0] is False


def test_a_rollback_holds_nothing_of_leads_that_sales_has() -> None:
    first = published(rules=two_rules(), lines=[line(10)])
    published(rules=two_rules(), lines=[line(50)])
    make.activity(lead := make.lead("Sara Sales"), DEMO)
    rescore_all()
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.HANDED_OVER)

    back(first)

    crossing = Crossing.objects.get(lead=lead)
    assert (crossing.outcome, crossing.held_at is not None) == ("moot", True)
    assert not Crossing.objects.held().exists()


def test_one_who_does_something_before_their_turn_is_put_back_first() -> None:
    """Without that they would cross again, and be handed over a second time."""
    first, hana = first_version(), hovering()
    published(rules=two_rules(), lines=[line(30)])
    publishing.bring_back(version=first, by=None, at=NOW)

    make.activity(hana, VIEW, at=NOW)
    while rescoring.rescore_changed(at=NOW):
        pass

    assert state(hana) == (True, 1)
    assert Crossing.objects.filter(lead=hana).count() == 1
    rescore_all()
    assert state(hana) == (True, 1)


def test_putting_back_twice_changes_nothing_and_ends() -> None:
    first, _ = first_version(), hovering()
    published(rules=two_rules(), lines=[line(30)])
    back(first)
    before = places()
    kept = StateBefore.objects.count()

    tasks.rescore_everybody()
    ModelVersion.objects.filter(pk=first.pk).update(rescored_to=0)
    rescore_all()

    assert places() == before
    assert StateBefore.objects.count() == kept
    assert ScoringModel.objects.get().rolling_back == []


def test_a_rollback_that_is_published_over_in_the_middle_is_finished_first() -> None:
    first, hana = first_version(), hovering()
    before = places()
    published(rules=two_rules(), lines=[line(30)])
    publishing.bring_back(version=first, by=None, at=NOW)
    third = published(rules=two_rules(), lines=[line(40)])
    assert third.number == 4
    assert state(hana)[0] is False

    back(first)

    assert places() == before


def test_a_bucket_is_put_back_with_one_statement_however_many_leads() -> None:
    first = first_version()
    for n in range(3):
        hovering(f"Hana {n}")
    published(rules=two_rules(), lines=[line(30)])
    publishing.bring_back(version=first, by=None, at=NOW)
    with CaptureQueriesContext(connection) as queries:
        rescore_all()
    assert sum("WITH taken AS" in query["sql"] for query in queries) == 1
    assert len(places()) == 3
