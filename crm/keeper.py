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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from crm.embedded import EmbeddedError, Servers

#: Set in the environment of everything that ``manage.py up`` starts.
SUPERVISED = "HANDOFF_SUPERVISED"
IDLE_SECONDS = float(os.environ.get("HANDOFF_IDLE_SECONDS", "60"))
START_SECONDS = 60.0

#: folder → the descriptor whose lock says that this process uses its servers
_claims: dict[Path, int] = {}


def lend(local: Path) -> None:
    """Return when both servers answer, starting the keeper if nobody runs them yet."""
    servers = Servers(local)
    claim(local)
    if os.environ.get(SUPERVISED):
        wait_until_up(servers)
        return
    with _alone(local, "start.lock"):
        if servers.postgres_answers():
            return
        servers.prepare()
        with (servers.log / "keeper.log").open("ab") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "crm.keeper", str(local)],
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
        _claims[local] = os.open(local / "users.lock", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(_claims[local], fcntl.LOCK_SH)


def dismiss(local: Path) -> None:
    """Stop the keeper of this folder, if there is one, and wait until its servers are down."""
    try:
        pid = int((local / "keeper.pid").read_text(encoding="ascii"))
        os.kill(pid, signal.SIGTERM)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return
    servers = Servers(local)
    deadline = time.monotonic() + START_SECONDS
    while (local / "keeper.pid").exists() or servers.postgres_processes():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The servers of {local} do not stop; see {servers.log}.")
        time.sleep(0.05)


def keep(local: Path) -> None:
    """Run both servers until nobody has used them for a while, or a signal says stop."""
    servers = Servers(local)
    stopping: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    pid_file = local / "keeper.pid"
    pid_file.write_text(str(os.getpid()), encoding="ascii")
    children = {
        "postgres": servers.start(servers.postgres_command(), servers.log / "postgres.log"),
        "valkey": servers.start(servers.valkey_command(), servers.log / "valkey.log"),
    }
    try:
        idle_since = time.monotonic()
        while not stopping and children["postgres"].poll() is None:
            time.sleep(0.25)
            if _in_use(local):
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > IDLE_SECONDS:
                break
    finally:
        # SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, nothing is lost.
        children["postgres"].send_signal(signal.SIGINT)
        children["valkey"].terminate()
        for child in children.values():
            child.wait()
        pid_file.unlink(missing_ok=True)


def _in_use(local: Path) -> bool:
    with _open(local, "users.lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def wait_until_up(
    servers: Servers,
    *,
    postgres: bool = True,
    valkey: bool = True,
    keeper: subprocess.Popen[bytes] | None = None,
) -> None:
    """Return when those asked for answer and our database is there. Raises EmbeddedError."""
    deadline = time.monotonic() + START_SECONDS
    while (postgres and not servers.postgres_answers()) or (valkey and not servers.valkey_answers()):
        if keeper is not None and keeper.poll() is not None:
            raise EmbeddedError(f"The embedded PostgreSQL did not start; see {servers.log}/postgres.log.")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded servers did not answer in time; see {servers.log}.")
        time.sleep(0.05)
    if postgres:
        servers.make_database()


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
