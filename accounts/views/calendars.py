"""When teams are open: the calendars, one of them, and the days on which it stays closed."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import calendars
from accounts.calendar_forms import CalendarForm, DayForm, hours_of
from accounts.models import BusinessCalendar, Holiday, Team
from accounts.permissions import may_set_calendars
from accounts.requests import Request, for_everybody, page_for

for_setters = page_for(may_set_calendars, "Managers and admins set calendars.")

#: So many of the next holidays stand in the list of calendars.
NEXT = 3


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar as the list shows it."""

    calendar: BusinessCalendar
    hours: str
    place: str
    next: list[Holiday]
    teams: list[Team]


@require_safe
@for_everybody
def calendar_list(request: Request) -> HttpResponse:
    """Every calendar: its hours, the next days off, and which teams count in it."""
    at = timezone.now()
    ahead = Holiday.objects.closed().filter(on__gte=at.date()).order_by("on")
    found = BusinessCalendar.objects.order_by("name", "id").prefetch_related(
        "opening_hours",
        Prefetch("holidays", ahead, to_attr="ahead"),
        Prefetch("teams", Team.objects.order_by("name", "id")),
    )
    rows = [
        CalendarRow(
            calendar=each,
            hours=calendars.in_words(hours_of(each)),
            place=_place(each),
            next=each.ahead[:NEXT],
            teams=list(each.teams.all()),
        )
        for each in found
    ]
    context = {"rows": rows, "may_set": may_set_calendars(request.user), "now": at}
    return render(request, "accounts/calendars.html", context)


def _place(calendar: BusinessCalendar) -> str:
    """ "Germany, Bavaria"; "" for no country."""
    if not calendar.country:
        return ""
    country = calendars.countries().get(calendar.country, calendar.country)
    region = calendars.subdivisions(calendar.country).get(calendar.subdivision, "")
    return f"{country}, {region}" if region else country


@require_http_methods(["GET", "HEAD", "POST"])
@for_setters
def new_calendar(request: Request) -> HttpResponse:
    """A calendar that is not there yet."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def calendar(request: Request, businesscalendar_id: UUID) -> HttpResponse:
    """One calendar; who may set it finds a form."""
    found = get_object_or_404(BusinessCalendar, public_id=businesscalendar_id)
    if request.method == "POST":
        return _set(request, found)
    return _edit(request, found)


@for_setters
def _set(request: Request, found: BusinessCalendar) -> HttpResponse:
    return _edit(request, found)


def _edit(request: Request, found: BusinessCalendar | None) -> HttpResponse:
    form = CalendarForm(request.POST or None, calendar=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = calendars.save(
                calendar=form.read(), hours=form.hours(), by=request.user, at=timezone.now()
            )
        except calendars.CalendarRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, format_html("Saved <b>{}</b>. It holds for clocks that start from now on.", saved)
            )
            return redirect("accounts:calendar", saved.public_id)
    return _page(request, found, form=form, status=422 if form.errors else 200)


def _page(
    request: Request,
    found: BusinessCalendar | None,
    *,
    form: CalendarForm | None = None,
    day_form: DayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    country = form["country"].value() if form is not None else found.country if found else ""
    context = {
        "calendar": found if found is not None and found.pk else None,
        "title": BusinessCalendar.objects.get(pk=found.pk).name if found and found.pk else "New calendar",
        "form": form or CalendarForm(calendar=found),
        "day_form": day_form or DayForm(today=at.date()),
        "days": _days(found, at),
        "regions": calendars.subdivisions(country or ""),
        "teams": list(found.teams.order_by("name", "id")) if found and found.pk else [],
        "may_set": may_set_calendars(request.user),
        "hours": calendars.in_words(hours_of(found)) if found and found.pk else "",
        "place": _place(found) if found and found.pk else "",
        "rail_path": reverse("accounts:calendars"),
    }
    return render(request, "accounts/calendar.html", context, status=status)


def _days(found: BusinessCalendar | None, at: datetime) -> list[tuple[int, list[Holiday]]]:
    """The days to come, year by year."""
    if found is None or not found.pk:
        return []
    today = calendars.today_of(found, at)
    years: dict[int, list[Holiday]] = {}
    for day in Holiday.objects.filter(calendar=found, on__gte=today).order_by("on"):
        years.setdefault(day.on.year, []).append(day)
    return list(years.items())


@require_POST
@for_setters
def days(request: Request, businesscalendar_id: UUID) -> HttpResponse:
    """A day off of the company's own."""
    found = get_object_or_404(BusinessCalendar, public_id=businesscalendar_id)
    form = DayForm(request.POST, today=calendars.today_of(found, timezone.now()))
    if form.is_valid():
        given = form.cleaned_data
        try:
            calendars.close(calendar=found, on=given["on"], name=given["name"], by=request.user)
        except calendars.CalendarRefused as refusal:
            form.add_error("on", str(refusal))
        else:
            messages.success(request, format_html("Closed on <b>{}</b>.", _said(given["on"])))
            return redirect(_days_url(found))
    return _page(request, found, day_form=form, status=422)


@require_POST
@for_setters
def day_state(request: Request, businesscalendar_id: UUID) -> HttpResponse:
    """Open on a public holiday all the same, keep it again, or take an own day out."""
    found = get_object_or_404(BusinessCalendar, public_id=businesscalendar_id)
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        raise Http404 from None
    holiday = get_object_or_404(Holiday, calendar=found, on=on, on__gte=_today(found))
    left = calendars.switch(holiday=holiday, by=request.user)
    opened = left is None or left.kind == Holiday.Kind.OPEN
    messages.success(request, format_html("<b>{}</b>: {}.", _said(on), "open" if opened else "closed"))
    return redirect(_days_url(found))


def _today(found: BusinessCalendar) -> date:
    return calendars.today_of(found, timezone.now())


def _said(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}"


def _days_url(found: BusinessCalendar) -> str:
    return f"{reverse('accounts:calendar', args=[found.public_id])}#days"
