"""Turn one row of a file into what it says, by the mapping. Nothing is looked up here."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.utils import timezone

from capture import cleaning, companies, countries, submitting, values
from capture.cleaning import Refused
from capture.companies import IncomingCompany
from capture.upserting import LINES, IncomingLead
from capture.values import Cells, Columns

LONGEST_KEY = 128

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(slots=True)
class Happened:
    """An activity that a row tells of; ``at`` is None when nobody knows."""

    event_id: str
    type: str
    at: datetime | None
    properties: dict[str, Any]


@dataclass(slots=True)
class Ended:
    """How a deal stands that a row tells of: won, lost or open."""

    outcome: str
    at: datetime | None
    created_at: datetime | None
    external_id: str
    name: str
    amount: Any
    reason: str


@dataclass(slots=True)
class Prepared:
    """What one row says, checked. ``key`` is what tells it from other rows' leads."""

    line: int
    cells: list[str]
    lead: IncomingLead
    company: IncomingCompany | None = None
    consent: dict[str, bool] = field(default_factory=dict)
    activities: list[Happened] = field(default_factory=list)
    outcome: Ended | None = None
    stage: str = ""
    key: str = ""


@dataclass(slots=True)
class Rejected:
    """A row that cannot be taken, and every reason why: also one by one, with the column of each; and as much
    of the row as could be read."""

    line: int
    cells: list[str]
    reason: str
    problems: tuple[tuple[str, str], ...] = ()
    told: Prepared | None = None


class Reader:
    """A mapping made ready for one file. ``name`` is the file's, for the event ids."""

    def __init__(self, data: Mapping[str, Any], where: Columns, *, name: str) -> None:
        self.kind: str = data["kind"]
        self.stem = name
        match = data["match"]
        self._email = values.text(match["email"], where) if "email" in match else None
        self._email_name = values.name_of(match["email"]) if "email" in match else ""
        self._external_id = values.text(match["external_id"], where) if "external_id" in match else None
        self._domain = values.text(match["domain"], where) if "domain" in match else None
        self._look_alikes: bool = data.get("look_alikes", False)
        self._stage = _stage(data.get("stage"), where)
        self._created_at = values.moment(data["created_at"], where) if "created_at" in data else None
        self._lead = _lines(data.get("lead", {}), LINES, where)
        self._attributes = _json_object(data.get("lead", {}).get("attributes", {}), where)
        self._company = _company(data.get("company"), where)
        self._consent = [_consent(one, where) for one in data.get("consent", [])]
        self._activities = [_activity(one, where) for one in data.get("activities", [])]
        self._outcome = _outcome(data["outcome"], where) if "outcome" in data else None

    def read(self, line: int, cells: list[str], *, number: int) -> Prepared | Rejected:
        """Check one row; ``number`` counts the rows of the file. All its problems are said at once."""
        attempt = _Attempts(cells)
        lead = IncomingLead(
            email=attempt(self._read_email, None),
            external_id=attempt(self._read_external_id, None),
            lines={name: value for name, read in self._lead if (value := attempt(read, ""))},
            attributes=attempt(self._attributes, {}),
            created_at=attempt(self._created_at, None) if self._created_at else None,
            may_create=self.kind == "leads",
            may_look_alike=self._look_alikes,
        )
        prepared = Prepared(line, cells, lead, stage=self._stage(cells))
        prepared.company = attempt(self._company, None) if self._company else None
        for channel, consent in self._consent:
            if (granted := attempt(consent, None)) is not None:
                prepared.consent[channel] = granted
        prepared.outcome = attempt(self._outcome, None) if self._outcome else None
        key = self._key(prepared, attempt)
        prepared.key = key
        prepared.activities = attempt(lambda row: list(self._happened(row, key, number)), [])
        if attempt.problems:
            problems = tuple(dict.fromkeys(attempt.problems))
            said = " ".join(f"{where}: {what}" if where else what for where, what in problems)
            return Rejected(line, cells, said, problems, prepared)
        if self.kind != "companies":
            lead.company = prepared.company
        return prepared

    def _read_email(self, cells: Cells) -> str | None:
        found = self._email(cells) if self._email else ""
        return cleaning.email(found, field=self._email_name) if found else None

    def _read_external_id(self, cells: Cells) -> str | None:
        found = self._external_id(cells) if self._external_id else ""
        if len(found) > LONGEST_KEY:
            raise Refused("external_id", f"May have {LONGEST_KEY} characters at most.")
        return found or None

    def _key(self, prepared: Prepared, attempt: "_Attempts") -> str:
        """What the row is about, across files: the external id, else the address."""
        if self.kind == "companies":
            company = prepared.company = prepared.company or IncomingCompany()
            company.external_id = prepared.lead.external_id
            company.domain = attempt(self._read_domain, None) or company.domain
            key = company.external_id or company.domain or ""
        else:
            key = prepared.lead.external_id or prepared.lead.email or ""
            if self._look_alikes and not key:
                return self._other_key(prepared, attempt)
        if not key and not attempt.problems:
            attempt.problems.append(("", "Has nothing to match by: the columns of “match” are empty."))
        return key

    def _other_key(self, prepared: Prepared, attempt: "_Attempts") -> str:
        """Who has neither address nor id is known by phone, else by name and company."""
        lines, company = prepared.lead.lines, prepared.company
        firm = (company.domain or company.name) if company else ""
        if phone := "".join(char for char in lines.get("phone", "") if char.isdigit()):
            return f"phone:{phone}"
        if lines.get("name") and firm:
            return f"name:{lines['name'].lower()}@{firm.lower()}"
        if not attempt.problems:
            attempt.problems.append(
                ("", "Has no e-mail address, no phone number, and no name with a company.")
            )
        return ""

    def _read_domain(self, cells: Cells) -> str | None:
        found = self._domain(cells) if self._domain else ""
        return companies.domain(found, field="domain") if found else None

    def _happened(self, cells: Cells, key: str, number: int) -> Iterator[Happened]:
        for place, read in enumerate(self._activities):
            for event_id, kind, at, properties, count in read(cells):
                if event_id:
                    yield Happened(_fitting(event_id), kind, at, properties)
                    continue
                for repeat in range(count):
                    # Several rows of an activities file may be about one lead: their numbers differ.
                    row = f"{number}." if self.kind == "activities" else ""
                    own = f"{self.stem}:{key}:{row}{place}.{repeat}"
                    yield Happened(_fitting(own), kind, at, properties)


