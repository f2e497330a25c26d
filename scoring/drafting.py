"""Edit one part of a draft: a rule, a line, a trigger, a blocker, a group, or the model's own settings.

A part travels as in a model file. Whoever saves it says what it was when they began (its ``stamp``): when
somebody else changed it meanwhile nothing is written. What would break the version is refused, fault by
fault, with paths that begin at the part: ``$.when.all[0].value``.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import transaction

from . import model_file, publishing
from .conditions import parse
from .dimensions import GRADES
from .model_checking import ModelFileError, check, grade_or_points
from .models import Line, ModelVersion, Rule, RuleGroup, ScoringModel
from .parts import (
    LISTS,
    SETTINGS,
    NoSuchPart,
    Place,
    index_of,
    is_within,
    keys_of,
    name_of,
    part_of,
    path_of,
    stamp,
)
from .ruleset import BlockerSpec, LineSpec, Ruleset, TriggerSpec
from .stored import activity_types, read, rule_spec

if TYPE_CHECKING:
    from accounts.models import User


#: So long a form that made a part is known again.
KEPT_SECONDS = 24 * 60 * 60


class PartFaults(ValueError):
    """What is wrong with a part, as (path from the part on, what would be right). Faults that it causes in
    other parts have the path "" and name the part."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(message for _, message in faults))
        self.faults = faults


class ChangedMeanwhile(Exception):
    """The part was saved after it was loaded. ``now`` is what it says now, None when it is gone; ``by`` and
    ``at`` say who last saved anything in the draft, which need not have been this part."""

    def __init__(self, now: dict[str, Any] | None, by: "User | None", at: datetime | None) -> None:
        super().__init__("This part was changed meanwhile.")
        self.now, self.by, self.at = now, by, at


class SavedAlready(Exception):
    """The form of a new part was sent before, and the part is at ``place``. ``same``: it said the same."""

    def __init__(self, place: Place, *, same: bool) -> None:
        super().__init__("This was saved already.")
        self.place, self.same = place, same


# Trying


