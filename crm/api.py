"""The JSON API at ``/api/v1/``: each app's addresses, and how every error looks."""

from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError

from capture import api as capture
from capture import cost_api, segment_api
from capture.cleaning import Refused
from capture.limiting import TooMuch
from handoff import api as handoff
from handoff import contact_api, dispute_api, merge_api, opportunity_api, task_api
from handoff.permissions import NotYours
from leads.paging import BrokenCursor
from notifications import api as notifications
from scoring import api as scoring

#: Seconds after which a client should try again while the database is away.
RETRY_AFTER = 5

api = NinjaAPI(
    title="Handoff",
    version="1",
    description=(
        "Send leads and what they do; read scores with their reasons; accept and reject handoffs. Every "
        "request carries a token: `Authorization: Bearer ho_…`. Every error is `{detail, errors}`, where "
        "each of `errors` names a field."
    ),
    docs_url=None,  # the documentation page would load foreign scripts
    openapi_url="/openapi.json",
    urls_namespace="api",
)
# Reading and writing leads lie in different apps, but an address has one router.
leads = Router(tags=["Leads"])
capture.mount_leads(leads)
scoring.mount_leads(leads)
for router in (
    capture.router,
    segment_api.router,
    cost_api.router,
    leads,
    handoff.router,
    opportunity_api.router,
    contact_api.router,
    task_api.router,
    dispute_api.router,
    merge_api.router,
    notifications.router,
):
    api.add_router("", router)


def _problem(
    request: HttpRequest, status: int, detail: str, errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    return api.create_response(request, {"detail": detail, "errors": errors or []}, status=status)


@api.exception_handler(AuthenticationError)
def unknown_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = _problem(request, 401, "Send a valid token: Authorization: Bearer …")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def expected(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, error.status_code, str(error))


@api.exception_handler(TooMuch)
def too_much(request: HttpRequest, error: TooMuch) -> HttpResponse:
    response = _problem(request, HTTPStatus.TOO_MANY_REQUESTS, str(error))
    response["Retry-After"] = str(error.seconds)
    return response


@api.exception_handler(NotYours)
def not_yours(request: HttpRequest, error: NotYours) -> HttpResponse:
    return _problem(request, 403, str(error))


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    problems = [{"field": error.field, "message": error.reason}]
    return _problem(request, 422, "Some fields are not right.", problems)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, 404, "There is nothing here for you.")


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"field": _field(problem["loc"]), "message": f"{problem['msg'].removeprefix('Value error, ')}."}
        for problem in error.errors
    ]
    return _problem(request, 422, "Some fields are not right.", errors)


@api.exception_handler(BrokenCursor)
def astray(request: HttpRequest, error: BrokenCursor) -> HttpResponse:
    problems = [{"field": "after", "message": "Send the `next` of the page before, unchanged."}]
    return _problem(request, 422, "Some fields are not right.", problems)


def _field(location: tuple[str | int, ...]) -> str:
    """Where the problem is, without where it came in: ("query", "query", "limit") → "limit"."""
    parts = [str(part) for part in location if part not in ("body", "query", "path", "data")]
    return ".".join(parts)


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    response = _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "The database is away; try again.")
    response["Retry-After"] = str(RETRY_AFTER)
    return response
