"""What somebody said about each column, as the mapping that the command line reads as well."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from capture import mapping
from capture.models import Import
from leads.exporting import LINK, OWN_FIELD
from leads.models import ActivityType

from .recognising import MANY, TARGETS, fold

#: What a cell may say instead of nothing.
EMPTY = ["N/A", "NA", "n.a.", "-", "--", "null", "none", "(blank)", "#N/A", "Select", "undefined"]
YES = ["yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "opted in", "opt-in", "subscribed", "granted"]
NO = ["no", "n", "false", "0", "nein", "non", "opted out", "opt-out", "unsubscribed", "withdrawn", "declined"]
#: What a value of a status column does, and how the page says it.
STATUSES = {
    "": "Changes nothing",
    "mql": "Starts as an MQL",
    "open": "Has an open deal",
    "won": "Won: is a customer",
    "lost": "Lost: is closed",
}
OUTCOMES = {"": "Is left out", "open": "Open", "won": "Won", "lost": "Lost"}
_TELLING = {
    "mql": {"marketingqualifiedlead", "mql"},
    "open": {"opportunity", "open"},
    "won": {"customer", "won", "closedwon", "yes", "true", "1", "kunde", "gewonnen", "cliente", "ganado"},
    "lost": {"closedlost", "lost", "no", "false", "0", "verloren", "perdido", "perdu"},
}
_LINES = ("name", "title", "phone", "city", "source", "campaign")
_FIRM = {
    "company": "name",
    "domain": "domain",
    "employees": "employees",
    "revenue": "revenue",
    "industry": "industry",
}
_SLUG = re.compile(r"[^a-z0-9]+")
LONGEST_KEY = 64

Choice = dict[str, Any]


def problems(one: Import, choices: Sequence[Choice]) -> list[tuple[int | None, str]]:
    """What keeps ``choices`` from being a mapping: (place of the column or None, a sentence)."""
    found: list[tuple[int | None, str]] = []
    counted = Counter(choice["as"] for choice in choices if choice["as"] not in MANY)
    keys = Counter(choice["key"] for choice in choices if choice["as"] == "attribute")
    for place, choice in enumerate(choices):
        target = choice["as"]
        if not choice["sure"]:
            found.append((place, "Say whether this guess is right, or choose something else."))
        elif counted[target] > 1:
            found.append(
                (place, f"{counted[target]} columns are “{TARGETS[target]}”; leave out all but one.")
            )
        elif target == "attribute" and keys[choice["key"]] > 1:
            found.append((place, "Another field has this name."))
        elif target in ("activity_at", "activity_times") and not choice["key"]:
            found.append((place, "Say which activity."))
    found += [(None, what) for what in _missing(one, set(counted))]
    return found


def _missing(one: Import, chosen: set[str]) -> Iterable[str]:
    person = {"email", "external_id"} & chosen
    if one.kind == Import.Kind.LEADS:
        named = {"name", "first_name", "last_name"} & chosen and {"company", "domain"} & chosen
        if not (person or "phone" in chosen or named):
            yield "Say what tells people apart: the e-mail address, an id, the phone, or name and company."
    elif one.kind == Import.Kind.COMPANIES:
        if not {"company", "domain", "external_id"} & chosen:
            yield "Say which column names the company."
    elif not person:
        yield "Say which column tells whose row it is: the e-mail address or an id."
    if (
        one.kind == Import.Kind.ACTIVITIES
        and "activity_type" not in chosen
        and not one.looked.get("row_type")
    ):
        yield "Say which column tells what happened, or what all rows are."


def complete(one: Import, choices: Sequence[Choice]) -> list[Choice]:
    """``choices`` with what follows from them where nobody said it: names of own fields, values of a status
    column, types of activities."""
    types = dict(ActivityType.objects.values_list("key", "label")) if _asks_types(choices) else {}
    found = []
    for choice, column in zip(choices, one.looked["columns"], strict=True):
        done = {**choice, "fold": fold(choice["column"])}
        if done["as"] == "attribute" and not done["key"]:
            done["key"] = own_name(choice["column"])
        elif done["as"] == "status":
            done["values"] = {
                value: done["values"].get(value, _status(value)) for value, _ in column["values"] or []
            }
        elif done["as"] == "activity_type":
            done["values"] = {
                value: done["values"].get(value, _type(value, types)) for value, _ in column["values"] or []
            }
        found.append(done)
    return found


def _asks_types(choices: Sequence[Choice]) -> bool:
    return any(choice["as"] == "activity_type" for choice in choices)


def types() -> list[tuple[str, str]]:
    """Every activity type, by label."""
    return list(ActivityType.objects.order_by("label").values_list("key", "label"))


def slug(heading: str) -> str:
    """A name for a field of our own: "Form name" → "form_name"."""
    return _SLUG.sub("_", heading.lower()).strip("_")[:LONGEST_KEY] or "field"


def own_name(heading: str) -> str:
    """The name of the field of our own that a column becomes; in our own files the heading says it."""
    return heading.removeprefix(OWN_FIELD) if heading.startswith(OWN_FIELD) else slug(heading)


def _status(value: str) -> str:
    return next((status for status, words in _TELLING.items() if fold(value) in words), "")


def _type(value: str, types: Mapping[str, str]) -> str:
    return next((key for key, label in types.items() if fold(value) in (fold(key), fold(label))), "")


def mapping_of(one: Import, choices: Sequence[Choice]) -> dict[str, Any]:
    """The mapping that ``choices`` describe, checked. Raises MappingError."""
    chosen = {choice["as"]: choice for choice in choices if choice["as"] not in MANY}
    column = {target: choice["column"] for target, choice in chosen.items()}
    data: dict[str, Any] = {
        "source": one.source,
        "kind": one.kind,
        "empty": [] if _is_ours(one) else EMPTY,
        "zone": one.looked.get("zone", "UTC"),
        "match": {name: column[name] for name in ("email", "external_id") if name in column},
    }
    if one.kind == Import.Kind.LEADS:
        data["look_alikes"] = True
    if "created_at" in column and one.kind == Import.Kind.LEADS:
        data["created_at"] = _moment(one, column["created_at"])
    fields = {
        choice["key"]: _own_field(choice["column"]) for choice in choices if choice["as"] == "attribute"
    }
    if one.kind == Import.Kind.LEADS:
        data |= {"lead": _lead(column, fields)}
        data |= _consent(column) | _starts(chosen)
    if firm := _company(one, column, fields):
        data["company"] = firm
    if one.kind == Import.Kind.COMPANIES:
        data.setdefault("company", {"name": {"constant": "-"}})
        data["match"] |= {"domain": column["domain"]} if "domain" in column else {}
    if activities := [*_activities(one, choices), *_rows_are(one, chosen, column, fields)]:
        data["activities"] = activities
    if outcome := _outcome(one, chosen, column):
        data["outcome"] = outcome
    return mapping.check({name: part for name, part in data.items() if part != {} or name == "match"})


def _is_ours(one: Import) -> bool:
    """Whether the file is one of our own exports: there nothing is written as "none"."""
    return any(column["name"] == LINK for column in one.looked.get("columns", []))


def _own_field(column: str) -> dict[str, Any] | str:
    return {"column": column, "as": "json"} if column.startswith(OWN_FIELD) else column


def _lead(column: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Any]:
    lead: dict[str, Any] = {name: column[name] for name in _LINES if name in column}
    if parts := [column[name] for name in ("first_name", "last_name") if name in column]:
        lead["name"] = {"join": parts}
    if "country" in column:
        lead["country"] = {"column": column["country"], "as": "country"}
    return lead | ({"attributes": dict(fields)} if fields else {})


def _company(one: Import, column: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Any]:
    if one.kind not in (Import.Kind.LEADS, Import.Kind.COMPANIES):
        return {}
    firm: dict[str, Any] = {name: column[target] for target, name in _FIRM.items() if target in column}
    if one.kind == Import.Kind.COMPANIES:
        firm |= {"city": column["city"]} if "city" in column else {}
        if "country" in column:
            firm["country"] = {"column": column["country"], "as": "country"}
        return firm | ({"attributes": dict(fields)} if fields else {})
    return firm if firm.keys() & {"name", "domain"} else {}


def _consent(column: Mapping[str, str]) -> dict[str, Any]:
    said: list[dict[str, Any]] = []
    if "consent" in column:
        granted, withdrawn = ({"column": column["consent"], "is": words} for words in (YES, NO))
        said.append({"channel": "email", "granted": granted, "withdrawn": withdrawn})
    for target, channel in (("opt_out", "email"), ("phone_opt_out", "phone")):
        if target in column:
            said.append({"channel": channel, "withdrawn": {"column": column[target], "is": YES}})
    return {"consent": said} if said else {}


def _starts(chosen: Mapping[str, Choice]) -> dict[str, Any]:
    if "status" in chosen and (values := _valued(chosen["status"], "mql")):
        return {"stage": {"mql": {"column": chosen["status"]["column"], "is": values}}}
    return {}


def _valued(choice: Choice, status: str) -> list[str]:
    return [value for value, means in choice["values"].items() if means == status]


def _outcome(one: Import, chosen: Mapping[str, Choice], column: Mapping[str, str]) -> dict[str, Any]:
    """How deals stand; what no value stands for is told by a condition that none meets."""
    outcome: dict[str, Any] = {}
    if "status" in chosen:
        said = {status: _valued(chosen["status"], status) for status in ("won", "lost", "open")}
        if not any(said.values()) and one.kind == Import.Kind.LEADS:
            return {}
        outcome = {
            status: {"column": column["status"], "is": values}
            for status, values in said.items()
            if values or status == "won"
        }
    if one.kind != Import.Kind.OUTCOMES:
        return outcome
    names = {"deal_id": "external_id", "deal_name": "name", "amount": "amount", "lost_reason": "reason"}
    outcome |= {name: column[target] for target, name in names.items() if target in column}
    if "closed_at" in column:
        outcome["at"] = _moment(one, column["closed_at"])
    if "created_at" in column:
        outcome["created_at"] = _moment(one, column["created_at"])
    return outcome


def _activities(one: Import, choices: Sequence[Choice]) -> Iterable[dict[str, Any]]:
    for choice in choices:
        name = choice["column"]
        if choice["as"] == "activity_at":
            yield {
                "type": choice["key"],
                "occurred_at": _moment(one, name),
                "when": {"column": name, "filled": True},
            }
        elif choice["as"] == "activity_times":
            yield {"type": choice["key"], "undated": True, "times": name}


def _rows_are(
    one: Import, chosen: Mapping[str, Choice], column: Mapping[str, str], fields: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """In a file of activities each row is one."""
    if one.kind != Import.Kind.ACTIVITIES:
        return
    told = chosen.get("activity_type")
    kind: Any = one.looked.get("row_type", "")
    if told is not None:
        kind = {
            "column": told["column"],
            "values": {value: key or None for value, key in told["values"].items()},
            "otherwise": None,
        }
    activity: dict[str, Any] = {"type": kind}
    activity |= (
        {"occurred_at": _moment(one, column["happened_at"])} if "happened_at" in column else {"undated": True}
    )
    activity |= {"event_id": column["event_id"]} if "event_id" in column else {}
    yield activity | ({"properties": dict(fields)} if fields else {})


_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p")
_PLAIN = (
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y/%m/%d",
    "%d.%m.%y",
)


def _moment(one: Import, column: str) -> dict[str, Any]:
    return {"column": column, "formats": formats(day_first=bool(one.looked.get("day_first")))}


def formats(*, day_first: bool) -> list[str]:
    """Every way in which tools and people write a time; which comes first in 03/04 is one answer for the
    whole file."""
    slashed = ("%d/%m/%Y", "%d/%m/%y") if day_first else ("%m/%d/%Y", "%m/%d/%y")
    return [day + time for day in (*slashed, *_PLAIN) for time in _TIMES]
