"""How soon, and what happens by itself: the page of response times."""

import re
from datetime import datetime

import pytest
from django.test import Client

from accounts.models import User
from handoff import clocks, escalation, pipeline
from handoff.models import Handoff, LadderRung, RoutingDecision, SlaPolicy
from handoff.models.sla import Promise
from tests import factories
from tests.factories import NOW, company, lead, team
from tests.handoff.factories import crossing, office_hours, pool

pytestmark = pytest.mark.django_db


def order(promise: str = Promise.ANSWER) -> list[str]:
    return list(SlaPolicy.objects.filter(promise=promise).in_order().values_list("name", flat=True))


def sent(**changed: str) -> dict[str, str]:
    """A policy as the form sends it."""
    return {"name": "Large firms", "on": "on", "promise": "answer", "minutes": "30", "do": "save", **changed}


@pytest.fixture
def admin_client_of_ada(signed_in) -> Client:
    client: Client = signed_in(factories.admin())
    return client


@pytest.fixture
def max_client(max_: User, signed_in) -> Client:
    client: Client = signed_in(max_)
    return client


def test_everybody_reads_what_is_agreed_and_managers_set_it(signed_in, sol: User, mara: User) -> None:
    for person in (sol, mara):
        client = signed_in(person)
        shown = client.get("/response-times/").content.decode()
        assert "When intent is 26 or more: an answer to the handoff within 60 min." in shown
        assert (
            "Reminds the rep after 5 min, asks a backup after 15 min, tells the manager after 30 min" in shown
        )
        assert "gives it to another rep at the due time" in shown
        assert "Every lead: the first contact after acceptance within 4 h." in shown
        assert "New policy" not in shown
        assert client.get("/response-times/new/").status_code == 403
        hot = SlaPolicy.objects.first()
        assert client.post(f"/response-times/{hot.public_id}/removal/").status_code == 403


def test_the_most_specific_wins_by_order_and_a_new_one_comes_before_the_rest(
    max_client: Client, sol: User
) -> None:
    changed = sent(**{
        "when-how": "all", "when-0-what": "field:company.employees", "when-0-op": "gte",
        "when-0-value": "500", "after-remind": "10", "after-reassign": "20",
    })  # fmt: skip
    answer = max_client.post("/response-times/new/", changed)
    assert answer.status_code == 302, answer.content.decode()
    assert order() == ["Asked for something", "Large firms", "Everything else"]
    made = SlaPolicy.objects.get(name="Large firms")
    max_client.post(f"/response-times/{made.public_id}/position/", {"to": "up"})
    assert order() == ["Large firms", "Asked for something", "Everything else"]

    pool(sol)
    firm = company(employees=900)
    crossing(lead("Large", company=firm), intent=4000)
    crossing(lead("Small", company=company(employees=20)), intent=4000)
    pipeline.run(at=NOW)
    minutes = dict(Handoff.objects.values_list("lead__name", "allowed_minutes"))
    assert minutes == {"Large": 30, "Small": 60}
    max_client.post(f"/response-times/{made.public_id}/state/", {})
    deadline = clocks.set_deadline(lead=lead("Other", company=firm), pool=None, at=NOW)
    assert deadline.minutes == 240


def test_a_policy_for_a_trigger_asks_by_which_way_it_came(sol: User) -> None:
    SlaPolicy.objects.create(name="Guide and demo", position=1, minutes=10, triggers=["guide-and-demo"])
    pool(sol)
    by_trigger = crossing(lead(), triggers=["guide-and-demo"])
    by_points = crossing(lead())
    for one, minutes in ((by_trigger, 10), (by_points, 240)):
        found = clocks.set_deadline(lead=one.lead, pool=None, at=NOW, crossing=one)
        assert found.minutes == minutes


