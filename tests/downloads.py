"""What a browser gets that downloads a list."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connections
from django.test import Client


def text_of(client: Client, path: str) -> str:
    answer: Any = client.get(path)
    assert answer.status_code == 200, path

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    def read_all() -> str:
        try:
            return async_to_sync(read)().decode("utf-8-sig")
        finally:
            connections.close_all()

    # In a thread of its own: a browser test before leaves an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read_all).result()


def rows_of(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(client, path))))
