"""One person with hours and absences, and who comes in new. The list of everybody is ``people_list``."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts import calendars, inviting
from accounts.calendar_forms import WeekForm
from accounts.calendars import Hours
from accounts.models import Absence, Role, User, WorkingHours
from accounts.people_forms import AbsenceForm, InvitationForm, PersonForm
from accounts.permissions import may_arrange_people, may_invite
from handoff import leaving
from handoff.messages import moment
from handoff.models import Pool

from .requests import Request, for_everybody, page_for

for_inviters = page_for(may_invite, "Admins bring people in and switch them off.")


@require_http_methods(["GET", "HEAD", "POST"])
@for_inviters
def invitation(request: Request) -> HttpResponse:
    """Somebody new, by e-mail."""
    form = InvitationForm(request.POST or None, initial={"time_zone": request.user.time_zone})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made, sent = inviting.invite(by=request.user, **given)
        except inviting.InvitationRefused as refusal:
            form.add_error("email", str(refusal))
        else:
            _say_sent(request, made, sent=sent)
            return redirect("handoff:person", made.public_id)
    context = {"form": form, "mail_folder": _mail_folder(), "rail_path": reverse("handoff:people")}
    return render(request, "handoff/person_new.html", context, status=422 if form.errors else 200)


def _mail_folder() -> str:
    """Where mail is written instead of being sent, as on a laptop without a mail server; "" where it goes
    out."""
    return str(settings.EMAIL_FILE_PATH) if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend") else ""


def _say_sent(request: Request, person: User, *, sent: bool) -> None:
    if sent:
        if folder := _mail_folder():
            said = format_html("The link for <b>{}</b> is written to {}.", person, folder)
        else:
            said = format_html("The link for <b>{}</b> is on its way.", person)
        messages.success(request, said)
    else:
        messages.error(request, format_html("The mail to <b>{}</b> did not go out. Send it again.", person))


# One person


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def person(request: Request, user_id: UUID) -> HttpResponse:
    """What somebody is, when they work, when they are away, and what they have."""
    found = _arranged(request, user_id)
    if request.method != "POST":
        return _page(request, found)
    if not may_invite(request.user):
        raise PermissionDenied("Admins say what somebody is.")
    form = PersonForm(request.POST, instance=found)
    if form.is_valid():
        try:
            inviting.change(person=found, teams=form.cleaned_data["teams"], by=request.user)
        except inviting.InvitationRefused as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, format_html("Saved <b>{}</b>.", found))
            return redirect("handoff:person", found.public_id)
    return _page(request, User.objects.get(pk=found.pk), form=form, status=422)


@require_POST
@for_everybody
def hours(request: Request, user_id: UUID) -> HttpResponse:
    """The hours in which somebody takes new leads."""
    found = _arranged(request, user_id)
    form = WeekForm(request.POST)
    if not form.is_valid():
        return _page(request, found, week=form, status=422)
    with transaction.atomic():
        WorkingHours.objects.filter(user=found).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(user=found, weekday=each.weekday, starts=each.opens, ends=each.closes)
            for each in form.hours()
        )
    messages.success(request, format_html("Saved the hours of <b>{}</b>.", found))
    return redirect(f"{reverse('handoff:person', args=[found.public_id])}#hours")


@require_POST
@for_everybody
def absences(request: Request, user_id: UUID) -> HttpResponse:
    """Somebody will be away."""
    found = _arranged(request, user_id)
    form = AbsenceForm(request.POST, person=found)
    if not form.is_valid():
        return _page(request, found, absence=form, status=422)
    made = form.save()
    until = moment(made.ends_at, found.time_zone)
    messages.success(request, format_html("<b>{}</b> gets no new leads until {}.", found, until))
    return redirect(f"{reverse('handoff:person', args=[found.public_id])}#absences")


@require_POST
@for_everybody
def absence_end(request: Request, user_id: UUID) -> HttpResponse:
    """Back already, or not going: an absence to come goes, one that has begun ends now."""
    found, now = _arranged(request, user_id), timezone.now()
    ahead = Absence.objects.filter(user=found, ends_at__gt=now)
    absence = next((each for each in ahead if str(each.pk) == request.POST.get("absence")), None)
    if absence is None:
        raise Http404
    if absence.starts_at < now:
        Absence.objects.filter(pk=absence.pk).update(ends_at=now)
    else:
        absence.delete()
    messages.success(request, format_html("<b>{}</b> takes leads again.", found))
    return redirect(f"{reverse('handoff:person', args=[found.public_id])}#absences")


@require_POST
@for_inviters
def another_invitation(request: Request, user_id: UUID) -> HttpResponse:
    """The link once more."""
    found = get_object_or_404(User, public_id=user_id, is_active=True)
    _say_sent(request, found, sent=inviting.send(to=found, by=request.user))
    return redirect("handoff:person", found.public_id)


@require_POST
@for_inviters
def state(request: Request, user_id: UUID) -> HttpResponse:
    """On or off. Whoever has work hands it on first."""
    found, on = get_object_or_404(User, public_id=user_id), request.POST.get("on") == "on"
    if not on and found.role in (Role.REP, Role.MANAGER) and leaving.work_of(found):
        messages.warning(request, format_html("<b>{}</b> has work. Hand it on, then switch them off.", found))
        return redirect("handoff:person-leaving", found.public_id)
    try:
        inviting.switch(person=found, on=on, by=request.user)
    except inviting.InvitationRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, format_html("<b>{}</b> {}.", found, "is back" if on else "is switched off"))
    return redirect("handoff:person", found.public_id)


def _page(
    request: Request,
    found: User,
    *,
    form: PersonForm | None = None,
    week: WeekForm | None = None,
    absence: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    sells = found.role in (Role.REP, Role.MANAGER)
    worked = _hours_of(found)
    context = {
        "person": found,
        "form": form or PersonForm(instance=User.objects.get(pk=found.pk)),
        "week": week or WeekForm(hours=worked),
        "hours": calendars.in_words(worked) if worked else "at any time",
        "absence": absence or AbsenceForm(person=found),
        "away": _absences(found, now),
        "pools": list(Pool.objects.filter(members__user=found).order_by("position", "id")) if sells else [],
        "teams": list(found.teams.order_by("name", "id")),
        "work": leaving.work_of(found) if sells else None,
        "may_invite": may_invite(request.user),
        "is_self": found.pk == request.user.pk,
        "sells": sells,
        "rail_path": reverse("handoff:people"),
    }
    return render(request, "handoff/person.html", context, status=status)


def _hours_of(found: User) -> list[Hours]:
    rows = WorkingHours.objects.filter(user=found).order_by("weekday", "starts")
    return [Hours(each.weekday, each.starts, each.ends) for each in rows]


def _absences(found: User, now: datetime) -> list[tuple[Absence, str, str, bool]]:
    """Those to come and the one that runs: from, until in the person's time, whether it has begun."""
    zone = found.time_zone
    rows = Absence.objects.filter(user=found, ends_at__gt=now).order_by("starts_at", "id")
    return [
        (each, moment(each.starts_at, zone), moment(each.ends_at, zone), each.starts_at <= now)
        for each in rows
    ]


def _arranged(request: Request, user_id: UUID) -> User:
    """Somebody whose hours and absences the reader arranges; others are not found."""
    found = get_object_or_404(User, public_id=user_id)
    if not may_arrange_people(request.user, found):
        raise Http404
    return found
