"""Where a request came from, as far as the proxies that we trust say so."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The IP address of who asks; "" when it cannot be known. It is looked at and never stored."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""
