"""The ASGI application: pages, API and the live stream, all from one process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.urls import reverse

Event = Mapping[str, Any]


class Handler(ASGIHandler):
    """All middleware and every view but the stream's are synchronous. Django would hand a request over to its
    thread and back before and after each of them; here it goes there once. The stream's view is called from
    the thread, and what it streams is sent from the event loop as ever.

    Reports wait for each other, so that a queue never waits for more than one of them: ten managers before
    their meeting share what one would have taken. Whoever waits for a turn holds neither thread nor
    connection. A price of a line has turns of its own, and who announces a body that may never come gets
    none: it would hold up all others."""

    def __init__(self) -> None:
        super().__init__()
        self._reports = tuple(reverse(f"reports:{name}") for name in ("dashboard", "index"))
        self._line = reverse("reports:line")
        self._turns = Semaphore()

    def load_middleware(self, is_async: bool = True) -> None:
        super().load_middleware(is_async=False)
        self._middleware_chain = sync_to_async(self._middleware_chain, thread_sensitive=True)  # type: ignore[has-type]  # untyped

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Event]],
        send: Callable[[Event], Awaitable[None]],
    ) -> None:
        if not self._takes_a_turn(scope):
            await super().__call__(scope, receive, send)
            return
        async with AsyncExitStack() as turn:

            async def answer(event: Event) -> None:
                await turn.aclose()  # it is made: a file may take its reader minutes
                await send(event)

            await turn.enter_async_context(self._turns)
            await super().__call__(scope, receive, answer)

    def _takes_a_turn(self, scope: Event) -> bool:
        if scope.get("method") != "GET" or not scope["path"].startswith(self._reports):
            return False
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        return not has_body and bool(scope["path"] != self._line)


django.setup(set_prefix=False)
application = Handler()
