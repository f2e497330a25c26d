"""Middleware: every page shows its times in the zone of whoever reads it."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from accounts.models import User


class ReadersZone(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        """Set on every request, since the zone outlives it in its thread. A call without a session
        cookie (API, health) is spared the look at the user."""
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if isinstance(user, User):
            timezone.activate(ZoneInfo(user.time_zone))
        else:
            timezone.deactivate()
