"""One command starts everything, tells where, and takes everything with it when it goes."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crm.keeper import SUPERVISED
from tests.fixtures.processes import ROOT, fresh_environment, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Launched:
    """``manage.py up`` on a folder of its own, as somebody would start it in a terminal."""

    def __init__(self, local: Path, port: int) -> None:
        self.local = local
        self.port = port
        self.output = local.with_suffix(".log")
        self.up: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> "Launched":
        seen = self.said().count("Ctrl-C stops everything.")
        with self.output.open("ab") as output:
            self.up = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port), *options],
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=environment(self.local),
            )
        wait_until(
            lambda: self.said().count("Ctrl-C stops everything.") > seen or self.ended,
            seconds=3 * in_good_time(),
            what="it says that it is ready",
        )
        assert not self.ended, self.said()
        return self

    @property
    def ended(self) -> bool:
        return self.up is None or self.up.poll() is not None

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()

    def processes(self) -> list[psutil.Process]:
        """Everything that belongs to this folder, whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(SUPERVISED) == str(self.local):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def interrupt(self) -> None:
        assert self.up is not None
        self.up.send_signal(signal.SIGINT)
        self.up.wait(60)


def environment(local: Path) -> dict[str, str]:
    """As a fresh shell has it, with the embedded servers."""
    return fresh_environment() | {"LOCAL_DIR": str(local), "DATABASE_URL": "", "REDIS_URL": ""}


def refused(*, local: Path, port: int | str) -> tuple[int, str]:
    tried = subprocess.run(
        [sys.executable, "manage.py", "up", f"--port={port}"],
        cwd=ROOT,
        env=environment(local),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return tried.returncode, tried.stderr.strip()


def in_good_time() -> float:
    """Half a minute, as promised; more when others keep the machine busy and the time would be theirs."""
    return 30 * max(1.0, os.getloadavg()[0] / (2 * (os.cpu_count() or 1)))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """One folder for all, as one person has it: whatever a test did, the next start must cope."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def launched(shared: Path) -> Iterator[Launched]:
    launched = Launched(shared / "local", free_port())
    yield launched
    if not launched.ended:
        launched.interrupt()


def test_it_starts_says_where_serves_and_leaves_nothing_on_ctrl_c(launched: Launched) -> None:
    launched.start()

    assert f"http://localhost:{launched.port}/" in launched.said()
    status, page = launched.get("/accounts/login/")
    assert status == 200
    assert b"<h1" in page
    assert launched.get("/readyz") == (200, b'{"ready": true, "down": [], "lost_ticks": 0}')
    steps = ("Servers", "Tables", "Web", "Workers")
    assert [line.partition(" … ")[0] for line in launched.said().splitlines()[:4]] == list(steps)

    code, line = refused(local=launched.local, port=free_port())
    assert code == 1
    assert line.splitlines() == [
        f"CommandError: Handoff already runs from {launched.local}: http://localhost:{launched.port}"
    ]

    running = launched.processes()
    launched.interrupt()

    assert len(running) >= 8
    assert launched.up is not None
    assert launched.up.returncode == 0
    assert launched.said().rstrip().endswith("Stopped.")
    assert launched.processes() == []
    assert [process for process in running if process.is_running()] == []


def test_a_port_that_is_none_gives_one_line_and_no_manual(open_folder: Path) -> None:
    code, line = refused(local=open_folder / "local", port="abc")

    assert code == 1
    assert line == "CommandError: “abc” is no port. Write a number from 1024 to 65535: make run PORT=8123"


def test_a_busy_port_gives_one_clear_line(open_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = refused(local=open_folder / "local", port=port)

    assert code == 1
    assert len(line.splitlines()) == 1
    assert f"Port {port} cannot be used" in line
    assert "make run PORT=" in line


def test_f19_after_a_kill_of_the_whole_tree_it_comes_up_by_itself(launched: Launched) -> None:
    launched.start()
    for _ in range(2):
        for process in launched.processes():
            process.kill()
        assert launched.up is not None
        launched.up.wait()
        began = time.monotonic()

        launched.start()

        assert time.monotonic() - began < in_good_time()
        assert launched.get("/accounts/login/")[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end at once")
def test_a_kill_of_the_launcher_alone_leaves_nothing_behind(launched: Launched) -> None:
    launched.start()
    running = launched.processes()
    assert launched.up is not None

    launched.up.kill()

    _, alive = psutil.wait_procs(running, timeout=40)
    assert alive == []


def test_what_dies_is_started_again_and_the_door_stays_open(launched: Launched) -> None:
    launched.start()
    programs = ("crm.web", "worker", "beat", "valkey-server", "bin/postgres")

    def parents() -> dict[str, set[int]]:
        """program → the processes the supervisor itself started."""
        found = next(p for p in launched.processes() if "supervisor.supervisord" in p.cmdline())
        supervisor = psutil.Process(found.pid)  # looked at anew: where the clock is set, it seems another
        lines = {child.pid: " ".join(child.cmdline()) for child in alive(supervisor.children())}
        return {name: {pid for pid, line in lines.items() if name in line} for name in programs}

    def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
        return [process for process in processes if process.status() != psutil.STATUS_ZOMBIE]

    before = parents()
    for pids in before.values():
        os.kill(min(pids), signal.SIGKILL)

    wait_until(
        lambda: all(
            len(parents()[name]) == len(before[name]) and parents()[name] != before[name] for name in programs
        ),
        seconds=40,
        what="each has a successor",
    )
    wait_until(lambda: launched.get("/readyz")[0] == 200, seconds=60, what="all is up again")
    assert launched.get("/accounts/login/")[0] == 200
    assert not launched.ended
