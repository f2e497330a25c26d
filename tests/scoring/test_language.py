"""What a rule can say beyond a fact and an activity: order, company, stages, days, exceptions, cool-downs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.clock import database_now
from leads import lifecycle
from leads.models import Activity, ChangedLead, Lead, StageChange, Watched
from leads.stages import Stage
from scoring import checking, model_file, publishing, rescoring
from scoring.compiling import FactSource
from scoring.explanation import explain
from scoring.models import Crossing, LineState, MailDomain, ModelVersion, Rule, Score
from scoring.statement import compiled, scores
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def points(lead: Lead, at: datetime = NOW, *, then: bool = False, **rule: Any) -> float:
    """What one fit rule gives; ``then`` with the facts as they were."""
    model = {key: rule.pop(key) for key in ("time_zone", "grades") if key in rule}
    full = {
        "key": "r",
        "label": "R",
        "dimension": "fit",
        **({} if "tiers" in rule else {"points": 10}),
        **rule,
    }
    version = model_file.load(data={"model": "language", "rules": [full], **model})
    source = FactSource.HISTORY if then else FactSource.CURRENT
    row = scores(compiled(version, source=source), ids=[lead.pk], as_of=at)[0]
    explained = explain(lead=lead, at=at, version=version, facts=source.value)
    fit = next(dimension for dimension in explained.dimensions if dimension.key == "fit")
    assert sum(round(reason.points * 100) for reason in fit.reasons) == row["fit"]
    return float(row["fit"] / 100)


def publish(**parts: Any) -> ModelVersion:
    data = {"model": "default", "rules": [], **parts}
    version = publishing.publish(version=model_file.load(data=data), by=None, reason="for the test", at=NOW)
    rescoring.continue_publishing(at=NOW, seconds=10)
    return version


def rescore(at: datetime = NOW) -> None:
    while rescoring.rescore_changed(at=at):
        pass


def fact(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


# How often, and in which order


def test_c14_one_visit_is_a_point_and_three_are_five() -> None:
    lead, tiers = make.lead(), [{"times": 1, "points": 1}, {"times": 3, "points": 5}]
    found = []
    for _ in range(5):
        found.append(points(lead, when={"activity": ["visit"]}, count="tiers", tiers=tiers))
        make.activity(lead, "visit")
    assert found == [0, 1, 1, 5, 5]


@pytest.mark.parametrize(
    ("gap", "counts"),
    [(timedelta(milliseconds=100), 10), (timedelta(seconds=59.9), 10), (MINUTE, 0), (20 * MINUTE, 0)],
)
def test_c15_within_sixty_seconds(gap: timedelta, counts: int) -> None:
    lead = make.lead()
    make.activity(lead, "email_opened", NOW - DAY)
    make.activity(lead, "email_clicked", NOW - DAY + gap)
    when = {"activity": ["email_clicked"], "after": {"activity": ["email_opened"], "within_minutes": 1}}
    assert points(lead, when=when) == counts


def test_what_came_before_does_not_follow() -> None:
    lead = make.lead()
    make.activity(lead, "email_clicked", NOW - 2 * MINUTE)
    make.activity(lead, "email_opened", NOW - MINUTE)
    when = {"activity": ["email_clicked"], "after": {"activity": ["email_opened"], "within_minutes": 60}}
    assert points(lead, when=when) == 0


def test_an_activity_does_not_follow_itself() -> None:
    lead = make.lead()
    when = {"activity": ["visit"], "after": {"activity": ["visit"], "within_minutes": 60}}
    make.activity(lead, "visit", NOW - 5 * MINUTE)
    assert points(lead, when=when) == 0
    make.activity(lead, "visit", NOW - MINUTE)
    assert points(lead, when=when) == 10


def test_at_most_n_ever() -> None:
    lead = make.lead()
    for n in range(5):
        make.activity(lead, "visit", NOW - n * 40 * DAY)
    per = {"times": 2, "period": "ever"}
    assert points(lead, when={"activity": ["visit"]}, count="each", points=3, per=per) == 6


def test_a_day_begins_in_the_zone_of_the_version() -> None:
    """23:30 and 00:30 in Berlin are two days there and one in UTC."""
    lead = make.lead()
    make.activity(lead, "visit", datetime(2026, 11, 10, 22, 30, tzinfo=UTC))
    make.activity(lead, "visit", datetime(2026, 11, 10, 23, 30, tzinfo=UTC))
    rule = {"when": {"activity": ["visit"]}, "count": "each", "per": {"times": 1, "period": "day"}}
    assert points(lead, **rule) == 10
    assert points(lead, **rule, time_zone="Europe/Berlin") == 20


def test_a_compound_condition_fades_from_the_newest_activity_that_makes_it_true() -> None:
    """Pricing twice in a week and the comparison guide: 16 points that halve in 30 days."""
    lead = make.lead()
    when = {
        "all": [
            {"activity": ["pricing_page_view"], "at_least": 2, "within_days": 7},
            {"activity": ["comparison_guide_download"]},
        ]
    }
    rule = {"when": when, "points": 16, "decay": {"kind": "linear", "days": 10}}
    make.activity(lead, "comparison_guide_download", NOW - 60 * DAY)
    make.activity(lead, "pricing_page_view", NOW - 5 * DAY)
    assert points(lead, **rule) == 0
    make.activity(lead, "pricing_page_view", NOW - 6 * DAY)
    assert points(lead, **rule) == 8


# Exceptions and mismatches


def test_unless_takes_the_points_while_it_holds() -> None:
    small, large, unknown = (make.lead(company=make.company(employees=staff)) for staff in (20, 200, None))
    rule = {
        "when": {"activity": ["demo_request"]},
        "unless": fact("company.employees", "lt", 50),
        "decay": {"kind": "half_life", "days": 30},
    }
    for lead in (small, large, unknown):
        make.activity(lead, "demo_request")
    assert [points(lead, **rule) for lead in (small, large, unknown)] == [0, 10, 10]


def test_unknown_is_no_mismatch() -> None:
    rule = {"when": fact("company.industry", "eq", "HVAC"), "points": 8, "mismatch": -4}
    found = [
        points(make.lead(company=make.company(industry=name)), **rule) for name in ("HVAC", "Retail", "")
    ]
    assert found == [8, -4, 0]


def test_a_rule_that_is_off_counts_for_nothing() -> None:
    lead = make.lead(title="Head of Ops")
    assert points(lead, when=fact("title", "known")) == 10
    assert points(lead, when=fact("title", "known"), on=False) == 0


def test_groups_in_groups_hold_the_inner_cap_first() -> None:
    lead = make.lead()
    kinds = ["visit", "email_opened", "webinar_attended"]
    for kind in kinds:
        make.activity(lead, kind)
    groups = [{"key": "inner", "cap": 12, "within": "outer"}, {"key": "outer", "cap": 20}]
    rules = [
        {
            "key": kind,
            "label": kind,
            "dimension": "fit",
            "group": group,
            "points": 10,
            "when": {"activity": [kind]},
        }
        for kind, group in zip(kinds, ["inner", "inner", "outer"], strict=True)
    ]
    version = model_file.load(data={"model": "nested", "groups": groups, "rules": rules})
    explained = explain(lead=lead, at=NOW, version=version)
    assert explained.total == 20  # 10 + 10, but 12 together; with 10 more 22, but 20 together
    assert sum(reason.points for part in explained.dimensions for reason in part.reasons) == 20


# What is found in facts


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("VP, Sales", "vp", "sales"),
        ("Geschäftsführerin", "c_level", "general"),
        ("Chief Revenue Officer", "c_level", "sales"),
        ("Founder & CEO", "founder", "general"),
        ("Leiter Einkauf", "head", "purchasing"),
        ("Assistant to the CEO", "staff", "general"),
        ("Product Owner", "staff", "product"),
        ("Machine Stapler", "staff", None),
        ("Werkstudentin", "student", None),
        ("   ", None, None),
    ],
)
def test_seniority_and_department_are_found_in_the_title(
    title: str, seniority: str | None, department: str | None
) -> None:
    lead = make.lead(title=title)
    for field, value in (("seniority", seniority), ("department", department)):
        when = fact(field, "unknown") if value is None else fact(field, "eq", value)
        assert points(lead, when=when) == 10, field


def test_a_throwaway_address_is_no_free_one() -> None:
    MailDomain.objects.create(domain="gone.example", kind=MailDomain.Kind.THROWAWAY)
    lead = make.lead(email="x@Gone.example")
    assert points(lead, when=fact("throwaway_mail", "is_true")) == 10
    assert points(lead, when=fact("free_mail", "is_false")) == 10


def test_countries_are_named_in_many_ways_and_regions_hold_them() -> None:
    german, unknown = make.lead(country="DE"), make.lead(country="")
    for value in ("DE", "de", "Germany", "Deutschland", "DEU"):
        assert points(german, when=fact("country", "eq", value)) == 10
    assert points(german, when=fact("country", "in_region", ["Nordics", "dach"])) == 10
    assert points(german, when=fact("country", "not_in_region", "Nordics")) == 10
    assert points(unknown, when=fact("country", "not_in_region", "Nordics")) == 0


def test_lists_in_attributes_are_searched() -> None:
    lead = make.lead(attributes={"interests": ["Dispatch", " routing "], "none": []})
    assert points(lead, when=fact("attributes.interests", "includes", ["ROUTING", "x"])) == 10
    assert points(lead, when=fact("attributes.interests", "includes_all", ["routing", "dispatch"])) == 10
    assert points(lead, when=fact("attributes.interests", "includes_all", ["routing", "x"])) == 0
    assert points(lead, when=fact("attributes.none", "known")) == 0


def test_a_day_to_come_is_in_the_next_days_until_it_has_passed() -> None:
    lead = make.lead(attributes={"renewal": "2026-12-01"})
    when = fact("attributes.renewal", "next_days", 30)
    days = [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)]
    days += [datetime(2026, 12, 1, 23, 59, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)]
    assert [points(lead, at=day, when=when) for day in days] == [0, 10, 10, 0]


def test_time_alone_moves_a_lead_whose_day_comes_near() -> None:
    publish(
        rules=[
            {
                "key": "r",
                "label": "Renewal",
                "dimension": "fit",
                "points": 10,
                "when": fact("attributes.renewal", "next_days", 30),
            }
        ]
    )
    lead = make.lead(attributes={"renewal": (NOW + 40 * DAY).date().isoformat()})
    rescore()
    assert Score.objects.get(lead=lead).fit == 0
    rescoring.sweep_fading(at=NOW + 20 * DAY)
    assert Score.objects.get(lead=lead).fit == 1000


# Stages


def test_c15_in_a_stage_for_at_least_seven_days() -> None:
    lead = make.lead(at=NOW - 30 * DAY)
    lifecycle.move(lead=lead, to=Stage.MQL, at=NOW - 20 * DAY, cause=StageChange.Cause.PERSON)
    lead.refresh_from_db()
    when = {"stage": ["mql"], "for_days": 7}
    moments = [NOW - 20 * DAY, NOW - 13 * DAY - MINUTE, NOW - 13 * DAY + MINUTE]
    assert [points(lead, at=at, when=when, then=True) for at in moments] == [0, 0, 10]
    assert points(lead, when=when) == 10
    assert points(lead, at=NOW - 25 * DAY, when={"stage": ["lead"]}, then=True) == 10


def test_who_never_changed_stage_stands_there_since_the_stage_began_not_since_the_lead_did() -> None:
    lead = make.lead(at=NOW - 30 * DAY)
    Lead.objects.filter(pk=lead.pk).update(stage_at=NOW - 5 * DAY)
    when = {"stage": ["lead"], "for_days": 5}
    moments = [NOW - DAY, NOW - MINUTE, NOW]
    assert [points(lead, at=at, when=when, then=True) for at in moments] == [0, 0, 10]
    assert points(lead, when=when) == 10


def test_a_stage_change_scores_a_lead_only_while_a_live_rule_looks_at_stages() -> None:
    lead = make.lead()
    rescore()
    lifecycle.move(lead=lead, to=Stage.MQL, at=NOW, cause=StageChange.Cause.PERSON)
    assert not ChangedLead.objects.exists()

    rule = {"key": "r", "label": "R", "dimension": "fit", "points": 5, "when": {"stage": ["lead"]}}
    publish(rules=[rule])
    assert Score.objects.get(lead=lead).fit == 0
    lifecycle.move(lead=lead, to=Stage.LEAD, at=NOW, cause=StageChange.Cause.PERSON)
    rescore()
    assert Score.objects.get(lead=lead).fit == 500

    publish(rules=[])
    assert not Watched.objects.exists()


# Colleagues (G-13)

SURGE = {"colleagues": ["page_view"], "at_least": 2, "within_days": 14}


def test_g13_several_people_of_one_company_raise_each_other() -> None:
    firm, elsewhere = make.company(), make.company()
    people = [make.lead(company=firm) for _ in range(3)]
    stranger = make.lead(company=elsewhere)
    for person in [*people[:2], stranger]:
        make.activity(person, "page_view", NOW - 3 * DAY)
    # The two active ones see one other each, the third sees both.
    assert [points(person, when=SURGE) for person in [*people, stranger]] == [0, 0, 10, 0]
    assert points(people[2], at=NOW + 11 * DAY, when=SURGE) == 0


def test_g13_what_one_does_scores_the_colleagues() -> None:
    rule = {"key": "surge", "label": "Surge", "dimension": "engagement", "points": 9, "when": SURGE}
    publish(rules=[rule])
    firm = make.company()
    watched, *others = [make.lead(company=firm) for _ in range(3)]
    rescore()
    for other in others:
        make.activity(other, "page_view")
    make.activity(others[0], "demo_request")
    rescore()
    assert Score.objects.get(lead=watched).engagement == 900
    Activity.objects.filter(lead=others[0]).update(voided_at=NOW)
    rescore()
    assert Score.objects.get(lead=watched).engagement == 0
    Activity.objects.filter(lead=others[0]).update(voided_at=None)
    others[1].company = make.company()
    others[1].save()
    rescore()
    assert Score.objects.get(lead=watched).engagement == 0
    assert not list(checking.wrong_scores())


def test_g13_an_activity_that_no_rule_about_colleagues_asks_for_marks_nobody_else() -> None:
    publish(rules=[{"key": "s", "label": "S", "dimension": "fit", "points": 9, "when": SURGE}])
    firm = make.company()
    one, _ = make.lead(company=firm), make.lead(company=firm)
    rescore()
    make.activity(one, "email_opened")
    assert list(ChangedLead.objects.values_list("lead_id", flat=True)) == [one.pk]


def test_colleagues_of_then_are_the_colleagues_of_then() -> None:
    old, new = make.company(), make.company()
    mover, stays = make.lead(company=old), make.lead(company=old)
    make.activity(mover, "page_view", NOW - 3 * DAY)
    once = {**SURGE, "at_least": 1, "within_days": 3650}
    assert points(stays, when=once, then=True) == 10
    mover.company = new
    mover.save()
    assert points(stays, at=database_now() + MINUTE, when=once, then=True) == 0
    assert points(stays, at=NOW, when=once, then=True) == 10  # it was still so then


# Whom a version is for, and when it waits


def test_a_version_scores_only_whom_it_is_for() -> None:
    rule = {"key": "r", "label": "R", "dimension": "intent", "points": 25, "when": fact("name", "known")}
    lines = [{"stage": "sql", "min": {"intent": 20}}]
    publish(rules=[rule], lines=lines)
    nordic = publish(
        model="nordics", rules=[rule], lines=lines, applies_to=fact("country", "in_region", "Nordics")
    )
    swede, german = make.lead(country="SE"), make.lead(country="DE")
    rescore()
    assert set(Score.objects.filter(model=nordic.model).values_list("lead", flat=True)) == {swede.pk}
    assert Crossing.objects.filter(lead=swede).count() == 2
    assert Crossing.objects.filter(lead=german).count() == 1

    swede.country = "DE"
    swede.save()
    german.country = "NO"
    german.save()
    rescore()
    assert set(Score.objects.filter(model=nordic.model).values_list("lead", flat=True)) == {german.pk}
    assert not LineState.objects.get(lead=swede, model=nordic.model, stage="sql").inside
    assert not list(checking.wrong_scores())


def test_a_version_whose_leads_cannot_be_told_scores_nobody_and_breaks_no_other() -> None:
    rule = {"key": "r", "label": "R", "dimension": "intent", "points": 25, "when": fact("name", "known")}
    publish(rules=[rule])
    other = model_file.load(data={"model": "other", "rules": [rule], "applies_to": fact("city", "known")})
    ModelVersion.objects.filter(pk=other.pk).update(applies_to={"field": "shoe_size", "op": "known"})
    other.refresh_from_db()
    lead = make.lead(city="Berlin")
    assert not scores(compiled(other), ids=[lead.pk], as_of=NOW)[0]["applies"]


def test_a_line_that_cools_down_crosses_again_only_after_its_days() -> None:
    rule = {
        "key": "r",
        "label": "R",
        "dimension": "intent",
        "points": 25,
        "when": {"activity": ["demo_request"]},
        "window_days": 1,
    }
    line = {"stage": "sql", "min": {"intent": 20}, "cool_down_days": 10}
    publish(rules=[rule], lines=[line])
    lead = make.lead()

    def crossings() -> int:
        return Crossing.objects.filter(lead=lead, stage="sql").count()

    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    assert crossings() == 1
    rescoring.sweep_fading(at=NOW + 2 * DAY)
    make.activity(lead, "demo_request", NOW + 9 * DAY)
    rescore(NOW + 9 * DAY)
    assert crossings() == 1
    assert not LineState.objects.get(lead=lead, stage="sql").inside
    # Time alone ends the wait: the sweep looks again.
    make.activity(lead, "demo_request", NOW + 9.5 * DAY)
    rescore(NOW + 9.5 * DAY)
    rescoring.sweep_fading(at=NOW + 10 * DAY + MINUTE)
    assert crossings() == 2
    assert not list(checking.wrong_scores())


def test_a_trigger_does_not_wait_for_a_cool_down() -> None:
    demo = {"activity": ["demo_request"], "within_days": 1}
    rule = {"key": "r", "label": "R", "dimension": "intent", "points": 25, "when": demo}
    publish(
        rules=[rule],
        lines=[{"stage": "sql", "min": {"intent": 20}, "cool_down_days": 10}],
        triggers=[
            {
                "key": "t",
                "label": "T",
                "stage": "sql",
                "when": {"activity": ["quote_request"], "within_days": 1},
            }
        ],
    )
    lead = make.lead()
    make.activity(lead, "demo_request", NOW)
    rescore(NOW)
    rescoring.sweep_fading(at=NOW + 2 * DAY)
    make.activity(lead, "quote_request", NOW + 3 * DAY)
    rescore(NOW + 3 * DAY)
    assert Crossing.objects.filter(lead=lead, stage="sql").count() == 2


# Rules that no longer fit


def test_a_stored_rule_that_no_longer_fits_turns_itself_off_and_the_others_go_on() -> None:
    rules = [
        {"key": key, "label": key, "dimension": "fit", "points": 5, "when": fact("title", "known")}
        for key in ("good", "bad")
    ]
    version = model_file.load(data={"model": "default", "rules": rules})
    Rule.objects.filter(version=version, key="bad").update(unless={"field": "shoe_size", "op": "known"})
    lead = make.lead(title="Head")
    assert scores(compiled(version), ids=[lead.pk], as_of=NOW)[0]["fit"] == 500
    off = Rule.objects.get(version=version, key="bad")
    assert off.disabled_reason.startswith("There is no field 'shoe_size'."), "a sentence, without the path"
