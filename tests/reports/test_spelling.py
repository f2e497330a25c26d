"""One source however people write it: every report groups and finds it in one way."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from handoff import decisions
from handoff.models import Handoff, RejectReason
from leads.models import CampaignCost, Lead, Opportunity
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
DAYS = "first=2026-05-01&last=2026-05-31"
SPELLINGS = ("paid_search", "Paid Search", "paid search", "PAID_search", "paid search")


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    """Five leads of one source, each written in its own way and with all that reports count, and another."""
    sol, timing = make.rep(), RejectReason.objects.get(code="timing")
    for day, source in enumerate((*SPELLINGS, "fair"), start=4):
        handoff = handed_over(sol, at=on(day), source=source, campaign=source.replace("_", " "))
        Lead.objects.filter(pk=handoff.lead_id).update(created_at=on(day, 8))
        Handoff.objects.filter(pk=handoff.pk).update(due_at=on(day) + timedelta(hours=2))
        handoff.refresh_from_db()
        decisions.reject(handoff=handoff, by=sol, reason=timing, at=on(day, 10), note="Ask again in June.")
        Opportunity.objects.create(
            lead=handoff.lead, amount=100, created_at=on(day, 11), closed_at=on(day, 12), outcome="won"
        )
        CampaignCost.objects.create(source=source, day=on(day).date(), amount=10)
    client = Client()
    client.force_login(make.marketer())
    return client


def rows(client: Client, address: str) -> list[list[str]]:
    text = client.get(address).content.decode().removeprefix("\ufeff")
    return [line.replace('"', "").split(",") for line in text.splitlines()[1:]]


REPORTS = {"conversion": 1, "sources": 1, "deals": 1, "response": 1, "sent-back": 2}


@pytest.mark.parametrize("name", REPORTS)
def test_S3_10_every_report_has_one_line_for_a_source_and_the_filter_finds_all_of_it(
    client: Client, name: str
) -> None:
    found = {line[0]: line for line in rows(client, f"/reports/{name}/file/?{DAYS}&by=source")}
    assert {"paid search", "fair"} <= found.keys()
    assert not {"Paid Search", "PAID search"} & found.keys()
    place = REPORTS[name]
    assert (found["paid search"][place], found["fair"][place]) == ("5", "1")
    for said in SPELLINGS:
        narrowed = rows(client, f"/reports/{name}/file/?{DAYS}&by=source&source={said}")
        assert {line[0]: line for line in narrowed}["paid search"][place] == "5", said


LINES = {
    "conversion": "step=leads&line=",
    "sources": "measure=won&line=",
    "deals": "outcome=won&line=",
    "response": "what=offered&line=",
    "sent-back": "line=",
}


@pytest.mark.parametrize("name", LINES)
def test_the_list_behind_a_line_has_all_that_the_line_counts(client: Client, name: str) -> None:
    for said in ("paid_search", "Paid Search"):
        text = client.get(f"/reports/{name}/leads/?{DAYS}&by=source&{LINES[name]}{said}").content.decode()
        assert text.count('<th scope="row">') == 5
        assert "fair" not in text.split("<tbody>")[1].split("</tbody>")[0]


@pytest.mark.parametrize("name", ["conversion", "sources", "deals", "sent-back"])
def test_campaigns_are_one_whatever_their_case(client: Client, name: str) -> None:
    found = {line[0]: line for line in rows(client, f"/reports/{name}/file/?{DAYS}&by=campaign")}
    assert found["paid search"][REPORTS[name]] == "5"
    (narrowed, *_) = rows(client, f"/reports/{name}/file/?{DAYS}&by=campaign&campaign=PAID SEARCH")
    assert narrowed[REPORTS[name]] == "5"


def test_S1_22_the_source_behind_a_reason_is_called_as_the_lines_are(client: Client) -> None:
    text = client.get(f"/reports/sent-back/?{DAYS}").content.decode()
    assert "mostly paid search, 5" in text