def faults_of(data: Mapping[str, Any], place: Place, part: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What would be wrong with the model file ``data`` if it said ``part`` at ``place``; [] when nothing
    would that was not wrong before. One query."""
    types = activity_types()
    changed = changed_file(data, place, part)
    own = path_of(changed, place)
    before = {message for path, message in _all_faults(data, types) if not is_within(path, own)}
    found = []
    for path, message in _all_faults(changed, types):
        if is_within(path, own):
            found.append(("$" + path[len(own) :], message))
        elif message not in before:
            found.append(("", f"{name_of(changed, path)}: {message}"))
    return found


def changed_file(data: Mapping[str, Any], place: Place, part: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` with ``part`` at ``place``."""
    if place.kind == "settings":
        return {**{name: value for name, value in data.items() if name not in SETTINGS}, **part}
    name = LISTS[place.kind]
    parts = list(data.get(name, []))
    if place.kind == "line" and place.key:
        part = {**part, "key": place.key}
    if place.key in keys_of(data, place.kind):
        parts[index_of(data, place)] = dict(part)
    else:  # new, or deleted meanwhile
        parts.append(dict(part))
    return {**data, name: parts}


def supposed(*, version: ModelVersion, place: Place, part: Mapping[str, Any]) -> Ruleset:
    """What ``version`` would be with ``part``, which is right, at ``place``. Nothing is stored. 7 queries."""
    types = activity_types()
    ruleset = read(version, types)
    when: Any = parse(part["when"], types=types) if "when" in part else None
    unless = parse(part["unless"], types=types) if "unless" in part else None
    is_on = part.get("on", True)
    match place.kind:
        case "rule":
            group = part.get("group")
            row = model_file.rule_row(version, {group: RuleGroup(key=group)} if group else {}, 0, part)
            spec = rule_spec(row, when, unless)
            return replace(ruleset, rules=_put(ruleset.rules, place.key, spec if is_on else None))
        case "trigger":
            moved = TriggerSpec(part["key"], part["label"], part["stage"], when, unless)
            return replace(ruleset, triggers=_put(ruleset.triggers, place.key, moved if is_on else None))
        case "blocker":
            kept = BlockerSpec(part["key"], part["label"], when, unless)
            return replace(ruleset, blockers=_put(ruleset.blockers, place.key, kept if is_on else None))
        case "line":
            minimums = {name: grade_or_points(least) for name, least in part["min"].items()}
            line = LineSpec(part["stage"], minimums, part.get("leave", 0), part.get("cool_down_days", 0))
            lines, keys = list(ruleset.lines), keys_of(model_file.save(version=version), "line")
            if place.key in keys:
                lines[keys.index(place.key)] = line
            else:
                lines.append(line)
            return replace(ruleset, lines=tuple(lines))
        case "group":
            within = {key: outer for key, outer in ruleset.within.items() if key != part["key"]}
            if "within" in part:
                within[part["key"]] = part["within"]
            return replace(ruleset, groups={**ruleset.groups, part["key"]: part["cap"]}, within=within)
    applies_to = parse(part["applies_to"], facts_only=True) if "applies_to" in part else None
    return replace(
        ruleset,
        applies_to=applies_to,
        time_zone=part.get("time_zone", "UTC"),
        grades_from=GRADES.index(part["grades"]["from"]) if "grades" in part else None,
        ceilings={name: part.get("ceilings", {}).get(name) for name in ruleset.ceilings},
    )


# Writing


@transaction.atomic
def save_part(
    *,
    version: ModelVersion,
    place: Place,
    part: Mapping[str, Any],
    seen: str,
    by: "User",
    at: datetime,
    after: str | None = None,
    once: str = "",
) -> Place:
    """Write ``part`` at ``place`` of a draft. ``seen`` is the stamp of what it was when it was loaded, "" for
    a new one; ``after`` the key it comes after, "" for first, None to stay; ``once`` the form's own word,
    with which a new part is made no second time within a day. Raises publishing.NotADraft, ChangedMeanwhile,
    SavedAlready, PartFaults, and ModelVersion.DoesNotExist for a draft that was discarded."""
    version = _hold(version)
    data = model_file.save(version=version)
    if place.key:
        _must_be_as_seen(version, data, place, seen)
    elif once:
        _must_be_first(version, data, place, part, once)
    if place.kind == "line":
        part = {**part, "key": place.key or part.get("key") or f"{part.get('stage')}-{secrets.token_hex(4)}"}
    if faults := faults_of(data, place, part):
        raise PartFaults(faults)
    if place.kind == "settings":
        _write_settings(version, part)
    else:
        _write_row(version, data, place, part)
    if after is not None and place.kind in ("rule", "trigger", "blocker"):
        _order(version, place.kind, part["key"], after)
    _touch(version, by, at)
    saved = Place(place.kind, part.get("key", "model"))
    if once and not place.key:
        cache.set(_once(version, once), (saved.key, stamp(part)), KEPT_SECONDS)
    return saved


@transaction.atomic
def draft_once(*, version: ModelVersion, by: "User", once: str) -> ModelVersion:
    """A draft that says what ``version`` says, for a form whose own word is ``once``: the same draft when the
    form comes a second time, as long as it is there and open."""
    ScoringModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    drafts = version.model.versions.filter(state=ModelVersion.State.DRAFT).select_related("model")
    key = f"{_once(version, once)}:draft"
    made = drafts.filter(pk=cache.get(key)).first() if once else None
    if made is None:
        made = publishing.draft_from(version=version, by=by)
        if once:
            cache.set(key, made.pk, KEPT_SECONDS)
    return made


@transaction.atomic
def delete_part(*, version: ModelVersion, place: Place, seen: str, by: "User", at: datetime) -> None:
    """Take a part out of a draft. Raises publishing.NotADraft, ChangedMeanwhile, PartFaults when others need
    it, and ModelVersion.DoesNotExist for a draft that was discarded."""
    version = _hold(version)
    data = model_file.save(version=version)
    _must_be_as_seen(version, data, place, seen)
    row = _row(version, data, place)
    if isinstance(row, RuleGroup):
        users: list[Rule | RuleGroup] = [*row.rules.order_by("position", "id"), *row.inner.order_by("id")]
        if users:
            names = ", ".join(f"“{user.label if isinstance(user, Rule) else user.key}”" for user in users)
            raise PartFaults([("", f"It is still used by {names}. Take them out of it first.")])
    row.delete()
    _touch(version, by, at)


def _hold(version: ModelVersion) -> ModelVersion:
    """``version`` as it is now; it stays a draft until the transaction ends."""
    versions = ModelVersion.objects.select_for_update(of=("self",), no_key=True)
    version = versions.select_related("model", "edited_by").get(pk=version.pk)
    if not version.is_draft:
        raise publishing.NotADraft(
            f"{version} is {version.get_state_display().lower()} and cannot be edited. "
            "What you typed is below, not saved; save it in a new draft."
        )
    return version


def _must_be_first(
    version: ModelVersion, data: Mapping[str, Any], place: Place, part: Mapping[str, Any], once: str
) -> None:
    """Sent twice by a second press, or anew after going back: the draft is held, so that the second waits
    for the first and finds what it left."""
    key, said = cache.get(_once(version, once), ("", ""))
    if key in keys_of(data, place.kind):
        raise SavedAlready(Place(place.kind, key), same=said == stamp(part))


def _once(version: ModelVersion, once: str) -> str:
    return f"scoring:part:{version.pk}:{hashlib.sha256(once.encode()).hexdigest()}"


def _must_be_as_seen(version: ModelVersion, data: Mapping[str, Any], place: Place, seen: str) -> None:
    try:
        now = part_of(data, place)
    except NoSuchPart:
        raise ChangedMeanwhile(None, version.edited_by, version.edited_at) from None
    if stamp(now) != seen:
        raise ChangedMeanwhile(now, version.edited_by, version.edited_at)


def _write_row(version: ModelVersion, data: Mapping[str, Any], place: Place, part: Mapping[str, Any]) -> None:
    """The row of the part anew; one that was turned off gets another try."""
    old = _row(version, data, place) if place.key else None
    position = getattr(old, "position", 1 + len(data.get(LISTS[place.kind], [])))
    groups = {group.key: group for group in version.groups.all()}
    row: Any
    match place.kind:
        case "rule":
            row = model_file.rule_row(version, groups, position, part)
        case "trigger":
            row = model_file.trigger_row(version, position, part)
        case "blocker":
            row = model_file.blocker_row(version, position, part)
        case "line":
            row = model_file.line_row(version, part)
        case _:
            row = RuleGroup(
                version=version, key=part["key"], cap=part["cap"], within=groups.get(part.get("within", ""))
            )
    if old is not None:
        row.pk = old.pk
    row.save(force_update=old is not None)


def _write_settings(version: ModelVersion, part: Mapping[str, Any]) -> None:
    ceilings = part.get("ceilings", {})
    ModelVersion.objects.filter(pk=version.pk).update(
        applies_to=part.get("applies_to"),
        time_zone=part.get("time_zone", "UTC"),
        grades_from=GRADES.index(part["grades"]["from"]) if "grades" in part else None,
        **{f"ceiling_{name}": ceilings.get(name) for name in version.ceilings},
    )


def _row(version: ModelVersion, data: Mapping[str, Any], place: Place) -> Any:
    if place.kind == "line":
        return Line.objects.filter(version=version).order_by("id")[index_of(data, place)]
    rows: dict[str, Any] = {
        "rule": version.rules,
        "trigger": version.stage_triggers,
        "blocker": version.blockers,
        "group": version.groups,
    }
    return rows[place.kind].get(key=place.key)


def _order(version: ModelVersion, kind: str, key: str, after: str) -> None:
    """Put the part right after another one, or first."""
    rows: Any = {"rule": version.rules, "trigger": version.stage_triggers, "blocker": version.blockers}[kind]
    ordered = list(rows.order_by("position", "id"))
    moved = next(row for row in ordered if row.key == key)
    ordered.remove(moved)
    places = [n for n, row in enumerate(ordered) if row.key == after]
    ordered.insert(places[0] + 1 if places else 0, moved)
    for n, row in enumerate(ordered):
        if row.position != n:
            rows.filter(pk=row.pk).update(position=n)


def _touch(version: ModelVersion, by: "User", at: datetime) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(edited_at=at, edited_by=by)


def _all_faults(data: Mapping[str, Any], types: Mapping[str, int]) -> list[tuple[str, str]]:
    try:
        check(data, types=types)
    except ModelFileError as error:
        return error.problems
    return []


def _put(parts: tuple[Any, ...], key: str, spec: Any) -> tuple[Any, ...]:
    """``parts`` with ``spec`` in the place of ``key``, at the end if there is none; without it for None."""
    found = [spec if part.key == key else part for part in parts]
    if spec is not None and spec not in found:
        found.append(spec)
    return tuple(part for part in found if part is not None)
