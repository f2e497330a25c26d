"""Leads that look as if they were one person: look at them side by side, merge them, or say they are two."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_merge
from handoff import merge_preview, merging
from leads import duplicates as looking
from leads import merging as of_leads
from leads import paging
from leads.aliases import survivor
from leads.merging import ATTRIBUTE, FIELDS
from leads.models import Lead, LookAlike, Merge
from leads.unmerging import UndoRefused

from .requests import Request, page_for

for_mergers = page_for(may_merge, "Duplicates are for marketing and who leads sales.")
PAGE = 50
#: Leads offered to merge with.
FOUND = 20
SHOWN = ("waiting", "dismissed", "merged")


@dataclass(frozen=True, slots=True)
class Row:
    """A pair with the address of its page."""

    pair: LookAlike
    url: str


@require_safe
@for_mergers
def all_duplicates(request: Request) -> HttpResponse:
    """Pairs that wait for a word, those that are two people, and what was merged."""
    show = next((each for each in SHOWN if each == request.GET.get("show")), SHOWN[0])
    after, context = request.GET.get("after", ""), dict[str, Any](show=show)
    pairs = LookAlike.objects.visible_to(request.user).select_related("older__company", "newer__company")
    if show == "merged":
        merges = Merge.objects.visible_to(request.user).select_related("kept", "by", "undone_by")
        merges = merges.defer("steps")  # of a busy lead they are megabytes
        found: paging.Page[Any] = paging.page(merges, order=["-id"], after=after, size=PAGE)
        context["merges"] = found.rows
    elif show == "dismissed":
        pairs = pairs.dismissed().select_related("dismissed_by")
        found = paging.page(pairs, order=["-dismissed_at", "-id"], after=after, size=PAGE)
    else:
        found = paging.page(pairs.waiting(), order=["-found_at", "-id"], after=after, size=PAGE)
    if show != "merged":
        context["rows"] = [Row(pair, pair_url(pair.older, pair.newer)) for pair in found.rows]
    context |= {"now": timezone.now(), "next": found.next, "later": bool(after)}
    return render(request, "handoff/duplicates.html", context)


@require_safe
@for_mergers
def pair(request: Request, lead_id: UUID, other_lead_id: UUID) -> HttpResponse:
    """Two leads side by side; with ``review`` the question, which names what merging does as chosen."""
    if gone := _merged_already(request, lead_id, other_lead_id):
        return gone
    keep, drop = _both(request, lead_id, other_lead_id)
    at = timezone.now()
    taken = _taken(request.GET, keep, drop)
    context = {
        "now": at,
        "page": merge_preview.look(keep=keep, drop=drop, taken=taken, at=at),
        "taken": sorted(taken),
        "found": _found_as(keep, drop),
        "other_url": pair_url(drop, keep),
        "rail_path": reverse("handoff:duplicates"),
    }
    template = "handoff/merge_question.html" if "review" in request.GET else "handoff/duplicate.html"
    return render(request, template, context)


@require_POST
@for_mergers
def merge(request: Request, lead_id: UUID, other_lead_id: UUID) -> HttpResponse:
    """Merge them as the question said. Sent twice, it merges once."""
    if gone := _merged_already(request, lead_id, other_lead_id):
        return gone
    keep, drop = _both(request, lead_id, other_lead_id)
    name = str(drop)
    try:
        merging.merge(
            keep=keep, drop=drop, by=request.user, at=timezone.now(), chosen=_taken(request.POST, keep, drop)
        )
    except of_leads.MergeRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("handoff:duplicates")
    said = format_html("Merged <b>{}</b> into this lead. The timeline can undo it.", name)
    if url := _next_pair(request):
        said = format_html('{} <a class="link" href="{}">Next pair</a>', said, url)
    messages.success(request, said)
    return redirect("handoff:lead", keep.public_id)


def _next_pair(request: Request) -> str:
    """Where the latest pair that waits is decided on; "" when none does. One query."""
    waiting = LookAlike.objects.visible_to(request.user).waiting().select_related("older", "newer")
    found = waiting.order_by("-found_at", "-id").first()
    return pair_url(found.older, found.newer) if found else ""


@require_POST
@for_mergers
def dismissal(request: Request, lead_id: UUID, other_lead_id: UUID) -> HttpResponse:
    """They are two people: no search brings the pair up again."""
    at = timezone.now()
    older, newer = sorted(_both(request, lead_id, other_lead_id), key=lambda lead: lead.pk)
    known, _ = LookAlike.objects.get_or_create(
        older=older, newer=newer, defaults={"reasons": [], "found_at": at}
    )
    looking.dismiss(pair=known, by=request.user, at=at)
    messages.success(request, format_html("<b>{}</b> and <b>{}</b> stay two people.", older, newer))
    return redirect("handoff:duplicates")


@require_POST
@for_mergers
def dismissal_removal(request: Request, lead_id: UUID, other_lead_id: UUID) -> HttpResponse:
    """They may be one person after all."""
    older, newer = sorted(_both(request, lead_id, other_lead_id), key=lambda lead: lead.pk)
    known = get_object_or_404(LookAlike.objects.visible_to(request.user), older=older, newer=newer)
    looking.bring_back(pair=known)
    return redirect(pair_url(older, newer))


@require_POST
@for_mergers
def undo(request: Request, merge_id: UUID) -> HttpResponse:
    """Two leads again."""
    made = get_object_or_404(
        Merge.objects.visible_to(request.user).select_related("kept"), public_id=merge_id
    )
    try:
        back = merging.undo(merge=made, by=request.user, at=timezone.now())
    except UndoRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("handoff:lead", made.kept.public_id)
    messages.success(request, format_html("<b>{}</b> is a lead of its own again.", back))
    return redirect("handoff:lead", back.public_id)


@require_safe
@for_mergers
def merge_with(request: Request, lead_id: UUID) -> HttpResponse:
    """Look for the lead that is the same person."""
    lead = get_object_or_404(
        Lead.objects.visible_to(request.user).select_related("company"), public_id=lead_id
    )
    asked = request.GET.get("q", "").strip()[:100]
    others = Lead.objects.visible_to(request.user).exclude(pk=lead.pk).select_related("company")
    found = list(others.searched(asked).order_by("-created_at", "-id")[:FOUND]) if asked else []
    context = {
        "lead": lead,
        "asked": asked,
        "found": [(other, pair_url(lead, other)) for other in found],
        "rail_path": reverse("handoff:duplicates"),
    }
    return render(request, "handoff/merge_with.html", context)


def pair_url(keep: Lead, drop: Lead) -> str:
    return reverse("handoff:duplicate", args=[keep.public_id, drop.public_id])


def _both(request: Request, lead_id: UUID, other_lead_id: UUID) -> tuple[Lead, Lead]:
    """The two leads; 404 when the reader may not open both."""
    leads = Lead.objects.visible_to(request.user).filter(public_id__in=[lead_id, other_lead_id])
    found = {lead.public_id: lead for lead in leads.select_related("company", "owner")}
    if lead_id not in found or other_lead_id not in found or lead_id == other_lead_id:
        raise Http404
    return found[lead_id], found[other_lead_id]


def _merged_already(request: Request, lead_id: UUID, other_lead_id: UUID) -> HttpResponse | None:
    """To the lead that was kept, when one of the two was merged since the page was made."""
    known = Lead.objects.filter(public_id__in=[lead_id, other_lead_id]).count()
    if known == 2:
        return None
    kept = survivor(other_lead_id) or survivor(lead_id)
    if kept is None or not Lead.objects.visible_to(request.user).filter(public_id=kept).exists():
        raise Http404
    messages.warning(request, "One of the two was merged already.")
    return redirect("handoff:lead", kept)


def _taken(sent: Any, keep: Lead, drop: Lead) -> frozenset[str]:
    """The facts of which the dropped lead's value was chosen: each is sent as "take-<name>" with "drop" or
    "keep". What was not asked is as by default."""
    taken = set(of_leads.taken_by_default(keep, drop))
    for name in [*FIELDS, *(f"{ATTRIBUTE}{key}" for key in {**keep.attributes, **drop.attributes})]:
        if chosen := sent.get(f"take-{name}"):
            (taken.add if chosen == "drop" else taken.discard)(name)
    return frozenset(taken)


def _found_as(keep: Lead, drop: Lead) -> LookAlike | None:
    older, newer = sorted([keep.pk, drop.pk])
    return LookAlike.objects.filter(older=older, newer=newer).select_related("dismissed_by").first()
