"""What campaigns cost: by month, source and campaign, day by day, and how it is written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture import cost_files
from capture.cost_files import BadLines
from capture.cost_forms import AmountForm, CostFileForm, CostForm, SpanForm
from capture.imports.reading import FileError
from leads import costs, paging
from leads.costs import Cost
from leads.models import CampaignCost
from leads.money import money

for_marketers = page_for(may_edit_leads, "Marketers and administrators write down what campaigns cost.")
#: Shown at first: so many days until today.
DAYS = 365
PAGE = 100
ORDER = ("-day", "source", "campaign", "id")


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its lines by source and campaign, and the sums by currency."""

    first: date
    lines: list[dict[str, Any]]
    sums: list[tuple[str, Decimal]]


@require_safe
@for_marketers
def all_costs(request: Request) -> HttpResponse:
    """Sums by month, source and campaign; of one source also day by day. Two queries."""
    found, asked = _asked(request)
    months = list(_months(found))
    by_day = "source" in asked or "campaign" in asked
    page = paging.page(found, order=ORDER, after=request.GET.get("after", ""), size=PAGE) if by_day else None
    context = {
        "months": months,
        "page": page,
        "next_url": _query(request, after=page.next) if page and page.next else "",
        "span": SpanForm(initial=asked),
        "asked": asked,
        "count": sum(line["days"] for month in months for line in month.lines),
        "query": urlencode(asked),
    }
    return render(request, "capture/costs.html", context)


def _asked(request: Request) -> tuple[QuerySet[CampaignCost], dict[str, Any]]:
    """The costs that the URL asks for, and what it asks; ``whole`` are those of no campaign."""
    asked: dict[str, Any] = SpanForm(request.GET).asked()
    today = timezone.localdate()
    asked.setdefault("last", today)
    asked.setdefault("first", max(asked["last"], costs.EARLIEST) - timedelta(days=DAYS - 1))
    found = CampaignCost.objects.visible_to(request.user)
    found = found.filter(day__gte=asked["first"], day__lte=asked["last"])
    if request.GET.get("whole"):
        asked |= {"campaign": "", "whole": "1"}
    for name in ("source", "campaign"):
        if name in asked:
            found = found.filter(**{f"{name}__iexact": asked[name]})
    return found, asked


def _months(found: QuerySet[CampaignCost]) -> Iterator[Month]:
    """The latest first, in each what cost most."""
    rows: QuerySet[Any, Any] = (
        found.annotate(month=TruncMonth("day"))
        .order_by()
        .values("month", "source", "campaign", "currency")
        .annotate(sum=Sum("amount"), days=Count("pk"), first=Min("day"), last=Max("day"))
    )
    ordered = sorted(rows, key=lambda row: (row["month"], row["sum"]), reverse=True)
    for first, lines in groupby(ordered, key=lambda row: row["month"]):
        listed = list(lines)
        sums: dict[str, Decimal] = {}
        for line in listed:
            sums[line["currency"]] = sums.get(line["currency"], Decimal()) + line["sum"]
            line["query"] = _stretch(line)
        yield Month(first, listed, sorted(sums.items()))


