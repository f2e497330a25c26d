from django.urls import path

from .views import sites, tracking

app_name = "capture"

urlpatterns = [
    path("t/<slug:site_key>.js", tracking.script, name="script"),
    path("t/<slug:site_key>", tracking.collect, name="collect"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.new, name="site-new"),
    path("sites/<uuid:site_id>/", sites.site, name="site"),
    path("sites/<uuid:site_id>/arrivals/", sites.latest, name="site-arrivals"),
    path("sites/<uuid:site_id>/switch/", sites.switch, name="site-switch"),
    path("sites/<uuid:site_id>/rules/", sites.rule_new, name="site-rules"),
    path("sites/<uuid:site_id>/rules/<int:pagerule_id>/up/", sites.rule_up, name="site-rule-up"),
    path("sites/<uuid:site_id>/rules/<int:pagerule_id>/end/", sites.rule_end, name="site-rule-end"),
]
