"""Suspected evidence: what a signal speaks against, by signal; void or restore it, and take that back."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_edit_leads, may_read_evidence, sees_everything
from accounts.requests import Request, page_for
from capture import correcting
from capture.correcting import SuspicionFilter
from capture.models import EvidenceRules, Source
from leads import paging, timeline
from leads.models import Correction, Suspicion

for_readers = page_for(may_read_evidence, "Marketing, managers and administrators look after evidence.")
for_marketers = page_for(may_edit_leads, "Marketers and administrators say what counts.")
PAGE = 50
FILTERS = ("signal", "state", "source", "days")


@require_safe
@for_readers
def suspected(request: Request) -> HttpResponse:
    """What was named, the latest first, with how much of each signal stands where. ``?signal=``, ``state=``,
    ``source=`` and ``days=`` narrow it, ``tick=all`` ticks what is shown."""
    seen = Suspicion.objects.visible_to(request.user)
    filters = SuspicionFilter(request.GET, queryset=seen)
    rows = filters.qs if filters.is_valid() else seen.none()
    rows = rows.select_related("activity__type", "activity__lead__company", "correction__by")
    page = paging.page(rows, order=("-id",), after=request.GET.get("after", ""), size=PAGE)
    names = dict(Source.objects.values_list("key", "name"))
    context = {
        "now": timezone.now(),
        "signals": _signals(request),
        "counted": sees_everything(request.user),
        "rows": [
            (row, _about(row), names.get(row.activity.source, row.activity.source)) for row in page.rows
        ],
        "next": page.next,
        "filters": filters,
        "chosen": {name: request.GET[name] for name in FILTERS if request.GET.get(name)},
        "may_correct": may_edit_leads(request.user),
        "ticks": request.GET.get("tick") == "all",
    }
    return render(request, "capture/evidence.html", context)


def _about(row: Suspicion) -> str:
    return timeline.detail(row.activity.properties)


def _signals(request: Request) -> list[dict[str, Any]]:
    """Each signal with what happens to it and, for who sees everything, how many are marked, voided and kept.
    For others that would be a look at the lead behind each of what may be millions. Two queries."""
    rules = EvidenceRules.objects.filter(pk=1).first() or EvidenceRules()
    lists = {
        f"{signal}:{state}": Suspicion.objects.filter(signal=signal, state=state)
        for signal in Suspicion.Signal.values
        for state in Suspicion.State.values
        if sees_everything(request.user)
    }
    counted = paging.counts(lists)
    rows = []
    for signal in Suspicion.Signal:
        counts = {state: counted.get(f"{signal.value}:{state}") for state in Suspicion.State.values}
        treatment = rules.treatment(signal).label if signal != Suspicion.Signal.PERSON else ""
        rows.append({"key": signal.value, "label": signal.label, "treatment": treatment, **counts})
    return rows


@require_POST
@for_marketers
def correct(request: Request) -> HttpResponse:
    """Void or restore those that are ticked, or all that the list was narrowed to."""
    back = _back(request)
    verb = request.POST.get("verb", "")
    everything = request.POST.get("which") == "all"
    only = request.POST.get("only", "")
    ticked = [only] if only else request.POST.getlist("suspicion")
    ids = [int(name) for name in ticked[:PAGE] if name.isdecimal() and len(name) < 19]
    if verb not in Correction.Verb.values:
        messages.error(request, "Say whether to void or to restore.")
        return redirect(back)
    if not ids and not everything:
        messages.warning(request, "Tick what is meant first, or choose all that match.")
        return redirect(back)
    chosen = None
    if everything and not only:
        ids, chosen = [], {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
        if not SuspicionFilter(chosen, queryset=Suspicion.objects.none()).is_valid():
            messages.error(request, "The list cannot be narrowed so. Nothing was changed.")
            return redirect(back)
    made = correcting.begin(
        verb=Correction.Verb(verb),
        by=request.user,
        at=timezone.now(),
        reason=request.POST.get("reason", ""),
        ids=ids,
        chosen=chosen,
    )
    if made.finished_at is None:
        return redirect("capture:correction", made.public_id)
    _tell(request, made)
    return redirect(back)


def _tell(request: Request, made: Correction) -> None:
    did = "voided" if made.verb == Correction.Verb.VOID else "restored"
    if not made.changed:
        messages.success(request, f"Noted. Nothing had to be {did}: it stood so.")
    else:
        what = "1 activity" if made.changed == 1 else f"{made.changed:,} activities"
        messages.success(request, f"{what} {did}. Scores follow. Undo it under What was changed.")


def _back(request: Request) -> str:
    query = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
    return reverse("capture:evidence") + (f"?{urlencode(query)}" if query else "")


@require_safe
@for_readers
def corrections(request: Request) -> HttpResponse:
    """What people changed, the latest first."""
    rows = Correction.objects.select_related("by", "undoes", "undone_by__by")
    page = paging.page(rows, order=("-id",), after=request.GET.get("after", ""), size=PAGE)
    context = {
        "now": timezone.now(),
        "rows": [(row, _words(row)) for row in page.rows],
        "next": page.next,
        "may_correct": may_edit_leads(request.user),
        "rail_path": reverse("capture:evidence"),
    }
    return render(request, "capture/corrections.html", context)


@require_safe
@for_readers
def correction(request: Request, correction_id: UUID) -> HttpResponse:
    """How far one is."""
    rows = Correction.objects.select_related("by", "undoes", "undone_by__by")
    shown = get_object_or_404(rows, public_id=correction_id)
    context = {
        "now": timezone.now(),
        "one": shown,
        "words": _words(shown),
        "may_correct": may_edit_leads(request.user),
        "rail_path": reverse("capture:evidence"),
    }
    template = (
        "capture/_correction.html" if request.GET.get("part") == "progress" else "capture/correction.html"
    )
    return render(request, template, context)


@require_POST
@for_marketers
def undo(request: Request, correction_id: UUID) -> HttpResponse:
    of = get_object_or_404(Correction.objects.all(), public_id=correction_id)
    try:
        made = correcting.undo(correction=of, by=request.user, at=timezone.now())
    except correcting.Undone as refusal:
        messages.warning(request, str(refusal))
        return redirect("capture:corrections")
    if made.finished_at is None:
        return redirect("capture:correction", made.public_id)
    messages.success(request, f"Undone: {made.changed:,} as before. What was changed again since stays.")
    return redirect("capture:corrections")


def _words(row: Correction) -> str:
    """What it was about: "Crawler, voided, 7 days"."""
    if row.undoes_id:
        return "undoes an earlier change"
    if not row.chosen:
        return "one by one"
    query: dict[str, str] = row.chosen
    said = [
        str(Suspicion.Signal(query["signal"]).label) if query.get("signal") else "all signals",
        str(Suspicion.State(query["state"]).label).lower() if query.get("state") else "",
        query.get("source", ""),
        correcting.SPANS.get(query.get("days", ""), "").lower(),
    ]
    return ", ".join(part for part in said if part)