class _Attempts:
    """Reads one row part by part and keeps what is wrong with each."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.problems: list[tuple[str, str]] = []

    def __call__(self, read: Callable[[Cells], T], otherwise: T) -> T:
        try:
            return read(self.cells)
        except Refused as refusal:
            self.problems.append((refusal.field, refusal.reason))
            return otherwise


def _fitting(event_id: str) -> str:
    if len(event_id) <= LONGEST_KEY:
        return event_id
    return f"sha256:{hashlib.sha256(event_id.encode()).hexdigest()}"


def _one_line(read: values.Text, name: str, most: int) -> values.Text:
    def line(cells: Cells) -> str:
        found = cleaning.without_turns(read(cells))
        if not found:
            return ""
        if _CONTROL.search(found):
            found = _CONTROL.sub(" ", found).strip()
        if len(found) > most:
            raise Refused(name, f"May have {most} characters at most, has {len(found)}.")
        return found

    return line


def _checked(read: values.Text, check: Callable[[str], str]) -> values.Text:
    def line(cells: Cells) -> str:
        found = read(cells)
        return check(found) if found else ""

    return line


def _lines(
    part: Mapping[str, Any], names: Mapping[str, int], where: Columns
) -> list[tuple[str, values.Text]]:
    found = []
    for name, most in names.items():
        if name not in part:
            continue
        column = values.name_of(part[name])
        # A country is checked as a code, whatever its length; the message should say so.
        read = _one_line(values.text(part[name], where), column, 200 if name == "country" else most)
        if name == "country":
            spec = part[name]
            by_name = isinstance(spec, dict) and spec.get("as") == "country"
            read = _checked(read, partial(countries.code if by_name else submitting.country, field=column))
        elif name == "phone":
            read = _checked(read, partial(cleaning.phone, field=column))
        found.append((name, read))
    return found


def _stage(spec: Any, where: Columns) -> Callable[[Cells], str]:
    """The function that says where a new lead starts: "" for as a lead."""
    if not isinstance(spec, dict):
        return lambda _: spec or ""
    met = values.test(spec["mql"], where)
    return lambda cells: "mql" if met(cells) else ""


def _json_object(part: Mapping[str, Any], where: Columns) -> Callable[[Cells], dict[str, Any]]:
    """The function that reads several JSON values; nothing is left out of the object, not null."""
    readers = [(name, values.json_value(spec, where)) for name, spec in part.items()]

    def read(cells: Cells) -> dict[str, Any]:
        return {name: value for name, one in readers if (value := one(cells)) is not None}

    return read


def _company(
    part: Mapping[str, Any] | None, where: Columns
) -> Callable[[Cells], IncomingCompany | None] | None:
    if part is None:
        return None
    lines = _lines(part, companies.LINES, where)
    attributes = _json_object(part.get("attributes", {}), where)
    texts = {
        name: (values.text(part[name], where), values.name_of(part[name]))
        for name in ("external_id", "domain", "employees", "revenue")
        if name in part
    }

    def value(name: str, cells: Cells) -> tuple[str, str]:
        if name not in texts:
            return "", name
        read, column = texts[name]
        return read(cells), column

    def read(cells: Cells) -> IncomingCompany | None:
        facts: dict[str, Any] = {name: found for name, line in lines if (found := line(cells))}
        external_id, column = value("external_id", cells)
        if len(external_id) > LONGEST_KEY:
            raise Refused(column, f"May have {LONGEST_KEY} characters at most.")
        site, column = value("domain", cells)
        company = IncomingCompany(
            external_id=external_id or None,
            domain=companies.domain(site, field=column) if site else None,
            name=facts.pop("name", ""),
            facts=facts,
            attributes=attributes(cells),
        )
        staff, column = value("employees", cells)
        if staff:
            facts["employees"] = values.staff(staff, column, companies.MOST_EMPLOYEES)
        revenue, column = value("revenue", cells)
        if revenue:
            facts["revenue"] = values.amount(revenue, column, companies.MOST_REVENUE)
        known = external_id or company.domain or company.name or facts or company.attributes
        return company if known else None

    return read


def _consent(part: Mapping[str, Any], where: Columns) -> tuple[str, Callable[[Cells], bool | None]]:
    granted = values.test(part["granted"], where) if "granted" in part else None
    withdrawn = values.test(part["withdrawn"], where) if "withdrawn" in part else None

    def read(cells: Cells) -> bool | None:
        if withdrawn and withdrawn(cells):
            return False
        return True if granted and granted(cells) else None

    return part["channel"], read


#: event id ("" for a derived one), type, moment, properties, times
_Told = tuple[str, str, datetime | None, dict[str, Any], int]


def _activity(part: Mapping[str, Any], where: Columns) -> Callable[[Cells], Iterator[_Told]]:
    kind = _type(part["type"], where)
    at = values.moment(part["occurred_at"], where) if "occurred_at" in part else None
    at_name = values.name_of(part["occurred_at"]) if "occurred_at" in part else ""
    count = values.times(part.get("times", 1), where)
    properties = _json_object(part.get("properties", {}), where)
    when = values.test(part["when"], where) if "when" in part else None
    event_id = values.text(part["event_id"], where) if "event_id" in part else None

    def read(cells: Cells) -> Iterator[_Told]:
        if when and not when(cells):
            return
        key = kind(cells)
        if not key:
            return
        occurred_at = at(cells) if at else None
        if at and occurred_at is None:
            raise Refused(at_name, "Is empty, so nobody knows when it happened.")
        if occurred_at and occurred_at > timezone.now() + cleaning.FURTHEST_AHEAD:
            raise Refused(at_name, "Lies more than 24 hours in the future.")
        own = event_id(cells) if event_id else ""
        yield own, key, occurred_at, properties(cells), count(cells)

    return read


def _type(spec: Any, where: Columns) -> values.Text:
    """The function that reads an activity's type: "" for none. Raises Refused for a value nobody listed."""
    if isinstance(spec, str):
        return values.text({"constant": spec}, where)
    read = values.text(spec, where)
    if "otherwise" in spec:
        return read
    listed = {value or "" for value in spec["values"].values()} | {""}

    def checked(cells: Cells) -> str:
        found = read(cells)
        if found not in listed:
            raise Refused(spec["column"], f"“{found[:40]}” is not listed under “values”.")
        return found

    return checked


def _outcome(part: Mapping[str, Any], where: Columns) -> Callable[[Cells], Ended | None]:
    tests = [(name, values.test(part[name], where)) for name in ("won", "lost", "open") if name in part]
    texts = {
        name: values.text(part[name], where)
        for name in ("external_id", "name", "amount", "reason")
        if name in part
    }
    moments = {name: values.moment(part[name], where) for name in ("at", "created_at") if name in part}

    def read(cells: Cells) -> Ended | None:
        # Without any condition every row is a deal won.
        outcome = next((name for name, met in tests if met(cells)), "" if tests else "won")
        if not outcome:
            return None
        found = {name: text(cells) for name, text in texts.items()}
        money = found.get("amount")
        return Ended(
            outcome=outcome,
            at=moments["at"](cells) if "at" in moments else None,
            created_at=moments["created_at"](cells) if "created_at" in moments else None,
            external_id=found.get("external_id", "")[:LONGEST_KEY],
            name=found.get("name", "")[:200],
            amount=values.amount(money, values.name_of(part["amount"]), companies.MOST_AMOUNT)
            if money
            else None,
            reason=found.get("reason", "")[:120],
        )

    return read
