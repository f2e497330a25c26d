"""The ASGI application: pages, API and the live stream, all from one process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class Handler(ASGIHandler):
    """All middleware and every view but the stream's are synchronous. Django would hand a request over to its
    thread and back before and after each of them; here it goes there once. The stream's view is called from
    the thread, and what it streams is sent from the event loop as ever."""

    def load_middleware(self, is_async: bool = True) -> None:
        super().load_middleware(is_async=False)
        self._middleware_chain = sync_to_async(self._middleware_chain, thread_sensitive=True)  # type: ignore[has-type]  # untyped


django.setup(set_prefix=False)
application = Handler()
