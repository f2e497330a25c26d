"""What a marketer decides about one lead: answers, shortfalls, and judgements with a note."""

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.permissions import may_hand_over
from handoff import answering, disputes, judging, returns, shortfalls
from handoff.marketing_forms import AnswerForm, JudgementForm, ShortfallForm
from handoff.models import Handoff, ReturnAnswer
from leads.lifecycle import StageConflict
from leads.models import Lead
from leads.stages import Stage

from .last_move import named
from .requests import Request, page_for, way_back

for_marketing = page_for(may_hand_over, "This is marketing's to decide.")
#: Over what can be taken back no more.
STANDS = "It stands"


@require_POST
@for_marketing
def answer(request: Request, handoff_id: UUID) -> HttpResponse:
    """Answer a lead that came back. 422 when something is missing, 409 when somebody was faster."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, public_id=handoff_id)
    verdict = returns.rejections().filter(handoff=handoff).order_by("-at", "-id").first()
    if verdict is None:
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _asked_again(request, f"Answer {handoff.lead}", "Answer", form)
    given = form.cleaned_data
    seen = (
        ReturnAnswer.objects.filter(verdict=verdict, public_id=given["seen"]).first()
        if given["seen"]
        else None
    )
    try:
        made = answering.answer(
            verdict=verdict,
            by=request.user,
            kind=given["kind"],
            note=given["note"],
            warm_until=given["warm_until"] if given["kind"] == ReturnAnswer.Kind.KEEP_WARM else None,
            instead_of=seen,
            at=timezone.now(),
        )
    except answering.AnswerRefused as refusal:
        form.add_error(refusal.field, str(refusal))
        return _asked_again(request, f"Answer {handoff.lead}", "Answer", form)
    except (
        answering.AlreadyAnswered,
        answering.NothingToAnswer,
        disputes.NothingToDispute,
        StageConflict,
    ) as why:
        return _refused(request, handoff.lead, str(why))
    undoes = answering.may_undo(made, request.user, timezone.now())
    undo_url = reverse("handoff:answer-undo", args=[made.public_id]) if undoes else ""
    words = made.get_kind_display().lower()
    messages.success(
        request, format_html("Answered <b>{}</b>: {}.", handoff.lead, words), extra_tags=undo_url
    )
    return redirect(_back(request))


@require_POST
@for_marketing
def answer_undo(request: Request, returnanswer_id: UUID) -> HttpResponse:
    """Take one's own answer back; 409 when it stands, saying why."""
    answers = ReturnAnswer.objects.visible_to(request.user).select_related("verdict__handoff__lead", "by")
    found = get_object_or_404(answers, public_id=returnanswer_id)
    lead = found.verdict.handoff.lead
    try:
        answering.undo(answer=found, by=request.user, at=timezone.now())
    except answering.AnswerStands as stands:
        return _refused(request, lead, str(stands), heading=STANDS)
    messages.success(request, format_html("Took the answer to <b>{}</b> back.", lead))
    return redirect(_back(request))


@require_POST
@for_marketing
def shortfall(request: Request, lead_id: UUID) -> HttpResponse:
    """Record what a lead falls short of."""
    lead = _visible(request, lead_id)
    form = ShortfallForm(request.POST)
    if not form.is_valid():
        return _asked_again(request, f"What {lead} falls short by", "Record", form)
    at = timezone.now()
    try:
        made = shortfalls.record(lead=lead, by=request.user, at=at, **form.cleaned_data)
    except StageConflict as conflict:
        return _refused(request, lead, str(conflict))
    undo_url = named(reverse("handoff:mqls-undo"), at) if made.at == at else ""
    words = made.get_kind_display().lower()
    messages.success(request, format_html("Noted for <b>{}</b>: {}.", lead, words), extra_tags=undo_url)
    return redirect(_back(request))


@require_POST
@for_marketing
def judgement(request: Request, lead_id: UUID) -> HttpResponse:
    """Make a lead an MQL, an MQL a lead again, or close it, with the reason."""
    lead = _visible(request, lead_id)
    form = JudgementForm(request.POST)
    if not form.is_valid():
        return _asked_again(request, f"Your judgement of {lead}", "Save", form)
    to, at = Stage(form.cleaned_data["to"]), timezone.now()
    try:
        judging.judge(lead=lead, to=to, by=request.user, note=form.cleaned_data["note"], at=at)
    except StageConflict as conflict:
        return _refused(request, lead, str(conflict))
    undo_url = named(reverse("handoff:mqls-undo"), at)
    messages.success(request, format_html("<b>{}</b> is {} now.", lead, to.label), extra_tags=undo_url)
    return redirect(_back(request))


@require_POST
@for_marketing
def judgement_undo(request: Request, lead_id: UUID) -> HttpResponse:
    """Take one's own last judgement back; 409 when it stands, saying why."""
    lead = _visible(request, lead_id)
    try:
        judging.take_back(lead=lead, by=request.user, at=timezone.now())
    except judging.JudgementStands as stands:
        return _refused(request, lead, str(stands), heading=STANDS)
    messages.success(request, format_html("Undone: <b>{}</b> is where it was.", lead))
    return redirect(_back(request))


def _visible(request: Request, lead_id: UUID) -> Lead:
    leads = Lead.objects.visible_to(request.user).select_related("company")
    return get_object_or_404(leads, public_id=lead_id)


def _back(request: Request) -> str:
    return way_back(request, reverse("handoff:mqls"))


def _asked_again(request: Request, heading: str, verb: str, form: Form) -> HttpResponse:
    """The form with what was typed, and at each field what is wrong there. 422."""
    context = {"heading": heading, "verb": verb, "form": form, "back_url": _back(request)}
    return render(request, "handoff/marketing_form.html", context, status=422)


def _refused(request: Request, lead: Lead, why: str, *, heading: str = "") -> HttpResponse:
    """Who was faster, or why it stands, with what was typed. 409."""
    notice = {
        "kind": "warn",
        "icon_name": "git-pull-request-arrow",
        "strong": f"{lead}:",
        "text": why,
        "url": reverse("handoff:lead", args=[lead.public_id]),
        "action": "Open lead",
    }
    context = {
        "notice": notice,
        "heading": heading,
        "back_url": _back(request),
        "typed": request.POST.get("note", ""),
    }
    return render(request, "handoff/conflict.html", context, status=409)
