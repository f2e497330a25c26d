"""Many times what a source may send, over real web processes: nothing breaks, nothing that was taken is lost,
and who is told to wait is told for how long (L1)."""

import http.client
import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from accounts import tokens
from leads.models import Activity
from tests import factories as make
from tests.fixtures.processes import Broker, serving

RATE, BURST = 10, 60
CLIENTS, EACH, BATCH = 6, 12, 10


@pytest.mark.timeout(200)
def test_L1_a_flood_is_held_to_the_declared_rate_and_every_2xx_is_stored(
    transactional_db: None, broker: Broker, tmp_path: Path
) -> None:
    token = tokens.issue(user=make.marketer(), scope="capture", name="shop")
    statuses: Counter[int] = Counter()
    taken: set[str] = set()
    waits: set[str | None] = set()
    lock = threading.Lock()

    def flood(address: str, client: int) -> None:
        parts = urlsplit(address)
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        for number in range(EACH):
            key = f"{client}-{number}"
            now = datetime.now(UTC).isoformat()
            events = [
                {"event_id": f"{key}-{n}", "type": "page_view", "occurred_at": now, "email": "a@b.example"}
                for n in range(BATCH)
            ]
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            line.request("POST", "/api/v1/events", json.dumps(events), headers)
            answer = line.getresponse()
            answer.read()
            with lock:
                statuses[answer.status] += 1
                if answer.status == 202:
                    taken.update(event["event_id"] for event in events)
                else:
                    waits.add(answer.headers["Retry-After"])
        line.close()

    limits = {"CAPTURE_RATE": str(RATE), "CAPTURE_BURST": str(BURST)}
    with serving(tmp_path, processes=2, **limits) as (address, _):
        began = time.monotonic()
        clients = [threading.Thread(target=flood, args=(address, client)) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(60)
        lasted = time.monotonic() - began

    assert set(statuses) == {202, 429}, statuses
    assert all(wait is not None and int(wait) >= 1 for wait in waits)
    assert set(Activity.objects.values_list("event_id", flat=True)) == taken
    # Both processes count together; a batch may overdraw what is left by itself.
    assert BURST <= len(taken) <= BURST + RATE * lasted + BATCH
