"""What merging two leads does to scores: before, as a supposition, and when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, QuerySet

from leads.folding import Folding, settles
from leads.models import Lead

from .dimensions import HUNDREDTHS, SALES_STAGE
from .models import Adjustment, Crossing, LineState, ModelVersion, Score, StateBefore
from .statement import compiled
from .supposing import score_together

_NUMBERED = ("model_id", "stage")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What merging does to the scores by one model, in points; ``crosses`` when the merged lead comes over
    the SQL line that neither is over, ``over`` when it stands there."""

    model: str
    keep: float
    drop: float
    merged: float
    over: bool
    crosses: bool


def foresee(
    *, keep: Lead, drop: Lead, facts: Mapping[str, Any], left_out: list[int], at: datetime
) -> list[Foreseen]:
    """What the lead that both would be scores as of ``at``, by the live version of each model: the compiled
    statement itself, over the rows of both (see ``supposing``). ``facts`` as the merge would leave them,
    ``left_out`` what both recorded. Writes nothing. Two queries, and one for each model."""
    both = [keep.pk, drop.pk]
    stored = {(score.lead_id, score.model_id): score.total for score in Score.objects.filter(lead__in=both)}
    inside = set(
        LineState.objects.filter(lead__in=both, stage=SALES_STAGE, inside=True).values_list(
            "model_id", flat=True
        )
    )
    found = []
    for version in ModelVersion.objects.published().select_related("model").order_by("model_id"):
        row = score_together(
            statement=compiled(version), keep=keep, drop=drop, facts=facts, left_out=left_out, at=at
        )
        over = bool(row[f"{SALES_STAGE}_over"]) and row["applies"]
        mine, theirs = (stored.get((lead.pk, version.model_id), 0) / HUNDREDTHS for lead in (keep, drop))
        if row["applies"]:
            crosses = over and version.model_id not in inside
            found.append(Foreseen(version.model.name, mine, theirs, row["total"] / HUNDREDTHS, over, crosses))
    return found


@settles("scoring.Adjustment.lead")
def _adjustments(one: Folding) -> None:
    one.move(Adjustment)


@settles("scoring.Score.lead")
def _scores(one: Folding) -> None:
    """The kept lead is scored anew from both histories; nothing is added up."""
    one.remove(Score)


@settles("scoring.LineState.lead", "scoring.StateBefore.lead", "scoring.Crossing.lead")
def _lines(one: Folding) -> None:
    """Over each line the kept lead stands where that one stood that was over it; where both were, the one
    that is ahead. Its crossings are the latest ones, so that what waits for a person still belongs to where
    the lead stands; the other's come before them. Who was over the line crosses it not once more."""
    states = {
        (state.lead_id, state.model_id, state.stage): state
        for state in LineState.objects.filter(lead__in=[one.keep, one.drop])
    }
    groups = {key[1:] for key in states} | set(
        Crossing.objects.filter(lead__in=[one.keep, one.drop]).values_list(*_NUMBERED)
    )
    for model, stage in sorted(groups):
        _line(one, model, stage, states)
    one.move(StateBefore, unless_there=("publication", "stage"))


def _line(one: Folding, model: int, stage: str, states: Mapping[tuple[int, int, str], LineState]) -> None:
    mine, theirs = (states.get((lead.pk, model, stage)) for lead in (one.keep, one.drop))
    crossings = Crossing.objects.filter(model=model, stage=stage)
    befores = StateBefore.objects.filter(publication__model=model, stage=stage)
    current = _current(one, mine, theirs)
    later, earlier = (
        (one.drop, one.keep) if current is theirs and theirs is not None else (one.keep, one.drop)
    )
    past = max(_last(crossings.filter(lead=lead)) for lead in (one.keep, one.drop))
    counts = [state.cycle for state in (mine, theirs) if state is not None]
    beyond = max(past, *counts) if _last(crossings.filter(lead=earlier)) else 0
    if later is one.keep:
        if beyond:
            one.change(crossings.filter(lead=one.keep), cycle=F("cycle") + beyond)
            one.change(befores.filter(lead=one.keep), cycle=F("cycle") + beyond)
        one.move(Crossing, only=crossings.filter(lead=one.drop))
        one.take_out(befores.filter(lead=one.drop))
    else:
        one.move(Crossing, only=crossings.filter(lead=one.drop), counted_on=("cycle", beyond))
        one.take_out(befores.filter(lead=one.keep))
        if beyond:
            one.change(befores.filter(lead=one.drop), cycle=F("cycle") + beyond)
    if current is None:
        return
    seen = [state.restart_id for state in (mine, theirs) if state is not None and state.restart_id]
    told = {
        "inside": current.inside,
        "cycle": current.cycle + beyond,
        "since": current.since,
        "crossed_at": current.crossed_at,
        "restart_id": max(seen, default=None),
    }
    if mine is None:
        one.move(LineState, only=LineState.objects.filter(pk=current.pk))
    elif theirs is not None:
        one.take_out(LineState.objects.filter(pk=theirs.pk))
    kept = LineState.objects.filter(pk=mine.pk if mine is not None else current.pk)
    one.change(kept, **told)


def _current(one: Folding, mine: LineState | None, theirs: LineState | None) -> LineState | None:
    if mine is None or theirs is None:
        return mine or theirs
    if mine.inside != theirs.inside:
        return mine if mine.inside else theirs
    return theirs if one.ahead is one.drop else mine


def _last(crossings: QuerySet[Crossing]) -> int:
    return crossings.aggregate(last=Max("cycle"))["last"] or 0
