"""Lend the embedded servers to plain commands and tests, and stop them when nobody uses them.

Every process that connects holds a shared lock on ``users.lock``. The keeper, one small process
per ``LOCAL_DIR``, has both servers as its children and asks every few seconds whether it can have
that lock alone; when it could for a while, it stops them and ends. So a command that is killed leaves
no server behind, and commands one after the other find them warm. Under ``manage.py up`` the
supervisor has the servers, and nothing here starts any.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from crm.embedded import Servers
from crm.wheels import EmbeddedError

#: Set in the environment of everything that ``manage.py up`` starts.
SUPERVISED = "HANDOFF_SUPERVISED"
IDLE_SECONDS = float(os.environ.get("HANDOFF_IDLE_SECONDS", "60"))
START_SECONDS = 60.0
#: Locks in ``LOCAL_DIR``. Shared by all who use the servers:
USERS = "users.lock"
#: held by the one ``manage.py up``, whose servers everybody then waits for:
LAUNCHING = "up.lock"
#: held while somebody starts or dismisses a keeper.
STARTING = "start.lock"

#: folder → the descriptor whose lock says that this process uses its servers
_claims: dict[Path, int] = {}


def lend(local: Path) -> None:
    """Return when both servers answer, starting the keeper if nobody runs them yet."""
    servers = Servers(local)
    claim(local)
    if not os.environ.get(SUPERVISED):
        with _alone(local, STARTING):
            if not _is_held(local, LAUNCHING):
                _start_keeper(servers)
                return
    wait_until_up(servers)


def _start_keeper(servers: Servers) -> None:
    # Whoever started the last one may have been killed while it was starting; or it is just stopping.
    _wait(lambda: servers.postgres_answers() or _keeper(servers.local) is None, servers)
    if servers.postgres_answers():
        wait_until_up(servers)  # and has our database: a start killed between the two left none
        return
    _end_orphans(servers)
    servers.prepare()
    with (servers.log / "keeper.log").open("ab") as output:
        keeper = subprocess.Popen(
            [sys.executable, *_arguments(servers.local)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).resolve().parent.parent,
            start_new_session=True,
        )
    wait_until_up(servers, keeper=keeper)


def claim(local: Path) -> None:
    """Say, until this process ends, that it uses the servers. Waits while a keeper is stopping them."""
    if local not in _claims:
        local.mkdir(parents=True, exist_ok=True)
        _claims[local] = os.open(local / USERS, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(_claims[local], fcntl.LOCK_SH)


def dismiss(local: Path) -> None:
    """Stop the keeper of this folder, if there is one, and any server that a killed one left, and wait.

    Who calls this holds the lock LAUNCHING: nobody starts another keeper then.
    """
    servers = Servers(local)
    with _alone(local, STARTING):
        if keeper := _keeper(local):
            with suppress(psutil.NoSuchProcess):
                keeper.terminate()
            _wait(lambda: _keeper(local) is None, servers)
        _end_orphans(servers)


def _end_orphans(servers: Servers) -> None:
    """Stop, in their own good order, servers that nobody runs any more.

    On Linux they end with their parent, so there is something to do only elsewhere, or in a close race.
    """
    found = [*servers.postgres_processes(), *servers.valkey_processes()]
    pids = {process.pid for process in found}
    postmaster = _first_line(servers.data / "postmaster.pid")
    for process in found:
        with suppress(psutil.Error):
            if process.ppid() not in pids:  # a backend that has its postmaster is told by it
                process.send_signal(signal.SIGINT if str(process.pid) == postmaster else signal.SIGTERM)
    _, alive = psutil.wait_procs(found, timeout=START_SECONDS)
    if alive:
        pids_left = ", ".join(str(process.pid) for process in alive)
        raise EmbeddedError(f"Servers that a killed start left in {servers.home} do not stop: {pids_left}.")


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError:
        return ""


def _keeper(local: Path) -> psutil.Process | None:
    """The keeper of this folder. Known by what it runs: a number in a file may be anybody's by now."""
    for process in psutil.process_iter():
        try:
            if process.cmdline()[1:] == _arguments(local):
                return process
        except psutil.Error:  # gone, or not ours to look into
            continue
    return None


def _arguments(local: Path) -> list[str]:
    return ["-m", "crm.keeper", str(local)]


def keep(local: Path) -> None:
    """Run both servers until nobody has used them for a while, one of them ends, or a signal says stop."""
    servers = Servers(local)
    stopping: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    postgres, valkey = servers.start_postgres(), servers.start_valkey()
    with _open(local, USERS) as users:
        try:
            idle_since = time.monotonic()
            while not stopping and postgres.poll() is None and valkey.poll() is None:
                time.sleep(0.25)
                if not _take(users):
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > IDLE_SECONDS:
                    break  # with the lock in hand: who comes now waits until we are gone
                else:
                    fcntl.flock(users, fcntl.LOCK_UN)
        finally:
            postgres.send_signal(signal.SIGINT)
            valkey.terminate()
            postgres.wait()
            valkey.wait()


def _take(lock: IO[bytes]) -> bool:
    """Whether nobody else holds ``lock``; then we do."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(local: Path, name: str) -> bool:
    with _open(local, name) as lock:
        return not _take(lock)


def wait_until_up(
    servers: Servers,
    *,
    postgres: bool = True,
    valkey: bool = True,
    keeper: subprocess.Popen[bytes] | None = None,
) -> None:
    """Return when those asked for answer and our database is there. Raises EmbeddedError."""

    def answer() -> bool:
        if keeper is not None and keeper.poll() is not None:
            raise EmbeddedError(f"The embedded PostgreSQL did not start; see {servers.log}/postgres.log.")
        return (not postgres or servers.postgres_answers()) and (not valkey or servers.valkey_answers())

    _wait(answer, servers)
    if postgres:
        servers.make_database()


def _wait(true: Callable[[], bool], servers: Servers) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The servers of {servers.local} do not come or go; see {servers.log}.")
        time.sleep(0.05)


def _open(local: Path, name: str) -> IO[bytes]:
    local.mkdir(parents=True, exist_ok=True)
    return (local / name).open("ab")


@contextmanager
def _alone(local: Path, name: str) -> Iterator[None]:
    with _open(local, name) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
