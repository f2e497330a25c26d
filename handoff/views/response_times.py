"""How soon sales acts: the policies in order, one of them as a form, and what they would do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Team, User
from accounts.permissions import may_set_calendars
from handoff import agreeing, ladders, policies, trying_times
from handoff.builder import ConditionForm
from handoff.messages import moment
from handoff.models import Pool, Promise, SlaPolicy
from handoff.models.routing import FIGURES
from handoff.policies import Policy
from handoff.trying_times import Draft
from scoring import controls
from scoring.models import ScoringModel

from .requests import Request, for_everybody, page_for

for_setters = page_for(may_set_calendars, "Managers and admins set response times.")


@dataclass(frozen=True, slots=True)
class Row:
    """A policy as the list shows it."""

    policy: SlaPolicy
    read: Policy
    sentence: str
    ladder: str
    is_first: bool
    is_last: bool


class TryForm(forms.Form):
    """A lead to try the times on."""

    team = forms.ModelChoiceField(
        Team.objects.order_by("name", "id"), empty_label=None, to_field_name="public_id"
    )
    at = forms.DateTimeField(
        label="Offered at",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the team’s own time.",
        error_messages={"invalid": "Write the moment as 2026-05-08 16:00."},
    )
    intent = forms.IntegerField(min_value=0, max_value=1000, initial=28)
    fit = forms.IntegerField(min_value=-1000, max_value=1000, initial=30)
    engagement = forms.IntegerField(min_value=-1000, max_value=1000, initial=10)


@require_safe
@for_everybody
def response_times(request: Request) -> HttpResponse:
    """Every policy in order with what happens by itself, and a dry run if one is asked for."""
    now = timezone.now()
    read = _read()
    labels = policies.trigger_labels()
    form, tried = _try(request, read, now)
    context: dict[str, Any] = {
        "groups": [
            (
                promise.label,
                promise.value,
                ladders.possible(promise),
                _rows([each for each in read if each.row.promise == promise], labels),
            )
            for promise in Promise
        ],
        "may_set": may_set_calendars(request.user),
        "form": form,
        "tried": tried,
    }
    return render(request, "handoff/response_times.html", context, status=422 if form.errors else 200)


def _read() -> list[Policy]:
    rows = SlaPolicy.objects.select_related("model").prefetch_related("rungs").in_order()
    return [policies.read_policy(row) for row in rows]


def _rows(read: list[Policy], labels: dict[str, str]) -> list[Row]:
    last = len(read) - 1
    return [
        Row(
            policy=each.row,
            read=each,
            sentence=policies.said_of(each, labels),
            ladder=ladders.sentence(ladders.rungs_of(each.row), span=each.row.minutes),
            is_first=place == 0,
            is_last=place == last,
        )
        for place, each in enumerate(read)
    ]


def _try(request: Request, read: list[Policy], now: datetime) -> tuple[TryForm, dict[str, Any] | None]:
    """What the address asks to try, in words."""
    if "team" not in request.GET:
        return TryForm(initial={"at": timezone.localtime(now)}), None
    form = TryForm(request.GET)
    if not form.is_valid():
        return form, None
    return form, _tried(form, read)


def _tried(form: TryForm, read: list[Policy], draft: Draft | None = None) -> dict[str, Any]:
    """What a valid ``form`` asks to try, in words."""
    given = form.cleaned_data
    team: Team = given["team"]
    zone = team.calendar.time_zone
    at = given["at"].replace(tzinfo=ZoneInfo(zone))
    figures = {name: given[name] for name in FIGURES if name in given}
    figures["total"] = sum(figures.values())
    tried = trying_times.try_times(read=read, figures=figures, team=team, at=at, draft=draft)
    is_answer = draft is None or draft.policy.promise == Promise.ANSWER
    happens = [(moment(each.at, zone), _HAPPENS[each.does]) for each in tried.moments]
    missing = "if not answered" if is_answer else "if it has not happened"
    happens.append((moment(tried.due_at, zone), f"it is due; {missing}, rep and manager hear it"))
    stamps = [*(each.at for each in tried.moments), tried.due_at]
    in_order = [said for _, said in sorted(zip(stamps, happens, strict=True), key=lambda each: each[0])]
    return {
        "team": team,
        "start": moment(at, zone),
        "due": moment(tried.due_at, zone),
        "policy": tried.policy,
        "is_agreed": tried.minutes is not None,
        "is_answer": is_answer,
        "promise": draft.policy.get_promise_display() if draft else "",
        "by_another": draft is not None and tried.policy is not draft.policy,
        "span": policies.span(tried.minutes or 0),
        "happens": in_order,
        "unsure": tried.unsure,
        "intent": given["intent"],
        "zone": zone,
        "assumed": draft is not None
        and bool(draft.policy.when or draft.policy.triggers or draft.policy.model),
    }


_HAPPENS = {
    "remind": "the rep is reminded",
    "backup": "a backup is asked",
    "manager": "the manager is told",
    "reassign": "it goes to another rep",
}


# One policy


@require_http_methods(["GET", "HEAD", "POST"])
@for_setters
def new_policy(request: Request) -> HttpResponse:
    """A policy that is not there yet."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_setters
