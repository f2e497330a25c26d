"""Load a scoring model from its JSON file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring import model_file, publishing


class Command(BaseCommand):
    help = "Load a model file as a draft; with --publish it scores leads from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="A model file, or the name of a starter such as default.")
        parser.add_argument("--publish", action="store_true", help="Make it live at once; needs --reason.")
        parser.add_argument("--reason", default="", help="Why it is published.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["publish"] and not options["reason"].strip():
            raise CommandError("--publish needs --reason: say why.")
        try:
            version = model_file.load(data=read_json(options["file"]))
        except model_file.ModelFileError as error:
            problems = "\n".join(f"  {path}: {message}" for path, message in error.problems)
            raise CommandError(f"{options['file']} is not a model:\n{problems}") from None
        if options["publish"]:
            try:
                version = publishing.publish(
                    version=version, by=None, reason=options["reason"], at=timezone.now()
                )
            except publishing.Refused as refused:
                raise CommandError(f"{version} stays a draft: {refused}") from None
            self.stdout.write(f"{version} is live. Everybody is scored again in the background.")
        else:
            self.stdout.write(f"{version} is a draft.")


def read_json(path: Path) -> Any:
    """The JSON in ``path``, or in the starter of that name. Raises CommandError naming the line."""
    if not path.exists() and (starter := model_file.STARTERS / f"{path}.json").exists():
        path = starter
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}.") from None
