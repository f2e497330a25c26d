"""Another line at any time: what is signed has its price beside it, and says what became of it."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.company_days import company_day
from accounts.models import User
from reports import agreeing, line_health, proposing
from reports.measures import Measure
from reports.views import line_proposal
from scoring import publishing
from scoring.models import ModelVersion
from tests import factories as make
from tests.factories import NOW
from tests.reports.meetings import checked

pytestmark = pytest.mark.django_db
PATH = "/dashboard/line/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(minimum: object, side: str, **other: object) -> dict[str, object]:
    """What the page posts beside its price."""
    said = {"dim": "intent", "minimum": minimum, "why": "Too many to call.", "side": side}
    return {"version": ModelVersion.objects.live().number, **said, **other}


def proposed(client: Client, minimum: int, side: str) -> str:
    """The page it leads to."""
    answer = client.post(PATH, form(minimum, side), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def signed() -> set[tuple[str, str]]:
    version = ModelVersion.objects.get(state=ModelVersion.State.CHECKED)
    return {(one.side, str(one.by)) for one in version.sign_offs.all()}


def test_S1_20_whoever_proposes_a_line_reads_whether_it_was_signed() -> None:
    mara, moa, max_ = signed_in(make.marketer()), signed_in(make.marketer("Moa")), signed_in(make.manager())
    page = proposed(mara, 24, "marketing")
    number = ModelVersion.objects.get(state=ModelVersion.State.CHECKED).number
    assert f"Proposed as version {number} and signed for marketing." in page
    assert "when the other side has signed there, it is live." in page

    again = f"Version {number} proposes this line already, and nothing was signed now."
    page = proposed(mara, 24, "marketing")
    assert f"{again} You signed for marketing already." in page
    page = proposed(moa, 24, "marketing")
    assert f"{again} Mara Marker signed for marketing." in page
    assert "Proposed as version" not in page
    assert signed() == {("marketing", "Mara Marker")}

    page = proposed(max_, 24, "sales")
    assert f"Version {number} proposes this line already, and is signed for sales now, too." in page
    assert "Both sides have signed it: it waits to be made live." in page
    assert signed() == {("marketing", "Mara Marker"), ("sales", "Max Manager")}
    assert "Both sides have signed it" in proposed(moa, 24, "marketing")


def test_S1_20_nobody_is_told_that_they_signed_for_both_sides() -> None:
    ada = signed_in(make.admin("Ada Admin"))
    proposed(ada, 24, "sales")
    page = proposed(ada, 24, "marketing")

    assert "nothing was signed now. You signed for sales; somebody else signs for marketing." in page
    assert "is signed for marketing" not in page
    assert signed() == {("sales", "Ada Admin")}


def test_S1_20_a_proposal_that_cannot_be_sent_yet_stands_beside_its_price() -> None:
    answer = signed_in(make.marketer()).post(PATH, form(24, "marketing", why=""))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Say why: both sides read it before they sign." in page
    assert "Intent 20 → 24" in page
    assert "As everybody stands now" in page
    assert "Propose and sign" in page


def test_S1_20_a_proposal_that_is_refused_stands_beside_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise publishing.Refused("Two rules say the same.")

    monkeypatch.setattr(publishing, "check_draft", refuse)
    answer = signed_in(make.marketer()).post(PATH, form(24, "marketing"))
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "This line cannot be: Two rules say the same." in page
    assert "As everybody stands now" in page
    assert "Too many to call." in page
    assert not ModelVersion.objects.filter(state=ModelVersion.State.DRAFT).exists()


def test_S1_20_nobody_signs_a_price_of_rules_that_are_no_longer_live() -> None:
    client = signed_in(make.marketer())
    seen = ModelVersion.objects.live().number - 1
    answer = client.post(PATH, form(24, "marketing", version=seen))
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "Other rules went live meanwhile." in page
    assert "As everybody stands now" in page
    assert "Too many to call." in page
    assert not ModelVersion.objects.filter(state=ModelVersion.State.CHECKED).exists()

    fresh = f'name="version" value="{seen + 1}"'
    assert fresh in page
    client.post(PATH, form(24, "marketing"))
    assert signed() == {("marketing", "Mara Marker")}


def test_S1_20_rules_that_go_live_in_the_very_moment_show_their_price_and_the_next_press_signs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mara, client = make.marketer(), signed_in(make.manager())
    other, propose = checked(mara, intent=22), proposing.propose_line

    def too_late(**how: Any) -> Any:
        publishing.publish(version=other, by=None, reason="Meanwhile", at=NOW)
        return propose(**how)

    with monkeypatch.context() as patched:
        patched.setattr(proposing, "propose_line", too_late)
        answer = client.post(PATH, form(24, "sales"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Other rules went live meanwhile." in page
    assert "Intent 22 → 24" in page
    assert "Too many to call." in page
    number = re.findall(r'name="version" value="(\d+)"', page)
    assert number == [str(other.number)]

    client.post(PATH, form(24, "sales", version=number[0]))
    assert signed() == {("sales", "Max Manager")}


@pytest.mark.parametrize("why_not", ["busy", "too_long"])
def test_S1_20_nobody_signs_a_line_whose_price_could_not_be_worked_out(
    monkeypatch: pytest.MonkeyPatch, why_not: str
) -> None:
    client, typed = signed_in(make.marketer()), form(24, "marketing", again="1")
    with monkeypatch.context() as patched:
        patched.setattr(line_proposal, "figures_of_ruleset", lambda *_, **__: {why_not: True})
        first = client.get(f"{PATH}?dim=intent&minimum=24").content.decode()
        again = client.post(PATH, typed)
        refused = client.post(PATH, form(24, "marketing", why=""))
    for page in (first, again.content.decode(), refused.content.decode()):
        assert "it is signed beside its price only" in page
        assert "Work out its price" in page
        assert "Propose and sign" not in page
    assert again.status_code == 200
    assert "Too many to call." in again.content.decode()
    assert refused.status_code == 422

    page = client.post(PATH, typed).content.decode()
    assert "As everybody stands now" in page
    assert "Too many to call." in page
    assert "Propose and sign" in page
    assert not ModelVersion.objects.filter(state=ModelVersion.State.CHECKED).exists()


@pytest.mark.parametrize(
    ("minimum", "status", "said"),
    [
        ("20", 409, "This is the line that is live."),
        ("5000", 409, "Nobody ever reaches more than"),
        ("", 422, "Say how many points it shall ask for."),
    ],
)
def test_S1_20_a_line_without_a_price_has_no_button_to_sign(minimum: str, status: int, said: str) -> None:
    answer = signed_in(make.marketer()).post(PATH, form(minimum, "marketing"))
    page = answer.content.decode()

    assert answer.status_code == status
    assert said in page
    assert "Propose and sign" not in page
    assert not ModelVersion.objects.filter(state=ModelVersion.State.CHECKED).exists()


def test_S1_20_a_price_counts_the_health_of_the_line_only_where_it_can_ask_for_that_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = []

    def health(**how: object) -> line_health.Health:
        counted.append(how["floor"])
        return line_health.Health(how["dimension"], None, 20)

    monkeypatch.setattr(line_health, "health", health)
    mara, max_ = make.marketer(), make.manager()
    client = signed_in(mara)
    client.get(f"{PATH}?dim=intent&minimum=24")
    assert counted == []  # no floor is agreed

    how = {"measure": Measure.LINE_FLOOR, "value": 35, "holds_from": company_day(NOW), "at": NOW}
    agreed = agreeing.propose(**how, by=mara, side="marketing")
    agreeing.sign(agreed=agreed, by=max_, side="sales", at=NOW)
    days = f"first={company_day(NOW)}&last={company_day(NOW)}"
    for asked in ("dim=intent&minimum=18", "dim=intent&minimum=20", "dim=engagement&minimum=5"):
        client.get(f"{PATH}?{asked}&{days}")
    assert counted == []
    client.get(f"{PATH}?dim=intent&minimum=24&{days}")
    assert counted == [35]
