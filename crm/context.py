"""What every template may read: the workspace's name, and the counts beside the rail's entries."""

from django.conf import settings
from django.http import HttpRequest


def workspace(request: HttpRequest) -> dict[str, object]:
    return {"workspace_name": settings.WORKSPACE_NAME}


def rail(request: HttpRequest) -> dict[str, object]:
    return {}
