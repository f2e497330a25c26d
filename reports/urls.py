from django.urls import path

from .views import agreed, conversion, dashboard, deals, line, metrics, sent_back, sources, speed

app_name = "reports"

urlpatterns = [
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/leads/", dashboard.leads, name="dashboard-leads"),
    path("dashboard/leads/file/", dashboard.leads_file, name="dashboard-leads-file"),
    path("dashboard/line/leads/", line.leads, name="line-leads"),
    path("dashboard/line/leads/file/", line.leads_file, name="line-leads-file"),
    path("dashboard/line/proposal/", line.proposal, name="line-proposal"),
    path("reports/figures/", metrics.show_metrics, name="metrics"),
    path("reports/agreed/", agreed.agreed_values, name="agreed"),
    path("reports/agreed/<uuid:agreedvalue_id>/signature/", agreed.signature, name="agreed-signature"),
    path("reports/agreed/<uuid:agreedvalue_id>/withdrawal/", agreed.withdrawal, name="agreed-withdrawal"),
    path("reports/conversion/", conversion.report, name="conversion"),
    path("reports/conversion/file/", conversion.report_file, name="conversion-file"),
    path("reports/conversion/leads/", conversion.leads, name="conversion-leads"),
    path("reports/conversion/leads/file/", conversion.leads_file, name="conversion-leads-file"),
    path("reports/deals/", deals.report, name="deals"),
    path("reports/deals/file/", deals.report_file, name="deals-file"),
    path("reports/deals/leads/", deals.leads, name="deals-leads"),
    path("reports/deals/leads/file/", deals.leads_file, name="deals-leads-file"),
    path("reports/sent-back/", sent_back.report, name="sent-back"),
    path("reports/sent-back/file/", sent_back.report_file, name="sent-back-file"),
    path("reports/sent-back/leads/", sent_back.leads, name="sent-back-leads"),
    path("reports/sent-back/leads/file/", sent_back.leads_file, name="sent-back-leads-file"),
    path("reports/sources/", sources.report, name="sources"),
    path("reports/sources/file/", sources.report_file, name="sources-file"),
    path("reports/sources/leads/", sources.leads, name="sources-leads"),
    path("reports/sources/leads/file/", sources.leads_file, name="sources-leads-file"),
    path("reports/speed/", speed.report, name="speed"),
    path("reports/speed/file/", speed.report_file, name="speed-file"),
    path("reports/speed/leads/", speed.leads, name="speed-leads"),
    path("reports/speed/leads/file/", speed.leads_file, name="speed-leads-file"),
]