def test_c35_editing_a_policy_moves_no_due_time_and_no_step(max_client: Client, sol: User) -> None:
    pool(sol)
    crossing(lead(), intent=2600)
    pipeline.run(at=NOW)
    handoff = Handoff.objects.get()
    steps = list(handoff.steps.order_by("id").values_list("at", flat=True))
    hot = SlaPolicy.objects.get(name="Asked for something")
    max_client.post(
        f"/response-times/{hot.public_id}/",
        sent(minutes="5", **{"at_least-intent": "26", "after-reassign": "6"}),
    )
    hot.refresh_from_db()
    assert hot.minutes == 5
    handoff.refresh_from_db()
    assert handoff.allowed_minutes == 60
    assert list(handoff.steps.order_by("id").values_list("at", flat=True)) == steps
    max_client.post(f"/response-times/{hot.public_id}/removal/")
    handoff.refresh_from_db()
    assert (handoff.policy, handoff.allowed_minutes) == (None, 60)
    assert escalation.run(at=steps[-1]) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Give the policy a name."),
        ({"minutes": "soon"}, "Time: write a whole number."),
        ({"minutes": ""}, "Say how long."),
        ({"after-remind": "45"}, "Remind before the time is over"),
        ({"after-remind": "20", "after-manager": "10"}, "Remind before the manager is told"),
        ({"after-remind": "20", "after-reassign": "20"}, "Remind before another rep gets it"),
        ({"after-backup": "25", "after-reassign": "20"}, "Ask a backup before another rep gets it"),
        ({"after-manager": "0"}, "Tell the manager: from 1 to 525,600."),
        ({"promise": "contact", "after-reassign": "90"}, "An accepted lead stays with its rep"),
        ({"after-backup": "9", "backup": "user:00000000-0000-0000-0000-000000000000"}, "Choose a backup"),
        ({"at_least-intent": "40", "below-intent": "20"}, "must be more than"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(max_client: Client, changed: dict[str, str], said: str) -> None:
    answer = max_client.post("/response-times/new/", sent(**changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Large firms" not in order()


def test_who_saves_over_somebody_elses_change_is_told(max_client: Client) -> None:
    hot = SlaPolicy.objects.get(name="Asked for something")
    answer = max_client.post(f"/response-times/{hot.public_id}/", sent(seen="2020-01-01T00:00:00+00:00"))
    assert answer.status_code == 409
    hot.refresh_from_db()
    assert hot.minutes == 60


def test_a_backup_and_the_form_keep_what_was_saved(max_client: Client, sofia: User) -> None:
    changed = sent(**{"after-backup": "15", "backup": f"user:{sofia.public_id}", "trigger-interest": "on"})
    max_client.post("/response-times/new/", changed)
    made = SlaPolicy.objects.get(name="Large firms")
    assert LadderRung.objects.get(policy=made).backup == sofia
    shown = max_client.get(f"/response-times/{made.public_id}/").content.decode()
    assert f'<option value="user:{sofia.public_id}" selected>' in shown


def test_the_dry_run_says_when_and_what_happens(max_client: Client) -> None:
    """C-33: Friday 16:00 with four hours is due on Monday at 12:00."""
    dach = team()
    dach.calendar = office_hours("Europe/Berlin")
    dach.save()
    asked = {"team": str(dach.public_id), "at": "2026-05-08T16:00", "fit": "30", "engagement": "5"}
    calm = max_client.get("/response-times/", {**asked, "intent": "10"}).content.decode()
    assert "offered <b>Fri 8 May, 16:00</b> with intent 10 to DACH is due <b>Mon 11 May, 12:00</b>" in calm
    hot = max_client.get("/response-times/", {**asked, "intent": "28"}).content.decode()
    assert "is due <b>Fri 8 May, 17:00</b>" in hot
    assert "<span>a backup is asked</span>" in hot
    wrong = max_client.get("/response-times/", {**asked, "intent": "", "at": "then"})
    assert wrong.status_code == 422
    assert not RoutingDecision.objects.exists()
    assert datetime(2026, 5, 8).weekday() == 4  # noqa: DTZ001 - a day, to say that it is a Friday


def tried(**changed: str) -> dict[str, str]:
    """A policy as the form sends it, with its dry run."""
    run = {
        "team": str(team().public_id),
        "at": "2026-05-08T16:00",
        "intent": "28",
        "fit": "9",
        "engagement": "5",
    }
    return sent(**{"do": "try", **{f"try-{name}": value for name, value in run.items()}, **changed})


def office_in_dach() -> None:
    dach = team()
    dach.calendar = office_hours("Europe/Berlin")
    dach.save()


def test_a_policy_is_tried_before_it_is_saved(max_client: Client) -> None:
    """Friday 16:00 with 90 minutes is due on Monday at 9:30, although another policy is asked before it."""
    office_in_dach()
    before = order()
    given = {"minutes": "90", "after-remind": "30", "after-manager": "75"}
    asks = {"when-how": "all", "when-0-what": "field:country", "when-0-op": "in", "when-0-value": "SE"}
    SlaPolicy.objects.filter(name="Asked for something").update(is_on=False)
    page = max_client.post("/response-times/new/", tried(**given, **asks)).content.decode()
    assert "offered <b>Fri 8 May, 16:00</b> with intent 28 to DACH is due <b>Mon 11 May, 09:30</b>" in page
    assert "By “Large firms”: 90 min." in page
    assert "Tried as if the lead met what this policy asks of it." in page
    steps = re.findall(r'ladder__at">([^<]*)</span><span>([^<;]*)', page)
    assert steps == [
        ("Fri 8 May, 16:30", "the rep is reminded"),
        ("Mon 11 May, 09:15", "the manager is told"),
        ("Mon 11 May, 09:30", "it is due"),
    ]
    assert 'value="Large firms"' in page
    assert 'name="try-intent" value="28"' in page
    assert order() == before


def test_a_draft_that_does_not_decide_says_which_does(max_client: Client) -> None:
    office_in_dach()
    page = max_client.post("/response-times/new/", tried(minutes="90")).content.decode()
    assert "By “Asked for something”: 60 min." in page
    assert "Not by the policy on this form" in page
    hot = SlaPolicy.objects.get(name="Asked for something")
    changed = tried(minutes="90", name="Hot", **{"at_least-intent": "20"})
    page = max_client.post(f"/response-times/{hot.public_id}/", changed).content.decode()
    assert "By “Hot”: 90 min." in page
    hot.refresh_from_db()
    assert (hot.name, hot.minutes) == ("Asked for something", 60)


def test_a_draft_about_accepted_leads_is_tried_and_what_is_wrong_is_said(max_client: Client) -> None:
    office_in_dach()
    page = max_client.post("/response-times/new/", tried(promise="contact", minutes="90"))
    assert "the first contact after acceptance is due <b>Mon 11 May, 09:30</b>" not in page.content.decode()
    asks = {"promise": "contact", "minutes": "90", "at_least-intent": "20"}
    page = max_client.post("/response-times/new/", tried(**asks))
    assert "the first contact after acceptance is due <b>Mon 11 May, 09:30</b>" in page.content.decode()
    for wrong, said in (
        ({"try-at": "then"}, "Write the moment as"),
        ({"after-remind": "31"}, "Remind before the time"),
    ):
        refused = max_client.post("/response-times/new/", tried(**wrong))
        assert refused.status_code == 422
        assert said in refused.content.decode()
        assert "Large firms" in refused.content.decode()


def test_the_stock_admin_refuses_steps_out_of_order(admin_client_of_ada: Client) -> None:
    given = {"position": "10", "name": "Late", "promise": "answer", "minutes": "60", "scores": "{}"}
    given |= {"when": "null", "rungs-TOTAL_FORMS": "2", "rungs-INITIAL_FORMS": "0"}
    given |= {"rungs-0-does": "remind", "rungs-0-minutes": "50"}
    given |= {"rungs-1-does": "manager", "rungs-1-minutes": "30"}
    answer = admin_client_of_ada.post("/admin/handoff/slapolicy/add/", given)
    assert "Remind before the manager is told" in answer.content.decode()
    assert "Late" not in order()
    admin_client_of_ada.post("/admin/handoff/slapolicy/add/", {**given, "rungs-0-minutes": "20"})
    assert "Late" in order()


def test_an_own_policy_of_another_id_is_not_found(max_client: Client) -> None:
    assert max_client.get("/response-times/00000000-0000-0000-0000-000000000000/").status_code == 404


def test_the_queue_says_what_was_agreed(signed_in, sol: User) -> None:
    pool(sol)
    crossing(lead(), intent=2600)
    pipeline.run()
    shown = signed_in(sol).get("/queue/").content.decode()
    assert "agreed: 60 min where intent is 26 or more, 4 h for the rest" in shown
    assert factories.NOW == NOW
    SlaPolicy.objects.create(name="Reseller", minutes=30, position=1, scores={"intent": {"at_least": 90}})
    shown = signed_in(sol).get("/queue/").content.decode()
    assert "agreed: 30 min to 4 h, by lead" in shown
