"""What the starter model of a fresh install does with the signals that the requirements name."""

import itertools
from datetime import timedelta

import pytest

from leads.models import Lead
from scoring import model_file, rescoring
from scoring.models import Crossing, ModelVersion
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def stages_after(lead: Lead, *kinds: str) -> set[str]:
    """The stages ``lead`` has crossed after doing ``kinds`` one after the other, scored in between."""
    for n, kind in enumerate(kinds):
        make.activity(lead, kind, NOW + n * DAY)
        rescoring.rescore_changed(at=NOW + n * DAY)
    return set(Crossing.objects.filter(lead=lead).values_list("stage", flat=True))


def good_fit() -> Lead:
    return make.lead(title="Head of Operations", company=make.company(employees=200, industry="HVAC"))


def poor_fit() -> Lead:
    return make.lead(title="Student", email=None, company=make.company(employees=5))


@pytest.mark.parametrize("order", list(itertools.permutations(["comparison_guide_download", "demo_request"])))
@pytest.mark.parametrize("who", [good_fit, poor_fit, make.lead])
def test_s1_14_comparison_guide_and_demo_hand_over_in_either_order_whatever_the_fit(
    order: tuple[str, ...], who: object
) -> None:
    assert "sql" in stages_after(who(), *order)  # type: ignore[operator]


def test_s1_14_the_guide_and_a_demo_a_hundred_days_later_are_not_one_decision() -> None:
    lead = poor_fit()
    make.activity(lead, "comparison_guide_download", NOW - 100 * DAY)
    assert stages_after(lead, "demo_request") == {"mql"}


def test_s0_15_a_demo_request_hands_over_when_the_fit_is_there() -> None:
    assert stages_after(good_fit(), "demo_request") == {"mql", "sql"}


@pytest.mark.parametrize("kind", ["demo_request", "contact_sales", "quote_request", "trial_signup"])
def test_s4_09_intent_without_fit_is_a_strong_mql(kind: str) -> None:
    lead = poor_fit()
    assert stages_after(lead, kind) == {"mql"}
    assert Crossing.objects.get(lead=lead).is_strong


def test_s0_14_top_fit_without_intent_never_becomes_sql_by_itself() -> None:
    reading = ["page_view", "ebook_download", "webinar_attended", "email_clicked", "newsletter_signup"]
    assert stages_after(good_fit(), *reading * 4) == {"mql"}


@pytest.mark.parametrize("kind", ["content_download", "ebook_download", "white_paper_download"])
def test_s4_07_a_download_alone_is_a_weak_mql_at_most(kind: str) -> None:
    lead = good_fit()
    assert stages_after(lead, kind, kind, kind) == {"mql"}
    assert not Crossing.objects.filter(lead=lead)[0].is_strong


@pytest.mark.parametrize(
    "kind", ["form_submitted", "newsletter_signup", "webinar_registered", "webinar_attended"]
)
def test_s4_01_a_form_a_newsletter_or_a_webinar_makes_an_mql(kind: str) -> None:
    assert stages_after(poor_fit(), kind) == {"mql"}


@pytest.mark.parametrize("who", [good_fit, poor_fit])
def test_s0_17_a_first_visit_alone_is_nothing(who: object) -> None:
    assert stages_after(who(), "page_view") == set()  # type: ignore[operator]


def test_somebody_who_wants_no_sales_contact_is_never_handed_over() -> None:
    lead = good_fit()
    Lead.objects.filter(pk=lead.pk).update(attributes={"no_sales_contact": True})
    assert stages_after(lead, "demo_request", "comparison_guide_download") == {"mql"}


def test_a_fresh_database_has_the_starter_model_live() -> None:
    live = ModelVersion.objects.live()
    assert model_file.save(version=live) == model_file.starter("default")
    assert live.rescored_to is None or live.rescored_to == 0
