"""A marketer brings a file in: the steps, what they say, and what a worker makes of it."""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from capture.imports import columns, rejecting, uploading, working
from capture.models import Import, RefusedItem, RejectedRow, SavedMapping
from leads.models import Lead
from tests import factories
from tests.capture.importing import counts, imported, matched, refused, told, uploaded, worked_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(factories.marketer())
    return client


PEOPLE = (
    b"Full name,E-Mail,Job Title,Company,Mitarbeiter,Telefon,Land,Notes\n"
    b"Ada Byron,Ada@Firm.example,Head of Ops,Firm GmbH,240,+49 40 555123,Deutschland,met at fair\n"
    b"Bo Lind,not-an-address,Buyer,Other AG,12,+46 8 5551234,Sweden,\n"
    b"Cy Doe,cy@third.example,,Third Ltd,,,UK,\n"
)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_brought_in_step_by_step(mara: Client) -> None:
    one = uploaded(mara, PEOPLE)
    page = mara.get(f"/imports/{one.public_id}/columns/").content.decode()
    assert "3 rows, 8 columns" in page
    assert "Ada@Firm.example" in page

    one = matched(mara, one)
    page = mara.get(f"/imports/{one.public_id}/preview/").content.decode()
    assert "“not-an-address” is not an e-mail address." in page
    assert "1 would be rejected" in page
    assert not Lead.objects.exists()

    told(mara, one, "check")
    worked_off()
    page = mara.get(f"/imports/{one.public_id}/", follow=True).content.decode()
    assert "What the whole file would do" in page
    assert not Lead.objects.exists()

    told(mara, one, "start")
    worked_off()
    one.refresh_from_db()
    assert (one.state, counts(one)) == ("done", (2, 0, 0, 1))
    ada = Lead.objects.get(email="ada@firm.example")
    assert (ada.name, ada.title, ada.phone, ada.country) == (
        "Ada Byron",
        "Head of Ops",
        "+49 40 555123",
        "DE",
    )
    assert (ada.company.name, ada.company.employees) == ("Firm GmbH", 240)
    assert not one.path.exists()
    assert not RejectedRow.objects.filter(of_check=False).exclude(line=3).exists()
    rejected = rejected_of(mara, one)
    assert '"3","E-Mail: “not-an-address” is not an e-mail address.","Bo Lind"' in rejected
    assert "people.csv" in mara.get("/imports/").content.decode()


def rejected_of(mara: Client, one: Import) -> str:
    answer: Any = mara.get(f"/imports/{one.public_id}/rejected.csv")
    assert answer.is_async, "the server would make a list of it first"

    async def read() -> bytes:
        return b"".join([part async for part in answer])

    def read_all() -> str:
        try:
            return async_to_sync(read)().decode()
        finally:
            connections.close_all()

    # In a thread of its own: a browser test before leaves an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read_all).result()


@pytest.mark.django_db(transaction=True)
def test_B7_rejected_rows_put_right_come_in_as_they_were(mara: Client) -> None:
    one = imported(mara, b"Name,Email,Phone,Job Title\nBo Lind,bo@,+49 40 555123,=Buyer\n")
    file = rejected_of(mara, one)
    assert '"\'+49 40 555123","\'=Buyer"' in file

    again = imported(mara, file.replace("bo@", "bo@firm.example").encode())

    assert counts(again) == (1, 0, 0, 0)
    bo = Lead.objects.get()
    assert (bo.phone, bo.title) == ("+49 40 555123", "=Buyer")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(PEOPLE, mtime=0)[:10] + b"\xff" * 50, "people.csv.gz"),
        (PEOPLE.decode().encode("utf-16") + b"A", "people.csv"),
    ],
    ids=["packing", "half a character"],
)
def test_a_damaged_file_is_refused_by_its_name_and_nothing_is_kept(
    content: bytes, name: str, mara: Client, tmp_path: Path
) -> None:
    page = refused(mara, content, name)
    assert name in page
    assert "Could not be read" in page
    assert "Choose another file" in page
    assert str(tmp_path) not in page
    assert not list((tmp_path / "imports").iterdir())
    one = Import.objects.get()
    for verb in ("start", "check", "resume", "undo"):
        assert told(mara, one, verb).state == "refused"


