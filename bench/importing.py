"""P-10 at its largest: half a million rows through the product's own worker, while a rep works."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils import timezone

from accounts.models import Role, User
from bench.capturing import write_people
from bench.live import running
from bench.measuring import Line
from bench.pages import people
from bench.steady import CALM, leads_of, line, work_of
from capture.imports import steering, uploading
from capture.models import Import
from leads.models import ChangedLead

ROWS = 500_000
PATIENCE = 3_600.0


def half_a_million() -> list[Line]:
    """The whole product runs as ``manage.py up`` starts it. A marketer's file is uploaded, matched as its
    headings are recognised, and started; the bulk worker imports it and the scoring worker scores what it
    brought, while a rep goes on asking for the queue and for leads at an even pace. Before that, the same
    pages while nothing happens. The rows stay; the next run brings other people."""
    rep, _ = people()
    ChangedLead.objects.all().delete()
    pages = {"queue": lambda _: "/queue/", "a lead": leads_of(rep)}
    connection.close()  # the servers are started anew
    with TemporaryDirectory() as folder, running(), _watched("bulk") as held:
        path = Path(folder) / "people.csv"
        write_people(path, rows=ROWS, of=f"t{time.time():.0f}")
        calm = work_of(rep, pages, lambda: False, seconds=CALM)
        held.begin()
        one = _started(path)
        busy = work_of(rep, pages, lambda: _is_over(one), seconds=PATIENCE)
        one.refresh_from_db()
        if one.state != Import.State.DONE or one.created != ROWS:
            raise RuntimeError(f"The import is {one.state}, {one.created:,} made. {one.trouble}")
        grown, seconds = held.grown, _seconds(one)
        connection.close()
    lines = [
        Line(
            "P-10",
            f"import of {ROWS:,} rows by the worker",
            f"{max(held.idle.values()):.0f} MiB held when idle",
            f"{ROWS / seconds:,.0f}/s, {grown:.0f} MiB more held",
            "",
            "≤ 150 MB",
        )
    ]
    for name in pages:
        lines += [line(name, "before it", calm[name]), line(name, "meanwhile", busy[name])]
    return lines


def _started(path: Path) -> Import:
    marketer = User.objects.get_or_create(
        email="pages-marketer@bench.example", defaults={"name": "Marketer", "role": Role.MARKETER}
    )[0]
    with path.open("rb") as stream:
        upload = UploadedFile(stream, path.name, "text/csv", path.stat().st_size)
        one = uploading.keep(upload=upload, kind="leads", source="bench-large", live=False, by=marketer)
    steering.match(one=one)
    steering.start(one=one, at=timezone.now())
    return one


def _seconds(one: Import) -> float:
    if one.started_at is None or one.finished_at is None:
        raise RuntimeError("The import has not been finished.")
    return (one.finished_at - one.started_at).total_seconds()


def _is_over(one: Import) -> bool:
    return not Import.objects.filter(pk=one.pk, state=Import.State.RUNNING).exists()


class _Held:
    """What the processes of one worker hold, in MiB, each by its number."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.idle: dict[int, float] = {}
        self.most: dict[int, float] = {}

    def look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            try:
                command = process.cmdline()
                held = process.memory_info().rss / 2**20
            except psutil.Error:
                continue
            if "worker" in command and f"{self.queue}@%h" in command:
                self.most[process.pid] = max(self.most.get(process.pid, 0.0), held)

    def begin(self) -> None:
        """From here on what they grow by counts."""
        self.most = {}
        self.look()
        self.idle = dict(self.most)

    @property
    def grown(self) -> float:
        """Of the one that grew most; one that was started meanwhile grew from nothing."""
        return max(held - self.idle.get(pid, 0.0) for pid, held in self.most.items())


@contextmanager
def _watched(queue: str) -> Iterator[_Held]:
    """Twice a second, in a thread."""
    held, over = _Held(queue), threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            held.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()
