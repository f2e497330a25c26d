"""How far a deal can be and why deals are lost: what the company agreed, and its changes."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from leads.models import LossReason, Opportunity, OpportunityStage, OpportunityStep

from .permissions import NotYours, may_arrange_qualification

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User


class InUse(Exception):
    """A stage or reason that stands in a deal is switched off, never deleted."""


class LastStage(Exception):
    """A new opportunity begins in the first stage: one stays on."""


def stages_with_use() -> "QuerySet[OpportunityStage]":
    """Every stage in order, each with ``is_used``: whether a deal stands or stood in it."""
    stands = Opportunity.objects.filter(stage=OuterRef("pk"))
    moved = OpportunityStep.objects.filter(to_stage=OuterRef("pk"))
    left = OpportunityStep.objects.filter(from_stage=OuterRef("pk"))
    used = Exists(stands) | Exists(moved) | Exists(left)
    return OpportunityStage.objects.annotate(is_used=used).order_by("position", "id")


def loss_reasons() -> "QuerySet[LossReason]":
    """Every loss reason in order, those that are off too."""
    return LossReason.objects.order_by("position", "id")


@transaction.atomic
def save_stage(*, stage: OpportunityStage, by: "User") -> OpportunityStage:
    """Keep what was edited; deals stay where they are. Raises LastStage when none would be on, NotYours."""
    _refuse(by)
    if not stage.is_active:
        _keep_one(but=stage)
    stage.save()
    return stage


@transaction.atomic
def delete_stage(*, stage: OpportunityStage, by: "User") -> None:
    """Raises InUse when a deal stands or stood in it, LastStage, NotYours."""
    _refuse(by)
    _keep_one(but=stage)
    if has_deals(stage):
        raise InUse(f"Deals stand or stood in “{stage}”. Switch it off instead.")
    stage.delete()


@transaction.atomic
def save_loss_reason(*, reason: LossReason, by: "User") -> LossReason:
    """Keep what was edited. Raises NotYours."""
    _refuse(by)
    reason.save()
    return reason


@transaction.atomic
def delete_loss_reason(*, reason: LossReason, by: "User") -> None:
    """Raises InUse when a deal was lost because of it, NotYours."""
    _refuse(by)
    held = LossReason.objects.select_for_update().get(pk=reason.pk)
    if is_named(held):
        raise InUse(f"Deals were lost because of “{held}”. Switch it off instead.")
    held.delete()


def has_deals(stage: OpportunityStage) -> bool:
    """Whether a deal stands or stood in the stage. Up to 2 queries."""
    steps = OpportunityStep.objects.filter(Q(to_stage=stage) | Q(from_stage=stage))
    return stage.opportunities.exists() or steps.exists()


def is_named(reason: LossReason) -> bool:
    """Whether a deal, or the history of one, names the reason. Up to 2 queries."""
    return (
        Opportunity.objects.filter(lost_reason=reason.code).exists()
        or OpportunityStep.objects.filter(reason=reason.code).exists()
    )


def _keep_one(*, but: OpportunityStage) -> None:
    """Holds the stages, so that two people do not switch off the last two at once."""
    on = OpportunityStage.objects.select_for_update().filter(is_active=True).order_by("id")
    if all(stage.pk == but.pk for stage in on):
        raise LastStage("Keep at least one stage on: a new opportunity begins there.")


def _refuse(by: "User") -> None:
    if not may_arrange_qualification(by):
        raise NotYours("Managers and admins agree on the stages of deals.")
