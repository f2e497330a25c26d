"""Who gets which leads, said by a manager or an admin: rules and their order, pools and who is in them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.permissions import may_arrange_routing
from scoring.models import ScoringModel

from .builder import ConditionForm
from .models import Pool, PoolMember, RoutingDecision, RoutingRule, RuleMatch, SlaPolicy
from .models.routing import BOUNDS, FIGURES
from .permissions import NotYours
from .rotation import MOST_WEIGHT

if TYPE_CHECKING:
    from django.db.models import QuerySet

Ordered = TypeVar("Ordered", RoutingRule, SlaPolicy)

#: What people say of a pool and of a member. The turns are not among it: whoever is given a lead while a form
#: is open keeps theirs.
POOL_FIELDS = ("name", "team", "position", "countries", "is_active", "method", "fallback")
MEMBER_FIELDS = (
    "user", "weight", "open_at_most", "per_day", "paused", "pause_reason", "prefers", "only_preferred",
)  # fmt: skip
#: Between two rules, so that the admin can put one there by number.
STEP = 10


class ChangedMeanwhile(Exception):
    """Somebody else saved the rule since it was opened; the message says who."""


class StillNeeded(Exception):
    """What stands in the ledger stays; the message says what to do instead."""


# Rules


def form_of(rule: RoutingRule | None) -> ConditionForm:
    """The form of ``rule``; of a new one for None."""
    if rule is None:
        return ConditionForm.of("when", None, {"on": "on", "to": "pool"})
    values = {
        "name": rule.name,
        "on": "on" if rule.is_on else "",
        "to": rule.to,
        "pool": str(rule.pool.public_id) if rule.pool else "",
        "model": rule.model.key if rule.model else "",
        "goes_on": "on" if rule.goes_on else "",
        "waits": "on" if rule.waits else "",
    }
    for figure, bounds in rule.scores.items():
        values |= {f"{bound}-{figure}": str(points) for bound, points in bounds.items()}
    return ConditionForm.of("when", rule.when, values)


def read(form: ConditionForm, rule: RoutingRule | None) -> RoutingRule:
    """``rule`` as ``form`` says, not saved; what is wrong is in ``form.errors`` after. Up to 3 queries."""
    read_in = RoutingRule() if rule is None else rule
    read_in.name, read_in.is_on = form.get("name"), form.on("on")
    if not read_in.name:
        form.errors["name"] = "Give the rule a name."
    read_in.to = form.get("to")
    to_owner = read_in.to == RoutingRule.To.OWNER
    read_in.pool = None if to_owner else _pool(form.get("pool"))
    read_in.waits = form.on("waits") and to_owner
    read_in.goes_on = form.on("goes_on") and not to_owner
    read_in.model = ScoringModel.objects.filter(key=form.get("model")).first() if form.get("model") else None
    read_in.when = form.condition()
    read_in.scores = scores_of(form)
    try:
        read_in.full_clean(exclude=["position", "edited_by"])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            if name == "when" and any(control.startswith("when") for control in form.errors):
                continue  # said at its own controls
            form.errors.setdefault(_CONTROLS.get(name, name), " ".join(messages))
    return read_in


_CONTROLS = {"when": "when-how", "scores": "at_least-intent"}


def _pool(public_id: str) -> Pool | None:
    try:
        return Pool.objects.filter(public_id=public_id).first() if public_id else None
    except ValidationError:
        return None


def scores_of(form: ConditionForm) -> dict[str, dict[str, int]]:
    """The bounds of the score in ``form``: figure → at_least, below."""
    scores: dict[str, dict[str, int]] = {}
    for figure in FIGURES:
        for bound in BOUNDS:
            points = form.whole(f"{bound}-{figure}", figure.capitalize(), least=-100_000, most=300_000)
            if points is not None:
                scores.setdefault(figure, {})[bound] = points
    return scores


@transaction.atomic
def save_rule(*, rule: RoutingRule, by: User, at: datetime, seen: str = "") -> RoutingRule:
    """Keep ``rule``; a new one comes last. ``seen`` is the ``edited_at`` that was shown with it. Raises
    NotYours, and ChangedMeanwhile when it was saved since."""
    _check(by)
    if rule.pk:
        now = RoutingRule.objects.select_for_update(of=("self",)).select_related("edited_by").get(pk=rule.pk)
        if seen and seen != now.edited_at.isoformat():
            raise ChangedMeanwhile(f"{now.edited_by or 'Somebody'} changed this rule meanwhile.")
        rule.position = now.position
    else:
        last = RoutingRule.objects.in_order().last()
        rule.position = (last.position if last else 0) + STEP
    rule.edited_at, rule.edited_by = at, by
    rule.save()
    return rule


@transaction.atomic
def move_rule(*, rule: RoutingRule, up: bool, by: User) -> bool:
    """One place up or down among the rules, which are numbered anew. False when there is no such place."""
    _check(by)
    return one_place(RoutingRule.objects.select_for_update().in_order(), rule, up=up)


def one_place(rows: "QuerySet[Ordered]", row: Ordered, *, up: bool) -> bool:
    """Move ``row`` one place up or down among ``rows``, which come in their order and are numbered anew.
    False when there is no such place. The caller's transaction holds the rows."""
    order = list(rows)
    here = next(place for place, each in enumerate(order) if each.pk == row.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return False
    order[here], order[there] = order[there], order[here]
    for place, each in enumerate(order, start=1):
        each.position = STEP * place
    rows.model._default_manager.bulk_update(order, ["position"])
    return True


def switch_rule(*, rule: RoutingRule, on: bool, by: User, at: datetime) -> None:
    """On or off; safe to repeat."""
    _check(by)
    RoutingRule.objects.filter(pk=rule.pk).update(is_on=on, edited_at=at, edited_by=by)


@transaction.atomic
def remove_rule(*, rule: RoutingRule, by: User) -> None:
    """Take out a rule that has never decided. Raises StillNeeded for one that the ledger names, and for the
    countries of a pool: without it they would be taken last, not never."""
    _check(by)
    if rule.to == RoutingRule.To.TERRITORY:
        raise StillNeeded("The countries of a pool keep their rule; switch it off instead.")
    used = RuleMatch.objects.filter(rule=rule).exists() or RoutingDecision.objects.filter(rule=rule).exists()
    if used:
        raise StillNeeded("The ledger names this rule; switch it off instead.")
    rule.delete()


# Pools


@transaction.atomic
def save_pool(*, pool: Pool, by: User, at: datetime) -> Pool:
    """Keep what was said of ``pool``; a new one gets its rule, last of all: leads of its countries."""
    _check(by)
    is_new = pool._state.adding
    pool.save(update_fields=None if is_new else POOL_FIELDS)
    if is_new:
        rule = RoutingRule(name=f"Territory of {pool}", to=RoutingRule.To.TERRITORY, pool=pool)
        save_rule(rule=rule, by=by, at=at)
    return pool


def member_form_of(member: PoolMember) -> ConditionForm:
    values: dict[str, Any] = {
        "weight": member.weight,
        "open_at_most": member.open_at_most,
        "per_day": member.per_day,
        "paused": "on" if member.paused else "",
        "pause_reason": member.pause_reason,
        "only_preferred": "on" if member.only_preferred else "",
    }
    written = {key: "" if value is None else str(value) for key, value in values.items()}
    return ConditionForm.of("prefers", member.prefers, written)


def read_member(form: ConditionForm, member: PoolMember) -> PoolMember:
    """``member`` as ``form`` says, not saved; what is wrong is in ``form.errors`` after."""
    weight = form.whole("weight", "Weight", most=MOST_WEIGHT)
    member.weight = 1 if weight is None else weight
    member.open_at_most = form.whole("open_at_most", "Open at a time", least=1, most=1000)
    member.per_day = form.whole("per_day", "In a day", least=1, most=1000)
    member.paused, member.pause_reason = form.on("paused"), form.get("pause_reason")[:120]
    if member.paused and not member.pause_reason:
        form.errors["pause_reason"] = "Say why: whoever reads the ledger sees it."
    if not member.paused:
        member.pause_reason = ""
    member.prefers = form.condition()
    member.only_preferred = form.on("only_preferred")
    if member.only_preferred and member.prefers is None:
        form.errors["only_preferred"] = "Say first which leads are preferred."
    return member


def save_member(*, member: PoolMember, by: User) -> None:
    """Keep what was said of ``member``; the turns stay as they are."""
    _check(by)
    member.save(update_fields=None if member._state.adding else MEMBER_FIELDS)


def add_member(*, pool: Pool, user: User, by: User) -> PoolMember:
    """``user`` joins ``pool``, where its turns are now. Safe to repeat."""
    _check(by)
    return PoolMember.objects.get_or_create(pool=pool, user=user)[0]


def remove_member(*, member: PoolMember, by: User) -> None:
    """``member`` takes no more turns; what they have stays theirs."""
    _check(by)
    member.delete()


def _check(by: User) -> None:
    if not may_arrange_routing(by):
        raise NotYours("Managers and admins say where leads go.")
