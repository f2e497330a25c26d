"""Where leads go: the rules in order, one of them as a form, and what they would do."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import may_arrange_routing
from handoff import arranging, dry_run, ledger, matching
from handoff.builder import ConditionForm
from handoff.ledger import Health
from handoff.matching import Rule
from handoff.models import Pool, RoutingRule
from handoff.models.routing import FIGURES
from leads.models import Lead
from scoring import controls
from scoring.models import ScoringModel

from .requests import Request, page_for

for_arrangers = page_for(may_arrange_routing, "Managers and admins say where leads go.")


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as the list shows it. ``after`` names the rule that takes everything before it is asked."""

    rule: RoutingRule
    read: Rule
    sentence: str
    health: Health | None
    after: str
    is_first: bool
    is_last: bool


# The list


@require_safe
@for_arrangers
def rules(request: Request) -> HttpResponse:
    """Every rule in order, how it fared, and a dry run if one is asked for."""
    now = timezone.now()
    found = list(RoutingRule.objects.visible_to(request.user).select_related("pool", "model").in_order())
    read = [matching.read_rule(rule) for rule in found]
    context: dict[str, Any] = {
        "now": now,
        "rows": _rows(found, read, now),
        "rest": _rest(found),
        **_dry_run(request, read, now),
    }
    return render(request, "handoff/routing.html", context, status=422 if context["lead_error"] else 200)


def _rows(found: Sequence[RoutingRule], read: Sequence[Rule], now: datetime) -> list[Row]:
    health = ledger.health(at=now)
    unasked = matching.never_asked([(asked, rule.pool) for rule, asked in zip(found, read, strict=True)])
    return [
        Row(
            rule,
            asked,
            _sentence(rule, asked),
            health.get(rule.pk),
            after=unasked.get(rule.pk, ""),
            is_first=place == 0,
            is_last=place == len(found) - 1,
        )
        for place, (rule, asked) in enumerate(zip(found, read, strict=True))
    ]


def _sentence(rule: RoutingRule, read: Rule) -> str:
    pool = rule.pool
    return matching.said_of(read, pool=pool.name if pool else "", countries=pool.countries if pool else ())


def _rest(found: Sequence[RoutingRule]) -> list[Pool]:
    """Pools whose countries have no rule: they are asked last."""
    ruled = [rule.pool_id for rule in found if rule.to == RoutingRule.To.TERRITORY and rule.pool_id]
    return list(Pool.objects.filter(is_active=True).exclude(pk__in=ruled).order_by("position", "id"))


def _dry_run(request: Request, read: Sequence[Rule], now: datetime) -> dict[str, Any]:
    """What the address asks to try: one lead, or last week."""
    tried: dict[str, Any] = {"week": None, "tried": None, "lead_error": "", "typed": ""}
    if request.GET.get("try") == "week":
        return {**tried, "week": dry_run.try_week(rules=read, at=now)}
    if typed := request.GET.get("lead", "").replace("\0", "").strip():
        tried["typed"] = typed
        lead = _lead(request, typed)
        if lead is None:
            said = "No lead has this e-mail address or page. Copy one from the list of leads."
            return {**tried, "lead_error": said}
        tried["tried"] = dry_run.try_one(lead=lead, rules=read, at=now)
    return tried


def _lead(request: Request, typed: str) -> Lead | None:
    """The lead with this e-mail address, or whose page has this address."""
    named = Q(email__iexact=typed[:254])
    with suppress(ValueError):
        named |= Q(public_id=UUID(typed.rstrip("/").rpartition("/")[2]))
    return Lead.objects.visible_to(request.user).filter(named).select_related("company").first()


