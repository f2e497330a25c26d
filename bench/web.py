"""The web processes of the product, on the bench's database."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: As ``manage.py up`` starts them.
WEBS = 2
#: What a source may send is counted as ever, and nobody is turned away.
UNBOUNDED = {"CAPTURE_RATE": "1000000000", "CAPTURE_BURST": "1000000000"}


@contextmanager
def web() -> Iterator[int]:
    """Only they, without workers. Yields their port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
        command = [sys.executable, "-m", "crm.web"]
        own = {**os.environ, "DATABASE_POOL": "1", **UNBOUNDED}
        webs = [subprocess.Popen(command, cwd=ROOT, stdin=door.fileno(), env=own) for _ in range(WEBS)]
        try:
            wait_for(port, lambda: all(each.poll() is None for each in webs))
            yield port
        finally:
            for each in webs:
                each.terminate()
            for each in webs:
                each.wait(30)


def wait_for(port: int, is_alive: Callable[[], bool], *, path: str = "/healthz") -> None:
    """Until ``path`` answers 200. Raises RuntimeError when that takes too long."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and is_alive():
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            client.request("GET", path, headers={"Host": "localhost"})
            if client.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("The product did not come up.")
