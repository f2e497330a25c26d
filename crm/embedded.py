"""PostgreSQL and Valkey out of their wheels: where they live, how each is started, whether it answers.

Nothing here decides when a server runs. ``manage.py up`` puts them under its supervisor; for every
other command ``crm.keeper`` starts them when the first connection asks and stops them when the last
user has left. Only the servers' own files are touched: permissions of folders made by others stay.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg

from crm import wheels
from crm.child import ending_with_us
from crm.wheels import EmbeddedError

USER = DATABASE = "handoff"
#: The servers' account when the start comes from root, as PostgreSQL refuses to run as root.
UNPRIVILEGED = "nobody"
#: ``sun_path`` is 104 bytes on macOS and 108 on Linux, with PostgreSQL's own file name in it.
LONGEST_SOCKET_FOLDER = 104 - len("/.s.PGSQL.5432.lock") - 1
_POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    # With a larger one it reads a lead of 100,000 activities in an order that takes nine times as long.
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


def _memory_options() -> dict[str, str]:
    """What PostgreSQL keeps of its files in memory: an eighth of the machine's, at most 2 GB, since workers
    and web live there too. The kernel keeps more, but gives it away sooner."""
    megabytes = psutil.virtual_memory().total // 2**20
    return {"shared_buffers": f"{min(max(megabytes // 8, 128), 2048)}MB"}


@dataclass(frozen=True)
class Servers:
    """The two servers of one ``LOCAL_DIR``. Making one touches nothing; ``prepare`` does."""

    local: Path

    # Where things lie

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Whom the servers run as, or None for the caller."""
        return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.local)).hexdigest()[:12]

    @cached_property
    def home(self) -> Path:
        """The folder that holds the data: ours, or one outside when the account cannot reach ours."""
        if self.account and not wheels.reachable(self.local, self.account):
            return wheels.OUTSIDE / self.digest
        return self.local

    @cached_property
    def run(self) -> Path:
        """The folder of the sockets, 0700. A path too long for a socket moves to the temporary folder."""
        folder = self.home / "run"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        return Path(tempfile.gettempdir()) / f"handoff-{os.geteuid()}-{self.digest}"

    @cached_property
    def data(self) -> Path:
        return self.home / "postgres"

    @cached_property
    def valkey_data(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def log(self) -> Path:
        return self.local / "log"

    @property
    def password(self) -> str:
        return (self.local / "postgres.password").read_text(encoding="ascii").strip()

    # Commands, as the supervisor and the keeper run them in the foreground

    def postgres_command(self) -> list[str]:
        settings = _POSTGRES_OPTIONS | _memory_options()
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        return [
            str(wheels.postgres_program("postgres", self.account)),
            "-D",
            str(self.data),
            "-k",
            str(self.run),
            *options,
        ]

    def valkey_command(self) -> list[str]:
        return self.valkey_command_for(socket=self.valkey_socket, data=self.valkey_data)

    def valkey_command_for(self, *, socket: Path, data: Path) -> list[str]:
        """A Valkey that forgets nothing and throws nothing away, reachable through its socket alone."""
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(wheels.valkey_program(self.account)), *arguments]

    def start_postgres(self) -> subprocess.Popen[bytes]:
        # SIGINT is its fast shutdown: open transactions are rolled back, nothing is lost.
        return self._start(self.postgres_command(), "SIGINT", self.log / "postgres.log")

    def start_valkey(self) -> subprocess.Popen[bytes]:
        return self._start(self.valkey_command(), "SIGTERM", self.log / "valkey.log")

    def _start(self, command: list[str], stop: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                ending_with_us(command, stop=stop, account=self.account),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.home,
            )

    # Before the start

    def prepare(self) -> None:
        """Make folders, password and database cluster; clear what a killed server left. Safe to repeat."""
        self.local.mkdir(parents=True, exist_ok=True)
        self.log.mkdir(exist_ok=True)
        if self.home != self.local:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o755)
        for folder in (self.run, self.valkey_data):
            self._own(folder)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        _refuse_other_version(self.data)
        self._clear_stale_locks()

    def _make_cluster(self) -> None:
        keep_secret(self.local / "postgres.password", secrets.token_urlsafe(32))
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own(unfinished)
        # initdb reads the password as the servers' account, which cannot read ours.
        handed_over = self.run / "password"
        handed_over.unlink(missing_ok=True)
        _write_secret(handed_over, self.password)
        self._chown(handed_over)
        try:
            made = subprocess.run(
                [
                    str(wheels.postgres_program("initdb", self.account)),
                    *("-D", str(unfinished), "-U", USER, "--auth=scram-sha-256", f"--pwfile={handed_over}"),
                    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                    *("--builtin-locale=C.UTF-8", "--no-instructions"),
                ],
                capture_output=True,
                text=True,
                cwd=self.home,
                check=False,
                **self._identity(),
            )
        finally:
            handed_over.unlink(missing_ok=True)
        if made.returncode:
            raise EmbeddedError(f"initdb could not make {unfinished}: {made.stderr.strip()}")
        unfinished.rename(self.data)

    def _clear_stale_locks(self) -> None:
        """Remove pid files whose process is gone or is somebody else by now.

        PostgreSQL clears most by itself, but after a kill of the whole tree the number may belong to
        another process of the same account, and then it refuses for ever. A backend that outlived its
        postmaster still works in the data folder: then the files stay and PostgreSQL itself waits.
        """
        if self.postgres_processes():
            return
        for lock in (self.data / "postmaster.pid", self.run / ".s.PGSQL.5432.lock"):
            lock.unlink(missing_ok=True)

    # What runs of them

    def postgres_processes(self) -> list[psutil.Process]:
        """Every living process of this cluster: postmaster, backends, orphans."""
        return _living("postgres", lambda process: process.cwd() == str(self.data))

    def valkey_processes(self) -> list[psutil.Process]:
        """Every living Valkey on our socket: two would write one file."""
        return _living("valkey", lambda process: str(self.valkey_socket) in " ".join(process.cmdline()))

    # Whether they answer

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.run),
            user=USER,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def postgres_answers(self) -> bool:
        if not (self.run / ".s.PGSQL.5432").exists():
            return False
        try:
            self.connect().close()
        except (psycopg.OperationalError, FileNotFoundError):
            return False
        return True

    def valkey_answers(self) -> bool:
        return valkey_answers(self.valkey_socket)

    def make_database(self) -> None:
        """Make our database in a fresh cluster. Safe to repeat."""
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    # Ownership

    def _identity(self) -> dict[str, Any]:
        if not self.account:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def _own(self, folder: Path) -> None:
        """Make a private folder for the servers. One that somebody else laid there first is refused."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        ours = {os.geteuid(), self.account.pw_uid if self.account else os.geteuid()}
        if found.st_uid not in ours or folder.is_symlink():
            raise EmbeddedError(f"{folder} belongs to another user. Remove it, or set LOCAL_DIR.")
        self._chown(folder)
        folder.chmod(0o700)

    def _chown(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def _living(name: str, ours: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith(name) and ours(process):
                found.append(process)
        except psutil.Error:  # gone, or not ours to look into
            continue
    return found


def valkey_answers(path: Path) -> bool:
    """Whether the Valkey behind this socket answers within two seconds."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def keep_secret(path: Path, fresh: str) -> str:
    """The secret kept in ``path``; ``fresh`` is written there when there is none. Safe against races."""
    if not path.exists():
        _write_secret(path, fresh)
    return path.read_text(encoding="ascii").strip()


def _write_secret(path: Path, value: str) -> None:
    """Write a file only we can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value + "\n")
    try:
        os.link(unfinished, path)
    except FileExistsError:  # another process was first: its secret is the one everybody reads
        pass
    finally:
        unfinished.unlink()


def _refuse_other_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    wheel = wheels.postgres_version()
    if made_by != wheel:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {made_by}, but the installed wheel is version {wheel}. "
            "Dump it with the old version first, or set DATABASE_URL."
        )
