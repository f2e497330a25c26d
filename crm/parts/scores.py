"""Scores, reasons, the response clock and the timeline, made ready for their templates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils import timezone

from crm import charts, wording
from crm.parts.times import aware, or_now


def score_bars(
    *,
    fit: int,
    engagement: int,
    intent: int,
    total: int,
    lines: Mapping[str, int | None],
    ceilings: Mapping[str, int],
    graded: bool = False,
) -> dict[str, Any]:
    """The total and three bars for a row. Scores in hundredths; lines and ceilings in points by dimension,
    those of fit in thirds of a letter when it is ``graded``: then its letter stands beside the total."""
    drawn = charts.bars(
        fit=fit, engagement=engagement, intent=intent, lines=lines, ceilings=ceilings, graded=graded
    )
    return {
        "total": wording.whole_points(total),
        # As text: a list draws hundreds of them, and a template takes its time over each number.
        "bars": [
            (bar.css, str(bar.width), str(y + 1), "" if bar.tick is None else f"M{bar.tick} {y}v5")
            for y, bar in zip((0, 6, 12), drawn, strict=True)
        ],
        "words": charts.bars_in_words(drawn),
        "grade": next((bar.points for bar in drawn if bar.graded), ""),
    }


def score_large(
    *,
    fit: int,
    engagement: int,
    intent: int,
    lines: Mapping[str, int | None],
    ceilings: Mapping[str, int],
    history: Sequence[tuple[datetime, int, int, int]] = (),
    marks: Sequence[datetime] = (),
    tall: bool = False,
    graded: bool = False,
) -> dict[str, Any]:
    """Figure, verdict and bar per dimension; with ``history`` (moment, fit, engagement, intent; oldest first,
    hundredths) a line over time under each, higher when ``tall``, with a stroke at each of ``marks``."""
    days = (history[-1][0] - history[0][0]).days if len(history) > 1 else 0
    series = {
        "fit": [row[1] for row in history],
        "engagement": [row[2] for row in history],
        "intent": [row[3] for row in history],
    }
    drawn = charts.bars(
        fit=fit, engagement=engagement, intent=intent, lines=lines, ceilings=ceilings, graded=graded
    )

    def shares(moments: Iterable[datetime]) -> list[float]:
        return [(at - history[0][0]) / (history[-1][0] - history[0][0]) for at in moments] if days else []

    places, strokes = shares(row[0] for row in history), shares(marks)
    return {
        "dims": [
            (bar, charts.spark(bar=bar, series=series[bar.key], days=days, places=places, marks=strokes))
            for bar in drawn
        ],
        "tall": tall,
    }


def shortfall(score: Mapping[str, Any]) -> str:
    """What is missing to the line in a few words: "intent 2 short", "fit 3, intent 16", "" when over.
    ``score`` holds fit, engagement, intent (hundredths), lines and ceilings, as ``score_bars`` takes them."""
    names = ("fit", "engagement", "intent", "lines", "ceilings")
    drawn = charts.bars(**{key: score[key] for key in names}, graded=score.get("graded", False))
    missing = [bar for bar in drawn if bar.short]
    if len(missing) == 1:
        return f"{missing[0].key} {missing[0].verdict.split(', ')[1]}"
    return ", ".join(
        f"{bar.key} {bar.points}" if bar.graded else f"{bar.key} {wording.whole_points(bar.short)}"
        for bar in missing
    )


def _in_order(explanation: Mapping[str, Any]) -> list[dict[str, Any]]:
    by_key = {dimension["key"]: dimension for dimension in explanation["dimensions"]}
    return [
        {**by_key[key], "label": label, "css": css} for key, label, css in charts.DIMENSIONS if key in by_key
    ]


def reason_count(explanation: Mapping[str, Any]) -> int:
    return sum(len(dimension["reasons"]) for dimension in explanation["dimensions"])


def reasons_mini(explanation: Mapping[str, Any], limit: int = 5) -> dict[str, Any]:
    """The largest contributions, those against the lead last."""
    every = [
        {**reason, "css": dimension["css"] if reason["points"] >= 0 else "no"}
        for dimension in _in_order(explanation)
        for reason in dimension["reasons"]
        if reason["points"]
    ]
    largest = sorted(every, key=lambda reason: -abs(reason["points"]))[:limit]
    most = abs(largest[0]["points"]) if largest else 0
    for reason in largest:
        reason["width"] = charts.share(abs(reason["points"]), most)
    return {"reasons": sorted(largest, key=lambda reason: -reason["points"])}


def reasons_table(explanation: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Every reason with its evidence, grouped by dimension with a subtotal."""
    groups = _in_order(explanation)
    scale = charts.diverging_scale([reason["points"] for group in groups for reason in group["reasons"]])
    for group in groups:
        group["reasons"] = [
            {
                **reason,
                "css": group["css"] if reason["points"] >= 0 else "no",
                "width": scale.width(reason["points"]),
                "capped": round(reason.get("raw_points", reason["points"]) - reason["points"], 2) != 0,
            }
            for reason in sorted(group["reasons"], key=lambda reason: -reason["points"])
        ]
        for reason in group["reasons"]:
            reason["next_at"] = reason.get("fades_at") or reason.get("counts_until")
        fading = [reason for reason in group["reasons"] if reason["next_at"]]
        group["next"] = min(fading, key=lambda reason: aware(reason["next_at"]), default=None)
        group["full"] = group["ceiling"] and group["points"] >= group["ceiling"]
    return {"groups": groups, "total": explanation["total"], "now": or_now(now)}


