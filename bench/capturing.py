"""P-5 and P-10: how fast events and files come in, against a plain COPY into the same tables. S16: whether
the time of an answer tells who is known."""

import csv
import json
import random
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from bench.measuring import Line, Times, repeated, resident_mib, spell
from capture import mapping
from capture.imports.running import Order, run
from capture.models import Submission
from capture.webforms import arranging, stamps, starters
from leads.models import ActivityType, Lead

EVENTS = 20_000
BATCH = 1_000
ROWS = 100_000
#: Of forms sent with a known and an unknown address.
PAIRS = 300
COLUMNS = ["id", "email", "name", "title", "phone", "city", "firm", "staff"]
MAPPING: dict[str, Any] = {
    "source": "bench",
    "match": {"external_id": "id", "email": "email"},
    "lead": {"name": "name", "title": "title", "phone": "phone", "city": "city"},
    "company": {"name": "firm", "employees": "staff"},
}


@override_settings(CAPTURE_RATE=10**9, CAPTURE_BURST=10**9)
def batches(*, rounds: int) -> list[Line]:
    """P-5: batches of a thousand events over the API; what a source may send is counted, without bounds."""
    emails = list(Lead.objects.exclude(email=None).values_list("email", flat=True)[:5_000])
    leads = list(Lead.objects.filter(email__in=emails).values_list("pk", flat=True))
    kind = ActivityType.objects.get(key="page_view").pk
    user = User.objects.filter(role="admin").first() or User.objects.create_user(
        email="bench@bench.example", role="admin", name="Bench"
    )
    header = {"authorization": f"Bearer {tokens.issue(user=user, scope='capture', name='bench')}"}
    client = Client(SERVER_NAME="localhost")

    def post() -> None:
        at = timezone.now().isoformat()
        for start in range(0, EVENTS, BATCH):
            items = [
                {
                    "event_id": str(uuid.uuid4()),
                    "type": "page_view",
                    "occurred_at": at,
                    "email": emails[(start + n) % len(emails)],
                    "properties": {"page": f"/page/{n}"},
                }
                for n in range(BATCH)
            ]
            answer = client.post(
                "/api/v1/events", json.dumps(items), content_type="application/json", headers=header
            )
            if answer.json().get("accepted") != BATCH:
                raise RuntimeError(f"not all were taken: {answer.content[:300]!r}")

    def copy() -> None:
        at = timezone.now()
        with connection.cursor() as cursor, cursor.copy(_COPY_ACTIVITIES) as rows:
            for n in range(EVENTS):
                page = json.dumps({"page": f"/page/{n}"})
                rows.write_row(
                    (leads[n % len(leads)], kind, at, at, False, "copy", str(uuid.uuid4()), page, "")
                )

    floor = repeated(copy, rounds=rounds, before=_settle)
    measured = repeated(post, rounds=rounds, before=_settle)
    _settle()
    return [_line("P-5", f"{EVENTS:,} events in batches of {BATCH:,}", EVENTS, floor, measured, least=30)]


