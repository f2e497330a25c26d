"""Addresses are nouns; a change of state makes one."""

from django.urls import path

from .views import decisions, leads, marketing, sales, scores

app_name = "handoff"

urlpatterns = [
    path("queue/", sales.queue, name="queue"),
    path("team/", sales.team, name="team"),
    path("handoffs/<uuid:handoff_id>/acceptance/", decisions.acceptance, name="acceptance"),
    path("handoffs/<uuid:handoff_id>/rejection/", decisions.rejection, name="rejection"),
    path("handoffs/<uuid:handoff_id>/undo/", decisions.undo, name="undo"),
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
]
