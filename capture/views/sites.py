"""Websites: the snippet for their pages, whether it arrives, and what their pages stand for."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import may_edit_leads
from accounts.requests import Request, page_for
from capture import arrivals
from capture import sites as verbs
from capture.forms import PageRuleForm, SiteForm
from capture.models import PageRule, RefusedItem, Site
from capture.page_rules import PageRules, covers
from leads.models import Activity, ActivityType

for_marketers = page_for(may_edit_leads, "Websites are set up by marketers and administrators.")
#: What a site's page says about its arrivals covers so long.
SHOWN = timedelta(days=7)
LATEST, AMONG = 8, 5_000
REFUSED = 3


@require_safe
@for_marketers
def sites(request: Request) -> HttpResponse:
    """Every website with what it sent in a week. Two queries."""
    brought = arrivals.brought(since=timezone.now() - SHOWN)
    rows = [
        (site, brought.get(site.source_id))
        for site in Site.objects.visible_to(request.user)
        .select_related("source")
        .order_by("source__name", "id")
    ]
    return render(request, "capture/sites.html", {"rows": rows, "now": timezone.now()})


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def new(request: Request) -> HttpResponse:
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = verbs.make(**form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, format_html("Put the snippet on the pages of <b>{}</b>.", made))
        return redirect("capture:site", made.public_id)
    return render(request, "capture/site_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_marketers
def site(request: Request, site_id: UUID) -> HttpResponse:
    """One website: its snippet, what arrives, its pages, its settings. ``?page=`` says what an address stands
    for."""
    shown = _visible(request, site_id)
    form = _settings(shown, request.POST or None)
    if request.method == "POST" and form.is_valid():
        shown.origins = form.cleaned_data["origins"]
        shown.waits_for_consent = form.cleaned_data["waits_for_consent"]
        shown.save(update_fields=["origins", "waits_for_consent"])
        shown.source.name = form.cleaned_data["name"]
        shown.source.save(update_fields=["name"])
        messages.success(request, "Saved. Browsers that have the script take it within five minutes.")
        return redirect("capture:site", shown.public_id)
    return _page(request, shown, form=form)


@require_safe
@for_marketers
def latest(request: Request, site_id: UUID) -> HttpResponse:
    """What has arrived, for a page that waits for the first visit."""
    shown = _visible(request, site_id)
    return render(request, "capture/_site_arrivals.html", _arrived(request, shown))


@require_POST
@for_marketers
def switch(request: Request, site_id: UUID) -> HttpResponse:
    """Close the site, or open it again."""
    shown = _visible(request, site_id)
    shown.source.is_active = "open" in request.POST
    shown.source.save(update_fields=["is_active"])
    messages.success(
        request,
        "Open: visits count again." if shown.source.is_active else "Closed: what its pages send is refused.",
    )
    return redirect("capture:site", shown.public_id)


@require_POST
@for_marketers
def rule_new(request: Request, site_id: UUID) -> HttpResponse:
    shown = _visible(request, site_id)
    form = PageRuleForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, rule_form=form)
    rule = verbs.add_rule(site=shown, pattern=form.cleaned_data["pattern"], kind=form.cleaned_data["type"])
    messages.success(
        request, format_html("<b>{}</b>: {} from now on.", rule.pattern, rule.type.label.lower())
    )
    return redirect(_rules(shown))


@require_POST
@for_marketers
def rule_up(request: Request, site_id: UUID, pagerule_id: int) -> HttpResponse:
    shown = _visible(request, site_id)
    verbs.move_up(rule=_rule(request, shown, pagerule_id))
    return redirect(_rules(shown))


@require_POST
@for_marketers
def rule_end(request: Request, site_id: UUID, pagerule_id: int) -> HttpResponse:
    """What came before stays what it was."""
    shown = _visible(request, site_id)
    rule = _rule(request, shown, pagerule_id)
    rule.delete()
    messages.success(request, format_html("<b>{}</b> is a page like any other from now on.", rule.pattern))
    return redirect(_rules(shown))


def _settings(shown: Site, typed: QueryDict | None = None) -> SiteForm:
    initial = {
        "name": shown.source.name,
        "origins": "\n".join(shown.origins),
        "waits_for_consent": shown.waits_for_consent,
    }
    return SiteForm(typed, initial=initial)


def _visible(request: Request, site_id: UUID) -> Site:
    found: Site = get_object_or_404(
        Site.objects.visible_to(request.user).select_related("source"), public_id=site_id
    )
    return found


def _rule(request: Request, site: Site, pagerule_id: int) -> PageRule:
    return get_object_or_404(PageRule.objects.visible_to(request.user), site=site, pk=pagerule_id)


def _with_what_covers(rules: list[PageRule]) -> list[tuple[PageRule, str]]:
    """Each rule with the pattern of an earlier one that leaves it no page; "" where none does."""
    return [
        (rule, next((each.pattern for each in rules[:place] if covers(each.pattern, rule.pattern)), ""))
        for place, rule in enumerate(rules)
    ]


def _rules(site: Site) -> str:
    return reverse("capture:site", args=[site.public_id]) + "#pages"


def _page(
    request: Request, shown: Site, *, form: SiteForm | None = None, rule_form: PageRuleForm | None = None
) -> HttpResponse:
    wrong = bool((form and form.errors) or (rule_form and rule_form.errors))
    tried = request.GET.get("page", "").strip()[:500]
    context = {
        **_arrived(request, shown),
        "snippet": _snippet(request, shown),
        "form": form or _settings(shown),
        "rule_form": rule_form or PageRuleForm(),
        "rules": _with_what_covers(
            list(PageRule.objects.filter(site=shown).in_order().select_related("type"))
        ),
        "tried": tried,
        "stands_for": _stands_for(shown, tried) if tried else None,
    }
    return render(request, "capture/site.html", context, status=422 if wrong else 200)


def _arrived(request: Request, shown: Site) -> dict[str, Any]:
    now = timezone.now()
    refused = RefusedItem.objects.visible_to(request.user).filter(source=shown.source)
    return {
        "now": now,
        "site": shown,
        "brought": arrivals.brought(since=now - SHOWN).get(shown.source_id),
        "newest": _newest(shown),
        "refused": refused.order_by("-at", "-id")[:REFUSED],
    }


def _newest(shown: Site) -> QuerySet[Activity]:
    """The latest activities of the site among the latest of all, so that a quiet site costs no more."""
    last = Activity.objects.aggregate(last=Max("id"))["last"] or 0
    recent = Activity.objects.filter(id__gt=last - AMONG, source=shown.source.key)
    return recent.select_related("type", "lead").order_by("-id")[:LATEST]


def _snippet(request: Request, shown: Site) -> str:
    address = request.build_absolute_uri(reverse("capture:script", args=[shown.key]))
    return f'<script async src="{address}"></script>'


def _stands_for(shown: Site, tried: str) -> ActivityType:
    try:
        path = urlsplit(tried).path
    except ValueError:
        path = tried
    path = path if path.startswith("/") else f"/{path}"
    return ActivityType.objects.get(key=PageRules.of(shown).kind_of(path, otherwise="page_view"))