def file() -> list[Line]:
    """P-10: a file of a hundred thousand leads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows(_person(n) for n in range(ROWS))

        def copy() -> None:
            at = timezone.now()
            with connection.cursor() as cursor, cursor.copy(_COPY_LEADS) as rows:
                for n in range(ROWS):
                    _, email, name, title, phone, city, _, _ = _person(n)
                    start = (uuid.uuid4(), email, name, title, phone, city, at, at, at, at)
                    rows.write_row((*start, "", "bench", "", "{}", "lead", "", "awareness"))

        def imported() -> None:
            order = Order(
                path=path,
                mapping=mapping.check({"kind": "leads", **MAPPING}),
                rejects=path.with_name("no.csv"),
            )
            if run(order=order, at=timezone.now()).created != ROWS:
                raise RuntimeError("not all rows became leads")

        floor = repeated(copy, rounds=1, before=_settle)
        _settle()
        before = resident_mib()
        measured = repeated(imported, rounds=1)
        grown = resident_mib() - before
        _settle()
    line = _line(
        "P-10", f"import of {ROWS:,} rows, {grown:.0f} MiB more held", ROWS, floor, measured, least=20
    )
    return [line]


def known_and_unknown() -> list[Line]:
    """S16: whether the time of an answer tells if an address is known. A form is sent with known addresses
    and with new ones, in turn."""
    by = User.objects.filter(role="admin").first() or User.objects.create_user(
        email="bench@bench.example", role="admin", name="Bench"
    )
    form = arranging.make(name="Bench S16", starter=starters.BLANK, by=by, at=timezone.now())
    asked, opened = [one.key for one in form.fields.all()], timezone.now() - timedelta(seconds=30)
    known = [lead.email or "" for lead in Lead.objects.exclude(email=None).order_by("-pk")[:PAIRS]]
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, email in enumerate(known):
        pair = [("known", email), ("unknown", f"new{number}@{email.partition('@')[2]}")]
        for which, address in random.Random(number).sample(pair, 2):
            stamp = stamps.make(form=form, asked=asked, came={}, at=opened)
            sent = {"email": address, "_stamp": stamp, "_proof": stamps.proof(stamp)}
            visitor = Client(SERVER_NAME="localhost", REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}")
            start = time.perf_counter()
            answer = visitor.post(f"/f/{form.key}/", sent)
            times[which].append(time.perf_counter() - start)
            if answer.status_code != 302:
                raise RuntimeError(f"The form answered {answer.status_code}.")
    Submission.objects.filter(web_form=form).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_activity WHERE source = %s", [form.key])
        cursor.execute("DELETE FROM leads_changedlead")
        cursor.execute("DELETE FROM leads_lead WHERE source = %s OR email LIKE 'new%%@%%'", [form.key])
    form.source.delete()
    floor, measured = Times(times["unknown"]), Times(times["known"])
    return [
        Line(
            id="S16",
            what=f"a form sent with an unknown and a known address, {len(known)} times each, in turn",
            floor=f"unknown p50 {spell(floor.median)}",
            measured=f"known p50 {spell(measured.median)}",
            ratio=f"{measured.median / floor.median:.2f}",
            goal="0.90 to 1.10",
        )
    ]


def _person(n: int) -> list[str]:
    firm = n % 9_000
    return [
        f"p-{n}",
        f"person{n}@firm{firm}.bench.example",
        f"Person Number {n}",
        "Head of Operations",
        f"+49 40 {n:07d}",
        "Hamburg",
        f"Bench firm {firm}",
        str(firm % 900),
    ]


def _line(key: str, what: str, count: int, floor: Times, measured: Times, *, least: int) -> Line:
    share = floor.median / measured.median * 100
    return Line(
        id=key,
        what=what,
        floor=f"{count / floor.median:,.0f}/s by COPY",
        measured=f"{count / measured.median:,.0f}/s",
        ratio=f"{share:.0f} %",
        goal=f">= {least} %",
    )


def _settle() -> None:
    """Take back what a round wrote, and let the database rest: each round finds the same tables."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_activity WHERE source IN ('bench', 'copy')")
        cursor.execute("DELETE FROM leads_leadexternalid WHERE source = 'bench'")
        cursor.execute("DELETE FROM leads_changedlead")
        cursor.execute("DELETE FROM leads_lead WHERE source = 'bench'")
        cursor.execute("DELETE FROM leads_company WHERE name LIKE 'Bench firm %%' AND domain IS NULL", [])
        cursor.execute("VACUUM ANALYZE leads_activity, leads_lead, leads_changedlead, leads_leadexternalid")


_COPY_ACTIVITIES = (
    "COPY leads_activity (lead_id, type_id, occurred_at, received_at, undated, source, event_id, properties,"
    " void_reason) FROM STDIN"
)
_COPY_LEADS = (
    "COPY leads_lead (public_id, email, name, title, phone, city, created_at, updated_at, stage_at, phase_at,"
    " country, source, campaign, attributes, stage, stage_reason, phase) FROM STDIN"
)
