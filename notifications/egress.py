"""The one way out: a POST to an address that somebody typed (F9, S8).

It ends within fifteen seconds whatever the other side does, reads at most 64 kB, follows no redirect, knows
no proxy, and connects only to addresses that were checked a moment before.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache

import h11

from .addresses import AddressRefused, Target, look_up, read

#: A try ends after so many seconds: looking up, connecting, sending and reading together.
SECONDS = 15.0
#: Of these, for one address to take the connection.
CONNECT_SECONDS = 5.0
#: Of these, for what follows the status of an answer.
BODY_SECONDS = 2.0
#: So much of an answer is read; the rest is nobody's concern.
MOST_BYTES = 64 * 1024
#: A server may ask us to wait; not for longer than a day.
MOST_WAIT_SECONDS = 24 * 3600
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. ``status`` is None when no answer came; ``error`` is empty when it arrived, and
    says nothing of what a server wrote. ``wait_seconds``: it asked not to be called before."""

    status: int | None
    error: str
    took_ms: int
    wait_seconds: float = 0.0

    @property
    def arrived(self) -> bool:
        return not self.error


class _Trouble(Exception):
    """No answer; the message says how far we came."""


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> Answer:
    """Send ``body`` to ``url`` and say what came of it. Never raises for what the other side does. Opens a
    connection of its own; safe to run in many threads; repeats nothing by itself."""
    started = time.monotonic()
    try:
        status, wait = _talk(read(url), body, headers, _Deadline(started + seconds))
    except (AddressRefused, _Trouble) as trouble:
        return Answer(None, str(trouble), _since(started))
    except TimeoutError:
        return Answer(None, f"No whole answer within {seconds:.0f} seconds.", _since(started))
    except ssl.SSLCertVerificationError:
        return Answer(None, "Its certificate is not valid for this name.", _since(started))
    except (OSError, h11.ProtocolError, ValueError):
        return Answer(None, "The connection broke before an answer came.", _since(started))
    return Answer(status, _complaint(status), _since(started), wait)


class _Deadline:
    def __init__(self, at: float) -> None:
        self.at = at

    @property
    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _talk(target: Target, body: bytes, headers: Mapping[str, str], deadline: _Deadline) -> tuple[int, float]:
    with contextlib.closing(_connect(target, deadline)) as connection:
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_CHUNK)
        request = h11.Request(
            method="POST",
            target=target.path,
            headers=[
                ("Host", target.netloc),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
                *headers.items(),
            ],
        )
        sent = [talk.send(request), talk.send(h11.Data(data=body)), talk.send(h11.EndOfMessage())]
        connection.settimeout(deadline.left)
        connection.sendall(b"".join(piece for piece in sent if piece))
        return _read_answer(connection, talk, deadline)


def _read_answer(connection: socket.socket, talk: h11.Connection, deadline: _Deadline) -> tuple[int, float]:
    """The status and how long to wait. Once these are known the rest is read for a moment only, for
    politeness: a server that is cut off in the middle of its answer may think that it failed."""
    left, answer = MOST_BYTES, None
    while left > 0:
        try:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                connection.settimeout(deadline.left)
                data = connection.recv(min(_CHUNK, left))
                left -= len(data)
                talk.receive_data(data)
                continue
        except (OSError, h11.ProtocolError):
            if answer is None:
                raise
            break
        if isinstance(event, h11.Response):
            answer = event
            deadline = _Deadline(min(deadline.at, time.monotonic() + BODY_SECONDS))
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    if answer is None:
        raise _Trouble("What came back was no HTTP answer.")
    return answer.status_code, _wait(answer)


def _connect(target: Target, deadline: _Deadline) -> socket.socket:
    """A connection to one of the addresses that were just checked, and to no other; with TLS for the name."""
    for family, address in look_up(target, seconds=min(CONNECT_SECONDS, deadline.left)):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(min(CONNECT_SECONDS, deadline.left))
            connection.connect((address, target.port))
        except OSError:
            connection.close()
            continue
        if not target.is_secure:
            return connection
        try:
            connection.settimeout(deadline.left)
            return _tls().wrap_socket(connection, server_hostname=target.host)
        except BaseException:
            connection.close()
            raise
    raise _Trouble("Nobody answers there.")


@cache
def _tls() -> ssl.SSLContext:
    """The system's certificates, TLS 1.2 and later."""
    return ssl.create_default_context()


def _wait(answer: h11.Response) -> float:
    """What Retry-After asks for, in seconds; 0 when it asks for nothing sensible."""
    said = next((value for name, value in answer.headers if name == b"retry-after"), b"").decode("latin-1")
    try:
        seconds = float(said) if said.isdecimal() else parsedate_to_datetime(said).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), MOST_WAIT_SECONDS)


def _complaint(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}, a redirect; these are not followed. Put in the address it leads to."
    return f"It answered {status}."


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
