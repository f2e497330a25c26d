"""The versions of a model: its change log, and one version on its way from draft to live."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_agree_on_handoffs, may_draft_rules, may_review_rules
from accounts.requests import Request, page_for
from leads.stages import Stage, sql_stages
from scoring import definitions, model_file, publishing, reviewing
from scoring.model_file import ModelFileError
from scoring.models import ModelReview, ModelVersion, ScoringModel

from . import version_rows as rows
from .aftermath import aftermath_of
from .rule_effects import figures_of
from .rule_requests import drafter, known_model_of, reader, reviewer, tabs_of

#: Reviews shown beside the log, and the newest versions that one is compared with.
REVIEWS = 3
MOST_COMPARED = 200


class ReasonForm(forms.Form):
    """Why a version goes live, which one was live when that was decided, and what it said then."""

    reason = forms.CharField(
        label="Why now?",
        max_length=2000,
        help_text="What did you see: in the market, in the verdicts, in the reviews?",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say why: what did you see that this version answers?"},
    )
    over = forms.IntegerField(label="The version that is live", required=False, widget=forms.HiddenInput)
    seen = forms.CharField(label="What it said", required=False, widget=forms.HiddenInput)


class BackForm(ReasonForm):
    """The same of one that comes back, where the log says enough without a reason."""

    reason = forms.CharField(label="Why?", max_length=2000, required=False)


class ReviewForm(forms.Form):
    """What was seen, and what follows."""

    note = forms.CharField(
        label="What did you see?",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say what you saw, and what follows from it: “still right” is enough."},
    )


class AgreementForm(forms.Form):
    """What sales agreed to take."""

    handoffs = forms.IntegerField(
        label="Handoffs a week",
        required=False,
        min_value=1,
        max_value=reviewing.MOST_AGREED,
        help_text="At most so many leads a week. Empty for no agreement.",
        error_messages={
            "invalid": "Give a whole number, or nothing.",
            "min_value": "Give at least 1, or nothing for no agreement.",
            "max_value": f"Give at most {reviewing.MOST_AGREED:,}.",
        },
    )


# Reading


@require_safe
@reader
def versions(request: Request) -> HttpResponse:
    """The change log of a model."""
    return _log_page(request, ReviewForm())


def _log_page(
    request: Request, form: ReviewForm, agreement: AgreementForm | None = None, status: int = 200
) -> HttpResponse:
    model, at = known_model_of(request), timezone.now()
    standings = {standing.version.model_id: standing for standing in reviewing.standings(at=at)}
    reviewed = ModelReview.objects.filter(model=model)
    context = {
        "model": model,
        "models": tabs_of(model),
        "log": rows.log_of(model, request.user, request.GET.get("after", "")),
        "standing": standings.get(model.pk),
        "reviews": reviewed.select_related("by", "version").order_by("-at", "-id")[:REVIEWS],
        "may_draft": may_draft_rules(request.user),
        "may_review": may_review_rules(request.user),
        "may_agree": may_agree_on_handoffs(request.user),
        "aftermath": aftermath_of(model, _live(model), request.user),
        "form": form,
        "agreement": agreement or AgreementForm({"handoffs": model.agreed_handoffs}),
        "now": at,
    }
    return render(request, "scoring/versions.html", context, status=status)


def _live(model: ScoringModel) -> ModelVersion | None:
    return model.versions.published().select_related("model").first()


@require_safe
@reader
def version(request: Request, modelversion_number: int) -> HttpResponse:
    """One version: what it changes, what it says, and the way to being live."""
    return _version_page(request, _version(request, modelversion_number))


def _version_page(
    request: Request,
    version: ModelVersion,
    *,
    form: ReasonForm | None = None,
    faults: list[rows.Fault] | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    versions = ModelVersion.objects.visible_to(request.user).filter(model=version.model_id)
    visible = list(versions.select_related("model").order_by("-number")[:MOST_COMPARED])
    signatures = rows.signatures_of([version])[version.pk]
    live = next((each for each in visible if each.state == ModelVersion.State.PUBLISHED), None)
    fresh = BackForm() if version.is_final else ReasonForm()
    context: dict[str, Any] = {
        "version": version,
        "seen": publishing.as_seen(version),
        "live": live,
        "log": version.publications.select_related("by").order_by("-id"),
        "signatures": signatures,
        "steps": rows.steps_of(version, request.user, signatures),
        "comparison": rows.compare(version, _against(request, version, visible), visible),
        "said": definitions.of_version(version),
        "handed_over_is_sql": Stage.HANDED_OVER in sql_stages(),
        "form": form or fresh,
        "faults": faults or [],
        "refused": refused,
        "now": at,
    }
    is_live = version.state == ModelVersion.State.PUBLISHED
    if not is_live and request.GET.get("preview") and may_review_rules(request.user):
        context["effect"] = figures_of(version, user=request.user, at=at)
    if version.is_draft and not faults:
        context["odd"] = rows.odd(version)
    if is_live:
        context["aftermath"] = aftermath_of(version.model, version, request.user)
    return render(request, "scoring/version.html", context, status=status)


def _against(request: Request, version: ModelVersion, visible: list[ModelVersion]) -> ModelVersion | None:
    """The version that the address names, or the one before."""
    asked = request.GET.get("against", "")
    if not asked:
        return rows.before(version, visible)
    for each in visible:
        if str(each.number) == asked and each.pk != version.pk:
            return each
    raise Http404


# Changing


@require_POST
@drafter
def draft(request: Request, modelversion_number: int) -> HttpResponse:
    """A new draft that says what this version says."""
    version = _version(request, modelversion_number)
    made = publishing.draft_from(version=version, by=request.user)
    messages.success(request, f"Version {made.number} is a draft like version {version.number}.")
    return redirect(address(made))


@require_POST
@drafter
def check(request: Request, modelversion_number: int) -> HttpResponse:
    """A draft becomes a checked version; or the page says everything that is wrong with it."""
    return _take(
        request,
        _version(request, modelversion_number),
        lambda version: publishing.check_draft(version=version, by=request.user, at=timezone.now()),
        "Version {} is checked. Both sides can sign it.",
    )


@require_POST
@drafter
def reopening(request: Request, modelversion_number: int) -> HttpResponse:
    """A checked version becomes a draft again."""
    return _take(
        request,
        _version(request, modelversion_number),
        lambda version: publishing.reopen(version=version),
        "Version {} is a draft again. Its signatures are taken back.",
    )


@require_POST
@reader
def signature(request: Request, modelversion_number: int) -> HttpResponse:
    """One side agrees to what its page said."""
    side, seen = request.POST.get("side", ""), request.POST.get("seen", "")
    if side not in {"marketing", "sales"}:
        raise Http404
    return _take(
        request,
        _version(request, modelversion_number),
        lambda version: publishing.sign(
            version=version, side=side, by=request.user, at=timezone.now(), seen=seen
        ),
        f"You signed version {{}} for {side}.",
    )


@require_POST
@reader
def publication(request: Request, modelversion_number: int) -> HttpResponse:
    """The version goes live."""
    version, form = _version(request, modelversion_number), ReasonForm(request.POST)
    if not form.is_valid():
        return _version_page(request, version, form=form, status=422)
    return _take(
        request,
        version,
        lambda version: publishing.publish(
            version=version,
            by=request.user,
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
            over=form.cleaned_data["over"],
            seen=form.cleaned_data["seen"] or None,
        ),
        "Version {} is live. Everybody is scored again; this page says who waits for your release.",
        form,
    )


@require_POST
@reader
def comeback(request: Request, modelversion_number: int) -> HttpResponse:
    """A retired version is live again."""
    version, form = _version(request, modelversion_number), BackForm(request.POST)
    if not form.is_valid():
        return _version_page(request, version, form=form, status=422)
    return _take(
        request,
        version,
        lambda version: publishing.bring_back(
            version=version,
            by=request.user,
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
            over=form.cleaned_data["over"],
        ),
        "Version {} is live again. Everybody is scored again, and stands where it left them.",
        form,
    )


@require_POST
@drafter
def removal(request: Request, modelversion_number: int) -> HttpResponse:
    """A draft is discarded."""
    version = _version(request, modelversion_number)
    try:
        publishing.discard(version=version)
    except publishing.Refused as refused:
        return _version_page(request, version, refused=str(refused), status=409)
    messages.success(request, f"Draft {version.number} is gone.")
    return redirect(f"{reverse('scoring:versions')}?model={version.model.key}")


@require_POST
@reviewer
def reviews(request: Request) -> HttpResponse:
    """Somebody looked at the live version, and says what follows."""
    model, form = known_model_of(request), ReviewForm(request.POST)
    if not form.is_valid():
        return _log_page(request, form, status=422)
    try:
        reviewing.record(model=model, by=request.user, note=form.cleaned_data["note"], at=timezone.now())
    except reviewing.NothingLive as nothing:
        form.add_error(None, str(nothing))
        return _log_page(request, form, status=409)
    messages.success(request, "Noted. The next review is due in a month.")
    return redirect(f"{reverse('scoring:versions')}?model={model.key}")


@require_POST
@page_for(may_agree_on_handoffs, "A manager or an admin says what sales takes.")
def agreement(request: Request) -> HttpResponse:
    """How many handoffs a week sales agreed to take."""
    model, form = known_model_of(request), AgreementForm(request.POST)
    if not form.is_valid():
        return _log_page(request, ReviewForm(), form, status=422)
    agreed = form.cleaned_data["handoffs"]
    reviewing.agree(model=model, by=request.user, handoffs=agreed)
    said = f"Sales takes up to {agreed:,} handoffs a week." if agreed else "Nothing is agreed any more."
    messages.success(request, said)
    return redirect(f"{reverse('scoring:versions')}?model={model.key}")


def _take(
    request: Request,
    version: ModelVersion,
    step: Callable[[ModelVersion], Any],
    done: str,
    form: ReasonForm | None = None,
) -> HttpResponse:
    """Take ``step`` and say ``done``; what stands against it is said on the version's page, with what was
    typed."""
    try:
        step(version)
    except ModelFileError as error:
        found = rows.faults(error.problems, model_file.save(version=version))
        return _version_page(request, version, form=form, faults=found, status=422)
    except publishing.NotYours as refused:
        raise PermissionDenied(str(refused)) from None
    except publishing.Refused as refused:
        version.refresh_from_db()
        return _version_page(request, version, form=form, refused=str(refused), status=409)
    messages.success(request, done.format(version.number))
    return redirect(address(version))


# Which one


def _version(request: Request, number: int) -> ModelVersion:
    versions = ModelVersion.objects.visible_to(request.user)
    people = ("model", "created_by", "checked_by", "published_by", "based_on")
    return get_object_or_404(versions.select_related(*people), model=known_model_of(request), number=number)


def address(version: ModelVersion) -> str:
    """The page of ``version``."""
    return f"{reverse('scoring:version', args=[version.number])}?model={version.model.key}"
