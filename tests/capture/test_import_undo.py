"""A whole import is undone: what only it made goes, what it changed goes back, the rest stays."""

import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from capture.imports import emptying, running, undoing, working
from capture.models import Import
from leads import lifecycle
from leads.models import Activity, Company, ConsentEvent, Lead, LeadExternalId, Opportunity, StageChange
from leads.stages import Stage
from tests import factories
from tests.capture.importing import imported, matched, told, uploaded, worked_off

pytestmark = pytest.mark.django_db

FILE = (
    b"ID,Email,Name,Title,Company,Employees,Status,Consent,Demo on\n"
    b"1,ada@firm.example,Ada Byron,Head of Ops,Firm GmbH,240,customer,yes,2026-03-04\n"
    b"2,bo@new.example,Bo Lind,Buyer,New AG,12,,no,2026-03-04\n"
    b"3,cy@new.example,Cy Doe,,New AG,,,,\n"
)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(factories.marketer())
    return client


def brought_in(mara: Client):
    one = uploaded(mara, FILE)
    mara.post(f"/imports/{one.public_id}/columns/", {"as-8": "activity_at", "reshape": "1"})
    one = matched(mara, one, **{"key-8": "demo_request"})
    told(mara, one, "start")
    worked_off()
    one.refresh_from_db()
    assert one.state == "done", one.trouble
    return one


def undone(mara: Client, one):
    told(mara, one, "undo")
    worked_off()
    one.refresh_from_db()
    assert one.state == "undone", one.trouble
    return mara.get(f"/imports/{one.public_id}/").content.decode()


def test_undo_takes_back_what_only_the_import_wrote(mara: Client) -> None:
    firm = factories.company("Firm GmbH", employees=100)
    ada = factories.lead("Ada B.", email="ada@firm.example", title="Manager", company=firm)
    one = brought_in(mara)
    ada.refresh_from_db()
    assert (ada.name, ada.stage) == ("Ada Byron", "customer")
    assert (Lead.objects.count(), Company.objects.count()) == (3, 2)

    page = undone(mara, one)

    ada.refresh_from_db()
    firm.refresh_from_db()
    assert (ada.name, ada.title, ada.stage, firm.employees) == ("Ada B.", "Manager", "lead", 100)
    assert list(Lead.objects.all()) == [ada]
    assert list(Company.objects.all()) == [firm]
    assert not LeadExternalId.objects.exists()
    assert not Activity.objects.counted().exists()
    assert not ConsentEvent.objects.filter(granted=True).exists()
    assert not ada.opportunities.exists()
    assert "2 leads" in page


def test_undo_leaves_what_somebody_touched_since_and_says_so(mara: Client) -> None:
    one = brought_in(mara)
    bo, cy = Lead.objects.get(email="bo@new.example"), Lead.objects.get(email="cy@new.example")
    factories.activity(bo, "pricing_page_view", timezone.now())
    Lead.objects.filter(pk=cy.pk).update(title="Owner")

    foreseen = mara.get(f"/imports/{one.public_id}/undoing/").content.decode()
    assert Lead.objects.count() == 3
    page = undone(mara, one)

    for said in (foreseen, page):
        assert "1 lead that something happened to since" in said
        assert "1 lead that somebody changed since" in said
        assert "1 withdrawal of consent" in said
    assert set(Lead.objects.values_list("email", flat=True)) == {"bo@new.example", "cy@new.example"}
    assert bo.activities.counted().count() == 1
    assert Company.objects.filter(name="New AG").exists()
    assert bo.consent_events.filter(granted=False).exists()


PEOPLE = ["ada@firm.example", "bo@new.example", "cy@new.example", "di@third.example", "ed@third.example"]
FIRMS = ["Firm GmbH", "New AG", "Third Ltd"]
STATUSES = ["", "mql", "customer", "opportunity", "closedlost"]


def brought_in_windows(mara: Client, chance: random.Random) -> Import:
    """A file in which the same people come again, with other facts, in windows of two rows each."""
    rows = "".join(
        f"{chance.choice(PEOPLE)},Name {n},{chance.choice(['Buyer', 'Head of Ops', ''])},"
        f"{chance.choice(FIRMS)},{chance.choice(['', '12', '240'])},{chance.choice(STATUSES)},"
        f"{chance.choice(['yes', 'no', ''])},2026-03-{n + 1:02d}\n"
        for n in range(chance.randrange(3, 16))
    )
    one = uploaded(mara, f"Email,Name,Title,Company,Employees,Status,Consent,Demo on\n{rows}".encode())
    mara.post(f"/imports/{one.public_id}/columns/", {"as-7": "activity_at", "reshape": "1"})
    one = matched(mara, one, **{"key-7": "demo_request"})
    told(mara, one, "start")
    worked_off()
    one.refresh_from_db()
    assert one.state == "done", one.trouble
    return one


