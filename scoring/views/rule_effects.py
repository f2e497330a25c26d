"""What a draft would do, for the panel beside the rule: now, while one types; a moment later, on the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import Request
from scoring import controls, forms, hindsight, model_file, preview, turns
from scoring.dimensions import Dimension
from scoring.intervals import Share
from scoring.models import ModelVersion, ScoringModel
from scoring.preview import Past, Preview, Weekly
from scoring.ruleset import Ruleset
from scoring.stored import activity_types, read
from scoring.turns import Busy, TookTooLong

from .rule_forms import Trial
from .rule_requests import drafter, model_of, opened_of, place_of, reviewer, version_of

#: How many who would move stand in the panel, and on a page of all of them.
NAMED, PAGE, MOST = 4, 50, 1000
#: What the page's script is told while its last question is not answered yet; it asks again.
ASK_AGAIN = 429


@require_POST
@drafter
def effect(request: Request) -> HttpResponse:
    """The words, what is wrong, and what the part would do now: pieces of the rule page."""
    trial = _trial(request)
    found = tried(trial, user=request.user, at=timezone.now(), past=False)
    if found.get("busy"):
        return HttpResponse(status=ASK_AGAIN)
    context = {
        "trial": trial,
        "phrases": trial.phrases,
        "effect": found,
        "as_saved": trial.is_saved,
        "live": _live(trial.version),
        "version": trial.version,
        "editable": True,
    }
    return render(request, "scoring/_effect_pieces.html", context)


@require_POST
@drafter
def past(request: Request) -> HttpResponse:
    """How it would have done on decided leads: the slower piece."""
    trial = _trial(request)
    try:
        with turns.turn(of=turns.PAST, user_id=request.user.pk):
            found = past_of(trial, at=timezone.now())
    except Busy:
        return HttpResponse(status=ASK_AGAIN)
    except TookTooLong:
        found = {"too_long": True}
    context = {"past": found, "live": _live(trial.version), "model": trial.version.model}
    return render(request, "scoring/_past_piece.html", context)


def _trial(request: Request) -> Trial:
    """What was typed, held against the version it was opened in, or what its model has instead: the panel
    goes on while saving says what became of the draft, or of the part."""
    model, place = model_of(request), place_of(request)
    if model is None or place is None:
        raise Http404
    version = opened_of(request, model).version
    data = model_file.save(version=version)
    form = forms.of_post(place.kind, dict(request.POST.lists()))
    return Trial.of(version=version, data=data, place=place, form=form, known=controls.labels())


def _live(version: ModelVersion) -> ModelVersion | None:
    return version.model.versions.published().select_related("model").first()


def tried(trial: Trial, *, user: User, at: datetime, past: bool) -> dict[str, Any]:
    """``effect_of`` when it is the person's turn; else ``busy``, or ``too_long`` when it was stopped."""
    try:
        with turns.turn(of=turns.NOW, user_id=user.pk):
            return effect_of(trial, at=at, past=past)
    except Busy:
        return {"busy": True}
    except TookTooLong:
        return {"too_long": True}


def effect_of(trial: Trial, *, at: datetime, past: bool) -> dict[str, Any]:
    """What ``scoring/_effect.html`` draws; nothing while anything is wrong. With ``past`` also what takes
    longer."""
    if trial.ruleset is None:
        return {}
    found = preview.of_ruleset(
        ruleset=trial.ruleset,
        model=trial.version.model,
        at=at,
        dimension=trial.about,
        limit=NAMED,
        estimated=True,
    )
    drawn = drawing(found)
    if past:
        drawn["past"] = past_of(trial, at=at)
    return drawn


@require_safe
@reviewer
def figures(request: Request) -> HttpResponse:
    """What a version would do if it went live now, beside its Publish button: a piece of its page."""
    model = model_of(request)
    version = version_of(request, model) if model else None
    if version is None:
        raise Http404
    context = {
        "version": version,
        "live": _live(version),
        "effect": figures_of(version, user=request.user, at=timezone.now()),
    }
    return render(request, "scoring/_figures.html", context)


def figures_of(version: ModelVersion, *, user: User, at: datetime) -> dict[str, Any]:
    """The same figures as beside the rules, of all that ``version`` says: who would move, and how it would
    have done. ``busy`` or ``too_long`` as in ``tried``."""
    return figures_of_ruleset(read(version, activity_types()), version.model, user=user, at=at)


def figures_of_ruleset(ruleset: Ruleset, model: ScoringModel, *, user: User, at: datetime) -> dict[str, Any]:
    """The same of rules that need not be stored."""
    try:
        with turns.turn(of=turns.NOW, user_id=user.pk):
            found = preview.of_ruleset(
                ruleset=ruleset, model=model, at=at, dimension="intent", limit=NAMED, estimated=True
            )
        drawn = drawing(found)
        with turns.turn(of=turns.PAST, user_id=user.pk):
            drawn["past"] = _past_of(ruleset, model, at)
    except Busy:
        return {"busy": True}
    except TookTooLong:
        return {"too_long": True}
    return drawn


