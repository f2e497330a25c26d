"""What campaigns cost: by hand, out of files, over the API, and the page that lists it."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from leads import costs
from leads.models import CampaignCost
from tests import factories as make
from tests.api.calling import caller

pytestmark = pytest.mark.django_db
MAY = date(2026, 5, 1)


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.force_login(mara)
    return client


def kept() -> list[str]:
    rows = CampaignCost.objects.order_by("day", "source", "campaign", "currency")
    return [f"{row.day:%m-%d} {row.source} {row.campaign} {row.amount} {row.currency}" for row in rows]


def said(**of: str) -> dict[str, str]:
    return {
        "source": "linkedin",
        "campaign": "",
        "first": "2026-05-01",
        "last": "2026-05-03",
        "amount": "20",
        "way": "day",
        "currency": "EUR",
        **of,
    }


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# By hand


def test_S2_05_twenty_a_day_is_recorded_and_the_same_again_changes_nothing(client: Client) -> None:
    make.lead(source="LinkedIn")
    for told in ("days 3 new", "days 3 as before"):
        answer = client.post("/costs/new/", said(), follow=True)
        assert told in text_of(answer)
    assert kept() == [f"05-0{day} LinkedIn  20.00 EUR" for day in (1, 2, 3)]


def test_S2_05_six_hundred_in_total_is_spread_and_one_day_needs_no_last_day(client: Client) -> None:
    client.post("/costs/new/", said(amount="100,00", way="total"))
    client.post("/costs/new/", said(campaign="spring", last="", amount="1.234,50 €"))
    assert kept() == [
        "05-01 linkedin  33.34 EUR",
        "05-01 linkedin spring 1234.50 EUR",
        "05-02 linkedin  33.33 EUR",
        "05-03 linkedin  33.33 EUR",
    ]


def test_a_source_that_no_lead_has_is_recorded_and_said(client: Client) -> None:
    make.lead(source="LinkedIn")
    answer = client.post("/costs/new/", said(source="Linkdin"), follow=True)
    assert "No lead has come from Linkdin so far" in text_of(answer)
    assert len(kept()) == 3
    form = text_of(client.get("/costs/new/"))
    assert '<option value="LinkedIn">' in form


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"amount": "much"}, "is not an amount"),
        ({"amount": "-3"}, "is not an amount"),
        ({"source": " "}, "required"),
        ({"source": "a\x00b"}, "Null characters"),
        ({"last": "2026-04-01"}, "The last day lies before the first."),
        ({"last": "2036-04-01"}, "at most 1,100 at a time"),
        ({"first": "31.12."}, "valid date"),
        ({"currency": "12$"}, "three letters"),
        ({"way": "yearly"}, "valid choice"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_recorded(
    client: Client, wrong: dict[str, str], told: str
) -> None:
    answer = client.post("/costs/new/", said(**wrong))
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert kept() == []


def test_a_day_is_put_right_and_taken_back_and_a_stretch_with_one_button(client: Client) -> None:
    client.post("/costs/new/", said())
    client.post("/costs/new/", said(source="fair"))
    day = CampaignCost.objects.get(source="linkedin", day=MAY)
    address = f"/costs/{day.public_id}/"
    assert "linkedin" in text_of(client.get(address))
    assert client.post(address, {"amount": "2x"}).status_code == 422
    assert "1 May 2026 cost €25.50" in text_of(client.post(address, {"amount": "25.5"}, follow=True))
    for _ in range(2):
        assert client.post(f"{address}removal/").status_code == 302
    assert kept()[0] == "05-01 fair  20.00 EUR"
    assert client.get(address).status_code == 404

    stretch = "source=LINKEDIN&first=2026-05-01&last=2026-05-02"
    assert "Delete 1 day of LINKEDIN for good" in text_of(client.get(f"/costs/?{stretch}"))
    assert "Deleted 1 day of LINKEDIN" in text_of(client.post(f"/costs/removal/?{stretch}", follow=True))
    assert [row for row in kept() if "linkedin" in row] == ["05-03 linkedin  20.00 EUR"]
    client.post("/costs/removal/")
    assert len(kept()) == 4, "of which source was not said"


# The list


def test_the_page_sums_by_month_source_and_campaign_and_never_over_currencies(client: Client) -> None:
    for amount, of in (
        ("20", {}),
        ("30", {"campaign": "spring"}),
        ("7", {"currency": "USD"}),
        ("5", {"first": "2026-06-01", "last": "2026-06-02"}),
    ):
        client.post("/costs/new/", said(amount=amount, **of))
    text = text_of(client.get("/costs/?first=2026-05-01&last=2026-06-30"))
    months = re.findall(r"<h2 id=\"month-[^>]*>(.*?)</h2><span class=\"end\">(.*?)</span>", text)
    assert months == [("June 2026", "<b>€10</b>"), ("May 2026", "<b>€150</b>, <b>$21</b>")]
    whole = "?source=linkedin&amp;whole=1&amp;first=2026-06-01&amp;last=2026-06-02"
    assert f'href="{whole}"' in text
    days = text_of(client.get(f"/costs/{whole.replace('&amp;', '&')}"))
    assert days.count('scope="row"><a class="link" href="/costs/') == 2
    spring = text_of(client.get("/costs/?campaign=SPRING&first=2026-01-01&last=2026-12-31"))
    assert "€90" in spring
    assert "€150" not in spring


def test_a_long_list_goes_on_and_asks_the_same_however_long(client: Client, mara: User) -> None:
    long = costs.a_day(source="ads", first=MAY, last=MAY + timedelta(days=149), amount=Decimal(1))
    costs.record(costs=long, by=mara, at=datetime(2026, 5, 1, tzinfo=UTC))
    address = "/costs/?source=ads&first=2026-01-01&last=2026-12-31"
    text = text_of(client.get(address))
    assert text.count('scope="row"><a class="link" href="/costs/') == 100
    (rest,) = re.findall(r'rel="next" href="([^"]*)"', text)
    assert text_of(client.get(f"/costs/{rest.replace('&amp;', '&')}")).count('href="/costs/') >= 50
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) == 5  # session, user, the rail, months, days


def test_days_that_make_no_sense_are_not_asked(client: Client) -> None:
    client.post("/costs/new/", said(first=str(timezone.localdate()), last=""))
    for query in (
        "first=never",
        "first=9999-12-31&last=0001-01-01",
        "last=0001-01-01",
        "source=%00",
        "after=broken",
    ):
        assert client.get(f"/costs/?{query}").status_code == 200
    assert "€20" in text_of(client.get("/costs/?first=never"))


@pytest.mark.parametrize("name", ["", "new/", "file/"])
def test_only_marketing_and_admins_write_costs_down(client: Client, name: str) -> None:
    client.post("/costs/new/", said())
    kept_one = CampaignCost.objects.first()
    assert kept_one is not None
    for person in (make.rep(), make.manager()):
        client.force_login(person)
        assert client.get(f"/costs/{name}").status_code == 403
        assert client.get(f"/costs/{kept_one.public_id}/").status_code == 403
        assert client.post(f"/costs/{kept_one.public_id}/removal/").status_code == 403
    assert len(kept()) == 3


# Out of files


def sent(client: Client, content: str | bytes, name: str = "costs.csv", **of: str) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return client.post("/costs/file/", {"file": SimpleUploadedFile(name, data), **of}, follow=True)


def test_S2_05_a_file_is_recorded_with_days_and_amounts_as_people_write_them(client: Client) -> None:
    make.lead(source="LinkedIn")
    text = (
        "Tag;Quelle;Kampagne;Kosten\n3.5.2026;linkedin;spring;1.234,50 €\n4.5.2026;fair;;20\n;;;\n"
        "2026-05-05;fair;;7,5\n"
    )
    for told in ("days 3 new", "days 3 as before"):
        assert told in text_of(sent(client, text.encode("cp1252")))
    assert kept() == [
        "05-03 LinkedIn spring 1234.50 EUR",
        "05-04 fair  20.00 EUR",
        "05-05 fair  7.50 EUR",
    ]


def test_what_an_advertising_tool_exports_is_read_with_a_source_said_once(client: Client) -> None:
    text = 'Report of May\n"Day","Campaign name","Amount spent (USD)","Currency","Impressions"\n'
    text += '"05/01/2026","Heads","20.10","usd","1,200"\n"05/13/2026","Heads","1,020.00","usd","9"\n'
    assert "No column is the source" in text_of(sent(client, text))
    sent(client, text, source="facebook")
    assert kept() == ["05-01 facebook Heads 20.10 USD", "05-13 facebook Heads 1020.00 USD"]


def test_a_file_with_a_bad_line_is_refused_whole_and_each_is_named_by_number(client: Client) -> None:
    text = "date,source,campaign,amount\n2026-05-01,ads,,20\nnever,ads,,20\n2026-05-02,ads,,much\n"
    text += "2026-05-03,,,1\n2026-05-01,ADS,,5\n2026-05-04,ads,,1,2\n2026-05-05,ads,,\n"
    answer = sent(client, text)
    assert answer.status_code == 422
    told = text_of(answer)
    assert "Nothing was recorded:</b> 6 lines cannot be read" in told
    for line in (
        "Line 3: <bdi>day: “never”",
        "Line 4: <bdi>amount: “much” is not an amount.",
        "Line 5: <bdi>source: Say which source it is for.",
        "Line 6: <bdi>Says the day of line 2 again",
        "Line 7: <bdi>Has 5 cells, the header has 4.",
        "Line 8: <bdi>amount: Is empty.",
    ):
        assert line in told
    assert kept() == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"date,source,amount\n", "no lines below"),
        (b"when,who\n1,2\n", "No column is the amount and day"),
        (b"PK\x03\x04rest", "Save it as CSV"),
        (b'date,source,amount\n"2026-05-01,ads,1\n', "quote is opened"),
        (b"\x1f\x8bbroken", "cannot be"),
    ],
)
def test_what_is_no_such_file_is_said(client: Client, content: bytes, told: str) -> None:
    answer = sent(client, content)
    assert answer.status_code == 422
    assert told in text_of(answer)


def test_a_cell_that_somebody_made_to_run_runs_nowhere(client: Client) -> None:
    text = text_of(sent(client, "date,source,amount\n2026-05-01,<script>x,<script>y\n"))
    assert "<script>x" not in text
    assert "&lt;script&gt;y" in text


# Over the API


def test_S2_05_another_system_records_costs_and_reads_them_page_by_page(mara: User) -> None:
    make.lead(source="LinkedIn")
    api = caller(mara)
    body = [
        {"day": "2026-05-01", "last": "2026-05-03", "source": "linkedin", "amount": "20"},
        {"day": "2026-05-01", "last": "2026-05-02", "spread": True, "source": "fair", "amount": 7.01},
    ]
    assert api.post("/costs", body).json() == {"created": 5, "changed": 0, "same": 0}
    assert api.post("/costs", body).json() == {"created": 0, "changed": 0, "same": 5}
    first = api.get("/costs", limit=2, source="LINKEDIN").json()
    assert [item["day"] for item in first["items"]] == ["2026-05-03", "2026-05-02"]
    assert first["items"][0]["source"] == "LinkedIn"
    rest = api.get("/costs", limit=2, source="LINKEDIN", after=first["next"]).json()
    assert ([item["day"] for item in rest["items"]], rest["next"]) == (["2026-05-01"], "")
    spread = api.get("/costs", source="fair", first="2026-05-02", last="2026-05-31").json()
    assert [Decimal(item["amount"]) for item in spread["items"]] == [Decimal("3.50")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"day": "yesterday"}, "1.day"),
        ({"amount": "-1"}, "1.amount"),
        ({"amount": "1.001"}, "1.amount"),
        ({"amount": "NaN"}, "1.amount"),
        ({"source": ""}, "1.source"),
        ({"source": "a\x00"}, "1.source"),
        ({"currency": "EURO"}, "1.currency"),
        ({"last": "2026-04-01"}, "1.last"),
        ({"unheard": 1}, "1.unheard"),
    ],
)
def test_one_bad_item_refuses_all_and_is_named(mara: User, wrong: dict[str, Any], field: str) -> None:
    good = {"day": "2026-05-01", "source": "ads", "amount": "1"}
    answer = caller(mara).post("/costs", [good, {**good, **wrong}])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert kept() == []


def test_only_marketing_writes_and_who_reads_reports_reads(mara: User) -> None:
    body = [{"day": "2026-05-01", "source": "ads", "amount": "1"}]
    assert caller(mara, "read").post("/costs", body).status_code == 403
    assert caller(make.manager()).post("/costs", body).status_code == 403
    assert caller(mara, "capture").post("/costs", {}).status_code == 422
    assert caller(mara, "capture").post("/costs", body * 1_001).status_code == 413
    assert caller(mara, "capture").post("/costs", body).status_code == 200
    assert len(caller(make.admin(), "read").get("/costs").json()["items"]) == 1
    assert caller(make.rep(), "read").get("/costs").json()["items"] == []
