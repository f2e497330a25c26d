"""XLSX files come in like CSV; hostile ones are refused by a fenced child process (B5)."""

import io
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from capture.imports.reading import FileError
from capture.imports.spreadsheets import convert
from capture.models import Import
from leads.models import Lead
from tests import factories
from tests.capture.importing import counts, imported, matched, refused, uploaded, worked_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(factories.marketer())
    return client


def book(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


HEAD: list[Any] = ["Name", "Email", "Phone", "Created at", "Employees", "Company"]
CAME = datetime(2026, 3, 4, 10, 30)  # noqa: DTZ001 — a spreadsheet knows no zone
ADA: list[Any] = ["Ada Byron", "ada@firm.example", "+49 40 555123", CAME, 240, "Firm GmbH"]
BO: list[Any] = ["Bo Lind", "bo@other.example", None, None, None, None]


def test_a_rejected_row_is_named_by_its_number_in_the_spreadsheet(mara: Client) -> None:
    two_lines = ["Cy\nDoe", "cy@third.example", None, None, None, None]
    broken = ["Di", "nobody", None, None, None, None]

    one = imported(mara, book(("People", [[], HEAD, ADA, [], [], two_lines, [], broken])), "people.xlsx")

    assert counts(one) == (2, 0, 0, 1)
    assert one.rejected_rows.get().line == 8


def test_a_spreadsheet_comes_in_like_a_csv(mara: Client) -> None:
    one = imported(mara, book(("People", [HEAD, ADA, [], BO])), "people.xlsx")

    assert (one.state, counts(one)) == ("done", (2, 0, 0, 0))
    ada = Lead.objects.get(email="ada@firm.example")
    assert (ada.phone, ada.company.employees) == ("+49 40 555123", 240)
    assert f"{ada.created_at:%Y-%m-%d %H:%M}" == "2026-03-04 10:30"
    assert not one.path.exists()
    assert not one.upload.exists()


def test_another_sheet_can_be_chosen(mara: Client) -> None:
    one = uploaded(mara, book(("Notes", [["Read me"]]), ("People", [HEAD, ADA])), "people.xlsx")
    assert one.looked["sheets"] == ["Notes", "People"]
    mara.post(f"/imports/{one.public_id}/reading/", {"sheet": "People"})
    worked_off()
    one.refresh_from_db()
    one = matched(mara, one)
    mara.post(f"/imports/{one.public_id}/start/")
    worked_off()
    one.refresh_from_db()
    assert counts(one) == (1, 0, 0, 0)


def test_a_sheet_that_cannot_be_read_leaves_the_chosen_one_as_it_was(mara: Client) -> None:
    wide = [f"Column {n}" for n in range(600)]
    one = matched(mara, uploaded(mara, book(("People", [HEAD, ADA]), ("Wide", [HEAD, wide])), "people.xlsx"))
    before, files = one.path.read_bytes(), sorted(one.path.parent.iterdir())

    mara.post(f"/imports/{one.public_id}/reading/", {"sheet": "Wide"})
    worked_off()

    page = mara.get(f"/imports/{one.public_id}/", follow=True).content.decode()
    assert "more than 500 columns" in page
    assert "It is read as before." in page
    assert (one.path.read_bytes(), sorted(one.path.parent.iterdir())) == (before, files)
    assert Import.objects.get().looked == one.looked
    mara.post(f"/imports/{one.public_id}/start/")
    worked_off()
    assert counts(Import.objects.get()) == (1, 0, 0, 0)


def test_B5_nothing_of_the_archive_is_read_in_the_web_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes(book(("People", [HEAD, ADA])))
    monkeypatch.setattr("zipfile.ZipFile", None)
    assert convert(path, tmp_path / "out.csv") == ["People"]


def test_B5_a_spreadsheet_cannot_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, into = tmp_path / "people.xlsx", tmp_path / "out.csv"
    path.write_bytes(book(("People", [["x" * 30_000]] * 20)))
    monkeypatch.setattr("capture.imports.spreadsheets.MOST_WRITTEN", 100_000, raising=False)
    with pytest.raises(FileError, match="more text than may be read"):
        convert(path, into)
    assert into.stat().st_size <= 100_000


SHEET = "xl/worksheets/sheet1.xml"
CELLS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{}</sheetData></worksheet>"
)
BOMB = '<!DOCTYPE z [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip
STRINGS = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
XXE = '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def replaced(**parts: str | bytes) -> bytes:
    """A good book with some parts replaced, by path."""
    good, made = zipfile.ZipFile(io.BytesIO(book(("A", [HEAD, ADA])))), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            held = good.read(name)
            if name == "[Content_Types].xml" and "xl/sharedStrings.xml" in parts:
                held = held.replace(b"</Types>", STRINGS + b"</Types>")
            if name not in parts:
                archive.writestr(name, held)
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def text(value: str, reference: str = "A1") -> str:
    return f'<row r="1"><c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c></row>'


