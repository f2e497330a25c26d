"""What the values of a mapping make of a row: text, numbers, moments and tests, as functions of its cells."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from leads.cells import of_own_cell

from .cleaning import Refused, json_object

#: An activity counted in a column happens at most so often; more counts as so many.
MOST_TIMES = 1_000
#: So many forms of a time are named in a message; the page's mapping has them all.
MOST_NAMED = 8
#: No number that anybody writes is longer, with its currency and its words; longer ones are not looked at.
LONGEST_NUMBER = 100

T = TypeVar("T")
Cells = Sequence[str]
Text = Callable[[Cells], str]
Test = Callable[[Cells], bool]
Moment = Callable[[Cells], datetime | None]
Json = Callable[[Cells], Any]

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d{1,2})?")
#: "1.234,50", "1 234,50" and "12,5", as half of Europe writes numbers; and what stands between thousands.
_COMMA_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?")
_BETWEEN_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
#: "1.234" where nothing has thousandths: people and money.
_DOTTED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_MONEY = re.compile(r"^([€$£]|[A-Z]{2,3}\b)|([€$£]|\b[A-Z]{3})$")
#: How tools write the size of a company: "51-200", "10,001+", "> 500", "ca. 50 employees". What was read once
#: is not read again in another way (``+`` after a quantifier), so that no cell takes longer than its length.
_STAFF = re.compile(
    r"(?:ca\.?|about|over|über|[>~≥])?\s*+(\d(?:[.,' \u00a0]*+\d)*+)\s*+"
    r"(?:(?:-|–|—|to|bis)\s*+\d[\d.,' \u00a0]*+|\+|or more)?\s*+(?:employees|people|staff|mitarbeiter)?",
    re.IGNORECASE,
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_YES = frozenset({"yes", "true", "1", "y", "ja", "oui", "si", "sí"})
_NO = frozenset({"no", "false", "0", "n", "nein", "non"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column stands in a row."""

    places: Mapping[str, int]
    empty: frozenset[str]
    zone: ZoneInfo

    def place(self, name: str) -> int:
        return self.places[name.strip()]


def text(spec: Any, where: Columns) -> Text:
    """The function that reads ``spec``, a value of a mapping, from a row: trimmed text, "" for nothing."""
    if isinstance(spec, str):
        spec = {"column": spec}
    read = _source(spec, where)
    if spec.get("lower"):
        read = _lowered(read)
    if "values" in spec or "otherwise" in spec:
        read = _translated(read, spec.get("values", {}), spec)
    return read


def _source(spec: Mapping[str, Any], where: Columns) -> Text:
    empty = where.empty

    def cell(place: int) -> Text:
        def read(cells: Cells) -> str:
            found = cells[place].strip()
            return "" if found.lower() in empty else found

        return read

    if "constant" in spec:
        return _always(spec["constant"])
    if "product" in spec:
        return _product([cell(where.place(name)) for name in spec["product"]], spec["product"])
    if "column" in spec:
        return cell(where.place(spec["column"]))
    parts = [cell(where.place(name)) for name in spec.get("first") or spec["join"]]
    if "first" in spec:
        return lambda cells: next((found for part in parts if (found := part(cells))), "")
    between = spec.get("with", " ")
    return lambda cells: between.join(found for part in parts if (found := part(cells)))


def _always(value: T) -> Callable[[Cells], T]:
    return lambda _: value


def _product(parts: Sequence[Text], names: Sequence[str]) -> Text:
    def read(cells: Cells) -> str:
        result = 1.0
        for part, name in zip(parts, names, strict=True):
            found = part(cells)
            result *= number(found, name) if found else 0
        return repr(result)

    return read


def _lowered(read: Text) -> Text:
    return lambda cells: read(cells).lower()


def _translated(read: Text, values: Mapping[str, str | None], spec: Mapping[str, Any]) -> Text:
    """By the exact text first, then whatever its case. What is not listed stays, or is ``otherwise``."""
    exact = {key.strip(): value or "" for key, value in values.items()}
    folded = {key.lower(): value for key, value in reversed(exact.items())}
    otherwise = spec.get("otherwise") or ""
    keeps = "otherwise" not in spec

    def translate(cells: Cells) -> str:
        found = read(cells)
        if not found:
            return exact.get("", "")
        if found in exact:
            return exact[found]
        return folded.get(found.lower(), found if keeps else otherwise)

    return translate


def number(found: str, name: str) -> float:
    """``found`` as a number: 1,234.50 and 1.234,50 are the same, 1.234 is less than two. Raises Refused
    naming the column."""
    _insist_short(found, name)
    result = float(plain) if (plain := _plain(found)) else math.nan
    if not math.isfinite(result):
        raise Refused(name, f"“{found[:40]}” is not a number.")
    return result


def _insist_short(found: str, name: str) -> None:
    if len(found) > LONGEST_NUMBER:
        raise Refused(name, f"“{found[:40]}…” is too long for a number.")


def _plain(found: str) -> str:
    """``found`` as Python reads a number, "" if it is none."""
    if _NUMBER.fullmatch(found):
        return found.replace(",", "")
    together = _BETWEEN_THOUSANDS.sub("", found)
    if _COMMA_NUMBER.fullmatch(together):
        return together.replace(".", "").replace(",", ".")
    return together.replace(",", "") if _NUMBER.fullmatch(together) else ""


def staff(found: str, name: str, most: int) -> int:
    """``found`` as how many people work somewhere, 0 to ``most``; of a range such as "51-200" the lower end,
    which is sure. Raises Refused."""
    _insist_short(found, name)
    told = _STAFF.fullmatch(found)
    return whole(told[1] if told else found, name, most)


