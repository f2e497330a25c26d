"""``manage.py seed``: many leads, the same ones each time."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from leads.models import Activity, ChangedLead, Company, Lead

pytestmark = pytest.mark.django_db(transaction=True)

UNTIL = datetime(2026, 11, 17, 10, tzinfo=UTC)


def seed(**options: object) -> str:
    said = StringIO()
    call_command("seed", **{"leads": 300, "seed": 7, "until": UNTIL, **options}, stdout=said)
    return said.getvalue()


def fingerprint() -> list[tuple[object, ...]]:
    """All that was written, apart from the numbers that the database gives."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.public_id, l.email, l.title, l.created_at, l.phase, c.domain, c.employees, a.event_id,"
            " a.occurred_at, t.key FROM leads_lead l JOIN leads_company c ON c.id = l.company_id"
            " LEFT JOIN leads_activity a ON a.lead_id = l.id"
            " LEFT JOIN leads_activitytype t ON t.id = a.type_id"
            " ORDER BY l.email, a.event_id"
        )
        return list(cursor.fetchall())


def test_the_same_seed_writes_the_same_rows() -> None:
    seed()
    first = fingerprint()
    Activity.objects.all().delete()
    Lead.objects.all().delete()
    Company.objects.all().delete()

    seed()

    assert fingerprint() == first


def test_another_seed_adds_other_rows_beside_the_first() -> None:
    seed()
    seed(seed=8, leads=100)

    assert Lead.objects.count() == 400
    assert Lead.objects.filter(email__endswith=".s8.example").count() == 100


def test_the_same_seed_again_is_refused_and_changes_nothing() -> None:
    seed()

    with pytest.raises(CommandError, match="are here already"):
        seed()

    assert Lead.objects.count() == 300


def test_histories_are_short_for_most_and_long_for_a_few() -> None:
    seed(leads=3_000, heaviest=5_000)

    lengths = sorted(Lead.objects.annotate(n=Count("activities")).values_list("n", flat=True))
    assert lengths[len(lengths) // 2] in (3, 4, 5)
    assert 60 <= lengths[int(len(lengths) * 0.99)] <= 130
    assert lengths[-1] == 5_000


def test_recent_months_are_fuller_than_old_ones_and_nothing_is_ahead_of_time() -> None:
    seed(leads=1_000)

    month = timedelta(days=30)
    lately = Activity.objects.filter(occurred_at__gt=UNTIL - month).count()
    before = Activity.objects.filter(
        occurred_at__lte=UNTIL - month, occurred_at__gt=UNTIL - 2 * month
    ).count()
    assert lately > 2 * before > 0
    assert not Activity.objects.filter(occurred_at__gt=UNTIL).exists()


def test_event_ids_follow_the_order_of_time() -> None:
    seed()

    by_event = Activity.objects.order_by("event_id").values_list("occurred_at", flat=True)
    in_milliseconds = [int(at.timestamp() * 1000) for at in by_event]
    assert in_milliseconds == sorted(in_milliseconds)


def test_everybody_waits_for_a_score_and_nobody_is_handed_over_by_it() -> None:
    seed()

    assert ChangedLead.objects.count() == 300
    assert not ChangedLead.objects.filter(live=True).exists()


@pytest.mark.parametrize(
    ("option", "value"), [("leads", 0), ("seed", -1), ("heaviest", -1), ("heaviest", 1_000_000)]
)
def test_a_number_out_of_range_is_refused_by_its_name(option: str, value: int) -> None:
    with pytest.raises(CommandError, match=f"--{option}"):
        seed(**{option: value})
