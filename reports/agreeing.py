"""What both teams agree on: a value for a figure, from a day on, once a marketer and who leads sales signed.

Everything stays in the table, so that a figure of last March is held against what was agreed then.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Prefetch

from accounts import sides
from accounts.company_days import company_day
from accounts.sides import Side
from scoring import reviewing
from scoring.models import ScoringModel

from .measures import ABOUT, Measure, Unit
from .models import AgreedSignature, AgreedValue

if TYPE_CHECKING:
    from accounts.models import User

#: The model whose agreed handoffs a week follow what is agreed here.
MODEL = "default"
#: Held while somebody proposes a value; a number of its own.
LOCK = 0x61677265
#: What lies beyond is a slip of the pen: an amount a week, business time, and how far ahead it may begin.
MOST_MONEY = 1_000_000_000
MOST_MINUTES = 20 * 24 * 60
FURTHEST = timedelta(days=366)


class Refused(Exception):
    """Nothing is changed; the message says why."""


class NotYours(Refused):
    """A marketer speaks for marketing, a manager for sales, an admin for one of them."""


class NoValue(Refused):
    """No such value can be agreed on, or not from that day: ``field`` says which."""

    def __init__(self, message: str, field: str = "value") -> None:
        super().__init__(message)
        self.field = field


class Waits(Refused):
    """Another value of the figure, ``there``, waits for the other side."""

    def __init__(self, there: AgreedValue) -> None:
        super().__init__(f"{there.proposed_by} has proposed another value, which waits to be signed.")
        self.there = there


class Settled(Refused):
    """It was signed by this side, agreed, replaced or withdrawn meanwhile."""


def sides_of(user: "User", agreed: AgreedValue | None = None) -> list[Side]:
    """For which sides ``user`` may speak: of ``agreed``, only where that side has not signed yet and they
    have not signed for the other. Reads ``agreed.signatures``."""
    if agreed is None:
        return sides.of(user, {})
    if agreed.agreed_at or agreed.dropped_at:
        return []
    return sides.left_to(user, {each.side: each.by_id for each in agreed.signatures.all()})


@transaction.atomic
def propose(
    *,
    measure: Measure,
    value: Decimal,
    holds_from: date,
    by: "User",
    side: str,
    at: datetime,
    note: str = "",
    instead_of: UUID | None = None,
) -> AgreedValue:
    """Propose ``value`` from ``holds_from`` on and sign it for ``side``. A proposal that waits is replaced
    where ``instead_of`` names it; the same again changes nothing. Raises NotYours, NoValue, Waits."""
    if side not in sides_of(by):
        raise NotYours("Marketing's word is a marketer's, sales' word a manager's.")
    _check(measure, value, holds_from, company_day(at))
    _one_after_the_other()
    there = waiting(measure)
    if there is not None:
        same = (there.value, there.holds_from, there.proposed_by_id) == (value, holds_from, by.pk)
        if same:
            return there
        if there.public_id != instead_of:
            raise Waits(there)
        AgreedValue.objects.proposed().filter(pk=there.pk).update(dropped_at=at)
    made = AgreedValue.objects.create(
        measure=measure, value=value, holds_from=holds_from, note=note.strip(), proposed_by=by, proposed_at=at
    )
    AgreedSignature.objects.create(agreed=made, side=side, by=by, at=at)
    return made


@transaction.atomic
def sign(*, agreed: AgreedValue, by: "User", side: str, at: datetime) -> AgreedValue:
    """``side`` agrees. With the second side it holds: from the day it names, or from today where that has
    passed, so that no past figure is judged anew. Raises NotYours, Settled."""
    held = AgreedValue.objects.select_for_update().get(pk=agreed.pk)
    if held.agreed_at or held.dropped_at:
        raise Settled(
            "This was agreed already." if held.agreed_at else "This proposal was withdrawn or replaced."
        )
    if side not in sides_of(by):
        raise NotYours("Marketing's word is a marketer's, sales' word a manager's.")
    if side not in sides_of(by, held):
        raise Settled("This side has signed, or you signed for the other one.")
    AgreedSignature.objects.create(agreed=held, side=side, by=by, at=at)
    if held.signatures.count() == len(Side):
        held.agreed_at = at
        held.holds_from = max(held.holds_from, company_day(at))
        held.save(update_fields=["agreed_at", "holds_from"])
        if held.measure == Measure.HANDOFFS:
            # What rules are previewed against is what comes, so it follows at once.
            ScoringModel.objects.filter(key=MODEL).update(agreed_handoffs=int(held.value))
    return held


@transaction.atomic
def withdraw(*, agreed: AgreedValue, by: "User", at: datetime) -> None:
    """Take a proposal back; either side may. Safe to repeat. Raises NotYours, Settled."""
    held = AgreedValue.objects.select_for_update().get(pk=agreed.pk)
    if not sides_of(by):
        raise NotYours("Who may sign a proposal may take it back.")
    if held.agreed_at:
        raise Settled("Both sides agreed on it meanwhile: propose another value.")
    if held.dropped_at is None:
        held.dropped_at = at
        held.save(update_fields=["dropped_at"])


def waiting(measure: Measure) -> AgreedValue | None:
    """What is proposed of ``measure`` and waits for the other side. One query, and one for who signed."""
    signed = Prefetch("signatures", AgreedSignature.objects.select_related("by").order_by("at", "id"))
    rows = AgreedValue.objects.proposed().filter(measure=measure).select_related("proposed_by")
    return rows.prefetch_related(signed).first()


def in_force(*, on: date) -> dict[Measure, AgreedValue]:
    """What holds on the day ``on``, as it is known now. One query."""
    rows = AgreedValue.objects.holding(on).distinct("measure")
    return {Measure(row.measure): row for row in rows}


def before(agreed: AgreedValue) -> AgreedValue | None:
    """What both sides had agreed on of the same figure, for the day from which ``agreed`` holds, or would.
    One query."""
    earlier = AgreedValue.objects.holding(agreed.holds_from).filter(measure=agreed.measure)
    if agreed.agreed_at is not None:
        earlier = earlier.filter(agreed_at__lt=agreed.agreed_at)
    return earlier.exclude(pk=agreed.pk).first()


def _one_after_the_other() -> None:
    """Two who propose at once wait for each other, also where nothing is there yet to be held."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _check(measure: Measure, value: Decimal, holds_from: date, today: date) -> None:
    unit = ABOUT[measure].unit
    if value < 0:
        raise NoValue("Agree on 0 or more.")
    if unit == Unit.SHARE and value > 100:
        raise NoValue("A share is 100 % at most.")
    if unit == Unit.COUNT and (value != value.to_integral_value() or value > reviewing.MOST_AGREED):
        raise NoValue(f"Agree on a whole number up to {reviewing.MOST_AGREED:,}.")
    if unit == Unit.MONEY and value > MOST_MONEY:
        raise NoValue(f"Agree on at most {MOST_MONEY:,} a week.")
    if unit == Unit.MINUTES and value > MOST_MINUTES:
        raise NoValue(f"Agree on at most {MOST_MINUTES:,} minutes of business time.")
    if holds_from < today:
        raise NoValue(
            "It can hold from today on: what has passed was measured by what was agreed then.", "holds_from"
        )
    if holds_from > today + FURTHEST:
        raise NoValue(
            "It can hold from a day within a year: agree on what lies further off then.", "holds_from"
        )
