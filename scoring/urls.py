from django.urls import path

from . import views

app_name = "scoring"

urlpatterns = [path("definitions/", views.show_definitions, name="definitions")]
