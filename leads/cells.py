"""Cells of files that spreadsheets open: no cell of a stranger becomes a formula, and what is no text comes
back as what it was. Pure, and without Django: the fenced reader of spreadsheets loads it."""

import csv
import json
import re
from collections.abc import Iterable
from typing import Any

#: What makes a spreadsheet take a cell for a formula or break out of it, also in full width.
_BEGINS = tuple("=+-@\t\r\n\0＝＋－＠")


_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: with an apostrophe before, which they hide (B7). A number
    below zero stays one, for sums."""
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS) or text.startswith("'") else text


def plain_cell(text: str) -> str:
    """The cell that ``safe_cell`` made safe, as it was."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


class _Echo:
    """Where the csv module writes to; what it wrote it also gives back."""

    def write(self, text: str) -> str:
        return text


_WRITER = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
#: Begins a file that Excel is to read as UTF-8.
BYTE_ORDER_MARK = "\ufeff"


def as_csv(rows: Iterable[Iterable[str]]) -> str:
    """Lines of a file, every cell in quotes and safe."""
    return "".join(_WRITER.writerow([safe_cell(cell) for cell in row]) for row in rows)


def own_cell(value: Any) -> str:
    """An attribute as a cell: text as it is, what is no text as JSON, and text that would be read as JSON
    in quotes. ``of_own_cell`` reads it back."""
    if value is None:
        return ""
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether a cell with ``text`` is read as that text: an import trims cells."""
    is_line = bool(text) and text == text.strip() and text.isprintable()
    return is_line and not text.startswith('"') and of_own_cell(text) == text


def of_own_cell(cell: str) -> Any:
    """The value that ``own_cell`` wrote; any other text is itself."""
    try:
        return json.loads(cell, parse_constant=_no_number)
    except ValueError:
        return cell


def _no_number(word: str) -> Any:
    raise ValueError(word)
