"""Make the demo company, once."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.demo import play
from crm.demo.logins import STAFF
from crm.steps import say, step


class Command(BaseCommand):
    help = "Make the demo company with ninety days of history. Does nothing when it is here already."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo company has a known password: it is not for production.")
        users = get_user_model().objects
        if users.filter(email=STAFF[0].email).exists():
            self.stdout.write("The demo company is here already.")
            return
        if users.exists():
            raise CommandError("Somebody works here already; the demo company wants an empty database.")
        with step(self.stdout, "The demo company, once"):
            done = play.play(now=timezone.now(), tell=lambda percent: say(self.stdout, f"{percent} %"))
        self.stdout.write(
            f"{done.leads:,} leads of {done.companies} companies with {done.activities:,} activities and"
            f" {done.handoffs} handoffs."
        )
