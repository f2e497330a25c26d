"""Make leads and companies, or bring them up to date: one verb for the API and for imports.

What is known already is kept: an empty value never overwrites, attributes are merged name by name. Rows are
taken in order, as if each came alone, so a second row about the same person updates what the first one made;
the database is asked a constant number of times all the same.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from leads.matching import holders
from leads.models import Lead, LeadExternalId

from . import employers, look_alikes, phones
from .cleaning import Refused
from .companies import Firm, Firms, IncomingCompany
from .journal import Journal, differences, digest
from .look_alikes import LookAlikes

#: One-line facts of a lead and how long each may be.
LINES = {"name": 200, "title": 200, "phone": 40, "country": 2, "city": 120, "source": 64, "campaign": 120}

Became = Literal["created", "updated", "skipped"]


@dataclass(slots=True)
class IncomingLead:
    """What a sender says about one lead, checked. Without ``may_create`` it must be known already. With
    ``may_look_alike`` and neither address nor id, the lead with that phone or that name and company is meant,
    if there is exactly one."""

    email: str | None = None
    external_id: str | None = None
    lines: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    company: IncomingCompany | None = None
    created_at: datetime | None = None
    may_create: bool = True
    may_look_alike: bool = False


@dataclass(slots=True)
class Person:
    """A lead as it stands while a batch is worked through; ``pk`` is None until it is written."""

    pk: int | None
    public_id: uuid.UUID
    email: str | None
    lines: dict[str, str]
    attributes: dict[str, Any]
    company_id: int | None
    created_at: datetime
    stage: str
    firm: Firm | None = None

    @property
    def id(self) -> int:
        if self.pk is None:
            raise RuntimeError("The lead is not written yet.")
        return self.pk


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one incoming lead."""

    person: Person
    became: Became


def upsert(
    *, incoming: Sequence[IncomingLead], source: str, at: datetime, journal: Journal | None = None
) -> list[Upserted | Refused]:
    """Work through ``incoming`` in order; the answers are in the same order. ``source`` owns the external ids
    and is the origin of leads that name none. Refuses an external id and an address that belong to two
    different leads (C-40), and unknown leads that may not be made; a refused row changes nothing. Call it in
    a transaction, and again when someone else made the same lead meanwhile (IntegrityError). ``journal`` is
    told what was written. Who has no company gets that of their address. 14 queries at most."""
    named = [lead.company or _employer(lead.email) for lead in incoming]
    firms = Firms.known(incoming=[company for company in named if company], source=source)
    people = _People.known(incoming, source)
    answers: list[Upserted | Refused] = []
    for lead in incoming:
        try:
            answers.append(people.take(lead, firms, at))
        except Refused as refusal:
            answers.append(refusal)
    firms.write(journal)
    people.write(journal)
    return answers


