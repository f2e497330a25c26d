"""Models learned from the oldest leads of each set, judged on the others: as good as the published integer
score cards, as plain rules with whole points; and nothing at all where the outcome is random."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from django.utils import timezone

from leads.models import Lead
from scoring import backtest, learning, model_file, outcomes
from scoring.learning import Learned
from scoring.outcomes import Decided

from .conftest import Importing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]

#: Integer score cards of 15 rules on the same leads, and how far below them is close enough.
X_EDUCATION_STRICT = 0.808
OLIST_LATER = 0.682
CLOSE = 0.01
#: What is left of x-education when only the form and the tracker may be asked.
STRICT = ("source", "country", "attributes.origin", "attributes.web_seconds", "visit", "content_download")


def decided(
    source: str, order: str, *, mature_days: int | None, since: datetime | None = None
) -> list[Decided]:
    """Won or not, oldest lead first."""
    leads = Lead.objects.filter(external_ids__source=source)
    if since:
        leads = leads.filter(created_at__gte=since)
    ids = list(leads.order_by(order, "pk").values_list("pk", flat=True))
    place = {pk: n for n, pk in enumerate(ids)}
    known = outcomes.decided(kind="won", at=timezone.now(), mature_days=mature_days, lead_ids=ids)
    return sorted(known, key=lambda one: place[one.lead_id])


def later(known: Sequence[Decided], among: Sequence[str] | None) -> tuple[Learned, float]:
    """What was learned from the first 70 %, and the area under the curve of the product's scores on the
    rest."""
    early = len(known) * 7 // 10
    learned = learning.learn_from(known[:early], model_key="learned", among=among)
    version = model_file.load(data=learned.data)
    found = backtest.of_outcomes(version=version, known=known[early:], outcome="won", at=timezone.now())
    return learned, found.figures.auc["total"].value


def test_x_education_from_what_a_form_and_a_tracker_know(importing: Importing) -> None:
    importing("x-education/leads.csv", "x-education-leads")
    importing("x-education/leads.csv", "x-education-outcomes")
    known = decided("x-education", "attributes__number", mature_days=0)
    assert len(known) == 6468

    learned, area = later(known, STRICT)

    assert area >= X_EDUCATION_STRICT - CLOSE
    assert all(isinstance(rule["points"], int) and rule["points"] for rule in learned.rules)
    used = {rule["when"].get("field") or rule["when"]["activity"][0] for rule in learned.rules}
    assert used <= set(STRICT)


def test_olist_learns_from_anything_but_what_was_filled_in_after_the_deal(importing: Importing) -> None:
    importing("olist-funnel/olist_marketing_qualified_leads_dataset.csv", "olist-leads")
    importing("olist-funnel/olist_closed_deals_dataset.csv", "olist-deals")
    cohort = datetime(2018, 1, 1, tzinfo=timezone.get_default_timezone())
    known = decided("olist", "created_at", mature_days=0, since=cohort)
    assert len(known) == 5998

    learned, area = later(known, None)

    assert area >= OLIST_LATER - CLOSE
    late = {one.name for one in learned.left_out if "after the decision" in one.reason}
    assert {"attributes.segment", "attributes.qualified_by", "company.industry", "deal_won"} <= late


def test_on_maven_where_the_outcome_is_random_nothing_is_learned_and_nothing_separates(
    importing: Importing,
) -> None:
    importing("maven-crm/accounts.csv", "maven-companies")
    said = importing("maven-crm/sales_pipeline.csv", "maven-leads")
    importing("maven-crm/sales_pipeline.csv", "maven-outcomes")
    assert "8800 rows in = 8800 created + 0 updated + 0 skipped + 0 rejected" in said
    known = decided("maven", "created_at", mature_days=None)
    assert (len(known), sum(one.good for one in known)) == (6711, 4238)

    learned = learning.learn_from(known, model_key="learned")

    assert learned.data is None
    assert learned.said.startswith("Nothing separates good from bad.")
    guess = {"model": "guess", "rules": [], "lines": [{"stage": "sql", "min": {"total": 1}}]}
    guess["rules"] = [
        {"key": "large", "label": "Large", "dimension": "fit", "points": 10,
         "when": {"field": "company.employees", "op": "gte", "value": 2000}},
        {"key": "pro", "label": "GTX Pro", "dimension": "fit", "points": 5,
         "when": {"field": "attributes.product", "op": "eq", "value": "GTX Pro"}},
    ]  # fmt: skip
    found = backtest.of_version(version=model_file.load(data=guess), at=timezone.now(), outcome="won")
    assert found.verdict.startswith("Nothing here separates good from bad")
    assert not found.figures.separates
