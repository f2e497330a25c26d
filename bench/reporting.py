"""P-8: reports over everybody, against the bare SQL behind each of them."""

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from urllib.parse import urljoin

from django.conf import settings
from django.test.utils import override_settings

from accounts.models import Role, User
from bench import past
from bench.measuring import Line, spell
from bench.pages import ask, people, signed_in
from bench.steady import CALM, leads_of, line, work_of
from bench.web import ROOT, web

#: So often is a page asked that counts everything anew.
ANEW = 3
#: So many managers ask at once, for how many seconds, and for what.
ASKERS, STORM = 4, 30.0
STORMY = (
    "/dashboard/?days=90",
    "/reports/conversion/?days=365",
    "/reports/sources/?days=90&touch=linear",
    "/reports/forecast/",
    "/reports/response/?days=90",
)


def reports() -> list[Line]:
    """Each report through middleware, view and template, over the leads' past, and what the milestones cost
    when that is written."""
    lines = [] if past.is_there() else [past.write()]
    reader = User.objects.get_or_create(
        email="reports@bench.example", defaults={"name": "Manager", "role": Role.MANAGER}
    )[0]
    for what, address in (
        ("dashboard, 28 days", "/dashboard/?days=28"),
        ("dashboard, 90 days", "/dashboard/?days=90"),
        ("conversion, 28 days", "conversion/?days=28"),
        ("conversion, 90 days", "conversion/?days=90"),
        ("conversion, a year", "conversion/?days=365"),
        ("conversion of a country, 90 days", "conversion/?days=90&country=DE&by=month"),
        ("cohort, 90 days", "conversion/?days=90&count=cohort"),
        ("the leads behind a figure", "conversion/leads/?days=90&step=mql"),
        ("response, 90 days", "response/?days=90"),
        ("left lying", "gaps/"),
        ("what became of MQLs, 90 days", "mqls/?days=90"),
        ("forecast", "forecast/"),
        ("rule quality, 90 days", "rules/?days=90"),
        ("sent back, 90 days", "sent-back/?days=90"),
        ("speed, 90 days", "speed/?days=90"),
        ("sources by first touch, 90 days", "sources/?days=90"),
        ("sources in equal parts, 90 days", "sources/?days=90&touch=linear"),
        ("won and lost, 90 days", "deals/?days=90"),
    ):
        lines.append(_line(reader, what, urljoin("/reports/", address)))
    return [*lines, *storm(reader)]


def _line(reader: User, what: str, address: str) -> Line:
    """How long the page takes that counts everything anew, as the floor, and the one that readers get: what
    takes long is kept."""
    with override_settings(REPORT_PATIENCE_SECONDS=0):
        anew = ask(reader, partial(_same, address), requests=ANEW)
    seen = ask(reader, partial(_same, address)).line("P-8", what, "≤ 300 ms")
    return replace(seen, floor=f"counted anew {spell(anew.whole.median)}", ratio="")


def storm(reader: User) -> list[Line]:
    """A rep goes on working while managers ask both web processes for reports without a pause, and a worker
    counts anew what is kept (P-7)."""
    rep, _ = people()
    pages = {"queue": lambda _: "/queue/", "a lead": leads_of(rep)}
    calm = work_of(rep, pages, lambda: False, seconds=CALM)
    session = signed_in(reader).cookies[settings.SESSION_COOKIE_NAME].value
    with web() as port, _counting(), _asking(port, session) as asked:
        busy = work_of(rep, pages, lambda: False, seconds=STORM)
    said = f"during a storm of reports ({len(asked) / STORM:.1f} a second)"
    return [
        line(name, when, seen[name])
        for name in pages
        for when, seen in (("before a storm of reports", calm), (said, busy))
    ]


@contextmanager
def _counting() -> Iterator[None]:
    worker = subprocess.Popen([sys.executable, "-m", "bench.counting"], cwd=ROOT)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


@contextmanager
def _asking(port: int, session: str) -> Iterator[list[int]]:
    """Ask for reports in turn, ``ASKERS`` at once, each for the next one as soon as the last one came."""
    over, answers = threading.Event(), list[int]()

    def ask_on(first: int) -> None:
        for address in islice(cycle(STORMY), first, None):
            if over.is_set():
                return
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
            client.request("GET", address, headers={"Host": "localhost", "Cookie": cookie})
            answer = client.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"{address} answered {answer.status}.")
            answers.append(answer.status)

    askers = [threading.Thread(target=ask_on, args=(number,)) for number in range(ASKERS)]
    for each in askers:
        each.start()
    try:
        yield answers
    finally:
        over.set()
        for each in askers:
            each.join()


def _same(address: str, _: int) -> str:
    return address
