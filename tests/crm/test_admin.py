"""Every model is in the admin, and every page of the admin opens."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.admin import NewUserForm
from accounts.models import User
from leads.models import ActivityType
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


@pytest.mark.django_db
def test_a_new_person_has_the_password_and_the_teams_that_the_admin_gave(client: Client) -> None:
    team = make.team()
    client.force_login(make.admin())
    form = {"email": "Ada@Fieldline.example", "name": "Ada", "role": "rep", "time_zone": "UTC"}
    sections = {
        f"{name}-{part}_FORMS": 0 for name in ("working_hours", "absences") for part in ("TOTAL", "INITIAL")
    }
    client.post(
        reverse("admin:accounts_user_add"), {**form, **sections, "teams": team.pk, "password": "a long one"}
    )

    ada = User.objects.get(email="ada@fieldline.example")
    assert ada.check_password("a long one")
    assert list(ada.teams.all()) == [team]


@pytest.mark.django_db
def test_a_form_that_is_not_to_be_stored_yet_stores_nothing() -> None:
    form = NewUserForm({"email": "ada@fieldline.example", "name": "Ada", "role": "rep", "time_zone": "UTC"})
    assert form.is_valid(), form.errors

    ada = form.save(commit=False)

    assert not ada.has_usable_password()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_an_activity_type_stays(client: Client) -> None:
    """A rule that asks for one that is gone turns itself off, the whole of it."""
    client.force_login(make.admin())
    kind = ActivityType.objects.get(key="calculator_used")
    assert client.get(f"/admin/leads/activitytype/{kind.pk}/change/").status_code == 200
    assert client.post(f"/admin/leads/activitytype/{kind.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ActivityType.objects.filter(pk=kind.pk).exists()
