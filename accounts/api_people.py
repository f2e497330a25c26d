"""How the API names a person."""

from typing import Any
from uuid import UUID

from ninja import Schema

from .models import User


class PersonOut(Schema):
    id: UUID
    name: str


def person(user: User | None) -> dict[str, Any] | None:
    """``user`` as ``PersonOut``, None for nobody. No query."""
    return {"id": user.public_id, "name": str(user)} if user else None
