"""What Fieldline sold before it had this product: the deals of its old CRM, imported as anybody's would be. So
that a forecast has a past to read."""

import csv
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from capture import mapping
from capture.imports.running import Order, run

from . import cast, planning, stories

SOURCE = "old-crm"
#: Deals that were opened in a month, least and most; no more than 20 in a quarter.
A_MONTH = (5, 7)
MONTHS = 20
#: Of ten deals that ended, so many were won.
WON = 0.55
#: A licence per technician and year, in euros, as small teams buy it.
PRICE = 39 * 12
_COLUMNS = ("Deal", "E-Mail", "Name", "Company", "Website", "Source", "Opened", "Closed", "Result", "Amount")
_LEADS: dict[str, Any] = {
    "source": SOURCE,
    "kind": "leads",
    "match": {"email": "E-Mail"},
    "created_at": "Opened",
    "lead": {"name": "Name", "source": "Source"},
    "company": {"name": "Company", "domain": "Website"},
}
_DEALS: dict[str, Any] = {
    "source": SOURCE,
    "kind": "outcomes",
    "match": {"email": "E-Mail"},
    "outcome": {
        "external_id": "Deal",
        "created_at": "Opened",
        "at": "Closed",
        "amount": "Amount",
        "won": {"column": "Result", "is": ["won"]},
        "lost": {"column": "Result", "is": ["lost"]},
    },
}


def bring(*, now: datetime, rng: Random, taken: set[str]) -> None:
    """Import the deals of the ``MONTHS`` that ended before the demo's own days, of firms that are none of
    ``taken`` (domains). The caller scores. The same moment and ``rng`` bring the same deals."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old-crm-deals.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(_COLUMNS)
            rows.writerows(_deals(now, rng, taken))
        for data in (_LEADS, _DEALS):
            order = Order(
                path=path,
                mapping=mapping.check(data),
                rejects=path.with_suffix(".rejected"),
                live=False,
                dry_run=False,
                encoding=None,
                join=None,
            )
            run(order=order, at=now)


def _deals(now: datetime, rng: Random, taken: set[str]) -> list[tuple[str, ...]]:
    """Opened and closed before the demo's own history begins."""
    until = now - stories.HISTORY - timedelta(days=12)
    firms = iter(cast.firms(rng, taken=taken))
    addresses: set[str] = set()
    found = list[tuple[str, ...]]()
    for month in range(MONTHS, 0, -1):
        for _ in range(rng.randint(*A_MONTH)):
            firm = next(firms)
            source = rng.choices(list(planning.SOURCES), list(planning.SOURCES.values()))[0]
            person = cast.person(rng, firm, source, addresses, low=False)
            opened = until - timedelta(days=30 * month - rng.uniform(0, 28))
            closed = min(opened + timedelta(days=rng.uniform(20, 75)), until)
            found.append(
                (
                    f"OLD-{len(found) + 1:04d}", person.email, person.name, firm.name, firm.domain, source,
                    opened.isoformat(), closed.isoformat(), "won" if rng.random() < WON else "lost",
                    str(firm.technicians * PRICE),
                )
            )  # fmt: skip
    return found
