"""How a rule may compare a fact: the operators, the types they fit and the values they take."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from . import countries
from .fields import Field, Type


class Takes(StrEnum):
    """The shape of an operator's value."""

    NOTHING = "nothing"
    ONE = "one"
    SOME = "some"
    TEXT = "text"
    NUMBER = "number"
    PAIR = "pair"
    DATE = "date"
    DAYS = "days"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison. ``words`` is its plain sentence, with {} for the value."""

    name: str
    takes: Takes
    types: frozenset[Type]
    words: str

    @property
    def moves(self) -> bool:
        """Whether time alone may change the answer."""
        return self.takes == Takes.DAYS

    def fits(self, field: Field) -> bool:
        """Properties of an activity stay as they are, so they are not compared with today."""
        return field.type in self.types and not (field.is_property and self.moves)


_T, _N, _D, _B, _C, _W = Type.TEXT, Type.NUMBER, Type.DATE, Type.BOOLEAN, Type.COUNTRY, Type.CHOICE
_A = Type.ANY

OPERATORS: dict[str, Operator] = {
    name: Operator(name, takes, frozenset({*types, _A}), words)
    for name, takes, types, words in [
        ("eq", Takes.ONE, (_T, _N, _C, _W), "is {}"),
        ("ne", Takes.ONE, (_T, _N, _C, _W), "is known and is not {}"),
        ("in", Takes.SOME, (_T, _N, _C, _W), "is {}"),
        ("not_in", Takes.SOME, (_T, _N, _C, _W), "is known and is not {}"),
        ("gt", Takes.NUMBER, (_N,), "is over {}"),
        ("gte", Takes.NUMBER, (_N,), "is {} or more"),
        ("lt", Takes.NUMBER, (_N,), "is under {}"),
        ("lte", Takes.NUMBER, (_N,), "is {} or less"),
        ("between", Takes.PAIR, (_N,), "is {}"),
        ("contains", Takes.TEXT, (_T,), "contains {}"),
        ("starts", Takes.TEXT, (_T,), "starts with {}"),
        ("ends", Takes.TEXT, (_T,), "ends with {}"),
        ("word", Takes.TEXT, (_T,), "has the word {}"),
        ("like", Takes.TEXT, (_T,), "looks like {}"),
        ("is_numeric", Takes.NOTHING, (_T,), "is only a number"),
        ("before", Takes.DATE, (_D,), "is before {}"),
        ("after", Takes.DATE, (_D,), "is after {}"),
        ("last_days", Takes.DAYS, (_D,), "is in the last {} days"),
        ("older_days", Takes.DAYS, (_D,), "is {} days ago or longer"),
        ("next_days", Takes.DAYS, (_D,), "is in the next {} days"),
        ("in_region", Takes.REGION, (_C,), "is in {}"),
        ("not_in_region", Takes.REGION, (_C,), "is known and is not in {}"),
        ("includes", Takes.SOME, (_A,), "includes {}"),
        ("includes_all", Takes.SOME, (_A,), "includes all of {}"),
        ("is_true", Takes.NOTHING, (_B,), "is yes"),
        ("is_false", Takes.NOTHING, (_B,), "is no"),
        ("known", Takes.NOTHING, (_T, _N, _D, _B, _C, _W), "is known"),
        ("unknown", Takes.NOTHING, (_T, _N, _D, _B, _C, _W), "is unknown"),
    ]
}

MOST_VALUES = 500
LONGEST_TEXT = 200
MOST_DAYS = 36_500
MOST_WILDCARDS = 10
LARGEST_NUMBER = Decimal(10) ** 15
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")


class BadValue(ValueError):
    """A value that does not fit its operator; says what would."""


def read_value(operator: Operator, field: Field, value: Any) -> tuple[str, ...] | tuple[Decimal, ...]:
    """``value`` from JSON as the operator's tuple of texts or of numbers: countries as their codes, regions
    by their names. Raises BadValue."""
    match operator.takes:
        case Takes.NOTHING:
            return ()
        case Takes.NUMBER:
            return (_number(value),)
        case Takes.PAIR:
            if not isinstance(value, list) or len(value) != 2:
                raise BadValue("Give two numbers: [from, to].")
            low, high = _number(value[0]), _number(value[1])
            if low > high:
                raise BadValue("The first number must not be larger than the second.")
            return (low, high)
        case Takes.DATE:
            return (_day(value),)
        case Takes.TEXT:
            return _texts(operator, value if isinstance(value, list) else [value])
        case Takes.ONE:
            if isinstance(value, list):
                raise BadValue(f"“{operator.name}” takes one value; use “in” or “not_in” for several.")
            return _some([value], operator, field)
        case Takes.SOME:
            if not isinstance(value, list):
                raise BadValue("Give a list of values.")
            return _some(value, operator, field)
        case Takes.DAYS:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
                raise BadValue(f"Give a whole number of days from 1 to {MOST_DAYS:,}.")
            return (Decimal(value),)
        case Takes.REGION:
            values = value if isinstance(value, list) else [value]
            _count(values)
            return tuple(dict.fromkeys(_region(one) for one in values))


def _day(value: Any) -> str:
    if not isinstance(value, str) or not _DATE.match(value):
        raise BadValue("Give a day as YYYY-MM-DD.")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise BadValue(f"There is no day {value}.") from None
    return value


def _some(values: list[Any], operator: Operator, field: Field) -> tuple[str, ...] | tuple[Decimal, ...]:
    _count(values)
    match field.type:
        case Type.COUNTRY:
            return tuple(dict.fromkeys(_country(value) for value in values))
        case Type.CHOICE:
            return tuple(dict.fromkeys(_choice(value, field.choices) for value in values))
        case Type.NUMBER:
            return tuple(_number(value) for value in values)
    numbers = not operator.name.startswith("includes") and all(isinstance(v, int | float) for v in values)
    if field.type == Type.ANY and numbers:
        return tuple(_number(value) for value in values)
    return tuple(_text(value) for value in values)


def _country(value: Any) -> str:
    code = countries.code_of(_text(value))
    if code is None:
        raise BadValue(f"There is no country {value!r}. Give its name or its two letters, such as DE.")
    return code


def _region(value: Any) -> str:
    region = countries.region_of(_text(value))
    if region is None:
        raise BadValue(f"There is no region {value!r}. Regions: {', '.join(countries.REGIONS)}.")
    return region


def _choice(value: Any, choices: tuple[str, ...]) -> str:
    text = _text(value).strip().lower()
    if text not in choices:
        raise BadValue(f"There is no {value!r}. Give one of {', '.join(choices)}.")
    return text


def _texts(operator: Operator, values: list[Any]) -> tuple[str, ...]:
    _count(values)
    texts = tuple(_text(value) for value in values)
    for text in texts:
        if operator.name == "like" and text.count("*") > MOST_WILDCARDS:
            raise BadValue(f"Use at most {MOST_WILDCARDS} “*”.")
        if operator.name == "word" and not words_of(text):
            raise BadValue("Give a word with letters or digits.")
    return texts


def _count(values: list[Any]) -> None:
    if not 0 < len(values) <= MOST_VALUES:
        raise BadValue(f"Give 1 to {MOST_VALUES} values.")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("Give a text in quotes.")
    if not value.strip():
        raise BadValue("The text is empty; use “unknown” to ask for empty.")
    if len(value) > LONGEST_TEXT:
        raise BadValue(f"The text is longer than {LONGEST_TEXT} characters.")
    if "\x00" in value or not value.isprintable():
        raise BadValue("The text has characters that cannot be printed.")
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("Give a number, without quotes.")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= LARGEST_NUMBER:
        raise BadValue("The number is too large.")
    return number


#: What stands between words: everything printable in ASCII but letters and digits, and the usual typographic
#: dashes, quotes and spaces. The same characters, written for PostgreSQL and for Python.
BETWEEN_WORDS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f\u00a0\u00b7\u2010-\u201f\u2022\u2026\u202f]+"
)
_BETWEEN_WORDS = re.compile(BETWEEN_WORDS)


def words_of(text: str) -> str:
    """``text`` in lower case with one blank between its words, as “word” compares it."""
    return _BETWEEN_WORDS.sub(" ", lowered(text)).strip(" ")


def lowered(text: str) -> str:
    """``text`` in lower case as the database has it: letter by letter, without a special sigma at the end of
    a Greek word, and with one letter for the Turkish dotted I."""
    return "".join(letter.lower()[:1] for letter in text)
