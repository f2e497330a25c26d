"""Whoever writes a fact, however they write it, the score follows; one bad lead never stops the others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from leads.models import Activity, ActivityType, ChangedLead, Company, Lead
from scoring import buckets, checking, claiming, rescoring, statement, tasks
from scoring.models import Adjustment, Crossing, MailDomain, ModelVersion, Score, ScoringModel
from tests import factories as make
from tests.factories import NOW
from tests.scoring.test_crossings import crossed, line, publish, rescore, rule

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def points(lead: Lead, dimension: str = "fit") -> float:
    return float(getattr(Score.objects.get(lead=lead), dimension)) / 100


# Every way of writing


@pytest.fixture
def fit_model() -> ModelVersion:
    fit = {"dimension": "fit", "label": "Rule"}
    return publish(
        rules=[
            {**fit, "key": "phone", "when": {"field": "phone", "op": "known"}, "points": 4},
            {
                **fit,
                "key": "staff",
                "when": {"field": "company.employees", "op": "gte", "value": 100},
                "points": 15,
            },
            {**fit, "key": "free", "when": {"field": "free_mail", "op": "is_true"}, "points": -3},
            {**rule(1, "page_view", count="each"), "dimension": "fit"},
        ]
    )


def test_a_new_lead_is_scored_even_when_nothing_is_known(fit_model: ModelVersion) -> None:
    lead = make.lead()
    rescore()
    assert points(lead) == 0


def test_a_saved_fact_is_scored(fit_model: ModelVersion) -> None:
    lead = make.lead()
    rescore()
    lead.phone = "+49 40 1"
    lead.save()
    rescore()
    assert points(lead) == 4


def test_an_update_of_many_is_scored(fit_model: ModelVersion) -> None:
    leads = [make.lead() for _ in range(3)]
    rescore()
    Lead.objects.update(phone="1")
    rescore()
    assert [points(lead) for lead in leads] == [4, 4, 4]


def test_a_bulk_create_is_scored(fit_model: ModelVersion) -> None:
    lead = make.lead()
    view = ActivityType.objects.get(key="page_view")
    Activity.objects.bulk_create(
        Activity(lead=lead, type=view, occurred_at=NOW, source="t", event_id=str(n)) for n in range(7)
    )
    rescore()
    assert points(lead) == 7


def test_plain_sql_is_scored(fit_model: ModelVersion) -> None:
    lead = make.lead(company=make.company(employees=5))
    rescore()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_company SET employees = 300")
    rescore()
    assert points(lead) == 15


def test_copy_is_scored(fit_model: ModelVersion) -> None:
    lead = make.lead()
    view = ActivityType.objects.get(key="page_view")
    rescore()
    columns = "lead_id, type_id, occurred_at, received_at, undated, source, event_id, properties, void_reason"
    with connection.cursor() as cursor, cursor.copy(f"COPY leads_activity ({columns}) FROM STDIN") as copy:
        for n in range(5):
            copy.write_row((lead.pk, view.pk, NOW, NOW, False, "copy", str(n), "{}", ""))
    rescore()
    assert points(lead) == 5


def test_a_change_of_company_moving_and_deleting_are_scored(fit_model: ModelVersion) -> None:
    lead, other = make.lead(company=make.company(employees=300)), make.lead()
    view = make.activity(lead, "page_view")
    rescore()
    assert points(lead) == 16

    Activity.objects.filter(pk=view.pk).update(lead=other)
    Company.objects.all().update(employees=None)
    rescore()
    assert (points(lead), points(other)) == (0, 1)

    Activity.objects.all().delete()
    rescore()
    assert points(other) == 0


def test_adjustments_and_the_list_of_free_mail_are_facts_too(fit_model: ModelVersion) -> None:
    lead = make.lead(email="ada@mailbox.example")
    rescore()
    MailDomain.objects.create(domain="mailbox.example")
    rescore()
    assert points(lead) == -3

    word = Adjustment.objects.create(
        lead=lead, kind="add", dimensions=["fit"], points=10, at=NOW, reason="met"
    )
    rescore()
    assert points(lead) == 7

    Adjustment.objects.filter(pk=word.pk).update(voided_at=NOW)
    MailDomain.objects.filter(domain="mailbox.example").delete()
    rescore()
    assert points(lead) == 0


def test_what_no_rule_may_read_marks_nothing(fit_model: ModelVersion) -> None:
    lead = make.lead()
    rescore()
    Lead.objects.filter(pk=lead.pk).update(stage="mql", owner=make.rep())
    assert not ChangedLead.objects.exists()


# Failures


@pytest.fixture
def poisoned() -> Lead:
    """A lead whose score the database refuses to store."""
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    lead = make.lead("Poison")
    rescore()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER poison BEFORE UPDATE ON scoring_score FOR EACH ROW"
            f" WHEN (NEW.lead_id = {lead.pk}) EXECUTE FUNCTION pg_temp.refuse()"
        )
    make.activity(lead, "demo_request")
    return lead


def test_f10_a_lead_that_cannot_be_scored_is_parked_after_three_tries_and_the_others_finish(
    poisoned: Lead,
) -> None:
    others = [make.lead() for _ in range(9)]
    for lead in others:
        make.activity(lead, "demo_request")

    rescore()

    assert [points(lead, "intent") for lead in others] == [25] * 9
    [parked] = ChangedLead.objects.all()
    assert (parked.lead_id, parked.attempts) == (poisoned.pk, 3)
    assert parked.parked_at is not None
    assert "poisoned" in parked.error


def test_a_parked_lead_is_tried_again_when_it_changes(poisoned: Lead) -> None:
    rescore()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER poison ON scoring_score")

    make.activity(poisoned, "page_view")
    rescore()

    assert points(poisoned, "intent") == 25
    assert not ChangedLead.objects.exists()


def test_f10_a_lead_that_kills_its_worker_is_found_and_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(rules=[rule(25)])
    leads = [make.lead() for _ in range(40)]
    deadly = leads[17]
    work = rescoring._score_claimed
    monkeypatch.setattr(claiming, "LEASE_SECONDS", 0)
    deaths = []

    class Killed(BaseException):
        pass

    def die(taken: Any, at: Any) -> int:
        if deadly.pk in [lead.lead_id for lead in taken]:
            deaths.append(len(taken))
            raise Killed
        return work(taken, at)

    monkeypatch.setattr(rescoring, "_score_claimed", die)
    for _ in range(60):
        try:
            if not rescoring.rescore_changed(at=NOW):
                break
        except Killed:
            continue

    assert len(deaths) == 3
    assert deaths[-1] == 1
    assert Score.objects.filter(lead__in=leads).count() == 39
    parked = ChangedLead.objects.get()
    assert parked.lead_id == deadly.pk
    assert "worker died" in parked.error


# Time


def test_a_sweep_writes_only_what_faded() -> None:
    publish(rules=[rule(10, decay={"kind": "half_life", "days": 14}), rule(5, "page_view")])
    fading, still = make.lead(), make.lead()
    make.activity(fading, "demo_request", NOW)
    make.activity(still, "page_view", NOW)
    rescore(NOW)

    assert rescoring.sweep_fading(at=NOW + 14 * DAY) == 1
    assert points(fading, "intent") == 5
    assert rescoring.sweep_fading(at=NOW + 14 * DAY) == 0
    assert Score.objects.get(lead=still).computed_at == NOW


def test_a_lead_whose_points_are_gone_is_left_alone_by_the_sweep() -> None:
    publish(rules=[rule(10, window_days=5)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    assert Score.objects.get(lead=lead).fading

    rescoring.sweep_fading(at=NOW + 6 * DAY)

    score = Score.objects.get(lead=lead)
    assert (score.intent, score.fading) == (0, False)


@pytest.fixture
def fading_leads(monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Five leads whose points halve in 14 days, swept two at a time."""
    monkeypatch.setattr(rescoring, "SWEPT_AT_ONCE", 2)
    publish(rules=[rule(10, decay={"kind": "half_life", "days": 14})])
    leads = [make.lead() for _ in range(5)]
    for lead in leads:
        make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    return leads