def shared(content: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    head = f'<sst xmlns="{space}" count="4294967295" uniqueCount="4294967295">'
    return replaced(
        **{
            "xl/sharedStrings.xml": f"{head}{content}</sst>",
            SHEET: CELLS.format('<row><c t="s"><v>9</v></c></row>'),
        }
    )


def lying() -> bytes:
    """The directory says a part is small; it unpacks to more."""
    content = bytearray(replaced(**{SHEET: CELLS.format(text("a" * 5_000_000))}))
    size = len(CELLS.format(text("a" * 5_000_000))).to_bytes(4, "little")
    return bytes(content.replace(size, (100).to_bytes(4, "little")))


def many_sheets() -> list[str]:
    return [f"xl/worksheets/sheet{n}.xml" for n in range(2, 10_000)]


HOSTILE = {
    "far column": lambda: replaced(**{SHEET: CELLS.format(text("x", "XFD1"))}),
    "sheet of 560 MB": lambda: replaced(**{SHEET: b" " * 560_000_000}),
    "lying directory": lying,
    "entity bomb": lambda: replaced(**{SHEET: BOMB + CELLS.format(text("&j;"))}),
    "entity bomb in strings": lambda: replaced(**{"xl/sharedStrings.xml": BOMB + "<sst>&j;</sst>"}),
    "entity bomb in the book": lambda: replaced(**{"xl/workbook.xml": BOMB + "<workbook>&j;</workbook>"}),
    "outside entity": lambda: replaced(**{SHEET: XXE + CELLS.format(text("&x;"))}),
    "outside entity in types": lambda: replaced(**{"[Content_Types].xml": XXE + "<Types>&x;</Types>"}),
    "10,000 sheets": lambda: replaced(**dict.fromkeys(many_sheets(), CELLS.format(""))),
    "nested archive": lambda: replaced(**{SHEET: book(("A", [HEAD]))}),
    "deeply nested tags": lambda: replaced(**{SHEET: CELLS.format("<row>" * 200_000)}),
    "millions of strings": lambda: shared("<si><t>x</t></si>" * 6_000_000),
    "no strings": lambda: shared(""),
    "cut short": lambda: book(("A", [HEAD, ADA]))[:-200],
    "no sheet": lambda: replaced(**{SHEET: b""}),
    "not XML": lambda: replaced(**{SHEET: b"\xff\xfe\x00 nothing"}),
    "an old or locked file": lambda: b"\xd0\xcf\x11\xe0" * 500,
    "another zip": lambda: _zip("word/document.xml"),
    "empty": lambda: b"PK\x03\x04",
    "too many columns": lambda: book(("A", [[f"Column {n}" for n in range(600)]])),
}  # fmt: skip


def _zip(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize("what", HOSTILE)
def test_B5_a_hostile_spreadsheet_is_refused_and_nothing_is_kept(
    what: str, mara: Client, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(HOSTILE[what]())
    before = time.process_time()

    with pytest.raises(FileError) as reason:
        convert(path, tmp_path / "out.csv")

    assert "passwd" not in str(reason.value)
    assert "Traceback" not in str(reason.value)
    assert time.process_time() - before < 10  # of this process: the work is the child's
    if path.stat().st_size < 2_000_000:
        assert "Could not be read" in refused(mara, path.read_bytes(), "hostile.xlsx")
        assert not list((tmp_path / "imports").iterdir())


def test_B5_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "links.xlsx"
    link = '<externalLink xmlns="x"><externalBook r:id="rId1" xmlns:r="y"/></externalLink>'
    path.write_bytes(replaced(**{"xl/externalLinks/externalLink1.xml": link}))
    assert convert(path, tmp_path / "out.csv") == ["A"]
    assert "ada@firm.example" in (tmp_path / "out.csv").read_text()
