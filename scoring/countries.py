"""Countries as rules name them: two-letter codes, from codes or names in many languages; and the regions in
which companies sell.
"""

from functools import cache

from babel import Locale
from babel.core import get_global

#: Names are read in the languages of these markets.
_LANGUAGES = (
    "en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "fi", "pl", "cs", "hu", "ro", "el", "tr",
)  # fmt: skip

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
#: Geography, not law.
_EUROPE = f"{_EU} AD AL AX BA BY CH FO GB GG GI IM IS JE LI MC MD ME MK NO RS RU SJ SM UA VA XK"
_AFRICA = (
    "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ"
    " NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"
)
_MIDDLE_EAST = "AE BH CY EG IL IQ IR JO KW LB OM PS QA SA SY TR YE"
_ASIA = (
    "AF AM AZ BD BN BT CN GE HK ID IN JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW UZ VN"
)
_OCEANIA = "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV VU WF WS"
_LATIN_AMERICA = (
    "AG AI AR AW BB BL BO BQ BR BS BZ CL CO CR CU CW DM DO EC FK GD GF GP GT GY HN HT JM KN KY LC MF MQ MS MX"
    " NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI"
)

#: Region → the codes of its countries. Geography and trade blocs as sales territories use them.
REGIONS: dict[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "Africa": _AFRICA,
        "Americas": f"US CA BM GL PM {_LATIN_AMERICA}",
        "ANZ": "AU NZ",
        "APAC": f"{_ASIA} {_OCEANIA}",
        "ASEAN": "BN ID KH LA MM MY PH SG TH VN",
        "Asia": f"{_ASIA} {_MIDDLE_EAST}",
        "Baltics": "EE LT LV",
        "Benelux": "BE LU NL",
        "CEE": "AL BA BG CZ EE HR HU LT LV ME MK PL RO RS SI SK XK",
        "DACH": "AT CH DE LI",
        "EEA": f"{_EU} IS LI NO",
        "EMEA": f"{_EUROPE} {_MIDDLE_EAST} {_AFRICA}",
        "EU": _EU,
        "Europe": _EUROPE,
        "GCC": "AE BH KW OM QA SA",
        "Iberia": "AD ES PT",
        "Latin America": _LATIN_AMERICA,
        "Middle East": _MIDDLE_EAST,
        "Nordics": "AX DK FI FO GL IS NO SE SJ",
        "North America": "CA US",
        "Oceania": _OCEANIA,
        "UK and Ireland": "GB IE",
    }.items()
}
_BY_LOWER = {name.lower(): name for name in REGIONS}


def region_of(text: str) -> str | None:
    """The region called ``text``, whatever its case; None when there is none."""
    return _BY_LOWER.get(text.strip().lower())


def code_of(text: str) -> str | None:
    """ "DE" for "de", "DEU", "Germany" or "Deutschland"; None for what names no country."""
    return _codes().get(text.strip().lower())


def name_of(code: str) -> str:
    """ "Germany"; the code itself when it is none we know."""
    return _names().get(code.upper(), code.upper())


def choices() -> list[tuple[str, str]]:
    """(code, English name) of every country, by name."""
    return sorted(_names().items(), key=lambda item: item[1])


@cache
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    return {code: territories[code] for code in sorted(territories) if _is_country(code)}


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for old, new in get_global("territory_aliases").items():
        if len(new) == 1 and _is_country(new[0]) and len(old) in (2, 3) and old.isalpha():
            codes[old.lower()] = new[0]
    for language in reversed(_LANGUAGES):  # English last, so that it wins
        territories = Locale(language).territories
        codes |= {name.lower(): code for code, name in territories.items() if _is_country(code)}
    return codes | {code.lower(): code for code in _names()}


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
