"""What outcomes propose: other points, another line, a rule against what keeps being sent back."""

from datetime import timedelta

import pytest

from leads.stages import Stage
from scoring import model_file, suggestions
from scoring.models import ModelVersion
from scoring.suggestions import SuggestionGone, of_model
from tests import factories
from tests.factories import NOW, activity, company, lead
from tests.scoring.pasts import MODEL, accepted, live, moved, ready, rule, sent_back

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TITLE = "Service manager"


def small_firms_go_back(n: int = 120) -> None:
    """Of three firms one is small, and most of their leads are sent back as that."""
    for k in range(n):
        small = k % 3 == 0
        good = k % 18 == 0 if small else k % 7 != 0
        at = NOW - (k + 1) * DAY
        firm = company(employees=12 + k % 5 if small else 200 + k)
        if good:
            made = accepted(at, title=TITLE, company=firm)
        else:
            made = sent_back(at, "too_small" if small else "timing", title=TITLE, company=firm)
        ready(made, at - 3 * DAY)


def test_a_reason_that_a_fact_tells_is_answered_with_a_rule() -> None:
    small_firms_go_back()
    version = live()

    found = of_model(version=version, at=NOW)

    (one,) = [one for one in found.found if one.kind == "rejects"]
    assert one.title.startswith("Company's staff: under ")
    assert one.said.startswith("73% of rejects say too small; −4 for this would have stopped ")
    assert "reject" in one.said
    assert "accepted lead" in one.said
    assert found.reasons[0][0] == "too small"
    data = one.patch(model_file.save(version=version))
    assert data["rules"][-1]["when"] == {
        "field": "company.employees",
        "op": "lt",
        "value": data["rules"][-1]["when"]["value"],
    }
    assert data["rules"][-1]["points"] == -4


def test_applying_makes_one_draft_that_carries_its_evidence() -> None:
    small_firms_go_back()
    version, ada = live(), factories.admin()
    key = next(one.key for one in of_model(version=version, at=NOW).found if one.kind == "rejects")

    draft = suggestions.apply(keys=[key], version=version, by=ada, at=NOW)
    again = suggestions.apply(keys=[key], version=version, by=ada, at=NOW)

    assert draft == again
    assert draft.is_draft
    assert (draft.based_on, draft.created_by) == (version, ada)
    assert "too small" in draft.evidence
    assert draft.rules.count() == version.rules.count() + 1
    assert ModelVersion.objects.filter(state="draft").count() == 1
    with pytest.raises(SuggestionGone):
        suggestions.apply(keys=["against-moon"], version=version, by=ada, at=NOW)


def test_every_rule_says_how_often_it_fired_and_how_those_fared() -> None:
    for k in range(60):
        at = NOW - (k + 1) * DAY
        good = k % 4 != 0 if k < 40 else k % 4 == 0
        made = (accepted if good else sent_back)(at, title=TITLE if k < 40 else "")
        if k < 5:
            ready(made, at - DAY)
        if good and k < 8:
            moved(made, Stage.OPPORTUNITY, at + timedelta(hours=1))
            moved(made, Stage.CUSTOMER, at + timedelta(hours=2))

    found = {one.key: one for one in of_model(version=live(), at=NOW).rules}

    assert (
        found["manager"].said == "Fired for 40 decided leads, 75% accepted (60–86%), 1.3 times the average."
    )
    assert found["demo"].said == "Fired for 5 decided leads: too few to say."
    assert (found["manager"].won.k, found["manager"].won.n) == (6, 16)


def weights(n: int = 600) -> ModelVersion:
    """A demo decides nearly everything, and a newsletter nothing; both are worth 10."""
    for k in range(n):
        demo, news = k % 2 == 0, k % 3 == 0
        good = k % 10 != 0 if demo else k % 10 == 1
        at = NOW - timedelta(hours=k + 1)
        made = (accepted if good else sent_back)(at)
        if demo:
            ready(made, at - DAY)
        if news:
            activity(made, "newsletter_signup", at - DAY)
    rules = [
        rule("demo", {"activity": ["demo_request"]}, 10, "intent"),
        rule("news", {"activity": ["newsletter_signup"]}, 10, "engagement"),
    ]
    return live({**MODEL, "rules": rules, "lines": [{"stage": "sql", "min": {"total": 10}}]})


def test_points_follow_the_outcomes_on_the_scale_of_the_model() -> None:
    version = weights(300)

    found = {one.key: one for one in of_model(version=version, at=NOW).found if one.kind == "points"}

    assert set(found) >= {"points-news"}
    data = found["points-news"].patch(model_file.save(version=version))
    news = next(rule for rule in data["rules"] if rule["key"] == "news")
    assert news["points"] < 5 or news["on"] is False
    assert found["points-news"].title.startswith("News: +10 → ")
    assert "19 times in 20" in found["points-news"].evidence
    model_file.load(data=data)  # whatever it says, it is a model


