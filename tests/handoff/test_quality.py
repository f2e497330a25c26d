"""How good sales finds the handoffs (S4-14)."""

from datetime import timedelta

import pytest

from handoff import decisions, quality
from handoff.models import Rating
from handoff.permissions import NotYours
from tests.factories import NOW, lead, manager, marketer, rep, team
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db


def rated(by, score: int, at=NOW, **fields) -> Rating:
    handoff = offered(to=by, of=lead(at=at - timedelta(days=1), **fields), at=at)
    decisions.accept(handoff=handoff, by=by, at=at)
    return quality.rate(handoff=handoff, by=by, score=score, at=at)


def test_s4_14_a_rating_is_given_after_the_verdict_and_may_be_changed():
    sol = rep()
    handoff = offered(to=sol)
    with pytest.raises(NotYours, match="once it is decided"):
        quality.rate(handoff=handoff, by=sol, score=4, at=NOW)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    handoff.refresh_from_db()
    quality.rate(handoff=handoff, by=sol, score=2, note="A student.", at=NOW)
    quality.rate(handoff=handoff, by=sol, score=4, at=NOW)
    said = Rating.objects.get()
    assert (said.score, said.note, said.by) == (4, "A student.", sol)
    for stranger in (rep("Mona Colleague"), marketer()):
        with pytest.raises(NotYours):
            quality.rate(handoff=handoff, by=stranger, score=1, at=NOW)
    with pytest.raises(ValueError, match="1 to 5"):
        quality.rate(handoff=handoff, by=manager(), score=6, at=NOW)


def test_s4_14_the_trend_says_which_source_falls_and_hides_what_chance_explains():
    sol = rep()
    for number in range(5):
        rated(sol, 5, NOW - timedelta(weeks=10, hours=number), source="Webinar" if number == 4 else "webinar")
        rated(sol, 2, NOW - timedelta(days=1, hours=number), source="webinar")
    rated(sol, 1, source="paid_social")
    rated(sol, 1, NOW - timedelta(weeks=20), source="webinar")
    webinar, social = quality.trends(user=manager(), by="source", at=NOW)
    assert (webinar.name, webinar.count, webinar.average, webinar.poor, webinar.change) == (
        "webinar", 10, 3.5, 50, -3.0,
    )  # fmt: skip
    assert (social.name, social.change) == ("paid_social", None)
    weeks = quality.weeks(user=marketer(), at=NOW)
    assert len(weeks) == quality.WEEKS
    assert [(week.count, week.average) for week in weeks if week.count] == [(5, 5.0), (6, 1.8)]
    assert quality.trends(user=manager("Nora North", team("Nordics")), by="model", at=NOW) == []
    assert len(quality.poor_ones(user=marketer("Mia Marker"), at=NOW)) == 6
