"""How good each rule is, against the verdicts and the evidence themselves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, RejectReason, Verdict
from leads.models import Lead
from reports import rule_quality
from reports.periods import Period
from reports.rule_quality import Quality
from scoring.models import ModelVersion
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
DAYS = "first=2026-05-01&last=2026-05-31"
START = datetime(2026, 5, 12, 9, tzinfo=UTC)


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


def decided(sol: User, code: str = "", *, model: str = "default", name: str = "", **points: float) -> Handoff:
    """A handoff that these rules counted for, accepted, or sent back for ``code``."""
    keys = {rule.replace("_", "-"): each for rule, each in points.items()}
    reasons = [{"rule": rule, "label": rule, "points": each} for rule, each in keys.items()]
    handoff = handed_over(sol, name, at=START)
    evidence = {"explanation": {"model": model, "dimensions": [{"key": "fit", "reasons": reasons}]}}
    Handoff.objects.filter(pk=handoff.pk).update(evidence=evidence)
    if code:
        reason = RejectReason.objects.get(code=code)
        decisions.reject(handoff=handoff, by=sol, reason=reason, at=START + timedelta(hours=1))
    else:
        decisions.accept(handoff=handoff, by=sol, at=START + timedelta(hours=1))
    return handoff


def rules() -> dict[str, Quality]:
    found = rule_quality.report(handoffs=Handoff.objects.all(), period=MAY)
    return {rule.key: rule for rule in found.rules}


def test_S1_23_each_rule_says_what_share_was_accepted_against_the_rest(sol: User) -> None:
    for number in range(24):
        decided(sol, "too_small" if number < 6 else "", pricing=4.0)
        decided(sol, "timing" if number < 16 else "", email_reply=8.0)
    decided(sol, "too_small", pricing=0.0)  # it held, and added nothing
    decided(sol, "", model="another", pricing=4.0)
    found = rules()

    pricing = found["pricing"]
    assert (pricing.decided, pricing.accepted, pricing.sent_back) == (24, 18, 6)
    assert (pricing.rest, pricing.rest_accepted) == (25, 8)
    assert pricing.share is not None
    assert pricing.share.percent == 75
    assert pricing.times is not None
    assert round(pricing.times.value, 2) == 2.34  # 18 of 24 against 8 of 25
    assert pricing.says == "more"
    assert pricing.mostly is not None
    assert (pricing.mostly[0].code, pricing.mostly[1]) == ("too_small", 6)
    assert found["email-reply"].says == "less"
    assert set(found) == set(ModelVersion.objects.live().rules.values_list("key", flat=True))


def test_S1_23_as_many_rows_are_read_of_a_year_of_verdicts_as_of_a_day(sol: User) -> None:
    read: list[int] = []

    def counting(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        found = execute(sql, params, many, context)
        read.append(context["cursor"].rowcount)
        return found

    sums = []
    for more in (2, 8):
        for number in range(more):
            decided(sol, "timing" if number % 2 else "", pricing=4.0)
        read.clear()
        with connection.execute_wrapper(counting):
            found = rule_quality.report(handoffs=Handoff.objects.all(), period=MAY)
        raw = Verdict.objects.filter(undone_by=None)
        assert (found.decided, found.accepted) == (raw.count(), raw.filter(kind="accept").count())
        sums.append(sum(read))
    assert sums[0] == sums[1]


def test_a_rule_that_takes_points_counts_too_and_undone_verdicts_never(sol: User) -> None:
    decided(sol, "not_a_buyer", free_mail=-4.0, pricing=4.0)
    undone = decided(sol, "timing", free_mail=-4.0)
    decisions.undo(handoff=undone, by=sol, at=START + timedelta(hours=1, minutes=5))
    found = rules()
    assert (found["pricing"].decided, found["pricing"].says, found["pricing"].times) == (1, "", None)
    raw = [
        verdict
        for verdict in Verdict.objects.filter(kind="reject", undone_by=None).select_related("handoff")
        if any(each["points"] for each in verdict.handoff.evidence["explanation"]["dimensions"][0]["reasons"])
    ]
    assert len(raw) == 1
    rows = rule_quality.behind(handoffs=Handoff.objects.all(), period=MAY, rule="free-mail")
    assert [row.pk for row in rows] == [raw[0].handoff_id]


def test_before_any_verdict_every_rule_stands_there_with_nothing(sol: User, client: Client) -> None:
    client.force_login(make.marketer())
    text = client.get(f"/reports/rules/?{DAYS}").content.decode()
    assert "Nothing that these rules spoke for was decided" in text
    assert {rule.decided for rule in rules().values()} == {0}


def test_from_a_rule_to_the_leads_behind_it_and_as_a_file(sol: User, client: Client) -> None:
    decided(sol, "timing", name="Ada Back", pricing=4.0)
    decided(sol, name="Bo Taken", pricing=4.0)
    client.force_login(make.marketer())
    text = client.get(f"/reports/rules/?{DAYS}").content.decode()
    assert "rule=pricing&amp;kind=sent_back" in text
    behind = client.get(f"/reports/rules/leads/?{DAYS}&rule=pricing&kind=sent_back").content.decode()
    assert "Ada Back" in behind
    assert "Bo Taken" not in behind
    rows = client.get(f"/reports/rules/file/?{DAYS}").content.decode().splitlines()
    assert rows[1].startswith('"Viewed pricing","Intent","4","2","1","1","",')
    for address in ("rule=unheard-of", "rule=pricing&kind=x"):
        assert client.get(f"/reports/rules/leads/?{address}").status_code == 404
    client.force_login(sol)
    assert client.get("/reports/rules/").status_code == 403


def test_handovers_under_rules_that_are_live_no_more_can_be_asked_for(sol: User, client: Client) -> None:
    live = ModelVersion.objects.live()
    old = ModelVersion.objects.create(model=live.model, number=live.number + 1)
    ModelVersion.objects.filter(pk=old.pk).update(
        state=ModelVersion.State.RETIRED, published_at=START, reason="Before"
    )
    of_old, of_live = decided(sol, pricing=4.0), decided(sol, "timing", pricing=4.0)
    for handoff, version in ((of_old, old), (of_live, live)):
        Handoff.objects.filter(pk=handoff.pk).update(version=version)
    client.force_login(make.marketer())
    for version, row in ((old, '"4","1","1","0"'), (live, '"4","1","0","1"')):
        text = client.get(f"/reports/rules/file/?{DAYS}&version={version.pk}").content.decode()
        assert row in text.splitlines()[1]


def test_every_figure_is_of_leads_that_exist(sol: User) -> None:
    for code in ("", "timing"):
        decided(sol, code, pricing=4.0, email_reply=8.0)
    everything: dict[str, Any] = {"handoffs": Handoff.objects.all(), "period": MAY}
    for key, rule in rules().items():
        for kind, count in (
            (None, rule.decided),
            (Verdict.Kind.ACCEPT, rule.accepted),
            (Verdict.Kind.REJECT, rule.sent_back),
        ):
            assert rule_quality.behind(rule=key, kind=kind, **everything).count() == count
    assert Lead.objects.count() == 2
