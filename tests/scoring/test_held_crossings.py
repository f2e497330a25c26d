"""Crossings that publishing caused wait on a page, for release one by one, by tick, or all."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from leads.models import Lead
from leads.stages import Stage
from scoring import releasing, rescoring, tasks
from scoring.models import Crossing, LineState
from tests import factories as make
from tests.factories import NOW
from tests.scoring.waiting import held

pytestmark = pytest.mark.django_db

PAGE = "/rules/crossings/"
RELEASE = "/rules/crossings/release/"


def key(crossing: Crossing) -> str:
    return f"{crossing.lead.public_id}.{crossing.stage}.{crossing.model.key}"


def signed_in(client: Client, who: User) -> Client:
    client.force_login(who)
    return client


def newest(desk: Client, stage: str = "", after: str = "") -> str:
    """What the button “Release all” of the page sends."""
    page = desk.get(PAGE, {"stage": stage, "after": after}).content.decode()
    [said] = re.findall(r'name="all" value="([^"]*)"', page)
    return str(said)


@pytest.fixture
def desk(client: Client) -> Client:
    return signed_in(client, make.marketer())


def released() -> set[str]:
    return {each.lead.name for each in Crossing.objects.exclude(released_at=None).select_related("lead")}


# Reading


def test_the_list_says_who_why_by_what_and_what_then(desk: Client) -> None:
    crossing = held("Marta Kowalczyk", title="Head of Service", company=make.company("Nordwind"))
    Crossing.objects.filter(pk=crossing.pk).update(triggers=["guide-and-demo"])

    page = desk.get(PAGE).content.decode()

    for words in (
        f'href="/leads/{crossing.lead.public_id}/"',
        "Marta Kowalczyk",
        "Head of Service, Nordwind",
        "Intent 25, line 20",
        "reached the SQL line",
        "Downloaded the comparison guide and requested a demo",
        "Default, version 1",
        "Sales gets it, with a response time.",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("stage", "of_lead", "then"),
    [
        ("sql", Stage.LEAD, "Sales gets it, with a response time."),
        ("sql", Stage.MQL, "Sales gets it, with a response time."),
        ("sql", Stage.CLOSED, "Sales gets it, unless sales closed it."),
        ("mql", Stage.LEAD, "It becomes a strong MQL."),
        ("mql", Stage.CLOSED, "It becomes a strong MQL, unless sales closed it."),
    ],
)
def test_what_happens_depends_on_where_the_lead_stands(
    desk: Client, stage: str, of_lead: Stage, then: str
) -> None:
    crossing = held(stage=stage)
    Lead.objects.filter(pk=crossing.lead_id).update(stage=of_lead)
    assert then in desk.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("stage", "of_lead"),
    [
        ("sql", Stage.HANDED_OVER),
        ("sql", Stage.OPPORTUNITY),
        ("sql", Stage.CUSTOMER),
        ("mql", Stage.MQL),
        ("mql", Stage.SQL),
    ],
)
def test_what_would_do_nothing_asks_nobody_and_settles_itself(
    desk: Client, stage: str, of_lead: Stage
) -> None:
    rescoring.continue_publishing(seconds=10)
    crossing, other = held("Ada Already", stage=stage), held("Ben Waits")
    Lead.objects.filter(pk=crossing.lead_id).update(stage=of_lead)

    page = desk.get(PAGE).content.decode()
    assert "Ada Already" not in page
    assert "Ben Waits" in page
    assert 'id="rail-v">1<' in page
    # A page that was there before it happened releases nothing.
    assert releasing.release(crossings=[crossing], by=make.admin(), at=NOW) == 0

    tasks.rescore_everybody()
    crossing.refresh_from_db()
    assert (crossing.outcome, crossing.released_at) == ("moot", None)
    assert list(Crossing.objects.held()) == [other]


def test_who_has_cooled_down_meanwhile_is_not_in_the_list(desk: Client) -> None:
    held("Hot Hanna")
    held("Cold Carl", inside=False)
    page = desk.get(PAGE).content.decode()
    assert "Hot Hanna" in page
    assert "Cold Carl" not in page


def test_the_list_is_narrowed_to_a_line_and_goes_on_page_by_page(desk: Client) -> None:
    for number in range(53):
        held(f"Sql {number:02}")
    held("Mql One", stage="mql")

    first = desk.get(PAGE, {"stage": "sql"})
    cursor = first.context["next"]
    second = desk.get(PAGE, {"stage": "sql", "after": cursor})

    assert "Mql One" not in first.content.decode()
    assert [len(page.context["rows"]) for page in (first, second)] == [50, 3]
    names = {row.crossing.lead.name for page in (first, second) for row in page.context["rows"]}
    assert len(names) == 53
    assert "Mql One" in desk.get(PAGE, {"stage": "mql"}).content.decode()


def test_an_empty_list_says_what_comes_here(desk: Client) -> None:
    assert "Nobody waits" in desk.get(PAGE).content.decode()


def test_the_rail_counts_what_waits_for_those_who_may_release(client: Client) -> None:
    held()
    page = signed_in(client, make.marketer()).get("/rules/versions/").content.decode()
    assert 'id="rail-v">1<' in page
    page = signed_in(client, make.rep()).get("/rules/versions/").content.decode()
    assert "rail-v" not in page


# Releasing


def test_one_is_released_by_its_button(desk: Client) -> None:
    one, _ = held("Ann One"), held("Ben Two")

    answer = desk.post(RELEASE, {"only": key(one)}, follow=True)

    assert released() == {"Ann One"}
    assert "Released: 1 lead goes on now." in answer.content.decode()


def test_those_ticked_are_released(desk: Client) -> None:
    one, two, _ = held("Ann One"), held("Ben Two", stage="mql"), held("Cleo Three")
    desk.post(RELEASE, {"crossing": [key(one), key(two)]})
    assert released() == {"Ann One", "Ben Two"}


def test_all_of_a_line_are_released(desk: Client) -> None:
    for name, stage in (("Ann One", "sql"), ("Ben Two", "sql"), ("Cleo Mql", "mql")):
        held(name, stage)
    desk.post(RELEASE, {"all": newest(desk, "sql"), "stage": "sql"})
    assert released() == {"Ann One", "Ben Two"}
    held("Dora Mql", "mql")
    desk.post(RELEASE, {"all": newest(desk), "stage": ""})
    assert released() == {"Ann One", "Ben Two", "Cleo Mql", "Dora Mql"}


def test_all_are_those_that_were_there_when_the_page_was_made(desk: Client) -> None:
    for number in range(53):
        held(f"Sql {number:02}")
    first = desk.get(PAGE)
    last = newest(desk, after=first.context["next"])
    held("Too Late")

    answer = desk.post(RELEASE, {"all": last}, follow=True)

    assert "Released: 53 leads go on now." in answer.content.decode()
    assert "Too Late" not in released()


@pytest.mark.parametrize("odd", ["", "1", "99999", "x.y:z"])
def test_all_without_the_word_of_the_page_is_nobody(desk: Client, odd: str) -> None:
    held()
    assert desk.post(RELEASE, {"all": odd}).status_code == 302
    assert released() == set()


def test_releasing_says_who_did_it_and_the_pipeline_may_act(desk: Client) -> None:
    crossing = held()
    desk.post(RELEASE, {"only": key(crossing)})
    crossing.refresh_from_db()
    assert crossing.released_by.role == "marketer"
    assert list(Crossing.objects.ready(crossing.released_at)) == [crossing]


def test_what_was_overtaken_is_not_released_and_leaves_the_list(desk: Client) -> None:
    cold = held("Cold Carl", inside=False)

    answer = desk.post(RELEASE, {"only": key(cold)}, follow=True)

    assert released() == set()
    assert "Tick the leads to release first" in answer.content.decode()


def test_the_verb_closes_what_was_overtaken_in_the_statement_that_releases() -> None:
    hot, cold, again = held(), held(inside=False), held()
    LineState.objects.filter(lead=again.lead).update(cycle=2)

    with CaptureQueriesContext(connection) as queries:
        done = releasing.release(crossings=Crossing.objects.all(), by=make.admin(), at=NOW)

    statements = [query["sql"] for query in queries if "scoring_crossing" in query["sql"]]
    assert (done, len(statements)) == (1, 1)
    for crossing in (hot, cold, again):
        crossing.refresh_from_db()
    assert (hot.released_at, hot.outcome) == (NOW, "")
    assert (cold.released_at, cold.handled_at, cold.outcome) == (None, NOW, "overtaken")
    assert (again.released_at, again.outcome) == (None, "overtaken")
    assert releasing.release(crossings=Crossing.objects.all(), by=make.admin("Al"), at=NOW) == 0


def test_the_worker_clears_the_list_of_what_was_overtaken() -> None:
    rescoring.continue_publishing(seconds=10)
    hot, cold = held(), held(inside=False)

    tasks.rescore_everybody()

    assert list(Crossing.objects.held()) == [hot]
    cold.refresh_from_db()
    assert cold.outcome == "overtaken"
    assert releasing.drop_overtaken(at=NOW) == 0


def test_what_the_pipeline_may_act_on_is_never_overtaken_here() -> None:
    live = held(inside=False)
    Crossing.objects.filter(pk=live.pk).update(held_at=None)
    assert releasing.drop_overtaken(at=NOW) == 0


@pytest.mark.parametrize("name", ["", "x", "a.b", "..", "0" * 400, "no-uuid.sql.default"])
def test_a_damaged_name_releases_nothing(desk: Client, name: str) -> None:
    held()
    assert desk.post(RELEASE, {"crossing": [name]}).status_code == 302
    assert released() == set()


def test_sales_managers_release_what_they_see_and_nothing_else(client: Client) -> None:
    """A lead that was never sales' is not theirs to see, so neither is its crossing."""
    crossing = held("Not Theirs")
    max_ = signed_in(client, make.manager())

    assert "Not Theirs" not in max_.get(PAGE).content.decode()
    max_.post(RELEASE, {"only": key(crossing)})
    mara = Client()
    mara.force_login(make.marketer())
    held("Another")
    max_.post(RELEASE, {"all": newest(mara)})

    assert released() == set()


