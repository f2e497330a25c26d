"""What everybody sets for themselves: their name, look, time zone, single keys; when they work and when they
are away."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import AbsenceForm, ProfileForm, WorkingHoursForm, said
from accounts.models import Absence, User
from accounts.requests import Request, for_everybody


@require_http_methods(["GET", "POST"])
@for_everybody
def profile(request: Request) -> HttpResponse:
    # A copy is edited: what is refused must not show in the frame around the form.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    context = {"form": form, "teams": request.user.teams.order_by("name", "id")}
    return render(request, "profile/profile.html", context, status=422 if form.errors else 200)


@require_POST
@for_everybody
def keys(request: Request) -> HttpResponse:
    """The switch in the key list: ``keys_enabled`` present means on."""
    User.objects.filter(pk=request.user.pk).update(keys_enabled="keys_enabled" in request.POST)
    return HttpResponse(status=204)


# When one works


@require_http_methods(["GET", "POST"])
@for_everybody
def hours(request: Request) -> HttpResponse:
    """Working hours, and the absences that are not over."""
    if request.method == "GET":
        return _hours_page(request)
    form = WorkingHoursForm(request.POST, person=request.user)
    if not form.is_valid():
        return _hours_page(request, hours=form)
    form.save()
    messages.success(request, "Saved. The next lead that comes in already follows it.")
    return redirect("profile-hours")


@require_POST
@for_everybody
def absences(request: Request) -> HttpResponse:
    """Be away. The same stretch sent again is the same absence."""
    zone = ZoneInfo(request.user.time_zone)
    form = AbsenceForm(request.POST, person=request.user, at=timezone.now())
    if not form.is_valid():
        return _hours_page(request, absence=form)
    messages.success(request, f"Noted: away {said(form.save(), zone)}.")
    return redirect("profile-hours")


@require_POST
@for_everybody
def absence_end(request: Request, absence_id: int) -> HttpResponse:
    """Not away after all: what has not begun goes, what runs ends now. Somebody else's is not there."""
    at = timezone.now()
    absence = get_object_or_404(Absence, pk=absence_id, user=request.user)
    if absence.starts_at >= at:
        absence.delete()
        messages.success(request, "Taken back.")
    elif absence.ends_at > at:
        absence.ends_at = at
        absence.save(update_fields=["ends_at"])
        messages.success(request, "Welcome back. You are in turn for leads again.")
    return redirect("profile-hours")


def _hours_page(
    request: Request, *, hours: WorkingHoursForm | None = None, absence: AbsenceForm | None = None
) -> HttpResponse:
    """2 queries beside those of every page."""
    person, now = request.user, timezone.now()
    zone = ZoneInfo(person.time_zone)
    ahead = Absence.objects.filter(user=person, ends_at__gt=now).order_by("starts_at", "id")
    context = {
        "now": now,
        "hours": hours or WorkingHoursForm(person=person),
        "absence": absence or AbsenceForm(person=person, at=now),
        "away": [(one, said(one, zone), one.starts_at <= now) for one in ahead],
    }
    return render(request, "profile/hours.html", context, status=422 if hours or absence else 200)
