"""CSV files as tools write them, and broken ones: the exact rows, or a line number (B4)."""

import csv
import gzip
import io
import itertools
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.imports.reading import LONGEST_CELL, FileError, Row, find_encoding, look_at, rows
from leads.models import Lead

WANTED = ["Id", "Name", "Note"]

#: encoding → a text that it can say
ENCODINGS = {
    "utf-8": "Zoë Kowalczyk, Алексей, 東京",
    "utf-8-sig": "Zoë Kowalczyk, Алексей, 東京",
    "utf-16": "Zoë Kowalczyk, Алексей, 東京",
    "utf-16-le": "Zoë and a good deal of plain Latin text beside her",
    "utf-16-be": "Zoë and a good deal of plain Latin text beside her",
    "utf-32": "Zoë Kowalczyk, Алексей",
    "ascii": "Zoe Kowalczyk",
    "cp1252": "Zoë Müller, François Lefèvre, “naïve” façade, Ångström",
    "cp1251": "Алексей Иванов, Мария Петрова, Сергей Кузнецов, Екатерина Смирнова",
    "shift_jis": "東京都渋谷区の山田太郎さんと鈴木花子さんはお客様です",
}


def write(path: Path, content: str | bytes) -> Path:
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(raw)
    return path


def read(path: Path, **options: str) -> list[Row]:
    return list(rows(look_at(path, wanted=WANTED, **options)))


def cells(path: Path, **options: str) -> list[list[str]]:
    return [row.cells for row in read(path, **options)]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end"),
    list(itertools.product(ENCODINGS, [",", ";", "\t", "|"], ["\n", "\r\n", "\r"])),
)
def test_B4_every_encoding_delimiter_and_line_end_gives_the_same_rows(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    text = ENCODINGS[encoding]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    expected = [["1", text, 'a "quoted" word'], ["2", f"{text}{delimiter} and more", f"two{end}lines"]]
    writer.writerows([WANTED, *expected])

    path = write(tmp_path / "file.csv", out.getvalue().encode(encoding))

    assert cells(path) == expected
    assert [row.line for row in read(path)] == [2, 3]


def test_a_packed_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", gzip.compress(b"Id,Name,Note\n1,Ada,\n"))
    assert cells(path) == [["1", "Ada", ""]]


def test_notes_above_the_header_are_passed_over(tmp_path: Path) -> None:
    path = write(
        tmp_path / "file.csv", '\ufeffNotes:\r\n"Some, quoted note."\r\n\r\nId,Name,Note\r\n1,Ada,x\r\n'
    )
    assert [(row.line, row.cells) for row in read(path)] == [(5, ["1", "Ada", "x"])]


def test_blank_lines_count_for_nothing_but_line_numbers_stay_right(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", 'Id,Name,Note\n\n1,"A\nB",\n\n,,\n2,C,\n')
    assert [(row.line, row.cells[0]) for row in read(path)] == [(3, "1"), (7, "2")]


def test_trailing_commas_and_short_rows_are_read_and_long_rows_are_not(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", "Id,Name,Note,\n1,Ada,x,\n2,Bob\n3,Eve,x,,,\n4,F,x,,y\n")
    found = read(path)
    assert [row.cells[:3] for row in found[:3]] == [["1", "Ada", "x"], ["2", "Bob", ""], ["3", "Eve", "x"]]
    assert (found[3].line, found[3].problem) == (5, "Has 5 cells, the header has 4.")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('2,"Bob" B,x', "goes on after its closing quote"),
        (f"2,{'x' * (LONGEST_CELL + 1)},", "more than 131,072 characters"),
        ("2,B\0b,x", "NUL"),
        (b"2,B\xffb,x", "no text in the file's encoding"),
    ],
)
def test_a_broken_row_is_told_with_its_line_and_the_next_one_is_read(
    tmp_path: Path, line: str | bytes, problem: str
) -> None:
    raw = line.encode() if isinstance(line, str) else line
    path = write(tmp_path / "file.csv", b"Id,Name,Note\n1,Ada,\n" + raw + b"\n3,Eve,\n")
    found = read(path, encoding="utf-8")
    assert [(row.line, bool(row.problem)) for row in found] == [(2, False), (3, True), (4, False)]
    assert problem in found[1].problem


@pytest.mark.parametrize("rest", ["", "\n3,Eve,\n4,F,\n" * 5, "\n3,Eve,\n" * 30_000])
def test_a_quote_that_is_never_closed_stops_everything_with_its_line(tmp_path: Path, rest: str) -> None:
    path = write(tmp_path / "file.csv", f'Id,Name,Note\n1,Ada,\n2,"Bob,{rest}')
    with pytest.raises(FileError, match="Line 3: a quote is opened and not closed"):
        read(path)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_says_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileError, match="is empty"):
        read(write(tmp_path / "file.csv", content))


