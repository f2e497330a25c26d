"""Every address of the product."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from crm import ui_gallery, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.start, name="start"),
    path("accounts/", include("allauth.urls")),
    path("ui/", ui_gallery.gallery, name="ui"),
    path("admin/", admin.site.urls),
]
for app in ("handoff", "scoring", "notifications"):
    if find_spec(f"{app}.urls"):
        urlpatterns.append(path("", include(f"{app}.urls")))
if find_spec("crm.api"):
    from crm.api import api

    urlpatterns.append(path("api/v1/", api.urls))
