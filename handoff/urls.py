"""Addresses are nouns; a change of state makes one."""

from django.urls import path

from .views import (
    decisions,
    leads,
    leaving,
    ledger,
    marketing,
    pauses,
    people,
    pools,
    response_times,
    routing,
    sales,
    scores,
    teams,
)

app_name = "handoff"

urlpatterns = [
    path("queue/", sales.queue, name="queue"),
    path("team/", sales.team, name="team"),
    path("handoffs/<uuid:handoff_id>/acceptance/", decisions.acceptance, name="acceptance"),
    path("handoffs/<uuid:handoff_id>/rejection/", decisions.rejection, name="rejection"),
    path("handoffs/<uuid:handoff_id>/undo/", decisions.undo, name="undo"),
    path("handoffs/<uuid:handoff_id>/pause/", pauses.pause, name="pause"),
    path("handoffs/<uuid:handoff_id>/pause/end/", pauses.resumption, name="pause-end"),
    path("handoffs/<uuid:handoff_id>/pause/undo/", pauses.undo, name="pause-undo"),
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
    path("response-times/", response_times.response_times, name="response-times"),
    path("response-times/new/", response_times.new_policy, name="response-new"),
    path("response-times/<uuid:slapolicy_id>/", response_times.policy, name="response-policy"),
    path(
        "response-times/<uuid:slapolicy_id>/position/",
        response_times.policy_position,
        name="response-policy-position",
    ),
    path(
        "response-times/<uuid:slapolicy_id>/state/", response_times.policy_state, name="response-policy-state"
    ),
    path(
        "response-times/<uuid:slapolicy_id>/removal/",
        response_times.policy_removal,
        name="response-policy-removal",
    ),
    path("people/", people.people, name="people"),
    path("people/new/", people.invitation, name="person-new"),
    path("people/<uuid:user_id>/", people.person, name="person"),
    path("people/<uuid:user_id>/hours/", people.hours, name="person-hours"),
    path("people/<uuid:user_id>/absences/", people.absences, name="person-absences"),
    path("people/<uuid:user_id>/absences/end/", people.absence_end, name="person-absence-end"),
    path("people/<uuid:user_id>/invitation/", people.another_invitation, name="person-invitation"),
    path("people/<uuid:user_id>/state/", people.state, name="person-state"),
    path("teams/", teams.teams, name="teams"),
    path("teams/new/", teams.new_team, name="team-new"),
    path("teams/<uuid:team_id>/", teams.one_team, name="team-page"),
    path("people/<uuid:user_id>/leaving/", leaving.person_leaving, name="person-leaving"),
]
