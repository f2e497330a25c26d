"""Why leads are sent back, and what of their score begins anew: what the company agreed, and its changes."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from .models import RecyclingRule, RejectReason, Verdict
from .permissions import NotYours, may_arrange_qualification

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User


class InUse(Exception):
    """A reason that stands in a verdict is switched off, never deleted."""


def with_use() -> "QuerySet[RejectReason]":
    """Every reason in order, each with ``is_used``: whether a verdict names it."""
    named = Verdict.objects.filter(reason=OuterRef("pk"))
    return RejectReason.objects.in_order().annotate(is_used=Exists(named))


@transaction.atomic
def save(*, reason: RejectReason, by: "User") -> RejectReason:
    """Keep what was edited. A digit that another reason has is taken from that
    one: it chooses one reason. Raises NotYours."""
    _refuse(by)
    if reason.key is not None:
        RejectReason.objects.filter(key=reason.key).exclude(pk=reason.pk).update(key=None)
    reason.save()
    return reason


@transaction.atomic
def delete(*, reason: RejectReason, by: "User") -> None:
    """Raises InUse when a verdict names it, NotYours."""
    _refuse(by)
    held = RejectReason.objects.select_for_update().get(pk=reason.pk)
    if Verdict.objects.filter(reason=held).exists():
        raise InUse(f"Leads were sent back because of “{held}”. Switch it off instead.")
    held.delete()


def set_rule(*, resets: str, by: "User", at: datetime) -> RecyclingRule:
    """Agree on what begins anew from now on; what was sent back before stays as it was. Raises NotYours."""
    _refuse(by)
    said = {"resets": RecyclingRule.Resets(resets), "edited_by": by, "edited_at": at}
    return RecyclingRule.objects.update_or_create(pk=1, defaults=said)[0]


def _refuse(by: "User") -> None:
    if not may_arrange_qualification(by):
        raise NotYours("Managers and admins agree on why leads are sent back.")
