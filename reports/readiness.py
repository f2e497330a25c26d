"""Is the company ready to qualify leads well? Five items (S1-35), each computed from what the system holds:
what speaks for it, what is missing, and where that is mended. Nothing is ticked by hand.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Count, F, Q
from django.urls import reverse

from accounts.company_days import company_day
from accounts.models import Role
from handoff.models import Handoff, Pool, RejectReason, SavedView, SlaPolicy
from leads.models import Activity, ActivityType, ChangedLead, Lead
from leads.stages import Phase, Stage
from notifications.models import Delivery
from reports import agreeing
from reports.models import Review
from reports.periods import weeks_until
from scoring import reviewing, written
from scoring.dimensions import SALES_STAGE
from scoring.models import Blocker, Line, ModelVersion, Rule, Trigger

#: What is looked at: whether it works shows in the last four weeks.
DAYS = 28
WEEKS = 4
#: A lead that crosses is with sales within so long.
AT_ONCE = timedelta(minutes=1)
#: Of handoffs and alerts so many per cent are enough: a power cut is no lack of automation.
ENOUGH_PERCENT = 95


#: Who reads the checklist, and who sets up what is on it.
BOTH_SIDES = (Role.MARKETER, Role.MANAGER, Role.ADMIN)
MARKETING, LEADERS = (Role.MARKETER, Role.ADMIN), (Role.MANAGER, Role.ADMIN)


class State(StrEnum):
    READY = "ready"
    PARTLY = "partly"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was looked at: what was found, whether it is as it should be, and where one sees or
    mends it. ``url`` is a path within the product, which ``roles`` may open."""

    said: str
    is_good: bool
    url: str
    action: str
    roles: tuple[Role, ...] = BOTH_SIDES


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    title: str
    about: str
    evidence: tuple[Evidence, ...]

    @property
    def state(self) -> State:
        good = sum(each.is_good for each in self.evidence)
        if good == len(self.evidence):
            return State.READY
        return State.PARTLY if good else State.NOT_YET


def checklist(*, at: datetime) -> list[Item]:
    """The five items as of ``at``. About 25 small queries."""
    return [
        Item("definitions", "Definitions", "both teams mean the same by MQL and SQL", _definitions()),
        Item("scoring", "Dynamic scoring", "scores follow what leads do, and fade", _scoring(at)),
        Item("automation", "Automation", "who crosses is with sales at once, and sales is told", _auto(at)),
        Item("reviews", "Recurring reviews", "both teams meet on the same figures", _reviews(at)),
        Item("personalisation", "Personalisation", "each lead gets what fits its phase", _personal(at)),
    ]


def _definitions() -> tuple[Evidence, ...]:
    live = ModelVersion.objects.published().filter(model__key="default").select_related("model").first()
    page, rules = reverse("scoring:definitions"), reverse("scoring:rules")
    lines = live is not None and (
        Line.objects.filter(version=live, stage=SALES_STAGE).exists()
        or Trigger.objects.filter(version=live, stage=SALES_STAGE).exists()
    )
    signed = written.in_force()
    current = signed is not None and live is not None and signed.version_id == live.pk
    since = signed.in_force_at if signed else None
    if signed is None or since is None:
        words, fresh = (
            "Both teams have not signed what MQL and SQL mean.",
            "No words, so none that are current.",
        )
    else:
        words = f"Number {signed.number} is signed by both teams since {company_day(since):%-d %B %Y}."
        fresh = (
            "They were signed under the rules that are live."
            if current
            else "Newer rules are live than those under which they were signed."
        )
    return (
        Evidence(
            f"{live} says what brings a lead to sales." if lines else "No live rules say what an SQL is.",
            lines,
            rules,
            "Scoring rules",
        ),
        Evidence(words, signed is not None, page, "Definitions"),
        Evidence(fresh, current, page, "Definitions"),
    )


def _scoring(at: datetime) -> tuple[Evidence, ...]:
    live = list(ModelVersion.objects.published().select_related("model"))
    rules = Rule.objects.filter(version__in=live, disabled_at=None, is_on=True)
    counted = rules.aggregate(all=Count("pk"), fading=Count("pk", filter=~Q(decay_kind="")))
    late = at - timedelta(minutes=2 * settings.FADING_SWEEP_MINUTES)
    swept = bool(live) and all(each.model.swept_at and each.model.swept_at >= late for each in live)
    through = bool(live) and all(each.rescored_to is None for each in live)
    waiting = ChangedLead.objects.filter(parked_at__isnull=False)[:1000].count()
    old = [one for one in reviewing.standings(at=at) if one.is_old]
    page = reverse("scoring:rules")
    return (
        Evidence(f"{counted['all']} live rules give and take points.", counted["all"] > 0, page, "Rules"),
        Evidence(
            f"{counted['fading']} of them fade with time.", counted["fading"] > 0, page, "Scoring rules"
        ),
        Evidence(
            "Points that fade were worked out on time."
            if swept
            else "Points that fade were not worked out lately: is the worker running?",
            swept,
            reverse("scoring:trigger-health"),
            "What fired",
        ),
        Evidence(
            "Everybody is scored by the live rules."
            if through and not waiting
            else f"{waiting} leads could not be scored."
            if waiting
            else "Not everybody is scored by the live rules yet.",
            through and not waiting,
            reverse("scoring:versions"),
            "Versions",
        ),
        Evidence(
            f"{old[0].version} is live for {old[0].age_days} days: look at it again."
            if old
            else "The live rules are not old.",
            bool(live) and not old,
            reverse("reports:newest-monthly"),
            "Model review",
        ),
    )


