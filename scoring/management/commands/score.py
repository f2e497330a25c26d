"""Score one lead and say why."""

import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from leads.models import Lead
from scoring import model_file
from scoring.explanation import Explanation, explain
from scoring.models import ModelVersion

from .load_model import read_json

#: How ``--as-of`` is written.
AS_OF = "A moment with its zone, such as 2026-05-03T14:00:00+02:00, or a date: then the start of that day."


class Command(BaseCommand):
    help = "Print a lead's score with its reasons, now or at a past moment, under the live model or a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="The lead's address, in any case.")
        parser.add_argument("--as-of", help=AS_OF)
        parser.add_argument("--model", type=Path, help="A model file, or the name of a starter.")
        parser.add_argument("--json", action="store_true", help="Print the whole explanation as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = Lead.objects.filter(email__iexact=options["email"]).first()
        if lead is None:
            raise CommandError(f"There is no lead with the address {options['email']}.")
        at = _moment(options["as_of"])
        explanation = self._explain(lead, at, options["model"])
        if options["json"]:
            self.stdout.write(json.dumps(explanation.as_json(), indent=2, ensure_ascii=False))
        else:
            self._print(lead, explanation)

    def _explain(self, lead: Lead, at: datetime | None, file: Path | None) -> Explanation:
        """With the facts of then when a moment is given; a model from a file leaves nothing behind."""
        with transaction.atomic():
            version = None
            if file is not None:
                try:
                    version = model_file.load(data=read_json(file))
                except model_file.ModelFileError as error:
                    raise CommandError(f"{file} is not a model: {error}") from None
            try:
                return explain(
                    lead=lead,
                    at=at or timezone.now(),
                    version=version,
                    facts="history" if at else "current",
                )
            except ModelVersion.DoesNotExist:
                raise CommandError("No model is live: publish one, or name a file with --model.") from None
            finally:
                transaction.set_rollback(True)

    def _print(self, lead: Lead, explanation: Explanation) -> None:
        which = f"{explanation.model} {explanation.version}"
        self.stdout.write(f"{lead}: {explanation.total:.2f} points, {which}")
        for dimension in explanation.dimensions:
            line = f", line {dimension.line}" if dimension.line is not None else ""
            self.stdout.write(f"{dimension.key} {dimension.points:.2f}{line}")
            for reason in dimension.reasons:
                self.stdout.write(f"  {reason.points:+8.2f}  {reason.label}: {reason.evidence}")
        for trigger in explanation.triggers:
            if trigger.true:
                self.stdout.write(f"trigger ({trigger.stage}): {trigger.label}")
        for blocker in explanation.blockers:
            if blocker.true:
                self.stdout.write(f"blocked: {blocker.label}")


def _moment(text: str | None) -> datetime | None:
    """A date is the start of that day in the workspace's zone; a moment says its own."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), timezone.get_default_timezone())
    except ValueError:
        pass  # not a date alone
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--as-of {text}: write a date such as 2026-05-03, or a moment such as 2026-05-03T14:00:00Z."
        ) from None
    if at.tzinfo is None:
        raise CommandError(f"--as-of {text} has no time zone: add it, as in {at.isoformat()}Z or +01:00.")
    return at
