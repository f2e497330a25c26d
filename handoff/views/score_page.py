"""The score of one lead at any moment under any version, and why: the exact answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from leads.models import Lead
from scoring.correcting import BY_HAND
from scoring.dimensions import Dimension
from scoring.explanation import AHEAD, EARLIEST, explain, history
from scoring.models import Adjustment, Crossing, ModelVersion, Publication

from .rows import AgreedLine, line_of

#: How far the line over time looks back, and how many steps it takes.
DAYS = (30, 90)
STEPS = 30


class MomentInput(forms.DateTimeInput):
    """A day and a time in the reader's zone; an address may name the moment in any."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")

    def format_value(self, value: Any) -> str | None:
        try:
            at = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is not None and timezone.is_aware(at):
            value = timezone.localtime(at)
        return super().format_value(value)


class MomentForm(forms.Form):
    """When, and under which version. What is left out is now, and the live version."""

    at = forms.DateTimeField(
        required=False,
        label="As of",
        widget=MomentInput,
        error_messages={"invalid": "Write the moment as 2026-05-03 14:03."},
    )
    version = forms.ChoiceField(
        required=False,
        label="Version",
        error_messages={"invalid_choice": "There is no such version. Choose one."},
    )

    def __init__(self, data: QueryDict, *, versions: Sequence[ModelVersion], at: datetime) -> None:
        super().__init__(data)
        self._at = at
        self._versions = {key_of(version): version for version in versions}
        choices = [(key, _named(version)) for key, version in self._versions.items()]
        field = self.fields["version"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "The live one"), *choices]

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and not EARLIEST <= at <= self._at + AHEAD:
            raise forms.ValidationError("Choose a moment between 2000 and a year from now.")
        return at

    def chosen(self) -> ModelVersion | None:
        return self._versions.get(self.cleaned_data.get("version", ""))


def key_of(version: ModelVersion) -> str:
    """How a version is called in an address: "default:7"."""
    return f"{version.model.key}:{version.number}"


def _named(version: ModelVersion) -> str:
    said = f"{version.model.name} {version.number}"
    return (
        said
        if version.state == ModelVersion.State.RETIRED
        else f"{said}, {version.get_state_display().lower()}"
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the score in the time shown."""

    at: datetime
    words: str
    url: str


#: Words on one lead that are shown.
MOST_WORDS = 50


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said of the score by hand, and counts now: ``about`` names the dimensions, ``key`` the
    word in forms ("" for what is not taken back here), ``last`` is the last moment at which it counts.
    ``is_replaced``: the score was set since in all of them, so it changes nothing."""

    adjustment: Adjustment
    about: str
    key: str
    last: datetime | None
    is_replaced: bool


@dataclass(frozen=True, slots=True)
class ScorePage:
    """What the page shows. ``marks`` and ``words`` newest first."""

    lead: Lead
    url: str
    lead_url: str
    form: MomentForm
    at: datetime
    is_now: bool
    line: AgreedLine
    score: dict[str, Any]
    explanation: dict[str, Any]
    history: list[tuple[datetime, int, int, int]]
    days: int
    spans: list[tuple[int, str]]
    marks: list[Mark]
    words: list[Word]

    @property
    def moments(self) -> list[datetime]:
        return [mark.at for mark in self.marks]

    @property
    def fired(self) -> list[dict[str, Any]]:
        return [trigger for trigger in self.explanation["triggers"] if trigger["true"]]

    @property
    def blocked(self) -> list[dict[str, Any]]:
        return [blocker for blocker in self.explanation["blockers"] if blocker["true"]]

    @property
    def before_it_was(self) -> bool:
        """Whether the moment lies before the lead was added: facts are the first ones known."""
        return self.at < self.lead.created_at


def score_page(
    *, user: User, lead: Lead, parameters: QueryDict, now: datetime, live: ModelVersion
) -> ScorePage:
    """The score of ``lead`` at the moment and under the version that ``parameters`` name; where they make no
    sense the form says so and the page is about now."""
    versions = list(
        ModelVersion.objects.visible_to(user).select_related("model").order_by("model__key", "-number")
    )
    form = MomentForm(parameters, versions=versions, at=now)
    valid = form.is_valid()
    asked = form.cleaned_data.get("at") if valid else None
    at = asked or now
    version = (form.chosen() if valid else None) or live
    days = next((days for days in DAYS if parameters.get("days") == str(days)), DAYS[0])
    url = reverse("handoff:score", args=[lead.public_id])
    line = line_of(version)
    explanation = explain(
        lead=lead, at=at, version=version, facts="history" if asked and at < now else "current"
    ).as_json()
    since = at - timedelta(days=days)
    marks = marks_of(lead, version, since, at, parameters)
    steps = [since + timedelta(days=days) * (n / STEPS) for n in range(STEPS + 1)]
    moments = sorted({*steps, *(mark.at for mark in marks)})
    return ScorePage(
        lead=lead,
        url=url,
        lead_url=reverse("handoff:lead", args=[lead.public_id]),
        form=form,
        at=at,
        is_now=asked is None,
        line=line,
        score=line.explained(explanation),
        explanation=explanation,
        history=history(lead=lead, moments=moments, version=version),
        days=days,
        spans=[(span, _with(parameters, days=str(span))) for span in DAYS],
        marks=marks,
        words=words_of(lead, at),
    )


def words_of(lead: Lead, at: datetime) -> list[Word]:
    """What people said of the score of ``lead`` and counts at ``at``. One query."""
    found = Adjustment.objects.in_force(at).filter(lead=lead).select_related("author")
    words, replaced = [], set[str]()
    for word in found.order_by("-at", "-id")[:MOST_WORDS]:
        by_hand = word.kind in BY_HAND
        words.append(
            Word(
                adjustment=word,
                about=" and ".join(Dimension(name).label.lower() for name in word.dimensions),
                key=word.at.isoformat() if by_hand else "",
                last=word.expires_at - timedelta(microseconds=1) if word.expires_at else None,
                is_replaced=by_hand and replaced.issuperset(word.dimensions),
            )
        )
        if word.kind == Adjustment.Kind.SET:
            replaced.update(word.dimensions)
    return words


def marks_of(
    lead: Lead, version: ModelVersion, since: datetime, at: datetime, parameters: QueryDict
) -> list[Mark]:
    """When a version of the model went live, and when the lead crossed a line."""
    found = [
        (published.at, f"{published.version} {_went_live(published)}", published.version)
        for published in Publication.objects.filter(model=version.model_id, at__gt=since, at__lte=at)
        .select_related("version__model")
        .order_by("at", "id")
    ]
    found += [
        (
            crossing.at,
            f"Crossed to {crossing.get_stage_display()}: {crossing.get_cause_display().lower()}",
            crossing.version,
        )
        for crossing in Crossing.objects.filter(lead=lead, model=version.model_id, at__gt=since, at__lte=at)
        .select_related("version__model")
        .order_by("at", "id")
    ]
    return [
        Mark(moment, words, _with(parameters, at=f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}", version=key_of(under)))
        for moment, words, under in sorted(found, key=lambda it: it[0], reverse=True)
    ]


def _went_live(published: Publication) -> str:
    return "was brought back" if published.kind == Publication.Kind.BROUGHT_BACK else "went live"


def _with(parameters: QueryDict, **changes: str) -> str:
    query = QueryDict(mutable=True)
    query.update({key: str(parameters[key]) for key in ("at", "version", "days") if key in parameters})
    for key, value in changes.items():
        query[key] = value
    return f"?{query.urlencode()}"
