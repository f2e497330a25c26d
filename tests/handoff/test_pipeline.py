import pytest

from handoff import pipeline
from handoff.models import Handoff
from leads.stages import Stage
from notifications.models import Notification
from tests.factories import NOW, lead, rep
from tests.handoff.factories import crossing, pool

pytestmark = pytest.mark.django_db


def test_a_lead_over_the_sql_line_goes_to_a_rep_with_a_clock_and_its_reasons():
    sol = rep()
    pool(sol)
    ada = lead("Ada")
    crossing(ada)
    assert pipeline.run(at=NOW) == 1
    handoff = Handoff.objects.get(lead=ada)
    ada.refresh_from_db()
    assert ada.stage == Stage.HANDED_OVER
    assert handoff.rep == sol
    assert Notification.objects.get(recipient=sol).title.startswith("Ada is yours")
