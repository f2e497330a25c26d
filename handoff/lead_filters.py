"""What lists of leads can be narrowed by: all leads, the marketing queue, and the segments kept of either."""

import re
from datetime import datetime, time
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, Lookup, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IContains, IExact
from django.utils import timezone

from accounts.models import Role, User
from leads.models import Company, Lead
from leads.spelling import SOURCE, is_called
from leads.stages import Phase, Stage, listed_as, said
from scoring.dimensions import HUNDREDTHS
from scoring.models import Score

from . import flows, strength
from .filters import CountryFilter, ScoreFilters, SourceFilter, search_box
from .models import Shortfall

_OF_LEADS = (
    "email", "name", "title", "seniority", "department", "phone", "city", "country", "source", "campaign",
)  # fmt: skip
_OF_COMPANIES = ("name", "domain", "industry", "city", "country", "employees")
#: What a condition on a field may name beside a custom attribute → the column.
FIELDS = {
    **{name: name for name in _OF_LEADS},
    "company": "company__name",
    "domain": "company__domain",
    **{f"company.{name}": f"company__{name}" for name in _OF_COMPANIES},
}
#: Columns that cannot be asked so; an attribute of that name would be taken for them.
_REFUSED = {field.name for field in Lead._meta.concrete_fields} | {
    f"company.{field.name}" for field in Company._meta.concrete_fields
}
_IS: "dict[str, type[Lookup[Any]]]" = {"=": IExact, "~": IContains}
_CONDITION = re.compile(r"\s*(company\.)?([\w.-]{1,80})\s*([=~])\s*(.{1,200}?)\s*", re.DOTALL)
MOST_CONDITIONS = 5


def conditions(text: str) -> list[Q]:
    """What ``text`` asks of fields: "title~head; plan=pro; company.tier=A", where = is the whole value and ~
    a part of it, whatever the case. What is no field of a lead or company is a custom attribute of it; a
    field that is not in FIELDS is refused. Raises ValidationError."""
    found = []
    parts = [part for part in text.split(";") if part.strip()]
    if len(parts) > MOST_CONDITIONS:
        raise ValidationError(f"{MOST_CONDITIONS} conditions are the most.")
    for part in parts:
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise ValidationError(
                f"“{part.strip()[:40]}” is no condition: write it as plan=pro or title~head."
            )
        of_company, name, sign, value = match.groups()
        found.append(_condition(f"{of_company or ''}{name}", sign, value))
    return found


def _condition(name: str, sign: str, value: str) -> Q:
    column = FIELDS.get(name)
    if column == "company__employees":
        if sign != "=" or not re.fullmatch("[0-9]{1,9}", value):
            raise ValidationError("Write company.employees=50, or say staff from and up to.")
        return Q(company__employees=int(value))
    if column == "source" and sign == "=":
        return Q(is_called("source", value, SOURCE))
    if column is not None:
        return Q(**{f"{column}__{'iexact' if sign == '=' else 'icontains'}": value})
    if name in _REFUSED:
        raise ValidationError(f"“{name}” is no custom attribute and cannot be asked for here.")
    # Spelt out, since a name with underscores at its end would be read as another lookup.
    attributes = "company__attributes" if name.startswith("company.") else "attributes"
    said = KeyTextTransform(name.removeprefix("company."), attributes)
    return Q(_IS[sign](said, Value(value)))


class ConditionsField(forms.CharField):
    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        conditions(text)
        return text


class ConditionsFilter(django_filters.CharFilter):  # type: ignore[misc]
    field_class = ConditionsField

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(*conditions(value)) if value else qs


def _points(label: str, method: str) -> django_filters.NumberFilter:
    return django_filters.NumberFilter(label=label, method=method, min_value=0, max_value=1000)