def test_a_sweep_that_ran_out_of_time_goes_on_where_it_was(fading_leads: list[Lead]) -> None:
    began, later = NOW + 14 * DAY, NOW + 28 * DAY

    assert rescoring.sweep_fading(at=began, seconds=0) == 2
    assert [points(lead, "intent") for lead in fading_leads] == [5, 5, 10, 10, 10]
    model = ScoringModel.objects.get()
    assert (model.swept_at, model.sweep_began_at, model.swept_to) == (None, began, fading_leads[1].pk)

    assert rescoring.sweep_fading(at=later) == 3
    assert [points(lead, "intent") for lead in fading_leads] == [5, 5, 2.5, 2.5, 2.5]
    model.refresh_from_db()
    assert (model.swept_at, model.sweep_began_at, model.swept_to) == (began, None, None)

    assert rescoring.sweep_fading(at=later) == 2  # a new pass begins with the first lead
    model.refresh_from_db()
    assert model.swept_at == later


def test_a_sweep_that_was_killed_loses_its_last_batch_and_no_other(
    fading_leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die_in_the_second(*args: Any, **asked: Any) -> statement.Saved:
        saved = statement.save(*args, **asked)
        if fading_leads[2].pk in asked["ids"]:
            raise Killed
        return saved

    with monkeypatch.context() as patched:
        patched.setattr(rescoring, "save", die_in_the_second)
        with pytest.raises(Killed):
            rescoring.sweep_fading(at=NOW + 14 * DAY)
    assert ScoringModel.objects.get().swept_to == fading_leads[1].pk

    assert rescoring.sweep_fading(at=NOW + 14 * DAY) == 3


def test_out_of_time_a_sweep_is_hurried_along(
    fading_leads: list[Lead], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        rescoring.sweep_fading(at=NOW + DAY, seconds=0)
    assert [callback.name for callback in callbacks] == ["fading"]


def test_an_event_of_tomorrow_counts_tomorrow() -> None:
    publish(rules=[rule(10)])
    lead = make.lead()
    make.activity(lead, "demo_request", NOW + DAY)
    rescore(NOW)
    assert points(lead, "intent") == 0

    rescoring.sweep_fading(at=NOW + DAY)
    assert points(lead, "intent") == 10


def test_an_adjustment_ends_by_itself() -> None:
    publish()
    lead = make.lead()
    Adjustment.objects.create(
        lead=lead, kind="set", dimensions=["fit"], points=30, at=NOW, expires_at=NOW + DAY, reason="fair"
    )
    rescore(NOW)
    assert points(lead) == 30
    rescoring.sweep_fading(at=NOW + DAY)
    assert points(lead) == 0


# Everybody


def test_publishing_scores_everybody_and_goes_on_where_it_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "SIZE", 2)
    publish(rules=[rule(25)])
    leads = [make.lead() for _ in range(6)]
    for lead in leads:
        make.activity(lead, "demo_request")
    rescore()
    from scoring import model_file, publishing

    data = {"model": "default", "rules": [rule(7)]}
    version = publishing.publish(version=model_file.load(data=data), by=None, reason="less", at=NOW)

    assert rescoring.continue_publishing(at=NOW, seconds=0) is False
    rescoring._publish_bucket(NOW)
    rescoring._publish_bucket(NOW)
    assert {points(lead, "intent") for lead in leads} == {25, 7}
    assert rescoring.continue_publishing(at=NOW, seconds=30) is True

    assert {points(lead, "intent") for lead in leads} == {7}
    version.refresh_from_db()
    assert version.rescored_to is None


def test_scoring_everybody_again_writes_nothing() -> None:
    version = publish(rules=[rule(25)])
    for _ in range(3):
        make.activity(make.lead(), "demo_request")
    rescore()
    assert rescoring.rescore_everybody(model=version.model, at=NOW) == 0


def test_two_models_score_side_by_side() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    other = publish(model="partners", rules=[rule(3)], lines=[line("sql", intent=3)])
    lead = make.lead()
    make.activity(lead, "demo_request")

    rescore()

    assert sorted(Score.objects.filter(lead=lead).values_list("intent", flat=True)) == [300, 2500]
    assert Crossing.objects.filter(lead=lead).count() == 2
    assert ScoringModel.objects.filter(pk=other.model_id).exists()


def test_tasks_are_their_verbs() -> None:
    publish(rules=[rule(25)])
    lead = make.lead()
    make.activity(lead, "demo_request")
    tasks.rescore_changed()
    tasks.sweep_fading()
    tasks.rescore_everybody()
    assert points(lead, "intent") == 25
    assert not ChangedLead.objects.exists()


def test_the_statement_for_changed_leads_is_planned_once() -> None:
    """Planning it takes longer than running it for one lead."""
    publish(rules=[rule(25)])
    for _ in range(3):
        make.activity(make.lead(), "demo_request")
        rescore()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%INSERT INTO scoring_score%'"
        )
        assert cursor.fetchall() == [(3, 0)]


