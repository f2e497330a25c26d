from django.urls import path

from .views import conversion, metrics

app_name = "reports"

urlpatterns = [
    path("reports/figures/", metrics.show_metrics, name="metrics"),
    path("reports/conversion/", conversion.report, name="conversion"),
    path("reports/conversion/file/", conversion.report_file, name="conversion-file"),
    path("reports/conversion/leads/", conversion.leads, name="conversion-leads"),
    path("reports/conversion/leads/file/", conversion.leads_file, name="conversion-leads-file"),
]
