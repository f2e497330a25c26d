"""Another SQL line, asked for by its health or by somebody's own judgement: a checked version, signed for the
side that proposes it, which both sides find in the weekly review."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts import sides
from leads.ticks import tick
from scoring import model_file, publishing, redrafting
from scoring.dimensions import SALES_STAGE, TOP_GRADE, Dimension
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel
from scoring.proposals import ModelFile, with_minimum
from scoring.ruleset import LineSpec, Ruleset
from scoring.stored import activity_types, read

from .line_health import BAND, Health, is_graded, points_named, span_named
from .periods import Period

if TYPE_CHECKING:
    from accounts.models import User

#: The highest minimum where no ceiling ends the points.
MOST = 1_000


class NotYours(Exception):
    """Who signs for a side proposes for it."""


class NoSuchLine(Exception):
    """There is no line to be changed, or it cannot be that one."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The checked ``version`` that says the line, ``is_new`` where nobody had proposed it before. ``signed``:
    the sides that have signed it. ``unsigned``: why whoever proposed it did not sign it now; "" where they
    did."""

    version: ModelVersion
    is_new: bool
    signed: frozenset[str]
    unsigned: str


def most(version: ModelVersion, dimension: Dimension) -> int:
    """The highest minimum that anybody can reach."""
    return TOP_GRADE if is_graded(version, dimension) else version.ceilings.get(dimension) or MOST


def with_line(version: ModelVersion, dimension: Dimension, minimum: int) -> Ruleset:
    """The rules of ``version`` with another minimum in their first SQL line, stored nowhere. Raises
    NoSuchLine where they have none. A few queries."""
    rules = read(version, activity_types())
    place = next((n for n, line in enumerate(rules.lines) if line.stage == SALES_STAGE), None)
    if place is None:
        raise NoSuchLine("The live rules have no SQL line.")
    lines = list(rules.lines)
    lines[place] = _moved(lines[place], dimension, minimum)
    return replace(rules, lines=tuple(lines))


def _moved(line: LineSpec, dimension: Dimension, minimum: int) -> LineSpec:
    minimums = {**line.minimums, dimension.value: minimum}
    return replace(line, minimums=minimums, leave=min(line.leave, max(minimums.values())))


@transaction.atomic
def propose_line(
    *,
    version: ModelVersion,
    dimension: Dimension,
    minimum: int,
    why: str,
    by: "User",
    side: str,
    at: datetime,
) -> Proposed:
    """``version``, which is live, with ``minimum`` in the SQL line: checked, with ``why`` as its evidence,
    and signed by ``by`` for ``side``. The same line again is the version that waits, signed for ``side``
    too where ``by`` still may. Safe to repeat. Raises NotYours, NoSuchLine."""
    if side not in sides.of(by, {}):
        raise NotYours("Who signs for marketing or for sales proposes another line.")
    if not 1 <= minimum <= most(version, dimension):
        raise NoSuchLine(f"Give a minimum from 1 to {most(version, dimension):,}.")
    model = ScoringModel.objects.select_for_update(no_key=True).get(pk=version.model_id)  # two clicks at once
    live = model.versions.published().first()
    if live is None or live.pk != version.pk:
        raise NoSuchLine("Other rules went live meanwhile. Look at their line, then propose another one.")
    try:
        data = model_file.save(version=live)
        asked = with_minimum(dimension, minimum, graded=is_graded(live, dimension))(data)
        if asked == data:
            raise NoSuchLine("This is the line that is live.")
        found = _waiting(live, asked)
        is_new = found is None
        if found is None:
            draft = redrafting.draft_once(data=asked, evidence=why, based_on=live, by=by)
            found = publishing.check_draft(version=draft, by=by, at=at)
        unsigned = _sign(found, by=by, side=side, at=at)
    except StopIteration:
        raise NoSuchLine("The live rules have no SQL line.") from None
    except (ModelFileError, publishing.Refused) as error:
        raise NoSuchLine(f"This line cannot be: {error}") from None
    tick("reviews")  # its price
    signed = frozenset(found.sign_offs.values_list("side", flat=True))
    return Proposed(found, is_new=is_new, signed=signed, unsigned=unsigned)


def _waiting(live: ModelVersion, asked: ModelFile) -> ModelVersion | None:
    """The newest checked version that says ``asked``."""
    checked = ModelVersion.objects.filter(based_on=live, state=ModelVersion.State.CHECKED)
    return next(
        (each for each in checked.order_by("-number") if model_file.save(version=each) == asked), None
    )


def _sign(version: ModelVersion, *, by: "User", side: str, at: datetime) -> str:
    """Why it waits as it is, where the side has signed already or ``by`` for the other one; "" once it is
    signed."""
    given = {each.side: each.by for each in version.sign_offs.select_related("by")}
    if side in given and given[side].pk == by.pk:
        return f"You signed for {side} already."
    if against := sides.why_not(by, side, given):
        return against
    publishing.sign(version=version, side=side, by=by, at=at)
    return ""


def told(made: Proposed, side: str) -> str:
    """What whoever proposed it reads."""
    number, waits = made.version.number, len(made.signed) < len(sides.Side)
    if made.is_new:
        said = f"Proposed as version {number} and signed for {side}."
    elif made.unsigned:
        said = f"Version {number} proposes this line already, and nothing was signed now. {made.unsigned}"
    else:
        said = f"Version {number} proposes this line already, and is signed for {side} now, too."
    if not waits:
        return f"{said} Both sides have signed it: it waits to be made live."
    soon = " in a moment" if made.is_new else ""
    return f"{said} It stands in the weekly review{soon}; when the other side has signed there, it is live."


def why_of(health: Health, floor: Decimal, period: Period) -> str:
    """The figures that ask for the line that ``health`` of ``period`` proposes; "" for none."""
    proposal, least, version = health.proposal, health.minimum, health.version
    if proposal is None or least is None or version is None:
        return ""
    now, then = (points_named(version, health.dimension, each) for each in (least, proposal.minimum))
    leads = "accepted lead is" if proposal.later == 1 else "accepted leads are"
    return (
        f"{health.dimension.label} line from {now} to {then}, proposed from line health:"
        f" {health.broad.percent}% accepted at"
        f" {span_named(version, health.dimension, least, least + BAND)}, agreed floor {floor:.0f}%."
        f" From {period.first} to {period.last} it would have spared {proposal.spared} rejections;"
        f" {proposal.later} {leads} handed over later or not at all."
    )