def happens_since(chance: random.Random) -> None:
    """Somebody changes some of it, and goes on with some."""
    for lead in Lead.objects.order_by("pk"):
        what = chance.randrange(6)
        if what == 0:
            factories.activity(lead, "pricing_page_view", timezone.now())
        elif what == 1:
            Lead.objects.filter(pk=lead.pk).update(title="Owner")
        elif what == 2:
            Lead.objects.filter(pk=lead.pk).update(stage_at=timezone.now())
    for deal in Opportunity.objects.order_by("pk"):
        if chance.randrange(3) == 0:
            Opportunity.objects.filter(pk=deal.pk).update(name="Renamed")
    for firm in Company.objects.order_by("pk"):
        if chance.randrange(3) == 0:
            Company.objects.filter(pk=firm.pk).update(city="Kiel")


@pytest.mark.parametrize("seed", range(12))
def test_what_is_foreseen_of_an_undo_is_what_it_does(
    mara: Client, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(running, "WINDOW", 2)
    chance = random.Random(seed)
    firm = factories.company("Firm GmbH", employees=100)
    factories.lead("Ada B.", email="ada@firm.example", title="Manager", company=firm)
    imported(mara, b"Email,Deal ID,Outcome,Amount\nada@firm.example,D1,open,100\n", kind="outcomes")
    one = brought_in_windows(mara, chance)
    assert 1 < one.windows.count() <= undoing.FORESEEN_WINDOWS
    happens_since(chance)

    foreseen = undoing.foresee(one)
    undone(mara, one)

    assert foreseen == undoing.summed(one)


STAGES = b"Email,Name,Status\nada@firm.example,Ada,mql\nada@firm.example,Ada,customer\n"


@pytest.mark.parametrize("window", [1, 2])
@pytest.mark.parametrize("known", [True, False])
def test_undo_takes_two_steps_of_one_lead_back(
    mara: Client, monkeypatch: pytest.MonkeyPatch, window: int, known: bool
) -> None:
    """In one window and over two; one that was there stands where it stood, one that was not goes."""
    monkeypatch.setattr(running, "WINDOW", window)
    if known:
        factories.lead("Ada", email="ada@firm.example")
    one = imported(mara, STAGES)
    assert one.windows.count() == 2 // window
    assert Lead.objects.get().stage == "customer"

    foreseen = undoing.foresee(one)
    page = undone(mara, one)

    assert list(Lead.objects.values_list("stage", flat=True)) == (["lead"] if known else [])
    assert "changed since" not in page
    assert foreseen == undoing.summed(one)


def test_undo_leaves_a_stage_that_somebody_set_between_two_imports(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = factories.lead("Ada", email="ada@firm.example")
    first = imported(mara, b"Email,Status\nada@firm.example,mql\n")
    for to in (Stage.LEAD, Stage.MQL):
        ada.refresh_from_db()
        lifecycle.move(lead=ada, to=to, at=timezone.now(), cause=StageChange.Cause.PERSON)
    undone(mara, imported(mara, b"Email,Status\nada@firm.example,customer\n", source="other"))
    ada.refresh_from_db()
    assert ada.stage == "mql"

    foreseen = undoing.foresee(first)
    page = undone(mara, first)

    ada.refresh_from_db()
    assert ada.stage == "mql"
    assert "1 stage that somebody changed since" in page
    assert foreseen == undoing.summed(first)


def test_looking_what_an_undo_would_do_locks_and_writes_nothing(mara: Client) -> None:
    one = brought_in(mara)
    with CaptureQueriesContext(connection) as queries:
        page = mara.get(f"/imports/{one.public_id}/undoing/").content.decode()
    assert "3 leads" in page
    verbs = ("FOR UPDATE", "FOR NO KEY", "UPDATE ", "DELETE ", "INSERT ", "SET LOCAL", "SAVEPOINT")
    assert not [query["sql"] for query in queries if any(verb in query["sql"] for verb in verbs)]


def test_undo_twice_changes_nothing_more_and_the_file_can_come_again(mara: Client) -> None:
    one = brought_in(mara)
    undone(mara, one)
    undone(mara, one)
    assert not Lead.objects.exists()
    again = imported(mara, FILE)
    assert again.created == 3
    assert Lead.objects.get(email="ada@firm.example").stage == "customer"


def test_after_an_undo_the_file_put_right_brings_its_activities_again(mara: Client) -> None:
    rows = b"Email,Type,When,Event ID\nada@firm.example,Demo request,2026-03-04 10:00,%b\n"
    ada, long = factories.lead("Ada", email="ada@firm.example"), b"e" * 128
    wrong = imported(mara, rows % long, kind="activities")
    assert ada.activities.counted().count() == 1, wrong.mapping
    undone(mara, wrong)
    assert not ada.activities.counted().exists()

    again = imported(mara, rows.replace(b"10:00", b"16:00") % long, kind="activities")

    assert (again.created, again.activities) == (1, 1)
    assert ada.activities.counted().get().occurred_at.hour in (15, 16)
    assert ada.activities.count() == 2
    undone(mara, again)
    assert not ada.activities.counted().exists()


CLOSED = b"Email,Deal ID,Outcome,Closed At,Amount\nada@firm.example,D1,%b,%b,100\n"


def test_undo_opens_a_deal_again_that_the_file_closed_in_another_zone(mara: Client) -> None:
    Lead.objects.get_or_create(email="ada@firm.example", defaults={"name": "Ada"})
    imported(mara, CLOSED % (b"open", b""), kind="outcomes")
    deal = Opportunity.objects.get(external_id="D1")
    assert deal.is_open
    one = imported(mara, CLOSED % (b"won", b"2026-03-04T10:00:00+02:00"), kind="outcomes")
    deal.refresh_from_db()
    assert (deal.outcome, one.updated) == ("won", 1)

    page = undone(mara, one)

    deal.refresh_from_db()
    assert (deal.outcome, deal.closed_at) == ("", None)
    assert "changed since" not in page


def test_undo_leaves_an_outcome_whose_date_somebody_changed(mara: Client) -> None:
    Lead.objects.get_or_create(email="ada@firm.example", defaults={"name": "Ada"})
    imported(mara, CLOSED % (b"open", b""), kind="outcomes")
    one = imported(mara, CLOSED % (b"won", b"2026-03-04T10:00:00+02:00"), kind="outcomes")
    Opportunity.objects.update(closed_at=timezone.now())

    page = undone(mara, one)

    assert Opportunity.objects.get(external_id="D1").outcome == "won"
    assert "2 fields that somebody changed since" in page


def test_an_undo_in_trouble_at_its_first_window_goes_on_undoing(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = brought_in(mara)
    with monkeypatch.context() as broken:
        broken.setattr(undoing, "_take_back", None)
        told(mara, one, "undo")
        for _ in range(4):
            working.work()
            Import.objects.filter(leased_until__isnull=False).update(leased_until="2020-01-01T00:00Z")
    one.refresh_from_db()
    assert one.state == "parked"

    assert told(mara, one, "resume").state == "undoing"
    worked_off()
    assert not Lead.objects.exists()


def test_undo_of_many_windows_is_the_last_first(mara: Client) -> None:
    rows = [f"lead{n % 1_200}@firm.example,Name {n}" for n in range(2_200)]
    one = imported(mara, ("Email,Name\n" + "\n".join(rows)).encode())
    assert (one.created, one.updated) == (1_200, 1_000)
    undone(mara, one)
    assert not Lead.objects.exists()


def test_an_import_never_overwrites_a_withdrawal(mara: Client) -> None:
    firm = factories.company(domain="firm.example")
    ada = factories.lead("Ada", email="ada@firm.example", company=firm)
    ConsentEvent.objects.create(lead=ada, channel="email", granted=False, at=timezone.now(), source="link")
    one = imported(mara, b"Email,Consent\nada@firm.example,yes\n")
    assert one.skipped == 1
    assert not ada.consent_events.filter(granted=True).exists()


def test_p6_old_imports_forget_their_rows_and_keep_their_counts(mara: Client) -> None:
    old = imported(mara, b"Email\nada@firm.example\nnobody\n", "old.csv")
    new = imported(mara, b"Email\nbo@firm.example\nnobody\n", "new.csv")
    left = uploaded(mara, b"Email\ncy@firm.example\n", "left.csv")
    stray = left.path.with_name("0" * 32 + ".csv")
    stray.write_bytes(b"x")
    at = timezone.now() + timedelta(days=31)
    Import.objects.filter(pk=new.pk).update(finished_at=at)
    os.utime(stray, (0, 0))

    assert emptying.empty(at=at) == 2
    assert emptying.empty(at=at) == 0

    assert (old.rejected_rows.count(), old.windows.count()) == (0, 0)
    assert (new.rejected_rows.count(), new.windows.count()) == (1, 1)
    page = mara.get(f"/imports/{old.public_id}/", follow=True).content.decode()
    assert "old.csv" in page
    assert "Undo" not in page
    left.refresh_from_db()
    assert (left.state, left.path.exists(), stray.exists()) == ("cancelled", False, False)
