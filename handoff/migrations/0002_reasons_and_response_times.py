"""What a fresh company starts with: why sales sends a lead back, and how soon it answers."""

from django.db import migrations

REASONS = [
    # key, code, label, destination, days, ends with growth
    (1, "timing", "Wrong timing", "mql", 60, False),
    (2, "no_budget", "No budget this year", "mql", 90, False),
    (3, "too_small", "Too small", "mql", 180, True),
    (4, "no_authority", "Not a decision maker", "mql", 30, False),
    (5, "not_a_buyer", "Not a buyer: student, applicant, competitor", "closed", None, False),
    (6, "duplicate_or_customer", "Duplicate or already a customer", "closed", None, False),
    (7, "unreachable", "Cannot be reached", "mql", 90, False),
    (8, "locked_in", "Locked in with a competitor", "mql", 90, False),
    (9, "wrong_industry", "Wrong industry", "closed", None, False),
]
POLICIES = [("Asked for something", 26, 60), ("Everything else", 0, 240)]


def fill(apps, schema_editor):
    RejectReason = apps.get_model("handoff", "RejectReason")
    RejectReason.objects.bulk_create(
        RejectReason(key=key, code=code, label=label, destination=where, return_days=days, ends_with_growth=growth)
        for key, code, label, where, days, growth in REASONS
    )
    SlaPolicy = apps.get_model("handoff", "SlaPolicy")
    SlaPolicy.objects.bulk_create(
        SlaPolicy(name=name, min_intent=intent, response_minutes=minutes) for name, intent, minutes in POLICIES
    )


class Migration(migrations.Migration):
    dependencies = [("handoff", "0001_initial")]

    # Back: the tables go with 0001, and what a company has changed since is its own.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
