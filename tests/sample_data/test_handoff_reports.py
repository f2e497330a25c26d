"""The reports about sales on synthetic data that was lived again: leads of the file are scored and handed
over week by week, and answered as the file's deals ended. Each figure against the files, or a short query."""

import csv
import gzip
import json
import shutil
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.conf import settings as conf
from django.core.management import call_command
from django.db import connection

from handoff import decisions
from handoff.models import Handoff, RejectReason, Verdict
from leads.milestones import Milestone
from leads.models import Lead, Opportunity
from leads.stages import Stage
from reports import deals, gaps, line_health, mqls, response, rule_quality, sent_back, speed
from reports.periods import Period
from scoring.dimensions import HUNDREDTHS, Dimension
from scoring.models import ModelVersion
from tests import factories as make
from tests.handoff.factories import pool

from .conftest import MAPPINGS, Importing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]

FOLDER = "leadforge-b2b-synthetic"
MODEL = Path(conf.BASE_DIR) / "bench" / "models" / "leadforge.json"
#: Of the 5,000 leads of the file.
SOME = 800
SPRING = Period(date(2024, 1, 1), date(2024, 5, 31))
SUMMER = datetime(2024, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with gzip.open(path, "rt") as stream:
        return list(csv.DictReader(stream))


def kept(source: Path, target: Path, ids: set[str]) -> list[Row]:
    """The rows of these leads, written to ``target``."""
    rows = [row for row in read(source) if row["lead_id"] in ids]
    with gzip.open(target, "wt") as stream:
        file = csv.DictWriter(stream, list(rows[0]))
        file.writeheader()
        file.writerows(rows)
    return rows


class World:
    """What the files say of the leads that were lived again."""

    def __init__(self, folder: Path, to: Path) -> None:
        self.folder = to
        leads = read(folder / "leads.csv.gz")
        ids = {row["lead_id"] for row in leads if int(row["lead_id"].removeprefix("lead_")) <= SOME}
        for name in ("accounts", "contacts"):
            shutil.copy(folder / f"{name}.csv.gz", to)
        self.leads, _, _, self.calls, self.deals = (
            kept(folder / f"{name}.csv.gz", to / f"{name}.csv.gz", ids)
            for name in ("leads", "touches", "sessions", "sales_activities", "opportunities")
        )
        self.ends = {row["lead_id"]: row["stage"] for row in self.deals}
        self.source = {row["lead_id"]: row["lead_source"] for row in self.leads}

    def live(self) -> None:
        """Import, replay week by week, and answer what was handed over: a deal that was won is accepted, one
        that was lost sent back, the others wait. Sales got in touch when it
        called after the offer; before a deal that was won within hours where the file has no such call."""
        by = make.admin()
        for name, mapping in (
            ("accounts", "companies"), ("leads", "leads"), ("touches", "touches"), ("sessions", "sessions"),
            ("sales_activities", "sales"),
        ):  # fmt: skip
            file, told = self.folder / f"{name}.csv.gz", MAPPINGS / f"leadforge-{mapping}.json"
            rejects = str(self.folder / "rejected.csv")
            call_command(
                "import_leads", str(file), "--mapping", str(told), "--rejects", rejects, stdout=StringIO()
            )
        call_command("load_model", str(MODEL), "--publish", "--reason", "Meetings count", stdout=StringIO())
        call_command("replay", "--source", "leadforge", "--step", "1w", stdout=StringIO())
        called: defaultdict[str, list[datetime]] = defaultdict(list)
        for row in self.calls:
            day = datetime.fromisoformat(row["activity_timestamp"]).replace(tzinfo=UTC)
            called[row["lead_id"]].append(day + 9 * HOUR)
        Handoff.objects.update(pool=pool(make.rep()))  # the replay met no pool: nobody had them
        reasons = cycle(RejectReason.objects.in_use().filter(destination="mql").order_by("pk"))
        for number, handoff in enumerate(Handoff.objects.open().order_by("pk").select_related("lead", "rep")):
            lead = key_of(handoff.lead)
            later = [call for call in called[lead] if call > handoff.offered_at]
            touch = min(later, default=handoff.offered_at + (number % 5 + 1) * HOUR)
            if later or self.ends.get(lead) == "closed_won":
                Handoff.objects.filter(pk=handoff.pk).update(first_touch_at=touch)
            at = handoff.offered_at + (number % 7 + 1) * 3 * HOUR
            if self.ends.get(lead) == "closed_won":
                decisions.accept(handoff=handoff, by=by, at=at)
            elif self.ends.get(lead) == "closed_lost":
                decisions.reject(handoff=handoff, by=by, reason=next(reasons), at=at, note="See the file.")


def key_of(lead: Lead) -> str:
    return str(lead.external_ids.get(source="leadforge").external_id)


def half(of: list[timedelta]) -> timedelta:
    return timedelta(seconds=round(median(each.total_seconds() for each in of)))


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def test_leadforge_lived_again_every_report_about_sales_says_what_files_and_rows_say(
    sample_data: Path, tmp_path: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    world = World(sample_data / FOLDER, tmp_path)
    world.live()
    assert Handoff.objects.count() > 50, sql(
        "SELECT outcome, held_at, count(*) FROM scoring_crossing GROUP BY 1, 2"
    )
    keys = {pk: key for key, pk in sql("SELECT external_id, lead_id FROM leads_leadexternalid")}
    sent_back_by_source_and_reason(world, keys)
    response_time_and_what_was_kept()
    speed_of_each_step()
    left_lying()
    fate_of_mqls(world, keys)
    quality_of_each_rule()
    health_of_the_line()


def sent_back_by_source_and_reason(world: World, keys: dict[int, str]) -> None:
    ends = {
        key: world.ends.get(key) for key in (keys[pk] for (pk,) in sql("SELECT lead_id FROM handoff_handoff"))
    }
    found = sent_back.report(
        handoffs=Handoff.objects.all(), period=SPRING, behind=sent_back.Behind.SOURCE, most=None
    )
    decided = Counter(world.source[key] for key, end in ends.items() if end in ("closed_won", "closed_lost"))
    lost = Counter(world.source[key] for key, end in ends.items() if end == "closed_lost")
    assert {line.key: line.decided for line in found.lines} == decided
    assert {line.key: line.sent_back for line in found.lines if line.sent_back} == lost
    assert (found.decided, found.sent_back) == (decided.total(), lost.total())
    counts = dict(sql("SELECT reason_id, count(*) FROM handoff_verdict WHERE kind = 'reject' GROUP BY 1"))
    assert {why.reason.pk: why.count for why in found.reasons} == counts


def response_time_and_what_was_kept() -> None:
    rows = sql("SELECT offered_at, first_touch_at, due_at, decided_at FROM handoff_handoff")
    total = response.report(
        handoffs=Handoff.objects.all(), period=SPRING, by=response.By.TEAM, at=SUMMER
    ).total
    took = [touch - offered for offered, touch, _, _ in rows if touch]
    assert (total.offered, total.touched) == (len(rows), len(took))
    assert total.median == half(took)
    assert total.answer_kept == sum(answered is not None and answered <= due for _, _, due, answered in rows)
    assert total.answer_judged == sum(answered is not None or due < SUMMER for _, _, due, answered in rows)
    assert total.touch_kept == sum(touch is not None and touch <= due for _, touch, due, _ in rows)
    assert total.overdue == sum(answered is None and due < SUMMER for _, _, due, answered in rows)


def speed_of_each_step() -> None:
    paces = {pace.milestone: pace for pace in speed.paces(leads=Lead.objects.all(), period=SPRING, at=SUMMER)}
    ((count, half),) = sql(
        """SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY v.at - h.offered_at)
        FROM handoff_verdict v JOIN handoff_handoff h ON h.id = v.handoff_id WHERE v.kind = 'accept'"""
    )
    assert (paces[Milestone.ACCEPTED].count, paces[Milestone.ACCEPTED].median) == (count, half)
    stands = dict(sql("SELECT stage, count(*) FROM leads_lead GROUP BY 1"))
    for milestone, stage in speed.BEFORE.items():
        assert paces[milestone].waiting == stands.get(stage.value, 0)


def left_lying() -> None:
    found = gaps.report(leads=Lead.objects.all(), handoffs=Handoff.objects.all(), period=SPRING, at=SUMMER)
    stands = dict(sql("SELECT stage, count(*) FROM leads_lead GROUP BY 1"))
    assert found.places[gaps.Place.MARKETING] == stands.get("lead", 0) + stands.get("mql", 0)
    assert found.places[gaps.Place.HANDOFF] == stands.get("handed_over", 0)
    assert found.places[gaps.Place.WORKED] == stands.get("sql", 0)
    assert found.places[gaps.Place.NOBODY] == 0, "S0-04: nobody lies on nobody's list"
    assert found.all_leads == len(sql("SELECT id FROM leads_lead"))
    over = sql(
        """SELECT DISTINCT l.id FROM leads_lead l JOIN scoring_linestate s ON s.lead_id = l.id
        WHERE s.inside AND s.stage = 'sql' AND l.stage IN ('lead', 'mql', 'closed')"""
    )
    assert sum(each.count for each in found.over) == len(over)
    assert sum(each.count for each in found.came) == Handoff.objects.count()


def fate_of_mqls(world: World, keys: dict[int, str]) -> None:
    marked = {
        pk
        for (pk,) in sql(
            "SELECT DISTINCT lead_id FROM leads_stagechange WHERE from_stage = 'lead' AND to_stage = 'mql'"
        )
    }
    handed = {pk for (pk,) in sql("SELECT lead_id FROM handoff_handoff")}
    fate = mqls.fate(leads=Lead.objects.all(), period=SPRING)
    passed_on = marked & handed
    assert (fate.marked, fate.passed_on, fate.qualified) == (len(marked), len(passed_on), 0)
    ends = Counter(world.ends.get(keys[pk]) for pk in passed_on)
    assert fate.accepted == ends["closed_won"]
    assert fate.stops[mqls.Stop.BACK] == ends["closed_lost"]
    found = mqls.alignment(handoffs=Handoff.objects.all(), period=SPRING)
    back = {pk for pk in handed if world.ends.get(keys[pk]) == "closed_lost"}
    assert (found.marked_back, found.found_back) == (len(back & marked), len(back - marked))


def quality_of_each_rule() -> None:
    said: Counter[tuple[str, str]] = Counter()
    for kind, evidence in sql(
        "SELECT v.kind, h.evidence FROM handoff_verdict v JOIN handoff_handoff h ON h.id = v.handoff_id"
    ):
        told = json.loads(evidence) if isinstance(evidence, str) else evidence
        rules = {
            reason["rule"]
            for dimension in told["explanation"]["dimensions"]
            for reason in dimension["reasons"]
            if reason["points"]
        }
        said.update((rule, kind) for rule in rules)
    found = rule_quality.report(handoffs=Handoff.objects.all(), period=SPRING)
    assert found.decided == Verdict.objects.count()
    assert sum(rule.decided for rule in found.rules) > 0
    for rule in found.rules:
        assert (rule.accepted, rule.sent_back) == (said[rule.key, "accept"], said[rule.key, "reject"]), (
            rule.key
        )


def health_of_the_line() -> None:
    version = ModelVersion.objects.live()
    dimension = Dimension.INTENT
    rows = sql(
        """SELECT floor(c.intent / %s)::int, v.kind FROM handoff_verdict v
        JOIN handoff_handoff h ON h.id = v.handoff_id JOIN scoring_crossing c ON c.id = h.crossing_id""",
        float(HUNDREDTHS),
    )
    minimum = next(
        getattr(line, f"min_{dimension}") for line in version.lines.all() if line.stage == Stage.SQL
    )
    health = line_health.health(
        leads=Lead.objects.all(), handoffs=Handoff.objects.all(), period=SPRING, dimension=dimension
    )
    if not minimum:
        assert health.minimum is None
        return
    just = [kind for points, kind in rows if minimum <= points < minimum + line_health.BAND]
    assert (health.broad.k, health.broad.n) == (just.count("accept"), len(just))
    assert sum(bar.accepted + bar.rejected for bar in health.bars) == len(rows)


def test_S1_01_olist_the_speed_of_the_step_to_the_deal_is_what_the_files_say(
    importing: Importing, sample_data: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    leads, won = "olist_marketing_qualified_leads_dataset", "olist_closed_deals_dataset"
    importing(f"olist-funnel/{leads}.csv", "olist-leads")
    importing(f"olist-funnel/{won}.csv", "olist-deals")
    with (sample_data / f"olist-funnel/{leads}.csv").open() as stream:
        came = {row["mql_id"]: row["first_contact_date"] for row in csv.DictReader(stream)}
    with (sample_data / f"olist-funnel/{won}.csv").open() as stream:
        took = [
            datetime.fromisoformat(row["won_date"]) - datetime.fromisoformat(came[row["mql_id"]])
            for row in csv.DictReader(stream)
        ]
    took = [each for each in took if each > timedelta()]
    years = Period(date(2017, 1, 1), date(2018, 12, 31))
    paces = {pace.milestone: pace for pace in speed.paces(leads=Lead.objects.all(), period=years, at=SUMMER)}
    assert paces[Milestone.HANDED_OVER].count == len(took)
    assert paces[Milestone.HANDED_OVER].median == half(took)
    # What became of the MQLs: 842 of 8,000 passed on, qualified and won.
    fate = mqls.fate(leads=Lead.objects.all(), period=years)
    assert fate.won == fate.qualified == fate.passed_on


def test_S3_05_maven_the_median_age_of_deals_is_what_the_file_says(
    importing: Importing, sample_data: Path, settings: Any
) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    for file, mapping in (
        ("accounts", "companies"),
        ("sales_pipeline", "leads"),
        ("sales_pipeline", "outcomes"),
    ):
        importing(f"maven-crm/{file}.csv", f"maven-{mapping}")
    with (sample_data / "maven-crm/sales_pipeline.csv").open() as stream:
        ages = [
            date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])
            for row in csv.DictReader(stream)
            if row["close_date"] and row["engage_date"]
        ]
    found = deals.report(
        leads=Lead.objects.all(), period=Period(date(2017, 1, 1), date(2017, 12, 31)), by=deals.By.SOURCE
    )
    assert found.total.count == len(ages) == Opportunity.objects.exclude(outcome="").count()
    assert found.total.age == half([age for age in ages if age > timedelta()])
