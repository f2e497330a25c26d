"""Find or make the companies that leads are said to work for, and bring them up to date."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models.functions import Lower
from django.utils import timezone

from leads.models import Company, CompanyExternalId

from .cleaning import Refused
from .employers import called
from .journal import Journal, differences, digest

#: One-line facts of a company and how long each may be.
LINES = {"name": 200, "industry": 120, "country": 2, "city": 120}
FACTS = (*LINES, "domain", "employees", "revenue", "attributes")
MOST_EMPLOYEES = 2**31 - 1
MOST_REVENUE = Decimal(10) ** 14
#: Of one deal.
MOST_AMOUNT = Decimal(10) ** 12

_DOMAIN = re.compile(r"(?=.{4,253}$)([\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}", re.UNICODE)


@dataclass(slots=True)
class IncomingCompany:
    """What a sender says about one company, checked. One of the first three says which company."""

    external_id: str | None = None
    domain: str | None = None
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Firm:
    """A company as it stands while a batch is worked through; ``made`` by this batch."""

    row: Company
    made: bool = False

    @property
    def pk(self) -> int:
        return self.row.pk


@dataclass(frozen=True, slots=True)
class Answer:
    """The company of one row, and whether that row made it, changed it or neither."""

    firm: Firm
    made: bool
    changed: bool


def domain(text: str, *, field: str) -> str:
    """``text``, an address of a site perhaps, as a bare domain in lower case. Raises Refused."""
    found = text.strip().lower()
    found = found.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0].removeprefix("www.").rstrip(".")
    if not _DOMAIN.fullmatch(found):
        raise Refused(field, f"“{text.strip()[:80]}” is not a domain.")
    return found


class Firms:
    """The companies of one batch, by external id, domain and lower-case name. ``known`` loads those there
    are, ``take`` works through the rows in memory, ``write`` writes: 7 queries at most."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.by_external_id: dict[str, Firm] = {}
        self.by_domain: dict[str, Firm] = {}
        self.by_name: dict[str, Firm] = {}
        self.made: list[Firm] = []
        self.changed: dict[int, Firm] = {}
        self.linked: list[tuple[str, Firm]] = []
        self.originals: dict[int, dict[str, Any]] = {}

    @classmethod
    def known(cls, *, incoming: Sequence[IncomingCompany], source: str) -> "Firms":
        """Those of the batch that are in the database, locked in id order against edits meanwhile."""
        firms = cls(source)
        if not incoming:
            return firms
        external_ids = {company.external_id for company in incoming if company.external_id}
        domains = {company.domain for company in incoming if company.domain}
        names = {company.name.lower() for company in incoming if company.name and not company.external_id}
        links = dict(
            CompanyExternalId.objects.filter(source=source, external_id__in=external_ids).values_list(
                "external_id", "company_id"
            )
        ) if external_ids else {}  # fmt: skip
        by_domain = (
            dict(Company.objects.filter(domain__in=domains).values_list("domain", "pk")) if domains else {}
        )
        by_name: dict[str, int] = {}
        if names:
            found = Company.objects.annotate(lower=Lower("name")).filter(lower__in=names).order_by("-pk")
            by_name = dict(found.values_list("lower", "pk"))  # the oldest wins
        wanted = {*links.values(), *by_domain.values(), *by_name.values()}
        rows = {
            row.pk: Firm(row)
            for row in Company.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
        } if wanted else {}  # fmt: skip
        firms.originals = {pk: facts_of(firm.row) for pk, firm in rows.items()}
        firms.by_external_id = {key: rows[pk] for key, pk in links.items() if pk in rows}
        firms.by_domain = {key: rows[pk] for key, pk in by_domain.items() if key and pk in rows}
        firms.by_name = {key: rows[pk] for key, pk in by_name.items() if pk in rows}
        return firms

    def take(self, company: IncomingCompany) -> Answer:
        """The company: by external id, by domain, else the oldest of that name, unless a domain says that
        it is another one; made when unknown. Empty values never overwrite. Raises Refused."""
        by_id = self.by_external_id.get(company.external_id) if company.external_id else None
        by_domain = self.by_domain.get(company.domain) if company.domain else None
        if by_id is not None and by_domain is not None and by_id is not by_domain:
            raise Refused("company.domain", "Belongs to another company than the external id.")
        firm = by_id or by_domain or self._namesake(company)
        if firm is None:
            return Answer(self._make(company), made=True, changed=True)
        return Answer(firm, made=False, changed=self._bring_up_to_date(company, firm))

    def _namesake(self, company: IncomingCompany) -> Firm | None:
        """The company of the same name, unless an id or another domain says it is a different one."""
        if company.external_id or not company.name:
            return None
        firm = self.by_name.get(company.name.lower())
        if firm is not None and company.domain and firm.row.domain not in (None, company.domain):
            return None
        return firm

    def _make(self, company: IncomingCompany) -> Firm:
        row = Company(
            name=company.name or called(company.domain or ""),
            domain=company.domain,
            attributes=dict(company.attributes),
            **company.facts,
        )
        firm = Firm(row, made=True)
        self.made.append(firm)
        self._remember(company, firm)
        return firm

    def _bring_up_to_date(self, company: IncomingCompany, firm: Firm) -> bool:
        row, changed = firm.row, False
        if company.external_id and company.external_id not in self.by_external_id:
            changed = True
        if company.domain and row.domain is None:
            row.domain, changed = company.domain, True
        for name, value in {"name": company.name, **company.facts}.items():
            if value not in (None, "") and getattr(row, name) != value:
                setattr(row, name, value)
                changed = True
        for name, value in company.attributes.items():
            if value not in (None, "") and row.attributes.get(name) != value:
                row.attributes[name] = value
                changed = True
        self._remember(company, firm)
        if changed and not firm.made:
            self.changed[row.pk] = firm
        return changed

    def _remember(self, company: IncomingCompany, firm: Firm) -> None:
        if company.external_id and company.external_id not in self.by_external_id:
            self.by_external_id[company.external_id] = firm
            self.linked.append((company.external_id, firm))
        if company.domain:
            self.by_domain[company.domain] = firm
        if company.name:
            self.by_name.setdefault(company.name.lower(), firm)

    def write(self, journal: Journal | None = None) -> None:
        if self.made:
            Company.objects.bulk_create([firm.row for firm in self.made])
        if self.changed:
            rows = [self.changed[pk].row for pk in sorted(self.changed)]
            now = timezone.now()
            for row in rows:
                row.updated_at = now
            Company.objects.bulk_update(rows, [*FACTS, "updated_at"], batch_size=500)
        if self.linked:
            CompanyExternalId.objects.bulk_create(
                [
                    CompanyExternalId(company=firm.row, source=self.source, external_id=external_id)
                    for external_id, firm in self.linked
                ]
            )
        if journal:
            journal.companies += [(firm.pk, digest(facts_of(firm.row))) for firm in self.made]
            journal.company_changes += [
                (pk, changes)
                for pk, firm in self.changed.items()
                if (changes := differences(self.originals[pk], facts_of(firm.row)))
            ]
            journal.company_links += [external_id for external_id, _ in self.linked]


def facts_of(row: Company) -> dict[str, Any]:
    """What an update may change, flat and as JSON: attributes by "attributes.<name>"."""
    values = {name: getattr(row, name) for name in FACTS if name != "attributes"}
    return {
        **{name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()},
        **{f"attributes.{name}": value for name, value in row.attributes.items()},
    }
