"""Addresses that other systems post to: the list, a new one, one with what its posts mean, its secret."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture import arrivals
from capture.hook_forms import MappingTextForm, NewHookForm, PointingForm, SecretForm
from capture.hooks import arranging, inbox, mapping, pointing, presets, receiving
from capture.hooks.mapping import Waiting
from capture.mapping import MappingError
from capture.models import Hook, InboxItem
from leads.models import ActivityType
from notifications import fresh_secrets

#: Where a fresh secret waits for the one page that shows it.
_FRESH = "hook_secret"
#: So many that arrived are offered as samples.
SAMPLES = 8
#: What the page counts, in days.
DAYS = 7

for_marketing = page_for(may_edit_leads, "Marketers and admins look after hooks.")


@require_GET
@for_marketing
def hooks(request: Request) -> HttpResponse:
    """Every hook with what it brought and what waits, by name."""
    now = timezone.now()
    rows = list(
        Hook.objects.visible_to(request.user).select_related("source").order_by(Lower("source__name"), "id")
    )
    waiting = inbox.waiting_by_hook(rows)
    brought = arrivals.brought(since=now - timedelta(days=DAYS))
    shown = [
        {"hook": row, "waiting": waiting.get(row.pk, 0), "brought": brought.get(row.source_id)}
        for row in rows
    ]
    return render(
        request, "capture/hooks.html", {"rows": shown, "now": now, "days": DAYS, "named": presets.every()}
    )


@require_http_methods(["GET", "POST"])
@for_marketing
def new(request: Request) -> HttpResponse:
    form = NewHookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        made = arranging.make(by=request.user, at=timezone.now(), **chosen)
        if made.secret and not chosen["secret"]:
            fresh_secrets.keep(request.session, _FRESH, made.secret, of=str(made.public_id))
        messages.success(request, format_html("<b>{}</b> has an address now.", made))
        return redirect("capture:hook", made.public_id)
    context = {"form": form, "presets": presets.every().values()}
    return render(request, "capture/hook_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_marketing
def hook(request: Request, hook_id: UUID) -> HttpResponse:
    """One hook: address, how to test it, and the mapping screen. ``?item=`` takes a post that arrived as the
    sample. POST reads the sample, shows or saves what was pointed at."""
    shown, now = _visible(request, hook_id), timezone.now()
    samples = list(
        InboxItem.objects.visible_to(request.user)
        .filter(hook=shown, emptied_at=None)
        .order_by("-id")[:SAMPLES]
    )
    form, result = (
        PointingForm(request.POST or None, hook=shown, initial=_sample(request, shown, samples)),
        None,
    )
    if request.method == "POST" and request.POST.get("do") != "read" and form.is_valid():
        result = _result(form, shown, now)
        if result["fits"] and request.POST.get("do") == "save":
            arranging.set_mapping(hook=shown, mapping=result["mapping"], at=now)
            messages.success(request, format_html("Saved: <b>{}</b>.", result["name"]))
            return redirect("capture:hook", shown.public_id)
    elif request.method == "POST" and request.POST.get("do") == "read":
        form = PointingForm(hook=shown, initial=_kept(request))
    context = {
        **_frame(request, shown, now),
        "form": form,
        "result": result,
        "samples": samples,
        "secret": fresh_secrets.take(request.session, _FRESH, of=str(shown.public_id)),
        "address": arranging.address_of(shown),
        "verify_token": receiving.verify_token(shown) if shown.signing == Hook.Signing.META else "",
        "preset": presets.of(shown.preset),
        "text": MappingTextForm(initial={"mapping": _text(shown)}),
        "secret_form": SecretForm(hook=shown),
        "needs_theirs": shown.signing in arranging.THEIRS,
    }
    return render(request, "capture/hook.html", context, status=422 if form.errors else 200)


@require_POST
@for_marketing
def mapping_text(request: Request, hook_id: UUID) -> HttpResponse:
    """The whole mapping as text; what is wrong is told with its JSON path."""
    shown, now = _visible(request, hook_id), timezone.now()
    text = MappingTextForm(request.POST)
    if text.is_valid():
        try:
            arranging.set_mapping(hook=shown, mapping=text.cleaned_data["mapping"], at=now)
        except MappingError as wrong:
            for where, what in wrong.problems[:10]:
                text.add_error("mapping", f"{where}: {what}")
        else:
            messages.success(request, "Saved.")
            return redirect("capture:hook", shown.public_id)
    context = {**_frame(request, shown, now), "text": text}
    return render(request, "capture/hook_text.html", context, status=422)


@require_POST
@for_marketing
def kind_deletion(request: Request, hook_id: UUID) -> HttpResponse:
    """Take the kind at ``place`` out of the mapping; ``name`` says which one was meant."""
    shown = _visible(request, hook_id)
    kinds = (shown.mapping or {}).get("kinds", [])
    place = request.POST.get("place", "")
    if (
        place.isdecimal()
        and int(place) < len(kinds)
        and kinds[int(place)]["name"] == request.POST.get("name")
    ):
        changed = pointing.without_kind(shown.mapping, int(place))
        arranging.set_mapping(hook=shown, mapping=changed, at=timezone.now())
        messages.success(request, "Taken out. Such events wait from now on.")
    else:
        messages.warning(request, "The mapping has changed meanwhile; look again.")
    return redirect("capture:hook", shown.public_id)


@require_POST
@for_marketing
def event_name(request: Request, hook_id: UUID) -> HttpResponse:
    """Say which activity the events called ``name`` are, in the table of the kind at ``place``; without a
    ``type`` they wait."""
    shown = _visible(request, hook_id)
    name, key, place = (request.POST.get(part, "").strip() for part in ("name", "type", "place"))
    try:
        changed = pointing.with_type(shown.mapping or {"kinds": []}, int(place), name[:200], key)
        arranging.set_mapping(hook=shown, mapping=changed, at=timezone.now())
    except (ValueError, KeyError, IndexError):  # MappingError is a ValueError
        messages.error(request, "Say what the events are called, and choose an activity.")
    else:
        messages.success(request, format_html("Saved: <b>{}</b>.", name))
    return redirect("capture:hook", shown.public_id)


@require_POST
@for_marketing
def secret(request: Request, hook_id: UUID) -> HttpResponse:
    """A new secret; the one before is believed for a day more."""
    shown = _visible(request, hook_id)
    form = SecretForm(request.POST, hook=shown)
    if not form.is_valid():
        messages.error(request, str(form.errors["secret"][0]))
        return redirect("capture:hook", shown.public_id)
    typed = form.cleaned_data["secret"]
    fresh = arranging.rotate(hook=shown, at=timezone.now(), secret=typed)
    if not typed:
        fresh_secrets.keep(request.session, _FRESH, fresh, of=str(shown.public_id))
    messages.success(request, "There is a new secret. The old one is believed, too, for 24 hours.")
    return redirect("capture:hook", shown.public_id)


@require_POST
@for_marketing
def switch(request: Request, hook_id: UUID) -> HttpResponse:
    """``open`` present: open, else closed."""
    shown = _visible(request, hook_id)
    arranging.set_open(hook=shown, is_open="open" in request.POST)
    if shown.source.is_active:
        messages.success(request, format_html("<b>{}</b> is open again.", shown))
    else:
        messages.success(request, format_html("<b>{}</b> is closed. What is posted is refused.", shown))
    return redirect("capture:hook", shown.public_id)


def _visible(request: Request, hook_id: UUID) -> Hook:
    rows = Hook.objects.visible_to(request.user).select_related("source__created_by")
    return get_object_or_404(rows, public_id=hook_id)


def _frame(request: Request, shown: Hook, now: datetime) -> dict[str, Any]:
    kinds = (shown.mapping or {}).get("kinds", [])
    labels = dict(ActivityType.objects.values_list("key", "label"))
    return {
        "hook": shown,
        "now": now,
        "waiting": inbox.waiting_by_hook([shown]).get(shown.pk, 0),
        "kinds": [_shown_kind(place, kind, labels) for place, kind in enumerate(kinds)],
        "types": sorted(labels.items(), key=lambda pair: pair[1].lower()),
    }


def _shown_kind(place: int, kind: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    spec = kind.get("type")
    table = spec["values"] if isinstance(spec, dict) else None
    return {
        "place": place,
        "name": kind["name"],
        "becomes": labels.get(spec, spec) if isinstance(spec, str) else "",
        "updates": "lead" if kind.get("lead") else "company" if kind.get("company") else "",
        "has_table": table is not None,
        "table": [(name, labels.get(key or "", "no activity")) for name, key in (table or {}).items()],
        "mail": kind.get("consent", {}).get("email"),
    }


def _sample(request: Request, shown: Hook, samples: list[InboxItem]) -> dict[str, str]:
    """The post that ``?item=`` names, else the latest that waits, else the latest."""
    asked = request.GET.get("item", "")
    named = [item for item in samples if str(item.public_id) == asked]
    if not named and asked:
        try:
            rows = InboxItem.objects.visible_to(request.user).filter(hook=shown, public_id=UUID(asked))
        except ValueError:
            rows = InboxItem.objects.none()
        named = list(rows)
    waiting = [item for item in samples if item.state == InboxItem.State.WAITING]
    found = next(iter([*named, *waiting, *samples]), None)
    body = found.body if found is not None else ""
    before = (shown.mapping or {}).get("events", "")
    return {"sample": body, "events": before if isinstance(before, str) else before[0]}


def _kept(request: Request) -> dict[str, Any]:
    """What was typed, while a sample is read anew."""
    return {name: value for name, value in request.POST.items() if name not in ("do", "csrfmiddlewaretoken")}


def _result(form: PointingForm, shown: Hook, now: datetime) -> dict[str, Any]:
    """What the sample becomes by the mapping with what was pointed at; what keeps an event from being taken
    is told at its field."""
    kind = form.kind()
    changed = pointing.with_kind(shown.mapping, kind, events=form.cleaned_data["events"])
    try:
        mapping.check(changed)
    except MappingError as wrong:
        form.add_error(None, "; ".join(f"{where}: {what}" for where, what in wrong.problems[:3]))
        return {"fits": False}
    labels = dict(ActivityType.objects.values_list("key", "label"))
    events = mapping.read(changed, form.body, at=now, key="sample")
    rows: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, Waiting):
            rows.append({"waits": event.reason})
            if event.kind == kind["name"]:
                form.add_error(event.field if event.field in form.fields else None, event.reason)
        else:
            rows.append({"event": event, "becomes": labels.get(event.type or "", "")})
    return {"fits": not form.errors, "name": kind["name"], "mapping": changed, "rows": rows[:20]}


def _text(shown: Hook) -> str:
    return json.dumps(shown.mapping or {"kinds": []}, indent=1, ensure_ascii=False)
