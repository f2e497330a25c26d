"""Addresses are nouns; a change of state makes one."""

from django.urls import path

from .views import (
    decisions,
    leads,
    leaving,
    ledger,
    marketing,
    moving,
    pools,
    putting_off,
    routing,
    sales,
    saved,
    scores,
    search,
)

app_name = "handoff"

urlpatterns = [
    path("queue/", sales.queue, name="queue"),
    path("team/", sales.team, name="team"),
    path("handoffs/<uuid:handoff_id>/acceptance/", decisions.acceptance, name="acceptance"),
    path("handoffs/<uuid:handoff_id>/rejection/", decisions.rejection, name="rejection"),
    path("handoffs/<uuid:handoff_id>/undo/", decisions.undo, name="undo"),
    path("handoffs/<uuid:handoff_id>/hold/", putting_off.hold, name="hold"),
    path("handoffs/<uuid:handoff_id>/hold/removal/", putting_off.hold_removal, name="hold-removal"),
    path("handoffs/<uuid:handoff_id>/snooze/", putting_off.snooze, name="snooze"),
    path("handoffs/<uuid:handoff_id>/snooze/removal/", putting_off.snooze_removal, name="snooze-removal"),
    path("handoffs/moves/", moving.moves, name="moves"),
    path("views/", saved.views, name="views"),
    path("views/<uuid:view_id>/", saved.view, name="view"),
    path("search/", search.search, name="search"),
    path("handoffs/<uuid:handoff_id>/routing/", ledger.handoff_routing, name="handoff-routing"),
    path("leads/", leads.all_leads, name="leads"),
    path("leads/<uuid:lead_id>/", leads.lead, name="lead"),
    path("leads/<uuid:lead_id>/score/", scores.score, name="score"),
    path("leads/<uuid:lead_id>/score/adjustments/", scores.adjustments, name="adjustments"),
    path(
        "leads/<uuid:lead_id>/score/adjustments/removal/",
        scores.adjustment_removal,
        name="adjustment-removal",
    ),
    path("leads/<uuid:lead_id>/contacts/", leads.contact, name="contact"),
    path("leads/<uuid:lead_id>/qualification/", leads.qualification, name="qualification"),
    path("leads/<uuid:lead_id>/opportunity/", leads.opportunity, name="opportunity"),
    path("leads/<uuid:lead_id>/handover/", marketing.handover, name="handover"),
    path("leads/<uuid:lead_id>/phase/", marketing.phase, name="phase"),
    path("mqls/", marketing.mqls, name="mqls"),
    path("routing/", routing.rules, name="routing"),
    path("routing/rules/", routing.new_rule, name="routing-new"),
    path("routing/rules/<uuid:routingrule_id>/", routing.rule, name="routing-rule"),
    path(
        "routing/rules/<uuid:routingrule_id>/position/", routing.rule_position, name="routing-rule-position"
    ),
    path("routing/rules/<uuid:routingrule_id>/state/", routing.rule_state, name="routing-rule-state"),
    path("routing/rules/<uuid:routingrule_id>/removal/", routing.rule_removal, name="routing-rule-removal"),
    path("routing/pools/", pools.pools, name="pools"),
    path("routing/pools/new/", pools.new_pool, name="pool-new"),
    path("routing/pools/<uuid:pool_id>/", pools.pool, name="pool"),
    path("routing/pools/<uuid:pool_id>/people/", pools.members, name="pool-members"),
    path("routing/pools/<uuid:pool_id>/people/<uuid:user_id>/", pools.member, name="pool-member"),
    path(
        "routing/pools/<uuid:pool_id>/people/<uuid:user_id>/removal/",
        pools.member_removal,
        name="pool-member-removal",
    ),
    path("people/<uuid:user_id>/leaving/", leaving.person_leaving, name="person-leaving"),
]
