"""A rep at work at an even pace, while something else keeps the product busy (P-7)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.models import User
from bench.measuring import Line, Times, spell
from bench.pages import ask_once, open_of, signed_in

#: Pages a second that the rep asks for, in turn.
PER_SECOND = 4
#: How long they are asked for before anything happens.
CALM = 15.0


@dataclass(slots=True)
class Page:
    """How long one page took each time, in seconds, and its own statements."""

    whole: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)


def work_of(
    rep: User, pages: dict[str, Callable[[int], str]], is_over: Callable[[], bool], *, seconds: float
) -> dict[str, Page]:
    """Ask for the pages in turn, at an even pace, until ``is_over`` or so long."""
    client = signed_in(rep)
    seen = {name: Page() for name in pages}
    for address in pages.values():
        ask_once(client, address(0))
    start = time.monotonic()
    number = 0
    while time.monotonic() - start < seconds:
        name = list(pages)[number % len(pages)]
        whole, spent = ask_once(client, pages[name](number))
        seen[name].whole.append(whole)
        seen[name].sql.append(sum(spent))
        number += 1
        if number % PER_SECOND == 0 and is_over():
            break
        time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
    return seen


def line(name: str, when: str, page: Page) -> Line:
    """Of the table."""
    whole, sql = Times(page.whole), Times(page.sql)
    return Line(
        "P-7",
        f"{name}, {when}, {len(page.whole):,} times",
        f"p95 {spell(sql.percentile(95))}",
        f"p50 {spell(whole.median)}, p95 {spell(whole.percentile(95))}",
        f"{whole.percentile(95) / sql.percentile(95):.1f}",
        "≤ 50 ms, ≤ 5",
    )


def leads_of(rep: User) -> Callable[[int], str]:
    """Addresses of the rep's open leads, one after the other."""
    ids = list(open_of(rep).values_list("lead__public_id", flat=True)[:100])
    return lambda number: f"/leads/{ids[number % len(ids)]}/"
