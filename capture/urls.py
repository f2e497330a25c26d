from django.urls import path

from .imports import steering
from .views import imports

app_name = "capture"

urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<uuid:import_id>/", imports.shown, name="import"),
    path("imports/<uuid:import_id>/columns/", imports.matching, name="import-columns"),
    path("imports/<uuid:import_id>/columns/saved/", imports.saved, name="import-saved"),
    path("imports/<uuid:import_id>/reading/", imports.reading, name="import-reading"),
    path("imports/<uuid:import_id>/preview/", imports.looking, name="import-preview"),
    path("imports/<uuid:import_id>/mapping.json", imports.as_json, name="import-mapping"),
    path("imports/<uuid:import_id>/rejected.csv", imports.rejected, name="import-rejected"),
    path("imports/<uuid:import_id>/undoing/", imports.undoing, name="import-undoing"),
    *(
        path(f"imports/<uuid:import_id>/{verb}/", imports.step, {"verb": verb}, name=f"import-{verb}")
        for verb in steering.VERBS
    ),
]