def test_whatever_goes_wrong_with_an_upload_leaves_no_file(
    mara: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "is_spreadsheet", None)
    with pytest.raises(TypeError):
        uploaded(mara, PEOPLE)
    assert not list((tmp_path / "imports").iterdir())


def test_columns_of_an_import_that_runs_by_now_are_not_matched_anew(mara: Client) -> None:
    one = matched(mara, uploaded(mara, PEOPLE), mapping_name="People")
    kept = SavedMapping.objects.get()
    one = told(mara, one, "start")
    for path, sent in {
        "columns": {},
        "reading": {"encoding": "cp1252", "delimiter": ";"},
        "columns/saved": {"saved": kept.pk},
    }.items():
        answer = mara.post(f"/imports/{one.public_id}/{path}/", sent)
        assert answer.status_code == 409
        assert "this import is “running” by now" in answer.content.decode()
    now = Import.objects.get()
    assert (now.state, now.looked, now.mapping) == ("running", one.looked, one.mapping)


def test_an_import_that_starts_while_a_page_matches_its_columns_stays_started(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = matched(mara, uploaded(mara, PEOPLE))
    real = columns.mapping_of

    def meanwhile(*given: Any, **named: Any) -> Any:
        Import.objects.update(state="running")
        return real(*given, **named)

    monkeypatch.setattr(columns, "mapping_of", meanwhile)
    answer = mara.post(f"/imports/{one.public_id}/columns/", {})

    assert answer.status_code == 409
    now = Import.objects.get()
    assert (now.state, now.looked, now.mapping) == ("running", now.looked | one.looked, one.mapping)


def put_in(client: Client, content: bytes = PEOPLE) -> Import:
    """Uploaded, and no worker has looked."""
    file = SimpleUploadedFile("people.csv", content)
    answer = client.post("/imports/new/", {"file": file, "kind": "leads", "source": "list"})
    assert answer.status_code == 302
    return Import.objects.get(public_id=answer["Location"].split("/")[2])


def test_an_upload_is_answered_before_anybody_reads_the_file(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(uploading, "look", None)
        one = put_in(mara)
    assert one.state == "reading"
    page = mara.get(f"/imports/{one.public_id}/").content.decode()
    assert "Reading the file" in page
    assert f'hx-get="/imports/{one.public_id}/?part=progress"' in page
    assert f'href="/imports/{one.public_id}/">Load this page again' in page
    for path in ("columns", "preview"):
        assert mara.get(f"/imports/{one.public_id}/{path}/")["Location"] == f"/imports/{one.public_id}/"
    for verb in ("start", "check", "pause", "undo"):
        assert told(mara, one, verb).state == "reading"

    worked_off()
    asked = mara.get(f"/imports/{one.public_id}/?part=progress", headers={"HX-Request": "true"})
    assert asked["HX-Redirect"] == f"/imports/{one.public_id}/columns/"
    assert mara.get(f"/imports/{one.public_id}/")["Location"] == f"/imports/{one.public_id}/columns/"


def test_a_file_that_is_thrown_away_while_it_is_read_is_gone(mara: Client, tmp_path: Path) -> None:
    one = put_in(mara)
    real = uploading.look

    def meanwhile(*given: Any, **named: Any) -> None:
        real(*given, **named)
        told(mara, one, "cancel")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uploading, "look", meanwhile)
        worked_off()

    assert Import.objects.get().state == "cancelled"
    assert not list((tmp_path / "imports").iterdir())


def test_F10_a_file_that_kills_whoever_reads_it_is_parked_and_others_are_read(mara: Client) -> None:
    bad, good = put_in(mara), put_in(mara)
    for _ in range(3):
        assert working.lease() == bad  # and the worker dies
        Import.objects.filter(pk=bad.pk).update(leased_until="2020-01-01T00:00Z")
        Import.objects.filter(pk=good.pk).update(attempts=9)  # so that it is not taken in between
    Import.objects.filter(pk=good.pk).update(attempts=0)
    worked_off()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("parked", "columns")
    assert "Tried 3 times to read it." in mara.get(f"/imports/{bad.public_id}/").content.decode()

    assert told(mara, bad, "resume").state == "reading"
    worked_off()
    bad.refresh_from_db()
    assert bad.state == "columns"


def test_F10_what_kills_whoever_reads_a_file_otherwise_leaves_it_read_as_before(mara: Client) -> None:
    one = matched(mara, uploaded(mara, PEOPLE))
    mara.post(f"/imports/{one.public_id}/reading/", {"encoding": "cp1252", "delimiter": ";"})
    for _ in range(3):
        assert working.lease() is not None  # and the worker dies
        Import.objects.update(leased_until="2020-01-01T00:00Z")
    worked_off()
    now = Import.objects.get()
    assert (now.state, now.looked, now.mapping) == ("checked", one.looked, one.mapping)
    page = mara.get(f"/imports/{one.public_id}/", follow=True).content.decode()
    assert "It is read as before. Tried 3 times" in page


def test_a_file_that_somebody_waits_for_is_read_before_a_long_import_goes_on(mara: Client) -> None:
    long = matched(mara, uploaded(mara, PEOPLE))
    told(mara, long, "start")
    new = put_in(mara)
    assert working.lease() == new
    assert working.lease() == long


def test_the_same_file_again_changes_nothing(mara: Client) -> None:
    imported(mara, PEOPLE)
    assert counts(imported(mara, PEOPLE)) == (0, 0, 2, 1)


def test_a_near_miss_is_a_guess_that_somebody_confirms(mara: Client) -> None:
    one = uploaded(mara, b"Nmae,Emial\nAda,ada@firm.example\n")
    page = mara.get(f"/imports/{one.public_id}/columns/").content.decode()
    assert "“Emial” looks like “Email”." in page
    answer = mara.post(f"/imports/{one.public_id}/columns/", {})
    assert "wrong=1" in answer["Location"]
    assert "2 columns to look at" in mara.get(answer["Location"]).content.decode()

    one = matched(mara, one, **{"sure-0": "1", "sure-1": "1"})
    assert one.mapping["match"] == {"email": "Emial"}
    assert one.mapping["lead"]["name"] == "Nmae"


def test_pausing_and_going_on_lose_no_row(mara: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"Lead {n},lead{n}@firm.example\n" for n in range(2_500))
    one = matched(mara, uploaded(mara, f"Name,Email\n{rows}".encode()))
    told(mara, one, "start")

    working.work(seconds=0)
    one = told(mara, one, "pause")
    assert (one.state, one.rows) == ("paused", 1_000)
    assert not working.work()
    told(mara, one, "resume")
    worked_off()
    one.refresh_from_db()
    assert (one.state, counts(one)) == ("done", (2_500, 0, 0, 0))
    assert Lead.objects.count() == 2_500


def test_F10_a_file_that_kills_its_worker_is_parked_after_three_tries(mara: Client) -> None:

    one = matched(mara, uploaded(mara, PEOPLE))
    told(mara, one, "start")
    for _ in range(3):
        assert working.lease() is not None  # and the worker dies
        Import.objects.update(leased_until="2020-01-01T00:00Z")
    worked_off()
    one.refresh_from_db()
    assert one.state == "parked"
    page = mara.get(f"/imports/{one.public_id}/").content.decode()
    assert "Tried 3 times after row 0" in page

    told(mara, one, "resume")
    worked_off()
    one.refresh_from_db()
    assert one.state == "done"


def test_only_marketing_imports(client: Client, mara: Client) -> None:
    one = uploaded(mara, PEOPLE)
    client.force_login(factories.rep())
    for path in (
        "/imports/",
        "/imports/new/",
        f"/imports/{one.public_id}/",
        f"/imports/{one.public_id}/columns/",
    ):
        assert client.get(path).status_code == 403
    assert client.post(f"/imports/{one.public_id}/start/").status_code == 403
    assert not Import.objects.visible_to(factories.manager()).exists()


def test_what_most_rows_are_rejected_for_is_said_once(mara: Client) -> None:
    rows = "".join(f"P{n},p{n}@firm.example,Firm,many {n}\n" for n in range(1, 25))
    one = imported(mara, f"Name,Email,Company,Employees\n{rows}Q,nobody,,\n".encode(), "Contacts 2026.csv")

    page = mara.get(f"/imports/{one.public_id}/").content.decode()

    assert counts(one) == (0, 0, 0, 25)
    said = re.sub(r"<[^>]+>", " ", page.split("bads--why")[1].split("</ul>")[0])
    assert "24 rows" in said
    assert "Employees: “…” is not a number." in said
    assert "line 2" in said
    assert "e-mail address" not in said
    refused = RefusedItem.objects.get(reason__startswith="Line 2: ")
    assert (refused.field, refused.reason) == ("Employees", "Line 2: “many 1” is not a number.")
    answer = mara.get(f"/imports/{one.public_id}/rejected.csv")
    assert 'filename="contacts-2026-rejected.csv"' in answer["Content-Disposition"]


def test_L6_reasons_are_told_of_the_first_rejected_rows_and_the_page_says_of_how_many(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejecting, "MOST_LOOKED_AT", 10)
    rows = "".join(f"P{n},p{n}@firm.example,Firm,many {n}\n" for n in range(1, 25))
    one = imported(mara, f"Name,Email,Company,Employees\n{rows}".encode())

    page = mara.get(f"/imports/{one.public_id}/").content.decode()

    assert counts(one) == (0, 0, 0, 24)
    assert "<b>10 rows</b>" in page
    assert "Counted over the first 10 of 24 rejected rows." in page


@pytest.mark.parametrize(("state", "told"), [("running", False), ("undoing", False), ("paused", True)])
def test_L6_reasons_wait_until_no_worker_is_at_the_import(mara: Client, state: str, told: bool) -> None:
    rows = "".join(f"P{n},p{n}@firm.example,Firm,many {n}\n" for n in range(1, 4))
    one = imported(mara, f"Name,Email,Company,Employees\n{rows}".encode())
    Import.objects.update(state=state)

    page = mara.get(f"/imports/{one.public_id}/", {"part": "progress"}).content.decode()

    assert "Line 2" in page
    assert ("What most were rejected for" in page) is told
    assert "Counted over the first" not in page


def test_the_leads_that_a_file_made_and_changed_are_a_list_of_their_own(mara: Client) -> None:
    factories.lead("Old Hand", email="old@firm.example")
    factories.lead("Somebody Else", email="else@firm.example")
    rows = "Old Hand,old@firm.example,CFO\nNew Hand,new@firm.example,COO\nLate Hand,late@firm.example,CEO\n"
    one = imported(mara, f"Name,Email,Job Title\n{rows}".encode())
    assert (
        f'href="/imports/{one.public_id}/leads/"' in mara.get(f"/imports/{one.public_id}/").content.decode()
    )

    made = mara.get(f"/imports/{one.public_id}/leads/").content.decode()
    changed = mara.get(f"/imports/{one.public_id}/leads/?show=changed").content.decode()

    assert ("New Hand" in made, "Late Hand" in made, "Old Hand" in made) == (True, True, False)
    assert ("New Hand" in changed, "Old Hand" in changed) == (False, True)
    assert "Somebody Else" not in made + changed


def test_the_leads_of_a_file_are_marketings_business(mara: Client, client: Client) -> None:
    one = imported(mara, b"Name,Email\nAda,ada@firm.example\n")
    client.force_login(factories.rep())
    assert client.get(f"/imports/{one.public_id}/leads/").status_code == 403