class _LeadFilters(ScoreFilters):
    """What every list of leads can be narrowed by. Points are those of any model."""

    q = django_filters.CharFilter(label="Name, e-mail or company", method="named", widget=search_box())
    strength = django_filters.ChoiceFilter(
        label="MQL", choices=strength.CHOICES, empty_label="Any", method="as_strong"
    )
    shortfall = django_filters.ChoiceFilter(
        label="Falls short by",
        choices=[
            *Shortfall.Kind.choices[:-1],
            ("any", "Anything"),
            ("nothing", "Nothing on record"),
        ],
        empty_label="Either",
        method="short_of",
    )
    score_to = _points("Score up to", "at_most")
    intent_to = _points("Intent up to", "at_most")
    fit = _points("Fit from", "at_least")
    fit_to = _points("Fit up to", "at_most")
    engagement = _points("Engagement from", "at_least")
    engagement_to = _points("Engagement up to", "at_most")
    source = SourceFilter(field_name="source", label="Source")
    campaign = django_filters.CharFilter(field_name="campaign", label="Campaign", lookup_expr="iexact")
    country = CountryFilter(field_name="country", label="Country", help_text="Two letters, such as DE,AT")
    industry = django_filters.CharFilter(
        field_name="company__industry", label="Industry", lookup_expr="icontains"
    )
    staff = django_filters.NumberFilter(
        field_name="company__employees", label="Staff from", lookup_expr="gte", min_value=0
    )
    staff_to = django_filters.NumberFilter(
        field_name="company__employees", label="Staff up to", lookup_expr="lte", min_value=0
    )
    owner = django_filters.ModelChoiceFilter(
        field_name="owner",
        label="Owner",
        queryset=User.objects.filter(is_active=True, role__in=[Role.REP, Role.MANAGER]).order_by(
            "name", "id"
        ),
        to_field_name="public_id",
        empty_label="Anybody",
    )
    since = django_filters.DateFilter(label="Added from", method="added_from")
    until = django_filters.DateFilter(label="Added until", method="added_until")
    where = ConditionsFilter(
        label="Other fields", max_length=500, help_text="Such as title~head; plan=pro; company.tier=A"
    )

    def named(self, rows: Any, name: str, text: str) -> Any:
        return rows.searched(text)

    def at_most(self, rows: QuerySet[Any], name: str, points: Any) -> QuerySet[Any]:
        figure = name.removesuffix("_to")
        figure = "total" if figure == "score" else figure
        more = {f"{figure}__gt": int(points * HUNDREDTHS)}
        return rows.exclude(Exists(Score.objects.filter(lead=OuterRef(self.lead_key), **more)))

    def as_strong(self, rows: QuerySet[Lead], name: str, kind: str) -> QuerySet[Lead]:
        return strength.of_strength(rows, kind)

    def short_of(self, rows: QuerySet[Lead], name: str, kind: str) -> QuerySet[Lead]:
        holding = Shortfall.objects.holding().filter(lead=OuterRef("pk"))
        if kind == "nothing":
            return rows.filter(~Exists(holding))
        return rows.filter(Exists(holding if kind == "any" else holding.filter(kind=kind)))

    def added_from(self, rows: QuerySet[Lead], name: str, day: Any) -> QuerySet[Lead]:
        return rows.filter(created_at__gte=_midnight(day))

    def added_until(self, rows: QuerySet[Lead], name: str, day: Any) -> QuerySet[Lead]:
        return rows.filter(created_at__lte=timezone.make_aware(datetime.combine(day, time.max)))


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _stage_choices() -> list[tuple[str, str]]:
    """SQL is called so here: it lists whatever counts as one and is not yet an opportunity."""
    return [(stage, stage.label if stage == Stage.SQL else said(stage)) for stage in Stage]


class LeadFilter(_LeadFilters):
    """All leads."""

    stage = django_filters.ChoiceFilter(
        label="Stage", choices=_stage_choices, empty_label="Any", method="standing_at"
    )
    phase = django_filters.ChoiceFilter(label="Phase", choices=Phase.choices, empty_label="Any")
    flow = django_filters.ChoiceFilter(
        label="Leads that", choices=flows.choices, method="flowing", widget=forms.HiddenInput
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def standing_at(self, rows: QuerySet[Lead], name: str, stage: str) -> QuerySet[Lead]:
        return rows.filter(stage__in=listed_as(Stage(stage)))

    def flowing(self, rows: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        return flows.behind(rows, key)


class MqlFilter(_LeadFilters):
    """The marketing queue. Strong MQLs have asked for something, weak ones have only read (S4-07, S4-08)."""

    class Meta:
        model = Lead
        fields: list[str] = []