class _People:
    """The leads of one batch, by address and by external id."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.by_email: dict[str, Person] = {}
        self.by_external_id: dict[str, Person] = {}
        self.made: list[Person] = []
        self.changed: dict[int, Person] = {}
        self.linked: list[tuple[str, Person]] = []
        self.alike = LookAlikes()
        self.originals: dict[int, dict[str, Any]] = {}

    @classmethod
    def known(cls, incoming: Sequence[IncomingLead], source: str) -> "_People":
        """Those of the batch that are in the database, locked in id order against edits meanwhile."""
        people = cls(source)
        emails = {lead.email for lead in incoming if lead.email}
        external_ids = {lead.external_id for lead in incoming if lead.external_id}
        pks = holders(emails=emails).of if emails else {}
        links = _links(external_ids, source) if external_ids else {}
        alike = look_alikes.find(incoming)
        wanted = {*pks.values(), *links.values(), *alike}
        if not wanted:
            return people
        persons = {
            lead.pk: person_of(lead)
            for lead in Lead.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=wanted)
            .order_by("pk")
        }
        people.originals = {pk: facts_of(person) for pk, person in persons.items()}
        people.alike.learn([(persons[pk], firm) for pk, firm in alike.items() if pk in persons])
        people.by_email = {email: persons[pk] for email, pk in pks.items() if pk in persons}
        people.by_external_id = {key: persons[pk] for key, pk in links.items() if pk in persons}
        return people

    def take(self, lead: IncomingLead, firms: Firms, at: datetime) -> Upserted:
        """Everything that can be refused is refused before anything is changed."""
        person = self._find(lead)
        if person is None and not lead.may_create:
            raise Refused("", "There is no such lead.")
        company = lead.company
        if company is None and (person is None or (person.company_id is None and person.firm is None)):
            company = _employer(lead.email)
        answer = firms.take(company) if company else None
        firm = answer.firm if answer else None
        if person is None:
            return Upserted(self._make(lead, firm, at), "created")
        changed = self._link(lead, person) | self._bring_up_to_date(lead, person, firm)
        return Upserted(person, "updated" if changed or (answer and answer.changed) else "skipped")

    def _find(self, lead: IncomingLead) -> Person | None:
        by_email = self.by_email.get(lead.email) if lead.email else None
        by_id = self.by_external_id.get(lead.external_id) if lead.external_id else None
        if by_email is not None and by_id is not None and by_email is not by_id:
            raise Refused("email", "Belongs to another lead than the external id.")
        if by_id is not None and by_email is None and lead.email and by_id.email is not None:
            raise Refused("email", "The lead with this external id has another address.")
        if lead.may_look_alike and not lead.email and by_id is None:
            return self.alike.of(lead)
        return by_id or by_email

    def _make(self, lead: IncomingLead, firm: Firm | None, at: datetime) -> Person:
        created_at = min(lead.created_at or at, at)
        lines = {"source": self.source, **lead.lines}
        person = Person(
            pk=None,
            public_id=uuid.uuid4(),
            email=lead.email,
            lines=lines | _phone(lines, lines.get("country", "")),
            attributes=dict(lead.attributes),
            company_id=None,
            firm=firm,
            created_at=created_at,
            stage="lead",
        )
        self.made.append(person)
        if lead.may_look_alike:
            self.alike.learn([(person, firm.row if firm else None)])
        if lead.email:
            self.by_email[lead.email] = person
        if lead.external_id:
            self.by_external_id[lead.external_id] = person
            self.linked.append((lead.external_id, person))
        return person

    def _link(self, lead: IncomingLead, person: Person) -> bool:
        """Add the id or the address that the person did not have (C-40)."""
        linked = False
        if lead.external_id and lead.external_id not in self.by_external_id:
            self.by_external_id[lead.external_id] = person
            self.linked.append((lead.external_id, person))
            linked = True
        if lead.email and lead.email not in self.by_email:
            self.by_email[lead.email] = person
            person.email = lead.email
            self._touch(person)
            linked = True
        return linked

    def _bring_up_to_date(self, lead: IncomingLead, person: Person, firm: Firm | None) -> bool:
        lines = lead.lines | _phone(lead.lines, lead.lines.get("country") or person.lines.get("country", ""))
        new_lines = {
            name: value
            for name, value in lines.items()
            if value
            and person.lines.get(name, "") != value
            # where somebody came from first does not change when they come again
            and not (name == "source" and person.lines.get("source"))
        }
        new_attributes = {
            name: value
            for name, value in lead.attributes.items()
            if value not in (None, "") and person.attributes.get(name) != value
        }
        moves = firm is not None and firm is not person.firm and (firm.made or firm.pk != person.company_id)
        if not (new_lines or new_attributes or moves):
            return False
        person.lines.update(new_lines)
        person.attributes.update(new_attributes)
        if moves:
            person.firm = firm
        self._touch(person)
        return True

    def _touch(self, person: Person) -> None:
        if person.pk is not None:
            self.changed[person.pk] = person

    def write(self, journal: Journal | None = None) -> None:
        now = timezone.now()
        if self.made:
            _insert(self.made, now)
        if self.changed:
            _update([self.changed[pk] for pk in sorted(self.changed)], now)
        if self.linked:
            self._write_links()
        if journal:
            journal.leads += [(person.id, digest(facts_of(person))) for person in self.made]
            journal.lead_changes += [
                (pk, changes)
                for pk, person in self.changed.items()
                if (changes := differences(self.originals[pk], facts_of(person)))
            ]
            journal.links += [external_id for external_id, _ in self.linked]

    def _write_links(self) -> None:
        """No conflict is passed over: if another import made the same link meanwhile, all is tried again."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO leads_leadexternalid (source, external_id, lead_id)"
                " SELECT %s, * FROM unnest(%s::text[], %s::bigint[])",
                [
                    self.source,
                    [external_id for external_id, _ in self.linked],
                    [person.id for _, person in self.linked],
                ],
            )


