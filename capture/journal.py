"""What a piece of work wrote, as far as it can be taken back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: A lead or company by primary key, and each changed field: before, after.
Change = tuple[int, dict[str, list[Any]]]


@dataclass(slots=True)
class Journal:
    """Everything is JSON: primary keys, external ids, event ids. What was made stands there with the digest
    of its facts, to tell whether anybody changed it since."""

    leads: list[tuple[int, str]] = field(default_factory=list)
    lead_changes: list[Change] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    companies: list[tuple[int, str]] = field(default_factory=list)
    company_changes: list[Change] = field(default_factory=list)
    company_links: list[str] = field(default_factory=list)
    consents: list[list[Any]] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)
    moves: list[list[Any]] = field(default_factory=list)
    deals: list[int] = field(default_factory=list)
    deal_changes: list[Change] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}


def digest(facts: Mapping[str, Any]) -> str:
    """Short, and the same for equal facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Each field that differs, as it was and as it is."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
