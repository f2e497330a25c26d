from django.urls import path

from . import views

app_name = "notifications"

urlpatterns = [
    path("live/", views.live, name="live"),
    path("notifications/", views.messages, name="messages"),
    path("notifications/reading/", views.reading, name="reading"),
    path("notifications/unread/", views.unread, name="unread"),
]
