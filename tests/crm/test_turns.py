"""Reports take turns, so that whoever works through a queue never waits for more than one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler

from crm.asgi import Handler

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
#: How long anything may take that waits for nothing, in seconds.
SOON = 5


class Pages:
    """What is being made. Every page waits for ``go_on`` before it answers, and for ``read`` after it."""

    def __init__(self) -> None:
        self.making: list[str] = []
        self.answered: list[str] = []
        self.go_on, self.read = asyncio.Event(), asyncio.Event()

    async def handle(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        self.making.append(scope["path"])
        await self.go_on.wait()
        if "broken" in scope["path"]:
            raise RuntimeError("A view that fails.")
        self.answered.append(scope["path"])
        await send({"type": "http.response.start"})
        await self.read.wait()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    made = Pages()

    async def handle(_: ASGIHandler, scope: dict[str, Any], receive: object, send: Send) -> None:
        await made.handle(scope, receive, send)

    monkeypatch.setattr(ASGIHandler, "handle", handle)
    return made


async def asked(
    handler: Handler, path: str, method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    async def receive() -> dict[str, Any]:
        return {}

    async def send(event: Mapping[str, Any]) -> None:
        return None

    await handler({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)


async def settled(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0)


def run(what: Coroutine[Any, Any, None]) -> None:
    asyncio.run(what)


def test_P7_reports_are_made_one_after_the_other_and_the_queue_beside_them(pages: Pages) -> None:
    async def story() -> None:
        handler = Handler()
        async with asyncio.TaskGroup() as group:
            for path in ("/dashboard/", "/reports/speed/", "/reports/deals/", "/queue/", "/mqls/"):
                group.create_task(asked(handler, path))
            await settled(lambda: len(pages.making) == 3)
            assert pages.making == ["/dashboard/", "/queue/", "/mqls/"]
            pages.read.set()
            pages.go_on.set()
        assert sorted(pages.answered) == sorted(pages.making)
        assert len(pages.answered) == 5

    run(story())


def test_P7_a_file_that_is_read_slowly_keeps_nobody_waiting(pages: Pages) -> None:
    async def story() -> None:
        handler = Handler()
        pages.go_on.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(asked(handler, "/reports/speed/leads/file/"))
            group.create_task(asked(handler, "/reports/deals/"))
            await settled(lambda: len(pages.answered) == 2)
            pages.read.set()

    run(story())


def test_a_report_that_breaks_gives_its_turn_on(pages: Pages) -> None:
    async def story() -> None:
        handler = Handler()
        pages.go_on.set()
        pages.read.set()
        with pytest.raises(RuntimeError):
            await asked(handler, "/reports/broken/")
        async with asyncio.timeout(SOON):
            await asked(handler, "/reports/deals/")
        assert pages.answered == ["/reports/deals/"]

    run(story())


def test_who_signs_a_review_waits_for_no_report(pages: Pages) -> None:
    async def story() -> None:
        handler = Handler()
        async with asyncio.TaskGroup() as group:
            group.create_task(asked(handler, "/dashboard/"))
            group.create_task(asked(handler, "/reports/reviews/1/sign-off/", "POST"))
            await settled(lambda: len(pages.making) == 2)
            pages.go_on.set()
            pages.read.set()

    run(story())


def test_nobody_holds_up_reports_with_a_body_that_never_comes_or_a_price_of_its_own(pages: Pages) -> None:
    async def story() -> None:
        handler = Handler()
        async with asyncio.TaskGroup() as group:
            for length in (b"10", b"0"):
                group.create_task(asked(handler, "/dashboard/", headers=((b"content-length", length),)))
            group.create_task(asked(handler, "/reports/", headers=((b"transfer-encoding", b"chunked"),)))
            group.create_task(asked(handler, "/dashboard/line/"))
            group.create_task(asked(handler, "/reports/speed/"))
            await settled(lambda: len(pages.making) == 5)
            pages.go_on.set()
            pages.read.set()

    run(story())
