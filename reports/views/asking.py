"""What every report reads from the URL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.utils import timezone

from accounts.models import User
from accounts.permissions import may_see_reports
from accounts.requests import Request, page_for
from handoff.filters import Chip, chips
from handoff.models import Handoff
from leads.cells import BYTE_ORDER_MARK, as_csv
from leads.models import Lead
from reports.filters import SPANS, PeriodForm, ReportFilter
from reports.keeping import Answer
from reports.periods import Period

for_both_sides: Callable[..., Callable[..., HttpResponse]] = page_for(
    may_see_reports, "Reports are for marketing and for who leads sales."
)
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures, of which days. ``user`` asks, of whom nothing depends but which segments they saved, and
    who is in those; ``at`` is the moment. ``answers`` are those that were given, which may be older."""

    parameters: QueryDict
    user: User | None
    form: PeriodForm
    filters: ReportFilter
    period: Period
    at: datetime
    answers: list[Answer[Any]] = field(default_factory=list)

    @property
    def counted_at(self) -> datetime:
        """As of when the oldest figure of the page is."""
        return min((answer.counted_at for answer in self.answers), default=self.at)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing of the page is being counted anew."""
        return all(answer.is_fresh for answer in self.answers)

    @property
    def leads(self) -> QuerySet[Lead]:
        """Everybody's, narrowed by the filters: both teams look at the same figures."""
        found: QuerySet[Lead] = self.filters.qs
        return found

    @property
    def handoffs(self) -> QuerySet[Handoff]:
        """The same for what counts handoffs: those of these leads, to that team or rep, under those rules."""
        return self.filters.handoffs

    @property
    def chips(self) -> list[Chip]:
        return chips(self.filters, self.parameters)

    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """The periods that the page offers, and which of them it shows."""
        own = bool(self.form.is_valid() and self.form.cleaned_data.get("first"))
        return [(days, label, not own and days == str(self.period.days)) for days, label in SPANS]

    @property
    def trouble(self) -> list[str]:
        """What of the address cannot be meant, in sentences."""
        days = [str(errors[0]) for errors in self.form.errors.values()]
        if days:
            days.append(f"These are the last {self.period.days} days.")
        return [*days, *said_of(self.filters)]

    def one_of(self, kind: type[Choice], name: str, default: Choice) -> Choice:
        """The choice ``name`` of the URL, or ``default`` where it makes no sense."""
        said = self.parameters.get(name)
        return kind(said) if said in list(kind) else default


def asked(request: Request) -> Asked:
    """What the page was asked for; a page says which filter makes no sense. A file can say nothing, so it
    raises Http404."""
    one = asked_in(request.GET, user=request.user, at=timezone.now())
    match = request.resolver_match
    if match and str(match.url_name).endswith("file") and one.filters.form.errors:
        raise Http404(" ".join(said_of(one.filters)))
    return one


def asked_in(parameters: QueryDict, *, user: User | None, at: datetime) -> Asked:
    """Anything that makes no sense falls back to what the page shows first; periods and filters say so."""
    form = PeriodForm(parameters)
    return Asked(
        parameters=parameters,
        form=form,
        user=user,
        filters=ReportFilter(parameters, queryset=Lead.objects.all(), user=user, at=at),
        period=form.period(at=at),
        at=at,
    )


def said_of(filters: ReportFilter) -> list[str]:
    """What was asked of filters and cannot be meant, in sentences."""
    form = filters.form
    return [
        f"{form[name].label}: there is no “{form[name].value()}”, so it narrows nothing."
        for name in form.errors
    ]


def figures_file(one: Asked | None, name: str, header: list[str], rows: list[list[str]]) -> HttpResponse:
    """The rows of a report as a download. Where they were kept, its name says when they were counted; None
    for figures that are what they are for good."""
    if one is not None and one.counted_at != one.at:
        name += f"-counted-{timezone.localtime(one.counted_at):%Y-%m-%d-%H%M}"
    answer = HttpResponse(BYTE_ORDER_MARK + as_csv([header, *rows]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