def _auto(at: datetime) -> tuple[Evidence, ...]:
    since = at - timedelta(days=DAYS)
    pools = Pool.objects.filter(is_active=True, members__isnull=False).distinct().count()
    policies = SlaPolicy.objects.filter(is_on=True).count()
    by_itself = Handoff.objects.filter(offered_at__gte=since, crossing__held_at=None, crossing__isnull=False)
    handed = by_itself.aggregate(
        all=Count("pk"), at_once=Count("pk", filter=Q(offered_at__lte=F("crossing__at") + AT_ONCE))
    )
    told = Delivery.objects.filter(notification__created_at__gte=since).aggregate(
        sent=Count("pk", filter=Q(state=Delivery.State.SENT)),
        parked=Count("pk", filter=Q(state=Delivery.State.PARKED)),
    )
    blockers = Blocker.objects.filter(version__state="published", disabled_at=None).count()
    at_once, all_of_them = handed["at_once"], handed["all"]
    sent, tried = told["sent"], told["sent"] + told["parked"]
    return (
        Evidence(
            f"{pools} pool{'' if pools == 1 else 's'} with people take leads.",
            pools > 0,
            reverse("handoff:pools"),
            "Pools",
            LEADERS,
        ),
        Evidence(
            f"{policies} agreement{'' if policies == 1 else 's'} on response times hold.",
            policies > 0,
            reverse("handoff:response-times"),
            "Response times",
            LEADERS,
        ),
        Evidence(
            f"{at_once:,} of {all_of_them:,} leads that crossed in {DAYS} days were with sales in a minute.",
            _enough(at_once, all_of_them),
            reverse("handoff:team"),
            "Team queue",
            LEADERS,
        ),
        Evidence(
            f"{sent:,} of {tried:,} alerts of {DAYS} days were delivered.",
            _enough(sent, tried),
            reverse("notifications:alerts"),
            "Alerts",
        ),
        Evidence(
            f"{blockers} blocker{'' if blockers == 1 else 's'} keep wrong leads from sales.",
            blockers > 0,
            reverse("scoring:definitions"),
            "Definitions",
        ),
    )


def _enough(part: int, of: int) -> bool:
    return of > 0 and 100 * part >= ENOUGH_PERCENT * of


def _reviews(at: datetime) -> tuple[Evidence, ...]:
    firsts = [week.first for week in weeks_until(at, WEEKS + 1)[:-1]]  # the last one may still meet
    closed = Review.objects.filter(kind=Review.Kind.WEEKLY, first__in=firsts, closed_at__isnull=False).count()
    standings = reviewing.standings(at=at)
    due = [one for one in standings if one.is_due]
    agreed = len(agreeing.in_force(on=company_day(at)))
    page = reverse("reports:reviews")
    return (
        Evidence(
            f"{closed} of the {WEEKS} weekly reviews before the newest were closed by both teams.",
            closed == WEEKS,
            page,
            "Reviews",
        ),
        Evidence(
            f"The monthly review of {due[0].version.model} is due."
            if due
            else "The rules were looked at within a month."
            if standings
            else "No rules are live to be looked at.",
            bool(standings) and not due,
            reverse("reports:newest-monthly"),
            "Model review",
        ),
        Evidence(
            f"{agreed} agreed value{'' if agreed == 1 else 's'} hold.",
            agreed > 0,
            reverse("reports:agreed"),
            "Agreed values",
        ),
    )


def _personal(at: datetime) -> tuple[Evidence, ...]:
    since = at - timedelta(days=90)
    used = set(
        ActivityType.objects.filter(
            pk__in=Activity.objects.filter(occurred_at__gte=since, voided_at=None).values("type")
        )
        .exclude(phase="")
        .values_list("phase", flat=True)
    )
    bare = [str(phase.label).lower() for phase in Phase if phase not in used]
    mqls = Lead.objects.filter(stage=Stage.MQL)
    phases = mqls.values("phase").distinct().count()
    returning = RejectReason.objects.filter(is_active=True, return_days__isnull=False)
    spans = returning.values("return_days").distinct().count()
    views = SavedView.objects.shared().count()
    return (
        Evidence(
            "In 90 days leads took up something of each buying phase."
            if not bare
            else f"In 90 days nobody took up anything for {' and '.join(bare)}.",
            not bare,
            reverse("handoff:mqls"),
            "MQLs by phase",
            MARKETING,
        ),
        Evidence(
            f"MQLs stand in {phases} of {len(Phase)} buying phases.",
            phases > 1,
            reverse("handoff:mqls"),
            "MQLs by phase",
            MARKETING,
        ),
        Evidence(
            f"Leads that come back wait as their reason says: {spans} different spans."
            if spans > 1
            else "Whatever the reason, leads that come back wait the same time.",
            spans > 1,
            reverse("handoff:reasons"),
            "Send-back reasons",
            LEADERS,
        ),
        Evidence(
            f"{views} segment{'' if views == 1 else 's'} (saved views) are shared with a team."
            if views
            else "No segment (saved view) is shared with a team.",
            views > 0,
            reverse("handoff:leads"),
            "All leads",
        ),
    )
