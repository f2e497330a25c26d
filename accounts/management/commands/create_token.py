"""Make an API token from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import tokens
from accounts.models import User
from accounts.models.token import Scope


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it, last. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="whom the token acts as")
        parser.add_argument(
            "--scope", required=True, choices=Scope.values, help="what it may do; write means all three"
        )
        parser.add_argument("--name", default="api", help="tells tokens apart; the source of its events")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody active signs in as {options['email']}.")
        name = options["name"].strip()
        if not 1 <= len(name) <= 64:
            raise CommandError("A token's name has 1 to 64 characters.")
        scope = Scope(options["scope"])
        text = tokens.issue(user=user, scope=scope, name=name)
        self.stderr.write(f"Acts as {user} ({user.get_role_display()}); may: {scope.label.lower()}.")
        self.stdout.write(text)
