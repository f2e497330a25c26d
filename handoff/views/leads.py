"""All leads, and everything about one of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import may_give_verdicts, may_hand_over
from handoff import contacts, follow_ups, frameworks, leaving, saved_views
from handoff import qualification as qualifying
from handoff.filters import chips, without
from handoff.forms import HandOverForm, PhaseForm
from handoff.lead_filters import LeadFilter
from handoff.lead_forms import (
    ContactForm,
    DealForm,
    DisputeForm,
    EndForm,
    OpportunityForm,
    PauseForm,
    QualificationForm,
    ReassignForm,
    SupplierForm,
    TaskForm,
    first_due,
)
from handoff.models import Handoff
from handoff.opportunities import CloseRefused
from handoff.permissions import NotYours, may_log, may_override_requirements, may_qualify
from leads import paging
from leads.models import Lead, Opportunity, Supplier
from leads.money import money

from .lead_page import LeadPage, lead_page
from .lead_verdicts import taken_back
from .previews import reasons_in_use
from .requests import Request, for_everybody, page_for, wants, way_back
from .rows import AgreedLines, agreed_line, in_words, leading_scores
from .saved import ways_to_share

PAGE = 50
#: What all leads can be sorted by: only what an index gives in order, so that a million cost no more.
SORTS = {"newest": ("-created_at", "-id"), "oldest": ("created_at", "id")}


SUPPLIERS_OFFERED = 200

for_sales = page_for(may_give_verdicts, "This is for sales to write down.")


@require_GET
@for_everybody
def all_leads(request: Request) -> HttpResponse:
    """Search, filter and page through every lead one may see."""
    filters, sort = listed(request)
    page = paging.page(filters.qs, order=SORTS[sort], after=request.GET.get("after", ""), size=PAGE)
    scores = leading_scores([lead.pk for lead in page.rows])
    lines = AgreedLines(agreed_line(), scores.values())
    kept = saved_views.of(request.user, "leads")
    own_view = saved_views.kept_as(kept, request.GET)
    context = {
        "now": timezone.now(),
        "rows": [(lead, lines.measured(scores.get(lead.pk)), in_words(lead.source)) for lead in page.rows],
        "filters": filters,
        "chips": chips(filters, request.GET),
        "sort": sort,
        "query": without(request.GET, "after").removeprefix("?"),
        "views": [{"label": each.name, "url": each.url, "current": each == own_view} for each in kept],
        "own_view": own_view,
        "ways": ways_to_share(request.user),
        "may_judge": may_hand_over(request.user),
        "sort_url": without(request.GET, "sort", "after"),
        "next_url": f"{without(request.GET, 'after')}&after={page.next}" if page.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
    }
    return render(request, "handoff/leads.html", context)


def listed(request: Request) -> tuple[LeadFilter, str]:
    """The leads that the URL asks for, each with the rep it ``waits_with``, and the key of their order."""
    sort = request.GET.get("sort", "")
    visible = Lead.objects.visible_to(request.user).select_related("company", "owner")
    waiting = Handoff.objects.open().filter(lead=OuterRef("pk")).values("rep__name")[:1]
    visible = visible.annotate(waits_with=Subquery(waiting))
    return LeadFilter(request.GET, queryset=visible), sort if sort in SORTS else "newest"


@require_GET
@for_everybody
def lead(request: Request, lead_id: UUID) -> HttpResponse:
    """One lead, all of it."""
    return lead_again(request, visible_lead(request, lead_id))


@require_POST
@for_sales
def contact(request: Request, lead_id: UUID) -> HttpResponse:
    """Write down a call, mail, meeting or note."""
    lead = visible_lead(request, lead_id)
    if not may_log(request.user, lead):
        raise NotYours(f"{lead} is closed.")
    form = ContactForm(request.POST, selling_early=contacts.needs_reason(lead=lead))
    if not form.is_valid():
        return lead_again(request, lead, status=422, contact_form=form)
    given = form.cleaned_data
    try:
        contacts.log(
            lead=lead,
            by=request.user,
            kind=given["kind"],
            note=given["note"],
            reason=given.get("reason", ""),
            key=given["key"],
            at=timezone.now(),
        )
    except contacts.ReasonNeeded:  # it became an MQL while somebody typed
        form = ContactForm(request.POST, selling_early=True)
        return lead_again(request, lead, status=422, contact_form=form)
    except contacts.KeyTaken as refusal:
        form.add_error(None, str(refusal))
        return lead_again(request, lead, status=409, contact_form=form)
    messages.success(request, format_html("Noted for <b>{}</b>.", lead))
    return redirect(way_back(request, lead_url(lead)))


@require_POST
@for_sales
def qualification(request: Request, lead_id: UUID) -> HttpResponse:
    """Save the answers that were sent; with htmx as each is given."""
    lead = visible_lead(request, lead_id)
    asked = frameworks.asked_of(lead)
    form = QualificationForm(request.POST, asked=asked)
    if not may_qualify(request.user, lead) or not form.is_valid():
        if request.htmx:
            return render(request, "handoff/_not_saved.html", {"error": form.first_error()}, status=422)
        return lead_again(request, lead, status=422, qualification_form=form)
    at = timezone.now()
    for question, (level, note) in form.answers().items():
        qualifying.answer(
            lead=lead, by=request.user, question=question, level=level, note=note, at=at, asked=asked
        )
    if request.htmx:
        known = qualifying.known_of(lead)
        context = {
            "lead": lead,
            "missing": [gap.words for gap in frameworks.gaps(lead=lead, asked=asked, known=known, at=at)],
            "may_override": may_override_requirements(request.user),
            "saved_at": at,
            "oob": True,
            "now": at,
        }
        return render(request, "handoff/_qualified.html", context)
    messages.success(request, "Saved.")
    return redirect(way_back(request, lead_url(lead)))


@require_POST
@for_sales
def opportunity(request: Request, lead_id: UUID) -> HttpResponse:
    """Turn an SQL into an opportunity, once everything needed is known."""
    lead = visible_lead(request, lead_id)
    form = OpportunityForm(request.POST, may_override=may_override_requirements(request.user))
    if not form.is_valid():
        return lead_again(request, lead, status=422, opportunity_form=form)
    try:
        deal = qualifying.convert(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    except CloseRefused as refusal:  # midnight passed since the form was checked
        form.add_error("close_on", str(refusal))
        return lead_again(request, lead, status=422, opportunity_form=form)
    except qualifying.NotQualified as refusal:
        form.add_error(None, str(refusal))
        return lead_again(request, lead, status=409, opportunity_form=form)
    messages.success(request, format_html("<b>{}</b> is an opportunity now{}.", lead, of_amount(deal)))
    return redirect(way_back(request, lead_url(lead)))


def visible_lead(request: Request, lead_id: UUID) -> Lead:
    """The lead, with company and owner; 404 when the reader may not see it."""
    leads = Lead.objects.visible_to(request.user).select_related("company__owner", "owner")
    return get_object_or_404(leads, public_id=lead_id)


def of_amount(deal: Opportunity) -> str:
    """ " of €48,000": how what was typed was understood; "" where no amount is known."""
    return f" of {money(deal.amount, deal.currency)}" if deal.amount is not None else ""


def lead_url(lead: Lead) -> str:
    return reverse("handoff:lead", args=[lead.public_id])


def lead_again(request: Request, lead: Lead, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The lead's page; ``forms`` are those to show again with what is wrong in them."""
    at = timezone.now()
    page: LeadPage = lead_page(user=request.user, lead=lead, parameters=request.GET, at=at)
    context: dict[str, Any] = {
        "now": at,
        "page": page,
        "answers": _answers(page, forms.get("qualification_form")),
        "lead": lead,
        "here": request.get_full_path() if request.method == "GET" else page.url,
        "rejecting": page.decides and "reject" in request.GET,
        "rail_path": page.came_from.back_url if page.came_from else "",
        "contact_form": ContactForm(selling_early=contacts.needs_reason(lead=lead)),
        "opportunity_form": OpportunityForm(may_override=may_override_requirements(request.user)),
        "may_override": may_override_requirements(request.user),
        "dispute_form": DisputeForm(),
        **_sales_forms(page, request, at),
        "handover_form": HandOverForm(),
        "pause_form": PauseForm(),
        "phase_form": PhaseForm(initial={"phase": lead.phase}),
        **forms,
    }
    if page.deal is not None and "deal_form" not in context:
        deal = page.deal.deal
        figures = {"name": deal.name, "amount": deal.amount, "close_on": deal.close_on}
        context["deal_form"] = DealForm(initial=figures, currency=deal.currency, auto_id="id_deal_%s")
    if context["rejecting"]:
        context["reasons"] = reasons_in_use()
        context["rejection"] = taken_back(page.handoff, request.user) if page.handoff else {}
    if wants(request, "timeline"):
        return render(request, "handoff/lead.html#timeline", context)
    return render(request, "handoff/lead.html", context, status=status)


