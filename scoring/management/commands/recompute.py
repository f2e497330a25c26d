"""Compare every stored score with one from scratch, or compute them all again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring import checking, rescoring
from scoring.dimensions import HUNDREDTHS
from scoring.models import ModelVersion, Score


class Command(BaseCommand):
    help = "Score everybody again; with --check only compare, and fail when a stored score is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; exit 1 on a difference.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            for version in ModelVersion.objects.published().select_related("model"):
                written = rescoring.rescore_everybody(model=version.model)
                self.stdout.write(f"{version}: {written:,} scores written.")
            return
        wrong = 0
        for wrong, found in enumerate(checking.wrong_scores(), start=1):  # noqa: B007 - counted
            self.stdout.write(f"lead {found.lead_id} ({found.model}): {_difference(found)}")
        late = checking.late_sweeps(at=timezone.now())
        for sentence in late:
            self.stdout.write(sentence)
        self.stdout.write(
            f"{Score.objects.count():,} scores checked, {wrong:,} wrong; {rescoring.waiting():,} leads wait."
        )
        if wrong or late:
            raise CommandError("Stored scores are not what the facts say." if wrong else "The sweep is late.")


def _difference(found: checking.Wrong) -> str:
    if found.retired is not None:
        return f"scored under version {found.retired}, which is retired"
    if found.stored is None or found.computed is None:
        return "never scored"
    said = [
        f"{name} {old / HUNDREDTHS:.2f}, should be {new / HUNDREDTHS:.2f}"
        for name, old, new in zip(("fit", "engagement", "intent"), found.stored, found.computed, strict=True)
        if old != new
    ]
    return "; ".join(said) or "marked as fading wrongly"
