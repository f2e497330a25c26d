"""Every address of the product."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from crm import profile, ui_gallery, views
from crm.api import api

# One way in: the admin's own sign-in page gives way to ours, with its limits and second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.start, name="start"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("profile/", profile.profile, name="profile"),
    path("profile/keys/", profile.keys, name="profile-keys"),
    path("ui/", ui_gallery.gallery, name="ui"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("accounts.urls")),
    path("", include("handoff.urls")),
    path("", include("scoring.urls")),
    path("", include("notifications.urls")),
]

handler400 = "crm.views.bad_request"
handler403 = "crm.views.forbidden"
handler404 = "crm.views.not_found"
handler500 = "crm.views.server_error"
