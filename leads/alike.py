"""What two leads must share to look like one person, as the database compares it. Each is a function of the
row alone, so an index holds it and a pair is found without looking at any other."""

from django.db import models

#: Mail services that ignore what follows a plus sign; the first also ignores dots.
DOTLESS = ("gmail.com", "googlemail.com")
TAGGED = (
    "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com",
    "fastmail.com", "proton.me", "protonmail.com", "pm.me", "zoho.com", "yandex.com", "yandex.ru",
)  # fmt: skip
#: Country → its code, where national numbers begin with a zero that the international form leaves out …
ZERO_FALLS = {
    "AE": "971", "AL": "355", "AT": "43", "AU": "61", "BA": "387", "BE": "32", "BG": "359", "BR": "55",
    "CH": "41", "CN": "86", "DE": "49", "EG": "20", "FI": "358", "FR": "33", "GB": "44", "HR": "385",
    "ID": "62", "IE": "353", "IL": "972", "IN": "91", "JP": "81", "KR": "82", "LU": "352", "MK": "389",
    "MY": "60", "NL": "31", "NZ": "64", "PH": "63", "PK": "92", "RO": "40", "RS": "381", "SE": "46",
    "SI": "386", "SK": "421", "TH": "66", "TR": "90", "TW": "886", "UA": "380", "VN": "84", "ZA": "27",
}  # fmt: skip
#: … and where they are dialled as they are.
AS_DIALLED = {
    "CA": "1", "CY": "357", "CZ": "420", "DK": "45", "EE": "372", "ES": "34", "GR": "30", "HK": "852",
    "IS": "354", "IT": "39", "LV": "371", "MT": "356", "MX": "52", "NO": "47", "PL": "48", "PT": "351",
    "SG": "65", "US": "1",
}  # fmt: skip
#: A number this short is an extension, which says nothing.
FEWEST_DIGITS = 6


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _codes(codes: dict[str, str]) -> str:
    return " ".join(f"WHEN '{country}' THEN '{code}'" for country, code in codes.items())


_HOST = "split_part(lower($1), '@', 2)"
_BOX = "split_part(split_part(lower($1), '@', 1), '+', 1)"
PLAIN_EMAIL_FUNCTION = f"""
CREATE FUNCTION leads_plain_email(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN {_HOST} IN ({_listed(DOTLESS)}) THEN replace({_BOX}, '.', '') || '@{DOTLESS[0]}'
  WHEN {_HOST} IN ({_listed(TAGGED)}) THEN {_BOX} || '@' || {_HOST}
  ELSE lower($1)
END
"""
_DIGITS = r"regexp_replace(replace($1, '(0)', ''), '[^0-9]', '', 'g')"
DIALLED_FUNCTION = rf"""
CREATE FUNCTION leads_dialled(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN length({_DIGITS}) < {FEWEST_DIGITS} THEN NULL
  WHEN $1 ~ '^[^0-9]*\+' THEN {_DIGITS}
  WHEN {_DIGITS} ~ '^00' THEN substr({_DIGITS}, 3)
  WHEN {_DIGITS} ~ '^0' THEN coalesce(
    CASE $2 {_codes(ZERO_FALLS)} END || substr({_DIGITS}, 2),
    CASE $2 WHEN 'IT' THEN '39' || {_DIGITS} END,
    ltrim({_DIGITS}, '0'))
  WHEN $2 IN ('US', 'CA') AND {_DIGITS} ~ '^1[0-9]{{10}}$' THEN {_DIGITS}
  ELSE coalesce(CASE $2 {_codes(AS_DIALLED)} END || {_DIGITS}, {_DIGITS})
END
"""


class PlainEmail(models.Func):
    """An address without what its mail service ignores: "ada.l+news@googlemail.com" → "adal@gmail.com"."""

    function = "leads_plain_email"
    output_field = models.TextField()


class Dialled(models.Func):
    """The digits of a number in its international form, read as in the lead's country: "0170 1234567" in DE →
    "491701234567"; null for what is too short."""

    function = "leads_dialled"
    output_field = models.TextField()
