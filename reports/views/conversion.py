"""The conversion report, the leads behind each of its figures, and both as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import may_see_reports
from accounts.requests import Request, page_for
from handoff.filters import chips, without
from handoff.views import exports
from handoff.views.rows import in_words
from leads import paging
from leads.cells import BYTE_ORDER_MARK, as_csv
from leads.milestones import Milestone
from leads.models import Lead
from reports import conversion
from reports.conversion import By, Counting, Report
from reports.filters import SPANS, PeriodForm, ReportFilter
from reports.periods import NoPeriod, Period, month, within

for_both_sides = page_for(may_see_reports, "Reports are for marketing and for who leads sales.")

PAGE = 50
ORDER = ("-passed_at", "-id")
BYS = {By.SOURCE: "Source", By.CAMPAIGN: "Campaign", By.COUNTRY: "Country", By.MONTH: "Month"}
COUNTINGS = {Counting.PASSED: "Passed in the period", Counting.COHORT: "Came in the period"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the URL asks for."""

    form: PeriodForm
    filters: ReportFilter
    period: Period
    counting: Counting
    by: By
    at: datetime

    def report(self) -> Report:
        return conversion.report(
            leads=self.filters.qs, period=self.period, counting=self.counting, by=self.by
        )


def asked(request: Request) -> Asked:
    """Anything that makes no sense falls back to what the page shows first; a period says so itself."""
    at, form = timezone.now(), PeriodForm(request.GET)
    return Asked(
        form=form,
        filters=ReportFilter(request.GET, queryset=Lead.objects.all()),
        period=form.period(at=at),
        counting=_one_of(Counting, request.GET.get("count"), Counting.PASSED),
        by=_one_of(By, request.GET.get("by"), By.SOURCE),
        at=at,
    )


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """How many leads came how far."""
    one = asked(request)
    found = one.report()
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "lines": [(_name(line.key, one.by), line) for line in found.lines],
        "chips": chips(one.filters, request.GET),
        "by_label": BYS[one.by],
        "bys": [(by.value, label, by == one.by) for by, label in BYS.items()],
        "countings": [(each.value, label, each == one.counting) for each, label in COUNTINGS.items()],
        "spans": _spans(one),
        "address": request.GET.urlencode(),
        "enough": conversion.ENOUGH,
    }
    return render(request, "reports/conversion.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows as CSV; a rate is left out where there are too few leads for one."""
    one = asked(request)
    found = one.report()
    steps = found.total
    header = [BYS[one.by], *(step.label for step in steps), *(f"{step.label}, %" for step in steps[1:])]
    rows = [
        *([_name(line.key, one.by), *_figures(line.steps)] for line in found.lines),
        ["All", *_figures(steps)],
    ]
    return _file(f"conversion-by-{one.by}", header, rows)


@require_safe
@for_both_sides
def leads(request: Request) -> HttpResponse:
    """The leads behind one figure, the latest first: those that the reader may open, and how many more."""
    one = asked(request)
    milestone, found = _behind(request, one)
    seen = found.filter(pk__in=Lead.objects.visible_to(request.user).values("pk"))
    page = paging.page(
        seen.select_related("company"), order=ORDER, after=request.GET.get("after", ""), size=PAGE
    )
    counts = paging.counts({"all": found, "seen": seen})
    context = {
        "now": one.at,
        "one": one,
        "page": page,
        "counts": counts,
        "milestone": milestone.label if milestone else "Leads",
        "line": _name(request.GET.get("line"), one.by) if "line" in request.GET else "",
        "chips": chips(one.filters, request.GET),
        "back": without(request.GET, "step", "line", "after"),
        "next_url": f"{without(request.GET, 'after')}&after={page.next}" if page.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
    }
    return render(request, "reports/conversion_leads.html", context)


@require_safe
@for_both_sides
def leads_file(request: Request) -> HttpResponse:
    """The same leads, those that the reader may open, as a file."""
    _, found = _behind(request, asked(request))
    seen = found.filter(pk__in=Lead.objects.visible_to(request.user).values("pk"))
    return exports.leads_file(request, "conversion-leads", seen.select_related("company", "owner"), ORDER)


def _behind(request: Request, one: Asked) -> tuple[Milestone | None, Any]:
    name, line = request.GET.get("step", "leads"), request.GET.get("line")
    steps: dict[str, Milestone | None] = {"leads": None, **{each.name.lower(): each for each in Milestone}}
    if name not in steps:
        raise Http404("There is no such step.")
    period, narrowed = one.period, one.filters.qs
    if line is not None and one.by == By.MONTH:
        try:
            period = within(one.period, month(line))
        except NoPeriod as error:
            raise Http404(str(error)) from None
    elif line is not None:
        narrowed = conversion.of_line(narrowed, by=one.by, key=line)
    found = conversion.behind(leads=narrowed, period=period, counting=one.counting, milestone=steps[name])
    return steps[name], found


def _one_of(kind: Any, said: str | None, default: Any) -> Any:
    return kind(said) if said in set(kind) else default


def _name(key: str | None, by: By) -> str:
    """What a line is called: "paid search", "March 2026"."""
    if key is None:
        return "Others"
    if by == By.MONTH:
        return f"{month(key):%B %Y}"
    return (in_words(key) if by == By.SOURCE else key) or "unknown"


def _figures(steps: Sequence[conversion.Step]) -> list[str]:
    rates = [f"{100 * share.rate:.1f}" if (share := step.share) else "" for step in steps[1:]]
    return [*(str(step.count) for step in steps), *rates]


def _file(name: str, header: list[str], rows: list[list[str]]) -> HttpResponse:
    answer = HttpResponse(BYTE_ORDER_MARK + as_csv([header, *rows]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _spans(one: Asked) -> list[tuple[str, str, bool]]:
    own = bool(one.form.is_valid() and one.form.cleaned_data.get("first"))
    days = str(one.period.days)
    return [(key, label, not own and key == days) for key, label in SPANS]
