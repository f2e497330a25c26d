"""What marketers do in their queue: answer, record, judge, one by one or many at once, and keep segments."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from zeal import zeal_ignore

from accounts.models import User
from handoff import saved_views, shortfalls
from handoff.models import Handoff, ReturnAnswer, SavedView, Shortfall
from leads import lifecycle
from leads.models import Lead, PhaseChange, StageChange
from leads.stages import Stage
from tests.api.calling import caller
from tests.factories import company, lead
from tests.handoff.views.worlds import handed_over, scored, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DAY = timedelta(days=1)
SELECTION = "/mqls/selection/"


def mql(name: str, intent: int = 10, **fields) -> Lead:
    made = lead(name, stage=Stage.MQL, **{"at": timezone.now() - 3 * DAY, **fields})
    scored(made, intent=intent)
    return made


def came_back(sol: User, name: str = "Lucas Meyer", days: float = 1) -> Handoff:
    at = timezone.now() - days * DAY
    handoff = handed_over(sol, name, at=at - DAY)
    sent_back(handoff, by=sol, at=at, note="Contract until March.")
    return handoff


def choose(client: Client, sent: dict[str, object]):
    with zeal_ignore():  # each lead is held and done by itself
        return client.post(SELECTION, sent)


def warm(client: Client, handoff: Handoff, **more):
    day = (timezone.localdate() + 60 * DAY).isoformat()
    sent = {"kind": "keep_warm", "warm_until": day, "note": "", **more}
    return client.post(f"/handoffs/{handoff.public_id}/answer/", sent, follow=True)


def test_an_answered_lead_leaves_the_group_and_stands_below_in_its_own_view(mara, sol, signed_in: SignIn):
    handoff, client = came_back(sol), signed_in(mara)
    assert "Answered <b>Lucas Meyer</b>: keep warm" in warm(client, handoff).content.decode()

    assert client.get("/mqls/").context["page"].back == []
    [row] = client.get("/mqls/?view=back").context["page"].back
    assert row.answer == ReturnAnswer.objects.get()
    assert client.post(row.undo_url).status_code == 302
    assert [row.lead.name for row in client.get("/mqls/").context["page"].back] == ["Lucas Meyer"]


def test_who_was_not_answered_within_two_working_days_is_marked(mara, sol, signed_in: SignIn):
    came_back(sol, "Late Lea", days=9)
    came_back(sol, "Fresh Fay", days=0.01)
    rows = {row.lead.name: row.overdue for row in signed_in(mara).get("/mqls/").context["page"].back}
    assert rows == {"Late Lea": True, "Fresh Fay": False}


@pytest.mark.parametrize(
    ("sent", "field", "why"),
    [
        ({"warm_until": "2020-01-01"}, "warm_until", "Choose a day after today"),
        ({"warm_until": "12.1.2027"}, "warm_until", "Write the date as 2027-01-12."),
        ({"kind": "other"}, "note", "Say in a sentence what is done"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_at_its_field_and_what_was_typed_is_kept(
    mara, sol, signed_in: SignIn, sent: dict[str, str], field: str, why: str
):
    handoff, client = came_back(sol), signed_in(mara)
    typed = {"note": "" if field == "note" else "Asked them when.", "next": "/mqls/?view=back", **sent}
    answer = warm(client, handoff, **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody was faster" not in page
    assert f'id="id_{field}-error"' in page
    assert why in page
    form = answer.context["form"]
    assert {name: form[name].value() for name in typed if name in form.fields} == {
        name: value for name, value in typed.items() if name in form.fields
    }
    assert typed["note"] in page
    assert 'name="next" value="/mqls/?view=back"' in page
    assert not ReturnAnswer.objects.exists()
    mended = warm(client, handoff, note="Asked them when.")
    assert "Answered <b>Lucas Meyer</b>" in mended.content.decode()


def test_sales_does_not_answer_for_marketing(sol, signed_in: SignIn):
    assert warm(signed_in(sol), came_back(sol)).status_code == 403


def test_s0_09_a_shortfall_shows_in_the_row_on_the_page_in_filters_and_in_the_file(mara, signed_in: SignIn):
    petra, _ = mql("Petra Schwarz"), mql("Other Otto")
    client = signed_in(mara)
    client.post(f"/leads/{petra.public_id}/shortfall/", {"kind": "budget", "note": "A tenth of it."})

    assert "Unreasonable budget expectation" in client.get("/mqls/").content.decode()
    page = client.get(f"/leads/{petra.public_id}/").content.decode()
    assert "Unreasonable budget expectation" in page
    assert "A tenth of it." in page
    for path in ("/mqls/", "/leads/"):
        found = client.get(f"{path}?shortfall=budget").content.decode()
        assert "Petra Schwarz" in found
        assert "Other Otto" not in found
    file = b"".join(client.get("/mqls/file/?shortfall=any")).decode()
    assert "Unreasonable budget expectation" in file
    assert "Other Otto" not in file


def test_s0_07_all_leads_makes_mqls_of_those_chosen_with_one_note(mara, signed_in: SignIn):
    chosen = [lead(name) for name in ("Nina Hofer", "Tom Whitfield")]
    lost = mql("Sold Sam")
    lifecycle.move(lead=lost, to=Stage.CUSTOMER, at=timezone.now(), cause=StageChange.Cause.IMPORT)
    sent = {"lead": [str(one.public_id) for one in [*chosen, lost]], "do": "mql"}
    client = signed_in(mara)

    assert choose(client, sent).status_code == 422
    answer = choose(client, {**sent, "note": "Met at the fair."})

    assert answer.status_code == 409
    assert "1 of 3 did not work." in answer.content.decode()
    assert "Sold Sam: Sold Sam is Customer by now." in answer.content.decode()
    steps = StageChange.objects.filter(lead__in=chosen)
    assert {(step.by, step.note, step.to_stage) for step in steps} == {(mara, "Met at the fair.", "mql")}
    assert "By Mara Marker: <q>Met at the fair.</q>" in client.get("/mqls/").content.decode()


@pytest.mark.parametrize(
    ("do", "stage", "phase"),
    [
        ("phase-decision", "mql", "decision"),
        ("close", "closed", "awareness"),
        ("lead", "lead", "awareness"),
        ("handover", "handed_over", "awareness"),
        ("shortfall-no_money", "mql", "awareness"),
    ],
)
def test_each_thing_is_done_with_every_chosen_row(
    mara, sol, signed_in: SignIn, do: str, stage: str, phase: str
):
    chosen = [mql(f"Mql {number}") for number in range(3)]
    other = mql("Other Otto")
    sent = {"lead": [str(one.public_id) for one in chosen], "do": do, "note": "Because."}
    assert choose(signed_in(mara), sent).status_code == 302
    for one in (*chosen, other):
        one.refresh_from_db()
    assert {(one.stage, one.phase) for one in chosen} == {(stage, phase)}
    assert (other.stage, other.phase) == ("mql", "awareness")
    if do.startswith("shortfall"):
        assert {one.lead for one in Shortfall.objects.filter(kind="no_money", note="Because.")} == set(chosen)
    if do.startswith("phase"):
        assert {change.by for change in PhaseChange.objects.filter(lead__in=chosen)} == {mara}


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"do": "mql", "note": "Met\0her."}, "Null characters are not allowed."),
        ({"do": "mql", "note": "x" * 2001}, "Nothing was cut"),
        ({"do": "answer-keep_warm", "warm_until": "12.1.2027"}, "Write the date as 2027-01-12."),
    ],
)
def test_what_cannot_be_kept_as_it_was_typed_is_said_and_nothing_is_done(
    mara, sol, signed_in: SignIn, sent: dict[str, object], why: str
):
    back, fresh = came_back(sol).lead, lead("Fresh Fay")
    chosen = [str(back.public_id), str(fresh.public_id)]
    answer = choose(signed_in(mara), {"lead": chosen, **sent})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    fresh.refresh_from_db()
    assert fresh.stage == Stage.LEAD
    assert not ReturnAnswer.objects.exists()


def test_only_those_that_came_back_are_answered_together(mara, sol, signed_in: SignIn):
    back, fresh = came_back(sol).lead, mql("Fresh Fay")
    sent = {"lead": [str(back.public_id), str(fresh.public_id)], "do": "answer-other", "note": "A partner."}
    answer = choose(signed_in(mara), sent)
    assert answer.status_code == 409
    assert "Fresh Fay: It did not come back from sales." in answer.content.decode()
    assert ReturnAnswer.objects.get().verdict.handoff.lead == back


def test_the_chosen_are_exported_and_nobody_elses(mara, signed_in: SignIn):
    one, _ = mql("Petra Schwarz", stage_reason="weak", intent=0), mql("Other Otto")
    answer = choose(signed_in(mara), {"lead": [str(one.public_id)], "do": "export"})
    file = b"".join(answer).decode()
    assert "Petra Schwarz" in file
    assert "Other Otto" not in file
    assert '"weak"' in file


def test_s4_07_s4_08_strong_and_weak_mqls_have_views_of_their_own(mara, signed_in: SignIn):
    mql("Asking Ann", intent=8)
    mql("Reading Rita", intent=0)
    client = signed_in(mara)

    def names(query: str) -> set[str]:
        return {row.lead.name for group in client.get(query).context["page"].groups for row in group.rows}

    assert names("/mqls/?view=strong") == {"Asking Ann"}
    assert names("/mqls/?view=weak") == {"Reading Rita"}
    page = client.get("/mqls/").content.decode()
    assert "asked</span>" in page
    assert "only read</span>" in page


def test_every_figure_of_the_tiles_leads_to_as_many_leads(mara, sol, signed_in: SignIn):
    for number in range(3):
        came = lead(f"Came {number}", at=timezone.now() - 9 * DAY)
        lifecycle.move(lead=came, to=Stage.MQL, at=timezone.now(), cause=StageChange.Cause.CROSSING)
    lifecycle.set_phase(lead=came, phase="decision", at=timezone.now(), by=mara)
    handed_over(sol, "Handed Hans", at=timezone.now())
    client = signed_in(mara)
    checked = 0
    for query in ("", "?period=28"):
        for tile in client.get(f"/mqls/{query}").context["page"].tiles:
            for figure in [*tile.flows, *tile.rest]:
                if figure.url:
                    count = int("".join(sign for sign in figure.text if sign.isdigit()))
                    assert len(client.get(figure.url).context["rows"]) == count, figure
                    checked += 1
    assert checked >= 6


@pytest.mark.parametrize("said", ["paid_search", "paid search", "Paid%20Search"])
@pytest.mark.parametrize("path", ["/mqls/?source=", "/leads/?source=", "/leads/?where=source%3D"])
def test_a_source_is_found_by_the_name_that_pages_show_in_either_list(
    mara, signed_in: SignIn, path: str, said: str
):
    mql("Found Fred", source="Paid_Search")
    mql("Other Otto", source="organic")
    found = signed_in(mara).get(f"{path}{said}").content.decode()
    assert "Found Fred" in found
    assert "Other Otto" not in found


# Segments


@pytest.mark.parametrize(
    ("page", "query", "found"),
    [
        ("mqls", "strength=strong", ["Asking Ann"]),
        ("mqls", "intent_to=5", ["Reading Rita"]),
        ("leads", "stage=mql&fit=10&fit_to=35", ["Asking Ann", "Reading Rita"]),
        ("leads", "campaign=spring", ["Asking Ann"]),
        ("leads", "industry=lift&staff=50&staff_to=90", ["Asking Ann"]),
        ("leads", "where=plan%3Dpro%3B+title~head", ["Asking Ann"]),
        ("leads", "where=company.tier%3Da", ["Asking Ann"]),
        ("leads", "where=company.name%3Drheinland%3B+source%3Dweb", ["Asking Ann"]),
        ("leads", "where=company.industry~lift%3B+company.employees%3D80", ["Asking Ann"]),
        ("leads", "where=plan_%3Dx", ["Reading Rita"]),
        ("leads", "where=plan__tier~50%25", ["Reading Rita"]),
        ("leads", "shortfall=nothing", ["Asking Ann"]),
    ],
)
def test_s1_11_a_segment_is_counted_downloaded_and_read_by_other_tools(
    mara, signed_in: SignIn, page: str, query: str, found: list[str]
):
    firm = company("Rheinland", industry="Lifts", employees=80, attributes={"tier": "A"})
    facts = {"title": "Head of Service", "campaign": "Spring", "source": "web", "attributes": {"plan": "Pro"}}
    mql("Asking Ann", intent=8, company=firm, **facts)
    rita = mql(
        "Reading Rita", intent=0, source="fair", attributes={"plan_": "X", "plan__tier": "from 50% on"}
    )
    shortfalls.record(lead=rita, kind="no_money", by=mara, at=timezone.now())
    client = signed_in(mara)
    client.post("/views/", {"page": page, "name": "Warm", "query": query})
    segment = SavedView.objects.get()

    shown = client.get(f"/segments/{segment.public_id}/")
    assert shown.context["count"] == len(found)
    file = b"".join(client.get(f"/segments/{segment.public_id}/file/")).decode()
    assert [name for name in ("Asking Ann", "Reading Rita") if name in file] == found
    call = caller(mara, "read")
    read = call.get(f"/segments/{segment.public_id}/leads?limit=1").json()
    names = [item["name"] for item in read["items"]]
    while read["next"]:
        read = call.get(f"/segments/{segment.public_id}/leads?limit=1&after={read['next']}").json()
        names += [item["name"] for item in read["items"]]
    assert sorted(names) == found
    assert [item["name"] for item in call.get("/segments").json()["items"]] == ["Warm"]


@pytest.mark.parametrize("query", [
        "intent=lots", "where=plan", "stage=unicorn", "where=stage%3Dmql", "where=company.revenue%3D5",
        "where=company.employees~5", "where=company.employees%3Dmany",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_makes_no_segment_of_everybody(mara, signed_in: SignIn, query: str):
    answer = signed_in(mara).post("/views/", {"page": "leads", "name": "Warm", "query": query})
    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_s1_11_a_segment_of_the_marketing_queue_is_no_business_of_sales(mara, sol, signed_in: SignIn):
    view = saved_views.keep(owner=mara, page="mqls", name="Warm", query="strength=weak")
    saved_views.share(view=view, to="everybody")
    assert signed_in(sol).get(f"/segments/{view.public_id}/").status_code == 404
    assert caller(sol, "read").get(f"/segments/{view.public_id}/leads").status_code == 404
    assert signed_in(sol).post("/views/", {"page": "mqls", "name": "Mine", "query": ""}).status_code == 422


def test_a_shared_view_of_all_leads_holds_what_its_reader_may_see(mara, sol, signed_in: SignIn):
    handed_over(sol, "Seen Sue", at=timezone.now())
    lead("Unseen Uma")
    view = saved_views.keep(owner=mara, page="leads", name="Everyone", query="sort=oldest")
    saved_views.share(view=view, to="everybody")
    assert signed_in(sol).get(f"/segments/{view.public_id}/").context["count"] == 1
    assert signed_in(mara).get(f"/segments/{view.public_id}/").context["count"] == 2


# The API


def test_the_api_answers_records_and_judges_as_the_pages_do(mara, sol):
    handoff, nina, call = came_back(sol), lead("Nina Hofer"), caller(mara, "decide")
    day = (timezone.localdate() + 60 * DAY).isoformat()
    path = f"/handoffs/{handoff.public_id}/answer"
    answers = [call.post(path, {"kind": "keep_warm", "warm_until": day}).json() for _ in range(3)]
    assert len({answer["id"] for answer in answers}) == 1
    assert call.post(path, {"kind": "keep_warm"}).status_code == 409
    assert call.post(f"/answers/{answers[0]['id']}/undo", {}).json()["undone_at"]
    assert call.post(path, {"kind": "keep_warm"}).status_code == 422
    short = call.post(f"/leads/{nina.public_id}/shortfall", {"kind": "no_money"})
    assert (short.status_code, short.json()["by"]["name"]) == (200, "Mara Marker")
    judged = call.post(f"/leads/{nina.public_id}/judgement", {"to": "mql", "note": "Met at the fair."})
    assert judged.json()["stage"] == "mql"
    assert caller(sol, "decide").post(path, {"kind": "other", "note": "x"}).status_code == 403


def test_a_judgement_on_the_lead_page_can_be_undone_from_there(mara, signed_in: SignIn):
    nina, client = lead("Nina Hofer"), signed_in(mara)
    client.post(f"/leads/{nina.public_id}/judgement/", {"to": "mql", "note": "Met at the fair."})
    page = client.get(f"/leads/{nina.public_id}/").content.decode()
    undo = reverse("handoff:judgement-undo", args=[nina.public_id])
    assert undo in page
    client.post(undo)
    nina.refresh_from_db()
    assert nina.stage == Stage.LEAD
