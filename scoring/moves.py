"""Who a draft would take over the SQL line or below it, what moves each of them, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from leads.models import Lead
from leads.stages import Stage, said

from . import outcomes
from .dimensions import HUNDREDTHS, SALES_STAGE, Dimension
from .models import Line, ModelVersion, ScoringModel
from .outcomes import Decided
from .ruleset import Ruleset
from .statement import Row

Direction = Literal["up", "down"]
Agreement = Literal["right", "wrong", "open"]

#: What points may be told in.
SHOWN = (*Dimension.values, "total")


@dataclass(frozen=True, slots=True)
class Move:
    """A lead that would go over the line or fall below it. Points are those of ``dimension``, the one that
    takes the lead there, or the one that was asked for. ``line`` is what the SQL line asks of it, live and in
    the draft, where the line comes to the lead and not the lead to the line; None for what a side does not
    ask. ``became`` says what became of the lead so far, ``verdict`` whether that agrees with the move."""

    lead_id: int
    public_id: UUID
    name: str
    company: str
    dimension: str
    live: float
    draft: float
    direction: Direction
    line: tuple[int | None, int | None] | None
    became: str
    verdict: Agreement


def moves_of(
    named: Sequence[Row],
    at: datetime,
    ruleset: Ruleset,
    model: ScoringModel,
    *,
    told_in: str,
    otherwise: str,
) -> tuple[Move, ...]:
    """Who they are and what became of them, in their order. Four statements, none for nobody."""
    if not named:
        return ()
    asked, lines = asked_of(ruleset), _Lines.of(ruleset, model)
    ids = [row["a"] for row in named]
    leads = Lead.objects.select_related("company").in_bulk(ids)
    last: dict[int, Decided] = {}
    for kind in ("accepted", "won"):
        for one in outcomes.decided(kind=kind, at=at, lead_ids=ids):
            last[one.lead_id] = one
    moves = []
    for row in named:
        lead, decided = leads[row["a"]], last.get(row["a"])
        direction: Direction = "up" if row["what"] == "went up" else "down"
        verdict: Agreement = "open"
        if decided:
            verdict = "right" if decided.good == (direction == "up") else "wrong"
        live = dict(zip(SHOWN, row["figures"], strict=False))
        draft = dict(zip(SHOWN, row["figures"][len(SHOWN) :], strict=True))
        moved_by_line = lines.reaching(draft, direction)
        mover = _mover(live, draft, direction, asked)
        shown = told_in or next(iter(moved_by_line), "") or mover or otherwise
        moves.append(
            Move(
                lead_id=lead.pk,
                public_id=lead.public_id,
                name=str(lead),
                company=str(lead.company or ""),
                dimension=shown,
                live=live[shown] / HUNDREDTHS,
                draft=draft[shown] / HUNDREDTHS,
                direction=direction,
                line=moved_by_line.get(shown),
                became=_became(lead, decided),
                verdict=verdict,
            )
        )
    return tuple(moves)


def _mover(
    live: Mapping[str, int], draft: Mapping[str, int], direction: Direction, asked: Sequence[str]
) -> str:
    """The dimension whose points go furthest the way the lead goes, of those that the line asks for first;
    "" where none goes that way, so that something else moves the lead."""
    sign = 1 if direction == "up" else -1
    for names in (asked, Dimension.values):
        furthest = max(names, key=lambda name: sign * (draft[name] - live[name]))
        if sign * (draft[furthest] - live[furthest]) > 0:
            return furthest
    return ""


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the first SQL line asks of each dimension, live and in the draft, in points, and how far below it
    a lead leaves it."""

    live: Mapping[str, int]
    draft: Mapping[str, int]
    live_leave: int = 0
    draft_leave: int = 0

    @classmethod
    def of(cls, ruleset: Ruleset, model: ScoringModel) -> "_Lines":
        """One query."""
        stored = Line.objects.filter(
            version__model=model, version__state=ModelVersion.State.PUBLISHED, stage=SALES_STAGE
        )
        first = stored.order_by("id").first()
        drafted = next((line for line in ruleset.lines if line.stage == SALES_STAGE), None)
        return cls(
            first.minimums if first else {},
            drafted.minimums if drafted else {},
            first.leave if first else 0,
            drafted.leave if drafted else 0,
        )

    def reaching(
        self, draft: Mapping[str, int], direction: Direction
    ) -> dict[str, tuple[int | None, int | None]]:
        """Dimensions in which a lead is on the other side because the line moved past it: with the points it
        will have it would stay where it is, had the line stayed. Those asked for by the draft first."""
        found = {}
        for name in dict.fromkeys([*self.draft, *self.live]):
            before, after = self.live.get(name), self.draft.get(name)
            if direction == "up":
                low, high = after, before
            else:  # who is inside stays so until the margin is used up
                low = None if before is None else before - self.live_leave
                high = None if after is None else after - self.draft_leave
            if high is not None and (low or 0) * HUNDREDTHS <= draft[name] < high * HUNDREDTHS:
                found[name] = (before, after)
        return found


def _became(lead: Lead, decided: Decided | None) -> str:
    if lead.stage == Stage.CUSTOMER:
        return "won"
    if decided is None:
        stage = said(Stage(lead.stage))
        return stage if lead.stage == Stage.CLOSED else f"open, {stage}"
    if decided.good:
        return "accepted"
    return f"sent back: {outcomes.said(decided.reason)}" if decided.reason else "sent back"


def asked_of(ruleset: Ruleset) -> tuple[str, ...]:
    """The dimensions that the SQL lines ask for; all of them for a total, and where there is no line."""
    asked = {name for line in ruleset.lines if line.stage == SALES_STAGE for name in line.minimums}
    return tuple(name for name in Dimension.values if name in asked or asked <= {"total"} or "total" in asked)
