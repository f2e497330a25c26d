"""What waits among the sources is said beside the rail's entries, and the palette knows the pages."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from leads.models import Suspicion
from tests import factories as make
from tests.capture.forms import built, send

pytestmark = pytest.mark.django_db


def rail(user: User) -> Any:
    client = Client()
    client.force_login(user)
    return client.get("/leads/").context["rail"]


def test_who_decides_on_evidence_sees_how_much_is_only_marked() -> None:
    doubtful, voided = (
        make.activity(make.lead("Ada"), "page_view"),
        make.activity(make.lead("Bo"), "page_view"),
    )
    for activity, state in ((doubtful, Suspicion.State.MARKED), (voided, Suspicion.State.VOIDED)):
        Suspicion.objects.create(
            activity=activity, signal=Suspicion.Signal.BURST, at=timezone.now(), state=state
        )

    assert rail(make.marketer()).get("suspected") == 1
    assert rail(make.manager()).get("suspected") is None
    assert rail(make.rep()).get("suspected") is None


def test_what_was_held_of_forms_is_said_and_goes_when_it_is_decided() -> None:
    marketer = make.marketer()
    assert rail(marketer).get("submissions") is None

    send(built(), {"name": "Buy https://rank.example"})

    assert rail(marketer).get("submissions") == 1
    assert rail(make.manager()).get("submissions") is None


@pytest.mark.parametrize(
    ("said", "page"),
    [
        ("dupl", "/duplicates/"),
        ("robots", "/evidence/"),
        ("own staff", "/evidence/rules/"),
        ("csv", "/imports/"),
    ],
)
def test_the_palette_leads_to_the_pages_about_sources(said: str, page: str) -> None:
    client = Client()
    client.force_login(make.marketer())

    assert f'href="{page}"' in client.get("/search/", {"q": said}).content.decode()
