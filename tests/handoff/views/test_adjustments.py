"""Adjusting a score by hand on the lead's score page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Handoff
from leads.models import Lead
from scoring.models import Adjustment
from tests.factories import admin, company, lead
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture
def marta(sol: User) -> Handoff:
    return handed_over(sol, "Marta", title="Head of Operations", company=company(employees=240))


def page_of(of: Lead) -> str:
    return f"/leads/{of.public_id}/score/"


def form(**changes: Any) -> dict[str, Any]:
    """What the browser sends: ten more of fit."""
    said = {
        "dimensions": ["fit"],
        "kind": "add",
        "points": "10",
        "until": "",
        "reason": "Met at the fair",
        "began": timezone.now().isoformat(),
    }
    return {**said, **changes}


def adjust(client: Client, of: Lead, **changes: Any) -> Any:
    return client.post(f"{page_of(of)}adjustments/", form(**changes))


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def fit_of(client: Client, of: Lead) -> float:
    explained = client.get(page_of(of)).context["page"].explanation
    return float(next(part["points"] for part in explained["dimensions"] if part["key"] == "fit"))


def test_what_is_said_counts_at_once_and_stands_there_with_its_reason(mara: User, signed_in: SignIn) -> None:
    ada, client = lead("Ada"), signed_in(mara)
    before = fit_of(client, ada)

    answer = adjust(client, ada, until=in_days(30))

    assert (answer.status_code, answer["Location"]) == (302, page_of(ada))
    word = Adjustment.objects.get()
    assert (word.kind, word.dimensions, word.points, word.author) == ("add", ["fit"], 10, mara)
    assert timezone.localtime(word.expires_at).date() == timezone.localdate() + 31 * DAY
    assert fit_of(client, ada) == before + 10
    page = client.get(page_of(ada)).content.decode()
    assert "+10 fit" in page
    assert "<q><bdi>Met at the fair</bdi></q>" in page
    assert f"{mara}, " in page
    assert "; until " in page


def test_it_is_taken_back_by_its_button_and_the_row_stays(mara: User, signed_in: SignIn) -> None:
    ada, client = lead("Ada"), signed_in(mara)
    before = fit_of(client, ada)
    adjust(client, ada, kind="set", points="30", dimensions=["intent", "fit"])
    shown = client.get(page_of(ada))
    assert "Intent and fit set to 30" in shown.content.decode()
    [word] = shown.context["page"].words
    assert f'name="said_at" value="{word.key}"' in shown.content.decode()

    taken = client.post(f"{page_of(ada)}adjustments/removal/", {"said_at": word.key}, follow=True)
    again = client.post(f"{page_of(ada)}adjustments/removal/", {"said_at": word.key}, follow=True)

    assert "Taken back." in taken.content.decode()
    assert "somebody took it back" in again.content.decode()
    assert Adjustment.objects.get().voided_at is not None
    assert fit_of(client, ada) == before
    assert "Nobody set anything of this score by hand." in client.get(page_of(ada)).content.decode()


def test_a_form_that_is_sent_twice_says_one_thing(mara: User, signed_in: SignIn) -> None:
    ada, client = lead("Ada"), signed_in(mara)
    same = form()
    for _ in range(2):
        assert client.post(f"{page_of(ada)}adjustments/", same).status_code == 302
    assert Adjustment.objects.count() == 1
    adjust(client, ada)  # opened anew, it is another word
    assert Adjustment.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"dimensions": []}, "dimensions", "Tick what it is about"),
        ({"dimensions": ["luck"]}, "dimensions", "luck"),
        ({"kind": "restart"}, "kind", "restart"),
        ({"points": ""}, "points", "Say how many points."),
        ({"points": "2.5"}, "points", "Give a whole number."),
        ({"points": "201"}, "points", "200"),
        ({"points": "-201"}, "points", "200"),
        ({"points": "9" * 5000}, "points", ""),
        ({"points": "0"}, "points", "Adding nothing changes nothing."),
        ({"reason": "  "}, "reason", "Say why"),
        ({"reason": "x" * 201}, "reason", "at most 200 characters"),
        ({"reason": "a\0b"}, "reason", "control characters"),
        ({"until": "soon"}, "until", "Write the date as"),
        ({"until": in_days(0)}, "until", "Choose a day after today."),
        ({"until": in_days(-1)}, "until", "Choose a day after today."),
        ({"until": "9999-12-31"}, "until", "within five years"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_nothing_typed_is_lost(
    mara: User, signed_in: SignIn, changes: dict[str, Any], field: str, said: str
) -> None:
    ada = lead("Ada")
    answer = adjust(signed_in(mara), ada, **{"reason": "Kept as it was", **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    assert f'id="id_{field}-error"' in page
    assert "<details" in page.partition('id="by-hand"')[2].partition(" open")[0]
    if field != "reason":
        assert 'value="Kept as it was"' in page
    assert not Adjustment.objects.exists()


def test_zero_can_be_set_and_points_taken_away(mara: User, signed_in: SignIn) -> None:
    ada, client = lead("Ada"), signed_in(mara)
    assert adjust(client, ada, kind="set", points="0").status_code == 302
    assert adjust(client, ada, points="-20").status_code == 302
    assert fit_of(client, ada) == -20


def test_a_word_that_was_replaced_says_so(mara: User, signed_in: SignIn) -> None:
    ada, client = lead("Ada"), signed_in(mara)
    adjust(client, ada, points="10")
    adjust(client, ada, kind="set", points="3", dimensions=["fit", "intent"])
    adjust(client, ada, points="1")
    words = client.get(page_of(ada)).context["page"].words
    assert [word.is_replaced for word in words] == [False, False, True]
    assert fit_of(client, ada) == 4


@pytest.mark.parametrize("who", ["sol", "max_"])
def test_sales_reads_what_was_adjusted_and_adjusts_nothing(
    who: str, marta: Handoff, mara: User, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    adjust(signed_in(mara), marta.lead)
    client = signed_in(request.getfixturevalue(who))
    page = client.get(page_of(marta.lead)).content.decode()
    assert "Met at the fair" in page
    assert "Adjust by hand" not in page
    assert "Take back" not in page
    assert adjust(client, marta.lead).status_code == 403
    taken = client.post(f"{page_of(marta.lead)}adjustments/removal/", {"said_at": "2026-01-01T00:00:00Z"})
    assert taken.status_code == 403
    assert Adjustment.objects.filter(voided_at=None).count() == 1


def test_an_admin_takes_back_what_a_marketer_said(mara: User, signed_in: SignIn) -> None:
    ada = lead("Ada")
    adjust(signed_in(mara), ada)
    key = Adjustment.objects.get().at.isoformat()
    signed_in(admin()).post(f"{page_of(ada)}adjustments/removal/", {"said_at": key})
    assert Adjustment.objects.get().voided_at is not None


def test_the_restart_of_a_rejection_is_listed_and_not_taken_back_here(mara: User, signed_in: SignIn) -> None:
    ada = lead("Ada")
    at = timezone.now()
    Adjustment.objects.create(
        lead=ada, kind="restart", dimensions=["intent"], at=at, reason="Sent back: timing"
    )
    page = signed_in(mara).get(page_of(ada)).content.decode()
    assert "Start again: intent" in page
    assert "Take back" not in page


def test_a_lead_that_is_not_there_is_not_found(mara: User, signed_in: SignIn) -> None:
    client = signed_in(mara)
    assert client.post(f"/leads/{uuid4()}/score/adjustments/", form()).status_code == 404
    assert client.post(f"/leads/{uuid4()}/score/adjustments/removal/", {"said_at": "x"}).status_code == 404


@pytest.mark.parametrize("odd", ["", "x", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "a\0b"])
def test_a_moment_that_is_none_is_not_found(mara: User, signed_in: SignIn, odd: str) -> None:
    address = f"{page_of(lead('Ada'))}adjustments/removal/"
    assert signed_in(mara).post(address, {"said_at": odd}).status_code == 404


def test_nothing_is_adjusted_by_a_link_or_from_elsewhere(mara: User) -> None:
    ada, client = lead("Ada"), Client(enforce_csrf_checks=True)
    for tail in ("adjustments/", "adjustments/removal/"):
        assert Client().post(page_of(ada) + tail, form())["Location"].startswith("/accounts/login/")
        client.force_login(mara)
        assert client.get(page_of(ada) + tail).status_code == 405
        assert client.post(page_of(ada) + tail, form()).status_code == 403
    assert not Adjustment.objects.exists()


def test_of_another_moment_nothing_is_adjusted(mara: User, signed_in: SignIn) -> None:
    then = (timezone.now() - DAY).isoformat()
    page = signed_in(mara).get(page_of(lead("Ada", at=timezone.now() - 9 * DAY)), {"at": then})
    assert '<form class="fields"' not in page.content.decode()


def test_text_that_turns_around_is_taken_out_of_the_reason(mara: User, signed_in: SignIn) -> None:
    ada = lead("Ada")
    adjust(signed_in(mara), ada, reason="Met \u202eat the fair\u2066")
    assert Adjustment.objects.get().reason == "Met at the fair"


def test_the_way_to_adjust_is_on_the_lead_and_on_its_score(
    mara: User, sol: User, signed_in: SignIn, marta: Handoff
) -> None:
    link = f'href="{page_of(marta.lead)}#adjust">Adjust by hand</a>'
    assert link in signed_in(mara).get(f"/leads/{marta.lead.public_id}/").content.decode()
    assert link not in signed_in(sol).get(f"/leads/{marta.lead.public_id}/").content.decode()
    score = signed_in(mara).get(page_of(marta.lead)).content.decode()
    assert 'href="#adjust">Adjust by hand</a>' in score
    assert 'id="adjust"' in score
    assert "#adjust" not in signed_in(sol).get(page_of(marta.lead)).content.decode()


def test_at_a_past_moment_the_page_says_why_nothing_is_adjusted_and_where_it_is(
    mara: User, sol: User, signed_in: SignIn, marta: Handoff
) -> None:
    adjust(signed_in(mara), marta.lead)
    then = (timezone.now() - DAY).strftime("%Y-%m-%dT%H:%M")

    past = signed_in(mara).get(page_of(marta.lead), {"at": then}).content.decode()

    assert "the score of a past moment cannot be set" in past
    assert f'href="{page_of(marta.lead)}#adjust">Adjust it as of now</a>' in past
    assert "Nothing of this score was set by hand then." in past
    assert 'id="adjust"' not in past
    assert "cannot be set" not in signed_in(sol).get(page_of(marta.lead), {"at": then}).content.decode()
