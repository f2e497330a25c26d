"""How text is compared when people look for somebody: without accents and case, phone numbers by digits."""

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from django.db import models
from django.db.models import F, Q, lookups

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Letters of their own that a keyboard elsewhere lacks; everything else is a letter with a mark.
PLAIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
#: So many digits make a phone number; fewer are part of a name or of nothing.
LEAST_DIGITS = 4
#: A word with fewer hits than this is looked up first; what else is asked for is then read row by row.
FEW = 1_000

Found = TypeVar("Found", bound="Searchable")

_REPLACED = "lower($1)"
for _letter, _plain in PLAIN.items():
    _REPLACED = f"replace({_REPLACED}, '{_letter}', '{_plain}')"
FOLDED_FUNCTION = f"""
CREATE FUNCTION leads_folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(normalize({_REPLACED}, NFD), '[\u0300-\u036f]', '', 'g')
"""
DIGITS_FUNCTION = """
CREATE FUNCTION leads_digits(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace($1, '[^0-9]', '', 'g')
"""


class Folded(models.Func):
    """A column as it is compared; the database's twin of ``fold``."""

    function = "leads_folded"
    output_field = models.TextField()


class Digits(models.Func):
    """The digits of a column."""

    function = "leads_digits"
    output_field = models.TextField()


def fold(text: str) -> str:
    """``text`` without accents and case: "Kołodziej-Größe" → "kolodziej-grosse"."""
    lowered = text.lower()
    for letter, plain in PLAIN.items():
        lowered = lowered.replace(letter, plain)
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", lowered))


def words(text: str) -> list[str]:
    """What is looked for, word by word. A phone number is one word however it is grouped. A NUL, which no
    text in the database has, parts words."""
    text = text.replace("\0", " ")
    if re.fullmatch(r"[\d\s()+/.-]+", text) and len(re.sub(r"\D", "", text)) >= LEAST_DIGITS:
        return [text]
    return text.split()[:8]


class Searchable(Protocol):
    """Rows that can be looked for by a word: with an index of everything, or one row at a time."""

    def matching(self, word: str, most: int | None = None) -> models.QuerySet[Any, Any]: ...

    def holding(self, word: str) -> Self: ...

    def filter(self, *conditions: Any, **named: Any) -> Self: ...


def narrowed(rows: Found, text: str, *, everything: Found) -> Found:
    """Those of ``rows`` that hold each word of ``text``. Looks the longest words up by index in
    ``everything``, one after the other, until one has few hits; which of those are among ``rows`` and hold
    the others is cheap to ask. Where every word is common, ``rows`` are walked in the page's own order, and
    hits come soon. At most one query for each word, each of which stops after ``FEW`` hits."""
    asked = words(text)
    for word in sorted(asked, key=len, reverse=True):
        ids = list(everything.matching(word, FEW).values_list("pk", flat=True))
        if len(ids) < FEW:
            asked.remove(word)
            rows = rows.filter(pk__in=ids)
            break
    for word in asked:
        rows = rows.holding(word)
    return rows


def holds(column: str, word: str) -> Q:
    """``column`` has ``word`` in it. Two letters within a word have no trigram, so the index would be read
    from end to end; where a word begins they have one, for then the gap before them counts."""
    return _any(Folded(F(column)), fold(word))


def holds_text(column: str, word: str) -> Q:
    """The same for a column of plain letters, such as an address, by its own index."""
    if len(word) > 2:
        return Q(**{f"{column}__icontains": word})
    begins = Q(**{f"{column}__istartswith": word})
    for gap in " -.@":
        begins |= Q(**{f"{column}__icontains": f"{gap}{word}"})
    return begins


def holds_digits(column: str, word: str) -> Q | None:
    """``column`` has the digits of ``word``; None when ``word`` is no part of a phone number. A number in
    national form is found in its international form: the zero before it is left out."""
    digits = re.sub(r"\D", "", word).removeprefix("00").removeprefix("0")
    if len(digits) < LEAST_DIGITS or not re.fullmatch(r"[\d\s()+/.-]+", word):
        return None
    return _contains(Digits(F(column)), [digits])


def _any(expression: models.Func, word: str) -> Q:
    if len(word) > 2:
        return _contains(expression, [word])
    begins = Q(_lookup("startswith", expression, word))
    return begins | _contains(expression, [f"{gap}{word}" for gap in " -."])


def _contains(expression: models.Func, parts: "Iterable[str]") -> Q:
    found = Q()
    for part in parts:
        found |= Q(_lookup("contains", expression, part))
    return found


def _lookup(name: str, expression: models.Func, value: str) -> Any:
    kind = {"contains": lookups.Contains, "startswith": lookups.StartsWith}[name]
    return kind(expression, value)
