"""Why sales sent leads back, against the verdicts themselves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from django.test import Client

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, RejectReason, Verdict
from reports.periods import Period
from reports.sent_back import Behind, Report, handoffs_behind, report
from scoring.models import ModelVersion, Rule
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
DAYS = "first=2026-05-01&last=2026-05-31"


def on(day: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


def evidence(**points: float) -> dict[str, Any]:
    reasons = [{"rule": rule, "label": rule.capitalize(), "points": each} for rule, each in points.items()]
    return {"explanation": {"dimensions": [{"key": "fit", "reasons": reasons}]}}


def answered(
    sol: User, at: datetime, code: str = "", points: dict[str, float] | None = None, **of: Any
) -> Handoff:
    handoff = handed_over(sol, at=at - timedelta(hours=1), **of)
    Handoff.objects.filter(pk=handoff.pk).update(evidence=evidence(**(points or {})))
    if code:
        reason = RejectReason.objects.get(code=code)
        decisions.reject(handoff=handoff, by=sol, reason=reason, at=at)
    else:
        decisions.accept(handoff=handoff, by=sol, at=at)
    return handoff


def of(behind: Behind = Behind.SOURCE, period: Period = MAY) -> Report:
    return report(handoffs=Handoff.objects.all(), period=period, behind=behind)


def test_S1_22_reasons_are_counted_against_the_time_before_and_undone_ones_never(sol: User) -> None:
    for day in (2, 3):
        answered(sol, on(day), "timing", source="ads")
    answered(sol, on(4), "no_budget", source="fair")
    answered(sol, on(20, 4), "timing")
    answered(sol, on(5))
    undone = answered(sol, on(6), "no_budget")
    decisions.undo(handoff=undone, by=sol, at=on(6) + timedelta(minutes=5))
    found = of()

    assert (found.decided, found.sent_back) == (4, 3)
    told = [(why.reason.code, why.count, why.before, why.mostly) for why in found.reasons]
    assert told == [("timing", 2, 1, ("ads", 2)), ("no_budget", 1, 0, ("fair", 1))]
    raw = Verdict.objects.filter(kind="reject", undone_by=None, at__month=5).count()
    assert found.sent_back == raw


def test_S1_22_the_rule_behind_a_reason_is_the_one_that_the_others_decided_have_less(sol: User) -> None:
    for number in range(4):
        answered(sol, on(2 + number), "timing", {"guide": 10.0, "size": 8.0}, source=f"ads {number // 2}")
    for _ in range(6):
        answered(sol, on(9), points={"size": 8.0})
    answered(sol, on(9), points={"guide": 10.0, "size": 8.0})
    answered(sol, on(9), "no_budget", {"guide": 10.0})

    timing, no_budget = of().reasons
    assert (timing.reason.code, timing.mostly) == ("timing", ("ads 0", 2))
    assert timing.rule is not None
    assert (timing.rule[0], timing.rule[2]) == ("guide", 4)
    assert no_budget.rule is None  # one says nothing of a rule
    for number in range(3):
        answered(sol, on(3), "timing", source=f"fair {number}")
    assert of().reasons[0].mostly is None  # no source has half of them


def test_S1_23_lines_say_what_share_of_a_source_or_rule_came_back_and_of_few_nothing(sol: User) -> None:
    for number in range(20):
        answered(
            sol, on(3), "too_small" if number < 15 else "", {"size": 8.0, "free_mail": -4.0}, source="ads"
        )
    answered(sol, on(3), "timing", {"size": 8.0, "demo": 25.0}, source="fair")

    ads, fair = of().lines
    assert (ads.key, ads.decided, ads.sent_back, ads.share and ads.share.percent) == ("ads", 20, 15, 75)
    assert (fair.decided, fair.share) == (1, None)
    rules = {line.key: (line.name, line.decided, line.sent_back) for line in of(Behind.RULE).lines}
    assert rules == {"size": ("Size", 21, 16), "demo": ("Demo", 1, 1)}


def test_S1_23_a_rule_that_was_renamed_is_one_line_called_as_it_is_now(sol: User) -> None:
    renamed = answered(sol, on(3), "timing", {"size": 8.0}, source="ads")
    frozen = evidence(size=8.0)
    frozen["explanation"]["dimensions"][0]["reasons"][0]["label"] = "Staff"
    Handoff.objects.filter(pk=renamed.pk).update(evidence=frozen)
    answered(sol, on(3), "", {"size": 8.0}, source="fair")
    (line,) = of(Behind.RULE).lines
    assert (line.key, line.name, line.decided, line.sent_back) == ("size", "Size", 2, 1)
    rule = Rule.objects.filter(version=ModelVersion.objects.live()).order_by("pk")[0]
    answered(sol, on(4), "timing", {rule.key: 8.0}, source="ads")
    assert rule.label in {line.name for line in of(Behind.RULE).lines}
    assert rule.label != rule.key.capitalize()


def test_what_is_beyond_the_most_is_another_line(sol: User) -> None:
    answered(sol, on(3), "timing", {"size": 8.0}, source="ads")
    answered(sol, on(3), "", {"size": 8.0}, source="fair")
    found = report(handoffs=Handoff.objects.all(), period=MAY, behind=Behind.SOURCE, most=1)
    assert [(line.key, line.name, line.decided) for line in found.lines] == [
        ("ads", "ads", 1),
        (None, "Others", 1),
    ]


def test_from_a_reason_a_source_or_a_rule_to_each_time_it_was_sent_back(sol: User, client: Client) -> None:
    twice = answered(sol, on(3), "timing", {"size": 8.0}, source="ads").lead
    twice.refresh_from_db()
    again = handed_over(sol, of=twice, at=on(4), cycle=2)
    decisions.reject(handoff=again, by=sol, reason=RejectReason.objects.get(code="timing"), at=on(5))
    other = answered(sol, on(3), "no_budget", {"demo": 25.0}, source="fair").lead
    everybody = Handoff.objects.all()

    def behind(**asked: Any) -> list[tuple[int, datetime]]:
        found = handoffs_behind(handoffs=everybody, period=MAY, **asked)
        return sorted((row.lead_id, cast(Any, row).passed_at) for row in found)

    both = [(twice.pk, on(3)), (twice.pk, on(5))]
    assert behind() == [*both, (other.pk, on(3))]
    assert behind(reason="timing") == behind(line="ads") == both
    assert behind(behind=Behind.RULE, line="demo") == [(other.pk, on(3))]
    assert behind(behind=Behind.RULE, line="size", reason="timing") == [(twice.pk, on(3))]

    client.force_login(make.marketer())
    text = client.get(f"/reports/sent-back/leads/?{DAYS}&by=rule&line=demo").content.decode()
    assert str(other) in text
    assert str(twice) not in text


def test_the_page_and_its_file_say_the_same(sol: User, client: Client) -> None:
    client.force_login(make.manager())
    assert "Nothing was decided in these days" in client.get(f"/reports/sent-back/?{DAYS}").content.decode()
    answered(sol, on(3), "timing", source="paid_search")
    answered(sol, on(3), source="paid_search")
    text = client.get(f"/reports/sent-back/?{DAYS}").content.decode()
    assert "mostly paid search, 1" in text
    rows = client.get(f"/reports/sent-back/file/?{DAYS}").content.decode().splitlines()
    assert rows[1:] == ['"paid search","2","1","1"', '"All","2","1","1"']
    client.force_login(sol)
    assert client.get("/reports/sent-back/").status_code == 403
