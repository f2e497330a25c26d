"""An import that is killed and run again ends as if nothing had happened (B6)."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from leads.models import Activity, Company, Lead, StageChange
from tests.fixtures.processes import product_environment

ROWS = 4_000
MAPPING: dict[str, Any] = {
    "source": "list",
    "match": {"external_id": "id", "email": "email"},
    "created_at": "since",
    "stage": "mql",
    "lead": {"name": "name"},
    "company": {"name": "firm"},
    "activities": [{"type": "visit", "undated": True, "times": "visits"}],
}


def content() -> list[Any]:
    """What the import wrote, whatever the ids."""
    leads = Lead.objects.order_by("external_ids__external_id").values_list(
        "external_ids__external_id", "email", "name", "company__name", "created_at", "stage"
    )
    activities = Activity.objects.order_by("event_id").values_list("event_id", "lead__email", "occurred_at")
    return [list(leads), list(activities), Company.objects.count(), StageChange.objects.count()]


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_lead, leads_company, leads_activity, capture_import CASCADE")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_B6_an_import_killed_anywhere_and_run_again_ends_the_same(tmp_path: Path) -> None:
    rows = [f"{n},Ada {n},a{n % 3_700}@firm.example,Firm {n % 700},2024-01-01,{n % 4}" for n in range(ROWS)]
    file, mapping = tmp_path / "people.csv", tmp_path / "mapping.json"
    file.write_text("id,name,email,firm,since,visits\n" + "\n".join(rows))
    mapping.write_text(json.dumps(MAPPING))
    rejects = ["--rejects", str(tmp_path / "rejected.csv")]
    arguments = [str(file), "--mapping", str(mapping), *rejects]
    call_command("import_leads", *arguments)
    undisturbed = content()
    clear()
    chance = random.Random(6)

    cut_short = 0
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "manage.py", "import_leads", *arguments],
            env={**os.environ, **product_environment()},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        least = Lead.objects.count() + chance.randrange(200, 1_300)
        while child.poll() is None and Lead.objects.count() < least and time.monotonic() < deadline:
            time.sleep(0.02)
        cut_short += child.poll() is None
        child.kill()
        child.wait()
    call_command("import_leads", *arguments)

    assert cut_short >= 2
    assert content() == undisturbed
