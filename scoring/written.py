"""What both teams mean by an MQL and an SQL, in their own words beside what the rules say: proposed by one
side, in force when both have signed (S1-12)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Max, Prefetch, QuerySet

from accounts import sides
from accounts.permissions import may_review_rules, may_sign_for
from accounts.sides import Side

from .models import DefinitionSignOff, ModelVersion, WrittenDefinition

if TYPE_CHECKING:
    from accounts.models import User

#: One at a time proposes or signs.
LOCK = 7_331


class Refused(Exception):
    """The words cannot be taken, or signed; the message says why."""


class NotYours(Refused):
    """Somebody in another role does this."""


class NothingNew(Refused):
    """The words are in force already, or proposed as they are."""


class Overtaken(Refused):
    """Newer words were proposed meanwhile."""


class AlreadySigned(Refused):
    """The side has signed, or the person has signed for the other one."""


def history() -> QuerySet[WrittenDefinition]:
    """Every definition that was written down, the newest first, each with its signatures. 2 queries."""
    signatures = Prefetch("sign_offs", DefinitionSignOff.objects.select_related("by").order_by("id"))
    rows = WrittenDefinition.objects.select_related("proposed_by", "version").prefetch_related(signatures)
    return rows.order_by("-number")


def in_force() -> WrittenDefinition | None:
    """The newest that both teams signed."""
    return history().filter(in_force_at__isnull=False).first()


def proposed() -> WrittenDefinition | None:
    """What waits for a signature: the newest of all, unless it is in force."""
    newest = history().first()
    return newest if newest and newest.in_force_at is None else None


@transaction.atomic
def propose(*, by: "User", side: str, mql: str, sql: str, note: str, at: datetime) -> WrittenDefinition:
    """Write down what MQL and SQL shall mean, and sign it for ``side``. It replaces what was proposed before
    and not signed by both. Raises NotYours, NothingNew."""
    if not may_review_rules(by):
        raise NotYours("Marketing, managers and admins propose what the words mean.")
    if not may_sign_for(by, side):
        raise NotYours(sides.whose(side))
    _one_at_a_time()
    mql, sql, note = mql.strip(), sql.strip(), note.strip()
    newest = WrittenDefinition.objects.order_by("-number").first()
    if newest is not None and (newest.mql, newest.sql) == (mql, sql):
        if newest.in_force_at is None and newest.proposed_by_id == by.pk:
            return newest  # sent twice
        raise NothingNew("These words are in force already." if newest.in_force_at else "They wait already.")
    number = WrittenDefinition.objects.aggregate(last=Max("number"))["last"] or 0
    live = ModelVersion.objects.published().filter(model__key="default").first()
    made = WrittenDefinition.objects.create(
        number=number + 1, mql=mql, sql=sql, note=note, version=live, proposed_by=by, proposed_at=at
    )
    DefinitionSignOff.objects.create(definition=made, side=side, by=by, at=at)
    return made


@transaction.atomic
def sign(*, definition: WrittenDefinition, by: "User", side: str, at: datetime) -> WrittenDefinition:
    """``by`` agrees for ``side``; each side signs once, nobody for both. The second signature puts the words
    in force. Raises NotYours, Overtaken, AlreadySigned. Safe to repeat."""
    if not may_sign_for(by, side):
        raise NotYours(sides.whose(side))
    _one_at_a_time()
    found = WrittenDefinition.objects.get(pk=definition.pk)
    signed = {one.side: one for one in found.sign_offs.select_related("by")}
    if side in signed and signed[side].by_id == by.pk:
        return found
    if found.in_force_at is not None:
        raise AlreadySigned("Both sides have signed these words.")
    if WrittenDefinition.objects.filter(number__gt=found.number).exists():
        raise Overtaken("Other words were proposed meanwhile. Read them, and sign those.")
    if against := sides.why_not(by, side, {key: one.by for key, one in signed.items()}):
        raise AlreadySigned(against)
    DefinitionSignOff.objects.create(definition=found, side=side, by=by, at=at)
    if len(signed) + 1 == len(Side):
        found.in_force_at = at
        found.save(update_fields=["in_force_at"])
    return found


def _one_at_a_time() -> None:
    """Until the transaction ends nobody else proposes or signs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
