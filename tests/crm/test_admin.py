"""Every model is in the admin, and every page of the admin opens."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests import factories as make

MODELS = [
    model
    for app in apps.get_app_configs()
    if Path(app.path).parent == settings.BASE_DIR
    for model in app.get_models()
    if not hasattr(model, "pgh_tracked_model")  # kept by update triggers, shown through what they track
]

#: Parts that are edited on the page of what they belong to.
INLINE_ONLY = {
    model
    for registered in admin.site._registry.values()
    for inline in registered.inlines
    if (model := inline.model) not in admin.site._registry
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_each_model_can_be_reached_in_the_admin(model: type[Model]) -> None:
    assert model in admin.site._registry or model in INLINE_ONLY


@pytest.mark.django_db
@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_list_search_and_form_open_for_an_admin(model: type[Model], client: Client) -> None:
    client.force_login(make.admin())
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_changelist"), {"q": "ada"}).status_code == 200
    may_add = admin.site._registry[model].has_add_permission(_request(client))
    assert client.get(reverse(f"{name}_add")).status_code == (200 if may_add else 403)


def _request(client: Client):
    return client.get(reverse("admin:index")).wsgi_request


@pytest.mark.django_db
@pytest.mark.parametrize("who", [make.marketer, make.rep, make.manager])
def test_nobody_else_gets_into_the_admin(who, client: Client) -> None:
    client.force_login(who())
    assert client.get(reverse("admin:index")).status_code in (302, 403)
