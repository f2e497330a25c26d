"""Models and their versions: a draft is edited here, checked, signed, published; a retired one comes back."""

from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from scoring import publishing
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel

from .drafts import OnlyInDrafts, VersionForm
from .parts import edited

#: What a version is made of: the model's name in the admin, and its rows.
PARTS = (
    ("rulegroup", "groups"),
    ("rule", "rules"),
    ("line", "lines"),
    ("trigger", "stage_triggers"),
    ("blocker", "blockers"),
)


class ReasonForm(forms.Form):
    """Why a version goes live."""

    reason = forms.CharField(
        label="Why publish it?",
        help_text="What did you see: in the market, in the verdicts, in the reviews?",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@admin.register(ScoringModel)
class ScoringModelAdmin(admin.ModelAdmin[ScoringModel]):
    list_display = ("name", "key", "needs_sign_off", "agreed_handoffs", "swept_at")
    readonly_fields = ("swept_at",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(OnlyInDrafts, admin.ModelAdmin[ModelVersion]):
    """A draft is edited here; publishing and drafting anew are buttons at the top."""

    form = VersionForm
    change_form_template = "admin/scoring/modelversion/change_form.html"
    list_display = ("__str__", "state", "published_at", "published_by", "reason")
    list_filter = ("state", "model")
    list_select_related = ("model", "published_by")
    ordering = ("model", "-number")
    readonly_fields = (
        "parts",
        "model",
        "number",
        "state",
        "based_on",
        "checked_at",
        "checked_by",
        "published_at",
        "published_by",
        "reason",
        "rescored_to",
        "created_at",
        "created_by",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("model", "number"),
                    ("ceiling_intent", "ceiling_fit", "ceiling_engagement"),
                    ("grades_from", "time_zone"),
                    "applies_to",
                    "stamp",
                )
            },
        ),
        ("What it says", {"fields": ("parts",)}),
        ("Publishing", {"fields": readonly_fields[3:]}),
    )

    def save_model(self, request: HttpRequest, obj: ModelVersion, form: Any, change: bool) -> None:
        """Only what the form has: the rest of the row is moved by verbs."""
        obj.save(update_fields=[name for name in form.fields if name != "stamp"])
        edited(request, [obj.pk])

    @admin.display(description="Parts")
    def parts(self, obj: ModelVersion) -> SafeString:
        """A link to the parts of each kind, and in a draft one to a new one."""
        rows = []
        for name, related in PARTS:
            manager = getattr(obj, related)
            words = manager.model._meta
            found = manager.count()
            said = words.verbose_name if found == 1 else words.verbose_name_plural
            shown = reverse(f"admin:scoring_{name}_changelist")
            link = format_html('<a href="{}?version__id__exact={}">{} {}</a>', shown, obj.pk, found, said)
            if obj.is_draft:
                new = reverse(f"admin:scoring_{name}_add")
                new_one = format_html('<a href="{}?version={}">add {}</a>', new, obj.pk, words.verbose_name)
                link = format_html("{} · {}", link, new_one)
            rows.append((link,))
        return format_html_join("", "<div>{}</div>", rows)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts come from a version or from a model file, so that none starts empty by accident."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts are discarded by their button, which knows in which order their parts go."""
        return False

    def get_urls(self) -> list[URLPattern]:
        verbs = {
            "publish": self.publish,
            "back": self.bring_back,
            "draft": self.draft,
            "check": self.check_draft,
            "reopen": self.reopen,
            "discard": self.discard,
        }
        return [
            *(
                path(
                    f"<int:pk>/{name}/", self.admin_site.admin_view(verb), name=f"scoring_modelversion_{name}"
                )
                for name, verb in verbs.items()
            ),
            *super().get_urls(),
        ]

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        version, form = _version(request, pk), ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            text = f"{version} is live. Everybody is scored again; leads that cross wait under Crossings."
            reason = form.cleaned_data["reason"]
            verb = partial(
                publishing.publish, by=_who(request), reason=reason, at=timezone.now(), over=_over(request)
            )
            if answer := self._taken(request, version, form, verb, text):
                return answer
        says = "It scores every lead from then on, and cannot be edited any more."
        return self._ask(request, version, form, f"Publish {version}", says, "Publish")

    def bring_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = _version(request, pk)
        verb = partial(publishing.bring_back, by=_who(request), at=timezone.now(), over=_over(request))
        text = f"{version} is live again. Everybody is scored again."
        says = "It scores every lead from then on; what later versions made wait under Crossings is undone."
        return self._step(request, version, verb, text, f"Bring back {version}", says, "Bring back")

    def check_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = _version(request, pk)
        verb = partial(publishing.check_draft, by=_who(request), at=timezone.now())
        text = f"{version} is checked: both sides may sign it."
        says = "Everything in it is looked at; then it is closed for editing, until somebody reopens it."
        return self._step(request, version, verb, text, f"Check {version}", says, "Check")

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = _version(request, pk)
        text = f"{version} is a draft again."
        says = "It becomes a draft again, and its signatures are taken back."
        return self._step(
            request, version, publishing.reopen, text, f"Reopen {version}", says, "Make it a draft again"
        )

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = _version(request, pk)
        says = "The draft is deleted. What is live stays as it is."
        text = f"{version} is gone."
        return self._step(request, version, publishing.discard, text, f"Discard {version}", says, "Discard")

    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = _version(request, pk)
        if request.method == "POST":
            made = publishing.draft_from(version=version, by=_who(request))
            self.message_user(request, f"{made} is a draft like version {version.number}.", messages.SUCCESS)
            return HttpResponseRedirect(_change_url(made))
        says = "The draft says the same; nothing changes until it is published."
        return self._ask(request, version, None, f"New draft from {version}", says, "Make the draft")

    def _step(
        self,
        request: HttpRequest,
        version: ModelVersion,
        verb: Any,
        text: str,
        title: str,
        says: str,
        button: str,
    ) -> HttpResponse:
        """Ask, and on POST take the step; what is wrong is said above the button."""
        form = forms.Form(request.POST if request.method == "POST" else None)
        if (
            request.method == "POST"
            and form.is_valid()
            and (answer := self._taken(request, version, form, verb, text))
        ):
            return answer
        return self._ask(request, version, form, title, says, button)

    def _taken(
        self, request: HttpRequest, version: ModelVersion, form: forms.Form, verb: Any, text: str
    ) -> HttpResponse | None:
        try:
            verb(version=version)
        except ModelFileError as error:
            for where, message in error.problems:
                form.add_error(None, f"{where}: {message}")
            return None
        except publishing.Refused as error:
            form.add_error(None, str(error))
            return None
        self.message_user(request, text, messages.SUCCESS)
        if not ModelVersion.objects.filter(pk=version.pk).exists():
            return HttpResponseRedirect(reverse("admin:scoring_modelversion_changelist"))
        return HttpResponseRedirect(_change_url(version))

    def _ask(
        self, request: HttpRequest, version: ModelVersion, form: Any, title: str, says: str, button: str
    ) -> HttpResponse:
        live = version.model.versions.published().first()
        context = {
            "over": live.number if live else 0,
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": version,
            "title": title,
            "form": form,
            "says": says,
            "button": button,
        }
        return TemplateResponse(request, "admin/scoring/modelversion/ask.html", context)


def _who(request: HttpRequest) -> User:
    """The admin lets in nobody who has not signed in."""
    return cast("User", request.user)


def _version(request: HttpRequest, pk: int) -> ModelVersion:
    versions = ModelVersion.objects.visible_to(_who(request))
    return get_object_or_404(versions.select_related("model"), pk=pk)


def _over(request: HttpRequest) -> int | None:
    """The number of the version that was live when the page asked; None where it did not say."""
    said = request.POST.get("over", "")
    return int(said) if said.isdecimal() and len(said) < 9 else None


def _change_url(version: ModelVersion) -> str:
    return reverse("admin:scoring_modelversion_change", args=[version.pk])
