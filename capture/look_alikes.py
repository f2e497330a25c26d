"""Who a row is about that names neither address nor id: the lead with that phone, else with that name at that
company. Two who share a switchboard stay two: another name is another person."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Lower

from leads.models import Company, Lead
from leads.searching import Digits

from .cleaning import Refused
from .companies import IncomingCompany

if TYPE_CHECKING:
    from .upserting import IncomingLead, Person

#: A number this short is an extension, which says nothing.
FEWEST_DIGITS = 6


def digits(phone: str) -> str:
    """What numbers are compared by: "+49 170 123" → "49170123"; "" for what is too short."""
    found = "".join(char for char in phone if char.isdigit()).lstrip("0")
    return found if len(found) >= FEWEST_DIGITS else ""


def find(incoming: Sequence["IncomingLead"]) -> dict[int, Company | None]:
    """Leads that one of ``incoming`` may be about, by primary key, each with its company. 2 queries, none
    when no row asks."""
    asking = [lead for lead in incoming if lead.may_look_alike and not lead.email]
    found: dict[int, Company | None] = {}
    if numbers := {number for lead in asking if (number := digits(lead.lines.get("phone", "")))}:
        # As stored, a number may begin with zeros.
        written = {zeros + number for number in numbers for zeros in ("", "0", "00")}
        rows = Lead.objects.alias(digits=Digits("phone")).filter(digits__in=written)
        found |= {lead.pk: lead.company for lead in rows.select_related("company")}
    if named := [lead for lead in asking if lead.lines.get("name") and lead.company]:
        domains = {lead.company.domain for lead in named if lead.company and lead.company.domain}
        firms = {lead.company.name.lower() for lead in named if lead.company and lead.company.name}
        companies = Company.objects.alias(lower=Lower("name")).filter(
            Q(domain__in=domains) | Q(lower__in=firms)
        )
        rows = Lead.objects.alias(lower=Lower("name")).filter(
            company__in=companies.order_by().values("pk"),
            lower__in={lead.lines["name"].lower() for lead in named},
        )
        found |= {lead.pk: lead.company for lead in rows.select_related("company")}
    return found


class LookAlikes:
    """The people of one batch by phone, and by name and company."""

    def __init__(self) -> None:
        self.by_phone: dict[str, list[Person]] = {}
        self.by_name: dict[tuple[str, str], list[Person]] = {}

    def learn(self, people: Iterable[tuple["Person", Company | None]]) -> None:
        for person, company in people:
            if number := digits(person.lines.get("phone", "")):
                self.by_phone.setdefault(number, []).append(person)
            name = person.lines.get("name", "").lower()
            for firm in _keys(company.domain, company.name) if name and company else ():
                self.by_name.setdefault((name, firm), []).append(person)

    def of(self, lead: "IncomingLead") -> "Person | None":
        """The one that ``lead`` is about; None for somebody new. Raises Refused when it may be several."""
        name = lead.lines.get("name", "").lower()
        if number := digits(lead.lines.get("phone", "")):
            same = [
                person
                for person in self.by_phone.get(number, ())
                if not name or person.lines.get("name", "").lower() in ("", name)
            ]
            if one := _only(same, "phone", "Several leads have this number; add an e-mail address."):
                return one
        company = lead.company or IncomingCompany()
        same = [
            person
            for firm in _keys(company.domain, company.name)
            for person in self.by_name.get((name, firm), ())
            if name and not (number and digits(person.lines.get("phone", "")) not in ("", number))
        ]
        return _only(same, "name", "Several leads at that company have this name; add an e-mail address.")


def _keys(domain: str | None, name: str) -> list[str]:
    keys = [f"domain:{domain}"] if domain else []
    return [*keys, f"name:{name.lower()}"] if name else keys


def _only(people: Sequence["Person"], field: str, several: str) -> "Person | None":
    if len({id(person) for person in people}) > 1:
        raise Refused(field, several)
    return people[0] if people else None