def _employer(email: str | None) -> IncomingCompany | None:
    """The company that an address names, and nothing about it but its domain."""
    site = employers.site_of(email)
    return IncomingCompany(domain=site) if site else None


def _phone(lines: dict[str, str], country: str) -> dict[str, str]:
    return {"phone": phones.normal(lines["phone"], country=country)} if lines.get("phone") else {}


def facts_of(person: Person) -> dict[str, Any]:
    """What an update may change, flat: attributes by "attributes.<name>"."""
    return {
        "email": person.email,
        **{name: person.lines.get(name, "") for name in LINES},
        "company_id": person.firm.pk if person.firm else person.company_id,
        **{f"attributes.{name}": value for name, value in person.attributes.items()},
    }


def _links(external_ids: Iterable[str], source: str) -> dict[str, int]:
    rows = LeadExternalId.objects.filter(source=source, external_id__in=external_ids)
    return dict(rows.values_list("external_id", "lead_id"))


def person_of(lead: Lead) -> Person:
    return Person(
        pk=lead.pk,
        public_id=lead.public_id,
        email=lead.email,
        lines={name: getattr(lead, name) for name in LINES},
        attributes=lead.attributes,
        company_id=lead.company_id,
        created_at=lead.created_at,
        stage=lead.stage,
    )


def _columns(people: Sequence[Person]) -> list[list[Any]]:
    return [
        [person.email for person in people],
        *([person.lines.get(name, "") for person in people] for name in LINES),
        [Jsonb(person.attributes) for person in people],
        [person.firm.pk if person.firm else person.company_id for person in people],
    ]


def _insert(people: Sequence[Person], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                now,
                [person.public_id for person in people],
                [person.created_at for person in people],
                *_columns(people),
            ],
        )
        made = {public_id: pk for pk, public_id in cursor.fetchall()}
    for person in people:
        person.pk = made[person.public_id]


def _update(people: Sequence[Person], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [now, [person.pk for person in people], *_columns(people)])


_NAMES = ", ".join(LINES)
_ARRAYS = ", ".join(["%s::text[]"] * (1 + len(LINES)))
_INSERT = f"""
INSERT INTO leads_lead (updated_at, public_id, created_at, stage, stage_at, stage_reason, phase, phase_at,
                        email, {_NAMES}, attributes, company_id)
SELECT %s, new.public_id, new.at, 'lead', new.at, '', 'awareness', new.at,
       new.email, {", ".join(f"new.{name}" for name in LINES)}, new.attributes, new.company_id
FROM unnest(%s::uuid[], %s::timestamptz[], {_ARRAYS}, %s::jsonb[], %s::bigint[])
     WITH ORDINALITY AS new (public_id, at, email, {_NAMES}, attributes, company_id, place)
ORDER BY new.place
RETURNING id, public_id
"""  # noqa: S608 — the names are this module's own
_UPDATE = f"""
UPDATE leads_lead l
SET updated_at = %s, email = new.email, {", ".join(f"{name} = new.{name}" for name in LINES)},
    attributes = new.attributes, company_id = new.company_id
FROM unnest(%s::bigint[], {_ARRAYS}, %s::jsonb[], %s::bigint[])
     AS new (id, email, {_NAMES}, attributes, company_id)
WHERE l.id = new.id
"""  # noqa: S608 — the names are this module's own
