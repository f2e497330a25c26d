"""Another name for a group of a draft. Its rules and the groups within it stay where they are."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from . import publishing
from .models import ModelVersion, RuleGroup
from .parts import NoSuchPart, Place, key_for
from .sentences import group_named

if TYPE_CHECKING:
    from accounts.models import User


class NameTaken(ValueError):
    """Another group of the draft has the name, or it has no letter from a to z; the message says so."""


@transaction.atomic
def rename_group(*, version: ModelVersion, key: str, name: str, by: "User", at: datetime) -> Place:
    """Where the group ``key`` of a draft is from now on. A name that says the same changes nothing; safe to
    repeat. Raises NameTaken, NoSuchPart, publishing.NotADraft, ModelVersion.DoesNotExist."""
    held = ModelVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
    if not held.is_draft:
        raise publishing.NotADraft(f"{held} cannot be edited.")
    if name.strip() in ("", key, group_named(key)):
        return Place("group", key)
    wanted = key_for(name, [], otherwise="")
    if not wanted:
        raise NameTaken("Give the group a name with a letter from a to z.")
    if wanted != key and held.groups.filter(key=wanted).exists():
        raise NameTaken(f"There is a group “{group_named(wanted)}” already.")
    if not RuleGroup.objects.filter(version=held, key=key).update(key=wanted):
        raise NoSuchPart(f"There is no group {key!r}.")
    ModelVersion.objects.filter(pk=held.pk).update(edited_at=at, edited_by=by)
    return Place("group", wanted)
