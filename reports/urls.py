from django.urls import path

from .views import conversion, forecast, gaps, index, metrics, mqls, response, rule_quality, sent_back, speed

app_name = "reports"

urlpatterns = [
    path("reports/", index.show_reports, name="index"),
    path("reports/figures/", metrics.show_metrics, name="metrics"),
    path("reports/conversion/", conversion.report, name="conversion"),
    path("reports/conversion/file/", conversion.report_file, name="conversion-file"),
    path("reports/conversion/leads/", conversion.leads, name="conversion-leads"),
    path("reports/conversion/leads/file/", conversion.leads_file, name="conversion-leads-file"),
    path("reports/response/", response.report, name="response"),
    path("reports/response/file/", response.report_file, name="response-file"),
    path("reports/response/leads/", response.leads, name="response-leads"),
    path("reports/response/leads/file/", response.leads_file, name="response-leads-file"),
    path("reports/gaps/", gaps.report, name="gaps"),
    path("reports/gaps/file/", gaps.report_file, name="gaps-file"),
    path("reports/gaps/leads/", gaps.leads, name="gaps-leads"),
    path("reports/gaps/leads/file/", gaps.leads_file, name="gaps-leads-file"),
    path("reports/mqls/", mqls.report, name="mqls"),
    path("reports/mqls/file/", mqls.report_file, name="mqls-file"),
    path("reports/mqls/leads/", mqls.leads, name="mqls-leads"),
    path("reports/mqls/leads/file/", mqls.leads_file, name="mqls-leads-file"),
    path("reports/forecast/", forecast.report, name="forecast"),
    path("reports/forecast/file/", forecast.report_file, name="forecast-file"),
    path("reports/forecast/leads/", forecast.leads, name="forecast-leads"),
    path("reports/forecast/leads/file/", forecast.leads_file, name="forecast-leads-file"),
    path("reports/rules/", rule_quality.report, name="rules"),
    path("reports/rules/file/", rule_quality.report_file, name="rules-file"),
    path("reports/rules/leads/", rule_quality.leads, name="rules-leads"),
    path("reports/rules/leads/file/", rule_quality.leads_file, name="rules-leads-file"),
    path("reports/sent-back/", sent_back.report, name="sent-back"),
    path("reports/sent-back/file/", sent_back.report_file, name="sent-back-file"),
    path("reports/sent-back/leads/", sent_back.leads, name="sent-back-leads"),
    path("reports/sent-back/leads/file/", sent_back.leads_file, name="sent-back-leads-file"),
    path("reports/speed/", speed.report, name="speed"),
    path("reports/speed/file/", speed.report_file, name="speed-file"),
    path("reports/speed/leads/", speed.leads, name="speed-leads"),
    path("reports/speed/leads/file/", speed.leads_file, name="speed-leads-file"),
]
