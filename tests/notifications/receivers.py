"""Receivers on this machine that answer, refuse, stall, cut, drip, flood and redirect."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from pytest_django import Settings


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


Behaviour = Callable[["Receiver", socket.socket], None]


@dataclass
class Receiver:
    """Listens on a port of this machine; ``behaviour`` decides what becomes of each request it has read."""

    behaviour: Behaviour
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    requests: list[Heard] = field(default_factory=list)
    connections: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/hook"

    @property
    def ids(self) -> list[str]:
        return [heard.headers["webhook-id"] for heard in self.requests]

    def serve(self) -> None:
        while not self.closed.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.settimeout(30)
            self.requests.append(_read(connection))
            self.behaviour(self, connection)


def _read(connection: socket.socket) -> Heard:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Heard(first.split(" ")[1], headers, body, time.monotonic())


@contextmanager
def receiving(behaviour: Behaviour) -> Iterator[Receiver]:
    receiver = Receiver(behaviour)
    threading.Thread(target=receiver.serve, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.closed.set()
        with contextlib.suppress(OSError):  # wakes the thread that accepts, which would take one more
            receiver.listener.shutdown(socket.SHUT_RDWR)
        receiver.listener.close()


def answers(status: int, **headers: str) -> Behaviour:
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    def behave(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} Said\r\n{said}Content-Length: 2\r\n\r\nok".encode())

    return behave


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """The first request meets the first, and so on; the last one stays."""

    def behave(receiver: Receiver, connection: socket.socket) -> None:
        behaviours[min(len(receiver.requests), len(behaviours)) - 1](receiver, connection)

    return behave


def stalls(receiver: Receiver, connection: socket.socket) -> None:
    receiver.closed.wait(60)


def cuts(receiver: Receiver, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 O")


def talks_nonsense(receiver: Receiver, connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n\r\n")


def drips_head(receiver: Receiver, connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
        if receiver.closed.wait(0.1):
            return
        connection.sendall(bytes([byte]))


def drips_body(receiver: Receiver, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not receiver.closed.wait(0.1):
        connection.sendall(b"a")


@dataclass
class Flood:
    """Sends ten gigabytes, and counts what was taken."""

    taken: int = 0

    def __call__(self, receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while self.taken < 10_000_000_000:
                self.taken += connection.send(b"a" * 65536)


@pytest.fixture
def loopback(settings: Settings) -> None:
    """This machine may be called, as a company that hosts both itself would allow."""
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
