"""P-8: reports over everybody, against the bare SQL behind each of them."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
from bench.steady import CALM, PER_SECOND, Page, leads_of, line
from bench.web import ROOT, web

#: So often is a page asked that counts everything anew.
ANEW = 3
#: So many managers ask at once, for how many seconds, and for what.
ASKERS, STORM = 4, 30.0
#: A rep's page is asked for so often by itself, and over HTTP for so many seconds before it counts.
ALONE, WARM = 20, 5.0
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
    """A rep goes on working while managers ask the web processes for reports without a pause, and a worker
    counts anew what is kept (P-7). The rep's pages come over HTTP from the same processes; the floor is their
    bare SQL while nobody else asks."""
    rep, _ = people()
    pages = {"queue": lambda _: "/queue/", "a lead": leads_of(rep)}
    alone = {name: ask(rep, address, requests=ALONE) for name, address in pages.items()}
    with web() as port:
        _worked(port, rep, pages, seconds=WARM)
        calm = _worked(port, rep, pages, seconds=CALM)
        with _counting(), _asking(port, _session(reader)) as asked:
            busy = _worked(port, rep, pages, seconds=STORM)
    said = f"during a storm of reports ({len(asked) / STORM:.1f} a second)"
    return [
        line(name, when, Page(seen[name], list(alone[name].sql.seconds)))
        for name in pages
        for when, seen in (("before a storm of reports", calm), (said, busy))
    ]


def _worked(
    port: int, rep: User, pages: dict[str, Callable[[int], str]], *, seconds: float
) -> dict[str, list[float]]:
    """Seconds that each page took, asked for in turn at the pace of a rep at work."""
    cookie, seen = _session(rep), dict[str, list[float]]((name, []) for name in pages)
    start = time.monotonic()
    for number, name in enumerate(cycle(pages)):
        if time.monotonic() - start >= seconds:
            break
        began = time.perf_counter()
        _get(port, pages[name](number), cookie)
        seen[name].append(time.perf_counter() - began)
        time.sleep(max(0.0, start + (number + 1) / PER_SECOND - time.monotonic()))
    return seen


def _session(user: User) -> str:
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={signed_in(user).cookies[name].value}"


def _get(port: int, address: str, cookie: str) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    client.request("GET", address, headers={"Host": "localhost", "Cookie": cookie})
    answer = client.getresponse()
    answer.read()
    client.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{address} answered {answer.status}.")


@contextmanager
def _counting() -> Iterator[None]:
    worker = subprocess.Popen([sys.executable, "-m", "bench.counting"], cwd=ROOT)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


@contextmanager
def _asking(port: int, cookie: str) -> Iterator[list[str]]:
    """Ask for reports in turn, ``ASKERS`` at once, each for the next one as soon as the last one came."""
    over, answers = threading.Event(), list[str]()

    def ask_on(first: int) -> None:
        for address in islice(cycle(STORMY), first, None):
            if over.is_set():
                return
            _get(port, address, cookie)
            answers.append(address)

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