def _stretch(line: dict[str, Any]) -> str:
    """The address of the days that a line sums up."""
    of = {"campaign": line["campaign"]} if line["campaign"] else {"whole": "1"}
    return urlencode({"source": line["source"], **of, "first": line["first"], "last": line["last"]})


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def new(request: Request) -> HttpResponse:
    """Record a day, or a stretch of days: "20 a day", "600 in total"."""
    form = CostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said: list[Cost] = form.cleaned_data["costs"]
        return _recorded(request, said)
    return _page(request, "capture/cost_new.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def file(request: Request) -> HttpResponse:
    """Record all lines of a CSV file, or none of them."""
    form = CostFileForm(request.POST or None, request.FILES or None)
    bad: BadLines | None = None
    if request.method == "POST" and form.is_valid():
        try:
            said = cost_files.read(
                upload=form.cleaned_data["file"],
                source=form.cleaned_data["source"],
                currency=settings.CURRENCY,
            )
        except FileError as error:
            form.add_error("file", str(error))
        except BadLines as error:
            bad = error
        else:
            return _recorded(request, said)
    return _page(request, "capture/cost_file.html", form, bad=bad)


def _page(request: Request, template: str, form: Any, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "sources": costs.offered("source"),
        "campaigns": costs.offered("campaign"),
        "currency": settings.CURRENCY,
        "rail_path": reverse("capture:costs"),
        **more,
    }
    status = 422 if form.errors or more.get("bad") else 200
    return render(request, template, context, status=status)


def _recorded(request: Request, said: list[Cost]) -> HttpResponse:
    """Write ``said`` down, say what that changed, and whether no lead comes from there."""
    told = costs.record(costs=said, by=request.user, at=timezone.now())
    sums = ", ".join(money(amount, currency) for currency, amount in cost_files.total(said))
    messages.success(request, format_html("Recorded <b>{}</b>: days {}.", sums, str(told)))
    names = {cost.source for cost in said}
    heard = costs.spellings("source", names)
    if unheard := sorted(name for name in names if name.lower() not in heard):
        listed = ", ".join(unheard[:5])
        messages.warning(request, f"No lead has come from {listed} so far: is it spelt as leads have it?")
    days = [cost.day for cost in said]
    span = urlencode({"first": min(days), "last": max(days)})
    return redirect(f"{reverse('capture:costs')}?{span}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def one(request: Request, campaigncost_id: UUID) -> HttpResponse:
    """What one day cost, to be put right."""
    kept = get_object_or_404(CampaignCost.objects.visible_to(request.user), public_id=campaigncost_id)
    form = AmountForm(request.POST or None, initial={"amount": kept.amount})
    if request.method == "POST" and form.is_valid():
        cost = Cost(kept.day, kept.source, kept.campaign, form.cleaned_data["amount"], kept.currency)
        costs.record(costs=[cost], by=request.user, at=timezone.now())
        messages.success(request, f"{kept.day:%-d %B %Y} cost {money(cost.amount, cost.currency)}.")
        return redirect(_of_its_kind(kept))
    context = {"cost": kept, "form": form, "back": _of_its_kind(kept), "rail_path": reverse("capture:costs")}
    return render(request, "capture/cost.html", context, status=422 if form.errors else 200)


@require_POST
@for_marketers
def removal(request: Request, campaigncost_id: UUID) -> HttpResponse:
    """Take one day back; somebody who was faster is nothing to be told about."""
    found = CampaignCost.objects.visible_to(request.user).filter(public_id=campaigncost_id)
    kept = found.first()
    if kept is not None:
        costs.remove(costs=[kept])
        messages.success(request, f"Deleted {money(kept.amount, kept.currency)} of {kept.day:%-d %B %Y}.")
    return redirect(_of_its_kind(kept) if kept else "capture:costs")


@require_POST
@for_marketers
def removals(request: Request) -> HttpResponse:
    """Take back all days of a source that the page lists."""
    found, asked = _asked(request)
    if "source" not in asked:
        messages.error(request, "Say of which source.")
    else:
        count = costs.remove(costs=found)
        messages.success(request, f"Deleted {count:,} day{'' if count == 1 else 's'} of {asked['source']}.")
    return redirect("capture:costs")


def _of_its_kind(kept: CampaignCost) -> str:
    first = kept.day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    line = {"source": kept.source, "campaign": kept.campaign, "first": first, "last": last}
    return f"{reverse('capture:costs')}?{_stretch(line)}"


def _query(request: Request, **more: str) -> str:
    asked = request.GET.copy()
    for name, value in more.items():
        asked[name] = value
    return f"?{asked.urlencode()}"
