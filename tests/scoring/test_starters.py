"""The starter models beside the default one give the points that others have published (C-01 to C-05)."""

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Lead
from scoring import model_file
from scoring.explanation import Explained, explain
from scoring.models import ModelVersion
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def version(request: pytest.FixtureRequest) -> ModelVersion:
    return model_file.load(data=model_file.starter(request.param))


def of(starter: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("version", [starter], indirect=True)


def total(lead: Lead, version: ModelVersion, at: Any = NOW) -> float:
    return explain(lead=lead, at=at, version=version).total


def fit(lead: Lead, version: ModelVersion) -> Explained:
    return next(part for part in explain(lead=lead, at=NOW, version=version).dimensions if part.key == "fit")


def without_fit(lead: Lead, version: ModelVersion, at: Any = NOW) -> float:
    parts = explain(lead=lead, at=at, version=version).dimensions
    return sum(part.points for part in parts if part.key != "fit")


@of("gitlab_2018")
@pytest.mark.parametrize(("mail", "points", "over"), [("firm.example", 95, True), ("gmail.com", 85, False)])
def test_c_01_a_vp_with_an_asset_and_pricing_is_an_mql_from_a_company_address(
    version: ModelVersion, mail: str, points: int, over: bool
) -> None:
    lead = make.lead(title="VP Sales", email=f"vp@{mail}")
    for kind in ("ebook_download", "pricing_page_view"):
        make.activity(lead, kind)
    said = explain(lead=lead, at=NOW, version=version)
    assert (said.total, "mql" in said.over) == (points, over)


C_02 = {
    **dict.fromkeys(["form_submitted", "demo_request", "contact_sales"], 50),
    **dict.fromkeys(["link_clicked", "email_clicked", "file_accessed", "site_search", "visit"], 3),
    "page_view": 1,
    "email_opened": 0,
    "form_error": -5,
}


@of("pardot")
@pytest.mark.parametrize(("kind", "points"), C_02.items())
def test_c_02_each_activity_gives_its_points_each_time(version: ModelVersion, kind: str, points: int) -> None:
    lead = make.lead()
    for hours in range(2):
        make.activity(lead, kind, NOW - timedelta(hours=hours))
    assert without_fit(lead, version) == 2 * points


@of("pardot")
def test_c_02_a_visitor_who_read_and_sent_a_form(version: ModelVersion) -> None:
    lead = make.lead()
    for kind in ["visit", *["page_view"] * 4, "site_search", "form_error", "form_submitted", "email_opened"]:
        make.activity(lead, kind)
    assert without_fit(lead, version) == 3 + 4 + 3 - 5 + 50 + 0


PROFILE: dict[str, Any] = {"title": "Head of Operations", "country": "DE"}
FIRM: dict[str, Any] = {"employees": 200, "industry": "HVAC"}


@of("pardot")
@pytest.mark.parametrize(
    ("lead", "company", "grade"),
    [
        ({}, {}, "D"),  # everything unknown gives nothing
        (PROFILE, FIRM, "A+"),  # all five match: D and ten thirds
        ({"country": "US"}, {}, "F"),  # D minus two thirds
        ({"country": "US"}, {"employees": 3, "industry": "Circus"}, "F"),  # the floor holds
        ({"country": "DE"}, {}, "C-"),
        ({"country": "DE"}, FIRM, "B"),
        (PROFILE, {**FIRM, "employees": 3}, "B"),
    ],
)
def test_c_03_the_default_profile_grades(
    version: ModelVersion, lead: dict[str, Any], company: dict[str, Any], grade: str
) -> None:
    made = make.lead(**lead, company=make.company(**company) if company else None)
    said = fit(made, version)
    assert said.grade == grade
    assert version.grade_of(round(said.points * 100)) == grade


@of("pardot")
def test_c_03_the_ladder_ends_at_a_plus(version: ModelVersion) -> None:
    data = model_file.starter("pardot")
    again = {**next(rule for rule in data["rules"] if rule["key"] == "location"), "key": "location-again"}
    richer = model_file.load(data={**data, "rules": [*data["rules"], again]})
    lead = make.lead(**PROFILE, company=make.company(**FIRM))
    said = fit(lead, richer)
    assert (said.grade, said.points) == ("A+", 12)
    assert [reason.label for reason in said.reasons][-1] == "No grade is over A+"


@of("pardot")
def test_c_03_the_line_asks_for_a_letter(version: ModelVersion) -> None:
    lead = make.lead(country="DE", company=make.company(**FIRM))
    for hours in range(2):
        make.activity(lead, "demo_request", NOW - timedelta(hours=hours))
    assert fit(lead, version).line_grade == "B-"
    assert "sql" in explain(lead=lead, at=NOW, version=version).over
    Lead.objects.filter(pk=lead.pk).update(country="US")
    assert "sql" not in explain(lead=lead, at=NOW, version=version).over


@of("marketo")
@pytest.mark.parametrize(
    ("kinds", "points"),
    [
        (["page_view", "page_view", "email_opened"], 3),
        (["demo_attended", "demo_attended"], 10),
        (["webinar_registered", "webinar_attended"], 10),
        (["white_paper_download"], 5),
        (["review_download"], 12),
        (["brand_search"], 15),
        (["pricing_page_view"], 5),
        (["careers_page_view"], -10),
        (["visit"], 0),
        (["visit", "visit"], 8),
        (["brand_search", "pricing_page_view", "careers_page_view", "page_view"], 11),
    ],
)
def test_c_04_the_vendors_own_points(version: ModelVersion, kinds: list[str], points: int) -> None:
    lead = make.lead()
    for kind in kinds:
        make.activity(lead, kind)
    assert total(lead, version) == points


@of("marketo")
@pytest.mark.parametrize(("pages", "points"), [(8, 0), (9, 7)])
def test_c_04_more_than_8_pages_in_one_visit(version: ModelVersion, pages: int, points: int) -> None:
    lead = make.lead()
    make.activity(lead, "visit", properties={"pages": pages})
    assert total(lead, version) == points


@of("marketo")
def test_c_04_two_visits_a_week_apart_are_not_two_in_a_week(version: ModelVersion) -> None:
    lead = make.lead()
    make.activity(lead, "visit", NOW)
    make.activity(lead, "visit", NOW - 7 * DAY)
    assert total(lead, version) == 0


@of("b2b")
@pytest.mark.parametrize(
    ("company", "points"),
    [
        ({"employees": 10}, 5), ({"employees": 11}, 10), ({"employees": 200}, 15), ({"employees": 201}, 20),
        ({"employees": 1001}, 0), ({"revenue": 999_999}, 5), ({"revenue": 1_000_000}, 10),
        ({"revenue": 9_999_999}, 10), ({"revenue": 10_000_000}, 15), ({"revenue": 100_000_001}, 20),
        ({"attributes": {"competitor": True}}, -50),
    ],
)  # fmt: skip
def test_c_05_companies(version: ModelVersion, company: dict[str, Any], points: int) -> None:
    assert total(make.lead(company=make.company(**company)), version) == points


@of("b2b")
@pytest.mark.parametrize(
    ("fields", "points"),
    [
        ({"title": "CEO"}, 25), ({"title": "VP Sales"}, 20), ({"title": "Director IT"}, 15),
        ({"title": "Office Manager"}, 10), ({"title": "Clerk"}, 5), ({"title": "Intern"}, -25),
        ({"email": "a@uni.edu"}, -30), ({"email": "a@gmail.com"}, -10),
    ],
)  # fmt: skip
def test_c_05_people(version: ModelVersion, fields: dict[str, Any], points: int) -> None:
    assert total(make.lead(**fields), version) == points


@of("b2b")
@pytest.mark.parametrize(
    ("kinds", "points"),
    [
        (["demo_request"], 30), (["contact_sales"], 30), (["trial_signup"], 25), (["pricing_page_view"], 20),
        (["calculator_used"], 20), (["case_study_view"], 0), (["case_study_view", "case_study_view"], 15),
        (["webinar_attended"], 15), (["webinar_registered"], 10), (["white_paper_download"], 10),
        (["email_opened"] * 2, 0), (["email_opened"] * 3, 5), (["email_clicked"], 5),
        (["unsubscribed"], -20), (["spam_complaint"], -100), (["careers_page_view"], -30),
        (["careers_page_view", "page_view"], 0),
    ],
)  # fmt: skip
def test_c_05_behaviour(version: ModelVersion, kinds: list[str], points: int) -> None:
    lead = make.lead()
    for kind in kinds:
        make.activity(lead, kind)
    assert total(lead, version) == points


@of("b2b")
@pytest.mark.parametrize(
    ("kind", "properties", "by_week"),
    [("pricing_page_view", {}, [20, 15, 10, 5, 0]), ("page_view", {"page": "/compare"}, [15, 10, 5, 0])],
)
def test_c_05_pricing_and_comparison_fade_by_5_a_week(
    version: ModelVersion, kind: str, properties: dict[str, str], by_week: list[int]
) -> None:
    lead = make.lead()
    make.activity(lead, kind, NOW, properties=properties)
    assert [total(lead, version, NOW + week * 7 * DAY) for week in range(len(by_week))] == by_week


@of("b2b")
def test_c_05_a_hard_bounce_counts_and_a_soft_one_does_not(version: ModelVersion) -> None:
    hard, soft = make.lead(), make.lead()
    make.activity(hard, "email_bounced", properties={"kind": "hard"})
    make.activity(soft, "email_bounced", properties={"kind": "soft"})
    assert (total(hard, version), total(soft, version)) == (-50, 0)


@of("b2b")
def test_c_05_silence_counts_after_90_days(version: ModelVersion) -> None:
    old = make.lead(at=NOW - 200 * DAY)
    make.activity(old, "webinar_attended", NOW - 91 * DAY)
    awake = make.lead(at=NOW - 200 * DAY)
    make.activity(awake, "webinar_attended", NOW - 89 * DAY)
    assert (total(old, version), total(awake, version), total(make.lead(), version)) == (0, 15, 0)


def test_c_05_an_mql_is_65_in_the_mid_market_and_75_in_an_enterprise() -> None:
    mid, large = (model_file.load(data=model_file.starter(name)) for name in ("b2b", "b2b_enterprise"))
    firm = make.company(employees=150, revenue=20_000_000)
    lead = make.lead(title="Director of Operations", company=firm)
    make.activity(lead, "pricing_page_view")
    said = explain(lead=lead, at=NOW, version=mid)
    assert (said.total, said.over) == (15 + 15 + 15 + 20, ("mql",))
    assert not explain(lead=lead, at=NOW, version=large).applies

    huge = make.lead(title="CEO", company=make.company(employees=5000, revenue=200_000_000))
    make.activity(huge, "demo_request")
    said = explain(lead=huge, at=NOW, version=large)
    assert (said.total, said.over, said.applies) == (20 + 25 + 30, ("mql",), True)
