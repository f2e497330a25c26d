"""The numbers both teams share, week by week: frozen as figures, and said in words when they are shown.
Pipeline and closed business come first, counts second (S1-24, S1-34)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from leads.models import Lead
from reports import agreeing, charts, wording
from reports.counting import share_of
from reports.key_figures import COUNTED, series
from reports.measures import ABOUT, About, Measure, State, Unit, change, state
from reports.periods import Period, weeks_until

#: So many weeks are drawn, the one reviewed last.
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One number as the page says it, of the week that begins on ``first``. ``change`` is against the week
    before, None where nothing can be said; ``few``: a share of too few for a ``state``. ``basis`` is what it
    rests on, ``left_out`` what it does not."""

    measure: Measure
    about: About
    now: str
    before: str
    agreed: str
    state: State | None
    change: wording.Delta | None
    few: bool
    basis: str
    left_out: str
    spark: charts.Spark
    first: date
    weeks: list[tuple[date, str]]


def shared(*, at: datetime) -> list[dict[str, Any]]:
    """Each measure over the last twelve whole weeks before ``at``, with what was agreed for the last of them:
    JSON. A query for each measure, 5 for the first touch, up to 6 for what marketing answered, and one for
    what was agreed."""
    weeks = weeks_until(at, WEEKS)
    held = agreeing.in_force(on=weeks[-1].last)
    return [_counted(measure, weeks, held[measure].value if measure in held else None) for measure in COUNTED]


def _counted(measure: Measure, weeks: list[Period], agreed: Decimal | None) -> dict[str, Any]:
    found = series(measure, leads=Lead.objects.all(), periods=weeks)
    *_, before, now = found
    moved = None if is_chance(now.k, now.n) or is_chance(before.k, before.n) else change(now, before)
    return {
        "measure": measure.value,
        "weeks": [
            {
                "first": each.period.first,
                "value": _float(each.value),
                "n": each.n,
                "k": each.k,
                "left_out": each.left_out,
            }
            for each in found
        ],
        "agreed": _float(agreed),
        "state": None if is_chance(now.k, now.n) else state(now, agreed),
        "change": _float(moved),
    }


def is_chance(k: int | None, n: int) -> bool:
    """Whether a share, ``k`` of ``n``, is one of too few to say of it whether it was met, or moved."""
    return k is not None and share_of(k, n) is None


def row(frozen: dict[str, Any]) -> Row:
    """What was frozen, in words."""
    measure = Measure(frozen["measure"])
    weeks, agreed, moved = frozen["weeks"], _decimal(frozen["agreed"]), _decimal(frozen["change"])
    values, newest = [week["value"] for week in weeks], weeks[-1]
    n, left_out = newest["n"], newest.get("left_out", 0)
    return Row(
        measure=measure,
        about=ABOUT[measure],
        now=_said(newest["value"], measure),
        before=_said(weeks[-2]["value"], measure),
        agreed="" if agreed is None else wording.said(agreed, measure),
        state=State(frozen["state"]) if frozen["state"] else None,
        change=wording.delta(moved, measure),
        few=n > 0 and is_chance(newest.get("k"), n),
        basis=_basis(measure, n - left_out),
        left_out=_left_out(left_out),
        spark=charts.spark(values, frozen["agreed"]),
        first=newest["first"],
        weeks=[(week["first"], _said(week["value"], measure)) for week in weeks],
    )


def _basis(measure: Measure, n: int) -> str:
    """ "of 34", "3 deals"; "" of counts and of nothing."""
    unit = ABOUT[measure].unit
    if not n or unit == Unit.COUNT:
        return ""
    if unit == Unit.MONEY:
        return f"{n:,} deal{'' if n == 1 else 's'}"
    return f"of {n:,}"


def _left_out(deals: int) -> str:
    if not deals:
        return ""
    return f"{deals:,} deal{'' if deals == 1 else 's'} left out: another currency, or no amount"


def in_words(frozen: dict[str, Any]) -> str:
    """ "Pipeline from MQLs: €171k (3 deals), the week before €148k, agreed €150k: met"."""
    one = row(frozen)
    rests = "; ".join(filter(None, (one.basis, one.left_out)))
    said = f"{one.now} ({rests})" if rests else one.now
    agreed = f", agreed {one.agreed}" if one.agreed else ""
    met = f": {one.state.value}" if one.state else ": too few to say" if one.agreed and one.few else ""
    return f"- {one.about.label}: {said}, the week before {one.before}{agreed}{met}"


def _said(value: float | None, measure: Measure) -> str:
    return wording.said(_decimal(value), measure)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
