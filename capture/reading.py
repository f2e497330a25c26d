"""Read a JSON body of bounded size, whatever is in it."""

import json
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from ninja.errors import HttpError

from .cleaning import ODD_NUMBER, OddNumber

#: More digits than any number column holds; Python refuses to read 4,300 and more.
MOST_DIGITS = 40


class TooLarge(HttpError):
    """The body is over the limit (413)."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"The body may have {most:,} bytes at most.")


class NotJson(HttpError):
    """The body is no JSON (400)."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, f"The body is not JSON: {reason}")


def json_body(request: HttpRequest, *, most: int) -> Any:
    """The JSON value in the body of ``request``, which may have ``most`` bytes. Numbers that JSON does not
    know or no column holds become ``ODD_NUMBER``, so that they are refused where they stand. Raises TooLarge,
    NotJson. Never reads more than the limit into memory."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > most:
        raise TooLarge(most)
    try:
        body = request.read(most + 1)
    except (UnreadablePostError, RawPostDataException):
        raise NotJson("it ended early.") from None
    if len(body) > most:
        raise TooLarge(most)
    return parse(body)


def parse(body: bytes) -> Any:
    """``body`` as JSON in UTF-8 (a byte order mark is passed over). Raises NotJson."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is not UTF-8.") from None
    try:
        return json.loads(text, parse_constant=_constant, parse_int=_whole)
    except RecursionError:
        raise NotJson("it is nested too deeply.") from None
    except ValueError as error:
        raise NotJson(f"{error}.") from None


def _constant(name: str) -> OddNumber:
    return ODD_NUMBER


def _whole(digits: str) -> int | OddNumber:
    return int(digits) if len(digits) <= MOST_DIGITS else ODD_NUMBER
