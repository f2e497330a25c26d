"""Crossings: once upwards, not while hovering, again after a rejection, held when nobody did anything."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from leads.models import Activity, Lead
from scoring import model_file, publishing, rescoring
from scoring.models import Adjustment, Crossing, LineState, ModelVersion
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def publish(**parts: Any) -> ModelVersion:
    data = {"model": "default", "rules": [], "lines": [], "triggers": [], "blockers": [], **parts}
    version = publishing.publish(version=model_file.load(data=data), by=None, reason="for the test", at=NOW)
    rescoring.continue_publishing(at=NOW, seconds=10)
    return version


def rule(points: int, activity: str = "demo_request", **settings: Any) -> dict[str, Any]:
    return {
        "key": f"{activity}-{points}",
        "label": "Rule",
        "dimension": "intent",
        "points": points,
        "when": {"activity": [activity]},
        **settings,
    }


def line(stage: str, leave: int = 0, **minimums: int) -> dict[str, Any]:
    return {"stage": stage, "min": minimums, "leave": leave}


def rescore(at: datetime = NOW) -> None:
    while rescoring.rescore_changed(at=at):
        pass


def crossed(lead: Lead, stage: str = "sql") -> list[int]:
    """The cycles of the lead's crossings of ``stage``."""
    return list(
        Crossing.objects.filter(lead=lead, stage=stage).order_by("id").values_list("cycle", flat=True)
    )


def restart(lead: Lead, at: datetime) -> Adjustment:
    return Adjustment.objects.create(
        lead=lead, kind="restart", dimensions=["engagement", "intent"], at=at, reason="rejected"
    )


def test_c17_only_the_line_that_is_reached_is_crossed() -> None:
    publish(rules=[rule(5)], lines=[line("mql", intent=5), line("sql", intent=6)])
    lead = make.lead()
    make.activity(lead, "demo_request")

    rescore()

    assert crossed(lead, "mql") == [1]
    assert crossed(lead, "sql") == []


def test_c17_a_lead_that_cools_below_the_line_and_comes_back_crosses_again() -> None:
    publish(rules=[rule(50, window_days=10)], lines=[line("sql", intent=50)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    rescoring.sweep_fading(at=NOW + 11 * DAY)
    assert LineState.objects.get(lead=lead, stage="sql").inside is False

    make.activity(lead, "demo_request", NOW + 12 * DAY)
    rescore(NOW + 12 * DAY)

    assert crossed(lead) == [1, 2]


def test_c17_a_lead_that_hovers_around_the_line_does_not_flap() -> None:
    """Enter at 50, leave below 40: 52, 45, 51, 42 is one crossing; 39 leaves."""
    publish(
        rules=[rule(1, "page_view", count="each", window_days=1)], lines=[line("sql", leave=10, intent=50)]
    )
    lead = make.lead()
    inside = []
    for day, views in enumerate([52, 45, 51, 42, 39, 45, 50]):
        at = NOW + day * DAY
        for _ in range(views):
            make.activity(lead, "page_view", at)
        rescore(at)
        inside.append(LineState.objects.get(lead=lead, stage="sql").inside)

    assert inside == [True, True, True, True, False, False, True]
    assert crossed(lead) == [1, 2]


def test_a_crossing_says_what_the_score_was_and_why() -> None:
    publish(
        rules=[rule(25)],
        lines=[line("sql", intent=20)],
        triggers=[
            {"key": "asks", "label": "Asks", "stage": "sql", "when": {"activity": ["demo_request"]}},
            {"key": "reads", "label": "Reads", "stage": "mql", "when": {"activity": ["demo_request"]}},
        ],
    )
    lead = make.lead()
    make.activity(lead, "demo_request")

    rescore()

    sql = Crossing.objects.get(lead=lead, stage="sql")
    assert (sql.cause, sql.triggers, sql.intent, sql.total, sql.at) == ("line", ["asks"], 2500, 2500, NOW)
    mql = Crossing.objects.get(lead=lead, stage="mql")
    assert (mql.cause, mql.triggers) == ("trigger", ["reads"])
    assert sql.is_strong


def test_scoring_again_crosses_nothing_again() -> None:
    version = publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead()
    make.activity(lead, "demo_request")
    rescore()

    make.activity(lead, "page_view")
    rescore()
    rescoring.rescore_everybody(model=version.model, at=NOW, live=True)
    rescoring.sweep_fading(at=NOW)

    assert crossed(lead) == [1]


def test_after_a_rejection_what_happened_before_no_longer_counts() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)

    restart(lead, NOW + DAY)
    rescore(NOW + DAY)
    assert LineState.objects.get(lead=lead, stage="sql").inside is False

    make.activity(lead, "demo_request", NOW + 2 * DAY)
    rescore(NOW + 2 * DAY)
    assert crossed(lead) == [1, 2]


def test_a_rejection_and_a_new_request_that_are_scored_together_cross_again() -> None:
    """The worker sees both at once: the lead is over the line before and after, yet it is a new cycle."""
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)

    restart(lead, NOW + DAY)
    make.activity(lead, "demo_request", NOW + 2 * DAY)
    rescore(NOW + 2 * DAY)
    rescore(NOW + 3 * DAY)
    rescoring.sweep_fading(at=NOW + 3 * DAY)

    assert crossed(lead) == [1, 2]


