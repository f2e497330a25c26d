"""Write people of the oracle's kind into the database, and score them there."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from leads.models import Activity, ActivityType, Company, Lead
from scoring import model_file
from scoring.models import Adjustment, ModelVersion
from tests.scoring.oracle import Person

_numbers = itertools.count(1)
_LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)
#: Not stored: the product finds them, or keeps them under another name.
_FOUND = {"seniority", "department", "created_on"}


def draft(model: dict[str, Any]) -> ModelVersion:
    return model_file.load(data=model)


def leads_of(people: Sequence[Person]) -> list[Lead]:
    """Store ``people`` and their colleagues; their e-mail addresses become unique, in the people too.
    Returns the leads of ``people`` alone."""
    companies, leads, acts, words = [], [], [], []
    others: list[tuple[Person, Lead]] = []
    types = dict(ActivityType.objects.values_list("key", "id"))
    for person in people:
        facts = person.facts
        number = next(_numbers)
        if facts.get("email"):
            local, _, domain = facts["email"].partition("@")
            facts["email"] = f"{local}{number}@{domain}"
        company = None
        if any(name.startswith("company.") for name in facts):
            company = Company(
                **{
                    name.removeprefix("company."): value
                    for name, value in facts.items()
                    if name.startswith("company.")
                }
            )
            companies.append(company)
        created_at = facts.get("created_on", _LONG_AGO)
        found = {name: value for name, value in facts.items() if name not in _FOUND and "." not in name}
        leads.append(
            Lead(
                company=company,
                created_at=created_at,
                stage=person.stage,
                stage_at=person.stage_at or created_at,
                **found,
            )
        )
        others += [(other, Lead(company=company, created_at=_LONG_AGO)) for other in person.colleagues]
    Company.objects.bulk_create(companies)
    # Colleagues first, so that the leads asked about have the highest ids and follow each other.
    Lead.objects.bulk_create([lead for _, lead in others])
    Lead.objects.bulk_create(leads)
    everybody = [(lead, person) for person, lead in others] + list(zip(leads, people, strict=True))
    for lead, person in everybody:
        acts += [
            Activity(
                lead=lead,
                type_id=types[act.type],
                occurred_at=act.at,
                undated=act.undated,
                properties=act.properties,
                voided_at=act.at if act.voided else None,
                source="generated",
                event_id=str(next(_numbers)),
            )
            for act in person.acts
        ]
        words += [
            Adjustment(
                lead=lead,
                kind=word.kind,
                dimensions=word.dimensions,
                at=word.at,
                points=word.points,
                reason="generated",
                expires_at=word.expires_at,
                voided_at=word.at if word.voided else None,
            )
            for word in person.words
        ]
    Activity.objects.bulk_create(acts)
    Adjustment.objects.bulk_create(words)
    return leads
