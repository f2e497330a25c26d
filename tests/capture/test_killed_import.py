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
from django.test import Client

from capture.models import Import
from leads.models import Activity, Company, Lead, StageChange
from tests import factories
from tests.capture.importing import counts, imported, matched, told, uploaded
from tests.fixtures.processes import product_environment

ROWS = 4_000
DYING = """
import sys, django
django.setup()
from tests.capture import dying_worker
dying_worker.run(*sys.argv[1:])
"""
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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_B6_an_import_of_the_page_whose_worker_dies_twenty_times_ends_the_same(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client.force_login(factories.marketer())
    rows = [
        f"{n},a{n % 9_000}@firm{n % 9_000 % 700}.example,Ada {n % 9_000},2024-01-01"
        if n % 1_000
        else "no-id,nobody,Nobody,"
        for n in range(12_000)
    ]
    file = "\n".join(["ID,Email,Name,Created At", *rows]).encode()
    undisturbed = imported(client, file)
    wanted = (counts(undisturbed), content(), _rejected(undisturbed))
    assert undisturbed.state == Import.State.DONE
    clear()

    one = matched(client, uploaded(client, file))
    told(client, one, "start")
    died = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path), "6"],
        env={**os.environ, **product_environment()},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout

    one.refresh_from_db()
    assert int(died) == 20
    assert one.state == Import.State.DONE
    assert (counts(one), content(), _rejected(one)) == wanted
    again = imported(client, file)
    assert (again.created, again.updated, again.rejected) == (0, 0, wanted[0][3])


def _rejected(one: Import) -> list[tuple[int, str]]:
    return list(one.rejected_rows.filter(of_check=False).order_by("line").values_list("line", "reason"))
