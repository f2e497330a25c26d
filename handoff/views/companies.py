"""All companies, and one of them: its people, what they did, what is open, and who has the account."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, F, Q
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from handoff import account_owners
from handoff.filters import CompanyFilter, chips, without
from handoff.lead_forms import AccountOwnerForm
from handoff.models import Handoff
from handoff.permissions import may_set_account_owner
from leads import lifecycle, paging, timeline
from leads.models import Company, Lead, Opportunity, StageChange
from leads.stages import sql_stages

from .colleagues import colleagues
from .lead_timeline import address, kind_chips, kinds_in
from .requests import Request, for_everybody, page_for, way_back

PAGE = 50
ORDER = ("by_name", "id")
PEOPLE = 50
#: The timeline is that of so many people, who moved last; a firm with more is read lead by lead.
TOLD = 200
OPEN_SHOWN = 20
#: Ten steps for each of them; nobody is moved about more.
STEPS_READ = 10 * TOLD

for_account_leaders = page_for(may_set_account_owner, "Managers and admins say who has an account.")


@require_safe
@for_everybody
def all_companies(request: Request) -> HttpResponse:
    """Search, filter and page through the companies one may see."""
    filters = listed(request)
    page = paging.page(filters.qs, order=ORDER, after=request.GET.get("after", ""), size=PAGE)
    counts = _counts(page.rows, request)
    context = {
        "now": timezone.now(),
        "rows": [(company, *counts.get(company.pk, (0, 0))) for company in page.rows],
        "filters": filters,
        "chips": chips(filters, request.GET),
        "next_url": f"{without(request.GET, 'after')}&after={page.next}" if page.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
    }
    return render(request, "handoff/companies.html", context)


def listed(request: Request) -> CompanyFilter:
    """The companies that the URL asks for, to be read in ``ORDER``."""
    visible = Company.objects.visible_to(request.user).select_related("owner").annotate(by_name=Lower("name"))
    return CompanyFilter(request.GET, queryset=visible)


def _counts(companies: list[Company], request: Request) -> dict[int, tuple[int, int]]:
    """Of each company how many people the reader may open, and how many of them are SQLs. One query."""
    leads = Lead.objects.visible_to(request.user).filter(company__in=[company.pk for company in companies])
    rows = leads.values("company").annotate(
        people=Count("id"), sqls=Count("id", filter=Q(stage__in=sql_stages()))
    )
    return {row["company"]: (row["people"], row["sqls"]) for row in rows.order_by()}


@require_safe
@for_everybody
def company(request: Request, company_id: UUID) -> HttpResponse:
    """One company, as much of it as the reader may see."""
    return _page(request, _visible(request, company_id))


@require_POST
@for_account_leaders
def owner(request: Request, company_id: UUID) -> HttpResponse:
    """Who has the account from now on."""
    found = _visible(request, company_id)
    form = AccountOwnerForm(request.POST, people=account_owners.candidates(request.user))
    if not form.is_valid():
        return _page(request, found, status=422, owner_form=form)
    to = form.cleaned_data["owner"]
    account_owners.set_owner(company=found, owner=to, by=request.user, at=timezone.now())
    messages.success(request, format_html("<b>{}</b> is {} account.", found, f"{to}’s" if to else "nobody’s"))
    return redirect(way_back(request, request.path.removesuffix("owner/")))


def _visible(request: Request, company_id: UUID) -> Company:
    companies = Company.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(companies, public_id=company_id)


def _page(request: Request, company: Company, *, status: int = 200, **forms: Any) -> HttpResponse:
    at, user = timezone.now(), request.user
    visible = Lead.objects.visible_to(user).filter(company=company)
    lead_ids = list(visible.order_by("-stage_at", "-id").values_list("pk", flat=True)[: TOLD + 1])
    kinds = kinds_in(request.GET)
    after = request.GET.get("after", "")
    changes = _changes(lead_ids[:TOLD])
    told = timeline.page(
        lead_ids=lead_ids[:TOLD],
        kinds=kinds,
        after=after,
        changes=changes,
        taken_back=lifecycle.taken_back(changes),
        named=True,
    )
    path = request.path.removesuffix("owner/")
    handoffs = Handoff.objects.open().filter(lead__in=visible).select_related("lead", "rep")
    deals = Opportunity.objects.filter(lead__in=visible).select_related("lead", "owner", "stage")
    form = None
    if may_set_account_owner(user):
        form = AccountOwnerForm(
            people=account_owners.candidates(user),
            initial={"owner": company.owner.public_id if company.owner else ""},
        )
    context = {
        "now": at,
        "company": company,
        "people": colleagues(company_id=company.pk, user=user, most=PEOPLE + 1)[:PEOPLE],
        "people_count": Lead.objects.filter(company=company).order_by()[:1000].count(),
        "people_shown": PEOPLE,
        "told_of": TOLD if len(lead_ids) > TOLD else 0,
        "timeline": told,
        "kinds": kind_chips(path, {}, kinds),
        "earlier_url": address(path, {}, kinds, told.next) if told.next else "",
        "handoffs": handoffs.order_by("due_at", "id")[:OPEN_SHOWN],
        "deals": deals.order_by(F("closed_at").desc(nulls_first=True), "-created_at", "-id")[:OPEN_SHOWN],
        "owner_form": form,
        "path": path,
        **forms,
    }
    return render(request, "handoff/company.html", context, status=status)


def _changes(lead_ids: list[int]) -> list[StageChange]:
    """Every step of these people: a few each. One query."""
    rows = StageChange.objects.filter(lead__in=lead_ids).select_related("by", "lead")
    return list(rows.order_by("-at", "-id")[:STEPS_READ])
