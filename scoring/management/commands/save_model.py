"""Save a scoring model as its JSON file."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring import model_file
from scoring.models import ModelVersion


class Command(BaseCommand):
    help = "Print a model's live version, or the one given, as a model file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", default="default", help="The model's key.")
        parser.add_argument("--number", type=int, help="A version's number; without it the live one.")

    def handle(self, *args: Any, **options: Any) -> None:
        versions = ModelVersion.objects.select_related("model").filter(model__key=options["model"])
        number = options["number"]
        version = (versions.published() if number is None else versions.filter(number=number)).first()
        if version is None:
            which = "live version" if number is None else f"version {number}"
            raise CommandError(f"The model “{options['model']}” has no {which}.")
        self.stdout.write(json.dumps(model_file.save(version=version), indent=2, ensure_ascii=False))
