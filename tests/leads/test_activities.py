from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from leads.activities import NewActivity, record
from leads.models import Activity, ActivityType, ChangedLead, Lead
from leads.stages import Phase
from tests import factories as make

pytestmark = pytest.mark.django_db

WhatHappened = Callable[..., NewActivity]


@pytest.fixture
def ada() -> Lead:
    return make.lead("Ada")


@pytest.fixture
def happened(ada: Lead) -> WhatHappened:
    def make_new(kind: str, event_id: str, **fields: object) -> NewActivity:
        base = NewActivity(
            event_id=event_id,
            type_id=ActivityType.objects.get(key=kind).pk,
            occurred_at=make.NOW,
            source="site",
            lead_id=ada.pk,
        )
        return replace(base, **fields)

    return make_new


def test_a_batch_is_stored_with_what_it_carries(happened: WhatHappened) -> None:
    done = record(activities=[happened("page_view", "e1", properties={"path": "/prices"})], at=make.NOW)
    stored = Activity.objects.get()
    assert done.inserted == [0]
    assert (stored.event_id, stored.properties, stored.received_at) == ("e1", {"path": "/prices"}, make.NOW)


def test_C16_the_same_event_id_counts_once_in_a_batch_and_later(happened: WhatHappened) -> None:
    first = record(activities=[happened("page_view", "e1"), happened("page_view", "e1")], at=make.NOW)
    again = record(activities=[happened("page_view", "e1"), happened("page_view", "e2")], at=make.NOW)
    assert (first.inserted, first.duplicates) == ([0], [1])
    assert (again.inserted, again.duplicates) == ([1], [0])
    assert Activity.objects.count() == 2


def test_two_sources_may_use_the_same_event_id(happened: WhatHappened) -> None:
    both = [happened("page_view", "1", source="site"), happened("page_view", "1", source="mail")]
    assert record(activities=both, at=make.NOW).inserted == [0, 1]


def test_a_duplicate_marks_nothing(happened: WhatHappened) -> None:
    record(activities=[happened("page_view", "e1")], at=make.NOW)
    ChangedLead.objects.all().delete()
    record(activities=[happened("page_view", "e1")], at=make.NOW)
    assert not ChangedLead.objects.exists()


def test_S2_01_the_phase_moves_forward_to_what_the_activities_show(ada: Lead, happened: WhatHappened) -> None:
    seen_at = make.NOW - timedelta(days=3)
    record(activities=[happened("ebook_download", "e1", occurred_at=seen_at)], at=make.NOW)
    ada.refresh_from_db()
    assert ada.phase == Phase.CONSIDERATION
    record(activities=[happened("demo_request", "e2")], at=make.NOW)
    ada.refresh_from_db()
    assert (ada.phase, ada.phase_at) == (Phase.DECISION, make.NOW)


def test_S2_01_the_machine_never_moves_a_phase_back(ada: Lead, happened: WhatHappened) -> None:
    Lead.objects.update(phase=Phase.DECISION)
    record(activities=[happened("page_view", "e1")], at=make.NOW)
    ada.refresh_from_db()
    assert ada.phase == Phase.DECISION


def test_what_was_voided_or_is_older_than_90_days_moves_no_phase(ada: Lead, happened: WhatHappened) -> None:
    old = make.NOW - timedelta(days=91)
    record(activities=[happened("demo_request", "e1", occurred_at=old)], at=make.NOW)
    make.activity(ada, "demo_request", voided_at=make.NOW)
    record(activities=[happened("page_view", "e2")], at=make.NOW)
    ada.refresh_from_db()
    assert ada.phase == Phase.AWARENESS


def test_an_empty_batch_is_nothing() -> None:
    assert record(activities=[], at=make.NOW).inserted == []
