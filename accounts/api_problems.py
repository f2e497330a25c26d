"""How every error of the API looks."""

from typing import Any

from ninja import Schema, Status


class Problem(Schema):
    field: str
    message: str


class Error(Schema):
    """``errors`` is empty when no single field is to blame."""

    detail: str
    errors: list[Problem]


#: What an operation on one thing may answer besides its own; 409 is for each to say.
ERRORS = {400: Error, 401: Error, 403: Error, 404: Error, 422: Error, 503: Error}


def wrong(field: str, message: str) -> Status[Any]:
    """422: ``field`` is not right."""
    return Status(
        422, {"detail": "Some fields are not right.", "errors": [Problem(field=field, message=message)]}
    )


def overtaken(detail: object, field: str = "") -> Status[Any]:
    """409: it cannot be done any more, or not like this; ``field`` says whose value stands in the way."""
    problems = [Problem(field=field, message=str(detail))] if field else []
    return Status(409, {"detail": str(detail), "errors": problems})
