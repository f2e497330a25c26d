"""Cases that others have worked out, by their ids; each with the figures it came with."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import activities
from leads.activities import NewActivity
from leads.models import Activity, ActivityType, Lead
from scoring import model_file, publishing, rescoring
from scoring.explanation import explain
from scoring.models import Crossing, ModelVersion, Score
from tests import factories as make
from tests.factories import NOW
from tests.scoring.test_oracle import LONG, many

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def points(lead: Lead, rule: dict[str, Any], at: Any = NOW) -> float:
    """What one engagement rule gives ``lead`` as of ``at``."""
    full = {"key": "r", "label": "Rule", "dimension": "engagement", "count": "each", **rule}
    version = model_file.load(data={"model": "cases", "rules": [full]})
    explained = explain(lead=lead, at=at, version=version)
    return next(dimension.points for dimension in explained.dimensions if dimension.key == "engagement")


def do(lead: Lead, kind: str, times: int = 1, ago: timedelta = timedelta(0)) -> None:
    for _ in range(times):
        make.activity(lead, kind, NOW - ago)


# C-01


@pytest.fixture
def gitlab() -> ModelVersion:
    return model_file.load(data=model_file.starter("gitlab_2018"))


def total(lead: Lead, version: ModelVersion) -> tuple[float, bool]:
    explained = explain(lead=lead, at=NOW, version=version)
    return explained.total, "mql" in explained.over


def test_c01_a_vp_with_a_gated_asset_and_pricing_at_a_company_is_mql(gitlab: ModelVersion) -> None:
    lead = make.lead(title="VP, Engineering Operations")
    do(lead, "ebook_download")
    do(lead, "pricing_page_view")
    assert total(lead, gitlab) == (95, True)


def test_c01_the_same_from_a_free_mailbox_is_not(gitlab: ModelVersion) -> None:
    lead = make.lead(title="VP, Engineering Operations", email="vp@gmail.com")
    do(lead, "ebook_download")
    do(lead, "pricing_page_view")
    assert total(lead, gitlab) == (85, False)


@pytest.mark.parametrize(
    ("title", "expected"),
    [("", -5), ("4711", -5), ("Senior Developer", 45), ("Software Engineer", -5), ("Chef", 5)],
)
def test_c01_titles(gitlab: ModelVersion, title: str, expected: float) -> None:
    assert total(make.lead(title=title), gitlab)[0] == expected


def test_c01_job_hunters_lose_points_only_when_they_come_back_within_a_week(gitlab: ModelVersion) -> None:
    once, slowly, twice = (make.lead(title="Chef") for _ in range(3))
    do(once, "careers_page_view")
    do(slowly, "careers_page_view")
    do(slowly, "careers_page_view", ago=8 * DAY)
    do(twice, "careers_page_view", times=2, ago=6 * DAY)
    assert [total(lead, gitlab)[0] for lead in (once, slowly, twice)] == [5, 5, -20]


def test_c01_the_trial_page_counts_until_the_form_is_sent(gitlab: ModelVersion) -> None:
    lead = make.lead(title="Chef")
    make.activity(lead, "page_view", properties={"page": "/free-trial"})
    assert total(lead, gitlab) == (55, False)
    do(lead, "trial_signup")
    assert total(lead, gitlab) == (105, True)


# C-10 to C-17


def test_c10_linear_fading_of_half_a_month() -> None:
    lead = make.lead()
    do(lead, "demo_request")
    rule = {
        "when": {"activity": ["demo_request"]},
        "points": 10,
        "decay": {"kind": "linear", "days": 30, "percent": 50},
    }
    assert [points(lead, rule, NOW + days * DAY) for days in (0, 30, 60, 90)] == [10, 5, 0, 0]


def test_c11_a_half_life_of_fourteen_days() -> None:
    lead = make.lead()
    do(lead, "demo_request")
    rule = {"when": {"activity": ["demo_request"]}, "points": 10, "decay": {"kind": "half_life", "days": 14}}
    assert [points(lead, rule, NOW + days * DAY) for days in (0, 14, 28)] == [10, 5, 2.5]


def test_c12_the_seventh_event_adds_nothing_to_a_group_of_sixty() -> None:
    lead = make.lead()
    figures = []
    for _ in range(8):
        do(lead, "page_view")
        rule = {
            "key": "r",
            "label": "R",
            "dimension": "fit",
            "group": "views",
            "points": 10,
            "count": "each",
            "when": {"activity": ["page_view"]},
        }
        data = {"model": "cases", "groups": [{"key": "views", "cap": 60}], "rules": [rule]}
        figures.append(explain(lead=lead, at=NOW, version=model_file.load(data=data)).total)
    assert figures == [10, 20, 30, 40, 50, 60, 60, 60]


def test_c13_at_most_twenty_clicks_count_in_a_day() -> None:
    lead = make.lead()
    do(lead, "email_clicked", times=25)
    do(lead, "email_clicked", times=3, ago=DAY)
    rule = {"when": {"activity": ["email_clicked"]}, "points": 1, "per": {"times": 20, "period": "day"}}
    assert points(lead, rule) == 23


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(days=31), 0),
        (timedelta(days=30), 0),
        (timedelta(days=29, hours=23, minutes=59, seconds=59, microseconds=999_999), 1),
        (timedelta(days=29, hours=23), 1),
    ],
)
def test_c13_a_window_of_thirty_days_is_open_at_its_far_end(ago: timedelta, counts: int) -> None:
    lead = make.lead()
    do(lead, "email_clicked", ago=ago)
    assert points(lead, {"when": {"activity": ["email_clicked"]}, "points": 1, "window_days": 30}) == counts


def test_c14_visits_count_from_before_the_rule_was_written() -> None:
    """One visit is 1 point, three are 5; publishing another rule scores everybody again."""
    lead = make.lead()
    do(lead, "visit", times=2, ago=40 * DAY)
    data = {
        "model": "default",
        "rules": [
            {
                "key": "one",
                "label": "Visited",
                "dimension": "engagement",
                "points": 1,
                "when": {"activity": ["visit"]},
            },
            {
                "key": "three",
                "label": "Visited three times",
                "dimension": "engagement",
                "points": 4,
                "when": {"activity": ["visit"], "at_least": 3},
            },
        ],
    }

    publishing.publish(version=model_file.load(data=data), by=None, reason="visits", at=NOW)
    rescoring.continue_publishing(at=NOW, seconds=10)
    assert Score.objects.get(lead=lead).engagement == 100

    do(lead, "visit")
    rescoring.rescore_changed(at=NOW)
    assert Score.objects.get(lead=lead).engagement == 500


def test_c15_exactly_once_ends_with_the_second_time() -> None:
    lead = make.lead()
    rule = {"when": {"activity": ["meeting_held"], "exactly": 1}, "points": 7, "count": "once"}
    assert points(lead, rule) == 0
    do(lead, "meeting_held")
    assert points(lead, rule) == 7
    do(lead, "meeting_held")
    assert points(lead, rule) == 0


def test_c16_the_same_event_twice_counts_once() -> None:
    lead = make.lead()
    view = ActivityType.objects.get(key="page_view")
    event = NewActivity(event_id="e-1", type_id=view.pk, occurred_at=NOW, source="site", lead_id=lead.pk)
    activities.record(activities=[event, event], at=NOW)
    activities.record(activities=[event], at=NOW)
    assert points(lead, {"when": {"activity": ["page_view"]}, "points": 1}) == 1


# F14

_KINDS = [
    "page_view",
    "pricing_page_view",
    "demo_request",
    "comparison_guide_download",
    "email_clicked",
    "ebook_download",
]


@given(
    events=st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 100)), min_size=1, max_size=50),
    seed=st.integers(0, 2**32),
)
@many(1000 if LONG else 40)
def test_f14_any_order_and_any_repetition_of_events_ends_in_the_same_score_and_one_crossing(
    events: list[tuple[str, int]], seed: int
) -> None:
    types = dict(ActivityType.objects.values_list("key", "id"))
    dice = random.Random(seed)

    def live_through(*, shuffled: bool) -> tuple[Any, ...]:
        lead = make.lead(title="Head of Operations", company=make.company(employees=200))
        news = [
            NewActivity(str(n), types[kind], NOW - days * DAY, f"f14-{lead.pk}", lead_id=lead.pk)
            for n, (kind, days) in enumerate(events)
        ]
        if shuffled:
            news += dice.choices(news, k=len(news))
            dice.shuffle(news)
        for start in range(0, len(news), 7):
            activities.record(activities=news[start : start + 7], at=NOW)
            if shuffled:
                rescoring.rescore_changed(at=NOW)
        rescoring.rescore_changed(at=NOW)
        score = Score.objects.get(lead=lead)
        crossings = sorted(Crossing.objects.filter(lead=lead).values_list("stage", "cycle"))
        Activity.objects.filter(lead=lead).delete()
        lead.delete()
        return score.fit, score.engagement, score.intent, crossings

    plain, mixed = live_through(shuffled=False), live_through(shuffled=True)

    assert plain == mixed
    assert all(cycle == 1 for _, cycle in plain[3])
