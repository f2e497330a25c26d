"""What the lists show of a lead: its score against the agreed line, why now, and the clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from handoff.messages import lower
from leads.local_time import local_time
from leads.models import Lead
from leads.signals import MOST, Signal
from scoring.dimensions import HUNDREDTHS, SALES_STAGE, TOP_GRADE, Dimension
from scoring.models import Line, ModelVersion, Score


@dataclass(frozen=True, slots=True)
class AgreedLine:
    """The SQL line of the live rules: of which version (None before the first), minimum and ceiling of each
    dimension in points."""

    version: ModelVersion | None
    lines: dict[str, int | None]
    ceilings: dict[str, int]

    @property
    def graded(self) -> bool:
        """Whether fit is a grade: then its figures are thirds of a letter above F."""
        return self.version is not None and self.version.grades_from is not None

    def measured(self, score: Score | None) -> dict[str, Any]:
        """A score in the shape the score parts take; zeros for a lead that no model has scored yet."""
        figures = {key: getattr(score, key, 0) for key in (*Dimension.values, "total")}
        return {**figures, "lines": self.lines, "ceilings": self.ceilings, "graded": self.graded}

    def explained(self, explanation: Mapping[str, Any]) -> dict[str, Any]:
        """The same of an explanation, so that a page's figures are the sums of the reasons below them."""
        figures = {
            dimension["key"]: round(dimension["points"] * HUNDREDTHS)
            for dimension in explanation["dimensions"]
        }
        return {
            **figures,
            "total": sum(figures.values()),
            "lines": self.lines,
            "ceilings": self.ceilings,
            "graded": self.graded,
        }


#: How far a bar reaches when the version names no ceiling, in points.
_OPEN_END = 50


def time_there(lead: Lead, at: datetime) -> str:
    """What time it is where the lead is, in words; "" when nobody can say. Reads its company."""
    country = lead.country or (lead.company.country if lead.company else "")
    found = local_time(phone=lead.phone, country=country, at=at)
    return found.words(here=timezone.localtime(at)) if found else ""


def agreed_line() -> AgreedLine:
    """The live version's SQL line; where it has several, the first. 2 queries."""
    try:
        return line_of(ModelVersion.objects.live())
    except ModelVersion.DoesNotExist:
        nothing: dict[str, int | None] = dict.fromkeys(Dimension.values)
        return AgreedLine(None, nothing, dict.fromkeys(Dimension.values, _OPEN_END))


def line_of(version: ModelVersion) -> AgreedLine:
    """The SQL line of ``version``; where it has several, the first. One query."""
    line = Line.objects.filter(version=version, stage=SALES_STAGE).order_by("id").first()
    return _agreed(version, line)


def leading_line(lead: Lead, agreed: AgreedLine | None = None) -> AgreedLine:
    """The live line of the model that leads for ``lead``; the default model's while none has scored it. Three
    queries; one where it is ``agreed``, the line of the list that the lead stands in."""
    leading = lead.scores.leading_first().select_related("model").first()
    if agreed and (leading is None or (agreed.version and leading.model_id == agreed.version.model_id)):
        return agreed
    key = leading.model.key if leading else "default"
    version = ModelVersion.objects.published().select_related("model").filter(model__key=key).first()
    return line_of(version) if version else agreed_line()


def _agreed(version: ModelVersion, line: Line | None) -> AgreedLine:
    lines = {key: getattr(line, f"min_{key}", None) for key in Dimension.values}
    ceilings = {key: most or max(_OPEN_END, 2 * (lines[key] or 0)) for key, most in version.ceilings.items()}
    if version.grades_from is not None:
        ceilings["fit"] = TOP_GRADE
    return AgreedLine(version, lines, ceilings)


def leading_scores(lead_ids: Iterable[int]) -> dict[int, Score]:
    """The score of each lead that is highest over its model's line. One query."""
    scores = Score.objects.filter(lead__in=list(lead_ids)).leading_first().distinct("lead_id")
    return {score.lead_id: score for score in scores}


class AgreedLines:
    """The line that each score is held against: that of its own model. One query where several models score,
    none where one does."""

    def __init__(self, agreed: AgreedLine, scores: Iterable[Score]) -> None:
        self._agreed = agreed
        self._others: dict[int, AgreedLine] = {}
        own = agreed.version.pk if agreed.version else None
        others = {score.version_id for score in scores} - {own}
        if others:
            versions = ModelVersion.objects.filter(pk__in=others).prefetch_related("lines")
            for version in versions:
                lines = sorted(version.lines.all(), key=lambda line: line.pk)
                first = next((line for line in lines if line.stage == SALES_STAGE), None)
                self._others[version.pk] = _agreed(version, first)

    def measured(self, score: Score | None) -> dict[str, Any]:
        """A score in the shape the score parts take, against its own line."""
        agreed = self._others.get(score.version_id, self._agreed) if score else self._agreed
        return agreed.measured(score)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a lead matters now: ``what`` in bold, ``at`` said relatively, ``rest`` after it; then what else,
    and how big the company is."""

    what: str
    at: datetime | None
    rest: str
    others: tuple[str, ...]
    staff: str

    @property
    def note(self) -> str:
        """What else, as a line of its own."""
        return sentence(" · ".join(filter(None, (*self.others, self.staff))))

    @property
    def more(self) -> str:
        """What else, as part of a text beside the company's facts."""
        return sentence(", ".join(self.others))


def why_now(*, lead: Lead, signals: Sequence[Signal], cycle: int = 1) -> Why:
    """In words, newest sign of intent first; what else there was goes to the second line."""
    notes = [_often(signal) for signal in signals[1:3]]
    if cycle > 1:
        notes.insert(0, f"handed over for the {_ordinal(cycle)} time")
    staff = f"{lead.company.employees:,} staff" if lead.company is not None and lead.company.employees else ""
    if not signals:
        return Why("Nothing on record yet", None, "", tuple(notes), staff)
    first = signals[0]
    rest = f", {_times(first)} this week" if first.this_week > 1 else ""
    return Why(first.label, first.at, rest, tuple(notes), staff)


def said_about(signals: Sequence[Signal]) -> str:
    """The lead's own words in its newest sign of intent, "" when it gave none."""
    words = signals[0].properties.get("message") if signals else None
    return words.strip() if isinstance(words, str) else ""


def _often(signal: Signal) -> str:
    words = lower(signal.label)
    return f"{words} {_times(signal)} this week" if signal.this_week > 1 else words


def _times(signal: Signal) -> str:
    return (
        f"{MOST}+ times"
        if signal.this_week >= MOST
        else "twice"
        if signal.this_week == 2
        else f"{signal.this_week} times"
    )


def _ordinal(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def sentence(text: str) -> str:
    """``text`` with a capital, as a sentence begins."""
    return text[:1].upper() + text[1:]


def in_words(code: str) -> str:
    """A code as people read it: "paid_search" → "paid search"."""
    return code.replace("_", " ")


def about(lead: Lead) -> str:
    """Role and company in one line: "Head of Operations · Nordwind Aufzüge"."""
    return " · ".join(part for part in (lead.title, str(lead.company or "")) if part)


def by_activity(explanation: Mapping[str, Any]) -> dict[int, float]:
    """What each activity brings today, by activity id, summed over the rules it counts for."""
    found: dict[int, float] = {}
    for dimension in explanation["dimensions"]:
        for reason in dimension["reasons"]:
            for activity in reason["activities"]:
                found[activity["id"]] = found.get(activity["id"], 0.0) + activity["points"]
    return found