def _answers(page: LeadPage, sent: QualificationForm | None) -> list[frameworks.Answer]:
    """What is known, or what was ``sent`` just now and could not be saved."""
    typed = sent.typed() if sent else {}
    return [
        replace(answer, level=typed[key][0], note=typed[key][1])
        if (key := answer.question.key) in typed
        else answer
        for answer in page.answers
    ]


def _sales_forms(page: LeadPage, request: Request, at: datetime) -> dict[str, Any]:
    """The forms that only sales has: each is there as far as the reader may send it."""
    forms: dict[str, Any] = {}
    if page.may_move and page.handoff is not None:
        people = leaving.takers(request.user, at).exclude(pk=page.handoff.rep_id or 0)
        forms["give_form"] = ReassignForm(people=people, initial={"worked": not page.handoff.is_open})
    if may_give_verdicts(request.user):
        people = follow_ups.people_for(page.lead)
        due = timezone.localtime(first_due(at))
        forms["task_form"] = TaskForm(people=people, initial={"due_at": due, "owner": request.user.public_id})
    if page.works:
        forms["supplier_form"] = SupplierForm()
        forms["supplier_names"] = Supplier.objects.order_by("name")[:SUPPLIERS_OFFERED]
    if page.deal is not None and page.deal.is_open and page.works:
        known = Supplier.objects.filter(competes_for__lead=page.lead).order_by("name", "id")
        forms["end_form"] = EndForm(suppliers=known)
    return forms
