"""What may be edited where: a version and its parts only while it is a draft; the database says so too."""

import json
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest

from scoring.models import ModelVersion, RuleGroup

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
                own = self.instance.pk if isinstance(self.instance, RuleGroup) else None
                field.queryset = groups.exclude(pk=own)