def test_reps_neither_see_nor_release(client: Client) -> None:
    crossing, sol = held(), signed_in(client, make.rep())
    assert sol.get(PAGE).status_code == 403
    assert sol.post(RELEASE, {"only": key(crossing)}).status_code == 403


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.post(RELEASE).status_code == 302


def test_releasing_is_no_link(desk: Client) -> None:
    assert desk.get(RELEASE).status_code == 405


def test_the_list_reads_no_further_than_its_page() -> None:
    """However many wait: from the newest on, by the index of what is not handled yet."""
    held()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        cursor.execute("SET LOCAL enable_sort = off")  # what is left of one says that it cannot be avoided
    plan = Crossing.objects.to_release().order_by("-id")[:50].explain()
    assert "scoring_crossing_unhandled" in plan
    assert "Sort" not in plan


def test_all_that_are_shown_are_ticked_by_one_link_without_scripts(desk: Client) -> None:
    for _ in range(3):
        held()
    page = desk.get(PAGE).content.decode()
    assert 'href="?tick=all">Tick all 3 shown</a>' in page
    assert not re.search(r'name="crossing"[^>]* checked', page)

    ticked = desk.get(PAGE, {"tick": "all"}).content.decode()
    assert len(re.findall(r'name="crossing"[^>]* checked', ticked)) == 3
    assert ">Tick none</a>" in ticked
