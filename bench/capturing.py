"""P-5 and P-10: how fast events and files come in, against a plain COPY into the same tables."""

import csv
import http.client
import json
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from bench.measuring import Line, Times, repeated, resident_mib
from bench.web import web
from capture import mapping
from capture.imports.running import Order, run
from leads.models import ActivityType, Lead

EVENTS = 40_000
BATCH = 1_000
SINGLES = 2_000
SENDERS = 8
ROWS = 100_000
COLUMNS = ["Record ID", "Email", "Name", "Job title", "Phone", "City", "Company", "Employees"]
MAPPING: dict[str, Any] = {
    "source": "bench",
    "match": {"external_id": "Record ID", "email": "Email"},
    "lead": {"name": "Name", "title": "Job title", "phone": "Phone", "city": "City"},
    "company": {"name": "Company", "employees": "Employees"},
}


def arriving(*, rounds: int) -> list[Line]:
    """P-5: events over HTTP to the web processes that ``up`` starts, in batches of a thousand and one by one.
    No workers run, in the floor neither."""
    emails = [str(lead.email) for lead in Lead.objects.exclude(email=None).only("email")[:5_000]]
    user = User.objects.filter(role="admin").first() or User.objects.create_user(
        email="bench@bench.example", role="admin", name="Bench"
    )
    token = tokens.issue(user=user, scope="capture", name="bench")
    with web() as port:
        post(port=port, token=token, emails=emails, count=2 * SENDERS, batch=1)
        in_batches = _in_turn(
            lambda: _copy(emails, EVENTS),
            lambda: post(port=port, token=token, emails=emails, count=EVENTS, batch=BATCH),
            rounds=rounds,
        )
        singly = _in_turn(
            lambda: _loop(emails, SINGLES),
            lambda: post(port=port, token=token, emails=emails, count=SINGLES, batch=1),
            rounds=rounds,
        )
    settle()
    return [
        _line("P-5", f"{EVENTS:,} events in batches of {BATCH:,}", EVENTS, *in_batches, least=30),
        _line("P-5", f"{SINGLES:,} events one by one", SINGLES, *singly, least=45, by="single statements"),
    ]


def _in_turn(floor: Callable[[], object], ours: Callable[[], object], *, rounds: int) -> tuple[Times, Times]:
    """One after the other, so that both meet the same weather on a shared machine."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, seconds in zip((floor, ours), taken, strict=True):
            seconds += repeated(work, rounds=1, before=settle).seconds
    return Times(taken[0]), Times(taken[1])


def _copy(emails: list[str], count: int) -> None:
    kind = ActivityType.objects.get(key="page_view").pk
    leads = list(Lead.objects.filter(email__in=emails).values_list("pk", flat=True))
    at = timezone.now()
    with connection.cursor() as cursor, cursor.copy(_COPY_ACTIVITIES) as rows:
        for n in range(count):
            page = json.dumps({"page": f"/page/{n}"})
            rows.write_row((leads[n % len(leads)], kind, at, at, False, "copy", str(uuid.uuid4()), page, ""))


def _loop(emails: list[str], count: int) -> None:
    """What the least of programs would do: find whose it is and keep it, in one statement, each committed."""
    with connection.cursor() as cursor:
        for n in range(count):
            at, page = timezone.now(), json.dumps({"page": f"/page/{n}"})
            cursor.execute(_STORE, [at, at, str(uuid.uuid4()), page, emails[n % len(emails)], "page_view"])


def post(*, port: int, token: str, emails: list[str], count: int, batch: int) -> None:
    """``count`` events, so many a request, by eight senders at once. Raises RuntimeError unless each was
    accepted."""
    failed: list[str] = []

    def send(first: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Host": "localhost",
        }
        for start in range(first * batch, count, SENDERS * batch):
            at = timezone.now().isoformat()
            events = [
                {
                    "event_id": str(uuid.uuid4()),
                    "type": "page_view",
                    "occurred_at": at,
                    "email": emails[n % len(emails)],
                    "properties": {"page": f"/page/{n}"},
                }
                for n in range(start, start + batch)
            ]
            client.request("POST", "/api/v1/events", json.dumps(events), headers)
            answer = client.getresponse()
            said = answer.read()
            if answer.status != http.client.ACCEPTED or json.loads(said)["accepted"] != batch:
                failed.append(f"{answer.status} {said[:200]!r}")
        client.close()

    senders = [threading.Thread(target=send, args=(first,)) for first in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failed:
        raise RuntimeError(f"{len(failed)} requests were not taken: {failed[0]}")


def file() -> list[Line]:
    """P-10: a file of a hundred thousand leads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_people(path, rows=ROWS)

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

        floor = repeated(copy, rounds=1, before=settle)
        settle()
        before = resident_mib()
        measured = repeated(imported, rounds=1)
        grown = resident_mib() - before
        settle()
    line = _line(
        "P-10", f"import of {ROWS:,} rows, {grown:.0f} MiB more held", ROWS, floor, measured, least=20
    )
    return [line]


def write_people(path: Path, *, rows: int, of: str = "p") -> None:
    """A CSV file of so many people, nine thousand companies among them; ``of`` names them apart."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(_person(n, of) for n in range(rows))


def _person(n: int, of: str = "p") -> list[str]:
    firm = n % 9_000
    return [
        f"{of}-{n}",
        f"{of}{n}@firm{firm}.bench.example",
        f"Person Number {n}",
        "Head of Operations",
        f"+49 40 {n:07d}",
        "Hamburg",
        f"Bench firm {firm}",
        str(firm % 900),
    ]


def _line(
    key: str, what: str, count: int, floor: Times, measured: Times, *, least: int, by: str = "COPY"
) -> Line:
    share = floor.median / measured.median * 100
    return Line(
        id=key,
        what=what,
        floor=f"{count / floor.median:,.0f}/s by {by}",
        measured=f"{count / measured.median:,.0f}/s",
        ratio=f"{share:.0f} %",
        goal=f">= {least} %",
    )


def settle() -> None:
    """Take back what a round wrote, and let the database rest: each round finds the same tables."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_activity WHERE source IN ('bench', 'copy')")
        cursor.execute("DELETE FROM leads_leadexternalid WHERE source = 'bench'")
        cursor.execute("DELETE FROM leads_changedlead")
        cursor.execute("DELETE FROM leads_lead WHERE source = 'bench'")
        cursor.execute(
            "DELETE FROM leads_company c WHERE name LIKE 'Bench firm %%' AND domain IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM leads_lead l WHERE l.company_id = c.id)",
            [],
        )
        cursor.execute("VACUUM ANALYZE leads_activity, leads_lead, leads_changedlead, leads_leadexternalid")


_COPY_ACTIVITIES = (
    "COPY leads_activity (lead_id, type_id, occurred_at, received_at, undated, source, event_id, properties,"
    " void_reason) FROM STDIN"
)
_STORE = """
INSERT INTO leads_activity
    (lead_id, type_id, occurred_at, received_at, undated, source, event_id, properties, void_reason)
SELECT l.id, t.id, %s, %s, false, 'copy', %s, %s::jsonb, ''
FROM leads_lead l, leads_activitytype t WHERE lower(l.email) = %s AND t.key = %s
ON CONFLICT (source, event_id) DO NOTHING
"""
_COPY_LEADS = (
    "COPY leads_lead (public_id, email, name, title, phone, city, created_at, updated_at, stage_at, phase_at,"
    " country, source, campaign, attributes, stage, stage_reason, phase) FROM STDIN"
)