def test_what_was_planned_for_an_empty_queue_suits_a_full_one() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1000")  # reading all of it is cheapest, as when empty
        buckets.lock([1], shared=True)
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {statement._numbered(claiming._CLAIM)[0]}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on leads_changedlead" not in plan


# Together


@pytest.mark.django_db(transaction=True)
def test_f11_several_workers_share_the_work_and_each_crossing_is_made_once() -> None:
    publish(rules=[rule(25)], lines=[line("sql", intent=20)])
    leads = [make.lead() for _ in range(120)]
    view = ActivityType.objects.get(key="demo_request")

    def write(n: int) -> None:
        try:
            for lead in leads[n::3]:
                with transaction.atomic():
                    Activity.objects.create(
                        lead=lead, type=view, occurred_at=NOW, source="t", event_id=f"{n}-{lead.pk}"
                    )
        finally:
            connection.close()

    def work(_: int) -> None:
        try:
            for _ in range(25):
                rescoring.rescore_changed(at=NOW, limit=10)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for done in [*pool.map(write, range(3)), *pool.map(work, range(3))]:
            assert done is None
    rescore()

    assert not ChangedLead.objects.exists()
    assert Score.objects.filter(intent=2500).count() == 120
    assert [crossed(lead) for lead in leads] == [[1]] * 120
    assert list(checking.wrong_scores()) == []


