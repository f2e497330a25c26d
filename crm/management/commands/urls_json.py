"""``manage.py urls_json``: every address, for the tests that walk them all."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from ninja.operation import PathView


class Command(BaseCommand):
    help = "Print every address as JSON: pattern, name, methods, and the model of each id in the path."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        addresses = sorted(_addresses(get_resolver(), "/", ""), key=lambda address: address["pattern"])
        self.stdout.write(json.dumps(addresses, indent=1))


def _addresses(resolver: URLResolver, prefix: str, space: str) -> Iterator[dict[str, Any]]:
    for found in resolver.url_patterns:
        pattern = prefix + str(found.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(found, URLResolver):
            inside = f"{space}{found.namespace}:" if found.namespace else space
            yield from _addresses(found, pattern, inside)
        else:
            yield {
                "pattern": pattern,
                "name": f"{space}{found.name}" if found.name else None,
                "methods": _methods(found.callback),
                "ids": _ids(found),
            }


def _methods(view: Callable[..., Any]) -> list[str]:
    """What the view answers, where it says so: API operations, class views, ``require_http_methods``.
    [] when the view takes every method."""
    for layer in _layers(view):
        if view_class := getattr(layer, "view_class", None):
            named = [name for name in view_class.http_method_names if hasattr(view_class, name)]
            return sorted(name.upper() for name in named)
        kept = _closed_over(layer)
        if isinstance(kept.get("self"), PathView):
            return sorted({method for operation in kept["self"].operations for method in operation.methods})
        if "request_method_list" in kept:
            return sorted(kept["request_method_list"])
    return []


def _closed_over(layer: Callable[..., Any]) -> dict[str, Any]:
    code, cells = getattr(layer, "__code__", None), getattr(layer, "__closure__", None) or ()
    return {
        name: cell.cell_contents for name, cell in zip(code.co_freevars if code else (), cells, strict=False)
    }


def _layers(view: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The view under all its decorators, outermost first."""
    layer: Callable[..., Any] | None = view
    while layer is not None:
        yield layer
        layer = getattr(layer, "__wrapped__", None)


def _ids(found: URLPattern) -> dict[str, str | None]:
    """Each parameter of the path with the model it names: lead_id, and beside it other_lead_id → leads.Lead,
    modelversion_number → scoring.ModelVersion, lossreason_code → leads.LossReason; None for no model."""
    if not isinstance(found.pattern, RoutePattern):
        return {}
    admin = getattr(found.callback, "model_admin", None)
    models: dict[str, type[Model]] = {model._meta.model_name or "": model for model in apps.get_models()}
    ids: dict[str, str | None] = {}
    for name in found.pattern.converters:
        if admin is not None and name == "object_id":
            model = admin.model
        else:
            model = models.get(re.sub("^other_|_(id|number|key|code)$", "", name))
        ids[name] = model._meta.label if model is not None else None
    return ids
