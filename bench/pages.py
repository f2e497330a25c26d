"""P-7: the pages a rep, a manager and a marketer live in, against the bare SQL behind each of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import BusinessCalendar, Role, Team, User
from bench.measuring import Line, Times, spell
from handoff import evidence
from handoff.models import Handoff, Pool, PoolMember
from leads import paging
from leads.models import Lead, LeadAccess, StageChange
from leads.stages import Stage
from scoring import releasing
from scoring.models import ModelVersion

TEAMS = 10
REPS = 10
#: One lead in so many has been handed over; of those the newest few wait for a verdict.
ONE_IN = 10
OPEN = 2_000
REQUESTS = 60
WARM_UP = 3
#: A page that is slower than it should be is asked for no longer than this, in seconds.
PATIENCE = 20.0
#: How far down the list of all leads the deep page lies, at most.
DEPTH = 500_000
AT_ONCE = 5_000
#: One lead in so many is an MQL.
MQL_IN = 5
MQL_PAGES = (
    ("MQLs", "/mqls/"),
    ("MQLs, figures of 28 days", "/mqls/?period=28"),
    ("MQLs near the line", "/mqls/?view=near"),
    ("MQLs that asked", "/mqls/?view=strong"),
    ("MQLs, newest signal first", "/mqls/?sort=signal"),
    ("MQLs of one phase", "/mqls/?phase=consideration"),
    ("MQLs of one source", "/mqls/?source=organic"),
)


def every_page(*, seed: int) -> list[Line]:
    """Each page through the whole stack of middleware, view and template, in this process; every request
    counts, on another lead where there is one. The floor is what PostgreSQL and the driver took for the same
    request's own statements."""
    rep, manager = people()
    leads = [str(pk) for pk in open_of(rep).values_list("lead__public_id", flat=True)[:REQUESTS]]
    heavy = str(Lead.objects.get(email=f"lead1@work.s{seed}.example").public_id)
    marketer = User.objects.get_or_create(
        email="pages-marketer@bench.example", defaults={"name": "Marketer", "role": Role.MARKETER}
    )[0]
    deep = _deep_cursor()
    asked: list[tuple[str, User, Callable[[int], str]]] = [
        ("queue", rep, lambda _: "/queue/"),
        ("queue, another row chosen", rep, lambda n: f"/queue/?lead={leads[n % len(leads)]}"),
        ("team queue", manager, lambda _: "/team/"),
        ("all leads", marketer, lambda _: "/leads/"),
        (f"all leads, {min(DEPTH, Lead.objects.count() // 2):,} rows down", marketer, lambda _: deep),
        ("all leads, searched", marketer, lambda n: f"/leads/?q=lead+{1000 + 37 * n}"),
        ("all leads of a rep's team", rep, lambda _: "/leads/"),
        ("a lead", rep, lambda n: f"/leads/{leads[n % len(leads)]}/"),
        ("the lead with the longest history", marketer, lambda _: f"/leads/{heavy}/"),
        *((what, marketer, lambda _, path=path: path) for what, path in MQL_PAGES),
    ]
    lines = []
    for what, user, address in asked:
        lines.append(ask(user, address).line("P-7", what, "≤ 50 ms, ≤ 5"))
    return lines


@dataclass(frozen=True, slots=True)
class Seen:
    whole: Times
    sql: Times
    queries: int

    def line(self, part: str, what: str, goal: str) -> Line:
        """Of the table; says it at once, too, since the whole takes long."""
        ratio = f"{self.whole.percentile(95) / self.sql.percentile(95):.1f}"
        floor = f"{self.queries} statements, p95 {spell(self.sql.percentile(95))}"
        said = f"p50 {spell(self.whole.median)}, p95 {spell(self.whole.percentile(95))}"
        print(f"  {what}: {said}; {floor}", flush=True)
        return Line(part, what, floor, said, ratio, goal)


def ask(user: User, address: Callable[[int], str], *, requests: int = REQUESTS) -> Seen:
    """Ask for a page again and again, as ``user``."""
    client = signed_in(user)
    whole: list[float] = []
    sql: list[float] = []
    queries = 0
    until = time.monotonic() + PATIENCE
    for number in range(-min(WARM_UP, requests - 1), requests):
        if whole and time.monotonic() > until:
            break
        seconds, spent = ask_once(client, address(number))
        if number >= 0:
            whole.append(seconds)
            sql.append(sum(spent))
            queries = max(queries, len(spent))
    return Seen(Times(whole), Times(sql), queries)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def ask_once(client: Client, address: str) -> tuple[float, list[float]]:
    """Seconds for the whole page, and for each of its statements."""
    with _in_the_database() as spent:
        start = time.perf_counter()
        answer = client.get(address, headers={"Host": "localhost"})
        answer.getvalue()
        seconds = time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}.")
    return seconds, spent


@contextmanager
def _in_the_database() -> Iterator[list[float]]:
    """How long each statement took, the answer on its way included, whichever cursor asked."""
    spent: list[float] = []
    original = psycopg.Cursor.execute

    def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return original(self, *args, **kwargs)
        finally:
            spent.append(time.perf_counter() - start)

    with patch.object(psycopg.Cursor, "execute", timed):
        yield spent


def open_of(rep: User) -> Any:
    return Handoff.objects.filter(rep=rep, status=Handoff.Status.OPEN).order_by("id")


