"""What is asked past Django's cursor is counted like the rest, so that query budgets hold for it."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads import lifecycle
from leads.asking import ask
from leads.models import ActivityType
from tests import factories

pytestmark = pytest.mark.django_db


def test_what_is_asked_is_counted_with_its_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert ask("SELECT %b::int + 1", [41]) == [(42,)]
    assert [query["sql"] for query in queries] == ["SELECT %b::int + 1"]


def test_what_is_refused_is_counted_as_well() -> None:
    with CaptureQueriesContext(connection) as queries, pytest.raises(DatabaseError), transaction.atomic():
        ask("SELECT 1 / %b::int", [0])
    assert "SELECT 1 / %b::int" in [query["sql"] for query in queries]


def test_moving_phases_is_one_counted_statement() -> None:
    lead = factories.lead("Ada")
    demo = ActivityType.objects.get(key="demo_request")
    with CaptureQueriesContext(connection) as queries:
        moved = lifecycle.advance_phases_by(seen=[(lead.pk, demo.pk, factories.NOW)] * 2, at=factories.NOW)
    assert (moved, len(queries)) == (1, 1)
