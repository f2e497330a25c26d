from django.urls import path

from .views import hook_inbox, hooks, receiving, sites, tracking

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
    path("in/<str:token>/", receiving.receive, name="receive"),
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
]
