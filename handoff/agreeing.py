"""What managers and admins agree on about time: policies, their order, and what happens by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.permissions import may_set_calendars
from scoring.models import ScoringModel

from . import ladders
from .arranging import STEP, ChangedMeanwhile, one_place, scores_of
from .builder import ConditionForm
from .models import LadderRung, Pool, Promise, Rung, SlaPolicy
from .models.routing import FIGURES
from .models.sla import MOST_MINUTES, OF_WORK
from .permissions import NotYours

__all__ = ["ChangedMeanwhile", "form_of", "move", "read", "remove", "save", "switch"]


def form_of(policy: SlaPolicy | None, promise: str = Promise.ANSWER) -> ConditionForm:
    """The form of ``policy``; of a new one about ``promise`` for None."""
    if policy is None:
        return ConditionForm.of("when", None, {"on": "on", "promise": promise, "minutes": "240"})
    values = {
        "name": policy.name,
        "on": "on" if policy.is_on else "",
        "promise": policy.promise,
        "minutes": str(policy.minutes),
        "model": policy.model.key if policy.model else "",
        **{f"trigger-{key}": "on" for key in policy.triggers},
    }
    for figure, bounds in policy.scores.items():
        values |= {f"{bound}-{figure}": str(points) for bound, points in bounds.items()}
    for rung in policy.rungs.select_related("backup", "backup_pool"):
        values[f"after-{rung.does}"] = str(rung.minutes)
        if rung.backup:
            values["backup"] = f"user:{rung.backup.public_id}"
        elif rung.backup_pool:
            values["backup"] = f"pool:{rung.backup_pool.public_id}"
    return ConditionForm.of("when", policy.when, values)


def read(form: ConditionForm, policy: SlaPolicy | None) -> tuple[SlaPolicy, list[LadderRung]]:
    """The policy as ``form`` says with its rungs, not saved; what is wrong is in ``form.errors`` after. Up to
    4 queries."""
    read_in = SlaPolicy() if policy is None else policy
    read_in.name, read_in.is_on = form.get("name"), form.on("on")
    if not read_in.name:
        form.errors["name"] = "Give the policy a name."
    if form.get("promise") in Promise.values:
        read_in.promise = form.get("promise")
    read_in.minutes = _minutes(form, "minutes", "Time") or 0
    if not read_in.minutes:
        form.errors.setdefault("minutes", "Say how long.")
    read_in.model = ScoringModel.objects.filter(key=form.get("model")).first() if form.get("model") else None
    triggers = [key.removeprefix("trigger-") for key in form.values if key.startswith("trigger-")]
    read_in.triggers = triggers if read_in.promise == Promise.ANSWER else []
    read_in.when = form.condition()
    read_in.scores = scores_of(form)
    try:
        read_in.full_clean(exclude=["position", "edited_by"])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            if name == "when" and any(control.startswith("when") for control in form.errors):
                continue  # said at its own controls
            form.errors.setdefault({"when": "when-how", "scores": "at_least-intent"}.get(name, name),
                                   " ".join(messages))  # fmt: skip
    return read_in, _rungs(form, read_in)


def _rungs(form: ConditionForm, policy: SlaPolicy) -> list[LadderRung]:
    rungs = []
    for does in Rung:
        minutes = _minutes(form, f"after-{does}", does.label.capitalize())
        if minutes is None:
            continue
        rung = LadderRung(does=does, minutes=minutes)
        if does == Rung.BACKUP:
            _read_backup(form, rung)
        rungs.append(rung)
    after = {rung.does: rung.minutes for rung in rungs}
    for step, fault in ladders.faults(policy.promise, after, span=policy.minutes).items():
        form.errors[f"after-{step}"] = fault
    return rungs


def _read_backup(form: ConditionForm, rung: LadderRung) -> None:
    kind, _, public_id = form.get("backup").partition(":")
    try:
        if kind == "user":
            people = User.objects.filter(is_active=True, role__in=["rep", "manager"])
            rung.backup = people.get(public_id=public_id)
        elif kind == "pool":
            rung.backup_pool = Pool.objects.get(public_id=public_id)
    except (User.DoesNotExist, Pool.DoesNotExist, ValidationError):
        form.errors["backup"] = "Choose a backup from the list."


def _minutes(form: ConditionForm, control: str, label: str) -> int | None:
    """Whole minutes, None when empty."""
    return form.whole(control, label, least=1, most=MOST_MINUTES)


@transaction.atomic
def save(
    *, policy: SlaPolicy, rungs: Sequence[LadderRung], by: User, at: datetime, seen: str = ""
) -> SlaPolicy:
    """Keep ``policy`` with these ``rungs``; a new one is asked before those that ask nothing. Clocks that run
    keep what was agreed when they started (C-35). ``seen`` is the ``edited_at`` that was shown with it.
    Raises NotYours, and ChangedMeanwhile when it was saved since."""
    _check(by)
    if policy.pk:
        stored = SlaPolicy.objects.select_for_update(of=("self",)).select_related("edited_by")
        now = stored.get(pk=policy.pk)
        if seen and seen != now.edited_at.isoformat():
            raise ChangedMeanwhile(f"{now.edited_by or 'Somebody'} changed this policy meanwhile.")
        policy.position = now.position
    else:
        policy.position = _place(policy)
    policy.edited_at, policy.edited_by = at, by
    policy.save()
    LadderRung.objects.filter(policy=policy).delete()
    for rung in rungs:
        rung.policy = policy
    LadderRung.objects.bulk_create(rungs)
    return policy


def _place(policy: SlaPolicy) -> int:
    """Last among those of its promise, but before one for every lead: behind that nothing is ever asked."""
    order = list(SlaPolicy.objects.select_for_update().filter(promise=policy.promise).in_order())
    order.insert(place_of(policy, order), policy)
    for number, each in enumerate(order, start=1):
        each.position = STEP * number
    SlaPolicy.objects.bulk_update([each for each in order if each.pk], ["position"])
    return policy.position


def place_of(policy: SlaPolicy, order: Sequence[SlaPolicy]) -> int:
    """Where a new one goes in ``order``: last, but before those for every lead. Pure."""
    place = len(order)
    while place and _asks_nothing(order[place - 1]) and not _asks_nothing(policy):
        place -= 1
    return place


def _asks_nothing(policy: SlaPolicy) -> bool:
    return not (policy.when or policy.scores or policy.triggers or policy.model_id)


@transaction.atomic
def move(*, policy: SlaPolicy, up: bool, by: User) -> bool:
    """One place up or down among those about the same promise. False when there is no such place."""
    _check(by)
    alike = SlaPolicy.objects.select_for_update().filter(promise=policy.promise)
    return one_place(alike.in_order(), policy, up=up)


def switch(*, policy: SlaPolicy, on: bool, by: User, at: datetime) -> None:
    """On or off; safe to repeat."""
    _check(by)
    SlaPolicy.objects.filter(pk=policy.pk).update(is_on=on, edited_at=at, edited_by=by)


def remove(*, policy: SlaPolicy, by: User) -> None:
    """Take it out; clocks that run keep their due times and their steps."""
    _check(by)
    policy.delete()


def figures_of(form: ConditionForm) -> list[tuple[str, str, str, str]]:
    """The bounds of the score as the form lays them out: key, label, at least, below."""
    return [
        (figure, figure.capitalize(), form.get(f"at_least-{figure}"), form.get(f"below-{figure}"))
        for figure in FIGURES
    ]


def drawn_rungs(form: ConditionForm) -> list[dict[str, Any]]:
    """The rungs as the form lays them out."""
    promise = form.get("promise")
    return [
        {
            "does": does.value,
            "label": does.label.capitalize(),
            "minutes": form.get(f"after-{does}"),
            "error": form.errors.get(f"after-{does}", ""),
        }
        for does in Rung
        if promise == Promise.ANSWER or does in OF_WORK or form.get(f"after-{does}")
    ]


def _check(by: User) -> None:
    if not may_set_calendars(by):
        raise NotYours("Managers and admins set response times.")
