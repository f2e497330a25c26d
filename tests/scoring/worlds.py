"""Write people of the oracle's kind into the database, and score them there."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from leads.models import Activity, ActivityType, Company, Lead
from scoring import model_file
from scoring.models import Adjustment, ModelVersion
from tests.scoring.oracle import Person

_numbers = itertools.count(1)


def draft(model: dict[str, Any]) -> ModelVersion:
    return model_file.load(data=model)


def leads_of(people: Sequence[Person]) -> list[Lead]:
    """Store ``people``; their e-mail addresses become unique, in the people too."""
    companies, leads, acts, words = [], [], [], []
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
        created_on = facts.get("created_on", "2026-01-01")
        leads.append(
            Lead(
                company=company,
                created_at=datetime.combine(datetime.fromisoformat(created_on), time(12), UTC),
                **{
                    name: value
                    for name, value in facts.items()
                    if not name.startswith("company.") and name != "created_on"
                },
            )
        )
    Company.objects.bulk_create(companies)
    Lead.objects.bulk_create(leads)
    for lead, person in zip(leads, people, strict=True):
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