def test_a_line_that_lets_too_much_through_is_called_too_broad() -> None:
    """Between 20 and 25 points nearly all are sent back."""
    for k in range(100):
        low = k % 2 == 0
        at = NOW - (k + 1) * DAY
        good = k % 20 == 0 if low else k % 20 != 1
        made = accepted(at, title=TITLE) if good else sent_back(at, "timing", title=TITLE)
        ready(made, at - DAY)
        if not low:
            activity(made, "quote_request", at - DAY)
    rules = [*MODEL["rules"], rule("quote", {"activity": ["quote_request"]}, 5, "intent")]
    version = live({**MODEL, "rules": rules})

    found = of_model(version=version, at=NOW)

    (one,) = [one for one in found.found if one.kind == "too broad"]
    assert one.title == "SQL line, intent: 20 → 21"
    assert one.said == (
        "The line is too broad: sales sent back 50% of the leads over it (40–60%), mostly for timing (100%)."
        " The higher line would have stopped 45 rejects and 5 accepted leads."
    )
    assert one.patch(model_file.save(version=version))["lines"][0]["min"] == {"intent": 21, "fit": 10}


def test_a_line_below_which_leads_are_won_is_called_too_strict() -> None:
    for k in range(40):  # over the line: half are won
        at = NOW - (k + 40) * DAY
        made = ready(lead(title=TITLE, at=at - 9 * DAY), at - DAY)
        moved(made, Stage.CUSTOMER if k % 2 else Stage.CLOSED, at)
    for k in range(12):  # just below it: nearly all
        at = NOW - (k + 1) * DAY
        made = lead(title=TITLE, at=at - 9 * DAY)
        activity(made, "quote_request", at - DAY)
        moved(made, Stage.CUSTOMER if k else Stage.CLOSED, at)
    for k in range(24):
        (accepted if k % 2 else sent_back)(NOW - (k + 1) * DAY)
    rules = [*MODEL["rules"], rule("quote", {"activity": ["quote_request"]}, 15, "intent")]

    found = of_model(version=live({**MODEL, "rules": rules}), at=NOW)

    (one,) = [one for one in found.found if one.kind == "too strict"]
    assert one.title.startswith("SQL line, intent: 20 → 1")
    assert "11 leads below it were won" in one.said
    assert "handed over 11 winners more, and 1 lead that came to nothing" in one.said


def test_where_outcomes_have_nothing_to_do_with_the_rules_nothing_is_proposed() -> None:
    for k in range(96):
        at = NOW - (k + 1) * DAY
        made = (accepted if k % 4 < 2 else sent_back)(
            at, title=TITLE if k % 2 else "", country="DE" if k % 3 else "AT"
        )
        if k % 8 < 4:
            ready(made, at - DAY)
    assert of_model(version=live(), at=NOW).found == ()


def test_what_the_outcomes_cannot_tell_is_said_beside_what_they_do() -> None:
    """Nobody was won, few stood over the line, and the total tells nothing."""
    for k in range(40):
        (accepted if k % 2 else sent_back)(NOW - (k + 1) * DAY, title=TITLE if k % 4 < 2 else "")

    found = of_model(version=live(), at=NOW)

    assert found.found == ()
    assert found.unjudged == (
        "Whether the line is too broad: of the decided leads none stood over it.",
        "Whether the line is too strict: of those over it none was won or lost so far.",
        "Points of rules: a higher total is not surely a better lead here, so what a point is worth cannot be"
        " said. A model learned anew may say more.",
    )


def test_rules_that_are_too_rare_to_judge_are_counted() -> None:
    for k in range(80):
        at = NOW - (k + 1) * DAY
        good = k % 10 != 0 if k % 2 else k % 10 == 0
        made = (accepted if good else sent_back)(at, title=TITLE if k % 2 else "")
        if k < 4:
            ready(made, at - DAY)

    assert (
        "Points of 1 of the 2 rules: too rare, or too common, to tell (under 20 of the decided leads on one"
        " side)." in of_model(version=live(), at=NOW).unjudged
    )


def test_with_outcomes_enough_nothing_is_left_open() -> None:
    version = weights(300)
    for k in range(60):
        made = ready(lead(at=NOW - 90 * DAY), NOW - 80 * DAY) if k % 2 else lead(at=NOW - 90 * DAY)
        moved(made, Stage.CUSTOMER if k % 3 else Stage.CLOSED, NOW - (k + 1) * DAY)
    assert of_model(version=version, at=NOW).unjudged == ()


def test_below_twenty_outcomes_it_is_quiet_and_says_so() -> None:
    small_firms_go_back(15)
    found = of_model(version=live(), at=NOW)
    assert (found.found, found.rules) == ((), ())
    assert found.too_few.startswith("Only 15 decided so far")


def test_a_rule_that_is_there_is_not_proposed_again() -> None:
    small_firms_go_back()
    version = live()
    one = next(one for one in of_model(version=version, at=NOW).found if one.kind == "rejects")
    data = one.patch(model_file.save(version=version))
    data["rules"][-1]["points"] = -1
    version = live(data)
    there = [made.when for made in version.rules.all()]
    for again in of_model(version=version, at=NOW).found:
        changed = again.patch(model_file.save(version=version))
        assert len(changed["rules"]) == len(there) or changed["rules"][-1]["when"] not in there
