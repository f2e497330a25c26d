"""What each list can be narrowed by. Every filter lives in the URL, so a view can be shared."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Role, Team, User
from accounts.permissions import people_arranged_by
from leads import searching
from leads.models import Company, Lead
from leads.spelling import SOURCE, is_called
from scoring.dimensions import HUNDREDTHS
from scoring.models import Score

from .models import Handoff, Pool, RejectReason, Verdict


class CountryFilter(django_filters.BaseInFilter, django_filters.CharFilter):  # type: ignore[misc]
    """Two letters each, separated by commas: "DE,AT"."""

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        codes = [code.strip().upper() for code in value or [] if code.strip()]
        return super().filter(qs, codes) if codes else qs


class SourceFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A source by any of its names: "paid_search", "Paid search"."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(is_called(self.field_name, value, SOURCE)) if value else qs


#: When an answer is due, as the groups of the list say it.
DUE = [("overdue", "Overdue"), ("hour", "Within the hour"), ("today", "Today"), ("later", "From tomorrow on")]


def due_ranges(at: datetime) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Each bucket of ``DUE`` as from and before, in the reader's own day. Half-open."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = at + timedelta(hours=1)
    evening = max(hour, midnight + timedelta(days=1))
    return {
        "overdue": (None, at),
        "hour": (at, hour),
        "today": (hour, evening),
        "later": (evening, None),
    }


def _reasons() -> list[tuple[str, str]]:
    return list(RejectReason.objects.order_by("key").values_list("code", "label"))


def search_box() -> forms.TextInput:
    return forms.TextInput({"type": "search", "data-key": "/"})


class ScoreFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Minimum points, for lists whose rows lead to a lead by ``lead_key``."""

    lead_key = "pk"

    score = django_filters.NumberFilter(label="Score from", method="at_least", min_value=0, max_value=1000)
    intent = django_filters.NumberFilter(label="Intent from", method="at_least", min_value=0, max_value=1000)

    def at_least(self, rows: QuerySet[Any], name: str, points: Any) -> QuerySet[Any]:
        figure = "total" if name == "score" else name
        enough = {f"{figure}__gte": int(points * HUNDREDTHS)}
        return rows.filter(Exists(Score.objects.filter(lead=OuterRef(self.lead_key), **enough)))


class HandoffFilter(ScoreFilters):
    """The sales queue and the team's."""

    lead_key = "lead_id"

    q = django_filters.CharFilter(label="Name or company", method="named", widget=search_box())
    due = django_filters.ChoiceFilter(label="Due", choices=DUE, empty_label="Any time", method="due_in")
    country = CountryFilter(
        field_name="lead__country", label="Country", help_text="Two letters, such as DE,AT"
    )
    source = SourceFilter(field_name="lead__source", label="Source")
    industry = django_filters.CharFilter(
        field_name="lead__company__industry", label="Industry", lookup_expr="icontains"
    )
    staff = django_filters.NumberFilter(
        field_name="lead__company__employees", label="Staff from", lookup_expr="gte", min_value=0
    )
    staff_to = django_filters.NumberFilter(
        field_name="lead__company__employees", label="Staff up to", lookup_expr="lte", min_value=0
    )
    model = django_filters.CharFilter(field_name="version__model__key", label="Scoring model")
    again = django_filters.ChoiceFilter(
        label="Handed over",
        choices=[("first", "for the first time"), ("recycled", "again")],
        empty_label="Either",
        method="handed_over",
    )
    reason = django_filters.ChoiceFilter(
        label="Was sent back for", choices=_reasons, empty_label="Anything", method="sent_back_for"
    )

    class Meta:
        model = Handoff
        fields: list[str] = []

    def narrowed(self, parameters: QueryDict) -> QuerySet[Handoff]:
        """The same rows by other ``parameters``."""
        again = copy.copy(self)
        again.data = parameters
        again.__dict__.pop("_form", None)
        again.__dict__.pop("_qs", None)
        return cast("QuerySet[Handoff]", again.qs)

    def due_in(self, rows: QuerySet[Handoff], name: str, key: str) -> QuerySet[Handoff]:
        at = timezone.now()
        start, end = due_ranges(at)[key]
        rows = rows.filter(due_at__gte=start) if start else rows
        return rows.filter(due_at__lt=end) if end else rows

    def handed_over(self, rows: QuerySet[Handoff], name: str, key: str) -> QuerySet[Handoff]:
        return rows.filter(cycle=1) if key == "first" else rows.filter(cycle__gt=1)

    def sent_back_for(self, rows: QuerySet[Handoff], name: str, code: str) -> QuerySet[Handoff]:
        verdicts = Verdict.objects.filter(handoff__lead=OuterRef("lead"), reason__code=code)
        return rows.filter(Exists(verdicts))

    def named(self, rows: QuerySet[Handoff], name: str, text: str) -> QuerySet[Handoff]:
        return rows.filter(lead__in=Lead.objects.searched(text))


