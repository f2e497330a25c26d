"""The API in the shape of the Segment spec: what its libraries send, with a token as their write key. A call
is stored in the inbox of its source before it is answered; the mapping of that source says what it means.
So every call may write facts of leads and companies, and is taken from those only who may edit them."""

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.errors import AuthorizationError, HttpError
from ninja.security import HttpBasicAuth

from accounts import permissions, tokens
from accounts.api_auth import CAPTURE, user_of
from accounts.api_problems import Error
from accounts.clock import database_now
from accounts.models import ApiToken
from accounts.models.token import Scope

from . import limiting
from .api import source_of
from .hooks import arranging, receiving
from .reading import NotJson, TooLarge, parse

MOST_CALLS = 1_000
MOST_CALL_BYTES, MOST_BATCH_BYTES = 32 * 1024, 1_000_000

router = Router(tags=["Segment"])


class WriteKey(HttpBasicAuth):
    """A token as the user name of basic authentication, as Segment's libraries send their write key."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> ApiToken | None:
        found = tokens.resolve(text=username.strip(), at=timezone.now())
        if found is None:
            return None
        if not found.allows(Scope.CAPTURE):
            raise AuthorizationError(403, "This token may not do that; it needs the scope “capture”.")
        request.user = found.user
        return found


class StoredOut(Schema):
    success: bool


class Call(Schema):
    """One call of the Segment spec; further fields are kept."""

    message_id: str | None = Field(None, alias="messageId")
    anonymous_id: str | None = Field(None, alias="anonymousId")
    user_id: str | None = Field(None, alias="userId")
    timestamp: str | None = None
    sent_at: str | None = Field(None, alias="sentAt")


_ERRORS = {400: Error, 401: Error, 403: Error, 413: Error, 422: Error, 429: Error, 503: Error}
_ONE = {"requestBody": {"required": True, "content": {"application/json": {"schema": Call.json_schema()}}}}
_BATCH = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["batch"],
                    "properties": {
                        "batch": {"type": "array", "maxItems": MOST_CALLS, "items": Call.json_schema()},
                        "sentAt": {"type": "string"},
                    },
                }
            }
        },
    }
}


def _mount(kind: str) -> None:
    def call(request: HttpRequest) -> Any:
        _check_sender(request)
        body = _body(request, most=MOST_CALL_BYTES)
        _check_ids(body, "")
        _store(request, {**body, "type": kind})
        return {"success": True}

    call.__doc__ = (
        "Stored at once and worked through right after; what the mapping does not know waits. Needs a "
        "marketer's or admin's token."
    )
    router.post(
        f"/segment/{kind}",
        auth=[CAPTURE, WriteKey()],
        response={200: StoredOut, **_ERRORS},
        operation_id=f"segment_{kind}",
        summary=f"Send a Segment {kind} call",
        openapi_extra=_ONE,
    )(call)


for _kind in ("track", "identify", "page", "screen", "group"):
    _mount(_kind)


@router.post(
    "/segment/batch",
    auth=[CAPTURE, WriteKey()],
    response={200: StoredOut, **_ERRORS},
    operation_id="segment_batch",
    summary="Send Segment calls in one go",
    openapi_extra=_BATCH,
)
def batch(request: HttpRequest) -> Any:
    """Up to 1,000 calls and 1 MB, each call 32 kB at most. Refused whole, naming the call, when one is no
    call. Needs a marketer's or admin's token."""
    _check_sender(request)
    body = _body(request, most=MOST_BATCH_BYTES)
    calls = body.get("batch")
    if not isinstance(calls, list) or not calls:
        raise HttpError(422, "batch: Must be a list of calls.")
    if len(calls) > MOST_CALLS:
        raise HttpError(413, f"A batch may have {MOST_CALLS:,} calls at most.")
    for place, one in enumerate(calls):
        if not isinstance(one, dict):
            raise HttpError(422, f"batch[{place}]: Must be an object.")
        if len(json.dumps(one, default=str).encode()) > MOST_CALL_BYTES:
            raise HttpError(413, f"batch[{place}]: A call may have {MOST_CALL_BYTES // 1024} kB at most.")
        _check_ids(one, f"batch[{place}].")
    _store(request, body, many=len(calls))
    return {"success": True}


def _check_sender(request: HttpRequest) -> None:
    """Demanded of every call, not only of *identify* and *group*: what a call writes says the mapping, by the
    time it is read. Raises HttpError."""
    if not permissions.may_edit_leads(user_of(request)):
        raise HttpError(403, "Marketers and admins edit leads, which these calls may do.")


def _check_ids(call: dict[str, Any], where: str) -> None:
    for name in ("anonymousId", "userId"):
        if call.get(name) is not None and not isinstance(call[name], str | int):
            raise HttpError(422, f"{where}{name}: Must be text.")


def _body(request: HttpRequest, *, most: int) -> dict[str, Any]:
    """The JSON object in the body, packed with gzip or not. Raises HttpError."""
    try:
        raw = receiving.unpacked(request, most=most)
    except receiving.Unreadable as problem:
        if problem.status == 413:
            raise TooLarge(most) from None
        raise HttpError(problem.status, str(problem)) from None
    body = parse(raw)
    if not isinstance(body, dict):
        raise HttpError(422, "The body must be an object.")
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        raise NotJson("it holds a number or a character that cannot be stored.") from None
    return body


@transaction.atomic
def _store(request: HttpRequest, body: dict[str, Any], *, many: int = 1) -> None:
    at = database_now()
    hook = arranging.hook_of_api(source=source_of(request), by=user_of(request), at=at)
    if not hook.source.is_active:
        raise HttpError(403, "This source is closed.")
    limiting.charge(source=hook.source.key, cost=many)
    text = json.dumps(body, ensure_ascii=False)
    message = body.get("messageId")
    key = f"id:{body.get('type')}:{message}" if isinstance(message, str) and message else ""
    receiving.store(
        hook=hook,
        body=text,
        key=key,
        content_type="application/json",
        headers={"user-agent": request.headers.get("User-Agent", "")},
        at=at,
    )
