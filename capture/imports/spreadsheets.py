"""XLSX as CSV, made by a child process with little memory and time: the file is a stranger's program for a
parser (B5), down to the directory of the archive. The parent only waits."""

import csv
import errno
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path

from .reading import FileError

MOST_ROWS, MOST_COLUMNS = 200_000, 500
MOST_MEMORY = 512 * 1024 * 1024
#: Of work; and by the clock, since a busy machine takes longer over it and a file is not to blame.
MOST_SECONDS, MOST_WAITED = 60, 180
#: Of the CSV that is written, in bytes: a string that many cells share is written for each.
MOST_WRITTEN = 400 * 1024 * 1024
#: What the parts of the file may unpack to, each and together; and how many there may be.
MOST_PART, MOST_PARTS_TOGETHER, MOST_PARTS = 300 * 1024 * 1024, 400 * 1024 * 1024, 2_000
#: More sheets than anybody makes by hand.
MOST_SHEETS = 200
#: The child says what it refuses by this code, and why on its standard error.
REFUSED = 3
_ENDINGS = (".xlsx", ".xlsm")
#: What XLSX begins with, and what old Excel files and those with a password do.
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def is_spreadsheet(path: Path, name: str) -> bool:
    """Whether ``path``, uploaded as ``name``, is read as XLSX: by its name or its first bytes."""
    with path.open("rb") as stream:
        return stream.read(4) in _MAGIC or name.lower().endswith(_ENDINGS)


def convert(path: Path, into: Path, *, sheet: str = "") -> list[str]:
    """Write a sheet of ``path`` (the first one, or ``sheet``) as CSV, and return the names of all sheets.
    Raises FileError. Takes a minute of a processor at most, and memory of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _start(), str(path), str(into), sheet],
            capture_output=True,
            timeout=MOST_WAITED,
            env={"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileError("The spreadsheet takes too long to read. Save it as CSV and try again.") from None
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == REFUSED and said:
        raise FileError(said.splitlines()[-1][:300])
    if done.returncode:
        raise FileError("The spreadsheet is broken, or too large to be read. Save it as CSV and try again.")
    return done.stdout.decode().splitlines()


def _start() -> str:
    """The fence goes up before anything of the file or of a parser is read."""
    return f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({MOST_SECONDS}, {MOST_SECONDS}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({MOST_WRITTEN}, {MOST_WRITTEN}))
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from capture.imports.spreadsheets import child
child(*sys.argv[1:])
"""


def _look_at_parts(path: Path) -> None:
    """The directory of the archive says how large everything is, before any of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileError("This is no spreadsheet that we can read. Save it as XLSX or CSV.") from None
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileError("This is no XLSX file, whatever its name. Save it as XLSX or CSV.")
    together = sum(part.file_size for part in parts)
    if (
        len(parts) > MOST_PARTS
        or together > MOST_PARTS_TOGETHER
        or any(p.file_size > MOST_PART for p in parts)
    ):
        raise FileError("The spreadsheet unpacks to more than may be read. Save the sheet as CSV.")
    if any(part.flag_bits & 1 for part in parts):
        raise FileError("The spreadsheet is protected by a password. Save it without one.")


def child(path: str, into: str, sheet: str) -> None:
    """The work of the child: exits with ``REFUSED`` and a sentence when it cannot."""
    try:
        _look_at_parts(Path(path))
        names = _write(Path(path), Path(into), sheet)
    except FileError as error:
        sys.stderr.write(f"\n{error}\n")
        sys.exit(REFUSED)
    except MemoryError:
        sys.stderr.write("\nThe spreadsheet needs too much memory. Save the sheet as CSV.\n")
        sys.exit(REFUSED)
    except OSError as error:
        what = "is broken and cannot be read. Save it again, or as CSV."
        if error.errno == errno.EFBIG:
            what = "holds more text than may be read. Save the sheet as CSV."
        sys.stderr.write(f"\nThe spreadsheet {what}\n")
        sys.exit(REFUSED)
    except Exception:  # whatever a parser makes of it
        sys.stderr.write("\nThe spreadsheet is broken and cannot be read. Save it again, or as CSV.\n")
        sys.exit(REFUSED)
    sys.stdout.write("\n".join(names))


def _write(path: Path, into: Path, sheet: str) -> list[str]:
    import openpyxl  # only here: nothing of it runs outside the fence
    from openpyxl import DEFUSEDXML

    if not DEFUSEDXML:
        raise FileError("Spreadsheets cannot be read here: defusedxml is missing.")
    # As a stream: by its name it would be refused when it is called .csv.
    book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
    names = [each.title for each in book.worksheets][: MOST_SHEETS + 1]
    if not names:
        raise FileError("The spreadsheet has no sheet.")
    if len(names) > MOST_SHEETS:
        raise FileError(f"The spreadsheet has more than {MOST_SHEETS} sheets.")
    chosen = book[sheet] if sheet in names else book.worksheets[0]
    chosen.reset_dimensions()  # what the file claims may be a million columns
    written = blank = 0
    with into.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for number, row in enumerate(chosen.iter_rows(values_only=True), 1):
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > MOST_COLUMNS:
                raise FileError(f"Row {number} has more than {MOST_COLUMNS} columns.")
            if not cells:
                blank += 1
                continue
            written += 1
            if written > MOST_ROWS + 1:
                raise FileError(f"A spreadsheet may have {MOST_ROWS:,} rows. Save the sheet as CSV.")
            # Each row keeps the number it has in the spreadsheet, where people look for it.
            writer.writerows([] for _ in range(blank))
            writer.writerow(cells)
            blank = 0
    return names


def _text(value: object) -> str:
    """A cell as a person reads it; a date as ISO 8601, a whole number without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).replace("\0", "")
