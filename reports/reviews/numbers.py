"""The numbers both teams share, week by week: frozen as figures, and said in words when they are shown.
Pipeline and closed business come first, counts second (S1-24, S1-34)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from leads.models import Lead
from reports import agreeing, charts, wording
from reports.key_figures import COUNTED, series
from reports.measures import ABOUT, About, Measure, State, change, state
from reports.periods import Period, weeks_until

#: So many weeks are drawn, the one reviewed last.
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One number as the page says it, of the week that begins on ``first``. ``better`` says whether the
    change is for the better, None for neither."""

    measure: Measure
    about: About
    now: str
    before: str
    agreed: str
    state: State | None
    change: str
    rises: bool
    better: bool | None
    n: int
    spark: charts.Spark
    first: date
    weeks: list[tuple[date, str]]


def shared(*, at: datetime) -> list[dict[str, Any]]:
    """Each measure over the last twelve whole weeks before ``at``, with what was agreed for the last of them:
    JSON. One query for each measure, and one for what was agreed."""
    weeks = weeks_until(at, WEEKS)
    held = agreeing.in_force(on=weeks[-1].last)
    return [_counted(measure, weeks, held[measure].value if measure in held else None) for measure in COUNTED]


def _counted(measure: Measure, weeks: list[Period], agreed: Decimal | None) -> dict[str, Any]:
    found = series(measure, leads=Lead.objects.all(), periods=weeks)
    *_, before, now = found
    moved = change(now, before)
    return {
        "measure": measure.value,
        "weeks": [{"first": each.period.first, "value": _float(each.value), "n": each.n} for each in found],
        "agreed": _float(agreed),
        "state": state(now, agreed),
        "change": _float(moved),
    }


def row(frozen: dict[str, Any]) -> Row:
    """What was frozen, in words."""
    measure = Measure(frozen["measure"])
    weeks, agreed, moved = frozen["weeks"], _decimal(frozen["agreed"]), _decimal(frozen["change"])
    values = [week["value"] for week in weeks]
    return Row(
        measure=measure,
        about=ABOUT[measure],
        now=_said(weeks[-1]["value"], measure),
        before=_said(weeks[-2]["value"], measure),
        agreed="" if agreed is None else wording.said(agreed, measure),
        state=State(frozen["state"]) if frozen["state"] else None,
        change=wording.difference(moved, measure),
        rises=moved is not None and moved > 0,
        better=None if moved is None else wording.is_better(moved, measure),
        n=weeks[-1]["n"],
        spark=charts.spark(values, frozen["agreed"]),
        first=weeks[-1]["first"],
        weeks=[(week["first"], _said(week["value"], measure)) for week in weeks],
    )


def in_words(frozen: dict[str, Any]) -> str:
    """ "Pipeline from MQLs: €171k, the week before €148k, agreed €150k: met"."""
    one = row(frozen)
    agreed = f", agreed {one.agreed}" if one.agreed else ""
    met = f": {one.state.value}" if one.state else ""
    return f"- {one.about.label}: {one.now}, the week before {one.before}{agreed}{met}"


def _said(value: float | None, measure: Measure) -> str:
    return wording.said(_decimal(value), measure)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
