"""Countries as people write them in spreadsheets: "Germany", "Deutschland", "UK", "DE"."""

from functools import cache

from babel import Locale
from babel.core import get_global

from .cleaning import Refused

#: Names are read in these languages.
_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "tr")
_SHORT = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US", "united states of america": "US", "america": "US", "uae": "AE", "holland": "NL",
    "czech republic": "CZ", "korea": "KR", "south korea": "KR", "russian federation": "RU", "viet nam": "VN",
    "türkiye": "TR", "ivory coast": "CI", "brd": "DE",
}  # fmt: skip


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "UN", "ZZ", "XA", "XB", "EZ"):
                names.setdefault(name.lower(), code)
    return {**names, **_SHORT}


@cache
def _codes() -> frozenset[str]:
    return frozenset(_names().values())


@cache
def _threes() -> dict[str, str]:
    """DEU → DE."""
    aliases = get_global("territory_aliases")
    return {old: new[0] for old, new in aliases.items() if len(old) == 3 and old.isalpha() and len(new) == 1}


def code(text: str, *, field: str) -> str:
    """The two-letter code of the country that ``text`` names, by code or by name. Raises Refused."""
    plain = " ".join(text.split())
    upper = plain.upper() if plain.isascii() else ""
    if upper in _codes():
        return upper
    if found := _names().get(plain.lower()) or _threes().get(upper):
        return found
    raise Refused(
        field, f"“{text[:40]}” is no country that we know; write its code of two letters, such as DE."
    )