def test_a_trigger_needs_what_happened_since_the_rejection() -> None:
    both = {"all": [{"activity": ["comparison_guide_download"]}, {"activity": ["demo_request"]}]}
    publish(triggers=[{"key": "both", "label": "Both", "stage": "sql", "when": both}])
    lead = make.lead()
    make.activity(lead, "comparison_guide_download", NOW)
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    restart(lead, NOW + DAY)

    make.activity(lead, "demo_request", NOW + 2 * DAY)
    rescore(NOW + 2 * DAY)
    assert crossed(lead) == [1]

    make.activity(lead, "comparison_guide_download", NOW + 3 * DAY)
    rescore(NOW + 3 * DAY)
    assert crossed(lead) == [1, 2]


def test_taking_a_rejection_back_brings_the_points_back() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    rejection = restart(lead, NOW + DAY)

    Adjustment.objects.filter(pk=rejection.pk).update(voided_at=NOW + DAY)
    rescore(NOW + DAY)

    assert LineState.objects.get(lead=lead, stage="sql").inside is True
    assert crossed(lead) == [1]


def test_a_blocked_lead_never_crosses_to_sales_until_the_block_is_gone() -> None:
    publish(
        rules=[rule(25)],
        lines=[line("sql", intent=20), line("mql", intent=5)],
        blockers=[
            {"key": "rival", "label": "Rival", "when": {"field": "company.attributes.rival", "op": "is_true"}}
        ],
    )
    company = make.company(attributes={"rival": True})
    lead = make.lead(company=company)
    make.activity(lead, "demo_request")
    rescore()
    assert crossed(lead, "sql") == []
    assert crossed(lead, "mql") == [1]

    type(company).objects.filter(pk=company.pk).update(attributes={})
    rescore()

    assert crossed(lead, "sql") == [1]


def test_what_publishing_causes_waits_for_a_person() -> None:
    publish(rules=[rule(25)])
    lead = make.lead()
    make.activity(lead, "demo_request")
    rescore()

    publish(rules=[rule(25)], lines=[line("sql", intent=20)])

    [crossing] = Crossing.objects.filter(lead=lead)
    assert crossing.held_at is not None
    assert not Crossing.objects.ready(NOW).exists()
    publishing.release(crossings=[crossing], by=make.admin(), at=NOW)
    assert list(Crossing.objects.ready(NOW)) == [crossing]


def test_releasing_twice_releases_once() -> None:
    publish(rules=[rule(25)])
    lead = make.lead()
    make.activity(lead, "demo_request")
    rescore()
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    held = list(Crossing.objects.all())
    ada = make.admin()

    assert publishing.release(crossings=held, by=ada, at=NOW) == 1
    assert publishing.release(crossings=held, by=ada, at=NOW) == 0


def test_what_a_quiet_import_causes_waits_and_a_live_event_does_not() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    quiet, live = make.lead(), make.lead()
    rescore()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
        make.activity(quiet, "demo_request")
        cursor.execute("SET LOCAL handoff.quiet = off")
    make.activity(live, "demo_request")

    rescore()

    assert Crossing.objects.get(lead=quiet).held_at is not None
    assert Crossing.objects.get(lead=live).held_at is None


