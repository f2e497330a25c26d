"""Forms for marketers: build one, put it on a page, see what it brought, look through what was held."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture import arrivals
from capture.models import OfferFile, Submission, WebForm, WebFormField
from capture.offer_forms import OfferFileForm
from capture.web_form_forms import Builder, NewWebFormForm, rearranged
from capture.webforms import arranging, offers, reviewing, starters
from leads import paging

for_marketers = page_for(may_edit_leads, "Forms are built by marketers and administrators.")
SHOWN = timedelta(days=7)
PAGE = 25


@require_safe
@for_marketers
def web_forms(request: Request) -> HttpResponse:
    """Every form with what it brought in a week, and how many submissions wait. Three queries."""
    now = timezone.now()
    brought = arrivals.brought(since=now - SHOWN)
    held, together = _held_by_form(request)
    forms = WebForm.objects.visible_to(request.user).select_related("source", "type")
    rows = [
        {"form": form, "brought": brought.get(form.source_id), "held": held.get(form.pk, 0)}
        for form in forms.order_by("source__name", "id")
    ]
    return render(request, "capture/forms.html", {"rows": rows, "now": now, "held": together})


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def new(request: Request) -> HttpResponse:
    form = NewWebFormForm(request.POST or None, initial={"starter": "contact"})
    if request.method == "POST" and form.is_valid():
        starter = starters.of(form.cleaned_data["starter"])
        name = form.cleaned_data["name"] or ("Form" if starter is starters.BLANK else starter.name)
        made = arranging.make(name=name, starter=starter, by=request.user, at=timezone.now())
        messages.success(request, format_html("<b>{}</b> is live. Change what you like and save.", made))
        return redirect("capture:form", made.public_id)
    context = {"form": form, "starters": [*starters.STARTERS.values(), starters.BLANK]}
    return render(request, "capture/form_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def web_form(request: Request, webform_id: UUID) -> HttpResponse:
    """The builder: all of a form beside what a visitor sees. ``do`` in a post says what to do with what was
    typed: save it, or add, move or remove a field, or only look, which all save nothing."""
    shown = _visible(request, webform_id)
    if request.method != "POST":
        return _page(request, shown, Builder(shown))
    action = request.POST.get("do", "save")
    if action != "save":
        built = Builder(shown, rearranged(request.POST, action), unfinished=True)
        return _page(request, shown, built, unsaved=True)
    built = Builder(shown, request.POST)
    if not built.is_valid():
        return _page(request, shown, built, unsaved=True, status=422)
    said = dict(built.settings.cleaned_data)
    arranging.save(
        form=shown,
        name=said.pop("name"),
        consent=said.pop("consent"),
        settings=said,
        fields=built.fields(),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "Saved. Visitors see it as it is now.")
    return redirect("capture:form", shown.public_id)


@require_POST
@for_marketers
def preview(request: Request, webform_id: UUID) -> HttpResponse:
    """What a visitor would see of what is typed; nothing is saved."""
    shown = _visible(request, webform_id)
    return render(
        request, "capture/_form_preview.html", _previewed(Builder(shown, request.POST, unfinished=True))
    )


@require_POST
@for_marketers
def offer(request: Request, webform_id: UUID) -> HttpResponse:
    """Take the file that the form gives away, or give it away no more."""
    shown = _visible(request, webform_id)
    if "remove" in request.POST:
        offers.drop(form=shown)
        messages.success(request, "The file is given away no more.")
        return redirect("capture:form", shown.public_id)
    form = OfferFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, shown, Builder(shown), status=422, offer_form=form)
    kept = offers.keep(form=shown, upload=form.cleaned_data["file"], by=request.user, at=timezone.now())
    messages.success(request, format_html("<b>{}</b> is what the form gives away.", kept.name))
    return redirect("capture:form", shown.public_id)


@require_POST
@for_marketers
def switch(request: Request, webform_id: UUID) -> HttpResponse:
    """Close the form, or open it again."""
    shown = _visible(request, webform_id)
    shown.source.is_active = "open" in request.POST
    shown.source.save(update_fields=["is_active"])
    messages.success(
        request, "Open again." if shown.source.is_active else "Closed: it takes nothing any more."
    )
    return redirect("capture:form", shown.public_id)


@require_safe
@for_marketers
def submissions(request: Request, webform_id: UUID) -> HttpResponse:
    """What was sent with a form, the newest first. ``?before=`` goes back in it."""
    shown = _visible(request, webform_id)
    rows, older = _listed(request, Submission.objects.visible_to(request.user).filter(web_form=shown))
    context = {"form": shown, "rows": rows, "older": older, "now": timezone.now()}
    return render(request, "capture/form_submissions.html", context)


@require_safe
@for_marketers
def submission(request: Request, webform_id: UUID, submission_id: UUID) -> HttpResponse:
    """One submission: every answer as it was typed, and what became of it."""
    shown = _visible(request, webform_id)
    rows = Submission.objects.visible_to(request.user).select_related("lead", "consent", "looked_by")
    found = get_object_or_404(rows, web_form=shown, public_id=submission_id)
    labels = {one.key: one.label for one in WebFormField.objects.filter(web_form=shown)}
    context = {
        "form": shown,
        "submission": found,
        "answers": [(labels.get(key, key), said) for key, said in found.answers.items()],
        "came": {**found.came, **found.came.get("tags", {})},
        "now": timezone.now(),
    }
    return render(request, "capture/form_submission.html", context)


@require_safe
@for_marketers
def review(request: Request) -> HttpResponse:
    """What was held of all forms, the newest first, each with what gave it away. ``?before=`` goes back."""
    held = Submission.objects.visible_to(request.user).held()
    rows, older = _listed(request, held.select_related("web_form__source"))
    context = {
        "rows": rows,
        "older": older,
        "now": timezone.now(),
        "most": reviewing.MOST,
        "days": settings.SUBMISSION_RETENTION_DAYS,
    }
    return render(request, "capture/form_review.html", context)


@require_POST
@for_marketers
def decide(request: Request) -> HttpResponse:
    """Release or dismiss what is ticked, or the one whose button was pressed: ``do`` is "release" or
    "dismiss", with an id behind it for one."""
    verb, _, one = request.POST.get("do", "").partition(" ")
    ids = _ids([one] if one else request.POST.getlist("id"))
    if not ids:
        messages.warning(request, "Nothing was ticked.")
    elif verb == "release":
        count = reviewing.release(ids=ids, by=request.user, at=timezone.now())
        messages.success(request, f"{_many(count)} released: leads and activities as of when they were sent.")
    elif verb == "dismiss":
        count = reviewing.dismiss(ids=ids, by=request.user, at=timezone.now())
        messages.success(request, f"{_many(count)} dismissed; what was sent stays with its form.")
    return redirect("capture:form-review")


def _many(count: int) -> str:
    return "1 submission" if count == 1 else f"{count} submissions"


def _ids(said: list[str]) -> list[UUID]:
    found = []
    for each in said[: reviewing.MOST]:
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return found


def _visible(request: Request, webform_id: UUID) -> WebForm:
    rows = WebForm.objects.visible_to(request.user).select_related("source", "type")
    return get_object_or_404(rows.prefetch_related("fields"), public_id=webform_id)


def _held_by_form(request: Request) -> tuple[dict[int, int | str], int | str]:
    """How many wait for a look, by primary key of the form and together; "999+" where a robot sent more, and
    "12+" for a form of which so many are among the newest of those."""
    held = Submission.objects.visible_to(request.user).held().order_by("-id")
    found = Counter(held.values_list("web_form", flat=True)[: paging.MOST_COUNTED])
    if found.total() < paging.MOST_COUNTED:
        return dict(found), found.total()
    return {pk: f"{count}+" for pk, count in found.items()}, f"{paging.MOST_COUNTED - 1}+"


def _listed(request: Request, rows: Any) -> tuple[list[Submission], int | str]:
    before = request.GET.get("before", "")
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    found = list((rows.filter(id__lt=last) if last else rows).order_by("-id")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else ""


def _page(
    request: Request,
    shown: WebForm,
    built: Builder,
    *,
    unsaved: bool = False,
    status: int = 200,
    offer_form: OfferFileForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    ours = Submission.objects.visible_to(request.user).filter(web_form=shown)
    hosted = request.build_absolute_uri(reverse("capture:form-hosted", args=[shown.key]))
    context = {
        "form": shown,
        "built": built,
        "unsaved": unsaved,
        "fills": WebFormField.Fills.choices[1:],
        "most": arranging.MOST_FIELDS,
        "hosted": hosted,
        "snippet": _snippet(request, shown),
        "brought": arrivals.brought(since=now - SHOWN).get(shown.source_id),
        "newest": ours.order_by("-id")[:5],
        "lacks_offer": shown.lacks_offer,
        "offer_file": OfferFile.objects.filter(web_form=shown).first(),
        "offer_form": offer_form or OfferFileForm(),
        **paging.counts({"held": ours.held()}),
        "now": now,
        **_previewed(built),
    }
    return render(request, "capture/form.html", context, status=status)


def _previewed(built: Builder) -> dict[str, Any]:
    form, answers = built.preview()
    return {"previewed": form, "answers": answers}


def _frame(request: Request, shown: WebForm) -> str:
    address = request.build_absolute_uri(reverse("capture:form-framed", args=[shown.key]))
    title = shown.heading or shown.source.name
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="560" frameborder="0" loading="lazy"></iframe>',
        address,
        title,
    )


def _snippet(request: Request, shown: WebForm) -> str:
    """The frame and the script that gives it its height; its address is the one that does not change."""
    script = request.build_absolute_uri(f"{settings.STATIC_URL}js/embed.js")
    return f'{_frame(request, shown)}\n<script async src="{script}"></script>'
