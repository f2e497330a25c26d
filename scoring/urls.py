from django.urls import path

from .views import definitions

app_name = "scoring"

urlpatterns = [path("definitions/", definitions.show_definitions, name="definitions")]