def drawing(found: Preview) -> dict[str, Any]:
    """A preview with its bars as shares of the tallest."""
    tallest = max((max(bar.live, bar.draft) for bar in found.bins), default=0) or 1
    bars = [
        {
            "label": bar.label.partition(" ")[0],
            "span": bar.label,
            "live": bar.live,
            "draft": bar.draft,
            "live_height": _height(bar.live, tallest),
            "draft_height": _height(bar.draft, tallest),
            "at_line": bar.at_line,
        }
        for bar in found.bins
    ]
    return {"now": found, "bars": bars, "moving": found.up + found.down}


def _height(count: int, tallest: int) -> str:
    """A tall first bar must not flatten the rest: heights go with the square root."""
    return f"{100 * (count / tallest) ** 0.5:.0f}%"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table: live beside draft. ``better`` is None where more is neither."""

    label: str
    note: str
    live: str
    draft: str
    change: str
    up: bool
    better: bool | None


def past_of(trial: Trial, *, at: datetime) -> dict[str, Any]:
    """Precision, reach and handoffs a week, live beside draft; nothing while anything is wrong."""
    if trial.ruleset is None:
        return {}
    return _past_of(trial.ruleset, trial.version.model, at)


def _past_of(ruleset: Ruleset, model: ScoringModel, at: datetime) -> dict[str, Any]:
    live = model.versions.published().select_related("model").first()
    found = preview.on_the_past(version=ruleset, live=live, at=at)
    agreed = model.agreed_handoffs
    return {"found": found, "measures": measures(found, agreed), "is_agreed": agreed is not None}


def measures(found: Past, agreed: int | None) -> list[Measure]:
    """``agreed``: what sales agreed to take a week."""
    live = found.live
    rows = []
    for label, about, draft_share, live_share in (
        ("Precision", "accepted, of those over the line", found.draft.precision, live and live.precision),
        ("Reach", "over the line, of accepted ones", found.draft.reach, live and live.reach),
    ):
        if draft_share:
            rows.append(_share(label, about, draft_share, live_share or None))
    rows.append(_weekly(found.draft.weekly, live.weekly if live else None, agreed))
    return rows


def _share(label: str, about: str, draft: Share, live: Share | None) -> Measure:
    change = draft.percent - live.percent if live else 0
    return Measure(
        label=label,
        note=f"{about}, {draft.k:.0f} of {draft.n:.0f}, 95%: {draft.between}",
        live=f"{live.percent}%" if live else "",
        draft=f"{draft.percent}%",
        change=str(abs(change)) if change else "",
        up=change > 0,
        better=change > 0,
    )


def _weekly(draft: Weekly, live: Weekly | None, agreed: int | None) -> Measure:
    note = (
        f"sales agreed to up to {agreed}"
        if agreed
        else f"estimate, 95%: {hindsight.about(draft.low)}–{hindsight.about(draft.high)}"
    )
    change = draft.rate - live.rate if live else 0.0
    too_many = bool(agreed) and draft.rate > (agreed or 0)
    said = hindsight.about(abs(change))
    return Measure(
        label="Handoffs a week",
        note=note,
        live=live.said if live else "",
        draft=draft.said,
        change="" if said in ("0", "0.0") else said,
        up=change > 0,
        better=False if too_many and change > 0 else None,
    )


@require_safe
@reviewer
def moves(request: Request) -> HttpResponse:
    """Everybody who would move if the draft went live as it is saved, those who change most first."""
    model = model_of(request)
    version = version_of(request, model) if model else None
    if version is None:
        raise Http404
    dimension = request.GET.get("dimension", "")
    if dimension not in ("", *Dimension.values, "total"):
        raise Http404
    first = _first(request.GET)
    try:
        with turns.turn(of=turns.NOW, user_id=request.user.pk):
            found = preview.of_draft(
                version=version, at=timezone.now(), told_in=dimension, limit=first + PAGE + 1
            )
    except (Busy, TookTooLong) as waiting:
        context = {"version": version, "dimension": dimension, "is_busy": isinstance(waiting, Busy)}
        return render(request, "scoring/rule_moves.html", context, status=503)
    shown = found.moved[first : first + PAGE]
    more = first + PAGE if len(found.moved) > first + PAGE and first + PAGE < MOST else None
    context = {
        "version": version,
        "found": found,
        "shown": shown,
        "first": first + 1,
        "last": first + len(shown),
        "left": max(0, found.up + found.down - first - len(shown)),
        "page": PAGE,
        "more": more,
        "back": max(0, first - PAGE) if first else None,
        "dimension": dimension,
        "dimensions": [("", "What moves each"), *Dimension.choices],
    }
    return render(request, "scoring/rule_moves.html", context)


def _first(query: Mapping[str, str]) -> int:
    said = query.get("from", "0")
    return min(int(said), MOST) if said.isdecimal() and len(said) < 9 else 0
