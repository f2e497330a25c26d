"""An imported past lived again, day by day, through scoring and the pipeline."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm.replay import NOT_SENT, replay
from handoff.models import Handoff, Pool
from leads.models import ChangedLead, Lead, StageChange
from notifications.models import Delivery, Dispatch, Endpoint
from scoring.models import Crossing, LineState, Score
from tests import factories as make

pytestmark = pytest.mark.django_db

PEOPLE = {
    "source": "fair",
    "match": {"external_id": "id"},
    "created_at": "since",
    "lead": {"name": "id", "title": "title", "phone": "phone"},
    "company": {"name": "firm", "employees": "staff"},
}
EVENTS = {
    "source": "fair",
    "kind": "activities",
    "match": {"external_id": "id"},
    "activities": [
        {
            "type": {
                "column": "what",
                "values": {"demo": "demo_request", "guide": "comparison_guide_download"},
            },
            "occurred_at": "at",
        }
    ],
}


@pytest.fixture(autouse=True)
def past(tmp_path: Path) -> None:
    """Ada and Bob fit and ask for a demo on the 3rd and the 11th; Eve fits and does nothing."""
    pool = Pool.objects.create(name="DACH", team=make.team())
    pool.members.create(user=make.rep())

    def run(name: str, content: str, mapping: dict[str, Any]) -> None:
        (tmp_path / f"{name}.csv").write_text(content)
        (tmp_path / f"{name}.json").write_text(json.dumps(mapping))
        arguments = [str(tmp_path / f"{name}.csv"), "--mapping", str(tmp_path / f"{name}.json")]
        call_command("import_leads", *arguments, stdout=StringIO())

    run(
        "people",
        "id,since,title,phone,firm,staff\n"
        "ada,2024-01-02,Head of Operations,+49 40 555010,Nord,240\n"
        "bob,2024-01-02,VP Operations,+49 40 555011,Sued,300\n"
        "eve,2024-01-05,CEO,+49 40 555012,West,300\n",
        PEOPLE,
    )
    run("events", "id,what,at\nbob,demo,2024-01-11\nada,demo,2024-01-03\n", EVENTS)


def everything() -> list[Any]:
    models = [Score, LineState, Crossing, Handoff, StageChange, Delivery, ChangedLead, Lead]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def run() -> str:
    out = StringIO()
    call_command("replay", "--source", "fair", "--step", "1d", stdout=out)
    return out.getvalue()


def test_leads_are_handed_over_at_the_end_of_the_day_they_crossed() -> None:
    printed = run()

    offered = dict(Handoff.objects.values_list("lead__name", "offered_at"))
    last_moment = timedelta(days=1, microseconds=-1)
    assert offered == {
        "ada": datetime(2024, 1, 3, tzinfo=UTC) + last_moment,
        "bob": datetime(2024, 1, 11, tzinfo=UTC) + last_moment,
    }
    assert printed == (
        "week of 2024-01-01: 1 handoffs\nweek of 2024-01-08: 1 handoffs\n2 handoffs in 2 weeks\n"
    )
    assert dict(Lead.objects.values_list("name", "phase")) == {
        "ada": "decision",
        "bob": "decision",
        "eve": "awareness",
    }
    assert Score.objects.count() == 3


def test_a_second_run_changes_nothing() -> None:
    printed = run()
    before = everything()
    assert run() == printed
    assert everything() == before


def test_a_run_cut_short_is_taken_up_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(end: datetime, handled: int) -> None:
        if end > datetime(2024, 1, 6, tzinfo=UTC):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(source="fair", step=timedelta(days=1), progress=stop)
    assert Handoff.objects.count() == 1
    assert run().endswith("2 handoffs in 2 weeks\n")


def test_nobody_is_written_to_and_nothing_is_called_about_the_past() -> None:
    hook = Endpoint(name="n8n", events=["lead.handed_over"], created_by=make.admin())
    hook.point_to("https://example.com/")
    hook.save()
    run()
    assert set(Dispatch.objects.values_list("state", "error")) == {("parked", NOT_SENT)}
    assert Delivery.objects.exists()
    assert not Delivery.objects.exclude(state="parked").exists()


def test_leads_of_others_that_wait_are_never_scored_as_of_the_past() -> None:
    make.lead("Somebody else")
    with pytest.raises(CommandError, match="1 leads of other sources wait"):
        run()
    assert not Score.objects.exists()


def test_an_unknown_source_and_a_strange_step_are_refused() -> None:
    with pytest.raises(CommandError, match="Nothing was imported of “fare”"):
        call_command("replay", "--source", "fare")
    with pytest.raises(CommandError, match="no step"):
        call_command("replay", "--source", "fair", "--step", "daily")