class TeamFilter(HandoffFilter):
    """The team queue can be narrowed to people, pools and teams of one's own as well."""

    rep = django_filters.ChoiceFilter(label="With", empty_label="Anybody", method="with_rep")
    pool = django_filters.ChoiceFilter(label="Pool", empty_label="Any", field_name="pool__public_id")
    team = django_filters.ChoiceFilter(label="Team", empty_label="Any", field_name="pool__team__name")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.order_by("name") if user.is_admin else user.teams.order_by("name")
        pools = list(Pool.objects.filter(team__in=teams).select_related("team").order_by("name"))
        people = User.objects.filter(teams__in=teams, is_active=True).exclude(role=Role.MARKETER)
        self.filters["rep"].extra["choices"] = [
            ("nobody", "Nobody"),
            *((str(person.public_id), str(person)) for person in people.order_by("name").distinct()),
        ]
        self.filters["pool"].extra["choices"] = [(str(pool.public_id), pool.name) for pool in pools]
        names = sorted({pool.team.name for pool in pools})
        self.filters["team"].extra["choices"] = [(name, name) for name in names]

    def with_rep(self, rows: QuerySet[Handoff], name: str, key: str) -> QuerySet[Handoff]:
        return rows.filter(rep=None) if key == "nobody" else rows.filter(rep__public_id=key)


class CompanyFilter(django_filters.FilterSet):  # type: ignore[misc]
    """All companies."""

    q = django_filters.CharFilter(label="Name or domain", method="named", widget=search_box())
    country = CountryFilter(field_name="country", label="Country", help_text="Two letters, such as DE,AT")
    industry = django_filters.CharFilter(field_name="industry", label="Industry", lookup_expr="iexact")
    staff = django_filters.NumberFilter(
        field_name="employees", label="Staff from", lookup_expr="gte", min_value=0, max_value=10_000_000
    )
    owner = django_filters.ModelChoiceFilter(
        field_name="owner",
        label="Account owner",
        queryset=User.objects.filter(is_active=True, role__in=[Role.REP, Role.MANAGER]).order_by(
            "name", "id"
        ),
        to_field_name="public_id",
        empty_label="Any",
    )

    class Meta:
        model = Company
        fields: list[str] = []

    def named(self, rows: Any, name: str, text: str) -> Any:
        return rows.searched(text)


class PeopleFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Everybody who works here. Addresses are searched of those whose time ``reader`` arranges: of others the
    list shows none."""

    q = django_filters.CharFilter(label="Name or e-mail", method="named", widget=search_box())
    role = django_filters.ChoiceFilter(label="Role", choices=Role.choices, empty_label="Any")
    team = django_filters.ChoiceFilter(label="Team", empty_label="Any", method="in_team")

    class Meta:
        model = User
        fields: list[str] = []

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader
        teams = Team.objects.order_by("name", "id")
        self.filters["team"].extra["choices"] = [(str(team.public_id), team.name) for team in teams]

    def named(self, rows: QuerySet[User], name: str, text: str) -> QuerySet[User]:
        theirs = Q(pk__in=people_arranged_by(self.reader).values("pk"))
        for word in searching.words(text):
            rows = rows.filter(searching.holds("name", word) | (Q(email__icontains=word) & theirs))
        return rows

    def in_team(self, rows: QuerySet[User], name: str, key: str) -> QuerySet[User]:
        members = Team.members.through.objects.filter(team__public_id=key).values("user")
        return rows.filter(pk__in=members)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force: what it says, and the address without it."""

    label: str
    value: str
    remove_url: str


def chips(filters: django_filters.FilterSet, parameters: QueryDict) -> list[Chip]:
    """One chip per filter that is in force, in the order of the form."""
    found = []
    for name, field in filters.form.fields.items():
        value = parameters.get(name, "").strip()
        if value and name not in filters.form.errors:
            found.append(
                Chip(str(field.label), _in_words(field, value), without(parameters, name, "after", "lead"))
            )
    return found


def _in_words(field: Any, value: str) -> str:
    choices: Mapping[str, str] = dict(getattr(field, "choices", ()))
    return str(choices.get(value, value))


def without(parameters: QueryDict, *names: str) -> str:
    """The query string less some parameters: "?view=due"."""
    rest = parameters.copy()
    for name in names:
        rest.pop(name, None)
    return f"?{rest.urlencode()}"
