"""The page on which managers and admins agree on the stages of deals and why deals are lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from handoff import decisions, opportunities, qualification
from handoff.models import Requirement
from leads.models import LossReason, Opportunity, OpportunityStage
from tests.factories import NOW
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PAGES = [
    "/deal-stages/",
    "/deal-stages/new/",
    "/deal-stages/proposal/",
    "/loss-reasons/new/",
    "/loss-reasons/price/",
]


def deal(by: User) -> Opportunity:
    handoff = offered(to=by)
    decisions.accept(handoff=handoff, by=by, at=NOW)
    Requirement.objects.update(is_active=False)
    return qualification.convert(lead=handoff.lead, by=by, at=NOW + timedelta(minutes=5))


@pytest.mark.parametrize("path", PAGES)
def test_managers_arrange_stages_and_the_others_do_not(
    sol: User, mara: User, max_: User, signed_in: SignIn, path: str
) -> None:
    assert [signed_in(who).get(path).status_code for who in (sol, mara, max_)] == [403, 403, 200]


def test_a_stage_of_ones_own_is_offered_on_the_lead_page(sol: User, max_: User, signed_in: SignIn) -> None:
    made = deal(sol)
    client = signed_in(max_)
    wrong = client.post("/deal-stages/new/", {"label": "Pilot", "probability": "101", "position": "25"})
    assert wrong.status_code == 422
    assert "less than or equal to 100" in wrong.content.decode()
    client.post(
        "/deal-stages/new/", {"label": "Pilot", "probability": "60", "position": "25", "is_active": "on"}
    )
    html = signed_in(sol).get(f"/leads/{made.lead.public_id}/").content.decode()
    assert 'value="pilot"' in html
    assert OpportunityStage.objects.get(key="pilot").probability == 60


def test_a_stage_named_new_keeps_an_address_of_its_own(max_: User, signed_in: SignIn) -> None:
    client = signed_in(max_)
    client.post("/deal-stages/new/", {"label": "New", "probability": "5", "position": "1", "is_active": "on"})
    made = OpportunityStage.objects.get(label="New")
    assert "New" in client.get(f"/deal-stages/{made.key}/").content.decode()
    assert made.key != "new"


def test_a_stage_with_deals_is_switched_off_not_deleted(sol: User, max_: User, signed_in: SignIn) -> None:
    made, client = deal(sol), signed_in(max_)
    key = made.stage.key
    html = client.post(f"/deal-stages/{key}/removal/", follow=True).content.decode()
    assert "Switch it off instead" in html
    client.post(f"/deal-stages/{key}/", {"label": "Discovery", "probability": "10", "position": "10"})
    made.refresh_from_db()
    assert made.stage == OpportunityStage.objects.get(key=key, is_active=False)
    assert key not in [stage.key for stage in opportunities.stages()]


def test_the_last_stage_stays_on(max_: User, signed_in: SignIn) -> None:
    OpportunityStage.objects.exclude(key="proposal").update(is_active=False)
    client = signed_in(max_)
    refused = client.post(
        "/deal-stages/proposal/", {"label": "Proposal", "probability": "50", "position": "1"}
    )
    assert refused.status_code == 422
    assert "Keep at least one stage on" in refused.content.decode()
    assert "Keep at least one" in client.post("/deal-stages/proposal/removal/", follow=True).content.decode()
    assert OpportunityStage.objects.get(key="proposal").is_active


def test_a_loss_reason_is_added_offered_and_deleted_while_no_deal_names_it(
    sol: User, max_: User, signed_in: SignIn
) -> None:
    made, client = deal(sol), signed_in(max_)
    client.post("/loss-reasons/new/", {"label": "Went bankrupt", "position": "5", "is_active": "on"})
    reason = LossReason.objects.get(label="Went bankrupt")
    assert "Went bankrupt" in signed_in(sol).get(f"/leads/{made.lead.public_id}/").content.decode()
    client.post("/loss-reasons/price/removal/")
    assert not LossReason.objects.filter(code="price").exists()
    opportunities.lose(opportunity=made, reason=reason, by=sol, at=NOW + timedelta(days=1))
    html = client.post(f"/loss-reasons/{reason.code}/removal/", follow=True).content.decode()
    assert "Switch it off instead" in html
    assert LossReason.objects.filter(pk=reason.pk).exists()
