"""What reports are narrowed by: segments that people kept, and what cannot be meant is said."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from handoff import long_queue
from handoff.models import SavedView
from tests import factories as make
from tests.reports import walking

pytestmark = pytest.mark.django_db
DAYS = "first=2026-05-01&last=2026-05-31"


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.force_login(mara)
    for number, country in enumerate(("DE", "DE", "AT", "FR")):
        make.lead(f"Lead {number}", country=country, at=datetime(2026, 5, 4, tzinfo=UTC))
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def total(client: Client, query: str) -> str:
    text = client.get(f"/reports/conversion/file/?{DAYS}&{query}").content.decode()
    return text.splitlines()[-1].replace('"', "").split(",")[1]


def test_S1_11_a_segment_that_somebody_kept_is_chosen_by_its_name(client: Client, mara: User) -> None:
    mine = SavedView.objects.create(owner=mara, page="leads", name="DACH", query="country=DE,AT")
    text = text_of(client, f"/reports/conversion/?{DAYS}")
    assert f'<option value="{mine.public_id}">Saved: DACH</option>' in text
    assert (total(client, ""), total(client, f"segment={mine.public_id}")) == ("4", "3")
    narrowed = text_of(client, f"/reports/conversion/?{DAYS}&segment={mine.public_id}")
    assert "Saved: DACH</b>" in narrowed
    for name in ("response", "mqls", "gaps", "sources", "deals", "speed", "sent-back", "rules", "forecast"):
        assert "Saved: DACH</b>" in text_of(client, f"/reports/{name}/?segment={mine.public_id}"), name
    behind = text_of(client, f"/reports/conversion/leads/?{DAYS}&step=leads&segment={mine.public_id}")
    assert "3 leads" in behind
    assert "Lead 3" not in behind


def test_a_segment_of_somebody_else_is_none_unless_it_is_shared(client: Client) -> None:
    other = make.user("Max Other", role="marketer")
    view = SavedView.objects.create(owner=other, page="leads", name="Own idea", query="country=DE")
    assert "Own idea" not in text_of(client, "/reports/conversion/")
    assert client.get(f"/reports/conversion/file/?segment={view.public_id}").status_code == 404
    SavedView.objects.filter(pk=view.pk).update(is_for_all=True)
    assert total(client, f"segment={view.public_id}") == "2"


@pytest.mark.parametrize("name", ["segment", "team", "rep", "version"])
def test_a_filter_that_names_nothing_is_said_and_never_passed_over(client: Client, name: str) -> None:
    for address in ("/dashboard/", "/reports/conversion/", "/reports/forecast/", "/dashboard/leads/"):
        text = text_of(client, f"{address}?{name}=nope")
        assert 'role="alert"' in text
        assert escape("there is no “nope”, so it narrows nothing.") in text
    for address in ("/reports/conversion/file/", "/dashboard/leads/file/", "/reports/deals/leads/file/"):
        assert client.get(f"{address}?{name}=nope").status_code == 404
    assert 'role="alert"' not in text_of(client, "/reports/conversion/")


def test_S1_11_of_a_segment_that_finds_nobody_every_report_and_list_says_so(
    client: Client, mara: User
) -> None:
    """Also where the statement is written by hand around what the segment asks for."""
    nobody = SavedView.objects.create(owner=mara, page="leads", name="Zebras", query="q=zebracorn")
    for address in walking.pages(f"{DAYS}&segment={nobody.public_id}"):
        page = f"{address}?segment={nobody.public_id}" if "?" not in address else address
        for figure in walking.linked(page, lambda each: text_of(client, each)):
            if "segment=" in figure.address:
                assert figure.count in (0, None), figure
                text_of(client, figure.address)


@pytest.mark.parametrize(
    ("path", "role"), [("/queue/", "rep"), ("/team/", "manager"), ("/mqls/", "marketer"), ("/leads/", "rep")]
)
def test_a_list_in_which_nobody_is_found_says_so_and_what_to_drop(
    db: None, path: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_queue, "LONG", -1)  # counted another way
    reader = Client()
    reader.force_login(make.user("Rea Reader", role, make.team()))
    page = text_of(reader, f"{path}?q=zebracorn&country=DE")
    assert "No lead matches" in page
