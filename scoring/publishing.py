"""Drafts go live, versions become drafts again, and crossings that publishing caused are released."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from leads.ticks import tick

from .model_file import check, load, save
from .models import Crossing, ModelVersion, ScoringModel
from .stored import activity_types

if TYPE_CHECKING:
    from accounts.models import User


class NotADraft(Exception):
    """Only a draft can be published; the message says what the version is."""


class ReasonMissing(Exception):
    """Publishing needs a reason, such as what was seen in the market (S1-20)."""


@transaction.atomic
def publish(*, version: ModelVersion, by: "User | None", reason: str, at: datetime) -> ModelVersion:
    """Make ``version`` the one that scores from ``at`` on and retire the one before. Everybody is re-scored
    next, in the background; crossings that this causes wait for a person. Raises NotADraft, ReasonMissing,
    and ModelFileError when the draft has a rule that cannot be computed."""
    if not reason.strip():
        raise ReasonMissing("Say why: what did you see that this version answers?")
    model = ScoringModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    version = (
        ModelVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("model")
        .get(pk=version.pk)
    )
    if not version.is_draft:
        raise NotADraft(f"{version} is {version.get_state_display().lower()} already.")
    check(save(version=version), types=activity_types())
    for part in (version.rules, version.stage_triggers, version.blockers):
        part.exclude(disabled_at=None).update(disabled_at=None, disabled_reason="")
    model.versions.published().update(state=ModelVersion.State.RETIRED, rescored_to=None)
    ModelVersion.objects.filter(pk=version.pk).update(
        state=ModelVersion.State.PUBLISHED,
        published_at=at,
        published_by=by,
        reason=reason.strip(),
        rescored_to=0,
    )
    tick("published")
    version.refresh_from_db()
    return version


@transaction.atomic
def draft_from(*, version: ModelVersion, by: "User | None") -> ModelVersion:
    """A draft that says the same as ``version``: to edit, or to go back to it."""
    return load(data=save(version=version), by=by)


@transaction.atomic
def release(*, crossings: Iterable[Crossing], by: "User", at: datetime) -> int:
    """Let held crossings hand over. Returns how many were still held; safe to repeat."""
    released = (
        Crossing.objects.held()
        .filter(pk__in=[crossing.pk for crossing in crossings])
        .update(released_at=at, released_by=by)
    )
    if released:
        tick("crossings")
    return released
