"""How every error of the API looks."""

from ninja import Schema


class Problem(Schema):
    field: str
    message: str


class Error(Schema):
    """``errors`` is empty when no single field is to blame."""

    detail: str
    errors: list[Problem]