# One rule


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_rule(request: Request) -> HttpResponse:
    """A rule that is not there yet."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def rule(request: Request, routingrule_id: UUID) -> HttpResponse:
    """One rule as a form; its buttons save it, try it, or change the form itself."""
    return _edit(request, _rule(request, routingrule_id))


def _edit(request: Request, rule: RoutingRule | None) -> HttpResponse:
    if request.method != "POST":
        return _form(request, rule, arranging.form_of(rule))
    seen = request.POST.get("seen", "")
    title = rule.name if rule else ""
    form = ConditionForm.posted("when", dict(request.POST.lists()))
    action = request.POST.get("do", "save")
    if action not in ("save", "try"):
        return _form(request, rule, form, title=title, focus=form.act(action))
    edited = arranging.read(form, rule)
    if form.errors:
        return _form(request, rule, form, title=title, status=422)
    if action == "try":
        week = dry_run.try_week(rules=_with(edited), at=timezone.now())
        return _form(request, rule, form, title=title, week=week)
    try:
        arranging.save_rule(rule=edited, by=request.user, at=timezone.now(), seen=seen)
    except arranging.ChangedMeanwhile as faster:
        return _form(request, rule, form, title=title, refused=str(faster), status=409)
    messages.success(request, format_html("Saved <b>{}</b>.", edited.name))
    return redirect("handoff:routing")


def _with(edited: RoutingRule) -> list[Rule]:
    """The rules as they would be; a new one comes last."""
    mine, rules = matching.read_rule(edited), matching.read_rules()
    if edited._state.adding:
        return [*rules, mine]
    return [mine if each.pk == edited.pk else each for each in rules]


def _form(
    request: Request,
    rule: RoutingRule | None,
    form: ConditionForm,
    *,
    title: str = "",
    focus: str = "",
    week: dry_run.Week | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    known = controls.known()
    saved = rule is not None and rule.pk is not None
    context = {
        "rule": rule if saved else None,
        "title": (title or str(rule)) if saved else "New rule",
        "form": form,
        "root": form.drawn(known),
        "known": known,
        "focus": focus,
        "figures": [
            (figure, figure.capitalize(), form.get(f"at_least-{figure}"), form.get(f"below-{figure}"))
            for figure in FIGURES
        ],
        "pools": [(str(pool.public_id), pool) for pool in Pool.objects.order_by("position", "id")],
        "models": list(ScoringModel.objects.order_by("key")),
        "destinations": RoutingRule.To.choices,
        "seen": request.POST.get("seen") or (rule.edited_at.isoformat() if rule and saved else ""),
        "week": week,
        "refused": refused,
        "now": timezone.now(),
        "rail_path": reverse("handoff:routing"),
    }
    return render(request, "handoff/routing_rule.html", context, status=status)


# What the list's buttons do


@require_POST
@for_arrangers
def rule_position(request: Request, routingrule_id: UUID) -> HttpResponse:
    """One place up or down."""
    found = _rule(request, routingrule_id)
    arranging.move_rule(rule=found, up=request.POST.get("to") == "up", by=request.user)
    return redirect(f"{reverse('handoff:routing')}#rule-{found.public_id}")


@require_POST
@for_arrangers
def rule_state(request: Request, routingrule_id: UUID) -> HttpResponse:
    """On or off."""
    found, on = _rule(request, routingrule_id), request.POST.get("on") == "on"
    arranging.switch_rule(rule=found, on=on, by=request.user, at=timezone.now())
    messages.success(request, format_html("<b>{}</b> is {}.", found, "on" if on else "off"))
    return redirect(f"{reverse('handoff:routing')}#rule-{found.public_id}")


@require_POST
@for_arrangers
def rule_removal(request: Request, routingrule_id: UUID) -> HttpResponse:
    """Take out a rule that never decided anything."""
    found = _rule(request, routingrule_id)
    try:
        arranging.remove_rule(rule=found, by=request.user)
    except arranging.StillNeeded as refusal:
        return _form(request, found, arranging.form_of(found), refused=str(refusal), status=409)
    messages.success(request, format_html("Deleted <b>{}</b>.", found))
    return redirect("handoff:routing")


def _rule(request: Request, public_id: UUID) -> RoutingRule:
    rules = RoutingRule.objects.visible_to(request.user).select_related("pool", "model")
    return get_object_or_404(rules, public_id=public_id)