def whole(found: str, name: str, most: int) -> int:
    """``found`` as a whole number from 0 to ``most``. Raises Refused."""
    _insist_short(found, name)
    result = number(found.replace(".", "") if _DOTTED_THOUSANDS.fullmatch(found) else found, name)
    if not (result.is_integer() and 0 <= result <= most):
        raise Refused(name, f"“{found[:40]}” is not a whole number from 0 to {most:,}.")
    return int(result)


def amount(found: str, name: str, most: Decimal) -> Decimal:
    """``found`` as money, to hundredths, with its currency or without. Raises Refused."""
    _insist_short(found, name)
    bare = _MONEY.sub("", found).strip()
    try:
        plain = bare.replace(".", "") if _DOTTED_THOUSANDS.fullmatch(bare) else _plain(bare)
        result = Decimal(plain or "NaN")
    except InvalidOperation:
        result = Decimal("NaN")
    if not (result.is_finite() and 0 <= result < most):
        raise Refused(name, f"“{found[:40]}” is not an amount.")
    return result.quantize(Decimal("0.01"))


def times(spec: Any, where: Columns) -> Callable[[Cells], int]:
    """The function that says how often an activity happened: rounded, halves up, ``MOST_TIMES`` at most."""
    if isinstance(spec, int):
        return _always(min(spec, MOST_TIMES))
    read = text(spec, where)

    def count(cells: Cells) -> int:
        found = read(cells)
        if not found:
            return 0
        result = number(found, name_of(spec))
        if result < 0:
            raise Refused(name_of(spec), f"“{found[:40]}” times is less than none.")
        return min(math.floor(result + 0.5), MOST_TIMES)

    return count


def json_value(spec: Any, where: Columns) -> Json:
    """The function that reads a value of ``attributes`` or ``properties``: None for nothing."""
    read = text(spec, where)
    kind = spec.get("as", "text") if isinstance(spec, dict) else "text"
    if isinstance(spec, dict) and "product" in spec:
        kind = "number"
    name = name_of(spec)
    formats = spec.get("formats", []) if isinstance(spec, dict) else []

    def convert(cells: Cells) -> Any:
        found = read(cells)
        if not found:
            return None
        if kind == "number":
            result = number(found, name)
            return int(result) if result.is_integer() and abs(result) < 2**53 else result
        if kind == "boolean":
            return _boolean(found, name)
        if kind == "json":
            return json_object({name: of_own_cell(found)}, field="attributes")[name]
        if kind == "list":
            return [part.strip() for part in found.split(spec.get("split", ",")) if part.strip()]
        if kind == "date":
            return _moment(found, name, formats, where.zone).isoformat()
        if kind == "weekday":
            return _WEEKDAYS[_moment(found, name, formats, where.zone).weekday()]
        return found

    return convert


def _boolean(found: str, name: str) -> bool:
    if found.lower() in _YES:
        return True
    if found.lower() in _NO:
        return False
    raise Refused(name, f"“{found[:40]}” is neither yes nor no.")


def moment(spec: Any, where: Columns) -> Moment:
    """The function that reads a time; without a zone of its own it is in the mapping's."""
    if isinstance(spec, str):
        spec = {"column": spec}
    read, name = text({"column": spec["column"]}, where), spec["column"]
    formats = spec.get("formats", [])

    def convert(cells: Cells) -> datetime | None:
        found = read(cells)
        return _moment(found, name, formats, where.zone) if found else None

    return convert


def _moment(found: str, name: str, formats: Sequence[str], zone: ZoneInfo) -> datetime:
    at: datetime | None = None
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        for pattern in formats:
            try:
                at = datetime.strptime(found, pattern)  # noqa: DTZ007 — the zone comes below
                break
            except ValueError:
                continue
    if at is None:
        raise Refused(
            name, f"“{found[:40]}” is not a time that the mapping reads. {_readable(name, formats)}"
        )
    if not 1970 <= at.year <= 9998:
        raise Refused(name, f"“{found[:40]}” lies too far from today.")
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _readable(name: str, formats: Sequence[str]) -> str:
    """Which times the mapping reads in this column, and how to add a form."""
    if len(formats) > MOST_NAMED:
        return "Write it as 2026-11-17 10:36 or 17.11.2026 10:36."
    if formats:
        return f"It names {' and '.join(formats)}, and reads ISO 8601: add this form to its “formats”."
    wanted = f'"column": {json.dumps(name, ensure_ascii=False)}, "formats": ["%d.%m.%Y %H:%M"]'
    return f"It names no format, so only ISO 8601 such as 2026-11-17T10:36 is read. Add one: {wanted}."


def test(spec: Any, where: Columns) -> Test:
    """The function that tells whether a row meets a condition, or all of several."""
    if isinstance(spec, list):
        tests = [test(one, where) for one in spec]
        return lambda cells: all(one(cells) for one in tests)
    read = text({"column": spec["column"]}, where)
    if "filled" in spec:
        wanted = bool(spec["filled"])
        return lambda cells: bool(read(cells)) == wanted
    listed = frozenset(value.strip().lower() for value in spec.get("is") or spec.get("not") or [])
    if "is" in spec:
        return lambda cells: read(cells).lower() in listed
    return lambda cells: read(cells).lower() not in listed


def name_of(spec: Any) -> str:
    """The column or columns that a value comes from, for messages."""
    if isinstance(spec, str):
        return spec
    if "column" in spec:
        return str(spec["column"])
    names = spec.get("first") or spec.get("join") or spec.get("product") or [spec.get("constant", "")]
    return " + ".join(names)
