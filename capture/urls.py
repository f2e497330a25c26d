from django.urls import path

from .views import receiving

app_name = "capture"

urlpatterns = [
    path("in/<str:token>/", receiving.receive, name="receive"),
]
