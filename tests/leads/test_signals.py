"""Why now: the newest sign of intent, how often, and what colleagues do."""

from datetime import timedelta

import pytest

from leads import signals
from tests.factories import NOW, activity, company, lead

pytestmark = pytest.mark.django_db


def test_signs_of_intent_come_before_newer_reading() -> None:
    ada = lead("Ada")
    activity(ada, "demo_request", NOW - timedelta(hours=2), properties={"message": "20 technicians"})
    activity(ada, "pricing_page_view", NOW - timedelta(hours=3))
    activity(ada, "case_study_view", NOW - timedelta(minutes=5))

    found = signals.newest(lead_ids=[ada.pk], at=NOW)[ada.pk]

    assert [signal.key for signal in found] == ["demo_request", "pricing_page_view", "case_study_view"]
    assert found[0].properties == {"message": "20 technicians"}


def test_what_a_lead_asked_for_this_week_outweighs_a_newer_look() -> None:
    ada, bo = lead("Ada"), lead("Bo")
    for who, days in ((ada, 2), (bo, 40)):
        activity(who, "quote_request", NOW - timedelta(days=days))
        activity(who, "pricing_page_view", NOW - timedelta(hours=1))

    found = signals.newest(lead_ids=[ada.pk, bo.pk], at=NOW)

    assert [signal.key for signal in found[ada.pk]] == ["quote_request", "pricing_page_view"]
    assert [signal.key for signal in found[bo.pk]] == ["pricing_page_view", "quote_request"]


def test_repetitions_are_counted_over_seven_days() -> None:
    ada = lead("Ada")
    for days in (1, 3, 6, 8):
        activity(ada, "pricing_page_view", NOW - timedelta(days=days))

    (signal,) = signals.newest(lead_ids=[ada.pk], at=NOW)[ada.pk]

    assert (signal.this_week, signal.at) == (3, NOW - timedelta(days=1))


def test_what_was_voided_or_lies_ahead_says_nothing() -> None:
    ada = lead("Ada")
    activity(ada, "demo_request", NOW + timedelta(minutes=1))
    activity(ada, "quote_request", NOW - timedelta(hours=1), voided_at=NOW)

    assert signals.newest(lead_ids=[ada.pk], at=NOW) == {}


def test_colleagues_count_when_they_were_active_lately() -> None:
    nordwind = company("Nordwind")
    ada, bo, cy = (lead(name, company=nordwind) for name in ("Ada", "Bo", "Cy"))
    activity(ada, "page_view", NOW)
    activity(bo, "page_view", NOW - timedelta(days=2))
    activity(bo, "case_study_view", NOW - timedelta(days=3))
    activity(cy, "page_view", NOW - timedelta(days=20))

    since = NOW - timedelta(days=7)
    assert signals.active_colleagues(lead_id=ada.pk, company_id=nordwind.pk, since=since) == 1
    assert signals.active_colleagues(lead_id=ada.pk, company_id=None, since=since) == 0
