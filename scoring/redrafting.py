"""A draft made out of what was found: of suggestions, or of a model that was learned. It is a copy of the
version it follows, row by row, so that a part which cannot be computed any more is copied like the others;
only what is to be otherwise is written.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from . import model_file, publishing
from .dimensions import GRADES
from .model_file import ModelFileError, check, line_row, rule_row
from .models import ModelVersion, ScoringModel
from .parts import keys_of
from .stored import activity_types

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def draft_once(
    *, data: Mapping[str, Any], evidence: str, based_on: ModelVersion | None, by: "User | None"
) -> ModelVersion:
    """A draft of ``data`` that says what it is based on and why; one that says the same already is that
    draft. Two at once wait for each other. Raises ModelFileError for what is wrong in ``data`` and was not in
    ``based_on``."""
    model = ScoringModel.objects.select_for_update(no_key=True).filter(key=data["model"]).first()
    with transaction.atomic():
        made = made_of(data, based_on, by)
        there = _same(model, made, evidence) if model else None
        if there is not None:
            transaction.set_rollback(True)
    if there is not None:
        return there
    made.evidence, made.based_on = evidence, based_on
    made.save(update_fields=["evidence", "based_on"])
    return made


def made_of(data: Mapping[str, Any], based_on: ModelVersion | None, by: "User | None") -> ModelVersion:
    """A new draft of ``data``, whose rows are those of ``based_on`` where they say the same. Raises
    ModelFileError for what is wrong in ``data`` and was not in ``based_on``."""
    if based_on is None:
        return model_file.load(data=data, by=by)
    made = publishing.draft_from(version=based_on, by=by)
    before = model_file.save(version=made)
    _refuse_new_faults(before, data)
    _write_settings(made, data)
    _write_rules(made, before, data)
    _write_lines(made, before, data)
    made.refresh_from_db()
    return made


def _same(model: ScoringModel, made: ModelVersion, evidence: str) -> ModelVersion | None:
    """The newest other draft that was made for the same reason and says the same as ``made``."""
    said = model_file.save(version=made)
    drafts = model.versions.filter(state=ModelVersion.State.DRAFT, evidence=evidence).exclude(pk=made.pk)
    return next(
        (draft for draft in drafts.order_by("-number") if model_file.save(version=draft) == said), None
    )


def _refuse_new_faults(before: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    known = {message for _, message in _faults(before)}
    if new := [(path, message) for path, message in _faults(data) if message not in known]:
        raise ModelFileError(new)


def _faults(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        check(data, types=activity_types())
    except ModelFileError as error:
        return error.problems
    return []


# What is otherwise. Triggers, blockers and whom the version is for stay as they are.


def _write_settings(made: ModelVersion, data: Mapping[str, Any]) -> None:
    ceilings = data.get("ceilings", {})
    ModelVersion.objects.filter(pk=made.pk).update(
        grades_from=GRADES.index(data["grades"]["from"]) if "grades" in data else None,
        **{f"ceiling_{name}": ceilings.get(name) for name in made.ceilings},
    )


def _write_rules(made: ModelVersion, before: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Rules by their keys; groups are only left out where no rule needs them any more."""
    said = {rule["key"]: rule for rule in before["rules"]}
    rows = {row.key: row for row in made.rules.all()}
    groups = {group.key: group for group in made.groups.all()}
    made.rules.exclude(key__in=[rule["key"] for rule in data["rules"]]).delete()
    for n, rule in enumerate(data["rules"]):
        old = rows.get(rule["key"])
        if old is not None and rule == said[rule["key"]]:
            if old.position != n:
                made.rules.filter(pk=old.pk).update(position=n)
            continue
        row = rule_row(made, groups, n, rule)
        row.pk = old.pk if old else None
        row.save(force_update=old is not None)
    gone = made.groups.exclude(key__in=[group["key"] for group in data.get("groups", [])])
    gone.update(within=None)
    gone.delete()


def _write_lines(made: ModelVersion, before: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """All of them anew where one says something else: they stand in the order in which they are written."""
    if before["lines"] == data["lines"]:
        return
    made.lines.all().delete()
    for line, key in zip(data["lines"], keys_of(data, "line"), strict=True):
        line_row(made, {**line, "key": key}).save()
