"""What may be edited where: a version and its parts only while it is a draft; the database says so too."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest

from accounts.models.calendar import validate_time_zone
from scoring import model_file
from scoring.conditions import ConditionError, parse
from scoring.dimensions import Dimension
from scoring.drafting import faults_of
from scoring.models import ModelVersion, RuleGroup
from scoring.parts import Place, part_of, stamp

_SETTINGS = Place("settings", "model")
#: Why a part does not count: written by the reader of versions, never by hand.
TURNED_OFF = ("disabled_at", "disabled_reason")


class Json(forms.JSONField):
    """A condition or tiers as JSON, a line for each step, and nothing for none."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 80, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError("It nests too deeply.") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):  # what was typed comes back as it was
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


def is_open(obj: Any) -> bool:
    """Whether the version that ``obj`` is, or is a part of, can be edited; true while there is none yet."""
    version = obj if isinstance(obj, ModelVersion) else None
    if version is None and obj is not None and obj.pk:
        version = getattr(obj, "version", None)
    return version is None or version.is_draft


class OnlyInDrafts:
    """Adding, changing and deleting end when the version is checked or published."""

    formfield_overrides: Any = {models.JSONField: {"form_class": Json}}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_open(obj)


#: Where the beginning of a fault's path has its field, when it is not called the same.
_FIELDS = {
    "min": "min_intent",
    "per": "per_times",
    "decay": "decay_kind",
    "mismatch": "mismatch_points",
    "on": "is_on",
    "grades": "grades_from",
}


class DraftForm(forms.ModelForm[Any]):
    """A draft, or a part of one: what the rules page refuses is refused here, at the field where there is
    one; and nothing is written over what somebody else saved since the form was opened."""

    kind = ""
    #: What it said when the form was opened.
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["stamp"] = self._stamp() if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        version = self._version()
        if version is None:
            return cleaned
        # Held until the page is saved, so that what is looked at here is what is written over.
        held = ModelVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        if not held.is_draft:
            raise ValidationError(f"{held} is {held.get_state_display().lower()} by now: it was not changed.")
        if self.instance.pk and cleaned.get("stamp") != self._stamp():
            who = f", by {held.edited_by}" if held.edited_by else ""
            raise ValidationError(
                f"This was saved meanwhile, in the draft that was last edited{who}. What you typed is not"
                " saved: open the page anew, and change it there."
            )
        return cleaned

    def _post_clean(self) -> None:
        """Django's own hook once the form's values are in the row; the stubs leave it out."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            for path, message in self._faults():
                self.add_error(self._field(path), message)

    def _version(self) -> ModelVersion | None:
        """The version that is about to be written in; None while none is chosen."""
        found: ModelVersion | None = self.cleaned_data.get("version") or getattr(
            self.instance, "version", None
        )
        return found

    def _stamp(self) -> str:
        """Of what the database says now."""
        return stamp(model_file.saved_part(type(self.instance)._default_manager.get(pk=self.instance.pk)))

    def _faults(self) -> list[tuple[str, str]]:
        data = model_file.save(version=self.instance.version)
        place = Place(self.kind, self.instance.key if self.instance.pk else "")
        return faults_of(data, place, model_file.saved_part(self.instance))

    def _field(self, path: str) -> str | None:
        """The field that a fault belongs to; None for the whole form."""
        first, _, rest = path.removeprefix("$").removeprefix(".").partition(".")
        first = first.partition("[")[0]
        names = [f"min_{rest}"] if first == "min" else [f"ceiling_{rest}"] if first == "ceilings" else []
        names += [_FIELDS.get(first, first)]
        return next((name for name in names if name in self.fields), None)


class GroupChoice(DraftForm):
    """Offers only the groups of the part's own version, for the field that names one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.instance.version_id or self.data.get("version") or self.initial.get("version")
        known = version if str(version or "").isdecimal() else None
        for name in ("group", "within"):
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                groups = RuleGroup.objects.filter(version=known) if known else RuleGroup.objects.none()
                if isinstance(self.instance, RuleGroup):
                    groups = groups.exclude(pk=self.instance.pk)
                field.queryset = groups


class RuleForm(GroupChoice):
    kind = "rule"


class GroupForm(GroupChoice):
    kind = "group"


class TriggerForm(DraftForm):
    kind = "trigger"


class BlockerForm(DraftForm):
    kind = "blocker"


class LineForm(DraftForm):
    """A line asks for something."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        asked = [cleaned.get(f"min_{name}") for name in (*Dimension.values, "total")]
        if all(least is None for least in asked) and not self.errors:
            self.add_error("min_intent", "A line asks for at least one minimum.")
        return cleaned

    def _faults(self) -> list[tuple[str, str]]:
        """Lines have no keys, so this one is looked at as one more than the others."""
        data = model_file.save(version=self.instance.version)
        others = self.instance.version.lines.exclude(pk=self.instance.pk).order_by("id")
        data["lines"] = [model_file.saved_part(line) for line in others]
        return faults_of(data, Place("line"), model_file.saved_part(self.instance))


class VersionForm(DraftForm):
    """What holds for the whole version, with what would be right at the field that is wrong."""

    def clean_applies_to(self) -> Any:
        asked = self.cleaned_data["applies_to"]
        if asked is not None:
            try:
                parse(asked, facts_only=True)
            except ConditionError as error:
                raise ValidationError(str(error)) from None
        return asked

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        validate_time_zone(zone)
        return zone

    def _version(self) -> ModelVersion:
        version: ModelVersion = self.instance
        return version

    def _stored(self) -> dict[str, Any]:
        versions = ModelVersion.objects.select_related("model")
        return model_file.save(version=versions.get(pk=self.instance.pk))

    def _stamp(self) -> str:
        return stamp(part_of(self._stored(), _SETTINGS))

    def _faults(self) -> list[tuple[str, str]]:
        wanted = part_of(model_file.save(version=self.instance), _SETTINGS)
        return faults_of(self._stored(), _SETTINGS, wanted)