def _deep_cursor() -> str:
    """The page of all leads that starts so far down, as its own "More" link would say it."""
    order = ("-created_at", "-id")
    depth = min(DEPTH, Lead.objects.count() // 2)
    row = Lead.objects.order_by(*order)[depth]
    cursor = paging.make_cursor([row.created_at, row.pk], salt=f"page:{','.join(order)}")
    return f"/leads/?after={cursor}"


# The world: ten teams of ten, a tenth of all leads handed over, the newest of them waiting


def people() -> tuple[User, User]:
    """The rep whose queue is the longest, and who leads that team; handed over is what is meant to be. Safe
    to repeat."""
    calendar = BusinessCalendar.objects.get_or_create(name="Pages")[0]
    for number in range(TEAMS):
        team = Team.objects.get_or_create(name=f"Pages {number}", defaults={"calendar": calendar})[0]
        pool = Pool.objects.get_or_create(name=f"Pages {number}", defaults={"team": team})[0]
        for place in range(REPS):
            rep = _person(f"pages-{number}-{place}@bench.example", Role.REP, team)
            PoolMember.objects.get_or_create(pool=pool, user=rep)
        _person(f"pages-{number}@bench.example", Role.MANAGER, team)
    if not Handoff.objects.filter(pool__name__startswith="Pages").exists():
        _make_mqls()
        _hand_over()
    return (
        User.objects.get(email="pages-0-0@bench.example"),
        User.objects.get(email="pages-0@bench.example"),
    )


def _person(email: str, role: Role, team: Team) -> User:
    user = User.objects.get_or_create(email=email, defaults={"name": email.split("@")[0], "role": role})[0]
    user.teams.add(team)
    return user


def _make_mqls() -> None:
    """A fifth of all leads are MQLs, since some day of the last year."""
    with connection.cursor() as cursor:
        cursor.execute(_MQLS, {"every": MQL_IN})
        cursor.execute("VACUUM (ANALYZE) leads_lead, leads_stagechange, leads_passedmilestone")


_MQLS = """
WITH made AS (
  UPDATE leads_lead SET stage = 'mql', stage_reason = CASE WHEN id %% 3 = 0 THEN 'strong' ELSE 'weak' END,
    stage_at = greatest(created_at, now() - (id %% 365) * interval '1 day')
  WHERE stage = 'lead' AND hashint8(id) %% %(every)s = 0
  RETURNING id, stage_at, stage_reason
)
INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT id, 'lead', 'mql', stage_at, 'crossing', stage_reason, '' FROM made
"""


def _hand_over() -> None:
    """The past of a year, written down at once: a fifth of it went back, the rest was accepted. Every tenth
    open one is the first rep's."""
    now = timezone.now()
    pools = list(Pool.objects.filter(name__startswith="Pages").select_related("team").order_by("id"))
    reps = [list(User.objects.filter(teams=pool.team, role=Role.REP).order_by("id")) for pool in pools]
    ids = list(Lead.objects.order_by("public_id").values_list("pk", flat=True))[::ONE_IN]
    frozen = evidence.freeze(lead=Lead.objects.get(pk=ids[0]), at=now)
    version = ModelVersion.objects.live()
    step = timedelta(days=365) / len(ids)
    numbered = list(enumerate(ids))
    for start in range(0, len(ids), AT_ONCE):
        some = numbered[start : start + AT_ONCE]
        waiting = {number: len(ids) - number <= OPEN for number, _ in some}
        at = {number: now - step * (len(ids) - number) for number, _ in some}
        changes = StageChange.objects.bulk_create(
            StageChange(
                lead_id=pk,
                from_stage=Stage.MQL,
                to_stage=Stage.HANDED_OVER,
                at=at[number],
                cause=StageChange.Cause.CROSSING,
            )
            for number, pk in some
        )
        handoffs, access = [], []
        for (number, pk), change in zip(some, changes, strict=True):
            first = waiting[number] and number % 10 == 0
            pool = pools[0 if first else number % TEAMS]
            rep = reps[0][0] if first else reps[number % TEAMS][number // TEAMS % REPS]
            handoffs.append(
                Handoff(
                    lead_id=pk,
                    cycle=1,
                    status=_status(number, waiting[number]),
                    version=version,
                    pool=pool,
                    rep=rep,
                    offered_at=at[number],
                    assigned_at=at[number],
                    due_at=_due(at[number], now, waiting[number], number),
                    allowed_minutes=240,
                    decided_at=None if waiting[number] else at[number] + timedelta(hours=1),
                    stage_change=change,
                    evidence=frozen,
                )
            )
            access.append(LeadAccess(lead_id=pk, team=pool.team))
        Handoff.objects.bulk_create(handoffs)
        LeadAccess.objects.bulk_create(access, ignore_conflicts=True)
        for stage in (Stage.HANDED_OVER, Stage.SQL, Stage.MQL):
            those = [each.lead_id for each in handoffs if _stage(each.status) == stage]
            Lead.objects.filter(pk__in=those).update(stage=stage, stage_at=now)
    releasing.drop_overtaken(at=now)  # beat would have done it by now
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM (ANALYZE) handoff_handoff, leads_lead, leads_leadaccess, leads_stagechange,"
            " scoring_crossing"
        )


def _status(number: int, waits: bool) -> Handoff.Status:
    if waits:
        return Handoff.Status.OPEN
    return Handoff.Status.REJECTED if number % 5 == 0 else Handoff.Status.ACCEPTED


def _stage(status: str) -> Stage:
    return {Handoff.Status.OPEN: Stage.HANDED_OVER, Handoff.Status.ACCEPTED: Stage.SQL}.get(
        Handoff.Status(status), Stage.MQL
    )


def _due(offered: datetime, now: datetime, waits: bool, number: int) -> datetime:
    """Some are over, some are due within the hour, most later."""
    return (
        max(offered, now + timedelta(minutes=10 * (number % 60) - 60))
        if waits
        else offered + timedelta(hours=4)
    )
