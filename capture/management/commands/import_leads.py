"""Import leads, companies, activities or outcomes from CSV files."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from capture import mapping
from capture.imports.reading import FileError
from capture.imports.running import Counts, Order, run, stem
from capture.mapping import MappingError
from capture.models import Import


class Command(BaseCommand):
    help = (
        "Imports CSV files (.csv or .csv.gz) as a mapping says. Crossings wait for a person unless"
        " --hand-over. The same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
        parser.add_argument("--mapping", required=True, type=Path, help="JSON; docs/importing.md explains it")
        parser.add_argument("--kind", choices=Import.Kind.values, help="instead of the mapping's")
        parser.add_argument("--source", help="whose external ids and events these are; else the mapping's")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--hand-over", action="store_true", help="let crossings hand over at once")
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="where rejected rows are written")
        parser.add_argument("--encoding", help="when the guess is wrong")
        parser.add_argument("--join", type=Path, metavar="FILE", help="the file that the mapping joins")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = mapping.load(options["mapping"], kind=options["kind"], source=options["source"])
            for path in options["files"]:
                self._import(path, data, options)
        except MappingError as error:
            lines = "\n".join(f"  {where}: {what}" for where, what in error.problems)
            raise CommandError(f"Nothing was imported:\n{lines}") from None
        except FileError as error:
            raise CommandError(f"{error} Nothing of this file was imported.") from None

    def _import(self, path: Path, data: dict[str, Any], options: dict[str, Any]) -> None:
        order = Order(
            path=path,
            mapping=data,
            rejects=self._rejects(path, data, options),
            live=options["hand_over"],
            dry_run=options["dry_run"],
            encoding=options["encoding"],
            join=options["join"],
        )
        verbose = options["verbosity"] > 1
        counts = run(order=order, at=timezone.now(), progress=self._progress if verbose else None)
        said = "would be " if options["dry_run"] else ""
        self.stdout.write(f"{path.name} ({data['kind']} of {data['source']}): {said}{counts}")
        if counts.rejected and not options["dry_run"]:
            self.stdout.write(f"Rejected rows, each with its line and reason: {order.rejects}")

    def _rejects(self, path: Path, data: dict[str, Any], options: dict[str, Any]) -> Path:
        chosen: Path | None = options["rejects"]
        if chosen and len(options["files"]) == 1:
            return chosen
        name = f"{stem(path)}-{data['kind']}-rejected.csv"
        return chosen.with_name(name) if chosen else settings.LOCAL_DIR / "imports" / name

    def _progress(self, counts: Counts) -> None:
        self.stderr.write(str(counts))
