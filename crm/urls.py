"""Every address of the product."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from crm import api_tokens, profile, ui_gallery, unsent, views
from crm.api import api

# One way in: the admin's own sign-in page gives way to ours, with its limits and second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.start, name="start"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("unsent/", unsent.show_unsent, name="unsent"),
    path("profile/", profile.profile, name="profile"),
    path("profile/keys/", profile.keys, name="profile-keys"),
    path("profile/hours/", profile.hours, name="profile-hours"),
    path("profile/absences/", profile.absences, name="profile-absences"),
    path("profile/absences/<int:absence_id>/end/", profile.absence_end, name="profile-absence-end"),
    path("profile/tokens/", api_tokens.api_tokens, name="profile-tokens"),
    path(
        "profile/tokens/<uuid:apitoken_id>/revocation/",
        api_tokens.revocation,
        name="profile-token-revocation",
    ),
    path("ui/", ui_gallery.gallery, name="ui"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("accounts.urls")),
    path("", include("capture.urls")),
    path("", include("handoff.urls")),
    path("", include("reports.urls")),
    path("", include("scoring.urls")),
    path("", include("notifications.urls")),
]

handler400 = "crm.views.bad_request"
handler403 = "crm.views.forbidden"
handler404 = "crm.views.not_found"
handler500 = "crm.views.server_error"
