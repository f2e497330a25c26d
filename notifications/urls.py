from django.urls import path

from .views import alerts, bell, browsers, webhooks, wishes

app_name = "notifications"

urlpatterns = [
    path("live/", bell.live, name="live"),
    path("notifications/", bell.messages, name="messages"),
    path("notifications/reading/", bell.reading, name="reading"),
    path("notifications/unread/", bell.unread, name="unread"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<uuid:notification_id>/replay/", alerts.replay, name="alert-replay"),
    path("profile/alerts/", wishes.wishes, name="wishes"),
    path("profile/alerts/browsers/", browsers.add, name="browsers"),
    path("profile/alerts/browsers/<uuid:browser_id>/deletion/", browsers.deletion, name="browser-deletion"),
    path("push-worker.js", browsers.worker, name="push-worker"),
    path("webhooks/", webhooks.endpoints, name="endpoints"),
    path("webhooks/new/", webhooks.new, name="endpoint-new"),
    path("webhooks/replay/", webhooks.replay_all, name="replay-all"),
    path("webhooks/<uuid:endpoint_id>/", webhooks.endpoint, name="endpoint"),
    path("webhooks/<uuid:endpoint_id>/test/", webhooks.test, name="endpoint-test"),
    path("webhooks/<uuid:endpoint_id>/secret/", webhooks.secret, name="endpoint-secret"),
    path("webhooks/<uuid:endpoint_id>/switch/", webhooks.switch, name="endpoint-switch"),
    path("webhooks/<uuid:endpoint_id>/replay/", webhooks.replay, name="endpoint-replay"),
    path("webhooks/<uuid:endpoint_id>/deletion/", webhooks.deletion, name="endpoint-deletion"),
    path("webhooks/dispatches/<uuid:dispatch_id>/replay/", webhooks.replay_one, name="dispatch-replay"),
]
