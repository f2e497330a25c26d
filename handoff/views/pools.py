"""Who takes turns: the pools with their people, one pool, one person in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from handoff import arranging, eligibility, leaving, ledger
from handoff.builder import ConditionForm
from handoff.eligibility import Desk, Ring
from handoff.forms import PoolForm
from handoff.matching import sentence_of
from handoff.models import Pool, PoolMember
from scoring import controls

from .requests import Request
from .routing import for_arrangers


@dataclass(frozen=True, slots=True)
class Place:
    """A member as the page shows them. ``given`` and ``meant`` are whole per cents of the last 30 days, None
    where nothing was given; ``why`` says why they take no lead now."""

    desk: Desk
    why: str
    hours: str
    preference: str
    given: int | None
    leads: int
    meant: int | None


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool with everybody in it. ``next`` is whose turn it would be now."""

    pool: Pool
    fallback: str
    places: list[Place]
    leads: int
    next: str


@require_safe
@for_arrangers
def pools(request: Request) -> HttpResponse:
    """Every pool one looks after: who, how much, whether now, and the share given beside the share meant."""
    now = timezone.now()
    visible = list(Pool.objects.visible_to(request.user).values_list("pk", flat=True))
    rings = eligibility.read_rings(pool_ids=visible, at=now)
    given = ledger.shares(pool_ids=visible, at=now)
    names = dict(Pool.objects.values_list("pk", "name"))
    views = [_view(ring, given, names, now) for ring in rings.values()]
    return render(request, "handoff/pools.html", {"pools": views, "now": now})


def _view(
    ring: Ring, given: Mapping[tuple[int, int], int], names: Mapping[int, str], now: datetime
) -> PoolView:
    pool = ring.pool
    leads = {desk.user.pk: given.get((pool.pk, desk.user.pk), 0) for desk in ring.desks}
    total, weights = sum(leads.values()), sum(desk.weight for desk in ring.desks)
    whys = {desk.member_id: eligibility.why_not(desk, at=now) for desk in ring.desks}
    places = [
        Place(
            desk=desk,
            why=whys[desk.member_id],
            hours=_hours(desk),
            preference=sentence_of(json.loads(desk.prefers)) if desk.prefers else "",
            given=round(100 * leads[desk.user.pk] / total) if total else None,
            leads=leads[desk.user.pk],
            meant=round(100 * desk.weight / weights) if weights else None,
        )
        for desk in ring.desks
    ]
    able = [desk for desk in ring.desks if not whys[desk.member_id]]
    pick = ring.pick(able) if pool.is_active else None
    fallback = names.get(pool.fallback_id, "") if pool.fallback_id else ""
    return PoolView(pool, fallback, places, total, str(pick.desk.user) if pick else "")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _hours(desk: Desk) -> str:
    """ "Mon, Tue 9:00–17:00"; days of the same hours together."""
    spans: dict[str, list[str]] = {}
    for stretch in desk.hours:
        span = f"{stretch.start:%H:%M}–{stretch.end:%H:%M}"
        spans.setdefault(span, []).append(_DAYS[stretch.weekday])
    said = []
    for span, days in spans.items():
        whole = len(days) > 2 and days == list(_DAYS[_DAYS.index(days[0]) :][: len(days)])
        said.append(f"{f'{days[0]}–{days[-1]}' if whole else ', '.join(days)} {span}")
    return "; ".join(said) or "any hour"


# One pool


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_pool(request: Request) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def pool(request: Request, pool_id: UUID) -> HttpResponse:
    """One pool: what it is called, how it shares, who is in it."""
    return _edit(request, _pool(request, pool_id))


def _edit(request: Request, pool: Pool | None) -> HttpResponse:
    form = PoolForm(request.POST or None, instance=pool, user=request.user)
    name = str(pool) if pool else "New pool"
    if request.method == "POST" and form.is_valid():
        saved = arranging.save_pool(pool=form.save(commit=False), by=request.user, at=timezone.now())
        messages.success(request, format_html("Saved <b>{}</b>.", saved))
        return redirect("handoff:pool", saved.public_id) if pool is None else redirect("handoff:pools")
    members: list[PoolMember] = []
    others = User.objects.none()
    if pool is not None:
        members = list(pool.members.select_related("user").order_by("id"))
        others = leaving.people_visible_to(request.user).filter(is_active=True)
        others = others.exclude(pool_memberships__pool=pool).order_by("name", "id")
    context = {
        "pool": pool,
        "title": name,
        "form": form,
        "members": members,
        "others": others,
        "rail_path": reverse("handoff:pools"),
    }
    return render(request, "handoff/pool.html", context, status=422 if form.errors else 200)


@require_POST
@for_arrangers
def members(request: Request, pool_id: UUID) -> HttpResponse:
    """Somebody joins."""
    pool = _pool(request, pool_id)
    people = leaving.people_visible_to(request.user).filter(is_active=True)
    person = get_object_or_404(people, public_id=_uuid(request.POST.get("user", "")))
    arranging.add_member(pool=pool, user=person, by=request.user)
    messages.success(request, format_html("<b>{}</b> takes turns in {}.", person, pool))
    return redirect("handoff:pool-member", pool.public_id, person.public_id)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


# One person in a pool


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def member(request: Request, pool_id: UUID, user_id: UUID) -> HttpResponse:
    """How much somebody gets, and which leads first."""
    found = _member(request, pool_id, user_id)
    if request.method != "POST":
        return _member_page(request, found, arranging.member_form_of(found))
    form = ConditionForm.posted("prefers", dict(request.POST.lists()))
    action = request.POST.get("do", "save")
    if action != "save":
        return _member_page(request, found, form, focus=form.act(action))
    arranging.read_member(form, found)
    if form.errors:
        return _member_page(request, found, form, status=422)
    arranging.save_member(member=found, by=request.user)
    messages.success(request, format_html("Saved <b>{}</b> in {}.", found.user, found.pool))
    return redirect("handoff:pools")


def _member_page(
    request: Request, member: PoolMember, form: ConditionForm, *, focus: str = "", status: int = 200
) -> HttpResponse:
    known = controls.known()
    context = {
        "member": member,
        "form": form,
        "root": form.drawn(known),
        "known": known,
        "focus": focus,
        "rail_path": reverse("handoff:pools"),
    }
    return render(request, "handoff/pool_member.html", context, status=status)


@require_POST
@for_arrangers
def member_removal(request: Request, pool_id: UUID, user_id: UUID) -> HttpResponse:
    """Somebody takes no more turns; what they have stays theirs."""
    found = _member(request, pool_id, user_id)
    arranging.remove_member(member=found, by=request.user)
    messages.success(request, format_html("<b>{}</b> takes no more turns in {}.", found.user, found.pool))
    return redirect("handoff:pool", found.pool.public_id)


def _pool(request: Request, pool_id: UUID) -> Pool:
    return get_object_or_404(Pool.objects.visible_to(request.user), public_id=pool_id)


def _member(request: Request, pool_id: UUID, user_id: UUID) -> PoolMember:
    people = PoolMember.objects.select_related("user", "pool").filter(pool=_pool(request, pool_id))
    return get_object_or_404(people, user__public_id=user_id)
