"""How many questions the reports ask of the database: the same for 5 leads and for 50."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff.models import Handoff, RejectReason, Verdict
from leads.models import Opportunity, StageChange
from leads.stages import Stage
from tests import factories as make
from tests.budgets import crowds

pytestmark = pytest.mark.django_db

FRAME = 3  # session, user, the rail's counts
FILTERS = 4  # segments, teams, reps and versions to filter by
BEHIND = FRAME + 3 + 2  # segments, teams and reps, the rows with leads and companies, how many
DECIDED = BEHIND + 1  # what was said of handoffs
BUDGETS = {
    "/reports/conversion/": FRAME + FILTERS + 5,  # who came and passed, both before, medians
    "/reports/conversion/?count=cohort&by=month": FRAME + FILTERS + 3,  # cohorts are compared with nothing
    "/reports/conversion/leads/?step=mql&days=90": BEHIND,
    "/reports/speed/?days=90": FRAME + FILTERS + 4,  # each step and as before, who waits, the weeks
    "/reports/speed/leads/?stage=handed_over": BEHIND,
    "/reports/sent-back/?by=rule": FRAME + FILTERS + 6,  # reasons, both counts, sources, rules, their names
    "/reports/sent-back/leads/": DECIDED + 1,  # the reason
    "/reports/sources/?days=90": FRAME + FILTERS + 3,  # what happened, other currencies, costs
    "/reports/sources/?days=90&touch=linear&by=campaign": FRAME + FILTERS + 3,
    "/reports/sources/leads/?days=90&measure=leads&touch=linear": BEHIND,
    "/reports/deals/?days=90&by=team": FRAME + FILTERS + 4,  # lines, all, before, other currencies
    "/reports/deals/leads/?days=90": BEHIND + 1,  # why deals are lost
    "/reports/response/": FRAME + FILTERS + 8,  # handoffs, teams and their calendars (3 and 1), late, owed
    "/reports/response/leads/?what=answer_late": DECIDED,
    "/reports/gaps/": FRAME + FILTERS + 5,  # over the line, unowned, whose list (2), early or late
    "/reports/gaps/leads/?place=handoff": BEHIND,
    "/reports/mqls/": FRAME + FILTERS + 4,  # how far, how long customers took, lift, verdicts
    "/reports/mqls/leads/?lift=others": BEHIND + 1,  # how long customers took
    "/reports/forecast/": FRAME + FILTERS + 10,  # the past (1 and twice 3), what stands now (2), what came
    "/reports/forecast/leads/?place=handed_over": BEHIND,
    "/reports/rules/": FRAME + FILTERS + 6,  # models, verdicts, version, reasons, what counted, rules
    "/reports/rules/leads/?rule=pricing": BEHIND + 2,  # models, the rule
    "/reports/": FRAME,
    "/reports/figures/": FRAME,
    # What was agreed; two of each of four figures, ten of the first touch; the way; verdicts; the pace; the
    # line; words; sources.
    "/dashboard/?days=90": FRAME + FILTERS + 1 + 8 + 10 + 5 + 7 + 3 + 7 + 1 + 3,
    "/dashboard/leads/?figure=mqls&days=90": BEHIND,
    "/dashboard/line/leads/?dim=intent&fate=accepted&days=90": BEHIND + 1,  # the live version
    "/dashboard/line/?dim=intent": FRAME + 3,  # the live version, its line, the open review
    "/reports/agreed/": FRAME + 3,  # what holds, is proposed, was agreed
}


def grow(to: int, sol: User) -> None:
    """``to`` leads, each with a way and a verdict of its own, yesterday and before."""
    at = timezone.now() - timedelta(days=1)
    firms = crowds.companies(range(Handoff.objects.count(), to))
    handed = crowds.handed_over(sol, "Mine", firms, at=at)
    for each in handed:
        each.lead.source = f"source-{each.lead_id}"
        each.lead.save(update_fields=["source"])
    timing = RejectReason.objects.get(code="timing")
    changes = StageChange.objects.bulk_create(
        StageChange(
            lead=each.lead, from_stage=Stage.HANDED_OVER, to_stage=Stage.MQL, at=at, cause="verdict", by=sol
        )
        for each in handed
    )
    Verdict.objects.bulk_create(
        Verdict(handoff=each, kind=Verdict.Kind.REJECT, by=sol, at=at, reason=timing, stage_change=change)
        for each, change in zip(handed, changes, strict=True)
    )
    Opportunity.objects.bulk_create(
        Opportunity(lead=each.lead, owner=sol, amount=1, created_at=at, closed_at=at, outcome="won")
        for each in handed
    )
    evidence = {"explanation": {"dimensions": [{"reasons": [{"rule": "r", "label": "R", "points": 3}]}]}}
    Handoff.objects.filter(pk__in=[each.pk for each in handed]).update(evidence=evidence)


@pytest.mark.parametrize("path", BUDGETS)
def test_p_7_a_report_asks_as_much_about_50_leads_as_about_5(path: str) -> None:
    mara, sol = make.marketer(), make.rep("Sol Seller")
    client, asked = Client(), {}
    client.force_login(mara)
    for leads in (5, 50):
        grow(leads, sol)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        asked[leads] = len(queries)
    assert asked == dict.fromkeys((5, 50), BUDGETS[path])
