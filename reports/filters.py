"""What reports can be narrowed by. All of it lives in the URL, so that a figure can be shared."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Role, Team, User
from handoff import segments
from handoff.filters import CountryFilter, SourceFilter
from handoff.models import Handoff, SavedView
from handoff.strength import of_strength
from leads.models import Lead, LeadAccess, StageChange
from leads.spelling import CAMPAIGN, is_called
from leads.stages import Phase, Stage
from scoring.models import ModelVersion

from .periods import EARLIEST, LATEST, NoPeriod, Period, latest

DAYS = 28
SPANS = [("7", "7 d"), ("28", "28 d"), ("90", "90 d"), ("365", "1 year")]


class PeriodForm(forms.Form):
    """``days`` up to yesterday, or ``first`` and ``last`` of one's own."""

    days = forms.ChoiceField(choices=SPANS, required=False)
    first = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        first, last = said.get("first"), said.get("last")
        if bool(first) != bool(last) and not self.errors:
            self.add_error("last" if first else "first", "Say both days, or none.")
        elif first and last:
            try:
                if first < EARLIEST:
                    raise NoPeriod(f"A report looks at days from {EARLIEST.year} to {LATEST.year}.")
                Period(first, last)
            except NoPeriod as error:
                self.add_error("last", str(error))
        return said

    def period(self, *, at: datetime) -> Period:
        """What was asked for; where that makes no period, the last 28 days."""
        said = self.cleaned_data if self.is_valid() else {}
        if said.get("first"):
            return Period(said["first"], said["last"])
        return latest(int(said.get("days") or DAYS), at=at)


def _versions() -> list[tuple[str, str]]:
    been_live = (ModelVersion.State.PUBLISHED, ModelVersion.State.RETIRED)
    rows = ModelVersion.objects.filter(state__in=been_live).select_related("model")
    rows = rows.order_by("model__name", "-number")
    return [(str(version.pk), str(version)) for version in rows]


#: Segment in the URL → in words, and who is in it.
SEGMENTS: dict[str, tuple[str, Q]] = {
    **{f"phase-{phase.value}": (f"Phase: {phase.label}", Q(phase=phase)) for phase in Phase},
    "mql-strong": ("MQL: strong, asked about the product", Q()),
    "mql-weak": ("MQL: weak, has only read", Q()),
    "staff-20": ("Staff: under 20", Q(company__employees__lt=20)),
    "staff-100": ("Staff: 20 to 99", Q(company__employees__range=(20, 99))),
    "staff-500": ("Staff: 100 to 500", Q(company__employees__range=(100, 500))),
    "staff-2000": ("Staff: 501 to 2,000", Q(company__employees__range=(501, 2_000))),
    "staff-more": ("Staff: more than 2,000", Q(company__employees__gt=2_000)),
    "staff-unknown": ("Staff: unknown", Q(company__employees=None)),
}
#: Filters that a handoff answers itself → where.
HANDOFFS_OWN = {"team": "pool__team__public_id", "rep": "rep__public_id", "version": "version"}


class ReportFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Leads by where they came from and by who got them. A segment that somebody saved has the leads that
    ``user`` may see, as of ``at``; all else counts everybody's."""

    source = SourceFilter(field_name="source", label="Source")
    campaign = django_filters.CharFilter(label="Campaign", method="of_campaign")
    country = CountryFilter(label="Country", help_text="Two letters, such as DE,AT")
    industry = django_filters.CharFilter(
        field_name="company__industry", label="Industry", lookup_expr="icontains"
    )
    segment = django_filters.ChoiceFilter(label="Segment", empty_label="Everybody", method="in_segment")
    team = django_filters.ChoiceFilter(label="Handed to team", empty_label="Any", method="to_team")
    rep = django_filters.ChoiceFilter(label="Handed to", empty_label="Anybody", method="to_rep")
    version = django_filters.ChoiceFilter(
        label="Handed over under", choices=_versions, empty_label="Any rules", method="under_version"
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, user: User | None, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.at = user, at
        known = segments.known_to(user) if user else SavedView.objects.none()
        self.saved = {
            str(view.public_id): view for view in known.order_by("name", "id").select_related("owner")
        }
        named = [(key, f"Saved: {view.name}") for key, view in self.saved.items()]
        self.filters["segment"].extra["choices"] = [
            *named,
            *((key, label) for key, (label, _) in SEGMENTS.items()),
        ]
        teams = Team.objects.order_by("name", "id")
        reps = User.objects.filter(role__in=(Role.REP, Role.MANAGER)).order_by("name", "id")
        self.filters["team"].extra["choices"] = [(str(team.public_id), team.name) for team in teams]
        self.filters["rep"].extra["choices"] = [(str(rep.public_id), rep.name) for rep in reps]

    @property
    def saved_segment(self) -> SavedView | None:
        """The saved segment that was chosen, if one was."""
        return self.saved.get(self.data.get("segment", ""))

    @property
    def handoffs(self) -> QuerySet[Handoff]:
        """The handoffs of these leads; team, rep and version narrow the handoffs themselves, not whoever was
        handed to them once."""
        leads, rows = self.queryset.all(), Handoff.objects.order_by()
        said = self.form.cleaned_data if self.is_bound and self.errors is not None else {}
        for name, value in said.items():
            if name not in HANDOFFS_OWN:
                leads = self.filters[name].filter(leads, value)
            elif value:
                rows = rows.filter(**{HANDOFFS_OWN[name]: value})
        return rows.filter(lead__in=leads.values("pk")) if leads.query.where else rows

    def of_campaign(self, rows: QuerySet[Lead], name: str, said: str) -> QuerySet[Lead]:
        return rows.filter(is_called("campaign", said, CAMPAIGN))

    def in_segment(self, rows: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        if self.user and (saved := self.saved.get(key)):
            leads = segments.leads_of(saved, user=self.user, at=self.at)
            return rows.filter(pk__in=leads.order_by().values("pk"))
        if key.startswith("mql-"):
            marked = StageChange.objects.filter(lead=OuterRef("pk"), to_stage=Stage.MQL)
            return of_strength(rows.filter(Exists(marked)), key.removeprefix("mql-"))
        return rows.filter(SEGMENTS[key][1])

    def to_team(self, rows: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        return rows.filter(Exists(LeadAccess.objects.filter(lead=OuterRef("pk"), team__public_id=key)))

    def to_rep(self, rows: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        return rows.filter(Exists(Handoff.objects.filter(lead=OuterRef("pk"), rep__public_id=key)))

    def under_version(self, rows: QuerySet[Lead], name: str, key: str) -> QuerySet[Lead]:
        return rows.filter(Exists(Handoff.objects.filter(lead=OuterRef("pk"), version=int(key))))
