"""One thing done with every chosen row of the marketing queue, or of all leads."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.models import User
from handoff import answering, judging, phasing, pipeline, returns, several, shortfalls, undoing
from handoff.marketing_forms import SelectionForm
from handoff.models import ReturnAnswer, Shortfall
from leads.models import Lead
from leads.stages import Phase, Stage

from . import exports
from . import leads as lead_lists
from .last_move import named
from .marketing import for_marketing
from .requests import Request, way_back

Verb = Callable[[Lead], object]


@require_POST
@for_marketing
def selection(request: Request) -> HttpResponse:
    """Do what ``do`` says with the chosen leads, and say for which it did not work and why: 409 where not all
    of it did, 422 when nothing was chosen or a reason is missing. Works without scripts."""
    ids, asked = _chosen(request), request.POST.get("do", "")
    if not ids:
        return _notice(request, "Choose at least one lead.", status=422)
    leads = Lead.objects.visible_to(request.user).select_related("company")
    if asked == "export":
        chosen = leads.filter(public_id__in=ids[: several.MOST_AT_ONCE]).select_related("company", "owner")
        return exports.leads_file(request, "selected", chosen, lead_lists.SORTS["newest"])
    form = SelectionForm(request.POST)
    if not form.is_valid():
        wrong = " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items())
        return _notice(request, wrong, status=422)
    note, day = form.cleaned_data["note"], form.cleaned_data["warm_until"]
    at = timezone.now()
    found = verb_of(asked, by=request.user, note=note, day=day, at=at)
    if isinstance(found, str):
        return _notice(request, found, status=422)
    said, verb = found
    done = several.each(leads, ids, verb)
    # Of leads that were there already nothing was done, so nothing is offered to be undone.
    undoes = asked != "answer-dispute" and undoing.leads_of(by=request.user, moment=at)
    undo_url = named(reverse("handoff:mqls-undo"), at) if undoes else ""
    return answer(request, said, done, undo_url=undo_url)


def verb_of(asked: str, *, by: User, note: str, day: date | None, at: datetime) -> tuple[str, Verb] | str:
    """What ``asked`` does with a lead, and how it is said once done; or what is wrong with it."""
    what, _, which = asked.partition("-")
    if what == "phase" and which in Phase.values:
        phase = Phase(which)
        return f"In {phase.label.lower()} now", lambda lead: phasing.place(
            lead=lead, phase=phase, by=by, at=at
        )
    if what == "shortfall" and which in Shortfall.Kind.values:
        label = Shortfall.Kind(which).label.lower()
        return f"Noted, {label}", lambda lead: shortfalls.record(
            lead=lead, kind=which, by=by, note=note, at=at
        )
    if what == "answer" and which in ReturnAnswer.Kind.values:
        return _answering(ReturnAnswer.Kind(which), by=by, note=note, day=day, at=at)
    steps = {
        "mql": ("An MQL now", Stage.MQL),
        "lead": ("A lead again", Stage.LEAD),
        "close": ("Closed", Stage.CLOSED),
    }
    if what in (*steps, "handover") and not note:
        return "Say why, in the note: it stands in the history of each lead."
    if what in steps:
        said, to = steps[what]
        return said, lambda lead: judging.judge(lead=lead, to=to, by=by, note=note, at=at)
    if what == "handover":
        return "Handed over", lambda lead: pipeline.hand_over(lead=lead, by=by, note=note, at=at)
    return "Choose what to do with them."


def _answering(
    kind: ReturnAnswer.Kind, *, by: User, note: str, day: date | None, at: datetime
) -> tuple[str, Verb] | str:
    if kind not in answering.WITHOUT_NOTE and not note:
        return "Say in the note what is done: sales will read it."

    def verb(lead: Lead) -> object:
        verdict = returns.latest_rejection(lead.pk)
        if verdict is None:
            raise answering.NothingToAnswer("It did not come back from sales.")
        until = day or verdict.return_on if kind == ReturnAnswer.Kind.KEEP_WARM else None
        return answering.answer(verdict=verdict, by=by, kind=kind, note=note, warm_until=until, at=at)

    return f"Answered, {kind.label.lower()}", verb


def _chosen(request: Request) -> list[str]:
    found = []
    for text in request.POST.getlist("lead"):
        try:
            found.append(str(UUID(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def answer(request: Request, said: str, done: several.Done, *, undo_url: str = "") -> HttpResponse:
    """``said`` of those that were done, with the way to take it back, and why not of the others."""
    if done.done:
        who: Any = done.done[0] if len(done.done) == 1 else f"{len(done.done)} leads"
        messages.success(request, format_html("{}: <b>{}</b>.", said, who), extra_tags=undo_url)
    if not done.failed and done.done:
        return redirect(_back(request))
    if not done.failed:
        return _notice(request, "These leads are not here any more.", status=409)
    of = len(done.done) + len(done.failed)
    why = " ".join(f"{lead}: {reason}" for lead, reason in done.failed)
    return _notice(request, why, strong=f"{len(done.failed)} of {of} did not work.", status=409)


def _notice(request: Request, text: str, *, status: int, strong: str = "") -> HttpResponse:
    notice = {"kind": "warn", "icon_name": "triangle-alert", "strong": strong, "text": text}
    context = {
        "notice": notice,
        "heading": "Not all of it worked" if strong else "Nothing was done",
        "back_url": _back(request),
        "typed": request.POST.get("note", ""),
    }
    return render(request, "handoff/conflict.html", context, status=status)


def _back(request: Request) -> str:
    return way_back(request, reverse("handoff:mqls"))
