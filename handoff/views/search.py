"""Jump to a lead, a company or a page, or do something: the palette of Ctrl K, and a page without scripts."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Role, User
from handoff.models import Handoff
from leads.models import Company, Lead
from leads.searching import fold, words
from scoring.dimensions import HUNDREDTHS

from .requests import Request, for_everybody, wants
from .rows import leading_scores

#: So many of a kind are shown; a few letters more bring the right one up.
MOST = 8
#: So many are looked at by each way of finding them before the best are chosen.
CANDIDATES = 40

SALES = (Role.REP, Role.MANAGER, Role.ADMIN)
MARKETING = (Role.MARKETER, Role.ADMIN)
LEADERS = (Role.MANAGER, Role.ADMIN)
REVIEW = (*LEADERS, Role.MARKETER)
EVERYBODY = tuple(Role)


@dataclass(frozen=True, slots=True)
class Goal:
    """Something to jump to or to do. ``keys`` are those that do it from anywhere; ``presses`` is the key of
    the control on the page that is pressed instead of going somewhere."""

    label: str
    url: str = ""
    icon: str = "arrow-right"
    about: str = ""
    note: str = ""
    keys: tuple[str, ...] = ()
    presses: str = ""


#: Label, address, icon, keys, for whom; other words that lead there.
PAGES = (
    ("My queue", "handoff:queue", "inbox", ("G", "Q"), SALES, "work leads due"),
    ("Team queue", "handoff:team", "users", ("G", "T"), SALES, "unassigned"),
    ("My tasks", "handoff:my-tasks", "circle-check", (), SALES, "to do due follow ups"),
    ("All leads", "handoff:leads", "contact", ("G", "L"), EVERYBODY, "people contacts"),
    ("Saved views", "handoff:views", "bookmark", (), SALES, "filters"),
    ("MQLs by stage", "handoff:mqls", "layers", ("G", "M"), MARKETING, "marketing"),
    ("What arrives", "capture:sources", "activity", ("G", "S"), MARKETING, "sources refused lag seen health"),
    ("Websites", "capture:sites", "globe", (), MARKETING, "script tracking visits pages snippet sources"),
    ("Forms", "capture:forms", "clipboard-list", ("G", "F"), MARKETING, "build embed submissions held"),
    ("Incoming hooks", "capture:hooks", "inbox", ("G", "H"), MARKETING, "webhooks mapping inbox connect"),
    ("Imports", "capture:imports", "upload", ("G", "I"), MARKETING, "files csv spreadsheet upload contacts"),
    ("Suspected evidence", "capture:evidence", "circle-question-mark", ("G", "E"), REVIEW, "robots bots"),
    ("What counts", "capture:evidence-rules", "circle-question-mark", (), REVIEW, "own staff network robots"),
    ("Duplicates", "handoff:duplicates", "copy", ("G", "U"), REVIEW, "merge twice same person look alike"),
    ("Dashboard", "reports:dashboard", "chart-no-axes-column", ("G", "D"), REVIEW, "shared figures line"),
    ("Weekly review", "reports:newest-weekly", "handshake", ("G", "W"), REVIEW, "meeting agreed notes"),
    ("Model review", "reports:newest-monthly", "calendar", (), REVIEW, "monthly rules look"),
    ("Readiness", "reports:readiness", "clipboard-list", (), REVIEW, "checklist five items"),
    ("All reviews", "reports:reviews", "handshake", (), REVIEW, "archive to do decisions"),
    ("Definitions", "scoring:definitions", "book-open", ("G", "B"), EVERYBODY, "what is an SQL MQL line"),
    ("Scoring rules", "scoring:rules", "sliders-horizontal", ("G", "R"), EVERYBODY, "points model"),
    ("Versions", "scoring:versions", "git-pull-request-arrow", ("G", "V"), REVIEW, "publish"),
    ("Reports", "reports:index", "chart-no-axes-column", (), REVIEW, "figures numbers"),
    ("Conversion", "reports:conversion", "chart-no-axes-column", (), REVIEW, "report funnel rates cohorts"),
    ("Speed", "reports:speed", "timer", (), REVIEW, "report bottleneck time velocity"),
    ("Sent back", "reports:sent-back", "undo-2", (), REVIEW, "report rejections reasons"),
    ("Response", "reports:response", "alarm-clock", (), REVIEW, "report first touch sla in time overdue"),
    ("Left lying", "reports:gaps", "triangle-alert", (), REVIEW, "report orphans gaps unassigned early late"),
    ("What became of MQLs", "reports:mqls", "layers", (), REVIEW, "report lift alignment marked qualified"),
    ("Forecast", "reports:forecast", "trending-up", (), REVIEW, "report revenue expected pipeline quarter"),
    ("Rule quality", "reports:rules", "ruler", (), REVIEW, "report accepted lift evidence"),
    ("Routing", "handoff:routing", "arrow-right-left", (), LEADERS, "rules territory"),
    ("Pools", "handoff:pools", "users", (), LEADERS, "rotation turns"),
    ("Profile and appearance", "profile", "user-round", (), EVERYBODY, "theme dark time zone keys"),
    ("How you are told", "notifications:wishes", "bell", (), EVERYBODY, "alerts mail digest quiet hours"),
    ("Alerts", "notifications:alerts", "bell", (), EVERYBODY, "notifications unread"),
)  # fmt: skip
#: Verbs of the lead that is current on the page, by the key of their control.
VERBS = (
    ("Accept this lead", "a", "check"),
    ("Reject this lead…", "r", "undo-2"),
    ("Snooze this lead…", "s", "alarm-clock-plus"),
    ("Log a contact", "l", "phone"),
    ("Put this lead back on the list", "w", "alarm-clock-check"),
    ("Undo the last action", "z", "corner-up-left"),
    ("Filter the list", "/", "plus"),
    ("Select this row", "x", "circle-check"),
    ("Show all keys", "?", "info"),
)


@require_GET
@for_everybody
def search(request: Request) -> HttpResponse:
    """What was found for ``?q=``, in groups; only the results where the palette asks."""
    text = request.GET.get("q", "").strip()[:100]
    in_palette = wants(request, "palette-results")
    groups = [
        ("Leads", _leads(request.user, text)),
        ("Companies", _companies(request.user, text)),
        ("Do", _verbs(text) if in_palette and request.user.role in SALES else []),
        ("Go", _pages(request.user, text)),
    ]
    context = {"text": text, "groups": [(label, goals) for label, goals in groups if goals]}
    template = "handoff/_found.html" if in_palette else "handoff/search.html"
    return render(request, template, context)


def _leads(user: User, text: str) -> list[Goal]:
    """Up to 4 queries."""
    if len(text) < 2:
        return []
    visible = Lead.objects.visible_to(user).select_related("company")
    asked = words(text)
    if len(asked) == 1:
        ids = list(Lead.objects.visible_to(user).matching(asked[0], CANDIDATES).values_list("pk", flat=True))
        found = list(visible.filter(pk__in=ids))
    else:
        found = list(visible.searched(text)[:CANDIDATES])
    plain = fold(text)
    found.sort(
        key=lambda lead: (plain not in fold(lead.name), not fold(lead.name).startswith(plain), lead.name)
    )
    found = found[:MOST]
    scores = leading_scores([lead.pk for lead in found]) if found else {}
    mine = set()
    if found:
        open_now = Handoff.objects.open().filter(rep=user, lead__in=found)
        mine = set(open_now.values_list("lead_id", flat=True))
    return [
        Goal(
            label=str(lead),
            url=reverse("handoff:lead", args=[lead.public_id]),
            about=str(lead.company or lead.email or ""),
            icon="",
            note=" · ".join(
                part
                for part in (
                    f"{scores[lead.pk].total / HUNDREDTHS:.0f}" if lead.pk in scores else "",
                    "in your queue" if lead.pk in mine else lead.get_stage_display(),
                )
                if part
            ),
        )
        for lead in found
    ]


def _companies(user: User, text: str) -> list[Goal]:
    """Up to 1 query."""
    if len(text) < 2:
        return []
    found = Company.objects.visible_to(user).searched(text)[:CANDIDATES]
    plain = fold(text)
    ordered = sorted(found, key=lambda firm: (not fold(firm.name).startswith(plain), firm.name))
    return [
        Goal(
            label=str(firm),
            url=reverse("handoff:company", args=[firm.public_id]),
            icon="building-2",
            about=firm.domain or "",
            note=firm.industry,
        )
        for firm in ordered[:4]
    ]


def _verbs(text: str) -> list[Goal]:
    return [
        Goal(label, icon=icon, presses=key, keys=(key.upper(),))
        for label, key, icon in VERBS
        if _fits(label, text)
    ]


def _pages(user: User, text: str) -> list[Goal]:
    return [
        Goal(label, url=reverse(name), icon=icon, keys=keys)
        for label, name, icon, keys, roles, others in PAGES
        if user.role in roles and _fits(f"{label} {others}", text)
    ]


def _fits(label: str, text: str) -> bool:
    """Every word of ``text`` begins a word of ``label``."""
    begun = fold(label).split()
    return all(any(word.startswith(each) for word in begun) for each in fold(text).split())