def next_steps(found: Any, now: datetime | None = None) -> dict[str, Any]:
    """What would make it an SQL, each step with the points it adds; or when time takes it under the line."""
    ways = [
        {
            "steps": [(step.words, _gained(step.points)) for step in way.steps],
            "trigger": way.trigger,
        }
        for way in found.ways
    ]
    return {"found": found, "ways": ways, "now": or_now(now)}


def _gained(points: Mapping[str, float]) -> str:
    """ "+15 fit, +4 intent", in the order of the bars."""
    return ", ".join(
        f"{wording.signed(points[key])} {key}" for key, *_ in charts.DIMENSIONS if points.get(key)
    )


def sla_clock(
    *, due_at: datetime, at: datetime, total: int, remaining: int, offered_at: datetime | None = None
) -> dict[str, Any]:
    """Ring and words. ``total`` and ``remaining`` in business minutes, negative when over."""
    zone = timezone.get_current_timezone()
    clock = charts.clock(
        due=wording.clock_time(due_at, now=at, zone=zone),
        due_at=due_at,
        at=at,
        total=total,
        remaining=remaining,
    )
    title = clock.title
    if offered_at is not None:
        title += f", offered {wording.clock_time(offered_at, now=at, zone=zone)}"
    return {"clock": clock, "title": title, "due_at": due_at, "total": total}


def timeline(
    items: Iterable[Mapping[str, Any]], now: datetime | None = None, grouped: bool = True
) -> dict[str, Any]:
    """Newest first. An item: ``at``, ``icon``, ``title``; optional ``lead_in`` (before the title), ``text``
    (after it), ``points`` (float), ``quote``, ``note`` (small, muted) and ``undo_url``. ``grouped=False``
    is the short list of a preview: no headings, relative times."""
    moment, zone = or_now(now), timezone.get_current_timezone()
    listed = sorted(items, key=lambda item: item["at"], reverse=True)
    days = (
        [
            (wording.day_heading(day[0]["at"], now=moment, zone=zone), day)
            for day in (
                list(same) for _, same in groupby(listed, key=lambda item: item["at"].astimezone(zone).date())
            )
        ]
        if grouped
        else [("", listed)]
    )
    return {"days": days, "grouped": grouped, "now": moment}
