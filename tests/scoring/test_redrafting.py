"""Drafts made of what was found follow the live version row by row, whatever state it is in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import ActivityType
from scoring import learning, model_file, suggestions
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion
from scoring.redrafting import draft_once
from tests import factories
from tests.factories import NOW, company
from tests.scoring.pasts import MODEL, accepted, live, ready, rule, sent_back

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
GONE = {"activity": ["fair_visit"]}


def outlived(**more: object) -> ModelVersion:
    """A live version with a rule, a trigger and a blocker about an activity type that is gone since."""
    kind = ActivityType.objects.create(key="fair_visit", label="Came to the fair", category="event")
    parts = {
        "rules": [*MODEL["rules"], rule("fair", GONE, 5, "engagement")],
        "triggers": [{"key": "met", "label": "Met", "stage": "mql", "when": GONE}],
        "blockers": [{"key": "rude", "label": "Rude", "when": GONE}],
    }
    version = live({**MODEL, **parts, **more})
    kind.delete()
    return version


def small_firms_go_back(now: object = NOW) -> None:
    for k in range(120):
        small = k % 3 == 0
        good = k % 18 == 0 if small else k % 7 != 0
        at = now - (k + 1) * DAY  # type: ignore[operator]
        firm = company(employees=12 + k % 5 if small else 200 + k)
        made = (
            accepted(at, title="Service manager", company=firm)
            if good
            else sent_back(at, "too_small", title="Service manager", company=firm)
        )
        ready(made, at - 3 * DAY)


def test_a_suggestion_is_applied_where_the_live_version_has_a_part_that_is_off() -> None:
    version = outlived()
    small_firms_go_back()
    key = next(one.key for one in suggestions.of_model(version=version, at=NOW).found)

    draft = suggestions.apply(keys=[key], version=version, by=factories.admin(), at=NOW)

    said, before = model_file.save(version=draft), model_file.save(version=version)
    assert said["rules"][:-1] == before["rules"]
    assert said["rules"][-1]["key"] == key.replace("_", "-")
    assert (said["triggers"], said["blockers"]) == (before["triggers"], before["blockers"])
    assert suggestions.apply(keys=[key], version=version, by=None, at=NOW) == draft


def test_the_buttons_of_the_suggestions_make_drafts_of_it_too() -> None:
    version, mara = outlived(), Client()
    small_firms_go_back(timezone.now())
    mara.force_login(factories.marketer())
    key = next(one.key for one in suggestions.of_model(version=version, at=timezone.now()).found)

    applied = mara.post("/rules/suggestions/drafts/", {"key": key})
    learned = mara.post("/rules/suggestions/models/", {"among": ["company.employees"]})

    drafts = ModelVersion.objects.filter(state="draft").order_by("number")
    assert [applied.status_code, learned.status_code] == [302, 302]
    assert [draft.blockers.get().key for draft in drafts] == ["rude", "rude"]


def test_a_learned_model_keeps_what_it_does_not_learn_and_leaves_out_the_rest() -> None:
    version = outlived(
        ceilings={"fit": 40},
        groups=[{"key": "outer", "cap": 9}, {"key": "size", "cap": 5, "within": "outer"}],
        rules=[{**MODEL["rules"][0], "group": "size"}, MODEL["rules"][1], rule("fair", GONE, 5)],
    )
    small_firms_go_back()
    found = learning.learn(model=version.model, at=NOW)
    assert found.data is not None

    draft = learning.draft(learned=found, by=None)

    said = model_file.save(version=draft)
    assert said["rules"] == found.data["rules"]
    assert said["lines"] == [{"leave": 0, **line} for line in found.data["lines"]]
    assert [part["key"] for part in (*said["triggers"], *said["blockers"])] == ["met", "rude"]
    assert not {"ceilings", "groups"} & set(said)


def test_what_would_be_wrong_in_the_draft_and_was_not_before_is_refused() -> None:
    version = outlived()
    data = model_file.save(version=version)
    data["rules"][0]["points"] = 900

    with pytest.raises(ModelFileError, match="200"):
        draft_once(data=data, evidence="Because.", based_on=version, by=None)

    assert not ModelVersion.objects.filter(state="draft").exists()


def test_another_order_and_fewer_lines_are_drafted_as_they_are() -> None:
    lines = [{"stage": "sql", "min": {"intent": 20}}, {"stage": "mql", "min": {"intent": 5}}]
    version = live({**MODEL, "lines": lines})
    data = model_file.save(version=version)
    data["rules"].reverse()
    data["lines"] = [{"stage": "sql", "min": {"intent": 25}, "leave": 2}]

    draft = draft_once(data=data, evidence="Because.", based_on=version, by=None)

    assert model_file.save(version=draft) == data
