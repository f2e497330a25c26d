"""The pages of sources and deals: from a figure to the leads behind it, and both as files."""

import csv
import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from leads.models import CampaignCost, Lead, LeadAccess, Opportunity, StageChange
from leads.stages import Stage
from tests import factories as make

pytestmark = pytest.mark.django_db
DAYS = "first=2026-05-01&last=2026-05-31"


def on(day: int) -> datetime:
    return datetime(2026, 5, day, 12, tzinfo=UTC)


def sold(name: str, source: str, outcome: str = "won", **of: Any) -> Lead:
    lead = make.lead(name, source=source, at=on(2))
    StageChange.objects.create(lead=lead, from_stage=Stage.LEAD, to_stage=Stage.SQL, at=on(3), cause="import")
    Opportunity.objects.create(
        lead=lead, amount=400, created_at=on(4), closed_at=on(9), outcome=outcome, **of
    )
    return lead


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def rows(client: Client, address: str) -> dict[str, list[str]]:
    text = page_of_file(client, address)
    header, *lines = csv.reader(text.splitlines())
    assert len({len(line) for line in (header, *lines)}) == 1
    return {line[0]: line[1:] for line in lines}


def page_of_file(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode().removeprefix("\ufeff"))


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make.marketer())
    return client


def test_S0_06_S2_05_the_page_says_cost_and_return_and_leads_to_the_leads(client: Client) -> None:
    sold("Ada Ads", "paid_search")
    make.lead("Fay Fair", source="fair", at=on(2))
    CampaignCost.objects.create(source="paid_search", day=on(5).date(), amount=100)
    text = page(client, f"/reports/sources/?{DAYS}")
    assert "<dt>for each SQL</dt><dd>€100</dd>" in text
    assert "<dd>4× <small>" in text
    assert f'href="{escape(f"/reports/sources/leads/?{DAYS}&measure=won&line=paid_search")}"' in text
    assert f'href="{escape("/costs/?first=2026-05-01&last=2026-05-31&source=paid_search")}"' in text

    for touch in ("first", "last", "linear"):
        behind = page(client, f"/reports/sources/leads/?{DAYS}&measure=won&line=paid_search&touch={touch}")
        assert "Ada Ads" in behind
        assert "Fay Fair" not in behind
    found = rows(client, f"/reports/sources/file/?{DAYS}")
    assert " ".join(found["paid search"]) == "1 1 1 1  1 400 1 400 100 100 100 100 4"
    assert " ".join(found["fair"]) == "1 0 0 0  0 0 0 0     "
    assert " ".join(found["All"]) == "2 1 1 1  1 400 1 400 100    "
    assert " ".join(found["Those with costs"]) == "1 1 1 1  1 400 1 400 100 100 100 100 4"


def test_S2_05_what_came_without_costs_is_no_return_of_what_was_spent_elsewhere(client: Client) -> None:
    sold("Ada Ads", "paid_search")
    for number in range(9):
        sold(f"Rita {number}", "referral")
    CampaignCost.objects.create(source="paid_search", day=on(5).date(), amount=100)
    text = page(client, f"/reports/sources/?{DAYS}")
    assert "<dd>4× <small>€400 from where it was spent</small></dd>" in text
    assert "of what was won, €400 came from them" in text
    assert "40×" not in text
    assert "<dt>for each SQL</dt><dd>€100</dd>" in text
    referral = text.split("<bdi>referral</bdi>")[1].split("</tr>")[0]
    assert "×" not in referral
    dashboard = page(client, f"/dashboard/?{DAYS}")
    assert "€400 won from sources that have costs, for €100 spent" in dashboard
    assert "40×" not in dashboard
    found = rows(client, f"/reports/sources/file/?{DAYS}")
    assert found["Those with costs"][0] == "1"
    assert (found["All"][0], found["All"][-1], found["Those with costs"][-1]) == ("10", "", "4")


def test_the_file_says_the_same_as_the_page_and_its_lines_add_up_in_equal_parts(client: Client) -> None:
    for number in range(7):
        lead = sold(f"Lead {number}", "paid_search")
        make.activity(lead, "page_view", on(1), properties={"channel": "email"})
        make.activity(lead, "page_view", on(2), properties={"channel": "social"})
    found = rows(client, f"/reports/sources/file/?{DAYS}&touch=linear")
    total = found.pop("All")
    assert len(found) == 3
    for place in (0, 1, 3, 5, 6, 8):
        assert sum(Decimal(line[place]) for line in found.values()) == Decimal(total[place])


