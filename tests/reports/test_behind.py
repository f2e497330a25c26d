"""What the list behind a figure shows: each thing that was counted, with all by which it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, RejectReason
from leads.models import Opportunity
from tests import factories as make
from tests.downloads import rows_of
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = "first=2026-05-01&last=2026-05-31"


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make.marketer())
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def twice_decided(sol: User) -> Handoff:
    """Sent back for its timing on the 4th, accepted on the 12th."""
    first = handed_over(sol, at=on(4), source="ads")
    timing = RejectReason.objects.get(code="timing")
    decisions.reject(handoff=first, by=sol, reason=timing, at=on(4, 11), note="Ask again in June.")
    first.lead.refresh_from_db()
    again = handed_over(sol, of=first.lead, at=on(12), cycle=2)
    decisions.accept(handoff=again, by=sol, at=on(12, 10))
    return again


def test_S2_behind_accepted_by_sales_stands_each_decision_with_verdict_reason_day_and_rep(
    client: Client,
) -> None:
    sol = make.rep()
    again = twice_decided(sol)
    found = rows_of(client, f"/dashboard/leads/file/?{DAYS}&figure=accepted")
    assert [(row["Verdict"], row["Reason"], row["Decided"][:10], row["Rep"]) for row in found] == [
        ("Accepted", "", "2026-05-12", str(sol)),
        ("Sent back", "Wrong timing", "2026-05-04", str(sol)),
    ]
    assert {row["Handed over"][:10] for row in found} == {"2026-05-04", "2026-05-12"}
    assert again.pool is None or {row["Team"] for row in found} == {again.pool.team.name}
    text = page(client, f"/dashboard/leads/?{DAYS}&figure=accepted")
    assert "2 decisions, 1 of them accepted, of 1 lead." in text
    for word in ("Verdict", "Reason", "Decided", "Rep", "Team", "Wrong timing"):
        assert word in text


def test_S1_01_behind_the_first_touch_stands_how_long_each_took(client: Client) -> None:
    handoff = handed_over(make.rep(), at=on(4))
    Handoff.objects.filter(pk=handoff.pk).update(first_touch_at=on(4) + timedelta(minutes=42))
    (row,) = rows_of(client, f"/dashboard/leads/file/?{DAYS}&figure=first_touch")
    assert row["First touch after, business minutes"] == "42.0"
    (row,) = rows_of(client, f"/reports/response/leads/file/?{DAYS}&what=touched")
    assert row["First touch"] == (on(4) + timedelta(minutes=42)).isoformat()


def test_S1_34_behind_the_pipeline_stands_each_deal_with_its_amount(client: Client) -> None:
    lead = make.lead("Ada Berg", source="ads", at=on(2))
    sol = make.rep()
    for amount in (400, 650):
        Opportunity.objects.create(
            lead=lead, amount=amount, created_at=on(4), closed_at=on(9), outcome="won", owner=sol
        )
    for address in ("reports/sources/leads/{}?measure=won", "reports/deals/leads/{}?outcome=won"):
        found = rows_of(client, f"/{address.format('file/')}&{DAYS}")
        assert sorted(row["Amount"] for row in found) == ["400.00", "650.00"]
        text = page(client, f"/{address.format('')}&{DAYS}")
        assert "2 deals, of 1 lead." in text
        assert "<bdi>650</bdi>" in text


def test_in_time_and_late_are_links_of_their_own_and_lead_to_as_many(client: Client) -> None:
    sol = make.rep()
    for days, took in ((4, 1), (5, 1), (6, 30)):
        handoff = handed_over(sol, at=on(days))
        Handoff.objects.filter(pk=handoff.pk).update(
            status="accepted",
            decided_at=on(days) + timedelta(hours=took),
            due_at=on(days) + timedelta(hours=2),
        )
    text = page(client, f"/reports/response/?{DAYS}")
    total = text.split("<tfoot>")[1].split("</tfoot>")[0]
    assert 'what=answer_kept">2 in time</a>' in total
    assert 'what=answer_late">1 late</a>' in total
    for what, count in (("answer_kept", 2), ("answer_late", 1)):
        assert len(rows_of(client, f"/reports/response/leads/file/?{DAYS}&what={what}")) == count


#: Of figures that there are not.
NOWHERE = [
    "dashboard/leads/?figure=nope",
    "dashboard/leads/file/?figure=line_floor",
    "reports/conversion/leads/?step=nope",
    "reports/sent-back/leads/?reason=nope",
    "reports/response/leads/?what=nope",
    "reports/sources/leads/?measure=nope",
    "reports/deals/leads/?outcome=nope",
    "reports/speed/leads/?stage=nope",
    "reports/gaps/leads/?over=nope",
    "reports/forecast/leads/?place=nope",
    "reports/rules/leads/?rule=nope",
    "dashboard/line/leads/?fate=nope",
]


def test_a_figure_that_there_is_not_is_not_found(client: Client) -> None:
    assert {client.get(f"/{address}").status_code for address in NOWHERE} == {404}