def test_a_live_event_hands_over_even_when_publishing_scores_the_lead_first() -> None:
    lead = make.lead()
    rescore()
    data = {
        "model": "default",
        "rules": [rule(25)],
        "lines": [line("sql", intent=20)],
        "triggers": [],
        "blockers": [],
    }
    publishing.publish(version=model_file.load(data=data), by=None, reason="for the test", at=NOW)
    make.activity(lead, "demo_request")

    rescoring.continue_publishing(at=NOW, seconds=10)
    rescore()

    assert Crossing.objects.get(lead=lead).held_at is None


def test_an_import_of_the_past_waits_even_when_the_sweep_scores_the_lead_first() -> None:
    fading = {"count": "each", "decay": {"kind": "half_life", "days": 30}}
    publish(rules=[rule(15, **fading)], lines=[line("sql", intent=20)])
    lead = make.lead()
    make.activity(lead, "demo_request")
    rescore()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
        make.activity(lead, "demo_request")
        cursor.execute("SET LOCAL handoff.quiet = off")

    rescoring.sweep_fading(at=NOW)
    rescore()

    assert Crossing.objects.get(lead=lead).held_at is not None


def test_fading_leaves_the_line_below_the_margin_only() -> None:
    publish(
        rules=[rule(25, decay={"kind": "half_life", "days": 30})], lines=[line("sql", leave=3, intent=20)]
    )
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)

    states = []
    for days in (5, 12, 16, 18):  # 22.3, 18.9, 17.3, 16.5
        rescoring.sweep_fading(at=NOW + days * DAY)
        states.append(LineState.objects.get(lead=lead, stage="sql").inside)

    assert states == [True, True, True, False]


def test_a_voided_activity_takes_the_lead_back_under_the_line() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead()
    done = make.activity(lead, "demo_request")
    rescore()

    Activity.objects.filter(pk=done.pk).update(voided_at=NOW, void_reason="a test")
    rescore()

    assert LineState.objects.get(lead=lead, stage="sql").inside is False


def test_the_pipeline_sees_only_what_it_may_act_on() -> None:
    version = publish(rules=[rule(25)])

    def crossing(cycle: int, **fields: Any) -> Crossing:
        return Crossing.objects.create(
            lead=lead,
            model=version.model,
            version=version,
            stage="sql",
            cycle=cycle,
            at=NOW,
            cause="line",
            fit=0,
            engagement=0,
            intent=2500,
            total=2500,
            **fields,
        )

    lead, ada = make.lead(), make.admin()
    now = crossing(1)
    crossing(2, held_at=NOW)
    released = crossing(3, held_at=NOW, released_at=NOW, released_by=ada)
    crossing(4, not_before=NOW + DAY)
    due = crossing(5, not_before=NOW)
    crossing(6, handled_at=NOW, outcome="attached")

    assert list(Crossing.objects.ready(NOW)) == [now, due, released]


def test_the_pipeline_reads_live_crossings_first_and_none_of_those_held() -> None:
    """However many publishing held or a person released in bulk: the index gives the next in order."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    plan = Crossing.objects.ready(NOW)[:100].explain()
    assert "scoring_crossing_ready" in plan
    assert "Sort" not in plan


def test_a_lead_that_waits_for_release_and_asks_for_something_goes_at_once() -> None:
    """Publishing held it; what the lead does next says more than a person who has not looked yet (S0-15)."""
    reader, asker = make.lead(), make.lead()
    for lead in (reader, asker):
        make.activity(lead, "demo_request", NOW - DAY)
    publish()
    rescore()
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    assert Crossing.objects.held().count() == 2

    make.activity(reader, "page_view", NOW + timedelta(minutes=5))
    make.activity(asker, "quote_request", NOW + timedelta(minutes=5))
    rescore(NOW + timedelta(minutes=6))

    assert list(Crossing.objects.held().values_list("lead", flat=True)) == [reader.pk]
    assert [c.lead_id for c in Crossing.objects.ready(NOW + timedelta(minutes=6))] == [asker.pk]


def test_an_import_of_the_past_frees_nobody() -> None:
    lead = make.lead()
    make.activity(lead, "demo_request", NOW - DAY)
    publish()
    rescore()
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
        make.activity(lead, "quote_request", NOW + timedelta(minutes=5))
    rescore(NOW + timedelta(minutes=6))
    assert Crossing.objects.held().count() == 1