def test_with_a_filter_no_cost_is_said_and_managers_find_no_way_to_the_costs(client: Client) -> None:
    sold("Ada Ads", "ads")
    CampaignCost.objects.create(source="ads", day=on(5).date(), amount=100)
    narrowed = page(client, f"/reports/sources/?{DAYS}&source=ads")
    assert "drop the filters to see costs" in narrowed
    assert "€100" not in narrowed
    client.force_login(make.manager())
    text = page(client, f"/reports/sources/?{DAYS}")
    assert "€100" in text
    assert "/costs/" not in text


def test_what_is_in_another_currency_is_said_on_both_pages(client: Client) -> None:
    sold("Ada Ads", "ads", currency="CHF")
    CampaignCost.objects.create(source="ads", day=on(5).date(), amount=70, currency="USD")
    text = page(client, f"/reports/sources/?{DAYS}")
    assert "Not in the sums, which are in EUR: CHF 400 of 1 deal, $70 of 1 cost." in text
    assert "CHF 400 of 1 deal." in page(client, f"/reports/deals/?{DAYS}")


def test_S3_05_S3_09_won_and_lost_lead_to_the_leads_and_are_a_file(client: Client) -> None:
    sold("Ada Won", "ads")
    sold("Lou Lost", "ads", "lost", lost_reason="competitor")
    text = page(client, f"/reports/deals/?{DAYS}&by=reason")
    assert f'href="{escape(f"/reports/deals/leads/?{DAYS}&by=reason&outcome=lost&line=competitor")}"' in text
    behind = page(client, f"/reports/deals/leads/?{DAYS}&by=reason&outcome=lost&line=competitor")
    assert "Lou Lost" in behind
    assert "Ada Won" not in behind
    assert "Ada Won" in page(client, f"/reports/deals/leads/?{DAYS}&by=month&outcome=won&line=2026-05")
    assert rows(client, f"/reports/deals/file/?{DAYS}") == {
        "ads": ["1", "400.00", "1", "400.00", "", "5.0"],
        "All": ["1", "400.00", "1", "400.00", "", "5.0"],
    }


@pytest.mark.parametrize("by", ["source", "campaign", "team", "month", "reason", "supplier"])
def test_every_way_to_look_at_deals_has_a_page_a_file_and_leads(client: Client, by: str) -> None:
    sold("Ada Won", "", owner=make.rep())
    sold("Lou Lost", "", "lost")
    assert "All" in rows(client, f"/reports/deals/file/?{DAYS}&by={by}")
    text = page(client, f"/reports/deals/?{DAYS}&by={by}")
    addresses = re.findall(r'href="(/reports/deals/leads/[^"]*)"', text)
    assert len(addresses) >= 3
    found = [page(client, html.unescape(address)) for address in addresses]
    assert any("Lou Lost" in leads for leads in found)


def test_a_figure_that_is_not_there_is_not_found_and_reps_read_no_reports(client: Client) -> None:
    for address in (
        "sources/leads/?measure=unheard-of",
        "deals/leads/?outcome=perhaps",
        "deals/leads/?by=month&line=2026-13",
    ):
        assert client.get(f"/reports/{address}").status_code == 404
    client.force_login(make.rep())
    for name in ("sources", "deals"):
        assert client.get(f"/reports/{name}/").status_code == 403
        assert client.get(f"/reports/{name}/file/").status_code == 403


def test_figures_count_everybodys_leads_and_only_ones_own_are_named(client: Client) -> None:
    sold("Ada Secret", "ads")
    LeadAccess.objects.create(lead=sold("Own Otto", "ads"), team=make.team())
    client.force_login(make.manager())
    assert rows(client, f"/reports/sources/file/?{DAYS}")["All"][0] == "2"
    text = page(client, f"/reports/sources/leads/?{DAYS}&measure=won&touch=linear")
    assert "Own Otto" in text
    assert "Ada Secret" not in text
    assert "1 of them yours to open" in text


@pytest.mark.parametrize(
    "query",
    [
        "sources/leads/?measure=won&line=%00",
        "sources/leads/?measure=won&touch=last&line=%00&by=campaign",
        "sources/?touch=%00&by=",
        "sources/?source=%00",
        "deals/leads/?by=team&line=%00",
        "deals/leads/?by=supplier&line=nobody",
        "deals/leads/?by=team&line=nobody",
    ],
)
def test_an_address_that_somebody_made_up_breaks_nothing(client: Client, query: str) -> None:
    sold("Ada Won", "ads")
    answer = client.get(f"/reports/{query}")
    assert answer.status_code in (200, 400, 404)
    assert "Ada Won" not in answer.content.decode()


def test_a_name_that_somebody_sent_runs_nowhere(client: Client) -> None:
    sold("Ada", "<script>x</script>")
    text = page(client, f"/reports/sources/?{DAYS}&by=source")
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
    assert "<script>x" not in page(client, f"/reports/deals/?{DAYS}")
