"""G-08, trigger health: of each line, trigger and blocker when it last fired, how often, and its end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scoring import model_file, publishing, rescoring, trigger_health
from scoring.models import Crossing, LineState, ModelVersion
from scoring.trigger_health import Health
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PAGE = "/rules/health/"


def live(**parts: Any) -> ModelVersion:
    data = {
        "model": "default",
        "rules": [],
        "lines": [{"stage": "sql", "min": {"intent": 20}, "cool_down_days": 30}],
        "triggers": [
            {
                "key": "asked",
                "label": "Asked for a demo",
                "stage": "sql",
                "when": {"activity": ["demo_request"]},
            },
            {"key": "idle", "label": "Never fires", "stage": "mql", "when": {"activity": ["page_view"]}},
        ],
        "blockers": [
            {"key": "rival", "label": "A rival", "when": {"field": "country", "op": "eq", "value": "SE"}}
        ],
        **parts,
    }
    version = publishing.publish(version=model_file.load(data=data), by=None, reason="test", at=NOW)
    rescoring.continue_publishing(seconds=10)
    return version


def crossed(at: datetime, inside: bool = True, **fields: Any) -> Crossing:
    version, lead = ModelVersion.objects.live(), make.lead()
    LineState.objects.create(
        lead=lead, model=version.model, stage="sql", inside=inside, cycle=1, since=at, crossed_at=at
    )
    given = {"cause": "line", "handled_at": at, "outcome": "handed_over", **fields}
    points = {"fit": 0, "engagement": 0, "intent": 2000, "total": 2000}
    return Crossing.objects.create(
        lead=lead, model=version.model, version=version, stage="sql", cycle=1, at=at, **points, **given
    )


def health(at: datetime = NOW) -> dict[str, Health]:
    return {one.label: one for one in trigger_health.of_version(ModelVersion.objects.live(), at=at)}


def test_trigger_health_says_when_each_last_fired_and_how_often() -> None:
    live()
    for days in (1, 5, 20, 80, 200):
        crossed(NOW - days * DAY)
    crossed(NOW - 2 * DAY, cause="trigger", triggers=["asked"])
    crossed(NOW - 40 * DAY, cause="line", triggers=["asked", "of-an-older-version"])

    found = health()

    assert (found["SQL line"].often, found["SQL line"].last_at) == ([2, 3, 5], NOW - DAY)
    assert (found["Asked for a demo"].often, found["Asked for a demo"].last_at) == ([1, 1, 2], NOW - 2 * DAY)
    assert (found["Never fires"].often, found["Never fires"].last_at) == ([0, 0, 0], None)
    assert list(found) == ["SQL line", "Asked for a demo", "Never fires", "A rival"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"handled_at": None, "outcome": "", "held_at": NOW}, "held after publishing or an import"),
        ({"handled_at": None, "outcome": "", "not_before": NOW + DAY}, "waiting for a return date"),
        ({"outcome": "attached"}, "sales had not answered an earlier handoff"),
        ({"outcome": "blocked"}, "blocked"),
        ({"outcome": "with_sales"}, "already with sales"),
        ({"outcome": "overtaken"}, "overtaken before anybody released it"),
        ({"outcome": "moot"}, "already with sales when it was held"),
    ],
)
def test_trigger_health_says_what_was_skipped_and_why(fields: dict[str, Any], why: str) -> None:
    live()
    crossed(NOW - DAY)
    crossed(NOW - DAY, **fields)
    assert health()["SQL line"].skipped == {why: 1}


def test_trigger_health_knows_every_outcome_of_the_pipeline_that_does_nothing() -> None:
    from handoff.pipeline import Outcome

    known = {code for name, code in vars(Outcome).items() if name.isupper()}
    assert known - set(trigger_health.SKIPPED) == {Outcome.MQL, Outcome.HANDED_OVER}


def test_trigger_health_counts_who_is_in_a_cool_down() -> None:
    live()
    crossed(NOW - 5 * DAY, inside=False)
    crossed(NOW - 40 * DAY, inside=False)
    crossed(NOW - 5 * DAY)
    assert health()["SQL line"].cooling == 1


def test_trigger_health_asks_the_newest_leads_what_a_blocker_keeps_back() -> None:
    live()
    make.lead(country="SE")
    make.lead(country="DE")
    assert (health()["A rival"].holds, health()["A rival"].of) == (1, 2)


def test_the_trigger_health_page_is_for_those_who_look_after_the_rules(client: Client) -> None:
    live()
    crossed(NOW - DAY, outcome="blocked")
    client.force_login(make.manager())
    page = client.get(PAGE).content.decode()
    for words in ("Asked for a demo", "not in 90 days", "1 blocked", "of the 1 newest leads now"):
        assert words in page, words
    assert 'href="/rules/health/?model=default"' in client.get("/rules/").content.decode()
    client.force_login(make.rep())
    assert client.get(PAGE).status_code == 403


def test_trigger_health_reads_crossings_by_index_and_asks_as_much_for_many() -> None:
    version = live()
    trigger_health.of_version(version, at=NOW)  # compiled once per process
    counts = []
    for number in (1, 20):
        for _ in range(number):
            crossed(NOW - DAY)
        with CaptureQueriesContext(connection) as queries:
            trigger_health.of_version(version, at=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Crossing.objects.filter(model=version.model, at__gt=NOW - 90 * DAY).order_by().explain()
    assert "scoring_crossing_lately" in plan
