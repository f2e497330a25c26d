"""The facts a rule may ask about: an allowlist of names, each with its type and where it is stored.

``attributes.KEY`` and ``company.attributes.KEY`` reach values that a company stores beyond these; their type
is whatever was stored, so the operator decides how they are read.
"""

from dataclasses import dataclass
from enum import StrEnum

from leads.titles import DEPARTMENT_NAMES, LEVELS

_PROPERTIES = "a.properties"


class Type(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    #: A two-letter code.
    COUNTRY = "country"
    #: One of a few words that the product itself finds.
    CHOICE = "choice"
    #: Stored without a type: the operator and the value compared with decide.
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact. ``column`` is the table alias (``l`` lead, ``c`` company) and column it is read from."""

    name: str
    label: str
    type: Type
    column: str
    #: The key within a JSON column, bound as a parameter; None for plain columns.
    key: str | None = None
    #: The values there are, of a choice.
    choices: tuple[str, ...] = ()

    @property
    def is_property(self) -> bool:
        """Whether it belongs to an activity, not to the lead or its company."""
        return self.column == _PROPERTIES


FIELDS: dict[str, Field] = {
    field.name: field
    for field in [
        Field("email", "the e-mail address", Type.TEXT, "l.email"),
        Field("email_domain", "the domain of the e-mail address", Type.TEXT, "l.email"),
        Field("free_mail", "the e-mail address is from a free provider", Type.BOOLEAN, "l.email"),
        Field("throwaway_mail", "the e-mail address is a throw-away one", Type.BOOLEAN, "l.email"),
        Field("name", "the name", Type.TEXT, "l.name"),
        Field("title", "the job title", Type.TEXT, "l.title"),
        Field("seniority", "the seniority", Type.CHOICE, "l.seniority", choices=LEVELS),
        Field("department", "the department", Type.CHOICE, "l.department", choices=DEPARTMENT_NAMES),
        Field("phone", "the phone number", Type.TEXT, "l.phone"),
        Field("country", "the lead's country", Type.COUNTRY, "l.country"),
        Field("city", "the lead's city", Type.TEXT, "l.city"),
        Field("source", "the source", Type.TEXT, "l.source"),
        Field("campaign", "the campaign", Type.TEXT, "l.campaign"),
        Field("created_on", "the day the lead was added", Type.DATE, "l.created_at"),
        Field("company.name", "the company's name", Type.TEXT, "c.name"),
        Field("company.domain", "the company's domain", Type.TEXT, "c.domain"),
        Field("company.employees", "the company's staff", Type.NUMBER, "c.employees"),
        Field("company.revenue", "the company's yearly revenue", Type.NUMBER, "c.revenue"),
        Field("company.industry", "the company's industry", Type.TEXT, "c.industry"),
        Field("company.country", "the company's country", Type.COUNTRY, "c.country"),
        Field("company.city", "the company's city", Type.TEXT, "c.city"),
    ]
}

#: Prefix of a custom attribute's name → the JSON column it is read from.
ATTRIBUTES = {"company.attributes.": "c.attributes", "attributes.": "l.attributes"}
LONGEST_KEY = 100


def find(name: str) -> Field | None:
    """The field called ``name``, or None when rules may not ask about it."""
    for prefix, column in ATTRIBUTES.items():
        if name.startswith(prefix):
            key = name.removeprefix(prefix)
            if not 0 < len(key) <= LONGEST_KEY or "\x00" in key:
                return None
            whose = "the company's " if column.startswith("c.") else ""
            return Field(name, f"{whose}“{_words(key)}”", Type.ANY, column, key)
    return FIELDS.get(name)


def of_property(key: str) -> Field:
    """A property of an activity, read like a custom attribute."""
    return Field(key, f"“{_words(key)}”", Type.ANY, _PROPERTIES, key)


def _words(key: str) -> str:
    """A key as people read it: "no sales contact"."""
    return key.replace("_", " ")
