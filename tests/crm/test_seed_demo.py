"""``manage.py seed_demo``: once, and only where nobody works."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from crm.demo import play
from crm.demo.logins import STAFF
from handoff.models import Handoff
from leads.models import Lead
from tests.handoff.factories import FIRST_CONTACT

pytestmark = pytest.mark.django_db


def test_the_command_does_nothing_when_the_demo_is_here() -> None:
    User.objects.create_user(STAFF[0].email, name=STAFF[0].name)
    said = StringIO()

    call_command("seed_demo", stdout=said)

    assert said.getvalue() == "The demo company is here already.\n"
    assert not Lead.objects.exists()


def test_the_command_leaves_a_real_company_alone() -> None:
    User.objects.create_user("someone@real.example", name="Someone")

    with pytest.raises(CommandError, match="Somebody works here already"):
        call_command("seed_demo")


def test_production_gets_no_demo_with_its_known_password(settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="not for production"):
        call_command("seed_demo")


def test_the_demo_plays_where_the_company_asks_before_acceptance(settings: Settings) -> None:
    settings.ASK_INTEREST_TO_ACCEPT = True

    play.play(now=timezone.now(), leads=120)

    accepted = Lead.objects.filter(handoffs__status=Handoff.Status.ACCEPTED).distinct()
    assert accepted.exists()
    for question in FIRST_CONTACT:
        assert accepted.exclude(qualifications__question__key=question).count() == 0
