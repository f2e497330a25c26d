"""What other systems can hear of. ``docs/webhooks.md`` says the same at length; a test compares the two."""

#: type → in words, as the form lists them.
EVENT_TYPES = {
    "lead.mql": "A lead became an MQL",
    "lead.handed_over": "A lead was handed over to sales",
    "lead.accepted": "Sales accepted a lead",
    "lead.sent_back": "Sales sent a lead back",
    "lead.recycled": "A lead that sales sent back is with marketing again",
    "verdict.undone": "A verdict was taken back",
    "handoff.assigned": "A lead that waited for a rep found one",
    "handoff.unassigned": "Nobody is available for a lead",
    "handoff.overdue": "A lead is overdue",
    "handoff.escalated": "A lead without an answer was escalated",
    "opportunity.created": "A lead became an opportunity",
    "opportunity.won": "A deal was won",
    "opportunity.lost": "A deal was lost",
    "opportunity.reopened": "A deal that was won or lost is open again",
}
#: Sent by the button on an endpoint's page, to that endpoint alone.
TEST = "endpoint.test"
