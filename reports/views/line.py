"""The health of the SQL line: the panel of the dashboard, the leads behind its bars, and what it asks for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.requests import Request
from reports import agreeing, line_health, line_scores, proposing
from reports.counting import ENOUGH
from reports.line_health import BAND, Bar, Health, Word, points_named, span_named
from reports.line_scores import Fate
from reports.measures import ABOUT, Measure
from reports.proposing import Proposed
from scoring.dimensions import Dimension
from scoring.models import ModelVersion

from . import behind
from .asking import Asked, asked, for_both_sides
from .behind import DECISION, Figure
from .kept import PERIOD

KINDS = {
    Word.TOO_FEW: ("", "circle-dashed"),
    Word.NOT_AGREED: ("", "circle-dashed"),
    Word.AS_AGREED: ("good", "check"),
    Word.PERHAPS_BROAD: ("warn", "triangle-alert"),
    Word.BROAD: ("bad", "triangle-alert"),
    Word.PERHAPS_STRICT: ("warn", "triangle-alert"),
    Word.STRICT: ("bad", "triangle-alert"),
}
FATES = {Fate.STAYED: "stayed with marketing", Fate.ACCEPTED: "accepted", Fate.REJECTED: "sent back"}


def agreed_for(one: Asked) -> dict[Measure, Decimal]:
    """What both sides agreed on, for everybody: a part of the leads is held against nothing. Nor are sums of
    days some of which lie before it held."""
    if one.chips:
        return {}
    held = agreeing.in_force(on=one.period.last)
    return {
        key: each.value
        for key, each in held.items()
        if not ABOUT[key].is_weekly or each.holds_from <= one.period.first
    }


def looked_at(one: Asked) -> tuple[object, ...]:
    """What was agreed and the live version: as soon as they change, so does what is said of the line."""
    version = line_scores.live()
    return sorted(agreed_for(one).items()), version and version.pk


def panel(found: Health, agreed: Mapping[Measure, Decimal]) -> dict[str, Any]:
    """What the panel shows."""
    word = line_health.verdict(found, agreed)
    kind, icon = KINDS[word]
    # Most leads that stayed ask for nothing: their bar is cut, or it would flatten all the others.
    highest = max((bar.of for bar in found.bars[1:]), default=0) or 1
    return {
        **_asked(found),
        "health": found,
        "dimensions": [(each.value, each.label, each == found.dimension) for each in Dimension],
        "bars": [_drawn(bar, highest) for bar in found.bars],
        "word": {"text": word.value.capitalize(), "kind": kind, "icon": icon},
        "floor": agreed.get(Measure.LINE_FLOOR),
        "ceiling": agreed.get(Measure.LINE_CEILING),
        "broad": found.broad if found.broad.n >= ENOUGH else None,
        "strict": found.strict if found.strict.n >= ENOUGH else None,
    }


def _asked(found: Health) -> dict[str, str]:
    """What the line asks for and would ask for, in the words of its bars."""
    version, least = found.version, found.minimum
    if version is None or least is None:
        return {}
    proposal = found.proposal
    return {
        "just_above": span_named(version, found.dimension, least, least + BAND),
        "just_below": span_named(version, found.dimension, max(least - BAND, 0), least),
        "proposed": points_named(version, found.dimension, proposal.minimum) if proposal else "",
    }


def _drawn(bar: Bar, highest: int) -> dict[str, Any]:
    parts = {fate.value: getattr(bar, fate.value) for fate in Fate}
    bounds = {"low": bar.low, "high": bar.high}
    return {
        "label": bar.label,
        "low": bar.low,
        "high": bar.high,
        "bounds": "".join(f"&{key}={value}" for key, value in bounds.items() if value is not None),
        "cut": bar.of if bar.of > highest else None,
        "parts": [(fate, FATES[Fate(fate)], count) for fate, count in parts.items()],
        **{fate: _height(count, highest) for fate, count in parts.items()},
    }


def _height(count: int, highest: int) -> int:
    """In per cent; what is there at all is seen."""
    return min(max(round(100 * count / highest), 1), 100) if count else 0


def health_of(one: Asked, agreed: Mapping[Measure, Decimal]) -> Health:
    """Of the dimension that the address names."""
    said = one.parameters.get("dim", "")
    dimension = Dimension(said) if said in Dimension.values else Dimension.INTENT
    return line_health.health(
        leads=one.leads,
        handoffs=one.handoffs,
        period=one.period,
        dimension=dimension,
        floor=agreed.get(Measure.LINE_FLOOR),
    )


def _figure(one: Asked) -> Figure:
    said, fate = one.parameters.get("dim", Dimension.INTENT.value), one.parameters.get("fate", "")
    if said not in Dimension.values or fate not in list(Fate):
        raise Http404("There is no such bar.")
    version = line_scores.live()
    if version is None:
        raise Http404("There is no line yet.")
    low, high = (_bound(one.parameters.get(name, "")) for name in ("low", "high"))
    return Figure(
        title=f"{Dimension(said).label} {_span(version, Dimension(said), low, high)}, {FATES[Fate(fate)]}",
        rows=line_scores.behind(
            leads=one.leads,
            handoffs=one.handoffs,
            period=one.period,
            version=version,
            dimension=Dimension(said),
            fate=Fate(fate),
            low=low,
            high=high,
        ),
        since="MQL since" if fate == Fate.STAYED else "When",
        report="dashboard",
        own=("fate", "low", "high"),
        files="line",
        holds_now=fate == Fate.STAYED,
        counted="" if fate == Fate.STAYED else DECISION,
    )


def _bound(said: str) -> int | None:
    if not said:
        return None
    if len(said) > 6 or not said.removeprefix("-").isdecimal():
        raise Http404("There is no such bar.")
    return int(said)


def _span(version: ModelVersion, dimension: Dimension, low: int | None, high: int | None) -> str:
    if low is None:
        return "at any score" if high is None else f"below {points_named(version, dimension, high)}"
    if high is None:
        return f"{points_named(version, dimension, low)} and more"
    return span_named(version, dimension, low, high)


leads, leads_file = behind.views(_figure)


@require_POST
@for_both_sides
def proposal(request: Request) -> HttpResponse:
    """Put the line that the figures ask for on the agenda, where it is still the one that was pressed: the
    dashboard may have been counted a while ago."""
    one = asked(request)
    back = f"{reverse('reports:dashboard')}?{request.GET.urlencode()}"
    if one.chips:
        messages.warning(request, "A line is for everybody: drop the filters, then propose another one.")
        return redirect(back)
    agreed = agreed_for(one)
    health = health_of(one, agreed)
    if health.version is None or health.proposal is None:
        messages.warning(request, "The figures ask for no other line any more. Look at them again.")
        return redirect(back)
    dimension, minimum = health.dimension, health.proposal.minimum
    if (request.POST.get("dim"), request.POST.get("minimum")) != (dimension.value, str(minimum)):
        messages.warning(
            request,
            f"Nothing was proposed: by now the figures ask for {dimension.label.lower()} line"
            f" {points_named(health.version, dimension, minimum)}, not for the one you pressed. Here is its"
            " price.",
        )
        return redirect(f"{reverse('reports:line')}?{_days_and(one, dimension, minimum)}")
    side = request.POST.get("side", "")
    try:
        made = proposing.propose_line(
            version=health.version,
            dimension=dimension,
            minimum=minimum,
            why=proposing.why_of(health, agreed.get(Measure.LINE_FLOOR, Decimal()), one.period),
            by=request.user,
            side=side,
            at=one.at,
        )
    except proposing.NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except proposing.NoSuchLine as refusal:
        messages.warning(request, str(refusal))
        return redirect(back)
    return proposed(request, made, side)


def proposed(request: Request, made: Proposed, side: str) -> HttpResponse:
    """To the version, saying what became of it."""
    say = messages.warning if made.unsigned else messages.success
    say(request, proposing.told(made, side))
    return redirect("scoring:version", made.version.number)


def _days_and(one: Asked, dimension: Dimension, minimum: int) -> str:
    """The period of the page with another line, as an address has them."""
    days = {name: one.parameters[name] for name in PERIOD if one.parameters.get(name)}
    return urlencode({**days, "dim": dimension.value, "minimum": minimum})
