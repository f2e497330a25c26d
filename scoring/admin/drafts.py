"""What may be edited where: a version and its parts only while it is a draft; the database says so too."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from accounts.models.calendar import validate_time_zone
from scoring.conditions import ConditionError, parse
from scoring.dimensions import Dimension
from scoring.models import Line, ModelVersion, RuleGroup

#: Why a part does not count: written by the reader of versions, never by hand.
TURNED_OFF = ("disabled_at", "disabled_reason")


class Json(forms.JSONField):
    """A condition or tiers as JSON, a line for each step, and nothing for none."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 80, "spellcheck": "false"})

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


class GroupChoice(forms.ModelForm[Any]):
    """Offers only the groups of the part's own version, for the field that names one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("group", "within"):
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField) and self.instance.version_id:
                groups = RuleGroup.objects.filter(version=self.instance.version_id)
                if isinstance(self.instance, RuleGroup):
                    groups = groups.exclude(pk=self.instance.pk)
                field.queryset = groups


class VersionForm(forms.ModelForm[ModelVersion]):
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


class LineForm(forms.ModelForm[Line]):
    """A line asks for something."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        asked = [cleaned.get(f"min_{name}") for name in (*Dimension.values, "total")]
        if all(least is None for least in asked) and not self.errors:
            self.add_error("min_intent", "A line asks for at least one minimum.")
        return cleaned