@pytest.mark.django_db(transaction=True)
def test_a_change_during_the_work_is_not_lost() -> None:
    """Somebody writes to the lead between its claim and its commit: the row is marked anew, not deleted."""
    publish(rules=[rule(1, "page_view", count="each")])
    lead = make.lead()
    make.activity(lead, "page_view")

    def write() -> None:
        try:
            make.activity(lead, "page_view")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            taken = claiming.take(10)
            rescoring._score_claimed(taken, NOW)
            meanwhile = pool.submit(write)  # waits for the lead's row
            with pytest.raises(TimeoutError):
                meanwhile.result(timeout=0.3)
        meanwhile.result(timeout=10)

    assert ChangedLead.objects.count() == 1
    rescore()
    assert points(lead, "intent") == 2


def test_an_activity_of_a_day_far_ahead_stops_nobody() -> None:
    """A slip of the pen, 2206 for 2026, is further away than an age in seconds can say."""
    slip, other = make.lead(), make.lead()
    for at in (datetime(2206, 5, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)):
        make.activity(slip, "demo_request", at)
    make.activity(other, "demo_request", NOW)
    rescoring.rescore_changed(at=NOW)
    assert not ChangedLead.objects.exists()
    rescoring.rescore_everybody(model=ScoringModel.objects.get(), at=NOW)
    scores = dict(Score.objects.values_list("lead_id", "intent"))
    assert scores[slip.pk] == 0
    assert scores[other.pk] > 0


def test_a_type_renamed_past_this_process_is_not_scored_by_what_was_compiled_before() -> None:
    version = ModelVersion.objects.live()
    before = statement.compiled(version)
    assert statement.compiled(version) is before
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_activitytype SET key = 'demo_asked' WHERE key = 'demo_request'")
    after = statement.compiled(version)
    assert after is not before
    off = set(version.rules.exclude(disabled_at=None).values_list("key", flat=True))
    assert off, "the rules that ask for it say so"
    assert not off & {rule.key for rule in after.ruleset.rules}
