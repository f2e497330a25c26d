from django.urls import path

from .imports import steering
from .views import (
    hook_inbox,
    hooks,
    imports,
    public_forms,
    receiving,
    sites,
    sources,
    tracking,
    web_forms,
)

app_name = "capture"

urlpatterns = [
    path("t/<slug:site_key>.js", tracking.script, name="script"),
    path("t/<slug:site_key>", tracking.collect, name="collect"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<uuid:source_id>/", sources.source, name="source"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.new, name="site-new"),
    path("sites/<uuid:site_id>/", sites.site, name="site"),
    path("sites/<uuid:site_id>/arrivals/", sites.latest, name="site-arrivals"),
    path("sites/<uuid:site_id>/switch/", sites.switch, name="site-switch"),
    path("sites/<uuid:site_id>/rules/", sites.rule_new, name="site-rules"),
    path("sites/<uuid:site_id>/rules/<int:pagerule_id>/up/", sites.rule_up, name="site-rule-up"),
    path("sites/<uuid:site_id>/rules/<int:pagerule_id>/end/", sites.rule_end, name="site-rule-end"),
    path("f/<slug:webform_key>/", public_forms.hosted, name="form-hosted"),
    path("f/<slug:webform_key>/thanks/", public_forms.thanks, name="form-thanks"),
    path("f/<slug:webform_key>/embed/", public_forms.framed, name="form-framed"),
    path("f/<slug:webform_key>/embed/thanks/", public_forms.framed_thanks, name="form-framed-thanks"),
    path(
        "f/<slug:webform_key>/confirm/<str:submission_key>/",
        public_forms.confirmation,
        name="form-confirmation",
    ),
    path("forms/", web_forms.web_forms, name="forms"),
    path("forms/new/", web_forms.new, name="form-new"),
    path("forms/review/", web_forms.review, name="form-review"),
    path("forms/review/decision/", web_forms.decide, name="form-decision"),
    path("forms/<uuid:webform_id>/", web_forms.web_form, name="form"),
    path("forms/<uuid:webform_id>/preview/", web_forms.preview, name="form-preview"),
    path("forms/<uuid:webform_id>/switch/", web_forms.switch, name="form-switch"),
    path("forms/<uuid:webform_id>/submissions/", web_forms.submissions, name="form-submissions"),
    path(
        "forms/<uuid:webform_id>/submissions/<uuid:submission_id>/",
        web_forms.submission,
        name="form-submission",
    ),
    path("in/<str:hook_key>/", receiving.receive, name="receive"),
    path("hooks/", hooks.hooks, name="hooks"),
    path("hooks/new/", hooks.new, name="hook-new"),
    path("hooks/<uuid:hook_id>/", hooks.hook, name="hook"),
    path("hooks/<uuid:hook_id>/mapping/", hooks.mapping_text, name="hook-mapping"),
    path("hooks/<uuid:hook_id>/mapping/deletion/", hooks.kind_deletion, name="hook-kind-deletion"),
    path("hooks/<uuid:hook_id>/mapping/names/", hooks.event_name, name="hook-event-name"),
    path("hooks/<uuid:hook_id>/secret/", hooks.secret, name="hook-secret"),
    path("hooks/<uuid:hook_id>/switch/", hooks.switch, name="hook-switch"),
    path("hooks/<uuid:hook_id>/inbox/", hook_inbox.inbox, name="hook-inbox"),
    path("hooks/<uuid:hook_id>/inbox/replay/", hook_inbox.replay, name="hook-replay"),
    path("hooks/<uuid:hook_id>/inbox/<uuid:inboxitem_id>/", hook_inbox.item, name="hook-item"),
    path(
        "hooks/<uuid:hook_id>/inbox/<uuid:inboxitem_id>/replay/",
        hook_inbox.replay_one,
        name="hook-item-replay",
    ),
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