def test_a_file_that_is_not_there_or_cut_short_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read(tmp_path / "missing.csv")
    packed = gzip.compress(b"Id,Name,Note\n" + b"1,Ada,\n" * 1000)
    with pytest.raises(FileError, match="cannot be read"):
        read(write(tmp_path / "cut.csv.gz", packed[:-20]))


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no encoding “klingon”"):
        read(write(tmp_path / "file.csv", "Id,Name,Note\n"), encoding="klingon")


def test_ten_thousand_columns_are_read(tmp_path: Path) -> None:
    names = ",".join([*WANTED, *(f"c{n}" for n in range(10_000))])
    path = write(tmp_path / "file.csv", f"{names}\n1,Ada,{',' * 10_000}\n")
    assert len(cells(path)[0]) == 10_003


def test_a_late_odd_byte_still_decides_the_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", b"Id,Name,Note\n" + b"1,Ada,\n" * 60_000 + b"2,M\xfcller,\n")
    assert find_encoding(path) == "cp1252"


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
JUNK = st.sampled_from(['"', '"x', "a,b,c,d,e", "\0", "'", ";;", "\x85", '"a"b', "=1+1", ","])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12),
    junk=st.lists(st.tuples(st.integers(0, 12), JUNK), max_size=3),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@pytest.mark.django_db
def test_B4_counts_balance_on_any_file_or_it_stops_with_a_line(
    tmp_path: Path,
    table: list[list[str]],
    junk: list[tuple[int, str]],
    delimiter: str,
    end: str,
    encoding: str,
) -> None:
    Lead.objects.all().delete()
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(WANTED)
    lines = [out.getvalue()]
    for number, row in enumerate(table):
        line = io.StringIO(newline="")
        cells_written = csv.writer(line, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        cells_written.writerow([f"id-{number}", *row[1:]])
        lines.append(line.getvalue())
    for place, text in junk:
        lines.insert(min(place, len(lines) - 1) + 1, text + end)
    path = write(tmp_path / "file.csv", "".join(lines).encode(encoding))
    mapping = {"match": {"external_id": "Id"}, "lead": {"name": "Name", "attributes": {"note": "Note"}}}
    write(tmp_path / "mapping.json", json.dumps(mapping))
    said, rejects = io.StringIO(), tmp_path / "rejected.csv"
    rejects.unlink(missing_ok=True)

    try:
        call_command(
            "import_leads",
            str(path),
            "--mapping",
            str(tmp_path / "mapping.json"),
            "--rejects",
            str(rejects),
            stdout=said,
        )
    except CommandError as error:
        stopped = str(error)
        assert "Line " in stopped
        assert not Lead.objects.exists()
        return

    words = said.getvalue().splitlines()[0].split(": ", 1)[1].split()
    taken, created, updated, skipped, refused = (int(words[place]) for place in (0, 4, 7, 10, 13))
    assert taken == created + updated + skipped + refused
    assert Lead.objects.count() == created
    written = list(csv.reader(rejects.open(newline="", encoding="utf-8"))) if rejects.exists() else [[]]
    assert len(written) - 1 == refused
    if not junk:
        assert taken == len(table)
