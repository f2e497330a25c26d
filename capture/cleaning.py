"""Whether what a stranger sent can be stored exactly as it came. Pure; Refused names the field."""

import json
import math
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from leads.matching import normal_email

#: Properties of one event, or attributes of one lead, as JSON in UTF-8.
MOST_BYTES = 32 * 1024
#: Further ahead than this, the time at which something happened is a mistake.
FURTHEST_AHEAD = timedelta(hours=24)
#: Levels of lists and objects below ``properties`` or ``attributes``.
MOST_LEVELS = 8
LARGEST_WHOLE = 2**63 - 1
LONGEST_EMAIL = 254
#: Of a phone number; short codes have three.
FEWEST_DIGITS = 3

#: What broken trackers send for a person they do not know (C-41); lower-case, without quotes and spaces.
NOBODY = frozenset(
    {
        "", "0", "-1", "anonymous", "anon", "guest", "unknown", "user", "id", "email", "e-mail",
        "distinct_id", "undefined", "none", "null", "nil", "nan", "true", "false", "[object object]",
        "not_authenticated", "00000000-0000-0000-0000-000000000000",
    }
)  # fmt: skip

#: Addresses that need no second look, which is most of them; the others get the whole of Django's. A part of
#: a domain has 63 characters at most, so short ones need no count.
_PLAIN_EMAIL = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}")
PLAIN_EMAIL = 63

_encode = json.JSONEncoder(ensure_ascii=False).encode
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: They turn around whatever is written after them, ours too, and nobody sees them; phones and address books
#: add them when one copies. The marks U+200E, U+200F and U+061C stay: Hebrew and Arabic need them.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def without_turns(text: str) -> str:
    """``text`` without what turns the direction of text around."""
    return text if text.isascii() else _TURNS.sub("", text)


class Refused(Exception):
    """One item cannot be taken: ``field`` says where, ``reason`` why, as a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class OddNumber:
    """Stands for a JSON number that no database column holds: NaN, infinity, or thousands of digits."""


ODD_NUMBER = OddNumber()


def is_storable(text: str) -> bool:
    """PostgreSQL stores any text but NUL characters and lone surrogates."""
    if "\0" in text:
        return False
    return text.isascii() or not any(unicodedata.category(char) == "Cs" for char in text)


def storable(text: str) -> str:
    """``text`` without what PostgreSQL stores in no text: NUL characters and halves of surrogate pairs."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def line(value: object, *, field: str, most: int, least: int = 0) -> str:
    """``value`` as one line of text, trimmed, without what changes the direction of the text after it. None
    is "". Raises Refused on other types and on control characters, which would break a mail header or a
    table."""
    if value is None:
        text = ""
    elif isinstance(value, str):
        text = without_turns(value).strip()
    else:
        raise Refused(field, "Must be text.")
    if not (text.isascii() and text.isprintable()) and (_CONTROL.search(text) or not is_storable(text)):
        raise Refused(field, "May not hold line breaks or other control characters.")
    if len(text) > most:
        raise Refused(field, f"May have {most} characters at most, has {len(text)}.")
    if len(text) < least:
        raise Refused(field, "Is missing.")
    return text


def email(value: object, *, field: str = "email") -> str:
    """``value`` as a normal address. Raises Refused."""
    text = line(value, field=field, most=LONGEST_EMAIL, least=1)
    if len(text) <= PLAIN_EMAIL and _PLAIN_EMAIL.fullmatch(plain := text.lower()):
        return plain
    try:
        normal = normal_email(text)
    except ValueError as error:
        raise Refused(field, str(error)) from None
    domain = normal.rpartition("@")[2]
    if not domain.isascii():
        try:
            domain.encode("idna")
        except UnicodeError:  # no mail server could be asked
            raise Refused(field, f"“{domain[:80]}” is not a domain that mail can go to.") from None
    return normal


def phone(text: str, *, field: str) -> str:
    """``text`` if somebody could dial it, as it is. Raises Refused."""
    if sum(char.isdigit() for char in text) < FEWEST_DIGITS:
        raise Refused(field, f"“{text[:40]}” is not a phone number.")
    return text


def anonymous_id(value: object) -> str:
    """``value`` as a visitor's id. Raises Refused for the ids that mean nobody in particular (C-41)."""
    text = line(value, field="anonymous_id", most=128)
    if text.strip("\"'` ").lower() in NOBODY:
        raise Refused("anonymous_id", f"“{text}” names nobody; send an id that is random for each browser.")
    return text


def public_id(value: object, *, field: str) -> UUID:
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise Refused(field, "Is not the id of a lead.")


def moment(value: object, *, field: str) -> datetime:
    """``value`` as an aware moment from ISO 8601 text with a zone: "2026-11-17T10:36:00Z"."""
    if value is None or value == "":
        raise Refused(field, "Is missing.")
    if not isinstance(value, str):
        raise Refused(field, "Must be a time as text, such as 2026-11-17T10:36:00Z.")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(field, "Is not a time; write it as in 2026-11-17T10:36:00Z.") from None
    if at.utcoffset() is None:
        raise Refused(field, "Has no time zone; add Z or an offset such as +01:00.")
    if not 1970 <= at.year <= 9998:
        raise Refused(field, "Must lie between 1970 and 9998.")
    return at


def json_object(value: object, *, field: str) -> dict[str, Any]:
    """``value`` as a JSON object that can be stored exactly. None is {}. The field that Refused names is the
    path to the culprit: ``properties.items[3].price``."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(field, "Must be an object.")
    _check(value, field, 0)
    if len(_encode(value).encode()) > MOST_BYTES:
        raise Refused(field, f"May have {MOST_BYTES // 1024} kB at most.")
    return value


def _check(value: object, path: str, level: int) -> None:
    if isinstance(value, str):
        if not is_storable(value):
            raise Refused(path, "Holds a character that cannot be stored (NUL or half a surrogate pair).")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, dict):
        _check_level(path, level)
        for key, below in value.items():
            if not is_storable(key):
                raise Refused(path, "Has a name with a character that cannot be stored.")
            _check(below, f"{path}.{key[:64]}", level + 1)
    elif isinstance(value, list):
        _check_level(path, level)
        for position, below in enumerate(value):
            _check(below, f"{path}[{position}]", level + 1)
    elif isinstance(value, int):
        if abs(value) > LARGEST_WHOLE:
            raise Refused(path, "Is too large a number; send it as text.")
    elif isinstance(value, OddNumber) or (isinstance(value, float) and not math.isfinite(value)):
        raise Refused(path, "Is no number that can be stored.")


def _check_level(path: str, level: int) -> None:
    if level > MOST_LEVELS:
        raise Refused(path, f"Is nested deeper than {MOST_LEVELS} levels.")