def policy(request: Request, slapolicy_id: UUID) -> HttpResponse:
    """One policy as a form; its buttons save it, or change the form itself."""
    return _edit(request, _policy(request, slapolicy_id))


def _edit(request: Request, found: SlaPolicy | None) -> HttpResponse:
    if request.method != "POST":
        asked = request.GET.get("promise", "")
        promise = asked if asked in Promise.values else Promise.ANSWER
        return _form(request, found, agreeing.form_of(found, promise))
    title = found.name if found else ""
    form = ConditionForm.posted("when", dict(request.POST.lists()))
    action = request.POST.get("do", "save")
    if action not in ("save", "try"):
        return _form(request, found, form, title=title, focus=form.act(action))
    edited, rungs = agreeing.read(form, found)
    if form.errors:
        return _form(request, found, form, title=title, status=422)
    if action == "try":
        return _form(request, found, form, title=title, draft=Draft(edited, rungs))
    seen = request.POST.get("seen", "")
    try:
        agreeing.save(policy=edited, rungs=rungs, by=request.user, at=timezone.now(), seen=seen)
    except agreeing.ChangedMeanwhile as faster:
        return _form(request, found, form, title=title, refused=str(faster), status=409)
    messages.success(
        request, format_html("Saved <b>{}</b>. It holds for clocks that start from now on.", edited.name)
    )
    return redirect("handoff:response-times")


def _form(
    request: Request,
    found: SlaPolicy | None,
    form: ConditionForm,
    *,
    title: str = "",
    focus: str = "",
    refused: str = "",
    status: int = 200,
    draft: Draft | None = None,
) -> HttpResponse:
    trial, tried = TryForm(prefix="try", initial=_typed(request)), None
    if draft is not None:
        trial = TryForm(request.POST, prefix="try")
        tried = _tried(trial, _read(), draft) if trial.is_valid() else None
        status = 200 if tried else 422
    known = controls.known()
    saved = found is not None and found.pk is not None
    people = User.objects.filter(is_active=True, role__in=["rep", "manager"]).order_by("name", "id")
    labels = policies.trigger_labels()
    context = {
        "policy": found if saved else None,
        "title": (title or str(found)) if saved else "New policy",
        "form": form,
        "root": form.drawn(known),
        "known": known,
        "focus": focus,
        "figures": agreeing.figures_of(form),
        "promises": Promise.choices,
        "promise": form.get("promise") or Promise.ANSWER,
        "models": list(ScoringModel.objects.order_by("key")),
        "triggers": [(key, label, form.on(f"trigger-{key}")) for key, label in labels.items()],
        "rungs": agreeing.drawn_rungs(form),
        "backups": [
            *(
                (f"pool:{pool.public_id}", f"next in {pool}")
                for pool in Pool.objects.order_by("position", "id")
            ),
            *((f"user:{person.public_id}", str(person)) for person in people),
        ],
        "seen": request.POST.get("seen") or (found.edited_at.isoformat() if found and saved else ""),
        "refused": refused,
        "trial": trial,
        "tried": tried,
        "rail_path": reverse("handoff:response-times"),
    }
    return render(request, "handoff/response_policy.html", context, status=status)


def _typed(request: Request) -> dict[str, Any]:
    """What the dry run on the form begins with: now, or what was typed there."""
    typed = {name: request.POST.get(f"try-{name}", "") for name in TryForm.base_fields}
    return {"at": timezone.localtime()} | {name: value for name, value in typed.items() if value}


# What the list's buttons do


@require_POST
@for_setters
def policy_position(request: Request, slapolicy_id: UUID) -> HttpResponse:
    """One place up or down."""
    found = _policy(request, slapolicy_id)
    agreeing.move(policy=found, up=request.POST.get("to") == "up", by=request.user)
    return redirect(f"{reverse('handoff:response-times')}#policy-{found.public_id}")


@require_POST
@for_setters
def policy_state(request: Request, slapolicy_id: UUID) -> HttpResponse:
    """On or off."""
    found, on = _policy(request, slapolicy_id), request.POST.get("on") == "on"
    agreeing.switch(policy=found, on=on, by=request.user, at=timezone.now())
    messages.success(request, format_html("<b>{}</b> is {}.", found, "on" if on else "off"))
    return redirect(f"{reverse('handoff:response-times')}#policy-{found.public_id}")


@require_POST
@for_setters
def policy_removal(request: Request, slapolicy_id: UUID) -> HttpResponse:
    """Take a policy out."""
    found = _policy(request, slapolicy_id)
    agreeing.remove(policy=found, by=request.user)
    messages.success(request, format_html("Deleted <b>{}</b>. Clocks that run keep their times.", found))
    return redirect("handoff:response-times")


def _policy(request: Request, public_id: UUID) -> SlaPolicy:
    found = SlaPolicy.objects.visible_to(request.user).select_related("model")
    return get_object_or_404(found, public_id=public_id)
